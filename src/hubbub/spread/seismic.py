"""SEISMIC: infectiousness and final size of a cascade from the times of its shares and their audiences.

Source: Zhao, Erdogdu, He, Rajaraman, Leskovec (2015), "SEISMIC: a self-exciting point process model for predicting
tweet popularity", KDD. Checked against the values of the CRAN package `seismic` 1.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from scipy.stats import chi2

from hubbub.kernel import FloatArray, IntArray, jit

LONGEST, SHORTEST, FEWEST = 7_200.0, 300.0, 5
"""The window that infectiousness is read in: half of the age, within these seconds, and at least so many shares."""


@dataclass(frozen=True, slots=True)
class Memory:
    """How long a share waits before it is shared on: `height` (1/s) up to `cutoff` seconds, then t^-(1 + theta)."""

    theta: float
    cutoff: float
    height: float

    @classmethod
    def of(cls, theta: float, cutoff: float) -> Memory:
        """The memory whose whole is 1."""
        return cls(theta, cutoff, 1.0 / (cutoff * (1.0 + 1.0 / theta)))

    def density(self, seconds: float) -> float:
        """Density of waiting so long, 1/s."""
        if seconds <= self.cutoff:
            return self.height
        return self.height * math.pow(seconds / self.cutoff, -(1.0 + self.theta))

    def beyond(self, seconds: float) -> float:
        """Probability of waiting longer."""
        if seconds <= self.cutoff:
            return 1.0 - self.height * seconds
        return self.height * self.cutoff / self.theta * math.pow(seconds / self.cutoff, -self.theta)


PUBLISHED = Memory(0.2314843, 300.0, 0.0006265725)
"""The memory that the paper fitted on Twitter, with the digits of its package."""


@dataclass(frozen=True, slots=True)
class Seismic:
    """What SEISMIC says of one cascade at one age.

    infectiousness : chance that one who sees it shares it; low, high : its interval
    final : shares in the end, inf if supercritical
    """

    infectiousness: float
    low: float
    high: float
    final: float


def seismic(
    seconds: FloatArray,
    audience: FloatArray,
    age: float,
    mean_audience: float = 100.0,
    memory: Memory = PUBLISHED,
    level: float = 0.9,
) -> Seismic:
    """Read one cascade at one age.

    seconds : float64[n], ascending, since the root, which stands first with 0; audience : float64[n], people reached
    age : seconds; mean_audience : audience of those who will share, n* in the paper
    """
    offsets = np.array([0, seconds.size], np.int64)
    p, final, counted = fits(offsets, seconds, audience, np.array([age]), mean_audience, memory)
    return Seismic(float(p[0]), *interval(float(p[0]), int(counted[0]), level), float(final[0]))


def interval(infectiousness: float, counted: int, level: float = 0.9) -> tuple[float, float]:
    """Ends for an infectiousness read from so many shares: chi-square with twice as many degrees of freedom."""
    if counted == 0:
        return 0.0, 0.0
    tail, df = (1.0 - level) / 2.0, 2 * counted
    return infectiousness * float(chi2.ppf(tail, df)) / df, infectiousness * float(chi2.ppf(1.0 - tail, df)) / df


def fits(
    offsets: IntArray,
    seconds: FloatArray,
    audience: FloatArray,
    age: FloatArray,
    mean_audience: float = 100.0,
    memory: Memory = PUBLISHED,
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Read many cascades, each at its own age: infectiousness, final shares, and shares counted in the window.

    offsets : int64[c + 1]; seconds, audience : float64[n], each cascade ascending with its root first; age : float64[c]
    """
    c = offsets.size - 1
    p, final, counted = np.zeros(c), np.zeros(c), np.zeros(c, np.int64)
    _fits(offsets, seconds, audience, age, mean_audience, memory.theta, memory.cutoff, memory.height, p, final, counted)
    return p, final, counted


@njit(inline="always")
def _tapered(age: Any, power: Any, slope: Any, b: Any, theta: Any, cutoff: Any, height: Any) -> Any:
    """Integral of the memory from 0 to `age`, x weighted by 1 - slope (b - x); power = (age / cutoff)^-theta."""
    flat = min(age, cutoff)
    rest = 1.0 - slope * b
    total = height * (rest * flat + 0.5 * slope * flat * flat)
    if age > cutoff:
        total += height * cutoff * (rest * (1.0 - power) / theta)
        total += height * cutoff * slope * (age * power - cutoff) / (1.0 - theta)
    return total


@njit(inline="always")
def _power(age: Any, theta: Any, cutoff: Any) -> Any:
    return math.exp(-theta * math.log(age / cutoff)) if age > cutoff else 1.0


@jit
def _fits(
    offsets: Any, seconds: Any, audience: Any, ages: Any, mean: Any, theta: Any, cutoff: Any, height: Any,
    p: Any, final: Any, counted: Any,
) -> None:  # fmt: skip
    for c in range(offsets.size - 1):
        start, age = offsets[c], ages[c]
        seen = start + np.searchsorted(seconds[start : offsets[c + 1]], age)  # shares before this age, root included
        if seen == start or age <= 0.0:
            continue
        window = min(max(0.5 * age, SHORTEST), LONGEST)
        slope = 1.0 / window
        inside = seen - start - np.searchsorted(seconds[start:seen], age - window)
        if inside < FEWEST:
            since = seconds[max(seen - 1 - FEWEST, start)]
            window = age - since
            slope = 1.0 / window
        weighted, exposed, waiting = 0.0, 0.0, 0.0
        n = 0
        for i in range(start, seen):
            b = age - seconds[i]
            near = _power(b, theta, cutoff)
            whole = _tapered(b, near, slope, b, theta, cutoff, height)
            a = b - window
            if a > 0.0:
                whole -= _tapered(a, _power(a, theta, cutoff), slope, b, theta, cutoff, height)
            elif i > start:
                weighted += 1.0 - slope * b
                n += 1
            exposed += audience[i] * whole
            waiting += audience[i] * (1.0 - height * b if b <= cutoff else height * cutoff / theta * near)
        counted[c] = n
        if weighted > 0.0 and exposed > 0.0:
            p[c] = weighted / exposed
        # A share at this very moment has happened, though the window is open at its end.
        now = seen
        while now < offsets[c + 1] and seconds[now] <= age:
            waiting += audience[now]
            now += 1
        final[c] = math.inf if p[c] * mean >= 1.0 else now - start - 1 + p[c] * waiting / (1.0 - p[c] * mean)
