"""The largest cascades as pictures: the tree and the growing number of shares over the same hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from markupsafe import Markup

from hubbub.report import words
from hubbub.report.curve import CURVE, Foreseen, Hours, curve, foreseen_of, hours_of
from hubbub.report.grid import Cell, Grid, Picture
from hubbub.report.reading import part, rows
from hubbub.report.svg import at, chart, el, line, steps, stretched, text
from hubbub.report.tree import Layout, Shares, generations, lay_out, shares_of
from hubbub.report.words import clean, number

HOW_MANY = 6
BINS = 250
SIZES = ((0, 3.2), (1, 5.0), (5, 7.5), (20, 10.0))
"""Brought at least so many: diameter of the dot in pixels."""


@dataclass(frozen=True, slots=True)
class Told:
    """One cascade in the report."""

    title: str
    day: str
    tags: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str, str], ...]
    picture: Picture
    shares: int
    said: Mapping[str, Any]


def largest(
    cascades: pa.Table | None, spread: Mapping[str, Any], end: datetime | None, how_many: int = HOW_MANY
) -> list[Told]:
    """The largest cascades with at least one share, largest first, ties by (channel, root).

    spread : the document that says their shapes, references and forecasts; what it lacks is not shown
    """
    if cascades is None:
        return []
    said = {(str(one.get("channel")), str(one.get("root"))): one for one in rows(spread.get("cascades"))}
    keys = zip(*(cascades.column(name).to_pylist() for name in ("size", "channel", "root")), strict=True)
    order = sorted((-int(n), str(channel), str(root), i) for i, (n, channel, root) in enumerate(keys) if n and n > 1)
    out = []
    for _, channel, root, place in order[:how_many]:
        one = cascades.slice(place, 1).combine_chunks()
        row: dict[str, Any] = one.drop_columns(["nodes"]).to_pylist()[0]
        nodes = one.column("nodes").chunk(0).flatten()
        if len(nodes) > 1:
            out.append(_told(row, said.get((channel, root), {}), shares_of(nodes), end))
    return out


def title_of(row: Mapping[str, Any]) -> str:
    """The campaign, else the kind of the root, and by whom."""
    title = clean(row.get("campaign"), 60)
    title = title or f"A {clean(row.get('type'), 20) or 'post'} on {clean(row.get('channel'), 30)}"
    return title + (", by you" if row.get("author") is None else ", by a person")


def _told(row: Mapping[str, Any], said: Mapping[str, Any], shares: Shares, end: datetime | None) -> Told:
    layout = lay_out(shares)
    foreseen = foreseen_of(row, said.get("forecast"))
    tags, facts = _tags(row, said, shares, layout), _facts(row, said, shares, foreseen)
    picture = _picture(row, shares, layout, end, foreseen)
    return Told(title_of(row), words.day(row.get("first")), tags, facts, picture, shares.n - 1, said)


def _tags(
    row: Mapping[str, Any], said: Mapping[str, Any], shares: Shares, layout: Layout
) -> tuple[tuple[str, str], ...]:
    """(class, words) of what must be known before the picture is read."""
    out = []
    hidden = int(np.count_nonzero(shares.parent == -2))
    if row.get("running"):
        out.append(("tag spread", "still growing"))
    if hidden:
        out.append(("tag line", f"{hidden:,} of {words.counted(shares.n - 1, 'parent')} hidden by the network"))
    else:
        out.append(("tag line", "tree observed"))
    if part(said, "shape_inferred"):
        out.append(("tag line", "shape figures inferred"))
    if row.get("orphan"):
        out.append(("tag line", "where it came from is not in the log"))
    folded = shares.n - int(np.count_nonzero(layout.drawn))
    if folded:
        out.append(("tag line", f"{words.counted(folded, 'share')} folded into ticks"))
    return tuple(out)


def _facts(
    row: Mapping[str, Any], said: Mapping[str, Any], shares: Shares, foreseen: Foreseen | None
) -> tuple[tuple[str, str, str], ...]:
    """(name, number, what stands beside it)."""
    touched = int(row.get("touched") or 0)
    reproduction = words.estimate(said.get("reproduction"))
    return (
        ("Shares", f"{shares.n - 1:,}", f"and {touched:,} came without sharing" if touched else ""),
        _end(row, foreseen),
        ("Each share brought", reproduction.value, reproduction.interval or reproduction.why),
        _figure("Deepest", "depth", row, said, "{:,.0f}".format, "steps"),
        _figure("Structural virality", "structural_virality", row, said, words.plain_short, _references(said)),
        _figure("From one sharer", "broadcast_part", row, said, words.percent, "the most"),
    )


def _end(row: Mapping[str, Any], foreseen: Foreseen | None) -> tuple[str, str, str]:
    if row.get("running") and foreseen is not None:
        return "Will end near", foreseen.final.value, foreseen.final.interval or foreseen.final.why
    half = words.hours(row.get("half_life_hours"))
    return "Half of it after", half, "" if half else "still running" if row.get("running") else "not measurable"


def _figure(
    name: str, key: str, row: Mapping[str, Any], said: Mapping[str, Any], write: Callable[[float], str], beside: str
) -> tuple[str, str, str]:
    """A figure of the shape: as seen, else the median of inferred trees with its range, else why not."""
    seen = number(row.get(key))
    if seen is not None:
        return name, write(seen), beside
    drawn = inferred(said, key)
    if drawn is not None:
        low, middle, high = drawn
        ends = f"{write(low)} to {write(high)}" if write(low) != write(high) else "every drawing alike"
        return name, write(middle), f"inferred, {ends}" + (f"; {beside}" if beside else "")
    return name, "", "parents are hidden"


def inferred(said: Mapping[str, Any], key: str) -> tuple[float, float, float] | None:
    """(low, median, high) of a figure over the inferred trees of a cascade; None without any."""
    given = part(said, "shape_inferred", key)
    low, high = (number(part(given, a) if part(given, a) is not None else part(given, b))
                 for a, b in (("low", "lowest"), ("high", "highest")))  # fmt: skip
    middle = number(part(given, "median"))
    return None if low is None or middle is None or high is None else (low, middle, high)


def _references(said: Mapping[str, Any]) -> str:
    star, chain = number(said.get("star")), number(said.get("chain"))
    return "" if star is None or chain is None else f"star {words.plain_short(star)}, chain {words.plain_short(chain)}"


def _picture(
    row: Mapping[str, Any], shares: Shares, layout: Layout, end: datetime | None, foreseen: Foreseen | None
) -> Picture:
    axis = hours_of(row, shares, end, foreseen)
    high = max(64.0, min(380.0, 9.0 * layout.lanes + 24))
    base = high + 28 + CURVE
    out = _frame(axis, high, base)
    out.append(stretched(high, *_lines(shares, layout, axis, high)))
    out.extend(_labels(shares, layout, axis, high))
    out.extend(curve(shares, axis, high + 28, foreseen))
    said = _finding(row, shares, layout) + (f" {foreseen.sentence}" if foreseen else "")
    return Picture(chart(base + 20, said, *out), _grid(shares), note=_note(shares, layout, axis, foreseen))


def _frame(axis: Hours, high: float, base: float) -> list[Markup]:
    out: list[Markup] = []
    if axis.now < axis.end:
        x = axis.x(axis.now) / 10
        out.append(el("rect", x=f"{x:.2f}%", y=0, width=f"{100 - x:.2f}%", height=base, class_="fk"))
        out.append(line(x, x, 0, base, "si"))
        out.append(text((x + 100) / 2, high / 2, "not yet", "", "middle"))
    unit, name = _unit(axis.end)
    ticks = steps(axis.end / unit, 5)
    for tick in ticks:
        x = axis.x(tick * unit) / 10
        out.append(line(x, x, 0, base, "ax"))
        said = words.plain(round(tick, 6)) or "0"
        if x < 93:
            last = tick == ticks[-1] or axis.x(ticks[min(len(ticks) - 1, ticks.index(tick) + 1)] * unit) > 930
            out.append(text(x, base + 16, said + (f" {name}" if last else ""), "", "start" if x < 2 else "middle"))
    return out


def _unit(hours: float) -> tuple[float, str]:
    """The unit of the axis in hours, and its name."""
    if hours <= 3:
        return 1 / 60, "minutes"
    return (1.0, "hours") if hours <= 96 else (24.0, "days")


def _spot(shares: Shares, layout: Layout, axis: Hours, high: float) -> tuple[list[float], list[float]]:
    """x in thousandths and y in pixels of every node."""
    x = np.minimum(1.0, shares.hours / axis.end) * 1000
    y = 12 + layout.y / max(1, layout.lanes) * (high - 24)
    return np.round(x, 1).tolist(), np.round(y, 1).tolist()


def _lines(shares: Shares, layout: Layout, axis: Hours, high: float) -> list[Markup]:
    xs, ys = _spot(shares, layout, axis, high)
    drawn = np.flatnonzero(layout.drawn).tolist()
    parent = shares.parent.tolist()
    edges = []
    for i in drawn[1:]:
        p = parent[i]
        if p >= 0:
            edges.append(f"M{_c(xs[p])} {_c(ys[p])}Q{_c(xs[p])} {_c(ys[i])} {_c(xs[i])} {_c(ys[i])}")
    out = [el("path", class_="ln ss thin", d="".join(edges))] if edges else []
    out += _ticks(shares, layout, axis, high)
    brought = layout.brought.tolist()
    small = max(0.6, min(1.0, (high - 24) / max(1, layout.lanes) / 2.5))
    for (least, width), (more, _) in zip(SIZES, (*SIZES[1:], (10**9, 0)), strict=True):
        # A share whose parent is hidden is a dashed ring's kin: hollow.
        for hollow in (False, True):
            spots = [i for i in drawn[1:] if least <= brought[i] < more and (parent[i] < 0) == hollow]
            out += _dots(spots, xs, ys, "ss", width * small)
            out += _dots(spots, xs, ys, "sp", width * small - 2.0) if hollow else []
    talked = [i for i in drawn[1:] if shares.exchanged[i]]
    out += _dots(talked, xs, ys, "sc", 9.0) + _dots(talked, xs, ys, "sp", 5.0)
    return out


def _c(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def _dots(spots: list[int], xs: list[float], ys: list[float], stroke: str, width: float) -> list[Markup]:
    """Round dots as zero-length strokes: they keep their shape where the box stretches."""
    if not spots:
        return []
    d = "".join(f"M{_c(xs[i])} {_c(ys[i])}h0" for i in spots)
    return [el("path", class_=f"dot {stroke}", stroke_width=width, d=d)]


def _ticks(shares: Shares, layout: Layout, axis: Hours, high: float) -> list[Markup]:
    """Folded shares as ticks on the line of whoever brought them; a taller tick is more shares."""
    folded = np.flatnonzero(~layout.drawn)
    if not len(folded) and layout.hidden_y is None:
        return []
    out: list[Markup] = []
    scale = (high - 24) / max(1, layout.lanes)
    if layout.hidden_y is not None:
        y = 12 + layout.hidden_y * scale
        out.append(el("path", class_="ln so dash2 thin", d=f"M0 {_c(y)}H1000"))
    host = layout.host[folded]
    place = np.minimum(BINS - 1, (shares.hours[folded] / axis.end * BINS)).astype(np.int64)
    key, count = np.unique(host * BINS + place, return_counts=True)
    lines_: dict[int, tuple[float, float]] = {}
    marks = []
    for k, n in zip(key.tolist(), count.tolist(), strict=True):
        at_host, bin_ = divmod(k, BINS)
        own = layout.hidden_y if at_host == shares.n else float(layout.y[at_host])
        y = 12 + (own or 0.0) * scale
        half = min(1.5 + 1.6 * float(np.log2(n)), 2.0 + 0.45 * scale)
        x = (bin_ + 0.5) * 1000 / BINS
        marks.append(f"M{_c(x)} {_c(y - half)}V{_c(y + half)}")
        if at_host < shares.n:
            lines_[at_host] = (axis.x(float(shares.hours[at_host])), x)
    spans = "".join(f"M{_c(a)} {_c(12 + float(layout.y[h]) * scale)}H{_c(b)}" for h, (a, b) in sorted(lines_.items()))
    out.append(el("path", class_="ln ss thin", d=spans))
    out.append(el("path", class_="ln ss tick", d="".join(marks)))
    return out


def _labels(shares: Shares, layout: Layout, axis: Hours, high: float) -> list[Markup]:
    """The root, and the three sharers who brought most, where there is room."""
    xs, ys = _spot(shares, layout, axis, high)
    out = [at(0, ys[0], el("rect", x=-4, y=-4, width=8, height=8, class_="fi"))]
    taken: list[tuple[float, float]] = []
    order = sorted(np.flatnonzero(layout.drawn).tolist()[1:], key=lambda i: (-int(layout.brought[i]), i))
    for i in order[:8]:
        brought = int(layout.brought[i])
        clear = all(abs(ys[i] - y) > 17 or abs(xs[i] - x) > 330 for x, y in taken)
        if brought < 3 or len(taken) == 3 or not clear:
            continue
        taken.append((xs[i], ys[i]))
        right = xs[i] < 700
        label = el(
            "text", f"brought {brought:,}", x=8 if right else -8, y=-6 if ys[i] > 18 else 14,
            text_anchor="start" if right else "end", class_="lab halo",
        )  # fmt: skip
        out.append(at(xs[i] / 10, ys[i], label))
    if layout.hidden_y is not None:
        y = 12 + layout.hidden_y / max(1, layout.lanes) * (high - 24)
        out.append(text(100, y - 5, "parent hidden", "halo", "end"))
    return out


def _finding(row: Mapping[str, Any], shares: Shares, layout: Layout) -> str:
    n = shares.n - 1
    most = int(layout.brought.max(initial=0))
    hidden = int(np.count_nonzero(shares.parent == -2))
    talked = int(np.count_nonzero(shares.exchanged[1:]))
    out = [f"Tree of {words.counted(n, 'share')} over time, and their number so far."]
    if hidden:
        out.append(f"For {hidden:,} the network hides who brought them.")
    out.append(f"The one who brought most brought {most:,} directly.")
    if talked:
        out.append(f"{talked:,} of the sharers had talked with the brand before.")
    if row.get("running"):
        out.append("It is still growing.")
    return " ".join(out)


def _note(shares: Shares, layout: Layout, axis: Hours, foreseen: Foreseen | None) -> str:
    out = ["Each dot is a share, larger ones brought more. Tree and curve stand on the same time."]
    if not bool(np.all(layout.drawn)):
        out.append("A tick on a line is shares folded together; taller is more.")
    if bool(np.any(shares.exchanged[1:])):
        out.append("A blue ring: had talked with you before.")
    if axis.cut:
        out.append(f"{words.counted(axis.cut, 'later share')} at the right edge.")
    if foreseen is not None:
        out.append(foreseen.sentence)
        if foreseen.final.known:
            out.append("Only its end is forecast, not the way there.")
        if not foreseen.running:
            out.append("It was picked as one of the largest, and such ones end above their bands more often.")
    return " ".join(out)


def _grid(shares: Shares) -> Grid:
    counts = generations(shares)
    shown = counts[:12]
    table: list[tuple[Cell, ...]] = [(str(i + 1), f"{n:,}") for i, n in enumerate(shown)]
    if len(counts) > len(shown):
        table.append((f"{len(shown) + 1} to {len(counts)}", f"{sum(counts[len(shown) :]):,}"))
    missing = shares.n - 1 - sum(counts)
    if missing:
        table.append(("not known", f"{missing:,}"))
    return Grid("Shares by steps from the root", ("Steps", "Shares"), table)
