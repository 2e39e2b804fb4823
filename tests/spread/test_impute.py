"""Hidden parents drawn ten times: weights by hand and by a slow reading, shapes within what any tree can have."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compare.build import cascade, cascades_table, node
from hubbub.errors import CascadeError
from hubbub.spread import impute
from hubbub.spread.impute import IMPUTATIONS, draw_parents, infer, inferable, lay_flat, seed_of, waiting_density
from hubbub.spread.shape import chain, star
from oracle.impute import chances
from oracle.trees import shape

HOUR = 3_600_000_000


def drawn_of(trees, draws=IMPUTATIONS):
    """The forest of a table of cascades, and the parents drawn for its hidden ones."""
    table = cascades_table(trees)
    forest = lay_flat(table.column("nodes"))
    seeds = np.array([seed_of(t["channel"], t["root"]) for t in trees], np.uint64)
    return forest, draw_parents(forest, waiting_density(forest), seeds, draws)


def path(name, length, hidden=(), hours=1.0, **fields):
    """Each share of the one before."""
    nodes = [node(-1, 0, -1)]
    nodes += [node(-2 if k in hidden else k - 1, k * hours, k) for k in range(1, length)]
    return cascade(name, nodes, **fields)


@st.composite
def tree(draw, name, few=True):
    """A tree of 2 to 40 nodes; with `few`, at most a tenth of the parents are hidden."""
    n = draw(st.integers(11 if few else 2, 40))
    waits = draw(st.lists(st.sampled_from([0, 1, 30, 60, 90, 1_440]), min_size=n - 1, max_size=n - 1))
    hours = np.cumsum([0, *waits]) / 60
    nodes = [node(-1, 0, -1), *[node(draw(st.integers(0, k - 1)), hours[k], k) for k in range(1, n)]]
    most = (n - 1) // 10 if few else n - 1
    for k in draw(st.sets(st.integers(1, n - 1), max_size=most)):
        nodes[k]["parent"] = -2
    return cascade(name, nodes, channel=draw(st.sampled_from(["x", "web"])))


forests = st.integers(1, 4).flatmap(lambda n: st.tuples(*[tree(f"r{i}") for i in range(n)]))
any_forests = st.integers(1, 4).flatmap(lambda n: st.tuples(*[tree(f"r{i}", few=False) for i in range(n)]))


# By hand

BY_HAND = cascade("p", [node(-1, 0, -1), node(0, 1), node(1, 2), node(-2, 3)])
"""acme's post at 0 h; ann shares it at 1 h, bob hers at 2 h; cat at 3 h, and the network hides through whom."""


def test_weights_by_hand():
    # Two known waits, both of 1 h. All times lie on whole hours, so the bins are 0-1, 1-2, 2-4 h. Per hour: the waits
    # give 0, 2, 0, the one spread evenly over 4 h gives 1/4 to each: 1/4, 9/4, 1/4.
    forest = lay_flat(cascades_table([BY_HAND]).column("nodes"))
    density = waiting_density(forest)
    assert (density.edges / HOUR).tolist() == [0, 1, 2, 4]
    assert (density.per_us * HOUR).tolist() == pytest.approx([1 / 4, 9 / 4, 1 / 4])
    # The post waits 3 h and has 1 child: 1/4 x 1.5 = 3/8. ann 2 h, 1 child: 3/8. bob 1 h, none: 9/4 x .5 = 9/8.
    assert chances([BY_HAND["nodes"]], BY_HAND["nodes"], 3) == [Fraction(1, 5), Fraction(1, 5), Fraction(3, 5)]
    _, drawn = drawn_of([BY_HAND], 40_000)
    part = np.bincount(drawn[0], minlength=3) / 40_000
    assert part == pytest.approx([0.2, 0.2, 0.6], abs=5 * math.sqrt(0.25 / 40_000))


def test_ten_of_a_hundred_is_a_tenth():
    few, more = path("few", 11, {4}), path("more", 21, {3, 5, 7})
    table = cascades_table([path("none", 12), few, more, path("small", 10, {4}), path("twenty", 21, {3, 5})])
    assert inferable(table).tolist() == [1, 4]
    assert infer(table).row.tolist() == [1, 4]


def test_a_table_without_hidden_parents_is_not_even_laid_flat(monkeypatch):
    monkeypatch.setattr(impute, "lay_flat", None)
    found = infer(cascades_table([path("a", 30), path("b", 5)]))
    assert found.row.size == 0
    assert found.structural_virality.shape == (0, IMPUTATIONS)
    assert infer(cascades_table([])).row.size == 0


def test_only_one_earlier_node_leaves_no_doubt():
    # The first share can come only from the root.
    nodes = [node(-1, 0, -1), node(-2, 1), *[node(0, 1 + k) for k in range(10)]]
    found = infer(cascades_table([cascade("p", nodes)]))
    assert np.ptp(found.structural_virality) == 0.0
    assert found.structural_virality[0, 0] == pytest.approx(star(12))
    assert (found.depth[0, 0], found.breadth[0, 0], found.broadcast_part[0, 0]) == (1, 11, 1.0)


