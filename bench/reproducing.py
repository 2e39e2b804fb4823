"""Calibration of reproduction: branching processes with delays that the end of the log cuts off, R planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.calibration import error
from bench.run import Row
from hubbub.spread.growth import HOUR_US, Shares, kin_of, reproduction

RATES = (0.3, 0.6, 0.9, 1.2)
CASCADES = (8, 20, 60)
SHARERS = {"alike": None, "unlike": 1.0}
"""Shape of the gamma law from which each sharer's own rate is drawn; None: all have the same."""
FIRST, DELAY_HOURS = 8.0, 6.0
"""Shares of the brand's post in the mean, and the mean wait to a further share."""
HOURS = {0.3: 120.0, 0.6: 120.0, 0.9: 120.0, 1.2: 60.0}
"""How long the log is; cascades begin at any time in it, so all are cut off. Short above 1, where they have no end."""
BIAS, COVERAGE = 0.05, 0.88


def drawn(rng: np.random.Generator, rate: float, cascades: int, alike: float | None) -> Shares:
    """One log: what people shared of so many posts of the brand, up to the end of the log."""
    end = HOURS[rate]
    cascade, parent, time = [], [], []
    for c in range(cascades):
        start = rng.uniform(0.0, end)
        times, ups = [start], [-1]
        at = start + rng.exponential(DELAY_HOURS, rng.poisson(FIRST))
        times += at[at < end].tolist()
        ups += [0] * int((at < end).sum())
        place = 1
        while place < len(times):
            own = rate if alike is None else rate * rng.gamma(alike, 1.0 / alike)
            at = times[place] + rng.exponential(DELAY_HOURS, rng.poisson(own))
            times += at[at < end].tolist()
            ups += [place] * int((at < end).sum())
            place += 1
        order = np.argsort(times, kind="stable")
        rank = np.argsort(order)
        up = np.array(ups)[order]
        cascade.append(np.full(order.size, c))
        parent.append(np.where(up >= 0, rank[up], -1))
        time.append(np.round(np.array(times)[order] * HOUR_US).astype(np.int64))
    code = np.concatenate(cascade)
    first = np.r_[True, code[1:] != code[:-1]]
    person = np.where(first, -1, np.arange(code.size))
    return kin_of(
        code, np.concatenate(parent), np.concatenate(time), person, np.zeros(cascades, np.bool_), round(end * HOUR_US)
    ).all()


def run(folder: Path, worlds: int) -> list[Row]:
    """Bias and coverage of each cell."""
    del folder
    out = []
    for name, alike in SHARERS.items():
        for rate in RATES:
            for cascades in CASCADES:
                rng = np.random.default_rng([round(rate * 10), cascades, alike is not None])
                found = [reproduction(drawn(rng, rate, cascades, alike)).reproduction for _ in range(worlds)]
                out.append(_row(f"R {rate:g}, {cascades} cascades, sharers {name}", rate, found))
    return out


def _row(work: str, rate: float, found: list) -> Row:  # type: ignore[type-arg]
    known = [e for e in found if e.value is not None]
    bias = float(np.mean([e.value for e in known])) / rate - 1.0
    held = float(np.mean([e.low <= rate <= e.high for e in known]))
    noise = error(held, len(known))
    # A cell is missed where chance alone does not explain it: three standard errors.
    reached = abs(bias) <= BIAS and held + 3.0 * noise >= COVERAGE
    said = f"bias {bias:+.1%}; 90 % interval holds R in {held:.1%} ± {noise:.1%} of {len(known)}"
    return Row(work, said, f"bias within {BIAS:.0%}, at least {COVERAGE:.0%}", reached)
