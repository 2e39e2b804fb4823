"""One row a cascade: figures and nodes as an Arrow table in tables.CASCADES."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hubbub.arrow import label, lists, real, structs, times, truth, whole
from hubbub.kernel import BoolArray, IntArray
from hubbub.spread.cascades import CascadeFigures, Trees
from hubbub.tables import CASCADES, NODE


@dataclass(frozen=True, slots=True)
class Nodes:
    """What each node says besides its place in the tree: int32 person (-1 the brand), and the record's own fields.

    audience : int64; exchanged, disclosed, rewarded : int8; all -1 where not known
    """

    person: IntArray
    exchanged: IntArray
    audience: IntArray
    disclosed: IntArray
    rewarded: IntArray


@dataclass(frozen=True, slots=True)
class Heads:
    """What the roots say: id, author's label (null the brand), codes of channel, type and campaign."""

    id: pa.Array
    author: pa.Array
    channel: IntArray
    type: IntArray
    campaign: IntArray
    tried: BoolArray
    orphan: BoolArray


@dataclass(frozen=True, slots=True)
class Words:
    """The words behind the codes."""

    channels: list[str]
    types: list[str]
    campaigns: list[str]


def cascade_table(
    trees: Trees,
    figures: CascadeFigures,
    nodes: Nodes,
    heads: Heads,
    touched: IntArray,
    words: Words,
    sharers: pa.Array,
) -> pa.Table:
    """The table of one fold.

    touched : int64, people who came through each cascade without sharing; sharers : list of labels, one a cascade
    """
    start = trees.offsets[:-1]
    first = trees.time[start]
    every = np.ones(start.size, np.bool_)
    nothing = np.full(start.size, np.nan)
    shaped = figures.shaped
    columns = {
        "root": heads.id,
        "channel": label(heads.channel, words.channels),
        "type": label(heads.type, words.types),
        "campaign": label(heads.campaign, words.campaigns),
        "author": heads.author,
        "shared": pa.array(figures.size > 1),
        "try": pa.array(heads.tried),
        "orphan": pa.array(heads.orphan),
        "size": pa.array(figures.size.astype(np.int32)),
        "hidden": pa.array(figures.hidden.astype(np.int32)),
        "depth": whole(np.where(shaped, figures.depth, -1), pa.int32()),
        "breadth": whole(np.where(shaped, figures.breadth, -1), pa.int32()),
        "structural_virality": real(np.where(shaped, figures.structural_virality, nothing)),
        "broadcast_part": real(figures.broadcast_part),
        "generation_hours": real(figures.generation_hours),
        "half_life_hours": real(figures.half_life_hours),
        "running": pa.array(figures.running),
        "first": times(first, every),
        "last": times(figures.last, figures.size > 1),
        "touched": pa.array(touched.astype(np.int32)),
        "nodes": lists(trees.offsets, _nodes(trees, nodes, first)),
        "sharers": sharers,
    }
    return pa.table([columns[f.name] for f in CASCADES], schema=CASCADES)


def _nodes(trees: Trees, nodes: Nodes, first: IntArray) -> pa.Array:
    since = trees.time - np.repeat(first, np.diff(trees.offsets))
    columns = [
        pa.array(trees.parent, pa.int32()),
        pa.array(since, pa.int64()),
        pa.array(nodes.person, pa.int32()),
        truth(nodes.exchanged),
        whole(nodes.audience, pa.int64()),
        truth(nodes.disclosed),
        truth(nodes.rewarded),
    ]
    return structs(columns, NODE)
