"""Experiments: the plan of one, who was assigned, what it shows so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from hubbub.report import words
from hubbub.report.reading import part, rows
from hubbub.report.words import clean
from hubbub.terminal.face import Face, cell, console, count, percent


def show_plan_of_experiment(document: Mapping[str, Any], to: Console | None = None) -> None:
    """The size of an experiment, and what it is worth."""
    face = Face(to or console())
    arms = rows(document.get("arms"))
    each = count(arms[0].get("people")) if arms else "-"
    face.say(f"{count(document.get('people_needed'))} people, {each} an arm.", "bold")
    start, goal = words.plain(document.get("from")), words.plain(document.get("to"))
    face.say(f"To tell {start} from {goal} ({clean(document.get('metric'), 20)}): {clean(document.get('why'))}.")
    sized = document.get("clusters")
    if isinstance(sized, Mapping):
        effect = words.plain(sized.get("design_effect"))
        face.say(f"{count(sized.get('clusters'))} clusters an arm; design effect {effect}. {clean(sized.get('why'))}")
    gain = words.estimate(part(document, "value_of_information", "evsi"))
    currency = clean(part(document, "value_of_information", "currency"), 3)
    face.say(f"Worth about {gain.value} {currency}." if gain.known else f"What it is worth is not known: {gain.why}.")


def show_started(document: Mapping[str, Any], to: Console | None = None) -> None:
    """How many people each arm has."""
    face = Face(to or console())
    face.say(f"{clean(document.get('experiment'), 60)}: {count(document.get('added'))} people assigned.", "bold")
    table = face.table(["Arm", "People"], (1,))
    for a in rows(document.get("arms")):
        face.row(table, [clean(a.get("arm"), 40), count(a.get("people"))])
    face.print(table)
    face.say(f"Who is in which arm: {clean(document.get('file'))}", "dim")


def show_experiment(document: Mapping[str, Any], to: Console | None = None) -> None:
    """Each arm, the effect with an interval that holds at every look, and whether it is decided."""
    face = Face(to or console())
    decided = clean(document.get("decided"), 40)
    face.say(f"Decided: {decided}." if decided else "Not decided yet.", "bold")
    face.say(f"{words.sentence(clean(document.get('why')))}")
    table = face.table(["Arm", "Assigned", "Time over", "Events", clean(document.get("metric"), 20)], range(1, 5))
    for a in rows(document.get("arms")):
        counts = [count(a.get(key)) for key in ("assigned", "people", "events")]
        face.row(table, [clean(a.get("arm"), 40), *counts, cell(words.estimate(a.get("mean")))])
    face.print(table)
    for e in rows(document.get("effects")):
        found = words.estimate(e.get("difference"))
        said = f"{found.value} ({found.interval})" if found.known else found.why
        face.say(f"{clean(e.get('arm'), 40)} less {clean(e.get('against'), 40)}: {said}")
    for a in rows(part(document, "bandit", "arms")):
        best, later = percent(a.get("probability_best")), percent(a.get("next_part"))
        face.say(f"{clean(a.get('arm'), 40)}: best in {best}; of those to come it gets {later}.")
    if part(document, "sample_ratio", "ok") is False:
        face.say("The arms are not as large as planned. Find out why before you believe the effect.", "bold")
