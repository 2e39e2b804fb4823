"""What lasts: Kaplan-Meier curves with their bands."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from markupsafe import Markup

from hubbub.report import words
from hubbub.report.grid import Cell, Grid, Picture
from hubbub.report.reading import MODES, SIDES, part, whole
from hubbub.report.svg import FILL, INK, STROKE, chart, el, line, stretched, text
from hubbub.report.words import Shown, number


def curves(document: Mapping[str, Any]) -> Picture:
    """Kaplan-Meier curves with their bands, at most three lines; all four origins in the table."""
    given = part(document, "curves")
    found = {mode: _steps_of(part(given, mode)) for mode in MODES}
    known = {mode: steps_ for mode, steps_ in found.items() if steps_}
    if not known:
        return Picture(why="Nobody can be followed for 30 days yet.")
    drawn: list[str] = [mode for mode in ("spread", "broadcast", "conversation") if mode in known] or list(known)
    last = max(known[mode][-1][0] for mode in drawn)
    last = max(last, 30.0)
    bands, lines_ = [], []
    for mode in drawn:
        if mode in SIDES:
            bands.append(el("path", class_=f"{FILL[mode]} band", d=_band(known[mode], last)))
        lines_.append(el("path", class_=f"ln {STROKE[mode]}{_dashed(mode)}", d=_walk(known[mode], last)))
    out = [*_survival_grid(last), stretched(250, *bands, *lines_), *_end_labels(document, known, drawn)]
    label = "Share of people still active by days since first seen. " + " ".join(
        f"{mode.capitalize()}: {words.percent(_survival_at(known[mode], 60))} on day 60." for mode in reversed(drawn)
    )
    return Picture(chart(258, label, *out), _curve_table(document, found))


Step = tuple[float, float, float | None, float | None]


def _steps_of(curve: object) -> list[Step]:
    """(day, survival, low, high) of a curve, from day 0 on."""
    columns = [part(curve, key) for key in ("days", "survival", "low", "high")]
    if not all(isinstance(column, list | tuple) for column in columns[:2]):
        return []
    days, survival = columns[0], columns[1]
    bounds = [c if isinstance(c, list | tuple) and len(c) == len(days) else [None] * len(days) for c in columns[2:]]
    out: list[Step] = []
    for d, s, low, high in zip(days, survival, *bounds, strict=False):
        at_day, still = number(d), number(s)
        if at_day is not None and still is not None:
            out.append((at_day, still, number(low), number(high)))
    if out and out[0][0] > 0:
        out.insert(0, (0.0, 1.0, 1.0, 1.0))
    return out


def _survival_at(curve: list[Step], day: float) -> float:
    return next((s for d, s, _, _ in reversed(curve) if d <= day), 1.0)


def _y(survival: float) -> float:
    return 220 - 196 * max(0.0, min(1.0, survival))


def _xy(day: float, survival: float, last: float) -> str:
    return f"{1000 * min(1.0, day / last):.1f} {_y(survival):.1f}"


def _walk(curve: list[Step], last: float) -> str:
    """A step line as path data."""
    parts = [f"M{_xy(curve[0][0], curve[0][1], last)}"]
    for before, now in pairwise(curve):
        parts.append(f"L{_xy(now[0], before[1], last)} {_xy(now[0], now[1], last)}")
    parts.append(f"L{_xy(last, curve[-1][1], last)}" if curve[-1][0] >= last else "")
    return "".join(parts)


def _band(curve: list[Step], last: float) -> str:
    """The band between low and high as path data; where there is no band it has no height."""
    low = [(d, s if a is None else a) for d, s, a, _ in curve]
    high = [(d, s if b is None else b) for d, s, _, b in curve]
    there = [_xy(high[0][0], high[0][1], last)]
    for before, now in pairwise(high):
        there += [_xy(now[0], before[1], last), _xy(now[0], now[1], last)]
    back = []
    for before, now in pairwise(low):
        back += [_xy(now[0], before[1], last), _xy(now[0], now[1], last)]
    return "M" + " ".join([*there, *reversed(back), _xy(low[0][0], low[0][1], last)]) + "z"


def _dashed(mode: str) -> str:
    return {"conversation": "", "spread": " dash"}.get(mode, " dots")


def _survival_grid(last: float) -> list[Markup]:
    out = [line(0, 100, _y(s), _y(s), "ax0" if s == 0 else "ax") for s in (0, 0.25, 0.5, 0.75, 1)]
    out += [text(0, _y(s) - 4, f"{100 * s:.0f}%") for s in (0.25, 0.5, 0.75)]
    out.append(text(100, _y(1) - 4, "100% still active", "", "end"))
    gap = next(g for g in (30, 60, 90, 180, 360, 3600) if last / g <= 8 or g == 3600)
    for day in range(0, int(last) + 1, gap):
        anchor = "start" if day == 0 else "end" if day / last > 0.97 else "middle"
        out.append(line(100 * day / last, 100 * day / last, 220, 224, "ax0"))
        if day / last < 0.8:
            out.append(text(100 * day / last, 238, str(day), "", anchor))
    out.append(text(100, 238, f"{last:.0f} days", "", "end"))
    return out


def _end_labels(document: Mapping[str, Any], known: Mapping[str, list[Step]], drawn: list[str]) -> list[Markup]:
    """Labels at the right end, at least 15 pixels apart, in the order of the curves."""
    ordered = sorted(drawn, key=lambda mode: known[mode][-1][1])
    out, floor = [], 214.0
    for mode in ordered:
        y = min(_y(known[mode][-1][1]) - 6, floor)
        floor = y - 15
        people = whole(part(document, "curves", mode, "people"))
        name = mode.capitalize() + (f", {words.counted(people, 'person', 'people')}" if people is not None else "")
        out.append(text(100, y, name, f"{INK.get(mode, 'lo')} halo", "end"))
    return out


def _curve_table(document: Mapping[str, Any], found: Mapping[str, list[Step]]) -> Grid:
    table: list[tuple[Cell, ...]] = []
    for day in (30, 60, 90, 120, 180):
        row: list[Cell] = [f"day {day}"]
        for mode in MODES:
            curve = found[mode]
            if not curve or curve[-1][0] < day:
                row.append(Shown(why="not seen so long" if curve else "nobody"))
                continue
            step = next(s for s in reversed(curve) if s[0] <= day)
            row.append(words.estimate({"value": step[1], "low": step[2], "high": step[3]}, "fraction"))
        table.append(tuple(row))
    return Grid("Still active, by days since first seen", ("Day", *(mode.capitalize() for mode in MODES)), table)
