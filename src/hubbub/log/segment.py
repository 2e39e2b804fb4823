"""Segments: the log on disk as Parquet files, each with the text of the record and integer keys beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.activity import SCHEMA, TYPES
from hubbub.errors import LogError
from hubbub.kernel import BoolArray, IntArray, jit
from hubbub.log.keys import KEYED, money_micros, salted, salts_of
from hubbub.log.link import SPARSE, Keys, Rows
from hubbub.log.sparse import Gathered
from hubbub.rows import AUTOMATED, HUMAN

_SMALL = ("channel", "type", "currency", "campaign", "place")
_KEYS = (*KEYED, "fp")
_CODED = ("channel", "type", "campaign", "currency")
_FIRST = (
    "time", "channel", "type", "campaign", "value", "currency", "cost", "count", "audience", "disclosed", "rewarded",
    "automated", "k_id",
)  # fmt: skip
_NAMING = tuple(key for key in KEYED if key != "k_id")
READ = (*_FIRST, *_NAMING)
MOST_ROWS = 2**31 - 2**20
"""Rows of a log are numbered in 32 bits."""
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


class WordCodes:
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
            _recode(column, lut)
        self.names = [self.names[i] for i in order]

    def _code(self, name: str) -> int:
        if name not in self._of:
            self._of[name] = len(self.names)
            self.names.append(name)
        return self._of[name]


@jit
def _recode(column: Any, lut: Any) -> None:
    for i in range(column.size):
        column[i] = lut[column[i]]


@dataclass(slots=True)
class Loaded:
    """The columns that the measures need, all segments together, with the words behind the codes."""

    rows: Rows
    channels: list[str]
    campaigns: list[str]
    currencies: list[str]


def load(segments: Sequence[Segment], some: Sequence[BoolArray] | None = None) -> Loaded:
    """Columns of all segments in one order: the order of the segments, then of their rows.

    some : for each segment which of its rows; then rows are numbered among these; None: all

    raises : LogError for more rows than 32-bit row numbers can name
    """
    n = sum(s.rows for s in segments) if some is None else sum(int(np.count_nonzero(mask)) for mask in some)
    if n >= MOST_ROWS:
        raise LogError(f"{n:,} activities are more than one machine takes ({MOST_ROWS:,}); use --engine spark.")
    taking = _Taking(n, lambda: _key_blocks(segments, some))
    for start, table in blocks(segments, _FIRST, some):
        taking.add(start, table)
    return taking.loaded()


def rows_of(table: pa.Table, channels: list[str], campaigns: list[str], currencies: list[str]) -> Rows:
    """Columns of one table with the columns READ, coded by the names given."""
    taking = _Taking(table.num_rows, lambda: iter([_keys(0, table)]), channels, campaigns, currencies)
    for name in _CODED:
        column = table.column(name).cast(pa.string()).dictionary_encode()
        table = table.set_column(table.schema.get_field_index(name), name, column)
    taking.add(0, table)
    return taking.rows()


def blocks(
    segments: Sequence[Segment], columns: Sequence[str], some: Sequence[BoolArray] | None = None
) -> Iterator[tuple[int, pa.Table]]:
    """Segments, or some of their rows, as tables with the number of the first row; one is read while one is used."""
    coded = [name for name in _CODED if name in columns]

    def read(i: int) -> pa.Table:
        table = pq.read_table(segments[i].path, columns=list(columns), read_dictionary=coded, memory_map=True)
        return table if some is None else table.filter(pa.array(some[i]))

    with ThreadPoolExecutor(1) as pool:
        start, ahead = 0, pool.submit(read, 0) if segments else None
        for i in range(len(segments)):
            assert ahead is not None
            table = ahead.result()
            ahead = pool.submit(read, i + 1) if i + 1 < len(segments) else None
            yield start, table
            start += table.num_rows


def _key_blocks(segments: Sequence[Segment], some: Sequence[BoolArray] | None) -> Iterator[Keys]:
    for start, table in blocks(segments, _NAMING, some):
        yield _keys(start, table)


def _keys(start: int, table: pa.Table) -> Keys:
    return Keys(start, *(np.ascontiguousarray(table.column(name).to_numpy()) for name in _NAMING))


class _Taking:
    """Columns in the making, block after block."""

    def __init__(
        self, n: int, keys: Callable[[], Iterator[Keys]], channels: Iterable[str] = (), campaigns: Iterable[str] = (),
        currencies: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self._time, self._id = np.empty(n, np.int64), np.empty(n, np.int64)
        self._channel, self._type = np.empty(n, np.int16), np.empty(n, np.int8)
        self._campaign, self._flags = np.empty(n, np.int32), np.empty(n, np.uint32)
        self._keys = keys
        self._channels, self._campaigns, self._currencies = (
            WordCodes(channels),
            WordCodes(campaigns),
            WordCodes(currencies),
        )
        self._types = WordCodes(TYPES)
        self._sparse = {name: Gathered(missing) for name, missing in SPARSE.items()}

    def add(self, start: int, table: pa.Table) -> None:
        """Take one block, whose coded columns are dictionaries."""
        at = slice(start, start + table.num_rows)
        self._time[at] = table.column("time").cast(pa.int64()).to_numpy()
        self._channels.take(table.column("channel"), self._channel[at])
        self._types.take(table.column("type"), self._type[at])
        self._campaigns.take(table.column("campaign"), self._campaign[at])
        salts = salts_of(self._channels.names)
        self._id[at] = salted(table.column("k_id").to_numpy(), self._channel[at], salts)
        machine = pc.fill_null(table.column("automated").cast(pa.int8()), -1).to_numpy()
        self._flags[at] = self._type[at]
        self._flags[at][machine == 1] |= AUTOMATED
        self._flags[at][machine == 0] |= HUMAN
        for name in ("value", "cost"):
            self._sparse[name].add(start, *money_micros(table.column(name)))
        for name in ("count", "audience", "disclosed", "rewarded"):
            given = pc.fill_null(table.column(name).cast(pa.int64()), SPARSE[name]).to_numpy()
            self._sparse[name].add(start, given, given != SPARSE[name])
        currency = np.empty(table.num_rows, np.int16)
        self._currencies.take(table.column("currency"), currency)
        self._sparse["currency"].add(start, currency, currency >= 0)

    def rows(self) -> Rows:
        """The columns with the codes as they were given."""
        return Rows(
            time=self._time, channel=self._channel, type=self._type, id=self._id, campaign=self._campaign,
            flags=self._flags, origin=np.arange(self._time.size, dtype=np.int32), blocks=self._keys,
            **{name: column.done() for name, column in self._sparse.items()},
        )  # fmt: skip

    def loaded(self) -> Loaded:
        """The columns with codes by the alphabet."""
        rows = self.rows()
        currency = rows.currency.value
        for codes, column in (
            (self._channels, rows.channel), (self._campaigns, rows.campaign), (self._currencies, currency),
        ):  # fmt: skip
            codes.sort(column)
        return Loaded(rows, self._channels.names, self._campaigns.names, self._currencies.names)


class Texts:
    """Text of single rows, fetched from the segments when it is asked for."""

    def __init__(self, segments: Sequence[Segment], some: Sequence[BoolArray] | None = None) -> None:
        """some : as `load` was given it"""
        self._segments = segments
        self._rows = None if some is None else [np.flatnonzero(mask) for mask in some]
        sizes = [s.rows for s in segments] if self._rows is None else [rows.size for rows in self._rows]
        self._starts = np.cumsum([0, *sizes])

    def take(self, column: str, rows: IntArray) -> pa.Array:
        """Values of a column at rows numbered over all segments, in the order asked."""
        order = np.argsort(rows, kind="stable")
        wanted = np.asarray(rows)[order]
        cuts = np.searchsorted(wanted, self._starts)

        def of(i: int) -> pa.Array | pa.ChunkedArray:
            held = pq.read_table(self._segments[i].path, columns=[column], memory_map=True).column(0)
            at = wanted[cuts[i] : cuts[i + 1]] - self._starts[i]
            return held.take(pa.array(at if self._rows is None else self._rows[i][at])).combine_chunks()

        with ThreadPoolExecutor(2) as pool:
            parts = list(pool.map(of, np.flatnonzero(np.diff(cuts)).tolist()))
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
