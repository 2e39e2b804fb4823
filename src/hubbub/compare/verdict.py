"""The verdict: which side brought more, how sure that is, and what it would take to know."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtri

from hubbub.activity import MICROS
from hubbub.compare import attribution
from hubbub.compare.draws import CLOSE, DRAWS, DRAWS_CLOSE, Classes, collapse, ends, heavy, stream, weigh
from hubbub.compare.frame import BoolArray, IntArray, People
from hubbub.compare.money import Spent
from hubbub.tables import MODES, RULES, Ledger

FloatArray = npt.NDArray[np.float64]

SIDES = ("conversation", "spread")
NAMED_AT = 0.9
"""From this probability on a side is named; below, `cannot_tell`."""
FEW_UNITS = 10
MAIN = RULES.index("linear")
VETO = 0.5
TOO_MANY_TIMES = 100.0
"""Beyond so many times the units an experiment is asked for."""


@dataclass(frozen=True, slots=True)
class Units:
    """Units with anything on either side, one row each.

    values : int64[u, 2 r], for each of r rules what is credited to conversation and to spread
    label : int64[u], position of the unit among all units in the order of labels (cascades first, then people)
    name : from that position to the unit's name
    now : number of units with a touch of each mode
    """

    values: IntArray
    label: IntArray
    name: Callable[[int], str]
    now: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Odds:
    """What the draws say under one rule of credit.

    ahead : p, fraction of draws in which conversation is ahead, each side with its unseen unit
    plain : the same without the unseen units
    leader : which side leads; without_best : q, fraction in which it is ahead without its best unit
    best : row of the leader's best unit in Units, -1 where it has none
    """

    ahead: float
    plain: float
    leader: str
    without_best: float
    best: int

    @property
    def probability(self) -> float:
        """Probability that conversation is ahead, after both tests."""
        if self.ahead > 0.5:
            return max(0.5, min(self.ahead, self.without_best))
        return min(0.5, max(self.ahead, 1.0 - self.without_best))

    @property
    def weaker(self) -> float:
        """The leader's weaker test, not clamped."""
        own = self.ahead if self.leader == "conversation" else 1.0 - self.ahead
        return min(own, self.without_best)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Draws of both sides under one rule: float64[draws] each, in the quantity's unit, and with the unseen unit."""

    conversation: FloatArray
    spread: FloatArray
    conversation_unseen: FloatArray
    spread_unseen: FloatArray


