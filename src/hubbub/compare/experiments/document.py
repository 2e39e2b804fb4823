"""The `experiment` documents: a plan with its size, and a reading with its doubt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.compare.experiments.bandit import expected_loss, parts, probability_best
from hubbub.compare.experiments.deal import checked
from hubbub.compare.experiments.sequence import UNLIKELY, Arm, arm_of, difference, sample_ratio
from hubbub.compare.experiments.trial import Outcomes, outcomes
from hubbub.compare.frame import People, iso
from hubbub.compare.value_of_information import FEW_CLUSTERS, ICC, clusters, two_proportions
from hubbub.errors import HubbubError
from hubbub.estimate import Estimate, plain, wilson
from hubbub.kernel import FloatArray, IntArray
from hubbub.tables import Plan, Trial

SMALLEST_EFFECT = 0.2
"""Relative difference to plan for where none is named."""
FEW_GROUPS = 10
"""Groups of two or more that an ICC needs."""
LARGE_GROUP = 0.1
"""A group that holds more of the people cannot be balanced by chance."""
HARM = ("leaves",)
"""Metrics of which less is better."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What an experiment is to tell apart.

    start, goal : rates (or means, for `value`) of the two arms; None: from the log, and a fifth more
    """

    metric: str = "converts"
    start: float | None = None
    goal: float | None = None
    alpha: float = 0.05
    power: float = 0.8
    by: str = "person"
    arms: tuple[str, ...] = ("control", "treated")


def plan(
    aim: Aim, people: pa.Table | None, together: Mapping[str, str], worth: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The size of an experiment, as plain Python, ready for JSON.

    people : tables.PEOPLE, None without a log; together : the groups of `trial.clusters`
    worth : what settling the verdict is worth, as the answer says it
    raises : HubbubError for rates that cannot be told apart
    """
    _check(aim)
    hit = None if people is None else _outcome(People(people), aim.metric)
    start, goal, why = _rates(aim, hit)
    spread = float(hit.std(ddof=1)) if hit is not None and hit.size > 1 else math.nan
    alpha = aim.alpha / (len(aim.arms) - 1)
    if aim.metric == "value":
        if not spread > 0.0:
            raise HubbubError("The log shows no values to plan with.")
        each = 2.0 * _quantiles(alpha, aim.power) ** 2 * spread**2 / (goal - start) ** 2
    else:
        each = two_proportions(start, goal, alpha, aim.power)
    sized = _clustered(each, hit, people, together) if aim.by == "cluster" else None
    per_arm = sized["persons"] if sized else math.ceil(round(each, 9))
    needed = per_arm * len(aim.arms)
    there = None if people is None else len(people)
    if there is not None and there < needed:
        why += f"; {there} people are known, so it takes as long as {needed} take to come"
    document = {
        "metric": aim.metric,
        "from": start,
        "to": goal,
        "alpha": aim.alpha,
        "power": aim.power,
        "by": aim.by,
        "arms": [{"arm": a, "part": 1.0 / len(aim.arms), "people": per_arm} for a in aim.arms],
        "people_needed": needed,
        "people_known": there,
        "clusters": sized,
        "value_of_information": worth,
        "why": why,
    }
    found: dict[str, Any] = plain(document)
    return found


def _check(aim: Aim) -> None:
    checked(Plan("plan", aim.arms, (1.0,) * len(aim.arms), aim.metric, 60.0, alpha=aim.alpha, by=aim.by))
    if not 0.5 <= aim.power < 1.0:
        raise HubbubError("Power lies between .5 and 1.")


def _quantiles(alpha: float, power: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(1.0 - alpha / 2.0) + ndtri(power))


def _rates(aim: Aim, hit: FloatArray | None) -> tuple[float, float, str]:
    why = "the rates named"
    start, goal = aim.start, aim.goal
    if start is None:
        if hit is None or not hit.size or not hit.any():
            raise HubbubError(f"The log shows no rate of `{aim.metric}` to start from; name one with --from.")
        start, why = float(hit.mean()), "from the log, over all its time"
    if goal is None:
        goal = start * (1.0 + SMALLEST_EFFECT)
        if aim.metric != "value" and goal >= 1.0:
            goal = (start + 1.0) / 2.0
        why += "; to a fifth more, for no difference is named with --to"
    inside = aim.metric == "value" or (0.0 < start < 1.0 and 0.0 < goal < 1.0)
    if not inside or start == goal or not (math.isfinite(start) and math.isfinite(goal)):
        raise HubbubError(f"{start:g} and {goal:g} cannot be told apart: rates lie between 0 and 1 and differ.")
    return start, goal, why


