"""Who is in which arm: chance alone, stable, groups together, newcomers join theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.compare.experiments.deal import checked, deal, dealt, is_even
from hubbub.compare.experiments.trial import clusters
from hubbub.errors import HubbubError
from hubbub.tables import Plan
from tests.compare.build import START, cascade, cascades_table, node, people_table, person

NAMES = [f"p{i}" for i in range(4_000)]
AB = {"a": 1.0, "b": 1.0}


def test_halves_and_other_parts() -> None:
    found = deal("one", NAMES, AB)
    assert abs(list(found.values()).count("a") - 2_000) < 130
    tenth = deal("one", NAMES, {"a": 9.0, "b": 1.0})
    assert abs(list(tenth.values()).count("b") - 400) < 80


def test_another_name_or_seed_deals_anew() -> None:
    one = deal("one", NAMES, AB)
    for other in (deal("two", NAMES, AB), deal("one", NAMES, AB, seed=1)):
        same = sum(one[n] == other[n] for n in NAMES)
        assert 1_850 < same < 2_150


@given(st.permutations(NAMES[:40]), st.integers(0, 40))
def test_order_and_newcomers_change_nothing(order: list[str], cut: int) -> None:
    every = deal("one", NAMES[:40], AB)
    first = deal("one", order[:cut], AB)
    later = deal("one", order, AB, held=first)
    assert first | later == every
    assert not set(first) & set(later)


@given(st.dictionaries(st.sampled_from(NAMES[:30]), st.sampled_from(["g1", "g2", "g3"])), st.integers(0, 30))
def test_a_group_is_in_one_arm_whenever_its_people_come(group: dict[str, str], cut: int) -> None:
    first = deal("one", NAMES[:cut], AB, together=group)
    found = first | deal("one", NAMES[:30], AB, together=group, held=first)
    for name in set(group.values()):
        assert len({found[p] for p in NAMES[:30] if group.get(p) == name}) <= 1


def test_a_bandit_deals_a_tenth_evenly() -> None:
    found = deal("one", NAMES, {"a": 0.0001, "b": 1.0}, even=True)
    even = [n for n in NAMES if is_even("one", 0, n)]
    assert abs(len(even) - 400) < 80
    assert abs([found[n] for n in even].count("a") - len(even) / 2) < 50
    assert [found[n] for n in NAMES if n not in set(even)].count("a") < 10


def test_groups_are_those_who_share_with_each_other() -> None:
    """p0 brings p1, p1 brings p2; p3 and p4 share what the brand posted, each alone; later p4 brings p3."""
    chain = [node(-1, 0, -1), node(0, 1, 0), node(1, 2, 1), node(2, 3, 2)]
    star = [node(-1, 0, -1), node(0, 1, 0), node(0, 2, 1)]
    late = [node(-1, 0, -1), node(0, 100, 0), node(1, 101, 1)]
    table = cascades_table([
        cascade("a", chain), cascade("b", star, sharers=["x:p3", "x:p4"]), cascade("c", late, sharers=["x:p4", "x:p3"]),
    ])  # fmt: skip
    every = clusters(table)
    assert every == {"x:p0": "x:p0", "x:p1": "x:p0", "x:p2": "x:p0", "x:p3": "x:p3", "x:p4": "x:p3"}
    before = clusters(table, round(START.timestamp() * 1e6) + 50 * 3_600_000_000)
    assert set(before) == {"x:p0", "x:p1", "x:p2"}
    assert clusters(cascades_table([])) == {}


def test_handles_and_segments() -> None:
    people = people_table([person("ann", handles=["x:ann", "web:a:nn"], segment="new"), person("bob")])
    found = dealt(Plan("one", ("a", "b"), (1.0, 1.0)), people, {}, {"bob": "a"})
    assert found.added == 1
    assert found.handles[0][1] == [("x", "ann"), ("web", "a:nn")]
    assert sum(found.counts) == 2
    only = dealt(Plan("one", ("a", "b"), (1.0, 1.0), segment="new"), people, {}, {})
    assert sum(only.counts) == 1
    with pytest.raises(HubbubError, match="segment old"):
        dealt(Plan("one", ("a", "b"), (1.0, 1.0), segment="old"), people, {}, {})


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": ""}, "name"), ({"name": "a\nb"}, "name"), ({"metric": "joy"}, "no metric"), ({"by": "moon"}, "moon"),
        ({"arms": ("a",)}, "two arms"), ({"arms": ("a", "a")}, "two arms"), ({"alpha": 0.0}, "alpha"),
        ({"window_days": 0.0}, "days"), ({"metric": "returns", "window_days": 30.0}, "more than 30"),
        ({"bandit": True, "metric": "value"}, "yes or no"), ({"window_days": float("nan")}, "days"),
    ],
)  # fmt: skip
def test_plans_that_make_no_sense(fields: dict, why: str) -> None:
    usual = {"name": "one", "arms": ("a", "b"), "parts": (1.0, 1.0)}
    with pytest.raises(HubbubError, match=why):
        checked(Plan(**(usual | fields)))
