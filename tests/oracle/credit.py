"""What each conversion was worth, and how the rules divide it. Money is counted in whole millionths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from hubbub.activity import MICROS
from hubbub.tables import CONV, MODES, NULL, START

from .modes import Modes, View
from .reading import Log, Person
from .settings import WEEK

Parts = Mapping[str, Fraction]
"""mode -> its part of the value; the parts add up to 1."""


def micros(money: Decimal) -> int:
    """Whole millionths, rounded half to even."""
    return round(Fraction(money) * MICROS)


class Money:
    """Which values count, and what each conversion is worth after its refunds."""

    def __init__(self, log: Log) -> None:
        self.log = log
        converts = [i for i in log.all if log.type(i) == "convert" and isinstance(log.author[i], Person)]
        self.refund_of = {i: order for i in converts if (order := self._order(i)) is not None}
        self.conversions = [i for i in converts if i not in self.refund_of]
        self.kind, self.currency = self._kind(converts)
        self.value = self._values()

    def _order(self, i: int) -> int | None:
        """The order that a negative `convert` takes back; a refund of a refund goes to the order itself."""
        value, target = self.log.rows[i].get("value"), self.log.follow(i, "object")
        if value is None or value >= 0 or target is None:
            return None
        if self.log.type(target) != "convert" or self.log.author[target] != self.log.author[i]:
            return None
        further = self._order(target)
        return target if further is None else further

    def _kind(self, converts: Sequence[int]) -> tuple[str, str | None]:
        rows = self.log.rows
        if not self.conversions:
            return "none", None
        if all(rows[i].get("value") is None for i in self.conversions):
            return "count", None
        currencies = {rows[i].get("currency") for i in converts if rows[i].get("value") is not None}
        if len(currencies) == 1:
            return "value", currencies.pop()
        if self.log.settings.currency is not None:
            return "value", self.log.settings.currency
        return "count", None

    def _counted(self, i: int) -> int | None:
        row = self.log.rows[i]
        if self.kind == "count":
            return MICROS
        if row.get("value") is None or row.get("currency") != self.currency:
            return None
        return micros(row["value"])

    def _values(self) -> dict[int, int | None]:
        out = {i: self._counted(i) for i in self.conversions}
        for refund, order in self.refund_of.items():
            worth, back = out[order], self._counted(refund)
            if self.kind == "value" and worth is not None and back is not None:
                out[order] = worth + back
        return out


def path(modes: Modes, person: Person, conversion: int) -> list[int]:
    """The touches that a conversion is divided over, in order."""
    log = modes.log
    at = log.time(conversion)
    before = [
        i
        for i in modes.touches(person)
        if log.type(i) != "convert" and at - log.settings.window <= log.time(i) <= at and log.seen(i, at)
    ]
    return [*before, conversion] if log.rows[conversion].get("via") is not None else before


def null_path(modes: Modes, person: Person) -> list[int]:
    """The touches in the window up to the last touch of somebody who never converted."""
    log, touches = modes.log, modes.touches(person)
    if not touches:
        return []
    at = log.time(touches[-1])
    return [i for i in touches if at - log.settings.window <= log.time(i) and log.seen(i, at)]


def parts(rule: str, path_modes: Sequence[str], ages: Sequence[int]) -> Parts:
    """The part of each mode under one rule; ages in microseconds before the conversion."""
    n = len(path_modes)
    if rule == "shapley":
        distinct = sorted(set(path_modes))
        return {m: Fraction(1, len(distinct)) for m in distinct}
    weights = {
        "first": lambda: [Fraction(int(i == 0)) for i in range(n)],
        "last": lambda: [Fraction(int(i == n - 1)) for i in range(n)],
        "linear": lambda: [Fraction(1)] * n,
        "position": lambda: position_weights(n),
        "decay": lambda: decay_weights(ages),
    }[rule]()
    out: dict[str, Fraction] = {}
    for m, w in zip(path_modes, weights, strict=True):
        out[m] = out.get(m, Fraction(0)) + w / sum(weights)
    return {m: part for m, part in out.items() if part > 0}


def position_weights(n: int) -> list[Fraction]:
    """40 % to the first, 40 % to the last, 20 % to those between."""
    if n <= 2:
        return [Fraction(1)] * n
    return [Fraction(2, 5), *[Fraction(1, 5 * (n - 2))] * (n - 2), Fraction(2, 5)]


def decay_weights(ages: Sequence[int]) -> list[Fraction]:
    """2^(-age / 7 days) to 60 digits, over the largest of them so that equal ages weigh exactly the same."""
    with localcontext() as context:
        context.prec = 60
        youngest = min(ages)
        return [Fraction(Decimal(2) ** (Decimal(youngest - age) / Decimal(WEEK))) for age in ages]


def round_half_even(x: Fraction) -> int:
    """Half to even; what is within 1e-30 of a half is a half (60-digit powers of two are not exact)."""
    nearest_half = Fraction(round(2 * x), 2)
    return round(nearest_half if abs(x - nearest_half) < Fraction(1, 10**30) else x)


def divide(value: int, by: Parts) -> dict[str, int]:
    """`value` divided by parts; the remainder goes to the last mode with a non-zero part."""
    out = dict.fromkeys(MODES, 0)
    for m, part in by.items():
        out[m] = round_half_even(value * part)
    last = [m for m in MODES if by.get(m, 0) != 0][-1]
    out[last] += value - sum(out.values())
    return out


def credit_of(rule: str, modes: Modes, money: Money, person: Person, view: View) -> dict[str, int]:
    """One person's conversions divided by one rule."""
    log = modes.log
    out = dict.fromkeys(MODES, 0)
    for c in money.conversions:
        value = money.value[c]
        if log.author[c] != person or value is None:
            continue
        touches, at = path(modes, person, c), log.time(c)
        if not touches:
            out["unknown"] += value
            continue
        named = [modes.mode(i, at, view) for i in touches]
        ages = [at - log.time(i) for i in touches]
        for m, amount in divide(value, parts(rule, named, ages)).items():
            out[m] += amount
    return out


def transitions(modes: Modes, money: Money, person: Person) -> Counter[tuple[int, int]]:
    """Steps of a person's Markov paths, as state codes."""
    log = modes.log
    steps: Counter[tuple[int, int]] = Counter()
    mine = [c for c in money.conversions if log.author[c] == person]
    for c in mine:
        named = [modes.mode(i, log.time(c)) for i in path(modes, person, c)]
        steps.update(walk(named, CONV))
    if not any(log.type(i) == "convert" for i in log.by(person)):
        steps.update(walk([modes.mode(i) for i in null_path(modes, person)], NULL))
    return steps


def walk(named: Sequence[str], goal: int) -> list[tuple[int, int]]:
    if not named:
        return []
    states = [START, *(MODES.index(m) for m in named), goal]
    return list(pairwise(states))
