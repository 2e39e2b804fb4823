"""CSV as blocks of text columns: quotes, line ends inside quotes, rows with too many or too few columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from hubbub.errors import LogError
from hubbub.log.block import LONGEST, Block, Layout, NotUtf8, Task, known_names, numbers_without, raw_column
from hubbub.log.refuse import Refused, shown
from hubbub.log.source import Source

Piece = bytes | memoryview
"""Bytes of whole records; a view saves copying them."""

HEADER = 1 << 20
"""Bytes within which the header must end."""


def tasks(source: Source, layout: Layout) -> Iterator[Task]:
    """Blocks of a CSV file whose first line names the columns.

    The separator is a comma, or a semicolon or tab where the header has no comma.
    raises : LogError for a header that lacks needed columns, and for a quote that is never closed
    """
    names, delimiter = _header(source)
    matched = known_names(names, layout, source.path)
    parse = partial(_parse, source.path, matched, delimiter, layout)
    for data, unclosed in _pieces(source, delimiter):
        yield partial(parse, data, unclosed)


def _header(source: Source) -> tuple[list[str], str]:
    """Names of the columns and the separator; the source then stands at the first row."""
    head = source.peek(HEADER + 1)
    body = head.lstrip(b"\r\n")
    end = _line_end(body)
    if end < 0 and len(body) > HEADER:
        raise LogError(f"{source.path}: the first line is longer than 1 MB, so it names no columns; is this CSV?")
    line = body if end < 0 else body[:end]
    rest = source.read()[len(head) - len(body) + len(line) :]
    source.push_back(rest)
    try:
        text = line.decode("utf-8")
        delimiter = next((d for d in ",;\t" if d in text), ",")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except UnicodeDecodeError as error:
        raise NotUtf8 from error
    except csv.Error as error:
        raise LogError(f"{source.path}: the header cannot be read: {error}") from error
    return (rows[0] if rows else []), delimiter


def _line_end(data: bytes) -> int:
    """Where the first line ends, line ends between quotes not counting; -1 if it does not."""
    inside = False
    for at in range(min(len(data), HEADER)):
        c = data[at]
        if c == 34:
            inside = not inside
        elif c in (10, 13) and not inside:
            return at
    return -1


def _pieces(source: Source, delimiter: str) -> Iterator[tuple[Piece, bytes]]:
    """Bytes of whole records, and at the end those of a record whose quote is never closed."""
    held, scanned = b"", 0
    while True:
        data = source.extend(held)
        if len(data) == len(held):
            break
        if len(data) < 2 * scanned:  # a record longer than all that was read: look again when there is twice as much
            held = bytes(data)
            continue
        end, _ = _record_end(data, delimiter)
        held = bytes(data[end:])
        if end:
            scanned = 0
            yield memoryview(data)[:end], b""
            continue
        scanned = len(data)
        if scanned > LONGEST:
            raise LogError(f"{source.path}: a record is longer than 256 MB{_where(held)}; is a quote open there?")
    end, opened = _record_end(held, delimiter)
    if opened < 0:
        if held:
            yield held, b""
        return
    tail = held[opened:].rstrip(b"\r\n")
    if b"\n" in tail or b"\r" in tail:
        raise LogError(
            f"{source.path}: a quote is never closed{_where(held[end:])}; "
            f"{tail.count(10)} lines after it cannot be told apart; close it or double it"
        )
    yield held[:end], held[end:]


def _where(record: bytes) -> str:
    return f", in the record that begins with {shown(record[:60].decode('utf-8', 'replace'))!r}"


def _record_end(data: bytes | bytearray, delimiter: str) -> tuple[int, int]:
    """Position after the last whole record, and of a quote still open at the end or -1."""
    if b'"' in data:
        from hubbub.log.scan import csv_end

        end, opened = csv_end(np.frombuffer(data, np.uint8), ord(delimiter))
        return int(end), int(opened)
    end = data.rfind(b"\n") + 1
    return end or data.rfind(b"\r", 0, -1) + 1, -1


def _parse(path: Path, names: list[str], delimiter: str, layout: Layout, data: Piece, unclosed: bytes) -> Block:
    """One block; runs in a worker thread."""
    bad: list[Refused] = []
    id_at = names.index("id") if "id" in names else -1

    def refuse(row: Any) -> str:
        bad.append(_ragged(row.number, row.text, row.actual_columns, len(names), delimiter, id_at))
        return "skip"

    keys = [str(i) for i in range(len(names))]
    brought = [k for k, n in zip(keys, names, strict=True) if _brought(n, layout)]
    columns = _columns(path, data, keys, brought, delimiter, refuse)
    rows = len(next(iter(columns.values()))) if columns else 0
    total = rows + len(bad)
    if unclosed:
        total += 1
        text = unclosed.decode("utf-8", "replace")
        bad.append(Refused(total, "", "", "the last row ends inside a quote that is never closed", shown(text)))
    named = {names[int(k)]: c for k, c in columns.items() if names[int(k)] in layout.fields}
    unknown = {names[int(k)]: c for k, c in columns.items() if names[int(k)] not in layout.fields}
    if layout.raw and unknown:
        named["raw"] = raw_column(unknown, named.get("raw"), rows)
    return Block(named, total, numbers_without(total, bad), bad, clean=_without_nul(data), trim=True)


def _without_nul(data: Piece) -> bool:
    whole: bytes | bytearray = data.obj if isinstance(data, memoryview) else data  # type: ignore[assignment]
    return b"\0" not in whole


def _brought(name: str, layout: Layout) -> bool:
    if name in layout.fields:
        return name in layout.wanted or name in layout.needed
    return bool(name) and layout.raw


def _columns(
    path: Path, data: Piece, keys: list[str], brought: list[str], delimiter: str, refuse: Any
) -> dict[str, pa.Array]:
    if not bytes(data[:2]).strip(b"\r\n") and not bytes(data).strip(b"\r\n"):
        return {k: pa.nulls(0, pa.string()) for k in brought}
    buffer = pa.py_buffer(data)
    _check_utf8(buffer)
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(buffer),
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=keys),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()),
                include_columns=brought,
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise LogError(f"{path}: cannot be read as CSV: {error}") from error
    return {k: _single(table.column(k)) for k in brought}


def _check_utf8(buffer: pa.Buffer) -> None:
    """Raise NotUtf8 if the bytes are none; before they are parsed, for the parser hands out bad rows as text."""
    ends = pa.py_buffer(np.array([0, buffer.size], np.int32).tobytes())
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, ends, buffer]).validate(full=True)
    except pa.ArrowInvalid as error:
        raise NotUtf8 from error


def _single(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.nulls(0, pa.string())])


def _ragged(number: int, text: str, actual: int, expected: int, delimiter: str, id_at: int) -> Refused:
    cells: list[str] = []
    if 0 <= id_at < actual:
        try:
            cells = next(csv.reader([text[:10_000]], delimiter=delimiter), [])
        except csv.Error:
            cells = []
    name = cells[id_at] if 0 <= id_at < len(cells) else ""
    return Refused(number, shown(name), "", f"has {actual} columns where the header has {expected}", shown(text))
