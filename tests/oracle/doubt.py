"""The verdict's draws, and whether talking and spreading help each other."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .people import EPOCH
from .settings import DAY, WEEK
from .totals import Ratio, jackknife_interval

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[float, float]]
"""(conversation, spread) of each unit."""


@dataclass(frozen=True)
class Verdict:
    """p : part of the draws in which conversation is ahead; q : the same for the leader without its best unit."""

    p: float
    leader: str
    q: float
    probability: float
    answer: str


def verdict_given_weights(
    units: Pairs,
    weights: Floats,
    unseen: Floats,
    *,
    effort: tuple[float, float] = (1.0, 1.0),
    fallback: float = 1.0,
    counts: tuple[int, int] | None = None,
    others: Iterable[float] = (),
) -> Verdict:
    """The verdict for weights that were drawn elsewhere.

    weights : float[draws, units], exponential with mean 1
    unseen : float[draws, 2], an exponential weight times min(100, 1/u), for conversation and spread
    fallback : the unseen unit of a side without value
    counts : units with a touch of conversation, of spread; None: as many as have value there
    others : probability_conversation by the other rules of credit; one of them can veto
    """
    sums = np.asarray(units, dtype=float).reshape(len(units), 2)
    largest = [max([s for s in sums[:, side] if s > 0], default=fallback) for side in (0, 1)]
    one, two = (
        [
            (float(w @ sums[:, side]) + float(hit) * largest[side]) / effort[side]
            for w, hit in zip(weights, unseen[:, side], strict=True)
        ]
        for side in (0, 1)
    )
    p = part_ahead(one, two)
    lead = 0 if p > 0.5 else 1
    q = ahead_without_best(units, weights, lead, effort)
    probability = max(0.5, min(p, q)) if lead == 0 else min(0.5, max(p, 1 - q))
    if counts is None:
        counts = (int(np.sum(sums[:, 0] > 0)), int(np.sum(sums[:, 1] > 0)))
    answer = answer_of(probability, counts, list(others))
    return Verdict(p, ("conversation", "spread")[lead], q, probability, answer)


def ahead_without_best(
    units: Pairs, weights: Floats, side: int, effort: tuple[float, float] = (1.0, 1.0), *, take_out: bool = True
) -> float:
    """Part of the draws in which a side (0 conversation, 1 spread) leads without its largest unit and the unseen.

    The unit goes with both its sums. take_out : False leaves it in, the plain comparison
    """
    sums = np.asarray(units, dtype=float).reshape(len(units), 2)
    kept = np.ones(len(units), dtype=bool)
    if len(units) and take_out:
        kept[int(np.argmax(sums[:, side]))] = False
    mine, theirs = ([float(w[kept] @ sums[kept, s]) / effort[s] for w in weights] for s in (side, 1 - side))
    return part_ahead(mine, theirs)


def part_ahead(one: Sequence[float], other: Sequence[float]) -> float:
    """Part of the draws in which `one` is strictly greater."""
    return sum(a > b for a, b in zip(one, other, strict=True)) / len(one)


def answer_of(probability: float, counts: tuple[int, int], others: Sequence[float]) -> str:
    if min(counts) < 10:
        return "cannot_tell"
    if probability >= 0.9 and not any(o < 0.5 for o in others):
        return "conversation"
    if probability <= 0.1 and not any(o > 0.5 for o in others):
        return "spread"
    return "cannot_tell"


def verdict(
    units: Pairs,
    effort: tuple[float, float] = (1.0, 1.0),
    draws: int = 2_000,
    seed: int = 0,
    *,
    fallback: float = 1.0,
    counts: tuple[int, int] | None = None,
    others: Iterable[float] = (),
) -> Verdict:
    """Draws the weights and reads the verdict."""
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=(draws, len(units)))
    u = 1 - rng.random(size=(draws, 2))  # in (0, 1]
    unseen = rng.exponential(size=(draws, 2)) * np.minimum(100, 1 / u)
    return verdict_given_weights(units, weights, unseen, effort=effort, fallback=fallback, counts=counts, others=others)


def interval_of_sums(units: Sequence[float], draws: int, seed: int, fallback: float = 1.0) -> tuple[float, float]:
    """5th percentile of the draws without the unseen unit, 95th with it."""
    rng = np.random.default_rng(seed)
    values = np.asarray(units, dtype=float)
    seen = rng.exponential(size=(draws, len(units))) @ values
    hit = rng.exponential(size=draws) * np.minimum(100, 1 / (1 - rng.random(size=draws)))
    largest = max([v for v in units if v > 0], default=fallback)
    return float(np.quantile(seen, 0.05)), float(np.quantile(seen + hit * largest, 0.95))


# Together


@dataclass(frozen=True)
class Case:
    """One share, or one person: its cluster (for the jackknife), its stratum, its kind, what came of it."""

    cluster: Hashable
    stratum: Hashable
    exposed: bool
    outcome: int


def mantel_haenszel(cases: Sequence[Case]) -> float | None:
    """Sum over strata of a N0 / N, over that of b N1 / N; a, b the outcomes of the N1 exposed and the N0 others."""
    top = bottom = 0.0
    for stratum in {c.stratum for c in cases}:
        one = [c.outcome for c in cases if c.stratum == stratum and c.exposed]
        other = [c.outcome for c in cases if c.stratum == stratum and not c.exposed]
        n = len(one) + len(other)
        top += sum(one) * len(other) / n
        bottom += sum(other) * len(one) / n
    return top / bottom if bottom else None


def ratio_of(cases: Sequence[Case], least: int, level: float) -> Ratio:
    """The ratio with its delete-one-cluster jackknife on the log; clusters count that hold both kinds."""
    kinds: dict[Hashable, set[bool]] = {}
    for c in cases:
        kinds.setdefault(c.cluster, set()).add(c.exposed)
    both = [cluster for cluster, seen in kinds.items() if len(seen) == 2]
    cases = [c for c in cases if c.cluster in both]
    raw = mantel_haenszel(cases)
    if len(both) < least:
        return Ratio(raw, n=len(both), why=f"fewer than {least} groups hold both kinds")
    ratios = [mantel_haenszel([c for c in cases if c.cluster != gone]) for gone in both]
    if not raw or not all(ratios):
        return Ratio(raw, n=len(both), why="a side without outcomes")
    sizes = [sum(c.cluster == cluster for c in cases) for cluster in both]
    low, high, _, _ = jackknife_interval(math.log(raw), [math.log(r) for r in ratios if r], sizes, level)
    return Ratio(raw, raw, math.exp(low), math.exp(high), n=len(both))


def decile_of(audiences: Sequence[int]) -> Callable[[int | None], int | None]:
    """audience -> how many of the nine cuts lie below it; None: not known, a stratum of its own."""
    cuts = [float(x) for x in np.quantile(audiences, [k / 10 for k in range(1, 10)])] if audiences else []
    return lambda audience: None if audience is None else bisect_left(cuts, audience)


def spread_rides_on_conversation(cascades: Iterable[Mapping[str, Any]], level: float = 0.9) -> Ratio:
    """Whether shares by people who had exchanged with the brand bring more direct children within 7 days."""
    shares = [(k, c, at) for k, c in enumerate(cascades) if c["shared"] for at in persons_shares(c)]
    audiences = [a for _, c, at in shares if (a := c["nodes"][at]["audience"]) is not None]
    decile = decile_of(audiences)
    cases = [
        Case(k, (k, decile(c["nodes"][at]["audience"])), c["nodes"][at]["exchanged"], direct_children(c, at))
        for k, c, at in shares
    ]
    return ratio_of(cases, 10, level)


def persons_shares(cascade: Mapping[str, Any]) -> list[int]:
    nodes = cascade["nodes"]
    return [k for k in range(len(nodes)) if nodes[k]["person"] >= 0 and (k > 0 or cascade["type"] == "share")]


def direct_children(cascade: Mapping[str, Any], at: int) -> int:
    """Nodes that hang on one node and came within 7 days."""
    nodes = cascade["nodes"]
    return sum(n["parent"] == at and n["time_us"] - nodes[at]["time_us"] <= WEEK for n in nodes)


def conversation_feeds_on_spread(people: Iterable[Mapping[str, Any]], level: float = 0.9) -> Ratio:
    """Whether people met by spread come to a first exchange within 30 days more often than those met by broadcast."""
    cases = []
    for p in people:
        if p["origin"] in ("spread", "broadcast"):
            week = (EPOCH + timedelta(microseconds=p["first"])).isocalendar()[:2]
            talked = p["first_exchange"] is not None and p["first_exchange"] - p["first"] <= 30 * DAY
            cases.append(Case(week, week, p["origin"] == "spread", int(talked)))
    return ratio_of(cases, 2, level)
