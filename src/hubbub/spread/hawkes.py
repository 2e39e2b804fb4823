"""Self-exciting (Hawkes) fits by maximum likelihood: a stream of events, and cascades with exponential or long memory.

Sources: Hawkes (1971), Biometrika 58; Ozaki (1979), AISM 31, for the likelihood in O(n); Bochud and Challet (2007),
Quantitative Finance 7, for a long memory as a sum of exponentials; Veen and Schoenberg (2008), JASA 103, for EM.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from hubbub.kernel import FloatArray, IntArray, jit
from hubbub.spread.growth import strength

ROUNDS, POOLED_ROUNDS = 200, 60
"""EM steps of a cascade, and of the reproduction that past cascades share, at most."""
NEWTON = 400
"""Newton steps of a stream, damped ones included, at most."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Background rate mu, branching ratio alpha, decay beta (both rates per unit of time), and the log likelihood."""

    mu: float
    alpha: float
    beta: float
    log_likelihood: float


def log_likelihood(times: FloatArray, end: float, mu: float, alpha: float, beta: float) -> float:
    """Of events at `times`, ascending in (0, end], with intensity mu + alpha beta sum exp(-beta (t - t_i))."""
    out = np.empty(10)
    _derivatives(np.ascontiguousarray(times, np.float64), end, mu, alpha, beta, out)
    return float(out[0])


def fit_stream(times: FloatArray, end: float, beta: float | None = None) -> Stream:
    """Maximum likelihood of mu and alpha, and of beta where it is not given. times : ascending in (0, end]"""
    offsets = np.array([0, len(times)], np.int64)
    found = fit_streams(offsets, times, np.array([end]), beta)[0]
    return Stream(*(float(x) for x in found))


def fit_streams(offsets: IntArray, times: FloatArray, ends: FloatArray, beta: float | None = None) -> FloatArray:
    """Many streams at once: float64[c, 4] of mu, alpha, beta, log likelihood; NaN for a stream without events."""
    out = np.full((len(ends), 4), np.nan)
    _streams(offsets, np.ascontiguousarray(times, np.float64), ends, beta if beta is not None else -1.0, out)
    return out


@jit
def _derivatives(t: Any, end: Any, mu: Any, alpha: Any, beta: Any, out: Any) -> None:
    """Log likelihood, its gradient and the upper half of its Hessian in (mu, alpha, beta), in one pass."""
    ll = g0 = g1 = g2 = h00 = h01 = h02 = h11 = h12 = h22 = 0.0
    a = d = e = 0.0  # sums over earlier events of exp(-beta gap), times gap, times gap squared
    mass = mass1 = mass2 = 0.0  # sum of 1 - exp(-beta (end - t)) and its derivatives by beta
    for i in range(t.size):
        if i:
            gap = t[i] - t[i - 1]
            fade = math.exp(-beta * gap)
            e = fade * (e + gap * (2.0 * d + gap * (1.0 + a)))
            d = fade * (d + gap * (1.0 + a))
            a = fade * (1.0 + a)
        b, b1, b2 = beta * a, a - beta * d, beta * e - 2.0 * d
        rate = mu + alpha * b
        one = 1.0 / rate
        ll += math.log(rate)
        g0 += one
        g1 += b * one
        g2 += alpha * b1 * one
        h00 -= one * one
        h01 -= b * one * one
        h02 -= alpha * b1 * one * one
        h11 -= b * b * one * one
        h12 += b1 * one - alpha * b * b1 * one * one
        h22 += alpha * b2 * one - alpha * alpha * b1 * b1 * one * one
        left = end - t[i]
        gone = math.exp(-beta * left)
        mass += 1.0 - gone
        mass1 += left * gone
        mass2 -= left * left * gone
    out[0] = ll - mu * end - alpha * mass
    out[1], out[2], out[3] = g0 - end, g1 - mass, g2 - alpha * mass1
    out[4], out[5], out[6], out[7], out[8], out[9] = h00, h01, h02, h11, h12 - mass1, h22 - alpha * mass2


