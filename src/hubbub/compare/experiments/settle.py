"""Whether an experiment has settled the question: arms `conversation` and `spread`, and a decided reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from hubbub.compare.experiments.document import ahead, arms_of, evenness
from hubbub.compare.experiments.sequence import Arm, probability_above
from hubbub.compare.experiments.trial import clusters, outcomes
from hubbub.compare.money import spent
from hubbub.tables import Ledger, Plan, Trial

SIDES = ("conversation", "spread")
QUANTITY = {"value": "value", "converts": "conversions", "returns": "retained_30"}
"""What of the verdict a metric answers; the others answer nothing of it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a decided experiment says. probability : of conversation, by the normal approximation"""

    name: str
    answer: str
    quantity: str
    probability: float
    unit_of_effort: str | None
    why: str


def settled(ledger: Ledger, cascades: pa.Table) -> Settled | None:
    """The last decided experiment that holds conversation against spread; None where there is none."""
    for trial in sorted(ledger.trials, key=lambda t: (t.plan.started_us or 0, t.plan.name), reverse=True):
        found = _of(trial, ledger, cascades)
        if found is not None:
            return found
    return None


def _of(trial: Trial, ledger: Ledger, cascades: pa.Table) -> Settled | None:
    plan = trial.plan
    if plan.metric not in QUANTITY:
        return None
    together = clusters(cascades, plan.started_us) if plan.by == "cluster" else {}
    every = outcomes(trial, together)
    if evenness(plan, every)[2]:
        return None
    arms, unit = _per_effort(plan, arms_of(plan, every.judged), every.assigned, ledger)
    two = [arms[plan.arms.index(side)] for side in SIDES]
    pair = replace(plan, arms=SIDES, parts=(1.0, 1.0))
    best = ahead(pair, two)
    if best is None:
        return None
    quantity = "value_per_effort" if unit else QUANTITY[plan.metric]
    per = f" per unit of effort ({unit})" if unit else " per person assigned"
    why = (
        f"The experiment {plan.name} decided it: {SIDES[best]} brought more {_words(plan)}{per}, "
        f"{two[0].mean:.4g} by conversation against {two[1].mean:.4g} by spread, "
        f"over {two[0].n + two[1].n} people assigned by chance."
    )
    return Settled(plan.name, SIDES[best], quantity, probability_above(two[1], two[0]), unit, why)


def _words(plan: Plan) -> str:
    days = f"within {plan.window_days:g} days"
    return {"value": f"value {days}", "converts": f"buyers {days}", "returns": f"people who came back {days}"}[
        plan.metric
    ]


def _per_effort(
    plan: Plan, arms: Sequence[Arm], assigned: Sequence[int], ledger: Ledger
) -> tuple[list[Arm], str | None]:
    """Means per unit of effort, where effort.csv has lines of the experiment (as campaign) for both sides."""
    mine = replace(ledger, effort=tuple(e for e in ledger.effort if e.campaign == plan.name))
    cost = spent(mine)
    if plan.metric != "value" or not all(cost.by_mode.get(side) for side in SIDES) or not cost.unit:
        return list(arms), None
    out = []
    for name, arm, n in zip(plan.arms, arms, assigned, strict=True):
        effort = float(cost.by_mode.get(name) or 0.0)
        times = n / effort if effort else 0.0
        out.append(replace(arm, mean=arm.mean * times, variance=arm.variance * times * times))
    return out, cost.unit
