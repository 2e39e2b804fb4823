"""The points of difference: each claim about conversation and spread as numbers of both sides."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from hubbub.activity import MICROS
from hubbub.compare.campaigns import Campaign, World, groups, growth_of
from hubbub.compare.coverage import channels_with
from hubbub.compare.draws import DRAWS, stream, weigh
from hubbub.compare.frame import DAY_US, NEVER, Cascades, IntArray, People, numbers, unit_ids
from hubbub.compare.money import Spent
from hubbub.compare.scorecard import NOBODY, credited, retained
from hubbub.compare.sides import (
    Heap,
    Lot,
    Manner,
    Pair,
    Side,
    Split,
    benjamini_hochberg,
    draw_sides,
    draw_totals,
    from_intervals,
    heap,
    histogram,
    none,
    pair,
    pair_of,
    pair_of_heaps,
    split,
)
from hubbub.converse.lasting import kaplan_meier, quantile_time
from hubbub.estimate import Estimate
from hubbub.spread.reach import chao1
from hubbub.tables import Ledger

pc = pyarrow.compute
FloatArray = npt.NDArray[np.float64]

HOUR_US = 3_600_000_000
FALSE_DISCOVERY = 0.10
AT_ONCE = 2
"""Rows measured side by side; each has random numbers of its own, so their order decides nothing."""
FEW_OF_CAMPAIGN = 10
"""A campaign with fewer people has no busiest tenth to speak of."""
MOST_CELLS = 60
"""So many channels or segments are told apart; the rarest are taken together."""
NOT_YET = "not yet measured"
NO_KIND = "no campaign of that kind has any"
FEW_TO_FORECAST = 10
"""Shares within an hour, and cascades that have them, before an error of forecasts is spoken of."""
KIND_SIDES = {"conversation": 0, "wildfire": 1}
BY_ORIGIN, BY_KIND = "people by origin", "campaigns by kind"


@dataclass(frozen=True)
class Data:
    """All that the points read."""

    people: People
    cascades: Cascades
    ledger: Ledger
    world: World
    campaigns: list[Campaign]
    effort: Spent
    fallback: float
    seed: int
    level: float
    kinds: IntArray = field(init=False)
    """Side of each campaign: 0 conversation, 1 wildfire, -1 neither."""

    def __post_init__(self) -> None:
        sides = np.array([KIND_SIDES.get(c.kind, -1) for c in self.campaigns] + [-1], dtype=np.int64)
        object.__setattr__(self, "kinds", sides)

    @cached_property
    def origin(self) -> IntArray:
        """Side of each person by origin: 0 conversation, 1 spread, -1 neither."""
        origin = self.people.origin
        return np.where((origin == 0) | (origin == 1), origin, -1).astype(np.int64)

    @cached_property
    def split(self) -> Split:
        """The people by side and unit, for all rows that speak of people by origin."""
        return split(self.people.unit.codes, self.origin)

    def lot(self, num: npt.NDArray[Any], den: npt.NDArray[Any] | None = None) -> Lot:
        """A metric of people by origin; without `den` a total."""
        below = np.zeros(1, dtype=np.int8).repeat(self.people.n) if den is None else den
        return Lot(self.people.unit.codes, self.origin, num, below, self.split)

    def side_of_cascades(self) -> IntArray:
        return self.kinds[self.world.cascade_campaign]


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of one claim.

    less_is_more : a smaller number makes the claim more true
    aspect : what of the ledger it rests on (`shares`, `replies`, `visits`, `rows`)
    """

    id: str
    group: str
    claim: str
    metric: str
    unit: str
    sides: str
    aspect: str
    measure: Callable[[Data, str], Pair]
    less_is_more: bool = False


# People by origin


def _ratio(data: Data, name: str, num: npt.NDArray[Any], den: npt.NDArray[Any], manner: Manner) -> Pair:
    return pair(data.lot(num, den), manner, data.seed, name, data.level)


def _mean(data: Data, name: str, num: npt.NDArray[Any], how: str, fraction: bool = False, times: float = 1.0) -> Pair:
    ones = np.ones(data.people.n, dtype=np.int8)
    manner = Manner(f"{how}; mean over people by origin; draws of units", NOBODY, fraction=fraction, times=times)
    return _ratio(data, name, num, ones, manner)


