"""How a cascade grows: reproduction under right truncation, and the half-life of a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincinv, stdtr, stdtrit

from hubbub.estimate import Estimate

if TYPE_CHECKING:
    from hubbub.kernel import BoolArray, FloatArray, IntArray

ROOT, HIDDEN = -1, -2
"""Parents of a node that are no position in its list."""
WEEK_US = 7 * 86_400_000_000
HOUR_US = 3_600_000_000
MOST_HIDDEN = 0.1
"""Beyond this part of hidden parents a cascade has size and times only."""
FEW_CHILDREN, FEW_CASCADES, FEW_OF_ONE = 5, 3, 20
EXACT_WORK = 2_000_000
"""Cascades x shares up to which the distribution of waits is estimated anew without each cascade."""


def parents_seen(hidden: IntArray, size: IntArray) -> BoolArray:
    """Whether so few of a cascade's parents are hidden, at most MOST_HIDDEN of them, that who brought what is seen."""
    return np.asarray(hidden <= MOST_HIDDEN * np.maximum(size - 1, 0))


@dataclass(frozen=True, slots=True)
class Growth:
    """Reproduction with the probability that it is at least 1 (None where it is unknown)."""

    reproduction: Estimate
    probability_at_least_1: float | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares by people of some cascades, laid flat, in the order of their cascades.

    cascade : int64[n], codes 0..c-1 of the cascade of each share
    age_us : int64[n], end of the log minus time of the share
    wait_cascade, wait_us, room_us : int64[m], for each share that came from a person's share: its cascade, the time
    since its parent, and the time from its parent to the end of the log
    """

    cascade: IntArray
    age_us: IntArray
    wait_cascade: IntArray
    wait_us: IntArray
    room_us: IntArray


@dataclass(frozen=True, slots=True)
class Kin:
    """Whose share came from whose, over all nodes of some cascades.

    cascade, time_us : int64[n], of each node; end_us : end of the log
    own : int64[k], the nodes that are shares by people, ascending
    child, up : int64[m], shares that came from a person's share, ascending, and the node that each came from
    """

    cascade: IntArray
    time_us: IntArray
    end_us: int
    own: IntArray
    child: IntArray
    up: IntArray

    def within(self, keep: BoolArray) -> Kin:
        """Those of the cascades where keep[c]."""
        lines = keep[self.cascade[self.child]]
        own = self.own[keep[self.cascade[self.own]]]
        return Kin(self.cascade, self.time_us, self.end_us, own, self.child[lines], self.up[lines])

    def all(self) -> Shares:
        """All shares by people."""
        return self.of(self.own, np.arange(self.child.size))

    def of(self, own: IntArray, lines: IntArray) -> Shares:
        """Some of the shares, by node, and some of the lines to children, by position in `child`."""
        child, up = self.child[lines], self.up[lines]
        since = self.time_us[up]
        return Shares(
            self.cascade[own], self.end_us - self.time_us[own], self.cascade[child], self.time_us[child] - since,
            self.end_us - since,
        )  # fmt: skip


class Parts:
    """Shares by people in the order of a key of their nodes, such as the generation, so that each part is a slice.

    A part is asked what it brought: its own shares, and their children, whatever part those are in.
    """

    def __init__(self, kin: Kin, key: IntArray) -> None:
        """key : int[n], of each node"""
        self._kin = kin
        self._own, self._own_key = _in_order(kin.own, key[kin.own])
        self._line, self._line_key = _in_order(np.arange(kin.child.size), key[kin.up])

    def between(self, low: int, high: int) -> Shares:
        """Shares of the nodes with low <= key < high."""
        a, b = np.searchsorted(self._own_key, (low, high))
        c, d = np.searchsorted(self._line_key, (low, high))
        return self._kin.of(np.sort(self._own[a:b]), np.sort(self._line[c:d]))


def _in_order(values: IntArray, key: IntArray) -> tuple[IntArray, IntArray]:
    order = np.argsort(key, kind="stable")
    return values[order], key[order]


def kin_of(
    cascade: IntArray,
    parent: IntArray,
    time_us: IntArray,
    person: IntArray,
    root_is_share: BoolArray,
    end_us: int,
) -> Kin:
    """Whose share came from whose, from the `nodes` lists of the cascades table laid flat.

    cascade : int64[n], cascade of each node, in the order of the lists, roots first
    parent : int64[n], position in the list, -1 the root, -2 hidden; the list's first node is the root itself
    time_us : int64[n], microseconds since 1970; person : int64[n], -1 the brand
    root_is_share : bool[c], whether the root is itself a share
    end_us : end of the log
    """
    n = len(cascade)
    if n == 0:
        empty = np.zeros(0, dtype=np.int64)
        return Kin(empty, empty, end_us, empty, empty, empty)
    start = np.flatnonzero(np.r_[True, cascade[1:] != cascade[:-1]])
    lengths = np.diff(np.r_[start, n])
    first = np.repeat(start, lengths)
    is_root = np.arange(n) == first
    by_person = (person >= 0) & (~is_root | root_is_share[cascade])
    # A share whose parent is given as -1 hangs on the root, which is the first of its list.
    up = np.where(parent >= 0, first + parent, first)
    known = ~is_root & (parent != HIDDEN)
    child = np.flatnonzero(known & by_person & by_person[up])
    return Kin(cascade, time_us, end_us, np.flatnonzero(by_person), child, up[child])


def waiting_distribution(wait: IntArray, room: IntArray) -> tuple[IntArray, FloatArray]:
    """Distribution of waiting times under right truncation by the product limit.

    wait, room : int64[m]; a wait is in the log only because wait <= room
    returns : (times, F) with F(x) = F[searchsorted(times, x, "right")]; F has one entry more than times
    source : Lynden-Bell (1971), MNRAS 155; Kalbfleisch and Lawless (1989), JASA 84
    """
    times, tied = np.unique(wait, return_counts=True)
    risk = np.cumsum(tied) - np.searchsorted(np.sort(room), times, side="left")
    keep = 1.0 - tied / np.maximum(risk, 1)
    below = np.cumprod(keep[::-1])[::-1] if len(keep) else keep
    return times, np.r_[below, 1.0]


def _exposure(shares: Shares) -> FloatArray:
    """F(end - time) of every share."""
    times, f = waiting_distribution(shares.wait_us, shares.room_us)
    return np.asarray(f[np.searchsorted(times, shares.age_us, side="right")])


def ratio(shares: Shares) -> tuple[int, float]:
    """Children of people's shares, and the exposure: (children, sum of F(end - time)); R is their ratio."""
    return len(shares.wait_us), float(_exposure(shares).sum())


