"""Shape of cascades: size, depth, breadth and structural virality (Goel, Anderson, Hofman, Watts 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hubbub.errors import CascadeError
from hubbub.kernel import FloatArray, IntArray, jit


@dataclass(frozen=True, slots=True)
class Shapes:
    """Shapes of all trees of a forest, one entry a root, in order of the roots.

    root : int64, position of the root; size, depth, breadth : int64, nodes and hops
    structural_virality : float64, hops; 0 for a single node
    largest : int64, children of the node with most children
    """

    root: IntArray
    size: IntArray
    depth: IntArray
    breadth: IntArray
    structural_virality: FloatArray
    largest: IntArray


def shapes(parent: IntArray) -> Shapes:
    """Shapes of a forest in O(n): one pass down, one pass up.

    parent : int[n]; parent[i] is i's parent, -1 for a root; parents precede children, trees may interleave
    raises : CascadeError if a parent does not precede its child
    source : the sum over pairs of distances in a tree is the sum over edges of s (n - s), s the size of the
        subtree below the edge (Wiener 1947); summed in float64, for int64 overflows on long chains
    """
    n = parent.size
    place = np.empty((n, 2), np.int32)
    forest = np.zeros((n, 3), np.int32)
    trees = _down(parent, place, forest)
    if trees < 0:
        raise CascadeError(f"Node {-trees - 1} comes before its parent; parents must precede children.")
    root, size, depth = (column.astype(np.int64) for column in forest[:trees].T)
    breadth, largest = np.zeros(trees, np.int64), np.zeros(trees, np.int64)
    virality = np.zeros(trees, np.float64)
    _up(parent, place, size, depth, breadth, virality, largest)
    return Shapes(root, size, depth, breadth, virality, largest)


def structural_virality(parent: IntArray) -> float:
    """Mean distance between all pairs of nodes of one tree.

    parent : int64[n]; parent[i] is i's parent, -1 for the root; parents precede children
    returns : hops; 0.0 for a single node; a star tends to 2, a chain of n nodes is (n + 1) / 3
    raises  : CascadeError if there is no root, more than one, or a cycle
    source  : Goel, Anderson, Hofman, Watts (2016), Management Science 62(1), eq. 1

    >>> structural_virality(np.array([-1, 0, 0, 0]))
    1.5
    """
    found = shapes(np.asarray(parent))
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
def _down(parent: Any, place: Any, forest: Any) -> Any:
    """Tree and depth of each node, side by side; root, size and depth of each tree.

    returns : how many trees, or -(node + 1) where a parent comes too late
    """
    trees = 0
    for i in range(parent.size):
        p = parent[i]
        if p < 0:
            place[i, 0] = trees
            place[i, 1] = 0
            forest[trees, 0] = i
            forest[trees, 1] = 1
            trees += 1
        elif p >= i:
            return -(i + 1)
        else:
            t = place[p, 0]
            depth = place[p, 1] + 1
            place[i, 0] = t
            place[i, 1] = depth
            forest[t, 1] += 1
            if depth > forest[t, 2]:
                forest[t, 2] = depth
    return trees


@jit
def _up(  # type: ignore[no-untyped-def]
    parent, place, size, deepest, breadth, virality, largest
):
    """Sizes of subtrees, children and nodes at each depth, from the last node to the first."""
    n = parent.size
    below = np.zeros((n, 2), np.int32)  # nodes strictly below, and children: one line of memory for both
    start = np.empty(size.size + 1, np.int64)
    start[0] = 0
    for t in range(size.size):
        start[t + 1] = start[t] + deepest[t] + 1
    at_depth = np.zeros(start[-1], np.int32)
    for i in range(n - 1, -1, -1):
        t = place[i, 0]
        slot = start[t] + place[i, 1]
        at_depth[slot] += 1
        if at_depth[slot] > breadth[t]:
            breadth[t] = at_depth[slot]
        if below[i, 1] > largest[t]:
            largest[t] = below[i, 1]
        p = parent[i]
        if p >= 0:
            s = below[i, 0] + 1
            below[p, 0] += s
            below[p, 1] += 1
            virality[t] += np.float64(s) * np.float64(size[t] - s)
    for t in range(size.size):
        pairs = np.float64(size[t]) * np.float64(size[t] - 1)
        virality[t] = 2.0 * virality[t] / pairs if size[t] > 1 else 0.0
