"""Linked rows: each connected group through `hubbub.log.link.link` as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.kernel import IntArray
from hubbub.log.keys import NO_KEY
from hubbub.log.link import SPARSE, count_values, link
from hubbub.log.order import Name
from hubbub.log.segment import rows_of
from hubbub.measure import cascade_codes
from hubbub.spark.shared import CODE, Shared
from hubbub.spark.together import KEYS, components, edges_of, grouped_map

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_LINKED = pa.schema([
    ("key", pa.int64()), ("id", pa.string()), ("channel", pa.int16()), ("actor", pa.string()), ("side", pa.int8()),
    ("author", pa.int64()), ("owner", pa.int64()), ("time", pa.int64()), ("type", pa.int8()), ("flags", pa.int64()),
    ("thread", pa.int64()), ("campaign", pa.int32()), ("came", pa.string()), ("value", pa.int64()),
    ("undone", pa.int64()), ("tie_channel", pa.string()), ("tie_id", pa.string()), ("tie_step", pa.int32()),
    ("parent", pa.int64()), ("tree", pa.int64()), ("came_to", pa.int64()), ("audience", pa.int64()),
    ("disclosed", pa.int8()), ("rewarded", pa.int8()), ("count", pa.int64()), ("cost", pa.int64()),
    ("currency", pa.int16()),
])  # fmt: skip


def linked_rows(keyed: DataFrame, shared: Shared) -> DataFrame:
    """Linked rows: each connected group goes through `hubbub.log.link.link` as a whole."""
    from pyspark.sql import functions as f

    labels = components(edges_of(keyed))
    named = keyed.drop(*[k for k in KEYS if k != "key"])
    grouped = named.join(labels, named["key"] == labels["node"], "left")
    grouped = grouped.withColumn("label", f.coalesce("label", "key")).drop("node")
    return grouped_map(grouped, "label", lambda table: _link(table, shared), _LINKED)


def _link(table: pa.Table, shared: Shared) -> pa.Table:
    rows = rows_of(table, shared.channels, shared.campaigns, shared.currencies)
    keys = rows.id
    linked = link(rows, shared.context(table))
    keys = keys[rows.origin]
    count_values(rows, linked, shared.values.code)
    person = np.append(linked.handles.person_key, NO_KEY)
    every = np.arange(keys.size)
    cascade, roots = cascade_codes(rows, linked)
    root_keys = np.append(keys[roots], NO_KEY)
    through = (rows.type != CODE["share"]) & (linked.via >= 0)
    came_to = np.where(through, root_keys[np.append(cascade, -1)[linked.via]], NO_KEY)
    back = pa.array(rows.origin)
    ids, channels = table.column("id").take(back).combine_chunks(), table.column("channel").take(back).combine_chunks()
    names = pc.binary_join_element_wise(channels, ids, ":")
    tie_channel, tie_id, tie_step = _ties(channels, ids, linked.ties)
    columns = {
        "key": keys,
        "id": ids,
        "channel": rows.channel,
        "actor": table.column("actor").take(back).combine_chunks(),
        "side": np.minimum(linked.who, 0),
        "author": person[np.maximum(linked.who, -1)],
        "owner": person[np.maximum(linked.owner, -1)],
        "time": rows.time,
        "type": rows.type,
        "flags": linked.flags.astype(np.int64),
        "thread": linked.thread,
        "campaign": rows.campaign,
        "came": names.take(pa.array(linked.root, mask=linked.root < 0)),
        "value": linked.value.take(every),
        "undone": linked.undone.take(every),
        "tie_channel": tie_channel,
        "tie_id": tie_id,
        "tie_step": tie_step,
        "parent": np.where(linked.parent >= 0, keys[linked.parent], NO_KEY),
        "tree": root_keys[cascade],
        "came_to": came_to,
        **{name: getattr(rows, name).take(rows.origin) for name in SPARSE if name != "value"},
    }
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in _LINKED], schema=_LINKED)


def _ties(channels: pa.Array, ids: pa.Array, ties: dict[int, tuple[Name, int]]) -> tuple[pa.Array, pa.Array, IntArray]:
    """What rows of one time are sorted by: their own name, or for rows that name each other their place there."""
    step = np.zeros(len(ids), np.int32)
    if not ties:
        return channels, ids, step
    first, second = channels.to_pylist(), ids.to_pylist()
    for row, (name, at) in ties.items():
        first[row], second[row] = name
        step[row] = at
    return pa.array(first, pa.string()), pa.array(second, pa.string()), step
