"""Two sides next to each other: means and parts of both with intervals, their difference and its p."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from hubbub.compare.draws import (
    DRAWS,
    FEW_PEOPLE,
    Classes,
    collapse,
    ends,
    heavy,
    numbered,
    p_value,
    stream,
    weigh,
)
from hubbub.converse.lasting import newcombe
from hubbub.estimate import Estimate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Numbers = npt.NDArray[Any]

CONVERSATION, SPREAD = 0, 1


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of one metric, their difference (conversation - spread) and its two-sided p (None: no test)."""

    conversation: Estimate
    spread: Estimate
    difference: Estimate
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """Rows by side: those that are units of their own, and those that share a unit.

    alone : row numbers of either side; shared : row numbers
    unit, side : whole numbers, of the shared rows; units : how many
    """

    alone: tuple[IntArray, IntArray]
    shared: IntArray
    unit: IntArray
    side: Numbers
    units: int


def split(unit: IntArray, side: Numbers) -> Split:
    """unit : int[n], -1 where the row is a unit of its own; side : int[n], 0 or 1, others are left out."""
    single = unit < 0
    alone = np.flatnonzero(single & (side == CONVERSATION)), np.flatnonzero(single & (side == SPREAD))
    shared = np.flatnonzero(~single & ((side == CONVERSATION) | (side == SPREAD)))
    if len(unit) < 1 << 31:
        shared = shared.astype(np.int32)
    units, codes = numbered(unit[shared])
    return Split(alone, shared, codes, side[shared], units)


