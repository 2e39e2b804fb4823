"""Nodes of cascades, laid flat, to the table of cascades: the fold by cascade with its names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.arrow import lists
from hubbub.kernel import BoolArray, IntArray, jit
from hubbub.spread.cascades import Trees, fold_cascades
from hubbub.spread.table import Heads, Nodes, Words, cascade_table


@dataclass(frozen=True, slots=True)
class Forest:
    """Nodes of whole cascades: cascade c's are offsets[c]:offsets[c + 1], the root first, then in reading order.

    parent : int32 position within the cascade, -1 the root, -2 hidden; time : int64 microseconds
    author : int64, any code of the person, -1 the brand; label : the person's, null the brand
    exchanged : the author had completed an exchange before; shares : the node is a share
    exchanged, audience, disclosed, rewarded : -1 not known
    came_to, came : cascade and author code of people who came through a node without sharing, repeats allowed
    """

    offsets: IntArray
    parent: IntArray
    time: IntArray
    author: IntArray
    label: pa.Array
    exchanged: IntArray
    audience: IntArray
    disclosed: IntArray
    rewarded: IntArray
    shares: BoolArray
    came_to: IntArray
    came: IntArray


def fold_forest(forest: Forest, heads: Heads, words: Words, end: int) -> pa.Table:
    """tables.CASCADES, by channel and root; `end` is the end of the log in microseconds."""
    trees = Trees(forest.offsets, forest.parent, forest.time)
    person = np.empty(forest.author.size, np.int32)
    codes, dense = np.unique(forest.author, return_inverse=True)
    dense = np.where(forest.author < 0, -1, dense)
    _ordinals(dense, forest.offsets, np.full(codes.size + 1, -1), np.zeros(codes.size + 1, np.int32), person)
    sharers = _sharers(forest, person)
    nodes = Nodes(person, forest.exchanged, forest.audience, forest.disclosed, forest.rewarded)
    table = cascade_table(trees, fold_cascades(trees, end), nodes, heads, _touched(forest), words, sharers)
    return table.take(_by_name(table))


def _sharers(forest: Forest, person: IntArray) -> pa.Array:
    """The persons of each cascade in the order in which they first appear."""
    fresh = np.zeros(person.size, np.bool_)
    _first_seen(person, forest.offsets, fresh)
    before = np.concatenate([[0], np.cumsum(fresh)])
    return lists(before[forest.offsets], forest.label.filter(pa.array(fresh)).cast(pa.string()))


@jit
def _first_seen(person: Any, offsets: Any, fresh: Any) -> None:
    """Mark the first node of each person of each cascade."""
    for c in range(offsets.size - 1):
        n = 0
        for i in range(offsets[c], offsets[c + 1]):
            if person[i] == n:
                fresh[i] = True
                n += 1


def _by_name(table: pa.Table) -> pa.Array:
    names = pa.table({"channel": table.column("channel").cast(pa.string()), "root": table.column("root")})
    return pc.sort_indices(names, [("channel", "ascending"), ("root", "ascending")])


@jit
def _ordinals(author: Any, offsets: Any, stamp: Any, number: Any, out: Any) -> None:
    """Number the persons of each cascade in order of appearance; -1 stays."""
    for c in range(offsets.size - 1):
        n = 0
        for i in range(offsets[c], offsets[c + 1]):
            p = author[i]
            if p < 0:
                out[i] = -1
                continue
            if stamp[p] != c:
                stamp[p] = c
                number[p] = n
                n += 1
            out[i] = number[p]


def _touched(forest: Forest) -> IntArray:
    """How many people came through each cascade and have no share in it."""
    count = forest.offsets.size - 1
    order = np.lexsort((forest.came, forest.came_to))
    to, who = forest.came_to[order], forest.came[order]
    fresh = np.ones(to.size, np.bool_)
    fresh[1:] = (to[1:] != to[:-1]) | (who[1:] != who[:-1])
    to, who = to[fresh], who[fresh]
    which = np.repeat(np.arange(count), np.diff(forest.offsets))
    own = forest.shares & (forest.author >= 0)
    order = np.lexsort((forest.author[own], which[own]))
    sharer = np.zeros(to.size, np.bool_)
    _in_both(to, who, which[own][order], forest.author[own][order], sharer)
    return np.bincount(to[~sharer], minlength=count)


@jit
def _in_both(a_key: Any, a: Any, b_key: Any, b: Any, out: Any) -> None:
    """Mark the entries of the sorted pairs `a` that stand among the sorted pairs `b`."""
    j = 0
    for i in range(a.size):
        while j < b.size and (b_key[j] < a_key[i] or (b_key[j] == a_key[i] and b[j] < a[i])):
            j += 1
        out[i] = j < b.size and b_key[j] == a_key[i] and b[j] == a[i]
