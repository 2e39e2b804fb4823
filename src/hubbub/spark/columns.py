"""Columns of the groups that a kernel call gets: in order, as arrays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.kernel import IntArray


def in_order(table: pa.Table, group: str) -> pa.Table:
    """Rows by group, each group in reading order."""
    keys = [group, "time", "tie_channel", "tie_id", "tie_step"]
    return table.take(pc.sort_indices(table, [(k, "ascending") for k in keys])).combine_chunks()


def offsets_of(group: IntArray) -> IntArray:
    """Where each run of equal values starts, and the end."""
    fresh = np.flatnonzero(np.diff(group, prepend=group[0] - 1 if group.size else 0)) if group.size else np.empty(0)
    return np.append(fresh, group.size).astype(np.int64)


def ints(table: pa.Table, name: str) -> IntArray:
    """A column without nulls as an array."""
    return np.ascontiguousarray(table.column(name).to_numpy())
