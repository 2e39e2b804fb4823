"""How a cascade runs through time, by hand and against a slow reading."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.spread.pace import pace

HOUR = 3_600_000_000


def of(parents: list[int], hours: list[float]):  # type: ignore[no-untyped-def]
    times = np.round(np.array(hours) * HOUR).astype(np.int64)
    return pace(np.array([0, len(parents)]), np.array(parents), times)


def test_generations_by_hand() -> None:
    """root -> 1 -> 3 -> 4, root -> 2; below a hidden parent nothing is known."""
    assert of([-1, 0, 0, 1, 3], [0, 1, 2, 3, 4]).generation.tolist() == [0, 1, 1, 2, 3]
    assert of([-1, -2, 1, 0], [0, 1, 2, 3]).generation.tolist() == [0, -1, -1, 1]


def test_busiest_tenth_by_hand() -> None:
    """Ten hours in all, so windows of an hour: shares at 4, 4.5 and 5 make three of five."""
    found = of([-1, 0, 0, 0, 0, 0], [0, 1, 4, 4.5, 5, 10])
    assert (found.busiest[0], found.peak_hours[0]) == (pytest.approx(0.6), pytest.approx(4.0))


def test_doubling_time_of_exact_doubling() -> None:
    """Node k comes at 3 log2 k hours, so the number of nodes doubles every 3 hours."""
    n = 200
    found = of([-1] + [0] * n, [0.0, *(3 * np.log2(np.arange(2, n + 2)))])
    assert found.doubling_hours[0] == pytest.approx(3.0, rel=1e-3)
    assert np.isnan(of([-1] + [0] * 9, list(range(10))).doubling_hours[0])
    assert np.isnan(of([-1] + [0] * 20, [0.0] * 21).doubling_hours[0])


def test_coming_back_after_silence() -> None:
    week = 7 * 24.0
    assert not of([-1, 0, 0], [0, 1, week + 0.9]).reignited[0]
    assert of([-1, 0, 0], [0, 1, week * 40]).reignited[0] == (week * 40 - 1 > 10 * (1 + week * 40) / 2)
    assert of([-1, 0, 0, 0, 0], [0, 1, 1, 1, week + 1.1]).reignited[0]


def test_a_root_alone_has_no_pace() -> None:
    found = of([-1], [0])
    assert np.isnan(found.busiest[0])
    assert not found.reignited[0]


trees = st.lists(st.tuples(st.integers(-2, 30), st.integers(0, 3_000)), min_size=1, max_size=30)


@given(trees)
def test_equals_a_slow_reading(drawn: list[tuple[int, int]]) -> None:
    parents, hours = [-1], [0.0]
    for up, step in drawn:
        parents.append(up if up == -2 else min(max(up, 0), len(parents) - 1))
        hours.append(hours[-1] + step / 10)
    found = of(parents, hours)
    generation = [0]
    for up in parents[1:]:
        generation.append(-1 if up == -2 or generation[up] < 0 else generation[up] + 1)
    assert found.generation.tolist() == generation
    times = [round(h * HOUR) for h in hours]
    width = times[-1] / 10
    most = max(sum(a <= t <= a + width for t in times[1:]) for a in times[1:])
    assert found.busiest[0] == pytest.approx(most / len(drawn))
    waits = [t - times[up] for t, up in zip(times[1:], parents[1:], strict=True) if up >= 0]
    quiet = max(7 * 24 * HOUR, 10 * float(np.median(waits)) if waits else 0.0)
    assert found.reignited[0] == any(b - a > quiet for a, b in pairwise(times[1:]))
