"""A workspace: a folder with settings and the imported log as segments, appended in one atomic step.

    hubbub.toml        settings, written by a person
    log/log.json       which segments and side tables make up the log; replaced as a whole, never edited
    log/segments/      Parquet files; one that log.json does not name does not exist
    refused/           what imports refused, and why

An import that is killed leaves files that nothing names; the next import clears them away.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from hubbub.activity import MICROS, micros
from hubbub.errors import WorkspaceError
from hubbub.log.intake import Conflict, take_in
from hubbub.log.refuse import Refusals
from hubbub.log.segment import Segment
from hubbub.log.settings import Coverage, Settings, brand_handles
from hubbub.tables import Effort, Plan

SETTINGS = "hubbub.toml"
SIDE_TABLES = ("people", "effort", "follows", "consent", "coverage", "segments", "assignments", "needs")

_NEW = """\
# Settings of this hubbub workspace.

[brand]
name = "{name}"
# Your own handles, as "channel:handle", or "handle" for every channel.
handles = []
# Other words that name you: products, tags, misspellings.
watched = []

[time]
zone = "UTC"

[money]
# Which currency counts, where your log has several.
# currency = "EUR"
# What an hour of work costs you, in that currency; makes hours in effort.csv count as money.
# hour_cost = 35

[audience]
# Segments that you mean to reach.
targets = []

[contact]
# At most so many contacts that nobody asked for with one person, in any window of so many days.
most = 2
days = 7

