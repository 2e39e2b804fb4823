"""Two sides next to each other: means, Gini, differences, and which differences count."""

from __future__ import annotations

import numpy as np
import pytest

from hubbub.compare.draws import stream, weigh
from hubbub.compare.sides import (
    Lot,
    Manner,
    benjamini_hochberg,
    from_intervals,
    gini,
    heap,
    histogram,
    pair,
    single,
)
from hubbub.estimate import Estimate, wilson

MANNER = Manner("mean", "nobody", fraction=True)


def lot(conversation, spread, unit=None):
    num = np.array([*conversation, *spread], dtype=float)
    side = np.repeat([0, 1], [len(conversation), len(spread)])
    alone = np.full(len(num), -1) if unit is None else np.array(unit)
    return Lot(alone, side, num, np.ones(len(num)))


def test_gini_by_hand():
    # Sizes 6 and 1: |6 - 1| x 2 / (2 x 2^2 x 3.5) = 5/14.
    assert float(gini(np.array([1.0, 6.0]), np.ones((2, 1)))[0]) == pytest.approx(5 / 14)
    found = heap(np.array([6, 1]), 0, "tries")
    assert found.gini.value == pytest.approx(5 / 14)
    assert found.largest.value == pytest.approx(6 / 7)
    assert heap(np.array([0, 0]), 0, "tries") is None


def test_gini_of_many_equals_all_pairs():
    x = np.sort(np.random.default_rng(0).integers(0, 50, 40)).astype(float)
    pairs = np.abs(x[:, None] - x[None, :]).sum() / (2 * len(x) ** 2 * x.mean())
    assert float(gini(x, np.ones(40))[0]) == pytest.approx(pairs)


def test_benjamini_hochberg_by_hand():
    # Limits .1 x rank / 5: .02 .04 .06 .08 .1. The fourth, .07, passes, so .05 before it passes too; .2 does not.
    assert benjamini_hochberg([0.07, 0.2, 0.05, 0.001, 0.045]) == [True, False, True, True, True]
    assert benjamini_hochberg([0.03, 0.06, None]) == [True, True, False]
    assert benjamini_hochberg([0.06, 0.2]) == [False, False]
    assert benjamini_hochberg([None]) == [False]


def test_means_and_their_difference():
    found = pair(lot([1] * 80 + [0] * 20, [1] * 20 + [0] * 80), MANNER, 0, "x", 0.9)
    assert (found.conversation.value, found.spread.value) == (0.8, 0.2)
    assert found.difference.value == pytest.approx(0.6)
    # Exponential weights: variance of the mean about p (1 - p) / n.
    assert found.difference.low == pytest.approx(0.6 - 1.645 * np.sqrt(0.16 / 100 * 2), abs=0.02)
    assert found.p == 1 / 2_000


def test_people_of_one_cascade_widen_the_interval():
    alone = pair(lot([1, 0] * 40, [1, 0] * 40), MANNER, 0, "x", 0.9).spread
    together = pair(lot([1, 0] * 40, [1, 0] * 40, [-1] * 80 + [0, 1] * 40), MANNER, 0, "x", 0.9).spread
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_below_thirty_people_an_unseen_person_may_be_larger():
    plain = Manner("mean", "nobody")
    few = single(lot([1] * 29, []), plain, 0, "x", 0.9)
    enough = single(lot([1] * 30, []), plain, 0, "x", 0.9)
    assert few.high > 1.2
    assert enough.high == pytest.approx(1.0)


def test_a_side_without_people_has_a_reason():
    found = pair(lot([1, 0], []), MANNER, 0, "x", 0.9)
    assert (found.spread.value, found.spread.why, found.p) == (None, "nobody", None)
    assert found.difference.value is None


def test_counting_and_sorting_draw_alike():
    # Whole numbers are counted in a table, the same values times a half are sorted: the same classes.
    whole = pair(lot([3, 3, 0, 1], [1, 1, 0, 4]), Manner("mean", "nobody"), 0, "x", 0.9)
    halves = pair(lot([1.5, 1.5, 0, 0.5], [0.5, 0.5, 0, 2]), Manner("mean", "nobody"), 0, "x", 0.9)
    assert halves.conversation.high == pytest.approx(whole.conversation.high / 2)


def test_histogram_of_units():
    found = histogram(np.array([-1, -1, 3, 3]), np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2)
    assert sorted(zip(found.rows.tolist(), found.counts.tolist(), strict=True)) == [
        ([0, 0, 1, 1], 1), ([1, 0, 0, 0], 2)
    ]  # fmt: skip
    drawn = weigh(found, 4_000, stream(0, "x"))
    assert drawn[0].mean() == pytest.approx(2, rel=0.05)
    assert (drawn[2] == drawn[3]).all()


def test_difference_of_intervals():
    a, b = (Estimate(k / 100, *wilson(k, 100), 0.9, 100, "w") for k in (60, 40))
    found = from_intervals(a, b, 0.9)
    assert found.difference.low > 0
    assert found.p < 0.1
    assert from_intervals(a, Estimate.unknown("x"), 0.9).p is None
    assert from_intervals(a, a, 0.9).p == 1.0
    # A band that never ends has no difference with an interval, and no p.
    assert from_intervals(Estimate(1, 0.5, None), b, 0.9).p is None