@dataclass(frozen=True, slots=True)
class Lot:
    """What is to be drawn: one row a person (or cascade, or campaign).

    unit : int[n], -1 where the row is a unit of its own; side : int[n], 0 conversation, 1 spread, others left out
    num, den : whole numbers or floats [n], the metric is sum(num) / sum(den)
    ready : the split of unit and side, where it is at hand
    """

    unit: IntArray
    side: Numbers
    num: Numbers
    den: Numbers
    ready: Split | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a metric is reckoned.

    how : the estimator, in words; unknown : why a side is null where sum(den) is 0
    fraction : the metric cannot exceed 1
    events : the denominator counts events, of which the unseen person has as many as it has in the numerator
    times : factor in front, such as 1,000
    fallback : the unseen person of a side on which nobody has any
    shape : turns the drawn ratio into the metric
    """

    how: str
    unknown: str
    fraction: bool = False
    events: bool = False
    times: float = 1.0
    fallback: float = 1.0
    shape: Callable[[FloatArray], FloatArray] | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """Draws of one side: without and with the unseen person."""

    value: float
    n: int
    plain: FloatArray
    unseen: FloatArray


AT_ONCE = 1 << 23
"""Rows that share units are summed so many at a time."""
SMALL = 1_000
"""Whole numbers up to here are counted in a table instead of being sorted."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A lot as classes of units with the sums (num, den) of both sides, and the figures of each side.

    n : rows with a denominator; rows : all rows; num, den : sums; largest : largest num of a row
    """

    classes: Classes
    n: list[int]
    rows: list[int]
    num: list[float]
    den: list[float]
    largest: list[float]


def _gather(lot: Lot) -> Gathered:
    parts = lot.ready or split(lot.unit, lot.side)
    found = Gathered(collapse(np.zeros((0, 4))), [], [], [], [], [])
    rows, counts = [], []
    columns = np.zeros((parts.units, 4))
    for j in (CONVERSATION, SPREAD):
        single = _tabled(lot.num[parts.alone[j]], lot.den[parts.alone[j]])
        place = np.zeros((len(single.counts), 4))
        place[:, 2 * j : 2 * j + 2] = single.rows
        rows.append(place)
        counts.append(single.counts)
        found.n.append(int(single.counts[single.rows[:, 1] != 0.0].sum()))
        found.rows.append(len(parts.alone[j]))
        largest = float(single.rows[:, 0].max(initial=0.0))
        for start in range(0, len(parts.shared), AT_ONCE):
            mine = parts.side[start : start + AT_ONCE] == j
            row, unit = parts.shared[start : start + AT_ONCE][mine], parts.unit[start : start + AT_ONCE][mine]
            num, den = lot.num[row].astype(np.float64), lot.den[row].astype(np.float64)
            columns[:, 2 * j] += np.bincount(unit, weights=num, minlength=parts.units)
            columns[:, 2 * j + 1] += np.bincount(unit, weights=den, minlength=parts.units)
            found.n[j] += int(np.count_nonzero(den))
            found.rows[j] += len(row)
            largest = max(largest, float(num.max(initial=0.0)))
        found.num.append(float((single.rows[:, 0] * single.counts).sum() + columns[:, 2 * j].sum()))
        found.den.append(float((single.rows[:, 1] * single.counts).sum() + columns[:, 2 * j + 1].sum()))
        found.largest.append(largest)
    together = collapse(columns[np.any(columns != 0.0, axis=1)])
    classes = collapse(np.concatenate([*rows, together.rows]), np.concatenate([*counts, together.counts]))
    return replace(found, classes=classes)


def _tabled(num: Numbers, den: Numbers) -> Classes:
    """Pairs (num, den) with their number; small whole numbers are counted in a table."""
    whole = num.dtype.kind in "iub" and den.dtype.kind in "iub" and len(num) > 0
    if not whole or min(num.min(), den.min()) < 0 or max(num.max(), den.max()) > SMALL:
        return collapse(np.stack([num.astype(np.float64), den.astype(np.float64)], axis=1))
    n, d = int(num.max()) + 1, int(den.max()) + 1
    key = num.astype(np.int32) * np.int32(d)
    key += den.astype(np.int32)
    count = np.bincount(key, minlength=n * d)
    count[0] = 0
    seen = np.flatnonzero(count)
    return Classes(np.stack([seen // d, seen % d], axis=1).astype(np.float64), count[seen])


def draw_sides(lot: Lot, manner: Manner, seed: int, name: str, draws: int = DRAWS) -> list[Side | None]:
    """Draw both sides of a metric; None for a side of which nothing is known."""
    found = _gather(lot)
    rng = stream(seed, name)
    unseen = [heavy(draws, rng), heavy(draws, rng)]
    total = weigh(found.classes, draws, rng)
    out: list[Side | None] = []
    for j in (CONVERSATION, SPREAD):
        if found.den[j] <= 0.0:
            out.append(None)
            continue
        largest = found.largest[j] if found.largest[j] > 0.0 else manner.fallback
        weight, times = unseen[j]
        factor = weight * (times if found.n[j] < FEW_PEOPLE else 1.0)
        below = factor * largest if manner.events else weight
        top, bottom = total[2 * j], np.maximum(total[2 * j + 1], 1e-300)
        value = np.array([found.num[j] / found.den[j]])
        shaped = [_shaped(x, manner) for x in (value, top / bottom, (top + factor * largest) / (bottom + below))]
        out.append(Side(float(shaped[0][0]), found.n[j], shaped[1], np.maximum(shaped[2], shaped[1])))
    return out


def draw_totals(
    lot: Lot, scale: tuple[float, float], seed: int, name: str, fallback: float = 1.0, draws: int = DRAWS
) -> list[Side | None]:
    """Draws of the sum of `num` on each side times a factor; None where nobody is on a side (`den` is 0 for all).

    The unseen unit is as in the verdict: the largest unit of the side times min(100, 1/u).
    """
    found = _gather(lot)
    rng = stream(seed, name)
    unseen = [heavy(draws, rng), heavy(draws, rng)]
    total = weigh(found.classes, draws, rng)
    out: list[Side | None] = []
    for j in (CONVERSATION, SPREAD):
        if not found.rows[j]:
            out.append(None)
            continue
        largest = float(found.classes.rows[:, 2 * j].max(initial=0.0))
        weight, times = unseen[j]
        plain = total[2 * j] * scale[j]
        extra = weight * times * (largest if largest > 0.0 else fallback) * scale[j]
        out.append(Side(found.num[j] * scale[j], found.rows[j], plain, plain + extra))
    return out


def _shaped(x: FloatArray, manner: Manner) -> FloatArray:
    x = np.minimum(x, 1.0) if manner.fraction else x
    x = manner.shape(x) if manner.shape is not None else x
    return np.asarray(x * manner.times)


def histogram(unit: IntArray, side: IntArray, cell: IntArray, k: int) -> Classes:
    """Units by how many of their people stand in each of k cells of each side: rows of 2 k numbers."""
    place = side * k + cell
    alone = unit < 0
    count = np.bincount(place[alone], minlength=2 * k)
    single_rows = np.eye(2 * k)[count > 0]
    grouped = np.flatnonzero(~alone)
    if not len(grouped):
        return Classes(single_rows, count[count > 0])
    used, where = numbered(unit[grouped])
    table = np.bincount(where * (2 * k) + place[grouped], minlength=used * 2 * k)
    table = table.reshape(used, 2 * k).astype(np.float64)
    ones = np.ones(used, dtype=np.int64)
    return collapse(np.concatenate([single_rows, table]), np.concatenate([count[count > 0], ones]))


def pair_of(sides: list[Side | None], manner: Manner, level: float) -> Pair:
    """Estimates of both sides and their difference from the draws."""
    a, b = sides
    one = [Estimate.unknown(manner.unknown) if s is None else _estimate(s, manner.how, level) for s in sides]
    if a is None or b is None:
        return Pair(one[0], one[1], Estimate.unknown("one side has no number"))
    below, above = a.plain - b.unseen, a.unseen - b.plain
    low, high = ends(below, above, level)
    difference = Estimate(a.value - b.value, low, high, level, min(a.n, b.n), f"{manner.how}; conversation - spread")
    return Pair(one[0], one[1], difference, p_value(below, above))


def _estimate(side: Side, how: str, level: float) -> Estimate:
    low, high = ends(side.plain, side.unseen, level)
    return Estimate(side.value, low, high, level, side.n, how)


def pair(lot: Lot, manner: Manner, seed: int, name: str, level: float) -> Pair:
    """A metric that is a ratio of two sums, for both sides."""
    return pair_of(draw_sides(lot, manner, seed, name), manner, level)


def single(lot: Lot, manner: Manner, seed: int, name: str, level: float) -> Estimate:
    """A metric of one group: the rows of `lot` whose side is 0."""
    side = draw_sides(lot, manner, seed, name)[0]
    return Estimate.unknown(manner.unknown) if side is None else _estimate(side, manner.how, level)


def from_intervals(a: Estimate, b: Estimate, level: float, draws: int = DRAWS) -> Pair:
    """Difference of two estimates that have intervals of their own (Newcombe; Zou and Donner 2008).

    p: from the half of the interval that reaches towards 0, taken as normal; at least 1/draws.
    """
    if a.value is None or b.value is None:
        return Pair(a, b, Estimate.unknown("one side has no number"))
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return Pair(a, b, Estimate(a.value - b.value, how="no interval: an end lies beyond the log"))
    difference, low, high = newcombe((a.value, a.low, a.high), (b.value, b.low, b.high))
    reach = difference - low if difference >= 0.0 else high - difference
    z = 0.0 if difference == 0.0 else 40.0
    if reach > 0.0:
        z = float(ndtri(0.5 + level / 2.0)) * abs(difference) / reach
    p = min(1.0, max(1.0 / draws, 2.0 * float(ndtr(-z))))
    n = min(a.n or 0, b.n or 0)
    return Pair(a, b, Estimate(difference, low, high, level, n, "from both intervals; conversation - spread"), p)


def none(why: str) -> Pair:
    """A metric that rests on something not yet measured."""
    unknown = Estimate.unknown(why)
    return Pair(unknown, unknown, unknown)


def benjamini_hochberg(p: list[float | None], rate: float = 0.10) -> list[bool]:
    """Which p pass at a false discovery rate; None never does.

    source : Benjamini and Hochberg (1995), JRSS B 57

    >>> benjamini_hochberg([0.01, 0.04, 0.2, None])
    [True, True, False, False]
    """
    known = sorted((x, i) for i, x in enumerate(p) if x is not None)
    passed = 0
    for rank, (x, _) in enumerate(known, start=1):
        if x <= rate * rank / len(known):
            passed = rank
    out = [False] * len(p)
    for _, i in known[:passed]:
        out[i] = True
    return out


def gini(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Gini coefficient of values under weights; 0 for all equal, towards 1 where one has all.

    values : float64[k], not negative, ascending; weights : float64[k] or float64[k, d]
    returns : float64[d], 0 where nobody has anything

    >>> round(float(gini(np.array([1.0, 6.0]), np.ones((2, 1)))[0]), 6)
    0.357143
    """
    w = weights if weights.ndim == 2 else weights[:, None]
    mass = w * values[:, None]
    whole, total = w.sum(axis=0), mass.sum(axis=0)
    # Twice the area under Lorenz's curve, by trapezes.
    cumulated = np.cumsum(mass, axis=0)
    before = np.vstack([np.zeros((1, w.shape[1])), cumulated[:-1]])
    area = (w * (cumulated + before)).sum(axis=0)
    scale = whole * total
    return np.asarray(np.where(scale > 0.0, 1.0 - area / np.where(scale > 0.0, scale, 1.0), 0.0))


