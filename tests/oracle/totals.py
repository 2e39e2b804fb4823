"""Sums over the tables: credit, Markov, units, effort, retention, Kaplan-Meier, reproduction, Gini."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from scipy import stats

from hubbub.activity import MICROS
from hubbub.tables import CONV, MODES, NULL, RULES, START

from .credit import divide, micros
from .modes import View
from .reading import BRAND, who
from .settings import DAY, Row, Settings
from .trees import HIDDEN, ROOT, finished, half_life_hours, waits_of

Table = Iterable[Mapping[str, Any]]
Quantity = Literal["value", "retained_30"]
UnitKey = tuple[str, str] | tuple[str, int]
"""("tree", channel:id) or ("person", position in the table)."""


@dataclass(frozen=True)
class Ratio:
    """A ratio with its doubt. `raw` is always the ratio; `value` is None where it may not be published."""

    raw: float | None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    at_least_1: float | None = None
    n: int = 0
    why: str = ""


# Credit


def credit_totals(people: Table) -> dict[str, dict[str, int]]:
    """{rule: {mode: millionths}} for the rules that divide each conversion by itself."""
    out = {rule: dict.fromkeys(MODES, 0) for rule in RULES}
    for person in people:
        for k, amount in enumerate(person["credit_micros"]):
            out[RULES[k // len(MODES)]][MODES[k % len(MODES)]] += amount
    return out


def chance_of_conversion(steps: Mapping[tuple[int, int], int], removed: int | None = None) -> Fraction:
    """p(conv) from the start; what goes into the removed mode goes to null. Gauss, in fractions."""
    states = [s for s in range(START + 1) if s != removed]
    chance: dict[int, dict[int, Fraction]] = {s: {} for s in states}
    for s in states:
        leaving = sum(n for (a, _), n in steps.items() if a == s)
        for (a, b), n in steps.items():
            if a == s:
                chance[s][NULL if b == removed else b] = Fraction(n, leaving)
    rows = [
        [Fraction(int(s == t)) - chance[s].get(t, 0) for t in states] + [Fraction(chance[s].get(CONV, 0))]
        for s in states
    ]
    return solve(rows)[states.index(START)]


def solve(rows: list[list[Fraction]]) -> list[Fraction]:
    """Gauss-Jordan on an augmented square system; a free unknown is 0."""
    n = len(rows)
    for column in range(n):
        pivot = next((r for r in range(column, n) if rows[r][column]), None)
        assert pivot is not None, "every state that is entered is left, and every path ends"
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [x / rows[column][column] for x in rows[column]]
        for r in range(n):
            if r != column:
                rows[r] = [x - rows[r][column] * y for x, y in zip(rows[r], rows[column], strict=True)]
    return [row[-1] for row in rows]


def markov_effects(steps: Mapping[tuple[int, int], int]) -> dict[str, Fraction]:
    """mode -> 1 - p without it / p; all 0 where nothing converts."""
    p = chance_of_conversion(steps)
    if p == 0:
        return dict.fromkeys(MODES, Fraction(0))
    return {m: 1 - chance_of_conversion(steps, k) / p for k, m in enumerate(MODES)}


def markov_credit(people: Table) -> dict[str, int]:
    """{mode: millionths}: the value of all paths by effect, that of conversions without touches to unknown."""
    people = list(people)
    steps: Counter[tuple[int, int]] = Counter()
    for person in people:
        for step in person["transitions"]:
            steps[step["from"], step["to"]] += step["n"]
    on_paths = sum(p["value_path_micros"] for p in people)
    effects = {m: e for m, e in markov_effects(steps).items() if e}
    whole = sum(effects.values(), Fraction(0))
    out = divide(on_paths, {m: e / whole for m, e in effects.items()}) if effects else dict.fromkeys(MODES, 0)
    out["unknown"] += sum(p["value_micros"] for p in people) - on_paths
    return out


# Units


@dataclass
class Unit:
    """What is drawn as one: a tree with all who came by it, or a person."""

    conversation: int = 0
    spread: int = 0
    touched: set[str] = field(default_factory=set)  # modes of its people's touches


def units(
    people: Table, rule: str = "linear", view: View = "observed", quantity: Quantity = "value"
) -> dict[UnitKey, Unit]:
    """Unit -> its two sums, millionths credited by `rule`, or people who came back by origin."""
    out: dict[UnitKey, Unit] = {}
    for position, person in enumerate(people):
        tree = person["unit_hidden" if view == "hidden" else "unit"]
        unit = out.setdefault(("tree", tree) if tree is not None else ("person", position), Unit())
        conversation, spread = sums_of(person, rule, view, quantity)
        unit.conversation += conversation
        unit.spread += spread
        unit.touched |= {m for m in MODES if person[f"touches_{m}"]}
        if view == "hidden" and person["touches_hidden"]:
            unit.touched.add("spread")
        if view == "unanswered" and person["touches_unanswered"]:
            unit.touched.add("conversation")
    return out


def sums_of(person: Mapping[str, Any], rule: str, view: View, quantity: Quantity) -> tuple[int, int]:
    if quantity == "retained_30":
        origin = person["origin" if view == "observed" else f"origin_{view}"]
        back = int(bool(person["retained_30"]))
        return back * (origin == "conversation"), back * (origin == "spread")
    credit = person["credit_micros"]
    if view != "observed" and person[f"credit_{view}_micros"]:
        credit = person[f"credit_{view}_micros"]
    if not credit:
        return 0, 0
    start = RULES.index(rule) * len(MODES)
    return credit[start], credit[start + 1]


def pairs(of: Mapping[UnitKey, Unit]) -> list[tuple[int, int]]:
    return [(u.conversation, u.spread) for u in of.values()]


def enough(of: Mapping[UnitKey, Unit]) -> tuple[int, int]:
    """How many units have a touch of conversation, of spread."""
    return tuple(sum(m in u.touched for u in of.values()) for m in ("conversation", "spread"))  # type: ignore[return-value]


# Effort

KIND_OF_COST = {"reply": "conversation", "message": "conversation", "post": "broadcast", "share": "spread"}


def effort_totals(rows: Iterable[Row], settings: Settings) -> tuple[dict[str, Fraction] | None, str]:
    """({mode: amount}, its unit: a currency, "" for a missing one, or "hour"), or (None, why)."""
    spent: list[tuple[str, Fraction | None, Fraction | None, str | None]] = []
    for row in rows:
        if row.get("cost") is not None and who(settings, row["channel"], row["actor"]) == BRAND:
            cost = Fraction(micros(row["cost"]), MICROS)
            spent.append((KIND_OF_COST.get(row["type"], "unknown"), cost, None, row.get("currency")))
    for line in settings.effort:
        price = None if line.cost is None else Fraction(line.cost)
        hours = None if line.hours is None else Fraction(line.hours)
        spent.append((line.mode, price, hours, line.currency))
    if not spent:
        return None, "no effort"
    out = dict.fromkeys(MODES, Fraction(0))
    if settings.hour_cost is None and all(time is not None and paid is None for _, paid, time, _ in spent):
        for mode, _, time, _ in spent:
            out[mode] += time or 0
        return out, "hour"
    if settings.hour_cost is None and any(time is not None for _, _, time, _ in spent):
        return None, "units mix"
    currencies = {currency for _, paid, _, currency in spent if paid is not None}
    if len(currencies) > 1:
        return None, "currencies mix"
    for mode, paid, time, _ in spent:
        out[mode] += (paid or 0) + (time or 0) * Fraction(settings.hour_cost or 0)
    return out, next(iter(currencies), None) or ""


# What lasted


def wilson(k: int, n: int, level: float = 0.9) -> tuple[float, float]:
    """Wilson's interval of k of n."""
    z = float(stats.norm.ppf((1 + level) / 2))
    return wilson_with(k / n, n, z)


