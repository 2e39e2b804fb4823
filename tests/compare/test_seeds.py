"""The seed document: only those who allow it, beside top sharers and chance, and honest nulls."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.compare.seeds import Wish, seeds
from hubbub.consent.known import Known
from hubbub.consent.rules import PURPOSES, Event, Policy
from hubbub.errors import HubbubError
from tests.compare.build import START, cascade, cascades_table, day, node, people_table, person
from tests.consent.test_known import known_of

# p0 brings p1 and p2, p3 brings p4; p0 alone is worth most. Thirty times, so that the chances stand.
STAR = [node(-1, 0, -1), node(0, 1, 0), node(1, 2, 1), node(1, 3, 2)]
PAIR = [node(-1, 0, -1), node(0, 1, 0), node(1, 2, 1)]
TABLE = cascades_table([
    *(cascade(f"s{i}", STAR) for i in range(30)),
    *(cascade(f"t{i}", PAIR, sharers=["x:p3", "x:p4"]) for i in range(20)),
])  # fmt: skip
PEOPLE = people_table([person(f"x:p{i}", segment="new" if i in (3, 4) else None) for i in range(5)])
NOW = day(30)


def allowing(*names: str, purpose: str = "ask-to-share") -> Known:
    return known_of([Event(START, name, "x", purpose, True) for name in names], [], [])


def found(known: Known, wish: Wish) -> dict[str, Any]:
    return seeds(PEOPLE, TABLE, known, NOW, wish)


def test_the_best_is_asked_first() -> None:
    document = found(allowing("x:p0", "x:p1", "x:p3"), Wish(2))
    assert [p["person"] for p in document["people"]] == ["x:p0", "x:p3"]
    first = document["people"][0]
    assert first["gain"]["low"] < 2.9 < first["gain"]["high"] + 0.2
    assert first["why"].startswith("shared 30 times, 2 passed it on from them; gave ask-to-share on x at 2026-01-01")
    names = [b["name"] for b in document["baselines"]]
    assert names == ["top sharers", "random"]
    assert document["baselines"][1]["spread"]["value"] < document["spread"]["value"]
    assert 0.5 < document["certificate"]["at_least_of_best"] <= 1.0
    worse, better = document["if_chances_are_off"]
    assert worse["spread"]["value"] < document["spread"]["value"] <= better["spread"]["value"]
    assert 0.0 <= worse["loss"] < 0.05


@pytest.mark.parametrize("purpose", sorted(set(PURPOSES) - {"ask-to-share"}))
def test_consent_to_something_else_is_none(purpose: str) -> None:
    document = found(allowing("x:p0", purpose=purpose), Wish(1))
    assert document["people"] == []
    assert document["spread"] == {"value": None, "why": "nobody who passed something on may be asked"}
    assert document["who_may"]["never_gave"] == 5


def test_more_than_allow_it() -> None:
    document = found(allowing("x:p1", "x:p4", "x:elsewhere"), Wish(10))
    assert {p["person"] for p in document["people"]} == {"x:p1", "x:p4"}
    assert document["who_may"]["why"] == "10 were asked for, and 2 may be asked"
    assert document["who_may"]["allowed_but_never_shared"] == 1


def test_whom_the_brand_wrote_enough_or_who_left_is_not_asked() -> None:
    """Two unasked contacts in seven days are the most; p1 has had two, p0 one of them longer ago, p3 has left."""
    events = [Event(START, f"x:p{i}", "x", "ask-to-share", True) for i in (0, 1, 3)]
    left = [Event(day(20), "x:p3", "x", "ask-to-share", False)]
    sent = [(0, 20), (0, 29), (1, 24), (1, 29)]
    contacts = [(f"x:p{i}", "x", day(at)) for i, at in sent]
    document = found(known_of(events, left, contacts, Policy()), Wish(3))
    assert [p["person"] for p in document["people"]] == ["x:p0"]
    who = document["who_may"]
    assert (who["allowed"], who["contacted_enough"], who["withdrew_or_left"], who["never_gave"]) == (1, 1, 1, 2)


def test_costs_budget_and_segments() -> None:
    everybody = allowing(*(f"x:p{i}" for i in range(5)))
    cheap = found(everybody, Wish(5, costs={"x:p0": 100.0, "x:p1": 1.0, "x:p3": 1.0}, budget=2.0))
    assert {p["person"] for p in cheap["people"]} == {"x:p1", "x:p3"}
    assert cheap["who_may"]["without_cost"] == 2
    none = found(everybody, Wish(1, costs={"x:p0": 100.0}, budget=2.0))
    assert none["spread"]["why"] == "nobody who may be asked has a cost within the budget"
    fair = found(everybody, Wish(2, floors={"new": 2}))
    assert {p["person"] for p in fair["people"]} == {"x:p3", "x:p4"}
    with pytest.raises(HubbubError, match="3 of segment new are wished for, and 2 may be asked"):
        found(everybody, Wish(3, floors={"new": 3}))
    with pytest.raises(HubbubError, match="no segment old"):
        found(everybody, Wish(3, floors={"old": 1}))


def test_nobody_shared_and_wishes_that_make_no_sense() -> None:
    nobody = seeds(PEOPLE, cascades_table([]), allowing("x:p0"), NOW, Wish(1))
    assert nobody["spread"]["why"] == "nobody has passed anything on in this log"
    assert nobody["who_may"]["allowed_but_never_shared"] == 1
    for wish, why in (
        (Wish(0), "at least one"), (Wish(1, purpose="fun"), "no purpose"), (Wish(1, budget=3.0), "budget needs costs"),
    ):  # fmt: skip
        with pytest.raises(HubbubError, match=why):
            found(allowing("x:p0"), wish)


def test_a_graph_without_edges_reaches_those_asked() -> None:
    alone = cascades_table([cascade(f"r{i}", [node(-1, 0, -1), node(0, 1, 0)], sharers=[f"x:p{i}"]) for i in range(3)])
    document = seeds(PEOPLE, alone, allowing("x:p0", "x:p1"), NOW, Wish(2))
    assert document["graph"]["edges"] == 0
    assert document["spread"]["low"] <= 2.0 <= document["spread"]["high"]
