"""Exponential weights for units: the draws behind every probability and most intervals of the comparison."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DRAWS = 2_000
DRAWS_CLOSE = 10_000
"""Where a probability lies within CLOSE of its limit."""
CLOSE = 0.02
LARGEST = 5_000
"""So many classes are drawn one by one, the others together as one normal vector."""
BLOCK = 4_000_000
"""Weights held in memory at once."""
FEW_PEOPLE = 30
"""Below so many people the unseen person may be larger than anybody seen."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Units with identical rows taken together.

    rows : float64[c, k], what one unit of the class contributes to k sums
    counts : int64[c], how many units are of the class
    """

    rows: FloatArray
    counts: IntArray


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one question: they do not depend on which other questions are asked."""
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed & (2**64 - 1), crc32(name.encode())])))


def collapse(rows: FloatArray, counts: IntArray | None = None) -> Classes:
    """Identical rows to one class with their number, in the order of the rows' values; rows of zeros are left out.

    rows : float64[n, k]; counts : int64[n], 1 each where missing
    """
    n, k = rows.shape
    if n == 0:
        return Classes(np.zeros((0, k)), np.zeros(0, dtype=np.int64))
    columns = [f"c{j}" for j in range(k)]
    # + 0.0 makes the negative zero a zero.
    data = {name: rows[:, j] + 0.0 for j, name in enumerate(columns)}
    data["n"] = np.ones(n, dtype=np.int64) if counts is None else counts  # type: ignore[assignment]
    frame = pl.DataFrame(data).group_by(columns).agg(pl.col("n").sum()).sort(columns)
    found = frame.select(columns).to_numpy().astype(np.float64)
    number = frame["n"].to_numpy().astype(np.int64)
    keep = np.any(found != 0.0, axis=1)
    return Classes(np.ascontiguousarray(found[keep]), number[keep])


def weigh(classes: Classes, draws: int, rng: np.random.Generator, largest: int = LARGEST) -> FloatArray:
    """Sums over all units, each with a weight that is exponential with mean 1.

    returns : float64[k, draws]. k units of one class are one gamma; beyond the `largest` classes the rest is one
    normal vector with exact mean and covariance. Sums run in a fixed order, whatever the number of threads.
    """
    k = classes.rows.shape[1]
    out = np.zeros((k, draws))
    alone = _alone(classes, largest)
    rows, counts = classes.rows[alone], classes.counts[alone].astype(np.float64)
    step = max(1, BLOCK // draws)
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        shape = (len(counts[part]), draws)
        if np.all(counts[part] == 1.0):
            weights = rng.standard_exponential(shape)
        else:
            weights = rng.standard_gamma(counts[part, None], shape)
        for j in range(k):
            used = np.flatnonzero(rows[part, j])
            if len(used):
                out[j] += np.einsum("c,cd->d", rows[part, j][used], weights[used] if len(used) < shape[0] else weights)
    if not np.all(alone):
        out += _normal(classes.rows[~alone], classes.counts[~alone].astype(np.float64), draws, rng)
    return out


def _alone(classes: Classes, largest: int) -> npt.NDArray[np.bool_]:
    """Which classes are drawn by themselves: those of the largest part of any sum."""
    if len(classes.counts) <= largest:
        return np.ones(len(classes.counts), dtype=np.bool_)
    size = np.abs(classes.rows)
    total = np.einsum("c,ck->k", classes.counts.astype(np.float64), size)
    score = (size / np.where(total > 0.0, total, 1.0)).sum(axis=1)
    # Equal scores at the edge all go to the rest, so that no order of rows decides.
    edge = np.partition(score, -largest - 1)[-largest - 1]
    return np.asarray(score > edge)


def _normal(rows: FloatArray, counts: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """The sum over many small units as a normal vector: the weight of a class has mean and variance `counts`."""
    mean = np.einsum("c,ck->k", counts, rows)
    cov = np.einsum("ck,cl->kl", counts[:, None] * rows, rows)
    root = _root(cov)
    return np.asarray(mean[:, None] + np.einsum("kl,ld->kd", root, rng.standard_normal((len(mean), draws))))


def _root(cov: FloatArray) -> FloatArray:
    """Lower triangle L with L L' = cov; columns without variance of their own are zero."""
    k = len(cov)
    root = np.zeros((k, k))
    for j in range(k):
        pivot = cov[j, j] - (root[j, :j] ** 2).sum()
        if pivot <= 1e-9 * cov[j, j] or pivot <= 0.0:
            continue
        root[j, j] = np.sqrt(pivot)
        for i in range(j + 1, k):
            root[i, j] = (cov[i, j] - (root[i, :j] * root[j, :j]).sum()) / root[j, j]
    return root


def heavy(draws: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """The unit that nobody has seen: its weight, and how many times the largest unit it is, at most 100."""
    weight = rng.standard_exponential(draws)
    times = np.minimum(100.0, 1.0 / (1.0 - rng.random(draws)))
    return weight, times


def ends(low: FloatArray, high: FloatArray, level: float) -> tuple[float, float]:
    """The interval: lower percentile of one set of draws, upper percentile of the other."""
    tail = (1.0 - level) / 2.0
    return float(np.quantile(low, tail)), float(np.quantile(high, 1.0 - tail))


def p_value(difference_low: FloatArray, difference_high: FloatArray) -> float:
    """Two-sided p from the draws of a difference A - B.

    difference_low : A - (B with its unseen unit), which a claim "A is more" must survive
    difference_high : (A with its unseen unit) - B, which a claim "B is more" must survive
    returns : 2 min(share <= 0, share >= 0), between 1/draws and 1
    """
    p = 2.0 * min(float(np.mean(difference_low <= 0.0)), float(np.mean(difference_high >= 0.0)))
    return min(1.0, max(p, 1.0 / len(difference_low)))


def numbered(codes: IntArray) -> tuple[int, IntArray]:
    """Codes from 0 upwards without gaps, where that saves room: (how many, code of each)."""
    top = int(codes.max(initial=-1)) + 1
    if top <= 2 * len(codes) + 1_000:
        return top, codes
    used, place = np.unique(codes, return_inverse=True)
    return len(used), place.astype(np.int64).reshape(-1)


def by_unit(unit: IntArray, columns: FloatArray) -> Classes:
    """Rows of people to classes of units.

    unit : int64[n], the unit of each person, -1 where the person is a unit of their own
    columns : float64[n, k]
    """
    alone = unit < 0
    grouped = np.flatnonzero(~alone)
    single = collapse(columns[alone])
    if not len(grouped):
        return single
    used, place = numbered(unit[grouped])
    sums = np.zeros((used, columns.shape[1]))
    for j in range(columns.shape[1]):
        sums[:, j] = np.bincount(place, weights=columns[grouped, j], minlength=used)
    together = collapse(sums)
    return collapse(np.concatenate([single.rows, together.rows]), np.concatenate([single.counts, together.counts]))
