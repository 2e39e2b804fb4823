"""Bringing rows of a group together on one machine, in reading order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hubbub.kernel import IntArray, jit
from hubbub.log.order import Name


@jit
def _place(group: Any, starts: Any, out: Any) -> None:
    at = starts.copy()
    for i in range(group.size):
        g = group[i]
        if g >= 0:
            out[at[g]] = i
            at[g] += 1


def grouped(group: IntArray, groups: int) -> tuple[IntArray, IntArray]:
    """Rows by group, each group in the order of the rows: int32 rows and int64[groups + 1] offsets; -1 is no group."""
    sizes = np.bincount(group[group >= 0], minlength=groups)
    offsets = np.zeros(groups + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    out = np.empty(int(offsets[-1]), np.int32)
    _place(group, offsets[:-1].copy(), out)
    return out, offsets


def settle(
    members: IntArray,
    offsets: IntArray,
    time: IntArray,
    ties: dict[int, tuple[Name, int]],
    names: Callable[[IntArray], list[Name]],
) -> None:
    """Put rows of one time within a group into reading order, in place.

    members, offsets : as `grouped` gives them; ties : sort keys of rows that name rows of their own time
    names : rows -> (channel, id)
    """
    if members.size < 2:
        return
    times = time[members]
    same = times[1:] == times[:-1]
    inner = offsets[1:-1]
    same[inner[(inner > 0) & (inner < members.size)] - 1] = False
    if not same.any():
        return
    edge = np.diff(np.concatenate([[False], same, [False]]).astype(np.int8))
    starts, stops = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) + 1
    involved = np.concatenate([members[a:b] for a, b in zip(starts, stops, strict=True)])
    name_of = dict(zip(involved.tolist(), names(involved), strict=True))
    for a, b in zip(starts.tolist(), stops.tolist(), strict=True):
        members[a:b] = sorted(members[a:b].tolist(), key=lambda row: ties.get(row) or (name_of[row], 0))
