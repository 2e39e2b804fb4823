"""The points of difference: each claim about conversation and spread as numbers of both sides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hubbub.compare.coverage import channels_with
from hubbub.compare.points.burst import ONCE, TRIAL
from hubbub.compare.points.content import CONTENT, DISTRIBUTES
from hubbub.compare.points.control import CONTROL, PRIVACY, UNAWARE
from hubbub.compare.points.data import Claim, Data, Metric
from hubbub.compare.points.reach import AUDIENCE, AWARENESS, REACH, TRAFFIC
from hubbub.compare.points.talk import CUSTOMERS, DIALOGUE, GROWS, LISTENS
from hubbub.compare.points.worth import RELATIONSHIP, STRATEGY
from hubbub.compare.sides import Pair, benjamini_hochberg

CLAIMS: tuple[Claim, ...] = (
    DIALOGUE, DISTRIBUTES, CONTENT, CUSTOMERS, TRAFFIC, AWARENESS, LISTENS, GROWS, ONCE, TRIAL, CONTROL, AUDIENCE,
    UNAWARE, REACH, PRIVACY, STRATEGY, RELATIONSHIP,
)  # fmt: skip
"""In the order of docs/methods.md."""

FALSE_DISCOVERY = 0.10
AT_ONCE = 2
"""Rows measured side by side; each has random numbers of its own, so their order decides nothing."""


def points(data: Data) -> list[dict[str, Any]]:
    """Every row of the table; `favours` only after Benjamini-Hochberg at .10 over all rows that have a p."""
    rows = [(claim, metric) for claim in CLAIMS for metric in claim.metrics]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda row: row[1].measure(data, row[1].id), rows))
    passed = benjamini_hochberg([x.p for x in found], FALSE_DISCOVERY)
    return [
        {
            "id": metric.id,
            "group": claim.group,
            "claim": claim.words,
            "metric": metric.words,
            "unit": metric.unit,
            "less_is_more": metric.less_is_more,
            "sides": metric.sides,
            "conversation": x.conversation.to_json(),
            "spread": x.spread.to_json(),
            "difference": x.difference.to_json(),
            "p": x.p,
            "favours": _favours(metric, x) if ok else None,
            "rests_on": channels_with(data.ledger, metric.aspect),
        }
        for (claim, metric), x, ok in zip(rows, found, passed, strict=True)
    ]


def _favours(metric: Metric, found: Pair) -> str | None:
    """The side on which the claim is more true, not the better one."""
    difference = found.difference.value
    if not difference:
        return None
    return "conversation" if (difference > 0.0) != metric.less_is_more else "spread"