def _exchanges(data: Data, name: str) -> Pair:
    return _mean(data, name, data.people.ints("exchanges"), "exchanges per person")


def _answered(column: str, who: str) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        num, den = data.people.ints(f"{column}_answered"), data.people.ints(column)
        manner = Manner(f"{who}; draws of units", "nobody wrote", fraction=True, events=True)
        return _ratio(data, name, num, den, manner)

    return measure


def _passed_on(data: Data, name: str) -> Pair:
    return _mean(data, name, data.people.ints("shares") > 0, "people with a share that stands", fraction=True)


def _made(data: Data, name: str) -> Pair:
    return _mean(data, name, data.people.ints("made"), "posts about the brand that are no shares")


def _of_all_originals(data: Data, name: str) -> Pair:
    made = np.asarray(data.people.ints("made"), dtype=np.float64)
    everything = float(made.sum()) + int(data.cascades.tries.sum())
    if everything <= 0.0:
        return none("no originals in the log")
    lot = data.lot(data.people.ints("made"))
    sides = draw_totals(lot, (1.0 / everything, 1.0 / everything), data.seed, name)
    capped = [s and Side(s.value, s.n, np.minimum(s.plain, 1.0), np.minimum(s.unseen, 1.0)) for s in sides]
    manner = Manner("posts by people over all originals, the brand's own held fixed; draws of units", NOBODY)
    return pair_of(capped, manner, data.level)


def _heaps(data: Data, name: str) -> tuple[Heap | None, Heap | None]:
    made, origin = np.asarray(data.people.ints("made"), dtype=np.int64), data.people.origin
    one, other = (heap(made[origin == j], data.seed, f"{name}:{j}", top=0.01) for j in (0, 1))
    return one, other


def _made_gini(data: Data, name: str) -> Pair:
    manner = Manner("Gini over people by origin; draws of people", "nobody made anything")
    return pair_of_heaps(_heaps(data, name), manner, data.level)


def _made_top(data: Data, name: str) -> Pair:
    manner = Manner("part of all that the busiest 1 % made; draws of people", "nobody made anything")
    return pair_of_heaps(_heaps(data, name), manner, data.level, largest=True)


def _talked_before(data: Data, name: str) -> Pair:
    return _mean(data, name, data.people.ints("exchanges_before") > 0, "an exchange before the first conversion", True)


def _talked_after(data: Data, name: str) -> Pair:
    after = data.people.ints("exchanges_after", -1)
    manner = Manner("buyers with an exchange after their first conversion; draws of units", "nobody converted", True)
    return _ratio(data, name, after > 0, after >= 0, manner)


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


def _measured_reach(data: Data, name: str) -> Pair:
    sides = draw_totals(data.lot(_touches(data.people) > 0), (1.0, 1.0), data.seed, name)
    return pair_of(sides, Manner("people seen, a floor; draws of units", NOBODY), data.level)


def _estimated_reach(data: Data, name: str) -> Pair:
    found = _might_act(data)
    why = "two numbers of which only the low end is known have no difference"
    return Pair(*found, Estimate.unknown(why))


def _might_act(data: Data) -> tuple[Estimate, Estimate]:
    """Chao1 over the people of each origin."""
    touches = _touches(data.people)
    one, other = (chao1(touches[(data.origin == j) & (touches > 0)], data.level) for j in (0, 1))
    return one, other


def _measured_part(data: Data, name: str) -> Pair:
    touches = _touches(data.people)
    parts = []
    for j, found in enumerate(_might_act(data)):
        seen = int(np.count_nonzero((data.origin == j) & (touches > 0)))
        if found.value is None or found.low is None:
            parts.append(Estimate.unknown(found.why or NOBODY))
            continue
        how = "people seen over people who might act (Chao1); at most, for the others are at least so many"
        parts.append(Estimate(seen / found.value, None, min(1.0, seen / found.low), data.level, seen, how))
    why = "two numbers of which only the high end is known have no difference"
    return Pair(parts[0], parts[1], Estimate.unknown(why))


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


LARGE_UNITS = 100


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


def _had_answer(data: Data, name: str) -> Pair:
    spoke, waits = data.people.ints("spoke") > 0, data.people.flags("unanswered") == 1
    how = "people who spoke to the brand and were answered within 7 days; draws of units"
    manner = Manner(how, "nobody spoke", True)
    return _ratio(data, name, spoke & ~waits, spoke, manner)


