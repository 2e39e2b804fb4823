"""Reproduction and half-life by hand (GOLDEN, "Reproduction by hand"; the small log g3)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.spread.exposure import exposure_of_each, exposure_without_each
from hubbub.spread.growth import (
    Shares,
    half_life,
    kin_of,
    ratio,
    reproduction,
    reproduction_of_each,
    waiting_distribution,
)

HOUR = 3_600_000_000


def shares_of(parent, hours, person, end, root_is_share=False, cascade=None):
    n = len(parent)
    where = np.zeros(n, dtype=np.int64) if cascade is None else np.array(cascade)
    roots = np.array([root_is_share] * (where.max() + 1))
    return kin_of(where, np.array(parent), np.array(hours) * HOUR, np.array(person), roots, end * HOUR).all()


def one(shares, *level):
    return reproduction_of_each(shares, 1, *level)[0]


def test_by_hand():
    # A 0 h, B 2 h (of A), C 5 h (of A), D 8 h (of C), end 10 h, A itself child of the brand's post.
    found = shares_of([-1, 0, 1, 1, 3], [0, 0, 2, 5, 8], [-1, 0, 1, 2, 3], 10)
    assert sorted(found.wait_us // HOUR) == [2, 3, 5]
    times, f = waiting_distribution(found.wait_us, found.room_us)
    # At 5: 3 at risk -> 2/3; at 3: 2 at risk -> 1/2.
    assert (times // HOUR).tolist() == [2, 3, 5]
    assert f.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    children, exposure = ratio(found)
    assert (children, exposure) == (3, pytest.approx(10 / 3))
    assert children / exposure == pytest.approx(0.9)


G3 = {"parent": [-1, 0, 0, 1, 1, 4], "hours": [0, 1, 2, 3, 5, 8], "person": [-1, 0, 1, 2, 3, 4]}
"""q1 of the brand; ivy 1 h, jon 2 h; kim 3 h and lee 5 h of ivy; mia 8 h of lee."""


def test_g3_long_after_and_cut_short():
    children, exposure = ratio(shares_of(**G3, end=720))
    assert children / exposure == pytest.approx(0.6)
    # End at 10 h: ages 9 8 7 5 2; waits 2 4 3, all at risk: F 1/3, 2/3, 1; sum 4 1/3.
    children, exposure = ratio(shares_of(**G3, end=10))
    assert children / exposure == pytest.approx(0.692308, abs=1e-6)


def test_too_few_are_not_published():
    found = reproduction(shares_of(**G3, end=720))
    assert found.reproduction.value is None
    assert "3 shares" in found.reproduction.why
    assert found.probability_at_least_1 is None


def test_a_root_counts_only_if_it_is_a_share_by_a_person():
    one = {"parent": [-1, 0], "hours": [0, 1], "person": [0, 1], "end": 100}
    assert len(shares_of(**one, root_is_share=True).wait_us) == 1
    assert len(shares_of(**one, root_is_share=False).wait_us) == 0
    assert len(shares_of([-1, -2], [0, 1], [0, 1], 100, root_is_share=True).wait_us) == 0


def many(cascades: int, rng: np.random.Generator, end: int = 2_000) -> Shares:
    """Roots of the brand with 4 shares, of which the later hang on the first with chance 1/2."""
    parent, hours, person, where = [], [], [], []
    for c in range(cascades):
        for k in range(5):
            parent.append(-1 if k == 0 else (1 if k > 1 and rng.random() < 0.5 else 0))
            hours.append(k)
            person.append(k - 1)
            where.append(c)
    return shares_of(parent, hours, person, end, cascade=where)


def test_interval_and_probability():
    found = reproduction(many(40, np.random.default_rng(1)))
    estimate = found.reproduction
    assert estimate.value == pytest.approx(0.375, abs=0.1)
    assert estimate.low < estimate.value < estimate.high
    assert estimate.n == 40
    assert found.probability_at_least_1 < 0.001


def test_the_order_of_cascades_does_not_matter():
    shares = many(12, np.random.default_rng(2))
    turned = Shares(
        11 - shares.cascade[::-1], shares.age_us[::-1], 11 - shares.wait_cascade[::-1], shares.wait_us[::-1],
        shares.room_us[::-1],
    )  # fmt: skip
    assert reproduction(turned).reproduction.low == pytest.approx(reproduction(shares).reproduction.low)


def test_a_short_log_reads_low():
    shares = many(12, np.random.default_rng(2), end=10)
    assert "reads low" in reproduction(shares, 0.9, 10 * HOUR, 0).reproduction.how


def test_many_cascades_hold_the_waiting_times_fixed():
    found = reproduction(many(1_000, np.random.default_rng(1))).reproduction
    assert "held fixed" in found.how
    assert found.value == pytest.approx(0.375, abs=0.03)


def test_one_cascade():
    # 25 shares of a person's first share, long ago: 25 / 26, Poisson interval of 25 is [17.38, 34.92] at 90 %.
    found = one(shares_of([-1, 0, *[1] * 25], [0, 1, *range(2, 27)], [-1, *range(26)], 10_000))
    assert found.value == pytest.approx(25 / 26)
    assert (found.low * 26, found.high * 26) == pytest.approx((17.382, 34.916), abs=0.01)
    assert "Poisson" in found.how
    assert one(shares_of(**G3, end=720)).value is None


def test_half_life():
    hours = np.array([1, 2, 3, 5, 8]) * HOUR
    waits = np.array([1, 2, 2, 4, 3]) * HOUR
    # The third of five shares came at 3 h.
    assert half_life(np.array([0]), hours, waits, 720 * HOUR).hours == 3.0
    running = half_life(np.array([0]), hours, waits, 100 * HOUR)
    assert (running.hours, running.why, running.waited_hours) == (None, "still running", 100.0)
    assert half_life(np.zeros(0, dtype=np.int64), hours[:0], waits[:0], 0).hours is None
    assert half_life(np.array([0]), np.r_[hours, 400 * HOUR], waits, 900 * HOUR).reignited


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40), st.integers(0, 40)), min_size=6, max_size=60))
def test_kernels_equal_the_plain_reading(rows):
    """Without each cascade, and of each by itself: the same exposures as by taking the cascades out by hand."""
    cascade, wait, spare = (np.array(x, np.int64) for x in zip(*sorted(rows), strict=True))
    shares = Shares(cascade, wait + spare, cascade, wait, wait + spare)

    def of(keep):
        return Shares(cascade[keep], shares.age_us[keep], cascade[keep], wait[keep], shares.room_us[keep])

    without = exposure_without_each(shares, 6)
    each, _ = exposure_of_each(shares, 6, 1)
    for c in range(6):
        assert without[c] == pytest.approx(ratio(of(cascade != c))[1], abs=1e-12)
        assert each[c] == pytest.approx(ratio(of(cascade == c))[1] if (cascade == c).any() else 0.0, abs=1e-12)
