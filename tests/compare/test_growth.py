"""Growth in parts: what each part brought, by hand; campaigns with all their roots as one."""

from __future__ import annotations

import pytest

from hubbub.compare.listing import cascades_document
from tests.compare.build import cascade, cascades_table, day, ledger, node

# Two by people hang on the brand's post; the first of them is rewarded and brings three, one of which brings one more.
TREE = [
    node(-1, 0, -1), node(0, 1, 0, rewarded=True), node(0, 2, 1, rewarded=False), node(1, 3, 2), node(1, 4, 3),
    node(1, 5, 4, rewarded=False), node(3, 6, 5),
]  # fmt: skip


def document(*trees, **fields):  # type: ignore[no-untyped-def]
    return cascades_document(cascades_table(trees), ledger(**fields), 0.9)


def ten(**fields):  # type: ignore[no-untyped-def]
    return [cascade(f"r{i}", TREE, campaign="plant", **fields) for i in range(10)]


def test_parts_add_up_to_the_whole() -> None:
    """Of each tree: 6 shares, 4 from people's shares; generation 1 brings 3 by 2, generation 2 brings 1 by 3."""
    growth = document(*ten(), cascade("alone"))["growth"]
    assert growth["reproduction"]["value"] == pytest.approx(4 / 6)
    by = {g["generation"]: (g["shares"], g["reproduction"].get("value")) for g in growth["by_generation"]}
    assert by == {1: (20, pytest.approx(1.5)), 2: (30, pytest.approx(1 / 3)), 3: (10, None)}
    reward = {r["reward"]: (r["shares"], r["reproduction"].get("value")) for r in growth["by_reward"]}
    assert reward == {
        "free": (20, None), "rewarded": (10, pytest.approx(3.0)), "not known": (30, pytest.approx(1 / 3)),
    }  # fmt: skip
    assert [c["channel"] for c in growth["by_channel"]] == ["x"]
    assert growth["tries_nobody_shared"] == 1
    assert (growth["running"], growth["reignited"]["value"]) == (0, 0.0)


def test_windows_move_over_the_log() -> None:
    """A year: windows of 28 days and some, every shares of January in the first ones only."""
    windows = document(*ten())["growth"]["over_time"]
    assert len(windows) == 49
    assert [w["shares"] for w in windows[:2]] == [60, 0]
    assert windows[0]["reproduction"]["value"] == pytest.approx(4 / 6)
    assert windows[1]["reproduction"]["value"] is None
    assert document(*ten(), first=day(0), last=day(40))["growth"]["over_time"] == []


def test_a_cascade_by_hand() -> None:
    row = document(*ten())["cascades"][0]
    assert row["generations"] == [1, 2, 3, 1]
    assert row["rewarded"] == {"free": 2, "rewarded": 1, "not_known": 3}
    assert row["busiest_tenth"] == pytest.approx(1 / 6)
    assert row["doubling_hours"] is None
    assert row["reproduction"]["why"].startswith("4 shares came from a person's share")


def test_roots_of_a_campaign_as_one() -> None:
    late = cascade("late", TREE, campaign="plant", first=day(60))
    found = document(*ten(), late, cascade("other", TREE))["campaigns"]
    assert [c["campaign"] for c in found] == ["plant"]
    plant = found[0]
    assert (plant["roots"], plant["size"], plant["largest"]) == (11, 77, 7)
    assert plant["generations"] == [11, 22, 33, 11]
    assert plant["reignited"]
    assert plant["busiest_tenth"] == pytest.approx(69 / 76)


def test_hidden_parents_hide_generations() -> None:
    tree = [node(-1, 0, -1), node(-2, 1, 0), node(0, 2, 1)]
    found = document(cascade("h", tree, campaign="plant", structural_virality=None))
    assert found["cascades"][0]["generations"] is None
    assert found["campaigns"][0]["generations"] is None


def test_nothing_was_shared() -> None:
    found = document(cascade("alone"))
    assert (found["cascades"], found["campaigns"]) == ([], [])
    assert found["growth"]["reignited"] == {"value": None, "why": "nobody shared anything"}


def test_cascades_with_many_hidden_parents_have_no_part_in_the_reproduction() -> None:
    """Ten trees bring 4/6; an eleventh, whose parents the network hides, would only add shares that bring nothing."""
    hides = [node(-1, 0, -1), *(node(-2, i, i) for i in range(1, 9))]
    growth = document(*ten(), cascade("h", hides, campaign="plant", hidden=8, structural_virality=None))
    assert growth["growth"]["reproduction"]["value"] == pytest.approx(4 / 6)
    assert growth["growth"]["cascades_left_out"] == 1
    assert growth["campaigns"][0]["reproduction"]["value"] == pytest.approx(4 / 6)
    row = next(c for c in growth["cascades"] if c["root"] == "h")
    assert row["reproduction"]["why"].startswith("the network hides more than a tenth")