def _response(part: float) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        origin = data.people.origin
        done, open_ = data.people.lists("answered_us"), data.people.lists("open_us")
        a, b = numbers(done.values), numbers(open_.values)
        found = []
        for j in (0, 1):
            x, y = a[origin[done.row] == j], b[origin[open_.row] == j]
            hours = np.concatenate([x, y]) / HOUR_US
            seen = np.r_[np.ones(len(x), dtype=np.bool_), np.zeros(len(y), dtype=np.bool_)]
            found.append(quantile_time(kaplan_meier(hours, seen, data.level), part, data.level))
        return from_intervals(found[0], found[1], data.level)

    return measure


def _retained(days: int) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        a, b = (retained(data.people, j, days, data.level) for j in (0, 1))
        return from_intervals(a, b, data.level)

    return measure


def _trend(data: Data, name: str) -> Pair:
    p = data.people
    known = p.ints("exchanges") >= 4
    change = np.log2((p.ints("exchanges_later") + 0.5) / (p.ints("exchanges_earlier") + 0.5))
    manner = Manner(
        "geometric mean of later over earlier exchanges, people with 4 or more; draws of units",
        "nobody has 4 exchanges", shape=np.exp2,
    )  # fmt: skip
    return _ratio(data, name, np.where(known, change, 0.0), known, manner)


def _seen_once(data: Data, name: str) -> Pair:
    return _mean(data, name, _touches(data.people) == 1, "people with exactly one touch", True)


def _touches(people: People) -> npt.NDArray[Any]:
    modes = ("conversation", "spread", "broadcast", "unknown")
    return np.asarray(sum(people.ints(f"touches_{mode}").astype(np.int64) for mode in modes))


def _without_leave(data: Data, name: str) -> Pair:
    unasked = data.ledger.unasked
    if unasked is None:
        return none("there is no consent.csv, so what people allowed is not known")
    place = pc.index_in(data.people.column("person").cast(pa.string()), value_set=unasked["person"].combine_chunks())
    without = pc.fill_null(unasked["without"].combine_chunks().take(place), 0)
    sides = draw_totals(data.lot(without.to_numpy(zero_copy_only=False)), (1.0, 1.0), data.seed, name)
    how = (
        "words of the brand that answer nothing, to people of whom no unasked purpose was allowed there; draws of units"
    )
    return pair_of(sides, Manner(how, NOBODY), data.level)


def _touches_unknown(data: Data, name: str) -> Pair:
    manner = Manner("touches of mode unknown over all touches; draws of units", "no touches", True, events=True)
    return _ratio(data, name, data.people.ints("touches_unknown"), _touches(data.people), manner)


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


def _burnt(column: str, by: str) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        num = data.people.ints(column)
        what = f"`{column[:-1]}` per 1,000 {by}"
        if by == "people":
            return _mean(data, name, num, what, times=1_000.0)
        den = data.people.ints("contacts")
        return _ratio(data, name, num, den, Manner(f"{what}; draws of units", "nobody was contacted", times=1_000.0))

    return measure


def _scales(data: Data, per: float) -> tuple[float, float]:
    by = data.effort.by_mode
    return per / float(by["conversation"] or 1.0), per / float(by["spread"] or 1.0)


def _value_per_effort(data: Data, name: str) -> Pair:
    if not data.effort.both():
        return none(data.effort.why)
    who, credit = credited(data.people)
    if not len(who):
        return none("no conversions in the log")
    unit = unit_ids(data.people.unit.codes)[who]
    lot = Lot(
        np.concatenate([unit, unit]), np.repeat(np.array([0, 1]), len(who)),
        np.concatenate([credit[:, 0], credit[:, 1]]).astype(np.float64), np.zeros(2 * len(who)),
    )  # fmt: skip
    sides = draw_totals(lot, _scales(data, 1.0 / MICROS), data.seed, name, data.fallback)
    return pair_of(sides, Manner("linear credit over effort, held fixed; draws of units", NOBODY), data.level)


