"""How sharing grows: what each share brings, over time and by part, and whom it reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from hubbub.report import words
from hubbub.report.grid import Cell, Grid, Picture
from hubbub.report.reading import part, rows, whole
from hubbub.report.svg import bar, chart, diamond, el, ellipsed, line, nice_limit, short, steps, stretched, text
from hubbub.report.words import Shown, clean, instant, number

HIGH, TOP = 236.0, 14.0
NAME = 30.0
"""Width of the names of the parts, in per cent."""
MOST_PARTS = 16
LAST_STEP = 10
"""The document takes steps from here on together."""


def facts(document: Mapping[str, Any], spread: Mapping[str, Any]) -> list[tuple[str, Shown]]:
    """The headline numbers of the chapter, each with its interval or why there is none."""
    given = spread.get("growth")
    rewards = {str(one.get("reward")): one.get("reproduction") for one in rows(part(given, "by_reward"))}
    running = whole(part(given, "running"))
    return [
        ("Each share brought", words.estimate(document.get("reproduction"))),
        ("A free one", words.estimate(rewards.get("free"))),
        ("A rewarded one", words.estimate(rewards.get("rewarded"))),
        ("Came again after silence", words.estimate(part(given, "reignited"), "fraction")),
        ("Still running", Shown(why="not counted") if running is None else Shown(f"{running:,}", "cascades")),
    ]


def over_time(spread: Mapping[str, Any]) -> Picture:
    """What each share brought, in a moving window, with its band; a window without a number leaves a gap."""
    windows = [w for one in rows(part(spread, "growth", "over_time")) if (w := _window(one)) is not None]
    if not windows:
        return Picture(why="The log is too short for windows of four weeks.")
    known = [w for w in windows if w.value is not None]
    grid = Grid(
        "What each share brought, by when it was made", ("From, until", "Shares", "Brought"),
        [(w.name, f"{w.shares:,}", w.shown) for w in windows],
    )  # fmt: skip
    if not known:
        return Picture(why=f"No window has a number: {clean(windows[-1].shown.why)}.", grid=grid)
    first, last = windows[0].middle, windows[-1].middle
    span = (last - first).total_seconds() or 1.0
    limit = nice_limit(max(1.0, min(3.0, max(w.high for w in known))))

    def x(w: _Window) -> float:
        return 1000 * (0.03 + 0.94 * (w.middle - first).total_seconds() / span)

    def y(value: float) -> float:
        return TOP + HIGH * (1 - min(1.0, value / limit))

    out: list[Markup] = []
    for tick in steps(limit, 4):
        out += [
            line(0, 100, y(tick), y(tick), "ax0" if not tick else "ax"),
            text(0, y(tick) - 4, words.plain(tick) if tick else ""),
        ]
    out.append(line(0, 100, y(1), y(1), "si dash2"))
    out.append(text(100, y(1) - 4, "1: it would go on by itself", "halo", "end"))
    drawn = []
    for run in _runs(windows):
        spots = [f"{short(x(w))} {short(y(w.high))}" for w in run] + [
            f"{short(x(w))} {short(y(w.low))}" for w in reversed(run)
        ]
        drawn.append(el("path", class_="fs band", d="M" + "L".join(spots) + "z"))
        drawn.append(
            el("path", class_="ln ss dash", d="M" + "L".join(f"{short(x(w))} {short(y(w.value or 0))}" for w in run))
        )
    out.append(stretched(HIGH + TOP, *drawn))
    out += [diamond(x(w) / 10, y(w.value or 0), 2.6, "fs") for w in known]
    out.append(text(x(windows[0]) / 10, TOP + HIGH + 16, words.day(first), "", "start"))
    out.append(text(x(windows[-1]) / 10, TOP + HIGH + 16, words.day(last), "", "end"))
    missing = len(windows) - len(known)
    width = f"{words.plain_short(windows[0].days)} days"
    label = f"What each share brought in {words.counted(len(known), 'window')} of {width}; the last: {known[-1].shown}."
    note = f"Windows of {width}, each at its middle; they overlap."
    if missing:
        note += f" {words.counted(missing, 'window')} without a number: too few shares."
    return Picture(chart(HIGH + TOP + 24, label, *out), grid, note=note)


class _Window:
    """One window of the document."""

    def __init__(self, start: datetime, end: datetime, one: Mapping[str, Any]) -> None:
        given = one.get("reproduction")
        self.middle = start + (end - start) / 2
        self.days = (end - start).total_seconds() / 86_400
        self.name = words.span(start, end)
        self.shares = whole(one.get("shares")) or 0
        self.shown = words.estimate(given)
        self.value = number(part(given, "value"))
        low, high = number(part(given, "low")), number(part(given, "high"))
        self.low = (self.value or 0.0) if low is None else low
        self.high = (self.value or 0.0) if high is None else high


def _window(one: Mapping[str, Any]) -> _Window | None:
    start, end = instant(one.get("from")), instant(one.get("until"))
    return None if start is None or end is None or end <= start else _Window(start, end, one)


def _runs(windows: Sequence[_Window]) -> list[list[_Window]]:
    """Neighbouring windows with a number."""
    out: list[list[_Window]] = [[]]
    for w in windows:
        if w.value is not None:
            out[-1].append(w)
        elif out[-1]:
            out.append([])
    return [run for run in out if run]


def by_part(spread: Mapping[str, Any]) -> Picture:
    """What each share brought by reward, channel and generation: a mark with its interval each."""
    given = spread.get("growth")
    parts: list[tuple[str, Mapping[str, Any]]] = [
        *((clean(one.get("reward"), 20).capitalize(), one) for one in rows(part(given, "by_reward"))),
        *((clean(one.get("channel"), 30), one) for one in rows(part(given, "by_channel"))),
        *((_step(whole(one.get("generation")) or 0), one) for one in rows(part(given, "by_generation"))),
    ]
    if not parts:
        return Picture(why="Nothing was passed on yet.")
    table: list[tuple[Cell, ...]] = [
        (name, f"{whole(one.get('shares')) or 0:,}", words.estimate(one.get("reproduction"))) for name, one in parts
    ]
    grid = Grid("What each share brought, by part", ("Part", "Shares", "Brought"), table)
    known = [(name, e) for name, one in parts if (e := _ends(one.get("reproduction"))) is not None][:MOST_PARTS]
    unknown = [name for name, one in parts if _ends(one.get("reproduction")) is None]
    without = f"Without a number, the reasons in the table: {words.listed(unknown)}." if unknown else ""
    if not known:
        return Picture(why=without, grid=grid)
    limit = nice_limit(max(1.0, min(3.0, max(high for _, (_, _, high) in known))))

    def x(value: float) -> float:
        return NAME + (98 - NAME) * min(1.0, value / limit)

    bottom = 4 + 22.0 * len(known)
    out: list[Markup] = []
    for tick in steps(limit, 4):
        out += [
            line(x(tick), x(tick), 0, bottom, "ax0" if not tick else "ax"),
            text(x(tick), bottom + 15, words.plain(tick) or "0", "", "middle"),
        ]
    out.append(line(x(1), x(1), 0, bottom, "si dash2"))
    for i, (name, (value, low, high)) in enumerate(known):
        y = 15 + 22.0 * i
        out.append(text(0, y + 4, ellipsed(name, 15)))
        out.append(bar(x(low), x(high), "fs half", y - 1.5, 3))
        out.append(diamond(x(value), y, 4.5, "fs sp edge"))
    label = "What each share brought, by part. " + " ".join(
        f"{name}: {words.plain_short(v)}." for name, (v, _, _) in known
    )
    note = "Steps are counted from the root; later ones exist only where earlier ones were passed on. " + without
    return Picture(chart(bottom + 20, label, *out), grid, note=note.strip())


def _step(generation: int) -> str:
    return f"Step {generation}" + (" and on" if generation >= LAST_STEP else "")


def _ends(given: object) -> tuple[float, float, float] | None:
    value = number(part(given, "value"))
    if value is None:
        return None
    low, high = number(part(given, "low")), number(part(given, "high"))
    return value, value if low is None else low, value if high is None else high


REACH = (
    ("might_act", "Might act"),
    ("two_ways", "Between two ways of seeing"),
    ("could_have_seen", "Could have seen it"),
    ("network_totals", "Views that networks tell"),
)


def reached(spread: Mapping[str, Any]) -> list[tuple[str, Shown, str]]:
    """(name, number, assumption): people seen, and four things that are never mixed."""
    given = spread.get("reach")
    seen = whole(part(given, "measured", "people"))
    floor = Shown(why=words.NOT_SAID) if seen is None else Shown(f"{seen:,}", "people, measured")
    out = [("Seen", floor, "a floor: people with a touch of their own in the log")]
    for key, name in REACH:
        one = part(given, "estimated", key)
        out.append((name, _reach(one), words.sentence(clean(part(one, "assumes"), 200))))
    return out


def _reach(one: object) -> Shown:
    """An estimate that has only a lower end is that end, and nothing but it."""
    value, low, high = (number(part(one, key)) for key in ("value", "low", "high"))
    if value is not None and low is not None and high is None:
        return Shown(
            f"at least {low:,.0f}", f"people: the low end of its {words.percent(part(one, 'level')) or '90%'} interval"
        )
    if value is not None and low is None and high is None:
        return Shown(f"{value:,.0f}", "views, not people")
    return words.estimate(one)
