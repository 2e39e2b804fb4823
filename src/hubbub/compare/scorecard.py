"""The scorecard: for each mode its people, what lasted, what it was worth and what it cost."""

from __future__ import annotations

from typing import Any

import numpy as np

from hubbub.activity import MICROS
from hubbub.compare.draws import by_unit, ends, heavy, numbered, stream, weigh
from hubbub.compare.frame import Array, IntArray, People
from hubbub.compare.money import Spent, money_estimate
from hubbub.compare.sides import Lot, Manner, single
from hubbub.compare.verdict import MAIN
from hubbub.converse.lasting import kaplan_meier, retention
from hubbub.estimate import Estimate
from hubbub.tables import MODES, Ledger

STEPS = 200
"""A curve has at most so many steps in the document."""
NOBODY = "nobody came this way"
NO_CONVERSIONS = "no conversions in the log"


def retained(people: People, mode: int, days: int, level: float) -> Estimate:
    """retained_30 or retained_90 of the people of one origin, with a design effect where they came by cascades."""
    if not np.any(people.origin == mode):
        return Estimate.unknown(NOBODY)
    flag = people.flags(f"retained_{days}")
    who = np.flatnonzero((people.origin == mode) & (flag >= 0))
    cascade = None
    if MODES[mode] == "spread":
        unit = people.unit.codes[who]
        cascade = np.where(unit >= 0, unit, len(people.unit.names) + who)
    return retention(flag[who] == 1, cascade, days, level)


def per_person(people: People, mode: int, column: str, how: str, seed: int, level: float) -> Estimate:
    """Mean of one column over the people of one origin."""
    mine = people.origin == mode
    lot = Lot(
        people.unit.codes[mine], np.zeros(int(mine.sum()), dtype=np.int64),
        people.ints(column)[mine], np.ones(int(mine.sum()), dtype=np.int8),
    )  # fmt: skip
    return single(lot, Manner(how, NOBODY), seed, f"{column}:{MODES[mode]}", level)


def credited(people: People) -> tuple[IntArray, IntArray]:
    """Linear credit of those who have any: (person, micros[k, 4])."""
    who, credit = people.credit()
    return who, credit[:, 4 * MAIN : 4 * MAIN + 4]


def value(people: People, mode: int, fallback: float, seed: int, level: float) -> tuple[Estimate, Estimate]:
    """Value credited to a mode (in micros), and per person of that origin (in units)."""
    who, credit = credited(people)
    if not len(who):
        return Estimate.unknown(NO_CONVERSIONS), Estimate.unknown(NO_CONVERSIONS)
    mine = people.origin == mode
    rows = np.zeros((people.n, 2))
    rows[who, 0] = credit[:, mode]
    rows[mine, 1] = 1.0
    used = np.any(rows != 0.0, axis=1)
    rng = stream(seed, f"value:{MODES[mode]}")
    weight, times = heavy(2000, rng)
    total = weigh(by_unit(people.unit.codes[used], rows[used]), 2000, rng)
    largest = _largest_unit(people.unit.codes[who], credit[:, mode])
    unseen = weight * times * (largest if largest > 0 else fallback)
    low, high = ends(total[0], total[0] + unseen, level)
    exact = int(credit[:, mode].sum())
    n = int(np.count_nonzero(credit[:, mode]))
    how = "linear credit; draws of units, one unseen unit at the upper end"
    sum_of = Estimate(float(exact), low, high, level, n, how)
    people_of = int(mine.sum())
    if not people_of:
        return sum_of, Estimate.unknown(NOBODY)
    count = np.maximum(total[1], 1e-300) * MICROS
    low, high = ends(total[0] / count, (total[0] + unseen) / count, level)
    how = f"{how}; over people of that origin"
    return sum_of, Estimate(exact / people_of / MICROS, low, high, level, people_of, how)


