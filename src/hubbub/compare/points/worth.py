"""Claims of growth by strategy and of the relationship: what an effort brings, and where the campaigns stand."""

from __future__ import annotations

import numpy as np

from hubbub.activity import MICROS
from hubbub.compare.frame import unit_ids
from hubbub.compare.points.burst import by_definition, reproduction_of_map
from hubbub.compare.points.data import BY_KIND, BY_ORIGIN, NO_KIND, TALKING, Claim, Data, Metric, entries_ratio
from hubbub.compare.scorecard import NOBODY, credited
from hubbub.compare.sides import Lot, Manner, Pair, draw_totals, none, pair_of


def _scales(data: Data, per: float) -> tuple[float, float]:
    by = data.effort.by_mode
    return per / float(by["conversation"] or 1.0), per / float(by["spread"] or 1.0)


def _value_per_effort(data: Data, name: str) -> Pair:
    if not data.effort.both():
        return none(data.effort.why)
    who, credit = credited(data.people)
    if not len(who):
        return none("no conversions in the log")
    unit = unit_ids(data.people.unit.codes)[who]
    lot = Lot(
        np.concatenate([unit, unit]), np.repeat(np.array([0, 1]), len(who)),
        np.concatenate([credit[:, 0], credit[:, 1]]).astype(np.float64), np.zeros(2 * len(who)),
    )  # fmt: skip
    sides = draw_totals(lot, _scales(data, 1.0 / MICROS), data.seed, name, data.fallback)
    return pair_of(sides, Manner("linear credit over effort, held fixed; draws of units", NOBODY), data.level)


def _still_there_per_effort(data: Data, name: str) -> Pair:
    if not data.effort.both():
        return none(data.effort.why)
    flag = data.people.flags("retained_90")
    side = np.where(flag >= 0, data.origin, -1)
    lot = Lot(data.people.unit.codes, side, (flag == 1).astype(np.float64), np.zeros(data.people.n))
    sides = draw_totals(lot, _scales(data, 1.0), data.seed, name)
    why = "nobody was first seen 120 days or more before the end of the log"
    return pair_of(sides, Manner("people retained_90 over effort, held fixed; draws of units", why), data.level)


def _reciprocity(data: Data, name: str) -> Pair:
    talked = data.world.fields["exchanges"] > 0
    manner = Manner("people of the campaign with an exchange in it; draws of units", NO_KIND, True)
    found = entries_ratio(data, name, talked, np.ones(len(talked), np.int8), manner)
    return by_definition(found)


STRATEGY = Claim(TALKING, "strategic growth", (
    Metric("strategy.value", "value per unit of effort", "per unit of effort", BY_ORIGIN, "rows", _value_per_effort),
    Metric("strategy.people_90", "people still there after 90 days, per unit of effort", "people per unit of effort",
        BY_ORIGIN, "rows", _still_there_per_effort),
))  # fmt: skip

RELATIONSHIP = Claim(TALKING, "the relationship", (
    Metric("relationship.reciprocity", "reciprocity of campaigns", "fraction", BY_KIND, "replies", _reciprocity),
    Metric("relationship.reproduction", "reproduction of campaigns", "shares a share", BY_KIND, "shares",
        reproduction_of_map),
))  # fmt: skip
