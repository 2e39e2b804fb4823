"""An invented world: a log, its side tables and the truth that was planted in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from hubbub.activity import TIME

PEOPLE = pa.schema([("person", pa.string()), ("channel", pa.string()), ("actor", pa.string())])
EFFORT = pa.schema([
    ("time", TIME), ("campaign", pa.string()), ("mode", pa.string()),
    ("hours", pa.float64()), ("cost", pa.decimal128(18, 6)), ("currency", pa.string()),
])  # fmt: skip
COVERAGE = pa.schema([("channel", pa.string()), ("from", TIME), ("until", TIME), ("sees", pa.string())])
SEGMENTS = pa.schema([("channel", pa.string()), ("actor", pa.string()), ("segment", pa.string())])
FOLLOWS = pa.schema([("channel", pa.string()), ("actor", pa.string()), ("follows", pa.string()), ("time", TIME)])
CONSENT = pa.schema([
    ("time", TIME), ("channel", pa.string()), ("actor", pa.string()), ("purpose", pa.string()),
    ("state", pa.string()), ("basis", pa.string()), ("proof", pa.string()),
])  # fmt: skip

SIDES: dict[str, pa.Schema] = {
    "people": PEOPLE,
    "effort": EFFORT,
    "coverage": COVERAGE,
    "segments": SEGMENTS,
    "follows": FOLLOWS,
    "consent": CONSENT,
}
"""The side tables of a world and their columns, as ACTIVITY.md names them."""


@dataclass(frozen=True)
class World:
    """A log that somebody made up, with everything a comparison may need and what is true of it.

    activities : `activity.SCHEMA`, valid, in order of time
    people, effort, coverage, segments, follows, consent : see `SIDES`; None where the world has none
    brand : the brand's handles, `handle` (every channel) or `channel:handle`
    zone : IANA name of the brand's time zone
    watched : words that name the brand
    truth : what was planted; JSON-able, times ISO 8601 UTC, money in `currency` units
    note : one line that says that all of it is invented
    hour_cost : what an hour of effort costs, in the currency of `effort`; None where effort is money alone
    """

    activities: pa.Table
    people: pa.Table | None
    effort: pa.Table | None
    coverage: pa.Table | None
    segments: pa.Table | None
    follows: pa.Table | None
    consent: pa.Table | None
    brand: tuple[str, ...]
    zone: str
    watched: tuple[str, ...]
    truth: dict[str, Any] = field(repr=False)
    note: str
    hour_cost: Decimal | None = None

    def write(self, folder: str | Path) -> list[Path]:
        """Write `activities.parquet` (zstd), one CSV a side table, and `hubbub-world.json`; the same bytes each time.

        folder : made if it is not there; files of these names are replaced
        returns : the files, in the order written

        A CSV carries a last column `invented`, so that its first line says what it is and stays a header.
        """
        where = Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        files = [where / "activities.parquet"]
        noted = self.activities.replace_schema_metadata({"note": self.note})
        pq.write_table(noted, files[0], compression="zstd", compression_level=3)
        for name in SIDES:
            table: pa.Table | None = getattr(self, name)
            if table is not None:
                files.append(_write_side(table, where / f"{name}.csv"))
        files.append(where / "hubbub-world.json")
        files[-1].write_text(self._document(), encoding="utf-8")
        return files

    def _document(self) -> str:
        head = json.dumps(self.note, ensure_ascii=False)
        rest: dict[str, Any] = {"brand": list(self.brand), "zone": self.zone, "watched": list(self.watched)}
        rest["hour_cost"] = None if self.hour_cost is None else str(self.hour_cost)
        rest["truth"] = self.truth
        body = json.dumps(rest, ensure_ascii=False, indent=1, allow_nan=False)
        return '{"note": ' + head + "," + body[1:] + "\n"


def _write_side(table: pa.Table, path: Path) -> Path:
    columns = []
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_timestamp(column.type):
            column = pa.compute.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
        columns.append(column)
    marked = pa.table([*columns, pa.repeat(pa.scalar("yes"), table.num_rows)], names=[*table.column_names, "invented"])
    csv.write_csv(marked, path, csv.WriteOptions(quoting_style="needed"))
    return path
