"""How sharing grows: of all, by generation, channel and reward, over time; and campaigns with all their roots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.compare.coverage import micros
from hubbub.compare.frame import DAY_US, iso
from hubbub.estimate import Estimate, plain, significant, wilson
from hubbub.kernel import BoolArray, IntArray
from hubbub.spread.growth import Growth, Shares, half_life, people_shares, reproduction, reproduction_of_one
from hubbub.spread.nodes import Nodes, nodes_of
from hubbub.spread.pace import Pace, pace
from hubbub.tables import Ledger

MOST_GENERATIONS = 10
"""Later generations are taken together."""
SHORTEST_WINDOW_DAYS, WINDOWS, STEPS = 28.0, 13, 4
"""A window is at least so long, and a thirteenth of the log where that is longer; it moves by a quarter of itself."""


@dataclass(frozen=True, slots=True)
class Grown:
    """Cascades with at least one share, laid flat, with their pace."""

    table: pa.Table
    nodes: Nodes
    pace: Pace
    root_is_share: BoolArray
    end_us: int
    first_us: int
    level: float

    @classmethod
    def of(cls, shared: pa.Table, ledger: Ledger, level: float) -> Grown:
        nodes = nodes_of(shared)
        ran = pace(nodes.offsets, nodes.parent, nodes.time_us)
        is_share = np.array([t == "share" for t in shared.column("type").cast(pa.string()).to_pylist()], dtype=np.bool_)
        ends = [0 if t is None else micros(t) for t in (ledger.last, ledger.first)]
        return cls(shared, nodes, ran, is_share, ends[0], ends[1], level)

    def shares(self, some: BoolArray | None = None) -> Shares:
        """Shares by people; `some` of the nodes, and what came from those."""
        n = self.nodes
        return people_shares(n.row, n.parent, n.time_us, n.person, self.root_is_share, self.end_us, some)

    def reproduction(self, some: BoolArray | None = None) -> dict[str, Any]:
        """Reproduction of shares by people with P(R >= 1), as JSON."""
        found: Growth = reproduction(self.shares(some), self.level, self.end_us, self.first_us)
        out: dict[str, Any] = plain({
            **found.reproduction.to_json(), "probability_at_least_1": found.probability_at_least_1,
        })  # fmt: skip
        return out

    def each(self) -> Iterator[Estimate]:
        """Reproduction of each cascade by itself."""
        shares, count = self.shares(), self.table.num_rows
        at = np.searchsorted(shares.cascade, np.arange(count + 1))
        waits = np.searchsorted(shares.wait_cascade, np.arange(count + 1))
        for c in range(count):
            a, b, x, y = at[c], at[c + 1], waits[c], waits[c + 1]
            yield reproduction_of_one(
                Shares(shares.cascade[a:b], shares.age_us[a:b], shares.wait_cascade[x:y], shares.wait_us[x:y],
                       shares.room_us[x:y]),
                self.level,
            )  # fmt: skip

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

    tries : the brand's posts that nobody shared, which count as tries that never grew
    """
    nodes, generation = grown.nodes, grown.pace.generation
    finished = ~grown.table.column("running").to_numpy(zero_copy_only=False).astype(np.bool_)
    counts = grown.rewarded().sum(axis=0)
    return {
        "reproduction": grown.reproduction(),
        "by_generation": [_part("generation", g, grown, some) for g, some in _generations(generation, nodes)],
        "by_channel": [_part("channel", c, grown, some) for c, some in _channels(grown)],
        "by_reward": [
            {"reward": name, "shares": int(counts[code]), "reproduction": grown.reproduction(nodes.rewarded == code)}
            for code, name in ((0, "free"), (1, "rewarded"))
        ] + [{"reward": "not known", "shares": int(counts[2]), "reproduction": grown.reproduction(nodes.rewarded < 0)}],
        "over_time": list(_windows(grown)),
        "reignited": plain(_rate(int(np.count_nonzero(grown.pace.reignited)), len(finished), grown.level).to_json()),
        "running": int(np.count_nonzero(~finished)),
        "tries_nobody_shared": tries,
    }  # fmt: skip


def _part(name: str, value: Any, grown: Grown, some: BoolArray) -> dict[str, Any]:
    shares = int(np.count_nonzero(some & (grown.nodes.position > 0)))
    return {name: value, "shares": shares, "reproduction": grown.reproduction(some)}


def _generations(generation: IntArray, nodes: Nodes) -> Iterator[tuple[int, BoolArray]]:
    deepest = int(generation.max(initial=0))
    for g in range(1, min(deepest, MOST_GENERATIONS) + 1):
        yield g, (generation == g) if g < MOST_GENERATIONS else (generation >= g)


def _channels(grown: Grown) -> Iterator[tuple[str, BoolArray]]:
    names = np.array(grown.table.column("channel").cast(pa.string()).to_pylist(), dtype=object)
    for name in sorted(set(names)):
        yield name, np.asarray(names == name, dtype=np.bool_)[grown.nodes.row]


def _windows(grown: Grown) -> Iterator[dict[str, Any]]:
    span = grown.end_us - grown.first_us
    width = max(SHORTEST_WINDOW_DAYS * DAY_US, span / WINDOWS)
    if span < 2 * width:
        return
    step, time = width / STEPS, grown.nodes.time_us
    for k in range(int((span - width) / step) + 1):
        start = grown.first_us + round(k * step)
        some = (time >= start) & (time < start + width)
        days = significant(width / DAY_US)
        yield {"from": iso(start), "until": iso(start + round(width))} | _part("days", days, grown, some)


def _rate(k: int, n: int, level: float) -> Estimate:
    if n == 0:
        return Estimate.unknown("nobody shared anything")
    low, high = wilson(k, n, level)
    how = "cascades shared again after max(7 days, 10 median waits) of silence; Wilson interval"
    return Estimate(k / n, low, high, level, n, how)


def merged(grown: Grown) -> list[dict[str, Any]]:
    """Campaigns with all their roots taken as one, the largest first."""
    names = grown.table.column("campaign").cast(pa.string()).to_pylist()
    found = sorted({n for n in names if n is not None})
    place = {name: i for i, name in enumerate(found)}
    code = np.array([place.get(n, -1) for n in names], dtype=np.int64)
    of_node = code[grown.nodes.row]
    sizes = grown.generations()
    out = [_merged(grown, name, code == i, of_node == i, sizes) for name, i in place.items()]
    return sorted(out, key=lambda c: (-c["size"], c["campaign"]))


def _merged(grown: Grown, name: str, mine: BoolArray, some: BoolArray, sizes: list[Any]) -> dict[str, Any]:
    nodes = grown.nodes
    generations = [sizes[c] for c in np.flatnonzero(mine)]
    whole = None if any(g is None for g in generations) else _added(generations)
    share = some & (nodes.position > 0)
    child = np.flatnonzero(share & (nodes.parent != -2))
    waits = nodes.time_us[child] - nodes.time_us[nodes.offsets[nodes.row[child]] + np.maximum(nodes.parent[child], 0)]
    life = half_life(nodes.first_us[mine], nodes.time_us[share], waits, grown.end_us)
    # All roots as one: the earliest moment is the beginning, every other node a share.
    times = np.sort(nodes.time_us[some])
    one = pace(np.array([0, times.size]), np.r_[-1, np.full(times.size - 1, -2)], times)
    return {
        "campaign": name,
        "roots": int(np.count_nonzero(mine)),
        "size": int(np.count_nonzero(some)),
        "largest": int(np.diff(nodes.offsets)[mine].max()),
        "generations": whole,
        "reproduction": grown.reproduction(some),
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
