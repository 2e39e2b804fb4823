"""A planted world to the two tables and the ledger, through a segment on disk as every log goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from hubbub.demo import Spec, World, plant
from hubbub.log.keys import with_keys
from hubbub.log.segment import write_segment
from hubbub.log.settings import Coverage, Settings, brand_handles
from hubbub.measure import Tables, measure
from hubbub.tables import Effort

LEVEL = 0.9


def tables_of(spec: Spec, seed: int, folder: Path) -> Tables:
    """Draw a world and measure it."""
    world = plant(spec, seed)
    segment = write_segment(with_keys(world.activities), folder / "world.parquet")
    return measure([segment], settings_of(world))


def settings_of(world: World) -> Settings:
    """What a workspace would know of the world: its side tables as settings."""
    return Settings(
        brand=frozenset(pair for handle in world.brand for pair in brand_handles(handle)),
        people={(row["channel"], row["actor"]): row["person"] for row in _rows(world.people)},
        coverage=tuple(
            Coverage(r["channel"], _us(r["from"]), _us(r["until"]), r["sees"]) for r in _rows(world.coverage)
        ),
        effort=tuple(
            Effort(r["mode"], cost_micros=int(r["cost"] * 1_000_000), currency=r["currency"], campaign=r["campaign"])
            for r in _rows(world.effort)
        ),
    )


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    return [] if table is None else table.to_pylist()


def _us(moment: Any) -> int:
    return round(moment.timestamp()) * 1_000_000
