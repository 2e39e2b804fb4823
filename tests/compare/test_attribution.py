"""Credit: exact Markov figures, divisions that add up, and the two small logs worked by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.build import cascades_table, credit, ledger, people_table, person, steps
from hubbub.compare.attribution import divide, effects_of_draws, markov, removal_effects, table_of_steps
from hubbub.compare.document import compare
from hubbub.compare.frame import People
from hubbub.compare.money import half_even, money

START, CONV, NULL = 4, 5, 6
CONVERSATION, SPREAD, BROADCAST, UNKNOWN = range(4)


def table(*paths: tuple[tuple[int, ...], int]) -> list[list[int]]:
    """Paths of modes with an end, and how often, to 5 x 6 numbers of steps."""
    out = [[0] * 6 for _ in range(5)]
    for path, times in paths:
        walk = [START, *path]
        for a, b in pairwise(walk):
            out[a][{CONV: 4, NULL: 5}.get(b, b)] += times
    return out


def test_toy_a():
    # A > B > C 2 conversions 1 null; A 1, 3; B > C 1, 2; C > A > B 1, 1; B 0, 4; A > C 3, 0.
    a, b, c = 0, 1, 2
    found = table(
        ((a, b, c, CONV), 2), ((a, b, c, NULL), 1), ((a, CONV), 1), ((a, NULL), 3), ((b, c, CONV), 1),
        ((b, c, NULL), 2), ((c, a, b, CONV), 1), ((c, a, b, NULL), 1), ((b, NULL), 4), ((a, c, CONV), 3),
    )  # fmt: skip
    p, effects = removal_effects(found)
    assert p == Fraction(8, 19)
    assert effects == [Fraction(53, 96), Fraction(95, 168), Fraction(449, 576), 0]
    total = sum(effects)
    assert [8 * e / total for e in effects[:3]] == [
        Fraction(17808, 7649), Fraction(18240, 7649), Fraction(25144, 7649)
    ]  # fmt: skip
    assert effects_of_draws(np.array([found], dtype=float))[0] == pytest.approx([float(e) for e in effects])


def test_three_paths():
    # C1 > C2 > C3 converts; C1 and C2 > C3 do not: p 1/3, effects 1/2, 1, 1 (Anderl et al.).
    p, effects = removal_effects(table(((0, 1, 2, CONV), 1), ((0, NULL), 1), ((1, 2, NULL), 1)))
    assert p == Fraction(1, 3)
    assert effects == [Fraction(1, 2), 1, 1, 0]


def test_no_path_no_effect():
    assert removal_effects([[0] * 6 for _ in range(5)]) == (0, [0, 0, 0, 0])


def g1():
    """ann C C S conv, cat S S conv, bob and dan B null; 120 in all."""
    ann = person("ann", origin="conversation", value=(60, 30), unit="x:p1")
    ann["transitions"] = steps(START, CONVERSATION, CONVERSATION, SPREAD, CONV)
    cat = person("cat", origin="spread", value=(0, 30), unit="x:p1", transitions=steps(START, SPREAD, SPREAD, CONV))
    others = [person(name, origin="broadcast", transitions=steps(START, BROADCAST, NULL)) for name in ("bob", "dan")]
    return [ann, cat, *others]


def test_g1():
    assert markov(People(people_table(g1()))) == {
        "conversation": 40_000_000, "spread": 80_000_000, "broadcast": 0, "unknown": 0
    }  # fmt: skip


def g2():
    """eva C U conv (40), hal S conv (20), gus U U null; fay converted 10 without a touch."""
    eva = person("eva", origin="conversation", value=(20, 0))
    eva |= {"value_micros": 40_000_000, "value_path_micros": 40_000_000}
    eva["credit_micros"] = [x for _ in range(6) for x in (20_000_000, 0, 0, 20_000_000)]
    eva["transitions"] = steps(START, CONVERSATION, UNKNOWN, CONV)
    hal = person("hal", origin="spread", value=(0, 20), transitions=steps(START, SPREAD, CONV), leaves=1)
    gus = person("gus", origin="unknown", transitions=steps(START, UNKNOWN, UNKNOWN, NULL))
    fay = person("fay", origin="broadcast", value=(0, 0), value_micros=10_000_000)
    fay["credit_micros"] = [x for _ in range(6) for x in (0, 0, 0, 10_000_000)]
    return [eva, hal, gus, fay]


def test_g2():
    people = People(people_table(g2()))
    # U reaches conv with 1/2; p 2/3; effects .25 .5 .5 on 60, and the 10 without a path are unknown.
    assert table_of_steps(people)[UNKNOWN].tolist() == [0, 0, 0, 1, 1, 1]
    assert removal_effects(table_of_steps(people).tolist())[0] == Fraction(2, 3)
    document = compare(people_table(g2()), cascades_table([]), ledger())
    assert document["credit"]["markov"] == {
        "conversation": "12.00", "spread": "24.00", "broadcast": "0.00", "unknown": "34.00"
    }  # fmt: skip
    assert document["credit"]["linear"] == {
        "conversation": "20.00", "spread": "20.00", "broadcast": "0.00", "unknown": "30.00"
    }  # fmt: skip
    assert document["modes"]["spread"]["opt_outs_per_person"]["value"] == 1.0
    assert document["modes"]["conversation"]["opt_outs_per_person"]["value"] == 0.0


def test_rounding_is_half_to_even_on_the_magnitude():
    assert [half_even(Fraction(x, 2)) for x in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]


def test_the_remainder_goes_to_the_last_part():
    assert divide(100, [Fraction(1), Fraction(1), Fraction(1), Fraction(0)]) == [33, 33, 34, 0]
    assert divide(-5, [Fraction(1), Fraction(0), Fraction(1), Fraction(0)]) == [-2, 0, -3, 0]


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 50), min_size=4, max_size=4))
def test_divisions_add_up(micros, parts):
    found = divide(micros, [Fraction(x) for x in parts])
    assert sum(found) == (micros if any(parts) else 0)
    assert all(x == 0 for x, part in zip(found, parts, strict=True) if part == 0)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=8))
def test_credits_add_up_under_every_rule(values):
    rows = [
        person(f"p{i}", origin="conversation", value=pair, transitions=steps(START, i % 2, CONV))
        for i, pair in enumerate(values)
    ]
    document = compare(people_table(rows), cascades_table([]), ledger())
    for by in document["credit"].values():
        assert sum(float(x) for x in by.values()) == pytest.approx(sum(map(sum, values)), abs=1e-6)


def test_money_is_text():
    assert [money(x) for x in (0, 1, -1_500_000, 120_000_000, 46_141_307)] == [
        "0.00", "0.000001", "-1.50", "120.00", "46.141307"
    ]  # fmt: skip
    assert credit(linear=(1, 2))[:4] == [1_000_000, 2_000_000, 0, 0]
