"""Quillwort Plants, an invented brand of house plants: twelve months of its conversations, shares and orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.demo import burst, setting, shop, sides, talk
from hubbub.demo.crowd import Crowd
from hubbub.demo.rhythm import Calendar
from hubbub.demo.rows import Rows
from hubbub.demo.tale import Tale
from hubbub.demo.words import Writer
from hubbub.demo.world import World

LEAST_ROWS = 2_000
FULL_SIZE = 203_000
"""What the parts are scaled by: they make about nine tenths of the rows, totals of views fill the rest."""


def quillwort(seed: int = 0, rows: int = 200_000) -> World:
    """Twelve months of Quillwort Plants, 23 November 2025 to 22 November 2026. Everything in it is invented.

    seed : fixes everything; the same seed and rows give the same bytes
    rows : how many activities; at least 2,000
    returns : a world whose `truth` names the campaigns with their planted reproduction, the lucky hit, the cascade
        that still runs at the end, the orders by what caused them, and counts
    raises : ValueError for fewer rows

    Causes are not credits: `orders_caused_by` says what made people buy in the invented world. A comparison sees
    touches, so its credit differs by touches of other modes in the same thirty days.
    """
    if rows < LEAST_ROWS:
        raise ValueError(f"rows must be at least {LEAST_ROWS}, not {rows}")
    tale = _begin(seed, rows)
    talk.post(tale)
    threads = talk.converse(tale)
    made = talk.make(tale)
    spread = burst.share(tale)
    reposts = burst.repost(tale)
    burst.one_tap(tale)
    linked, direct = shop.come(tale)
    talk.aside(tale, made, 2_200)
    talk.aside(tale, reposts, 3_000)
    on_list = shop.sign_up(tale, spread)
    shop.sale(tale, on_list)
    shop.order(tale, threads, spread, linked, direct)
    talk.mend(tale, made)
    talk.inbox(tale)
    inside = int((tale.rows.column("time") <= tale.calendar.end).sum())
    shop.totals(tale, rows - inside)
    log = tale.rows.table(tale.calendar.end)
    return World(
        activities=log,
        people=sides.people(tale),
        effort=sides.effort(tale),
        coverage=sides.coverage(),
        segments=sides.segments(tale),
        follows=sides.follows(tale, reposts),
        consent=sides.consent(tale, on_list),
        brand=setting.BRAND,
        zone=setting.ZONE,
        watched=setting.WATCHED,
        truth=_truth(tale, log, seed),
        note=setting.NOTE,
        hour_cost=setting.HOUR_COST,
    )


def _begin(seed: int, rows: int) -> Tale:
    rng = np.random.default_rng([seed, 20_261_122])
    calendar = Calendar(setting.START, setting.DAYS, setting.ZONES)
    crowd = Crowd(rng)
    crowd.fix(setting.FIXED)
    log = Rows(setting.CHANNELS, setting.NAMES, setting.PLACES, crowd.names, _brand)
    tale = Tale(rng, rows / FULL_SIZE, calendar, crowd, log, Writer(rng, setting.NAMES), calendar.weights())
    tale.regulars = np.concatenate([np.arange(len(setting.FIXED)), crowd.add(tale.many(1_400), second=0.35)])
    tale.chatty = np.minimum(0.4 + rng.pareto(1.8, len(tale.regulars)), 14.0)
    tale.chatty[[setting.INES, setting.INES + 1]] = 16.0
    tale.askers = crowd.add(tale.many(5_200))
    tale.fans = crowd.add(tale.many(6_500))
    return tale


def _brand(channel: int) -> str:
    return setting.MAIL if setting.CHANNELS[channel] == "email" else setting.HANDLE


def _truth(tale: Tale, log: pa.Table, seed: int) -> dict[str, Any]:
    truth = dict(tale.truth)
    ids = tale.rows.ids()
    for name in ("lucky_hit", "running"):
        row = truth[name].pop("root_row")
        truth[name] = {"root": ids[row].as_py(), **truth[name]}
    return {
        "world": "quillwort",
        "seed": seed,
        "rows": log.num_rows,
        "first": _iso(log["time"][0]),
        "last": _iso(log["time"][-1]),
        "currency": "EUR",
        "hour_cost": float(setting.HOUR_COST),
        "by_channel": _counts(log["channel"]),
        "by_type": _counts(log["type"]),
        **truth,
    }


def _iso(moment: Any) -> str:
    return str(moment.as_py().strftime("%Y-%m-%dT%H:%M:%SZ"))


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    return {
        row["values"]: row["counts"] for row in sorted(column.value_counts().to_pylist(), key=lambda r: r["values"])
    }
