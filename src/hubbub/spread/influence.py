"""Whom to ask first: influence maximisation by reverse-reachable sets, with a certificate of how good the choice is.

Sources: Borgs, Brautbar, Chayes, Lucier (2014), SODA, for reverse-reachable sets; Tang, Tang, Xiao, Yuan (2018),
SIGMOD, for OPIM-C and its bounds; Guo, Wang, Wei, Chen (2020), SIGMOD, for subset sampling of in-edges; Leskovec et
al. (2007), KDD, for costs.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit
from scipy.special import gammaln

from hubbub.errors import HubbubError
from hubbub.estimate import Estimate, wilson
from hubbub.kernel import BoolArray, FloatArray, IntArray, jit
from hubbub.spread.diffusion import STEP, mixed, stream, uniform
from hubbub.spread.graph import Graph

BY_CHANCE = 1.0 - 1.0 / math.e
"""Greedy is at least so good on the sets themselves, where everyone costs the same and no segment has a floor."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Who may be chosen, and how many.

    k : people at most; allowed : bool[n]; cost : float64[n] and budget, together or not at all
    segment : int64[n], -1 none, and floor : at least so many of each segment
    """

    k: int
    allowed: BoolArray
    cost: FloatArray | None = None
    budget: float | None = None
    segment: IntArray | None = None
    floor: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """Seeds in order with what each adds, and how good the choice is.

    seeds : int64[s]; gain : estimates of what each adds to those before; spread : expected size, seeds counted
    lower, upper : the choice reaches at least `lower`, the best possible at most `upper`, both with probability
    1 - delta together; certificate : lower / upper; sets : reverse-reachable sets drawn
    """

    seeds: IntArray
    gain: list[Estimate]
    spread: Estimate
    lower: float
    upper: float
    delta: float
    sets: int

    @property
    def certificate(self) -> float:
        """The choice is at least this part of the best possible."""
        return self.lower / self.upper if self.upper > 0.0 else 1.0


class Sets:
    """Reverse-reachable sets: each holds those from whom a random person would have been reached."""

    def __init__(self, graph: Graph, seed: int) -> None:
        limit = np.round(graph.chance * 2.0**31).astype(np.uint32)
        self._offsets, self._source, limit = _into(graph.offsets, graph.targets, limit)
        self._chance = (limit >> 16).astype(np.uint16), (limit & 0xFFFF).astype(np.uint16)
        self._seed = np.uint64(seed)
        self.nodes = graph.nodes
        self.offsets = np.zeros(1, np.int64)
        self.members = np.empty(0, np.int32)

    def again(self, seed: int) -> Sets:
        """Other sets of the same graph."""
        other = copy(self)
        other._seed = np.uint64(seed)
        other.offsets, other.members = np.zeros(1, np.int64), np.empty(0, np.int32)
        return other

    def __len__(self) -> int:
        return int(self.offsets.size - 1)

    def grow(self, count: int, threads: int = 2) -> None:
        """Draw until there are `count`; the first ones stay the same, and so do all with any number of threads."""
        have = len(self)
        if count <= have:
            return
        lengths = np.empty(count - have, np.int64)
        cuts = np.linspace(0, lengths.size, threads + 1).astype(int).tolist()

        def part(cut: tuple[int, int]) -> IntArray:
            mine = lengths[cut[0] : cut[1]]
            found: IntArray
            found, _ = _draw(self._offsets, self._source, *self._chance, self._seed, have + cut[0], mine)
            return found

        with ThreadPoolExecutor(threads) as pool:
            self.members = np.concatenate([self.members, *pool.map(part, pairwise(cuts))])
        self.offsets = np.concatenate([self.offsets, self.offsets[-1] + np.cumsum(lengths)])

    def expected(self, seeds: IntArray, level: float = 0.9) -> Estimate:
        """Expected size from given seeds, seeds counted."""
        covered = int(self.covered(np.asarray(seeds, np.int64)).sum())
        return _share_of(covered, len(self), self.nodes, level)

    def covered(self, seeds: IntArray) -> IntArray:
        """How many sets each seed is the first, in order, to be in: int64[s]."""
        rank = np.full(self.nodes, seeds.size, np.int32)
        rank[seeds[::-1]] = np.arange(seeds.size - 1, -1, -1)
        out = np.zeros(seeds.size + 1, np.int64)
        _first_of(self.offsets, self.members, rank, out)
        return out[:-1]


@jit
def _into(offsets: Any, targets: Any, limit: Any) -> Any:
    """The edges by target, the highest chance first, else by source: offsets, the sources, and chances of 2^31."""
    nodes = offsets.size - 1
    start = np.zeros(nodes + 1, np.int64)
    for e in range(targets.size):
        start[targets[e] + 1] += 1
    for v in range(nodes):
        start[v + 1] += start[v]
    place = start[:-1].copy()
    source, chance = np.empty(targets.size, np.int32), np.empty(targets.size, np.uint32)
    for u in range(nodes):
        for e in range(offsets[u], offsets[u + 1]):
            at = place[targets[e]]
            source[at], chance[at] = u, limit[e]
            place[targets[e]] = at + 1
    for v in range(nodes):
        for i in range(start[v] + 1, start[v + 1]):
            if chance[i] > chance[i - 1]:
                of, by = source[start[v] : start[v + 1]], chance[start[v] : start[v + 1]]
                order = np.argsort(-by.astype(np.int64), kind="mergesort")
                of[:], by[:] = of[order], by[order]
                break
    return start, source, chance


RARE = 2**15 // 24
"""Below this chance (of 2^15) a leap to the next candidate is cheaper than a draw for every edge."""


@njit(inline="always")
def _joined(u: Any, k: Any, met: Any, members: Any, held: Any, offsets: Any, high: Any) -> Any:
    """Put a node into set k if it is not there yet; how many members there are, and a touch of the edges into it.

    The touch brings them on their way from memory before their turn comes.
    """
    if met[u] == k:
        return held, np.int64(0)
    met[u] = k
    members[held] = u
    return held + 1, np.int64(high[min(offsets[u], high.size - 1)])


@jit
def _draw(offsets: Any, source: Any, high: Any, rest: Any, seed: Any, first: Any, lengths: Any) -> Any:
    """Sets number first, first + 1, ...: a breadth-first search backwards. high, rest : chances of 2^31 in halves.

    At each node the chances fall. Where they are rare, from a position whose chance is p the next candidate is a
    geometric(p) leap away, and is taken with chance / p: work in the expected number of live edges, not of edges.
    What is touched is returned too, lest it be left out.
    """
    nodes = offsets.size - 1
    members = np.empty(max(1024, 8 * lengths.size), np.int32)
    held, touches = 0, np.int64(0)
    met = np.full(nodes, -1, np.int32)
    low = np.uint64(0x7FFF)
    for k in range(lengths.size):
        state = stream(seed, first + k) + STEP
        root = np.int64(mixed(state) % np.uint64(nodes))
        if held + nodes > members.size:
            members = _larger(members, held + nodes)
        start = held
        members[held] = root
        held += 1
        met[root] = k
        head = start
        bits, left = np.uint64(0), 0
        while head < held:
            v = members[head]
            head += 1
            e, stop = offsets[v], offsets[v + 1]
            while e < stop and high[e] >= RARE:
                if left == 0:
                    state += STEP
                    bits = mixed(state)
                    left = 4
                # Fifteen bits decide nearly always; where they are equal, sixteen more do.
                draw = bits & low
                bits >>= np.uint64(15)
                left -= 1
                e += 1
                if draw > high[e - 1]:
                    continue
                if draw == high[e - 1]:
                    state += STEP
                    if mixed(state) & np.uint64(0xFFFF) >= rest[e - 1]:
                        continue
                held, touched = _joined(source[e - 1], k, met, members, held, offsets, high)
                touches += touched
            bound, scale = np.uint32(0), 0.0
            while e < stop:
                chance = (np.uint32(high[e]) << np.uint32(16)) | np.uint32(rest[e])
                if chance == 0:
                    break
                if chance != bound:
                    bound = chance
                    scale = 1.0 / math.log1p(-np.float64(bound) * 2.0**-31)
                state += STEP
                leap = math.log(uniform(state) + 2.0**-54) * scale
                if leap >= stop - e:
                    break
                e += np.int64(leap)
                chance = (np.uint32(high[e]) << np.uint32(16)) | np.uint32(rest[e])
                taken = True
                if chance < bound:
                    state += STEP
                    taken = uniform(state) * bound < chance
                if taken:
                    held, touched = _joined(source[e], k, met, members, held, offsets, high)
                    touches += touched
                e += 1
        lengths[k] = held - start
    return members[:held].copy(), touches


@jit
def _larger(members: Any, needed: Any) -> Any:
    more = np.empty(max(2 * members.size, needed), members.dtype)
    more[: members.size] = members
    return more


@jit
def _first_of(offsets: Any, members: Any, rank: Any, out: Any) -> None:
    last = out.size - 1
    for k in range(offsets.size - 1):
        best = last
        for i in range(offsets[k], offsets[k + 1]):
            best = min(best, rank[members[i]])
        out[best] += 1


@jit
def _inverse(offsets: Any, members: Any, nodes: Any) -> Any:
    """The sets that each node is in."""
    start = np.zeros(nodes + 1, np.int64)
    for i in range(members.size):
        start[members[i] + 1] += 1
    for v in range(nodes):
        start[v + 1] += start[v]
    place = start[:-1].copy()
    of = np.empty(members.size, np.int32)
    for k in range(offsets.size - 1):
        for i in range(offsets[k], offsets[k + 1]):
            v = members[i]
            of[place[v]] = k
            place[v] += 1
    return start, of


@jit
def _falling(worth: Any, among: Any) -> Any:
    """The largest worth first, else as they stand; most have none, and are not sorted."""
    some, none = among[worth[among] > 0], among[worth[among] <= 0]
    return np.concatenate((some[np.argsort(-worth[some], kind="mergesort")], none))


@jit
def _greedy(
    offsets: Any, members: Any, start: Any, of: Any, k: Any, allowed: Any, cost: Any, budget: Any, by_ratio: Any,
    segment: Any, floor: Any, seeds: Any, gains: Any,
) -> Any:  # fmt: skip
    """Greedy by coverage (or coverage by cost); returns how many were chosen and a bound on the best possible coverage.

    The bound is the least, over prefixes, of what they cover and the most that any feasible choice could add to them.
    Gains only fall, so that looking through people by their first worth can stop at the first who never had enough.
    """
    gain = np.diff(start)
    worth_first = gain / cost if by_ratio else gain.astype(np.float64)
    falling: Any = _falling(worth_first, np.flatnonzero(allowed))
    by_gain = _falling(gain, falling) if by_ratio else falling
    first_gain = gain.copy()
    free = allowed.copy()
    done = np.zeros(offsets.size - 1, np.bool_)
    unmet = floor.copy()
    owed = unmet.sum()
    covered, spent, chosen = 0, 0.0, 0
    bound = np.float64(offsets.size - 1)
    while True:
        most_added = _most_added(gain, by_gain, first_gain, k)
        if budget < math.inf:
            most_added = min(most_added, _most_paid(gain, by_gain, cost, budget))
        bound = min(bound, covered + most_added)
        if chosen == k:
            break
        best, most = -1, 0.0
        for v in falling:
            if best >= 0 and worth_first[v] < most:
                break
            if not free[v] or spent + cost[v] > budget:
                continue
            here = segment[v] >= 0 and segment[v] < unmet.size and unmet[segment[v]] > 0
            if owed >= k - chosen and not here:
                continue
            worth = gain[v] / cost[v] if by_ratio else np.float64(gain[v])
            if best < 0 or worth > most or (worth == most and v < best):
                best, most = v, worth
        if best < 0:
            break
        free[best] = False
        seeds[chosen], gains[chosen] = best, gain[best]
        chosen += 1
        spent += cost[best]
        covered += gain[best]
        if segment[best] >= 0 and segment[best] < unmet.size and unmet[segment[best]] > 0:
            unmet[segment[best]] -= 1
            owed -= 1
        for i in range(start[best], start[best + 1]):
            r = of[i]
            if not done[r]:
                done[r] = True
                for j in range(offsets[r], offsets[r + 1]):
                    gain[members[j]] -= 1
    return chosen, bound


@jit
def _most_added(gain: Any, falling: Any, first: Any, k: Any) -> Any:
    """The sum of the k largest gains of those in `falling`, which stand by their first gains."""
    top = np.zeros(k, np.int64)
    least = 0
    for v in falling:
        if first[v] <= top[least]:
            break
        if gain[v] > top[least]:
            top[least] = gain[v]
            for i in range(k):
                if top[i] < top[least]:
                    least = i
    return np.float64(top.sum())


@jit
def _most_paid(gain: Any, among: Any, cost: Any, budget: Any) -> Any:
    """The most that a budget could add, were people divisible: the fractional knapsack of gains."""
    left, worth = budget, 0.0
    for i in np.argsort(-(gain[among] / cost[among])):
        v = among[i]
        if gain[v] <= 0:
            break
        part = min(1.0, left / cost[v])
        worth += part * gain[v]
        left -= part * cost[v]
        if left <= 0.0:
            break
    return worth


def choose(graph: Graph, limits: Limits, eps: float = 0.1, delta: float | None = None, seed: int = 0,
           level: float = 0.9, least: int = 64, most: int = 4_000_000, threads: int = 2) -> Chosen:  # fmt: skip
    """OPIM-C: draw two halves of sets, choose on one, judge on the other, and double until the certificate holds.

    eps : the choice is sought to be (1 - 1/e - eps) of the best; what was reached is in `certificate`
    delta : chance that the certificate fails, else 1 / nodes
    least, most : sets in each half, to start with and in the end; the more, the nearer to the best the choice is
    threads : change nothing but the time
    raises : HubbubError where nobody may be chosen, or k, costs or floors cannot be met
    """
    n = graph.nodes
    cost, budget, segment, floor, k = _limits(limits, n)
    delta = delta if delta is not None else 1.0 / max(n, 2)
    log_choose = float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
    root = BY_CHANCE * math.sqrt(math.log(6 / delta)) + math.sqrt(BY_CHANCE * (log_choose + math.log(6 / delta)))
    largest = 2.0 * n * root**2 / (eps**2 * k)
    count = max(least, math.ceil(largest * eps**2 * k / n))
    rounds = max(1, math.ceil(math.log2(max(largest / count, 2.0))))
    eta = math.log(3.0 * rounds / delta)
    one = Sets(graph, 2 * seed)
    two = one.again(2 * seed + 1)
    target = BY_CHANCE - eps
    lower, upper, got = 0.0, 0.0, 0.0
    while True:
        one.grow(count, threads)
        two.grow(count, threads)
        seeds, bound = _best(one, k, limits.allowed, cost, budget, segment, floor)
        covered = two.covered(seeds)
        got = float(covered.sum())
        low = max((math.sqrt(got + 2 * eta / 9) - math.sqrt(eta / 2)) ** 2 - eta / 18, 0.0) * n / count
        high = (math.sqrt(bound + eta / 2) + math.sqrt(eta / 2)) ** 2 * n / count
        lower, upper = max(float(low), float(seeds.size)), min(float(high), float(n))
        if lower >= target * upper or count * 2 > min(largest * 2, most):
            break
        count *= 2
    gain = [_share_of(int(c), count, n, level) for c in covered]
    spread = _share_of(int(got), count, n, level)
    return Chosen(seeds, gain, spread, lower, max(upper, lower), delta, 2 * count)


def _best(
    sets: Sets, k: int, allowed: BoolArray, cost: FloatArray, budget: float, segment: IntArray, floor: IntArray
) -> tuple[IntArray, float]:
    """Greedy; with costs the better of greedy by gain and greedy by gain for cost."""
    start, of = _inverse(sets.offsets, sets.members, sets.nodes)
    tries = []
    for by_ratio in (False, True) if budget < math.inf else (False,):
        seeds, gains = np.empty(k, np.int64), np.empty(k, np.int64)
        chosen, bound = _greedy(
            sets.offsets, sets.members, start, of, k, allowed, cost, budget, by_ratio, segment, floor, seeds, gains
        )
        tries.append((int(gains[:chosen].sum()), seeds[:chosen], float(bound)))
    best = max(tries, key=lambda t: t[0])
    return best[1], min(t[2] for t in tries)


def _limits(limits: Limits, n: int) -> tuple[FloatArray, float, IntArray, IntArray, int]:
    may = int(np.count_nonzero(limits.allowed))
    if not may:
        raise HubbubError("Nobody may be asked: no consent allows it.")
    if limits.k < 1:
        raise HubbubError("At least one person must be asked for.")
    k = min(limits.k, may)
    cost, budget = np.ones(n), math.inf
    if (limits.cost is None) != (limits.budget is None):
        raise HubbubError("Costs need a budget, and a budget needs costs.")
    if limits.cost is not None and limits.budget is not None:
        cost, budget = limits.cost.astype(np.float64), limits.budget
        if not (cost[limits.allowed] > 0).all():
            raise HubbubError("The cost of asking someone must be above zero.")
        if not (cost[limits.allowed] <= budget).any():
            raise HubbubError(f"A budget of {budget:g} pays for nobody.")
    segment = limits.segment if limits.segment is not None else np.full(n, -1)
    floor = np.array(limits.floor, dtype=np.int64)
    for s, least in enumerate(limits.floor):
        there = int(np.count_nonzero(limits.allowed & (segment == s)))
        if there < least:
            raise HubbubError(f"{least} of a segment are to be asked, and {there} of it may be.")
    if floor.sum() > k:
        raise HubbubError(f"The segments ask for {floor.sum()} people, more than {k}.")
    return cost, budget, segment.astype(np.int64), floor, k


def spread_of(graph: Graph, seeds: IntArray, sets: int = 100_000, seed: int = 0, level: float = 0.9) -> Estimate:
    """Expected size from given seeds, on fresh sets."""
    drawn = Sets(graph, 2 * seed + 1_000_003)
    drawn.grow(sets)
    return drawn.expected(seeds, level)


def _share_of(covered: int, count: int, n: int, level: float) -> Estimate:
    """People from a part of the sets, with a Wilson interval."""
    low, high = wilson(covered, count, level)
    how = "part of reverse-reachable sets; Wilson interval, Monte Carlo only"
    return Estimate(n * covered / count, n * low, n * high, level, count, how)
