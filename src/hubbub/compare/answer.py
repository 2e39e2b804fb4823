"""The verdict in words and numbers, and what it would take to know."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hubbub.compare.draws import DRAWS
from hubbub.compare.frame import People
from hubbub.compare.money import Spent
from hubbub.compare.together import Together
from hubbub.compare.value_of_information import Clusters, clusters, cut, evpi, evsi, evsi_by_side, two_proportions
from hubbub.compare.verdict import (
    FEW_UNITS,
    NAMED_AT,
    SIDES,
    TOO_MANY_TIMES,
    Decision,
    Odds,
    Question,
    Units,
    ask,
    decide,
    differs,
    hidden_decides,
    interval,
    markov_odds,
    needed_units,
    settle,
    units_of,
)
from hubbub.estimate import Estimate
from hubbub.tables import RULES, Ledger

if TYPE_CHECKING:
    from hubbub.compare.experiments.settle import Settled

FloatArray = npt.NDArray[np.float64]

POWER = 0.8
FEW_DRAWN = 5
"""With fewer units on a side its draws say nothing of what more would tell."""
SMALLEST_EFFECT = 0.2
"""Relative difference to plan for where the log shows none."""
PUBLISHED_RULES = (*RULES[:5], "markov", RULES[5])
HUMAN = {"conversation": "conversation", "spread": "spread"}
OBJECT = {
    "value_per_effort": "what each side brought per unit of effort",
    "value": "the value that each side brought",
    "conversions": "the conversions that each side brought",
    "retained_30": "the people of each side who came back after 30 days",
}
OBSERVED = "It is observed, not tested: who would have come anyway cannot be seen in a log."
UNSEEN = "each side gets one hit that nobody has seen yet"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict and its variants; `json` is its part of the document, `observed` the decision before any variant."""

    question: Question
    units: Units
    observed: Decision
    decision: Decision
    hidden_changes: bool
    unanswered_changes: bool
    evpi: Estimate
    evsi: Estimate
    json: dict[str, Any]


def verdict(people: People, ledger: Ledger, effort: Spent, together: Together, seed: int, level: float) -> Verdict:
    """Decide, once more for each variant, and say why."""
    question = ask(people, ledger, effort)
    units = units_of(people, question)
    base = decide(units, question, seed)
    hidden = _variant(people, question, "hidden", base, seed)
    unanswered = _variant(people, question, "unanswered", base, seed)
    final = settle(base, hidden)
    counted = question.quantity != "retained_30"
    markov = markov_odds(people, question, units, DRAWS, seed) if counted else None
    hidden_changes, other = hidden_decides(base, hidden), unanswered is not None and unanswered.answer != base.answer
    best = _best(units, base)
    why = _why(question, ledger, effort, base, best)
    if hidden_changes and hidden is not None:
        why.append(f"Hidden parents decide it: if they were people, the answer would be {_said(hidden.answer)}.")
    if other and unanswered is not None:
        said = _said(unanswered.answer)
        why.append(f"If those whom nobody answered counted as conversation, the answer would be {said}.")
    elif int(np.count_nonzero(people.flags("unanswered") == 1)):
        why.append("It would not differ if those whom nobody answered counted as conversation.")
    why.append(OBSERVED)
    needs = _needs(people, ledger, effort, question, units, base, final, hidden_changes)
    known = not base.few
    json = {
        "answer": final.answer,
        "probability_conversation": base.main.probability if known else None,
        "sentence": _sentence(final.answer, base, question, together, hidden_changes),
        "why": why,
        "basis": "observed",
        "experiment": None,
        "quantity": question.quantity,
        "unit_of_effort": effort.unit if question.quantity == "value_per_effort" else None,
        "together": together.word,
        "needs": needs.json if final.answer == "cannot_tell" else None,
        "tests": {
            "ahead": base.main.ahead,
            "leader": base.main.leader,
            "leader_without_best": base.main.without_best,
            "draws": base.draws,
        },
        "rules": {rule: _probability(rule, base, markov if known else None) for rule in PUBLISHED_RULES},
        "best_unit": best,
        "units": units.now,
        "ratio": {side: _side(units, question, base, j, side, level).to_json() for j, side in enumerate(SIDES)},
        "draw_quantiles": _quantiles(base),
    }
    return Verdict(question, units, base, final, hidden_changes, other, needs.evpi, needs.evsi, json)