def _outcome(people: People, metric: str) -> FloatArray:
    """What each person did in all the time of the log; those of whom it cannot be known yet are left out."""
    if metric == "returns":
        known = people.flags("retained_30")
        return np.asarray(known[known >= 0] == 1, dtype=np.float64)
    if metric == "value":
        return np.asarray(people.ints("value_micros"), dtype=np.float64) / 1e6
    column = {"converts": "conversions", "shares": "shares", "speaks": "spoke", "leaves": "leaves"}[metric]
    return np.asarray(people.ints(column) > 0, dtype=np.float64)


def _clustered(each: float, hit: FloatArray | None, people: pa.Table | None, together: Mapping[str, str]) -> Any:
    if people is None or hit is None or not len(people):
        raise HubbubError("Clusters are groups of people who share with each other; that takes a log.")
    names = people["person"].to_pylist()
    code = np.unique([together.get(p, p) for p in names], return_inverse=True)[1]
    size = np.bincount(code)
    likeness, why = icc(hit, code) if hit.size == len(names) else (None, "it cannot be known yet for some people")
    m = float(size.mean())
    found = clusters(each, m, float(size.std()) / m, ICC if likeness is None else likeness)
    few = f"fewer than {FEW_CLUSTERS} clusters an arm" if found.too_few else None
    part = float(size.max()) / size.sum()
    if part > LARGE_GROUP:
        few = (
            f"the largest group holds {part:.0%} of all people, and one arm would get it whole: "
            "assign by person, or take a segment"
        )
    return {
        "mean_size": m, "cv": float(size.std()) / m, "icc": ICC if likeness is None else likeness, "icc_why": why,
        "design_effect": found.design_effect, "persons": found.persons, "clusters": found.clusters, "why": few,
    }  # fmt: skip


def icc(outcome: FloatArray, cluster: IntArray) -> tuple[float | None, str]:
    """Likeness of people of one cluster, by analysis of variance, at least 0; None with fewer than ten true groups.

    source : Donner and Koval (1980), Biometrics 36
    """
    size = np.bincount(cluster)
    if int(np.count_nonzero(size > 1)) < FEW_GROUPS:
        return None, f"fewer than {FEW_GROUPS} groups in the log; {ICC} is usual"
    n, k = outcome.size, size.size
    mean = np.bincount(cluster, weights=outcome) / size
    between = float((size * (mean - outcome.mean()) ** 2).sum()) / (k - 1)
    within = float(((outcome - mean[cluster]) ** 2).sum()) / (n - k)
    typical = (n - float((size**2).sum()) / n) / (k - 1)
    whole = between + (typical - 1.0) * within
    return (
        max(0.0, (between - within) / whole) if whole > 0.0 else 0.0
    ), "by analysis of variance over the log's groups"


def read(trial: Trial, together: Mapping[str, str]) -> dict[str, Any]:
    """What came out so far, as plain Python, ready for JSON; it may be read as often as one likes."""
    plan = trial.plan
    found = outcomes(trial, together)
    judged = found.judged
    arms = arms_of(plan, judged)
    effects = [_effect(plan, arms, i) for i in range(1, len(arms))]
    chi, p, uneven = evenness(plan, found)
    best = None if uneven else ahead(plan, arms)
    winner = None if best is None else plan.arms[best]
    document = {
        "experiment": plan.name,
        "metric": plan.metric,
        "window_days": plan.window_days,
        "by": plan.by,
        "started": None if plan.started_us is None else iso(plan.started_us),
        "arms": [_arm(plan, i, found, a) for i, a in enumerate(arms)],
        "people_needed": plan.planned,
        "effect": effects[0]["difference"],
        "effects": effects,
        "sample_ratio": {"chi_square": chi, "p": p, "ok": not uneven},
        "torn": trial.torn,
        "bandit": _bandit(plan, found) if plan.bandit else None,
        "decided": winner,
        "why": _why(judged, arms, effects, uneven, winner),
    }
    out: dict[str, Any] = plain(document)
    return out