def _still_there_per_effort(data: Data, name: str) -> Pair:
    if not data.effort.both():
        return none(data.effort.why)
    flag = data.people.flags("retained_90")
    side = np.where(flag >= 0, data.origin, -1)
    lot = Lot(data.people.unit.codes, side, (flag == 1).astype(np.float64), np.zeros(data.people.n))
    sides = draw_totals(lot, _scales(data, 1.0), data.seed, name)
    why = "nobody was first seen 120 days or more before the end of the log"
    return pair_of(sides, Manner("people retained_90 over effort, held fixed; draws of units", why), data.level)


# Campaigns by kind


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


def reached(cascades: Cascades, world: World) -> IntArray:
    """People of each cascade: its sharers and those who came through it."""
    people = np.full(cascades.n, -1, dtype=np.int64)
    np.maximum.at(people, world.nodes.cascade, world.nodes.person)
    return np.asarray(people + 1 + cascades.ints("touched"), dtype=np.int64)


def _reach_10(data: Data, name: str) -> Pair:
    rows, side, _ = _tries(data)
    hit = reached(data.cascades, data.world)[rows] >= 10
    lot = Lot(np.full(len(rows), -1, dtype=np.int64), side, hit.astype(np.float64), np.ones(len(rows)))
    return pair(lot, Manner("tries that reach 10 people; draws of tries", NO_KIND, True), data.seed, name, data.level)


def _reproduction(data: Data, name: str) -> Pair:
    found = []
    for j in (0, 1):
        mine = data.side_of_cascades() == j
        some = Estimate.unknown(NO_KIND)
        found.append(growth_of(data.world, mine, data.level).reproduction if np.any(mine) else some)
    return from_intervals(found[0], found[1], data.level)


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


def _entries_ratio(data: Data, name: str, num: npt.NDArray[Any], den: npt.NDArray[Any], manner: Manner) -> Pair:
    """A ratio over the entries of people in campaigns, units as in the verdict."""
    side = data.kinds.astype(np.int8)[data.world.campaign]
    lot = Lot(unit_ids(data.people.unit.codes)[data.world.who], side, num, den)
    return pair(lot, manner, data.seed, name, data.level)


def _forecast_error(data: Data, name: str) -> Pair:
    """Mean miss of the best model an hour after the root, over finished cascades of campaigns of each kind."""
    size = np.asarray(data.cascades.ints("size"), dtype=np.int64)
    if int(np.count_nonzero(size > FEW_TO_FORECAST)) < FEW_TO_FORECAST:
        return none(f"fewer than {FEW_TO_FORECAST} cascades have {FEW_TO_FORECAST} shares to be forecast from")
    # Its kernels are loaded only where there is something to forecast.
    from hubbub.spread.forecast import missed, past_of

    model, rows, error = missed(past_of(data.cascades.table, data.world.end_us), 1.0)
    if not model:
        return none(f"fewer than {FEW_TO_FORECAST} finished cascades had {FEW_TO_FORECAST} shares within an hour")
    alone = np.full(rows.size, -1, dtype=np.int64)
    how = f"|forecast - truth| / truth by {model} an hour after the root, 1 at most; mean; draws of cascades"
    lot = Lot(alone, data.side_of_cascades()[rows], error, np.ones(rows.size, dtype=np.int8))
    return pair(lot, Manner(how, NO_KIND, fraction=True), data.seed, name, data.level)


def _words_alone(data: Data, name: str) -> Pair:
    fields = data.world.fields
    how = "words in conversations where the brand never speaks; draws of units"
    manner = Manner(how, NO_KIND, fraction=True, events=True)
    return _entries_ratio(data, name, fields["words_alone"], fields["words"], manner)


def _known_before(data: Data, name: str) -> Pair:
    if not any(c.covered_from for c in data.ledger.channels):
        return none("coverage.csv does not say from when a channel is covered")
    known = data.people.flags("known_before")[data.world.who] == 1
    manner = Manner("people of the campaign first seen as the coverage began; draws of units", NO_KIND, True)
    return _entries_ratio(data, name, known, np.ones(len(known), np.int8), manner)


def _unaware(generation: str) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        nodes = data.world.nodes
        of_root = np.zeros(len(nodes.up), dtype=np.bool_)
        of_root[nodes.up >= 0] = nodes.is_root[nodes.up[nodes.up >= 0]]
        in_generation = {"first": of_root, "later": (nodes.up >= 0) & ~of_root, "any": np.ones(len(of_root), np.bool_)}
        used = nodes.by_person & ~nodes.is_root & in_generation[generation]
        side = np.where(used, data.side_of_cascades()[nodes.cascade], -1)
        return _disclosure(data, name, side, nodes.disclosed, nodes.cascade)

    return measure