def reproduction(shares: Shares, level: float = 0.9, end_us: int | None = None, first_us: int | None = None) -> Growth:
    """How many further shares by people one share by a person brings, of a campaign or of all cascades.

    Interval: delete-one-cascade jackknife on ln((children + .5) / (exposure + .5)), t with Kish degrees of freedom.
    end_us, first_us : extent of the log; where it is shorter than ten median waits, the estimate says that it reads low
    """
    children = len(shares.wait_us)
    fresh = np.diff(shares.cascade, prepend=-1) != 0
    cascades = shares.cascade[fresh]
    if children < FEW_CHILDREN:
        return Growth(Estimate.unknown(f"{_came(children)}; {FEW_CHILDREN} are needed"))
    if len(cascades) < FEW_CASCADES:
        return Growth(Estimate.unknown(f"{len(cascades)} cascades; {FEW_CASCADES} are needed"))
    weight = _exposure(shares)
    if np.mean(weight == 0.0) >= 0.5:
        return Growth(Estimate.unknown("half of the shares are too young to have been shared on"))
    dense = Shares(
        np.cumsum(fresh) - 1,
        shares.age_us,
        np.searchsorted(cascades, shares.wait_cascade),
        shares.wait_us,
        shares.room_us,
    )
    exposure = np.asarray(np.bincount(dense.cascade, weights=weight, minlength=len(cascades)), dtype=np.float64)
    total = float(exposure.sum())
    left_out, how = _without_each(dense, exposure, len(cascades))
    c = len(cascades)
    error = float(np.sqrt((c - 1) / c * ((left_out - left_out.mean()) ** 2).sum()))
    size = np.bincount(dense.cascade, minlength=len(cascades)).astype(np.float64)
    df = max(1.0, float(size.sum()) ** 2 / float((size**2).sum()) - 1.0)
    middle = float(np.log((children + 0.5) / (total + 0.5)))
    reach = float(stdtrit(df, 0.5 + level / 2.0)) * error
    how += _reads_low(dense, end_us, first_us)
    found = Estimate(
        children / total, float(np.exp(middle - reach)), float(np.exp(min(middle + reach, 700.0))), level, c, how
    )
    return Growth(found, _at_least_1(middle, error, df))


