"""Readings that hold at every look: golden values, false alarms, clusters, sizes of arms."""

from __future__ import annotations

import numpy as np
import pytest

from hubbub.compare.experiments.sequence import arm_of, difference, looked_at, probability_above, sample_ratio


def arm(hits: int, n: int):  # type: ignore[no-untyped-def]
    return arm_of(np.repeat([1.0, 0.0], [hits, n - hits]), True)


def test_golden_intervals() -> None:
    """GOLDEN numbers of METHODS, Experiments: a .05, N* 1,000."""
    assert looked_at(1_000, 0.05) == pytest.approx(0.089085, abs=5e-7)
    for low, high, a, b in ((-0.013304, 0.113304, arm(50, 500), arm(75, 500)),
                            (0.004850, 0.095150, arm(100, 1000), arm(150, 1000))):  # fmt: skip
        found = difference(a, b)
        assert (found.low, found.high) == (pytest.approx(low, abs=5e-7), pytest.approx(high, abs=5e-7))
        assert (found.value, found.level) == (pytest.approx(0.05), 0.95)


def test_the_first_look_is_at_five_events() -> None:
    assert difference(arm(4, 500), arm(75, 500)).why == "4 events in the smaller arm; the first look is at 5"
    assert difference(arm(5, 500), arm(75, 500)).known


def test_looking_every_day_gives_few_false_alarms_where_a_fixed_test_gives_many() -> None:
    """No difference, 200 looks of 20 people an arm: METHODS says about 2 % against 36 %."""
    rng = np.random.default_rng(1)
    always = fixed = 0
    for _ in range(300):
        hits = [np.cumsum(rng.binomial(20, 0.1, 200)) for _ in range(2)]
        n = 20 * np.arange(1, 201)
        p = [h / n for h in hits]
        error = np.sqrt((p[0] * (1 - p[0]) + p[1] * (1 - p[1])) / n)
        enough = np.minimum(*hits) >= 5
        fixed += bool((enough & (np.abs(p[1] - p[0]) > 1.96 * np.maximum(error, 1e-9))).any())
        looks = np.flatnonzero(enough)[::5]
        for i in looks:
            found = difference(arm(hits[0][i], n[i]), arm(hits[1][i], n[i]))
            if found.low > 0 or found.high < 0:
                always += 1
                break
    assert always <= 0.05 * 300
    assert fixed >= 0.2 * 300


def test_clusters_that_act_as_one_count_as_one() -> None:
    """Ten groups of ten, each all or nothing: the variance is ten times that of single people, times 10 / 9."""
    outcome = np.repeat([1.0, 0.0] * 5, 10)
    alone, together = arm_of(outcome, True), arm_of(outcome, True, np.repeat(np.arange(10), 10))
    assert together.variance == pytest.approx(10 * alone.variance * 10 / 9)
    assert arm_of(outcome, True, np.arange(100)).variance == pytest.approx(alone.variance * 100 / 99)
    one = arm_of(outcome, True, np.zeros(100, np.int64))
    assert difference(one, together).why == "a single cluster in an arm says nothing of its doubt"


def test_sizes_of_arms() -> None:
    """Hillstrom's arms (GOLDEN): chi-square .20253, p .9037."""
    assert sample_ratio([21307, 21387, 21306], [1, 1, 1]) == (
        pytest.approx(0.20253, abs=5e-6),
        pytest.approx(0.9037, abs=5e-5),
    )
    assert sample_ratio([900, 100], [9, 1]) == (0.0, 1.0)
    assert sample_ratio([600, 400], [1, 1])[1] < 1e-9
    assert sample_ratio([0, 0], [1, 1]) == (0.0, 1.0)


def test_how_likely_the_other_is_above() -> None:
    assert probability_above(arm(10, 100), arm(10, 100)) == 0.5
    assert probability_above(arm(10, 100), arm(20, 100)) == pytest.approx(0.9772, abs=1e-4)
    assert probability_above(arm(0, 100), arm(0, 100)) == 0.5