@dataclass(frozen=True, slots=True)
class Decision:
    """One variant of the verdict: the answer and all that led to it."""

    answer: str
    odds: dict[str, Odds]
    drawn: Drawn
    draws: int
    vetoed_by: tuple[str, ...]
    few: tuple[str, ...]
    now: dict[str, int] = field(default_factory=dict)

    @property
    def main(self) -> Odds:
        return next(iter(self.odds.values()))


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared, in which unit.

    quantity : value_per_effort, value, conversions or retained_30
    rules : the rules of credit, the main one first
    scale : what one unit of the sums counts for, for each side (1 / effort, or 1)
    fallback : the unseen unit of a side without value
    """

    quantity: str
    rules: tuple[str, ...]
    scale: tuple[float, float]
    fallback: float


def best_unit(units: Units, column: int) -> int:
    """Row of the largest unit of one side; ties by the smaller value on the other side, then label. -1: none."""
    side, other = units.values[:, column], units.values[:, column ^ 1]
    if not len(side) or side.max() <= 0:
        return -1
    rows = np.flatnonzero(side == side.max())
    rows = rows[other[rows] == other[rows].min()]
    return int(rows[np.argmin(units.label[rows])])


def weigh_sides(units: Units, question: Question, draws: int, seed: int, name: str = "verdict") -> dict[str, Any]:
    """Draw both sides under every rule, with the same weights, and again without the best unit of the leader."""
    rng = stream(seed, name)
    unseen = [heavy(draws, rng), heavy(draws, rng)]
    columns = 2 * len(question.rules)
    best = {j: best_unit(units, j) for j in range(columns)}
    apart = sorted({i for i in best.values() if i >= 0}, key=lambda i: (units.values[i].tolist(), int(units.label[i])))
    keep = np.ones(len(units.values), dtype=np.bool_)
    keep[apart] = False
    total = weigh(collapse(units.values[keep].astype(np.float64)), draws, rng)
    weight = {i: rng.standard_exponential(draws) for i in apart}
    for i in apart:
        total += units.values[i].astype(np.float64)[:, None] * weight[i]
    odds, drawn = {}, {}
    for r, rule in enumerate(question.rules):
        drawn[rule] = _with_unseen(units, question, r, total, unseen)
        odds[rule] = _odds(units, question, r, drawn[rule], best, weight)
    return {"odds": odds, "drawn": drawn}


def _with_unseen(
    units: Units, question: Question, r: int, total: FloatArray, unseen: list[tuple[FloatArray, FloatArray]]
) -> Drawn:
    sides = []
    for j in (0, 1):
        column = 2 * r + j
        largest = float(units.values[:, column].max(initial=0))
        largest = largest if largest > 0.0 else question.fallback
        weight, times = unseen[j]
        plain = total[column] * question.scale[j]
        sides.append((plain, plain + weight * times * largest * question.scale[j]))
    return Drawn(sides[0][0], sides[1][0], sides[0][1], sides[1][1])


def _odds(
    units: Units, question: Question, r: int, drawn: Drawn, best: dict[int, int], weight: dict[int, FloatArray]
) -> Odds:
    ahead = float(np.mean(drawn.conversation_unseen > drawn.spread_unseen))
    plain = float(np.mean(drawn.conversation > drawn.spread))
    leader = 0 if ahead > 0.5 else 1
    own, other = (drawn.conversation, drawn.spread) if leader == 0 else (drawn.spread, drawn.conversation)
    top = best[2 * r + leader]
    if top >= 0:
        row = units.values[top].astype(np.float64)
        own = own - weight[top] * row[2 * r + leader] * question.scale[leader]
        other = other - weight[top] * row[2 * r + 1 - leader] * question.scale[1 - leader]
    # What is left of a sum after taking a unit out again is a rounding error, not a lead.
    lead = own - other > 1e-9 * np.maximum(np.abs(own), np.abs(other))
    return Odds(ahead, plain, SIDES[leader], float(np.mean(lead)), top)


def decide(
    units: Units,
    question: Question,
    seed: int,
    level: float = NAMED_AT,
    draws: int | None = None,
    name: str = "verdict",
) -> Decision:
    """The answer for one set of units: 2,000 draws, 10,000 where a probability lies within .02 of its limit."""
    found = weigh_sides(units, question, draws or DRAWS, seed, name)
    used = draws or DRAWS
    if draws is None and _close(found["odds"], level):
        used = DRAWS_CLOSE
        found = weigh_sides(units, question, used, seed, name)
    odds: dict[str, Odds] = found["odds"]
    main = odds[question.rules[0]]
    few = tuple(side for side in SIDES if units.now.get(side, 0) < FEW_UNITS)
    answer = "cannot_tell"
    vetoed: tuple[str, ...] = ()
    if main.probability >= level:
        answer = "conversation"
        vetoed = tuple(rule for rule, x in odds.items() if x.probability < VETO)
    elif main.probability <= 1.0 - level:
        answer = "spread"
        vetoed = tuple(rule for rule, x in odds.items() if x.probability > VETO)
    if few or vetoed:
        answer = "cannot_tell"
    return Decision(answer, odds, found["drawn"][question.rules[0]], used, vetoed, few, units.now)


def _close(odds: dict[str, Odds], level: float) -> bool:
    first, *others = (x.probability for x in odds.values())
    if min(abs(first - level), abs(first - (1.0 - level))) < CLOSE:
        return True
    answered = first >= level or first <= 1.0 - level
    # Exactly one half is where the two tests disagree, far from a change of the answer.
    return answered and any(abs(x - VETO) < CLOSE and x != VETO for x in others)


# From the people table to units


def _name_of(people: People, names: tuple[str, ...]) -> Callable[[int], str]:
    return lambda place: names[place] if place < len(names) else people.name(place - len(names))


def _sums(unit: IntArray, cascades: int, who: IntArray, values: IntArray) -> tuple[IntArray, IntArray]:
    """Sums of people's rows by unit: (values of units with any, place of the unit)."""
    place = np.where(unit[who] >= 0, unit[who], cascades + who)
    used, inverse = np.unique(place, return_inverse=True)
    out = np.zeros((len(used), values.shape[1]), dtype=np.int64)
    np.add.at(out, inverse.reshape(-1), values)
    keep = np.any(out != 0, axis=1)
    return out[keep], used[keep]


def _count_units(unit: IntArray, touched: BoolArray) -> int:
    """How many units have a person for whom `touched` holds."""
    alone = int(np.count_nonzero(touched & (unit < 0)))
    seen = np.bincount(unit[touched & (unit >= 0)])
    return alone + int(np.count_nonzero(seen))


