"""The spread engine against its peers on the same work: forecasts and self-exciting fits; then `bench.seeding`."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from bench import floors, seeding
from bench.run import NO_TARGET, Row, alone, by_turns, ratio_row, timed
from hubbub.spread.hawkes import fit_streams, log_likelihood
from hubbub.spread.seismic import PUBLISHED, fits

EVENTS, STREAM = 74, 111


def spread(folder: Path, rows: int, subsim: Path | None = None) -> list[Row]:
    """Every row checks first that both give the same result. subsim : the authors' program, which the user built"""
    return [*_seismic(), *_hawkes(folder), *seeding.rows(folder, subsim)]


def _seismic() -> list[Row]:
    rng = np.random.default_rng(0)
    count, age = 20_000, 4 * 3600.0
    seconds = np.sort(np.column_stack([np.zeros(count), rng.uniform(0.0, age, (count, EVENTS))]), axis=1)
    audience = rng.pareto(1.5, seconds.shape) * 100 + 1
    offsets = np.arange(count + 1) * (EVENTS + 1)
    ages = np.full(count, age)
    some = 400
    (peer_s, peer), (own_s, own) = by_turns(
        lambda: np.array([_numpy_seismic(seconds[i], audience[i], age) for i in range(some)]),
        lambda: fits(offsets, seconds.ravel(), audience.ravel(), ages)[1],
    )
    if not np.allclose(own[:some], peer, rtol=1e-9):
        raise SystemExit("SEISMIC differs from numpy")
    mine, theirs = count / own_s, some / peer_s
    return [
        ratio_row(f"SEISMIC, {EVENTS} events / numpy by cascade", mine / theirs, 10, more_is_better=True),
        Row("SEISMIC, one core", f"{mine:,.0f} fits/s", "at least 150,000", mine >= 150_000),
        _over("SEISMIC / one logarithm and one exponential an event", own_s, *floors.powers(seconds.ravel(), 1)),
    ]


def _over(work: str, own_s: float, floor_s: float, _: float) -> Row:
    return Row(work, f"{own_s / floor_s:.1f}x", NO_TARGET, True)


def _numpy_seismic(seconds: np.ndarray, audience: np.ndarray, age: float, mean: float = 100.0) -> float:
    """The same estimator in numpy, written apart: integrals of the memory by their antiderivative."""
    theta, cutoff, height = PUBLISHED.theta, PUBLISHED.cutoff, PUBLISHED.height
    seen = seconds < age
    s, a = seconds[seen], audience[seen]
    window = min(max(age / 2, 300.0), 7_200.0)

    def tapered(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        rest = 1.0 - (age - s) / window
        flat_low, flat_high = np.minimum(low, cutoff), np.minimum(high, cutoff)
        flat = height * (rest * (flat_high - flat_low) + (flat_high**2 - flat_low**2) / (2 * window))
        x, y = np.maximum(low, cutoff), np.maximum(high, cutoff)
        scale = height * cutoff ** (1 + theta)
        tail = rest * (x**-theta - y**-theta) / theta + (y ** (1 - theta) - x ** (1 - theta)) / ((1 - theta) * window)
        return np.asarray(flat + scale * tail)

    exposed = float((a * tapered(np.maximum(age - window - s, 0.0), age - s)).sum())
    late = s[1:][s[1:] >= age - window]
    p = float((1.0 - (age - late) / window).sum()) / exposed
    wait = age - s
    beyond = np.where(wait <= cutoff, 1 - height * wait, height * cutoff / theta * (wait / cutoff) ** -theta)
    return math.inf if p * mean >= 1 else s.size - 1 + p * float((a * beyond).sum()) / (1 - p * mean)


def _hawkes(folder: Path) -> list[Row]:
    """hawkesbook twice: with one thread of BLAS, its best by far, and as installed, where threads wait on others."""
    rng = np.random.default_rng(1)
    count, end = 200, 100.0
    streams = []
    while len(streams) < count:
        parents = np.sort(rng.uniform(0, end, 60))
        times = np.sort(np.concatenate([parents, parents + rng.exponential(0.5, 60)]))
        times = times[times < end]
        if times.size >= STREAM:
            streams.append(times[:STREAM])
    offsets = np.arange(count + 1) * STREAM
    own_s, own = timed(lambda: fit_streams(offsets, np.concatenate(streams), np.full(count, end)))
    some = 16
    np.save(folder / "streams.npy", np.array(streams[:some]))
    ratios = []
    for environment in ({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}, {}):
        peer = alone("bench.peers", "hawkesbook_fits", environment, streams=str(folder / "streams.npy"), end=end).result
        for mine, theirs, t in zip(own, peer[1:], streams, strict=False):
            if mine[3] < log_likelihood(t, end, *theirs) - 1e-4:
                raise SystemExit("a Hawkes fit is less likely than hawkesbook's")
        ratios.append(peer[0][0] / some * count / own_s)
    work = f"exponential Hawkes, {STREAM} events / hawkesbook"
    return [
        ratio_row(f"{work}, one thread of BLAS", ratios[0], 500, more_is_better=True),
        Row(f"{work}, as installed", f"{ratios[1]:.0f}x", NO_TARGET, True),
        Row("exponential Hawkes, one core", f"{count / own_s:,.0f} fits/s", NO_TARGET, True),
        _over(
            "the same / two exponentials and a logarithm an event, once",
            own_s,
            *floors.powers(np.concatenate(streams), 2),
        ),
    ]