def wilson_with(p: float, n: float, z: float) -> tuple[float, float]:
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    # at 0 and 1 one end is exact; the formula only comes near it in floats
    return (middle - half) / whole if p > 0 else 0.0, (middle + half) / whole if p < 1 else 1.0


def retention(people: Table, mode: str, days: int = 30, level: float = 0.9) -> Ratio:
    """The fraction of people of one origin who came back; for spread as wide as its cascades are few."""
    eligible = [p for p in people if p["origin"] == mode and p[f"retained_{days}"] is not None]
    n, k = len(eligible), sum(p[f"retained_{days}"] for p in eligible)
    if n == 0:
        return Ratio(None, why="nobody to tell by")
    if mode != "spread":
        low, high = wilson(k, n, level)
        return Ratio(k / n, k / n, low, high, n=n)
    sizes: Counter[str] = Counter(p["unit"] for p in eligible)
    back: Counter[str] = Counter(p["unit"] for p in eligible if p[f"retained_{days}"])
    clusters = [(sizes[tree], back[tree]) for tree in sizes]
    deff = design_effect(clusters)
    df = kish([m for m, _ in clusters])
    low, high = wilson_with(k / n, n / deff, float(stats.t.ppf((1 + level) / 2, df)))
    return Ratio(k / n, k / n, low, high, n=n)


