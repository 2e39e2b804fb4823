"""Simulation against exact enumeration on small graphs and published figures on large ones."""

from __future__ import annotations

import gzip
import itertools

import numpy as np
import pytest

from hubbub.errors import HubbubError
from hubbub.spread.diffusion import independent_cascade, linear_threshold
from hubbub.spread.graph import Graph, sharing
from tests.compare.build import cascade, cascades_table, node
from tests.shared import DATA, needs_data

RUNS = 200_000


def graph_of(n: int, *edges: tuple[int, int, float]) -> Graph:
    columns = zip(*edges, strict=True)
    source, target, chance = (np.array(c) for c in columns)
    return Graph.of(n, source, target, chance.astype(float))


def exact(n: int, edges: list[tuple[int, int, float]], seeds: set[int]) -> float:
    """Expected size over all live-edge graphs."""
    total = 0.0
    for live in itertools.product((False, True), repeat=len(edges)):
        weight = np.prod([p if on else 1 - p for on, (_, _, p) in zip(live, edges, strict=True)])
        reached = set(seeds)
        while True:
            more = {v for on, (u, v, _) in zip(live, edges, strict=True) if on and u in reached} - reached
            if not more:
                break
            reached |= more
        total += weight * len(reached)
    return total


CASES = [
    (3, [(0, 1, 0.5), (1, 2, 0.5)], {0}, 7 / 4),
    (4, [(0, 1, 0.5), (0, 2, 0.5), (1, 3, 0.5), (2, 3, 0.5)], {0}, 39 / 16),
    (3, [(0, 1, 0.5), (1, 2, 0.5), (2, 0, 0.5)], {0}, 7 / 4),
    (4, [(0, 1, 1 / 3), (0, 2, 1 / 3), (1, 2, 1 / 3), (2, 3, 1 / 3), (3, 1, 1 / 3)], {0}, 154 / 81),
    (4, [(0, 1, 1 / 3), (0, 2, 1 / 3), (1, 2, 1 / 3), (2, 3, 1 / 3), (3, 1, 1 / 3)], {0, 3}, 244 / 81),
    (4, [(a, b, 0.1) for a in range(4) for b in range(4) if a != b], {0}, 169763 / 125000),
]


@pytest.mark.parametrize(("n", "edges", "seeds", "want"), CASES)
def test_exact_enumeration(n: int, edges: list[tuple[int, int, float]], seeds: set[int], want: float) -> None:
    assert exact(n, edges, seeds) == pytest.approx(want, rel=1e-12)
    sizes = independent_cascade(graph_of(n, *edges), np.array(sorted(seeds)), RUNS)
    assert sizes.mean() == pytest.approx(want, abs=4 * sizes.std() / RUNS**0.5)


def test_threads_and_seed_decide_nothing_and_everything() -> None:
    rng = np.random.default_rng(1)
    graph = Graph.of(200, rng.integers(0, 200, 900), rng.integers(0, 200, 900), rng.uniform(0, 0.4, 900))
    for simulate in (independent_cascade, linear_threshold):
        one = simulate(graph, np.array([0, 5]), 2_000, seed=3, threads=1)
        assert np.array_equal(one, simulate(graph, np.array([5, 0, 0]), 2_000, seed=3, threads=4))
        assert not np.array_equal(one, simulate(graph, np.array([0, 5]), 2_000, seed=4))


def test_certain_and_impossible_edges() -> None:
    graph = graph_of(3, (0, 1, 1.0), (1, 2, 0.0))
    assert set(independent_cascade(graph, np.array([0]), 5_000).tolist()) == {2}


def test_linear_threshold_by_hand() -> None:
    """0 brings 1 with .5; 2 has .4 from each and joins with .4 if only 0 joined, with .8 if both did."""
    graph = graph_of(3, (0, 1, 0.5), (0, 2, 0.4), (1, 2, 0.4))
    sizes = linear_threshold(graph, np.array([0]), RUNS)
    want = 1 + 0.5 + 0.5 * 0.4 + 0.5 * 0.8
    assert sizes.mean() == pytest.approx(want, abs=4 * sizes.std() / RUNS**0.5)


def test_bad_graphs_and_seeds() -> None:
    with pytest.raises(HubbubError, match="outside"):
        graph_of(2, (0, 2, 0.5))
    with pytest.raises(HubbubError, match="between 0 and 1"):
        graph_of(2, (0, 1, 1.5))
    empty = Graph.of(3, np.empty(0, int), np.empty(0, int), np.empty(0))
    assert set(independent_cascade(empty, np.array([0, 2]), 10).tolist()) == {2}
    with pytest.raises(HubbubError, match="outside"):
        independent_cascade(empty, np.array([3]), 10)


@needs_data
def test_congress() -> None:
    source, target, chance = np.loadtxt(DATA / "congress_twitter_ic.csv.gz", delimiter=",", skiprows=1).T
    graph = Graph.of(475, source.astype(int), target.astype(int), chance)
    for who, want in ((399, 2.094), (367, 2.1025), (393, 1.9885)):
        assert independent_cascade(graph, np.array([who]), 50_000).mean() == pytest.approx(want, abs=0.06)


def nethept() -> Graph:
    with gzip.open(DATA / "nethept_wc.txt.gz", "rt") as file:
        n = int(file.readline().split()[0])
        source, target, chance = np.loadtxt(file).T
    return Graph.of(n, source.astype(int), target.astype(int), chance)


@needs_data
def test_nethept() -> None:
    graph = nethept()
    first = np.array([6024, 267, 37, 1434, 47])
    for k, want, error in ((1, 91.77, 0.18), (5, 322.98, 0.33)):
        sizes = independent_cascade(graph, first[:k], 40_000)
        assert sizes.mean() == pytest.approx(want, abs=4 * np.hypot(error, sizes.std() / 200))


def test_edges_of_a_log_by_hand() -> None:
    """a shares twice, b follows both times, c once; d follows the brand only, and once hidden."""
    one = [node(-1, 0, -1), node(0, 1, 0), node(1, 2, 1), node(1, 3, 2), node(0, 4, 3)]
    two = [node(-1, 0, -1), node(0, 1, 0), node(1, 2, 1), node(-2, 3, 3)]
    found = sharing(cascades_table([cascade("r", one), cascade("s", two) | {"sharers": ["x:p0", "x:p1", "", "x:p3"]}]))
    names = {name: i for i, name in enumerate(found.people)}
    a, b, c, d = (names[f"x:p{i}"] for i in range(4))
    assert found.shares[[a, b, c, d]].tolist() == [2, 2, 1, 2]
    assert found.hidden == 1
    assert found.mean == pytest.approx(3 / 7)
    edges = slice(found.graph.offsets[a], found.graph.offsets[a + 1])
    assert found.graph.targets[edges].tolist() == [b, c]
    high, low = found.graph.chance[edges]
    assert high == pytest.approx(2 * low)
    assert 3 / 7 < high + low < 1.5  # between the mean of all and a's own 3 / 2
    assert found.graph.offsets[-1] == 2
