"""The rules of the record, held against whole columns: what is valid passes, what is not says why."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import FIELDS, MONEY, SCHEMA, TIME, TOTAL, TYPES
from hubbub.kernel import BoolArray
from hubbub.log.block import Block, Layout
from hubbub.log.refuse import Findings, Refused
from hubbub.log.values import Found, as_text, mask, money, times, truth, whole

NAMES = tuple(f.name for f in FIELDS)
NEEDED = tuple(f.name for f in FIELDS if f.needed)
TEXTS = tuple(f.name for f in FIELDS if f.type == pa.string())
FOLLOWS = ("update", "delete", "undo")
"""Types that follow what they name, so they must name it."""
ALWAYS = tuple(n for n in NAMES if n in {*NEEDED, "object", "count"})
"""Columns that are read whatever is asked for, because a row stands or falls with them."""

LONGEST, LONGEST_WORDS = 1 << 20, 64 << 20
"""Bytes that a field may have; that `content` and `raw` may have."""

_TYPES = pa.array(TYPES)
_TYPE_CODE = {name: code for code, name in enumerate(TYPES)}


def layout(wanted: tuple[str, ...] = NAMES, channel: str | None = None) -> Layout:
    """What a reader of activities looks for, where only some columns are wanted, or all rows are of one channel."""
    needed = tuple(n for n in NEEDED if n != "channel" or channel is None)
    return Layout(NAMES, needed, frozenset({*wanted, *ALWAYS}))


@dataclass(frozen=True, slots=True)
class Rules:
    """What an import assumes where a file does not say: the time zone of local times, the channel of rows."""

    zone: ZoneInfo | None = None
    channel: str | None = None


def check(block: Block, rules: Rules) -> tuple[dict[str, pa.Array], list[Refused]]:
    """Valid rows of a block as typed columns, and the rows refused, counted from 1 in the block.

    raises : LogError if a column has a type that no value of the field can have
    """
    found = Findings(block.rows)
    given = dict(block.columns)
    if rules.channel is not None:
        given["channel"] = _filled(given.get("channel"), rules.channel, block.rows)
    texts = {n: _text(given[n], n, block, found) for n in TEXTS if n in given}
    _check_needed(given, texts, found)
    columns = texts | _typed(given, rules.zone, block.trim, found)
    _check_types(columns, texts, found)
    _check_amounts(columns, texts, found)
    refused = [r._replace(row=block.number(r.row)) for r in found.refused(texts.get("id"))] if found else []
    if refused:
        keep = pa.array(~found.bad)
        columns = {n: c.filter(keep) for n, c in columns.items()}
    return columns, sorted([*block.refused, *refused])


def complete(columns: dict[str, pa.Array], wanted: tuple[str, ...] = NAMES) -> pa.Table:
    """Columns as a table in the record's order; those that the file lacks are null."""
    rows = len(next(iter(columns.values())))
    schema = pa.schema([SCHEMA.field(n) for n in wanted])
    return pa.table([columns.get(f.name, pa.nulls(rows, f.type)) for f in schema], schema=schema)


def _filled(column: pa.Array | None, value: str, rows: int) -> pa.Array:
    if column is None:
        return pa.repeat(value, rows)
    return pc.fill_null(_emptied(as_text(column, "channel")), value)


def _emptied(column: pa.Array) -> pa.Array:
    """Text with empty text as missing."""
    empty = pc.equal(pc.binary_length(column), 0)
    return pc.if_else(empty, pa.scalar(None, pa.string()), column) if pc.any(empty).as_py() else column


def _text(column: pa.Array, name: str, block: Block, found: Findings) -> pa.Array:
    """A column of text without empty text; NUL bytes and fields that are too long are found."""
    column = as_text(column, name)
    if column.null_count == len(column):
        return column
    limit = LONGEST_WORDS if name in ("content", "raw") else LONGEST
    if column.nbytes > limit and (sizes := _sizes(column)).max() > limit:
        found.add(sizes > limit, name, f"is longer than {limit >> 20} MB", column)
    if not block.clean and _has_nul(column):
        found.add(mask(pc.match_substring(column, "\0")), name, "holds a NUL byte", column)
    return column if block.trim or _sizes(column).all() else _emptied(column)


