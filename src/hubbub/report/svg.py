"""Marks of hand-made charts: elements whose text and attributes are escaped, positions in per cent."""

from __future__ import annotations

import math
from collections.abc import Iterable

from markupsafe import Markup, escape

Value = str | float | int
INK = {"conversation": "lc", "spread": "ls"}
FILL = {"conversation": "fc", "spread": "fs"}
STROKE = {"conversation": "sc", "spread": "ss", "broadcast": "so", "unknown": "so"}
"""Classes of the stylesheet for words, areas and lines of a mode."""
DIAMOND = "M0-{r} {r} 0 0 {r}-{r} 0z"
CHARACTER = 6.7
"""Width of a character of a label in pixels, on the generous side."""


def short(x: float) -> str:
    """A coordinate with at most two decimals.

    >>> short(12.500), short(-0.001)
    ('12.5', '0')
    """
    text = f"{x:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def pct(x: float) -> str:
    """A position as a percentage of the width."""
    return short(x) + "%"


def el(name: str, *inside: str, **attributes: Value) -> Markup:
    """An element. `class_` is `class`, other underscores are hyphens; text that is no Markup is escaped."""
    parts = [name]
    for key, value in attributes.items():
        said = value if isinstance(value, str) else short(float(value))
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(said)}"')
    opened = " ".join(parts)
    if not inside:
        return Markup(f"<{opened}/>")  # noqa: S704 - every part was escaped above
    return Markup(f"<{opened}>{join(inside)}</{name}>")  # noqa: S704 - children are escaped by join


def join(parts: Iterable[str]) -> Markup:
    """Elements one after the other; plain text among them is escaped."""
    return Markup("").join(parts)


def chart(height: float, label: str, *inside: str) -> Markup:
    """The outer element of a chart; the label is the sentence that states its finding."""
    return el("svg", *inside, height=height, role="img", aria_label=label)


def at(x: float, y: float, *inside: str, **attributes: Value) -> Markup:
    """A group whose origin is x per cent and y pixels, for marks that must not stretch."""
    return el("svg", *inside, x=pct(x), y=y, width=1, height=1, overflow="visible", **attributes)


def stretched(height: float, *inside: str) -> Markup:
    """Curves in a box of 1000 by `height` that stretches with the width."""
    return el(
        "svg", *inside, x=0, y=0, width="100%", height=height,
        viewBox=f"0 0 1000 {short(height)}", preserveAspectRatio="none", overflow="visible",
    )  # fmt: skip


def line(x1: float, x2: float, y1: float, y2: float, class_: str, **attributes: Value) -> Markup:
    """A line between percentages of the width and pixels of the height."""
    return el("line", x1=pct(x1), x2=pct(x2), y1=y1, y2=y2, class_=class_, **attributes)


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> Markup:
    """Words at x per cent."""
    more = {"class_": class_} if class_ else {}
    return el("text", words, x=pct(x), y=y, text_anchor=anchor, **more)


def circle(x: float, y: float, r: float, class_: str) -> Markup:
    return el("circle", cx=pct(x), cy=y, r=r, class_=class_)


def diamond(x: float, y: float, r: float, class_: str) -> Markup:
    return at(x, y, el("path", class_=class_, d=DIAMOND.format(r=short(r))))


def square(x: float, y: float, r: float, class_: str) -> Markup:
    return at(x, y, el("rect", x=-r, y=-r, width=2 * r, height=2 * r, class_=class_))


def side_mark(mode: str, x: float, y: float, r: float) -> Markup:
    """The mark of a mode: circle, diamond, hollow square, dashed ring."""
    if mode == "conversation":
        return circle(x, y, r, "fc sp edge")
    if mode == "spread":
        return diamond(x, y, r + 1, "fs sp edge")
    if mode == "broadcast":
        return square(x, y, r - 1, "fp so edge2")
    return circle(x, y, r, "fp so edge2 dash2")


HATCHES = el(
    "svg",
    el(
        "defs",
        *(
            el(
                "pattern",
                el("path", d="M0 0V6", class_=stroke, stroke_width=width, opacity=opacity),
                id=name, width=6, height=6, patternUnits="userSpaceOnUse", patternTransform="rotate(45)",
            )
            for name, stroke, width, opacity in (("hatch-spread", "sp", 2.4, 0.42), ("hatch-grey", "so", 1.6, 0.5))
        ),
    ),
    width=0, height=0, aria_hidden="true", class_="defs",
)  # fmt: skip
"""Hatching of spread and of what lies in the grey area; once a page."""


def steps(limit: float, most: int = 5) -> list[float]:
    """Round numbers from 0 up to a limit, at most so many besides 0."""
    if not limit > 0:
        return [0.0]
    size = 10.0 ** len(str(int(limit)))
    while limit / size < 1:
        size /= 10
    for part in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0):
        step = size * part
        if limit / step <= most:
            return [i * step for i in range(int(limit / step + 1e-9) + 1)]
    return [0.0, size]


def bar(x1: float, x2: float, class_: str, y: float = 22, height: float = 18) -> Markup:
    """A bar between two percentages of the width."""
    return el("rect", x=f"{x1:.2f}%", y=y, width=f"{max(0.0, x2 - x1):.2f}%", height=height, rx=2, class_=class_)


def label_width(words_: str) -> float:
    """Width of a label in pixels, about."""
    return CHARACTER * len(words_)


def ellipsed(name: str, longest: int) -> str:
    """A name cut to so many characters."""
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"


def nice_limit(x: float) -> float:
    """A round number at or above x for the end of an axis.

    >>> nice_limit(0.93), nice_limit(1.02), nice_limit(3.4)
    (1.0, 1.2, 4.0)
    """
    if not x > 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(x))
    return round(next(size * m for m in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if size * m >= x - 1e-12), 12)
