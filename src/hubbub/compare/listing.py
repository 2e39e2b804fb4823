"""The tables as the commands print them: one entry a cascade, one a person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.activity import HOUR_US
from hubbub.compare.coverage import stamp
from hubbub.compare.frame import iso
from hubbub.compare.growth import Grown, growth, merged
from hubbub.compare.money import money
from hubbub.estimate import plain, significant
from hubbub.kernel import IntArray
from hubbub.spread.followed import DRAWS, infer_followed
from hubbub.spread.followed import HOW as BY_FOLLOWING
from hubbub.spread.impute import HOW, IMPUTATIONS, FloatArray, infer
from hubbub.spread.shape import chain, star
from hubbub.tables import MODES, RULES, Ledger

_LINEAR = 4 * RULES.index("linear")
_SHAPE = ("depth", "breadth", "structural_virality", "broadcast_part")


def cascades_document(cascades: pa.Table, ledger: Ledger, level: float) -> dict[str, Any]:
    """What `hubbub cascades --json` prints: every cascade, how sharing grows, campaigns with all their roots as one."""
    listed = cascades.filter(cascades.column("shared")).combine_chunks()
    grown = Grown.of(listed, ledger, level)
    with ThreadPoolExecutor(2) as pool:  # sorting goes on beside the writing of rows
        grew, campaigns = pool.submit(growth, grown, len(cascades) - len(listed)), pool.submit(merged, grown)
        rows = _rows(listed, grown, ledger.follows)
        return {"cascades": rows, "growth": grew.result(), "campaigns": campaigns.result()}


def _rows(listed: pa.Table, grown: Grown, follows: pa.Table | None) -> list[dict[str, Any]]:
    """Cascades with at least one share, the largest first, then by channel and root."""
    held: dict[str, list[Any]] = {name: _words(listed, name) for name in ("root", "channel", "campaign")} | {
        name: listed.column(name).to_pylist()
        for name in ("size", "depth", "breadth", "running", "hidden", "orphan", "touched")
    }
    size = held["size"]
    order = sorted(range(len(size)), key=lambda i: (-size[i], held["channel"][i], held["root"][i]))
    inferred = _inferred(listed, follows)
    named = ("root", "channel", "campaign", "size", "depth", "breadth")
    head: dict[str, list[Any]] = {name: held[name] for name in named} | {
        "structural_virality": _floats(listed, "structural_virality"),
        "star": [_float(star(n)) for n in size],
        "chain": [_float(chain(n)) for n in size],
    }
    middle: dict[str, list[Any]] = {
        "broadcast_part": _floats(listed, "broadcast_part"),
        "generations": grown.generations(),
        "reproduction": [plain(e.to_json()) if e.known else e.to_json() for e in grown.each()],
        "generation_hours": _floats(listed, "generation_hours"),
        "half_life_hours": _floats(listed, "half_life_hours"),
    }
    ran = grown.pace
    tail: dict[str, list[Any]] = {
        "busiest_tenth": [significant(x) for x in ran.busiest.tolist()],
        "peak_hours": [significant(x) for x in ran.peak_hours.tolist()],
        "doubling_hours": [significant(x) for x in ran.doubling_hours.tolist()],
        "reignited": ran.reignited.tolist(),
        "rewarded": [{"free": a, "rewarded": b, "not_known": c} for a, b, c in grown.rewarded().tolist()],
        **{name: held[name] for name in ("running", "hidden", "orphan", "touched")},
        "first": _stamps(listed, "first"),
        "last": _stamps(listed, "last"),
    }
    heads, middles, tails = (_records(columns) for columns in (head, middle, tail))
    return [
        heads[i]
        | (_hidden(held["hidden"][i], size[i], inferred.get(i)) if held["hidden"][i] else {})
        | middles[i]
        | ({"half_life_why": "still running"} if held["running"][i] else {})
        | tails[i]
        for i in order
    ]


def _records(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _words(table: pa.Table, name: str) -> list[Any]:
    return table.column(name).cast(pa.string()).to_pylist()  # type: ignore[no-any-return]


def _floats(table: pa.Table, name: str) -> list[float | None]:
    return [_float(x) for x in table.column(name).to_pylist()]


def _stamps(table: pa.Table, name: str) -> list[str | None]:
    return [None if t is None else iso(t) for t in table.column(name).cast(pa.int64()).to_pylist()]


def _hidden(hidden: int, size: int, inferred: dict[str, Any] | None) -> dict[str, Any]:
    """What is said of the shape where the network hides parents."""
    return {
        "shape_why": _shape_why(hidden, size, inferred),
        "structural_virality_bounds": {"lowest": _float(star(size)), "highest": _float(chain(size))},
        "shape_inferred": inferred,
    }


def _inferred(listed: pa.Table, follows: pa.Table | None) -> dict[int, dict[str, Any]]:
    """What drawings of the hidden parents say of the shape, by the row of the table; who follows whom comes first."""
    found = infer(listed)
    by_time = {
        row: {name: _range(getattr(found, name)[k]) for name in _SHAPE}
        | {"imputations": IMPUTATIONS, "by": "time", "how": HOW}
        for k, row in enumerate(found.row.tolist())
    }
    return by_time if follows is None else by_time | _by_following(listed, follows)


def _by_following(listed: pa.Table, follows: pa.Table) -> dict[int, dict[str, Any]]:
    found = infer_followed(listed, follows)
    return {
        row: {name: _quantiles(getattr(found.inferred, name)[k]) for name in _SHAPE}
        | {"latest": _float(float(found.latest[k]))}
        | {"sensitivity": [
            {"hidden": part, "structural_virality": _quantiles(drawn[k])} for part, drawn in found.missed.items()
        ]}
        | {"known": int(found.known[k]), "draws": DRAWS, "by": "following", "how": BY_FOLLOWING}
        for k, row in enumerate(found.inferred.row.tolist())
    }  # fmt: skip


def _quantiles(drawn: FloatArray | IntArray) -> dict[str, float | None]:
    ends = zip(
        ("low", "median", "high"), np.quantile(drawn, (0.05, 0.5, 0.95), method="inverted_cdf").tolist(), strict=True
    )
    return {name: x if isinstance(x, int) else _float(x) for name, x in ends}


def _range(drawn: FloatArray | IntArray) -> dict[str, float | None]:
    ends = {"median": np.median(drawn), "lowest": drawn.min(), "highest": drawn.max()}
    return {name: int(x) if isinstance(x, np.integer) else _float(float(x)) for name, x in ends.items()}


def _shape_why(hidden: int, size: int, inferred: dict[str, Any] | None) -> str:
    hides = f"The network hides the parents of {hidden} of {size - 1} shares"
    if inferred and inferred["by"] == "following":
        return f"{hides}, so the shape is not seen; shape_inferred is what follows from who follows whom."
    if inferred:
        return f"{hides}, so the shape is not seen; shape_inferred is what ten imputations of them make of it."
    return (
        f"{hides}, more than a tenth, so the shape is not known. Whatever the tree, the structural virality lies "
        f"between {star(size):.4g} and {chain(size):.4g}."
    )


def people_rows(people: pa.Table) -> list[dict[str, Any]]:
    """People by label."""
    dropped = ["transitions", "campaigns", "credit_hidden_micros", "credit_unanswered_micros", "unit_hidden"]
    return [_person(row) for row in people.drop_columns(dropped).to_pylist()]


def _person(row: dict[str, Any]) -> dict[str, Any]:
    early, late = row["exchanges_earlier"], row["exchanges_later"]
    credit = row["credit_micros"] or [0] * 24
    waits = np.array(row["answered_us"], np.int64)
    return {
        "person": row["person"],
        "handles": row["handles"],
        "segment": row["segment"],
        "origin": row["origin"],
        "known_before": row["known_before"],
        "campaign": row["origin_campaign"],
        "unit": row["unit"],
        "first": stamp(row["first"]),
        "last": stamp(row["last"]),
        "span_days": _span(row["first"], row["last"]),
        "touches": {mode: row[f"touches_{mode}"] for mode in MODES},
        "retained_30": row["retained_30"],
        "retained_90": row["retained_90"],
        "exchanges": row["exchanges"],
        "conversations": row["conversations"],
        "channels": len({h.split(":", 1)[0] for h in row["handles"]}),
        "level": row["level"],
        "trend": _float((late + 0.5) / (early + 0.5)) if early + late >= 4 else None,
        "initiative": _part(row["conversations_started"], row["conversations"]),
        "answered": _part(row["messages_answered"], row["messages"]),
        "answers": _part(row["brand_messages_answered"], row["brand_messages"]),
        "median_response_hours": _median_hours(waits, np.array(row["open_us"], np.int64)),
        "median_answer_hours": _median_hours(
            np.array(row["brand_answered_us"], np.int64), np.array(row["brand_open_us"], np.int64)
        ),
        "waiting_since": stamp(row["waiting_since"]),
        "unanswered": row["unanswered"],
        "shares": row["shares"],
        "made": row["made"],
        "visits": row["visits"],
        "conversions": row["conversions"],
        "leaves": row["leaves"],
        "flags": row["flags"],
        "value": money(row["value_micros"]),
        "credit": {mode: money(credit[_LINEAR + m]) for m, mode in enumerate(MODES)},
    }


def _median_hours(done: IntArray, still: IntArray) -> float | None:
    """Kaplan-Meier median of waits, the open ones censored; None where it is not reached."""
    left = 1.0
    for wait in np.unique(done).tolist():
        at_risk = int((done >= wait).sum() + (still >= wait).sum())
        left *= 1.0 - int((done == wait).sum()) / at_risk
        if left <= 0.5:
            return _float(wait / HOUR_US)
    return None


def _part(some: int, every: int) -> float | None:
    return _float(some / every) if every else None


def _span(first: datetime | None, last: datetime | None) -> float | None:
    return None if first is None or last is None else _float((last - first).total_seconds() / 86_400)


def _float(x: float | None) -> float | None:
    return None if x is None else significant(x)
