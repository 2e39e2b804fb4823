"""Claims of who is reached: visits by links, new people, an audience nobody defined, reach nobody can measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from hubbub.compare.draws import DRAWS, stream, weigh
from hubbub.compare.frame import DAY_US, NEVER, IntArray
from hubbub.compare.points.data import (
    BY_KIND,
    BY_ORIGIN,
    DOUBT,
    NO_KIND,
    SPREADING,
    TALKING,
    Claim,
    Data,
    FloatArray,
    Metric,
    entries_ratio,
    ratio,
    touches,
)
from hubbub.compare.scorecard import NOBODY
from hubbub.compare.sides import Lot, Manner, Pair, Side, draw_sides, draw_totals, histogram, none, pair, pair_of
from hubbub.estimate import Estimate
from hubbub.spread.reach import chao1

MOST_CELLS = 60
"""So many channels or segments are told apart; the rarest are taken together."""

LARGE_UNITS = 100
"""So many cascades are weighted as wholes in the peak; people of smaller ones are weighted one by one."""


def _bounds(data: Data, name: str, den: npt.NDArray[Any], how: str, unknown: str) -> Pair:
    """Visits as bounds: those known as human, and those not known as machines."""
    p = data.people
    machine, human = p.ints("visits_machine"), p.ints("visits_human")
    upper = np.maximum(p.ints("visits") - machine, 0)
    manner = Manner(how, unknown)
    low = draw_sides(data.lot(human, den), manner, data.seed, name)
    high = draw_sides(data.lot(upper, den), manner, data.seed, name)
    both: list[Side | None] = []
    for a, b in zip(low, high, strict=True):
        both.append(None if a is None or b is None else Side(b.value, b.n, a.plain, b.unseen))
    return pair_of(both, manner, data.level)


def _visits_per_person(data: Data, name: str) -> Pair:
    how = "visits not known as machines; the low end counts only those known as human; draws of units"
    return _bounds(data, name, np.ones(data.people.n, dtype=np.int8), how, NOBODY)


def _visits_per_share(data: Data, name: str) -> Pair:
    how = "visits not known as machines over shares; the low end counts only those known as human; draws of units"
    return _bounds(data, name, data.people.ints("shares"), how, "nobody shared")


def _days(data: Data) -> float:
    return max(1.0, (data.world.end_us - data.world.first_us) / DAY_US)


def _new_per_day(data: Data, name: str) -> Pair:
    lot = data.lot(np.ones(data.people.n, dtype=np.int8))
    per = 1.0 / _days(data)
    sides = draw_totals(lot, (per, per), data.seed, name)
    return pair_of(sides, Manner("people by origin over the days of the log; draws of units", NOBODY), data.level)


def _peak(data: Data, name: str) -> Pair:
    how = "busiest day over the median day of new people; draws of units"
    manner = Manner(how, "more than half of the days bring nobody new")
    first, side, unit = data.people.times("first"), data.origin, data.people.unit.codes
    days = int(_days(data)) + 1
    sides: list[Side | None] = []
    for j in (0, 1):
        who = np.flatnonzero((side == j) & (first != NEVER))
        day = np.clip((first[who] - data.world.first_us) // DAY_US, 0, days - 1)
        sides.append(_peak_of(day, unit[who], days, data.seed, f"{name}:{j}"))
    return pair_of(sides, manner, data.level)


def _peak_of(day: IntArray, unit: IntArray, days: int, seed: int, name: str) -> Side | None:
    """Peak over median day; the largest cascades get one weight for all their people, the others one a person."""
    count = np.bincount(day, minlength=days).astype(np.float64)
    if not len(day) or np.median(count) <= 0.0:
        return None
    rng = stream(seed, name)
    alone, size = unit < 0, np.bincount(unit[unit >= 0])
    large = np.lexsort((np.arange(len(size)), -size))[:LARGE_UNITS]
    is_large = ~alone & np.isin(unit, large)
    small = np.bincount(day[~is_large], minlength=days).astype(np.float64)
    total = rng.standard_gamma(small[:, None], (days, DRAWS))
    for u in large[size[large] > 0]:
        mine, n = np.unique(day[is_large & (unit == u)], return_counts=True)
        total[mine] += n[:, None] * rng.standard_exponential(DRAWS)
    drawn = total.max(axis=0) / np.maximum(np.median(total, axis=0), 1e-9)
    return Side(float(count.max() / np.median(count)), len(day), drawn, drawn)


def _measured_reach(data: Data, name: str) -> Pair:
    sides = draw_totals(data.lot(touches(data.people) > 0), (1.0, 1.0), data.seed, name)
    return pair_of(sides, Manner("people seen, a floor; draws of units", NOBODY), data.level)


def _estimated_reach(data: Data, name: str) -> Pair:
    found = _might_act(data)
    why = "two numbers of which only the low end is known have no difference"
    return Pair(*found, Estimate.unknown(why))


def _might_act(data: Data) -> tuple[Estimate, Estimate]:
    """Chao1 over the people of each origin."""
    touched = touches(data.people)
    one, other = (chao1(touched[(data.origin == j) & (touched > 0)], data.level) for j in (0, 1))
    return one, other


def _measured_part(data: Data, name: str) -> Pair:
    touched = touches(data.people)
    parts = []
    for j, found in enumerate(_might_act(data)):
        seen = int(np.count_nonzero((data.origin == j) & (touched > 0)))
        if found.value is None or found.low is None:
            parts.append(Estimate.unknown(found.why or NOBODY))
            continue
        how = "people seen over people who might act (Chao1); at most, for the others are at least so many"
        parts.append(Estimate(seen / found.value, None, min(1.0, seen / found.low), data.level, seen, how))
    why = "two numbers of which only the high end is known have no difference"
    return Pair(parts[0], parts[1], Estimate.unknown(why))


def _touches_unknown(data: Data, name: str) -> Pair:
    manner = Manner("touches of mode unknown over all touches; draws of units", "no touches", True, events=True)
    return ratio(data, name, data.people.ints("touches_unknown"), touches(data.people), manner)


def _parents_seen(data: Data, name: str) -> Pair:
    size = np.asarray(data.cascades.ints("size"), dtype=np.float64)
    shares = np.maximum(size - 1.0, 0.0)
    seen = shares - data.cascades.ints("hidden")
    alone = np.full(data.cascades.n, -1, dtype=np.int64)
    lot = Lot(alone, data.side_of_cascades(), seen, shares)
    how = "shares whose parent is seen; draws of cascades"
    return pair(lot, Manner(how, NO_KIND, True, events=True), data.seed, name, data.level)


def _entropy(column: str, why: str) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        found = data.people.coded(column)
        side = data.origin
        used = (side >= 0) & (found.codes >= 0)
        if not np.any(used):
            return none(why)
        cell, k = _cells(found.codes[used], len(found.names))
        classes = histogram(data.people.unit.codes[used], side[used], cell, k)
        total = np.maximum(weigh(classes, DRAWS, stream(data.seed, name)), 0.0)
        sides: list[Side | None] = []
        for j in (0, 1):
            count = np.bincount(cell[side[used] == j], minlength=k).astype(np.float64)
            drawn = _bits(total[j * k : (j + 1) * k])
            some = count.sum() > 0
            sides.append(Side(float(_bits(count[:, None])[0]), int(count.sum()), drawn, drawn) if some else None)
        return pair_of(sides, Manner(f"entropy over {column}s; draws of units", why), data.level)

    return measure


def _cells(codes: IntArray, k: int) -> tuple[IntArray, int]:
    if k <= MOST_CELLS:
        return codes, k
    count = np.bincount(codes, minlength=k)
    place = np.full(k, MOST_CELLS - 1, dtype=np.int64)
    top = np.lexsort((np.arange(k), -count))[: MOST_CELLS - 1]
    place[top] = np.arange(len(top))
    return place[codes], MOST_CELLS


def _bits(mass: FloatArray) -> FloatArray:
    part = mass / np.maximum(mass.sum(axis=0), 1e-300)
    logs = np.log2(np.where(part > 0.0, part, 1.0))
    return np.asarray(-(part * logs).sum(axis=0)) + 0.0


def _known_before(data: Data, name: str) -> Pair:
    if not any(c.covered_from for c in data.ledger.channels):
        return none("coverage.csv does not say from when a channel is covered")
    known = data.people.flags("known_before")[data.world.who] == 1
    manner = Manner("people of the campaign first seen as the coverage began; draws of units", NO_KIND, True)
    return entries_ratio(data, name, known, np.ones(len(known), np.int8), manner)


TRAFFIC = Claim(TALKING, "brings traffic by links", (
    Metric("traffic.per_person", "visits per person", "visits", BY_ORIGIN, "visits", _visits_per_person),
    Metric("traffic.per_share", "visits per share", "visits", BY_ORIGIN, "visits", _visits_per_share),
))  # fmt: skip

AWARENESS = Claim(SPREADING, "raises awareness", (
    Metric("awareness.new_per_day", "new people per day", "people a day", BY_ORIGIN, "rows", _new_per_day),
    Metric("awareness.peak", "peak over median day of new people", "times", BY_ORIGIN, "rows", _peak),
    Metric("awareness.measured_reach", "measured reach", "people", BY_ORIGIN, "rows", _measured_reach),
    Metric("awareness.estimated_reach", "estimated reach", "people", BY_ORIGIN, "rows", _estimated_reach),
))  # fmt: skip

AUDIENCE = Claim(DOUBT, "no defined audience", (
    Metric("audience.channels", "entropy of people over channels", "bits", BY_ORIGIN, "rows",
        _entropy("channel", NOBODY)),
    Metric("audience.segments", "entropy of people over segments", "bits", BY_ORIGIN, "rows",
        _entropy("segment", "nobody stands in segments.csv")),
    Metric("audience.known", "fraction known before", "fraction", BY_KIND, "rows", _known_before, less_is_more=True),
))  # fmt: skip

REACH = Claim(DOUBT, "reach not fully measurable", (
    Metric("reach.measured_part", "measured over estimated reach", "fraction", BY_ORIGIN, "rows", _measured_part,
        less_is_more=True),
    Metric("reach.unknown", "fraction of touches of mode unknown", "fraction", BY_ORIGIN, "rows", _touches_unknown),
    Metric("reach.parents", "fraction of shares whose parent is seen", "fraction", BY_KIND, "shares", _parents_seen,
        less_is_more=True),
))  # fmt: skip