@jit
def _climb(t: Any, end: Any, x: Any, free: Any, now: Any, new: Any) -> None:
    """Damped Newton steps on the logarithms of (mu, alpha, beta); beta stays where `free` is 2."""
    _derivatives(t, end, x[0], x[1], x[2], now)
    damp = 1e-3
    a = np.zeros((3, 3))
    g = np.zeros(3)
    trial = np.empty(3)
    for _ in range(NEWTON):
        k = 4
        for i in range(3):
            g[i] = x[i] * now[1 + i]
            for j in range(i, 3):
                a[i, j] = -x[i] * x[j] * now[k]
                a[j, i] = a[i, j]
                k += 1
            a[i, i] -= g[i]
        for i in range(free):
            a[i, i] += damp * (1.0 + abs(a[i, i]))
        ahead = 0.0
        step = np.zeros(3)
        # Gauss elimination of two or three unknowns, with the damping keeping the pivots positive.
        fine = True
        for i in range(free):
            if a[i, i] <= 0.0:
                fine = False
                break
            for r in range(i + 1, free):
                f = a[r, i] / a[i, i]
                g[r] -= f * g[i]
                for c in range(i, free):
                    a[r, c] -= f * a[i, c]
        if fine:
            for i in range(free - 1, -1, -1):
                s = g[i]
                for c in range(i + 1, free):
                    s -= a[i, c] * step[c]
                step[i] = min(max(s / a[i, i], -2.0), 2.0)
            for i in range(3):
                trial[i] = x[i] * math.exp(step[i])
                ahead = max(ahead, abs(step[i]))
            _derivatives(t, end, trial[0], trial[1], trial[2], new)
        if fine and new[0] >= now[0]:
            gain = new[0] - now[0]
            x[:] = trial
            now[:] = new
            damp = max(damp * 0.1, 1e-12)
            if ahead < 1e-8 or gain < 1e-13 * abs(now[0]):
                return
        else:
            damp = max(damp * 10.0, 1e-6)
            if damp > 1e12:
                return


@jit
def _streams(offsets: Any, times: Any, ends: Any, beta: Any, out: Any) -> None:
    now, new, x = np.empty(10), np.empty(10), np.empty(3)
    for c in range(offsets.size - 1):
        t, end = times[offsets[c] : offsets[c + 1]], ends[c]
        if t.size == 0:
            continue
        best = -math.inf
        for start in range(1 if beta > 0.0 else 2):
            x[0], x[1] = 0.5 * t.size / end, 0.5
            x[2] = beta if beta > 0.0 else (0.5 if start == 0 else 8.0) * t.size / end
            _climb(t, end, x, 2 if beta > 0.0 else 3, now, new)
            if now[0] > best:
                best = now[0]
                out[c, 0], out[c, 1], out[c, 2], out[c, 3] = x[0], x[1], x[2], best


@dataclass(frozen=True, slots=True)
class Decay:
    """How long a share waits before it is shared on: a mixture of exponentials, density sum of w r exp(-r t).

    weights, rates : float64[k]; weights sum to 1; rates per hour
    """

    name: str
    weights: FloatArray
    rates: FloatArray

    def within(self, hours: float) -> float:
        """Probability of waiting at most so long."""
        return float((self.weights * -np.expm1(-self.rates * hours)).sum())


def exponential(rate: float) -> Decay:
    """Memory that fades at one rate, per hour."""
    return Decay("exponential", np.ones(1), np.array([rate]))


def power_law(theta: float, cutoff: float, longest: float = 1e5) -> Decay:
    """Memory theta cutoff^theta (t + cutoff)^-(1 + theta), hours, as a sum of exponentials.

    A wait of this law is exponential with a gamma distributed rate; the integral over the logarithm of the rate by
    equal steps of .6 is within 1 % of it from 0 to `longest` hours. What is slower than that is one last rate.
    """
    step = 0.6
    grid = np.exp(np.arange(math.log(1.0 / (20.0 * longest)), math.log(12.0 / cutoff) + step, step))
    log_weight = theta * np.log(grid * cutoff) - grid * cutoff - gammaln(theta)
    weights = np.exp(log_weight) * step
    rest = 1.0 - weights.sum()
    weights[0] = max(weights[0] + rest, 0.0)
    return Decay("power law", weights / weights.sum(), grid)


@dataclass(frozen=True, slots=True)
class Cascades:
    """Shares of some cascades up to an age of each, the root not among them.

    offsets : int64[c + 1]; hours : float64[n] since the root, ascending in each cascade
    up : int64[n], position of the parent within the cascade's shares, -1 the root, -2 not known
    age : float64[c], hours
    """

    offsets: IntArray
    hours: FloatArray
    up: IntArray
    age: FloatArray


