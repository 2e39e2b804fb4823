"""The tables as the commands print them: one entry a cascade, one a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.compare.coverage import stamp
from hubbub.compare.growth import Grown, growth, merged
from hubbub.compare.money import money
from hubbub.estimate import plain, significant
from hubbub.kernel import IntArray
from hubbub.spread.followed import DRAWS, infer_followed
from hubbub.spread.followed import HOW as BY_FOLLOWING
from hubbub.spread.impute import HOW, IMPUTATIONS, FloatArray, infer
from hubbub.spread.shape import chain, star
from hubbub.tables import MODES, RULES, Ledger

HOUR_US = 3_600_000_000
_LINEAR = 4 * RULES.index("linear")
_COPIED = ("root", "channel", "campaign", "size", "depth", "breadth")
_SHAPE = ("depth", "breadth", "structural_virality", "broadcast_part")


def cascades_document(cascades: pa.Table, ledger: Ledger, level: float) -> dict[str, Any]:
    """What `hubbub cascades --json` prints: every cascade, how sharing grows, campaigns with all their roots as one."""
    listed = cascades.filter(cascades.column("shared")).combine_chunks()
    grown = Grown.of(listed, ledger, level)
    return {
        "cascades": _rows(listed, grown, ledger.follows),
        "growth": growth(grown, len(cascades) - len(listed)),
        "campaigns": merged(grown),
    }


def _rows(listed: pa.Table, grown: Grown, follows: pa.Table | None) -> list[dict[str, Any]]:
    """Cascades with at least one share, the largest first, then by channel and root."""
    rows = listed.drop_columns(["nodes", "sharers"]).to_pylist()
    order = sorted(range(len(rows)), key=lambda i: (-rows[i]["size"], rows[i]["channel"], rows[i]["root"]))
    inferred, ran = _inferred(listed, follows), grown.pace
    generations, rewarded, each = grown.generations(), grown.rewarded().tolist(), list(grown.each())
    for i, row in enumerate(rows):
        row["generations"] = generations[i]
        row["reproduction"] = plain(each[i].to_json())
        row["rewarded"] = dict(zip(("free", "rewarded", "not_known"), rewarded[i], strict=True))
        for name in ("busiest", "peak_hours", "doubling_hours"):
            row[name] = _float(float(getattr(ran, name)[i]))
        row["reignited"] = bool(ran.reignited[i])
    return [_cascade(rows[i], inferred.get(i)) for i in order]


def _cascade(row: dict[str, Any], inferred: dict[str, Any] | None) -> dict[str, Any]:
    out = {name: row[name] for name in _COPIED}
    out["structural_virality"] = _float(row["structural_virality"])
    out["star"], out["chain"] = _float(star(row["size"])), _float(chain(row["size"]))
    if row["hidden"]:
        out["shape_why"] = _shape_why(row, inferred)
        out["structural_virality_bounds"] = {"lowest": out["star"], "highest": out["chain"]}
        out["shape_inferred"] = inferred
    out["broadcast_part"] = _float(row["broadcast_part"])
    out["generations"] = row["generations"]
    out["reproduction"] = row["reproduction"]
    out["generation_hours"] = _float(row["generation_hours"])
    out["half_life_hours"] = _float(row["half_life_hours"])
    if row["running"]:
        out["half_life_why"] = "still running"
    out["busiest_tenth"] = row["busiest"]
    for name in ("peak_hours", "doubling_hours", "reignited", "rewarded", "running", "hidden", "orphan", "touched"):
        out[name] = row[name]
    out["first"], out["last"] = stamp(row["first"]), stamp(row["last"])
    return out


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


def _shape_why(row: dict[str, Any], inferred: dict[str, Any] | None) -> str:
    hides = f"The network hides the parents of {row['hidden']} of {row['size'] - 1} shares"
    if inferred and inferred["by"] == "following":
        return f"{hides}, so the shape is not seen; shape_inferred is what follows from who follows whom."
    if inferred:
        return f"{hides}, so the shape is not seen; shape_inferred is what ten imputations of them make of it."
    return (
        f"{hides}, more than a tenth, so the shape is not known. Whatever the tree, the structural virality lies "
        f"between {star(row['size']):.4g} and {chain(row['size']):.4g}."
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
