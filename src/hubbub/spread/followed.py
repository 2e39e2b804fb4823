"""Trees inferred from who follows whom: hidden parents drawn among the earlier sharers whom one follows.

Each hidden parent is drawn many times with weight 1 / (wait + a minute), so that the latest is the likeliest; the root
gets a rest of each draw, and whoever follows nobody seen took it from the root. What the draws span between 5 and
95 % is the doubt under this rule. That the parent is somebody else at all is shown as a band of its own: the same
trees with some of the parents drawn among all earlier nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from hubbub.kernel import BoolArray, jit
from hubbub.spread.impute import (
    MINUTE_US,
    STEP,
    FloatArray,
    Inferred,
    IntArray,
    bin_of,
    lay_flat,
    log_uniform,
    node_of,
    only,
    positions,
    seeds_of,
    shapes_of,
    uniform,
    weigh,
)
from hubbub.spread.nodes import BRAND, nodes_of

pc: Any = pyarrow.compute

DRAWS = 100
REST = 0.05
"""Part of the draws in which the root is the parent of a sharer who follows earlier sharers."""
MISSED = (0.1, 0.3)
"""Parts of the parents that are drawn among all earlier nodes, for the band."""
HOW = (
    f"inferred from who follows whom: {DRAWS} draws of the hidden parents (an earlier sharer whom one follows, weight "
    f"1 / (wait + a minute); the root in {REST:.0%} of the draws, and for those who follow nobody seen); median with "
    "the 5 and 95 % points of the draws"
)


@dataclass(frozen=True, slots=True)
class Followed:
    """Shapes by the follow graph.

    inferred : of each cascade, one column a draw
    known : int64[r], sharers with a hidden parent of whom the graph says whom they follow
    latest : float64[r], structural virality if everybody took it from the latest sharer whom they follow
    missed : part of the parents -> float64[r, DRAWS], structural virality with that part drawn among all earlier nodes
    """

    inferred: Inferred
    known: IntArray
    latest: FloatArray
    missed: dict[float, FloatArray]


def infer_followed(cascades: pa.Table, follows: pa.Table) -> Followed:
    """Shapes of the cascades with hidden parents of whose sharers the follow graph knows at least one.

    cascades : tables.CASCADES; follows : tables.FOLLOWS
    returns : the same numbers whatever the order of rows
    raises : CascadeError if a parent does not precede its child
    """
    forest, nodes = lay_flat(cascades.column("nodes")), nodes_of(cascades)
    channel, channels = _channels(cascades)
    who = np.where(nodes.person == BRAND, len(nodes.people), nodes.person) + channel[nodes.row] * _width(nodes.people)
    start, followed, since = _edges(follows, nodes.people, channels)
    says = _says(follows, nodes.people, channels, start.size - 1)
    known = np.bincount(nodes.row[forest.hidden & says[who]], minlength=cascades.num_rows)
    row = np.flatnonzero(known)
    some = only(forest, row)
    _, node = positions(forest.offsets, row)
    moment = nodes.time_us[node]
    seeds, density = seeds_of(cascades, row), log_uniform(some)

    def draw(missed: float, draws: int) -> IntArray:
        out = np.empty((int(np.count_nonzero(some.hidden)), draws), np.int64)
        stamp = np.full(start.size - 1, -1)
        _draw(
            some.offsets, some.time, moment, some.hidden, who[node], start, followed, since, seeds, density.edges,
            density.per_us, missed, stamp, np.zeros(start.size - 1, np.int64), out,
        )  # fmt: skip
        return out

    return Followed(
        shapes_of(row, some, draw(0.0, DRAWS)),
        known[row],
        shapes_of(row, some, draw(-1.0, 1)).structural_virality[:, 0],
        {part: shapes_of(row, some, draw(part, DRAWS)).structural_virality for part in MISSED},
    )


def _width(people: pa.Array) -> int:
    """Codes of persons on one channel: all people, and the brand."""
    return len(people) + 1


def _channels(cascades: pa.Table) -> tuple[IntArray, pa.Array]:
    """Code of each cascade's channel, and the channels."""
    names = pc.dictionary_encode(cascades.column("channel").cast(pa.string()).combine_chunks())
    return np.asarray(names.indices).astype(np.int64), names.dictionary


