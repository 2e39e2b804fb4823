"""Reach: Chao1, Chapman, Good-Toulmin and bounds against hand-worked and published numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.errors import HubbubError
from hubbub.spread.reach import Named, bounds, chao1, chapman, good_toulmin


def test_chao1() -> None:
    """S 10, f1 6, f2 2: 10 + 36/4 = 19; without anybody seen twice 10 + 6 x 5 / 2 = 25."""
    found = chao1(np.repeat([1, 2, 5], [6, 2, 2]))
    assert (found.value, found.high, found.n) == (19.0, None, 10)
    assert found.low == pytest.approx(12.023528, abs=1e-6)
    assert chao1(np.repeat([1, 3], [6, 4])).value == 25.0
    assert chao1(np.array([9, 5, 3, 2, 2, 2, 1, 1, 1, 1, 1])).value == pytest.approx(15.1667, abs=1e-4)
    everybody = chao1(np.array([2, 3, 4]))
    assert (everybody.value, everybody.low) == (3.0, 3.0)
    assert chao1(np.zeros(0, np.int64)).why == "nobody was seen"
    with pytest.raises(HubbubError, match="at least once"):
        chao1(np.array([0, 1]))


def test_chapman() -> None:
    found = chapman(30, 40, 10, independent=True)
    assert (found.value, found.low, found.high) == pytest.approx((114.545455, 88.376931, 182.294174), abs=1e-6)
    assert chapman(200, 150, 30).value == pytest.approx(978.0645, abs=1e-4)
    dependent = chapman(30, 40, 10)
    assert (dependent.low, dependent.high) == (pytest.approx(88.376931, abs=1e-6), None)
    assert chapman(0, 5, 0).value is None
    with pytest.raises(HubbubError, match="11 seen both ways"):
        chapman(30, 10, 11)


def test_good_toulmin_tells_the_rest_of_a_sample() -> None:
    rng = np.random.default_rng(4)
    whole = rng.poisson(rng.gamma(0.8, 3.0, 40_000))
    whole = whole[whole > 0]
    for rate in (0.3, 0.5, 0.8, 1.0):
        sample = rng.binomial(whole, rate)
        found = good_toulmin(sample[sample > 0], rate)
        assert found.value == pytest.approx(whole.size, rel=0.04 if rate < 0.5 else 0.02)
        assert found.low <= found.value <= found.high
    assert good_toulmin(np.array([1, 2]), 0.1).why.startswith("0.1 of all rows were sampled")
    with pytest.raises(HubbubError, match="sampling rate"):
        good_toulmin(np.array([1]), 0.0)


@given(st.lists(st.sets(st.integers(0, 12)), min_size=1, max_size=5), st.data())
def test_bounds_hold_the_union_whatever_is_known(sources: list[set[int]], data: st.DataObject) -> None:
    audience = np.array([float(len(x)) for x in sources])
    every = list(itertools.combinations(range(len(sources)), 2))
    known = data.draw(st.sets(st.sampled_from(every))) if every else set()
    overlap = {(a, b): float(len(sources[a] & sources[b])) for a, b in known}
    union = len(set().union(*sources))
    found, plain = bounds(audience, overlap), bounds(audience)
    assert found.low <= union <= found.high
    assert plain.low <= found.low
    assert found.high <= plain.high


@given(st.lists(st.sets(st.integers(0, 12)), min_size=1, max_size=5), st.data())
def test_people_known_by_name_narrow_the_bounds_and_keep_the_union(
    sources: list[set[int]], data: st.DataObject
) -> None:
    """Some of who is in which audience is known, in any order and twice; one source may not say its size."""
    audience = np.array([float(len(x)) for x in sources])
    every = [(s, p) for s, people in enumerate(sources) for p in people]
    pairs = data.draw(st.lists(st.sampled_from(every))) if every else []
    named = Named(np.array([s for s, _ in pairs], np.int64), np.array([p for _, p in pairs], np.int64))
    if data.draw(st.booleans()) and len(sources) > 1:
        audience[0] = np.nan
    union = len(set().union(*(x for x, size in zip(sources, audience, strict=True) if not np.isnan(size))))
    found, plain = bounds(audience, named=named), bounds(audience)
    assert found.low <= union <= found.high
    assert plain.low <= found.low and found.high <= plain.high
    if set(pairs) == set(every) and not np.isnan(audience).any():
        assert found.low == found.high == union


def test_people_known_by_name_by_hand() -> None:
    """Audiences of 3 and 5; p and q are in both, r is in the second: 8 - 2 at most, 5 at least."""
    named = Named(np.array([0, 0, 1, 1, 1, 1]), np.array([7, 8, 7, 8, 9, 9]))
    found = bounds(np.array([3.0, 5.0]), named=named)
    assert (found.low, found.high) == (5.0, 6.0)
    assert "3 people known by name, counted 2 times too often in the sum" in found.how
    # A list that names more than the network said is believed.
    assert bounds(np.array([1.0, 0.0]), named=named).to_json()["high"] == 2 + 3 - 2


def test_bounds_without_a_word_of_the_network() -> None:
    silent = bounds(np.array([np.nan, np.nan]))
    assert silent.to_json() == {"low": None, "high": None, "n": 0, "sources_unsaid": 2,
                                "why": "no network says how many people a source can reach"}  # fmt: skip
    partly = bounds(np.array([100.0, np.nan, 40.0])).to_json()
    assert (partly["low"], partly["high"], partly["sources_unsaid"]) == (100.0, 140.0, 1)
    with pytest.raises(HubbubError, match="cannot be common"):
        bounds(np.array([3.0, 5.0]), {(0, 1): 4.0})
