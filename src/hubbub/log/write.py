"""The log out: CSV, JSON Lines, Parquet and ActivityStreams; what a network sent (`raw`) never leaves."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.activity import FIELDS, MONEY, TIME
from hubbub.errors import LogError
from hubbub.log.as2 import CONTEXT, to_as2

FORMATS = ("csv", "jsonl", "parquet", "as2")
OUT = pa.schema([pa.field(f.name, f.type, nullable=not f.needed) for f in FIELDS if f.name != "raw"])
"""What is exported: activity.SCHEMA without `raw`."""
FORMULA = r"^[=+\-@\t\r]"
"""How a cell begins that a spreadsheet takes for a formula."""
_AT_A_TIME = 20_000


def write(tables: Iterable[pa.Table], out: Path, *, format: str | None = None, safe: bool = False) -> list[Path]:
    """Write activities to one file, which appears only when it is whole.

    tables : in activity.SCHEMA; more columns than its own are left out
    out : `.csv`, `.jsonl`, `.parquet`, `.as2.jsonl` (one object a line) or `.as2.json` (one OrderedCollection);
        also with `.gz` or `.zst` behind, but for Parquet, which is packed already
    format : one of FORMATS; None tells it from the name
    safe : put an apostrophe before CSV text that a spreadsheet would take for a formula; reading the file back then
        gives those texts with the apostrophe
    returns : the files written
    raises : LogError if the name tells no format or the file cannot be written
    """
    kind = format or _format(out)
    if kind not in FORMATS:
        raise LogError(f"--format {kind}: no such format to write; there are {', '.join(FORMATS)}")
    if safe and kind != "csv":
        raise LogError("spreadsheet-safe cells are for CSV only")
    writers: dict[str, Callable[[Path], Any]] = {
        "csv": lambda part: _Csv(part, out, safe),
        "jsonl": lambda part: _JsonLines(part, out),
        "parquet": lambda part: _Parquet(part, out),
        "as2": lambda part: _As2(part, out, collection=".json" in out.suffixes),
    }
    with _whole(out) as part:
        writer: _Writer = writers[kind](part)
        try:
            for table in tables:
                writer.write(_exported(table))
        finally:
            writer.close()
    return [out]


class _Writer(Protocol):
    def write(self, table: pa.Table) -> None:
        """Add rows."""

    def close(self) -> None:
        """Finish the file."""


def _format(out: Path) -> str:
    suffixes = [s.lower() for s in out.suffixes if s.lower() not in (".gz", ".zst")]
    if ".as2" in suffixes or suffixes[-1:] == [".json"]:
        return "as2"
    found = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}.get("".join(suffixes[-1:]))
    if found is None:
        raise LogError(f"{out}: the name tells no format; end it in .csv, .jsonl, .parquet or .as2.jsonl")
    return found


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A name beside `out` that takes its place when all went well, and is gone when not."""
    part = out.with_name(f".{out.name}.part")
    try:
        yield part
        os.replace(part, out)
    except (OSError, pa.ArrowException) as error:
        raise LogError(f"{out}: cannot be written: {getattr(error, 'strerror', None) or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _sink(part: Path, out: Path) -> Any:
    packing = {".gz": "gzip", ".zst": "zstd"}.get(out.suffix.lower())
    file = pa.OSFile(str(part), "wb")
    return pa.CompressedOutputStream(file, packing) if packing else file


def _exported(table: pa.Table) -> pa.Table:
    columns = {f.name: table.column(f.name) if f.name in table.column_names else None for f in OUT}
    return pa.table(
        [pa.nulls(table.num_rows, f.type) if (c := columns[f.name]) is None else c.cast(f.type) for f in OUT],
        schema=OUT,
    )


def times_as_text(column: Any) -> Any:
    """ISO 8601 in UTC with as many decimals of a second as there are."""
    plain = pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%dT%H:%M:%S")
    return pc.binary_join_element_wise(pc.replace_substring_regex(plain, r"\.?0+$", ""), "Z", "")


def _as_written(table: pa.Table) -> pa.Table:
    """Times and money as text."""
    return pa.table([_text_of(column) for column in table.columns], names=table.column_names)


def _text_of(column: Any) -> Any:
    if column.type == TIME:
        return times_as_text(column)
    if column.type == MONEY:
        return pc.replace_substring_regex(column.cast(pa.string()), r"(\.\d\d\d*?)0+$", r"\1")
    return column


class _Csv:
    def __init__(self, part: Path, out: Path, safe: bool) -> None:
        self._sink, self._safe = _sink(part, out), safe
        self._sink.write((",".join(OUT.names) + "\n").encode())

    def write(self, table: pa.Table) -> None:
        plain = _as_written(table)
        columns = [c.cast(pa.string()) for c in plain.columns]
        if self._safe:
            text = [pa.types.is_string(f.type) for f in table.schema]
            columns = [_safe(c) if is_text else c for c, is_text in zip(columns, text, strict=True)]
        buffer = io.BytesIO()
        _frame(pa.table(columns, names=OUT.names)).write_csv(buffer, include_header=False)
        self._sink.write(buffer.getvalue())

    def close(self) -> None:
        self._sink.close()


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _safe(column: Any) -> Any:
    formula = pc.fill_null(pc.match_substring_regex(column, FORMULA), False)
    return pc.if_else(formula, pc.binary_join_element_wise("'", column, ""), column)


class _JsonLines:
    def __init__(self, part: Path, out: Path) -> None:
        self._sink = _sink(part, out)

    def write(self, table: pa.Table) -> None:
        plain = _as_written(table)
        given = plain.select([n for n in plain.column_names if plain.column(n).null_count < plain.num_rows])
        buffer = io.BytesIO()
        _frame(given).write_ndjson(buffer)
        self._sink.write(buffer.getvalue())

    def close(self) -> None:
        self._sink.close()


class _Parquet:
    def __init__(self, part: Path, out: Path) -> None:
        if out.suffix.lower() in (".gz", ".zst"):
            raise LogError(f"{out}: Parquet is packed already; leave out {out.suffix}")
        self._writer = pq.ParquetWriter(part, OUT, compression="zstd")

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


class _As2:
    """One object a line, each with its context; or all of them as one OrderedCollection."""

    def __init__(self, part: Path, out: Path, collection: bool) -> None:
        self._sink, self._collection, self._rows = _sink(part, out), collection, 0
        if collection:
            context = json.dumps(CONTEXT)
            self._sink.write(f'{{"@context": {context}, "type": "OrderedCollection", "orderedItems": ['.encode())

    def write(self, table: pa.Table) -> None:
        for start in range(0, table.num_rows, _AT_A_TIME):
            rows = table.slice(start, _AT_A_TIME).to_pylist()
            self._sink.write("".join(map(self._text, rows)).encode("utf-8"))

    def _text(self, row: dict[str, Any]) -> str:
        self._rows += 1
        if not self._collection:
            return json.dumps({"@context": CONTEXT, **to_as2(row)}, ensure_ascii=False) + "\n"
        return ("\n" if self._rows == 1 else ",\n") + json.dumps(to_as2(row), ensure_ascii=False)

    def close(self) -> None:
        if self._collection:
            self._sink.write(f'\n], "totalItems": {self._rows}}}\n'.encode())
        self._sink.close()
