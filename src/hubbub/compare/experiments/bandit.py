"""Thompson's rule for share pages and messages: send more to what does better, keep a tenth even, know when to stop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import beta

from hubbub.kernel import FloatArray

EVEN = 0.1
"""The part that is always dealt evenly; effects are read off those people alone."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(2_000)


def probability_best(successes: Sequence[int], trials: Sequence[int]) -> FloatArray:
    """How likely each arm has the highest rate: float64[arms], from Beta(1 + s, 1 + n - s).

    source : Thompson (1933), Biometrika 25

    >>> [round(float(p), 6) for p in probability_best([1, 3, 2], [10, 10, 10])]
    [0.096833, 0.621254, 0.281913]
    """
    arms = [beta(1 + s, 1 + n - s) for s, n in zip(successes, trials, strict=True)]
    u, weight = (_NODES + 1.0) / 2.0, _WEIGHTS / 2.0
    out = np.empty(len(arms))
    for i, arm in enumerate(arms):
        x = arm.ppf(u)
        out[i] = float(weight @ np.prod([other.cdf(x) for j, other in enumerate(arms) if j != i], axis=0))
    return np.asarray(out / out.sum())


def expected_loss(successes: Sequence[int], trials: Sequence[int]) -> FloatArray:
    """What choosing each arm loses against the best, in rate, on average over what is not known: float64[arms]."""
    arms = [beta(1 + s, 1 + n - s) for s, n in zip(successes, trials, strict=True)]
    low, high = min(float(a.ppf(1e-12)) for a in arms), max(float(a.isf(1e-12)) for a in arms)
    x = low + (_NODES + 1.0) / 2.0 * (high - low)
    best = low + (high - low) / 2.0 * float(_WEIGHTS @ (1.0 - np.prod([a.cdf(x) for a in arms], axis=0)))
    return np.maximum(best - np.array([a.mean() for a in arms]), 0.0)


def parts(successes: Sequence[int], trials: Sequence[int]) -> FloatArray:
    """Which part of those to come each arm gets: a tenth evenly, the rest by how likely it is the best."""
    return np.asarray(EVEN / len(trials) + (1.0 - EVEN) * probability_best(successes, trials))