def by_experiment(found: Verdict, settled: Settled) -> Verdict:
    """The verdict as an experiment decided it; what was observed stays below, as observed."""
    matters = "Conversation" if settled.answer == "conversation" else "Spread"
    observed = [line for line in found.json["why"] if line != OBSERVED]
    json = found.json | {
        "answer": settled.answer,
        "probability_conversation": settled.probability,
        "sentence": f"{matters} matters more here: an experiment decided it.",
        "why": [settled.why, f"What was observed alone: {found.json['sentence']}", *observed],
        "basis": "experiment",
        "quantity": settled.quantity,
        "unit_of_effort": settled.unit_of_effort,
        "needs": None,
        "experiment": settled.name,
    }
    return replace(found, decision=replace(found.decision, answer=settled.answer), json=json)


def _variant(people: People, question: Question, variant: str, base: Decision, seed: int) -> Decision | None:
    if not differs(people, variant):
        return None
    return decide(units_of(people, question, variant), question, seed, name="verdict")


def _probability(rule: str, base: Decision, markov: Odds | None) -> float | None:
    if base.few or (rule not in base.odds and rule != "markov"):
        return None
    found = markov if rule == "markov" else base.odds[rule]
    if len(base.odds) == 1 or found is None:
        return None
    return found.probability


def _said(answer: str) -> str:
    return "cannot tell" if answer == "cannot_tell" else answer


def _of_100(x: float) -> str:
    """How many of 100 draws; 100 only where it is every one."""
    return "100" if x >= 1.0 else f"{min(100.0 * x, 99.9):.3g}"


def _percent(x: float) -> str:
    """A part in words; neither 0 nor 100 where it is not exactly that."""
    if 0.0 < x < 0.001:
        return "under 0.1 %"
    if 0.999 < x < 1.0:
        return "over 99.9 %"
    return f"{100.0 * x:.3g} %"


def _best(units: Units, base: Decision) -> dict[str, Any] | None:
    """The leader's best unit and the part of its side that it brought."""
    row = base.main.best
    if row < 0:
        return None
    side = SIDES.index(base.main.leader)
    whole = int(units.values[:, side].sum())
    part = float(units.values[row, side]) / whole if whole > 0 else None
    return {"mode": base.main.leader, "unit": units.name(int(units.label[row])), "part": part}


def _side(units: Units, question: Question, base: Decision, j: int, side: str, level: float) -> Estimate:
    if question.quantity == "retained_30" and not len(units.values):
        return Estimate.unknown("nobody of either side came back after 30 days, or nobody could yet")
    low, high = interval(base.drawn, side, level)
    value = float(int(units.values[:, j].sum())) * question.scale[j]
    how = f"{question.quantity}; draws of units, one unseen unit at the upper end"
    return Estimate(value, low, high, level, int(np.count_nonzero(units.values[:, j])), how)


def _quantiles(base: Decision) -> list[float]:
    difference = base.drawn.conversation_unseen - base.drawn.spread_unseen
    return [float(x) for x in np.quantile(difference, (np.arange(100) + 0.5) / 100.0)]


def _sentence(answer: str, base: Decision, question: Question, together: Together, hidden: bool) -> str:
    rides = together.word in ("both", "spread_rides_on_conversation")
    if answer == "conversation":
        tail = " Both, talk first: shares by people who talked with the brand travel further." if rides else ""
        return f"Conversation matters more here, ahead in {_of_100(base.main.probability)} of 100 draws.{tail}"
    if answer == "spread":
        tail = " Both, talk first: shares by people who talked with the brand travel further." if rides else ""
        return f"Spread matters more here, ahead in {_of_100(1.0 - base.main.probability)} of 100 draws.{tail}"
    if base.few:
        return "Too little " + " and ".join(base.few) + " to compare yet."
    if hidden:
        return "We cannot tell: networks hide who brought whom, and that decides it."
    if base.vetoed_by:
        return f"We cannot tell yet: the rule of credit decides it ({', '.join(base.vetoed_by)} sees it the other way)."
    return f"We cannot tell yet. {base.main.leader.capitalize()} is probably ahead."


