"""Segments: the log on disk as Parquet files, each with the text of the record and integer keys beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.activity import SCHEMA, TYPES
from hubbub.kernel import IntArray
from hubbub.log.keys import KEYED, money_micros
from hubbub.log.link import NO_MONEY, Rows

_SMALL = ("channel", "type", "currency", "campaign", "place")
_KEYS = (*KEYED, "fp")
READ = (
    "time", "channel", "type", "campaign", "value", "currency", "cost", "count", "audience", "disclosed", "rewarded",
    "automated", *KEYED,
)  # fmt: skip
_ROW_GROUP = 262_144


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the log and how many rows it holds."""

    path: Path
    rows: int


def write_segment(keyed: pa.Table, path: Path) -> Segment:
    """Write rows with keys (`keys.with_keys`) as one Parquet file."""
    plain = [name for name in keyed.column_names if name in _KEYS]
    pq.write_table(
        keyed,
        path,
        row_group_size=_ROW_GROUP,
        compression={n: "none" if n in plain else "zstd" for n in keyed.column_names},
        compression_level={n: 1 for n in keyed.column_names if n not in plain},
        use_dictionary=[n for n in _SMALL if n in keyed.column_names] + ["actor", "addressed_to"],
        write_statistics=["time"],
    )
    return Segment(path, keyed.num_rows)


def read_segment(segment: Segment, columns: Sequence[str] | None = None) -> pa.Table:
    """Rows of a segment; without `columns` the record's fields."""
    wanted = list(columns) if columns is not None else SCHEMA.names
    return pq.read_table(segment.path, columns=wanted, memory_map=True)


