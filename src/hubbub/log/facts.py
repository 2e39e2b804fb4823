"""What the log can see, channel by channel, and what the brand paid for its own activities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from hubbub.activity import TYPES, moment
from hubbub.kernel import BoolArray, IntArray, jit
from hubbub.log.link import BRAND_SIDE, TOTALS, Linked
from hubbub.log.segment import Loaded
from hubbub.log.settings import Coverage
from hubbub.rows import AUTOMATED, HIDDEN, HUMAN, ORPHAN, REPLY_ORPHAN, TYPE_BITS
from hubbub.tables import ChannelLedger, Effort

_CODE = {name: code for code, name in enumerate(TYPES)}
_SHARE, _REPLY, _VIEW, _VISIT = (_CODE[t] for t in ("share", "reply", "view", "visit"))
_COST_MODE = {"reply": "conversation", "message": "conversation", "post": "broadcast", "share": "spread"}


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else moment(int(micros))


_COUNTS = (
    "rows", "shares", "shares_hidden", "shares_orphan", "replies", "replies_orphan", "views_named", "views_total",
    "visits", "visits_known",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """Columns of linked rows that the ledger counts.

    time : int64 microseconds; channel : codes; flags : hubbub.rows; total : the row is a network's total
    views : int64, how many views each row stands for, of rows of type view that are totals; in their order
    """

    time: IntArray
    channel: IntArray
    flags: IntArray
    total: BoolArray
    views: IntArray


def seen_of(loaded: Loaded, linked: Linked) -> Seen:
    """What a linked log shows."""
    rows = loaded.rows
    total = linked.who == TOTALS
    views = rows.count.take(rows.origin[np.flatnonzero(total & (rows.type == _CODE["view"]))])
    return Seen(rows.time, rows.channel, linked.flags, total, views)


def tally(seen: Seen, channels: int) -> IntArray:
    """Counts by channel, int64[channels, 12]: _COUNTS, then first and last moment; tallies of parts add up."""
    out = np.zeros((channels, len(_COUNTS) + 2), np.int64)
    out[:, -2], out[:, -1] = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    _tally(seen.time, seen.channel, seen.flags, seen.total, seen.views, out)
    return out


@jit
def _tally(time: Any, channel: Any, flags: Any, total: Any, views: Any, out: Any) -> None:
    at = 0
    for i in range(time.size):
        f = flags[i]
        kind = f & TYPE_BITS
        row = out[channel[i]]
        row[0] += 1
        row[1] += kind == _SHARE
        row[2] += (f & HIDDEN) != 0
        row[3] += (f & ORPHAN) != 0
        row[4] += kind == _REPLY
        row[5] += kind == _REPLY and (f & REPLY_ORPHAN) != 0
        if kind == _VIEW and total[i]:
            row[7] += views[at]
            at += 1
        elif kind == _VIEW:
            row[6] += 1
        row[8] += kind == _VISIT
        row[9] += kind == _VISIT and (f & (AUTOMATED | HUMAN)) != 0
        row[10] = min(row[10], time[i])
        row[11] = max(row[11], time[i])


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


def paid_of(loaded: Loaded, linked: Linked) -> Paid:
    """What the brand's own activities cost (reading 29)."""
    rows = loaded.rows
    place = rows.places()
    at = rows.cost.at if place is None else place[rows.cost.at]
    mine = linked.who[at] == BRAND_SIDE
    at = at[mine]
    currency = rows.currency.take(rows.origin[at])
    return paid(rows.cost.value[mine], rows.type[at], currency, rows.campaign[at], loaded.currencies, loaded.campaigns)


def paid(
    cost: IntArray, kind: IntArray, currency: IntArray, campaign: IntArray, currencies: list[str], campaigns: list[str]
) -> Paid:
    """Costs of the brand's activities, summed by mode, currency and campaign."""
    sums: Paid = {}
    for i in range(len(cost)):
        mode = _COST_MODE.get(TYPES[kind[i]], "unknown")
        key = (
            mode,
            currencies[currency[i]] if currency[i] >= 0 else None,
            campaigns[campaign[i]] if campaign[i] >= 0 else None,
        )
        sums[key] = sums.get(key, 0) + int(cost[i])
    return sums


def efforts(sums: Paid) -> tuple[Effort, ...]:
    """Sums of costs as lines of effort, in a fixed order."""
    return tuple(
        Effort(mode, total, None, currency, campaign, "cost of activities")
        for (mode, currency, campaign), total in sorted(sums.items(), key=lambda item: tuple(k or "" for k in item[0]))
    )
