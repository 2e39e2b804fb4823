"""Open-addressing index over 64-bit keys: which row has this key, and dense codes for handles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from hubbub.kernel import IntArray, jit

NONE, MISSING = -1, -2
"""A reference that is not given; one whose target is not in the log or not earlier."""


@njit(inline="always")
def slot_of(key: Any, mask: Any) -> Any:
    h = np.uint64(key)
    h ^= h >> np.uint64(29)
    return np.int64(h & np.uint64(mask))


@njit(inline="always")
def find(table: Any, keys: Any, key: Any) -> Any:
    """Row of `key`, or MISSING."""
    mask = table.size - 1
    at = slot_of(key, mask)
    while table[at] >= 0:
        if keys[table[at]] == key:
            return table[at]
        at = (at + 1) & mask
    return np.int32(-2)


@jit
def _fill(table: Any, keys: Any) -> None:
    mask = table.size - 1
    for row in range(keys.size):
        at = slot_of(keys[row], mask)
        while table[at] >= 0 and keys[table[at]] != keys[row]:
            at = (at + 1) & mask
        if table[at] < 0:
            table[at] = row


@jit
def _find_all(table: Any, keys: Any, wanted: Any, out: Any) -> None:
    for i in range(wanted.size):
        out[i] = -1 if wanted[i] == 0 else find(table, keys, wanted[i])


@jit
def _codes(table: Any, keys: Any, out: Any, first: Any) -> Any:
    """Dense codes in order of first appearance; rows with key 0 get -1. Returns how many codes there are."""
    mask = table.size - 1
    n = 0
    for row in range(keys.size):
        key = keys[row]
        if key == 0:
            out[row] = -1
            continue
        at = slot_of(key, mask)
        while table[at] >= 0 and keys[first[table[at]]] != key:
            at = (at + 1) & mask
        if table[at] < 0:
            table[at] = n
            first[n] = row
            n += 1
        out[row] = table[at]
    return n


def _empty_table(n: int) -> IntArray:
    size = 16
    while size < 2 * n:
        size *= 2
    return np.full(size, -1, np.int32)


def index_of(keys: IntArray) -> IntArray:
    """Index over int64[n] keys: int32 table of a power of two; where a key stands twice, its first row."""
    table = _empty_table(keys.size)
    _fill(table, keys)
    return table


def find_all(table: IntArray, keys: IntArray, wanted: IntArray) -> IntArray:
    """Rows of the wanted keys, int32: NONE where the key is 0, MISSING where it is not there."""
    out = np.empty(wanted.size, np.int32)
    _find_all(table, keys, wanted, out)
    return out


def codes_of(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Dense codes int32[n] of keys by first appearance (-1 for key 0), and the first row of each code."""
    out = np.empty(keys.size, np.int32)
    first = np.empty(keys.size, np.int32)
    n = _codes(_empty_table(keys.size), keys, out, first)
    return out, first[:n].copy()


@jit
def _code_block(  # type: ignore[no-untyped-def]
    table, keys, n, wanted, channel, start, origin, on, out
):
    """Codes of one block; keys that are new get the next ones. Returns how many there are then."""
    mask = table.size - 1
    for i in range(wanted.size):
        key = wanted[i]
        if key == 0:
            out[i] = -1
            continue
        at = slot_of(key, mask)
        while table[at] >= 0 and keys[table[at]] != key:
            at = (at + 1) & mask
        code = table[at]
        if code < 0:
            code = n
            table[at] = n
            keys[n] = key
            origin[n] = -1
            n += 1
        if start >= 0 and origin[code] < 0:
            origin[code] = start + i
            on[code] = channel[i]
        out[i] = code
    return n


class Codes:
    """Dense codes for keys that come block after block, and the first row that shows each."""

    def __init__(self) -> None:
        self._n = 0
        self._key, self._origin = np.empty(0, np.int64), np.empty(0, np.int32)
        self._channel = np.empty(0, np.int16)
        self._table = _empty_table(0)

    def take(self, keys: IntArray, channel: IntArray, start: int) -> IntArray:
        """Codes int32[m] of a block of keys, -1 for key 0.

        start : origin of the block's first row; NONE if these rows only name the keys
        """
        self._grow(self._n + keys.size)
        out = np.empty(keys.size, np.int32)
        self._n = _code_block(
            self._table, self._key, self._n, keys, channel, start, self._origin, self._channel, out
        )  # fmt: skip
        return out

    def done(self) -> tuple[IntArray, IntArray, IntArray]:
        """Key, origin (NONE if no row shows it) and channel of each code."""
        return self._key[: self._n].copy(), self._origin[: self._n].copy(), self._channel[: self._n].copy()

    def _grow(self, most: int) -> None:
        if most > self._key.size:
            room = max(most, 2 * self._n)
            for name in ("_key", "_origin", "_channel"):
                held = getattr(self, name)
                bigger = np.empty(room, held.dtype)
                bigger[: self._n] = held[: self._n]
                setattr(self, name, bigger)
        if 2 * most > self._table.size:
            self._table = _empty_table(most)
            _fill(self._table, self._key[: self._n])