class _Codes:
    """Codes for words that few rows share, the same over all segments."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.names: list[str] = list(known)
        self._of = {name: i for i, name in enumerate(self.names)}

    def take(self, column: pa.ChunkedArray, into: IntArray) -> None:
        """Write the codes of a dictionary column, -1 where null."""
        at = 0
        for chunk in column.chunks:
            words = chunk.dictionary.to_pylist()
            lut = np.array([self._code(w) for w in words] + [-1], np.int64)
            codes = pc.fill_null(chunk.indices, len(words)).to_numpy(zero_copy_only=False)
            into[at : at + len(chunk)] = lut[codes]
            at += len(chunk)

    def sort(self, column: IntArray) -> None:
        """Number the words by the alphabet, so that the files and their order leave no trace."""
        order = sorted(range(len(self.names)), key=self.names.__getitem__)
        lut = np.full(len(order) + 1, -1, column.dtype)
        lut[order] = np.arange(len(order))
        if order != list(range(len(order))):
            column[:] = lut[column]
        self.names = [self.names[i] for i in order]

    def _code(self, name: str) -> int:
        if name not in self._of:
            self._of[name] = len(self.names)
            self.names.append(name)
        return self._of[name]


@dataclass(slots=True)
class Loaded:
    """The columns that the measures need, all segments together, with the words behind the codes."""

    rows: Rows
    channels: list[str]
    campaigns: list[str]
    currencies: list[str]


def load(segments: Sequence[Segment]) -> Loaded:
    """Columns of all segments in one order: the order of the segments, then of their rows."""
    n = sum(s.rows for s in segments)
    rows = _empty_rows(n)
    channels, campaigns, currencies, types = _Codes(), _Codes(), _Codes(), _Codes(TYPES)
    at = 0
    with ThreadPoolExecutor(1) as pool:
        tables = [pool.submit(_read_keyed, s) for s in segments[:1]]
        for i, segment in enumerate(segments):
            table = tables[i].result()
            if i + 1 < len(segments):
                tables.append(pool.submit(_read_keyed, segments[i + 1]))
            tables[i] = None  # type: ignore[call-overload]
            _take(table, rows, slice(at, at + segment.rows), channels, campaigns, currencies, types)
            at += segment.rows
    for codes, column in ((channels, rows.channel), (campaigns, rows.campaign), (currencies, rows.currency)):
        codes.sort(column)
    return Loaded(rows, channels.names, campaigns.names, currencies.names)


def _read_keyed(segment: Segment) -> pa.Table:
    return pq.read_table(
        segment.path, columns=list(READ), read_dictionary=["channel", "type", "campaign", "currency"], memory_map=True
    )


def rows_of(table: pa.Table, channels: list[str], campaigns: list[str], currencies: list[str]) -> Rows:
    """Columns of one table with the columns READ, coded by the names given."""
    rows = _empty_rows(table.num_rows)
    for name in ("channel", "type", "campaign", "currency"):
        column = table.column(name).cast(pa.string()).dictionary_encode()
        table = table.set_column(table.schema.get_field_index(name), name, column)
    codes = (_Codes(channels), _Codes(campaigns), _Codes(currencies), _Codes(TYPES))
    _take(table, rows, slice(0, table.num_rows), *codes)
    return rows


def _empty_rows(n: int) -> Rows:
    wide = [np.empty(n, np.int64) for _ in range(8)]
    return Rows(
        time=wide[0], channel=np.empty(n, np.int16), type=np.empty(n, np.int8),
        id=wide[1], actor=wide[2], object=wide[3], reply=wide[4], via=wide[5], context=wide[6], addressed=wide[7],
        campaign=np.empty(n, np.int32), value=np.empty(n, np.int64), currency=np.empty(n, np.int16),
        cost=np.empty(n, np.int64), count=np.empty(n, np.int64), audience=np.empty(n, np.int64),
        disclosed=np.empty(n, np.int8), rewarded=np.empty(n, np.int8), automated=np.empty(n, np.int8),
        origin=np.arange(n, dtype=np.int64),
    )  # fmt: skip


def _take(
    table: pa.Table, rows: Rows, at: slice, channels: _Codes, campaigns: _Codes, currencies: _Codes, types: _Codes
) -> None:
    rows.time[at] = table.column("time").cast(pa.int64()).to_numpy()
    channels.take(table.column("channel"), rows.channel[at])
    types.take(table.column("type"), rows.type[at])
    campaigns.take(table.column("campaign"), rows.campaign[at])
    currencies.take(table.column("currency"), rows.currency[at])
    for key, name in zip(KEYED, ("id", "actor", "object", "reply", "via", "context", "addressed"), strict=True):
        getattr(rows, name)[at] = table.column(key).to_numpy()
    for name in ("value", "cost"):
        micros, known = money_micros(table.column(name))
        getattr(rows, name)[at] = np.where(known, micros, NO_MONEY)
    for name, missing in (("count", 1), ("audience", -1)):
        getattr(rows, name)[at] = pc.fill_null(table.column(name), missing).to_numpy()
    for name in ("disclosed", "rewarded", "automated"):
        getattr(rows, name)[at] = pc.fill_null(table.column(name).cast(pa.int8()), -1).to_numpy()


class Texts:
    """Text of single rows, fetched from the segments when it is asked for."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._starts = np.cumsum([0] + [s.rows for s in segments])

    def take(self, column: str, rows: IntArray) -> pa.Array:
        """Values of a column at rows numbered over all segments, in the order asked."""
        order = np.argsort(rows, kind="stable")
        wanted = np.asarray(rows)[order]
        cuts = np.searchsorted(wanted, self._starts)
        parts = []
        for i, segment in enumerate(self._segments):
            lo, hi = int(cuts[i]), int(cuts[i + 1])
            if lo < hi:
                held = pq.read_table(segment.path, columns=[column], memory_map=True).column(0)
                parts.append(held.take(pa.array(wanted[lo:hi] - self._starts[i])).combine_chunks())
        if not parts:
            return pa.array([], pa.string())
        back = np.empty(order.size, np.int64)
        back[order] = np.arange(order.size)
        values = pa.chunked_array(parts).combine_chunks()
        return _flat(values).take(pa.array(back))

    def names(self, rows: IntArray) -> list[tuple[str, str]]:
        """(channel, id) of rows."""
        return list(zip(self.take("channel", rows).to_pylist(), self.take("id", rows).to_pylist(), strict=True))

    def words(self, rows: IntArray) -> list[str | None]:
        """Contents of rows."""
        return self.take("content", rows).to_pylist()  # type: ignore[no-any-return]


def _flat(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.chunk(0) if values.num_chunks == 1 else pa.concat_arrays(values.chunks)
    return values
