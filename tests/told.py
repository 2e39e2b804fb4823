"""Logs told row by row, and read by the slow reading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import strategies
from oracle import HOUR, Result, Settings, read

ACME = Settings(brand=frozenset({(None, "acme")}))
T0 = strategies.START


def row(id: str, hours: float, actor: str, type: str, **fields: Any) -> dict[str, Any]:
    """One row on channel x, so many hours after the start."""
    return {"id": id, "time": T0 + round(hours * HOUR), "channel": "x", "type": type, "actor": actor, **fields}


def tell(*rows: dict[str, Any], settings: Settings = ACME) -> Result:
    """The reading of a few rows; the brand is acme."""
    return read(rows, settings)


def steps_of(people: Iterable[dict[str, Any]]) -> dict[tuple[int, int], int]:
    """The steps of all Markov paths together."""
    steps: dict[tuple[int, int], int] = {}
    for p in people:
        for s in p["transitions"]:
            steps[s["from"], s["to"]] = steps.get((s["from"], s["to"]), 0) + s["n"]
    return steps
