"""The two tables as columns of numpy arrays, in the order of their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from hubbub.errors import TableError
from hubbub.shelf import let_go
from hubbub.tables import CASCADES, MODES, PEOPLE

Array = npt.NDArray[Any]
Arrow: TypeAlias = Any
"""A pyarrow array: stubs of different versions disagree on its methods."""
pc: Any = pyarrow.compute
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

DAY_US = 86_400_000_000
NEVER = np.iinfo(np.int64).min
"""Stands where a time is missing."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Text as numbers: codes[i] is a position in `names` (sorted by code point), -1 where missing."""

    codes: IntArray
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """A column of lists: `row[k]` is the row to which `values[k]` belongs."""

    row: IntArray
    values: Arrow
    lengths: IntArray


def to_arrow(table: Any) -> pa.Table:
    """A pyarrow table from a pyarrow table or a polars frame."""
    if isinstance(table, pa.Table):
        return table
    import polars as pl

    if isinstance(table, pl.LazyFrame):
        table = table.collect()
    if not isinstance(table, pl.DataFrame):
        raise TableError(f"a table must be pyarrow or polars, not {type(table).__name__}")
    return table.to_arrow(compat_level=pl.CompatLevel.oldest())


def text(array: Arrow) -> Arrow:
    """Plain text from text, dictionary or view arrays."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array if pa.types.is_large_string(array.type) else pc.cast(array, pa.large_string())


def coded(array: Arrow) -> Coded:
    """Codes in the order of the sorted labels, so that the codes do not depend on the order of rows."""
    encoded = array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    names = [str(x) if x is not None else None for x in text(encoded.dictionary).to_pylist()]
    raw = np.asarray(pc.fill_null(pc.cast(encoded.indices, pa.int64()), -1))
    # The last place counts the missing ones.
    used = np.flatnonzero(np.bincount(np.where(raw < 0, len(names), raw), minlength=len(names) + 1)[: len(names)])
    present = sorted({name for name in (names[i] for i in used) if name is not None})
    place = {name: i for i, name in enumerate(present)}
    lookup = np.full(len(names) + 1, -1, dtype=np.int64)
    for i in used:
        name = names[i]
        lookup[i] = -1 if name is None else place[name]
    return Coded(lookup[raw], tuple(present))


class Columns:
    """Columns of one table as numpy arrays; missing values are named, never zero by accident."""

    def __init__(self, table: pa.Table, schema: pa.Schema, name: str) -> None:
        missing = [column for column in schema.names if column not in table.column_names]
        if missing:
            raise TableError(f"the {name} table lacks the columns {', '.join(missing)}")
        self.table = table
        self.n: int = table.num_rows

    def column(self, name: str) -> Arrow:
        """One column in one piece; pages of a table on disk that served another column are given back."""
        let_go()
        chunked: Arrow = self.table.column(name)
        if chunked.num_chunks == 1:
            return chunked.chunk(0)
        if pa.types.is_dictionary(chunked.type):
            chunked = chunked.unify_dictionaries()
        return chunked.combine_chunks()

    def ints(self, name: str, missing: int = 0) -> Array:
        """Whole numbers, `missing` where null."""
        return np.asarray(_filled(self.column(name), missing))

    def floats(self, name: str) -> npt.NDArray[np.float64]:
        """Floats, NaN where null (inside only)."""
        return np.asarray(pc.cast(self.column(name), pa.float64()).to_numpy(zero_copy_only=False))

    def flags(self, name: str) -> npt.NDArray[np.int8]:
        """1 true, 0 false, -1 null."""
        return np.asarray(_filled(pc.cast(self.column(name), pa.int8()), -1))

    def times(self, name: str) -> IntArray:
        """Microseconds since 1970, NEVER where null."""
        whole = pc.cast(pc.cast(self.column(name), pa.timestamp("us", tz="UTC")), pa.int64())
        return np.asarray(_filled(whole, int(NEVER)))

    def coded(self, name: str) -> Coded:
        return coded(self.column(name))

    def lists(self, name: str) -> Lists:
        array = self.column(name)
        lengths = np.asarray(pc.fill_null(pc.cast(pc.list_value_length(array), pa.int64()), 0))
        row = np.repeat(np.arange(self.n, dtype=np.int64), lengths)
        return Lists(row, array.flatten(), lengths)

    def parts(self, name: str) -> Iterator[tuple[IntArray, Arrow]]:
        """A column of lists part by part as the table holds it: int32 row of each value, and the values."""
        start = 0
        for chunk in self.table.column(name).chunks:
            let_go()
            lengths = np.asarray(pc.fill_null(pc.cast(pc.list_value_length(chunk), pa.int64()), 0))
            yield np.repeat(np.arange(start, start + len(chunk), dtype=np.int32), lengths), chunk.flatten()
            start += len(chunk)


def _filled(array: Arrow, missing: int) -> Arrow:
    return pc.fill_null(array, missing) if array.null_count else array


def numbers(array: Arrow, missing: int = 0) -> IntArray:
    """int64 from a flat arrow array."""
    return np.asarray(_filled(pc.cast(array, pa.int64()), missing))


class People(Columns):
    """The people table, by label."""

    def __init__(self, table: Any) -> None:
        arrow = to_arrow(table)
        super().__init__(arrow, PEOPLE, "people")
        names = text(self.column("person")) if self.n else pa.array([], pa.large_string())
        if self.n > 1 and not pc.all(pc.less_equal(names.slice(0, self.n - 1), names.slice(1))).as_py():
            self.table = arrow.take(pc.sort_indices(names))
            names = text(self.column("person"))
        self._names = names

    def name(self, i: int) -> str:
        return str(self._names[int(i)].as_py())

    def modes(self, name: str) -> npt.NDArray[np.int8]:
        """Codes of MODES, -1 where null."""
        found = self.coded(name)
        place = np.array([MODES.index(x) if x in MODES else -1 for x in found.names] + [-1], dtype=np.int8)
        return np.asarray(place[found.codes])

    @cached_property
    def origin(self) -> npt.NDArray[np.int8]:
        return self.modes("origin")

    @cached_property
    def channel(self) -> Coded:
        return self.coded("channel")

    @cached_property
    def origin_campaign(self) -> Coded:
        return self.coded("origin_campaign")

    @cached_property
    def unit(self) -> Coded:
        return self.coded("unit")

    def credit(self, name: str = "credit_micros") -> tuple[IntArray, IntArray]:
        """Who has credit, and their six rules x four modes: (person[k], micros[k, 24])."""
        lists = self.lists(name)
        if np.any((lists.lengths != 0) & (lists.lengths != 24)):
            raise TableError(f"{name} of the people table must hold 24 numbers or none")
        return np.flatnonzero(lists.lengths), numbers(lists.values).reshape(-1, 24)


class Cascades(Columns):
    """The cascades table, by channel and root."""

    def __init__(self, table: Any) -> None:
        arrow = to_arrow(table)
        super().__init__(arrow, CASCADES, "cascades")
        keys = pa.table({"channel": text(self.column("channel")), "root": text(self.column("root"))})
        order = np.asarray(pc.sort_indices(keys, sort_keys=[("channel", "ascending"), ("root", "ascending")]))
        if np.any(order != np.arange(self.n)):
            self.table = arrow.take(pa.array(order))

    @cached_property
    def campaign(self) -> Coded:
        return self.coded("campaign")

    @cached_property
    def shared(self) -> BoolArray:
        return np.asarray(self.flags("shared") == 1)

    @cached_property
    def tries(self) -> BoolArray:
        return np.asarray(self.flags("try") == 1)


ENTRY = ("touches", "exchanges", "words", "words_alone")


def entries(people: People) -> tuple[IntArray, Coded, dict[str, IntArray]]:
    """Campaigns of the people with a touch in them laid flat: person of each entry, campaign, and the other fields.

    returns : int32 person; int32 codes of campaigns; ENTRY in int32 and `first` in int64 microseconds
    """
    rows: list[Array] = [np.zeros(0, np.int32)]
    campaigns: list[Arrow] = []
    fields: dict[str, list[Array]] = {
        x: [np.zeros(0, np.int64 if x == "first" else np.int32)] for x in (*ENTRY, "first")
    }
    for row, values in people.parts("campaigns"):
        # Who was only written to, or only left, is not one of a campaign's people.
        touched = numbers(pc.struct_field(values, "touches")) > 0
        kept = values.filter(pa.array(touched))
        rows.append(row[touched])
        campaigns.append(pc.struct_field(kept, "campaign"))
        for x in ENTRY:
            fields[x].append(numbers(pc.struct_field(kept, x)).astype(np.int32))
        first = pc.cast(pc.struct_field(kept, "first"), pa.timestamp("us", tz="UTC"))
        fields["first"].append(numbers(first, int(NEVER)))
    return np.concatenate(rows), _all_coded(campaigns), {x: np.concatenate(parts) for x, parts in fields.items()}


def burnt(people: People) -> tuple[IntArray, Coded, IntArray]:
    """Everybody whom a campaign met, by a touch or by words of the brand, or who left or flagged it, laid flat.

    returns : int32 person of each entry, campaign, and the opt-outs and flags that count to it (readings, 46)
    """
    rows: list[Array] = [np.zeros(0, np.int32)]
    campaigns: list[Arrow] = []
    lost: list[Array] = [np.zeros(0, np.int32)]
    for row, values in people.parts("campaigns"):
        named = np.asarray(pc.struct_field(values, "campaign").is_valid())
        kept = values.filter(pa.array(named))
        rows.append(row[named])
        campaigns.append(pc.struct_field(kept, "campaign"))
        gone = numbers(pc.struct_field(kept, "leaves")) + numbers(pc.struct_field(kept, "flags"))
        lost.append(gone.astype(np.int32))
    return np.concatenate(rows), _all_coded(campaigns), np.concatenate(lost)


def _all_coded(parts: list[Arrow]) -> Coded:
    """Codes of the parts of one column, int32."""
    found = coded(pa.chunked_array(parts)) if parts else Coded(np.zeros(0, np.int64), ())
    return Coded(found.codes.astype(np.int32), found.names)


def unit_ids(unit: IntArray) -> Array:
    """The unit of each person, int32: the cascade where there is one, else the person."""
    cascades = int(unit.max(initial=-1)) + 1
    return np.where(unit >= 0, unit, cascades + np.arange(len(unit))).astype(np.int32)


def iso(micros: int) -> str:
    """ISO 8601 UTC from microseconds since 1970."""
    stamp = str(np.datetime64(int(micros), "us"))
    whole, _, part = stamp.partition(".")
    part = part.rstrip("0")
    return f"{whole}.{part}Z" if part else f"{whole}Z"


def first_names(people: People, who: Sequence[int] | IntArray, at_most: int = 20) -> list[str]:
    return [people.name(int(i)) for i in list(who)[:at_most]]
