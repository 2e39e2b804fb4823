"""Two sides next to each other: means and parts of both with intervals, their difference and its p."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from hubbub.compare.draws import (
    DRAWS,
    FEW_PEOPLE,
    Classes,
    by_unit,
    collapse,
    ends,
    heavy,
    p_value,
    stream,
    weigh,
)
from hubbub.converse.lasting import newcombe
from hubbub.estimate import Estimate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CONVERSATION, SPREAD = 0, 1


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of one metric, their difference (conversation - spread) and its two-sided p (None: no test)."""

    conversation: Estimate
    spread: Estimate
    difference: Estimate
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """What is to be drawn: one row a person (or cascade, or campaign).

    unit : int64[n], -1 where the row is a unit of its own; side : int64[n], 0 conversation, 1 spread, others left out
    num, den : float64[n], the metric is sum(num) / sum(den)
    """

    unit: IntArray
    side: IntArray
    num: FloatArray
    den: FloatArray


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


def draw_sides(lot: Lot, manner: Manner, seed: int, name: str, draws: int = DRAWS) -> list[Side | None]:
    """Draw both sides of a metric; None for a side of which nothing is known."""
    used = (lot.side == CONVERSATION) | (lot.side == SPREAD)
    used &= (lot.den != 0.0) | (lot.num != 0.0)
    side, num, den = lot.side[used], lot.num[used], lot.den[used]
    classes = _classes(lot.unit[used], side, num, den)
    rng = stream(seed, name)
    unseen = [heavy(draws, rng), heavy(draws, rng)]
    total = weigh(classes, draws, rng)
    out: list[Side | None] = []
    for j in (CONVERSATION, SPREAD):
        mine = side == j
        whole = float(den[mine].sum())
        if whole <= 0.0:
            out.append(None)
            continue
        n = int(np.count_nonzero(den[mine]))
        largest = float(num[mine].max(initial=0.0))
        largest = largest if largest > 0.0 else manner.fallback
        weight, times = unseen[j]
        extra = weight * largest * (times if n < FEW_PEOPLE else 1.0)
        below = weight * largest * (times if n < FEW_PEOPLE else 1.0) if manner.events else weight
        top, bottom = total[2 * j], np.maximum(total[2 * j + 1], 1e-300)
        value = np.array([float(num[mine].sum()) / whole])
        found = [_shaped(x, manner) for x in (value, top / bottom, (top + extra) / (bottom + below))]
        out.append(Side(float(found[0][0]), n, found[1], np.maximum(found[2], found[1])))
    return out


SMALL = 1_000
"""Whole numbers up to here are counted in a table instead of being sorted."""


def _classes(unit: IntArray, side: IntArray, num: FloatArray, den: FloatArray) -> Classes:
    """Rows (num, den) of either side to classes of units; people with small whole numbers by counting."""
    top = max(float(num.max(initial=0.0)), float(den.max(initial=0.0)))
    whole = top <= SMALL and bool(np.all(num >= 0.0)) and bool(np.all(num == np.floor(num)))
    quick = (unit < 0) if whole and bool(np.all(den == np.floor(den))) else np.zeros(len(unit), dtype=np.bool_)
    slow = ~quick
    columns = np.zeros((int(slow.sum()), 4))
    rows = np.arange(len(columns))
    columns[rows, 2 * side[slow]] = num[slow]
    columns[rows, 2 * side[slow] + 1] = den[slow]
    others = by_unit(unit[slow], columns)
    if not np.any(quick):
        return others
    n, d = int(num.max()) + 1, int(den.max()) + 1
    key = (side[quick] * n + num[quick].astype(np.int64)) * d + den[quick].astype(np.int64)
    count = np.bincount(key, minlength=2 * n * d)
    found = np.flatnonzero(count)
    table = np.zeros((len(found), 4))
    place, spot = np.arange(len(found)), found // (n * d)
    table[place, 2 * spot] = found // d % n
    table[place, 2 * spot + 1] = found % d
    return collapse(np.concatenate([table, others.rows]), np.concatenate([count[found], others.counts]))


def draw_totals(
    lot: Lot, scale: tuple[float, float], seed: int, name: str, fallback: float = 1.0, draws: int = DRAWS
) -> list[Side | None]:
    """Draws of the sum of `num` on each side times a factor; None where nobody is on a side (`den` is not used).

    The unseen unit is as in the verdict: the largest unit of the side times min(100, 1/u).
    """
    used = (lot.side == CONVERSATION) | (lot.side == SPREAD)
    side, num, unit = lot.side[used], lot.num[used], lot.unit[used]
    rng = stream(seed, name)
    unseen = [heavy(draws, rng), heavy(draws, rng)]
    classes = _classes(unit, side, num, np.zeros(len(num)))
    total = weigh(classes, draws, rng)
    out: list[Side | None] = []
    for j in (CONVERSATION, SPREAD):
        n = int(np.count_nonzero(side == j))
        if not n:
            out.append(None)
            continue
        largest = float(classes.rows[:, 2 * j].max(initial=0.0))
        weight, times = unseen[j]
        plain = total[2 * j] * scale[j]
        extra = weight * times * (largest if largest > 0.0 else fallback) * scale[j]
        out.append(Side(float(num[side == j].sum()) * scale[j], n, plain, plain + extra))
    return out


def histogram(unit: IntArray, side: IntArray, cell: IntArray, k: int) -> Classes:
    """Units by how many of their people stand in each of k cells of each side: rows of 2 k numbers."""
    place = side * k + cell
    alone = unit < 0
    count = np.bincount(place[alone], minlength=2 * k)
    single_rows = np.eye(2 * k)[count > 0]
    grouped = np.flatnonzero(~alone)
    if not len(grouped):
        return Classes(single_rows, count[count > 0])
    used, where = np.unique(unit[grouped], return_inverse=True)
    table = np.bincount(where.reshape(-1) * (2 * k) + place[grouped], minlength=len(used) * 2 * k)
    table = table.reshape(len(used), 2 * k).astype(np.float64)
    ones = np.ones(len(used), dtype=np.int64)
    return collapse(np.concatenate([single_rows, table]), np.concatenate([count[count > 0], ones]))


def _shaped(x: FloatArray, manner: Manner) -> FloatArray:
    x = np.minimum(x, 1.0) if manner.fraction else x
    x = manner.shape(x) if manner.shape is not None else x
    return np.asarray(x * manner.times)


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

    >>> float(gini(np.array([1.0, 6.0]), np.ones((2, 1)))[0])
    0.35714285714285715
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
