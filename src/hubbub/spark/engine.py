"""The session, the few words that every part must agree on, and the tables of a log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import DAY_US
from hubbub.log.outcomes import with_trials
from hubbub.log.permission import with_consent
from hubbub.log.segment import READ, Segment
from hubbub.log.settings import Settings
from hubbub.measure import Tables, Values, values_of
from hubbub.measure import measure as measure_here
from hubbub.rows import REFUND
from hubbub.spark.cascades import cascade_rows
from hubbub.spark.ledger import ledger
from hubbub.spark.linking import linked_rows
from hubbub.spark.people import people_rows
from hubbub.spark.shared import CODE, Map, Shared, sides
from hubbub.spark.together import keyed_rows
from hubbub.spark.wire import from_wire
from hubbub.tables import CASCADES, PEOPLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


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
        from_wire(people.drop("person_key", "first_exchange_us").toArrow(), PEOPLE, shared),
        from_wire(cascades.toArrow(), CASCADES, shared),
        with_trials(with_consent(ledger(linked, shared, window_days), segments, settings), segments, settings),
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
    shared = _agreed(raw, replace(settings, consent=None, assignments=None), window_days)
    keyed = keyed_rows(raw, shared).persist()
    linked = linked_rows(keyed, shared).persist()
    people = people_rows(linked, shared).persist()
    return shared, keyed, linked, people, cascade_rows(linked, people, shared)


def _agreed(raw: DataFrame, settings: Settings, window_days: float) -> Shared:
    """Distinct names, the end of the log and which values count: the few words that every part must agree on."""
    from pyspark.sql import functions as f

    def distinct(name: str) -> list[str]:
        return sorted(row[0] for row in raw.select(name).distinct().collect() if row[0] is not None)

    end = raw.agg(f.max(f.unix_micros("time"))).collect()[0][0]
    nothing = Values(None, None, "none", "")
    shared = Shared(
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


def _only_refunds(raw: DataFrame, shared: Shared) -> bool:
    """Whether all values stand with refunds; asked only of a log whose values are all negative."""
    from pyspark.sql import functions as f

    keyed = keyed_rows(raw, shared)
    plain = linked_rows(keyed, shared).where(
        (f.col("type") == CODE["convert"]) & (f.col("side") == 0) & f.col("flags").bitwiseAND(REFUND).eqNullSafe(0)
    )
    return bool(plain.join(keyed.where(f.col("value").isNotNull()).select("key"), "key").isEmpty())


def _sales(shared: Shared) -> Map:
    """Currencies of people's conversions."""

    def kernel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            brand, total = sides(batch, shared)
            mine = pa.array(~brand & ~total)
            valued = batch.column("value").is_valid()
            worth = pc.fill_null(pc.greater_equal(batch.column("value"), 0), False)
            columns = {"currency": batch.column("currency"), "valued": valued, "worth": worth}
            yield from pa.table(columns).filter(mine).group_by(list(columns)).aggregate([]).to_batches()

    return kernel
