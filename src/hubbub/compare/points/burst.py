"""Claims of the burst: one large distribution that ends, and many tries of which few take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from hubbub.compare.campaigns import World, groups, growth_of
from hubbub.compare.frame import NEVER, Cascades, IntArray
from hubbub.compare.points.data import (
    BY_KIND,
    BY_ORIGIN,
    NO_KIND,
    SPREADING,
    Claim,
    Data,
    FloatArray,
    Metric,
    mean,
    touches,
)
from hubbub.compare.sides import Lot, Manner, Pair, Side, from_intervals, heap, pair, pair_of, pair_of_heaps
from hubbub.converse.lasting import kaplan_meier, quantile_time
from hubbub.estimate import Estimate

FEW_OF_CAMPAIGN = 10
"""A campaign with fewer people has no busiest tenth to speak of."""


def _campaign_means(data: Data, name: str, values: FloatArray, how: str, fraction: bool = False) -> Pair:
    """Mean over the campaigns of a kind of a number that each has (NaN: has none)."""
    known = np.isfinite(values)
    side = data.kinds[:-1][known]
    lot = Lot(np.full(len(side), -1, dtype=np.int64), side, values[known], np.ones(len(side)))
    return pair(lot, Manner(f"{how}; mean over campaigns of that kind", NO_KIND, fraction), data.seed, name, data.level)


def _half_life(data: Data, name: str) -> Pair:
    found = []
    for j in (0, 1):
        mine = [c for c, side in zip(data.campaigns, data.kinds, strict=False) if side == j and c.cascades]
        hours = np.array([c.half_life.waited_hours if c.half_life.hours is None else c.half_life.hours for c in mine])
        seen = np.array([c.half_life.hours is not None for c in mine], dtype=np.bool_)
        curve = kaplan_meier(hours, seen, data.level)
        found.append(quantile_time(curve, 0.5, data.level) if mine else Estimate.unknown(NO_KIND))
    return from_intervals(found[0], found[1], data.level)


def _seen_once(data: Data, name: str) -> Pair:
    return mean(data, name, touches(data.people) == 1, "people with exactly one touch", True)


def _busiest_tenth(data: Data, name: str) -> Pair:
    found = np.full(len(data.campaigns), np.nan)
    entries = groups(data.world.campaign, len(data.campaigns))
    for code in np.flatnonzero(data.kinds[:-1] >= 0):
        times = np.sort(data.world.fields["first"][entries.of(int(code))])
        times = times[times != NEVER]
        if len(times) >= FEW_OF_CAMPAIGN:
            window = (times[-1] - times[0]) // 10
            inside = np.searchsorted(times, times + window, side="right") - np.arange(len(times))
            found[code] = inside.max() / len(times)
    return _campaign_means(data, name, found, "people within the busiest tenth of the campaign's time", True)


def _reignited(data: Data, name: str) -> Pair:
    values = np.array([float(c.half_life.reignited) if c.cascades else np.nan for c in data.campaigns])
    return _campaign_means(data, name, values, "campaigns shared again after they had ended", True)


def _tries(data: Data) -> tuple[IntArray, IntArray, IntArray]:
    """Tries of campaigns of either kind: cascade, side, size."""
    rows = np.flatnonzero(data.cascades.tries & (data.side_of_cascades() >= 0))
    return rows, data.side_of_cascades()[rows], np.asarray(data.cascades.ints("size"), dtype=np.int64)[rows]


def _try_heaps(largest: bool) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        _, side, size = _tries(data)
        heaps = heap(size[side == 0], data.seed, "tries:0"), heap(size[side == 1], data.seed, "tries:1")
        how = "part of the largest try" if largest else "Gini over the sizes of all tries"
        return pair_of_heaps(heaps, Manner(f"{how}; draws of tries", NO_KIND), data.level, largest)

    return measure


def _reached(cascades: Cascades, world: World) -> IntArray:
    """People of each cascade: its sharers and those who came through it."""
    people = np.full(cascades.n, -1, dtype=np.int64)
    np.maximum.at(people, world.nodes.cascade, world.nodes.person)
    return np.asarray(people + 1 + cascades.ints("touched"), dtype=np.int64)


def _reach_10(data: Data, name: str) -> Pair:
    rows, side, _ = _tries(data)
    hit = _reached(data.cascades, data.world)[rows] >= 10
    lot = Lot(np.full(len(rows), -1, dtype=np.int64), side, hit.astype(np.float64), np.ones(len(rows)))
    return pair(lot, Manner("tries that reach 10 people; draws of tries", NO_KIND, True), data.seed, name, data.level)


def _reproduction(data: Data, name: str) -> Pair:
    found = []
    for j in (0, 1):
        mine = data.side_of_cascades() == j
        some = Estimate.unknown(NO_KIND)
        found.append(growth_of(data.world, mine, data.level).reproduction if np.any(mine) else some)
    return from_intervals(found[0], found[1], data.level)


def by_definition(found: Pair) -> Pair:
    """The kinds are told apart by this very number: its difference is no finding."""
    how = f"{found.difference.how}; the kinds are defined by it, so no test"
    difference = replace(found.difference, how=how) if found.difference.known else found.difference
    return replace(found, difference=difference, p=None)


def reproduction_of_map(data: Data, name: str) -> Pair:
    return by_definition(_reproduction(data, name))


def _at_least_1(data: Data, name: str) -> Pair:
    found = []
    for j in (0, 1):
        mine = data.side_of_cascades() == j
        growth = growth_of(data.world, mine, data.level)
        x = growth.probability_at_least_1 if np.any(mine) else None
        why = growth.reproduction.why if np.any(mine) else NO_KIND
        how = "probability that each share brings at least one; from the same t, itself without an interval"
        found.append(Estimate.unknown(why) if x is None else Estimate(x, n=growth.reproduction.n, how=how))
    return from_intervals(found[0], found[1], data.level)


def tries(data: Data) -> dict[str, Any]:
    """All tries together: how unequal they are and how many take."""
    size = np.asarray(data.cascades.ints("size"), dtype=np.int64)[data.cascades.tries]
    why = "the brand has posted nothing"
    all_of_them = heap(size, data.seed, "tries")
    unknown: list[Side | None] = [None, None]
    gini = pair_of([all_of_them.gini, None] if all_of_them else unknown, Manner("Gini over all tries", why), data.level)
    largest = pair_of(
        [all_of_them.largest, None] if all_of_them else unknown, Manner("largest over all", why), data.level
    )
    hit = (_reached(data.cascades, data.world)[data.cascades.tries] >= 10).astype(np.float64)
    zero = np.zeros(len(hit), dtype=np.int64)
    manner = Manner("tries that reach 10 people; draws of tries", why, fraction=True)
    reach = pair(Lot(zero - 1, zero, hit, np.ones(len(hit))), manner, data.seed, "tries.reach", data.level)
    quantiles = [0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0]
    return {
        "sizes_quantiles": [float(np.quantile(size, q)) for q in quantiles] if len(size) else [],
        "n": len(size),
        "gini": gini.conversation.to_json(),
        "largest_part": largest.conversation.to_json(),
        "reach_10": reach.conversation.to_json(),
    }


ONCE = Claim(SPREADING, "a one-time large distribution", (
    Metric("once.half_life", "half-life of a campaign", "hours", BY_KIND, "shares", _half_life, less_is_more=True),
    Metric("once.seen_once", "fraction of people seen exactly once", "fraction", BY_ORIGIN, "rows", _seen_once),
    Metric("once.busiest_tenth", "fraction of a campaign's people within its busiest tenth of the time", "fraction",
        BY_KIND, "rows", _busiest_tenth),
    Metric("once.reignited", "fraction of campaigns that re-ignited", "fraction", BY_KIND, "shares", _reignited,
        less_is_more=True),
))  # fmt: skip

TRIAL = Claim(SPREADING, "trial and error, no promise", (
    Metric("trial.gini", "sizes of all tries: Gini", "Gini", BY_KIND, "shares", _try_heaps(False)),
    Metric("trial.largest", "sizes of all tries: largest over all", "fraction", BY_KIND, "shares", _try_heaps(True)),
    Metric("trial.reach_10", "fraction of tries that reach 10 people", "fraction", BY_KIND, "shares", _reach_10,
        less_is_more=True),
    Metric("trial.reproduction", "reproduction R", "shares a share", BY_KIND, "shares", reproduction_of_map,
        less_is_more=True),
    Metric("trial.at_least_1", "P(R >= 1)", "probability", BY_KIND, "shares", _at_least_1, less_is_more=True),
))  # fmt: skip
