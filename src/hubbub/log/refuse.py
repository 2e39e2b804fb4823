"""What was refused and why: one line a row, written as it comes, so that memory does not grow with it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TextIO, cast

import numpy as np
import pyarrow as pa

from hubbub.errors import LogError
from hubbub.kernel import BoolArray

SHOWN = 80
"""Characters of a value that a refusal shows."""
REASONS = 1_000
"""Different reasons that are counted apart; the rest counts as `other reasons`."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula."""


class Refused(NamedTuple):
    """One refused row.

    row : counted from 1 for the first data row of its file; 0 where no row is meant
    field : the column at fault, or "" if it is the row as a whole
    """

    row: int
    id: str
    field: str
    reason: str
    value: str


def shown(value: object) -> str:
    """`value` for a person: at most 80 characters, control characters escaped, nothing for a missing one.

    >>> shown("a\\x00b\\n")
    'a\\\\x00b\\\\n'
    """
    if value is None:
        return ""
    text = str(value) if not isinstance(value, str) else value[: SHOWN + 1]
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


class Findings:
    """Problems of the rows of one block; of a row with several, the first one found stands."""

    def __init__(self, rows: int) -> None:
        self._problem = np.zeros(rows, np.int32)
        self._told: list[tuple[str, str, pa.Array | None]] = []

    def add(self, bad: BoolArray, field: str, reason: str, values: pa.Array | None = None) -> None:
        """Note that rows are bad : bool[rows]; `values` shows what stood there."""
        if not bad.any():
            return
        self._told.append((field, reason, values))
        self._problem[bad & (self._problem == 0)] = len(self._told)

    @property
    def bad(self) -> BoolArray:
        """bool[rows]: rows with at least one problem."""
        out: BoolArray = self._problem != 0
        return out

    def __bool__(self) -> bool:
        return bool(self._told)

    def refused(self, ids: pa.Array | None) -> list[Refused]:
        """One line for each bad row, its number counted from 0 in this block."""
        lines = []
        for row in np.flatnonzero(self._problem).tolist():
            field, reason, values = self._told[self._problem[row] - 1]
            value = None if values is None else _python(values[row])
            name = None if ids is None else ids[row].as_py()
            lines.append(Refused(row, shown(name), field, reason, shown(value)))
        return lines


def _python(scalar: pa.Scalar) -> object:
    """A value, or its bare number where Python has no such time."""
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return scalar.cast(pa.int64()).as_py()


class Refusals:
    """Collects refused rows: the list goes to a file (JSON Lines, or CSV by its name), the counts stay here.

    path : where the list goes, made at the first refusal; None keeps the counts only
    raises : LogError if the file cannot be written
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.count = 0
        self.reasons: Counter[str] = Counter()
        self._mode = "w"
        self._out: TextIO | None = None
        self._csv: Any = None

    def add(self, file: str, row: int, id: str, field: str, reason: str, value: object) -> None:
        """Count one refused row and write it down."""
        self.count += 1
        known = reason in self.reasons or len(self.reasons) < REASONS
        self.reasons[reason if known else "other reasons"] += 1
        if self.path is not None:
            self._write((shown_path(file), row, shown(id), field, reason, shown(value)))

    def add_all(self, file: str, refused: list[Refused], first: int = 0) -> None:
        """Add rows whose numbers are counted from `first`."""
        for r in refused:
            self.add(file, r.row + first, r.id, r.field, r.reason, r.value)

    def summary(self) -> dict[str, int]:
        """Rows by reason, the most frequent first."""
        return dict(self.reasons.most_common())

    def close(self) -> None:
        """Finish the file; adding more afterwards goes on with it."""
        if self._out is not None:
            self._out.close()
            self._out = self._csv = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _write(self, line: tuple[str, int, str, str, str, str]) -> None:
        try:
            if self._out is None:
                self._open()
            assert self._out is not None
            if self._csv is not None:
                self._csv.writerow([_plain(cell) for cell in line])
            else:
                self._out.write(json.dumps(dict(zip(_KEYS, line, strict=True)), ensure_ascii=False) + "\n")
        except OSError as error:
            raise LogError(f"{self.path}: the list of refused rows cannot be written: {error.strerror}") from error

    def _open(self) -> None:
        assert self.path is not None
        out = open(self.path, self._mode, encoding="utf-8", newline="")  # noqa: SIM115  (closed by close)
        self._out = cast(TextIO, out)
        if self.path.suffix.lower() == ".csv":
            self._csv = csv.writer(out, lineterminator="\n")
            if self._mode == "w":
                self._csv.writerow(_KEYS)
        self._mode = "a"


_KEYS = ("file", "row", "id", "field", "reason", "value")


def shown_path(file: str) -> str:
    """A path that can be written as UTF-8, whatever bytes its name holds."""
    return file.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(cell: str | int) -> str | int:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if isinstance(cell, str) and cell.startswith(FORMULA) else cell
