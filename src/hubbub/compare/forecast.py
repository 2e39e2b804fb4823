"""The `forecast` document: how large one running cascade will get, and how well that went on the brand's own past."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.activity import micros
from hubbub.compare.coverage import stamp
from hubbub.errors import HubbubError
from hubbub.estimate import Estimate, plain, significant
from hubbub.spread import forecast as engine
from hubbub.tables import Ledger

MOST_POINTS = 200
"""Points of the curve at most."""


def forecast(
    cascades: pa.Table, ledger: Ledger, root: str, *, now: datetime | None = None, level: float = 0.9, seed: int = 0
) -> dict[str, Any]:
    """The forecast of one cascade as plain Python, ready for JSON. Sizes count the root, as `cascades` does.

    root : id of the root, or channel:id
    now : the moment of the forecast (what came later is not looked at); the end of the log, where it is not given
    raises : HubbubError where no cascade, or more than one, has this root, or `now` lies before it
    """
    found = find(cascades, root)
    at = now or ledger.last
    if at is None:
        raise HubbubError("The log is empty.")
    first = cascades.column("first")[found].as_py()
    if at < first:
        raise HubbubError(f"The cascade {root} began at {stamp(first)}, after {stamp(at)}.")
    return told(cascades, found, at, engine.past_of(cascades, micros(at)), level, seed)


def told(cascades: pa.Table, found: int, at: datetime, past: engine.Past, level: float, seed: int) -> dict[str, Any]:
    """The document of the cascade in one row, at a moment; several of one moment may share the past of that moment."""
    row = {name: cascades.column(name)[found].as_py() for name in ("root", "channel", "campaign", "first")}
    said = engine.forecast(past, found, (at - row["first"]).total_seconds() / 3600.0, level, seed)
    hours = past.hours[past.offsets[found] : past.offsets[found + 1]]
    return {
        "root": row["root"],
        "channel": row["channel"],
        "campaign": row["campaign"],
        "now": stamp(at),
        "age_hours": significant(said.age_hours),
        "size_now": said.seen + 1,
        "final_size": plain(_with_root(said.final).to_json()),
        "reproduction": {**plain(said.reproduction.to_json()), "probability_at_least_1": _real(said.supercritical)},
        "method": said.method,
        "models": [_model(m) for m in said.models],
        "curve": _curve(hours),
    }


def find(cascades: pa.Table, root: str) -> int:
    """The row of the one cascade with this root: id, or channel:id."""
    roots, channels = cascades.column("root").to_pylist(), cascades.column("channel").to_pylist()
    found = [i for i, (r, c) in enumerate(zip(roots, channels, strict=True)) if root in (r, f"{c}:{r}")]
    if not found:
        raise HubbubError(f"No cascade has the root {root}; `hubbub cascades` lists them.")
    if len(found) > 1:
        named = ", ".join(f"{channels[i]}:{roots[i]}" for i in found)
        raise HubbubError(f"More than one cascade has the root {root}: {named}. Name one with its channel.")
    return found[0]


def _with_root(final: Estimate) -> Estimate:
    if final.value is None:
        return final
    low, high = (None if x is None or math.isnan(x) else x + 1.0 for x in (final.low, final.high))
    return Estimate(final.value + 1.0, low, high, final.level, final.n, final.how)


def _model(m: engine.Tested) -> dict[str, Any]:
    infinite = math.isinf(m.predicted)
    return {
        "name": m.name,
        "final_size": _real(m.predicted + 1.0),
        "final_size_why": _no_size(m, infinite),
        "tested_on": m.cascades,
        "median_error": _real(m.error),
        "median_error_of_naive": _real(m.naive_error),
        "interval_coverage": _real(m.coverage),
        "answered": _real(m.answered),
    }


def _no_size(m: engine.Tested, infinite: bool) -> str | None:
    if infinite:
        return "supercritical: no finite forecast"
    if not math.isnan(m.predicted):
        return None
    return "audiences are not known" if m.name == "seismic" else "too few past cascades to learn from"


def _real(x: float | None) -> float | None:
    return None if x is None else significant(float(x))


def _curve(hours: Any) -> dict[str, list[Any]]:
    """Size by hour as seen, thinned to so many points with the first and the last."""
    keep = np.unique(np.linspace(0, hours.size - 1, min(hours.size, MOST_POINTS)).astype(int))
    return {"hours": [significant(float(hours[i])) for i in keep], "size": [int(i) + 2 for i in keep]}
