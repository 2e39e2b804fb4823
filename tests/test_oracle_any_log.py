"""What must hold for any log."""

from __future__ import annotations

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import strategies
from hubbub.activity import SCHEMA
from hubbub.tables import CASCADES, MODES, PEOPLE
from oracle import Result, Settings, read
from oracle.doubt import (
    conversation_feeds_on_spread,
    spread_rides_on_conversation,
)
from oracle.totals import (
    credit_totals,
    effort_totals,
    markov_credit,
    reproduction,
    retention,
    survival_curve,
    units,
)


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
