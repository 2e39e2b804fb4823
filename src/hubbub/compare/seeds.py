"""The `seed` document: whom to ask first, among those who allow it, beside top sharers and chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from hubbub.compare.coverage import stamp
from hubbub.compare.simulate import NOT_SEEN, described
from hubbub.consent.known import Known
from hubbub.consent.rules import PURPOSES, Standing
from hubbub.errors import HubbubError
from hubbub.estimate import Estimate, plain, significant
from hubbub.kernel import BoolArray, FloatArray, IntArray
from hubbub.spread.graph import Sharing, sharing
from hubbub.spread.influence import Chosen, Limits, Sets, choose

pc = pyarrow.compute

PURPOSE = "ask-to-share"
EPS = 0.1
JUDGED = 100_000
"""Fresh reverse-reachable sets on which all choices are judged alike."""
RANDOM = 20
"""Random choices beside the one made."""
OFF_BY = (0.5, 1.5)
"""Chances of the graph taken wrong by half, both ways."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How many to ask, and under what limits.

    k : people at most; purpose : which consent is needed; costs and budget : by person, together or not at all; who has
    no cost is not asked; floors : at least so many of a segment
    """

    k: int
    purpose: str = PURPOSE
    costs: Mapping[str, float] | None = None
    budget: float | None = None
    floors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Field:
    """Those who passed something on, and who of them may be asked."""

    found: Sharing
    stands: IntArray
    channel: list[str | None]
    segment: list[str | None]
    limits: Limits


def seeds(
    people: pa.Table, cascades: pa.Table, known: Known, now: datetime, wish: Wish, *, level: float = 0.9, seed: int = 0
) -> dict[str, Any]:
    """Whom to ask first, as plain Python, ready for JSON.

    people, cascades : tables.PEOPLE and tables.CASCADES; known : the ledger of consent; now : the moment of asking
    raises : HubbubError for a purpose that does not exist, or limits that cannot be met
    """
    if wish.k < 1:
        raise HubbubError("Ask for at least one person: -k 1.")
    if wish.purpose not in PURPOSES:
        raise HubbubError(f"{wish.purpose} is no purpose of consent; there are {', '.join(PURPOSES)}.")
    found = sharing(cascades)
    stands, channel = known.best(found.people, wish.purpose, now)
    free = stands == Standing.ALLOWED
    here = _Field(found, stands, channel, _segments(people, found.people), _limits(wish, found, free, people))
    out: dict[str, Any] = {
        "asked_for": wish.k,
        "purpose": wish.purpose,
        "now": stamp(now),
        "people": [],
        "spread": {"value": None, "why": _nobody(found, free, here.limits.allowed)},
        "certificate": None,
        "baselines": [],
        "if_chances_are_off": [],
        "who_may": _who_may(known, wish, now, here),
        "graph": described(found),
        "note": NOT_SEEN,
    }
    if not here.limits.allowed.any():
        return out
    chosen = choose(found.graph, here.limits, EPS, seed=seed, level=level)
    judge = Sets(found.graph, 2 * seed + 1_000_003)
    judge.grow(JUDGED)
    out["people"] = [
        _asked(here, known, wish, now, *one) for one in zip(chosen.seeds.tolist(), chosen.gain, strict=True)
    ]
    out["spread"] = plain(judge.expected(chosen.seeds, level).to_json())
    out["certificate"] = _certificate(chosen)
    out["baselines"] = [_top(here, judge, level), _random(here, judge, level, seed)]
    out["if_chances_are_off"] = [_off(here, chosen, times, level, seed) for times in OFF_BY]
    return out


def _limits(wish: Wish, found: Sharing, free: BoolArray, people: pa.Table) -> Limits:
    cost = None
    if (wish.costs is None) != (wish.budget is None):
        raise HubbubError("Costs need a budget, and a budget needs costs.")
    if wish.costs is not None:
        cost = np.array([wish.costs.get(name, math.nan) for name in found.people])
        free = free & ~np.isnan(cost)
        cost = np.where(np.isnan(cost), 1.0, cost)
        if wish.budget is not None and not (free & (cost <= wish.budget)).any():
            free = np.zeros_like(free)
    segment = None
    if wish.floors and free.any():
        names = {name: i for i, name in enumerate(wish.floors)}
        known = set(people["segment"].cast(pa.string()).unique().to_pylist())
        unknown = [name for name in names if name not in known]
        if unknown:
            raise HubbubError(f"There is no segment {', '.join(unknown)} in this log.")
        segment = np.array([names.get(s or "", -1) for s in _segments(people, found.people)], dtype=np.int64)
        for name, i in names.items():
            there = int(np.count_nonzero(free & (segment == i)))
            if there < wish.floors[name]:
                raise HubbubError(f"{wish.floors[name]} of segment {name} are wished for, and {there} may be asked.")
    return Limits(wish.k, free, cost, wish.budget, segment, tuple(wish.floors.values()) if segment is not None else ())


def _segments(people: pa.Table, names: list[str]) -> list[str | None]:
    place = pc.index_in(pa.array(names, pa.string()), value_set=people["person"].combine_chunks())
    out: list[str | None] = people["segment"].cast(pa.string()).combine_chunks().take(place).to_pylist()
    return out


def _nobody(found: Sharing, free: BoolArray, allowed: BoolArray) -> str:
    if not found.people:
        return "nobody has passed anything on in this log"
    if not free.any():
        return "nobody who passed something on may be asked"
    return "" if allowed.any() else "nobody who may be asked has a cost within the budget"


def _who_may(known: Known, wish: Wish, now: datetime, here: _Field) -> dict[str, Any]:
    counted = np.bincount(here.stands, minlength=len(Standing))
    gave = pc.unique(known.events.filter(pc.equal(known.events["purpose"], wish.purpose))["person"])
    elsewhere = [name for name in gave.to_pylist() if name not in set(here.found.people)]
    may = int(counted[Standing.ALLOWED])
    return {
        "sharers": len(here.found.people),
        "allowed": may,
        "never_gave": int(counted[Standing.NEVER_GAVE]),
        "withdrew_or_left": int(counted[Standing.STOPPED]),
        "contacted_enough": int(counted[Standing.CAPPED]),
        "without_cost": int(np.count_nonzero((here.stands == Standing.ALLOWED) & ~here.limits.allowed)),
        "allowed_but_never_shared": int(
            np.count_nonzero(known.best(elsewhere, wish.purpose, now)[0] == Standing.ALLOWED)
        ),
        "why": f"{wish.k} were asked for, and {may} may be asked" if may < wish.k else None,
    }


def _asked(here: _Field, known: Known, wish: Wish, now: datetime, node: int, gain: Estimate) -> dict[str, Any]:
    person, channel = here.found.people[node], here.channel[node] or ""
    decision = known.may_contact(person, channel, wish.purpose, now)
    graph = here.found.graph
    follow = int(graph.offsets[node + 1] - graph.offsets[node])
    shares = int(here.found.shares[node])
    said = f"shared {shares} time{'' if shares == 1 else 's'}, {follow} passed it on from them; {decision.why}"
    return {
        "person": person,
        "channel": channel,
        "segment": here.segment[node],
        "gain": plain(gain.to_json()),
        "cost": None if here.limits.cost is None else significant(float(here.limits.cost[node])),
        "shares": shares,
        "followers_seen": follow,
        "why": said,
        "rows": list(decision.rows),
    }


def _certificate(chosen: Chosen) -> dict[str, Any]:
    found: dict[str, Any] = plain({
        "at_least_of_best": chosen.certificate,
        "reaches_at_least": chosen.lower,
        "best_reaches_at_most": chosen.upper,
        "probability": 1.0 - chosen.delta,
        "sets": chosen.sets,
        "how": "OPIM-C on the sharing graph as fitted, among those who may be asked",
    })  # fmt: skip
    return found


def _taken(order: IntArray, limits: Limits) -> IntArray:
    """The first of an order that the number and the budget allow."""
    cost = np.ones(limits.allowed.size) if limits.cost is None else limits.cost
    left = math.inf if limits.budget is None else limits.budget
    out: list[int] = []
    for node in order.tolist():
        if len(out) == limits.k:
            break
        if limits.allowed[node] and cost[node] <= left:
            left -= float(cost[node])
            out.append(node)
    return np.array(out, np.int64)


def _top(here: _Field, judge: Sets, level: float) -> dict[str, Any]:
    nodes = _taken(np.argsort(-here.found.shares, kind="stable"), here.limits)
    return {
        "name": "top sharers",
        "people": [here.found.people[i] for i in nodes.tolist()],
        "spread": plain(judge.expected(nodes, level).to_json()),
    }


def _random(here: _Field, judge: Sets, level: float, seed: int) -> dict[str, Any]:
    chance = np.random.default_rng(seed)
    sizes: FloatArray = np.array([
        judge.expected(_taken(chance.permutation(here.limits.allowed.size), here.limits)).value for _ in range(RANDOM)
    ])  # fmt: skip
    low, high = np.quantile(sizes, [(1 - level) / 2, (1 + level) / 2])
    how = f"mean of {RANDOM} random choices among those who may be asked; ends hold single choices"
    found = Estimate(float(sizes.mean()), float(low), float(high), level, RANDOM, how)
    return {"name": "random", "people": None, "spread": plain(found.to_json())}


def _off(here: _Field, chosen: Chosen, times: float, level: float, seed: int) -> dict[str, Any]:
    """What the choice loses if every chance was another: its spread there beside the best found there."""
    graph = here.found.graph.scaled(times)
    judge = Sets(graph, 2 * seed + 2_000_003)
    judge.grow(JUDGED)
    ours = judge.expected(chosen.seeds, level)
    best = judge.expected(choose(graph, here.limits, EPS, seed=seed, level=level).seeds, level)
    loss = max(0.0, 1.0 - (ours.value or 0.0) / best.value) if best.value else 0.0
    return {
        "chances_times": times,
        "spread": plain(ours.to_json()),
        "best_found": plain(best.to_json()),
        "loss": significant(loss),
    }