def evenness(plan: Plan, found: Outcomes) -> tuple[float, float, bool]:
    """Chi-square and p of what chance dealt to the arms that are judged (people, or whole groups), and whether they are
    too uneven to believe."""
    chi, p = sample_ratio(found.judged.groups, (1.0,) * len(plan.arms) if found.even else plan.parts)
    return chi, p, p < UNLIKELY


def arms_of(plan: Plan, found: Outcomes) -> list[Arm]:
    """Each arm as its people show it."""
    clustered: Sequence[IntArray | None] = found.cluster or [None] * len(found.outcome)
    return [arm_of(x, plan.metric != "value", c) for x, c in zip(found.outcome, clustered, strict=True)]


def _arm(plan: Plan, i: int, found: Outcomes, judged: Arm) -> dict[str, Any]:
    mean = Estimate.unknown(f"nobody's {plan.window_days:g} days are over yet")
    if judged.n:
        low, high = (None, None)
        how = "mean by person"
        if plan.metric != "value":
            effective = (
                judged.n * judged.mean * (1.0 - judged.mean) / judged.variance if judged.variance > 0.0 else judged.n
            )
            low, high = wilson(judged.mean * effective, effective)
            how = "Wilson interval, for one look"
        mean = Estimate(judged.mean, low, high, 0.9 if low is not None else None, judged.n, how)
    return {
        "arm": plan.arms[i],
        "part": plan.parts[i] / math.fsum(plan.parts),
        "assigned": found.assigned[i],
        "people": judged.n,
        "events": judged.events,
        "mean": mean.to_json(),
    }


def _effect(plan: Plan, arms: Sequence[Arm], i: int) -> dict[str, Any]:
    found = difference(arms[0], arms[i], plan.planned, plan.alpha / (len(arms) - 1))
    return {"arm": plan.arms[i], "against": plan.arms[0], "difference": found.to_json()}


def ahead(plan: Plan, arms: Sequence[Arm]) -> int | None:
    """The arm that is better than each other one, at all looks together; None where there is none yet."""
    if any(a.n == 0 for a in arms):
        return None
    sign = -1.0 if plan.metric in HARM else 1.0
    best = max(range(len(arms)), key=lambda i: sign * arms[i].mean)
    pairs = len(arms) * (len(arms) - 1) // 2
    for i, other in enumerate(arms):
        found = difference(other, arms[best], plan.planned, plan.alpha / pairs)
        worst = found.low if sign > 0.0 else found.high
        if i != best and (worst is None or sign * worst <= 0.0):
            return None
    return best


def _why(
    found: Outcomes, arms: Sequence[Arm], effects: Sequence[Mapping[str, Any]], uneven: bool, winner: str | None
) -> str:
    if uneven:
        return "the arms are not as large as planned: find out why before you believe the effect"
    waiting = sum(found.assigned) - sum(a.n for a in arms)
    later = f"; the time of {waiting} people is not over" if waiting else ""
    unknown = next((e["difference"]["why"] for e in effects if e["difference"]["value"] is None), None)
    if unknown:
        return f"{unknown}{later}"
    if winner:
        return f"{winner} is ahead, and may be called so however often one looks{later}"
    return f"the interval holds no difference as well{later}"


def _bandit(plan: Plan, found: Outcomes) -> dict[str, Any] | None:
    if plan.metric == "value":
        return None
    wins = [int(x.sum()) for x in found.outcome]
    if plan.metric in HARM:
        wins = [x.size - w for x, w in zip(found.outcome, wins, strict=True)]
    tries = [x.size for x in found.outcome]
    best, loss, next_ = probability_best(wins, tries), expected_loss(wins, tries), parts(wins, tries)
    return {
        "arms": [
            {"arm": a, "probability_best": best[i], "expected_loss": loss[i], "next_part": next_[i]}
            for i, a in enumerate(plan.arms)
        ],
        "how": "Thompson; Beta(1 + s, 1 + n - s) over everybody; effects are read off the tenth that is dealt evenly",
    }