def _disclosure(data: Data, name: str, side: IntArray, disclosed: npt.NDArray[np.int8], cascade: IntArray) -> Pair:
    """Bounds: shares known as not disclosed, and those with the unknown ones."""
    used = side >= 0
    side, flag, unit = side[used], disclosed[used], cascade[used]
    ones = np.ones(len(side))
    how = "shares not disclosed among those known; ends from none to all of the unknown ones; draws of cascades"
    manner = Manner(how, "no share in campaigns of that kind says whether it was disclosed", True, events=True)
    low = draw_sides(Lot(unit, side, (flag == 0).astype(np.float64), ones), manner, data.seed, name)
    high = draw_sides(Lot(unit, side, (flag != 1).astype(np.float64), ones), manner, data.seed, name)
    sides: list[Side | None] = []
    for j, (a, b) in enumerate(zip(low, high, strict=True)):
        known = int(np.count_nonzero((side == j) & (flag >= 0)))
        if a is None or b is None or not known:
            sides.append(None)
            continue
        value = np.count_nonzero((side == j) & (flag == 0)) / known
        sides.append(Side(float(value), a.n, a.plain, b.unseen))
    return pair_of(sides, manner, data.level)


def _parents_seen(data: Data, name: str) -> Pair:
    size = np.asarray(data.cascades.ints("size"), dtype=np.float64)
    shares = np.maximum(size - 1.0, 0.0)
    seen = shares - data.cascades.ints("hidden")
    alone = np.full(data.cascades.n, -1, dtype=np.int64)
    lot = Lot(alone, data.side_of_cascades(), seen, shares)
    how = "shares whose parent is seen; draws of cascades"
    return pair(lot, Manner(how, NO_KIND, True, events=True), data.seed, name, data.level)


def _reciprocity(data: Data, name: str) -> Pair:
    talked = data.world.fields["exchanges"] > 0
    manner = Manner("people of the campaign with an exchange in it; draws of units", NO_KIND, True)
    found = _entries_ratio(data, name, talked, np.ones(len(talked), np.int8), manner)
    return _by_definition(found)


def _by_definition(found: Pair) -> Pair:
    """The kinds are told apart by this very number: its difference is no finding."""
    how = f"{found.difference.how}; the kinds are defined by it, so no test"
    difference = replace(found.difference, how=how) if found.difference.known else found.difference
    return replace(found, difference=difference, p=None)


def _reproduction_of_map(data: Data, name: str) -> Pair:
    return _by_definition(_reproduction(data, name))


def _missing(why: str) -> Callable[[Data, str], Pair]:
    return lambda data, name: none(why)


T, S, D = "talking", "spreading", "doubt"
DIALOGUE = "takes part in a dialogue"
CONTENT = "the audience makes content"
CUSTOMERS = "interacts with customers and would-be customers"
AWARENESS = "raises awareness"
GROWS = "grows, deepens, keeps going"
ONCE = "a one-time large distribution"
TRIAL = "trial and error, no promise"
CONTROL = "no full control over the response"
AUDIENCE = "no defined audience"
UNAWARE = "people unaware that they distribute marketing"
REACH = "reach not fully measurable"
PRIVACY = "ignores privacy, spams"
STRATEGY = "strategic growth"

