"""Integer keys: stable 64-bit hashes of text, so that joins over ids and handles never touch text again.

A key is the hash of a text mixed with the salt of its channel. It is the same on every machine and in every
run. Equal texts always have equal keys; two different texts of one log share one with a probability of about
n^2 / 2^65 (one in 3,700 at 100 million ids). The intake compares the texts behind equal ids, so a collision
is refused with its reason and never merges two activities.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from hubbub.kernel import IntArray, jit

NO_KEY = 0
"""Stands for a missing text; no text has this key."""

_M = np.uint64(0xC6A4A7935BD1E995)
_SEED = np.uint64(0x68756262756231)
_FP_SEED = np.uint64(0x9E3779B97F4A7C15)

KEYED: dict[str, str] = {
    "k_id": "id",
    "k_actor": "actor",
    "k_object": "object",
    "k_reply": "in_reply_to",
    "k_via": "via",
    "k_context": "context",
    "k_addressed": "addressed_to",
}
"""Key columns of a segment and the text each stands for."""

_FINGERPRINTED = (
    "id", "channel", "type", "actor", "object", "in_reply_to", "context", "via", "addressed_to", "campaign",
    "content", "url", "currency", "place",
)  # fmt: skip


@njit(inline="always")
def _mix(h: Any) -> Any:
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    h ^= h >> np.uint64(33)
    return h


@jit
def _hash_all(offsets: Any, data: Any, seed: Any, out: Any) -> None:
    """MurmurHash64A of each slice; the empty slice becomes NO_KEY."""
    m = np.uint64(0xC6A4A7935BD1E995)
    r = np.uint64(47)
    for i in range(out.size):
        start = offsets[i]
        size = offsets[i + 1] - start
        if size == 0:
            out[i] = 0
            continue
        h = seed ^ (np.uint64(size) * m)
        words = size >> 3
        for w in range(words):
            at = start + (w << 3)
            k = np.uint64(0)
            for b in range(8):
                k |= np.uint64(data[at + b]) << np.uint64(8 * b)
            k *= m
            k ^= k >> r
            k *= m
            h ^= k
            h *= m
        rest = size & 7
        if rest:
            at = start + (words << 3)
            for b in range(rest):
                h ^= np.uint64(data[at + b]) << np.uint64(8 * b)
            h *= m
        h ^= h >> r
        h *= m
        h ^= h >> r
        out[i] = np.int64(h) if h != 0 else np.int64(1)


@jit
def _with_salt(keys: Any, channel: Any, salts: Any, out: Any) -> None:
    for i in range(keys.size):
        if keys[i] == 0:
            out[i] = 0
        else:
            h = _mix(np.uint64(keys[i]) + np.uint64(salts[channel[i]]))
            out[i] = np.int64(h) if h != 0 else np.int64(1)


@jit
def _fold(into: Any, more: Any) -> None:
    for i in range(into.size):
        into[i] = np.int64(_mix(np.uint64(into[i]) * np.uint64(31) + np.uint64(more[i])))


def hash_text(texts: pa.Array | pa.ChunkedArray, seed: np.uint64 = _SEED) -> IntArray:
    """Base keys of a column of text: int64[n], NO_KEY where null or empty."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if isinstance(texts, pa.ChunkedArray):  # zero or several chunks survive combining
        texts = pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], pa.string())
    if pa.types.is_dictionary(texts.type):
        lut = np.append(hash_text(texts.dictionary, seed), NO_KEY)
        codes = pc.fill_null(texts.indices, len(lut) - 1).to_numpy(zero_copy_only=False)
        return np.ascontiguousarray(lut[codes])
    if texts.null_count:
        texts = pc.fill_null(texts, "")
    wide = pa.types.is_large_string(texts.type)
    if not wide and not pa.types.is_string(texts.type):
        texts, wide = texts.cast(pa.large_string()), True
    n = len(texts)
    out = np.empty(n, np.int64)
    if n == 0:
        return out
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int64 if wide else np.int32)[texts.offset : texts.offset + n + 1]
    octets = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    _hash_all(starts, octets, seed, out)
    return out


def key_of(text: str, channel: str) -> int:
    """The key of one text on one channel."""
    return int(salted(hash_text(pa.array([text])), np.zeros(1, np.int32), salts_of([channel]))[0])


def salts_of(channels: list[str]) -> IntArray:
    """Salts of channels, int64[c], in the order given."""
    return hash_text(pa.array(channels, pa.string()))


def salted(keys: IntArray, channel: IntArray, salts: IntArray) -> IntArray:
    """Keys on their channels: int64[n] from base keys, channel codes int[n] and the channels' salts."""
    out = np.empty(keys.size, np.int64)
    _with_salt(keys, channel, salts, out)
    return out


def money_micros(column: pa.Array | pa.ChunkedArray) -> tuple[IntArray, np.ndarray[Any, Any]]:
    """Millionths (int64[n], 0 where null) and validity (bool[n]) of a decimal128(18, 6) column."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    n = len(column)
    known = column.is_valid().to_numpy(zero_copy_only=False)
    if n == 0 or not known.any():
        return np.zeros(n, np.int64), known
    low = np.frombuffer(column.buffers()[1], np.int64)[2 * column.offset : 2 * (column.offset + n) : 2]
    return np.where(known, low, 0), known


def fingerprint(table: pa.Table) -> IntArray:
    """A 64-bit digest of every field but `raw` of each row, int64[n]: equal rows have equal digests."""
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda name: hash_text(table.column(name), _FP_SEED), _FINGERPRINTED))
    total = parts[0].copy()
    for part in parts[1:]:
        _fold(total, part)
    _fold(total, np.ascontiguousarray(table.column("time").cast(pa.int64()).to_numpy()))
    for name in ("value", "cost"):
        micros, known = money_micros(table.column(name))
        _fold(total, np.where(known, micros, np.int64(-(2**62))))
    for name in ("count", "audience", "disclosed", "rewarded", "automated"):
        column = table.column(name).cast(pa.int64())
        missing = 1 if name == "count" else -(2**62)
        _fold(total, pc.fill_null(column, missing).to_numpy().astype(np.int64))
    return total


def with_keys(table: pa.Table, digest: bool = True) -> pa.Table:
    """The rows of a log with their key columns and, if asked for, fingerprint, ready to be a segment."""
    with ThreadPoolExecutor(2) as pool:
        keys = list(pool.map(lambda text: hash_text(table.column(text)), KEYED.values()))
    for name, key in zip(KEYED, keys, strict=True):
        table = table.append_column(name, pa.array(key))
    return table.append_column("fp", pa.array(fingerprint(table))) if digest else table
