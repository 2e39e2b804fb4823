"""Bringing rows of a group together on one machine, in reading order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hubbub.kernel import IntArray, jit
from hubbub.log.order import Name


@jit
def _count(group: Any, out: Any) -> None:
    for i in range(group.size):
        if group[i] >= 0:
            out[group[i]] += 1


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
    offsets = np.zeros(groups + 1, np.int64)
    _count(group, offsets[1:])
    np.cumsum(offsets, out=offsets)
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
    same = np.zeros(members.size, np.bool_)
    _same_time(members, offsets, time, same)
    inside = np.flatnonzero(same)
    if not inside.size:
        return
    fresh = np.flatnonzero(np.diff(inside, prepend=-2) > 1)
    starts = inside[fresh] - 1
    stops = inside[np.append(fresh[1:], inside.size) - 1] + 1
    involved = np.concatenate([members[a:b] for a, b in zip(starts, stops, strict=True)])
    name_of = dict(zip(involved.tolist(), names(involved), strict=True))
    for a, b in zip(starts.tolist(), stops.tolist(), strict=True):
        members[a:b] = sorted(members[a:b].tolist(), key=lambda row: ties.get(row) or (name_of[row], 0))


@jit
def _same_time(members: Any, offsets: Any, time: Any, same: Any) -> None:
    """Mark members of the time of the one before them in their group."""
    for g in range(offsets.size - 1):
        for i in range(offsets[g] + 1, offsets[g + 1]):
            same[i] = time[members[i]] == time[members[i - 1]]
