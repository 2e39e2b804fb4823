"""Retention and Kaplan-Meier against published numbers and lifelines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.converse.lasting import design_effect, kaplan_meier, newcombe, quantile_time, retention
from hubbub.estimate import wilson

SIX_MP = [(6, 1), (6, 1), (6, 1), (7, 1), (10, 1), (13, 1), (16, 1), (22, 1), (23, 1), (6, 0), (9, 0), (10, 0),
          (11, 0), (17, 0), (19, 0), (20, 0), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]  # fmt: skip
"""Freireich et al. (1963): weeks to relapse under 6-MP, 1 seen, 0 censored."""


def six_mp(level=0.95):
    weeks, seen = np.array(SIX_MP).T
    return kaplan_meier(weeks.astype(float), seen == 1, level)


@pytest.mark.parametrize(
    ("k", "n", "level", "low", "high"),
    [
        (3, 10, 0.9, 0.126877, 0.558300),
        (0, 10, 0.9, 0.0, 0.212942),
        (12, 100, 0.9, 0.076326, 0.183694),
        (81, 263, 0.95, 0.255289, 0.366210),
        (15, 148, 0.95, 0.062386, 0.160487),
        (0, 10, 0.95, 0.0, 0.277533),
        (29, 29, 0.95, 0.883030, 1.0),
    ],
)
def test_wilson(k, n, level, low, high):
    assert wilson(k, n, level) == pytest.approx((low, high), abs=1e-6)


def test_newcombe():
    # 56/70 - 48/80: [.0524, .3339] (Newcombe 1998, case a).
    a, b = ((k / n, *wilson(k, n, 0.95)) for k, n in ((56, 70), (48, 80)))
    assert newcombe(a, b) == pytest.approx((0.2, 0.052431, 0.333873), abs=1e-6)


def test_6_mp():
    found = six_mp()
    assert found.time.tolist() == [6, 7, 10, 13, 16, 22, 23]
    expected = [0.857143, 0.806723, 0.752941, 0.690196, 0.627451, 0.537815, 0.448179]
    assert found.survival == pytest.approx(expected, abs=1e-6)
    assert found.error == pytest.approx([0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], abs=1e-4)
    assert (found.low[2], found.high[2]) == pytest.approx((0.5032, 0.8894), abs=1e-4)
    assert quantile_time(found, 0.5, 0.95).value == 23


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=40))
def test_as_lifelines(pairs):
    from lifelines import KaplanMeierFitter

    time, seen = (np.array(x) for x in zip(*pairs, strict=True))
    found = kaplan_meier(time.astype(float), seen.astype(bool), 0.9)
    fitted = KaplanMeierFitter(alpha=0.1).fit(time, seen)
    assert found.survival == pytest.approx(fitted.survival_function_at_times(found.time).to_numpy(), abs=1e-9)
    band = fitted.confidence_interval_.loc[found.time].to_numpy()
    inside = (found.survival > 0) & (found.survival < 1)
    assert found.low[inside] == pytest.approx(band[inside, 0], abs=1e-9)
    assert found.high[inside] == pytest.approx(band[inside, 1], abs=1e-9)


def test_nothing_is_said_of_nobody():
    empty = kaplan_meier(np.zeros(0), np.zeros(0, dtype=bool))
    assert quantile_time(empty, 0.5).value is None
    assert retention(np.zeros(0, dtype=bool), None, 30).value is None


def test_an_end_beyond_the_log_is_none():
    found = quantile_time(six_mp(), 0.5, 0.95)
    assert (found.low, found.high) == (13, None)
    assert "beyond the log" in found.how


def test_design_effect():
    # Two cascades of 5: 5 and 0 came back. p 1/2, n 10: 2/1 x (6.25 + 6.25) / (10 / 4) = 10.
    assert design_effect(np.array([5, 0]), np.array([5, 5])) == (10.0, 1.0)
    # All came back: 1 + (m* - 1) .05 with m* 5.
    assert design_effect(np.array([5, 5]), np.array([5, 5])) == (pytest.approx(1.2), 1.0)
    # One cascade: degrees of freedom are at least 1.
    assert design_effect(np.array([1]), np.array([3])) == (pytest.approx(1.1), 1.0)


def test_retention_of_cascades_is_wider():
    back = np.array([True, True, False, False] * 10)
    plain = retention(back, None, 30)
    assert (plain.low, plain.high) == pytest.approx(wilson(20, 40))
    spread = retention(back, np.repeat(np.arange(10), 4), 30)
    assert spread.value == plain.value
    assert spread.low < plain.low
    assert spread.high > plain.high