def _why(question: Question, ledger: Ledger, effort: Spent, base: Decision, best: dict[str, Any] | None) -> list[str]:
    out = [f"Compared is {OBJECT[question.quantity]}."]
    if question.quantity == "retained_30":
        out.append("There are no conversions in the log.")
    elif question.quantity != "value_per_effort":
        out.append(f"Effort is left out: {effort.why}.")
    if ledger.valued_why:
        out.append(ledger.valued_why if ledger.valued_why.endswith(".") else f"{ledger.valued_why}.")
    for side in base.few:
        out.append(f"{_count(base, side)} {HUMAN[side]}; {FEW_UNITS} are needed.")
    main = base.main
    if base.few and best is None:
        return out
    own = main.ahead if main.leader == "conversation" else 1.0 - main.ahead
    out.append(f"{main.leader.capitalize()} is ahead in {_percent(own)} of the draws, in which {UNSEEN}.")
    if best is not None:
        if best["part"] is not None:
            out.append(f"One unit ({best['unit']}) brought {_percent(best['part'])} of what {main.leader} brought.")
        without = _percent(main.without_best)
        out.append(f"If that best hit had never happened, {main.leader} would be ahead in {without} of the draws.")
    else:
        out.append(f"{main.leader.capitalize()} has no hit of its own to do without.")
    failed = [
        name for name, x in (("with unseen hits", own), ("without its best hit", main.without_best)) if x < NAMED_AT
    ]
    if failed:
        out.append(f"The test that fails: the lead {' and the lead '.join(failed)} stays below {_percent(NAMED_AT)}.")
    for rule in base.vetoed_by:
        out.append(f"By the rule of credit `{rule}` the other side is ahead.")
    if len(base.odds) > 1:
        out.append("Credit is accounting, not effect; the main rule is linear.")
    return out


def _count(base: Decision, side: str) -> str:
    now = base.now.get(side, 0)
    return f"{now} unit{'' if now == 1 else 's'} touched by"


@dataclass(frozen=True, slots=True)
class Needs:
    """What it would take, and what knowing is worth."""

    json: dict[str, Any]
    evpi: Estimate
    evsi: Estimate


def _needs(
    people: People,
    ledger: Ledger,
    effort: Spent,
    question: Question,
    units: Units,
    base: Decision,
    final: Decision,
    hidden_changes: bool,
) -> Needs:
    times = needed_units(1, base.main.weaker)
    kind = _kind(base, times, hidden_changes)
    now = {side: units.now.get(side, 0) for side in SIDES}
    needed: dict[str, int | None] = dict.fromkeys(SIDES)
    if kind == "first_units":
        needed = {side: max(FEW_UNITS, now[side]) for side in SIDES}
    elif kind == "more_units":
        needed = {side: math.ceil(round(now[side] * times, 9)) for side in SIDES}
    test = _experiment(people, ledger)
    extra = 2 * (test["per_arm"] or 0)
    if kind != "experiment":
        extra = sum((needed[side] or 0) - now[side] for side in SIDES)
    more = [(needed[side] or 0) - now[side] for side in SIDES]
    worth = information(ledger, effort, question, base, list(now.values()), more if base.few else extra)
    json = {
        "kind": kind,
        **{side: {"now": now[side], "needed": needed[side]} for side in SIDES},
        "experiment": test,
        "value_of_information": {
            "evpi": worth[0].to_json(),
            "evsi": worth[1].to_json(),
            "currency": ledger.currency if worth[0].known else None,
            "why": worth[0].how or worth[0].why,
        },
        "sentence": _needs_sentence(kind, needed, test, hidden_changes),
    }
    return Needs(json, *worth)


def _kind(base: Decision, times: float, hidden_changes: bool) -> str:
    if base.few:
        return "first_units"
    # Where the tests are passed, what stands in the way is the rule of credit or hidden parents: no more units help.
    if base.vetoed_by or hidden_changes or times > TOO_MANY_TIMES:
        return "experiment"
    return "more_units"