@dataclass(frozen=True, slots=True)
class Prior:
    """What the brand's past cascades say of reproduction: a gamma distribution, its mean and the exposure behind it."""

    mean: float
    exposure: float


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept of past cascades: how shares wait, and how reproduction varies between cascades."""

    decay: Decay
    prior: Prior
    log_likelihood: float


@dataclass(frozen=True, slots=True)
class Fit:
    """float64[c] each: reproduction, what the root brings in all, children and exposure of shares (weights, for hidden
    parents), shares still to come directly from what is there, log likelihood, and final size (inf: supercritical)."""

    reproduction: FloatArray
    root: FloatArray
    children: FloatArray
    exposure: FloatArray
    direct: FloatArray
    log_likelihood: FloatArray
    final: FloatArray


def fit_cascades(cascades: Cascades, decay: Decay, prior: Prior | None = None) -> Fit:
    """Each cascade's own reproduction by EM (maximum a posteriori under `prior`), with a given memory."""
    weighed = _weigh(cascades, decay)
    out = np.zeros((cascades.age.size, 4))
    a, b = (prior.mean * prior.exposure, prior.exposure) if prior else (0.0, 0.0)
    _maximise(cascades.offsets, weighed.by_root, weighed.by_share, weighed.within, weighed.exposure, a, b, -1.0, out)
    r, root, children, ll = out.T
    seen = np.diff(cascades.offsets)
    direct = root * (1.0 - weighed.within) + r * (seen - weighed.exposure)
    with np.errstate(divide="ignore", invalid="ignore"):
        final = seen + np.where(r < 1.0, direct / (1.0 - r), np.inf)
    return Fit(r, root, children, weighed.exposure, direct, ll, final)


def learn(cascades: Cascades, long: bool) -> Memory:
    """Maximum likelihood of the memory over past cascades that share one reproduction; then how it varies.

    long : power law, else exponential. Nelder-Mead over the memory, EM within.
    """
    out = np.zeros((cascades.age.size, 4))
    mean = 0.5

    def pooled(decay: Decay) -> tuple[float, FloatArray]:
        nonlocal mean
        weighed = _weigh(cascades, decay)
        for _ in range(POOLED_ROUNDS):
            before = mean
            _maximise(
                cascades.offsets, weighed.by_root, weighed.by_share, weighed.within, weighed.exposure, 0.0, 0.0,
                before, out,
            )  # fmt: skip
            mean = (out[:, 2].sum() + 1e-9) / (weighed.exposure.sum() + 1e-6)
            if abs(mean - before) < 1e-5:
                break
        return float(out[:, 3].sum()), weighed.exposure

    def decay_of(x: FloatArray) -> Decay:
        x = np.clip(x, -12.0, 12.0)
        return power_law(float(np.exp(min(x[1], 2.0))), float(np.exp(x[0]))) if long else exponential(np.exp(-x[0]))

    middle = math.log(max(float(np.median(cascades.hours)) if cascades.hours.size else 1.0, 1e-3))
    start = np.array([middle, -0.5]) if long else np.array([middle])
    steps = {"xatol": 0.01, "fatol": 0.01, "maxiter": 100}
    found = minimize(lambda x: -pooled(decay_of(x))[0], start, method="Nelder-Mead", options=steps)
    decay = decay_of(found.x)
    ll, exposure = pooled(decay)
    return Memory(decay, Prior(mean, strength(out[:, 2], exposure, mean, least=1.0)), ll)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Density of each share as the root's and as an earlier share's child; what of both a cascade's age has shown."""

    by_root: FloatArray
    by_share: FloatArray
    within: FloatArray
    exposure: FloatArray


def _weigh(cascades: Cascades, decay: Decay) -> _Weighed:
    n, c = cascades.hours.size, cascades.age.size
    weighed = _Weighed(np.empty(n), np.empty(n), np.empty(c), np.empty(c))
    _densities(
        cascades.offsets, cascades.hours, cascades.up, cascades.age, decay.weights, decay.rates,
        weighed.by_root, weighed.by_share, weighed.within, weighed.exposure,
    )  # fmt: skip
    return weighed


