"""Claims of what nobody controls: the response, who knows what they pass on, who is left in peace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from hubbub.compare.frame import IntArray
from hubbub.compare.points.data import (
    BY_KIND,
    BY_ORIGIN,
    DOUBT,
    NO_KIND,
    NOT_YET,
    Claim,
    Data,
    Metric,
    entries_ratio,
    mean,
    missing,
    ratio,
)
from hubbub.compare.scorecard import NOBODY
from hubbub.compare.sides import Lot, Manner, Pair, Side, draw_sides, draw_totals, none, pair, pair_of

pc = pyarrow.compute

FEW_TO_FORECAST = 10
"""Shares within an hour, and cascades that have them, before an error of forecasts is spoken of."""


def _words_alone(data: Data, name: str) -> Pair:
    fields = data.world.fields
    how = "words in conversations where the brand never speaks; draws of units"
    manner = Manner(how, NO_KIND, fraction=True, events=True)
    return entries_ratio(data, name, fields["words_alone"], fields["words"], manner)


def _forecast_error(data: Data, name: str) -> Pair:
    """Mean miss of the best model an hour after the root, over finished cascades of campaigns of each kind."""
    size = np.asarray(data.cascades.ints("size"), dtype=np.int64)
    if int(np.count_nonzero(size > FEW_TO_FORECAST)) < FEW_TO_FORECAST:
        return none(f"fewer than {FEW_TO_FORECAST} cascades have {FEW_TO_FORECAST} shares to be forecast from")
    # Its kernels are loaded only where there is something to forecast.
    from hubbub.spread.forecast import missed, past_of

    model, rows, error = missed(past_of(data.cascades.table, data.world.end_us), 1.0)
    if not model:
        return none(f"fewer than {FEW_TO_FORECAST} finished cascades had {FEW_TO_FORECAST} shares within an hour")
    alone = np.full(rows.size, -1, dtype=np.int64)
    how = f"|forecast - truth| / truth by {model} an hour after the root, 1 at most; mean; draws of cascades"
    lot = Lot(alone, data.side_of_cascades()[rows], error, np.ones(rows.size, dtype=np.int8))
    return pair(lot, Manner(how, NO_KIND, fraction=True), data.seed, name, data.level)


def _unaware(generation: str) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        nodes = data.world.nodes
        of_root = np.zeros(len(nodes.up), dtype=np.bool_)
        of_root[nodes.up >= 0] = nodes.is_root[nodes.up[nodes.up >= 0]]
        in_generation = {"first": of_root, "later": (nodes.up >= 0) & ~of_root, "any": np.ones(len(of_root), np.bool_)}
        used = nodes.by_person & ~nodes.is_root & in_generation[generation]
        side = np.where(used, data.side_of_cascades()[nodes.cascade], -1)
        return _disclosure(data, name, side, nodes.disclosed, nodes.cascade)

    return measure


def _disclosure(data: Data, name: str, side: IntArray, disclosed: npt.NDArray[np.int8], cascade: IntArray) -> Pair:
    """Bounds: shares known as not disclosed, and those with the unknown ones."""
    used = side >= 0
    side, flag, unit = side[used], disclosed[used], cascade[used]
    ones = np.ones(len(side))
    how = "shares not disclosed among those known; ends from none to all of the unknown ones; draws of cascades"
    manner = Manner(how, "no share in campaigns of that kind says whether it was disclosed", True, events=True)
    low = draw_sides(Lot(unit, side, (flag == 0).astype(np.float64), ones), manner, data.seed, name)
    high = draw_sides(Lot(unit, side, (flag != 1).astype(np.float64), ones), manner, data.seed, name)
    sides: list[Side | None] = []
    for j, (a, b) in enumerate(zip(low, high, strict=True)):
        known = int(np.count_nonzero((side == j) & (flag >= 0)))
        if a is None or b is None or not known:
            sides.append(None)
            continue
        value = np.count_nonzero((side == j) & (flag == 0)) / known
        sides.append(Side(float(value), a.n, a.plain, b.unseen))
    return pair_of(sides, manner, data.level)


def _burnt(column: str, by: str) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        num = data.people.ints(column)
        what = f"`{column[:-1]}` per 1,000 {by}"
        if by == "people":
            return mean(data, name, num, what, times=1_000.0)
        den = data.people.ints("contacts")
        return ratio(data, name, num, den, Manner(f"{what}; draws of units", "nobody was contacted", times=1_000.0))

    return measure


def _without_leave(data: Data, name: str) -> Pair:
    unasked = data.ledger.unasked
    if unasked is None:
        return none("there is no consent.csv, so what people allowed is not known")
    place = pc.index_in(data.people.column("person").cast(pa.string()), value_set=unasked["person"].combine_chunks())
    without = pc.fill_null(unasked["without"].combine_chunks().take(place), 0)
    sides = draw_totals(data.lot(without.to_numpy(zero_copy_only=False)), (1.0, 1.0), data.seed, name)
    how = (
        "words of the brand that answer nothing, to people of whom no unasked purpose was allowed there; draws of units"
    )
    return pair_of(sides, Manner(how, NOBODY), data.level)


CONTROL = Claim(DOUBT, "no full control over the response", (
    Metric("control.words_alone", "fraction of words in conversations where the brand never speaks", "fraction",
        BY_KIND, "replies", _words_alone),
    Metric("control.negative", "share of negative words", "fraction", BY_KIND, "rows", missing(NOT_YET)),
    Metric("control.forecast_error", "forecast error of size", "fraction", BY_KIND, "shares", _forecast_error),
))  # fmt: skip

UNAWARE = Claim(DOUBT, "people unaware that they distribute marketing", (
    Metric("unaware.all", "fraction of shares not disclosed, as bounds", "fraction", BY_KIND, "shares",
        _unaware("any")),
    Metric("unaware.first", "fraction of shares not disclosed, first generation", "fraction", BY_KIND, "shares",
        _unaware("first")),
    Metric("unaware.later", "fraction of shares not disclosed, later generations", "fraction", BY_KIND, "shares",
        _unaware("later")),
))  # fmt: skip

PRIVACY = Claim(DOUBT, "ignores privacy, spams", (
    Metric("privacy.leaves_people", "`leave` per 1,000 people", "per 1,000", BY_ORIGIN, "rows",
        _burnt("leaves", "people")),
    Metric("privacy.flags_people", "`flag` per 1,000 people", "per 1,000", BY_ORIGIN, "rows",
        _burnt("flags", "people")),
    Metric("privacy.leaves_contacts", "`leave` per 1,000 contacts", "per 1,000", BY_ORIGIN, "rows",
        _burnt("leaves", "contacts")),
    Metric("privacy.flags_contacts", "`flag` per 1,000 contacts", "per 1,000", BY_ORIGIN, "rows",
        _burnt("flags", "contacts")),
    Metric("privacy.consent", "contacts without consent", "contacts", BY_ORIGIN, "rows", _without_leave),
))  # fmt: skip
