"""Calibration of `together`: does spread ride on conversation, where those with large audiences talk more anyway."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.calibration import error
from bench.run import NO_TARGET, Row
from hubbub.compare.campaigns import Nodes
from hubbub.compare.together import favours, rides_on_conversation
from hubbub.estimate import Estimate

CASCADES = (15, 40, 120, 400)
FIRST, RATE = 20.0, 0.5
"""Shares of the brand's post in the mean, and further shares that a share brings in the mean."""
SPREADS = {"moderate": 1.0, "heavy": 1.5}
"""Spread of the logarithm of audiences: a tenth have at least 3.6 and 6.8 times the median."""
TIMES = (1.0, 1.5)
"""How many more a sharer brings who had talked with the brand; 1: talking has no effect."""
HOUR_US = 3_600_000_000
MOST_FALSE, POWER = 0.1, 0.8
POWERFUL = (40, 1.5)
"""From so many cascades and this effect upwards the claim is to be made in most worlds."""


@dataclass(frozen=True, slots=True)
class Cell:
    """cascades : of a world; spread : of the logarithm of audiences; times : effect of having talked"""

    cascades: int
    spread: float
    times: float


def drawn(rng: np.random.Generator, cell: Cell) -> Nodes:
    """One world: the larger the audience, the likelier a sharer had talked (from 5 to 55 %), and the more follow."""
    cascade, parent, exchanged, audience = [], [], [], []
    for c in range(cell.cascades):
        up, talked, reach = [-1], [False], [-1.0]
        up += [0] * int(rng.poisson(FIRST))
        at = 1
        while at < len(up):
            size = rng.normal()
            reach.append(200.0 * np.exp(cell.spread * size))
            talked.append(bool(rng.random() < 0.05 + 0.5 / (1.0 + np.exp(-2.0 * size))))
            # How many follow goes with the audience; the mean over audiences is RATE, talkers apart.
            rate = RATE * np.exp(cell.spread * size - cell.spread**2 / 2.0)
            up += [at] * int(rng.poisson(rate * (cell.times if talked[at] else 1.0))) if len(up) < 5_000 else []
            at += 1
        cascade.append(np.full(len(up), c))
        parent.append(np.array(up))
        exchanged.append(np.array(talked))
        audience.append(np.array(reach, np.int64))
    code, ups = np.concatenate(cascade), np.concatenate(parent)
    first = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])[code]
    is_root = ups < 0
    people = np.where(is_root, -1, np.arange(code.size))
    # Every share comes an hour after its parent, so that nothing is cut off.
    return Nodes(
        code, ups, people, np.full(code.size, HOUR_US), np.full(code.size, -1, np.int8),
        np.concatenate(exchanged), np.concatenate(audience), ~is_root, is_root, np.where(is_root, -1, first + ups),
    )  # fmt: skip


def crude(nodes: Nodes) -> float:
    """Children of those who talked over those of the others, nothing held alike."""
    children = np.bincount(nodes.up[nodes.up >= 0], minlength=nodes.up.size)
    talked = nodes.exchanged & nodes.by_person
    return float(children[talked].mean() / children[~nodes.exchanged & nodes.by_person].mean())


def run(folder: Path, worlds: int) -> list[Row]:
    """False claims where talking has no effect, and how often an effect is found."""
    del folder
    out = []
    for name, spread in SPREADS.items():
        for cascades in CASCADES:
            for times in TIMES:
                rng = np.random.default_rng([cascades, round(spread * 10), round(times * 10)])
                drawings = [drawn(rng, Cell(cascades, spread, times)) for _ in range(worlds)]
                found = [rides_on_conversation(nodes, 0.9) for nodes in drawings]
                plain = float(np.median([crude(nodes) for nodes in drawings]))
                out.append(
                    row(f"{cascades} cascades, audiences {name}, times {times:g}", times, cascades, found, plain)
                )
    return out


def row(work: str, times: float, cascades: int, found: list[Estimate], plain: float) -> Row:
    """How often the claim was made; a miss where three standard errors do not explain it."""
    claimed = float(np.mean([favours(x) for x in found]))
    values = [x.value for x in found if x.value is not None]
    noise = error(claimed, len(found))
    ratio = float(np.median(values)) if values else np.nan
    said = f"claimed in {claimed:.1%} ± {noise:.1%} of {len(found)}; median ratio {ratio:.2f}, crude {plain:.2f}"
    if times == 1.0:
        return Row(work, said, f"at most {MOST_FALSE:.0%}", claimed - 3.0 * noise <= MOST_FALSE)
    asked = cascades >= POWERFUL[0] and times >= POWERFUL[1]
    return Row(work, said, f"at least {POWER:.0%}" if asked else NO_TARGET, not asked or claimed >= POWER)
