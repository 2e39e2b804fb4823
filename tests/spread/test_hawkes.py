"""Hawkes fits against published values, a general optimiser, and planted cascades."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from hubbub.kernel import FloatArray
from hubbub.spread.hawkes import (
    Cascades,
    Memory,
    Prior,
    Running,
    exponential,
    fit_cascades,
    fit_stream,
    fit_streams,
    learn,
    log_likelihood,
    power_law,
)
from tests.shared import DATA, needs_data

TEN = np.array([0.5, 1.0, 1.2, 2.0, 3.5, 3.6, 3.7, 5.0, 7.5, 9.0])


def test_likelihood_of_ten_points() -> None:
    assert log_likelihood(TEN, 10.0, 0.5, 0.5, 2.0) == pytest.approx(-11.717934397111941, rel=1e-13)
    assert log_likelihood(TEN, 10.0, 1.0, 0.0, 1.0) == pytest.approx(-10.0, rel=1e-13)


@needs_data
def test_ten_thousand_events() -> None:
    times = np.loadtxt(DATA / "hawkes_tick_1039.txt.gz")
    found = fit_stream(times, 10_000.0)
    assert (found.mu, found.alpha, found.beta) == pytest.approx((0.50765904, 0.49567391, 2.10347396), rel=1e-6)
    assert found.log_likelihood == pytest.approx(-8040.04397, abs=1e-5)
    fixed = fit_stream(times, 10_000.0, beta=2.0)
    assert (fixed.mu, fixed.alpha, fixed.beta) == pytest.approx((0.50139914, 0.50189355, 2.0), rel=1e-6)
    assert fixed.log_likelihood == pytest.approx(-8041.008672, abs=1e-5)


def test_no_optimiser_finds_more() -> None:
    rng = np.random.default_rng(5)
    for _ in range(8):
        times = np.sort(rng.uniform(0, 50, 12)[:, None] + rng.exponential(0.3, (12, 4)), axis=None)
        times = times[times < 50]
        found = fit_stream(times, 50.0)
        for beta in (0.1, 1.0, 10.0):
            start = np.log([0.3, 0.5, beta])
            other = minimize(lambda x, t=times: -log_likelihood(t, 50.0, *np.exp(x)), start, method="Nelder-Mead")
            assert found.log_likelihood >= -other.fun - 1e-6


def test_many_streams_are_each_alone() -> None:
    empty = fit_streams(np.array([0, 10, 10, 15]), np.r_[TEN, TEN[:5]], np.array([10.0, 4.0, 10.0]))
    assert np.isnan(empty[1]).all()
    assert tuple(empty[0]) == tuple(vars_of(fit_stream(TEN, 10.0)))
    assert tuple(empty[2]) == tuple(vars_of(fit_stream(TEN[:5], 10.0)))


def vars_of(stream: object) -> list[float]:
    return [getattr(stream, name) for name in ("mu", "alpha", "beta", "log_likelihood")]


@pytest.mark.parametrize("theta", [0.25, 0.6, 1.5])
@pytest.mark.parametrize("cutoff", [0.02, 0.5])
def test_long_memory_is_the_power_law(theta: float, cutoff: float) -> None:
    decay = power_law(theta, cutoff)
    assert decay.weights.sum() == pytest.approx(1.0)
    for hours in np.geomspace(cutoff / 10, 1e4, 30):
        true = -np.expm1(-theta * np.log1p(hours / cutoff))
        assert decay.within(hours) == pytest.approx(true, abs=0.01)
        density = float((decay.weights * decay.rates * np.exp(-decay.rates * hours)).sum())
        assert density == pytest.approx(theta / cutoff * (1 + hours / cutoff) ** -(1 + theta), rel=0.02)


def planted(
    rng: np.random.Generator, r: float, root: float, wait: float, age: float, theta: float | None = None
) -> tuple[FloatArray, np.ndarray]:
    """Times and parents of one cascade: Poisson children after waits, exponential or power law with this cutoff."""

    def waits(n: int) -> FloatArray:
        return rng.exponential(wait, n) if theta is None else wait * (rng.uniform(size=n) ** (-1 / theta) - 1)

    times, parents = [], []
    for t in waits(rng.poisson(root)):
        times.append(t)
        parents.append(-1)
    i = 0
    while i < len(times) and len(times) < 100_000:
        for w in waits(rng.poisson(r)):
            times.append(times[i] + w)
            parents.append(i)
        i += 1
    order = np.argsort(times)
    place = np.empty(len(times), np.int64)
    place[order] = np.arange(len(times))
    up = np.array([place[p] if p >= 0 else -1 for p in parents], np.int64)[order] if parents else np.empty(0, np.int64)
    at = np.array(times)[order] if times else np.empty(0)
    keep = at < age
    return at[keep], up[keep]


def together(found: list[tuple[FloatArray, np.ndarray]], age: float, hidden: bool = False) -> Cascades:
    offsets = np.r_[0, np.cumsum([len(t) for t, _ in found])]
    up = np.concatenate([u for _, u in found])
    return Cascades(
        offsets, np.concatenate([t for t, _ in found]), np.full_like(up, -2) if hidden else up, np.full(len(found), age)
    )


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("long", [False, True])
def test_planted_memory_is_found(hidden: bool, long: bool) -> None:
    rng = np.random.default_rng(11)
    theta = 0.8 if long else None
    found = together([planted(rng, 0.6, 25.0, 2.0, 500.0, theta) for _ in range(60)], 500.0, hidden)
    memory = learn(found, long)
    # With hidden parents the likelihood is flat: what is found must be likelier than the truth, not equal to it.
    assert memory.prior.mean == pytest.approx(0.6, abs=0.15 if hidden else 0.05)
    truth = fit_cascades(found, power_law(0.8, 2.0) if long else exponential(0.5), Prior(0.6, 1e9))
    assert memory.log_likelihood >= truth.log_likelihood.sum() - 0.1
    for hours in (1.0, 5.0, 30.0):
        true = -np.expm1(-0.8 * np.log1p(hours / 2.0)) if long else -np.expm1(-hours / 2.0)
        assert memory.decay.within(hours) == pytest.approx(true, abs=0.06)


def test_known_parents_give_the_ratio_of_children_to_exposure() -> None:
    decay = exponential(0.5)
    hours, up = np.array([1.0, 2.0, 4.0, 6.0]), np.array([-1, 0, 0, 2])
    fit = fit_cascades(Cascades(np.array([0, 4]), hours, up, np.array([8.0])), decay)
    exposure = sum(1 - np.exp(-0.5 * (8 - t)) for t in hours)
    assert fit.reproduction[0] == pytest.approx(3 / exposure)
    assert fit.root[0] == pytest.approx(1 / (1 - np.exp(-4.0)))


def test_share_by_share_equals_all_at_once() -> None:
    rng = np.random.default_rng(2)
    memory = Memory(power_law(0.7, 0.5), Prior(0.5, 10.0), 0.0)
    hours, up = planted(rng, 0.7, 30.0, 1.0, 20.0)
    running = Running(memory)
    for t, u in zip(hours, up, strict=True):
        running.share(t, hours[u] if u >= 0 else None, from_root=u < 0)
    fit = fit_cascades(together([(hours, up)], 20.0), memory.decay, memory.prior)
    assert running.reproduction(20.0) == pytest.approx(fit.reproduction[0], rel=1e-9)
    assert running.final(20.0) == pytest.approx(fit.final[0], rel=1e-9)


def test_hidden_parents_share_by_share_come_near() -> None:
    rng = np.random.default_rng(4)
    memory = Memory(exponential(0.5), Prior(0.5, 10.0), 0.0)
    hours, up = planted(rng, 0.7, 60.0, 2.0, 12.0)
    running = Running(memory)
    for t in hours:
        running.share(t)
    fit = fit_cascades(together([(hours, up)], 12.0, hidden=True), memory.decay, memory.prior)
    assert running.final(12.0) == pytest.approx(fit.final[0], rel=0.25)


def test_no_shares_and_supercritical() -> None:
    none = Cascades(np.array([0, 0]), np.empty(0), np.empty(0, np.int64), np.array([5.0]))
    assert fit_cascades(none, exponential(1.0), Prior(0.5, 10.0)).final[0] == 0.0
    chain = Cascades(np.array([0, 6]), np.arange(1.0, 7.0), np.arange(-1, 5), np.array([6.0]))
    assert np.isinf(fit_cascades(chain, exponential(0.5)).final[0])
