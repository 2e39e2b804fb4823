"""What lasts: the fraction of people who come back, and how long people stay before they fall silent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from hubbub.estimate import Estimate, wilson

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

ICC = 0.05
"""Smallest likeness within a cascade that is assumed where the data show less."""


def newcombe(a: tuple[float, float, float], b: tuple[float, float, float]) -> tuple[float, float, float]:
    """Difference of two independent estimates (value, low, high) with the interval from both intervals.

    source : Newcombe (1998), Statistics in Medicine 17, method 10; for any pair of intervals Zou and Donner (2008)
    """
    difference = a[0] - b[0]
    low = difference - float(np.hypot(a[0] - a[1], b[2] - b[0]))
    high = difference + float(np.hypot(a[2] - a[0], b[0] - b[1]))
    return difference, low, high


def design_effect(came_back: IntArray, eligible: IntArray) -> tuple[float, float]:
    """How much people of one cascade are alike: (deff, degrees of freedom).

    came_back, eligible : int64[c], for each cascade with eligible people
    """
    n, k, c = float(eligible.sum()), float(came_back.sum()), len(eligible)
    p = k / n
    squares = float((eligible.astype(np.float64) ** 2).sum())
    seen = 1.0
    if c >= 2 and 0.0 < p < 1.0:
        spread = float(((came_back - p * eligible) ** 2).sum())
        seen = c / (c - 1.0) * spread / (n * p * (1.0 - p))
    deff = max(1.0, seen, 1.0 + (squares / n - 1.0) * ICC)
    return deff, max(1.0, n * n / squares - 1.0)


def retention(came_back: BoolArray, cascade: IntArray | None, days: int, level: float = 0.9) -> Estimate:
    """The fraction of eligible people with a touch of their own in the 30 days from day `days`.

    came_back : bool[n], one for each eligible person
    cascade : int64[n], whose cascade the person came by; None where people stand for themselves
    """
    n = len(came_back)
    if n == 0:
        return Estimate.unknown(f"nobody was first seen {days + 30} days or more before the end of the log")
    k = int(came_back.sum())
    how = f"people with a touch on day {days} to {days + 30}; Wilson"
    if cascade is None:
        low, high = wilson(k, n, level)
        return Estimate(k / n, low, high, level, n, how)
    place = np.unique(cascade, return_inverse=True)[1].reshape(-1)
    eligible = np.bincount(place)
    deff, df = design_effect(np.bincount(place, weights=came_back).astype(np.int64), eligible)
    quantile = float(stdtrit(df, 0.5 + level / 2.0))
    low, high = wilson(k / deff, n / deff, level, quantile)
    return Estimate(k / n, low, high, level, n, f"{how} with design effect {deff:.3g} over {len(eligible)} cascades")


@dataclass(frozen=True, slots=True)
class Survival:
    """Kaplan-Meier steps.

    time : float64[m], distinct times with an event; survival, low, high : float64[m]; n : how many durations
    error : float64[m], Greenwood's standard error of the survival
    """

    time: FloatArray
    survival: FloatArray
    low: FloatArray
    high: FloatArray
    error: FloatArray
    n: int


def kaplan_meier(durations: FloatArray, seen: BoolArray, level: float = 0.9) -> Survival:
    """Product-limit estimate of survival with Greenwood's variance and a log-log band.

    durations : float64[n]; seen : bool[n], True where the event was seen, False where censored
    source : Kaplan and Meier (1958), JASA 53; Greenwood (1926); band as in lifelines and R survival (log-log)

    >>> kaplan_meier(np.array([1.0, 2.0, 3.0]), np.array([True, False, True])).survival.round(6).tolist()
    [0.666667, 0.0]
    """
    n = len(durations)
    order = np.sort(durations)
    time, deaths = np.unique(durations[seen], return_counts=True)
    risk = n - np.searchsorted(order, time, side="left")
    survival: FloatArray = np.cumprod(1.0 - deaths / risk).astype(np.float64)
    left = risk - deaths
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(left > 0, deaths / (risk * np.maximum(left, 1).astype(np.float64)), np.inf))
        inner = np.sqrt(greenwood) / np.log(survival)
        z = float(ndtri(0.5 + level / 2.0))
        low = np.exp(-np.exp(np.log(-np.log(survival)) - z * inner))
        high = np.exp(-np.exp(np.log(-np.log(survival)) + z * inner))
        error = survival * np.sqrt(greenwood)
    inside = (survival > 0.0) & (survival < 1.0)
    low = np.where(inside, low, np.where(survival <= 0.0, 0.0, 1.0))
    high = np.where(inside, high, np.where(survival <= 0.0, 0.0, 1.0))
    return Survival(time, survival, low, high, np.where(inside, error, 0.0), n)


def quantile_time(curve: Survival, part: float, level: float = 0.9) -> Estimate:
    """The time by which `part` of all have had the event, with the ends where the band crosses it.

    An end that the band never reaches is None.
    """
    if curve.n == 0:
        return Estimate.unknown("nothing was waited for")
    limit = 1.0 - part
    value = _crossing(curve.time, curve.survival, limit)
    if value is None:
        return Estimate.unknown(f"fewer than {part:.0%} had happened by the end of the log")
    low = _crossing(curve.time, curve.low, limit)
    high = _crossing(curve.time, curve.high, limit)
    how = "Kaplan-Meier, log-log band"
    if high is None:
        how += "; the upper end lies beyond the log"
    return Estimate(value, low, high, level, curve.n, how)


def _crossing(time: FloatArray, curve: FloatArray, limit: float) -> float | None:
    below = np.flatnonzero(curve <= limit + 1e-12)
    return float(time[below[0]]) if len(below) else None
