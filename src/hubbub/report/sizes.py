"""How far tries go: the part of all of them that reaches at least so many, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from hubbub.report import words
from hubbub.report.grid import Cell, Grid, Picture
from hubbub.report.reading import numbers, part, whole
from hubbub.report.svg import at, chart, diamond, el, line, pct, short, stretched, text

HIGH, TOP, LEFT, RIGHT = 236.0, 14.0, 13.0, 96.0
"""Height of the plane, its upper edge in pixels, and its sides in per cent."""
FEW = 30
ROWS = (1, 2, 3, 5, 10, 30, 100, 300, 1000, 3000, 10_000)


def distribution(document: Mapping[str, Any], spread: Mapping[str, Any]) -> Picture:
    """Complementary cumulative distribution of the sizes of all tries, every one counted, with its band.

    document : says the largest over all, the part that reach ten, and Gini; spread : says the distribution
    """
    given = spread.get("tries")
    size, part_, low, high = (numbers(part(given, key)) for key in ("size", "part", "low", "high"))
    tries, alone = whole(part(given, "tries")), whole(part(given, "nobody_shared"))
    if not tries or not size or not len(size) == len(part_) == len(low) == len(high):
        return Picture(
            why="The brand has not posted anything yet." if tries == 0 else "The sizes of tries are not said."
        )
    if min(size) < 1 or min(part_) <= 0:
        return Picture(why="The sizes of tries cannot be drawn: a size is below 1.")
    plane = _Plane(
        max(1, math.ceil(math.log10(max(*size, 4)) - 1e-9)), max(1, math.ceil(-math.log10(min(part_)) - 1e-9))
    )
    out = plane.grid()
    there = [plane.spot(s, p) for s, p in zip(size, high, strict=True)]
    back = [plane.spot(s, p) for s, p in zip(size, low, strict=True)]
    band = "M" + "L".join(f"{short(10 * x)} {short(y)}" for x, y in [*there, *reversed(back)]) + "z"
    out.append(stretched(HIGH + TOP, el("path", class_="fs band", d=band)))
    points = [plane.spot(s, p) for s, p in zip(size, part_, strict=True)]
    out += [diamond(x, y, 3.2, "fs") for x, y in points]
    out.append(_last(points[-1], size[-1]))
    shared = 1 - (alone or 0) / tries
    label = (
        f"Part of {words.counted(tries, 'try', 'tries')} that reach at least a size, both axes logarithmic. "
        f"{words.percent(shared)} were shared at all; the largest has {words.counted(round(size[-1]), 'node')}."
    )
    note = "Each diamond is a size that a try had; both axes grow by tens. The band is by each size alone."
    if tries < FEW:
        note += f" Only {words.counted(tries, 'try', 'tries')}: the end of the curve is one of them and says little."
    return Picture(
        chart(HIGH + TOP + 38, label, *out), _grid(document, size, part_, low, high, part(given, "reached")), note=note
    )


class _Plane:
    """The plane of both logarithms: x from 1 to 10^across, y from 1 down to 10^-down."""

    def __init__(self, across: int, down: int) -> None:
        self.across, self.down = across, down

    def spot(self, size: float, part_: float) -> tuple[float, float]:
        """(per cent of the width, pixels) of a point."""
        x = LEFT + (RIGHT - LEFT) * math.log10(size) / self.across
        y = TOP + HIGH * min(1.0, -math.log10(max(part_, 10.0**-self.down)) / self.down)
        return x, y

    def grid(self) -> list[Markup]:
        """Lines at the tens, with their words."""
        bottom = TOP + HIGH
        out = []
        for k in range(self.across + 1):
            x, _ = self.spot(10.0**k, 1)
            out += [line(x, x, TOP, bottom, "ax"), text(x, bottom + 16, f"{10**k:,}", "", "middle")]
        for k in range(self.down + 1):
            _, y = self.spot(1, 10.0**-k)
            out.append(el("line", x1=pct(LEFT), x2=pct(RIGHT), y1=y, y2=y, class_="ax0" if k == self.down else "ax"))
            out.append(text(LEFT - 1.2, y + 4, _tens(k), "", "end"))
        out.append(text(RIGHT, bottom + 33, "at least so many, the post counted ›", "", "end"))
        return out


def _tens(k: int) -> str:
    """10^-k as a percentage, all its zeros and no more."""
    return f"{100 / 10**k:.0f}%" if k <= 2 else f"0.{'0' * (k - 3)}1%"


def _last(spot: tuple[float, float], size: float) -> Markup:
    return at(*spot, el("text", f"the largest, {size:,.0f}", x=-10, y=4, text_anchor="end", class_="ls halo"))


def _grid(
    document: Mapping[str, Any],
    size: list[float],
    part_: list[float],
    low: list[float],
    high: list[float],
    reached: Any,
) -> Grid:
    given = part(document, "tries")
    counts = numbers(reached)
    rows: list[tuple[Cell, ...]] = [
        ("Largest over all", "", words.estimate(part(given, "largest_part"), "fraction")),
        ("Reach ten", "", words.estimate(part(given, "reach_10"), "fraction")),
        ("Gini", "", words.estimate(part(given, "gini"))),
    ]
    for wanted in ROWS:
        found = next((i for i, s in enumerate(size) if s >= wanted), None)
        if found is None:
            break
        said = words.estimate({"value": part_[found], "low": low[found], "high": high[found]}, "fraction")
        count = f"{counts[found]:,.0f}" if found < len(counts) else ""
        rows.append((f"At least {wanted:,}", count, said))
    return Grid("Sizes of all tries", ("Size", "Tries", "Part"), rows)
