"""The bench of forecasts: trees as planted, what is counted as held and as answered, and a set that is not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import forecasting
from bench.forecasting import Found, answered_row, asked, held_row, real, told, tree, world


@pytest.mark.parametrize("tail", [None, 1.1])
@pytest.mark.parametrize("audience", [False, True])
def test_trees_reproduce_as_planted(tail: float | None, audience: bool) -> None:
    rng = np.random.default_rng(5)
    drawn = [tree(rng, 0.6, tail, audience) for _ in range(60)]
    shares = sum(hours.size for hours, _, _ in drawn)
    children = sum(int((up >= 0).sum()) for _, up, _ in drawn)
    assert children / shares == pytest.approx(0.6, abs=0.06)
    for hours, up, reach in drawn:
        assert (np.diff(hours) >= 0).all()
        assert (hours[up[up >= 0]] <= hours[up >= 0]).all()
        assert np.isnan(reach).all() != audience


def test_rows_count_answers_and_what_they_hold() -> None:
    right, wrong = Found(200, 100, 210.0, 150.0, 250.0), Found(200, 100, 110.0, 100.0, 120.0)
    open_end, refused = Found(200, 100, 210.0, 150.0, np.inf), Found(200, 100, *[np.nan] * 3)
    assert [f.held for f in (right, wrong, open_end)] == [True, False, True]
    assert told([right, refused]) == "median error 5.0%, naive 50.0%"
    assert told([refused]) == "none answered"
    assert held_row("", [right] * 90 + [refused] * 50).reached
    assert not held_row("", [right] * 60 + [wrong] * 40).reached
    assert not held_row("", [refused]).reached
    small = Found(99, 50, *[np.nan] * 3)
    assert answered_row("", [right, refused, small]).reached
    assert not answered_row("", [right, refused, refused]).reached


def test_a_small_world_is_answered() -> None:
    past = world(np.random.default_rng(2), 0.5, None, False)
    found = list(asked(past, [0, 1, 2], 4.0))
    assert [f.truth for f in found] == past.sizes[:3].tolist()
    assert sum(f.answered for f in found) >= 2


def test_a_set_that_is_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "DATA", tmp_path)
    (row,) = real("pheme")
    assert row.reached and "does not lie beside the project" in row.measured
