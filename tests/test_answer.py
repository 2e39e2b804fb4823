"""Every figure of the answer that is not drawn equals the slow reading; the verdict's drawn ones agree within error."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings

import oracle
from hubbub.compare.document import compare
from hubbub.tables import MODES, RULES
from oracle import doubt, totals
from strategies import logs, to_table
from test_measure import fast

Drawn = tuple[list[dict[str, Any]], oracle.Settings]


def micros(text: str) -> int:
    return int(Decimal(text).scaleb(6))


def close(mine: float | None, theirs: Any) -> bool:
    if mine is None or theirs is None:
        return mine is None and theirs is None
    return math.isclose(mine, float(theirs), rel_tol=1e-9, abs_tol=1e-9)


@given(logs(10, 60))
@settings(max_examples=25)
def test_figures_that_are_not_drawn(drawn: Drawn) -> None:
    rows, told = drawn
    found = fast([to_table(rows)], told)
    document = compare(found.people, found.cascades, found.ledger)
    slow = oracle.read(rows, told)
    credit = {**totals.credit_totals(slow.persons), "markov": totals.markov_credit(slow.persons)}
    assert {r: {m: micros(v) for m, v in by.items()} for r, by in document["credit"].items()} == credit
    for mode in MODES:
        mine = document["modes"][mode]
        people = [p for p in slow.persons if p["origin"] == mode]
        assert mine["people"] == len(people)
        for days in (30, 90):
            theirs = totals.retention(slow.persons, mode, days)
            for end in ("value", "low", "high"):
                assert close(mine[f"retained_{days}"].get(end), getattr(theirs, end)), (mode, days, end)
        for metric, field in (("exchanges_per_person", "exchanges"), ("opt_outs_per_person", "leaves")):
            theirs = sum(p[field] for p in people) / len(people) if people else None
            assert close(mine[metric]["value"], theirs), (mode, metric)
        curve = totals.survival_curve(slow.persons, mode)
        mine_curve = document["curves"].get(mode, {"survival": [], "low": [], "high": []})
        for key in ("survival", "low", "high"):
            assert len(mine_curve[key]) == len(curve)
            assert all(close(a, getattr(step, key)) for a, step in zip(mine_curve[key], curve, strict=True)), mode
    assert document["log"]["people"] == len(slow.persons)
    assert document["unanswered"]["people"] == sum(p["unanswered"] for p in slow.persons)
    assert document["known_before"] == sum(p["known_before"] for p in slow.persons)


@given(logs(20, 60))
@settings(max_examples=10)
def test_no_figure_is_nan_and_the_document_is_stable(drawn: Drawn) -> None:
    rows, told = drawn
    found = fast([to_table(rows)], told)
    first = json.dumps(compare(found.people, found.cascades, found.ledger), allow_nan=False)
    other = fast([to_table(rows[::2]), to_table(rows[1::2])], told)
    assert json.dumps(compare(other.people, other.cascades, other.ledger), allow_nan=False) == first


def test_verdict_within_monte_carlo_error() -> None:
    """Twelve talkers worth 10, nine trees of 5 and one of 60: V1 of the golden kernels, from a whole log."""
    rows: list[dict[str, Any]] = [{"id": "p", "time": 0, "channel": "x", "type": "post", "actor": "acme"}]
    day = 86_400_000_000

    def row(id: str, time: int, type: str, actor: str, **more: Any) -> None:
        rows.append({"id": id, "time": time, "channel": "x", "type": type, "actor": actor, **more})

    for n in range(12):
        row(f"q{n}", day + n, "message", f"t{n}", addressed_to="acme")
        row(f"a{n}", day + 100 + n, "message", "acme", addressed_to=f"t{n}")
        row(f"c{n}", 2 * day + n, "convert", f"t{n}", value=Decimal(10), currency="EUR")
    for n in range(10):
        row(f"s{n}", day + n, "share", f"s{n}")
        row(f"v{n}", day + 100 + n, "visit", f"w{n}", via=f"s{n}")
        row(f"d{n}", 2 * day + n, "convert", f"w{n}", value=Decimal(60 if n == 9 else 5), currency="EUR")
    told = oracle.Settings(brand=frozenset({(None, "acme")}))
    found = fast([to_table(rows)], told)
    verdict = compare(found.people, found.cascades, found.ledger)["verdict"]
    slow = oracle.read(rows, told)
    units = totals.units(slow.persons)
    assert totals.enough(units) == (12, 10)
    theirs = doubt.verdict(totals.pairs(units), draws=20_000, seed=3, counts=(12, 10))
    error = 4 * math.sqrt(0.25 / verdict["tests"]["draws"])
    assert abs(verdict["tests"]["ahead"] - theirs.p) < error
    assert abs(verdict["tests"]["ahead"] - 0.3194) < error
    assert verdict["probability_conversation"] == 0.5
    assert verdict["answer"] == theirs.answer == "cannot_tell"
    assert np.isfinite(verdict["draw_quantiles"]).all()
    assert set(verdict["rules"]) == {*RULES, "markov"}
