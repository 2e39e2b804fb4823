"""Trees inferred from who follows whom: by hand, by chance, and what the graph cannot say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from compare.build import cascade, cascades_table, node
from hubbub.spread.followed import DRAWS, REST, infer_followed
from hubbub.tables import FOLLOWS

NAMES = ["a", "b", "c", "d"]


def follows(*pairs, channel="x", since=None):
    rows = [{"channel": channel, "person": a, "follows": b, "since_us": since} for a, b in pairs]
    return pa.Table.from_pylist(rows, FOLLOWS)


def hidden(hours=(1, 2, 3), who=(0, 1, 2), name="r", **fields):
    nodes = [node(-1, 0, -1), *(node(-2, h, p) for h, p in zip(hours, who, strict=True))]
    return cascade(name, nodes, **({"structural_virality": None, "sharers": NAMES[: max(who) + 1]} | fields))


def depths(table, graph):
    return infer_followed(table, graph).inferred.depth


def test_a_chain_of_followers_is_a_chain_but_for_the_rest():
    """b follows a, c follows b: three deep unless the root got its rest of one of the two."""
    found = infer_followed(cascades_table([hidden()]), follows(("a", None), ("b", "a"), ("c", "b")))
    assert found.latest[0] == pytest.approx(5 / 3)
    three = np.mean(found.inferred.depth[0] == 3)
    assert three == pytest.approx((1 - REST) ** 2, abs=4 * np.sqrt(0.09 / DRAWS))
    assert 1.0 - three > 0.0


def test_who_follows_nobody_seen_took_it_from_the_root():
    found = infer_followed(cascades_table([hidden()]), follows(("a", None), ("b", "c"), ("c", "z")))
    assert (found.inferred.depth == 1).all()
    assert found.latest[0] == pytest.approx(1.5)


def test_a_follow_that_began_later_counts_for_nothing():
    graph = follows(("a", None), ("b", "a"), ("c", "b"), since=10**18)
    assert (depths(cascades_table([hidden()]), graph) == 1).all()


def test_a_follow_that_stands_twice_counts_once():
    table = cascades_table([hidden(name=f"r{k}") for k in range(20)])
    pairs = [("a", None), ("b", "a"), ("c", "a"), ("c", "b")]
    once, often = (infer_followed(table, follows(*(pairs * n))) for n in (1, 50))
    assert (once.inferred.structural_virality == often.inferred.structural_virality).all()


def test_the_latest_is_the_likeliest():
    """c, an hour after b and 99 after a, follows both: a in about one of a hundred."""
    table = cascades_table([hidden(hours=(1, 99, 100), name=f"r{k}") for k in range(40)])
    found = infer_followed(table, follows(("a", None), ("b", None), ("c", "a"), ("c", "b")))
    of_b = np.mean((found.inferred.depth == 2).mean(axis=1))
    assert of_b > 0.93
    assert of_b < 1.0


@pytest.mark.parametrize("graph", [follows(("z", "a")), follows(("a", "b"), ("b", "a"), channel="y"), follows()])
def test_a_graph_that_knows_none_of_them_says_nothing(graph):
    assert infer_followed(cascades_table([hidden()]), graph).inferred.row.size == 0


def test_the_list_of_the_brands_followers_says_nothing():
    """That somebody follows the brand does not say whom else."""
    graph = follows(("a", None), ("b", None), ("c", None))
    assert infer_followed(cascades_table([hidden()]), graph).inferred.row.size == 0


def test_missed_parents_leave_the_star():
    """Everybody follows nobody in sight; a part of the parents drawn among all earlier nodes moves the shape."""
    table = cascades_table([hidden(hours=range(1, 41), who=(0,) * 40)])
    found = infer_followed(table, follows(("a", "z")))
    assert (found.inferred.depth == 1).all()
    middle = [np.median(drawn) for drawn in found.missed.values()]
    assert found.inferred.structural_virality[0, 0] < middle[0] < middle[1]


def test_the_order_of_rows_leaves_no_trace():
    trees = [hidden(name="r"), hidden(name="s", hours=(2, 3, 9))]
    graph = follows(("a", None), ("b", "a"), ("c", "a"), ("c", "b"))
    one, other = infer_followed(cascades_table(trees), graph), infer_followed(cascades_table(trees[::-1]), graph)
    assert (one.inferred.structural_virality == other.inferred.structural_virality[::-1]).all()
