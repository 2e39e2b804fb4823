"""Charts of bars from zero: value under each rule of credit, relationship levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from hubbub.report import words
from hubbub.report.grid import Cell, Grid, Picture
from hubbub.report.reading import MODES, RULES, SIDES, currency_of, numbers, part
from hubbub.report.svg import FILL, at, bar, chart, el, text
from hubbub.report.words import number


def credit(document: Mapping[str, Any]) -> Picture:
    """Value by mode under each rule of credit: conversation from the left, spread from the right."""
    found = _credits(document)
    if not found:
        return Picture(why="There are no conversions to divide.")
    out: list[Markup] = []
    for i, (rule, by_mode) in enumerate(found.items()):
        out.extend(_credit_row(_rule(rule), by_mode, 22 + 26 * i))
    head = [text(22, 10, "conversation", "lc"), text(100, 10, "spread", "ls", "end")]
    head.append(text(61, 10, "broadcast, unknown", "", "middle"))
    main = found.get("linear") or next(iter(found.values()))
    total = sum(main.values())
    shares = [f"{mode} {words.percent(main.get(mode, 0.0) / total)}" for mode in SIDES] if total else []
    label = f"Value by mode under {len(found)} rules of credit. Linear gives {words.listed(shares)}."
    note = words.clean(part(document, "credit_note"))
    return Picture(chart(26 * len(found) + 28, label, *head, *out), _credit_grid(document, found), note=note)


def _credits(document: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Known credits by rule and mode; rules without any value are left out."""
    given = part(document, "credit")
    out = {}
    for rule in RULES:
        amounts = {mode: number(part(given, rule, mode)) for mode in MODES}
        known = {mode: x for mode, x in amounts.items() if x is not None}
        if any(known.values()):
            out[rule] = known
    return out


def _rule(rule: str) -> str:
    return RULES[rule].split(" (")[0]


def _credit_grid(document: Mapping[str, Any], found: Mapping[str, Mapping[str, float]]) -> Grid:
    currency = currency_of(document)
    table: list[tuple[Cell, ...]] = []
    for rule, row in found.items():
        amounts = [words.money(row.get(mode), currency) if currency else words.plain(row.get(mode)) for mode in MODES]
        table.append((_rule(rule), *(amount or "not said" for amount in amounts)))
    return Grid("Value credited, by rule", ("Rule", *(mode.capitalize() for mode in MODES)), table)


def _credit_row(name: str, by_mode: Mapping[str, float], y: float) -> list[Markup]:
    parts = {mode: max(0.0, by_mode.get(mode, 0.0)) for mode in MODES}
    total = sum(parts.values()) or 1.0
    fill = FILL | {"broadcast": "fo half", "unknown": "fk ring"}
    out = [text(0, y + 12, name)]
    x = 22.0
    for mode in ("conversation", "broadcast", "unknown", "spread"):
        width = 78 * parts[mode] / total
        if width <= 0:
            continue
        out.append(bar(x, x + width, fill[mode], y, 16))
        if mode == "spread":
            out.append(bar(x, x + width, "hatched", y, 16))
        if mode in SIDES and width > 9:
            share = words.percent(parts[mode] / total)
            if mode == "conversation":
                out.append(text(x + 0.8, y + 12, share, "onmark"))
            else:
                out.append(text(x + width - 0.8, y + 12, share, "onspread", "end"))
        x += width
    return out


LEVELS = (
    ("Stranger", "no touch"),
    ("Noticed", "a touch, no words"),
    ("Spoke", "said something to you"),
    ("Exchanged", "you answered each other"),
    ("Keeps exchanging", "on three days or more"),
    ("Advocates", "and passes on or makes"),
)


def bars(names: list[str], counts: list[int], label: str, class_: str, name_width: float = 30) -> Markup:
    """Horizontal bars from zero, each with its number."""
    most = max([*counts, 1])
    room = 88 - name_width
    out: list[Markup] = []
    for i, (name, n) in enumerate(zip(names, counts, strict=True)):
        y = 4 + 24 * i
        out.append(text(0, y + 12, name))
        width = room * n / most
        if n:
            out.append(bar(name_width, name_width + width, class_, y, 15))
            if class_ == "fs":
                out.append(bar(name_width, name_width + width, "hatched", y, 15))
        out.append(at(name_width + width, y, el("text", f"{n:,}", x=6, y=12, class_="lab")))
    return chart(24 * len(names) + 6, label, *out)


def levels(document: Mapping[str, Any]) -> Picture:
    """People at each relationship level."""
    counts = [round(x) for x in numbers(document.get("levels"))]
    if len(counts) != len(LEVELS) or not sum(counts):
        return Picture(why="Nobody has a level yet.")
    names = [f"{i} {name}" for i, (name, _) in enumerate(LEVELS)]
    talking = sum(counts[3:])
    label = f"People by relationship level. {talking:,} of {sum(counts):,} have exchanged words with the brand."
    table: list[tuple[Cell, ...]] = [
        (f"{name}: {what}", f"{n:,}", words.percent(n / sum(counts)))
        for (name, what), n in zip(names_and_meaning(), counts, strict=True)
    ]
    grid = Grid("People at each level", ("Level", "People", "Of all"), table)
    return Picture(bars(names, counts, label, "fc", 38), grid)


def names_and_meaning() -> list[tuple[str, str]]:
    """Levels with their number and what they mean."""
    return [(f"{i} {name}", what) for i, (name, what) in enumerate(LEVELS)]
