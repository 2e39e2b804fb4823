"""Files become batches of valid activities: CSV, JSON Lines, JSON, Parquet, ActivityStreams; plain, gzip or zstd."""

from __future__ import annotations

import json
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import pyarrow as pa

from hubbub.errors import LogError
from hubbub.log import columnar, delimited, jsonlines
from hubbub.log.as2 import from_as2, is_collection, looks_like_as2
from hubbub.log.block import Block, Layout, NotUtf8, Task, check_needed, numbers_without
from hubbub.log.refuse import Refusals, Refused, shown
from hubbub.log.source import RATIO, Feed, Source, check_text, not_utf8
from hubbub.log.validate import NAMES, Rules, check, complete, layout
from hubbub.log.values import zone_of

Progress = Callable[[int, int], None]
"""Called with the bytes read and the bytes of all files, packed as they are."""

FORMATS = ("csv", "jsonl", "json", "parquet", "as2")
BATCH = 1 << 19
"""Rows of a batch, at least, but for the last."""
HEAD = 1 << 20
"""Bytes that are looked at to tell what a file is."""
ONE_OBJECT = 64 << 20
"""Bytes that a file with one JSON object may have."""

_BY_NAME = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".parquet": "parquet",
    ".pq": "parquet",
}  # fmt: skip
_PACKED = (".gz", ".zst")
_AS2_HEAD = re.compile(r'"@context"|"type"\s*:\s*"[A-Z]')
T = TypeVar("T")


def batches(
    paths: Sequence[Path],
    *,
    format: str | None = None,
    channel: str | None = None,
    tz: str | None = None,
    encoding: str | None = None,
    refusals: Refusals,
    progress: Progress | None = None,
    columns: Sequence[str] | None = None,
    ratio: float = RATIO,
) -> Iterator[pa.Table]:
    """Stream the valid rows of files, and of the files in folders, in the order named.

    format : one of FORMATS; None tells it from the name, else the content
    channel : of rows that name none; tz : time zone of times without an offset; encoding : of text files
    columns : the fields to read; a row is judged by these, by the needed fields, `object` and `count` only
    ratio : how many times its own size a packed file may unpack to
    returns : tables in activity.SCHEMA (or the fields asked for, in its order), about half a million rows each
    raises : LogError for a file that cannot be used at all; single rows go to `refusals`
    """
    if format is not None and format not in FORMATS:
        raise LogError(f"--format {format}: no such format; there are {', '.join(FORMATS)}")
    wanted = NAMES if columns is None else tuple(n for n in NAMES if n in columns)
    rules = Rules(zone_of(tz), channel)
    reader = _Reader(layout(wanted, channel), rules, format, encoding, ratio, refusals)
    named = files(paths) if paths else []
    parts = _following(reader, named, progress)
    yield from _gathered(({n: c for n, c in p.items() if n in wanted} for p in parts), wanted)


def files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those in the folders named: all below them that may be logs by their name, sorted.

    raises : LogError if something is not there, or a folder holds no such file
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [p for p in _below(path) if format_by_name(p) is not None and _may_be_log(p)]
        if not inside:
            kinds = ", ".join(sorted(_BY_NAME))
            raise LogError(f"{path}: the folder holds no file that could be a log ({kinds}, plain, .gz or .zst)")
        found.extend(inside)
    return found


def format_by_name(path: Path) -> str | None:
    """One of FORMATS by the end of a file's name, or None.

    >>> format_by_name(Path("log.CSV.gz"))
    'csv'
    """
    return _BY_NAME.get(Path(bare_name(path)).suffix.lower())


def bare_name(path: Path) -> str:
    """The name of a file without the ending of its packing."""
    return path.stem if path.suffix.lower() in _PACKED else path.name


