"""What a test is worth, and how many people it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

FEW_CLUSTERS = 15
"""Fewer clusters an arm are too few, and that is said."""
ICC = 0.05
"""Likeness within a cluster where past cascades do not tell."""


def two_proportions(p1: float, p2: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """People per arm to tell p1 from p2, two-sided, not rounded.

    source : Fleiss, Levin, Paik (2003), Statistical Methods for Rates and Proportions, 4.14 without correction

    >>> math.ceil(two_proportions(0.1, 0.12))
    3841
    """
    p = (p1 + p2) / 2.0
    spread = float(ndtri(1.0 - alpha / 2.0)) * math.sqrt(2.0 * p * (1.0 - p))
    spread += float(ndtri(power)) * math.sqrt(p1 * (1.0 - p1) + p2 * (1.0 - p2))
    return spread**2 / (p1 - p2) ** 2


@dataclass(frozen=True, slots=True)
class Clusters:
    """Size of an arm where connected groups stay together."""

    design_effect: float
    persons: int
    clusters: int

    @property
    def too_few(self) -> bool:
        return self.clusters < FEW_CLUSTERS


def clusters(n: float, m: float, cv: float = 0.0, icc: float = ICC) -> Clusters:
    """An arm of n independent people as clusters of mean size m with coefficient of variation cv.

    source : Eldridge, Ashby, Kerry (2006), International Journal of Epidemiology 35

    >>> found = clusters(293.151, 20)
    >>> round(found.design_effect, 6), found.persons, found.clusters
    (1.95, 572, 29)
    """
    effect = 1.0 + ((1.0 + cv * cv) * m - 1.0) * icc
    # A product such as 58.000000000000004 is 58 people.
    persons = math.ceil(round(n * effect, 9))
    return Clusters(effect, persons, math.ceil(round(persons / m, 9)))


def evpi(mean: float, sd: float) -> float:
    """Expected value of knowing the difference ~ N(mean, sd^2) for certain, in its unit.

    >>> round(evpi(2.0, 4.0), 6)
    0.791186
    """
    if sd <= 0.0:
        return 0.0
    u = abs(mean) / sd
    return sd * (math.exp(-u * u / 2.0) / math.sqrt(2.0 * math.pi) - u * float(ndtr(-u)))


def evsi(mean: float, sd: float, unit_sd: float, n: float) -> float:
    """Expected value of n more units, each with standard deviation unit_sd.

    >>> round(evsi(2.0, 4.0, 30.0, 50), 6)
    0.373245
    """
    if sd <= 0.0 or n <= 0.0:
        return 0.0
    return evpi(mean, sd * sd / math.sqrt(sd * sd + unit_sd * unit_sd / n))


def evsi_by_side(mean: float, sd: float, parts: Sequence[float], now: Sequence[int], more: Sequence[int]) -> float:
    """Expected value of more units where each side is uncertain by itself, and has few units of its own.

    parts : variance of each side's draws, in any one unit; `now` units gave it, `more` are to come
    The prior of a side from `now` units of variance v^2 is s^2 = v^2 / now: with v^2 = now s^2, `evsi` is s^2 n / (n +
    now), and what both sides teach adds up. For one side it is `evsi(mean, sd, sd * sqrt(now), more)`.

    >>> round(evsi_by_side(2.0, 4.0, [16.0], [10], [10]), 6) == round(evsi(2.0, 4.0, 4.0 * math.sqrt(10), 10), 6)
    True
    """
    whole = sum(parts)
    if whole <= 0.0:
        return 0.0
    told = sum(part * n / (n + had) for part, had, n in zip(parts, now, more, strict=True) if n > 0)
    return evpi(mean, sd * math.sqrt(told / whole))


def cut(draws: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation of draws cut at their 1st and 99th percentile, for tails are heavy."""
    low, high = np.quantile(draws, [0.01, 0.99])
    inside = np.clip(draws, low, high)
    return float(inside.mean()), float(inside.std())
