"""The reach document by hand: seen, and what is estimated, each with its assumption."""

from __future__ import annotations

import pyarrow as pa

from hubbub.compare.reach import reach
from hubbub.tables import FOLLOWS, ChannelLedger
from tests.compare.build import END, START, cascade, cascades_table, ledger, node, people_table, person


def test_reach_by_hand() -> None:
    people = people_table([
        person("a", handles=["x:a", "y:a:1"], touches_broadcast=3, visits=1),
        person("b", handles=["x:b"], touches_broadcast=1, touches_conversation=0),
        person("c", handles=["y:c"], touches_broadcast=1, visits=1),
        person("d", handles=["y:d"], touches_broadcast=0, touches_conversation=0),
    ])  # fmt: skip
    nodes = [node(-1, 0, -1, audience=1000), node(0, 1, 0, audience=50), node(0, 2, 1), node(1, 3, 0, audience=70)]
    channels = tuple(ChannelLedger(name, 10, START, END, views_total=views) for name, views in (("y", 0), ("x", 500)))
    found = reach(people, cascades_table([cascade("r", nodes)]), ledger(channels=channels))
    assert found["measured"]["people"] == 3
    estimated = found["estimated"]
    assert estimated["could_have_seen"]["low"] == 1000.0
    assert estimated["could_have_seen"]["high"] == 1070.0
    assert (estimated["could_have_seen"]["n"], estimated["could_have_seen"]["sources_unsaid"]) == (2, 1)
    assert estimated["network_totals"]["value"] == 500
    # Seen 3, 1 and 1 times: two once, none twice, so 3 + 2 * 1 / 2.
    assert estimated["might_act"]["value"] == 4.0
    assert estimated["might_act"]["high"] is None
    # Visiting: a and c; acting otherwise: a and b; both: a.
    assert estimated["two_ways"]["value"] == 3 * 3 / 2 - 1
    assert all(part["assumes"] for part in estimated.values())
    x, y = found["by_channel"]
    assert (x["channel"], x["measured"]["people"], x["network_totals"]["value"]) == ("x", 2, 500)
    assert (y["channel"], y["measured"]["people"], y["network_totals"]["value"]) == ("y", 2, None)
    assert y["could_have_seen"]["low"] is None and y["could_have_seen"]["why"]


def test_follows_narrow_what_could_have_been_seen() -> None:
    """The brand with 10 followers, p0 with 5, on x; p0 with 3 on y. Three follow the brand and p0 on x; one of them p0
    on y as well; on z nobody shared."""
    one = [node(-1, 0, -1, audience=10), node(0, 1, 0, audience=5)]
    two = [node(-1, 0, -1), node(0, 1, 0, audience=3)]
    table = cascades_table([cascade("r", one, sharers=["p0"]), cascade("s", two, sharers=["p0"], channel="y")])
    pairs = [("x", name, whom) for name in "abc" for whom in (None, "p0")]
    pairs += [("y", "a", "p0"), ("z", "a", "p0"), ("x", "d", "e"), ("x", "a", None)]
    follows = pa.Table.from_pylist([{"channel": c, "person": a, "follows": b} for c, a, b in pairs], FOLLOWS)
    channels = tuple(ChannelLedger(name, 10, START, END) for name in "xy")
    found = reach(people_table([]), table, ledger(channels=channels, follows=follows))
    whole = found["estimated"]["could_have_seen"]
    assert (whole["low"], whole["high"]) == (10.0, 18.0 - 4)
    x, y = (c["could_have_seen"] for c in found["by_channel"])
    assert (x["low"], x["high"]) == (10.0, 15.0 - 3)
    assert (y["low"], y["high"]) == (3.0, 3.0)
    assert "3 people known by name, counted 3 times" in x["how"]


def test_an_empty_log_says_why() -> None:
    found = reach(people_table([]), cascades_table([]), ledger(channels=()))
    assert found["measured"]["people"] == 0
    for part in found["estimated"].values():
        assert part.get("why")
