"""Calibration of forecasts: cascades held out of simulated pasts, and of the real sets where they lie beside us."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.calibration import error
from bench.run import NO_TARGET, Row
from hubbub import read_log
from hubbub.kernel import FloatArray, IntArray
from hubbub.spread.forecast import Past, forecast, past_of

RATES, EITHER_WAY = (0.3, 0.5, 0.7), 0.1
"""Reproduction in the mean, and how far that of single cascades lies from it at most."""
MEMORIES = {"exponential": None, "power law": 1.1}
"""Exponent of the tail of the waits; None: exponential."""
WAIT_HOURS = 1.0
"""Mean wait of the exponential memory, scale of the other."""
FIRST, UNLIKE = 60.0, 0.6
"""Shares of the root: median and spread of their logarithm; some posts do much better than others."""
AUDIENCE, SPREAD = 200.0, 1.0
"""Median audience of a sharer and spread of its logarithm; where it is known, it decides how many follow."""
CASCADES, HELD_OUT, AGE_HOURS = 60, 10, 4.0
LARGE = 100
"""Shares in the end from which at least half must be answered."""
COVERAGE, ANSWERED = 0.86, 0.5
REAL = ("pheme", "rumours")
REAL_AGES, REAL_LARGE, REAL_MOST = (1.0 / 6.0, 1.0, 3.0), 50, 40
"""Hours; shares in the end, of cascades that are asked for; of these at most so many of a set, evenly spread."""
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "logs"


@dataclass(frozen=True, slots=True)
class Found:
    """One forecast of a cascade whose end is known. low, value, high : shares, NaN where it was refused"""

    truth: int
    seen: int
    value: float
    low: float
    high: float

    @property
    def answered(self) -> bool:
        return not np.isnan(self.value)

    @property
    def held(self) -> bool:
        return self.low <= self.truth <= self.high


def asked(past: Past, rows: Iterable[int], age: float) -> Iterator[Found]:
    """Forecast each of some cascades at an age, the others being the past."""
    for row in rows:
        hours = past.hours[past.offsets[row] : past.offsets[row + 1]]
        final = forecast(past, int(row), age).final
        value, low, high = (np.nan if x is None else x for x in (final.value, final.low, final.high))
        # A forecast without an upper end holds everything above its lower one.
        high = np.inf if final.known and final.high is None else high
        yield Found(hours.size, int((hours <= age).sum()), value, low, high)


def tree(
    rng: np.random.Generator, rate: float, tail: float | None, audience: bool
) -> tuple[FloatArray, IntArray, FloatArray]:
    """One cascade to its end: hours of the shares, ascending, their parents (-1 the root), audiences (NaN unknown)."""
    mean = AUDIENCE * np.exp(SPREAD**2 / 2.0)

    def waits(n: int) -> FloatArray:
        if tail is None:
            return rng.exponential(WAIT_HOURS, n)
        return np.asarray(WAIT_HOURS * (rng.random(n) ** (-1.0 / tail) - 1.0))

    times = list(waits(rng.poisson(rng.lognormal(np.log(FIRST), UNLIKE))))
    up, reach = [-1] * len(times), []
    for i, time in enumerate(times):
        reach.append(AUDIENCE * rng.lognormal(0.0, SPREAD) if audience else np.nan)
        later = time + waits(rng.poisson(rate * reach[i] / mean if audience else rate))
        times += later.tolist()
        up += [i] * later.size
    order = np.argsort(times, kind="stable")
    place = np.argsort(order)
    parents = np.array(up, np.int64)[order]
    parents[parents >= 0] = place[parents[parents >= 0]]
    return np.array(times)[order], parents, np.array(reach)[order]


def world(rng: np.random.Generator, rate: float, tail: float | None, audience: bool) -> Past:
    """Finished cascades of one brand, each with a reproduction of its own."""
    each = [tree(rng, rate + rng.uniform(-EITHER_WAY, EITHER_WAY), tail, audience) for _ in range(CASCADES)]
    hours, up, reach = (np.concatenate(column) for column in zip(*each, strict=True))
    offsets = np.concatenate([[0], np.cumsum([t.size for t, _, _ in each])])
    roots = np.full(CASCADES, AUDIENCE * 10.0 if audience else np.nan)
    return Past(offsets, hours, up, reach, roots, np.ones(CASCADES, np.bool_))


def run(folder: Path, worlds: int) -> list[Row]:
    """Every cell, with as many cascades held out as worlds are asked for; then the real sets."""
    del folder
    out = []
    for name, tail in MEMORIES.items():
        for audience in (False, True):
            for rate in RATES:
                rng = np.random.default_rng([round(rate * 10), tail is None, audience])
                found: list[Found] = []
                while len(found) < worlds:
                    found += asked(world(rng, rate, tail, audience), range(HELD_OUT), AGE_HOURS)
                work = f"R {rate:g}, {name}, audience {'known' if audience else 'not known'}"
                out += [held_row(work, found), answered_row(work, found)]
    return out + [row for name in REAL for row in real(name)]


def told(found: list[Found]) -> str:
    """Errors of those answered, beside "final = seen so far" on the same."""
    answered = [f for f in found if f.answered]
    if not answered:
        return "none answered"
    own = np.median([abs(f.value - f.truth) / f.truth for f in answered])
    plain = np.median([(f.truth - f.seen) / f.truth for f in answered])
    return f"median error {own:.1%}, naive {plain:.1%}"


def held(found: list[Found]) -> tuple[float, int]:
    """Part of the answers whose interval holds the truth, and how many answers."""
    answered = [f for f in found if f.answered]
    return float(np.mean([f.held for f in answered])) if answered else 0.0, len(answered)


def held_row(work: str, found: list[Found]) -> Row:
    """Coverage of the answers; a miss where chance alone (three standard errors) does not explain it."""
    part, n = held(found)
    noise = error(part, n)
    said = f"90 % interval holds {part:.1%} ± {noise:.1%} of {n}; {told(found)}"
    return Row(work, said, f"at least {COVERAGE:.0%}", n > 0 and part + 3.0 * noise >= COVERAGE)


def answered_row(work: str, found: list[Found]) -> Row:
    """How many of the large cascades are answered."""
    large = [f.answered for f in found if f.truth >= LARGE]
    part = float(np.mean(large)) if large else 0.0
    return Row(
        f"the same, {LARGE} shares or more", f"answered {part:.0%} of {len(large)}", f"at least {ANSWERED:.0%}",
        part >= ANSWERED or not large,
    )  # fmt: skip


def real(name: str) -> list[Row]:
    """Coverage on a real set at some ages, each cascade held out of the others."""
    path = next(DATA.glob(f"{name}.*"), None)
    if path is None:
        return [Row(name, "the set does not lie beside the project (docs/validation.md)", NO_TARGET, True)]
    table = read_log(path).tables()
    ended = table.ledger.last
    assert ended is not None
    past = past_of(table.cascades, round(ended.timestamp() * 1e6))
    large = np.flatnonzero(past.finished & (past.sizes >= REAL_LARGE))
    rows = large[np.unique(np.linspace(0, large.size - 1, min(REAL_MOST, large.size)).astype(int))]
    out = []
    for age in REAL_AGES:
        found = list(asked(past, rows.tolist(), age))
        part, n = held(found)
        said = f"answered {n} of {len(found)}; 90 % interval holds {part:.1%} ± {error(part, n):.1%}; {told(found)}"
        out.append(Row(f"{name}, {age:.3g} h after the root", said, NO_TARGET, True))
    return out
