"""Worlds in which those with large audiences talk more: hardly a false claim, and the effect where there is one."""

from __future__ import annotations

import numpy as np

from bench.riding import Cell, crude, drawn, row
from hubbub.compare.together import favours, rides_on_conversation
from hubbub.estimate import Estimate

WORLDS = 60


def claims(times: float) -> tuple[int, float]:
    rng = np.random.default_rng(round(times * 10))
    worlds = [drawn(rng, Cell(25, 1.0, times)) for _ in range(WORLDS)]
    found = [rides_on_conversation(nodes, 0.9) for nodes in worlds]
    return sum(favours(x) for x in found), float(np.median([crude(nodes) for nodes in worlds]))


def test_false_claims_are_few_where_the_crude_ratio_would_always_claim() -> None:
    claimed, plain = claims(1.0)
    assert plain > 1.5
    # At most a tenth, with three standard errors of so many worlds.
    assert claimed <= WORLDS * 0.1 + 3 * np.sqrt(WORLDS * 0.09)


def test_an_effect_is_found() -> None:
    assert claims(1.5)[0] >= 0.8 * WORLDS


def test_audience_decides_who_talked_and_how_many_follow() -> None:
    nodes = drawn(np.random.default_rng(1), Cell(200, 1.0, 1.0))
    share = nodes.by_person
    children = np.bincount(nodes.up[nodes.up >= 0], minlength=nodes.up.size)
    large = share & (nodes.audience > np.median(nodes.audience[share]))
    assert nodes.exchanged[large].mean() > nodes.exchanged[share & ~large].mean() + 0.1
    assert children[large].mean() > 2 * children[share & ~large].mean()
    assert (nodes.cascade[nodes.up[share]] == nodes.cascade[share]).all()


def test_rows_tell_a_miss() -> None:
    claim, none = Estimate(2.0, 1.5, 3.0, 0.9, 20, ""), Estimate(1.0, 0.5, 2.0, 0.9, 20, "")
    assert not row("", 1.0, 40, [claim] * 30 + [none] * 70, 1.0).reached
    assert row("", 1.0, 40, [claim] * 8 + [none] * 92, 1.0).reached
    assert not row("", 1.5, 40, [claim] * 70 + [none] * 30, 1.0).reached
    assert row("", 1.5, 15, [claim] * 70 + [none] * 30, 1.0).reached
