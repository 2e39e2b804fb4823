"""What the points of difference are made of: what they read, a claim with its metrics, ratios and means of people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hubbub.compare.campaigns import Campaign, World
from hubbub.compare.frame import Cascades, IntArray, People, unit_ids
from hubbub.compare.money import Spent
from hubbub.compare.scorecard import NOBODY
from hubbub.compare.sides import Lot, Manner, Pair, Split, none, pair, split
from hubbub.tables import Ledger

FloatArray = npt.NDArray[np.float64]
TALKING, SPREADING, DOUBT = "talking", "spreading", "doubt"
NOT_YET = "not yet measured"
NO_KIND = "no campaign of that kind has any"
KIND_SIDES = {"conversation": 0, "wildfire": 1}
BY_ORIGIN, BY_KIND = "people by origin", "campaigns by kind"


@dataclass(frozen=True)
class Data:
    """All that the points read."""

    people: People
    cascades: Cascades
    ledger: Ledger
    world: World
    campaigns: list[Campaign]
    effort: Spent
    fallback: float
    seed: int
    level: float
    kinds: IntArray = field(init=False)
    """Side of each campaign: 0 conversation, 1 wildfire, -1 neither."""

    def __post_init__(self) -> None:
        sides = np.array([KIND_SIDES.get(c.kind, -1) for c in self.campaigns] + [-1], dtype=np.int64)
        object.__setattr__(self, "kinds", sides)

    @cached_property
    def origin(self) -> IntArray:
        """Side of each person by origin: 0 conversation, 1 spread, -1 neither."""
        origin = self.people.origin
        return np.where((origin == 0) | (origin == 1), origin, -1).astype(np.int64)

    @cached_property
    def split(self) -> Split:
        """The people by side and unit, for all rows that speak of people by origin."""
        return split(self.people.unit.codes, self.origin)

    def lot(self, num: npt.NDArray[Any], den: npt.NDArray[Any] | None = None) -> Lot:
        """A metric of people by origin; without `den` a total."""
        below = np.zeros(1, dtype=np.int8).repeat(self.people.n) if den is None else den
        return Lot(self.people.unit.codes, self.origin, num, below, self.split)

    def side_of_cascades(self) -> IntArray:
        """Side of each cascade by the kind of its campaign, as in `kinds`."""
        return self.kinds[self.world.cascade_campaign]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a claim: one row of the points.

    sides : what stands on each side, BY_ORIGIN or BY_KIND
    aspect : what of the ledger it rests on (`shares`, `replies`, `visits`, `rows`)
    measure : the numbers of both sides from the data; the metric's id names its draws
    less_is_more : a smaller number makes the claim more true
    """

    id: str
    words: str
    unit: str
    sides: str
    aspect: str
    measure: Callable[[Data, str], Pair]
    less_is_more: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of conversation or of spread, and the metrics that say how true it is on each side."""

    group: str
    words: str
    metrics: tuple[Metric, ...]


def ratio(data: Data, name: str, num: npt.NDArray[Any], den: npt.NDArray[Any], manner: Manner) -> Pair:
    """A ratio over people by origin: sum of `num` over sum of `den`, both one number a person."""
    return pair(data.lot(num, den), manner, data.seed, name, data.level)


def mean(data: Data, name: str, num: npt.NDArray[Any], how: str, fraction: bool = False, times: float = 1.0) -> Pair:
    """A mean over people by origin; `fraction`: of a yes or no; `times` scales it."""
    ones = np.ones(data.people.n, dtype=np.int8)
    manner = Manner(f"{how}; mean over people by origin; draws of units", NOBODY, fraction=fraction, times=times)
    return ratio(data, name, num, ones, manner)


def entries_ratio(data: Data, name: str, num: npt.NDArray[Any], den: npt.NDArray[Any], manner: Manner) -> Pair:
    """A ratio over the entries of people in campaigns, units as in the verdict."""
    side = data.kinds.astype(np.int8)[data.world.campaign]
    lot = Lot(unit_ids(data.people.unit.codes)[data.world.who], side, num, den)
    return pair(lot, manner, data.seed, name, data.level)


def touches(people: People) -> npt.NDArray[Any]:
    """Touches of each person, of any mode."""
    modes = ("conversation", "spread", "broadcast", "unknown")
    return np.asarray(sum(people.ints(f"touches_{mode}").astype(np.int64) for mode in modes))


def missing(why: str) -> Callable[[Data, str], Pair]:
    """The measure of a metric that has no numbers yet, for this reason."""
    return lambda data, name: none(why)
