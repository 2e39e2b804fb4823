"""The other files of a workspace: people, effort, follows, consent, coverage, segments, assignments, needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import MONEY, TIME
from hubbub.consent.rules import PURPOSES
from hubbub.errors import LogError
from hubbub.kernel import BoolArray
from hubbub.log import read
from hubbub.log.block import Block, Layout
from hubbub.log.refuse import Findings, Refusals, Refused
from hubbub.log.source import RATIO
from hubbub.log.values import NOT_FINITE, NOT_NUMBER, Found, as_text, mask, money, times, zone_of

Kind = Literal["text", "time", "money", "hours", "word", "currency"]
Brand = Callable[[str, str], bool]
"""Whether a channel's handle is the brand's."""

_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "word": pa.string(),
    "currency": pa.string(),
    "time": TIME,
    "money": MONEY,
    "hours": pa.float64(),
}
LONGEST = 1 << 20
_HOURS = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\s*$"
_INFINITE = r"(?i)^\s*[+-]?(nan|inf|infinity)\s*$"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a side file.

    kind : how its text is read; words : what a `word` may be
    needed : a row without it is refused, and so is a file without the column
    """

    name: str
    kind: Kind = "text"
    needed: bool = True
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Handles:
    """Which (channel, handle) is whose: what is held already, and what this import has brought."""

    held: dict[tuple[str, str], str] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def take(self, handle: tuple[str, str], person: str) -> bool:
        """Whether the handle is new, or held for the same person and not yet brought by this import."""
        if handle in self.seen or self.held.get(handle, person) != person:
            return False
        self.seen.add(handle)
        return True


MODES = ("conversation", "spread", "broadcast")

TABLES: Mapping[str, tuple[Column, ...]] = {
    "people": (Column("person"), Column("channel"), Column("actor")),
    "effort": (
        Column("time", "time"),
        Column("campaign", needed=False),
        Column("mode", "word", words=MODES),
        Column("hours", "hours", needed=False),
        Column("cost", "money", needed=False),
        Column("currency", "currency", needed=False),
    ),
    "follows": (Column("channel"), Column("actor"), Column("follows"), Column("time", "time", needed=False)),
    "consent": (
        Column("time", "time"),
        Column("channel"),
        Column("actor"),
        Column("purpose", "word", words=PURPOSES),
        Column("state", "word", words=("given", "withdrawn")),
        Column("basis", needed=False),
        Column("proof", needed=False),
    ),
    "coverage": (
        Column("channel"),
        Column("from", "time", needed=False),
        Column("until", "time", needed=False),
        Column("sees", needed=False),
    ),
    "segments": (Column("channel"), Column("actor"), Column("segment")),
    "assignments": (
        Column("time", "time"),
        Column("experiment"),
        Column("arm"),
        Column("channel"),
        Column("actor"),
    ),
    "needs": (Column("time", "time"), Column("id"), Column("topic"), Column("state", needed=False)),
}
"""Every side file: its columns, in order."""


def schema(name: str) -> pa.Schema:
    """The Arrow schema of a side table."""
    return pa.schema([pa.field(c.name, _TYPES[c.kind], nullable=not c.needed) for c in TABLES[name]])


def table_of(path: Path) -> str | None:
    """Which side table a file holds by its name, such as `people` for `people.csv.gz`; None for a log."""
    name = Path(read.bare_name(path)).stem.lower()
    return name if name in TABLES and read.format_by_name(path) is not None else None


def split(paths: Sequence[Path]) -> tuple[list[Path], list[tuple[str, Path]]]:
    """Files, and those in folders, as logs and as (side table, file).

    raises : LogError if something is not there, or a folder holds nothing to read
    """
    found = read.files(paths)
    sides = [(name, p) for p in found if (name := table_of(p)) is not None]
    return [p for p in found if table_of(p) is None], sides


