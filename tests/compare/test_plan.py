"""The plan by hand: for each kind of action its effect, its interval or why there is none, its cost, its place."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from compare.build import cascade, cascades_table, ledger, people_table, person
from hubbub.compare import plan
from hubbub.compare.answer import Verdict, information
from hubbub.compare.document import compare
from hubbub.compare.frame import Cascades, People
from hubbub.compare.money import Spent
from hubbub.compare.verdict import Decision, Drawn, Question, Units
from hubbub.estimate import Estimate
from hubbub.spread.growth import Growth
from hubbub.tables import MODES

Z = 1.6448536269514722
"""95th percentile of the standard normal: an interval of .9 reaches so many errors to either side."""
NO_GROWTH = Growth(Estimate.unknown("too few shares"))


def ground(rows: list[dict[str, Any]], cascades=(), spent=None, one=10, **told: Any) -> plan.Ground:
    """The ground of the plan; `spent` by mode in EUR, `one` the mean conversion."""
    by_mode = dict.fromkeys(MODES) | (spent or {})
    effort = Spent(by_mode, "EUR", "")
    people, trees = People(people_table(rows)), Cascades(cascades_table(list(cascades)))
    return plan.ground(people, trees, ledger(**told), effort, one * 1e6, 0, 0.9)


def paid(mode: str, amount: int) -> dict[str, Any]:
    """Fields of a person whose one conversion is credited to one mode under every rule."""
    micros = amount * 1_000_000
    credit = [micros if m == mode else 0 for m in MODES] * 6
    return {"conversions": 1, "value_micros": micros, "value_path_micros": micros, "credit_micros": credit}


def in_campaign(campaign: str, **counts: int) -> dict[str, Any]:
    none = dict.fromkeys(("touches", "exchanges", "words", "words_alone", "contacts", "leaves", "flags"), 0)
    return {"campaign": campaign, "first": None, **none, **counts}


# Answer


def speakers(answered: int, lonely: int, waiting: int) -> list[dict[str, Any]]:
    """People who spoke under a post: the answered bought for 10 each, nobody else did; some lonely ones wait."""
    common = {"origin": "broadcast", "spoke": 1}
    rows = [
        person(f"a{i}", **common, messages=1, messages_answered=1, brand_messages=4, value=(10, 0))
        for i in range(answered)
    ]
    for i in range(lonely):
        since = {"waiting_since": rows[0]["first"]} if i < waiting else {}
        rows.append(person(f"b{i}", **common, messages=1, unanswered=True, **since))
    return rows


def test_answer() -> None:
    """5 answered bring 10 each, 5 unanswered nothing: a difference of 10.

    Each side's variance is that of one more person with one conversion: (0 + 10^2) / 5^2 = 4; the error sqrt(8).
    Three wait: 30, with three times the error, for it is one and the same difference. 100 EUR went on 20 messages of
    the brand: three more cost 15.
    """
    (found,) = plan.answer(ground(speakers(5, 5, 3), spent={"conversation": 100.0}))
    assert (found.action, found.mode, found.effect_unit) == ("answer", "conversation", "EUR")
    assert found.effect.value == pytest.approx(30)
    assert found.effect.low == pytest.approx(30 - 3 * Z * math.sqrt(8))
    assert found.effect.high == pytest.approx(30 + 3 * Z * math.sqrt(8))
    assert found.cost == pytest.approx(15)
    assert found.who == ["b0", "b1", "b2"]


def test_answer_without_enough_to_compare() -> None:
    (found,) = plan.answer(ground(speakers(4, 5, 1)))
    assert found.effect.value is None
    assert "fewer than 5 people" in found.effect.why
    assert (found.cost, found.cost_why) == (None, "no effort is recorded for conversation")
    assert plan.answer(ground(speakers(5, 5, 0))) == []


# Ask


def sharers() -> list[dict[str, Any]]:
    """Four with 1, 1, 2 and 4 shares; all but the first have talked with the brand. Spread brought 80 to one buyer."""
    rows = [person(f"s{i}", shares=n, exchanges=int(i > 0)) for i, n in enumerate((1, 1, 2, 4))]
    return [*rows, person("buyer", origin="spread", value=(0, 80))]


def test_ask() -> None:
    """80 over 8 shares: 10 a share. Two of four sharers shared again: (2 + .5) / (4 + 1) = .5. Three can be asked: 15.

    The interval is that of 3 x N(10, (80^2 + 10^2) / 8^2) x Beta(2.5, 2.5): here by integration, there by 2,000 draws.
    Asking costs where somebody agrees: 1.5 more shares of 8 that cost 80, so 15.
    """
    (found,) = plan.ask(ground(sharers(), spent={"spread": 80.0}), NO_GROWTH)
    assert found.effect.value == pytest.approx(15)
    assert found.cost == pytest.approx(15)
    assert found.who == ["s3", "s2", "s1"]
    error = math.sqrt(80**2 + 10**2) / 8
    rate = np.linspace(0.0005, 0.9995, 1000)

    def below(x: float) -> float:
        return float(np.mean(stats.norm.cdf(x / (3 * rate), 10, error) * stats.beta.pdf(rate, 2.5, 2.5)))

    for got, part in ((found.effect.low, 0.05), (found.effect.high, 0.95)):
        exact = optimize.brentq(lambda x, part=part: below(x) - part, -200, 200)
        assert below(got) == pytest.approx(part, abs=4 * math.sqrt(0.05 * 0.95 / 2000)), exact


def test_ask_counts_on_what_the_shares_bring_in_turn() -> None:
    """At R = .5 a share brings 1 / (1 - .5) = 2 in the end; at 1.2 it counts as .9, ten for one."""
    for r, times in ((0.5, 2), (1.2, 10)):
        growth = Growth(Estimate(r, r / 1.5, r * 1.5, 0.9))
        (found,) = plan.ask(ground(sharers()), growth)
        assert found.effect.value == pytest.approx(15 * times)
    assert plan.ask(ground([person("s", shares=4, exchanges=1)]), NO_GROWTH) == []


# Post, share


def buyers(mode: str, unit: str | None = None) -> list[dict[str, Any]]:
    """Four first met in campaign a bought for 10, two first met in b did not."""
    rows = [person(f"a{i}", origin=mode, origin_campaign="a", unit=unit, **paid(mode, 10)) for i in range(4)]
    return [*rows, *(person(f"b{i}", origin=mode, origin_campaign="b") for i in range(2))]


def tries() -> list[dict[str, Any]]:
    """Four posts in a, two in b, nobody shared them."""
    return [cascade(f"{c}{i}", campaign=c) for c, n in (("a", 4), ("b", 2)) for i in range(n)]


def shared() -> list[dict[str, Any]]:
    """One cascade of four shares in a, one of two in b."""
    return [cascade("a", campaign="a", size=5, shared=True), cascade("b", campaign="b", size=3, shared=True)]


@pytest.mark.parametrize(
    ("action", "mode", "cascades"), [("post", "broadcast", tries()), ("share", "spread", shared())]
)
def test_post_and_share(action, mode, cascades) -> None:
    """By hand:
    a: 40 / 4 = 10, variance (4 x 10^2 + 10^2) / 4^2 = 31.25; b: 0 / 2 = 0, (0 + 10^2) / 2^2 = 25.
    w .032 and .04; fixed mean .32 / .072 = 4.4444; Q 1.7778; room .072 - .002624 / .072 = .035556;
    between (1.7778 - 1) / .035556 = 21.875. Weights 1 / 53.125 and 1 / 46.875: mean 4.6875, its variance 24.9023.
    a keeps 21.875 / 53.125 of its own: 6.875, variance .411765 x 31.25 + .588235^2 x 24.9023 = 21.484375.
    b keeps 21.875 / 46.875: 2.5. One of six equal parts of 60 EUR is 10.
    """
    found = getattr(plan, action)(ground(buyers(mode), cascades, spent={mode: 60.0}))
    assert [f.who for f in found] == [["a"], ["b"]]
    assert [f.effect.value for f in found] == pytest.approx([6.875, 2.5])
    reach = Z * math.sqrt(21.484375)
    assert (found[0].effect.low, found[0].effect.high) == pytest.approx((6.875 - reach, 6.875 + reach))
    assert [f.cost for f in found] == pytest.approx([10, 10])
    assert {f.action for f in found} == {action}


def test_one_cascade_is_one_piece_of_luck() -> None:
    """The four buyers of a came by one cascade: 40^2 in place of 4 x 10^2, so (1600 + 100) / 4^2 = 106.25.

    w 1 / 106.25 and 1 / 25: Q = 100 / 131.25 < 1, so all of the difference may be luck: both get the mean, 1.904762.
    """
    found = plan.share(ground(buyers("spread", "x:r"), shared()))
    assert [f.effect.value for f in found] == pytest.approx([10 * 25 / 131.25] * 2)
    assert found[0].effect.high - found[0].effect.value == pytest.approx(Z * math.sqrt(106.25 * 25 / 131.25))


def test_what_brought_nothing_is_not_advised() -> None:
    rows = [person(f"p{i}", origin="broadcast", origin_campaign="a") for i in range(5)]
    assert plan.post(ground(rows, tries())) == []
    assert plan.share(ground(rows, tries())) == []


# Stop


def burning() -> list[dict[str, Any]]:
    """200 people each in four campaigns, all worth 10; 200 more came by the first of these, got the mails of `sale`,
    were worth nothing, and 100 of them left."""
    quiet = ("q1", "q2", "q3", "q4")
    rows = [
        person(
            f"{c}{i:03}", origin="broadcast", origin_campaign=c, campaigns=[in_campaign(c, touches=1)], value=(10, 0)
        )
        for c in quiet
        for i in range(200)
    ]
    for i in range(200):
        part = in_campaign("sale", contacts=3, leaves=int(i < 60), flags=int(60 <= i < 100))
        rows.append(person(f"s{i:03}", origin="broadcast", origin_campaign="q1", leaves=int(i < 60), campaigns=[part]))
    return rows


def test_stop_finds_a_mailing_whose_people_another_campaign_brought() -> None:
    """sale: 100 of 200, rate .5, variance (100 + 1) / 200^2 = .002525; the four others: 0, 1 / 200^2 = .000025.

    w 396.04 and 4 x 40,000: fixed mean .0012346, Q 98.765, room 120,493.8; between 94.765 / 120,493.8 = .00078648.
    With it: mean .02886; sale keeps .2375 of its own rate, so .14076. Above the mean are 200 x .1119 of its people,
    each counted at the mean worth of a person of any campaign.
    """
    (found,) = plan.stop(ground(burning()))
    variance, others = 101 / 200**2, 1 / 200**2
    w, v = 1 / variance, 4 / others
    fixed = 0.5 * w / (w + v)
    q = w * (0.5 - fixed) ** 2 + v * fixed**2
    between = (q - 4) / (w + v - (w**2 + v**2 / 4) / (w + v))
    w, v = 1 / (variance + between), 4 / (others + between)
    mean, own = 0.5 * w / (w + v), between / (between + variance)
    rate = own * 0.5 + (1 - own) * mean
    error = math.sqrt(own * variance + (1 - own) ** 2 / (w + v) + 1 / (w + v))
    assert (between, mean, rate) == pytest.approx((0.00078648, 0.02886, 0.14076), rel=1e-3)
    # Worth: 10 each in four campaigns (variance (200 x 10^2 + 10^2) / 200^2), nothing in sale (10^2 / 200^2).
    each = plan.shrink(np.array([10, 10, 10, 10, 0.0]), np.sqrt(np.array([20_100] * 4 + [100])) / 200)[2]
    assert found.effect.value == pytest.approx((rate - mean) * 200 * each)
    assert found.effect.value - found.effect.low == pytest.approx(Z * error * 200 * each)
    assert (found.who, found.cost, found.cost_why) == (["sale"], 0.0, "stopping costs nothing")


def test_people_who_were_only_written_to_are_not_a_campaigns_people() -> None:
    rows = [person(f"s{i}", campaigns=[in_campaign("sale", contacts=1, leaves=1)]) for i in range(3)]
    assert compare(people_table(rows), cascades_table([]), ledger())["campaigns"] == []
    rows[0]["campaigns"].append(in_campaign("talk", touches=1))
    found = compare(people_table(rows), cascades_table([]), ledger())["campaigns"]
    assert [(c["campaign"], c["people"]) for c in found] == [("talk", 1)]


def test_stop_spares_whose_people_are_worth_more_and_whoever_burns_few() -> None:
    rows = burning()
    for row in rows[800:]:
        row |= paid("conversation", 50)
    assert plan.stop(ground(rows)) == []
    quiet = burning()[:800]
    assert plan.stop(ground(quiet)) == []
    few = [*quiet, *burning()[800:804]]
    assert plan.stop(ground(few)) == []


# Know more


def verdict(now: tuple[int, int], spread: list[float], valued: str = "value", **other: Any) -> Verdict:
    """An undecided verdict: nothing by conversation in any draw, `spread` by spread, per EUR of effort."""
    drawn = np.array(spread * 500, dtype=np.float64)
    none = np.zeros_like(drawn)
    few = tuple(s for s, n in zip(("conversation", "spread"), now, strict=True) if n < 10)
    decision = Decision("cannot_tell", {}, Drawn(none, drawn, none, drawn), 1000, (), few)
    units = Units(np.zeros((0, 2), np.int64), np.zeros(0, np.int64), str, {"conversation": now[0], "spread": now[1]})
    question = Question("value_per_effort", ("linear",), (0.01, 0.01), 1.0)
    unknown = Estimate.unknown("fewer than 10 units on a side")
    worth = {"evpi": unknown, "evsi": unknown}
    if few:
        effort = Spent({"conversation": 80.0, "spread": 120.0}, "EUR", "")
        known = information(ledger(valued=valued), effort, question, decision, list(now), [max(0, 10 - n) for n in now])
        worth = dict(zip(worth, known, strict=True))
    fields = {"hidden_changes": False, "unanswered_changes": False, **worth, "json": {}}
    return Verdict(question, units, decision, decision, **(fields | other))


def test_test_from_ten_units_takes_what_the_verdict_says() -> None:
    worth = {"evpi": Estimate(80.0, n=32), "evsi": Estimate(50.0, n=40, how="about"),
             "json": {"needs": {"sentence": "About 40 units more."}}}  # fmt: skip
    (found,) = plan.learn(ground([person("a")]), verdict((20, 12), [0, 2], **worth))
    assert (found.effect.value, found.effect.low, found.effect.high) == (50.0, 0.0, 80.0)
    assert "50 EUR" in found.why
    assert (found.cost, found.cost_why) == (None, "what the arms would cost is not recorded")


def test_test_below_ten_units() -> None:
    """20 talkers, 6 cascades. Spread brought 0 or 80 an EUR, 200 EUR were spent: a difference of -8,000, error 8,000.

    All doubt is of spread: 4 more of then 10 cascades take away 4/10 of its variance, s' = 8,000 sqrt(.4) = 5,059.64.
    u = 1.581139, phi .114305, Phi(-u) .056923: EVSI = 5,059.64 (.114305 - 1.581139 x .056923) = 122.96.
    EVPI = 8,000 (.241971 - .158655) = 666.52. 4 more of the 6 that cost 120 EUR are 80.
    """
    g = ground([person("a")], spent={"conversation": 80.0, "spread": 120.0})
    (found,) = plan.learn(g, verdict((20, 6), [0, 80]))
    assert found.action == "test"
    assert found.effect.value == pytest.approx(122.96, abs=0.2)
    assert (found.effect.low, found.effect.high) == (0.0, pytest.approx(666.52, abs=0.01))
    assert found.cost == pytest.approx(80)
    assert "4 more posts or links" in found.title
    # At half the worth it costs more than it tells.
    assert plan.learn(g, verdict((20, 6), [0, 40])) == []


def test_test_with_hardly_any_units_has_no_figure() -> None:
    g = ground([person("a")], spent={"conversation": 80.0, "spread": 120.0})
    (found,) = plan.learn(g, verdict((4, 9), [0, 80]))
    assert found.effect.value is None
    assert "too few units to draw" in found.effect.why
    assert "6 more people answered and 1 more post or link" in found.title
    assert found.cost == pytest.approx(6 * 80 / 4 + 120 / 9)
    assert plan.learn(g, verdict((0, 0), [0, 80])) == []


def test_test_without_money_has_no_figure() -> None:
    g = ground([person("a")], valued="count", currency=None)
    (found,) = plan.learn(g, verdict((20, 6), [0, 80], valued="count"))
    assert (found.effect.value, found.effect.why) == (None, "conversions have no value in money")
    assert found.cost is None


def test_measure() -> None:
    """Two of ten shares hide their parent, more than a tenth: links of their own, with EVPI at most if they decide."""
    rows = [person("a", shares=10, shares_hidden=2)]
    (found,) = plan.learn(ground(rows), verdict((20, 20), [0, 2]))
    assert (found.action, found.effect.value) == ("measure", None)
    assert found.effect.why == "fewer than 10 units on a side"
    decides = verdict((20, 20), [0, 2], hidden_changes=True, evpi=Estimate(80.0, how="about"))
    (found,) = plan.learn(ground(rows), decides)
    assert (found.effect.value, found.effect.low, found.effect.high) == (80.0, 0.0, 80.0)
    assert found.cost is None
    assert plan.learn(ground([person("a", shares=10, shares_hidden=1)]), verdict((20, 20), [0, 2])) == []


# The order


def test_what_cannot_lose_comes_first_then_what_tells_more(monkeypatch) -> None:
    """Lower end less cost: answer 16 - 15, ask 5 - 0, share 3 - 10; the test costs 80 and still stands before share."""

    def action(name: str, low: float | None, cost: float | None) -> plan.Action:
        effect = Estimate.unknown("no figure") if low is None else Estimate(low + 50, low, low + 100, 0.9)
        return plan.Action(name, None, name, "", effect, "EUR", "", "", cost)

    given = {
        "answer": action("answer", 16, 15), "ask": action("ask", 5, None), "post": action("post", None, 0.0),
        "share": action("share", 3, 10), "stop": action("stop", -2, 0.0), "learn": action("test", 0, 80),
    }  # fmt: skip
    for name, one in given.items():
        monkeypatch.setattr(plan, name, lambda *_, one=one: [one])
    found = plan.plan(ground([person("a")]), SimpleNamespace(), NO_GROWTH)
    assert [a["action"] for a in found] == ["ask", "answer", "test", "stop", "share", "post"]
    assert [a["cost"] for a in found] == [None, "15.00", "80.00", "0.00", "10.00", "0.00"]


# Sums by group


def test_sums_of_groups_and_units() -> None:
    """Group 0: 1 and 2 of unit 0, 3 alone: 6, variance 3^2 + 3^2; group 1: 5 of unit 0: 5, 25; group 2: nobody."""
    total, variance = plan._group_sums(
        np.array([0, 0, 0, 1]), np.array([0, 0, -1, 0]), np.array([1.0, 2.0, 3.0, 5.0]), 3
    )
    assert total.tolist() == [6, 5, 0]
    assert variance.tolist() == [18, 25, 0]
    empty = np.zeros(0, dtype=np.int64)
    assert [x.tolist() for x in plan._group_sums(empty, empty, np.zeros(0), 2)] == [[0, 0], [0, 0]]


def test_sums_are_the_same_where_pairs_are_too_many_to_lay_out(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    group, unit = rng.integers(0, 7, 500), rng.integers(-1, 900, 500)
    y = rng.integers(0, 50, 500).astype(np.float64)
    laid_out = plan._group_sums(group, unit, y, 7)
    monkeypatch.setattr(plan, "ROOM", -10_000)
    sorted_first = plan._group_sums(group, unit, y, 7)
    assert [x.tolist() for x in laid_out] == [x.tolist() for x in sorted_first]
