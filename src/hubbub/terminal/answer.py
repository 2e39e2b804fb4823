"""The answer at a glance: the sentence, the bar, why, the four ways, the credit, the plan, what the log cannot see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from hubbub.report import words
from hubbub.report.reading import (
    MODES,
    RULES,
    SIDES,
    Answer,
    answer_of,
    currency_of,
    effort,
    part,
    quantity_of,
    rows,
    sentences,
    whole,
)
from hubbub.report.words import clean, number
from hubbub.terminal.face import MARK, NARROW, STYLE, Face, cell, console, count
from hubbub.terminal.points import show_points

TOP = 5
"""Steps of the plan; the report has all."""
POORLY = 0.9
"""Where less than this part of shares or replies is seen, that is said."""

LINES = (
    ("Came back, days 30 to 59", "retained_30", "fraction"),
    ("Came back, days 90 to 119", "retained_90", "fraction"),
    ("Exchanges per person", "exchanges_per_person", ""),
    ("Opt-outs per 1,000 people", "opt_outs_per_person", "per mille"),
    ("Value", "value", "money"),
    ("Value per person", "value_per_person", "money"),
    ("Value per effort", "value_per_effort", "money"),
)


def show_compare(document: Mapping[str, Any], to: Console | None = None) -> None:
    """The sentence, the probability bar, the points, the modes, the credit, the plan and what the log cannot see."""
    face = Face(to or console())
    answer = answer_of(document)
    _head(face, document, answer)
    _bar(face, answer)
    _why(face, document, answer)
    show_points(face, document)
    _modes(face, document)
    _credit(face, document)
    _plan(face, document)
    _coverage(face, document)


def _head(face: Face, document: Mapping[str, Any], answer: Answer) -> None:
    log = document.get("log")
    activities, people = whole(part(log, "activities")), whole(part(log, "people"))
    said = [clean(document.get("brand"), 60), words.span(part(log, "first"), part(log, "last"))]
    if activities is not None:
        said.append(words.counted(activities, "activity", "activities"))
    if people is not None:
        said.append(words.counted(people, "person", "people"))
    line = " · ".join(x for x in said if x)
    if line:
        face.say(line, "dim")
        face.print("")
    face.say(answer.sentence, "bold")


def _bar(face: Face, answer: Answer) -> None:
    """The probability as a bar: conversation from the left, spread from the right, thresholds below."""
    face.print("")
    if answer.of_100 is None:
        counts = [f"{side} {answer.units.get(side, 0):,}" for side in SIDES]
        face.say(f"No probability below ten units on either side. Units so far: {words.listed(counts)}.")
        return
    width = min(face.width, 100)
    left = f"{MARK['conversation']} Conversation ahead: {answer.of_100} of 100"
    right = f"Spread: {100 - answer.of_100} {MARK['spread']}"
    if len(left) + len(right) + 2 > width:
        left = f"{MARK['conversation']} {answer.of_100} of 100"
    gap = " " * max(1, width - len(left) - len(right))
    face.print(face.text(left, STYLE["conversation"]) + face.text(gap) + face.text(right, STYLE["spread"]))
    filled = max(0, min(width - 1, round(width * answer.of_100 / 100)))
    bar = face.text("█" * filled, STYLE["conversation"]) + face.text("┃")
    face.print(bar + face.text("▒" * (width - filled - 1), STYLE["spread"]))
    _thresholds(face, width, answer.limit)


def _thresholds(face: Face, width: int, limit: int) -> None:
    low, high = round(width * (100 - limit) / 100), min(width - 1, round(width * limit / 100))
    middle = " cannot tell yet "
    between = high - low - 1
    ruler = "├" + (middle.center(between, "─") if between > len(middle) else "─" * between) + "┤"
    face.say(" " * low + ruler, "dim")
    below, above = f"below {100 - limit}: spread", f"from {limit}: conversation"
    room = high + 1 - low
    if len(below) + len(above) + 1 <= room:
        face.say(" " * low + below + above.rjust(room - len(below)), "dim")
    else:
        face.say(f"{below}; {above}", "dim")


def _why(face: Face, document: Mapping[str, Any], answer: Answer) -> None:
    face.print("")
    quantity = quantity_of(document)
    for side in SIDES:
        shown = words.estimate(part(document, "verdict", "ratio", side), quantity.unit)
        face.print(face.text(f"{MARK[side]} ", STYLE[side]) + face.text(f"{quantity.label}, {side}: {shown}"))
    for line in answer.why:
        face.indent(face.text(line), 2)
    needs = part(document, "verdict", "needs")
    said = sentences(part(needs, "sentence"))
    if said:
        face.say(f"What would settle it: {' '.join(said)}")
    for key, what in (("unanswered", "had no answer"), ("hidden", "came by shares whose parent is hidden")):
        people = whole(part(document, key, "people"))
        if people and part(document, key, "would_change_answer") is True:
            face.say(f"{words.counted(people, 'person', 'people')} {what}: they decide the answer.", "bold")


def _modes(face: Face, document: Mapping[str, Any]) -> None:
    if not isinstance(document.get("modes"), Mapping):
        return
    face.title("The four ways")
    for modes in (MODES,) if face.width >= NARROW else (MODES[:2], MODES[2:]):
        table = face.table(["", *(f"{MARK[mode]} {mode}" for mode in modes)])
        people = [count(part(document, "modes", mode, "people")) for mode in modes]
        face.row(table, ["People", *people])
        for name, key, unit in LINES:
            found = [words.estimate(part(document, "modes", m, key), unit, currency_of(document)) for m in modes]
            face.row(table, [name, *(cell(x) for x in found)])
        spent = [effort(document, part(document, "modes", mode, "effort")) or "none recorded" for mode in modes]
        face.row(table, ["Effort", *spent])
        face.print(table)


def _credit(face: Face, document: Mapping[str, Any]) -> None:
    given = part(document, "credit")
    found = {rule: part(given, rule) for rule in RULES if isinstance(part(given, rule), Mapping)}
    if not found:
        return
    face.title("Value under each rule of credit")
    level = currency_of(document)
    for modes in (MODES,) if face.width >= NARROW else (MODES[:2], MODES[2:]):
        table = face.table(["Rule", *modes], right=range(1, 5))
        for rule, by_mode in found.items():
            amounts = [words.money(part(by_mode, mode), level) or "not known" for mode in modes]
            face.row(table, [RULES[rule].split(" (")[0], *amounts])
        face.print(table)
    note = clean(document.get("credit_note"))
    if note:
        face.say(note, "dim")


def _plan(face: Face, document: Mapping[str, Any]) -> None:
    found = rows(document.get("plan"))
    if not found:
        return
    face.title("What next")
    for i, step in enumerate(found[:TOP], 1):
        mode = str(step.get("mode") or "")
        mark = f"{MARK[mode]} " if mode in MARK else ""
        unit = clean(step.get("effect_unit"), 60)
        shown = words.estimate(step.get("effect"), unit, currency_of(document))
        after = f" {unit}" if shown.known and not words.unit_of(unit).before and not words.unit_of(unit).after else ""
        title = clean(step.get("title"), 200) or clean(step.get("action"), 40)
        face.print(face.text(f"{i}. ") + face.text(mark, STYLE.get(mode, "")) + face.text(title, "bold"))
        why = words.sentence(clean(step.get("why")))
        face.indent(face.text(f"{why} Effect: {shown}{after}.".strip()), 3)
    if len(found) > TOP:
        face.say(f"{len(found) - TOP} more in the report.", "dim")


def _coverage(face: Face, document: Mapping[str, Any]) -> None:
    said = [f"{clean(c.get('channel'), 40)}: {line}" for c in rows(document.get("coverage")) for line in _blind(c)]
    said += sentences(document.get("notes"))
    known = whole(document.get("known_before"))
    if known:
        said.append(f"{words.counted(known, 'person was', 'people were')} known before and stand on no side.")
    if not said:
        return
    face.title("What the log cannot see")
    for line in said:
        face.indent(face.text(line), 2)


def _blind(channel: Mapping[str, Any]) -> list[str]:
    """What a channel does not show: its notes, else parts that are too small."""
    notes = sentences(channel.get("notes"))
    if notes:
        return notes
    out = []
    for key, what in (("parents", "who brought a share"), ("replies", "what a reply answers")):
        given = channel.get(key)
        seen = number(part(given, "value") if isinstance(given, Mapping) else given)
        if seen is not None and seen < POORLY:
            out.append(f"{what} is seen for {words.percent(seen)} only.")
    return out
