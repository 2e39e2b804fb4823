"""The map of campaigns: reciprocity upwards, reproduction to the right, each campaign's doubt as a cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from hubbub.report import words
from hubbub.report.grid import Cell, Grid, Picture
from hubbub.report.reading import KINDS, part, rows, whole
from hubbub.report.svg import at, chart, circle, el, ellipsed, join, label_width, line, nice_limit, steps, text
from hubbub.report.words import Shown, clean, number

TOP, HEIGHT = 8.0, 400.0
BOTTOM = TOP + HEIGHT
NARROW, WIDE = 310.0, 640.0
"""Widths in pixels for which labels are placed: a phone and a wide page."""
LONGEST = 26
CLOUD = {"conversation": "fc", "wildfire": "fs", "movement": "fi", "broadcast": "fo", "grey": "fo"}
RIM = {"conversation": "sc", "wildfire": "ss dash", "movement": "si", "broadcast": "so", "grey": "so dash2"}
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """One campaign on the map, positions in per cent of the width and pixels of the height."""

    name: str
    kind: str
    people: int
    x: float
    y: float
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Ends of both axes, and the limits that part the fields."""

    reproduction: float
    reciprocity: float
    limit_x: float
    limit_y: float

    def x(self, value: float) -> float:
        return 100 * max(0.0, min(1.0, value / self.reproduction))

    def y(self, value: float) -> float:
        return BOTTOM - HEIGHT * max(0.0, min(1.0, value / self.reciprocity))


def campaign_map(document: Mapping[str, Any]) -> Picture:
    """The map with its table; campaigns without both axes stand in the table alone."""
    given = rows(document.get("campaigns"))
    if not given:
        return Picture(why="No campaign yet. Name one on a post, link or mail.")
    grid = _grid(given)
    placed = [c for c in given if _ends(c, "reciprocity") and _ends(c, "reproduction")]
    if not placed:
        return Picture(grid=grid, why="No campaign has both axes yet; the numbers that there are stand below.")
    scale = _scale(document, placed)
    spots = [_spot(c, scale) for c in placed]
    spots.sort(key=lambda s: (s.kind != "grey", s.people), reverse=False)
    named, svg = _draw(spots, scale)
    return Picture(chart(BOTTOM + 38, _finding(given), *svg), grid, note=_note(given, len(placed), named))


def _ends(campaign: Mapping[str, Any], axis: str) -> tuple[float, float, float] | None:
    value, low, high = (number(part(campaign, axis, key)) for key in ("value", "low", "high"))
    if value is None:
        return None
    return value, value if low is None else low, value if high is None else high


def _scale(document: Mapping[str, Any], placed: list[Mapping[str, Any]]) -> Scale:
    limit_y = number(part(document, "map", "reciprocity_limit")) or 0.2
    limit_x = number(part(document, "map", "reproduction_limit")) or 0.5
    right = [(_ends(c, "reproduction") or (0, 0, 0)) for c in placed]
    up = [(_ends(c, "reciprocity") or (0, 0, 0))[2] for c in placed]
    # One campaign with very wide doubt must not press all others to the left edge.
    widest = max(1.5 * max(v for v, _, _ in right), 2 * limit_x)
    far = min(max(high for _, _, high in right), widest)
    return Scale(nice_limit(max(far, 2 * limit_x)), min(1.0, nice_limit(max([*up, 2 * limit_y]))), limit_x, limit_y)


def _spot(c: Mapping[str, Any], scale: Scale) -> Spot:
    x, y = _ends(c, "reproduction"), _ends(c, "reciprocity")
    assert x is not None and y is not None
    return Spot(
        clean(c.get("campaign"), 80) or "without a name",
        str(c.get("kind") if c.get("kind") in CLOUD else "grey"),
        whole(c.get("people")) or 0,
        scale.x(x[0]), scale.y(y[0]), scale.x(x[1]), scale.x(x[2]), scale.y(y[2]), scale.y(y[1]),
    )  # fmt: skip


def _draw(spots: list[Spot], scale: Scale) -> tuple[int, list[Markup]]:
    clouds = join(_cloud(s) for s in spots)
    frame = el("svg", clouds, x=0, y=TOP, width="100%", height=HEIGHT, class_="clip")
    labels = _labels(spots, scale)
    return len(labels), [*_fields(scale), frame, *_axes(scale), *(_mark(s) for s in spots), *labels]


