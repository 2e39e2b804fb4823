"""The verdict's kernels against planted units, worked out from 2,000,000 draws (GOLDEN, "Verdict kernel")."""

from __future__ import annotations

import numpy as np
import pytest

from compare.build import cascade, cascades_table, credit, ledger, people_table, person, steps
from hubbub.compare.document import compare
from hubbub.compare.draws import Classes, by_unit, collapse, ends, p_value, stream, weigh
from hubbub.compare.verdict import Odds, Question, Units, best_unit, decide, interval, needed_units

QUESTION = Question("value", ("linear",), (1.0, 1.0), 10.0)


def units(*rows: tuple[int, int], enough: int = 99) -> Units:
    values = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return Units(values, np.arange(len(values)), str, {"conversation": enough, "spread": enough})


V0 = units((60, 0), (0, 40))
V1 = units(*[(10, 0)] * 12, *[(0, 5)] * 9, (0, 60))
V2 = units(*[(10, 0)] * 40, *[(0, 5)] * 12)
V3 = units(*[(10, 0)] * 20, *[(0, 5)] * 11, (0, 900))
V4 = units(*[(5, 0)] * 10, *[(0, 20)] * 30)
V5 = units(*[(10, 0)] * 20)


@pytest.mark.parametrize(
    ("of", "plain", "ahead", "leader", "without", "published", "answer"),
    [
        (V1, 0.6586, 0.3194, "spread", 0.0128, 0.5, "cannot_tell"),
        (V2, 1.0, 0.9886, "conversation", 1.0, 0.9886, "conversation"),
        (V3, 0.1482, 0.0144, "spread", 0.0002, 0.5, "cannot_tell"),
        (V4, 0.0, 0.0057, "spread", 1.0, 0.0057, "spread"),
        (V5, 1.0, 0.9558, "conversation", 1.0, 0.9558, "conversation"),
    ],
    ids=["V1", "V2", "V3", "V4", "V5"],
)
def test_kernels(of, plain, ahead, leader, without, published, answer):
    found = decide(of, QUESTION, seed=0, draws=20_000)
    assert found.main.plain == pytest.approx(plain, abs=0.01)
    assert found.main.ahead == pytest.approx(ahead, abs=0.01)
    assert found.main.leader == leader
    assert found.main.without_best == pytest.approx(without, abs=0.01)
    assert found.main.probability == pytest.approx(published, abs=0.01)
    assert found.answer == answer


def test_two_units_are_ahead_in_proportion():
    # P(60 a > 40 b) of two exponentials is 60 / 100.
    assert decide(V0, QUESTION, seed=0, draws=20_000).main.plain == pytest.approx(0.6, abs=0.01)


def test_value_interval():
    drawn = decide(V2, QUESTION, seed=0, draws=20_000).drawn
    assert interval(drawn, "conversation", 0.9) == pytest.approx((301.9, 626.0), rel=0.02)
    assert interval(drawn, "spread", 0.9) == pytest.approx((34.6, 161.3), rel=0.03)


def test_few_units_are_never_answered():
    few = Units(V2.values, V2.label, str, {"conversation": 40, "spread": 9})
    found = decide(few, QUESTION, seed=0)
    assert (found.answer, found.few) == ("cannot_tell", ("spread",))


def test_close_to_the_limit_more_draws_are_taken():
    of = units(*[(10, 0)] * 20, *[(0, 2)] * 4)
    one = decide(of, QUESTION, seed=0, draws=2_000).main.probability
    close = abs(one - 0.9) < 0.02
    assert decide(of, QUESTION, seed=0).draws == (10_000 if close else 2_000)
    assert decide(V2, QUESTION, seed=0, level=0.98).draws == 10_000


def test_another_rule_of_credit_can_veto():
    values = np.hstack([V2.values, V4.values[np.arange(len(V2.values)) % len(V4.values)]])
    found = decide(
        Units(values, np.arange(len(values)), str, {"conversation": 40, "spread": 12}),
        Question("value", ("linear", "last"), (1.0, 1.0), 10.0), seed=0,
    )  # fmt: skip
    assert (found.answer, found.vetoed_by) == ("cannot_tell", ("last",))


