"""The same kernels on Spark, when a log outgrows one machine: Spark brings groups together, and nothing else.

Rows that name each other are found by joins and connected components; each kernel then runs unchanged under a
grouped map (`applyInArrow`) over unions of whole groups. Only the two finished tables, the distinct names of
channels, campaigns and currencies, and one tally a partition come back to the driver.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import TOTAL, TYPES, WEB
from hubbub.converse.people import INTS, NO_TIME, Fold, fold_people
from hubbub.converse.persons import describe
from hubbub.converse.table import Names, people_table
from hubbub.kernel import IntArray
from hubbub.log.facts import Seen, added, paid, tally
from hubbub.log.keys import NO_KEY, hash_text, salted, salts_of
from hubbub.log.link import (
    BRAND_SIDE,
    NO_MONEY,
    SPARSE,
    TOTALS,
    Context,
    brand_mask,
    count_values,
    dm_keys,
    handle_persons,
    link,
)
from hubbub.log.order import Name
from hubbub.log.outcomes import with_trials
from hubbub.log.permission import with_consent
from hubbub.log.segment import READ, Segment, rows_of
from hubbub.log.settings import Settings
from hubbub.measure import DAY_US, Tables, Values, cascade_codes, ledger_of, register_of, values_of
from hubbub.measure import measure as measure_here
from hubbub.rows import ORPHAN, REFUND
from hubbub.spread.cascades import HIDDEN_PARENT
from hubbub.spread.fold import Forest, fold_forest
from hubbub.spread.table import Heads, Words
from hubbub.tables import CASCADES, MODES, PEOPLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_CODE = {name: code for code, name in enumerate(TYPES)}
_Kernel = Callable[[pa.Table], pa.Table]
_Map = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]

_LINKED = pa.schema([
    ("key", pa.int64()), ("id", pa.string()), ("channel", pa.int16()), ("actor", pa.string()), ("side", pa.int8()),
    ("author", pa.int64()), ("owner", pa.int64()), ("time", pa.int64()), ("type", pa.int8()), ("flags", pa.int64()),
    ("thread", pa.int64()), ("campaign", pa.int32()), ("came", pa.string()), ("value", pa.int64()),
    ("undone", pa.int64()), ("tie_channel", pa.string()), ("tie_id", pa.string()), ("tie_step", pa.int32()),
    ("parent", pa.int64()), ("tree", pa.int64()), ("came_to", pa.int64()), ("audience", pa.int64()),
    ("disclosed", pa.int8()), ("rewarded", pa.int8()), ("count", pa.int64()), ("cost", pa.int64()),
    ("currency", pa.int16()),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Shared:
    """What every kernel call is told."""

    settings: Settings
    channels: list[str]
    campaigns: list[str]
    currencies: list[str]
    values: Values
    end: int
    window_us: int

    def context(self, table: pa.Table) -> Context:
        """The context of linking a part of the log, with its texts at hand."""

        def take(name: str, rows: IntArray) -> list[Any]:
            return table.column(name).take(pa.array(rows)).to_pylist()  # type: ignore[no-any-return]

        starts = {c.channel: c.start for c in self.settings.coverage if c.start is not None}
        return Context(
            self.channels, self.settings.brand, self.settings.people, starts,
            lambda rows: list(zip(take("channel", rows), take("id", rows), strict=True)),
            lambda rows: take("content", rows), self.settings.watched,
        )  # fmt: skip


def session() -> SparkSession:
    """The session that is running, else one on this machine."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        SparkSession.builder.appName("hubbub")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )


def measure(segments: Sequence[Segment], settings: Settings, window_days: float = 30.0) -> Tables:
    """The two tables and the ledger of a log, the same to the byte as `hubbub.measure.measure` gives."""
    if not sum(s.rows for s in segments):
        return measure_here(segments, settings, window_days)
    shared, keyed, linked, people, cascades = _frames(segments, settings, window_days)
    tables = Tables(
        _from_wire(people.drop("person_key", "first_exchange_us").toArrow(), PEOPLE, shared),
        _from_wire(cascades.toArrow(), CASCADES, shared),
        with_trials(with_consent(_ledger(linked, shared, window_days), segments, settings), segments, settings),
    )
    for frame in (people, linked, keyed):
        frame.unpersist()
    return tables


