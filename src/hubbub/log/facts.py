"""What the log can see, channel by channel, and what the brand paid for its own activities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from hubbub.activity import TYPES
from hubbub.kernel import IntArray
from hubbub.log.link import BRAND_SIDE, NO_MONEY, TOTALS, Linked
from hubbub.log.segment import Loaded
from hubbub.log.settings import Coverage, Settings
from hubbub.rows import HIDDEN, ORPHAN
from hubbub.tables import ChannelLedger, Effort

_CODE = {name: code for code, name in enumerate(TYPES)}
_COST_MODE = {"reply": "conversation", "message": "conversation", "post": "broadcast", "share": "spread"}


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros))


def channel_ledgers(loaded: Loaded, linked: Linked, settings: Settings) -> tuple[ChannelLedger, ...]:
    """One ledger a channel, by name."""
    rows, n = loaded.rows, len(loaded.channels)
    kind, channel = rows.type, rows.channel
    total, automated = linked.who == TOTALS, rows.automated >= 0

    def count(mask: IntArray, weights: IntArray | None = None) -> list[int]:
        weight = None if weights is None else weights[mask].astype(np.float64)
        return [int(x) for x in np.bincount(channel[mask], weights=weight, minlength=n)]

    share, reply, view, visit = (kind == _CODE[t] for t in ("share", "reply", "view", "visit"))
    counts = {
        "rows": count(np.ones(kind.size, np.bool_)),
        "shares": count(share),
        "shares_hidden": count((linked.flags & HIDDEN) != 0),
        "shares_orphan": count((linked.flags & ORPHAN) != 0),
        "replies": count(reply),
        "replies_orphan": count(reply & (rows.reply != 0) & (linked.reply < 0)),
        "views_named": count(view & ~total),
        "views_total": count(view & total, rows.count),
        "visits": count(visit),
        "visits_known": count(visit & automated),
    }
    first = np.full(n, np.iinfo(np.int64).max)
    last = np.full(n, np.iinfo(np.int64).min)
    np.minimum.at(first, channel, rows.time)
    np.maximum.at(last, channel, rows.time)
    covered = _covered(settings.coverage)
    out = []
    for c in sorted(range(n), key=loaded.channels.__getitem__):
        name = loaded.channels[c]
        begin, end, sees = covered.get(name, (None, None, ""))
        one, two = _moment(int(first[c])), _moment(int(last[c]))
        assert one is not None and two is not None
        figures = {key: values[c] for key, values in counts.items()}
        out.append(
            ChannelLedger(
                channel=name, first=one, last=two, covered_from=_moment(begin), covered_until=_moment(end), sees=sees,
                **figures,
            )
        )  # fmt: skip
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


def costs(loaded: Loaded, linked: Linked) -> tuple[Effort, ...]:
    """What the brand's own activities cost, summed by mode, currency and campaign (reading 29)."""
    rows = loaded.rows
    paid = np.flatnonzero((rows.cost != NO_MONEY) & (linked.who == BRAND_SIDE))
    sums: dict[tuple[str, str | None, str | None], int] = {}
    for row in paid.tolist():
        mode = _COST_MODE.get(TYPES[rows.type[row]], "unknown")
        currency = loaded.currencies[rows.currency[row]] if rows.currency[row] >= 0 else None
        campaign = loaded.campaigns[rows.campaign[row]] if rows.campaign[row] >= 0 else None
        key = (mode, currency, campaign)
        sums[key] = sums.get(key, 0) + int(rows.cost[row])
    return tuple(
        Effort(mode, total, None, currency, campaign, "cost of activities")
        for (mode, currency, campaign), total in sorted(sums.items(), key=lambda item: tuple(k or "" for k in item[0]))
    )
