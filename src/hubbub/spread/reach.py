"""Reach: how many people were seen, might act, or could have seen; four things with four estimators, never mixed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from hubbub.errors import HubbubError
from hubbub.estimate import Estimate

if TYPE_CHECKING:
    from hubbub.kernel import FloatArray, IntArray

ENOUGH_SAMPLED = 0.3
"""From this known sampling rate upwards the unseen part of the whole is extrapolated (METHODS, Reach)."""


def chao1(counts: IntArray, level: float = 0.9) -> Estimate:
    """People who might act: at least so many, from how many were seen once and twice.

    counts : int64[n], how often each person was seen, 1 or more
    returns : the point and the low end of its log-normal interval; no upper end, for the estimator is a lower bound
        of an open number; null where nobody was seen
    source : Chao (1984), Scandinavian Journal of Statistics 11; interval of Chao (1987), Biometrics 43

    >>> found = chao1(np.repeat([1, 2, 5], [6, 2, 2]))
    >>> found.value, round(found.low, 6), found.high
    (19.0, 12.023528, None)
    """
    seen = int(counts.size)
    if not seen:
        return Estimate.unknown("nobody was seen")
    if counts.min() < 1:
        raise HubbubError("a person who was seen was seen at least once")
    once, twice = float(np.count_nonzero(counts == 1)), float(np.count_nonzero(counts == 2))
    if twice:
        unseen, ratio = once * once / (2.0 * twice), once / twice
        variance = twice * (ratio**2 / 2.0 + ratio**3 + ratio**4 / 4.0)
    else:
        unseen = once * (once - 1.0) / 2.0
        whole = seen + unseen
        variance = unseen + once * (2.0 * once - 1.0) ** 2 / 4.0 - once**4 / (4.0 * whole)
    how = "Chao1 from people seen once and twice: at least so many, for people differ in how easily they are seen"
    if unseen <= 0.0:
        return Estimate(float(seen), float(seen), None, level, seen, f"{how}; nobody unseen is told by these")
    factor = math.exp(_z(level) * math.sqrt(math.log1p(max(variance, 0.0) / unseen**2)))
    return Estimate(seen + unseen, seen + unseen / factor, None, level, seen, how)


def chapman(first: int, second: int, both: int, level: float = 0.9, independent: bool = False) -> Estimate:
    """People between two ways of seeing, from how many were seen by both.

    first, second : people seen by each way; both : by both
    independent : whether there is a reason that being seen one way does not make the other likelier; without one the
        upper end is left out, for then it is at least so many
    source : Chapman (1951); logit interval of Sadinle (2009), Communications in Statistics 38

    >>> found = chapman(30, 40, 10, independent=True)
    >>> round(found.value, 6), round(found.low, 6), round(found.high, 6)
    (114.545455, 88.376931, 182.294174)
    """
    if min(first, second, both) < 0 or both > min(first, second):
        raise HubbubError(f"{both} seen both ways cannot be among {first} and {second}")
    if not first or not second:
        return Estimate.unknown("one way of seeing saw nobody")
    point = (first + 1) * (second + 1) / (both + 1) - 1
    m, a, b = both + 0.5, first - both + 0.5, second - both + 0.5
    spread = math.exp(_z(level) * math.sqrt(1 / m + 1 / a + 1 / b + m / (a * b)))
    seen, unseen = first + second - both, a * b / m
    low, high = seen - 0.5 + unseen / spread, seen - 0.5 + unseen * spread
    how = "Chapman's capture-recapture over two ways of seeing, logit interval; "
    if independent:
        return Estimate(point, low, high, level, seen, how + "assumes that the two are independent")
    return Estimate(
        point, low, None, level, seen, how + "at least so many: who is seen one way is likelier seen the other"
    )


def good_toulmin(counts: IntArray, rate: float, level: float = 0.9) -> Estimate:
    """People in the whole of which a known part was sampled: those seen and those whom the rest would bring.

    counts : int64[n], how often each person was seen in the sample
    rate : part of all rows that was sampled, above 0 and up to 1
    returns : null below a rate of ENOUGH_SAMPLED, where it extrapolates too far
    source : Good and Toulmin (1956); binomial smoothing of Efron and Thisted (1976), after Orlitsky, Suresh and Wu
        (2016), PNAS 113; the interval is normal, from the variance of independent Poisson counts: it holds chance, not
        the bias of the smoothing, a few percent at the lowest rates

    >>> round(good_toulmin(np.repeat([1, 2, 3], [6, 3, 1]), 0.5).value, 6)
    13.875
    """
    if not 0.0 < rate <= 1.0:
        raise HubbubError(f"a sampling rate lies above 0 and up to 1, not {rate}")
    if not counts.size:
        return Estimate.unknown("nobody was seen")
    if rate < ENOUGH_SAMPLED:
        return Estimate.unknown(
            f"{rate:.2g} of all rows were sampled; from {ENOUGH_SAMPLED:g} upwards the rest is told"
        )
    more = (1.0 - rate) / rate
    often = np.bincount(counts)[1:].astype(np.float64)
    weight = _smoothed(more, often.size, float(counts.sum()))
    seen = float(counts.size)
    new = float((weight * often).sum())
    error = math.sqrt(float((weight**2 * often).sum())) * _z(level)
    how = f"smoothed Good-Toulmin; {rate:.2g} of all rows were sampled, by chance; without the bias of the smoothing"
    return Estimate(
        seen + max(new, 0.0), seen + max(new - error, 0.0), seen + max(new + error, 0.0), level, int(seen), how
    )


def _smoothed(more: float, most: int, rows: float) -> FloatArray:
    """-(-t)^i P(L >= i) for i = 1..most; L is binomial so that the series does not explode where t > 1."""
    from scipy.stats import binom

    trials = max(1, most)
    chance = 1.0 if more < 1.0 else 0.5
    if more > 1.0:
        trials = max(1, math.ceil(0.5 * math.log(rows * more * more / (more - 1.0)) / math.log(3.0)))
        chance = 2.0 / (2.0 + more)
    out = np.zeros(most)
    i = np.arange(1, min(most, trials) + 1)
    out[: i.size] = -np.power(-more, i) * binom.sf(i - 1, trials, chance)
    return out


@dataclass(frozen=True, slots=True)
class Bounds:
    """Two ends between which nothing is told; None where no source says how many it can reach.

    low, high : people; n : sources that say; unsaid : sources that do not; how : what the ends rest on
    """

    low: float | None
    high: float | None
    n: int
    unsaid: int
    how: str

    def to_json(self) -> dict[str, Any]:
        """`low` and `high`, or `why` there are none."""
        if self.low is None:
            return {"low": None, "high": None, "n": 0, "sources_unsaid": self.unsaid, "why": self.how}
        return {"low": self.low, "high": self.high, "n": self.n, "sources_unsaid": self.unsaid, "how": self.how}


@dataclass(frozen=True, slots=True)
class Named:
    """People who are known by name to be in the audience of a source; of each source perhaps not all.

    source, person : int64[m], one entry a person in an audience; a pair that stands twice counts once
    """

    source: IntArray
    person: IntArray


def bounds(
    audience: FloatArray, overlap: Mapping[tuple[int, int], float] | None = None, named: Named | None = None
) -> Bounds:
    """Those who could have seen: the union of audiences lies between the largest of them and their sum.

    audience : float64[s], people whom each source could reach, NaN where the network does not say
    overlap : people common to two sources, where that is known; it narrows both ends
    named : people known to be in audiences. Whoever is in d of them is in the sum d times, so d - 1 go from the upper
        end; all of them together are the least for the lower end. An audience is at least the people named in it
    returns : bounds of the union of the audiences that are known
    source : the upper end less a heaviest spanning forest of the known overlaps (Hunter 1976); the lower end by
        Bonferroni's second inequality
    """
    known = np.flatnonzero(~np.isnan(audience))
    if not known.size:
        return Bounds(None, None, 0, audience.size, "no network says how many people a source can reach")
    if np.any(audience[known] < 0):
        raise HubbubError("an audience cannot be below zero")
    pairs = {pair: x for pair, x in (overlap or {}).items() if not np.isnan(audience[list(pair)]).any()}
    for (a, b), x in pairs.items():
        if a == b or x < 0 or x > min(audience[a], audience[b]):
            raise HubbubError(f"{x:g} people cannot be common to audiences of {audience[a]:g} and {audience[b]:g}")
    said = audience.copy()
    distinct, again = _by_name(said, named) if named is not None else (0, 0)
    whole = float(said[known].sum())
    low = max([float(said[known].max()), *(float(said[a] + said[b] - x) for (a, b), x in pairs.items())])
    every = known.size * (known.size - 1) // 2
    if pairs and len(pairs) == every:
        low = max(low, whole - sum(pairs.values()))
    low = max(low, float(distinct))
    high = whole - max(_heaviest_forest(pairs), float(again))
    unsaid = audience.size - known.size
    how = "bounds: largest single source <= union <= sum of sources"
    how += f", narrowed by {len(pairs)} known overlaps" if pairs else ""
    how += f", narrowed by {distinct} people known by name, counted {again} times too often in the sum" if again else ""
    how += "; the upper end holds for the sources that say" if unsaid else ""
    return Bounds(low, max(low, high), int(known.size), unsaid, how)


def _by_name(audience: FloatArray, named: Named) -> tuple[int, int]:
    """People named in audiences that are said, and how often the sum counts them again; raises audiences to them."""
    says = ~np.isnan(audience[named.source])
    pairs = np.unique(np.column_stack([named.source[says], named.person[says]]), axis=0)
    many = np.bincount(pairs[:, 0], minlength=audience.size)
    audience[:] = np.where(np.isnan(audience), audience, np.maximum(audience, many))
    distinct = int(np.unique(pairs[:, 1]).size)
    return distinct, len(pairs) - distinct


def _heaviest_forest(pairs: Mapping[tuple[int, int], float]) -> float:
    """Weight of the heaviest spanning forest (Kruskal)."""
    head: dict[int, int] = {}

    def root(i: int) -> int:
        while head.setdefault(i, i) != i:
            head[i] = head[head[i]]
            i = head[i]
        return i

    total = 0.0
    for (a, b), weight in sorted(pairs.items(), key=lambda entry: (-entry[1], entry[0])):
        one, other = root(a), root(b)
        if one != other:
            head[one] = other
            total += weight
    return total


def _z(level: float) -> float:
    return float(ndtri(0.5 + level / 2.0))
