"""The example documents in docs/ have the same keys as documents made from a log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bench.planted import tables_of
from hubbub.compare.document import compare, worth
from hubbub.compare.experiments.document import Aim, plan, read
from hubbub.compare.experiments.trial import clusters
from hubbub.compare.forecast import forecast
from hubbub.compare.listing import cascades_document, people_rows
from hubbub.compare.points.data import NOT_YET
from hubbub.compare.reach import reach
from hubbub.compare.seeds import Wish, seeds
from hubbub.compare.simulate import simulate
from hubbub.consent.known import EVENTS, SEEN, Known
from hubbub.demo import Spec
from hubbub.measure import Tables
from hubbub.spread.graph import sharing
from hubbub.tables import TRIAL, Plan, Trial

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


def all_allow(people: list[str]) -> Known:
    """Everybody gave leave to be asked, on 1970-01-01."""
    rows = [{"person": p, "channel": "x", "time_us": 0, "row": "consent:1", "purpose": "ask-to-share", "given": True}
            for p in people]  # fmt: skip
    return Known(pa.Table.from_pylist(rows, EVENTS), SEEN.empty_table(), SEEN.empty_table())


def end_of(tables: Tables) -> datetime:
    assert tables.ledger.last is not None
    return tables.ledger.last


def experiment(tables: Tables) -> Trial:
    """Everybody in one of two arms, half of whom did it."""
    found = Plan("reply", ("a", "b"), (1.0, 1.0), bandit=True, started_us=0)
    rows = [{"person": p, "arm": "ab"[i % 2], "assigned_us": 0, "done": True, "outcome": float(i % 4 < 2)}
            for i, p in enumerate(tables.people["person"].to_pylist())]  # fmt: skip
    return Trial(found, pa.Table.from_pylist(rows, TRIAL))


@pytest.mark.parametrize(
    "name",
    ["compare", "experiment-plan", "experiment-read", "cascades", "forecast", "people", "reach", "seed", "simulate"],
)
def test_an_example_has_the_keys_of_a_document(name: str, tables: Tables) -> None:
    made: dict[str, Any] = {
        "compare": lambda: compare(tables.people, tables.cascades, tables.ledger),
        "cascades": lambda: cascades_document(tables.cascades, tables.ledger, 0.9),
        "forecast": lambda: forecast(tables.cascades, tables.ledger, largest(tables)),
        "reach": lambda: reach(tables.people, tables.cascades, tables.ledger),
        "simulate": lambda: simulate(tables.cascades, sharing(tables.cascades).people[:2], runs=50),
        "experiment-plan": lambda: plan(
            Aim("shares", by="cluster"),
            tables.people,
            clusters(tables.cascades),
            worth(tables.people, tables.cascades, tables.ledger, 100),
        ),
        "experiment-read": lambda: read(experiment(tables), {}),
        "seed": lambda: seeds(
            tables.people, tables.cascades, all_allow(sharing(tables.cascades).people), end_of(tables), Wish(2)
        ),
        "people": lambda: {"people": people_rows(tables.people)},
    }[name]()
    shown = json.loads((DOCS / f"{name}.example.json").read_text("utf-8"))
    assert set(paths(made)) == set(paths(shown))


def test_the_example_leaves_unmeasured_what_a_document_does(tables: Tables) -> None:
    def unmeasured(document: dict[str, Any]) -> set[str]:
        return {p["id"] for p in document["points"] if p["spread"].get("why") == NOT_YET}

    made = compare(tables.people, tables.cascades, tables.ledger)
    shown = json.loads((DOCS / "compare.example.json").read_text("utf-8"))
    assert [p["id"] for p in shown["points"]] == [p["id"] for p in made["points"]]
    assert unmeasured(shown) == unmeasured(made) == {"listens.needs", "control.negative"}
