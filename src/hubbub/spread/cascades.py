"""The fold by cascade: a root and its shares in, one row a cascade out (tables.CASCADES without the names).

Like the fold by person it knows no engine: whoever calls it brings the rows of a cascade together, root first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from hubbub.kernel import BoolArray, FloatArray, IntArray, jit
from hubbub.spread.shape import shapes

HIDDEN_PARENT = -2
HOUR_US = 3_600_000_000
WEEK_US = 7 * 24 * HOUR_US


class Trees(NamedTuple):
    """Nodes of whole cascades: cascade c's are offsets[c]:offsets[c + 1], the root first, then in reading order.

    parent : int32 position within the cascade, -1 the root, HIDDEN_PARENT where the network hides it
    time : int64 microseconds
    """

    offsets: Any
    parent: Any
    time: Any


@dataclass(frozen=True, slots=True)
class CascadeFigures:
    """One entry a cascade; NaN stands for null. Hours are hours; `shaped` is False where parents are hidden."""

    size: IntArray
    hidden: IntArray
    shaped: BoolArray
    depth: IntArray
    breadth: IntArray
    structural_virality: FloatArray
    broadcast_part: FloatArray
    generation_hours: FloatArray
    half_life_hours: FloatArray
    running: BoolArray
    last: IntArray


def fold_cascades(trees: Trees, end: int) -> CascadeFigures:
    """Figures of each cascade; `end` is the end of the log in microseconds."""
    count = trees.offsets.size - 1
    hidden = np.zeros(count, np.int64)
    _hidden(trees.offsets, trees.parent, hidden)
    found = shapes(trees.offsets, trees.parent)
    size = np.diff(trees.offsets)
    shares = np.maximum(size - 1, 1)
    generation = np.full(count, np.nan)
    half = np.full(count, np.nan)
    last = np.empty(count, np.int64)
    running = np.zeros(count, np.bool_)
    _times(trees.offsets, trees.parent, trees.time, end, generation, half, last, running)
    return CascadeFigures(
        size=size,
        hidden=hidden,
        shaped=hidden == 0,
        depth=found.depth,
        breadth=found.breadth,
        structural_virality=found.structural_virality,
        broadcast_part=np.where((size > 1) & (hidden == 0), found.largest / shares, np.nan),
        generation_hours=generation / HOUR_US,
        half_life_hours=half / HOUR_US,
        running=running,
        last=last,
    )


@jit
def _hidden(offsets: Any, parent: Any, hidden: Any) -> None:
    """How many nodes of each cascade have a hidden parent; in the shapes they hang on the root."""
    for c in range(offsets.size - 1):
        for i in range(offsets[c], offsets[c + 1]):
            hidden[c] += parent[i] == -2


@jit
def _times(  # type: ignore[no-untyped-def]
    offsets, parent, time, end, generation, half, last, running
):
    """Median wait from parent to child, time to half of the shares, and whether the cascade still runs."""
    for c in range(offsets.size - 1):
        lo, hi = offsets[c], offsets[c + 1]
        last[c] = time[lo]
        if hi - lo < 2:
            continue
        waits = np.empty(hi - lo, np.int64)
        n = 0
        for i in range(lo + 1, hi):
            last[c] = max(last[c], time[i])
            if parent[i] >= 0:
                waits[n] = time[i] - time[lo + parent[i]]
                n += 1
        quiet = np.float64(WEEK_US)
        if n > 0:
            generation[c] = np.median(waits[:n])
            quiet = max(quiet, 10.0 * generation[c])
        running[c] = not end - last[c] > quiet
        if not running[c]:
            m = hi - lo - 1
            half[c] = np.sort(time[lo + 1 : hi])[(m + 1) // 2 - 1] - time[lo]
