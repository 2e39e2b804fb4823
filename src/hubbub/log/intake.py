"""Intake: batches of valid rows become segments, each (channel, id) once; conflicts are listed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.activity import FIELDS
from hubbub.kernel import IntArray
from hubbub.log.index import codes_of
from hubbub.log.keys import fingerprint, salted, salts_of, with_keys
from hubbub.log.refuse import Refusals
from hubbub.log.segment import Segment, read_segment, write_segment

_COMPARED = tuple(f.name for f in FIELDS if f.name != "raw")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rows of one (channel, id) that differ: the one that stands, and the fields in which the other differed."""

    channel: str
    id: str
    fields: tuple[str, ...]
    against: str  # "workspace" or "import"


@dataclass(slots=True)
class Taken:
    """What an intake did: rows read and valid, rows added, rows that were there already, conflicts, new segments."""

    read: int = 0
    added: int = 0
    already: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class _Seen:
    key: IntArray
    time: IntArray
    fp: IntArray | None


def take_in(
    batches: Iterable[pa.Table], held: Sequence[Segment], folder: Path, stem: str, refusals: Refusals,
    passing: bool = False,
) -> Taken:  # fmt: skip
    """Write batches as segments `folder/stem-N.parquet`, without the rows that are in `held` or came before.

    batches : valid rows in activity.SCHEMA; held : segments of the workspace, each (channel, id) once
    passing : the segments go with this process, so no fingerprints are kept in them for later imports
    returns : counts and the segments; nothing is registered anywhere yet
    """
    taken = Taken()
    fresh: list[_Seen] = []
    with ThreadPoolExecutor(1) as writer:
        pending: Future[Segment] | None = None
        for table in batches:
            if not table.num_rows:
                continue
            keyed = with_keys(table, digest=not passing)
            fresh.append(_seen(keyed))
            if pending is not None:
                taken.segments.append(pending.result())
            pending = writer.submit(write_segment, keyed, folder / f"{stem}-{len(fresh) - 1:05d}.parquet")
        if pending is not None:
            taken.segments.append(pending.result())
    taken.read = sum(s.key.size for s in fresh)
    _drop_repeats(taken, fresh, held, refusals)
    taken.added = sum(s.rows for s in taken.segments)
    return taken


def _seen(keyed: pa.Table) -> _Seen:
    channel = keyed.column("channel").combine_chunks().dictionary_encode()
    if isinstance(channel, pa.ChunkedArray):
        channel = channel.unify_dictionaries().combine_chunks()
        channel = channel.chunk(0) if isinstance(channel, pa.ChunkedArray) else channel
    codes = channel.indices.to_numpy(zero_copy_only=False)
    key = salted(keyed.column("k_id").to_numpy(), codes, salts_of(channel.dictionary.to_pylist()))
    fp = keyed.column("fp").to_numpy() if "fp" in keyed.column_names else None
    return _Seen(key, keyed.column("time").cast(pa.int64()).to_numpy(), fp)


def _held_keys(held: Sequence[Segment]) -> Iterator[_Seen]:
    for segment in held:
        yield _seen(read_segment(segment, ("channel", "k_id", "time", "fp")))


