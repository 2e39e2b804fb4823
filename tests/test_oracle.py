"""The slow reading gives every figure that was worked by hand, and holds what must hold for any log."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import lifelines
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import strategies
from golden import expected
from hubbub.activity import SCHEMA
from hubbub.tables import CASCADES, MODES, PEOPLE, RULES
from oracle import DAY, HOUR, WEEK, EffortRow, Result, Settings, read
from oracle.doubt import (
    Case,
    ahead_without_best,
    conversation_feeds_on_spread,
    interval_of_sums,
    mantel_haenszel,
    spread_rides_on_conversation,
    verdict,
)
from oracle.people import names_word, retained, silence
from oracle.totals import (
    chance_of_conversion,
    credit_totals,
    effort_totals,
    enough,
    gini,
    kaplan_meier,
    kish,
    markov_credit,
    markov_effects,
    pairs,
    reproduction,
    reproduction_of_one,
    retention,
    survival_curve,
    units,
    wilson,
)
from oracle.trees import structural_virality

ACME = Settings(brand=frozenset({(None, "acme")}))
T0 = strategies.START


def golden_rows(name: str) -> list[dict[str, Any]]:
    """The rows of one hand-worked log."""
    with (expected.FOLDER / f"{name}.csv").open(newline="") as file:
        rows: list[dict[str, Any]] = [{k: v or None for k, v in row.items()} for row in csv.DictReader(file)]
    for row in rows:
        row["time"] = int(datetime.fromisoformat(row["time"]).timestamp()) * 1_000_000
        row["value"] = None if row["value"] is None else Decimal(row["value"])
    return rows


def row(id: str, hours: float, actor: str, type: str, **fields: Any) -> dict[str, Any]:
    """One row on channel x, so many hours after the start."""
    return {"id": id, "time": T0 + round(hours * HOUR), "channel": "x", "type": type, "actor": actor, **fields}


def tell(*rows: dict[str, Any], settings: Settings = ACME) -> Result:
    return read(rows, settings)


def micros(amounts: dict[str, Decimal]) -> dict[str, int]:
    return {mode: int(amount * 1_000_000) for mode, amount in amounts.items()}


@pytest.fixture(params=sorted(expected.GOLDEN))
def golden(request: pytest.FixtureRequest) -> tuple[expected.Golden, Result]:
    return expected.GOLDEN[request.param], read(golden_rows(request.param), ACME)


class TestWorkedByHand:
    """The figures of tests/golden/expected.py."""

    def test_modes(self, golden: tuple[expected.Golden, Result]) -> None:
        want, got = golden
        by_id = {key[1]: mode for key, mode in got.modes.items()}
        assert {name: by_id[name] for name in want.modes} == want.modes
        assert set(by_id) - set(want.modes) <= {"c5", "c6", "c7"}

    def test_origins_and_exchanges(self, golden: tuple[expected.Golden, Result]) -> None:
        want, got = golden
        assert {name: p["origin"] for name, p in got.people.items()} == want.origins
        assert {name: n for name, p in got.people.items() if (n := p["exchanges"])} == want.exchanges

    @pytest.mark.parametrize("days", [30, 90])
    def test_retained(self, golden: tuple[expected.Golden, Result], days: int) -> None:
        want, got = golden
        fractions = want.retained_30 if days == 30 else want.retained_90
        for mode in MODES:
            found = retention(got.persons, mode, days)
            if mode not in fractions:
                assert found.value is None
            else:
                came_back, eligible = fractions[mode]
                assert (found.n, found.value) == (eligible, came_back / eligible)

    def test_credit(self, golden: tuple[expected.Golden, Result]) -> None:
        want, got = golden
        assert credit_totals(got.persons) == {rule: micros(amounts) for rule, amounts in want.credit.items()}

    def test_markov(self, golden: tuple[expected.Golden, Result]) -> None:
        want, got = golden
        assert markov_credit(got.persons) == micros(want.markov)
        assert markov_effects(steps_of(got.persons)) == {m: Fraction(e) for m, e in want.markov_effects.items()}

    def test_units(self, golden: tuple[expected.Golden, Result]) -> None:
        want, got = golden
        named = {
            (kind, name if isinstance(name, str) else got.persons[name]["person"]): (u.conversation, u.spread)
            for (kind, name), u in units(got.persons).items()
        }
        for key, (conversation, spread) in want.units.items():
            assert named[key] == (int(conversation * 1_000_000), int(spread * 1_000_000))
        assert all(sums == (0, 0) for key, sums in named.items() if key not in want.units)
        assert enough(units(got.persons)) == want.verdict_units
        found = verdict(pairs(units(got.persons)), draws=50, counts=enough(units(got.persons)))
        assert found.answer == want.answer

    def test_cascades(self, golden: tuple[expected.Golden, Result]) -> None:
        want, got = golden
        shared = {key: c for key, c in got.cascades.items() if c["shared"]}
        assert set(shared) == set(want.cascades)
        for key, tree in want.cascades.items():
            c = shared[key]
            assert (c["size"], c["depth"], c["breadth"]) == (tree.size, tree.depth, tree.breadth)
            assert float(c["structural_virality"]) == pytest.approx(tree.structural_virality, abs=1e-12)
            if tree.half_life_hours is not None:
                assert c["half_life_hours"] == tree.half_life_hours
            if tree.generation_hours is not None:
                assert c["generation_hours"] == tree.generation_hours
            one = reproduction_of_one(c, got.end or 0)
            assert (one.raw, one.value, one.n) == (tree.reproduction_raw, None, tree.children)
        assert tuple(sorted(c["size"] for c in got.cascades.values() if c["try"])) == want.tries

    def test_reproduction_is_not_published(self, golden: tuple[expected.Golden, Result]) -> None:
        _, got = golden
        assert reproduction(got.cascades.values(), got.end or 0).value is None

    def test_chance_of_conversion(self) -> None:
        for name, want in expected.GOLDEN.items():
            people = read(golden_rows(name), ACME).persons
            assert chance_of_conversion(steps_of(people)) == Fraction(want.markov_p)

    def test_opt_outs(self) -> None:
        people = read(golden_rows("g2"), ACME).persons
        for mode, rate in expected.G2.opt_outs_per_person.items():
            leaves = [p["leaves"] for p in people if p["origin"] == mode]
            assert sum(leaves) / len(leaves) == rate

    def test_totals_add_up(self, golden: tuple[expected.Golden, Result]) -> None:
        want, got = golden
        assert sum(p["value_micros"] for p in got.persons) == want.total * 1_000_000

    def test_g3_with_an_earlier_end(self) -> None:
        """Ages 9, 8, 7, 5, 2 h; F(2) = 1/3, F(3) = 2/3, F(4) = 1; 3 / (4 1/3)."""
        got = read(golden_rows("g3"), ACME)
        one = reproduction_of_one(got.cascades["x", "q1"], T0 + 10 * HOUR)
        assert one.raw == pytest.approx(expected.G3_REPRODUCTION_AT_10, abs=1e-12)

    def test_tries_of_g3(self) -> None:
        sizes = [c["size"] for c in read(golden_rows("g3"), ACME).cascades.values() if c["try"]]
        assert gini(sizes) == Fraction(5, 14)
        assert max(sizes) / sum(sizes) == expected.TRIES_OF_G3["largest_part"]

    def test_reproduction_by_hand(self) -> None:
        got = tell(
            row("p", -1, "acme", "post"),
            row("a", 0, "A", "share", via="p"),
            row("b", 2, "B", "share", via="a"),
            row("c", 5, "C", "share", via="a"),
            row("d", 8, "D", "share", via="c"),
            row("z", 10, "acme", "reply"),
        )
        assert reproduction(got.cascades.values(), got.end or 0).raw == pytest.approx(expected.HAND_REPRODUCTION)


def by_mode(*amounts: int) -> dict[str, Fraction]:
    return {m: Fraction(a) for m, a in zip(MODES, amounts, strict=True)}


def steps_of(people: Iterable[dict[str, Any]]) -> dict[tuple[int, int], int]:
    """The steps of all Markov paths together."""
    steps: dict[tuple[int, int], int] = {}
    for p in people:
        for s in p["transitions"]:
            steps[s["from"], s["to"]] = steps.get((s["from"], s["to"]), 0) + s["n"]
    return steps


class TestVerdict:
    """The kernels of tests/golden/expected.py, within .01 at 20,000 draws."""

    def test_v0_has_a_closed_form(self) -> None:
        weights = np.random.default_rng(0).exponential(size=(20_000, 2))
        assert ahead_without_best(expected.V0_UNITS, weights, 0, take_out=False) == pytest.approx(0.6, abs=0.01)

    @pytest.mark.parametrize("name", sorted(expected.KERNELS))
    def test_kernel(self, name: str) -> None:
        want = expected.KERNELS[name]
        found = verdict(want.units, draws=20_000, seed=3, fallback=want.fallback, counts=(10, 10))
        weights = np.random.default_rng(4).exponential(size=(20_000, len(want.units)))
        assert found.p == pytest.approx(want.p, abs=0.01)
        assert found.probability == pytest.approx(want.published, abs=0.01)
        assert found.answer == want.answer
        plain = ahead_without_best(want.units, weights, 0, take_out=False)
        assert plain == pytest.approx(want.plain, abs=0.01)
        assert ahead_without_best(want.units, weights, 0) == pytest.approx(want.q_conversation, abs=0.01)
        assert ahead_without_best(want.units, weights, 1) == pytest.approx(want.q_spread, abs=0.01)

    @pytest.mark.parametrize(("side", "values"), [("conversation", [10.0] * 40), ("spread", [5.0] * 12)])
    def test_interval_of_v2(self, side: str, values: list[float]) -> None:
        low, high = expected.V2_INTERVALS[side]
        found = interval_of_sums(values, 100_000, 0)
        assert found == pytest.approx((low, high), rel=0.02)

    def test_another_rule_can_veto(self) -> None:
        v2 = expected.KERNELS["V2"].units
        assert verdict(v2, draws=500, counts=(10, 10), others=[0.49]).answer == "cannot_tell"
        assert verdict(v2, draws=500, counts=(10, 10), others=[0.5]).answer == "conversation"
        assert verdict(v2, draws=500, counts=(10, 9)).answer == "cannot_tell"

    def test_effort_divides(self) -> None:
        """40 x 10 against 12 x 5: ahead by 20 to 3, until conversation costs 100 times as much."""
        v2 = expected.KERNELS["V2"].units
        assert verdict(v2, effort=(100.0, 1.0), draws=500, counts=(10, 10)).answer == "spread"


class TestReadingOrder:
    def test_named_before_naming(self) -> None:
        got = tell(row("a", 0, "ann", "reply", in_reply_to="z"), row("z", 0, "acme", "post"))
        assert got.order == [("x", "z"), ("x", "a")]

    def test_a_circle_is_cut_at_its_smallest(self) -> None:
        """a names c names b names a: a loses its reference, so a, then b, then c."""
        got = tell(
            row("a", 0, "ann", "reply", in_reply_to="c"),
            row("b", 0, "bob", "reply", in_reply_to="a"),
            row("c", 0, "cat", "reply", in_reply_to="b"),
        )
        assert [key[1] for key in got.order] == ["a", "b", "c"]

    def test_a_circle_inside_a_circle_is_cut_again(self) -> None:
        """a <-> c and b <-> c are one group: a is cut out of it, then b of what is left: b, c, a would need a first."""
        got = tell(
            row("a", 0, "ann", "reply", in_reply_to="c"),
            row("b", 0, "bob", "reply", in_reply_to="c"),
            row("c", 0, "cat", "share", object="a", via="b"),
        )
        assert [key[1] for key in got.order] == ["a", "b", "c"]

    def test_a_later_row_and_oneself_are_orphans(self) -> None:
        got = tell(
            row("s", 0, "ann", "share", via="s"), row("t", 0, "bob", "share", via="u"), row("u", 1, "acme", "post")
        )
        assert got.modes == {("x", "s"): "unknown", ("x", "t"): "unknown"}

    def test_web_is_asked_only_where_the_own_channel_has_none(self) -> None:
        link = {**row("L", 0, "ann", "share"), "channel": "web"}
        here = row("L", 5, "acme", "post")
        visit = row("v", 1, "bob", "visit", via="L")
        assert tell(link, visit).modes["x", "v"] == "spread"
        assert tell(link, visit, here).modes["x", "v"] == "unknown"


class TestUndone:
    def test_via_an_undone_share_is_not_followed_from_that_moment(self) -> None:
        log = [
            row("p", 0, "acme", "post"),
            row("s", 1, "ann", "share", via="p"),
            row("u", 3, "ann", "undo", object="s"),
        ]
        log += [row("v", 2, "bob", "visit", via="s"), row("w", 3, "cat", "visit", via="s")]
        got = tell(*log)
        assert (got.modes["x", "v"], got.modes["x", "w"]) == ("spread", "unknown")
        assert got.people["x:ann"]["origin"] == "broadcast"
        assert got.people["x:ann"]["shares"] == 0
        assert not got.cascades["x", "p"]["shared"]

    def test_only_ones_own(self) -> None:
        got = tell(row("s", 0, "ann", "share"), row("u", 1, "bob", "undo", object="s"))
        assert got.people["x:ann"]["shares"] == 1

    def test_children_hang_on_the_nearest_standing_ancestor(self) -> None:
        got = tell(
            row("p", 0, "acme", "post"),
            row("s", 1, "ann", "share", via="p"),
            row("t", 2, "bob", "share", via="s"),
            row("u", 3, "ann", "undo", object="s"),
        )
        assert [(n["parent"], n["time_us"]) for n in got.cascades["x", "p"]["nodes"]] == [(-1, 0), (0, 2 * HOUR)]

    def test_credit_asks_at_the_conversion(self) -> None:
        log = [
            row("p", 0, "acme", "post"),
            row("k", 1, "ann", "like", object="p"),
            row("u", 3, "ann", "undo", object="k"),
        ]
        before = tell(*log, row("c", 2, "ann", "convert", value=Decimal(8))).persons
        after = tell(*log, row("c", 3, "ann", "convert", value=Decimal(8))).persons
        assert credit_totals(before)["linear"]["broadcast"] == 8_000_000
        assert credit_totals(after)["linear"]["unknown"] == 8_000_000


class TestConversation:
    def test_the_thanks_of_the_brand_do_not_turn_a_sale_into_conversation(self) -> None:
        log = [row("m", 0, "ann", "message", addressed_to="acme"), row("c", 1, "ann", "convert", value=Decimal(1))]
        late = tell(*log, row("t", 2, "acme", "message", addressed_to="ann"))
        same = tell(*log, row("t", 1, "acme", "message", addressed_to="ann"))
        assert late.modes["x", "m"] == same.modes["x", "m"] == "conversation"
        assert credit_totals(late.persons)["linear"]["unknown"] == 1_000_000
        assert credit_totals(same.persons)["linear"]["conversation"] == 1_000_000

    def test_words_are_part_of_an_exchange_up_to_7_days_from_the_other_turn(self) -> None:
        """A turn of three: 7 d and 1 us, 7 d, and 1 h before the answer."""
        answer = WEEK + HOUR
        log = [
            {**row("a", 0, "ann", "message", addressed_to="acme"), "time": T0 + answer - WEEK - 1},
            {**row("b", 0, "ann", "message", addressed_to="acme"), "time": T0 + answer - WEEK},
            {**row("c", 0, "ann", "message", addressed_to="acme"), "time": T0 + answer - HOUR},
            {**row("d", 0, "acme", "message", addressed_to="ann"), "time": T0 + answer},
        ]
        got = tell(*log)
        assert [got.modes["x", name] for name in "abc"] == ["unknown", "conversation", "conversation"]
        ann = got.people["x:ann"]
        assert (ann["exchanges"], ann["messages"], ann["messages_answered"]) == (1, 3, 2)
        assert ann["answered_us"] == [WEEK + 1]

    def test_words_that_the_brand_answers_enter_though_addressed_to_nobody(self) -> None:
        got = tell(row("a", 0, "ann", "post"), row("b", 1, "acme", "reply", in_reply_to="a"))
        assert got.people["x:ann"]["exchanges"] == 1
        assert (got.people["x:ann"]["spoke"], got.people["x:ann"]["messages"]) == (0, 1)

    def test_unanswered_needs_seven_days(self) -> None:
        ask = row("a", 0, "ann", "message", addressed_to="acme")
        assert not tell(ask, row("z", 7 * 24 - 1, "acme", "post")).people["x:ann"]["unanswered"]
        ann = tell(ask, row("z", 7 * 24, "acme", "post")).people["x:ann"]
        assert (ann["unanswered"], ann["origin"], ann["origin_unanswered"]) == (True, "unknown", "conversation")
        assert ann["waiting_since"] == T0

    def test_depth_over_days(self) -> None:
        """Five exchanges on 1, 1, 2, 3, 4 January; the touches span 1 to 4, so the middle is noon of the 2nd."""
        log = []
        for k, hours in enumerate([0, 1, 24, 48, 72]):
            log.append(row(f"a{k}", hours, "ann", "message", addressed_to="acme", context=f"t{k}"))
            log.append(row(f"b{k}", hours + 0.5, "acme", "message", addressed_to="ann", context=f"t{k}"))
        ann = tell(*log, row("s", 72, "ann", "share")).people["x:ann"]
        assert (ann["exchanges"], ann["exchange_days"], ann["level"]) == (5, 4, 5)
        assert (ann["exchanges_earlier"], ann["exchanges_later"]) == (3, 2)
        assert (ann["conversations"], ann["conversations_started"]) == (5, 5)


class TestHidden:
    def test_a_share_that_names_only_its_object(self) -> None:
        got = tell(
            row("p", 0, "acme", "post"),
            row("s", 1, "ann", "share", object="p"),
            row("t", 2, "bob", "share", via="s"),
            row("c", 3, "ann", "convert", value=Decimal(4)),
        )
        tree, ann = got.cascades["x", "p"], got.people["x:ann"]
        assert (tree["size"], tree["hidden"], tree["depth"]) == (3, 1, None)
        assert [n["parent"] for n in tree["nodes"]] == [-1, -2, 1]
        assert (ann["origin"], ann["origin_hidden"], ann["unit"], ann["unit_hidden"]) == (
            "broadcast", "spread", None, "x:p",
        )  # fmt: skip
        linear = RULES.index("linear") * len(MODES)
        assert ann["credit_micros"][linear : linear + 4] == [0, 0, 4_000_000, 0]
        assert ann["credit_hidden_micros"][linear : linear + 4] == [0, 4_000_000, 0, 0]


class TestMoney:
    def test_a_refund_goes_to_its_order(self) -> None:
        got = tell(
            row("o", 0, "ann", "convert", value=Decimal(10)),
            row("r", 1, "ann", "convert", value=Decimal(-4), object="o"),
            row("n", 2, "ann", "convert", value=Decimal(-1), object="gone"),
        ).people["x:ann"]
        assert (got["conversions"], got["value_micros"]) == (2, 5_000_000)

    def test_values_in_two_currencies_are_counted_unless_one_is_chosen(self) -> None:
        log = [
            row("a", 0, "ann", "convert", value=Decimal(10), currency="EUR"),
            row("b", 1, "ann", "convert", value=Decimal(7)),
        ]
        counted = tell(*log)
        assert (counted.valued, counted.persons[0]["value_micros"]) == ("count", 2_000_000)
        chosen = read(log, Settings(brand=ACME.brand, currency="EUR"))
        assert (chosen.valued, chosen.currency) == ("value", "EUR")
        assert (chosen.persons[0]["value_micros"], chosen.persons[0]["conversions_unvalued"]) == (10_000_000, 1)

    def test_the_remainder_goes_to_the_last_mode(self) -> None:
        """One millionth over C, B and U: each third rounds to 0, U gets it all."""
        got = tell(
            row("p", 0, "acme", "post"),
            row("a", 1, "ann", "reply", in_reply_to="p"),
            row("b", 2, "acme", "reply", in_reply_to="a"),
            row("l", 3, "ann", "like", object="p"),
            row("v", 4, "ann", "visit"),
            row("c", 5, "ann", "convert", value=Decimal("0.000001")),
        )
        assert credit_totals(got.persons)["linear"] == dict(zip(MODES, (0, 0, 0, 1), strict=True))

    def test_position(self) -> None:
        """Five touches, first and last spread: 40 % + 40 %, the middle three 20 %."""
        got = tell(
            row("s", 0, "bob", "share"),
            row("v0", 1, "ann", "visit", via="s"),
            *(row(f"u{k}", 2 + k, "ann", "visit") for k in range(3)),
            row("v1", 6, "ann", "visit", via="s"),
            row("c", 7, "ann", "convert", value=Decimal(15)),
        )
        assert credit_totals(got.persons)["position"]["spread"] == 12_000_000

    def test_effort(self) -> None:
        rows = [
            row("a", 0, "acme", "reply", cost=Decimal(3), currency="EUR"),
            row("b", 1, "acme", "share", cost=Decimal(5), currency="EUR"),
            row("c", 2, "ann", "share", cost=Decimal(9), currency="EUR"),
        ]
        assert effort_totals(rows, ACME) == (by_mode(3, 5, 0, 0), "EUR")
        hours = Settings(brand=ACME.brand, effort=(EffortRow("spread", hours=2.0),))
        assert effort_totals(rows, hours)[0] is None
        assert effort_totals([], hours) == (by_mode(0, 2, 0, 0), "hour")


class TestEstimators:
    def test_wilson(self) -> None:
        assert wilson(3, 10) == pytest.approx((0.126877, 0.558300), abs=1e-6)
        assert wilson(0, 10) == pytest.approx((0, 0.212942), abs=1e-6)
        assert wilson(12, 100) == pytest.approx((0.076326, 0.183694), abs=1e-6)

    def test_kish(self) -> None:
        assert kish([5, 5, 5, 5]) == 3
        assert kish([100, 1]) == 1

    def test_gini(self) -> None:
        assert gini([1, 6]) == Fraction(5, 14)
        assert gini([0, 0]) is None

    def test_virality_of_a_binary_tree_and_a_crooked_one(self) -> None:
        assert structural_virality([-1, 0, 0, 1, 1, 2, 2]) == Fraction(48, 21)
        assert float(structural_virality([-1, 0, 0, 0, 1, 1, 4])) == pytest.approx(2.190476, abs=1e-6)

    def test_virality_agrees_with_networkx(self) -> None:
        rng = random.Random(7)
        parents = [-1, *(rng.randrange(k) for k in range(1, 30))]
        graph = nx.Graph((k, p) for k, p in enumerate(parents) if p >= 0)
        assert float(structural_virality(parents)) == pytest.approx(nx.average_shortest_path_length(graph))

    def test_silence(self) -> None:
        assert silence([0, 10 * DAY, 40 * DAY], 41 * DAY) == (40.0, True)
        assert silence([0, 10 * DAY, 40 * DAY - 1], 41 * DAY) == (41.0, False)
        assert silence([0], 30 * DAY) == (30.0, True)
        assert silence([0, DAY], 0) == (1.0, False)

    def test_retained(self) -> None:
        assert retained([0, 30 * DAY], 60 * DAY, 30) is True
        assert retained([0, 60 * DAY], 60 * DAY, 30) is False
        assert retained([0, 30 * DAY], 60 * DAY - 1, 30) is None

    def test_kaplan_meier_agrees_with_lifelines(self) -> None:
        rng = np.random.default_rng(5)
        durations = np.round(rng.exponential(60, 40)) + 30
        events = rng.random(40) < 0.6
        fit = lifelines.KaplanMeierFitter(alpha=0.1).fit(durations, events)
        band = fit.confidence_interval_survival_function_
        for step in kaplan_meier(durations.tolist(), events.tolist()):
            assert step.survival == pytest.approx(fit.survival_function_at_times(step.days).iloc[0], abs=1e-12)
            assert (step.low, step.high) == pytest.approx(tuple(band.loc[step.days]), abs=1e-9)

    def test_product_limit_with_ties(self) -> None:
        """Two children after 1 h and one after 2 h of one share, all seen: F(1) = 2/3, so F is the plain fraction."""
        got = tell(
            row("a", 0, "A", "share"),
            *(row(f"b{k}", h, f"B{k}", "share", via="a") for k, h in enumerate([1, 1, 2])),
            row("z", 3, "acme", "reply"),
        )
        # ages 3, 2, 2, 1 h: 1 + 1 + 1 + 2/3
        assert reproduction(got.cascades.values(), got.end or 0).raw == pytest.approx(3 / (3 + 2 / 3))

    def test_reproduction_of_many_is_published(self) -> None:
        """Roots by people with 1, 2, 3 and 4 children, all old: 10 children of 14 shares."""
        log = []
        for k in range(4):
            log.append(row(f"a{k}", 24 * k, f"A{k}", "share"))
            log += [row(f"b{k}{j}", 24 * k + 1 + j, f"B{k}{j}", "share", via=f"a{k}") for j in range(k + 1)]
        got = tell(*log, row("z", 24 * 40, "acme", "reply"))
        found = reproduction(got.cascades.values(), got.end or 0)
        assert found.value == pytest.approx(10 / 14)
        assert found.low is not None and found.high is not None and found.low < 10 / 14 < found.high
        assert found.at_least_1 is not None and 0 < found.at_least_1 < 0.5

    def test_mantel_haenszel(self) -> None:
        """One stratum: 3 children of 2 shares against 1 of 2; ratio 3. Another with one kind only adds nothing."""
        cases = [Case(0, 0, True, 3), Case(0, 0, True, 0), Case(0, 0, False, 1), Case(0, 0, False, 0)]
        assert mantel_haenszel([*cases, Case(1, 1, True, 9)]) == pytest.approx(3.0)

    def test_names(self) -> None:
        assert names_word("Hi @ACME!", "acme")
        assert not names_word("acmeish", "acme")
        assert not names_word("my_acme", "acme")
        assert not names_word("ab", "ab")
        assert names_word("acmes acme", "acme")


def nothing_missing(got: Result) -> None:
    for p in got.persons:
        assert set(p) == set(PEOPLE.names)
    for c in got.cascades.values():
        assert set(c) == set(CASCADES.names)


few = hypothesis_settings(max_examples=60, deadline=None)


class TestAnyLog:
    @few
    @given(strategies.logs())
    def test_credits_add_up(self, log: tuple[strategies.Rows, Settings]) -> None:
        got = read(*log)
        total = sum(p["value_micros"] for p in got.persons)
        for amounts in credit_totals(got.persons).values():
            assert sum(amounts.values()) == total
        assert sum(markov_credit(got.persons).values()) == total
        for p in got.persons:
            for view in ("", "_hidden", "_unanswered"):
                credit = p[f"credit{view}_micros"]
                assert all(sum(credit[k : k + 4]) == p["value_micros"] for k in range(0, len(credit), 4))

    @few
    @given(strategies.logs(), st.randoms(use_true_random=False))
    def test_order_of_rows_does_not_matter(self, log: tuple[strategies.Rows, Settings], rng: random.Random) -> None:
        rows, settings = log
        shuffled = rng.sample(rows, len(rows))
        assert read(rows, settings) == read(shuffled, settings)

    @few
    @given(strategies.logs())
    def test_tables_hold_together(self, log: tuple[strategies.Rows, Settings]) -> None:
        rows, settings = log
        got = read(rows, settings)
        nothing_missing(got)
        assert sorted(got.order) == sorted((r["channel"], r["id"]) for r in rows)
        assert sum(p[f"touches_{m}"] for p in got.persons for m in MODES) == len(got.modes)
        for p in got.persons:
            assert p["exchanges"] == p["exchanges_earlier"] + p["exchanges_later"]
            assert p["exchanges"] == p["exchanges_before"] + (p["exchanges_after"] or 0)
            assert (p["first"] is None) == (p["last"] is None) == (p["silence_days"] is None)
            assert (p["unit"] is not None) == (p["touches_spread"] > 0)
            assert p["contacts"] == p["brand_messages"]

    @few
    @given(strategies.logs())
    def test_cascades_are_trees(self, log: tuple[strategies.Rows, Settings]) -> None:
        for c in read(*log).cascades.values():
            nodes = c["nodes"]
            assert len(nodes) == c["size"]
            assert [n["parent"] == -1 for n in nodes] == [True, *[False] * (len(nodes) - 1)]
            assert all(n["parent"] < k and n["time_us"] >= 0 for k, n in enumerate(nodes))
            if c["structural_virality"] is not None and c["size"] > 1:
                n = c["size"]
                assert Fraction(2 * (n - 1), n) <= c["structural_virality"] <= Fraction(n + 1, 3)

    @few
    @given(strategies.logs())
    def test_totals_are_answered_or_refused(self, log: tuple[strategies.Rows, Settings]) -> None:
        got = read(*log)
        end = got.end or 0
        for mode in MODES:
            found = retention(got.persons, mode)
            if found.value is not None and found.low is not None and found.high is not None:
                assert 0 <= found.low <= found.value <= found.high <= 1
            survival = [s.survival for s in survival_curve(got.persons, mode)]
            assert survival == sorted(survival, reverse=True)
        found = reproduction(got.cascades.values(), end)
        assert found.value is None or found.value > 0
        spread_rides_on_conversation(got.cascades.values())
        conversation_feeds_on_spread(got.persons)
        for view in ("observed", "hidden", "unanswered"):
            units(got.persons, view=view)
        effort_totals(*log)

    @few
    @given(strategies.logs())
    def test_rows_are_a_valid_log(self, log: tuple[strategies.Rows, Settings]) -> None:
        rows, _ = log
        table = strategies.to_table(rows)
        assert table.schema == SCHEMA
        assert len({(r["channel"], r["id"]) for r in rows}) == table.num_rows == len(rows)
        assert all(r["count"] == 1 or r["actor"] == "*" or r["type"] == "view" for r in rows)
        assert all(table.column(name).null_count == 0 for name in SCHEMA.names if not SCHEMA.field(name).nullable)
