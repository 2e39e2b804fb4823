"""A block: some rows of a file as columns of text, with what could not even be divided into columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.errors import LogError
from hubbub.kernel import BoolArray, IntArray
from hubbub.log.refuse import Refused

LONGEST = 256 << 20
"""Bytes that one record may have; beyond, a quote or bracket is taken to be open."""


class NotUtf8(Exception):
    """Some text of a block is not UTF-8."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a reader looks for in a file.

    fields : columns that mean something; others go into `raw`, where `raw` is wanted
    needed : columns that must be there
    wanted : columns to bring
    """

    fields: tuple[str, ...]
    needed: tuple[str, ...]
    wanted: frozenset[str]

    @property
    def raw(self) -> bool:
        return "raw" in self.wanted


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one block.

    columns : name -> column, all of one length; text, or the types of a Parquet file
    total : rows of the block in the file, also those refused
    numbers : int64[rows], each row's place in the block, counted from 1; None where none is missing
    refused : rows that never became columns, counted from 1 in the block
    clean : no NUL byte anywhere; trim : no empty text anywhere, for it is null already
    """

    columns: dict[str, pa.Array]
    total: int
    numbers: IntArray | None = None
    refused: list[Refused] = field(default_factory=list)
    clean: bool = False
    trim: bool = False

    @property
    def rows(self) -> int:
        return self.total - len(self.refused)

    def number(self, row: int) -> int:
        """Place in the block, counted from 1, of a row counted from 0."""
        return row + 1 if self.numbers is None else int(self.numbers[row])


Task = Callable[[], Block]
"""Work that gives a block; it may run in any thread."""


def numbers_without(total: int, refused: Sequence[Refused]) -> IntArray | None:
    """Places, counted from 1, of the rows that are left of `total`; None where all are."""
    if not refused:
        return None
    return np.delete(np.arange(1, total + 1), np.array([r.row - 1 for r in refused]))


def known_names(names: Sequence[str], layout: Layout, path: Path) -> list[str]:
    """Column names as the record has them: blanks around and the case do not matter.

    raises : LogError if a needed column is missing or one stands twice
    """
    plain = {name.casefold(): name for name in layout.fields}
    matched = [plain.get(name.strip().casefold(), name.strip()) for name in names]
    double = next((n for n in matched if n in layout.fields and matched.count(n) > 1), None)
    if double is not None:
        raise LogError(f"{path}: the column {double} stands twice; remove or rename one")
    check_needed(matched, layout, path)
    return matched


def check_needed(names: Sequence[str], layout: Layout, path: Path) -> None:
    """Raise LogError, naming the columns seen, if a needed one is not among `names`."""
    missing = [n for n in layout.needed if n not in names]
    if not missing:
        return
    seen = ", ".join(n[:40].encode("unicode_escape").decode() for n in names[:40]) or "none"
    hint = "; pass --channel to name the channel of all rows" if "channel" in missing else ""
    raise LogError(
        f"{path}: no column {' and no column '.join(missing)}; columns seen: {seen}; "
        f"needed: {', '.join(layout.needed)}{hint}"
    )


def raw_column(unknown: Mapping[str, pa.Array], given: pa.Array | None, rows: int) -> pa.Array:
    """`raw` as text[rows]: unknown columns as a JSON object, added to a given one; null where there is nothing.

    A given `raw` that is no JSON object stands in the new one under `raw`.
    """
    pieces = [_piece(name, column) for name, column in unknown.items()]
    frame = pl.DataFrame([p.alias(str(i)) for i, p in enumerate(pieces)])
    joined = frame.select(pl.concat_str(pl.all(), separator=",", ignore_nulls=True).alias("all")).to_series()
    text = pl.select(pl.when(joined.str.len_bytes() > 0).then("{" + joined + "}")).to_series()
    made: pa.Array = text.to_arrow().cast(pa.string()) if pieces else pa.nulls(rows, pa.string())
    return made if given is None else _merged(made, given)


def _piece(name: str, column: pa.Array) -> pl.Series:
    """`"name":value` for each row, null where there is no value."""
    column = _plain(column)
    series = pl.Series("value", pl.from_arrow(column))
    if series.dtype in (pl.Float32, pl.Float64):
        series = series.fill_nan(None)
    value = pl.select(pl.struct(series).struct.json_encode()).to_series()
    key = json.dumps(name, ensure_ascii=False)
    body = value.str.slice(len('{"value":')).str.head(-1)
    return pl.select(pl.when(series.is_not_null()).then(pl.lit(key + ":") + body)).to_series()


def _plain(column: pa.Array) -> pa.Array:
    """A column of a type that can be written as JSON."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([None if v is None else v.hex() for v in column.to_pylist()], pa.string())
    if pa.types.is_null(kind) or pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.string())
    return column


def _merged(made: pa.Array, given: pa.Array) -> pa.Array:
    both: BoolArray = np.asarray(made.is_valid()) & np.asarray(given.is_valid())
    rows = np.flatnonzero(both).tolist()
    if not rows:
        return pc.coalesce(given, made)
    texts = pc.coalesce(given, made).to_pylist()
    for row in rows:
        texts[row] = _merge(given[row].as_py(), made[row].as_py())
    return pa.array(texts, pa.string())


def _merge(given: str, made: str) -> str:
    try:
        old: Any = json.loads(given)
    except (ValueError, RecursionError):
        old = given
    old = old if isinstance(old, dict) else {"raw": old}
    try:
        return json.dumps(old | json.loads(made), ensure_ascii=False)
    except (ValueError, RecursionError):
        return made