def design_effect(clusters: Sequence[tuple[int, int]]) -> float:
    """clusters : (people, of whom came back)."""
    c, n, k = len(clusters), sum(m for m, _ in clusters), sum(k for _, k in clusters)
    p = Fraction(k, n)
    between = Fraction(1)
    if c >= 2 and 0 < p < 1:
        between = Fraction(c, c - 1) * sum((k - p * m) ** 2 for m, k in clusters) / (n * p * (1 - p))
    typical = Fraction(sum(m * m for m, _ in clusters), n)
    return float(max(Fraction(1), between, 1 + (typical - 1) * Fraction(5, 100)))


def kish(sizes: Sequence[int]) -> float:
    """Degrees of freedom of unequal clusters: max(1, (sum m)^2 / sum m^2 - 1)."""
    return float(max(Fraction(1), Fraction(sum(sizes) ** 2, sum(m * m for m in sizes)) - 1))


@dataclass(frozen=True)
class Step:
    """One step of a survival curve."""

    days: float
    survival: float
    low: float
    high: float
    at_risk: int


def kaplan_meier(durations: Sequence[float], events: Sequence[bool], level: float = 0.9) -> list[Step]:
    """Steps at the days on which somebody fell silent; Greenwood's band on the log-log scale."""
    z = float(stats.norm.ppf((1 + level) / 2))
    survival, variance = Fraction(1), Fraction(0)
    out = []
    for day in sorted({d for d, e in zip(durations, events, strict=True) if e}):
        at_risk = sum(d >= day for d in durations)
        fell = sum(d == day and e for d, e in zip(durations, events, strict=True))
        survival *= Fraction(at_risk - fell, at_risk)
        if survival:
            variance += Fraction(fell, at_risk * (at_risk - fell))
        low, high = log_log_band(float(survival), float(variance), z)
        out.append(Step(day, float(survival), low, high, at_risk))
    return out


def log_log_band(s: float, variance: float, z: float) -> tuple[float, float]:
    if s in (0.0, 1.0):
        return s, s
    reach = z * math.sqrt(variance) / math.log(s)
    middle = math.log(-math.log(s))
    return math.exp(-math.exp(middle - reach)), math.exp(-math.exp(middle + reach))


def survival_curve(people: Table, mode: str, level: float = 0.9) -> list[Step]:
    """Kaplan-Meier of the first silence, of the people of one origin."""
    those = [p for p in people if p["origin"] == mode and p["silence_days"] is not None]
    return kaplan_meier([p["silence_days"] for p in those], [p["silent"] for p in those], level)


# Spread


@dataclass(frozen=True)
class Passing:
    """What one cascade says about passing on, microseconds."""

    waits: tuple[tuple[int, int], ...]  # (wait, room) of each child of a person's share: room is end - parent
    ages: tuple[int, ...]  # end - time of each share by a person


def passing(cascade: Mapping[str, Any], end: int) -> Passing:
    """end : of the log, microseconds since 1970."""
    nodes = cascade["nodes"]

    def persons_share(k: int) -> bool:
        return nodes[k]["person"] >= 0 and (k > 0 or cascade["type"] == "share")

    def age(k: int) -> int:
        return int(end - cascade["first"] - nodes[k]["time_us"])

    shares = [k for k in range(len(nodes)) if persons_share(k)]
    children = [k for k in shares if nodes[k]["parent"] >= 0 and persons_share(nodes[k]["parent"])]
    waits = [(age(nodes[k]["parent"]) - age(k), age(nodes[k]["parent"])) for k in children]
    return Passing(tuple(waits), tuple(age(k) for k in shares))


def waiting_times(waits: Sequence[tuple[int, int]]) -> dict[int, Fraction]:
    """w -> F(w) by the product limit for right truncation; below the smallest wait F is `F(none) = 0`."""
    out = {}
    f = Fraction(1)
    for w in sorted({w for w, _ in waits}, reverse=True):
        out[w] = f
        ties = sum(other == w for other, _ in waits)
        at_risk = sum(other <= w <= room for other, room in waits)
        f *= 1 - Fraction(ties, at_risk)
    return out


