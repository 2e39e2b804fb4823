"""Seeds against exact enumeration and the published figures of NetHEPT; certificates, costs, floors, refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hubbub.errors import HubbubError
from hubbub.spread.graph import Graph
from hubbub.spread.influence import Limits, Sets, _best, _into, _limits, choose, spread_of
from tests.shared import needs_data
from tests.spread.test_diffusion import CASES, exact, graph_of, nethept


def everyone(graph: Graph, k: int, **more: object) -> Limits:
    return Limits(k, np.ones(graph.nodes, np.bool_), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "edges", "seeds", "want"), CASES)
def test_sets_give_the_exact_spread(n: int, edges: list[tuple[int, int, float]], seeds: set[int], want: float) -> None:
    found = spread_of(graph_of(n, *edges), np.array(sorted(seeds)), 400_000)
    assert found.value == pytest.approx(want, abs=0.01)
    assert found.low is not None and found.high is not None and found.low < found.value < found.high


def test_unequal_chances_into_one_node() -> None:
    edges = [(i, 4, p) for i, p in enumerate((0.9, 0.5, 0.05, 0.3))]
    for s in range(4):
        found = spread_of(graph_of(5, *edges), np.array([s]), 400_000)
        assert found.value == pytest.approx(1 + edges[s][2], abs=0.015)


def test_the_best_pair() -> None:
    n, edges, _, want = CASES[4]
    found = choose(graph_of(n, *edges), everyone(graph_of(n, *edges), 2), eps=0.05)
    assert set(found.seeds.tolist()) == {0, 3}
    assert found.spread.value == pytest.approx(want, abs=0.05)
    assert found.lower <= want <= found.upper
    assert found.certificate >= 1 - 1 / np.e - 0.05


def test_bounds_hold_on_random_graphs() -> None:
    rng = np.random.default_rng(2)
    for _ in range(10):
        pairs = [(a, b) for a in range(6) for b in range(6) if a != b]
        edges = [(*pairs[i], float(rng.uniform(0.05, 0.8))) for i in rng.choice(len(pairs), 8, replace=False)]
        graph = graph_of(6, *edges)
        best = max(exact(6, edges, set(pair)) for pair in itertools.combinations(range(6), 2))
        found = choose(graph, everyone(graph, 2), delta=0.001)
        mine = exact(6, edges, set(found.seeds.tolist()))
        assert found.lower <= mine + 1e-9
        assert found.upper >= best - 1e-9
        assert mine >= 0.632 * best


def test_only_those_allowed_are_chosen_and_judged_against_the_best_of_them() -> None:
    graph = graph_of(6, *[(0, v, 0.9) for v in range(1, 6)], (1, 2, 0.5))
    allowed = np.array([False, True, True, True, False, False])
    found = choose(graph, Limits(2, allowed))
    assert 1 in found.seeds and 0 not in found.seeds
    assert found.certificate > 0.5
    assert choose(graph, Limits(50, allowed)).seeds.size == 3


def test_costs_and_budget() -> None:
    """One who reaches five and costs 10, against three who reach two each and cost 3."""
    edges = [(0, v, 1.0) for v in range(4, 8)] + [(1, 8, 1.0), (2, 9, 1.0), (3, 10, 1.0)]
    graph = graph_of(11, *edges)
    cost = np.array([10.0, 3, 3, 3, *[10.0] * 7])
    found = choose(graph, everyone(graph, 5, cost=cost, budget=10.0))
    assert set(found.seeds.tolist()) == {1, 2, 3}
    assert cost[found.seeds].sum() <= 10.0
    assert found.upper >= 6.0 >= found.lower


def test_floors_by_segment() -> None:
    edges = [(0, v, 0.9) for v in range(4, 8)] + [(1, v, 0.9) for v in range(8, 12)] + [(2, 12, 0.9), (3, 13, 0.2)]
    graph = graph_of(14, *edges)
    segment = np.array([0, 0, 1, 1, *[-1] * 10])
    assert set(choose(graph, everyone(graph, 2, segment=segment)).seeds.tolist()) == {0, 1}
    fair = choose(graph, everyone(graph, 2, segment=segment, floor=(0, 1))).seeds.tolist()
    assert 2 in fair and len({0, 1} & set(fair)) == 1


def test_refusals() -> None:
    graph = graph_of(3, (0, 1, 0.5))
    nobody = Limits(1, np.zeros(3, np.bool_))
    for limits, said in (
        (nobody, "Nobody may be asked"),
        (everyone(graph, 0), "At least one"),
        (everyone(graph, 1, cost=np.ones(3)), "need a budget"),
        (everyone(graph, 1, cost=np.ones(3) * 5, budget=1.0), "pays for nobody"),
        (everyone(graph, 1, cost=np.zeros(3), budget=1.0), "above zero"),
        (everyone(graph, 2, segment=np.array([0, 1, 1]), floor=(2, 0)), "of a segment"),
        (everyone(graph, 1, segment=np.array([0, 1, 1]), floor=(1, 1)), "more than 1"),
    ):
        with pytest.raises(HubbubError, match=said):
            choose(graph, limits)


def test_no_edges_reach_only_the_seeds() -> None:
    empty = Graph.of(5, np.empty(0, int), np.empty(0, int), np.empty(0))
    found = choose(empty, everyone(empty, 2))
    assert found.spread.value == pytest.approx(2.0, abs=0.5)
    assert found.lower >= 2.0


def test_growing_keeps_the_first_sets() -> None:
    graph = graph_of(5, (0, 1, 0.5), (1, 2, 0.5), (3, 4, 0.3))
    grown, whole = Sets(graph, 7), Sets(graph, 7)
    grown.grow(100)
    grown.grow(3_000)
    whole.grow(3_000, threads=1)
    assert np.array_equal(grown.members, whole.members) and np.array_equal(grown.offsets, whole.offsets)


def some_graph(nodes: int, edges: int, seed: int) -> Graph:
    rng = np.random.default_rng(seed)
    source, target = rng.integers(0, nodes, edges), rng.integers(0, nodes, edges)
    return Graph.of(nodes, source, target, np.round(rng.uniform(0, 0.5, edges), 1))


def test_edges_into_a_node_stand_by_chance_then_source() -> None:
    graph = some_graph(30, 400, 1)
    limit = np.round(graph.chance * 2.0**31).astype(np.uint32)
    offsets, source, chance = _into(graph.offsets, graph.targets, limit)
    want = graph.reversed()
    assert np.array_equal(offsets, want.offsets)
    assert np.array_equal(source, want.targets)
    assert np.array_equal(chance, np.round(want.chance * 2.0**31))


def test_greedy_takes_the_first_of_those_who_add_most() -> None:
    graph = some_graph(40, 160, 2)
    sets = Sets(graph, 3)
    sets.grow(500)
    allowed = np.arange(40) % 7 != 0
    cost, budget, segment, floor, k = _limits(Limits(6, allowed), 40)
    seeds, bound = _best(sets, k, allowed, cost, budget, segment, floor)
    left = [set(m.tolist()) for m in np.split(sets.members, sets.offsets[1:-1])]
    want, covered, least = [], 0, float("inf")
    for _ in range(k + 1):
        adds = np.array([sum(v in s for s in left) if allowed[v] else -1 for v in range(40)])
        least = min(least, covered + np.sort(np.maximum(adds, 0))[-k:].sum())
        best = int(np.argmax(np.where(np.isin(np.arange(40), want), -2, adds)))
        want.append(best)
        covered += int(adds[best])
        left = [s for s in left if best not in s]
    assert seeds.tolist() == want[:k]
    assert bound == least


def test_more_sets_to_start_with_and_threads_that_change_nothing() -> None:
    graph = some_graph(200, 900, 4)
    few, many = choose(graph, everyone(graph, 3)), choose(graph, everyone(graph, 3), least=50_000, threads=1)
    again = choose(graph, everyone(graph, 3), least=50_000, threads=2)
    assert few.sets < 100_000 <= many.sets == again.sets
    assert many.certificate > few.certificate
    assert np.array_equal(many.seeds, again.seeds)
    assert many.lower == again.lower and many.upper == again.upper


@needs_data
def test_nethept_reaches_what_was_published() -> None:
    graph = nethept()
    found = choose(graph, everyone(graph, 50), eps=0.005, least=1_000_000)
    assert {6024, 267, 37} <= set(found.seeds[:8].tolist())
    assert found.certificate >= 1 - 1 / np.e - 0.005
    judged = spread_of(graph, found.seeds, 1_000_000)
    assert judged.value == pytest.approx(1296.06, abs=15.0)  # three errors of a million sets are 13