ROWS: tuple[Row, ...] = (
    Row("dialogue.exchanges", T, DIALOGUE, "exchanges per person", "exchanges", BY_ORIGIN, "replies", _exchanges),
    Row("dialogue.answered_by_brand", T, DIALOGUE, "fraction of a person's messages that the brand answered",
        "fraction", BY_ORIGIN, "replies", _answered("messages", "messages answered within 7 days")),
    Row("dialogue.answered_by_people", T, DIALOGUE, "fraction of the brand's messages that the person answered",
        "fraction", BY_ORIGIN, "replies", _answered("brand_messages", "the brand's messages answered within 7 days")),
    Row("distributes.passed_on", S, "the audience distributes", "fraction of people who passed something on",
        "fraction", BY_ORIGIN, "shares", _passed_on),
    Row("content.made", T, CONTENT, "own posts about the brand per person", "posts", BY_ORIGIN, "rows", _made),
    Row("content.of_all", T, CONTENT, "their share of all originals", "fraction", BY_ORIGIN, "rows", _of_all_originals),
    Row("content.gini", T, CONTENT, "concentration of own posts: Gini", "Gini", BY_ORIGIN, "rows", _made_gini, True),
    Row("content.top_1", T, CONTENT, "concentration of own posts: part made by the busiest 1 %", "fraction", BY_ORIGIN,
        "rows", _made_top, True),
    Row("customers.before", T, CUSTOMERS, "fraction of people with an exchange before their first conversion",
        "fraction", BY_ORIGIN, "replies", _talked_before),
    Row("customers.after", T, CUSTOMERS, "fraction of buyers with an exchange after their first conversion",
        "fraction", BY_ORIGIN, "replies", _talked_after),
    Row("traffic.per_person", T, "brings traffic by links", "visits per person", "visits", BY_ORIGIN, "visits",
        _visits_per_person),
    Row("traffic.per_share", T, "brings traffic by links", "visits per share", "visits", BY_ORIGIN, "visits",
        _visits_per_share),
    Row("awareness.new_per_day", S, AWARENESS, "new people per day", "people a day", BY_ORIGIN, "rows", _new_per_day),
    Row("awareness.peak", S, AWARENESS, "peak over median day of new people", "times", BY_ORIGIN, "rows", _peak),
    Row("awareness.measured_reach", S, AWARENESS, "measured reach", "people", BY_ORIGIN, "rows", _measured_reach),
    Row("awareness.estimated_reach", S, AWARENESS, "estimated reach", "people", BY_ORIGIN, "rows",
        _estimated_reach),
    Row("listens.answered", T, "listens", "answered fraction of people who spoke", "fraction", BY_ORIGIN, "replies",
        _had_answer),
    Row("listens.median", T, "listens", "median response time", "hours", BY_ORIGIN, "replies", _response(0.5), True),
    Row("listens.p90", T, "listens", "90th percentile response time", "hours", BY_ORIGIN, "replies", _response(0.9),
        True),
    Row("listens.needs", T, "listens", "needs named, answered, told back", "fraction", BY_ORIGIN, "rows",
        _missing(NOT_YET)),
    Row("grows.retained_30", T, GROWS, "retained_30", "fraction", BY_ORIGIN, "rows", _retained(30)),
    Row("grows.retained_90", T, GROWS, "retained_90", "fraction", BY_ORIGIN, "rows", _retained(90)),
    Row("grows.trend", T, GROWS, "trend of exchanges", "times", BY_ORIGIN, "replies", _trend),
    Row("once.half_life", S, ONCE, "half-life of a campaign", "hours", BY_KIND, "shares", _half_life, True),
    Row("once.seen_once", S, ONCE, "fraction of people seen exactly once", "fraction", BY_ORIGIN, "rows", _seen_once),
    Row("once.busiest_tenth", S, ONCE, "fraction of a campaign's people within its busiest tenth of the time",
        "fraction", BY_KIND, "rows", _busiest_tenth),
    Row("once.reignited", S, ONCE, "fraction of campaigns that re-ignited", "fraction", BY_KIND, "shares", _reignited,
        True),
    Row("trial.gini", S, TRIAL, "sizes of all tries: Gini", "Gini", BY_KIND, "shares", _try_heaps(False)),
    Row("trial.largest", S, TRIAL, "sizes of all tries: largest over all", "fraction", BY_KIND, "shares",
        _try_heaps(True)),
    Row("trial.reach_10", S, TRIAL, "fraction of tries that reach 10 people", "fraction", BY_KIND, "shares", _reach_10,
        True),
    Row("trial.reproduction", S, TRIAL, "reproduction R", "shares a share", BY_KIND, "shares", _reproduction_of_map,
        True),
    Row("trial.at_least_1", S, TRIAL, "P(R >= 1)", "probability", BY_KIND, "shares", _at_least_1, True),
    Row("control.words_alone", D, CONTROL, "fraction of words in conversations where the brand never speaks",
        "fraction", BY_KIND, "replies", _words_alone),
    Row("control.negative", D, CONTROL, "share of negative words", "fraction", BY_KIND, "rows", _missing(NOT_YET)),
    Row("control.forecast_error", D, CONTROL, "forecast error of size", "fraction", BY_KIND, "shares",
        _forecast_error),
    Row("audience.channels", D, AUDIENCE, "entropy of people over channels", "bits", BY_ORIGIN, "rows",
        _entropy("channel", NOBODY)),
    Row("audience.segments", D, AUDIENCE, "entropy of people over segments", "bits", BY_ORIGIN, "rows",
        _entropy("segment", "nobody stands in segments.csv")),
    Row("audience.known", D, AUDIENCE, "fraction known before", "fraction", BY_KIND, "rows", _known_before, True),
    Row("unaware.all", D, UNAWARE, "fraction of shares not disclosed, as bounds", "fraction", BY_KIND, "shares",
        _unaware("any")),
    Row("unaware.first", D, UNAWARE, "fraction of shares not disclosed, first generation", "fraction", BY_KIND,
        "shares", _unaware("first")),
    Row("unaware.later", D, UNAWARE, "fraction of shares not disclosed, later generations", "fraction", BY_KIND,
        "shares", _unaware("later")),
    Row("reach.measured_part", D, REACH, "measured over estimated reach", "fraction", BY_ORIGIN, "rows",
        _measured_part, True),
    Row("reach.unknown", D, REACH, "fraction of touches of mode unknown", "fraction", BY_ORIGIN, "rows",
        _touches_unknown),
    Row("reach.parents", D, REACH, "fraction of shares whose parent is seen", "fraction", BY_KIND, "shares",
        _parents_seen, True),
    Row("privacy.leaves_people", D, PRIVACY, "`leave` per 1,000 people", "per 1,000", BY_ORIGIN, "rows",
        _burnt("leaves", "people")),
    Row("privacy.flags_people", D, PRIVACY, "`flag` per 1,000 people", "per 1,000", BY_ORIGIN, "rows",
        _burnt("flags", "people")),
    Row("privacy.leaves_contacts", D, PRIVACY, "`leave` per 1,000 contacts", "per 1,000", BY_ORIGIN, "rows",
        _burnt("leaves", "contacts")),
    Row("privacy.flags_contacts", D, PRIVACY, "`flag` per 1,000 contacts", "per 1,000", BY_ORIGIN, "rows",
        _burnt("flags", "contacts")),
    Row("privacy.consent", D, PRIVACY, "contacts without consent", "contacts", BY_ORIGIN, "rows", _without_leave),
    Row("strategy.value", T, STRATEGY, "value per unit of effort", "per unit of effort", BY_ORIGIN, "rows",
        _value_per_effort),
    Row("strategy.people_90", T, STRATEGY, "people still there after 90 days, per unit of effort",
        "people per unit of effort", BY_ORIGIN, "rows", _still_there_per_effort),
    Row("relationship.reciprocity", T, "the relationship", "reciprocity of campaigns", "fraction", BY_KIND, "replies",
        _reciprocity),
    Row("relationship.reproduction", T, "the relationship", "reproduction of campaigns", "shares a share", BY_KIND,
        "shares", _reproduction_of_map),
)  # fmt: skip


