"""What the machine allows: passes that do only the reading, the random numbers or the powers of a piece of work."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bench.run import timed
from hubbub.kernel import FloatArray, IntArray, jit
from hubbub.spread.diffusion import STEP, mixed
from hubbub.spread.graph import Graph


def reading(graph: Graph, order: IntArray) -> tuple[float, float]:
    """Seconds of reading the edges of nodes in this order with a mark at each target, no chance drawn; and how many."""
    mark = np.zeros(graph.nodes, np.int32)
    limit = np.round(graph.chance * 2.0**31).astype(np.uint32)
    seconds, _ = timed(lambda: _read(graph.offsets, graph.targets, limit, order, mark), 0.5)
    return seconds, float(np.diff(graph.offsets)[order].sum())


def drawing(count: int) -> float:
    """Seconds of drawing so many numbers of 15 bits, four from each word, one comparison each."""
    return timed(lambda: _drawn(count // 4), 0.5)[0]


def powers(x: FloatArray, exponentials: int) -> tuple[float, float]:
    """Seconds of one logarithm and so many exponentials for each number; and how many numbers."""
    return timed(lambda: _powers(x, exponentials), 0.3)[0], float(x.size)


@jit
def _read(offsets: Any, targets: Any, limit: Any, order: Any, mark: Any) -> Any:
    total = np.int64(0)
    for u in order:
        for e in range(offsets[u], offsets[u + 1]):
            total += mark[targets[e]] + np.int64(limit[e])
    return total


@jit
def _drawn(words: Any) -> Any:
    state, less = np.uint64(1), np.int64(0)
    low = np.uint64(0x7FFF)
    for _ in range(words):
        state += STEP
        bits = mixed(state)
        for _ in range(4):
            less += (bits & low) < np.uint64(3_000)
            bits >>= np.uint64(15)
    return less


@jit
def _powers(x: Any, exponentials: Any) -> Any:
    total = 0.0
    for v in x:
        total += math.log(1.0 + v)
        for i in range(exponentials):
            total += math.exp(-1e-3 * v - i)
    return total
