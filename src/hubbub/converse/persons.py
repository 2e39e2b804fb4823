"""Who the persons of a fold are: their labels, handles, segments, and until when the log can see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.kernel import IntArray

Handle = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Register:
    """What is known of handles besides the rows.

    people : (channel, handle) -> person; segments : (channel, handle) -> segment; names : all segments, sorted
    ends : channel -> until when it is covered, microseconds, no later than the end of the log
    end : the end of the log
    """

    people: Mapping[Handle, str]
    segments: Mapping[Handle, str]
    names: list[str]
    ends: Mapping[str, int]
    end: int


@dataclass(frozen=True, slots=True)
class Persons:
    """Persons 0..p-1: label text[p], handles list of text[p], end int64[p], segment int32[p] (-1 none)."""

    label: pa.Array
    handles: pa.Array
    end: IntArray
    segment: IntArray

    def take(self, order: IntArray) -> Persons:
        """The same persons in another order."""
        rows = pa.array(order)
        return Persons(self.label.take(rows), self.handles.take(rows), self.end[order], self.segment[order])

    def by_label(self) -> IntArray:
        """Order by label, then by first handle."""
        first = self.handles.values.take(self.handles.offsets[:-1])
        keys = pa.table({"label": self.label, "first": first})
        order = pc.sort_indices(keys, [("label", "ascending"), ("first", "ascending")])
        return np.asarray(order.to_numpy())


def describe(whose: IntArray, channel: pa.Array, handle: pa.Array, count: int, register: Register) -> Persons:
    """Persons from their handles.

    whose : int[h], person of each handle, every one of 0..count-1 at least once
    channel, handle : text[h], each pair once
    """
    names = pc.binary_join_element_wise(channel, handle, ":")
    if count == len(names) and not register.people:
        order = np.argsort(whose, kind="stable")
    else:
        rank = np.empty(len(names), np.int64)
        rank[pc.sort_indices(names).to_numpy()] = np.arange(len(names))
        order = np.lexsort((rank, whose))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(whose, minlength=count))])
    sorted_names = names.take(pa.array(order))
    label = sorted_names.take(pa.array(offsets[:-1]))
    if register.people:
        label = _renamed(label, whose, channel, handle, register)
    return Persons(
        label=label,
        handles=pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), sorted_names),
        end=_ends(whose, channel, count, register),
        segment=_segments(whose, channel, handle, count, register),
    )


def _renamed(label: pa.Array, whose: IntArray, channel: pa.Array, handle: pa.Array, register: Register) -> pa.Array:
    """Names of people.csv in place of handles."""
    out = label.to_pylist()
    for at in _listed(channel, handle, register.people):
        out[whose[at]] = register.people[channel[at].as_py(), handle[at].as_py()]
    return pa.array(out, pa.string())


def _listed(channel: pa.Array, handle: pa.Array, known: Mapping[Handle, str]) -> list[int]:
    """Positions of the handles that a side table names."""
    by_name = pc.is_in(handle, value_set=pa.array(sorted({h for _, h in known}), pa.string()))
    near = np.flatnonzero(by_name.to_numpy(zero_copy_only=False)).tolist()
    return [at for at in near if (channel[at].as_py(), handle[at].as_py()) in known]


def _ends(whose: IntArray, channel: pa.Array, count: int, register: Register) -> IntArray:
    """The latest end among the channels of a person's handles."""
    if not register.ends:
        return np.full(count, register.end, np.int64)
    out = np.full(count, np.iinfo(np.int64).min)
    coded = channel.dictionary_encode()
    ends = np.array([register.ends.get(c, register.end) for c in coded.dictionary.to_pylist()], np.int64)
    np.maximum.at(out, whose, ends[coded.indices.to_numpy()])
    return out


def _segments(whose: IntArray, channel: pa.Array, handle: pa.Array, count: int, register: Register) -> IntArray:
    """The segment of the smallest handle that has one."""
    out = np.full(count, -1, np.int32)
    if not register.segments:
        return out
    place = {name: i for i, name in enumerate(register.names)}
    found = [(channel[at].as_py(), handle[at].as_py(), at) for at in _listed(channel, handle, register.segments)]
    for c, h, at in sorted(found, reverse=True):
        out[whose[at]] = place[register.segments[c, h]]
    return out