def _cloud(s: Spot) -> Markup:
    """The box of both intervals as an ellipse, its y relative to the frame."""
    shape: dict[str, str | float] = {
        "cx": f"{(s.left + s.right) / 2:.2f}%", "cy": (s.top + s.bottom) / 2 - TOP,
        "rx": f"{max(0.6, (s.right - s.left) / 2):.2f}%", "ry": max(4.0, (s.bottom - s.top) / 2),
    }  # fmt: skip
    out = [el("ellipse", el("title", s.name), class_=f"{CLOUD[s.kind]} band", **shape)]
    if s.kind == "grey":
        out.append(el("ellipse", class_="hatched-grey", **shape))
    out.append(el("ellipse", class_=f"rim {RIM[s.kind]}", **shape))
    return join(out)


def _mark(s: Spot) -> Markup:
    if s.kind == "conversation":
        return circle(s.x, s.y, 5, "fc sp edge")
    if s.kind == "wildfire":
        return at(s.x, s.y, el("path", class_="fs sp edge", d="M0-6.5 6.5 0 0 6.5-6.5 0z"))
    if s.kind == "movement":
        halves = el("path", class_="fc", d="M0-6A6 6 0 0 0 0 6z"), el("path", class_="fs", d="M0-7 7 0 0 7z")
        return at(s.x, s.y, *halves)
    if s.kind == "broadcast":
        return at(s.x, s.y, el("rect", x=-4.5, y=-4.5, width=9, height=9, class_="fp so edge2"))
    return circle(s.x, s.y, 4.5, "fp so edge2 dash2")


def _fields(scale: Scale) -> list[Markup]:
    """The two limits as narrow grey bands, and the names of the four fields."""
    x, y = scale.x(scale.limit_x), scale.y(scale.limit_y)
    return [
        at(x, TOP, el("rect", x=-6, y=0, width=12, height=HEIGHT, class_="fk")),
        el("rect", x=0, y=y - 6, width="100%", height=12, class_="fk"),
        line(x, x, TOP, BOTTOM, "so hair"),
        line(0, 100, y, y, "so hair"),
        text(1.2, TOP + 14, "Conversation", "lc"),
        text(100, TOP + 14, "Movement: both", "lab", "end"),
        text(1.2, BOTTOM - 8, "Broadcast: neither"),
        text(100, BOTTOM - 8, "Wildfire", "ls", "end"),
    ]


def _axes(scale: Scale) -> list[Markup]:
    out = [line(0, 100, BOTTOM, BOTTOM, "ax0"), line(0, 0, TOP, BOTTOM, "ax0")]
    for value in steps(scale.reproduction, 5):
        x = scale.x(value)
        if abs(value - scale.limit_x) < 0.09 * scale.reproduction:
            continue
        out.append(text(x, BOTTOM + 16, words.plain(round(value, 6)) or "0", *_anchor(x)))
    out.append(text(scale.x(scale.limit_x), BOTTOM + 16, f"{words.plain(scale.limit_x)} limit", "lab", "middle"))
    for value in steps(scale.reciprocity, 4)[1:]:
        y = scale.y(value)
        if abs(y - scale.y(scale.limit_y)) > 20 and y > TOP + 30:
            out.append(line(0, 0, y, y, "ax0"))
            out.append(at(0, y, el("path", d="M0 0h5", class_="ax0"), el("text", words.percent(value), x=9, y=4)))
    limit = f"{words.percent(scale.limit_y)} limit"
    out.append(at(0, scale.y(scale.limit_y), el("text", limit, x=9, y=4, class_="lab halo")))
    out.append(text(50, BOTTOM + 33, "passed on again by each sharer (reproduction) ›", "", "middle"))
    return out


def _anchor(x: float) -> tuple[str, str]:
    return "", "start" if x < 2 else "end" if x > 98 else "middle"


# Labels


def _labels(spots: list[Spot], scale: Scale) -> list[Markup]:
    """Names where they fit: first such as fit on a phone, then those that only a wide page has room for."""
    marks = [(s.x, s.y) for s in spots]
    corners = _corners(scale)
    order = sorted(spots, key=lambda s: (s.kind in {"grey", "broadcast"}, -s.people, s.name))
    chosen: dict[str, tuple[Spot, float, float, str, bool]] = {}
    for width, wide in ((NARROW, False), (WIDE, True)):
        taken = [_box(*corner, width) for corner in corners]
        taken += [_around(mark, width) for mark in marks]
        taken += [_box(s.x, s.y + dy, dx, anchor, _label(s), width) for s, dx, dy, anchor, _ in chosen.values()]
        for s in order:
            if s.name in chosen:
                continue
            found = _fit(s, taken, width)
            if found:
                dx, dy, anchor = found
                chosen[s.name] = (s, dx, dy, anchor, wide)
                taken.append(_box(s.x, s.y + dy, dx, anchor, _label(s), width))
    return [_name(*entry) for entry in chosen.values()]


def _label(s: Spot) -> str:
    return ellipsed(s.name, LONGEST)