def _largest_unit(unit: IntArray, micros: IntArray) -> int:
    alone = unit < 0
    together = unit[~alone]
    best = int(micros[alone].max(initial=0))
    if len(together):
        number, place = numbered(together)
        sums = np.zeros(number, dtype=np.int64)
        np.add.at(sums, place, micros[~alone])
        best = max(best, int(sums.max()))
    return best


def per_effort(estimate: Estimate, spent: float | None, why: str) -> Estimate:
    """A sum over effort, which is held fixed."""
    if estimate.value is None:
        return estimate
    if not (spent or 0.0) > 0.0:
        return Estimate.unknown(why or "no effort is recorded for it")
    per = 1.0 / (float(spent or 1.0) * MICROS)
    low = None if estimate.low is None else estimate.low * per
    high = None if estimate.high is None else estimate.high * per
    return Estimate(estimate.value * per, low, high, estimate.level, estimate.n, f"{estimate.how}; effort held fixed")


def modes(people: People, effort: Spent, fallback: float, seed: int, level: float) -> dict[str, Any]:
    """The scorecard of the document: one entry a mode."""
    out: dict[str, Any] = {}
    for code, mode in enumerate(MODES):
        whole, each = value(people, code, fallback, seed, level)
        amount = effort.by_mode[mode]
        lacking = effort.why or f"no effort is recorded for {mode}"
        how = "mean over people of that origin; draws of units"
        out[mode] = {
            "people": int(np.count_nonzero(people.origin == code)),
            "retained_30": retained(people, code, 30, level).to_json(),
            "retained_90": retained(people, code, 90, level).to_json(),
            "value": money_estimate(whole),
            "value_per_person": each.to_json(),
            "value_per_effort": per_effort(whole, amount, lacking).to_json(),
            "effort": amount,
            "effort_why": "" if amount is not None else lacking,
            "exchanges_per_person": per_person(people, code, "exchanges", how, seed, level).to_json(),
            "opt_outs_per_person": per_person(people, code, "leaves", how, seed, level).to_json(),
        }
    return out


def curves(people: People, level: float) -> dict[str, Any]:
    """Kaplan-Meier steps of the days until the first silence of 30 days, for each origin."""
    days = people.floats("silence_days")
    silent = people.flags("silent")
    out: dict[str, Any] = {}
    for code, mode in enumerate(MODES):
        mine = (people.origin == code) & np.isfinite(days) & (silent >= 0)
        curve = kaplan_meier(days[mine], silent[mine] == 1, level)
        keep = _thinned(curve.time)
        out[mode] = {
            "days": curve.time[keep].tolist(),
            "survival": curve.survival[keep].tolist(),
            "low": curve.low[keep].tolist(),
            "high": curve.high[keep].tolist(),
            "people": int(mine.sum()),
        }
    return out


def _thinned(time: Array) -> IntArray:
    """All steps, or where there are too many the last one before each of evenly spaced times."""
    if len(time) <= STEPS:
        return np.arange(len(time), dtype=np.int64)
    grid = np.linspace(float(time[0]), float(time[-1]), STEPS)
    return np.unique(np.searchsorted(time, grid, side="right") - 1)


def levels(people: People) -> list[int]:
    """People at each level of relationship, 0 to 5."""
    found = np.clip(people.ints("level"), 0, 5).astype(np.int64)
    return [int(x) for x in np.bincount(found, minlength=6)]


def mean_conversion(people: People, ledger: Ledger) -> float:
    """Mean value of a conversion in micros; 1 where conversions are counted."""
    if ledger.valued != "value":
        return float(MICROS)
    conversions = int(np.asarray(people.ints("conversions"), dtype=np.int64).sum())
    valued = conversions - int(np.asarray(people.ints("conversions_unvalued"), dtype=np.int64).sum())
    total = int(np.asarray(people.ints("value_micros"), dtype=np.int64).sum())
    return max(1.0, total / max(1, valued))