def read_all(
    sides: Iterable[tuple[str, Path]],
    brand: Iterable[tuple[str | None, str]],
    refusals: Refusals,
    *,
    held: Mapping[str, pa.Table | None] | None = None,
    tz: str | None = None,
    encoding: str | None = None,
) -> dict[str, pa.Table]:
    """All side files, by table.

    brand : (channel or None for every channel, handle); held : what the workspace holds, for handles given twice
    """
    handles = frozenset(brand)
    people = Handles(_handles((held or {}).get("people")))
    found: dict[str, list[pa.Table]] = {}
    for name, path in sides:

        def of_brand(channel: str, actor: str) -> bool:
            return (channel, actor) in handles or (None, actor) in handles

        table = read_side(path, name, refusals=refusals, brand=of_brand, people=people, tz=tz, encoding=encoding)
        found.setdefault(name, []).append(table)
    return {name: pa.concat_tables(tables) for name, tables in found.items()}


def read_side(
    path: Path,
    name: str,
    *,
    refusals: Refusals,
    brand: Brand | None = None,
    people: Handles | None = None,
    tz: str | None = None,
    encoding: str | None = None,
    ratio: float = RATIO,
) -> pa.Table:
    """One side file as a table in `schema(name)`; CSV, JSON Lines, JSON or Parquet, plain or packed.

    brand : for people, whose handles refuse their row
    people : handles known already; those of this file are added
    raises : LogError for a file that cannot be used at all
    """
    columns = TABLES[name]
    names = tuple(c.name for c in columns)
    layout = Layout(names, tuple(c.name for c in columns if c.needed), frozenset(names))
    zone = zone_of(tz)
    known = people or Handles()
    tables, first = [], 0
    with read.Opened(path, None, encoding, ratio, layout) as file, ThreadPoolExecutor(2) as pool:
        for block in read.ordered(pool, file.tasks):
            table, found = _typed(block, columns, zone)
            if name == "people":
                _check_people(table, found, brand, known)
            refused = _refused(found, block, table)
            refusals.add_all(str(path), refused, first)
            first += block.total
            tables.append(table.filter(pa.array(~found.bad)).cast(schema(name)))
    return pa.concat_tables([schema(name).empty_table(), *tables])


def coverage_of(channels: Sequence[str], start: str | None, end: str | None) -> pa.Table:
    """What `--from` and `--until` say, for each channel, as rows of coverage.

    start, end : ISO 8601 with an offset, or None
    raises : LogError for a time that is none, or if the start is not before the end
    """
    moments = []
    for option, text in (("--from", start), ("--until", end)):
        stamps, faults = times(pa.array([text], pa.string()), None)
        reason = next((r for bad, r in faults if bad.any()), None)
        if reason is not None:
            raise LogError(f"{option} {text}: {reason.replace('; pass --tz to say which time zone it is in', '')}")
        moments.append(stamps[0].as_py())
    if all(moments) and moments[0] >= moments[1]:
        raise LogError(f"--from {start} is not before --until {end}")
    rows = [{"channel": c, "from": moments[0], "until": moments[1], "sees": None} for c in channels]
    return pa.Table.from_pylist(rows, schema("coverage"))


def _refused(found: Findings, block: Block, table: pa.Table) -> list[Refused]:
    ids = table.column(next(n for n in ("id", "actor", "channel", "campaign") if n in table.column_names))
    lines = found.refused(ids) if found else []
    return sorted([*block.refused, *(r._replace(row=block.number(r.row)) for r in lines)])


def _typed(block: Block, columns: tuple[Column, ...], zone: ZoneInfo | None) -> tuple[pa.Table, Findings]:
    """All rows in the types of the table, null where at fault, and the faults."""
    found = Findings(block.rows)
    out: dict[str, pa.Array] = {}
    for column in columns:
        given = block.columns.get(column.name)
        if given is None:
            out[column.name] = pa.nulls(block.rows, _TYPES[column.kind])
            missing = np.full(block.rows, column.needed)
        else:
            given = _plain(given, column.name)
            missing = ~mask(given.is_valid())
            out[column.name], problems = _read(given, column, zone)
            for bad, reason in problems:
                found.add(bad, column.name, reason, given)
        if column.needed:
            found.add(missing, column.name, "is missing")
    _check_amounts(out, found)
    return pa.table(out), found