def plans(segments: Sequence[Segment], settings: Settings, window_days: float = 30.0) -> dict[str, str]:
    """The physical plans by which Spark brings linked rows, people and cascades about."""
    _, keyed, linked, people, cascades = _frames(segments, settings, window_days)
    out = {}
    for name, frame in (("linked", linked), ("people", people), ("cascades", cascades)):
        out[name] = str(frame._jdf.queryExecution().toString())
    for frame in (people, linked, keyed):
        frame.unpersist()
    return out


def _frames(segments: Sequence[Segment], settings: Settings, window_days: float) -> tuple[Any, ...]:
    raw = session().read.parquet(*[str(s.path) for s in segments]).select(*READ, "id", "content", "actor")
    shared = _shared(raw, replace(settings, consent=None, assignments=None), window_days)
    keyed = _keyed(raw, shared).persist()
    linked = linked_rows(keyed, shared).persist()
    people = people_rows(linked, shared).persist()
    return shared, keyed, linked, people, cascade_rows(linked, people, shared)


def _shared(raw: DataFrame, settings: Settings, window_days: float) -> _Shared:
    """Distinct names, the end of the log and which values count: the few words that every part must agree on."""
    from pyspark.sql import functions as f

    def distinct(name: str) -> list[str]:
        return sorted(row[0] for row in raw.select(name).distinct().collect() if row[0] is not None)

    end = raw.agg(f.max(f.unix_micros("time"))).collect()[0][0]
    nothing = Values(None, None, "none", "")
    shared = _Shared(
        settings, distinct("channel"), distinct("campaign"), distinct("currency"), nothing, int(end),
        round(window_days * DAY_US),
    )  # fmt: skip
    sales = raw.where(f.col("type") == "convert").select("channel", "k_actor", "currency", "value")
    found = sales.mapInArrow(_sales(shared), "currency string, valued boolean, worth boolean").distinct().collect()
    if not found:
        return shared
    codes = sorted({shared.currencies.index(r[0]) if r[0] is not None else -1 for r in found if r[1]})
    if codes and not any(r[2] for r in found) and _only_refunds(raw, shared):
        codes = []
    return replace(shared, values=values_of(codes, shared.currencies, settings.currency))


def _only_refunds(raw: DataFrame, shared: _Shared) -> bool:
    """Whether all values stand with refunds; asked only of a log whose values are all negative."""
    from pyspark.sql import functions as f

    keyed = _keyed(raw, shared)
    plain = linked_rows(keyed, shared).where(
        (f.col("type") == _CODE["convert"]) & (f.col("side") == 0) & f.col("flags").bitwiseAND(REFUND).eqNullSafe(0)
    )
    return bool(plain.join(keyed.where(f.col("value").isNotNull()).select("key"), "key").isEmpty())


def _sales(shared: _Shared) -> _Map:
    """Currencies of people's conversions."""

    def kernel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            brand, total = _sides(batch, shared)
            mine = pa.array(~brand & ~total)
            valued = batch.column("value").is_valid()
            worth = pc.fill_null(pc.greater_equal(batch.column("value"), 0), False)
            columns = {"currency": batch.column("currency"), "valued": valued, "worth": worth}
            yield from pa.table(columns).filter(mine).group_by(list(columns)).aggregate([]).to_batches()

    return kernel


def _sides(batch: pa.RecordBatch, shared: _Shared) -> tuple[Any, Any]:
    """Which rows are the brand's, and which are totals."""
    actor = np.ascontiguousarray(batch.column("k_actor").to_numpy())
    keyed = salted(actor, _channel_codes(batch, shared), salts_of(shared.channels))
    return brand_mask(actor, keyed, shared.context(pa.table({}))), actor == hash_text(pa.array([TOTAL]))[0]


