"""What the log can see: the ledger of each channel in numbers and sentences."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hubbub.activity import micros
from hubbub.compare.frame import iso
from hubbub.estimate import Estimate
from hubbub.tables import ChannelLedger, Ledger


def stamp(time: datetime | None) -> str | None:
    """ISO 8601 UTC, or None."""
    if time is None:
        return None
    return iso(micros(time))


def part(seen: int, of: int, how: str, why: str) -> Estimate:
    """A part of what the log holds: a count, not a sample, so without an interval."""
    if of <= 0:
        return Estimate.unknown(why)
    return Estimate(seen / of, n=of, how=f"{how}; counted, no interval")


def _views(c: ChannelLedger) -> str:
    if c.views_named and c.views_total:
        return "both"
    if c.views_named:
        return "named"
    return "totals only" if c.views_total else "none"


def notes(c: ChannelLedger) -> list[str]:
    """What a person should know of one channel."""
    out = []
    if c.shares_hidden:
        out.append(f"{c.shares_hidden} of {c.shares} shares name only the root: who brought them is hidden.")
    if c.shares_orphan:
        out.append(f"{c.shares_orphan} shares name an origin that the log does not hold.")
    if c.replies_orphan:
        out.append(f"{c.replies_orphan} of {c.replies} replies answer something that the log does not hold.")
    if c.visits and c.visits_known < c.visits:
        out.append(f"{c.visits - c.visits_known} of {c.visits} visits cannot be told apart from machines.")
    if c.views_total and not c.views_named:
        out.append("Views are totals from the network: nobody knows whose.")
    if c.covered_from is not None:
        out.append(f"Covered from {stamp(c.covered_from)}: people first seen within 30 days of that were known before.")
    if c.covered_until is not None:
        out.append(f"Covered until {stamp(c.covered_until)}.")
    return out


def coverage(ledger: Ledger) -> list[dict[str, Any]]:
    """The coverage of the document, by channel."""
    out = []
    for c in sorted(ledger.channels, key=lambda c: c.channel):
        seen = c.shares - c.shares_hidden - c.shares_orphan
        answered = part(c.replies - c.replies_orphan, c.replies, "replies whose target is seen", "no replies")
        known = part(c.visits_known, c.visits, "visits known as human or machine", "no visits")
        out.append({
            "channel": c.channel,
            "rows": c.rows,
            "first": stamp(c.first),
            "last": stamp(c.last),
            "covered_from": stamp(c.covered_from),
            "covered_until": stamp(c.covered_until),
            "sees": c.sees,
            "parents": part(seen, c.shares, "shares whose parent is seen", "no shares").to_json(),
            "replies": answered.value,
            "views": _views(c),
            "visits_told_apart": known.value,
            "notes": notes(c),
        })  # fmt: skip
    return out


def channels_with(ledger: Ledger, aspect: str) -> list[str]:
    """Channels on whose coverage a number rests: where the aspect (`shares`, `replies`, `visits`, `rows`) occurs."""
    return sorted(c.channel for c in ledger.channels if getattr(c, aspect) > 0)