def _plain(given: pa.Array, name: str) -> pa.Array:
    if pa.types.is_temporal(given.type):
        return given
    text = as_text(given, name)
    empty = pc.equal(pc.binary_length(text), 0)
    return pc.if_else(empty, pa.scalar(None, pa.string()), text)


def _read(given: pa.Array, column: Column, zone: ZoneInfo | None) -> tuple[pa.Array, Found]:
    if column.kind == "time":
        return times(given, zone)
    if column.kind == "money":
        values, found = money(given, column.name)
        return values, [*found, (mask(pc.less(values, 0)), "is below 0")]
    if column.kind == "hours":
        return _hours(given)
    found = _text_faults(given)
    if column.kind == "word":
        known = mask(pc.is_in(given, pa.array(column.words))) | ~mask(given.is_valid())
        found.append((~known, f"is none of {', '.join(column.words)}"))
    elif column.kind == "currency":
        good = mask(pc.match_substring_regex(given, r"^[A-Z]{3}$")) | ~mask(given.is_valid())
        found.append((~good, "is not three letters A-Z such as EUR"))
    return given, found


def _text_faults(given: pa.Array) -> Found:
    return [
        (mask(pc.greater(pc.binary_length(given), LONGEST)), "is longer than 1 MB"),
        (mask(pc.match_substring(given, "\0")), "holds a NUL byte"),
    ]


def _hours(given: pa.Array) -> tuple[pa.Array, Found]:
    number = pc.match_substring_regex(given, _HOURS)
    infinite = mask(pc.match_substring_regex(given, _INFINITE))
    text = pc.utf8_trim_whitespace(pc.if_else(number, given, None))
    values = pc.replace_substring_regex(text, r"^\+", "").cast(pa.float64())
    endless = infinite | mask(pc.is_inf(values))
    wrong = mask(given.is_valid()) & ~mask(number) & ~infinite
    return values, [(endless, NOT_FINITE), (wrong, NOT_NUMBER), (mask(pc.less(values, 0)), "is below 0")]


def _check_amounts(out: dict[str, pa.Array], found: Findings) -> None:
    if "until" in out:
        wrong = mask(pc.greater_equal(out["from"], out["until"]))
        found.add(wrong, "until", "is not after `from`", out["until"])
    if "hours" in out:
        none = ~mask(out["hours"].is_valid()) & ~mask(out["cost"].is_valid())
        found.add(none, "hours", "is missing, and so is the cost; a row of effort has one or both")


def _check_people(table: pa.Table, found: Findings, brand: Brand | None, known: Handles) -> None:
    """Refuse rows whose handle is the brand's or stands with another person already."""
    rows = list(zip(*(table.column(n).to_pylist() for n in ("person", "channel", "actor")), strict=True))
    brands, doubles = (np.zeros(len(rows), bool) for _ in range(2))
    bad: BoolArray = found.bad
    for i, (person, channel, actor) in enumerate(rows):
        if bad[i]:
            continue
        if brand is not None and brand(channel, actor):
            brands[i] = True
        else:
            doubles[i] = not known.take((channel, actor), person)
    actors = table.column("actor")
    found.add(brands, "actor", "is a handle of the brand, which is nobody's", actors)
    found.add(doubles, "actor", "stands twice on this channel; one handle is one person", actors)


def _handles(held: pa.Table | None) -> dict[tuple[str, str], str]:
    if held is None:
        return {}
    return {(r["channel"], r["actor"]): r["person"] for r in held.to_pylist()}
