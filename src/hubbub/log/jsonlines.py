"""JSON as blocks of text columns: JSON Lines, and arrays turned into lines as they are read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.errors import LogError
from hubbub.log.block import LONGEST, Block, Layout, NotUtf8, Task, check_needed, numbers_without
from hubbub.log.refuse import Refused, shown
from hubbub.log.source import Feed, Source

_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""Escapes that only together name a character; one of them; both begin with plain bytes, which is what is fast."""
_FEW = 1_024
"""Lines that are tried together when a block holds one that is not JSON."""
_OBJECT = re.compile(rb"\s*\{")
"""How a block must begin: Polars would unpack one that begins like a packed file."""
_ITEMS = re.compile(r'"(?:orderedItems|items)"\s*:\s*\[')


def tasks(source: Feed, layout: Layout) -> Iterator[Task]:
    """Blocks of a file with one JSON object a line.

    raises : LogError if no object of the first block has a needed field
    """
    first = True
    for data in lines(source):
        yield partial(_parse, source.path, layout, data, first)
        first = False


def lines(source: Feed) -> Iterator[bytes]:
    """Bytes of whole lines."""
    held: list[bytes] = []
    while data := source.read():
        end = data.rfind(b"\n") + 1
        if not end:
            held.append(data)
            if sum(map(len, held)) > LONGEST:
                raise LogError(f"{source.path}: a line is longer than 256 MB; is this JSON Lines?")
            continue
        yield b"".join((*held, data[:end]))
        held = [data[end:]] if end < len(data) else []
    if held:
        yield b"".join(held)


class ArrayLines:
    """A JSON array, or the items of an ActivityStreams collection, read as if each element stood on a line.

    raises : LogError if the array is never closed
    """

    def __init__(self, source: Source, start: int) -> None:
        """start : where the array's opening bracket stands among the bytes to come"""
        self.path = source.path
        self._source = source
        self._state = np.zeros(4, np.int64)
        source.push_back(source.read()[start:])

    def read(self) -> bytes:
        from hubbub.log.scan import FINISHED, elements_to_lines

        data = np.frombuffer(bytearray(self._source.read()), np.uint8)
        if data.size:
            elements_to_lines(data, self._state)
        elif not self._state[FINISHED]:
            raise LogError(f"{self.path}: the JSON array is not closed; the file is cut short or damaged")
        return data.tobytes()


def array_start(head: str) -> int:
    """Where an array of elements begins: at the first bracket, or at that of a collection's items; -1 if nowhere."""
    text = head.lstrip()
    if text.startswith("["):
        return len(head) - len(text)
    found = _ITEMS.search(head) if text.startswith("{") else None
    return found.end() - 1 if found else -1


def texts(data: bytes) -> list[bytes]:
    """Lines that are not blank."""
    return [line for line in data.split(b"\n") if line.strip()]


def loaded(line: bytes) -> Any:
    """One JSON value; the first of two equal names stands.

    raises : NotUtf8, ValueError with a reason for a person
    """
    try:
        return json.loads(line, object_pairs_hook=_first_stands, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise NotUtf8 from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at character {error.pos + 1}") from error


def _first_stands(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs)) if len(pairs) > len({k for k, _ in pairs}) else dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"is not JSON: {name} is no number")


def _parse(path: Path, layout: Layout, data: bytes, first: bool) -> Block:
    """One block; runs in a worker thread."""
    names = _names(data) if layout.raw else []
    if first:
        seen = names or _seen(data)
        if seen:
            check_needed(seen, layout, path)
    brought = [n for n in layout.fields if n in layout.wanted or n in layout.needed]
    unknown = [n for n in names if n not in layout.fields]
    frame, bad, total = _frame(data, [*brought, *unknown])
    numbers = numbers_without(total, bad)
    columns = {n: _text(frame.get_column(n)) for n in brought}
    block = Block(columns, total, numbers, bad, clean=b"\0" not in data and b"\\u0000" not in data, trim=True)
    odd = _odd(block, data, layout)
    if layout.raw and unknown:
        columns["raw"] = _raw(frame, unknown, columns["raw"], block, data, layout)
    return _without(block, odd) if odd else block


def _names(data: bytes) -> list[str]:
    """Names in the objects of a block."""
    if not _OBJECT.match(data):
        return _seen(data)
    try:
        return pl.scan_ndjson(io.BytesIO(data), infer_schema_length=None).collect_schema().names()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return _seen(data)