def _name(s: Spot, dx: float, dy: float, anchor: str, wide: bool) -> Markup:
    class_ = "lab halo wide" if wide else "lab halo"
    return at(s.x, s.y, el("text", _label(s), x=dx, y=dy, text_anchor=anchor, class_=class_))


def _corners(scale: Scale) -> list[tuple[float, float, float, str, str]]:
    return [
        (1.2, TOP + 14, 0.0, "start", "Conversation"),
        (100.0, TOP + 14, 0.0, "end", "Movement: both"),
        (1.2, BOTTOM - 8, 0.0, "start", "Broadcast: neither"),
        (100.0, BOTTOM - 8, 0.0, "end", "Wildfire"),
        (0.0, scale.y(scale.limit_y) + 4, 9.0, "start", "20% limit"),
    ]


def _box(x: float, y: float, dx: float, anchor: str, name: str, width: float) -> Box:
    """The box of a label in pixels: left, right, top, bottom."""
    wide = label_width(name)
    left = x / 100 * width + dx - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
    return left, left + wide, y - 12, y + 4


def _around(mark: tuple[float, float], width: float) -> Box:
    x = mark[0] / 100 * width
    return x - 6, x + 6, mark[1] - 6, mark[1] + 6


def _fit(s: Spot, taken: list[Box], width: float) -> tuple[float, float, str] | None:
    above, below = s.top - s.y - 6, s.bottom - s.y + 15
    ways = [
        (0.0, above, "middle"), (12.0, 4.0, "start"), (-12.0, 4.0, "end"), (0.0, below, "middle"),
        (0.0, -12.0, "middle"), (0.0, 22.0, "middle"), (12.0, -10.0, "start"), (-12.0, -10.0, "end"),
        (12.0, 18.0, "start"), (-12.0, 18.0, "end"),
    ]  # fmt: skip
    for dx, dy, anchor in ways:
        box = _box(s.x, s.y + dy, dx, anchor, _label(s), width)
        inside = box[0] >= 0 and box[1] <= width and box[2] >= TOP and box[3] <= BOTTOM
        own = _around((s.x, s.y), width)
        if inside and not any(_cross(box, other) for other in taken if other != own):
            return dx, dy, anchor
    return None


def _cross(a: Box, b: Box) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


# In words


def _finding(given: list[Mapping[str, Any]]) -> str:
    counts = {kind: sum(1 for c in given if c.get("kind") == kind) for kind in KINDS}
    found = [f"{n} {KINDS[kind].split(':')[0]}" for kind, n in counts.items() if n]
    return (
        f"Map of {words.counted(len(given), 'campaign')} by reciprocity, upwards, and reproduction, to the right: "
        f"{words.listed(found) or 'none placed'}. The numbers stand in the table below."
    )


def _note(given: list[Mapping[str, Any]], placed: int, named: int) -> str:
    out = ["The grey lines are the limits; a campaign whose cloud crosses one is grey and hatched: nobody can say yet."]
    if placed < len(given):
        out.append(f"{len(given) - placed} of {len(given)} cannot be placed; the table says why.")
    if named < placed:
        out.append("Where there is no room for a name, the table has it.")
    return " ".join(out)


def _grid(given: list[Mapping[str, Any]]) -> Grid:
    table: list[tuple[Cell, ...]] = []
    for c in sorted(given, key=lambda c: (-(whole(c.get("people")) or 0), str(c.get("campaign")))):
        half = words.hours(c.get("half_life_hours")) or clean(c.get("half_life_why")) or "not measured"
        table.append((
            clean(c.get("campaign"), 80) or "without a name",
            KINDS.get(str(c.get("kind")), "not measurable"),
            _whole(c.get("people")),
            words.estimate(c.get("reciprocity"), "fraction"),
            words.estimate(c.get("reproduction")),
            _virality(c),
            half,
            _whole(c.get("cascades")),
            _whole(c.get("largest")),
        ))  # fmt: skip
    head = (
        "Campaign", "Field", "People", "Reciprocity", "Reproduction", "Structural virality", "Half-life", "Cascades",
        "Largest",
    )  # fmt: skip
    return Grid("Every campaign, most people first", head, table)


def _virality(campaign: Mapping[str, Any]) -> Shown:
    """The mean virality, marked where hidden parents were guessed for it."""
    found = words.estimate(campaign.get("structural_virality"))
    guessed = whole(part(campaign, "structural_virality_inferred", "cascades"))
    if not found.known or not guessed:
        return found
    marks = [found.interval, f"{words.counted(guessed, 'shape')} inferred"]
    return replace(found, interval="; ".join(mark for mark in marks if mark))


def _whole(x: object) -> str:
    n = whole(x)
    return "not said" if n is None else f"{n:,}"
