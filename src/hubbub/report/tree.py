"""Layout of a cascade over time: x is the hour, y keeps branches apart, and what would be too much is folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

HIDDEN = -2
MOST, KEPT = 420, 120
"""A tree up to this size is drawn node by node; of a larger one so many branches, the largest ones."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The nodes of one cascade, the root first.

    parent : int64[n]; position of the parent, -1 the root itself, -2 hidden by the network
    hours : float64[n]; since the root
    person : int64[n]; position of the sharer, -1 the brand
    exchanged : bool[n]; the sharer had completed an exchange with the brand before
    """

    parent: IntArray
    hours: FloatArray
    person: IntArray
    exchanged: npt.NDArray[np.bool_]

    @property
    def n(self) -> int:
        return len(self.parent)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the nodes of one cascade stand.

    y : float64[n]; between 0 and `lanes`, of drawn nodes
    host : int64[n]; the node itself where it is drawn, else the drawn one on whose line it is a tick; n for the line of
        hidden parents
    brought : int64[n]; direct children
    lanes : number of lanes that the picture needs
    hidden_y : y of the line of shares with a hidden parent, None without any
    """

    y: FloatArray
    host: IntArray
    brought: IntArray
    lanes: int
    hidden_y: float | None

    @property
    def drawn(self) -> npt.NDArray[np.bool_]:
        here: npt.NDArray[np.bool_] = self.host == np.arange(len(self.host))
        return here


def shares_of(nodes: Any) -> Shares:
    """The nodes of one row of the cascades table.

    nodes : Arrow struct array of `hubbub.tables.NODE`; a parent that does not come before its child counts as hidden
    """
    columns = {name: nodes.field(name) for name in ("parent", "time_us", "person", "exchanged")}
    parent = _ints(columns["parent"], HIDDEN)
    n = len(parent)
    parent = np.where((parent >= np.arange(n)) | (parent < HIDDEN), HIDDEN, parent)
    parent = np.where(parent == -1, 0, parent)
    if n:
        parent[0] = -1
    hours = _ints(columns["time_us"], 0).astype(np.float64) / 3.6e9
    exchanged = _ints(columns["exchanged"].cast("int8"), 0) == 1
    return Shares(parent, np.maximum(hours, 0.0), _ints(columns["person"], -1), exchanged)


def _ints(column: Any, fill: int) -> IntArray:
    return np.array(column.fill_null(fill).to_numpy(zero_copy_only=False), dtype=np.int64)


def generations(shares: Shares) -> list[int]:
    """Shares at each number of steps from the root, 1 first; those below a hidden parent are in none."""
    depth: list[int] = []
    for parent in shares.parent.tolist():
        depth.append(0 if parent == -1 else -1 if parent < 0 or depth[parent] < 0 else depth[parent] + 1)
    known = np.array([d for d in depth if d > 0], dtype=np.int64)
    return [int(x) for x in np.bincount(known)[1:]] if len(known) else []


def lay_out(shares: Shares, most: int = MOST) -> Layout:
    """Place the nodes: earlier branches outside, later ones inside, so that no line crosses another branch.

    Parents precede children, so two passes without recursion do: sizes from the last node up, places from the root
    down.
    """
    n = shares.n
    parent = [p if p >= 0 else n for p in shares.parent.tolist()]
    size, brought = [1] * n + [0], [0] * (n + 1)
    for i in range(n - 1, 0, -1):
        size[parent[i]] += size[i]
        brought[parent[i]] += 1
    drawn = _chosen(size, n, most)
    any_hidden = brought[n] > 0
    host = list(range(n + 1))
    folded = [False] * (n + 1)
    for i in range(1, n):
        if not drawn[i]:
            host[i] = host[parent[i]]
            folded[host[i]] = True
    lanes = _lanes(parent, drawn, folded, n)
    y = _places(parent, drawn, folded, lanes, n, any_hidden)
    total = lanes[0] + (lanes[n] + 1 if any_hidden else 0)
    return Layout(
        np.array(y[:n]), np.array(host[:n], dtype=np.int64), np.array(brought[:n], dtype=np.int64), total,
        y[n] if any_hidden else None,
    )  # fmt: skip


def _chosen(size: list[int], n: int, most: int) -> list[bool]:
    """Which nodes are drawn: all, or the root and the largest branches. An ancestor is always larger."""
    if n <= most:
        return [True] * (n + 1)
    branches = sorted((i for i in range(1, n) if size[i] > 1), key=lambda i: (-size[i], i))[: min(most, KEPT) - 1]
    out = [False] * (n + 1)
    for i in (0, n, *branches):
        out[i] = True
    return out


def _lanes(parent: list[int], drawn: list[bool], folded: list[bool], n: int) -> list[int]:
    """Lanes that each drawn branch needs: its branches' lanes, one for its own ticks, at least one."""
    lanes = [0] * (n + 1)
    for i in (*range(n - 1, 0, -1), 0):
        if drawn[i]:
            lanes[i] = max(1, lanes[i] + folded[i])
            if i:
                lanes[parent[i]] += lanes[i]
    lanes[n] = max(1, lanes[n] + folded[n])
    return lanes


def _places(
    parent: list[int], drawn: list[bool], folded: list[bool], lanes: list[int], n: int, any_hidden: bool
) -> list[float]:
    """The y of each drawn node: children fill their parent's band from both edges inwards, in order of time."""
    start, y = [0.0] * (n + 1), [0.0] * (n + 1)
    children: list[list[int]] = [[] for _ in range(n + 1)]
    for i in range(1, n):
        if drawn[i]:
            children[parent[i]].append(i)
    tops = [0]
    if any_hidden:
        start[n] = lanes[0] + 1
        tops.append(n)
    # Hidden parents' line is laid out right after the root; every other node comes after its parent.
    for i in (*tops, *range(1, n)):
        if not drawn[i]:
            continue
        top, bottom = start[i], start[i] + lanes[i]
        for child in children[i]:
            if top - start[i] <= start[i] + lanes[i] - bottom:
                start[child] = top
                top += lanes[child]
            else:
                bottom -= lanes[child]
                start[child] = bottom
        y[i] = (top + bottom) / 2
    # A parent of one branch stands on its line, and a last free edge is no place: both from the inside out.
    for i in range(n - 1, -1, -1):
        if drawn[i] and len(children[i]) == 1 and not folded[i]:
            y[i] = y[children[i][0]]
    return y
