"""Small tables by hand: a person or a cascade is a dict of what matters, everything else is empty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa

from hubbub.tables import CASCADES, MODES, PEOPLE, RULES, ChannelLedger, Ledger

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 12, 31, tzinfo=UTC)

COUNTS = [f.name for f in PEOPLE if f.type == pa.int32()]
LISTS = [f.name for f in PEOPLE if pa.types.is_list(f.type) and f.name != "handles"]


def day(n: float) -> datetime:
    """Day n of the log."""
    return START + timedelta(days=n)


def credit(**rules: tuple[int, int]) -> list[int]:
    """24 numbers from (conversation, spread) in whole units; a rule that is not named has those of `linear`."""
    out = []
    for rule in RULES:
        conversation, spread = rules.get(rule, rules["linear"])
        out += [conversation * 1_000_000, spread * 1_000_000, 0, 0]
    return out


def person(name: str, **fields: Any) -> dict[str, Any]:
    """One row of the people table; `value=(conversation, spread)` fills value and credit alike under all rules."""
    row: dict[str, Any] = dict.fromkeys(PEOPLE.names)
    row |= dict.fromkeys(COUNTS, 0) | {name: [] for name in LISTS}
    row |= {"person": name, "handles": [f"x:{name}"], "channel": "x", "level": 1, "known_before": False}
    row |= {"unanswered": False, "value_micros": 0, "value_path_micros": 0, "exchanges_after": None}
    row |= {"first": START, "last": START, "end": END}
    if "value" in fields:
        pair = fields.pop("value")
        micros = sum(pair) * 1_000_000
        row |= {"conversions": 1, "value_micros": micros, "value_path_micros": micros}
        row["credit_micros"] = credit(linear=pair)
    row |= fields
    if "origin" in fields:
        row["origin_hidden"] = fields.get("origin_hidden", fields["origin"])
        row["origin_unanswered"] = fields.get("origin_unanswered", fields["origin"])
        mode = f"touches_{fields['origin']}"
        row[mode] = fields.get(mode, 1)
    row["unit_hidden"] = fields.get("unit_hidden", row["unit"])
    return row


def node(parent: int, hours: float, who: int = 0, **fields: Any) -> dict[str, Any]:
    """One node of a cascade."""
    row: dict[str, Any] = {"parent": parent, "time_us": round(hours * 3_600_000_000), "person": who}
    return row | {"exchanged": False, "audience": None, "disclosed": None, "rewarded": None} | fields


def cascade(root: str, nodes: Sequence[dict[str, Any]] = (), **fields: Any) -> dict[str, Any]:
    """One row of the cascades table; without nodes, a post of the brand that nobody shared."""
    listed = list(nodes) or [node(-1, 0, -1)]
    first = fields.get("first", START)
    row: dict[str, Any] = dict.fromkeys(CASCADES.names)
    row |= {"root": root, "channel": "x", "type": "post", "shared": len(listed) > 1, "try": True, "orphan": False}
    row |= {"size": len(listed), "hidden": sum(n["parent"] == -2 for n in listed), "running": False, "touched": 0}
    row |= {"structural_virality": 1.0, "first": first, "nodes": listed}
    row["sharers"] = [f"x:p{who}" for who in sorted({n["person"] for n in listed} - {-1})]
    row["last"] = first + timedelta(microseconds=max(n["time_us"] for n in listed))
    return row | fields


def people_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=PEOPLE)


def cascades_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=CASCADES)


def ledger(**fields: Any) -> Ledger:
    """A year of one channel, conversions valued in EUR."""
    channel = ChannelLedger("x", 1000, START, END, shares=10, replies=10, visits=5)
    given: dict[str, Any] = {"activities": 1000, "first": START, "last": END, "channels": (channel,)}
    return Ledger(**(given | {"currency": "EUR", "valued": "value", "brand": "acme"} | fields))


def steps(*path: int) -> list[dict[str, int]]:
    """The transitions of one path, given as states."""
    return [{"from": a, "to": b, "n": 1} for a, b in pairwise(path)]


__all__ = ["END", "MODES", "START", "cascade", "cascades_table", "credit", "day", "ledger", "node", "people_table",
           "person", "steps"]  # fmt: skip
