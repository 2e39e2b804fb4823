"""Hypothesis strategies for valid rows with everything in them that a file format may stumble over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from hubbub.activity import FIELDS, SCHEMA, TYPES

SPECIAL = (
    "=1+1", "+", "-5", "@ann", "\tx", "a,b", 'say "hi"', '"', "line\nbreak", "cr\rlf\r\n", "'", " lead", "ümläut 🙂",
    "{}", "[1]", "[deleted]", "null", "NaN", "1.50", "true", "\\", "\\ud800", "urn:hubbub:x:p1", "as:Public",
    "https://example.org/users/ann", "https://example.org/ann/followers", "mailto:a@b", "a:b", "%41", "<b>x</b> & y",
    "2026-01-01T00:00:00Z", "#", ";", "\u2028", "*",
)  # fmt: skip
PLAIN = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXT = st.sampled_from(SPECIAL) | st.text(PLAIN, min_size=1, max_size=12)
MONEY = st.integers(-(10**18) + 1, 10**18 - 1).map(lambda n: Decimal(n).scaleb(-6)) | st.just(Decimal("-0.000001"))
START = datetime(1970, 1, 1, tzinfo=UTC)
TIME = st.integers(0, 7_289_654_400_000_000 - 1).map(lambda us: START + timedelta(microseconds=us))


@st.composite
def row(draw: st.DrawFn) -> dict[str, Any]:
    """One valid row, without `raw`."""
    maybe = {f.name: draw(st.none() | TEXT) for f in FIELDS if f.type == pa.string()}
    kind = draw(st.sampled_from(TYPES))
    late = kind in ("update", "delete", "undo")
    actor = draw(TEXT.filter(lambda t: t != "*") if late else TEXT)
    most = 10**18 - 1 if actor == "*" or kind == "view" else 1
    truth = st.sampled_from([None, True, False])
    return {
        **maybe,
        "id": draw(TEXT),
        "time": draw(TIME),
        "channel": draw(TEXT),
        "type": kind,
        "actor": actor,
        "object": draw(TEXT) if late else maybe["object"],
        "value": draw(st.none() | MONEY),
        "currency": draw(st.none() | st.sampled_from(["EUR", "USD"])),
        "cost": draw(st.none() | MONEY),
        "count": draw(st.none() | st.integers(0 if actor == "*" else 1, most)),
        "audience": draw(st.none() | st.integers(0, 10**18 - 1)),
        "disclosed": draw(truth),
        "rewarded": draw(truth),
        "automated": draw(truth),
        "raw": None,
    }


def tables(least: int = 0) -> st.SearchStrategy[pa.Table]:
    """Tables of valid rows."""
    return st.lists(row(), min_size=least, max_size=6).map(lambda rows: pa.Table.from_pylist(rows, SCHEMA))
