"""The benchmarks of calibration and advice count right on made-up cases, and run on a few planted worlds."""

from __future__ import annotations

import math
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from bench.advice import Told, advice_rows, first_action, told_in
from bench.calibration import (
    BRANCHING,
    LASTING,
    Cell,
    Held,
    answer_rows,
    draw_cell,
    error,
    growth_figures,
    hold,
    interval_rows,
    lasting_figures,
    right_part,
    trap_rows,
    true_gini,
)
from bench.planted import tables_of
from hubbub.demo import ACTION_WORLDS, METHODS_CELLS, Spec
from hubbub.estimate import Estimate


def test_error_of_a_part() -> None:
    """A half of 98 worlds, with one more either way: sqrt(.25 / 100). All of 2: 3 of 4, sqrt(.1875 / 4)."""
    assert error(0.5, 98) == pytest.approx(0.05)
    assert error(1.0, 2) == pytest.approx((0.1875 / 4) ** 0.5)


def test_right_answers_weigh_cells_alike() -> None:
    """1 of 2 against 1 of 10: .5 / (.5 + .1), not 1 of 2; an answer to an equal world is never right."""
    cells = [
        Cell("conversation", Counter(conversation=1, cannot_tell=1)),
        Cell("spread", Counter(conversation=1, spread=2, cannot_tell=7)),
        Cell("equal", Counter(conversation=5)),
    ]
    right, answers = right_part(cells[:2], "conversation")
    assert (right, answers) == (pytest.approx(0.5 / 0.6), 2)
    assert right_part(cells, "conversation")[0] == pytest.approx(0.5 / 1.6)
    assert right_part(cells, "spread") == (1.0, 2)
    assert math.isnan(right_part(cells[2:], "spread")[0])


def test_rows_say_what_is_missed() -> None:
    """2 of 10 equal worlds answered miss the 15 % at tail 1.5, not at 1.1; 6 of 10 miss a power of 70 %."""
    cells = {
        (1.1, 8, 20, 1.0): Cell("equal", Counter(spread=9, cannot_tell=1)),
        (1.5, 8, 20, 1.0): Cell("equal", Counter(conversation=2, cannot_tell=8)),
        (1.5, 60, 300, 5.0): Cell("conversation", Counter(conversation=6, cannot_tell=4)),
        (1.5, 60, 300, 1 / 10): Cell("spread", Counter(spread=7, cannot_tell=3)),
    }
    reached = {row.work: row.reached for row in answer_rows(cells)}
    assert reached == {
        "`conversation` is right": True,
        "`spread` is right": True,
        "equal worlds answered `conversation`, tail 1.1": True,
        "equal worlds answered `spread`, tail 1.1": True,
        "equal worlds answered `conversation`, tail 1.5": False,
        "equal worlds answered `spread`, tail 1.5": True,
        "power: tail 1.5, 60 cascades, 300 talkers, ratio 5": False,
        "power: tail 1.5, 60 cascades, 300 talkers, ratio 1/10": True,
    }


def test_intervals_are_counted_and_measured() -> None:
    """[1, 3] holds 2 with a width of 1 truth; [3, 5] does not; a figure that is null claims nothing."""
    held = Held()
    for estimate in (Estimate(2.0, 1.0, 3.0), Estimate(4.0, 3.0, 5.0), Estimate.unknown("no number")):
        held.add(estimate, 2.0)
    assert (held.held, held.drawn, held.width) == (1, 2, [1.0, 1.0])


def test_coverage_has_two_sides() -> None:
    """90 of 100 is reached; 100 of 100 is too wide, but for value, which is wide on purpose; 70 of 100 is too few."""

    def cell(held: int) -> Held:
        return Held(held, 100, [1.0] * 100)

    cells = [{"a": cell(90), "b": cell(100), "value, spread": cell(100), "c": cell(90)}] * 9
    cells = [*cells, {"c": cell(70)}]
    reached = [row.reached for row in interval_rows(cells)]
    assert reached == [True, False, True, False]


def test_truth_of_the_gini() -> None:
    """Nobody passes on: every try is 2."""
    assert true_gini(Spec(passing=0.0)) == pytest.approx(0.0, abs=1e-12)
    assert true_gini(Spec(tail=1.5)) > true_gini(Spec(tail=2.5)) > 0.0


def test_a_plain_world_is_answered_and_held(tmp_path: Path) -> None:
    cell = draw_cell(METHODS_CELLS[2.5, 60, 300, 10.0], 2, tmp_path, count(1))
    assert cell.truth == "conversation"
    assert cell.answers["conversation"] == cell.worlds == 2
    spec, found = LASTING[2.0, 20, 100], {}
    hold(found, lasting_figures(spec, tables_of(spec, 1, tmp_path), 1, true_gini(spec)))
    grown = BRANCHING[0.5, 20]
    hold(found, growth_figures(grown, tables_of(grown, 1, tmp_path)))
    assert len(found) == 7
    assert all(figure.drawn == 1 for figure in found.values())


def test_traps_hold_in_one_world_each(tmp_path: Path) -> None:
    assert all(row.reached for row in trap_rows(tmp_path, 1, count(1)))


def test_advice_is_counted() -> None:
    """Two of three right: the third does what the generator does not know, so nothing."""
    spec, told = ACTION_WORLDS["stop"], Told()
    for action in ("stop", "stop", "measure"):
        told.add(spec, action)
    assert told.part == pytest.approx(2 / 3)
    assert told.gain == [told.best[0], told.best[1], 0.0]
    assert [row.reached for row in advice_rows("stop", told)] == [False, True]


def test_share_reaches_whom_ask_reaches() -> None:
    assert [first_action(plan) for plan in ([], [{"action": "share"}], [{"action": "post"}])] == ["none", "ask", "post"]


@pytest.mark.parametrize("action", ACTION_WORLDS)
def test_the_planted_action_stands_first(action: str, tmp_path: Path) -> None:
    """At half, once and twice the size: the right one in most."""
    assert told_in(ACTION_WORLDS[action], 3, tmp_path).part > 0.5
