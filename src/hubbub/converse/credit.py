"""Credit: one conversion's value divided over the modes of its touches, exactly (METHODS, "Rules")."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

DECAY_US = 7 * 86_400_000_000.0
FIRST, LAST, LINEAR, POSITION, DECAY, SHAPLEY = range(6)


@njit(inline="always")
def portion(value: Any, part: Any, whole: Any) -> Any:
    """value * part / whole, rounded half to even on the magnitude, without overflow."""
    size = abs(value)
    q = size // whole
    rest = (size - q * whole) * part
    out = q * part + rest // whole
    left = rest % whole
    if 2 * left > whole or (2 * left == whole and out & 1):
        out += 1
    return out if value >= 0 else -out


@njit(inline="always")
def _divide(value: Any, weights: Any, whole: Any, into: Any) -> None:
    """Add value's exact portions to `into`; what rounding leaves goes to the last mode with a weight."""
    left = value
    last = 3
    for m in range(4):
        if weights[m] > 0:
            p = portion(value, weights[m], whole)
            into[m] += p
            left -= p
            last = m
    into[last] += left


@njit(inline="always")
def divide(value: Any, modes: Any, ages: Any, n: Any, weights: Any, decay: Any, credit: Any) -> None:
    """Divide one conversion under all six rules.

    modes : int8, the modes of its n touches in reading order; ages : int64, microseconds before the conversion
    weights, decay : scratch, int64[4] and float64[4]
    credit : int64[24], rule-major; the portions are added
    """
    if n == 0:
        for rule in range(6):
            credit[4 * rule + 3] += value
        return
    credit[4 * FIRST + modes[0]] += value
    credit[4 * LAST + modes[n - 1]] += value
    weights[:] = 0
    decay[:] = 0.0
    total = 0.0
    for j in range(n):
        weights[modes[j]] += 1
        w = 2.0 ** (-ages[j] / DECAY_US)
        decay[modes[j]] += w
        total += w
    _divide(value, weights, n, credit[4 * LINEAR : 4 * LINEAR + 4])
    left = value
    last = 3
    distinct = 0
    for m in range(4):
        if weights[m] > 0:
            distinct += 1
            part = np.int64(np.rint(value * decay[m] / total))
            credit[4 * DECAY + m] += part
            left -= part
            last = m
    credit[4 * DECAY + last] += left
    for m in range(4):
        weights[m] = 1 if weights[m] > 0 else 0
    _divide(value, weights, distinct, credit[4 * SHAPLEY : 4 * SHAPLEY + 4])
    weights[:] = 0
    if n <= 2:
        for j in range(n):
            weights[modes[j]] += 1
        _divide(value, weights, n, credit[4 * POSITION : 4 * POSITION + 4])
        return
    for j in range(n):
        weights[modes[j]] += 2 * (n - 2) if j == 0 or j == n - 1 else 1
    _divide(value, weights, 5 * (n - 2), credit[4 * POSITION : 4 * POSITION + 4])
