"""How sharing grows: of all, by generation, channel and reward, over time; and campaigns with all their roots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.activity import micros
from hubbub.compare.frame import DAY_US, iso
from hubbub.estimate import Estimate, plain, significant, wilson
from hubbub.kernel import BoolArray, IntArray
from hubbub.spread.growth import (
    Growth,
    Kin,
    Parts,
    Shares,
    half_life,
    kin_of,
    parents_seen,
    reproduction,
    reproduction_of_each,
)
from hubbub.spread.nodes import Nodes, nodes_of
from hubbub.spread.pace import Pace, pace
from hubbub.tables import Ledger

MOST_GENERATIONS = 10
"""Later generations are taken together."""
SHORTEST_WINDOW_DAYS, WINDOWS, STEPS = 28.0, 13, 4
"""A window is at least so long, and a thirteenth of the log where that is longer; it moves by a quarter of itself."""


@dataclass(frozen=True, slots=True)
class Grown:
    """Cascades with at least one share, laid flat, with their pace.

    seen : bool[c], at most a tenth of the parents hidden; kin : of those only, for who brought what is not seen else
    """

    table: pa.Table
    nodes: Nodes
    pace: Pace
    seen: BoolArray
    kin: Kin
    end_us: int
    first_us: int
    level: float

    @classmethod
    def of(cls, shared: pa.Table, ledger: Ledger, level: float) -> Grown:
        nodes = nodes_of(shared)
        ran = pace(nodes.offsets, nodes.parent, nodes.time_us)
        is_share = np.array([t == "share" for t in shared.column("type").cast(pa.string()).to_pylist()], dtype=np.bool_)
        ends = [0 if t is None else micros(t) for t in (ledger.last, ledger.first)]
        kin = kin_of(nodes.row, nodes.parent, nodes.time_us, nodes.person, is_share, ends[0])
        size, hidden = (shared.column(name).to_numpy() for name in ("size", "hidden"))
        seen = parents_seen(hidden, size)
        return cls(shared, nodes, ran, seen, kin.within(seen), ends[0], ends[1], level)

    def reproduction(self, shares: Shares) -> dict[str, Any]:
        """Reproduction of shares by people with P(R >= 1), as JSON."""
        found: Growth = reproduction(shares, self.level, self.end_us, self.first_us)
        out: dict[str, Any] = plain({
            **found.reproduction.to_json(), "probability_at_least_1": found.probability_at_least_1,
        })  # fmt: skip
        return out

    def each(self) -> list[Estimate]:
        """Reproduction of each cascade by itself."""
        found = reproduction_of_each(self.kin.all(), self.table.num_rows, self.level)
        unseen = Estimate.unknown("the network hides more than a tenth of its parents, so who brought what is not seen")
        return [one if seen else unseen for one, seen in zip(found, self.seen.tolist(), strict=True)]

    def generations(self) -> list[list[int] | None]:
        """Sizes of the generations of each cascade, the root first; None where parents are hidden."""
        n, g = self.nodes, self.pace.generation
        hidden = np.bincount(n.row[g < 0], minlength=self.table.num_rows) > 0
        deepest = np.zeros(self.table.num_rows, np.int64)
        np.maximum.at(deepest, n.row, g)
        start = np.concatenate([[0], np.cumsum(deepest + 1)])
        counted = np.bincount(start[n.row] + np.maximum(g, 0), minlength=int(start[-1]))
        sizes = counted.tolist()
        return [None if hidden[c] else sizes[start[c] : start[c + 1]] for c in range(self.table.num_rows)]

    def rewarded(self) -> IntArray:
        """Shares of each cascade that were free, rewarded, and not known: int64[c, 3]."""
        n = self.nodes
        share = n.position > 0
        column = np.where(n.rewarded < 0, 2, n.rewarded)
        key = n.row[share] * 3 + column[share]
        return np.bincount(key, minlength=3 * self.table.num_rows).reshape(-1, 3)


def growth(grown: Grown, tries: int) -> dict[str, Any]:
    """Reproduction of all and of parts, and how often what had ended came back.

    Cascades with more than a tenth of their parents hidden have no part in the reproduction (`cascades_left_out`).

    tries : the brand's posts that nobody shared, which count as tries that never grew
    """
    finished = ~grown.table.column("running").to_numpy(zero_copy_only=False).astype(np.bool_)
    return {
        "reproduction": grown.reproduction(grown.kin.all()),
        "by_generation": list(_generations(grown)),
        "by_channel": list(_channels(grown)),
        "by_reward": list(_rewards(grown)),
        "over_time": list(_windows(grown)),
        "reignited": plain(_rate(int(np.count_nonzero(grown.pace.reignited)), len(finished), grown.level).to_json()),
        "running": int(np.count_nonzero(~finished)),
        "tries_nobody_shared": tries,
        "cascades_left_out": int(np.count_nonzero(~grown.seen)),
    }


class _Cut:
    """Nodes cut by a key: how many shares each part has, and what they brought."""

    def __init__(self, grown: Grown, key: IntArray) -> None:
        self._grown, self._parts = grown, Parts(grown.kin, key)
        self._shares = np.sort(key[grown.nodes.position > 0])

    def part(self, low: int, high: int | None = None) -> dict[str, Any]:
        """Nodes with low <= key < high (None: key == low)."""
        end = low + 1 if high is None else high
        a, b = np.searchsorted(self._shares, (low, end)).tolist()
        return {"shares": b - a, "reproduction": self._grown.reproduction(self._parts.between(low, end))}


def _generations(grown: Grown) -> Iterator[dict[str, Any]]:
    generation = grown.pace.generation
    cut, deepest = _Cut(grown, generation), int(generation.max(initial=0))
    for g in range(1, min(deepest, MOST_GENERATIONS) + 1):
        yield {"generation": g} | cut.part(g, None if g < MOST_GENERATIONS else deepest + 1)


def _channels(grown: Grown) -> Iterator[dict[str, Any]]:
    names, code = _coded(grown.table, "channel")
    cut = _Cut(grown, code[grown.nodes.row])
    for c, name in enumerate(names):
        yield {"channel": name} | cut.part(c)


def _rewards(grown: Grown) -> Iterator[dict[str, Any]]:
    cut = _Cut(grown, grown.nodes.rewarded)
    for code, name in ((0, "free"), (1, "rewarded"), (-1, "not known")):
        yield {"reward": name} | cut.part(code)


def _windows(grown: Grown) -> Iterator[dict[str, Any]]:
    span = grown.end_us - grown.first_us
    width = max(SHORTEST_WINDOW_DAYS * DAY_US, span / WINDOWS)
    if span < 2 * width:
        return
    step, cut, days = width / STEPS, _Cut(grown, grown.nodes.time_us), significant(width / DAY_US)
    for k in range(int((span - width) / step) + 1):
        start = grown.first_us + round(k * step)
        ends = {"from": iso(start), "until": iso(start + round(width)), "days": days}
        yield ends | cut.part(start, math.ceil(start + width))


def _coded(table: pa.Table, column: str) -> tuple[list[str], IntArray]:
    """The words of a column by the alphabet, and the code of each row, -1 where null."""
    words = table.column(column).cast(pa.string()).to_pylist()
    names = sorted({w for w in words if w is not None})
    place = {name: i for i, name in enumerate(names)}
    return names, np.array([place.get(w, -1) for w in words], dtype=np.int64)


def _rate(k: int, n: int, level: float) -> Estimate:
    if n == 0:
        return Estimate.unknown("nobody shared anything")
    low, high = wilson(k, n, level)
    how = "cascades shared again after max(7 days, 10 median waits) of silence; Wilson interval"
    return Estimate(k / n, low, high, level, n, how)


def merged(grown: Grown) -> list[dict[str, Any]]:
    """Campaigns with all their roots taken as one, the largest first."""
    names, code = _coded(grown.table, "campaign")
    of_node = code[grown.nodes.row]
    parts, order = Parts(grown.kin, of_node), np.argsort(of_node, kind="stable")
    ends = np.searchsorted(of_node[order], np.arange(len(names) + 1)).tolist()
    sizes = grown.generations()
    out = [
        _merged(grown, name, np.flatnonzero(code == c), order[ends[c] : ends[c + 1]], sizes, parts.between(c, c + 1))
        for c, name in enumerate(names)
    ]
    return sorted(out, key=lambda c: (-c["size"], c["campaign"]))


def _merged(
    grown: Grown, name: str, mine: IntArray, node: IntArray, sizes: list[Any], brought: Shares
) -> dict[str, Any]:
    """mine : the campaign's cascades; node : their nodes; sizes : generations of all; brought : by its shares"""
    nodes = grown.nodes
    generations = [sizes[c] for c in mine.tolist()]
    whole = None if any(g is None for g in generations) else _added(generations)
    time, first = nodes.time_us[node], nodes.offsets[nodes.row[node]]
    share = node > first
    known = share & (nodes.parent[node] != -2)
    waits = time[known] - nodes.time_us[first[known] + np.maximum(nodes.parent[node[known]], 0)]
    life = half_life(nodes.first_us[mine], time[share], waits, grown.end_us)
    # All roots as one: the earliest moment is the beginning, every other node a share.
    times = np.sort(time)
    one = pace(np.array([0, times.size]), np.r_[-1, np.full(times.size - 1, -2)], times)
    return {
        "campaign": name,
        "roots": mine.size,
        "size": node.size,
        "largest": int(np.diff(nodes.offsets)[mine].max()),
        "generations": whole,
        "reproduction": grown.reproduction(brought),
        "half_life_hours": None if life.hours is None else significant(life.hours),
        "half_life_why": life.why or None,
        "busiest_tenth": significant(float(one.busiest[0])),
        "peak_hours": significant(float(one.peak_hours[0])),
        "doubling_hours": significant(float(one.doubling_hours[0])),
        "reignited": life.reignited,
    }


def _added(lists: list[list[int]]) -> list[int]:
    out = [0] * max(map(len, lists))
    for one in lists:
        for g, n in enumerate(one):
            out[g] += n
    return out
