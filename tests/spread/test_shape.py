"""Shapes against closed forms, networkx on random trees, and the published figures of Twitter15's trees."""

from __future__ import annotations

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.errors import CascadeError
from hubbub.spread.shape import chain, shapes, shapes_in_order, star, structural_virality
from tests.shared import DATA, needs_data


def path(n: int) -> np.ndarray:
    return np.arange(-1, n - 1)


def spokes(n: int) -> np.ndarray:
    return np.r_[-1, np.zeros(n - 1, np.int64)]


def binary(height: int) -> np.ndarray:
    """A complete binary tree."""
    return np.r_[-1, (np.arange(1, 2 ** (height + 1) - 1) - 1) // 2]


@pytest.mark.parametrize("n", [2, 3, 10, 1_000])
def test_star_and_chain_have_closed_forms(n: int) -> None:
    assert structural_virality(spokes(n)) == pytest.approx(star(n)) == pytest.approx(2 * (n - 1) / n)
    assert structural_virality(path(n)) == pytest.approx(chain(n)) == pytest.approx((n + 1) / 3)


@pytest.mark.parametrize(
    ("height", "virality"),
    [(1, 1.33333), (2, 2.285714), (3, 3.504762), (4, 4.954839), (5, 6.586790), (9, 14.066574)],
)
def test_binary_trees_of_golden(height: int, virality: float) -> None:
    assert structural_virality(binary(height)) == pytest.approx(virality, abs=1e-5)


def test_a_crooked_tree_by_hand() -> None:
    """0-1, 0-2, 0-3, 1-4, 1-5, 4-6: subtrees of 4, 1, 1, 2, 1, 1, so W = 12 + 6 + 6 + 10 + 6 + 6 = 46."""
    assert structural_virality(np.array([-1, 0, 0, 0, 1, 1, 4])) == pytest.approx(2 * 46 / 42)


def test_a_chain_of_five_million_does_not_overflow() -> None:
    assert structural_virality(path(5_000_000)) == pytest.approx(chain(5_000_000))


@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=60), st.integers(1, 6))
def test_forests_equal_networkx(draws: list[int], trees: int) -> None:
    """Node i hangs on any earlier one; the first few are roots, so that trees interleave as in a log."""
    parent = np.array([-1 if i < trees else draw % i for i, draw in enumerate(draws)])
    found = shapes_in_order(parent)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(parent.size))
    graph.add_edges_from((int(p), i) for i, p in enumerate(parent) if p >= 0)
    for k, root in enumerate(found.root.tolist()):
        depth = nx.single_source_shortest_path_length(graph, root)
        size, levels = len(depth), np.bincount(list(depth.values()))
        tree = graph.subgraph(depth).to_undirected()
        assert (found.size[k], found.depth[k], found.breadth[k]) == (size, levels.size - 1, levels.max())
        assert found.largest[k] == max(graph.out_degree(node) for node in depth)
        want = 2.0 * nx.wiener_index(tree) / (size * (size - 1)) if size > 1 else 0.0
        assert found.structural_virality[k] == pytest.approx(want)
    assert int(found.size.sum()) == parent.size


@pytest.mark.parametrize(
    ("parent", "says"),
    [
        ([], "this has 0"),
        ([-1, 0, -1], "this has 2"),
        ([1, 0], "Node 0 comes before its parent"),
        ([-1, 1], "Node 1 comes before its parent"),
        ([-1, 2, 1], "Node 1 comes before its parent"),
    ],
    ids=["nothing", "two roots", "a circle without a root", "its own parent", "a circle below the root"],
)
def test_what_is_no_tree_is_an_error(parent: list[int], says: str) -> None:
    with pytest.raises(CascadeError, match=says):
        structural_virality(np.array(parent, np.int64))


def test_a_late_parent_within_one_of_many_trees_is_an_error() -> None:
    with pytest.raises(CascadeError, match="Node 4 comes before its parent"):
        shapes(np.array([0, 3, 6]), np.array([-1, 0, 1, -1, 2, 1]))


@needs_data
def test_twitter15_replies_and_shares_as_one_tree() -> None:
    """599,196 nodes in 1,490 trees (GOLDEN). There a child hangs on its parent whatever their clocks say."""
    rows = pl.read_parquet(DATA / "logs" / "rumours.parquet", columns=["id", "in_reply_to", "via"])
    up = rows.select(pl.coalesce("in_reply_to", "via").alias("up"))
    place = rows.select("id").with_row_index("place")
    joined = up.join(place, left_on="up", right_on="id", how="left", maintain_order="left")["place"]
    parent = joined.cast(pl.Int64).fill_null(-1).to_numpy()
    found = shapes_in_order(_in_order(parent))
    assert (found.size.size, int(found.size.sum())) == (1_490, 599_196)
    assert (found.size.mean(), np.median(found.size), found.size.max()) == (pytest.approx(402.145, abs=5e-4), 260, 2990)
    assert (found.depth.mean(), found.depth.max()) == (pytest.approx(3.6604, abs=5e-5), 12)
    assert np.median(found.structural_virality) == pytest.approx(2.342384, abs=5e-7)
    assert found.structural_virality.max() == pytest.approx(5.102778, abs=5e-7)
    one = np.flatnonzero((found.size == 145) & (found.depth == 3) & (found.breadth == 112))
    assert found.structural_virality[one] == pytest.approx([2 * 25_392 / (145 * 144)])


def _in_order(parent: np.ndarray) -> np.ndarray:
    """The same forest by generation, so that parents precede children."""
    depth = np.where(parent < 0, 0, -1)
    while (depth < 0).any():
        ready = (depth < 0) & (parent >= 0) & (depth[parent] >= 0)
        assert ready.any()
        depth[ready] = depth[parent[ready]] + 1
    order = np.argsort(depth, kind="stable")
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    return np.where(parent[order] < 0, -1, back[parent[order]])