@dataclass(frozen=True, slots=True)
class Heap:
    """How unequal one side is: draws of its Gini and of the part of its largest."""

    gini: Side
    largest: Side


def heap(values: IntArray, seed: int, name: str, draws: int = DRAWS, top: float | None = None) -> Heap | None:
    """Gini of values, each of an own unit, and the part of the largest (or of the top fraction `top`).

    values : int64[n], not negative; None where there is none or nobody has any
    """
    if not len(values) or values.sum() <= 0:
        return None
    distinct, count = np.unique(values, return_counts=True)
    x = distinct.astype(np.float64)
    rng = stream(seed, name)
    weight, times = heavy(draws, rng)
    w = rng.standard_gamma(count.astype(np.float64)[:, None], (len(x), draws))
    hit = float(x[-1]) * times
    g = [gini(x, count.astype(np.float64)), gini(x, w), _gini_with(x, w, weight, hit)]
    if top is None:
        part = [np.array([x[-1] / (x * count).sum()]), *_largest(x, w, weight, hit)]
    else:
        plain = _top_part(x, w, top)
        part = [_top_part(x, count.astype(np.float64)[:, None], top), plain, _top_part_with(x, w, weight, top)]
    n = len(values)
    return Heap(
        Side(float(g[0][0]), n, g[1], np.maximum(g[1], g[2])),
        Side(float(part[0][0]), n, part[1], np.maximum(part[1], part[2])),
    )


