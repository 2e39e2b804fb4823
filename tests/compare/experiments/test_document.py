"""The experiment documents: sizes from METHODS, readings by hand, and what the verdict takes from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hubbub.compare.document import compare
from hubbub.compare.experiments.document import Aim, icc, plan, read
from hubbub.errors import HubbubError
from hubbub.tables import TRIAL, Plan, Trial
from tests.compare.build import cascades_table, ledger, people_table, person

PLAN = Plan("reply", ("conversation", "spread"), (1.0, 1.0))


def trial(plan_: Plan, *arms: tuple[int, int], outcome: float = 1.0, waiting: int = 0) -> Trial:
    """(hits, people) of each arm; `waiting` more in the first arm whose time is not over."""
    rows: list[dict[str, Any]] = []
    for name, (hits, n) in zip(plan_.arms, arms, strict=True):
        for i in range(n):
            rows.append({"person": f"{name}{i}", "arm": name, "assigned_us": 0, "done": True,
                         "outcome": outcome if i < hits else 0.0})  # fmt: skip
    rows += [{"person": f"w{i}", "arm": plan_.arms[0], "assigned_us": 0, "done": False, "outcome": 1.0}
             for i in range(waiting)]  # fmt: skip
    return Trial(plan_, pa.Table.from_pylist(rows, TRIAL))


@pytest.mark.parametrize(
    ("start", "goal", "each"),
    [(0.1, 0.12, 3841), (0.02, 0.03, 3826), (0.2, 0.3, 294), (0.05, 0.06, 8158), (0.01, 0.015, 7750), (0.5, 0.6, 388)],
)
def test_sizes_of_methods(start: float, goal: float, each: int) -> None:
    found = plan(Aim(start=start, goal=goal), None, {})
    assert [a["people"] for a in found["arms"]] == [each, each]
    assert found["people_needed"] == 2 * each


def test_sizes_from_a_log_and_by_cluster() -> None:
    """Twenty pairs who do as one, sixty people alone: 40 of 100 share, and pairs are wholly alike."""
    people = people_table([person(f"p{i:03}", shares=int(i < 40)) for i in range(100)])
    pairs = {f"p{i:03}": f"p{i // 2 * 2:03}" for i in range(40)}
    found = plan(Aim("shares", by="cluster"), people, pairs)
    assert found["from"] == pytest.approx(0.4)
    assert found["to"] == pytest.approx(0.48)
    sized = found["clusters"]
    m, cv = 100 / 80, np.std([2] * 20 + [1] * 60) / 1.25
    assert (sized["mean_size"], sized["cv"]) == (pytest.approx(m), pytest.approx(cv))
    assert sized["icc"] == pytest.approx(1.0)
    assert sized["design_effect"] == pytest.approx(1 + ((1 + cv**2) * m - 1))
    assert found["arms"][0]["people"] == sized["persons"]
    huge = plan(Aim("shares", by="cluster"), people, {f"p{i:03}": "p000" for i in range(40)})
    assert "the largest group holds 40% of all people" in huge["clusters"]["why"]


def test_likeness_of_groups() -> None:
    """Pairs drawn alone are not alike; too few groups say nothing."""
    rng = np.random.default_rng(3)
    found, _ = icc((rng.random(4_000) < 0.3).astype(float), np.repeat(np.arange(2_000), 2))
    assert found is not None
    assert found < 0.06
    assert icc(np.ones(18), np.repeat(np.arange(9), 2))[0] is None


@pytest.mark.parametrize(
    ("aim", "why"),
    [
        (Aim(start=0.2, goal=0.2), "cannot be told apart"), (Aim(start=1.2, goal=0.2), "cannot be told apart"),
        (Aim(start=float("nan"), goal=0.2), "cannot be told apart"), (Aim(), "no rate of `converts`"),
        (Aim("joy"), "no metric"), (Aim(power=0.2), "Power"), (Aim(start=0.1, by="cluster"), "takes a log"),
        (Aim("value", 1.0, 2.0), "no values"),
    ],
)  # fmt: skip
def test_aims_that_make_no_sense(aim: Aim, why: str) -> None:
    with pytest.raises(HubbubError, match=why):
        plan(aim, None, {})


def test_a_reading_by_hand() -> None:
    """The golden interval: 50 of 500 against 75 of 500."""
    found = read(trial(PLAN, (50, 500), (75, 500), waiting=3), {})
    assert found["effect"]["low"] == pytest.approx(-0.013304, abs=5e-7)
    assert [a["assigned"] for a in found["arms"]] == [503, 500]
    assert [a["people"] for a in found["arms"]] == [500, 500]
    assert found["decided"] is None
    assert found["why"] == "the interval holds no difference as well; the time of 3 people is not over"
    clear = read(trial(PLAN, (100, 1000), (150, 1000)), {})
    assert (clear["decided"], clear["sample_ratio"]["ok"]) == ("spread", True)
    assert read(trial(replace(PLAN, metric="leaves"), (100, 1000), (150, 1000)), {})["decided"] == "conversation"


def test_uneven_arms_decide_nothing() -> None:
    found = read(trial(PLAN, (60, 600), (140, 400)), {})
    assert not found["sample_ratio"]["ok"]
    assert found["decided"] is None
    assert "not as large as planned" in found["why"]


def test_whole_groups_are_what_chance_dealt() -> None:
    """By cluster one arm has a group of 500, so people are uneven; groups are not. Then the groups are."""
    by = replace(PLAN, by="cluster")
    found = trial(by, (60, 600), (20, 110))
    one = {f"conversation{i}": "conversation0" for i in range(500)}
    assert read(found, one)["sample_ratio"]["ok"]
    assert not read(found, {})["sample_ratio"]["ok"]
    uneven = read(trial(by, (60, 600), (140, 400)), {})
    assert (uneven["sample_ratio"]["ok"], uneven["decided"]) == (False, None)


def test_three_arms_and_few_events() -> None:
    three = replace(PLAN, arms=("a", "b", "c"), parts=(1.0, 1.0, 1.0))
    found = read(trial(three, (100, 1000), (150, 1000), (300, 1000)), {})
    assert found["decided"] == "c"
    assert [e["arm"] for e in found["effects"]] == ["b", "c"]
    assert read(trial(three, (100, 1000), (290, 1000), (300, 1000)), {})["decided"] is None
    assert "first look is at 5" in read(trial(PLAN, (2, 10), (3, 10)), {})["why"]
    assert read(trial(PLAN, (0, 0), (0, 0)), {})["effect"]["value"] is None


def test_a_bandit_is_read_off_its_even_tenth() -> None:
    found = read(trial(replace(PLAN, bandit=True), (200, 2000), (400, 2000)), {})
    even = sum(a["people"] for a in found["arms"])
    assert 300 < even < 500
    assert sum(a["assigned"] for a in found["arms"]) == 4_000
    best = {a["arm"]: a for a in found["bandit"]["arms"]}
    assert best["spread"]["probability_best"] > 0.999
    assert best["spread"]["next_part"] == pytest.approx(0.95, abs=1e-3)
    assert best["spread"]["expected_loss"] < 1e-6 < best["conversation"]["expected_loss"]


def answer(*trials: Trial, **fields: Any) -> dict[str, Any]:
    people = people_table([person(f"p{i:02}", origin="spread", value=(0, 5)) for i in range(20)])
    found: dict[str, Any] = compare(people, cascades_table([]), ledger(trials=trials, **fields))["verdict"]
    return found


def test_a_decided_experiment_decides_the_verdict() -> None:
    assert answer()["basis"] == "observed"
    found = answer(trial(PLAN, (150, 1000), (100, 1000)))
    assert (found["answer"], found["basis"], found["experiment"]) == ("conversation", "experiment", "reply")
    assert found["quantity"] == "conversions"
    assert found["probability_conversation"] > 0.99
    assert found["needs"] is None
    assert found["why"][0].startswith(
        "The experiment reply decided it: conversation brought more buyers within 30 days"
    )
    assert not any("observed, not tested" in line for line in found["why"])


def test_what_does_not_decide() -> None:
    for other in (
        trial(PLAN, (50, 500), (75, 500)),
        trial(PLAN, (60, 600), (140, 400)),
        trial(replace(PLAN, metric="shares"), (150, 1000), (100, 1000)),
    ):
        assert answer(other)["basis"] == "observed"


def test_effort_of_the_experiment_turns_value_into_value_per_effort() -> None:
    """1.50 against 1.00 a person, but conversation cost ten times as much."""
    from hubbub.tables import Effort

    plan_ = replace(PLAN, metric="value")
    shown = trial(plan_, (150, 1000), (100, 1000), outcome=10.0)
    assert answer(shown)["answer"] == "conversation"
    spent = tuple(
        Effort(mode, cost * 1_000_000, None, "EUR", "reply") for mode, cost in (("conversation", 1000), ("spread", 100))
    )
    found = answer(shown, effort=spent)
    assert (found["answer"], found["quantity"], found["unit_of_effort"]) == ("spread", "value_per_effort", "EUR")


def test_the_last_one_counts() -> None:
    old, new = replace(PLAN, name="z", started_us=1), replace(PLAN, name="a", started_us=2)
    found = answer(trial(old, (150, 1000), (100, 1000)), trial(new, (100, 1000), (150, 1000)))
    assert (found["answer"], found["experiment"]) == ("spread", "a")
