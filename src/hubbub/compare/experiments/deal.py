"""Who is in which arm: by chance alone, groups together, the same whenever it is asked."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute

from hubbub.compare.experiments.bandit import EVEN
from hubbub.errors import HubbubError
from hubbub.tables import METRICS, Plan

pc = pyarrow.compute
BY = ("person", "cluster")


def checked(plan: Plan) -> Plan:
    """The plan, if it makes sense. raises : HubbubError that says what does not"""
    if not plan.name or not plan.name.isprintable():
        raise HubbubError("An experiment needs a name.")
    if plan.metric not in METRICS:
        raise HubbubError(f"{plan.metric} is no metric; there are {', '.join(METRICS)}.")
    if plan.by not in BY:
        raise HubbubError(f"People are assigned by person or by cluster, not by {plan.by}.")
    if len(plan.arms) < 2 or len(set(plan.arms)) != len(plan.arms) or not all(plan.arms):
        raise HubbubError("An experiment needs two arms or more, each with a name of its own.")
    if not 0.0 < plan.alpha < 0.5:
        raise HubbubError("alpha lies between 0 and .5.")
    least = 30.0 if plan.metric == "returns" else 0.0
    if not (math.isfinite(plan.window_days) and plan.window_days > least):
        raise HubbubError(f"`{plan.metric}` is looked for in more than {least:g} days.")
    if plan.bandit and plan.metric == "value":
        raise HubbubError("A bandit needs yes or no of each person; `value` is neither.")
    return plan


@dataclass(frozen=True, slots=True)
class Dealt:
    """Newcomers with their arms. handles : by person, the arm and (channel, actor); counts : people by arm, all told"""

    handles: list[tuple[str, list[tuple[str, str]]]]
    added: int
    counts: list[int]


def dealt(
    plan: Plan,
    people: pa.Table,
    together: Mapping[str, str],
    held: Mapping[str, str],
    parts: Sequence[float] | None = None,
) -> Dealt:
    """The arms of those who have none yet.

    people : tables.PEOPLE; together : the groups of `trial.clusters`; held : arm by person
    parts : of newcomers, for a bandit that has seen something; else those of the plan
    raises : HubbubError where the segment has nobody
    """
    if plan.segment is not None:
        people = people.filter(pc.equal(people["segment"].cast(pa.string()), plan.segment))
        if not len(people):
            raise HubbubError(f"Nobody of this log is in the segment {plan.segment}.")
    names = people["person"].to_pylist()
    arms = dict(zip(plan.arms, parts or plan.parts, strict=True))
    found = deal(plan.name, names, arms, seed=plan.seed, together=together, held=held, even=plan.bandit)
    handles = [
        (found[name], [_handle(h) for h in mine])
        for name, mine in zip(names, people["handles"].to_pylist(), strict=True)
        if name in found
    ]
    every = [*held.values(), *found.values()]
    return Dealt(handles, len(found), [every.count(a) for a in plan.arms])


def _handle(text: str) -> tuple[str, str]:
    channel, _, actor = text.partition(":")
    return channel, actor


def deal(
    name: str, people: Sequence[str], arms: Mapping[str, float], *, seed: int = 0,
    together: Mapping[str, str] | None = None, held: Mapping[str, str] | None = None, even: bool = False,
) -> dict[str, str]:  # fmt: skip
    """The arm of each person, by chance alone, the same whenever it is asked.

    arms : parts, in any unit; together : the group of a person, whose people get one arm
    held : who has an arm already: it stands, and newcomers to a group take that of its first
    even : a tenth is dealt evenly whatever the parts (see `is_even`)
    """
    held, group = held or {}, together or {}
    of_group: dict[str, str] = {}
    for person in sorted(held):
        of_group.setdefault(group.get(person, person), held[person])
    names = list(arms)
    cuts = np.cumsum([arms[a] for a in names]) / sum(arms.values())
    out = {}
    for person in people:
        if person in held:
            continue
        unit = group.get(person, person)
        if unit not in of_group:
            u = _chance(name, seed, "arm", unit)
            place = (
                int(u * len(names)) if even and is_even(name, seed, unit) else int(np.searchsorted(cuts, u, "right"))
            )
            of_group[unit] = names[min(place, len(names) - 1)]
        out[person] = of_group[unit]
    return out


def is_even(name: str, seed: int, unit: str) -> bool:
    """Whether a unit belongs to the tenth that a bandit deals evenly."""
    return _chance(name, seed, "even", unit) < EVEN


def _chance(name: str, seed: int, what: str, unit: str) -> float:
    digest = hashlib.sha256("\0".join((name, str(seed), what, unit)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64
