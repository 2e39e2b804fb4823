"""Layout of cascades: every share has a place, and thousands of them stay within a few lanes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from hubbub.report.tree import KEPT, MOST, Layout, Shares, generations, lay_out, shares_of


def shares(parent: list[int]) -> Shares:
    n = len(parent)
    return Shares(np.array(parent), np.arange(n, dtype=np.float64), np.arange(-1, n - 1), np.zeros(n, dtype=np.bool_))


def lanes_of(layout: Layout) -> list[float]:
    return [float(y) for y in layout.y[layout.drawn]]


def test_a_small_tree_by_hand() -> None:
    # The root with two branches; the first one has two leaves: three leaves are three lanes.
    #   0 - 1 - 2        1 comes first, so it takes the two upper lanes, 3 and 2 outside in;
    #       1 - 4        the later branch 3 takes the lower one.
    #   0 - 3
    layout = lay_out(shares([-1, 0, 1, 0, 1]))
    assert layout.lanes == 3
    assert bool(layout.drawn.all())
    assert layout.y[2] < layout.y[4] < layout.y[3]
    assert layout.brought.tolist() == [2, 2, 0, 0, 0]


@pytest.mark.parametrize("n", [MOST + 1, 5000])
def test_a_star_folds_onto_the_line_of_its_root(n: int) -> None:
    layout = lay_out(shares([-1] + [0] * (n - 1)))
    assert layout.lanes == 1
    assert set(layout.host.tolist()) == {0}


def test_a_chain_of_thousands_needs_no_recursion() -> None:
    layout = lay_out(shares(list(range(-1, 19_999))))
    assert layout.lanes <= 2
    assert int(layout.drawn.sum()) == KEPT


def test_every_share_is_drawn_or_stands_on_the_line_of_an_ancestor(grown: Callable[..., pa.Table]) -> None:
    tree = shares_of(grown(3000, 5).column("nodes").combine_chunks().flatten())
    layout = lay_out(tree)
    for i in range(tree.n):
        up = i
        while up != layout.host[i]:
            up = int(tree.parent[up])
        assert layout.drawn[up]
    assert layout.lanes <= 2 * KEPT


def test_drawn_shares_do_not_lie_on_each_other(grown: Callable[..., pa.Table]) -> None:
    tree = shares_of(grown(300, 6).column("nodes").combine_chunks().flatten())
    layout = lay_out(tree)
    leaves = [float(layout.y[i]) for i in range(tree.n) if layout.brought[i] == 0]
    assert len(set(leaves)) == len(leaves)


def test_hidden_parents_get_a_line_of_their_own() -> None:
    layout = lay_out(shares([-1, 0, -2, 2, -2]))
    assert layout.hidden_y is not None
    assert layout.y[2] > layout.y[1]
    assert generations(shares([-1, 0, -2, 2, 1])) == [1, 1]


def test_a_parent_that_does_not_come_first_counts_as_hidden() -> None:
    rows = [{"parent": p, "time_us": 0, "person": 0, "exchanged": None} for p in (-1, 5, 0)]
    kind = pa.struct(
        [("parent", pa.int32()), ("time_us", pa.int64()), ("person", pa.int32()), ("exchanged", pa.bool_())]
    )
    assert shares_of(pa.array(rows, kind)).parent.tolist() == [-1, -2, 0]
