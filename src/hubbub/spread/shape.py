"""Shape of cascades: size, depth, breadth and structural virality (Goel, Anderson, Hofman, Watts 2016)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hubbub.errors import CascadeError
from hubbub.kernel import FloatArray, IntArray, jit

ALONE = 1 << 18
"""Nodes below which a second thread costs more than it brings."""


@dataclass(frozen=True, slots=True)
class Shapes:
    """Shapes of all trees of a forest, one entry a tree.

    root : whole numbers, position of the root; size : int32, nodes; depth, breadth : int32, hops and nodes
    structural_virality : float64, hops; 0 for a single node
    largest : int32, children of the node with most children
    """

    root: IntArray
    size: IntArray
    depth: IntArray
    breadth: IntArray
    structural_virality: FloatArray
    largest: IntArray


def shapes(offsets: IntArray, up: IntArray, threads: int | None = None) -> Shapes:
    """Shapes of a forest whose trees stand one behind the other, in O(n): one pass down, one pass up.

    offsets : int[t + 1]; tree t's nodes are offsets[t]:offsets[t + 1], at least one, its root first
    up : int[n], the parent's position within the tree; a negative one hangs the node on the root
    threads : at most so many; None: as many as there are cores. The result does not depend on it.
    raises : CascadeError if a parent does not precede its child
    source : the sum over pairs of distances in a tree is the sum over edges of s (n - s), s the size of the
        subtree below the edge (Wiener 1947); summed in float64, for int64 overflows on long chains
    """
    trees = offsets.size - 1
    depth, breadth, largest = out = np.empty((3, trees), np.int32)
    virality = np.empty(trees, np.float64)
    parts = 1 if up.size < ALONE else threads or len(os.sched_getaffinity(0))
    cut = np.searchsorted(offsets, np.linspace(0, up.size, parts + 1)[1:-1])
    ends = [0, *(int(x) for x in cut), trees]
    with ThreadPoolExecutor(parts) as pool:
        late = max(pool.map(lambda k: int(_shape(offsets, up, ends[k], ends[k + 1], out, virality)), range(parts)))
    if late >= 0:
        raise CascadeError(f"Node {late} comes before its parent; parents must precede children.")
    return Shapes(offsets[:-1], np.diff(offsets).astype(np.int32, copy=False), depth, breadth, virality, largest)


def shapes_in_order(parent: IntArray, threads: int | None = None) -> Shapes:
    """Shapes of a forest whose trees interleave, as a log has them; in order of the roots.

    parent : int[n]; parent[i] is i's parent, -1 for a root; parents precede children
    threads : as for `shapes`
    raises : CascadeError if a parent does not precede its child
    """
    n = parent.size
    place = np.empty((n, 3), np.int32)
    root, size, up = np.empty((3, n), np.int32)
    trees = int(_plant(parent, place, root, size))
    if trees < 0:
        raise CascadeError(f"Node {-trees - 1} comes before its parent; parents must precede children.")
    offsets = np.zeros(trees + 1, np.int32)
    np.cumsum(size[:trees], out=offsets[1:])
    _lay(place, offsets, up)
    return replace(shapes(offsets, up, threads), root=root[:trees])


def structural_virality(parent: IntArray) -> float:
    """Mean distance between all pairs of nodes of one tree.

    parent : int64[n]; parent[i] is i's parent, -1 for the root; parents precede children
    returns : hops; 0.0 for a single node; a star tends to 2, a chain of n nodes is (n + 1) / 3
    raises  : CascadeError if there is no root, more than one, or a cycle
    source  : Goel, Anderson, Hofman, Watts (2016), Management Science 62(1), eq. 1

    >>> structural_virality(np.array([-1, 0, 0, 0]))
    1.5
    """
    found = shapes_in_order(np.asarray(parent))
    if found.root.size != 1:
        raise CascadeError(f"A tree has one root; this has {found.root.size}.")
    return float(found.structural_virality[0])


def star(size: int) -> float:
    """Structural virality of a star of that many nodes: 2 (n - 1) / n."""
    return 0.0 if size < 2 else 2.0 * (size - 1) / size


def chain(size: int) -> float:
    """Structural virality of a chain of that many nodes: (n + 1) / 3."""
    return 0.0 if size < 2 else (size + 1) / 3.0


@jit
def _plant(parent: Any, place: Any, root: Any, size: Any) -> Any:
    """Tree of each node, its place in the tree and its parent's; root and size of each tree.

    returns : how many trees, or -(node + 1) where a parent comes too late
    """
    trees = 0
    for i in range(parent.size):
        p = parent[i]
        if p < 0:
            place[i, 0] = trees
            place[i, 1] = 0
            place[i, 2] = -1
            root[trees] = i
            size[trees] = 1
            trees += 1
        elif p >= i:
            return -(i + 1)
        else:
            t = place[p, 0]
            place[i, 0] = t
            place[i, 1] = size[t]
            place[i, 2] = place[p, 1]
            size[t] += 1
    return trees


@jit
def _lay(place: Any, offsets: Any, up: Any) -> None:
    """Bring the nodes of each tree together."""
    for i in range(place.shape[0]):
        up[offsets[place[i, 0]] + place[i, 1]] = place[i, 2]


@jit
def _shape(  # type: ignore[no-untyped-def]
    offsets, up, first, last, out, virality
):
    """Shapes of the trees first:last; returns a node that comes before its parent, -1 where there is none."""
    deepest, breadth, largest = out
    most = 1
    for t in range(first, last):
        most = max(most, offsets[t + 1] - offsets[t])
    depth = np.empty(most, np.int32)
    below = np.empty(most, np.int32)
    children = np.empty(most, np.int32)
    level = np.zeros(most, np.int32)
    for t in range(first, last):
        base = offsets[t]
        n = offsets[t + 1] - base
        deepest[t], breadth[t], largest[t] = 0, 1, 0
        virality[t] = 0.0
        if n < 2:
            continue
        depth[0] = 0
        below[0] = 0
        children[0] = 0
        deep = np.int32(0)
        for i in range(1, n):
            p = max(up[base + i], 0)
            if p >= i:
                return base + i
            d = depth[p] + 1
            depth[i] = d
            below[i] = 1
            children[i] = 0
            children[p] += 1
            level[d] += 1
            deep = max(deep, d)
        deepest[t] = deep
        pairs = 0.0
        most_children = children[0]
        for i in range(n - 1, 0, -1):
            s = below[i]
            below[max(up[base + i], 0)] += s
            pairs += np.float64(s) * np.float64(n - s)
            most_children = max(most_children, children[i])
        largest[t] = most_children
        widest = np.int32(1)
        for d in range(1, deep + 1):
            widest = max(widest, level[d])
            level[d] = 0
        breadth[t] = widest
        virality[t] = 2.0 * pairs / (np.float64(n) * np.float64(n - 1))
    return -1
