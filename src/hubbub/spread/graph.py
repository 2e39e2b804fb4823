"""The sharing graph: who passes on what whom shared, with the chance of it, fitted from the brand's own log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hubbub.errors import HubbubError
from hubbub.kernel import FloatArray, IntArray
from hubbub.spread.growth import HIDDEN, strength
from hubbub.spread.nodes import BRAND, nodes_of

MOST = 0.95
"""Chance of an edge at most: nobody passes on everything."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A directed graph with a chance on each edge, by source.

    offsets : int64[n + 1]; targets : int32[m]; chance : float64[m]; the edges of node u are offsets[u]:offsets[u + 1]
    """

    offsets: IntArray
    targets: IntArray
    chance: FloatArray

    @property
    def nodes(self) -> int:
        return int(self.offsets.size - 1)

    @classmethod
    def of(cls, nodes: int, source: IntArray, target: IntArray, chance: FloatArray) -> Graph:
        """From edges in any order, with the highest chance first at each node. raises : HubbubError"""
        if source.size and (min(source.min(), target.min()) < 0 or max(source.max(), target.max()) >= nodes):
            raise HubbubError(f"an edge names a node outside 0..{nodes - 1}")
        if chance.size and not (np.nanmin(chance) >= 0.0 and np.nanmax(chance) <= 1.0 and not np.isnan(chance).any()):
            raise HubbubError("the chance of an edge lies between 0 and 1")
        order = np.lexsort((target, -chance))
        order = order[np.argsort(source[order], kind="stable")]
        counts = np.bincount(source, minlength=nodes)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(offsets, target[order].astype(np.int32), chance[order].astype(np.float64))

    def reversed(self) -> Graph:
        """The same edges by target, the highest chance first."""
        source = np.repeat(np.arange(self.nodes), np.diff(self.offsets))
        return Graph.of(self.nodes, self.targets.astype(np.int64), source, self.chance)

    def scaled(self, factor: float) -> Graph:
        """The same edges with every chance times a factor, at most 1: a better or worse message."""
        return Graph(self.offsets, self.targets, np.minimum(self.chance * factor, 1.0))

    def weighted(self) -> FloatArray:
        """Weights of the linear threshold model: chances, scaled down where those into a node exceed 1."""
        into = np.bincount(self.targets, weights=self.chance, minlength=self.nodes)
        return np.asarray(self.chance / np.maximum(into[self.targets], 1.0))


@dataclass(frozen=True, slots=True)
class Sharing:
    """The graph of people who passed something on.

    people : labels, position is the node; shares : int64[n], how often each shared; hidden : shares whose parent is
    hidden, which bring no edge; mean : further shares that a share brings, to which each one's own is shrunk
    """

    graph: Graph
    people: list[str]
    shares: IntArray
    hidden: int
    mean: float


def sharing(cascades: pa.Table, until_us: int | None = None) -> Sharing:
    """The graph of tables.CASCADES; until_us : of the shares up to a moment, microseconds since 1970.

    Each sharer brings r = (children + mean k) / (shares + k) further shares by a share, k from how much sharers differ
    (moments of a gamma-Poisson), so that one who shared once is not taken at their word; r is divided over those who
    followed, by how often they did.
    """
    nodes = nodes_of(cascades)
    who, names = nodes.person, nodes.people.to_pylist()
    if until_us is not None:
        who = np.where(nodes.time_us > until_us, BRAND, who)
    child = np.flatnonzero((nodes.parent >= 0) & (who >= 0))
    up = who[nodes.offsets[nodes.row[child]] + nodes.parent[child]]
    real = (up >= 0) & (up != who[child])
    source, target = up[real], who[child][real]
    shares = np.bincount(who[who >= 0], minlength=len(names))
    pair, times = np.unique(source * max(len(names), 1) + target, return_counts=True)
    source, target = pair // max(len(names), 1), pair % max(len(names), 1)
    children = np.bincount(source, weights=times, minlength=len(names)).astype(np.float64)
    rate, mean = _shrunk(children, shares)
    chance = np.minimum(rate[source] * times / np.maximum(children[source], 1.0), MOST)
    hidden = int(np.count_nonzero((nodes.parent == HIDDEN) & (who >= 0)))
    return Sharing(Graph.of(len(names), source, target, chance), names, shares, hidden, mean)


def _shrunk(children: FloatArray, shares: IntArray) -> tuple[FloatArray, float]:
    """Further shares by a share of each, shrunk to the mean of all."""
    total = float(shares.sum())
    if total == 0.0:
        return np.zeros(children.size), 0.0
    mean = float(children.sum()) / total
    k = strength(children, shares.astype(np.float64), mean, least=1e-3)
    return (children + mean * k) / (shares + k), mean