[keep]
# How many days what a network sent (`raw`) is kept.
raw_days = 90
"""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    read: int
    added: int
    already: int
    refused: int
    conflicts: list[Conflict] = field(default_factory=list)
    refusals: Path | None = None
    reasons: dict[str, int] = field(default_factory=dict)


class Workspace:
    """A workspace folder that exists."""

    def __init__(self, folder: Path) -> None:
        """raises : WorkspaceError if the folder holds no settings"""
        self.folder = folder
        if not (folder / SETTINGS).is_file():
            raise WorkspaceError(f"{folder} is no workspace: it has no {SETTINGS}. Make one with: hubbub init {folder}")

    @classmethod
    def create(cls, folder: Path, name: str = "") -> Workspace:
        """A new workspace. raises : WorkspaceError if there is one already"""
        if (folder / SETTINGS).exists():
            raise WorkspaceError(f"{folder} is a workspace already.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = _NEW.replace('"{name}"', json.dumps(name or folder.resolve().name))
            _replace(folder / SETTINGS, text.encode())
        except OSError as error:
            raise WorkspaceError(f"{folder} cannot be made a workspace: {error.strerror}.") from error
        return cls(folder)

    @classmethod
    def find(cls, start: Path) -> Workspace:
        """The workspace in which a folder lies. raises : WorkspaceError if there is none"""
        for folder in (start, *start.resolve().parents):
            if (folder / SETTINGS).is_file():
                return cls(folder)
        raise WorkspaceError("There is no workspace here. Name a log, or make a workspace with: hubbub init")

    # ---- reading ----
    def segments(self) -> list[Segment]:
        """The segments of the log, in the order in which they were added."""
        root = self.folder / "log" / "segments"
        return [Segment(root / s["file"], int(s["rows"])) for s in self._log()["segments"]]

    def side(self, name: str) -> pa.Table | None:
        """A side table, such as `people`, or None."""
        entry = self._log()["side"].get(name)
        return pq.read_table(self.folder / "log" / "segments" / entry) if entry else None

    def settings(self) -> Settings:
        """Settings and side tables together. raises : WorkspaceError if a value in hubbub.toml cannot be used"""
        found = with_side(read_settings(self.folder / SETTINGS), {n: self.side(n) for n in SIDE_TABLES})
        plans = {name: _plan(told) for name, told in self._log().get("experiments", {}).items()}
        return replace(found, experiments=plans)

    def _log(self) -> dict[str, Any]:
        path = self.folder / "log" / "log.json"
        if not path.exists():
            return {"version": 1, "imports": 0, "segments": [], "side": {}}
        try:
            log = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WorkspaceError(f"{path} cannot be read: {error}") from error
        if log.get("version") != 1:
            raise WorkspaceError(f"{path} is of version {log.get('version')}; this hubbub reads version 1.")
        return log  # type: ignore[no-any-return]

    # ---- adding ----
    def refusals(self) -> Refusals:
        """Where the next import notes what it refuses."""
        folder = self.folder / "refused"
        folder.mkdir(exist_ok=True)
        return Refusals(folder / f"import-{self._log()['imports'] + 1:05d}.jsonl")

    def add(
        self, batches: Iterable[pa.Table], side: Iterable[tuple[str, pa.Table]], refusals: Refusals, now: datetime
    ) -> Imported:
        """Add activities and side tables in one step: all of it, or after a kill nothing.

        batches : valid rows; side : (name, rows) to be put behind what the table holds
        raises : WorkspaceError if another import runs or the disk takes no more
        """
        with self._alone():
            log = self._log()
            number = log["imports"] + 1
            root = self.folder / "log" / "segments"
            try:
                self._clear(log)
                taken = take_in(batches, self.segments(), root, f"{number:05d}", refusals)
                for name, table in side:
                    log["side"][name] = self._write_side(log["side"].get(name), name, number, table)
                born = now.astimezone(UTC).isoformat(timespec="seconds")
                log["segments"] += [{"file": s.path.name, "rows": s.rows, "added": born} for s in taken.segments]
                log["imports"] = number
                self._forget_raw(log, now)
                for entry in log["segments"]:
                    _sync(root / entry["file"])
                _sync(root)
                _replace(self.folder / "log" / "log.json", json.dumps(log, indent=1).encode())
                self._clear(log)
            except OSError as error:
                raise WorkspaceError(f"The import stopped and nothing was added: {error.strerror or error}.") from error
            finally:
                refusals.close()
        return Imported(
            read=taken.read + refusals.count,
            added=taken.added,
            already=taken.already,
            refused=refusals.count,
            conflicts=taken.conflicts,
            refusals=refusals.path if refusals.count else None,
            reasons=refusals.summary(),
        )

    def assign(self, plan: Plan, table: pa.Table) -> Path:
        """Start an experiment, or add newcomers to one: its plan and its assignments in one step.

        table : rows of `assignments`; returns : assignments.csv, for those who send
        raises : WorkspaceError if an import runs, or the experiment was started with another plan
        """
        with self._alone():
            log = self._log()
            held = log.setdefault("experiments", {}).get(plan.name)
            if held is not None and _plan(held) != plan:
                raise WorkspaceError(f"The experiment {plan.name} was started already; its plan stands.")
            number = log["imports"] + 1
            try:
                self._clear(log)
                log["experiments"][plan.name] = asdict(plan)
                log["side"]["assignments"] = self._write_side(
                    log["side"].get("assignments"), "assignments", number, table
                )
                log["imports"] = number
                _sync(self.folder / "log" / "segments")
                _replace(self.folder / "log" / "log.json", json.dumps(log, indent=1).encode())
                self._clear(log)
            except OSError as error:
                raise WorkspaceError(f"Nobody was assigned: {error.strerror or error}.") from error
            return self._write_assignments()

    def _write_assignments(self) -> Path:
        """All assignments as a file that `import` reads; a copy, made anew each time."""
        held = self.side("assignments")
        assert held is not None
        text = pa.BufferOutputStream()
        stamps = pc.strftime(held["time"], "%Y-%m-%dT%H:%M:%SZ")
        csv.write_csv(held.set_column(0, "time", stamps), text)
        _replace(self.folder / "assignments.csv", text.getvalue().to_pybytes())
        return self.folder / "assignments.csv"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock that only one import has; it goes with the process, so a kill frees it."""
        (self.folder / "log" / "segments").mkdir(parents=True, exist_ok=True)
        with (self.folder / "log" / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise WorkspaceError("Another import is running in this workspace; wait until it has ended.") from error
            yield

    def _clear(self, log: dict[str, Any]) -> None:
        """Take away files that the log does not name."""
        named = {s["file"] for s in log["segments"]} | set(log["side"].values())
        for path in (self.folder / "log" / "segments").iterdir():
            if path.name not in named:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _write_side(self, held: str | None, name: str, number: int, table: pa.Table) -> str:
        root = self.folder / "log" / "segments"
        if held:
            table = pa.concat_tables([pq.read_table(root / held), table])
        file = f"{name}-{number:05d}.side.parquet"
        pq.write_table(_distinct(table), root / file)
        _sync(root / file)
        return file

    def _forget_raw(self, log: dict[str, Any], now: datetime) -> None:
        """What networks sent is kept only so long: segments older than that lose their `raw`."""
        days = read_settings(self.folder / SETTINGS).raw_days
        root = self.folder / "log" / "segments"
        for entry in log["segments"]:
            age = now - datetime.fromisoformat(entry["added"])
            if age.days < days or entry.get("raw") == "gone":
                continue
            table = pq.read_table(root / entry["file"])
            column = table.schema.get_field_index("raw")
            emptied = table.set_column(column, "raw", pa.nulls(table.num_rows, pa.string()))
            name = entry["file"].replace(".parquet", ".kept.parquet")
            from hubbub.log.segment import write_segment

            write_segment(emptied, root / name)
            entry["file"], entry["raw"] = name, "gone"


def _plan(told: dict[str, Any]) -> Plan:
    return Plan(**told | {"arms": tuple(told["arms"]), "parts": tuple(told["parts"])})


def _distinct(table: pa.Table) -> pa.Table:
    """Each row once, in the order of first appearance."""
    import polars as pl

    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.unique(maintain_order=True).to_arrow().cast(table.schema)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old one or the new one, whatever happens."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    _sync(path.parent)


def read_settings(path: Path) -> Settings:
    """Settings from hubbub.toml. raises : WorkspaceError that names the line or the key"""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkspaceError(f"{path} cannot be read: {error}") from error

    def at(section: str, key: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = told.get(section, {}).get(key, default)
        if value is not default and (not isinstance(value, kind) or isinstance(value, bool)):
            raise WorkspaceError(f"{path}: {section}.{key} is {value!r}, which cannot be used there.")
        return value

    def words(section: str, key: str) -> list[str]:
        given = at(section, key, list, [])
        if not all(isinstance(w, str) and w for w in given):
            raise WorkspaceError(f"{path}: {section}.{key} must be a list of texts.")
        return list(given)

    zone = at("time", "zone", str, "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WorkspaceError(f'{path}: there is no time zone "{zone}"; write one such as "Europe/Berlin".') from error
    most, days = at("contact", "most", int, 2), float(at("contact", "days", (int, float), 7))
    if most < 0 or not 0.0 < days < float("inf"):
        raise WorkspaceError(f"{path}: [contact] needs a most of 0 or more and days above 0.")
    hour = at("money", "hour_cost", (int, float), None)
    try:
        micros = None if hour is None else int((Decimal(str(hour)) * MICROS).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise WorkspaceError(f"{path}: money.hour_cost is no number.") from error
    return Settings(
        brand=frozenset(h for text in words("brand", "handles") for h in brand_handles(text)),
        name=at("brand", "name", str, ""),
        zone=zone,
        watched=frozenset(words("brand", "watched")),
        targets=tuple(words("audience", "targets")),
        currency=at("money", "currency", str, None),
        hour_cost_micros=micros,
        raw_days=at("keep", "raw_days", int, 90),
        cap=(most, days),
    )


def with_side(settings: Settings, side: dict[str, pa.Table | None]) -> Settings:
    """Settings with what the side tables say: who is one person, segments, coverage, effort, consent."""

    def rows(name: str) -> list[dict[str, Any]]:
        table = side.get(name)
        return [] if table is None else table.to_pylist()

    return replace(
        settings,
        people={(r["channel"], r["actor"]): r["person"] for r in rows("people")},
        segments={(r["channel"], r["actor"]): r["segment"] for r in rows("segments")},
        consent=side.get("consent"),
        follows=side.get("follows"),
        assignments=side.get("assignments"),
        coverage=tuple(
            Coverage(r["channel"], _micros(r["from"]), _micros(r["until"]), r["sees"] or "") for r in rows("coverage")
        ),
        effort=tuple(
            Effort(
                mode=r["mode"],
                cost_micros=None if r["cost"] is None else int(r["cost"].scaleb(6)),
                hours=r["hours"],
                currency=r["currency"],
                campaign=r["campaign"],
            )
            for r in rows("effort")
        ),
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else micros(moment)
