"""Readings of two arms that hold however often one looks, and whether the arms are as large as they should be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from hubbub.estimate import Estimate
from hubbub.kernel import FloatArray, IntArray

PLANNED = 1_000
"""People in all, where no plan names them."""
FIRST_LOOK = 5
"""Events an arm before anything is read."""
UNLIKELY = 0.001
"""Arms as uneven as this, or less likely, were not filled as planned."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What one arm shows.

    n : people whose time is over; events : of these, with the outcome (or with value); mean and variance : by person,
    the variance such that variance / n is that of the mean, whole clusters counted as they stay together
    """

    n: int
    events: int
    mean: float
    variance: float


def arm_of(outcome: FloatArray, binary: bool, cluster: IntArray | None = None) -> Arm:
    """An arm from the outcomes of its people; cluster : int64[n], who stays together with whom, None for each alone."""
    n = int(outcome.size)
    if n == 0:
        return Arm(0, 0, math.nan, math.nan)
    mean = float(outcome.mean())
    if cluster is not None:
        variance = _clustered(outcome - mean, cluster)
    elif binary:
        variance = mean * (1.0 - mean)
    else:
        variance = float(outcome.var(ddof=1)) if n > 1 else math.nan
    return Arm(n, int(np.count_nonzero(outcome)), mean, variance)


def _clustered(residual: FloatArray, cluster: IntArray) -> float:
    """n times the variance of the mean, from sums by cluster; never below that of single people."""
    code = np.unique(cluster, return_inverse=True)[1]
    sums = np.bincount(code, weights=residual)
    alone = float((residual**2).mean())
    if sums.size < 2:
        return math.nan
    return max(alone, float((sums**2).sum()) * sums.size / (sums.size - 1) / residual.size)


def looked_at(planned: int, alpha: float) -> float:
    """The tuning r that makes the interval narrowest about the planned number of people.

    >>> round(looked_at(1000, 0.05), 6)
    0.089085
    """
    return math.sqrt((-2.0 * math.log(alpha) + math.log(-2.0 * math.log(alpha) + 1.0)) / planned)


def difference(one: Arm, other: Arm, planned: int = PLANNED, alpha: float = 0.05) -> Estimate:
    """Mean of `other` less that of `one`, with an interval that holds at all times together.

    source : Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Annals of Statistics 52, asymptotic confidence
    sequences

    >>> arms = [arm_of(np.repeat([1.0, 0.0], [k, 500 - k]), True) for k in (50, 75)]
    >>> found = difference(*arms)
    >>> round(found.low, 6), round(found.high, 6)
    (-0.013304, 0.113304)
    """
    if min(one.events, other.events) < FIRST_LOOK:
        few = min(one.events, other.events)
        return Estimate.unknown(f"{few} events in the smaller arm; the first look is at {FIRST_LOOK}")
    total = one.n + other.n
    error = math.sqrt(one.variance / one.n + other.variance / other.n)
    if math.isnan(error):
        return Estimate.unknown("a single cluster in an arm says nothing of its doubt")
    t = total * looked_at(planned, alpha) ** 2
    half = error * math.sqrt(2.0 * (t + 1.0) / t * math.log(math.sqrt(t + 1.0) / alpha))
    value = other.mean - one.mean
    how = f"asymptotic confidence sequence, holds at every look; tuned to {planned} people"
    return Estimate(value, value - half, value + half, 1.0 - alpha, total, how)


def probability_above(one: Arm, other: Arm) -> float:
    """How likely it is that `other` is above `one`, by the normal approximation, not corrected for looking often."""
    error = math.sqrt(one.variance / one.n + other.variance / other.n)
    if error == 0.0:
        return 0.5 if one.mean == other.mean else float(other.mean > one.mean)
    return 0.5 * math.erfc(-(other.mean - one.mean) / error / math.sqrt(2.0))


def sample_ratio(assigned: Sequence[int], parts: Sequence[float]) -> tuple[float, float]:
    """Chi-square of the sizes of the arms against the parts planned, and its p.

    >>> tuple(round(x, 4) for x in sample_ratio([21307, 21387, 21306], [1, 1, 1]))
    (0.2025, 0.9037)
    """
    seen = np.asarray(assigned, dtype=np.float64)
    expected = seen.sum() * np.asarray(parts, dtype=np.float64) / math.fsum(parts)
    if not (expected > 0.0).all():
        return 0.0, 1.0
    found = float(((seen - expected) ** 2 / expected).sum())
    return found, float(chi2.sf(found, len(assigned) - 1))
