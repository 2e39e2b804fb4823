"""Shapes of cascades with hidden parents in `cascades` and on the map: inferred, bounded, and said to be so."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from compare.build import cascade, cascades_table, ledger, node, people_table
from hubbub.compare.document import compare
from hubbub.compare.listing import cascades_document
from hubbub.tables import FOLLOWS


def path(name, length, hidden=(), **fields):
    """Each share of the one before, an hour apart; no shape in the table where a parent is hidden."""
    nodes = [node(-1, 0, -1)]
    nodes += [node(-2 if k in hidden else k - 1, k, k - 1) for k in range(1, length)]
    virality = None if hidden else (length + 1) / 3
    return cascade(name, nodes, structural_virality=virality, **fields)


def listed(*trees):
    rows = cascades_document(cascades_table(trees), ledger(), 0.9)["cascades"]
    json.dumps(rows, allow_nan=False)
    return {row["root"]: row for row in rows}


def follows(*pairs):
    rows = [{"channel": "x", "person": a, "follows": b, "since_us": None} for a, b in pairs]
    return pa.Table.from_pylist(rows, FOLLOWS)


def test_few_hidden_parents_give_a_range():
    row = listed(path("p", 41, {8, 16}))["p"]
    assert (row["depth"], row["breadth"], row["structural_virality"], row["broadcast_part"]) == (None,) * 4
    assert row["shape_why"] == (
        "The network hides the parents of 2 of 40 shares, so the shape is not seen; shape_inferred is what ten "
        "imputations of them make of it."
    )
    found = row["shape_inferred"]
    assert (found["by"], found["imputations"]) == ("time", 10)
    assert found["how"].startswith("inferred: ")
    assert "sensitivity range, not an interval" in found["how"]
    for name in ("depth", "breadth", "structural_virality", "broadcast_part"):
        assert set(found[name]) == {"median", "lowest", "highest"}
        assert found[name]["lowest"] <= found[name]["median"] <= found[name]["highest"]
    assert isinstance(found["depth"]["lowest"], int)
    bounds = row["structural_virality_bounds"]
    assert bounds == {"lowest": row["star"], "highest": row["chain"]}
    assert bounds["lowest"] <= found["structural_virality"]["lowest"]
    assert found["structural_virality"]["highest"] <= bounds["highest"]


def test_many_hidden_parents_leave_size_times_and_bounds():
    # 11 nodes: between 2 x 10 / 11 = 1.818 and 12 / 3 = 4, whatever the tree.
    row = listed(path("p", 11, {4, 8}))["p"]
    assert (row["size"], row["structural_virality"], row["shape_inferred"]) == (11, None, None)
    assert row["structural_virality_bounds"] == {"lowest": 1.81818181818, "highest": 4.0}
    assert row["shape_why"] == (
        "The network hides the parents of 2 of 10 shares, more than a tenth, so the shape is not known. Whatever the "
        "tree, the structural virality lies between 1.818 and 4."
    )


def test_a_tree_that_is_seen_has_no_word_of_it():
    row = listed(path("p", 30), path("q", 30, {7}))["p"]
    assert row["structural_virality"] == pytest.approx(31 / 3)
    assert not {"shape_why", "shape_inferred", "structural_virality_bounds"} & set(row)


def test_who_follows_whom_comes_first_and_says_so():
    trees = [path("p", 41, {8, 16}), path("q", 11, {4, 8})]
    graph = follows(("x:p3", "x:p2"))
    rows = cascades_document(cascades_table(trees), ledger(follows=graph), 0.9)["cascades"]
    by = {row["root"]: row["shape_inferred"]["by"] for row in rows}
    assert by == {"p": "time", "q": "following"}
    assert "who follows whom" in rows[1]["shape_why"]
    assert "ten imputations" in rows[0]["shape_why"]


def test_order_of_rows_changes_no_byte():
    trees = [path("p", 41, {8, 16}), path("q", 30, {7}, channel="web"), path("r", 12), cascade("alone")]
    assert json.dumps(listed(*trees)) == json.dumps(listed(*trees[::-1]))


# The map


def of_campaign(*trees, **fields):
    document = compare(people_table([]), cascades_table(trees), ledger(**fields))
    (found,) = (c for c in document["campaigns"] if c["campaign"] == "one")
    return found["structural_virality"], found["structural_virality_inferred"]


def test_a_campaign_counts_inferred_shapes_and_says_so():
    seen, few = path("p", 12, campaign="one"), path("q", 41, {8, 16}, campaign="one")
    many = path("r", 11, {4, 8}, campaign="one")
    row = listed(seen, few, many)["q"]["shape_inferred"]["structural_virality"]
    mean, inferred = of_campaign(seen, few, many)
    # The tree that is seen has 13/3; the third has no shape.
    assert mean["value"] == pytest.approx((13 / 3 + row["median"]) / 2)
    assert mean["n"] == 2
    assert (inferred["cascades"], inferred["followed"]) == (1, 0)
    assert inferred["lowest"] == pytest.approx((13 / 3 + row["lowest"]) / 2)
    assert inferred["highest"] == pytest.approx((13 / 3 + row["highest"]) / 2)
    assert "a sensitivity range, not an interval" in inferred["how"]
    assert "1 of 2 shapes inferred" in mean["how"]
    assert "a sensitivity range, not an interval" in mean["how"]
    assert "; left out with more than a tenth of the parents hidden: 1" in mean["how"]


def test_a_campaign_takes_the_trees_of_those_who_follow():
    """Seen 13/3; imputed by time; all hidden, but the graph says that each follows the one before."""
    seen, few = path("p", 12, campaign="one"), path("q", 41, {8, 16}, campaign="one")
    chain = path("r", 11, set(range(1, 11)), campaign="one", sharers=[f"x:c{k}" for k in range(10)])
    graph = follows(*((f"x:c{k + 1}", f"x:c{k}") for k in range(9)))
    listed_rows = cascades_document(cascades_table([seen, few, chain]), ledger(follows=graph), 0.9)["cascades"]
    shown = {row["root"]: row.get("shape_inferred") for row in listed_rows}
    assert (shown["q"]["by"], shown["r"]["by"]) == ("time", "following")
    mean, inferred = of_campaign(seen, few, chain, follows=graph)
    medians = [shown[name]["structural_virality"]["median"] for name in "qr"]
    assert mean["value"] == pytest.approx((13 / 3 + sum(medians)) / 3)
    assert (inferred["cascades"], inferred["followed"]) == (2, 1)
    assert inferred["lowest"] < mean["value"] <= inferred["highest"]
    assert "who follows whom" in mean["how"] and "who follows whom" in inferred["how"]
    assert "left out" not in mean["how"]
    # Without the graph the third has no shape, and is left out.
    assert of_campaign(seen, few, chain)[0]["n"] == 2


def test_order_of_rows_changes_no_byte_of_the_map():
    trees = [path("p", 41, {8, 16}, campaign="one"), path("q", 30, {7}, channel="web", campaign="one"), path("r", 12)]
    assert json.dumps(of_campaign(*trees)) == json.dumps(of_campaign(*trees[::-1]))


def test_a_campaign_whose_trees_are_seen_says_nothing_of_it():
    mean, inferred = of_campaign(path("p", 12, campaign="one"), path("q", 41, {8}))
    assert mean["how"] == "mean over cascades; draws of cascades"
    assert inferred is None


def test_a_campaign_without_any_shape_has_bounds():
    # Of 11 nodes: 20/11 to 4; of 2 nodes: 1 to 1.
    mean, inferred = of_campaign(path("p", 11, {4, 8}, campaign="one"), path("q", 2, {1}, campaign="one"))
    assert mean == {
        "value": None,
        "why": "the network hides who brought whom; whatever the trees, the mean lies between 1.409 and 2.5",
    }
    assert inferred is None
