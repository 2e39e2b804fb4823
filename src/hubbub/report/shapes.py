"""Shapes of cascades beside star and chain of the same size, others of a like size, and published ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from hubbub.report import words
from hubbub.report.cascades import Told, inferred
from hubbub.report.grid import Cell, Grid, Picture
from hubbub.report.reading import part, rows
from hubbub.report.svg import at, chart, circle, diamond, el, ellipsed, line, text
from hubbub.report.words import Shown, clean, number

ROW, TOP = 50.0, 24.0
LEFT, RIGHT = 1.0, 97.0
LONGEST = 34


def references(trees: Sequence[Told], spread: Mapping[str, Any]) -> Picture:
    """Structural virality of the drawn cascades, each between the star and the chain of its own size."""
    known = [t for t in trees if _between(t.said) is not None]
    if not known:
        return Picture(why="No cascade has a shape to compare yet.")
    most = max(chain for t in known for _, chain in [_between(t.said) or (1.0, 2.0)])
    axis = _Axis(math.log10(max(most, 10.0)))
    bottom = TOP + ROW * len(known)
    out: list[Markup] = [*axis.ticks(bottom)]
    outside = _published_median(spread)
    if outside is not None:
        name, median = outside
        x = axis.x(median)
        out.append(line(x, x, TOP - 20, bottom, "so dash2"))
        out.append(text(x + 0.8, TOP - 12, f"{name}'s median, {words.plain_short(median)}", "halo"))
    for i, tree in enumerate(known):
        out += _row(i, tree, axis, TOP + ROW * i)
    label = "Structural virality, on a logarithmic axis, each between a star and a chain of its own size. "
    label += " ".join(f"{tree.title}, {words.counted(tree.shares, 'share')}: {_shown(tree.said)}." for tree in known)
    note = (
        "Diamond: this cascade; hollow, with its range: inferred. Hollow squares: star (left) and chain (right) of the "
        "same size. Grey dot: median of your other cascades of a like size."
    )
    return Picture(chart(bottom + 34, label, *out), _grid(known), note=note)


class _Axis:
    """Mean steps between two nodes from 1 on, logarithmic."""

    def __init__(self, decades: float) -> None:
        self.decades = decades

    def x(self, steps: float) -> float:
        return LEFT + (RIGHT - LEFT) * math.log10(max(steps, 1.0)) / self.decades

    def ticks(self, bottom: float) -> list[Markup]:
        out = []
        for steps in (1, 2, 5, 10, 30, 100, 300, 1000, 3000, 10_000):
            if math.log10(steps) > self.decades + 1e-9:
                break
            x = self.x(steps)
            out += [
                line(x, x, TOP, bottom, "ax"),
                text(x, bottom + 15, f"{steps:,}", "", "middle" if steps > 1 else "start"),
            ]
        out.append(text(RIGHT, bottom + 31, "mean steps between any two, by tens ›", "", "end"))
        return out


def _between(said: Mapping[str, Any]) -> tuple[float, float] | None:
    star, chain = number(said.get("star")), number(said.get("chain"))
    return None if star is None or chain is None or chain <= star else (star, chain)


def _published_median(spread: Mapping[str, Any]) -> tuple[str, float] | None:
    for one in rows(spread.get("published")):
        found = number(one.get("structural_virality_median"))
        if found is not None and found >= 1:
            return clean(one.get("population"), 30), found
    return None


def _row(i: int, tree: Told, axis: _Axis, top: float) -> list[Markup]:
    star, chain = _between(tree.said) or (1.0, 2.0)
    y = top + 27
    name = f"{i + 1}. {ellipsed(tree.title, LONGEST)}, {words.counted(tree.shares, 'share')}"
    out = [text(0, top + 13, name, "halo"), line(axis.x(star), axis.x(chain), y, y, "ax0")]
    for end in (star, chain):
        out.append(at(axis.x(end), y, el("rect", x=-3.5, y=-3.5, width=7, height=7, class_="fp so edge2")))
    middle = number(part(tree.said, "alike", "structural_virality"))
    if middle is not None:
        out.append(circle(axis.x(middle), y, 4, "fo"))
    own, drawn = number(tree.said.get("structural_virality")), inferred(tree.said, "structural_virality")
    if own is not None:
        return [*out, diamond(axis.x(own), y, 5.5, "fs sp edge"), _label(axis.x(own), y, words.plain_short(own))]
    if drawn is not None:
        low, value, high = drawn
        out.append(line(axis.x(low), axis.x(high), y, y, "ss whisker"))
        return [
            *out,
            diamond(axis.x(value), y, 5.5, "fp ss edge2"),
            _label(axis.x(value), y, f"{words.plain_short(value)}, inferred"),
        ]
    return [*out, _label(axis.x(math.sqrt(star * chain)), y, "parents hidden: anywhere between")]


def _label(x: float, y: float, said: str) -> Markup:
    right = x < 70
    return at(
        x, y, el("text", said, x=10 if right else -10, y=17, text_anchor="start" if right else "end", class_="ls halo")
    )


def _shown(said: Mapping[str, Any], key: str = "structural_virality") -> Shown:
    own, drawn = number(said.get(key)), inferred(said, key)
    if own is not None:
        return Shown(words.plain_short(own), "as seen")
    if drawn is not None:
        low, value, high = (words.plain_short(x) for x in drawn)
        return Shown(value, f"inferred, {low} to {high}")
    return Shown(why="parents are hidden")


def _grid(known: Sequence[Told]) -> Grid:
    table: list[tuple[Cell, ...]] = []
    for i, tree in enumerate(known):
        star, chain = _between(tree.said) or (1.0, 2.0)
        alike = part(tree.said, "alike")
        between = f"{part(alike, 'n') or 0:,} of {part(alike, 'from') or 0:,} to {part(alike, 'until') or 0:,}"
        others = number(part(alike, "structural_virality"))
        deep = number(part(alike, "depth"))
        table.append((
            f"{i + 1}. {tree.title}", f"{tree.shares + 1:,}", _shown(tree.said, "depth"), f"1, {tree.shares:,}",
            Shown(why=clean(part(alike, "why"), 120) or "not said") if deep is None else words.plain_short(deep),
            _shown(tree.said), f"{words.plain_short(star)}, {words.plain_short(chain)}",
            Shown(why=clean(part(alike, "why"), 120) or "not said") if others is None
            else Shown(words.plain_short(others), f"median of {between}"),
        ))  # fmt: skip
    head = ("Cascade", "Size", "Depth", "Star, chain", "Like size", "Virality", "Star, chain", "Like size")
    return Grid("Shapes beside references of the same size", head, table)


def published(spread: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(population, what is known of it, source and how far it was checked)."""
    out = []
    for one in rows(spread.get("published")):
        cascades, mean, middle, deep, virality = (
            number(one.get(key))
            for key in ("cascades", "size_mean", "size_median", "depth_mean", "structural_virality_median")
        )
        figures = [
            f"{cascades:,.0f} {clean(one.get('what'), 160)}" if cascades is not None else clean(one.get("what"), 160),
            "" if mean is None or middle is None else f"size {mean:,.0f} in the mean, {middle:,.0f} in the median",
            "" if deep is None else f"depth {words.plain_short(deep)} in the mean",
            "" if virality is None else f"structural virality {words.plain_short(virality)} in the median",
            clean(one.get("said"), 200),
        ]
        checked = f"{clean(one.get('source'), 120)}; {clean(one.get('checked'), 120)}"
        out.append((clean(one.get("population"), 40), "; ".join(f for f in figures if f), checked))
    return out