def share_of_waits(f: Mapping[int, Fraction], age: int) -> Fraction:
    """F(age): that of the largest observed wait up to it."""
    reached = [w for w in f if w <= age]
    return f[max(reached)] if reached else Fraction(0)


def exposure(passings: Sequence[Passing]) -> list[Fraction]:
    """F(end - time) of every share by a person."""
    f = waiting_times([w for p in passings for w in p.waits])
    return [share_of_waits(f, age) for p in passings for age in p.ages]


def children(passings: Sequence[Passing]) -> int:
    return sum(len(p.waits) for p in passings)


def log_ratio(passings: Sequence[Passing]) -> float:
    return math.log((children(passings) + 0.5) / (float(sum(exposure(passings))) + 0.5))


def reproduction(cascades: Table, end: int, level: float = 0.9) -> Ratio:
    """Of a group of cascades: how many shares a person's share brings in the long run."""
    passings = [p for c in cascades if c["shared"] and (p := passing(c, end)).ages]
    if not passings:
        return Ratio(None, why="no shares by people")
    old = exposure(passings)
    n = children(passings)
    raw = n / float(sum(old)) if sum(old) else None
    if n < 5 or len(passings) < 3 or 2 * sum(f == 0 for f in old) >= len(old):
        return Ratio(raw, n=len(passings), why="too few children, cascades or old shares")
    theta = log_ratio(passings)
    without = [log_ratio([*passings[:i], *passings[i + 1 :]]) for i in range(len(passings))]
    low, high, se, df = jackknife_interval(theta, without, [len(p.ages) for p in passings], level)
    sure = float(theta >= 0) if se == 0 else float(stats.t.sf(-theta / se, df))
    return Ratio(raw, raw, math.exp(low), math.exp(high), sure, len(passings))


def jackknife_interval(
    theta: float, without: Sequence[float], sizes: Sequence[int], level: float
) -> tuple[float, float, float, float]:
    """(low, high, standard error, degrees of freedom) of theta, delete-one values at hand."""
    c, mean = len(without), sum(without) / len(without)
    se = math.sqrt((c - 1) / c * sum((t - mean) ** 2 for t in without))
    df = kish(sizes)
    half = float(stats.t.ppf((1 + level) / 2, df)) * se
    return theta - half, theta + half, se, df


def reproduction_of_one(cascade: Mapping[str, Any], end: int, level: float = 0.9) -> Ratio:
    """Of one cascade: null below 20 children, exact Poisson interval on these."""
    one = [passing(cascade, end)]
    n, old = children(one), float(sum(exposure(one)))
    raw = n / old if old else None
    if n < 20:
        return Ratio(raw, n=n, why="fewer than 20 children")
    tail = (1 - level) / 2
    low, high = float(stats.chi2.ppf(tail, 2 * n)) / 2, float(stats.chi2.ppf(1 - tail, 2 * n + 2)) / 2
    return Ratio(raw, raw, low / old, high / old, n=n)


def campaign_half_life_hours(cascades: Table, end: int) -> Fraction | None:
    """All shares of a campaign's cascades together, from its earliest root."""
    cascades = [c for c in cascades if c["shared"]]
    times = [c["first"] + n["time_us"] for c in cascades for n in c["nodes"] if n["parent"] != ROOT]
    waits = [w for c in cascades for w in waits_of(c["nodes"])]
    start = min((c["first"] for c in cascades), default=0)
    return half_life_hours(times, waits, end, start)


def gini(values: Sequence[int]) -> Fraction | None:
    """Mean absolute difference of all pairs over twice the mean; None where all is 0."""
    if not sum(values):
        return None
    apart = sum(abs(a - b) for a in values for b in values)
    return Fraction(apart, 2 * len(values) * sum(values))


__all__ = [
    "DAY",
    "HIDDEN",
    "Passing",
    "Ratio",
    "Step",
    "Unit",
    "campaign_half_life_hours",
    "credit_totals",
    "effort_totals",
    "enough",
    "finished",
    "gini",
    "kaplan_meier",
    "markov_credit",
    "pairs",
    "passing",
    "reproduction",
    "reproduction_of_one",
    "retention",
    "survival_curve",
    "units",
    "wilson",
]  # fmt: skip