def test_best_unit_ties_go_to_the_smaller_other_side_then_the_label():
    of = Units(np.array([[5, 3], [5, 1], [5, 1], [4, 0]]), np.array([0, 7, 2, 1]), str)
    assert best_unit(of, 0) == 2
    assert best_unit(units((3, 0)), 1) == -1


def test_needed_units():
    # w = .7: Phi^-1(.9) = 1.28155, Phi^-1(.7) = .524401; 12 x (1.28155 / .524401)^2 = 71.67.
    assert needed_units(12, 0.7) == pytest.approx(71.667, abs=0.01)
    assert needed_units(12, 0.5) == float("inf")


def test_probability_takes_the_weaker_test():
    assert Odds(0.97, 0.9, "conversation", 0.6, 0).probability == 0.6
    assert Odds(0.97, 0.9, "conversation", 0.2, 0).probability == 0.5
    assert Odds(0.03, 0.1, "spread", 0.8, 0).probability == pytest.approx(0.2)
    assert Odds(0.03, 0.1, "spread", 0.8, 0).weaker == 0.8


# Draws


def test_identical_units_are_one_gamma():
    rows = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 0.0], [0.0, 0.0]])
    found = collapse(rows)
    assert found.rows.tolist() == [[0.0, 2.0], [1.0, 0.0]]
    assert found.counts.tolist() == [1, 2]
    drawn = weigh(Classes(np.array([[1.0]]), np.array([400])), 20_000, stream(0, "x"))
    assert drawn.mean() == pytest.approx(400, rel=0.01)
    assert drawn.var() == pytest.approx(400, rel=0.05)


def test_the_rest_is_normal_with_exact_moments():
    rng = np.random.default_rng(3)
    rows = np.stack([rng.pareto(1.5, 3_000) + 1.0, rng.integers(0, 5, 3_000)], axis=1).astype(float)
    classes = collapse(rows)
    whole = weigh(classes, 20_000, stream(0, "a"))
    partly = weigh(classes, 20_000, stream(0, "b"), largest=200)
    assert partly.mean(axis=1) == pytest.approx(rows.sum(axis=0), rel=0.01)
    assert np.cov(partly) == pytest.approx(rows.T @ rows, rel=0.06)
    for tail in (0.05, 0.5, 0.95):
        assert np.quantile(partly, tail, axis=1) == pytest.approx(np.quantile(whole, tail, axis=1), rel=0.01)


def test_people_of_one_cascade_are_one_unit():
    found = by_unit(np.array([-1, 4, 4, -1]), np.array([[1.0], [2.0], [3.0], [1.0]]))
    assert found.rows.tolist() == [[1.0], [5.0]]
    assert found.counts.tolist() == [2, 1]


def test_p_and_ends():
    x = np.linspace(-1, 9, 1_000)
    assert p_value(x, x) == pytest.approx(0.2, abs=0.01)
    assert p_value(x + 5, x + 5) == 1 / 1_000
    assert ends(x, x, 0.9) == pytest.approx((-0.5, 8.5))


# From tables


def talkers(n: int, value: int = 10, **fields):
    return [person(f"c{i:02}", origin="conversation", value=(value, 0), **fields) for i in range(n)]


def spreaders(n: int, value: int = 5, **fields):
    return [person(f"s{i:02}", origin="spread", value=(0, value), unit=f"x:r{i}", **fields) for i in range(n)]


def verdict_of(rows, **fields):
    return compare(people_table(rows), cascades_table([]), ledger(**fields))["verdict"]


def test_the_answer_from_tables():
    found = verdict_of([*talkers(40), *spreaders(12)])
    assert found["answer"] == "conversation"
    assert found["probability_conversation"] == pytest.approx(0.9886, abs=0.01)
    assert found["quantity"] == "value"
    assert found["best_unit"] == {"mode": "conversation", "unit": "c00", "part": 0.025}
    assert found["units"] == {"conversation": 40, "spread": 12, "broadcast": 0, "unknown": 0}
    assert found["needs"] is None
    assert len(found["draw_quantiles"]) == 100
    assert found["draw_quantiles"] == sorted(found["draw_quantiles"])


def test_people_of_one_tree_are_one_unit_in_the_verdict():
    rows = [*talkers(40), *[{**row, "unit": "x:r0", "unit_hidden": "x:r0"} for row in spreaders(12)]]
    assert verdict_of(rows)["units"]["spread"] == 1


