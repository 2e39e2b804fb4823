"""What the log can see, channel by channel, and what the brand paid for its own activities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from hubbub.activity import TYPES
from hubbub.kernel import BoolArray, IntArray
from hubbub.log.link import NO_MONEY, TOTALS, Linked
from hubbub.log.segment import Loaded
from hubbub.log.settings import Coverage
from hubbub.rows import HIDDEN, ORPHAN
from hubbub.tables import ChannelLedger, Effort

_CODE = {name: code for code, name in enumerate(TYPES)}
_COST_MODE = {"reply": "conversation", "message": "conversation", "post": "broadcast", "share": "spread"}


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros))


_COUNTS = (
    "rows", "shares", "shares_hidden", "shares_orphan", "replies", "replies_orphan", "views_named", "views_total",
    "visits", "visits_known",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """Columns of linked rows that the ledger counts: codes of channel and type, and what is known of each row."""

    time: IntArray
    channel: IntArray
    type: IntArray
    flags: IntArray
    total: BoolArray
    count: IntArray
    automated: IntArray
    reply_orphan: BoolArray


def seen_of(loaded: Loaded, linked: Linked) -> Seen:
    """What a linked log shows."""
    rows = loaded.rows
    orphan = (rows.reply != 0) & (linked.reply < 0)
    return Seen(
        rows.time, rows.channel, rows.type, linked.flags, linked.who == TOTALS, rows.count, rows.automated, orphan
    )


def tally(seen: Seen, channels: int) -> IntArray:
    """Counts by channel, int64[channels, 12]: _COUNTS, then first and last moment; tallies of parts add up."""
    kind = seen.type
    share, reply, view, visit = (kind == _CODE[t] for t in ("share", "reply", "view", "visit"))
    masks = (
        np.ones(kind.size, np.bool_), share, (seen.flags & HIDDEN) != 0, (seen.flags & ORPHAN) != 0, reply,
        reply & seen.reply_orphan, view & ~seen.total, view & seen.total, visit, visit & (seen.automated >= 0),
    )  # fmt: skip
    out = np.zeros((channels, len(masks) + 2), np.int64)
    for c, (name, mask) in enumerate(zip(_COUNTS, masks, strict=True)):
        if name == "views_total":
            np.add.at(out[:, c], seen.channel[mask], seen.count[mask])
        else:
            out[:, c] = np.bincount(seen.channel[mask], minlength=channels)
    out[:, -2], out[:, -1] = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    for c in range(channels):
        times = seen.time[seen.channel == c]
        if times.size:
            out[c, -2:] = times.min(), times.max()
    return out


def added(one: IntArray, other: IntArray) -> IntArray:
    """The tally of two parts together."""
    out = one + other
    out[:, -2], out[:, -1] = np.minimum(one[:, -2], other[:, -2]), np.maximum(one[:, -1], other[:, -1])
    return out


def channel_ledgers(counts: IntArray, channels: list[str], coverage: tuple[Coverage, ...]) -> tuple[ChannelLedger, ...]:
    """One ledger a channel, by name, from a tally of the whole log."""
    covered = _covered(coverage)
    out = []
    for c, name in enumerate(channels):
        begin, end, sees = covered.get(name, (None, None, ""))
        figures = {key: int(counts[c, i]) for i, key in enumerate(_COUNTS)}
        first, last = _moment(int(counts[c, -2])), _moment(int(counts[c, -1]))
        if figures["rows"] and first is not None and last is not None:
            ledger = ChannelLedger(
                channel=name, first=first, last=last, covered_from=_moment(begin), covered_until=_moment(end),
                sees=sees, **figures,
            )  # fmt: skip
            out.append(ledger)
    return tuple(out)


def _covered(coverage: tuple[Coverage, ...]) -> dict[str, tuple[int | None, int | None, str]]:
    out: dict[str, tuple[int | None, int | None, str]] = {}
    for c in coverage:
        begin, end, sees = out.get(c.channel, (None, None, ""))
        begins = [x for x in (begin, c.start) if x is not None]
        ends = [x for x in (end, c.end) if x is not None]
        said = "; ".join(s for s in (sees, c.sees) if s)
        out[c.channel] = (min(begins, default=None), max(ends, default=None), said)
    return out


Paid = dict[tuple[str, str | None, str | None], int]
"""(mode, currency, campaign) -> millionths."""


def paid(
    cost: IntArray, brand: BoolArray, kind: IntArray, currency: IntArray, campaign: IntArray,
    currencies: list[str], campaigns: list[str],
) -> Paid:  # fmt: skip
    """What the brand's own activities cost, summed by mode, currency and campaign (reading 29)."""
    sums: Paid = {}
    for row in np.flatnonzero((cost != NO_MONEY) & brand).tolist():
        mode = _COST_MODE.get(TYPES[kind[row]], "unknown")
        key = (
            mode,
            currencies[currency[row]] if currency[row] >= 0 else None,
            campaigns[campaign[row]] if campaign[row] >= 0 else None,
        )
        sums[key] = sums.get(key, 0) + int(cost[row])
    return sums


def efforts(sums: Paid) -> tuple[Effort, ...]:
    """Sums of costs as lines of effort, in a fixed order."""
    return tuple(
        Effort(mode, total, None, currency, campaign, "cost of activities")
        for (mode, currency, campaign), total in sorted(sums.items(), key=lambda item: tuple(k or "" for k in item[0]))
    )
