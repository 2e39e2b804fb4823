"""The difference, point by point: conversation to the left, the claim between, spread to the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from hubbub.report import words
from hubbub.report.points import Row, groups
from hubbub.report.words import Shown
from hubbub.terminal.face import MARK, STYLE, Face


def show_points(face: Face, document: Mapping[str, Any]) -> None:
    found = groups(document)
    if not found:
        return
    face.title("The difference, point by point")
    width = min(face.width, 110)
    side = max(10, min(26, (width - 4) * 3 // 10))
    stacked = face.width < 50
    for name, lines in found:
        face.print("")
        face.say(name, "dim")
        table = _two_sided(face, side, width)
        missing: dict[str, list[str]] = {}
        for r in lines:
            if r.nothing:
                missing.setdefault(r.nothing, []).append(r.metric)
                continue
            if stacked:
                _stack(face, r)
                continue
            a, b = _side(face, r.conversation, "conversation", r.won), _side(face, r.spread, "spread", r.won)
            table.add_row(a, _middle(face, r.claim if r.first else "", r.metric), b)
        if table.row_count:
            face.print(table)
        for why, metrics in missing.items():
            face.say(f"{words.sentence(why)[:-1]}: {'; '.join(metrics)}.", "dim")
    face.print("")
    signs = f"{MARK['conversation']} or {MARK['spread']} beside a number"
    face.say(f"{signs}: the claim is clearly more true there. No sign: no clear difference.", "dim")


def _stack(face: Face, r: Row) -> None:
    """A point on a narrow terminal: its metric, then a line for each side."""
    face.say(f"{r.claim}: {r.metric}" if r.first else r.metric)
    for side, shown in (("conversation", r.conversation), ("spread", r.spread)):
        mark = f" {MARK[side]}" if r.won == side else ""
        face.indent(face.text(f"{side} {shown}{mark}", STYLE[side]), 2)


def _two_sided(face: Face, side: int, width: int) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_edge=False, header_style="dim", width=width)
    table.add_column(face.text("conversation", STYLE["conversation"]), justify="right", width=side, overflow="fold")
    table.add_column(face.text("claim"), justify="center", overflow="fold")
    table.add_column(face.text("spread", STYLE["spread"]), justify="left", width=side, overflow="fold")
    return table


def _side(face: Face, shown: Shown, side: str, won: str | None) -> Text:
    """One side of a point; its mark stands towards the middle where the claim is clearly more true there."""
    if not shown.known:
        return face.text(shown.why, "dim")
    value = f"{shown.value} {MARK[side]}" if side == "conversation" else f"{MARK[side]} {shown.value}"
    found = face.text(value if won == side else shown.value, f"bold {STYLE[side]}")
    return found + face.text(f"\n{shown.interval}", "dim") if shown.interval else found


def _middle(face: Face, claim: str, metric: str) -> Text:
    return face.text(f"{claim}\n", "bold") + face.text(metric) if claim else face.text(metric)
