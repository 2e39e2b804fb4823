"""Forecasts on simulated cascades: calibrated, answering, and honest where there can be none."""

from __future__ import annotations

import math
from datetime import timedelta, timezone

import numpy as np
import pytest

from hubbub.compare.forecast import find
from hubbub.compare.forecast import forecast as document
from hubbub.errors import HubbubError
from hubbub.kernel import FloatArray, IntArray
from hubbub.spread import forecast as engine
from hubbub.spread.forecast import Past, conformal, forecast, past_of
from tests.compare.build import cascade, cascades_table, day, ledger, node
from tests.spread.test_hawkes import planted

HELD_OUT = 10


def world(rng: np.random.Generator, n: int, hidden: bool = False) -> Past:
    """Finished cascades of different sizes and reproductions, with a long memory."""
    trees = [planted(rng, rng.uniform(0.2, 0.75), rng.lognormal(np.log(50), 0.6), 1.0, 1e9, 1.1) for _ in range(n)]
    return laid_flat(trees, hidden)


def laid_flat(trees: list[tuple[FloatArray, IntArray]], hidden: bool = False) -> Past:
    offsets = np.r_[0, np.cumsum([len(t) for t, _ in trees])]
    up = np.concatenate([u for _, u in trees])
    none = np.full(len(trees), np.nan)
    hours = np.concatenate([t for t, _ in trees])
    return Past(
        offsets,
        hours,
        np.full_like(up, -2) if hidden else up,
        np.full(up.size, np.nan),
        none,
        np.ones(len(trees), bool),
    )


@pytest.mark.parametrize("hidden", [False, True])
def test_intervals_hold_what_was_held_out_and_large_cascades_are_answered(hidden: bool) -> None:
    rng = np.random.default_rng(17)
    held = answered = inside = 0
    for _ in range(3):
        past = world(rng, 60, hidden)
        for row in range(HELD_OUT):
            if past.sizes[row] < 100:
                continue
            found = forecast(past, row, 4.0)
            held += 1
            answered += found.final.known
            if found.final.value is not None:
                assert found.final.low is not None and found.final.high is not None
                assert found.final.low <= found.final.value <= found.final.high
                inside += found.final.low <= past.sizes[row] <= found.final.high
    assert held >= 10
    assert answered >= held / 2
    assert inside >= 0.86 * answered


def test_what_is_held_out_is_not_looked_at() -> None:
    rng = np.random.default_rng(3)
    past = world(rng, 40)
    row = int(np.argmax(past.sizes))
    cut = past.hours <= np.where(np.repeat(np.arange(40), past.sizes) == row, 4.0, np.inf)
    lengths = np.bincount(np.repeat(np.arange(40), past.sizes)[cut], minlength=40)
    offsets = np.r_[0, np.cumsum(lengths)]
    shorter = Past(offsets, past.hours[cut], past.up[cut], past.audience[cut], past.root_audience, past.finished)
    assert repr(forecast(past, row, 4.0)) == repr(forecast(shorter, row, 4.0))


def test_without_a_past_the_model_says_so_and_waits_for_fifty_shares() -> None:
    rng = np.random.default_rng(8)
    alone = laid_flat([planted(rng, 0.5, 120.0, 1.0, 1e9, 1.1)])
    early = forecast(alone, 0, 0.2)
    assert not early.final.known and "below 50 shares or an hour" in early.why
    later = forecast(alone, 0, 6.0)
    assert "no past to take a prior from" in later.reproduction.how
    assert later.final.known and "too few past cascades" in later.final.how
    assert later.final.low is not None and later.final.high is not None
    assert later.final.low <= alone.sizes[0] <= later.final.high


def test_nobody_shared_yet() -> None:
    nothing = laid_flat([(np.empty(0), np.empty(0, np.int64))])
    assert forecast(nothing, 0, 3.0).why == "Nobody has shared it yet."


def test_supercritical_is_said_as_such() -> None:
    rng = np.random.default_rng(9)
    hours, up = planted(rng, 1.6, 8.0, 1.0, 6.0)
    found = forecast(laid_flat([(hours, up)]), 0, 6.0)
    assert found.final.why == "supercritical: no finite forecast"
    assert found.supercritical is not None and found.supercritical > 0.9