def _channel_codes(batch: pa.RecordBatch, shared: _Shared) -> IntArray:
    return np.asarray(pc.index_in(batch.column("channel"), pa.array(shared.channels)).to_numpy(zero_copy_only=False))


# ---- bringing rows together ----
_KEYS = ("key", "reply_key", "context_key", "object_key", "object_web", "via_key", "via_web", "talk_key")


def _keyed(raw: DataFrame, shared: _Shared) -> DataFrame:
    """Rows with their keys on their channel, and those of what they name."""
    from pyspark.sql.types import LongType, StructField, StructType

    extra = [StructField(name, LongType()) for name in _KEYS]

    def kernel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            keys = [pa.array(values, pa.int64()) for values in _keys_of(batch, shared)]
            yield pa.RecordBatch.from_arrays([*batch.columns, *keys], [*batch.schema.names, *_KEYS])

    return raw.mapInArrow(kernel, StructType([*raw.schema.fields, *extra]))


def _keys_of(batch: pa.RecordBatch, shared: _Shared) -> list[IntArray]:
    salts = salts_of(shared.channels)
    channel = _channel_codes(batch, shared)
    base = {n: np.ascontiguousarray(batch.column(n).to_numpy()) for n in batch.schema.names if n.startswith("k_")}
    own = {n: salted(values, channel, salts) for n, values in base.items()}
    web = salts_of([WEB])
    on_web = {n: salted(base[n], np.zeros(channel.size, np.int32), web) for n in ("k_object", "k_via")}
    alone = np.asarray(pc.equal(batch.column("type"), "message").to_numpy(zero_copy_only=False))
    alone &= (base["k_reply"] == NO_KEY) & (base["k_context"] == NO_KEY)
    brand, _ = _sides(batch, shared)
    persons = handle_persons(shared.settings.people)
    with_whom = np.where(brand, own["k_addressed"], own["k_actor"])
    talk = np.where(alone, dm_keys(with_whom, channel, salts, persons), NO_KEY)
    return [
        own["k_id"], own["k_reply"], own["k_context"], own["k_object"], on_web["k_object"], own["k_via"],
        on_web["k_via"], talk,
    ]  # fmt: skip


def _edges(keyed: DataFrame) -> DataFrame:
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


def _components(edges: DataFrame) -> DataFrame:
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


def _grouped(frame: DataFrame, name: str, kernel: _Kernel, schema: pa.Schema) -> DataFrame:
    """The grouped map: a kernel over the rows of a bucket, whole groups each."""
    from pyspark.sql.pandas.types import from_arrow_schema

    def on_table(table: pa.Table) -> pa.Table:
        return kernel(table.drop_columns(["bucket"]).combine_chunks()).cast(schema)

    return _buckets(frame, name).groupBy("bucket").applyInArrow(on_table, from_arrow_schema(schema))


# ---- linking ----
def linked_rows(keyed: DataFrame, shared: _Shared) -> DataFrame:
    """Linked rows: each connected group goes through `hubbub.log.link.link` as a whole."""
    from pyspark.sql import functions as f

    labels = _components(_edges(keyed))
    named = keyed.drop(*[k for k in _KEYS if k != "key"])
    grouped = named.join(labels, named["key"] == labels["node"], "left")
    grouped = grouped.withColumn("label", f.coalesce("label", "key")).drop("node")
    return _grouped(grouped, "label", lambda table: _link(table, shared), _LINKED)


def _link(table: pa.Table, shared: _Shared) -> pa.Table:
    rows = rows_of(table, shared.channels, shared.campaigns, shared.currencies)
    keys = rows.id
    linked = link(rows, shared.context(table))
    keys = keys[rows.origin]
    count_values(rows, linked, shared.values.code)
    person = np.append(linked.handles.person_key, NO_KEY)
    every = np.arange(keys.size)
    cascade, roots = cascade_codes(rows, linked)
    root_keys = np.append(keys[roots], NO_KEY)
    through = (rows.type != _CODE["share"]) & (linked.via >= 0)
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


