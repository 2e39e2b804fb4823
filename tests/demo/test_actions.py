"""Which action is right in a planted world, and that taking it raises the value that comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hubbub.demo import ACTION_WORLDS, ACTIONS, Spec, best_action, follow, plant
from hubbub.demo.spec import ahead, expected_cost, expected_net, gains


@pytest.mark.parametrize("action", ACTION_WORLDS)
def test_each_world_has_its_best_action(action: str) -> None:
    spec = ACTION_WORLDS[action]
    assert best_action(spec) == action == plant(spec).truth["best_action"]
    others = [gain for name, gain in gains(spec).items() if name not in (action, "share")]
    assert all(gain <= 0.5 * gains(spec)[action] for gain in others)


@pytest.mark.parametrize("action", ACTION_WORLDS)
def test_following_it_raises_what_comes_out(action: str) -> None:
    """Sum of all order values less the cost, over 60 draws before and after: the rise is the stated gain."""
    spec = ACTION_WORLDS[action]
    after = follow(spec, action)
    before_values, after_values = net(spec, 0), net(after, 1_000)
    rise = after_values.mean() - before_values.mean()
    stated = gains(spec)[action] + (spec.cost_test if action == "test" else 0.0)
    error = np.hypot(before_values.std(ddof=1), after_values.std(ddof=1)) / len(before_values) ** 0.5
    assert rise > 0 and abs(rise - stated) < 4 * error


def net(spec: Spec, first_seed: int) -> np.ndarray:
    """Value in the log less expected cost, in 60 draws."""
    out = []
    for seed in range(first_seed, first_seed + 60):
        values = plant(spec, seed).activities["value"].drop_null().to_pylist()
        out.append(float(sum(values)) - expected_cost(spec))
    return np.array(out)


def test_ratio_by_hand() -> None:
    """100 talkers worth 10 at cost 500: 2 an euro. 20 cascades worth 50 at cost 1000: 1 an euro. Ratio 2."""
    spec = Spec(talkers=100, cascades=20, effort_conversation=500.0, effort_spread=1_000.0)
    truth = plant(spec).truth
    assert truth["value_per_effort"] == {"conversation": 2.0, "spread": 1.0}
    assert (truth["ratio"], truth["ahead"]) == (2.0, "conversation")


def test_net_by_hand() -> None:
    """Mails: 100 people, .1 leave at each of 2, a value of 10 each: 100 * .81 * 10 = 810, and 100 + 90 mails at 1."""
    spec = Spec(
        talkers=1, cascades=1, value_conversation=0, value_spread=0, effort_conversation=0, effort_spread=0,
        audience=100, value_audience=10.0, mails=2, leaves=0.1, cost_mail=1.0,
    )  # fmt: skip
    assert expected_net(spec) == pytest.approx(810 - 190)
    assert gains(spec)["stop"] == pytest.approx(1_000 - 620)


def test_answering_turns_the_ignored_into_talkers() -> None:
    """60 talkers, 40 % of askers ignored: 40 more. At the same effort a talker."""
    after = follow(Spec(talkers=60, unanswered=0.4, effort_conversation=600.0), "answer")
    assert (after.talkers, after.unanswered, after.effort_conversation) == (100, 0.0, 1_000.0)


def test_asking_makes_cascades_of_the_willing() -> None:
    spec = Spec(cascades=10, willing=50, accepts=0.2, audience=60, effort_spread=100.0)
    for word in ("ask", "share"):
        after = follow(spec, word)
        assert (after.cascades, after.willing, after.effort_spread) == (20, 0, 200.0)


def test_a_test_moves_effort_to_the_better_side() -> None:
    spec = Spec.cell(1.5, 40, 100, 3.0, stake=0.5)
    after = follow(spec, "test")
    assert ahead(spec) == "conversation" and (after.talkers, after.cascades) == (150, 20)
    assert follow(replace(spec, stake=0.0), "test") == replace(spec, stake=0.0)


def test_nothing_helps_where_nothing_is_planted() -> None:
    assert best_action(Spec()) is None and set(gains(Spec())) == set(ACTIONS)


def test_those_who_may_be_asked_have_allowed_it() -> None:
    world = plant(ACTION_WORLDS["ask"])
    assert world.consent is not None
    assert set(world.consent["purpose"].to_pylist()) == {"ask-to-share"}
    assert world.consent.num_rows == 150 + 30


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden": 1.5}, {"talkers": -1}, {"exchanges": 0.5}, {"days": 30}, {"unanswered": 1.0},
        {"tree": "branching", "reproduction": 1.0}, {"willing": 10, "audience": 5},
    ],
)  # fmt: skip
def test_impossible_worlds_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        Spec(**wrong)  # type: ignore[arg-type]


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown action"):
        follow(Spec(), "shout")