def test_refuses_where_the_past_says_that_it_cannot() -> None:
    """Half of the past stops at once and half grows a hundredfold, and nothing tells them apart."""
    first = np.linspace(0.1, 1.9, 60)
    rest = np.r_[first, np.linspace(50.0, 51.0, 6_000)]
    trees = [(rest if i % 2 else first, np.full(rest.size if i % 2 else 60, -1)) for i in range(30)]
    found = forecast(laid_flat(trees), 0, 2.0)
    assert not found.final.known
    assert "missed by" in found.why


@pytest.mark.parametrize("m", [9, 19, 40, 100])
def test_conformal_ends_hold_the_next_score(m: int) -> None:
    rng = np.random.default_rng(m)
    inside = 0
    for _ in range(2_000):
        score = rng.standard_t(3, m + 1)
        low, high = conformal(score[:m], 0.9)
        inside += low <= score[m] <= high
    assert inside / 2_000 >= 0.9 - 3 * math.sqrt(0.09 / 2_000)


def test_naive_and_log_linear_by_hand() -> None:
    trees = [(np.r_[np.linspace(0, 1, 10), np.linspace(2, 3, 10)], np.full(20, -1)) for _ in range(4)]
    past = laid_flat(trees)
    assert engine.naive(past, past, 1.5).tolist() == [10.0] * 4
    assert engine.log_linear(past, past, 1.5) == pytest.approx([20.0] * 4)


def test_the_forecast_lies_in_its_interval_where_the_past_always_grew_on() -> None:
    """Every past cascade grew by a fifth or more after its 2 h, so "final = seen so far" was always too low."""
    first = np.linspace(0.1, 1.9, 60)
    grown = [np.r_[first, np.linspace(3.0, 4.0, 12 + k % 5)] for k in range(40)]
    past = laid_flat([(hours, np.full(hours.size, -1)) for hours in grown])
    found = forecast(past, 0, 2.0)
    tested = {m.name: m for m in found.models}["naive"]
    assert tested.lower <= tested.predicted == 60.0 < 72.0 <= tested.upper
    assert found.final.low is not None and found.final.value is not None and found.final.high is not None
    assert found.final.low <= found.final.value <= found.final.high


def test_the_past_as_it_stood_at_a_moment() -> None:
    nodes = [node(-1, 0, -1), node(0, 1.0), node(1, 2.0, 1), node(-2, 30.0, 2)]
    table = cascades_table([cascade("a", nodes), cascade("b", [node(-1, 0, -1), node(0, 1.0)], first=day(40))])
    now = round(day(1.0).timestamp() * 1e6)
    past = past_of(table, now)
    assert past.sizes.tolist() == [2, 0]
    assert past.up.tolist() == [-1, 0]
    assert past.hours.tolist() == [1.0, 2.0]
    assert past.finished.tolist() == [False, False]
    later = past_of(table, round(day(30).timestamp() * 1e6))
    assert later.up.tolist() == [-1, 0, -2]
    assert later.finished.tolist() == [True, False]


def test_the_document_finds_its_root() -> None:
    nodes = [node(-1, 0, -1), node(0, 1.0), node(0, 2.0, 1)]
    table = cascades_table([cascade("a", nodes), cascade("b", nodes), cascade("b", nodes, channel="y")])
    assert find(table, "a") == find(table, "x:a") == 0
    assert find(table, "y:b") == 2
    for root, said in (("b", "More than one"), ("c", "No cascade")):
        with pytest.raises(HubbubError, match=said):
            find(table, root)
    with pytest.raises(HubbubError, match="began at"):
        document(table, ledger(), "a", now=day(-1))
    elsewhere = document(table, ledger(), "a", now=day(1).astimezone(timezone(timedelta(hours=2))))
    assert elsewhere == document(table, ledger(), "a", now=day(1))
    found = document(table, ledger(), "a")
    assert found["size_now"] == 3
    assert found["final_size"]["value"] is None and found["final_size"]["why"]
    assert found["curve"] == {"hours": [1.0, 2.0], "size": [2, 3]}
