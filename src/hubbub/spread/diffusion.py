"""Independent cascade and linear threshold by simulation: the whole distribution of sizes, same bytes by any threads.

Source: Kempe, Kleinberg, Tardos (2003), "Maximizing the spread of influence through a social network", KDD.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit, uint64

from hubbub.errors import HubbubError
from hubbub.kernel import IntArray, jit
from hubbub.spread.graph import Graph

PART = 256
"""Runs that one thread takes at a time; each run has its own stream of chance."""
AHEAD = 3
"""How far ahead in a queue edges are touched, so that they are on their way from memory when their turn comes."""
STEP = uint64(0x9E3779B97F4A7C15)
"""What SplitMix64 adds to its state for each draw."""


def independent_cascade(graph: Graph, seeds: IntArray, runs: int, seed: int = 0, threads: int = 2) -> IntArray:
    """Sizes of `runs` cascades from the same seeds, seeds counted: int64[runs].

    Each one who is reached tries each edge once, with its chance.
    """
    limit = np.round(graph.chance * 2.0**31).astype(np.uint32)
    args = graph.offsets, graph.targets, (limit >> 16).astype(np.uint16), (limit & 0xFFFF).astype(np.uint16)
    return _in_parts(_cascade_runs, args, _checked(graph, seeds), runs, seed, threads, graph.nodes)


def linear_threshold(graph: Graph, seeds: IntArray, runs: int, seed: int = 0, threads: int = 2) -> IntArray:
    """Sizes of `runs` cascades where one joins once the weights of those who joined pass a uniform threshold."""
    args = graph.offsets, graph.targets, graph.weighted()
    return _in_parts(_threshold_runs, args, _checked(graph, seeds), runs, seed, threads, graph.nodes)


def _checked(graph: Graph, seeds: IntArray) -> IntArray:
    found = np.unique(np.asarray(seeds, dtype=np.int64))
    if found.size and (found[0] < 0 or found[-1] >= graph.nodes):
        raise HubbubError(f"a seed lies outside 0..{graph.nodes - 1}")
    return found


def _in_parts(
    kernel: Any, args: tuple[Any, ...], seeds: IntArray, runs: int, seed: int, threads: int, nodes: int
) -> IntArray:
    sizes = np.zeros(runs, np.int64)

    def part(first: int) -> None:
        kernel(*args, seeds, nodes, np.uint64(seed), first, sizes[first : first + PART])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(part, range(0, runs, PART)))
    return sizes


@njit(inline="always")
def mixed(x: Any) -> Any:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): 64 well mixed bits."""
    x = (x ^ (x >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> uint64(27))) * uint64(0x94D049BB133111EB)
    return x ^ (x >> uint64(31))


@njit(inline="always")
def uniform(state: Any) -> Any:
    """From 0 to below 1, of 53 bits."""
    return np.float64(mixed(state) >> uint64(11)) * 2.0**-53


@njit(inline="always")
def stream(seed: Any, run: Any) -> Any:
    """Where the stream of one run begins."""
    return mixed(mixed(uint64(seed) + STEP) ^ (uint64(run) * uint64(0xD1342543DE82EF95)))


@jit
def _cascade_runs(
    offsets: Any, targets: Any, high: Any, rest: Any, seeds: Any, nodes: Any, seed: Any, first: Any, sizes: Any
) -> Any:
    """Sizes of PART runs at most; chances of 2^31 in halves. What is touched ahead is returned, lest it be left out."""
    met = np.zeros(nodes, np.uint16)
    queue = np.empty(nodes, np.int32)
    low = uint64(0x7FFF)
    touched = np.int64(0)
    for k in range(sizes.size):
        run = np.uint16(k + 1)
        state = stream(seed, first + k)
        held = 0
        for s in seeds:
            met[s] = run
            queue[held] = s
            held += 1
        head = 0
        bits, left = uint64(0), 0
        while head < held:
            u = queue[head]
            if head + AHEAD < held:
                soon = offsets[queue[head + AHEAD]]
                if soon < high.size:
                    touched += high[soon]
            head += 1
            for e in range(offsets[u], offsets[u + 1]):
                if left == 0:
                    state += STEP
                    bits = mixed(state)
                    left = 4
                # Fifteen bits decide nearly always; where they are equal, sixteen more do.
                draw = bits & low
                bits >>= uint64(15)
                left -= 1
                if draw > high[e]:
                    continue
                if draw == high[e]:
                    state += STEP
                    if mixed(state) & uint64(0xFFFF) >= rest[e]:
                        continue
                v = targets[e]
                if met[v] != run:
                    met[v] = run
                    queue[held] = v
                    held += 1
        sizes[k] = held
    return touched


@jit
def _threshold_runs(
    offsets: Any, targets: Any, weight: Any, seeds: Any, nodes: Any, seed: Any, first: Any, sizes: Any
) -> None:
    met = np.full(nodes, -1, np.int32)
    joined = np.full(nodes, -1, np.int32)
    need = np.empty(nodes)
    queue = np.empty(nodes, np.int32)
    for k in range(sizes.size):
        state = stream(seed, first + k)
        held = 0
        for s in seeds:
            joined[s] = k
            queue[held] = s
            held += 1
        head = 0
        while head < held:
            u = queue[head]
            head += 1
            for e in range(offsets[u], offsets[u + 1]):
                v = targets[e]
                if joined[v] == k:
                    continue
                if met[v] != k:
                    met[v] = k
                    state += STEP
                    need[v] = uniform(state)
                need[v] -= weight[e]
                if need[v] < 0.0:
                    joined[v] = k
                    queue[held] = v
                    held += 1
        sizes[k] = held