def count_units(people: People, variant: str = "") -> dict[str, int]:
    """Units with a touch of each mode; in a variant, touches that would be of another mode count there too."""
    unit = people.coded("unit_hidden" if variant == "hidden" else "unit").codes
    out = {}
    for mode in MODES:
        touched = people.ints(f"touches_{mode}") > 0
        if (variant, mode) == ("hidden", "spread"):
            touched = touched | (people.ints("touches_hidden") > 0)
        if (variant, mode) == ("unanswered", "conversation"):
            touched = touched | (people.ints("touches_unanswered") > 0)
        out[mode] = _count_units(unit, touched)
    return out


def units_of(people: People, question: Question, variant: str = "") -> Units:
    """The units of the people table, for the log as it is or for a variant (`hidden`, `unanswered`)."""
    coded = people.coded("unit_hidden") if variant == "hidden" else people.unit
    if question.quantity == "retained_30":
        origin = people.modes(f"origin_{variant}") if variant else people.origin
        back = people.flags("retained_30") == 1
        who = np.flatnonzero(back & ((origin == 0) | (origin == 1)))
        values = np.stack([origin[who] == 0, origin[who] == 1], axis=1).astype(np.int64)
    else:
        who, credit = people.credit()
        if variant:
            changed, other = people.credit(f"credit_{variant}_micros")
            who, credit = _replaced(who, credit, changed, other)
        order = [RULES.index(rule) for rule in question.rules]
        values = credit[:, [4 * r + side for r in order for side in (0, 1)]]
    sums, place = _sums(coded.codes, len(coded.names), who, values)
    return Units(sums, place, _name_of(people, coded.names), count_units(people, variant))


def _replaced(who: IntArray, credit: IntArray, changed: IntArray, other: IntArray) -> tuple[IntArray, IntArray]:
    keep = ~np.isin(who, changed)
    return np.concatenate([who[keep], changed]), np.concatenate([credit[keep], other])


def differs(people: People, variant: str) -> bool:
    """Whether anything in the tables would change in a variant."""
    origin, other = people.origin, people.modes(f"origin_{variant}")
    if np.any(origin != other) or np.any(people.ints(f"touches_{variant}") > 0):
        return True
    if variant == "hidden":
        a, b = people.unit, people.coded("unit_hidden")
        if a.names != b.names or np.any(a.codes != b.codes):
            return True
    return bool(people.lists(f"credit_{variant}_micros").lengths.any())


def ask(people: People, ledger: Ledger, effort: Spent) -> Question:
    """Which quantity the log allows."""
    rules = ("linear", *(rule for rule in RULES if rule != "linear"))
    conversions = int(np.asarray(people.ints("conversions"), dtype=np.int64).sum())
    valued = conversions - int(np.asarray(people.ints("conversions_unvalued"), dtype=np.int64).sum())
    if ledger.valued == "none" or conversions == 0:
        return Question("retained_30", ("linear",), (1.0, 1.0), 1.0)
    total = int(np.asarray(people.ints("value_micros"), dtype=np.int64).sum())
    mean = max(1.0, total / max(1, valued)) if ledger.valued == "value" else float(MICROS)
    per = 1.0 / MICROS
    if effort.both():
        scale = (per / float(effort.by_mode["conversation"] or 1.0), per / float(effort.by_mode["spread"] or 1.0))
        return Question("value_per_effort", rules, scale, mean)
    return Question("value" if ledger.valued == "value" else "conversions", rules, (per, per), mean)


def markov_odds(people: People, question: Question, units: Units, draws: int, seed: int) -> Odds | None:
    """The probability under Markov's credit, shown without a veto.

    Steps of each unit get the unit's weight; unseen and best units are those of the linear rule, for Markov divides
    no single unit.
    """
    who, cell, n = attribution.steps(people)
    if not len(who):
        return None
    best = {side: best_unit(units, side) for side in (0, 1)}
    places = {units.label[i]: i for i in best.values() if i >= 0}
    classes, apart = _step_classes(people, who, cell, n, list(places))
    rng = stream(seed, "markov")
    unseen = [heavy(draws, rng), heavy(draws, rng)]
    total = weigh(classes, draws, rng)
    weight = {}
    for place, row in sorted(apart.items()):
        weight[place] = rng.standard_exponential(draws)
        total += row[:, None] * weight[place]
    sides = _markov_sides(total, question)
    with_unseen = []
    for j in (0, 1):
        largest = float(units.values[best[j], j]) if best[j] >= 0 else question.fallback
        with_unseen.append(sides[j] + unseen[j][0] * unseen[j][1] * largest * question.scale[j])
    ahead = float(np.mean(with_unseen[0] > with_unseen[1]))
    leader = 0 if ahead > 0.5 else 1
    place = int(units.label[best[leader]]) if best[leader] >= 0 else -1
    if place in apart:
        sides = _markov_sides(np.maximum(total - apart[place][:, None] * weight[place], 0.0), question)
    without = float(np.mean(sides[leader] > sides[1 - leader]))
    return Odds(ahead, float(np.mean(sides[0] > sides[1])), SIDES[leader], without, best[leader])