def test_a_lucky_hit_is_named():
    lucky = person("z", origin="spread", value=(0, 900), unit="x:post")
    found = verdict_of([*talkers(20), *spreaders(11), lucky])
    assert (found["answer"], found["probability_conversation"]) == ("cannot_tell", 0.5)
    assert found["best_unit"]["unit"] == "x:post"
    assert found["best_unit"]["part"] == pytest.approx(900 / 955)
    assert any("94.2 %" in line for line in found["why"])
    assert found["needs"]["kind"] == "experiment"


def test_effort_makes_it_value_per_effort():
    from hubbub.tables import Effort

    spent = (Effort("conversation", 100_000_000, currency="EUR"), Effort("spread", 10_000_000, currency="EUR"))
    found = verdict_of([*talkers(40), *spreaders(12)], effort=spent)
    assert (found["quantity"], found["unit_of_effort"]) == ("value_per_effort", "EUR")
    assert found["ratio"]["conversation"]["value"] == 4.0
    assert found["ratio"]["spread"]["value"] == 6.0


def test_without_conversions_people_who_came_back_are_compared():
    rows = [person(f"c{i}", origin="conversation", retained_30=i < 15) for i in range(30)]
    rows += [person(f"s{i}", origin="spread", retained_30=i < 2, unit=f"x:r{i}") for i in range(30)]
    found = verdict_of(rows, valued="none", currency=None)
    assert found["quantity"] == "retained_30"
    assert found["ratio"]["conversation"]["value"] == 15.0
    assert found["answer"] == "conversation"
    assert set(found["rules"].values()) == {None}


def test_hidden_parents_decide():
    rows = talkers(40)
    rows += [
        person(
            f"b{i:02}", origin="broadcast", origin_hidden="spread", value=(0, 0), touches_hidden=1,
            unit_hidden=f"x:r{i}", value_micros=100_000_000, credit_hidden_micros=credit(linear=(0, 100)),
        )
        for i in range(60)
    ]  # fmt: skip
    rows += spreaders(12)
    document = compare(people_table(rows), cascades_table([]), ledger())
    assert document["hidden"] == {"people": 60, "shares": 0, "would_change_answer": True}
    assert document["verdict"]["answer"] == "cannot_tell"
    assert any("Hidden parents decide" in line for line in document["verdict"]["why"])
    assert "measure" in {a["action"] for a in document["plan"]}


def test_the_unanswered_are_said_but_have_no_veto():
    rows = [*talkers(10, 2), *spreaders(40)]
    rows += [
        person(
            f"u{i:02}", origin="unknown", origin_unanswered="conversation", unanswered=True, spoke=1,
            value=(0, 0), value_micros=90_000_000, credit_unanswered_micros=credit(linear=(90, 0)),
            touches_unanswered=1,
        )
        for i in range(60)
    ]  # fmt: skip
    document = compare(people_table(rows), cascades_table([]), ledger())
    assert document["unanswered"] == {"people": 60, "would_change_answer": True}
    assert document["verdict"]["answer"] == "spread"


def test_markov_is_shown_and_has_no_veto():
    conv, spread = steps(4, 0, 5), steps(4, 1, 5)
    rows = [{**row, "transitions": conv} for row in talkers(40)]
    rows += [{**row, "transitions": spread} for row in spreaders(12)]
    found = verdict_of(rows)
    assert found["rules"]["markov"] > 0.9
    assert found["answer"] == "conversation"


def test_a_tree_holds_people_of_any_origin():
    # One unit carries both sums (golden log g1): (60, 60).
    rows = [
        person("ann", origin="conversation", value=(60, 30), unit="x:p1", touches_spread=1),
        person("cat", origin="spread", value=(0, 30), unit="x:p1"),
    ]
    found = compare(people_table(rows), cascades_table([cascade("p1")]), ledger())["verdict"]
    assert found["ratio"]["conversation"]["value"] == found["ratio"]["spread"]["value"] == 60.0
    assert found["units"] == {"conversation": 1, "spread": 1, "broadcast": 0, "unknown": 0}
    assert (found["answer"], found["probability_conversation"]) == ("cannot_tell", None)
    assert found["needs"]["kind"] == "first_units"
