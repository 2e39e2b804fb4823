"""Invented cascades: Pareto sizes, random recursive trees, and branching with delays, cut off at a log's end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hubbub.demo.rows import Floats, Ints

Delay = Callable[[np.random.Generator, int], npt.NDArray[np.int64]]


@dataclass(frozen=True)
class Forest:
    """Shares of many cascades, parents before children.

    parent : int64[n]; position of the share that brought this one, -1 for a seed
    tree : int64[n]; which cascade
    time : int64[n]; microseconds
    """

    parent: npt.NDArray[np.int64]
    tree: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]


def pareto_sizes(rng: np.random.Generator, n: int, tail: float, largest: int) -> npt.NDArray[np.int64]:
    """`n` sizes with P(size >= k) = k ** -tail for k up to `largest`, and none above."""
    return np.minimum(np.floor((1 - rng.random(n)) ** (-1 / tail)), largest).astype(np.int64)


def pareto_mean(tail: float, largest: int) -> float:
    """Expected size under `pareto_sizes`: the sum of k ** -tail over k = 1..largest.

    >>> pareto_mean(2.0, 2)
    1.25
    """
    return float(np.sum(np.arange(1, largest + 1, dtype=float) ** -tail))


def within(sizes: Ints) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For groups laid end to end: the group of each member, and its place in the group.

    >>> [x.tolist() for x in within(np.array([2, 1]))]
    [[0, 0, 1], [0, 1, 0]]
    """
    group = np.repeat(np.arange(len(sizes)), sizes)
    start = np.cumsum(sizes) - sizes
    return group, np.arange(len(group)) - start[group]


def recursive_parents(rng: np.random.Generator, sizes: Ints) -> npt.NDArray[np.int64]:
    """Parents of random recursive trees laid end to end: each member hangs on a random earlier one of its tree."""
    group, place = within(sizes)
    start = np.cumsum(sizes) - sizes
    parent = start[group] + np.minimum((rng.random(len(group)) * place).astype(np.int64), np.maximum(place - 1, 0))
    return np.where(place == 0, -1, parent)


def times_down(parent: Ints, wait: Ints, first: Ints) -> npt.NDArray[np.int64]:
    """Time of each member: its parent's and its own wait; of a seed (parent -1), `first`."""
    time = first.astype(np.int64).copy()
    known = parent < 0
    open_ = np.flatnonzero(~known)
    while len(open_):
        ready = known[parent[open_]]
        now = open_[ready]
        time[now] = time[parent[now]] + wait[now]
        known[now] = True
        open_ = open_[~ready]
    return time


def branching(
    rng: np.random.Generator, seeds: Ints, tree: Ints, mean: Floats, delay: Delay, end: int, spread: float = 0.0,
    limit: int = 5_000_000,
) -> Forest:  # fmt: skip
    """Galton-Watson trees with delays: each share brings Poisson(`mean`) more, each after its own wait.

    seeds : int64[k], times of the first shares; tree : int64[k], the cascade of each
    mean : reproduction of each cascade (indexed by cascade)
    spread : 0 for Poisson; else children are Poisson with a gamma mean of variance spread * mean ** 2
    end : what would come later is not there, nor what would have come of it (right censoring)
    raises : ValueError if more than `limit` shares come, for then the mean is too high for the time
    """
    parents, trees, times = [np.full(len(seeds), -1, dtype=np.int64)], [tree.astype(np.int64)], [seeds.astype(np.int64)]
    at, total = 0, len(seeds)
    while len(times[-1]):
        rate = mean[trees[-1]]
        if spread > 0:
            rate = rng.gamma(1 / spread, spread * rate)
        children = rng.poisson(rate)
        source = np.repeat(np.arange(len(children)), children)
        time = times[-1][source] + delay(rng, len(source))
        seen = time <= end
        source = source[seen]
        parents.append(at + source)
        trees.append(trees[-1][source])
        times.append(time[seen])
        at, total = total, total + len(source)
        if total > limit:
            raise ValueError(f"more than {limit} shares: lower the reproduction, or end the log earlier")
    return Forest(np.concatenate(parents), np.concatenate(trees), np.concatenate(times))