@jit
def _densities(
    offsets: Any, hours: Any, up: Any, ages: Any, weights: Any, rates: Any,
    by_root: Any, by_share: Any, within: Any, exposure: Any,
) -> None:  # fmt: skip
    terms = rates.size
    state = np.empty(terms)
    for c in range(offsets.size - 1):
        start, stop, age = offsets[c], offsets[c + 1], ages[c]
        state[:] = 0.0
        last = 0.0
        for i in range(start, stop):
            gap = hours[i] - last
            last = hours[i]
            own = hours[i] - hours[start + up[i]] if up[i] >= 0 else hours[i]
            one, many = 0.0, 0.0
            for k in range(terms):
                state[k] *= math.exp(-rates[k] * gap)
                one += weights[k] * rates[k] * math.exp(-rates[k] * own)
                many += weights[k] * rates[k] * state[k]
                state[k] += 1.0
            # A known parent leaves one of the two ways only.
            by_root[i] = one if up[i] < 0 else 0.0
            by_share[i] = one if up[i] >= 0 else (many if up[i] == -2 else 0.0)
        within[c], exposure[c] = 0.0, 0.0
        for k in range(terms):
            within[c] += weights[k] * (1.0 - math.exp(-rates[k] * age))
            exposure[c] += weights[k] * (stop - start - state[k] * math.exp(-rates[k] * (age - last)))


@jit
def _maximise(
    offsets: Any, by_root: Any, by_share: Any, within: Any, exposure: Any, a: Any, b: Any, fixed: Any, out: Any
) -> None:
    """EM of each cascade: reproduction, the root's children in all, children of shares, log likelihood.

    `fixed` >= 0 holds reproduction there, and takes steps of the root only.
    """
    for c in range(offsets.size - 1):
        start, stop = offsets[c], offsets[c + 1]
        n = stop - start
        r = fixed if fixed >= 0.0 else (0.5 if b == 0.0 else a / b)
        root = max(1.0, 0.5 * n)
        children = 0.0
        for _ in range(ROUNDS):
            children = 0.0
            for i in range(start, stop):
                mine = r * by_share[i]
                total = mine + root * by_root[i]
                if total > 0.0:
                    children += mine / total
            was, before = r, root
            root = max(n - children, 0.0) / max(within[c], 1e-12)
            if fixed < 0.0:
                r = (children + a) / max(exposure[c] + b, 1e-300)
            if abs(r - was) < 1e-7 and abs(root - before) < 1e-5 * (root + 1.0):
                break
        ll = -root * within[c] - r * exposure[c]
        for i in range(start, stop):
            ll += math.log(max(r * by_share[i] + root * by_root[i], 1e-300))
        out[c, 0], out[c, 1], out[c, 2], out[c, 3] = r, root, children, ll


class Running:
    """A cascade as it runs: each new share is taken in O(terms of the memory), however many came before.

    With known parents it equals `fit_cascades`; a hidden parent is weighed once, when the share comes.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._state = np.zeros(memory.decay.rates.size)
        self._last = 0.0
        self.shares = 0
        self.children = 0.0

    def share(self, hours: float, parent_hours: float | None = None, from_root: bool = False) -> None:
        """A share so long after the root; the time of its parent share, or that it came from the root, if known."""
        decay = self._memory.decay
        self._state *= np.exp(-decay.rates * (hours - self._last))
        self._last = hours
        if parent_hours is not None:
            self.children += 1.0
        elif not from_root and self.shares:
            density = decay.weights * decay.rates
            by_share = self.reproduction(hours) * float(density @ self._state)
            by_root = self._root(hours) * float(density @ np.exp(-decay.rates * hours))
            self.children += by_share / (by_share + by_root) if by_share > 0.0 else 0.0
        self._state += 1.0
        self.shares += 1

    def _exposure(self, now: float) -> float:
        decay = self._memory.decay
        return self.shares - float(decay.weights @ (self._state * np.exp(-decay.rates * (now - self._last))))

    def _root(self, now: float) -> float:
        return max(self.shares - self.children, 0.5) / max(self._memory.decay.within(now), 1e-12)

    def reproduction(self, now: float) -> float:
        """Reproduction as seen `now` hours after the root."""
        prior = self._memory.prior
        return (self.children + prior.mean * prior.exposure) / (self._exposure(now) + prior.exposure)

    def final(self, now: float) -> float:
        """Shares in the end; inf where reproduction is 1 or more."""
        r = self.reproduction(now)
        if r >= 1.0:
            return math.inf
        root = max(self.shares - self.children, 0.0)
        to_come = root * (1.0 / max(self._memory.decay.within(now), 1e-12) - 1.0) + r * (
            self.shares - self._exposure(now)
        )
        return self.shares + to_come / (1.0 - r)
