"""The whole `compare` document from the people table, the cascades table and the ledger."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.activity import micros
from hubbub.compare import answer, attribution, campaigns, plan, scorecard
from hubbub.compare.coverage import coverage, stamp
from hubbub.compare.frame import NEVER, Cascades, People, to_arrow
from hubbub.compare.money import money, spent
from hubbub.compare.points.burst import tries
from hubbub.compare.points.data import Data
from hubbub.compare.points.table import points
from hubbub.compare.together import together
from hubbub.errors import HubbubError
from hubbub.estimate import plain
from hubbub.tables import RULES, Ledger

CREDIT_NOTE = "Credit is accounting, not effect: it divides what was sold, it does not say what caused it."
COUNTED_NOTE = "Conversions are counted, each as 1."


def compare(
    people: pa.Table, cascades: pa.Table, ledger: Ledger, *, level: float = 0.9, seed: int = 0
) -> dict[str, Any]:
    """The answer: verdict, scorecard, points of difference, map, plan, as plain Python ready for JSON.

    people, cascades : tables.PEOPLE and tables.CASCADES, pyarrow or polars, in any order of rows
    level : coverage of the intervals, between .5 and 1
    seed : fixes all randomness; the same tables, ledger, level and seed give the same document
    raises : TableError if a column is missing; HubbubError if `level` is out of range
    """
    if not 0.5 < level < 1.0:
        raise HubbubError(f"level must lie between 0.5 and 1, not {level}; 0.9 is usual")
    who, trees = People(to_arrow(people)), Cascades(to_arrow(cascades))
    effort, fallback = spent(ledger), scorecard.mean_conversion(who, ledger)
    first_us, end_us = _extent(who, trees, ledger)
    world = campaigns.world_of(who, trees, first_us, end_us)
    found = campaigns.campaigns(world, trees, seed, level, ledger.follows)
    both = together(who, world.nodes, level)
    decided = answer.verdict(who, ledger, effort, both, seed, level)
    if ledger.trials:
        from hubbub.compare.experiments.settle import settled

        tested = settled(ledger, to_arrow(cascades))
        decided = decided if tested is None else answer.by_experiment(decided, tested)
    data = Data(who, trees, ledger, world, found, effort, fallback, seed, level)
    growth = campaigns.growth_of(world, np.ones(trees.n, dtype=np.bool_), level)
    advice = plan.ground(who, trees, ledger, effort, fallback, seed, level)
    document = {
        "brand": ledger.brand,
        "currency": ledger.currency if ledger.valued == "value" else None,
        "seed": seed,
        "level": level,
        "window_days": ledger.window_days,
        "verdict": decided.json,
        "together": both.to_json(),
        "modes": scorecard.modes(who, effort, fallback, seed, level),
        "unanswered": {
            "people": int(np.count_nonzero(who.flags("unanswered") == 1)),
            "would_change_answer": decided.unanswered_changes,
        },
        "hidden": {
            "people": int(np.count_nonzero(who.ints("touches_hidden"))),
            "shares": int(np.asarray(trees.ints("hidden"), dtype=np.int64).sum()),
            "would_change_answer": decided.hidden_changes,
        },
        "known_before": int(np.count_nonzero(who.flags("known_before") == 1)),
        "coverage": coverage(ledger),
        "credit": _credit(who),
        "credit_note": CREDIT_NOTE + (f" {COUNTED_NOTE}" if ledger.valued == "count" else ""),
        "points": points(data),
        "campaigns": [c.to_json() for c in found],
        "map": {
            "reciprocity_limit": campaigns.RECIPROCITY_LIMIT,
            "reproduction_limit": campaigns.REPRODUCTION_LIMIT,
        },
        "reproduction": {
            **growth.reproduction.to_json(),
            "probability_at_least_1": growth.probability_at_least_1,
        },
        "curves": scorecard.curves(who, level),
        "levels": scorecard.levels(who),
        "tries": tries(data),
        "plan": plan.plan(advice, decided, growth),
        "log": {
            "activities": ledger.activities,
            "people": who.n,
            "first": stamp(ledger.first),
            "last": stamp(ledger.last),
        },
        "notes": list(ledger.notes),
    }
    done: dict[str, Any] = plain(document)
    return done


def worth(
    people: pa.Table, cascades: pa.Table, ledger: Ledger, more: int, *, level: float = 0.9, seed: int = 0
) -> dict[str, Any]:
    """What it is worth to settle the verdict with so many more units, in money."""
    who, trees = People(people), Cascades(cascades)
    effort = spent(ledger)
    both = together(who, campaigns.world_of(who, trees, *_extent(who, trees, ledger)).nodes, level)
    found = answer.verdict(who, ledger, effort, both, seed, level)
    now = [found.units.now.get(side, 0) for side in ("conversation", "spread")]
    known, sampled = answer.information(ledger, effort, found.question, found.observed, now, more)
    out: dict[str, Any] = plain({
        "evpi": known.to_json(), "evsi": sampled.to_json(), "currency": ledger.currency if known.known else None,
    })  # fmt: skip
    return out


def _credit(people: People) -> dict[str, dict[str, str]]:
    credit = attribution.totals(people)
    found = {**{rule: credit[rule] for rule in RULES[:5]}, "markov": attribution.markov(people)}
    found["shapley"] = credit["shapley"]
    return {rule: {mode: money(micros) for mode, micros in by.items()} for rule, by in found.items()}


def _extent(people: People, cascades: Cascades, ledger: Ledger) -> tuple[int, int]:
    """First and last moment of the log in microseconds since 1970; of the tables, where the ledger does not say."""
    if ledger.first is not None and ledger.last is not None:
        return micros(ledger.first), micros(ledger.last)
    times = [people.times("first"), people.times("last"), cascades.times("first"), cascades.times("last")]
    seen = np.concatenate([t[t != NEVER] for t in times])
    return (int(seen.min()), int(seen.max())) if len(seen) else (0, 0)
