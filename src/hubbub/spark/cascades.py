"""The table of cascades: the kernel `hubbub.spread.fold.fold_forest` under the grouped map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import TYPES
from hubbub.converse.people import NO_TIME
from hubbub.log.keys import NO_KEY
from hubbub.log.link import BRAND_SIDE
from hubbub.rows import ORPHAN
from hubbub.spark.columns import in_order, ints, offsets_of
from hubbub.spark.shared import CODE, Shared
from hubbub.spark.together import grouped_map
from hubbub.spark.wire import to_wire, wire_schema
from hubbub.spread.cascades import HIDDEN_PARENT
from hubbub.spread.fold import Forest, fold_forest
from hubbub.spread.table import Heads, Words
from hubbub.tables import CASCADES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def cascade_rows(linked: DataFrame, people: DataFrame, shared: Shared) -> DataFrame:
    """One row a cascade, by the kernel `hubbub.spread.fold.fold_forest`."""
    from pyspark.sql import functions as f

    who = people.select(f.col("person_key").alias("author"), "person", "first_exchange_us")
    nodes = linked.where(f.col("tree") != NO_KEY).join(who, "author", "left").withColumn("node", f.lit(True))
    came = linked.where((f.col("came_to") != NO_KEY) & (f.col("author") != NO_KEY))
    came = came.withColumn("tree", f.col("came_to")).withColumn("node", f.lit(False))
    both = nodes.unionByName(came, allowMissingColumns=True)
    return grouped_map(both, "tree", lambda table: _cascades(table, shared), wire_schema(CASCADES))


def _cascades(table: pa.Table, shared: Shared) -> pa.Table:
    came = table.filter(pc.invert(table.column("node")))
    nodes = in_order(table.filter(table.column("node")), "tree")
    tree = ints(nodes, "tree")
    offsets = offsets_of(tree)
    start = offsets[:-1]
    key, parent_key = ints(nodes, "key"), ints(nodes, "parent")
    place = np.arange(tree.size) - np.repeat(start, np.diff(offsets))
    by_key = np.argsort(key)
    at = np.minimum(np.searchsorted(key[by_key], parent_key), max(key.size - 1, 0))
    parent = np.where(parent_key == NO_KEY, HIDDEN_PARENT, place[by_key[at]]).astype(np.int32)
    parent[start] = -1
    author = ints(nodes, "author")
    known = author != NO_KEY
    first = pc.fill_null(nodes.column("first_exchange_us"), NO_TIME).to_numpy()
    codes = np.unique(np.concatenate([author, ints(came, "author")]))
    kind = ints(nodes, "type")
    forest = Forest(
        offsets=offsets,
        parent=parent,
        time=ints(nodes, "time"),
        author=np.where(known, np.searchsorted(codes, author), -1),
        label=nodes.column("person").combine_chunks(),
        exchanged=known & (first < ints(nodes, "time")),
        audience=ints(nodes, "audience"),
        disclosed=ints(nodes, "disclosed"),
        rewarded=ints(nodes, "rewarded"),
        shares=kind == CODE["share"],
        came_to=np.searchsorted(tree[start], ints(came, "tree")),
        came=np.searchsorted(codes, ints(came, "author")),
    )
    heads = nodes.take(pa.array(start))
    roots = Heads(
        id=heads.column("id").combine_chunks(),
        author=heads.column("person").combine_chunks(),
        channel=ints(heads, "channel").astype(np.int32),
        type=kind[start].astype(np.int32),
        campaign=ints(heads, "campaign"),
        tried=(ints(heads, "side") == BRAND_SIDE) & (kind[start] == CODE["post"]),
        orphan=(ints(heads, "flags") & ORPHAN) != 0,
    )
    return to_wire(fold_forest(forest, roots, Words(shared.channels, list(TYPES), shared.campaigns), shared.end))
