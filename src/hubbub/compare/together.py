"""How the two work together: does spread ride on conversation, does conversation feed on spread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from hubbub.compare.campaigns import Nodes
from hubbub.compare.frame import DAY_US, NEVER, BoolArray, IntArray, People
from hubbub.estimate import Estimate

FloatArray = npt.NDArray[np.float64]

FEW_CASCADES, FEW_WEEKS = 10, 2
CHILD_DAYS = 7
EXCHANGE_DAYS = 30
DECILES = 10


@dataclass(frozen=True, slots=True)
class Together:
    """Both ratios; above 1 with its whole interval, a ratio favours the claim."""

    rides: Estimate
    feeds: Estimate

    @property
    def word(self) -> str | None:
        found = [name for name, x in self._named() if favours(x)]
        return "both" if len(found) == 2 else (found[0] if found else None)

    def _named(self) -> list[tuple[str, Estimate]]:
        return [("spread_rides_on_conversation", self.rides), ("conversation_feeds_on_spread", self.feeds)]

    def to_json(self) -> dict[str, Any]:
        return {name: {**x.to_json(), "favours": favours(x)} for name, x in self._named()}


def favours(ratio: Estimate) -> bool:
    return ratio.low is not None and ratio.low > 1.0


def together(people: People, nodes: Nodes, level: float) -> Together:
    """Both Mantel-Haenszel ratios; observational unless randomised."""
    return Together(rides_on_conversation(nodes, level), feeds_on_spread(people, level))


def rides_on_conversation(nodes: Nodes, level: float) -> Estimate:
    """Direct children within 7 days of shares by people who had talked with the brand, against those of the others.

    Strata: cascade x decile of audience (shares whose audience is not known are a stratum of their own).
    """
    child = np.flatnonzero(nodes.up >= 0)
    quick = child[nodes.time_us[child] - nodes.time_us[nodes.up[child]] <= CHILD_DAYS * DAY_US]
    brought = np.bincount(nodes.up[quick], minlength=len(nodes.cascade)).astype(np.float64)
    shares = np.flatnonzero(nodes.by_person)
    stratum = nodes.cascade[shares] * (DECILES + 1) + _decile(nodes.audience[shares])
    cases = Cases(nodes.cascade[shares], stratum, nodes.exchanged[shares], brought[shares])
    how = "Mantel-Haenszel ratio of direct children within 7 days, by cascade and audience; jackknife over cascades"
    return ratio_of(cases, FEW_CASCADES, "cascades", level, how)


def _decile(audience: IntArray) -> IntArray:
    """0..9 among the audiences that are known, 10 where it is not."""
    known = audience >= 0
    if not np.any(known):
        return np.full(len(audience), DECILES, dtype=np.int64)
    edges = np.quantile(audience[known], np.arange(1, DECILES) / DECILES)
    return np.where(known, np.searchsorted(edges, audience, side="left"), DECILES).astype(np.int64)


def feeds_on_spread(people: People, level: float) -> Estimate:
    """Fraction with a first exchange within 30 days: people first met by spread against broadcast in the same week."""
    first, talk = people.times("first"), people.times("first_exchange")
    who = np.flatnonzero((first != NEVER) & ((people.origin == 1) | (people.origin == 2)))
    began = (talk[who] != NEVER) & (talk[who] - first[who] <= EXCHANGE_DAYS * DAY_US)
    # 1970 began on a Thursday; a week begins on Monday.
    week = (first[who] + 3 * DAY_US) // (7 * DAY_US)
    cases = Cases(week, week, people.origin[who] == 1, began.astype(np.float64))
    how = "Mantel-Haenszel ratio of the fractions with a first exchange within 30 days, by week; jackknife over weeks"
    return ratio_of(cases, FEW_WEEKS, "weeks", level, how)


@dataclass(frozen=True, slots=True)
class Cases:
    """One row a share or a person: its cluster for the jackknife, its stratum within it, its kind, what came of it."""

    cluster: IntArray
    stratum: IntArray
    exposed: BoolArray
    outcome: FloatArray


def ratio_of(cases: Cases, least: int, word: str, level: float, how: str) -> Estimate:
    """Mantel-Haenszel ratio of means, exposed to others, over the clusters that hold both kinds.

    Delete-one-cluster jackknife on its log, t with Kish degrees of freedom.
    source : Mantel and Haenszel (1959), JNCI 22; Rothman, Greenland, Lash (2008), Modern Epidemiology, ch. 15
    """
    both = np.intersect1d(cases.cluster[cases.exposed], cases.cluster[~cases.exposed])
    if len(both) < least:
        return Estimate.unknown(f"{len(both)} {word} hold both kinds of people; {least} are needed")
    keep = np.isin(cases.cluster, both)
    place = np.searchsorted(both, cases.cluster[keep])
    exposed, outcome = cases.exposed[keep], cases.outcome[keep]
    stratum = np.unique(cases.stratum[keep], return_inverse=True)[1].reshape(-1)
    n = np.bincount(stratum).astype(np.float64)
    n1 = np.bincount(stratum, weights=exposed)
    home = np.zeros(len(n), dtype=np.int64)
    home[stratum] = place
    gain = np.bincount(stratum, weights=outcome * exposed) * (n - n1) / n
    loss = np.bincount(stratum, weights=outcome * ~exposed) * n1 / n
    over = np.bincount(home, weights=gain, minlength=len(both))
    under = np.bincount(home, weights=loss, minlength=len(both))
    if over.sum() <= 0.0 or under.sum() <= 0.0:
        return Estimate.unknown("on one side nothing came of it")
    left_over, left_under = over.sum() - over, under.sum() - under
    if np.any(left_over <= 1e-12 * over.sum()) or np.any(left_under <= 1e-12 * under.sum()):
        return Estimate.unknown(f"one of the {word} decides it alone")
    left = np.log(left_over / left_under)
    c = len(both)
    error = float(np.sqrt((c - 1) / c * ((left - left.mean()) ** 2).sum()))
    size = np.bincount(place).astype(np.float64)
    df = max(1.0, float(size.sum()) ** 2 / float((size**2).sum()) - 1.0)
    reach = min(700.0, float(stdtrit(df, 0.5 + level / 2.0)) * error)
    value = float(over.sum() / under.sum())
    return Estimate(value, value * math.exp(-reach), value * math.exp(reach), level, c, how)