def _seen(data: bytes) -> list[str]:
    names: dict[str, None] = {}
    for line in texts(data):
        try:
            value = loaded(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            names.update(dict.fromkeys(value))
    return [n for n in names if _encodes(n)]


def _frame(data: bytes, names: Sequence[str]) -> tuple[pl.DataFrame, list[Refused], int]:
    """All objects of a block as columns of text; lines that are none are refused. The last is the number of lines."""
    schema = dict.fromkeys(names, pl.String)
    if not _half(data):
        frame = _tried(data, schema)
        if frame is not None:
            return frame, [], frame.height
    rows = texts(data)
    frames = [pl.DataFrame(schema=schema)]
    bad: list[Refused] = []
    for start in range(0, len(rows), _FEW):
        some = rows[start : start + _FEW]
        frame = None if _half(b"\n".join(some)) else _tried(b"\n".join(some), schema)
        if frame is not None and frame.height == len(some):
            frames.append(frame)
            continue
        _one_by_one(some, start, schema, frames, bad)
    return pl.concat(frames), bad, len(rows)


def _one_by_one(
    rows: list[bytes], start: int, schema: dict[str, type[pl.String]], frames: list[pl.DataFrame], bad: list[Refused]
) -> None:
    good: list[bytes] = []
    for i, line in enumerate(rows):
        reason = _why_not(line, schema)
        if reason:
            bad.append(Refused(start + i + 1, "", "", reason, shown(line[:400].decode("utf-8", "replace"))))
        else:
            good.append(line)
    frame = _tried(b"\n".join(good), schema) if good else None
    if frame is not None:
        frames.append(frame)


def _why_not(line: bytes, schema: dict[str, type[pl.String]]) -> str:
    """Why a line is no object of a record, or "" if it is one."""
    try:
        value = loaded(line)
    except ValueError as error:
        return str(error)
    if not isinstance(value, dict):
        return "is not a JSON object"
    if _half(line) and not _encodes(value):
        return "holds half a character (a lone surrogate)"
    frame = _tried(line, schema)
    return "" if frame is not None and frame.height == 1 else "holds a number that is too large or is nested too deeply"


def _half(data: bytes) -> bool:
    """Whether one half of a pair of escapes may stand alone."""
    return bool(_HALF.search(data)) and bool(_HALF.search(_PAIR.sub(b"", data)))


def _encodes(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _tried(data: bytes, schema: dict[str, type[pl.String]]) -> pl.DataFrame | None:
    """The objects as columns of text, or None if a line is none."""
    if not data.strip():
        return pl.DataFrame(schema=schema)
    if not _OBJECT.match(data):
        return None
    try:
        return pl.read_ndjson(io.BytesIO(data), schema=schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None


def _text(series: pl.Series) -> pa.Array:
    """A column as text, empty text being missing."""
    empty = series.str.len_bytes() == 0
    if empty.any():
        series = pl.select(pl.when(~empty).then(series)).to_series()
    return series.to_arrow().cast(pa.string())


def _odd(block: Block, data: bytes, layout: Layout) -> list[Refused]:
    """Rows in which a list or an object stands where text is needed; the JSON reader has made text of it."""
    found: dict[int, Refused] = {}
    rows: list[bytes] = []
    for name, column in block.columns.items():
        if name == "raw" or column.null_count == len(column):
            continue
        starts = pc.fill_null(pc.match_substring_regex(column, r"^[\[{]"), False)
        for row in np.flatnonzero(starts.to_numpy(zero_copy_only=False)).tolist():
            rows = rows or texts(data)
            value = loaded(rows[block.number(row) - 1])[name]
            if not isinstance(value, str):
                ids = block.columns.get("id")
                known = "" if ids is None or name == "id" else shown(ids[row].as_py())
                reason = f"is {'a list' if isinstance(value, list) else 'an object'} where text is needed"
                found.setdefault(row, Refused(block.number(row), known, name, reason, shown(column[row].as_py())))
    return [found[row] for row in sorted(found)]


def _without(block: Block, odd: list[Refused]) -> Block:
    """A block less some of its rows."""
    refused = sorted([*block.refused, *odd])
    numbers = numbers_without(block.total, refused)
    was = np.arange(1, block.total + 1) if block.numbers is None else block.numbers
    keep = pa.array(~np.isin(was, [r.row for r in odd]))
    return Block(
        {n: c.filter(keep) for n, c in block.columns.items()}, block.total, numbers, refused, block.clean, block.trim
    )


def _raw(
    frame: pl.DataFrame, unknown: list[str], given: pa.Array, block: Block, data: bytes, layout: Layout
) -> pa.Array:
    """`raw` of each row: what stands in fields that mean nothing here, exactly as it was sent."""
    has = frame.select(pl.any_horizontal(pl.col(unknown).is_not_null())).to_series().to_numpy()
    rows = texts(data) if has.any() else []
    out = given.to_pylist() if has.any() else []
    for row in np.flatnonzero(has).tolist():
        value = loaded(rows[block.number(row) - 1])
        extra = {k: v for k, v in value.items() if k not in layout.fields and v is not None}
        old = value.get("raw")
        if isinstance(old, str):
            old = _maybe_json(old)
        if isinstance(old, dict):
            extra = old | extra
        elif old not in (None, ""):
            extra["raw"] = old
        out[row] = json.dumps(extra, ensure_ascii=False, allow_nan=False) if _encodes(extra) else json.dumps(extra)
    return pa.array(out, pa.string()) if has.any() else given


def _maybe_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
