"""Tables of numbers that stand under the charts."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from hubbub.report.words import Shown

Cell = str | Shown


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the first column names the row, `right` says whether the others are numbers."""

    caption: str
    head: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    right: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with its numbers; without a chart the reason stands in `why`."""

    svg: Markup = field(default_factory=Markup)
    grid: Grid | None = None
    why: str = ""
    note: str = ""
