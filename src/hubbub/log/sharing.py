"""The rows that sharing rests on: posts, shares, what came through them, what was taken back, and all they refer to."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.activity import TYPES
from hubbub.kernel import BoolArray, IntArray, jit
from hubbub.log.index import find, index_of
from hubbub.log.segment import Segment, WordCodes, blocks

MOST_STEPS = 6
"""References are followed so often from row to row; where that does not end, all rows are taken."""
_BY_ITSELF = np.array([t in ("post", "share", "undo") for t in TYPES])
_NAMING = ("k_reply", "k_object", "k_via")


@dataclass(frozen=True, slots=True)
class Sharing:
    """some : for each segment which of its rows, a set closed under reference; first_us, last_us : of the whole log"""

    some: list[BoolArray]
    first_us: int
    last_us: int


def sharing(segments: Sequence[Segment]) -> Sharing:
    """The rows from which cascades and who came through them follow; at least one segment has rows.

    References are matched by id alone, whatever the channel, so a few rows more than needed may be among them.
    """
    some: list[BoolArray] = []
    wanted: list[IntArray] = []
    ends: list[int] = []
    for _, table in blocks(segments, ("time", "type", *_NAMING)):
        kind = np.empty(table.num_rows, np.int8)
        WordCodes(TYPES).take(table.column("type"), kind)
        mask = _BY_ITSELF[kind] | (table.column("k_via").to_numpy() != 0)
        some.append(mask)
        wanted.append(_named(table, np.flatnonzero(mask)))
        ends.extend(pc.min_max(table.column("time").cast(pa.int64())).as_py().values())
    for _ in range(MOST_STEPS):
        wanted = _followed(segments, some, np.concatenate(wanted))
        if not wanted:
            return Sharing(some, min(ends), max(ends))
    return Sharing([np.ones(s.rows, np.bool_) for s in segments], min(ends), max(ends))


def _named(table: pa.Table, rows: IntArray) -> IntArray:
    """Keys of the ids that rows name."""
    keys = np.concatenate([table.column(name).to_numpy()[rows] for name in _NAMING])
    return np.asarray(keys[keys != 0])


def _followed(segments: Sequence[Segment], some: list[BoolArray], wanted: IntArray) -> list[IntArray]:
    """Add the rows with the ids wanted; the keys of what the added ones name, nothing where none was added."""
    table = index_of(wanted)

    def one(i: int) -> IntArray | None:
        ids = pq.read_table(segments[i].path, columns=["k_id"], memory_map=True).column(0).to_numpy()
        fresh = np.empty(ids.size, np.int64)
        fresh = fresh[: _add(some[i], ids, table, wanted, fresh)]
        return _named(pq.read_table(segments[i].path, columns=list(_NAMING)), fresh) if fresh.size else None

    with ThreadPoolExecutor(2) as pool:
        return [keys for keys in pool.map(one, range(len(segments))) if keys is not None]


@jit
def _add(mask: Any, ids: Any, table: Any, wanted: Any, fresh: Any) -> Any:
    n = 0
    for i in range(ids.size):
        if not mask[i] and find(table, wanted, ids[i]) >= 0:
            mask[i] = True
            fresh[n] = i
            n += 1
    return n
