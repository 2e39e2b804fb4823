"""How a cascade ran through time: generations, its busiest tenth, how fast it doubled, whether it came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hubbub.kernel import BoolArray, FloatArray, IntArray, jit
from hubbub.spread.growth import HOUR_US, WEEK_US

FEW_TO_DOUBLE = 10
"""Shares that a doubling time needs."""


@dataclass(frozen=True, slots=True)
class Pace:
    """One entry a cascade; NaN stands for null.

    generation : int64[n], of each node, 0 the root, -1 below a hidden parent
    busiest : part of the shares in the busiest window as long as a tenth of the time from the root to the last share
    peak_hours : when that window begins; doubling_hours : ln 2 over the slope of ln(nodes) up to half of the shares
    reignited : whether shares came again after a silence longer than max(7 days, 10 of its own median waits)
    """

    generation: IntArray
    busiest: FloatArray
    peak_hours: FloatArray
    doubling_hours: FloatArray
    reignited: BoolArray


def pace(offsets: IntArray, parent: IntArray, time_us: IntArray) -> Pace:
    """The pace of each cascade.

    offsets : int64[c + 1]; parent : int64[n], position within the cascade, -1 the root, -2 hidden; time_us : int64[n]
    """
    count = offsets.size - 1
    generation = np.zeros(parent.size, np.int64)
    busiest, peak, doubling = (np.full(count, np.nan) for _ in range(3))
    reignited = np.zeros(count, np.bool_)
    _pace(offsets, parent, time_us, generation, busiest, peak, doubling, reignited)
    return Pace(generation, busiest, peak / HOUR_US, doubling / HOUR_US, reignited)


@jit
def _pace(  # type: ignore[no-untyped-def]
    offsets, parent, time, generation, busiest, peak, doubling, reignited
):
    for c in range(offsets.size - 1):
        lo, hi = offsets[c], offsets[c + 1]
        m = hi - lo - 1
        if m < 1:
            continue
        waits = np.empty(m, np.float64)
        known = 0
        for i in range(lo + 1, hi):
            up = parent[i]
            if up == -2:
                generation[i] = -1
                continue
            at = lo + max(up, 0)
            generation[i] = -1 if generation[at] < 0 else generation[at] + 1
            waits[known] = time[i] - time[at]
            known += 1
        shares = np.sort(time[lo + 1 : hi])
        quiet = np.float64(WEEK_US)
        if known > 0:
            quiet = max(quiet, 10.0 * np.median(waits[:known]))
        for i in range(1, m):
            if shares[i] - shares[i - 1] > quiet:
                reignited[c] = True
        window = (shares[m - 1] - time[lo]) / 10.0
        best, head = 0, 0
        for i in range(m):
            while shares[i] - shares[head] > window:
                head += 1
            if i - head + 1 > best:
                best = i - head + 1
                peak[c] = shares[head] - time[lo]
        busiest[c] = best / m
        doubling[c] = _doubling(shares[: (m + 1) // 2], time[lo], m)


@jit
def _doubling(shares: Any, root: Any, m: Any) -> Any:
    """Least squares of ln(nodes so far) on time, over the first half of the shares."""
    if m < FEW_TO_DOUBLE:
        return np.nan
    n = shares.size
    t, y, tt, ty = 0.0, 0.0, 0.0, 0.0
    for k in range(n):
        a, b = np.float64(shares[k] - root), np.log(k + 2.0)
        t += a
        y += b
        tt += a * a
        ty += a * b
    below = n * tt - t * t
    if below <= 0.0:
        return np.nan
    slope = (n * ty - t * y) / below
    return np.log(2.0) / slope if slope > 0.0 else np.nan