def _gini_with(x: FloatArray, w: FloatArray, weight: FloatArray, hit: FloatArray) -> FloatArray:
    """Gini with one more unit of size `hit`, at least the largest, in each draw."""
    mass = w * x[:, None]
    cumulated = np.cumsum(mass, axis=0)
    before = np.vstack([np.zeros((1, w.shape[1])), cumulated[:-1]])
    total = cumulated[-1]
    area = (w * (cumulated + before)).sum(axis=0) + weight * (2.0 * total + weight * hit)
    return np.asarray(1.0 - area / ((w.sum(axis=0) + weight) * (total + weight * hit)))


def _largest(x: FloatArray, w: FloatArray, weight: FloatArray, hit: FloatArray) -> list[FloatArray]:
    total = (w * x[:, None]).sum(axis=0)
    return [np.asarray(x[-1] / np.maximum(total, x[-1])), np.asarray(hit / np.maximum(total + weight * hit, hit))]


def _top_part(x: FloatArray, w: FloatArray, top: float) -> FloatArray:
    """Part of all that the top fraction of people has."""
    down, mass = w[::-1], (w * x[:, None])[::-1]
    limit = top * w.sum(axis=0)
    full = np.cumsum(down, axis=0)
    inside = np.clip(limit - (full - down), 0.0, down)
    got = (inside * x[::-1][:, None]).sum(axis=0)
    return np.asarray(got / np.maximum(mass.sum(axis=0), 1e-300))


def _top_part_with(x: FloatArray, w: FloatArray, weight: FloatArray, top: float) -> FloatArray:
    more = w.copy()
    more[-1] += weight
    return _top_part(x, more, top)


def pair_of_heaps(heaps: tuple[Heap | None, Heap | None], manner: Manner, level: float, largest: bool = False) -> Pair:
    """Gini, or the part of the largest, of both sides."""
    sides = [None if h is None else (h.largest if largest else h.gini) for h in heaps]
    return pair_of(sides, manner, level)