def _coded(follows: pa.Table, name: str, people: pa.Array, channels: pa.Array) -> IntArray:
    """Codes of persons on their channels; -1 where the table of cascades does not name them."""
    on = pc.fill_null(pc.index_in(follows.column("channel"), value_set=channels), -1).to_numpy().astype(np.int64)
    told = follows.column(name)
    person = pc.fill_null(pc.index_in(told, value_set=people, skip_nulls=True), -1).to_numpy().astype(np.int64)
    person = np.where(pc.is_null(told).to_numpy(), len(people), person)
    return np.where((on < 0) | (person < 0), -1, on * _width(people) + person)


def _edges(follows: pa.Table, people: pa.Array, channels: pa.Array) -> tuple[IntArray, IntArray, IntArray]:
    """Whom each code follows: start[code]:start[code + 1] of `followed`, and since when (microseconds).

    Each pair stands once, the earliest: a list that names it again would count the same sharer twice.
    """
    who, whom = (_coded(follows, name, people, channels) for name in ("person", "follows"))
    since = pc.fill_null(follows.column("since_us"), np.iinfo(np.int64).min).to_numpy()
    keep = np.flatnonzero((who >= 0) & (whom >= 0) & (who != whom))
    order = keep[np.lexsort((since[keep], whom[keep], who[keep]))]
    again = (np.diff(who[order], prepend=-1) == 0) & (np.diff(whom[order], prepend=-1) == 0)
    order = order[~again]
    codes = len(channels) * _width(people)
    start = np.concatenate([[0], np.cumsum(np.bincount(who[order], minlength=codes))])
    return start, whom[order], since[order]


def _says(follows: pa.Table, people: pa.Array, channels: pa.Array, codes: int) -> BoolArray:
    """Of whom the graph says anything: those who follow some person, also one who never shared.

    That somebody follows the brand stands on the brand's own list of followers, which says nothing of whom else.
    """
    out = np.zeros(codes, np.bool_)
    who = _coded(follows, "person", people, channels)
    out[who[(who >= 0) & pc.is_valid(follows.column("follows")).to_numpy()]] = True
    return out


@jit
def _draw(  # type: ignore[no-untyped-def]
    offsets, time, moment, hidden, who, start, followed, since, seeds, edges, per_us, missed, stamp, latest, drawn
):
    """Parents of every hidden node; `missed` of them among all earlier nodes, below 0 always the latest followed."""
    mass = np.empty(per_us.size, np.float64)
    bins = np.empty(per_us.size, np.int64)
    row = 0
    for c in range(offsets.size - 1):
        base, end = offsets[c], offsets[c + 1]
        even = np.arange(end - base + 1)
        earlier = np.empty(end - base, np.int64)
        found = np.empty(end - base, np.int64)
        sums = np.empty(end - base, np.float64)
        state = seeds[c]
        for i in range(base, end):
            if hidden[i]:
                n = 0
                for e in range(start[who[i]], start[who[i] + 1]):
                    whom = followed[e]
                    if stamp[whom] != c or since[e] > moment[i]:
                        continue
                    at = latest[whom]
                    while at >= 0:
                        found[n] = at
                        n += 1
                        at = earlier[at]
                found[:n].sort()
                total = 0.0
                for k in range(n):
                    total += 1.0 / np.float64(time[i] - time[base + found[k]] + MINUTE_US)
                    sums[k] = total
                every = weigh(time[base : i + 1], even, edges, per_us, bins, mass) if missed > 0.0 else 0.0
                for k in range(drawn.shape[1]):
                    state = state + STEP
                    chance = uniform(state)
                    state = state + STEP
                    other = uniform(state)
                    if missed < 0.0:
                        drawn[row, k] = base + (found[n - 1] if n else 0)
                    elif chance < missed:
                        b = bin_of(mass, other * every)
                        above = i - base if b == 0 else bins[b - 1]
                        drawn[row, k] = base + node_of(even, bins[b], above, chance / missed)
                    elif n == 0 or other < REST:
                        drawn[row, k] = base
                    else:
                        at = np.searchsorted(sums[:n], (other - REST) / (1.0 - REST) * total, side="right")
                        drawn[row, k] = base + found[min(at, n - 1)]
                row += 1
            me = who[i]
            earlier[i - base] = latest[me] if stamp[me] == c else -1
            stamp[me] = c
            latest[me] = i - base
