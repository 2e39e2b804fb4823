"""The slow reading gives every figure that was worked by hand."""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from golden import expected
from hubbub.tables import MODES
from oracle import HOUR, Result, read
from oracle.doubt import (
    ahead_without_best,
    interval_of_sums,
    verdict,
)
from oracle.totals import (
    chance_of_conversion,
    credit_totals,
    enough,
    gini,
    markov_credit,
    markov_effects,
    pairs,
    reproduction,
    reproduction_of_one,
    retention,
    units,
)
from told import ACME, T0, row, steps_of, tell


def golden_rows(name: str) -> list[dict[str, Any]]:
    """The rows of one hand-worked log."""
    with (expected.FOLDER / f"{name}.csv").open(newline="") as file:
        rows: list[dict[str, Any]] = [{k: v or None for k, v in line.items()} for line in csv.DictReader(file)]
    for line in rows:
        line["time"] = int(datetime.fromisoformat(line["time"]).timestamp()) * 1_000_000
        line["value"] = None if line["value"] is None else Decimal(line["value"])
    return rows


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