def _sizes(column: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Bytes of each text; what stands behind a null may count too."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    return np.diff(offsets)


def _has_nul(column: pa.Array) -> bool:
    _, offsets, data = column.buffers()
    if data is None:
        return False
    ends = np.frombuffer(offsets, np.int32)[[column.offset, column.offset + len(column)]]
    return bool((np.frombuffer(data, np.uint8)[ends[0] : ends[1]] == 0).any())


def _check_needed(given: dict[str, pa.Array], texts: dict[str, pa.Array], found: Findings) -> None:
    for name in NEEDED:
        column = texts.get(name, given.get(name))
        if column is None:
            found.add(np.ones(found.bad.size, bool), name, "is missing")
        elif column.null_count or name == "time":
            found.add(_missing(column), name, "is missing")


def _missing(column: pa.Array) -> BoolArray:
    missing = ~mask(column.is_valid()) if column.null_count else np.zeros(len(column), bool)
    if pa.types.is_string(column.type):
        missing |= mask(pc.equal(pc.binary_length(column), 0))
    return missing


def _typed(given: dict[str, pa.Array], zone: ZoneInfo | None, trim: bool, found: Findings) -> dict[str, pa.Array]:
    """Columns that are no text, in the types of the record."""
    out: dict[str, pa.Array] = {}
    for field in FIELDS:
        if field.type == pa.string() or field.name not in given:
            continue
        column = given[field.name]
        if pa.types.is_string(column.type) and not trim:
            column = _emptied(column)
        out[field.name], problems = _read(column, field.name, field.type, zone)
        for bad, reason in problems:
            found.add(bad, field.name, reason, column)
    return out


def _read(column: pa.Array, name: str, kind: pa.DataType, zone: ZoneInfo | None) -> tuple[pa.Array, Found]:
    if kind == TIME:
        return times(column, zone)
    if kind == MONEY:
        return money(column, name)
    return whole(column, name) if kind == pa.int64() else truth(column, name)


def _check_types(columns: dict[str, pa.Array], texts: dict[str, pa.Array], found: Findings) -> None:
    types = texts.get("type")
    if types is None:
        return
    codes = pc.index_in(types, _TYPES)
    if codes.null_count > types.null_count:
        _unknown_types(types, mask(pc.and_(codes.is_null(), types.is_valid())), found)
    last = pc.fill_null(codes, -1).to_numpy(zero_copy_only=False) >= _TYPE_CODE[FOLLOWS[0]]
    if not last.any():
        return
    named = mask(columns["object"].is_valid()) if "object" in columns else np.zeros(last.size, bool)
    found.add(last & ~named, "object", f"is missing; {', '.join(FOLLOWS)} must name what they follow")
    total = mask(pc.equal(columns["actor"], TOTAL)) if "actor" in columns else np.zeros(last.size, bool)
    found.add(last & total, "actor", f"is {TOTAL}, a total, which cannot {' or '.join(FOLLOWS)}", columns.get("actor"))


def _unknown_types(types: pa.Array, unknown: BoolArray, found: Findings) -> None:
    words = pc.unique(types.filter(pa.array(unknown)))
    by_reason: dict[str, list[str]] = {}
    for word in words.to_pylist():
        by_reason.setdefault(_unknown_type(word), []).append(word)
    for reason, same in by_reason.items():
        found.add(unknown & mask(pc.is_in(types, pa.array(same))), "type", reason, types)


def _unknown_type(word: str) -> str:
    near = difflib.get_close_matches(word[:40].lower(), TYPES, n=3, cutoff=0.6)
    if near:
        return f"is not a word of the record; near it: {', '.join(near)}"
    return f"is not a word of the record; those are {', '.join(TYPES)}"


def _check_amounts(columns: dict[str, pa.Array], texts: dict[str, pa.Array], found: Findings) -> None:
    currency = texts.get("currency")
    if currency is not None and currency.null_count < len(currency):
        values = pc.unique(currency).drop_null()
        wrong = values.filter(pc.invert(pc.match_substring_regex(values, r"^[A-Z]{3}$")))
        if len(wrong):
            found.add(mask(pc.is_in(currency, wrong)), "currency", "is not three letters A-Z such as EUR", currency)
    audience = columns.get("audience")
    if audience is not None and audience.null_count < len(audience) and pc.min(audience).as_py() < 0:
        found.add(mask(pc.less(audience, 0)), "audience", "is below 0", audience)
    _check_count(columns, found)


def _check_count(columns: dict[str, pa.Array], found: Findings) -> None:
    count = columns.get("count")
    if count is None or count.null_count == len(count):
        return
    ends = pc.min_max(count).as_py()
    if ends["min"] == 1 and ends["max"] == 1:
        return
    values = pc.fill_null(count, 1).to_numpy(zero_copy_only=False)
    total = mask(pc.equal(columns["actor"], TOTAL))
    view = mask(pc.equal(columns["type"], "view"))
    found.add(values < 0, "count", "is below 0", count)
    found.add((values == 0) & ~total, "count", f"is 0, which only a total (actor {TOTAL}) can be", count)
    many = (values > 1) & ~total & ~view
    found.add(many, "count", f"is above 1, which only a total (actor {TOTAL}) or a view can be", count)
