"""Rows brought together: those that name each other by joins and connected components, groups by buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import WEB
from hubbub.kernel import IntArray
from hubbub.log.keys import NO_KEY, salted, salts_of
from hubbub.log.link import dm_keys, handle_persons
from hubbub.spark.shared import Shared, channel_codes, sides

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_Kernel = Callable[[pa.Table], pa.Table]

KEYS = ("key", "reply_key", "context_key", "object_key", "object_web", "via_key", "via_web", "talk_key")


def keyed_rows(raw: DataFrame, shared: Shared) -> DataFrame:
    """Rows with their keys on their channel, and those of what they name."""
    from pyspark.sql.types import LongType, StructField, StructType

    extra = [StructField(name, LongType()) for name in KEYS]

    def kernel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            keys = [pa.array(values, pa.int64()) for values in _keys_of(batch, shared)]
            yield pa.RecordBatch.from_arrays([*batch.columns, *keys], [*batch.schema.names, *KEYS])

    return raw.mapInArrow(kernel, StructType([*raw.schema.fields, *extra]))


def _keys_of(batch: pa.RecordBatch, shared: Shared) -> list[IntArray]:
    salts = salts_of(shared.channels)
    channel = channel_codes(batch, shared)
    base = {n: np.ascontiguousarray(batch.column(n).to_numpy()) for n in batch.schema.names if n.startswith("k_")}
    own = {n: salted(values, channel, salts) for n, values in base.items()}
    web = salts_of([WEB])
    on_web = {n: salted(base[n], np.zeros(channel.size, np.int32), web) for n in ("k_object", "k_via")}
    alone = np.asarray(pc.equal(batch.column("type"), "message").to_numpy(zero_copy_only=False))
    alone &= (base["k_reply"] == NO_KEY) & (base["k_context"] == NO_KEY)
    brand, _ = sides(batch, shared)
    persons = handle_persons(shared.settings.people)
    with_whom = np.where(brand, own["k_addressed"], own["k_actor"])
    talk = np.where(alone, dm_keys(with_whom, channel, salts, persons), NO_KEY)
    return [
        own["k_id"], own["k_reply"], own["k_context"], own["k_object"], on_web["k_object"], own["k_via"],
        on_web["k_via"], talk,
    ]  # fmt: skip


def edges_of(keyed: DataFrame) -> DataFrame:
    """Pairs (a, b) of rows, and of rows and conversations, that must be linked together."""
    from pyspark.sql import functions as f

    ids = keyed.select(f.col("key").alias("b"))

    def named(name: str) -> DataFrame:
        return keyed.where(f.col(name) != NO_KEY).select(f.col("key").alias("a"), f.col(name).alias("b"))

    def found(own: str, web: str) -> DataFrame:
        here = named(own)
        hit = here.join(ids, "b").select("a", "b")
        missed = here.join(ids, "b", "left_anti").select("a")
        there = keyed.select(f.col("key").alias("a"), f.col(web).alias("b")).join(missed, "a", "left_semi")
        return hit.union(there.join(ids, "b", "left_semi").select("a", "b"))

    parts = [named("reply_key"), named("context_key"), named("talk_key")]
    parts += [found("object_key", "object_web"), found("via_key", "via_web")]
    out = parts[0]
    for part in parts[1:]:
        out = out.union(part)
    return out.distinct()


def components(edges: DataFrame) -> DataFrame:
    """Connected components (node, label): labels fall to the smallest neighbour's, then jump, until nothing moves."""
    from pyspark.sql import functions as f

    both = edges.union(edges.select("b", "a")).distinct().localCheckpoint()
    labels = both.select(f.col("a").alias("node"), f.col("a").alias("label")).distinct().localCheckpoint()
    while True:
        beside = both.join(labels.select(f.col("node").alias("b"), "label"), "b")
        near = beside.groupBy("a").agg(f.min("label").alias("m"))
        lower = labels.join(near, labels["node"] == near["a"], "left").select(
            "node", f.least("label", f.coalesce("m", "label")).alias("label"), f.col("label").alias("before")
        )
        far = lower.select(f.col("node").alias("label"), f.col("label").alias("far"))
        moved = (
            lower.join(far, "label", "left")
            .select("node", f.least("label", f.coalesce("far", "label")).alias("label"), "before")
            .localCheckpoint()
        )
        labels = moved.select("node", "label")
        if moved.where(f.col("label") != f.col("before")).isEmpty():
            return labels


def _buckets(frame: DataFrame, name: str) -> DataFrame:
    """Rows with a bucket, so that one kernel call takes the many small groups of a bucket at once."""
    from pyspark.sql import functions as f

    many = max(8, 4 * frame.sparkSession.sparkContext.defaultParallelism)
    return frame.withColumn("bucket", f.pmod(f.xxhash64(name), f.lit(many)))


def grouped_map(frame: DataFrame, name: str, kernel: _Kernel, schema: pa.Schema) -> DataFrame:
    """The grouped map: a kernel over the rows of a bucket, whole groups each."""
    from pyspark.sql.pandas.types import from_arrow_schema

    def on_table(table: pa.Table) -> pa.Table:
        return kernel(table.drop_columns(["bucket"]).combine_chunks()).cast(schema)

    return _buckets(frame, name).groupBy("bucket").applyInArrow(on_table, from_arrow_schema(schema))
