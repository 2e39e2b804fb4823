"""Exposure of shares, the sum of F(end - time), of each cascade by itself and of all without each in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hubbub.kernel import FloatArray, IntArray, jit

if TYPE_CHECKING:
    from hubbub.spread.growth import Shares


def exposure_without_each(shares: Shares, c: int) -> FloatArray:
    """The sum of F(end - time) over all shares but those of one cascade, F estimated without it: float64[c].

    Leaving a cascade out takes its waits from the numbers at risk and tied; the times stay, and where nothing is tied
    any more the product is multiplied by 1. Work: cascades x distinct waits.
    """
    times, tied = np.unique(shares.wait_us, return_counts=True)
    by_wait, by_age = (np.argsort(k, kind="stable") for k in (shares.wait_cascade, shares.cascade))
    waits, ages = (
        np.concatenate([[0], np.cumsum(np.bincount(k, minlength=c))]) for k in (shares.wait_cascade, shares.cascade)
    )
    enters = np.searchsorted(times, shares.wait_us[by_wait])
    leaves = np.searchsorted(times, shares.room_us[by_wait], side="right")
    aged = np.searchsorted(times, shares.age_us[by_age], side="right")
    out = np.empty(c)
    _leave_out(tied, waits, enters, leaves, ages, aged, out)
    return out


@jit
def _leave_out(tied: Any, waits: Any, enters: Any, leaves: Any, ages: Any, aged: Any, out: Any) -> None:
    """A wait is at risk at the times from `enters` on, up to but not with `leaves`."""
    n = tied.size
    at_risk, at_age = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    for k in range(enters.size):
        at_risk[enters[k]] += 1
        at_risk[leaves[k]] -= 1
    for k in range(aged.size):
        at_age[aged[k]] += 1
    for t in range(1, n + 1):
        at_risk[t] += at_risk[t - 1]
    risk, own_tied, own_age = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
    for c in range(out.size):
        risk[:], own_tied[:], own_age[:] = 0, 0, 0
        for k in range(waits[c], waits[c + 1]):
            risk[enters[k]] += 1
            risk[leaves[k]] -= 1
            own_tied[enters[k]] += 1
        for k in range(ages[c], ages[c + 1]):
            own_age[aged[k]] += 1
        for t in range(1, n + 1):
            risk[t] += risk[t - 1]
        f, total = 1.0, np.float64(at_age[n] - own_age[n])
        for t in range(n - 1, -1, -1):
            f *= 1.0 - (tied[t] - own_tied[t]) / max(at_risk[t] - risk[t], 1)
            total += f * (at_age[t] - own_age[t])
        out[c] = total


def exposure_of_each(shares: Shares, c: int, least: int) -> tuple[FloatArray, IntArray]:
    """Exposure of each cascade whose waits alone give F, and how many of its shares have F = 0: float64[c], int64[c].

    shares : in the order of their cascades; least : cascades with fewer waits are passed over and have 0
    """
    ages, waits = (np.searchsorted(k, np.arange(c + 1)) for k in (shares.cascade, shares.wait_cascade))
    total, young = np.zeros(c), np.zeros(c, np.int64)
    _of_each(ages, shares.age_us, waits, shares.wait_us, shares.room_us, least, total, young)
    return total, young


@jit
def _of_each(ages: Any, age: Any, waits: Any, wait: Any, room: Any, least: Any, total: Any, young: Any) -> None:
    for c in range(total.size):
        m = waits[c + 1] - waits[c]
        if m < least:
            continue
        w, r = np.sort(wait[waits[c] : waits[c + 1]]), np.sort(room[waits[c] : waits[c + 1]])
        below = np.empty(m + 1, np.float64)  # F at a time before w[i] and not before w[i - 1]
        below[m] = 1.0
        i = m - 1
        while i >= 0:
            j = i
            while j > 0 and w[j - 1] == w[i]:
                j -= 1
            risk = i + 1 - np.searchsorted(r, w[i])
            f = below[i + 1] * (1.0 - (i - j + 1) / max(risk, 1))
            for k in range(j, i + 1):
                below[k] = f
            i = j - 1
        for k in range(ages[c], ages[c + 1]):
            f = below[np.searchsorted(w, age[k], side="right")]
            total[c] += f
            young[c] += f == 0.0
