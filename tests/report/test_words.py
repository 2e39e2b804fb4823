"""How numbers are written: no more digits than the interval deserves, never a number without its doubt."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.report import words
from hubbub.report.reading import hundredths


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "said"),
    [
        (0.34, 0.31, 0.37, "fraction", "34%, 31 to 37"),
        (36.89, 14.2, 71.4, "EUR", "€37, €14 to €71"),
        (0.12, 0.08, 0.18, "", "0.12, 0.08 to 0.18"),
        (0.02, 0.004, 0.06, "fraction", "2%, 0.4 to 6"),
        (41.0, 12.0, 96.0, "times", "41×, 12 to 96"),
        (-4.0, -12.0, 3.0, "EUR", "−€4, −€12 to €3"),
        (11870.0, 9400.0, 15200.0, "EUR", "€11,900, €9,400 to €15,200"),
        (1.2, 0.3, 3.6, "per 1,000", "1.2, 0.3 to 3.6"),
        ("11870.00", "10390.00", "13360.00", "CHF", "CHF 11,870, CHF 10,390 to CHF 13,360"),
    ],
)
def test_an_estimate_and_its_interval(value: object, low: object, high: object, unit: str, said: str) -> None:
    shown = words.estimate({"value": value, "low": low, "high": high}, unit)
    assert str(shown).replace(words.NO_BREAK, " ") == said


def test_without_a_number_there_is_a_reason() -> None:
    assert str(words.estimate({"value": None, "why": "no effort is recorded"})) == "no effort is recorded"
    assert str(words.estimate(None)) == words.NOT_SAID
    assert str(words.estimate({"value": math.nan})) == words.NOT_SAID


def test_without_an_interval_the_estimator_says_why() -> None:
    assert (
        str(words.estimate({"value": 0.97, "how": "counted; no interval"}, "fraction")) == "97%, counted; no interval"
    )
    assert words.estimate({"value": 3, "how": "a count"}).interval == "no interval: a count"


def test_bounds_and_one_sided_intervals() -> None:
    assert words.estimate({"value": None, "low": 0.11, "high": 0.3}, "fraction").value == "11% to 30%"
    assert str(words.estimate({"value": 41, "low": 40, "high": None})) == "41, at least 40"


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9), st.floats(0, 1e9))
def test_every_estimate_can_be_written(value: float, below: float, above: float) -> None:
    shown = words.estimate({"value": value, "low": value - below, "high": value + above}, "EUR")
    assert shown.known
    assert "nan" not in str(shown)
    assert " to " in shown.interval


@given(st.one_of(st.none(), st.text(), st.booleans(), st.floats(), st.decimals(), st.integers()))
def test_what_is_no_number_is_none(x: object) -> None:
    found = words.number(x)
    assert found is None or math.isfinite(found)


def test_money_durations_and_times() -> None:
    assert words.money("36.89", "EUR") == "€37"
    assert words.money(Decimal("4.2"), "USD") == "$4.20"
    assert words.money("-1234.5", "PLN").replace(words.NO_BREAK, " ") == "−PLN 1,234"
    assert words.hours(0.4).replace(words.NO_BREAK, " ") == "24 min"
    assert words.hours(100).replace(words.NO_BREAK, " ") == "4.2 days"
    assert words.span("2026-03-01T06:12:40Z", "2026-11-22T21:48:12Z") == "1 March to 22 November 2026"
    assert words.day("yesterday") == ""


def test_text_from_outside_loses_what_could_deceive() -> None:
    assert words.clean("a\u202eb\x1b[31mc\nd") == "ab [31mc d"
    assert len(words.clean("x" * 1000)) == 400


@pytest.mark.parametrize(
    ("p", "n"), [(0.899, 89), (0.9, 90), (0.1, 10), (0.101, 11), (0.9999, 99), (1.0, 100), (0.5, 50)]
)
def test_a_probability_never_rounds_over_a_threshold(p: float, n: int) -> None:
    assert hundredths(p) == n
