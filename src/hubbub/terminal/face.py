"""A console and what can be shown on it, in 80 columns, without colour, and where there is only ASCII."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hubbub.report.reading import whole
from hubbub.report.words import Shown

STYLE = {"conversation": "bright_blue", "spread": "dark_orange", "broadcast": "", "unknown": "dim"}
MARK = {"conversation": "●", "spread": "◆", "broadcast": "□", "unknown": "○"}
PLAIN = {
    "●": "o", "◆": "*", "□": "#", "○": ".", "█": "=", "▒": "/", "├": "|", "┤": "|", "─": "-", "┃": "|", "·": "-",
    "−": "-", "–": "-", "×": "x", "…": "...", "›": ">", "‹": "<", "\u00a0": " ", "€": "EUR ", "£": "GBP ", "¥": "JPY ",
    "₹": "INR ", "₩": "KRW ", "₴": "UAH ", "₪": "ILS ", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip
"""What stands for a sign that the terminal's encoding does not have; for any other a question mark."""
MANY = 20
"""Rows of the lists of cascades and people; the rest is counted."""
NARROW, WIDE = 70, 96
"""Widths from which tables have all columns."""


def console(file: IO[str] | None = None, width: int | None = None) -> Console:
    """A console for the faces: no markup, no highlighting, emoji codes left alone; NO_COLOR is heeded."""
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


@dataclass(frozen=True, slots=True)
class Face:
    """A console, and what can be shown on it."""

    console: Console

    @property
    def width(self) -> int:
        return max(20, self.console.width)

    def fit(self, text: str) -> str:
        """Text with signs that the console's encoding has, and without control characters."""
        encoding = self.console.encoding or "utf-8"
        out = []
        for c in text:
            if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160):
                continue
            try:
                c.encode(encoding)
            except (UnicodeEncodeError, LookupError):
                out.append(PLAIN.get(c, "?"))
            else:
                out.append(c)
        return "".join(out)

    def text(self, said: str, style: str = "") -> Text:
        return Text(self.fit(said), style=style)

    def say(self, said: str, style: str = "") -> None:
        self.console.print(self.text(said, style))

    def print(self, what: Any) -> None:
        self.console.print(what)

    def indent(self, said: Text, by: int) -> None:
        self.console.print(Padding(said, (0, 0, 0, by), expand=False))

    def title(self, said: str) -> None:
        self.console.print()
        self.say(said, "bold")

    def table(self, head: Sequence[str], right: Iterable[int] = ()) -> Table:
        """A table without lines; the given columns stand to the right."""
        out = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
        numbers = set(right)
        for i, name in enumerate(head):
            out.add_column(self.text(name), justify="right" if i in numbers else "left", overflow="fold")
        return out

    def row(self, table: Table, cells: Sequence[str | Text]) -> None:
        table.add_row(*(cell if isinstance(cell, Text) else self.text(cell) for cell in cells))


def cell(shown: Shown) -> str:
    """An estimate in a cell: the number, its interval below."""
    if not shown.known:
        return shown.why
    return f"{shown.value}\n{shown.interval}" if shown.interval else shown.value


def count(x: object) -> str:
    """A whole number with its thousands apart."""
    n = whole(x)
    return "not known" if n is None else f"{n:,}"


def percent(x: Any) -> str:
    """A part as whole percent; a hyphen where there is none."""
    return f"{x:.0%}" if isinstance(x, (int, float)) else "-"


def rest(face: Face, n: int, one: str, many: str = "") -> None:
    """How many rows of a list are not shown."""
    if n > MANY:
        face.say(f"{n - MANY:,} more {one if n - MANY == 1 else many or one + 's'}: --json has all.", "dim")
