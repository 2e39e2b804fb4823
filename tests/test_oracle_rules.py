"""The rules of reading, one small log each: order, what is undone, conversation, hidden parents, money."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hubbub.tables import MODES, RULES
from oracle import HOUR, WEEK, EffortRow, Settings, read
from oracle.totals import (
    credit_totals,
    effort_totals,
)
from told import ACME, T0, row, tell


def by_mode(*amounts: int) -> dict[str, Fraction]:
    return {m: Fraction(a) for m, a in zip(MODES, amounts, strict=True)}


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