def points(data: Data) -> list[dict[str, Any]]:
    """Every row of the table; `favours` only after Benjamini-Hochberg at .10 over all rows that have a p."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda row: row.measure(data, row.id), ROWS))
    passed = benjamini_hochberg([x.p for x in found], FALSE_DISCOVERY)
    return [
        {
            "id": row.id,
            "group": row.group,
            "claim": row.claim,
            "metric": row.metric,
            "unit": row.unit,
            "less_is_more": row.less_is_more,
            "sides": row.sides,
            "conversation": x.conversation.to_json(),
            "spread": x.spread.to_json(),
            "difference": x.difference.to_json(),
            "p": x.p,
            "favours": _favours(row, x) if ok else None,
            "rests_on": channels_with(data.ledger, row.aspect),
        }
        for row, x, ok in zip(ROWS, found, passed, strict=True)
    ]


def _favours(row: Row, found: Pair) -> str | None:
    """The side on which the claim is more true, not the better one."""
    difference = found.difference.value
    if not difference:
        return None
    return "conversation" if (difference > 0.0) != row.less_is_more else "spread"


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
    hit = (reached(data.cascades, data.world)[data.cascades.tries] >= 10).astype(np.float64)
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


__all__ = ["ROWS", "Data", "points", "reached", "tries"]