def _drop_repeats(taken: Taken, fresh: list[_Seen], held: Sequence[Segment], refusals: Refusals) -> None:
    """Find rows whose key stands more than once, decide which stands, rewrite the segments that lose rows."""
    old = list(_held_keys(held))
    every = [*old, *fresh]
    if not fresh:
        return
    key = np.concatenate([s.key for s in every])
    code, first = codes_of(key)
    repeat = np.flatnonzero(first[code] != np.arange(key.size))
    del key
    if not repeat.size:
        return
    old_rows = sum(s.key.size for s in old)
    files = [*held, *taken.segments]
    fp = np.concatenate([
        fingerprint(read_segment(file)) if s.fp is None else s.fp for s, file in zip(every, files, strict=True)
    ])  # fmt: skip
    time = np.concatenate([s.time for s in every])
    involved = np.flatnonzero(np.isin(code, code[repeat]))
    involved = involved[np.argsort(code[involved], kind="stable")]
    texts = _Texts(files)
    lost: list[int] = []
    bounds = np.flatnonzero(np.diff(code[involved], prepend=-1))
    alike = _alike(fp[involved], bounds)
    for b, (lo, hi) in enumerate(zip(bounds, [*bounds[1:], involved.size], strict=True)):
        group = involved[lo:hi]
        if alike[b]:
            lost.extend(group[1:].tolist())
            taken.already += len(group) - 1
        else:
            lost.extend(_settle(group.tolist(), fp, time, old_rows, texts, taken, refusals))
    _rewrite(taken, np.array(sorted(lost), np.int64) - old_rows)


def _alike(fp: IntArray, bounds: IntArray) -> IntArray:
    """Per group whether all fingerprints are the same."""
    low, high = np.minimum.reduceat(fp, bounds), np.maximum.reduceat(fp, bounds)
    return low == high  # type: ignore[no-any-return]


def _settle(
    group: list[int], fp: IntArray, time: IntArray, old_rows: int, texts: _Texts, taken: Taken, refusals: Refusals
) -> list[int]:
    """Rows of one key that differ: what the workspace holds stands, else the earliest in (time, canonical JSON)."""
    records = {row: texts.record(row) for row in group}
    names = {row: (r["channel"], r["id"]) for row, r in records.items()}
    held = [row for row in group if row < old_rows]
    best = held[0] if held else min(group, key=lambda row: (time[row], canonical(records[row])))
    lost = [row for row in group if row != best]
    for row in lost:
        if names[row] != names[best]:
            refusals.add("", 0, records[row]["id"], "id", "it has the 64-bit key of another id; rename one", "")
        elif fp[row] == fp[best]:
            taken.already += 1
        else:
            taken.already += 1
            differ = tuple(n for n in _COMPARED if records[row][n] != records[best][n])
            taken.conflicts.append(Conflict(*names[best], differ, "workspace" if held else "import"))
    return lost


class _Texts:
    """Whole records of single rows, for the few that conflict."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._starts = np.cumsum([0] + [s.rows for s in segments])
        self._open: tuple[int, pa.Table] | None = None

    def record(self, row: int) -> dict[str, Any]:
        at = int(np.searchsorted(self._starts, row, side="right")) - 1
        if self._open is None or self._open[0] != at:
            self._open = (at, read_segment(self._segments[at], _COMPARED))
        found: dict[str, Any] = self._open[1].slice(row - int(self._starts[at]), 1).to_pylist()[0]
        return {**found, "count": 1 if found["count"] is None else found["count"]}


def canonical(record: dict[str, Any]) -> str:
    """A record as JSON with sorted keys, missing fields left out: the tie-break between two versions of a row."""
    given = {k: v for k, v in record.items() if v is not None and k != "raw"}
    return json.dumps(given, sort_keys=True, ensure_ascii=False, default=str)


def _rewrite(taken: Taken, lost: IntArray) -> None:
    """Write the segments that lose rows anew."""
    starts = np.cumsum([0] + [s.rows for s in taken.segments])
    kept: list[Segment] = []
    for i, segment in enumerate(taken.segments):
        gone = lost[(lost >= starts[i]) & (lost < starts[i + 1])] - starts[i]
        if not gone.size:
            kept.append(segment)
            continue
        stays = np.ones(segment.rows, np.bool_)
        stays[gone] = False
        if stays.any():
            table = read_segment(segment, _every_column(segment))
            kept.append(write_segment(table.filter(pa.array(stays)), segment.path))
        else:
            segment.path.unlink()
    taken.segments = kept


def _every_column(segment: Segment) -> list[str]:
    import pyarrow.parquet as pq

    return pq.read_schema(segment.path).names  # type: ignore[no-any-return]
