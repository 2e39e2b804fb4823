"""SEISMIC against the values of the R package, and against integrals done by hand."""

from __future__ import annotations

import csv
import gzip
import math

import numpy as np
import pytest
from scipy.integrate import quad

from hubbub.spread.seismic import PUBLISHED, Memory, fits, seismic
from tests.shared import DATA, needs_data


def test_memory_is_the_published_one() -> None:
    assert PUBLISHED.density(301.0) == pytest.approx(6.240099842578e-4, rel=1e-9)
    assert PUBLISHED.beyond(300.0) == pytest.approx(0.81202825, rel=1e-8)
    assert PUBLISHED.beyond(86_400.0) == pytest.approx(0.2189073255, rel=1e-7)


@needs_data
def test_whole_curve_of_the_r_package() -> None:
    tweet = np.loadtxt(DATA / "seismic_tweet.csv.gz", delimiter=",", skiprows=1)
    seconds, audience = tweet[np.argsort(tweet[:, 0], kind="stable")].T.copy()
    with gzip.open(DATA / "seismic_golden_curve.csv.gz", "rt") as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file, skipinitialspace=True)]
    assert len(rows) == 361
    for row in rows:
        found = seismic(seconds, audience, row["t"])
        assert found.infectiousness == pytest.approx(row["p"], rel=1e-10, abs=1e-14)
        assert found.low == pytest.approx(row["low"], rel=1e-10, abs=1e-14)
        assert found.high == pytest.approx(row["up"], rel=1e-10, abs=1e-14)
        assert found.final == pytest.approx(row["pred"], rel=1e-10)


def test_exposure_is_the_integral_of_the_tapered_memory() -> None:
    memory = Memory.of(0.7, 40.0)
    seconds = np.array([0.0, 10.0, 200.0, 700.0, 800.0, 900.0, 950.0, 990.0])
    audience = np.array([50.0, 3.0, 80.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    age, window = 1_000.0, 500.0

    def tapered(born: float) -> float:
        kink = [born + memory.cutoff]
        return quad(
            lambda u: memory.density(u - born) * (1.0 - (age - u) / window), max(born, age - window), age, points=kink
        )[0]

    weighted = sum(1.0 - (age - s) / window for s in seconds[1:] if s >= age - window)
    exposed = sum(a * tapered(s) for s, a in zip(seconds, audience, strict=True))
    found = seismic(seconds, audience, age, memory=memory)
    assert found.infectiousness == pytest.approx(weighted / exposed, rel=1e-7)


def test_more_infectious_than_the_audience_bears_has_no_finite_end() -> None:
    seconds = np.arange(60.0)
    assert math.isinf(seismic(seconds, np.full(60, 2.0), 60.0).final)


def test_nothing_seen_says_nothing() -> None:
    assert seismic(np.array([0.0]), np.array([10.0]), 600.0).infectiousness == 0.0
    assert seismic(np.array([0.0, 5.0]), np.zeros(2), 600.0).infectiousness == 0.0


def test_many_at_once_are_each_alone() -> None:
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 80, 30)
    offsets = np.r_[0, np.cumsum(sizes)]
    seconds = np.concatenate([np.r_[0.0, np.sort(rng.exponential(2_000.0, n - 1))] for n in sizes])
    audience, age = rng.pareto(1.5, offsets[-1]) * 50, rng.uniform(300, 20_000, 30)
    p, final, counted = fits(offsets, seconds, audience, age)
    for c in range(30):
        mine = slice(offsets[c], offsets[c + 1])
        one = seismic(seconds[mine], audience[mine], age[c])
        assert (one.infectiousness, one.final) == (p[c], final[c])
    assert counted.max() > 5
