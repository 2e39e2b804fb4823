"""The example documents in docs/ have the same keys as documents made from a log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.planted import tables_of
from hubbub.compare.document import compare
from hubbub.compare.forecast import forecast
from hubbub.compare.listing import cascade_rows, people_rows
from hubbub.compare.reach import reach
from hubbub.compare.simulate import simulate
from hubbub.demo import Spec
from hubbub.measure import Tables
from hubbub.spread.graph import sharing

DOCS = Path(__file__).resolve().parents[1] / "docs"
OF_AN_ESTIMATE = {"value", "low", "high", "level", "n", "how", "why"}


def paths(x: Any, at: str = "") -> Iterator[str]:
    """Every key with the keys above it; those of an estimate depend on whether it has a value, and are left out."""
    if isinstance(x, dict):
        own = OF_AN_ESTIMATE if "value" in x else {"why"}
        for key in x.keys() - own:
            yield f"{at}.{key}"
            yield from paths(x[key], f"{at}.{key}")
    elif isinstance(x, list):
        for one in x:
            yield from paths(one, f"{at}[]")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    spec = Spec(
        hidden=0.05,
        tree="branching",
        running=5,
        unanswered=0.1,
        willing=40,
        mails=2,
        leaves=0.02,
        posts=4,
        value_post=50.0,
    )
    return tables_of(spec, 3, tmp_path_factory.mktemp("world"))


def largest(tables: Tables) -> str:
    row = int(np.argmax(tables.cascades.column("size").to_numpy()))
    return f"{tables.cascades.column('channel')[row]}:{tables.cascades.column('root')[row]}"


@pytest.mark.parametrize("name", ["compare", "cascades", "forecast", "people", "reach", "simulate"])
def test_an_example_has_the_keys_of_a_document(name: str, tables: Tables) -> None:
    made: dict[str, Any] = {
        "compare": lambda: compare(tables.people, tables.cascades, tables.ledger),
        "cascades": lambda: {"cascades": cascade_rows(tables.cascades, tables.ledger, 0.9)},
        "forecast": lambda: forecast(tables.cascades, tables.ledger, largest(tables)),
        "reach": lambda: reach(tables.people, tables.cascades, tables.ledger),
        "simulate": lambda: simulate(tables.cascades, sharing(tables.cascades).people[:2], runs=50),
        "people": lambda: {"people": people_rows(tables.people)},
    }[name]()
    shown = json.loads((DOCS / f"{name}.example.json").read_text("utf-8"))
    assert set(paths(made)) == set(paths(shown))
