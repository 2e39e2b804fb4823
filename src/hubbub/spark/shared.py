"""What every kernel call is told, and whose the rows are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import TOTAL, TYPES
from hubbub.kernel import IntArray
from hubbub.log.keys import hash_text, salted, salts_of
from hubbub.log.link import Context, brand_mask
from hubbub.log.settings import Settings
from hubbub.measure import Values

CODE = {name: code for code, name in enumerate(TYPES)}

Map = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class Shared:
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


def sides(batch: pa.RecordBatch, shared: Shared) -> tuple[Any, Any]:
    """Which rows are the brand's, and which are totals."""
    actor = np.ascontiguousarray(batch.column("k_actor").to_numpy())
    keyed = salted(actor, channel_codes(batch, shared), salts_of(shared.channels))
    return brand_mask(actor, keyed, shared.context(pa.table({}))), actor == hash_text(pa.array([TOTAL]))[0]


def channel_codes(batch: pa.RecordBatch, shared: Shared) -> IntArray:
    """The place of each row's channel among the channels."""
    return np.asarray(pc.index_in(batch.column("channel"), pa.array(shared.channels)).to_numpy(zero_copy_only=False))