def _markov_sides(total: FloatArray, question: Question) -> list[FloatArray]:
    tables = np.maximum(total[:30], 0.0).T.reshape(-1, attribution.FROM, attribution.TO)
    effects = attribution.effects_of_draws(tables)
    part = effects / np.maximum(effects.sum(axis=1, keepdims=True), 1e-300)
    return [total[30] * part[:, j] * question.scale[j] for j in (0, 1)]


def _step_classes(
    people: People, who: IntArray, cell: IntArray, n: IntArray, apart: list[int]
) -> tuple[Classes, dict[int, FloatArray]]:
    """Units by their 30 numbers of steps and the value of their paths; some units by themselves."""
    cascades = len(people.unit.names)
    unit = people.unit.codes
    value = np.asarray(people.ints("value_path_micros"), dtype=np.int64)
    place = np.where(unit[who] >= 0, unit[who], cascades + who)
    alone = (place >= cascades) & ~np.isin(place, apart)
    # People with the same steps and value are one class; a key of 64 mixed bits stands for the whole row.
    mixed = np.random.Generator(np.random.PCG64(1)).integers(1, 2**63, 31, dtype=np.uint64) | np.uint64(1)
    key = value.astype(np.uint64) * mixed[30]
    np.add.at(key, who[alone], n[alone].astype(np.uint64) * mixed[cell[alone]])
    members = np.flatnonzero(np.bincount(who[alone], minlength=people.n))
    found = pl.DataFrame({"key": key[members], "row": members}).group_by("key").agg(pl.col("row").min(), n=pl.len())
    found = found.sort("row")
    chosen, counts = found["row"].to_numpy(), found["n"].to_numpy().astype(np.int64)
    rows = _rows_of_steps(chosen, who[alone], cell[alone], n[alone])
    rows[:, 30] = value[chosen]
    others, where = np.unique(place[~alone], return_inverse=True)
    grouped = np.zeros((len(others), 31))
    np.add.at(grouped, (where.reshape(-1), cell[~alone]), n[~alone])
    holds = np.where(unit >= 0, unit, cascades + np.arange(people.n))
    members = np.flatnonzero(np.isin(holds, others) & (value != 0))
    np.add.at(grouped[:, 30], np.searchsorted(others, holds[members]), value[members])
    separate = {int(p): grouped[i] for i, p in enumerate(others) if int(p) in apart}
    shared = grouped[[int(p) not in separate for p in others]] if len(others) else grouped
    return collapse(
        np.concatenate([rows, shared]), np.concatenate([counts, np.ones(len(shared), dtype=np.int64)])
    ), separate


def _rows_of_steps(chosen: IntArray, who: IntArray, cell: IntArray, n: IntArray) -> FloatArray:
    order = np.argsort(chosen)
    slot = np.searchsorted(chosen[order], who)
    slot = np.minimum(slot, max(0, len(chosen) - 1))
    rows = np.zeros((len(chosen), 31))
    if len(chosen):
        hit = chosen[order][slot] == who
        np.add.at(rows, (order[slot[hit]], cell[hit]), n[hit])
    return rows


# The verdict as a part of the document


def needed_units(now: int, weaker: float, level: float = NAMED_AT) -> float:
    """Units that it takes: units now x (Phi^-1(level) / |Phi^-1(w)|)^2; infinite at .5 or below."""
    if weaker <= 0.5:
        return math.inf
    if weaker >= 1.0:
        return float(now)
    return now * float((ndtri(level) / abs(ndtri(weaker))) ** 2)


def interval(drawn: Drawn, side: str, level: float) -> tuple[float, float]:
    """Low end without the unseen unit, high end with it."""
    if side == "conversation":
        return ends(drawn.conversation, drawn.conversation_unseen, level)
    return ends(drawn.spread, drawn.spread_unseen, level)


def hidden_decides(base: Decision, hidden: Decision | None) -> bool:
    return hidden is not None and hidden.answer != base.answer


def settle(base: Decision, hidden: Decision | None) -> Decision:
    """The published answer: none where hidden parents decide it."""
    return replace(base, answer="cannot_tell") if hidden_decides(base, hidden) else base
