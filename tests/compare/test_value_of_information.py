"""Sizes and worth of a test: every number of METHODS, "Experiments", on proportions, clusters and information."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hubbub.compare.value_of_information import clusters, cut, evpi, evsi, two_proportions


@pytest.mark.parametrize(
    ("p1", "p2", "n"),
    [(0.10, 0.12, 3841), (0.02, 0.03, 3826), (0.2, 0.3, 294), (0.05, 0.06, 8158), (0.01, 0.015, 7750), (0.5, 0.6, 388)],
)
def test_two_proportions(p1, p2, n):
    assert math.ceil(two_proportions(p1, p2)) == n


@pytest.mark.parametrize(
    ("m", "cv", "icc", "effect", "persons", "number"),
    [(20, 0.0, 0.05, 1.95, 572, 29), (20, 0.6, 0.05, 2.31, 678, 34), (10, 1.0, 0.1, 2.9, 851, 86)],
)
def test_clusters(m, cv, icc, effect, persons, number):
    n = two_proportions(0.2, 0.3)
    assert n == pytest.approx(293.151, abs=1e-3)
    found = clusters(n, m, cv, icc)
    assert found.design_effect == pytest.approx(effect)
    assert (found.persons, found.clusters) == (persons, number)
    assert not found.too_few
    assert clusters(100, 20).too_few


@pytest.mark.parametrize(("mean", "sd", "value"), [(2, 4, 0.791186), (0, 1, 0.398942), (-2, 4, 0.791186), (5, 0, 0)])
def test_evpi(mean, sd, value):
    assert evpi(mean, sd) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(("n", "value"), [(10, 0.072738), (50, 0.373245), (200, 0.629733), (0, 0.0)])
def test_evsi(n, value):
    assert evsi(2, 4, 30, n) == pytest.approx(value, abs=1e-6)
    assert evsi(2, 4, 30, n) <= evpi(2, 4)


def test_heavy_tails_are_cut():
    mean, sd = cut(np.r_[np.zeros(999), 1e9])
    assert (mean, sd) == (0.0, 0.0)
