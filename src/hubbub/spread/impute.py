"""Shapes of cascades with a few hidden parents, inferred by drawing those parents ten times.

A share whose parent the network hides came from some earlier node. Each is drawn with weight f(wait) x (children + .5):
f is the density of waits from parent to child that the table shows, children are those that a node is seen to have
(children + .5 is what Jeffreys' prior expects of a Poisson count). What the ten drawings span is a sensitivity range:
it says how far the unknown parents can move the shape under this weight, and covers nothing with a known probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from hubbub.errors import CascadeError
from hubbub.kernel import jit
from hubbub.spread.growth import HIDDEN, parents_seen
from hubbub.spread.shape import shapes

pc: Any = pyarrow.compute
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

IMPUTATIONS = 10
MINUTE_US = 60_000_000
LONGEST_US = 2**61
"""Bins of waits double up to here."""
HOW = (
    "inferred: ten imputations of the hidden parents (an earlier node, weight density of waits x (children + .5)); "
    "lowest and highest of the ten are a sensitivity range, not an interval"
)

STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@dataclass(frozen=True, slots=True)
class Inferred:
    """Shapes of cascades with hidden parents, one column for each drawing of those.

    row : int64[r], rows of the table, ascending
    depth, breadth : int64[r, d], hops and nodes; structural_virality : float64[r, d], hops
    broadcast_part : float64[r, d], part of the shares that the largest single node brought
    """

    row: IntArray
    depth: IntArray
    breadth: IntArray
    structural_virality: FloatArray
    broadcast_part: FloatArray


class Density(NamedTuple):
    """Density of waits: `per_us[b]` from edges[b] up to, not including, edges[b + 1] (microseconds)."""

    edges: Any
    per_us: Any


class Forest(NamedTuple):
    """Whole cascades laid flat: cascade c's nodes are offsets[c]:offsets[c + 1], the root first, in reading order.

    up : int64, position of the parent in this array, -1 the root; what stands where it is hidden has no meaning
    time : int64, microseconds since the root; hidden : bool
    """

    offsets: Any
    up: Any
    time: Any
    hidden: Any


def infer(cascades: pa.Table) -> Inferred:
    """Ten shapes of every cascade that has hidden parents, but not more than a tenth of them.

    cascades : the whole tables.CASCADES in any order of rows (the density of waits is over all of it)
    returns : the same numbers whatever the order of rows: the seed of a cascade is its channel and root
    raises : CascadeError if a parent does not precede its child
    """
    row = inferable(cascades)
    if not row.size:
        whole, real = np.zeros((0, IMPUTATIONS), np.int64), np.zeros((0, IMPUTATIONS))
        return Inferred(row, whole, whole, real, real)
    forest = lay_flat(cascades.column("nodes"))
    density = waiting_density(forest)
    some = only(forest, row)
    drawn = draw_parents(some, density, seeds_of(cascades, row), IMPUTATIONS)
    return shapes_of(row, some, drawn)


def inferable(cascades: pa.Table) -> IntArray:
    """Rows of the cascades with hidden parents, at most MOST_HIDDEN of all their parents."""
    size, hidden = (_numbers(cascades.column(name)) for name in ("size", "hidden"))
    return np.flatnonzero((hidden > 0) & parents_seen(hidden, size))


def lay_flat(nodes: Any) -> Forest:
    """The `nodes` lists of the table as one forest.

    raises : CascadeError if a parent does not precede its child
    """
    lengths = _numbers(pc.list_value_length(nodes))
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    values = pc.list_flatten(nodes)
    parent, time = (_numbers(pc.struct_field(values, name)) for name in ("parent", "time_us"))
    first = np.repeat(offsets[:-1], lengths)
    place = np.arange(parent.size, dtype=np.int64) - first
    late = np.flatnonzero(parent >= np.maximum(place, 1))
    if late.size:
        raise CascadeError(f"Node {place[late[0]]} comes before its parent; parents must precede children.")
    # A share whose parent is given as the root hangs on the first node of its list.
    up = np.where(place == 0, -1, first + np.maximum(parent, 0))
    return Forest(offsets, up, time, (parent == HIDDEN) & (place > 0))


def waiting_density(forest: Forest) -> Density:
    """How waits from parent to child are spread, from all parents that are known.

    Bins double, from a minute, or from the log's own step of time where that is coarser (in a log of dates every wait
    is a whole day). One wait more lies evenly over all bins, so that no earlier node is impossible; without any known
    wait the density is even.
    """
    child = np.flatnonzero(~forest.hidden & (forest.up >= 0))
    wait = np.maximum(forest.time[child] - forest.time[forest.up[child]], 0)
    cut = _doubling(max(MINUTE_US, int(np.gcd.reduce(forest.time))), forest)
    bins = np.minimum(np.searchsorted(cut, wait, side="right") - 1, cut.size - 2)
    count = np.bincount(bins, minlength=cut.size - 1).astype(np.float64)
    return Density(cut, count / np.diff(cut) + 1.0 / cut[-1])


def log_uniform(forest: Forest) -> Density:
    """The density 1 / (wait + a minute), in bins that double."""
    cut = _doubling(MINUTE_US, forest)
    return Density(cut, 1.0 / (np.sqrt((cut[:-1] + MINUTE_US) * (cut[1:] + float(MINUTE_US)))))


def _doubling(first: int, forest: Forest) -> IntArray:
    """Edges 0, first, twice that, and so on beyond the longest time from a root."""
    edges, longest = [0, first], min(int(forest.time.max(initial=0)), LONGEST_US)
    while edges[-1] <= longest:
        edges.append(2 * edges[-1])
    return np.array(edges, np.int64)


def draw_parents(forest: Forest, density: Density, seeds: npt.NDArray[np.uint64], draws: int) -> IntArray:
    """A parent for every hidden one, drawn that many times: int64[hidden, draws], positions in the forest.

    seeds : uint64[c], one a cascade; the draws of a cascade depend on its seed, its own nodes and the density
    """
    drawn = np.empty((int(np.count_nonzero(forest.hidden)), draws), np.int64)
    _draw(forest.offsets, forest.up, forest.time, forest.hidden, seeds, density.edges, density.per_us, drawn)
    return drawn


def seed_of(channel: str, root: str) -> int:
    """The seed of a cascade, 64 bits of its name."""
    return int.from_bytes(blake2b(f"{channel}:{root}".encode(), digest_size=8).digest(), "little")


def seeds_of(cascades: pa.Table, row: IntArray) -> npt.NDArray[np.uint64]:
    names = (cascades.column(name).take(pa.array(row)).to_pylist() for name in ("channel", "root"))
    return np.array([seed_of(channel, root) for channel, root in zip(*names, strict=True)], np.uint64)


def _numbers(array: Any) -> IntArray:
    return np.asarray(pc.fill_null(pc.cast(array, pa.int64()), 0).to_numpy()).astype(np.int64, copy=False)


def only(forest: Forest, keep: IntArray) -> Forest:
    """Some of the trees, as a forest of their own."""
    offsets, node = positions(forest.offsets, keep)
    moved = node - np.arange(node.size)
    up = forest.up[node]
    return Forest(offsets, np.where(up < 0, -1, up - moved), forest.time[node], forest.hidden[node])


def positions(offsets: IntArray, keep: IntArray) -> tuple[IntArray, IntArray]:
    """Offsets of some of the trees laid one behind the other, and where each of their nodes stood before."""
    lengths = np.diff(offsets)[keep]
    kept = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    return kept, np.arange(kept[-1], dtype=np.int64) + np.repeat(offsets[keep] - kept[:-1], lengths)


def shapes_of(row: IntArray, forest: Forest, drawn: IntArray) -> Inferred:
    """The shapes of the trees with their hidden parents as drawn, one drawing after the other."""
    size = (row.size, drawn.shape[1])
    found = Inferred(row, np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size), np.empty(size))
    shares = np.maximum(np.diff(forest.offsets) - 1, 1)
    where = np.flatnonzero(forest.hidden)
    base = np.repeat(forest.offsets[:-1], np.diff(forest.offsets))
    up = (forest.up - base).astype(np.int32)
    for k in range(drawn.shape[1]):
        up[where] = drawn[:, k] - base[where]
        one = shapes(forest.offsets, up)
        found.depth[:, k], found.breadth[:, k] = one.depth, one.breadth
        found.structural_virality[:, k] = one.structural_virality
        found.broadcast_part[:, k] = one.largest / shares
    return found


@jit
def _draw(  # type: ignore[no-untyped-def]
    offsets, up, time, hidden, seeds, edges, per_us, drawn
):
    """Draw the hidden parents of every cascade: first a bin of waits, then a node in it by its children."""
    mass = np.empty(per_us.size, np.float64)
    start = np.empty(per_us.size, np.int64)
    row = 0
    for c in range(offsets.size - 1):
        base, end = offsets[c], offsets[c + 1]
        before = _children(base, end, up, hidden)
        state = seeds[c]
        for i in range(base, end):
            if not hidden[i]:
                continue
            total = weigh(time[base : i + 1], before, edges, per_us, start, mass)
            for k in range(drawn.shape[1]):
                state = state + STEP
                b = bin_of(mass, uniform(state) * total)
                above = i - base if b == 0 else start[b - 1]
                state = state + STEP
                drawn[row, k] = base + node_of(before, start[b], above, uniform(state))
            row += 1


@jit
def _children(base, end, up, hidden):  # type: ignore[no-untyped-def]
    """Twice (children + .5), summed over the nodes before each: whole numbers, so sums are exact."""
    before = np.zeros(end - base + 1, np.int64)
    for i in range(base + 1, end):
        if not hidden[i]:
            before[up[i] - base + 1] += 2
    for i in range(end - base):
        before[i + 1] += before[i] + 1
    return before


@jit
def weigh(time, before, edges, per_us, start, mass):  # type: ignore[no-untyped-def]
    """Weight of the earlier nodes in each bin of waits; those of bin b begin at start[b] and end where b - 1 begins.

    time : of the nodes up to and with the share whose parent is hidden, not decreasing
    """
    above = time.size - 1
    now = time[above]
    total = 0.0
    for b in range(per_us.size):
        low, high = 0, above
        # The earliest node with a shorter wait than the bin's end; all that is left falls into the last bin.
        while low < high and b < per_us.size - 1:
            middle = (low + high) // 2
            if now - time[middle] < edges[b + 1]:
                high = middle
            else:
                low = middle + 1
        start[b] = low
        mass[b] = per_us[b] * np.float64(before[above] - before[low])
        total += mass[b]
        above = low
    return total


@jit
def bin_of(mass, target):  # type: ignore[no-untyped-def]
    """The bin in which the running sum passes the target; never an empty one."""
    last, total = 0, 0.0
    for b in range(mass.size):
        if mass[b] > 0.0:
            last = b
            total += mass[b]
            if total > target:
                break
    return last


@jit
def node_of(before, low, high, uniform):  # type: ignore[no-untyped-def]
    """A node from `low` up to, not including, `high`, by its weight."""
    weight = before[high] - before[low]
    target = before[low] + min(np.int64(uniform * np.float64(weight)), weight - 1)
    while high - low > 1:
        middle = (low + high) // 2
        if before[middle] <= target:
            low = middle
        else:
            high = middle
    return low


@jit
def uniform(state):  # type: ignore[no-untyped-def]
    """A number in [0, 1) from a counter (SplitMix64: Steele, Lea, Flood 2014)."""
    z = (state ^ (state >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    z = z ^ (z >> _S31)
    return np.float64(z >> _S11) * 2.0**-53
