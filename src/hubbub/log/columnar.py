"""Parquet as blocks: columns of exactly the right types pass as they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hubbub.errors import LogError
from hubbub.log.block import Block, Layout, Task, known_names, raw_column
from hubbub.log.source import RATIO, Source

ROWS = 1 << 19
"""Rows of a block, where they are not large."""
SIZE = 128 << 20
"""Bytes of a block, by the average of the file."""


def tasks(path: Path, layout: Layout, ratio: float = RATIO) -> Iterator[Task]:
    """Blocks of a Parquet file, which may itself be packed with gzip or zstd.

    raises : LogError for a file that is damaged, unpacks to far more than its size, or lacks needed columns
    """
    with Source(path, text=False, ratio=ratio) as source:
        if source.packing is None:
            yield from _tasks(path, path, source.size, layout, ratio)
            return
        with tempfile.NamedTemporaryFile(suffix=".parquet") as place:
            while data := source.read():
                place.write(data)
            place.flush()
            yield from _tasks(path, Path(place.name), place.tell(), layout, ratio)


def _tasks(path: Path, file: Path, size: int, layout: Layout, ratio: float) -> Iterator[Task]:
    try:
        with pq.ParquetFile(file) as parquet:
            names = known_names(parquet.schema_arrow.names, layout, path)
            brought = [i for i, n in enumerate(names) if _brought(n, layout)]
            columns = [parquet.schema_arrow.names[i] for i in brought]
            step = _step(path, parquet.metadata, size, ratio)
            for batch in parquet.iter_batches(batch_size=step, columns=columns):
                yield partial(_parse, path, [names[i] for i in brought], batch, layout)
    except (pa.ArrowException, OSError) as error:
        raise LogError(f"{path}: cannot be read as Parquet: {_short(error)}") from error


def _brought(name: str, layout: Layout) -> bool:
    if name in layout.fields:
        return name in layout.wanted or name in layout.needed
    return layout.raw


def _step(path: Path, about: Any, size: int, ratio: float) -> int:
    """Rows a block, so that it stays within SIZE."""
    unpacked: int = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if unpacked > max(256 << 20, ratio * size):
        raise LogError(f"{path}: unpacks to more than {ratio:g} times its size, which looks like a trap")
    return max(1_024, min(ROWS, SIZE * max(int(about.num_rows), 1) // max(unpacked, 1)))


def _parse(path: Path, names: list[str], batch: pa.RecordBatch, layout: Layout) -> Block:
    """One block; runs in a worker thread."""
    columns = {name: _checked(path, name, column) for name, column in zip(names, batch.columns, strict=True)}
    named = {n: c for n, c in columns.items() if n in layout.fields}
    unknown = {n: c for n, c in columns.items() if n not in layout.fields}
    if unknown:
        named["raw"] = raw_column(unknown, named.get("raw"), batch.num_rows)
    return Block(named, batch.num_rows)


def _checked(path: Path, name: str, column: pa.Array) -> pa.Array:
    try:
        column.validate(full=True)
    except pa.ArrowException as error:
        reason = "holds bytes that are not UTF-8" if "UTF" in str(error) else f"is damaged: {_short(error)}"
        raise LogError(f"{path}: the column {name} {reason}") from error
    return column


def _short(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