def _in_order(table: pa.Table, group: str) -> pa.Table:
    """Rows by group, each group in reading order."""
    keys = [group, "time", "tie_channel", "tie_id", "tie_step"]
    return table.take(pc.sort_indices(table, [(k, "ascending") for k in keys])).combine_chunks()


def _offsets(group: IntArray) -> IntArray:
    """Where each run of equal values starts, and the end."""
    fresh = np.flatnonzero(np.diff(group, prepend=group[0] - 1 if group.size else 0)) if group.size else np.empty(0)
    return np.append(fresh, group.size).astype(np.int64)


def _ints(table: pa.Table, name: str) -> IntArray:
    return np.ascontiguousarray(table.column(name).to_numpy())


# ---- people ----
def people_rows(linked: DataFrame, shared: _Shared) -> DataFrame:
    """One row a person, by the kernel `hubbub.converse.people.fold_people`."""
    from pyspark.sql import functions as f

    extra = [pa.field("person_key", pa.int64()), pa.field("first_exchange_us", pa.int64())]
    schema = pa.schema([*_wire(PEOPLE), *extra])
    mine = linked.where(f.col("owner") != NO_KEY)
    return _grouped(mine, "owner", lambda table: _people(table, shared), schema)


def _people(table: pa.Table, shared: _Shared) -> pa.Table:
    acts = pc.unique(table.filter(pc.equal(table.column("author"), table.column("owner"))).column("owner"))
    table = _in_order(table.filter(pc.is_in(table.column("owner"), value_set=acts.cast(pa.int64()))), "owner")
    owner = _ints(table, "owner")
    offsets = _offsets(owner)
    person_keys = owner[offsets[:-1]]
    count = person_keys.size
    came = table.column("came").combine_chunks().dictionary_encode()
    root = pc.fill_null(came.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    known = describe(*_handles(table, person_keys, shared), count, register_of(shared.settings, shared.end))
    fold = Fold(
        offsets=offsets,
        time=_ints(table, "time"),
        flags=_ints(table, "flags").astype(np.uint32),
        thread=_ints(table, "thread"),
        campaign=_ints(table, "campaign"),
        root=root,
        value=_ints(table, "value"),
        undone=_ints(table, "undone"),
        end=known.end,
    )
    folded = fold_people(fold, shared.window_us, len(shared.campaigns))
    first_row = folded.ints[:, INTS.index("first_row")]
    seen = np.where(first_row >= 0, first_row, offsets[:-1])
    names = Names(
        known.label, known.handles, _ints(table, "channel")[seen].astype(np.int32), known.segment, shared.channels,
        sorted(set(shared.settings.segments.values())), shared.campaigns, came.dictionary,
    )  # fmt: skip
    wire = _to_wire(people_table(folded, known.end, names))
    wire = wire.append_column("person_key", pa.array(person_keys, pa.int64()))
    return wire.append_column("first_exchange_us", pa.array(folded.ints[:, INTS.index("first_exchange")], pa.int64()))


def _handles(table: pa.Table, person_keys: IntArray, shared: _Shared) -> tuple[IntArray, pa.Array, pa.Array]:
    """Handles that acted or that people.csv lists, each once: whose, channel, name."""
    own = table.filter(pc.equal(table.column("author"), table.column("owner")))
    own = own.select(["owner", "channel", "actor"]).group_by(["owner", "channel", "actor"]).aggregate([])
    names = pa.array(shared.channels).take(own.column("channel").combine_chunks().cast(pa.int32()))
    owners, actors = own.column("owner").to_pylist(), own.column("actor").to_pylist()
    pairs = set(zip(owners, names.to_pylist(), actors, strict=True))
    here = set(person_keys.tolist())
    pairs |= {(key, c, h) for (c, h), key in _listed(shared).items() if key in here}
    found = sorted(pairs, key=lambda p: (p[0], f"{p[1]}:{p[2]}"))
    whose = np.searchsorted(person_keys, np.array([p[0] for p in found], np.int64))
    return whose, pa.array([p[1] for p in found], pa.string()), pa.array([p[2] for p in found], pa.string())


def _listed(shared: _Shared) -> dict[tuple[str, str], int]:
    """Handles of people.csv and the keys of their persons, the brand's left out."""
    from hubbub.log.link import is_brand, person_keys

    context = shared.context(pa.table({}))
    keys = person_keys(shared.settings.people)
    return {h: keys[name] for h, name in shared.settings.people.items() if not is_brand(context, *h)}


# ---- cascades ----
def cascade_rows(linked: DataFrame, people: DataFrame, shared: _Shared) -> DataFrame:
    """One row a cascade, by the kernel `hubbub.spread.fold.fold_forest`."""
    from pyspark.sql import functions as f

    who = people.select(f.col("person_key").alias("author"), "person", "first_exchange_us")
    nodes = linked.where(f.col("tree") != NO_KEY).join(who, "author", "left").withColumn("node", f.lit(True))
    came = linked.where((f.col("came_to") != NO_KEY) & (f.col("author") != NO_KEY))
    came = came.withColumn("tree", f.col("came_to")).withColumn("node", f.lit(False))
    both = nodes.unionByName(came, allowMissingColumns=True)
    return _grouped(both, "tree", lambda table: _cascades(table, shared), _wire(CASCADES))


def _cascades(table: pa.Table, shared: _Shared) -> pa.Table:
    came = table.filter(pc.invert(table.column("node")))
    nodes = _in_order(table.filter(table.column("node")), "tree")
    tree = _ints(nodes, "tree")
    offsets = _offsets(tree)
    start = offsets[:-1]
    key, parent_key = _ints(nodes, "key"), _ints(nodes, "parent")
    place = np.arange(tree.size) - np.repeat(start, np.diff(offsets))
    by_key = np.argsort(key)
    at = np.minimum(np.searchsorted(key[by_key], parent_key), max(key.size - 1, 0))
    parent = np.where(parent_key == NO_KEY, HIDDEN_PARENT, place[by_key[at]]).astype(np.int32)
    parent[start] = -1
    author = _ints(nodes, "author")
    known = author != NO_KEY
    first = pc.fill_null(nodes.column("first_exchange_us"), NO_TIME).to_numpy()
    codes = np.unique(np.concatenate([author, _ints(came, "author")]))
    kind = _ints(nodes, "type")
    forest = Forest(
        offsets=offsets,
        parent=parent,
        time=_ints(nodes, "time"),
        author=np.where(known, np.searchsorted(codes, author), -1),
        label=nodes.column("person").combine_chunks(),
        exchanged=known & (first < _ints(nodes, "time")),
        audience=_ints(nodes, "audience"),
        disclosed=_ints(nodes, "disclosed"),
        rewarded=_ints(nodes, "rewarded"),
        shares=kind == _CODE["share"],
        came_to=np.searchsorted(tree[start], _ints(came, "tree")),
        came=np.searchsorted(codes, _ints(came, "author")),
    )
    heads = nodes.take(pa.array(start))
    roots = Heads(
        id=heads.column("id").combine_chunks(),
        author=heads.column("person").combine_chunks(),
        channel=_ints(heads, "channel").astype(np.int32),
        type=kind[start].astype(np.int32),
        campaign=_ints(heads, "campaign"),
        tried=(_ints(heads, "side") == BRAND_SIDE) & (kind[start] == _CODE["post"]),
        orphan=(_ints(heads, "flags") & ORPHAN) != 0,
    )
    return _to_wire(fold_forest(forest, roots, Words(shared.channels, list(TYPES), shared.campaigns), shared.end))


# ---- ledger ----
def _ledger(linked: DataFrame, shared: _Shared, window_days: float) -> Any:
    from pyspark.sql import functions as f

    width = len(shared.channels)
    columns = ["time", "channel", "type", "flags", "side", "count"]
    parts = linked.select(*columns).mapInArrow(_tallies(width), "counts array<bigint>").collect()
    counts: IntArray = np.array(parts[0][0], np.int64).reshape(width, -1)
    for part in parts[1:]:
        counts = added(counts, np.array(part[0], np.int64).reshape(width, -1))
    spent = linked.where((f.col("side") == BRAND_SIDE) & (f.col("cost") != NO_MONEY))
    sums = spent.groupBy("type", "currency", "campaign").agg(f.sum("cost")).collect()
    kind, currency, campaign, cost = (np.array([r[i] for r in sums], np.int64) for i in range(4))
    costs = paid(cost, kind, currency, campaign, shared.currencies, shared.campaigns)
    return ledger_of(counts, shared.channels, costs, shared.settings, shared.values, window_days)


def _tallies(width: int) -> _Map:
    """One tally a partition."""

    def kernel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        sums: IntArray | None = None
        for batch in batches:
            table = pa.Table.from_batches([batch])
            total = _ints(table, "side") == TOTALS
            views = _ints(table, "count")[total & (_ints(table, "type") == _CODE["view"])]
            flags = _ints(table, "flags").astype(np.uint32)
            seen = Seen(_ints(table, "time"), _ints(table, "channel"), flags, total, views)
            part = tally(seen, width)
            sums = part if sums is None else added(sums, part)
        if sums is not None:
            yield pa.RecordBatch.from_arrays([pa.array([sums.ravel().tolist()], pa.list_(pa.int64()))], ["counts"])

    return kernel


# ---- tables over the wire: Spark knows no dictionaries, so codes travel and names are put back ----
def _bare(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.index_type
    if pa.types.is_list(kind):
        return pa.list_(_bare(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(f.name, _bare(f.type)) for f in kind])
    return kind


def _wire(schema: pa.Schema) -> pa.Schema:
    return pa.schema([(f.name, _bare(f.type)) for f in schema])


def _codes_of(array: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        return array.indices
    if pa.types.is_list(array.type) and _bare(array.type) != array.type:
        values = array.values
        fields = [_codes_of(values.field(i)) for i in range(values.type.num_fields)]
        inner = pa.StructArray.from_arrays(fields, names=[f.name for f in values.type])
        return pa.ListArray.from_arrays(array.offsets, inner)
    return array


def _to_wire(table: pa.Table) -> pa.Table:
    table = table.combine_chunks()
    schema = _wire(table.schema)
    columns = [_codes_of(_one(table.column(f.name))) for f in schema]
    return pa.table([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _named(array: pa.Array, kind: pa.DataType, names: dict[str, list[str]], name: str) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(array.cast(kind.index_type), pa.array(names[name], pa.string()))
    if pa.types.is_list(kind) and _bare(kind) != kind:
        inner = kind.value_type
        fields = [_named(array.values.field(i), f.type, names, f.name).cast(f.type) for i, f in enumerate(inner)]
        return pa.ListArray.from_arrays(array.offsets, pa.StructArray.from_arrays(fields, fields=list(inner)))
    return array


def _from_wire(table: pa.Table, schema: pa.Schema, shared: _Shared) -> pa.Table:
    """The table as the local engine gives it, in its order."""
    names = {
        "channel": shared.channels,
        "segment": sorted(set(shared.settings.segments.values())),
        "type": list(TYPES),
        **dict.fromkeys(("campaign", "origin_campaign"), shared.campaigns),
        **{name: list(MODES) for name in ("origin", "origin_hidden", "origin_unanswered")},
    }
    table = table.combine_chunks()
    if not table.num_rows:
        return schema.empty_table()
    columns = [_named(_one(table.column(f.name).cast(_bare(f.type))), f.type, names, f.name) for f in schema]
    out = pa.table([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    by = ("person", "handles") if "person" in schema.names else ("channel", "root")
    return out.take(_order(out, *by)).combine_chunks()


def _order(table: pa.Table, *names: str) -> pa.Array:
    columns = {}
    for name in names:
        column = table.column(name)
        if pa.types.is_list(column.type):
            column = pc.list_element(column, 0)
        columns[name] = column.cast(pa.string())
    return pc.sort_indices(pa.table(columns), [(name, "ascending") for name in names])
