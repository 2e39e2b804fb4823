"""Hidden parents: the weight of every earlier node, one by one, in fractions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from .trees import HIDDEN, waits_of

MINUTE = 60_000_000

Nodes = Sequence[Mapping[str, Any]]


def bins(table: Sequence[Nodes]) -> list[tuple[int, int]]:
    """Bins of waits [from, to) that double, from a minute or the step in which all times of the table lie."""
    times = [n["time_us"] for nodes in table for n in nodes]
    out = [(0, max(MINUTE, math.gcd(*times)))]
    while out[-1][1] <= max(times):
        out.append((out[-1][1], 2 * out[-1][1]))
    return out


def density(table: Sequence[Nodes], wait: int) -> Fraction:
    """Known waits per microsecond around that wait, and one wait more spread evenly over all bins."""
    every = bins(table)
    low, high = next((a, b) for a, b in every if a <= wait < b)
    inside = sum(low <= w < high for nodes in table for w in waits_of(nodes))
    return Fraction(inside, high - low) + Fraction(1, every[-1][1])


def chances(table: Sequence[Nodes], nodes: Nodes, share: int) -> list[Fraction]:
    """The probability of each node before a share with a hidden parent to be that parent."""
    assert nodes[share]["parent"] == HIDDEN
    weights = []
    for k in range(share):
        children = sum(n["parent"] == k for n in nodes)
        wait = nodes[share]["time_us"] - nodes[k]["time_us"]
        weights.append(density(table, wait) * (children + Fraction(1, 2)))
    return [w / sum(weights) for w in weights]
