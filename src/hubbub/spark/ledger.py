"""The ledger: one tally a partition, added on the driver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hubbub.kernel import IntArray
from hubbub.log.facts import Seen, added, paid, tally
from hubbub.log.link import BRAND_SIDE, NO_MONEY, TOTALS
from hubbub.measure import ledger_of
from hubbub.spark.columns import ints
from hubbub.spark.shared import CODE, Map, Shared

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def ledger(linked: DataFrame, shared: Shared, window_days: float) -> Any:
    """The ledger of the linked rows."""
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


def _tallies(width: int) -> Map:
    """One tally a partition."""

    def kernel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        sums: IntArray | None = None
        for batch in batches:
            table = pa.Table.from_batches([batch])
            total = ints(table, "side") == TOTALS
            views = ints(table, "count")[total & (ints(table, "type") == CODE["view"])]
            flags = ints(table, "flags").astype(np.uint32)
            seen = Seen(ints(table, "time"), ints(table, "channel"), flags, total, views)
            part = tally(seen, width)
            sums = part if sums is None else added(sums, part)
        if sums is not None:
            yield pa.RecordBatch.from_arrays([pa.array([sums.ravel().tolist()], pa.list_(pa.int64()))], ["counts"])

    return kernel
