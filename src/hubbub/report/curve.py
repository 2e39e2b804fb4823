"""The curve under a tree: shares so far, and the forecast with its band on the same hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from markupsafe import Markup

from hubbub.report import words
from hubbub.report.reading import part
from hubbub.report.svg import el, line, short, stretched, text
from hubbub.report.tree import Shares
from hubbub.report.words import Shown, clean, instant, number

CURVE = 104.0
"""Height of the curve in pixels."""
FAR = 0.98
"""Where the last shares come very late, the axis ends when so many of them had happened."""
ROOM, ROOM_WITH_FORECAST = 1.12, 1.3
"""The axis of a running cascade ends so many times its age."""
MOST_ROOM = 2.5
"""A band that goes higher than so many times what is there is cut, and its number says how far it goes."""
STEPS = 300


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is said, or was said early on, of the number of shares in the end.

    hours : when it was said, since the root; seen : shares at that moment; running : whether the end is still to come
    low, high : NaN where the band has no end; final : in words, or why there is none; past : how it did on the past
    """

    hours: float
    seen: int
    running: bool
    value: float | None
    low: float
    high: float
    final: Shown
    past: str

    @property
    def sentence(self) -> str:
        """The forecast, its model and its past errors, or the reason why there is none."""
        if not self.final.known:
            return f"No forecast: {words.sentence(self.final.why)}"
        if self.running:
            return f"It will end near {self.final.value} ({self.final.interval}). {self.past}"
        said = f"Said {words.hours(self.hours)} after the start: {self.final.value} ({self.final.interval})."
        return f"{said} {self.past}"


def foreseen_of(row: Mapping[str, Any], forecast: object) -> Foreseen | None:
    """The forecast of a document in shares (documents count the root); None where none was asked for."""
    final, age = part(forecast, "final_size"), number(part(forecast, "age_hours"))
    if not isinstance(final, Mapping) or age is None:
        return None
    value, low, high = (_without_root(final.get(key)) for key in ("value", "low", "high"))
    shown = words.estimate({**final, "value": value, "low": low, "high": high})
    return Foreseen(
        hours=age,
        seen=round((number(part(forecast, "size_now")) or 1.0) - 1.0),
        running=bool(row.get("running")),
        value=value,
        low=float("nan") if low is None else low,
        high=float("nan") if high is None else high,
        final=shown,
        past=_past(forecast) if shown.known else "",
    )


def _without_root(x: object) -> float | None:
    found = number(x)
    return None if found is None else found - 1.0


def _past(forecast: object) -> str:
    """The model that speaks, and how it did on past cascades of the same log."""
    method = clean(part(forecast, "method"), 40)
    models = part(forecast, "models")
    own: Mapping[str, Any] = next(
        (m for m in models or [] if isinstance(m, Mapping) and m.get("name") == method), {}
    )  # fmt: skip
    tested = number(own.get("tested_on"))
    error, held = words.percent(own.get("median_error")), words.percent(own.get("interval_coverage"))
    name = {"naive": "Naive, the number so far"}.get(method, method[:1].upper() + method[1:])
    if not tested or not error or not held:
        return f"Model: {name}; too few past cascades to test it on."
    return f"{name}: on {tested:,.0f} past cascades at this age it missed by {error} in the median; bands held {held}."


@dataclass(frozen=True, slots=True)
class Hours:
    """The common axis of tree and curve: from the root to `end`; what happened stops at `now`."""

    end: float
    now: float
    cut: int

    def x(self, hours: float) -> float:
        """Position in thousandths of the width."""
        return 1000 * min(1.0, hours / self.end)


def hours_of(row: Mapping[str, Any], shares: Shares, end: datetime | None, foreseen: Foreseen | None) -> Hours:
    """The axis of a cascade; a running one leaves room for what has not happened yet."""
    ordered = np.sort(shares.hours)
    last = float(ordered[-1]) or 1.0
    first, until = instant(row.get("first")), instant(end)
    if row.get("running") and first and until and until > first:
        now = max(last, (until - first).total_seconds() / 3600)
        return Hours(now * (ROOM_WITH_FORECAST if foreseen and foreseen.final.known else ROOM), now, 0)
    most = float(ordered[min(len(ordered) - 1, int(FAR * len(ordered)))]) or last
    if last > 3 * most:
        return Hours(1.25 * most, 1.25 * most, int(np.count_nonzero(shares.hours > 1.25 * most)))
    return Hours(last, last, 0)


def curve(shares: Shares, axis: Hours, top: float, foreseen: Foreseen | None) -> list[Markup]:
    """Shares so far as steps, the forecast dashed with its band; the zero line lies CURVE below `top`."""
    n = shares.n - 1
    limit = _limit(n, foreseen)
    base = top + CURVE

    def y(count: float) -> float:
        return base - CURVE * min(1.0, count / limit)

    hours = np.sort(shares.hours[1:])
    keep = np.unique(np.linspace(0, len(hours) - 1, min(len(hours), STEPS)).astype(np.int64))
    steps = [f"M0 {short(base)}"]
    steps += [f"H{short(axis.x(float(hours[i])))}V{short(y(i + 1))}" for i in keep.tolist()]
    steps.append(f"H{short(axis.x(axis.now))}")
    drawn: list[Markup] = []
    words_: list[Markup] = []
    if foreseen is not None:
        drawn, words_ = _forecast(foreseen, axis, top, y)
    out = [line(0, 100, base, base, "ax0"), line(0, 100, y(n), y(n), "ax")]
    out.append(stretched(top, *drawn, el("path", class_="ln ss", d="".join(steps))))
    out.append(text(0, y(n) - 5, words.counted(n, "share"), "ls halo"))
    if axis.now < axis.end:
        out.append(text(axis.x(axis.now) / 10 - 0.6, base - 6, "end of the log", "lab halo", "end"))
    return [*out, *words_]


def _limit(n: int, foreseen: Foreseen | None) -> float:
    if foreseen is None or foreseen.value is None:
        return float(n)
    high = foreseen.high if foreseen.high == foreseen.high else foreseen.value
    return max(float(n), min(high, MOST_ROOM * n))


def _forecast(foreseen: Foreseen, axis: Hours, top: float, y: Any) -> tuple[list[Markup], list[Markup]]:
    """(band and line for the stretched box, marks and words). Only the end is forecast: the way there is straight."""
    x = axis.x(foreseen.hours)
    if foreseen.value is None:
        said = text(x / 10 + 0.8, top + 16, "no forecast", "halo") if foreseen.running else Markup()
        return [], [said]
    low, value = foreseen.low if foreseen.low == foreseen.low else foreseen.value, foreseen.value
    high = foreseen.high if foreseen.high == foreseen.high else float("inf")
    seen = short(y(foreseen.seen))
    band = f"M{short(x)} {seen}L1000 {short(y(low))}V{short(y(high))}z"
    drawn = [
        el("path", class_="fs band", d=band),
        el("path", class_="ln ss dash", d=f"M{short(x)} {seen}L1000 {short(y(value))}"),
    ]
    marks = [line(100, 100, y(low), y(high), "ss whisker")]
    name = foreseen.final.value if foreseen.running else f"forecast {foreseen.final.value}"
    label = f"{name} ({foreseen.final.interval})"
    if foreseen.running:
        marks.append(text(100, max(top - 6, y(high) - 6), label, "ls halo", "end"))
    else:
        marks.append(line(x / 10, x / 10, y(foreseen.seen), top + CURVE, "si dash2"))
        marks.append(text(99, min(y(low) + 16, top + CURVE - 6), label, "ls halo", "end"))
    return drawn, marks