def test_a_chain_stays_long_where_the_root_would_cut_it():
    # Forty shares, one an hour, each of the one before; four hidden. All known waits are one hour, so the one before
    # is by far the likeliest. Hung on the root, the four would leave pieces of eight.
    hidden = {8, 16, 24, 32}
    found = infer(cascades_table([path("p", 41, hidden)]))
    on_root = shape([-1, *[0 if k in hidden else k - 1 for k in range(1, 41)]])["structural_virality"]
    assert float(on_root) < 0.6 * chain(41)
    assert np.median(found.structural_virality) > 0.8 * chain(41)


def test_waits_on_a_log_of_dates_are_whole_days():
    forest = lay_flat(cascades_table([path("p", 4, hours=24.0)]).column("nodes"))
    assert (waiting_density(forest).edges / HOUR / 24).tolist() == [0, 1, 2, 4]


def test_without_a_known_wait_only_children_count():
    nodes = [node(-1, 0, -1), node(-2, 1), node(-2, 50)]
    forest, drawn = drawn_of([cascade("p", nodes)], 20_000)
    assert np.ptp(waiting_density(forest).per_us) == 0.0
    assert np.bincount(drawn[1]) / 20_000 == pytest.approx([0.5, 0.5], abs=0.02)


def test_shares_of_one_moment():
    nodes = [node(-1, 0, -1), *[node(0, 0) for _ in range(10)], node(-2, 0)]
    found = infer(cascades_table([cascade("p", nodes)]))
    assert set(found.depth.ravel().tolist()) <= {1, 2}


def test_a_parent_that_comes_too_late_is_refused():
    nodes = [*path("p", 12, {5})["nodes"]]
    nodes[3] = node(7, 3)
    with pytest.raises(CascadeError, match="Node 3 comes before its parent"):
        infer(cascades_table([cascade("p", nodes)]))


def test_random_numbers_are_the_published_ones():
    # SplitMix64 from seed 0 begins with E220A8397B1DCDAF (its reference implementation).
    step = np.uint64(0x9E3779B97F4A7C15)
    assert impute.uniform(step) == (0xE220A8397B1DCDAF >> 11) * 2.0**-53


# Against the slow reading


@settings(max_examples=8)
@given(any_forests)
def test_draws_follow_the_weights(trees):
    draws = 20_000
    forest, drawn = drawn_of(trees, draws)
    table = [t["nodes"] for t in trees]
    row = 0
    for base, nodes in zip(forest.offsets.tolist(), table, strict=False):
        for share in (k for k, n in enumerate(nodes) if n["parent"] == -2):
            p = np.array([float(x) for x in chances(table, nodes, share)])
            part = np.bincount(drawn[row] - base, minlength=share) / draws
            # Six standard errors: some thousand comparisons over all examples.
            assert np.all(np.abs(part - p) <= 6 * np.sqrt(p * (1 - p) / draws) + 3 / draws)
            row += 1
    assert row == drawn.shape[0]


@given(forests)
def test_shapes_are_those_of_the_trees_drawn(trees):
    table = cascades_table(trees)
    found = infer(table)
    forest, drawn = drawn_of(trees)
    row = {int(r): k for k, r in enumerate(found.row)}
    at = np.cumsum(np.r_[0, forest.hidden])
    for c, t in enumerate(trees):
        base, end = forest.offsets[c], forest.offsets[c + 1]
        assert (c in row) == (t["hidden"] > 0)
        for k in range(IMPUTATIONS if c in row else 0):
            parents = [n["parent"] for n in t["nodes"]]
            for i in np.flatnonzero(forest.hidden[base:end]):
                parents[i] = int(drawn[at[base + i], k] - base)
                assert 0 <= parents[i] < i
            slow = shape(parents)
            assert found.depth[row[c], k] == slow["depth"]
            assert found.breadth[row[c], k] == slow["breadth"]
            assert found.structural_virality[row[c], k] == pytest.approx(float(slow["structural_virality"]), abs=1e-12)
            assert found.broadcast_part[row[c], k] == pytest.approx(float(slow["broadcast_part"]))


# What must hold for any table


@given(forests)
def test_virality_lies_between_star_and_chain(trees):
    found = infer(cascades_table(trees))
    for k, row in enumerate(found.row):
        n = trees[row]["size"]
        assert np.all(found.structural_virality[k] >= star(n) - 1e-12)
        assert np.all(found.structural_virality[k] <= chain(n) + 1e-12)


@given(forests, st.randoms(use_true_random=False), st.integers(0, 4))
def test_order_and_split_of_the_rows_change_nothing(trees, random, cut):
    def by_name(table):
        found = infer(table)
        names = [(table["channel"][r].as_py(), table["root"][r].as_py()) for r in found.row.tolist()]
        return {name: found.structural_virality[k].tobytes() for k, name in enumerate(names)}

    other = list(trees)
    random.shuffle(other)
    parts = pa.concat_tables([cascades_table(other[:cut]), cascades_table(other[cut:])])
    assert by_name(parts) == by_name(cascades_table(trees))
    # A slice of a longer table is the same table.
    longer = cascades_table([*trees, path("other", 30, {4})])
    assert by_name(longer.slice(0, len(trees))) == by_name(cascades_table(trees))


def test_large_lists_are_read_alike():
    table = cascades_table([path("a", 41, {8, 16})])
    nodes = table.schema.field("nodes").type
    large = table.set_column(table.schema.get_field_index("nodes"), "nodes",
                             table["nodes"].cast(pa.large_list(nodes.value_type)))  # fmt: skip
    assert infer(large).structural_virality.tolist() == infer(table).structural_virality.tolist()