def text_tasks(source: Source, format: str | None, layout: Layout) -> Iterator[Task]:
    """Blocks of a text file. raises : LogError, NotUtf8"""
    head = source.peek(HEAD)
    check_text(source.path, head)
    form = format or format_by_name(source.path) or ("json" if head.lstrip()[:1] in (b"{", b"[") else "csv")
    if form == "csv":
        return delimited.tasks(source, layout)
    kind = json_kind(head.decode("utf-8", "replace"), lines=form == "jsonl")
    feed: Feed = source
    if kind.start >= 0:
        feed = jsonlines.ArrayLines(source, len(head.decode("utf-8", "replace")[: kind.start].encode("utf-8")))
    elif kind.one:
        feed = _OneLine(source)
    if form == "as2" or (kind.as2 and layout.fields == NAMES):
        return _as2_tasks(feed, layout)
    return jsonlines.tasks(feed, layout)


@dataclass(frozen=True, slots=True)
class JsonKind:
    """What a JSON file is.

    start : where its array of elements begins, -1 if there is one object a line
    one : it is one object over several lines; as2 : the objects are of ActivityStreams; first : the first one
    """

    start: int
    one: bool
    as2: bool
    first: Any


def json_kind(head: str, *, lines: bool = False) -> JsonKind:
    """What a JSON file is, by its first characters; `lines` says that its name promises one object a line."""
    start = jsonlines.array_start(head)
    text = head.lstrip()
    if text.startswith("["):
        first, _ = _first_value(text[1:].lstrip())
        return JsonKind(start, False, _is_as2(first, text), first)
    first, end = _first_value(text)
    if is_collection(first) or (first is None and start >= 0 and '"Collection' in text + '"OrderedCollection'):
        return JsonKind(start, False, True, first)
    several = "\n" in text[:end].strip() if first is not None else "\n" not in text or not _looks_like_lines(text)
    return JsonKind(-1, several and not lines, _is_as2(first, text), first)


def _is_as2(first: Any, text: str) -> bool:
    return looks_like_as2(first) if first is not None else bool(_AS2_HEAD.search(text[:10_000]))


def _first_value(text: str) -> tuple[Any, int]:
    """The first JSON value and where it ends; None if it is broken or longer than the text."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None, -1
    return value, end


def _looks_like_lines(text: str) -> bool:
    first, _, rest = text.partition("\n")
    return first.rstrip().endswith("}") or rest.lstrip().startswith("{")


class _OneLine:
    """A file that is one JSON object, read as one line."""

    def __init__(self, source: Source) -> None:
        self.path, self._source = source.path, source

    def read(self) -> bytes:
        data = b""
        while more := self._source.read():
            data += more
            if len(data) > ONE_OBJECT:
                raise LogError(f"{self.path}: is one JSON object of more than 64 MB; make it JSON Lines")
        return data.replace(b"\r", b" ").replace(b"\n", b" ")


def _as2_tasks(feed: Feed, layout: Layout) -> Iterator[Task]:
    """Blocks of a file with one ActivityStreams object a line."""
    first = True
    for data in jsonlines.lines(feed):
        yield partial(_as2_block, feed.path, layout, data, first)
        first = False


def _as2_block(path: Path, layout: Layout, data: bytes, first: bool) -> Block:
    """One block; runs in a worker thread."""
    rows: list[dict[str, str]] = []
    bad: list[Refused] = []
    lines = jsonlines.texts(data)
    for number, line in enumerate(lines, 1):
        try:
            row = from_as2(jsonlines.loaded(line))
            json.dumps(row, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            bad.append(Refused(number, "", "", "holds half a character (a lone surrogate)", ""))
        except (ValueError, RecursionError) as error:
            bad.append(Refused(number, "", "", str(error), shown(line[:400].decode("utf-8", "replace"))))
        else:
            rows.append(row)
    if first and rows:
        check_needed(sorted({name for row in rows for name in row}), layout, path)
    names = [n for n in layout.fields if n in layout.wanted or n in layout.needed]
    columns = {n: pa.array([row.get(n) for row in rows], pa.string()) for n in names if n != "raw"}
    return Block(columns, len(lines), numbers_without(len(lines), bad), bad)


@dataclass(frozen=True, slots=True)
class _Reader:
    layout: Layout
    rules: Rules
    format: str | None
    encoding: str | None
    ratio: float
    refusals: Refusals


Columns = dict[str, pa.Array]


def _following(reader: _Reader, paths: list[Path], progress: Progress | None) -> Iterator[Columns]:
    """Valid rows of one file after the other."""
    sizes = [p.stat().st_size if p.is_file() else 0 for p in paths]
    before, everything = 0, sum(sizes)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        for path, size in zip(paths, sizes, strict=True):
            start = before

            def at(done: int, start: int = start) -> None:
                if progress is not None:
                    progress(start + done, everything)

            yield from _one_file(reader, path, pool, at)
            before += size
            at(size)


def _one_file(reader: _Reader, path: Path, pool: ThreadPoolExecutor, at: Callable[[int], None]) -> Iterator[Columns]:
    first = 0
    work = partial(_checked, reader.rules)
    with Opened(path, reader.format, reader.encoding, reader.ratio, reader.layout) as tasks:
        for columns, refused, total in ordered(pool, (partial(work, task) for task in tasks.tasks)):
            reader.refusals.add_all(str(path), refused, first)
            first += total
            at(tasks.done)
            yield columns


def _checked(rules: Rules, task: Task) -> tuple[Columns, list[Refused], int]:
    block = task()
    columns, refused = check(block, rules)
    return columns, refused, block.total


class Opened:
    """A file's blocks, whatever it is: `with Opened(...) as file: file.tasks`; all its errors become LogError."""

    def __init__(self, path: Path, format: str | None, encoding: str | None, ratio: float, layout: Layout) -> None:
        self._path, self._ratio = path, ratio
        self.tasks: Iterator[Task]
        with Source(path, text=False, ratio=ratio) as start:
            parquet = format == "parquet" or (format is None and start.peek(4) == b"PAR1")
            parquet = parquet or (format is None and format_by_name(path) == "parquet" and start.size > 0)
        if parquet:
            self._source: Source | None = None
            self.tasks = columnar.tasks(path, layout, ratio)
            return
        self._source = Source(path, encoding=encoding, ratio=ratio)
        source = self._source
        self.tasks = _lazily(lambda: text_tasks(source, format, layout))

    @property
    def done(self) -> int:
        """Bytes of the file read so far."""
        return self._source.done if self._source is not None else 0

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        if self._source is not None:
            self._source.close()
        if isinstance(error, NotUtf8):
            raise not_utf8(self._path, self._ratio) from error
        if isinstance(error, LogError) and not str(error).startswith(("--", str(self._path))):
            raise LogError(f"{self._path}: {error}") from error
        if isinstance(error, pa.ArrowException | pl.exceptions.PolarsError | pl.exceptions.PanicException):
            raise LogError(f"{self._path}: cannot be read: {str(error)[:300]}") from error