def _came(children: int) -> str:
    return f"{children} share{'' if children == 1 else 's'} came from a person's share"


def _at_least_1(middle: float, error: float, df: float) -> float:
    if error > 0.0:
        return float(stdtr(df, middle / error))
    return 1.0 if middle >= 0.0 else 0.0


def _without_each(shares: Shares, exposure: FloatArray, c: int) -> tuple[FloatArray, str]:
    """The log ratio without each cascade in turn, and how it was done."""
    children = np.bincount(shares.wait_cascade, minlength=c)
    how = "product limit for right truncation; jackknife over cascades"
    if c * (len(shares.cascade) + len(shares.wait_us)) > EXACT_WORK:
        left = (children.sum() - children + 0.5) / (exposure.sum() - exposure + 0.5)
        return np.log(left), f"{how}, waiting times held fixed"
    from hubbub.spread.exposure import exposure_without_each

    rest = exposure_without_each(shares, c)
    return np.log((children.sum() - children + 0.5) / (rest + 0.5)), how


def _reads_low(shares: Shares, end_us: int | None, first_us: int | None) -> str:
    if end_us is None or first_us is None:
        return ""
    short = end_us - first_us < 10 * float(np.median(shares.wait_us))
    return "; reads low: the log is shorter than ten median waits" if short else ""


def reproduction_of_each(shares: Shares, c: int, level: float = 0.9) -> list[Estimate]:
    """The same ratio for each of c cascades by itself, with an exact Poisson interval on its children.

    shares : in the order of their cascades; null below 20 children, or where half of a cascade's shares have F = 0
    """
    from hubbub.spread.exposure import exposure_of_each

    total, young = exposure_of_each(shares, c, FEW_OF_ONE)
    children, own = (np.bincount(k, minlength=c) for k in (shares.wait_cascade, shares.cascade))
    tail = (1.0 - level) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = gammaincinv(children, tail) / total, gammaincinv(children + 1, 1.0 - tail) / total
        value = children / total
    how = "product limit for right truncation; exact Poisson interval on its children"
    return [
        Estimate.unknown(f"{_came(n)}; {FEW_OF_ONE} are needed for one cascade") if n < FEW_OF_ONE
        else Estimate.unknown("half of the shares are too young to have been shared on") if 2 * zero >= of
        else Estimate(r, low, high, level, n, how)
        for n, zero, of, r, low, high in zip(
            *(x.tolist() for x in (children, young, own, value, *ends)), strict=True
        )
    ]  # fmt: skip


def strength(children: FloatArray, exposure: FloatArray, mean: float, least: float, most: float = 1e3) -> float:
    """Exposure that a gamma prior of this mean is worth, from how much rates differ beyond chance: moments of a
    gamma-Poisson, between `least` and `most`."""
    spare = float(((children - mean * exposure) ** 2 - mean * exposure).sum())
    found = mean * float((exposure**2).sum()) / spare if spare > 0.0 else most
    return min(max(found, least), most)


@dataclass(frozen=True, slots=True)
class HalfLife:
    """Hours until half of the shares had come; None with the reason. `waited_hours` is how long it has been seen."""

    hours: float | None
    why: str
    waited_hours: float = 0.0
    reignited: bool = False


def half_life(root_us: IntArray, share_us: IntArray, wait_us: IntArray, end_us: int) -> HalfLife:
    """Half-life of a campaign: its cascades' shares together, from its earliest root.

    root_us : int64[c], times of the roots; share_us : int64[m], of all shares; wait_us : known waits of a generation
    end_us : end of the log. Finished when no share came in the last max(7 days, 10 median waits).
    """
    if len(root_us) == 0:
        return HalfLife(None, "no cascade belongs to it")
    start = int(root_us.min())
    waited = (end_us - start) / HOUR_US
    if len(share_us) == 0:
        return HalfLife(None, "nobody shared it", waited)
    shares = np.sort(share_us)
    quiet = max(float(WEEK_US), 10.0 * float(np.median(wait_us)) if len(wait_us) else 0.0)
    again = bool(np.any(np.diff(shares) > quiet))
    if not end_us - int(shares[-1]) > quiet:
        return HalfLife(None, "still running", waited, again)
    half = int(shares[(len(shares) + 1) // 2 - 1])
    return HalfLife((half - start) / HOUR_US, "", waited, again)