def _needs_sentence(kind: str, needed: dict[str, int | None], test: dict[str, Any], hidden_changes: bool) -> str:
    if kind == "first_units":
        return f"At least {FEW_UNITS} units touched by conversation and {FEW_UNITS} by spread are needed."
    if kind == "more_units":
        talk, spread = needed["conversation"], needed["spread"]
        return f"About {talk:,} units of conversation and {spread:,} of spread would settle it."
    first = "Give shares links of their own, so that parents are seen; or run an experiment" if hidden_changes else (
        "More of the same does not settle it; run an experiment"
    )  # fmt: skip
    return f"{first} with {test['per_arm']:,} people an arm." if test["per_arm"] else f"{first}."


def _experiment(people: People, ledger: Ledger) -> dict[str, Any]:
    """Two arms, power .8: the difference that the log shows, or a fifth where it shows less."""
    counted = ledger.valued != "none"
    metric = "fraction of people who convert" if counted else "retained_30"
    hit = people.ints("conversions") > 0 if counted else people.flags("retained_30") == 1
    eligible = np.ones(people.n, dtype=np.bool_) if counted else people.flags("retained_30") >= 0
    out: dict[str, Any] = {"per_arm": None, "metric": metric, "from": None, "to": None, "power": POWER, "why": ""}
    met = eligible & (people.origin >= 0)
    start = float(hit[met].mean()) if np.any(met) else 0.0
    if not 0.0 < start < 1.0:
        return {**out, "why": "the log shows no rate to start from"}
    arms = [hit[eligible & (people.origin == j)] for j in (0, 1)]
    seen = abs(float(arms[0].mean()) - float(arms[1].mean())) if len(arms[0]) and len(arms[1]) else 0.0
    step, why = seen, "the difference between the two origins in the log"
    if seen < SMALLEST_EFFECT * start:
        step, why = SMALLEST_EFFECT * start, "a fifth more than now, for the log shows less"
    goal = start + step if start + step < 1.0 else (start + 1.0) / 2.0
    n = two_proportions(start, goal, 0.05, POWER)
    sized = _clustered(people, n)
    tail = f"; {sized.persons} people an arm if whole cascades stay together" if sized else ""
    few = "; fewer than 15 cascades an arm" if sized and sized.too_few else ""
    why = f"{why}; two-sided .05{tail}{few}"
    return {**out, "per_arm": math.ceil(round(n, 9)), "from": start, "to": goal, "why": why}


def _clustered(people: People, n: float) -> Clusters | None:
    unit = people.unit.codes
    size = np.bincount(unit[unit >= 0])
    size = size[size > 0]
    if not len(size):
        return None
    m = float(size.mean())
    return clusters(n, m, float(size.std()) / m)


def information(
    ledger: Ledger, effort: Spent, question: Question, base: Decision, now: list[int], more: int | list[int]
) -> tuple[Estimate, Estimate]:
    """EVPI and EVSI in money at the effort spent so far, from the draws cut at their ends.

    now : units of each side; more : units to come, of either side; or of each, where a side has few of its own, so that
        each is narrowed by itself. From FEW_DRAWN units a side the draws are taken as they are, unseen hits and all.
    """
    if ledger.valued != "value" or question.quantity not in ("value", "value_per_effort"):
        unknown = Estimate.unknown("conversions have no value in money")
        return unknown, unknown
    if min(now) < FEW_DRAWN:
        unknown = Estimate.unknown(f"too few units to draw: fewer than {FEW_DRAWN} on a side")
        return unknown, unknown
    stake = 1.0
    if question.quantity == "value_per_effort":
        stake = sum(float(effort.by_mode[side] or 0.0) for side in SIDES)
    sides = [base.drawn.conversation_unseen * stake, base.drawn.spread_unseen * stake]
    mean, sd = cut(sides[0] - sides[1])
    how = "about: normal approximation to draws cut at their 1st and 99th percentile, at the effort spent so far"
    whole = Estimate(evpi(mean, sd), n=sum(now), how=how)
    if isinstance(more, list):
        worth = evsi_by_side(mean, sd, [cut(side)[1] ** 2 for side in sides], now, more)
        return whole, Estimate(worth, n=sum(more), how=f"{how}; {sum(more)} more units, few so far")
    if more <= 0:
        return whole, Estimate.unknown("no further units are asked for")
    worth = evsi(mean, sd, sd * math.sqrt(max(1, sum(now))), more)
    return whole, Estimate(worth, n=more, how=f"{how}; {more} more units")