def _lazily(start: Callable[[], Iterator[Task]]) -> Iterator[Task]:
    yield from start()


def ordered(pool: ThreadPoolExecutor, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Run tasks in threads, a few ahead, and give their results in order."""
    pending: deque[Future[T]] = deque()
    ahead = 2 * pool._max_workers
    try:
        for task in tasks:
            pending.append(pool.submit(task))
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def _gathered(parts: Iterable[Columns], wanted: tuple[str, ...]) -> Iterator[pa.Table]:
    """Tables of at least BATCH rows, but for the last."""
    held: list[pa.Table] = []
    rows = 0
    for part in parts:
        table = complete(part, wanted)
        if not table.num_rows:
            continue
        held.append(table)
        rows += table.num_rows
        if rows >= BATCH:
            yield pa.concat_tables(held)
            held, rows = [], 0
    if held:
        yield pa.concat_tables(held)


def _below(folder: Path) -> list[Path]:
    found = [Path(root, name) for root, _, names in os.walk(folder) for name in names]
    return sorted(p for p in found if p.is_file() and not any(part.startswith(".") for part in _parts(p, folder)))


def _parts(path: Path, folder: Path) -> tuple[str, ...]:
    return path.relative_to(folder).parts


def _may_be_log(path: Path) -> bool:
    """Whether a file in a folder is to be read: not a `.json` that is one object of something else."""
    if format_by_name(path) != "json":
        return True
    with Source(path) as source:
        kind = json_kind(source.peek(HEAD).decode("utf-8", "replace"))
    if kind.start >= 0 or kind.as2 or not isinstance(kind.first, dict):
        return True
    return not {"id", "time", "type", "actor"}.isdisjoint(kind.first)
