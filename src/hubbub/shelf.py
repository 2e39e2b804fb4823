"""Tables that grow part by part: held in memory while they are small, on disk and mapped from there when not."""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref

import pyarrow as pa

IN_MEMORY = 256 << 20
"""Bytes up to which the parts are kept in memory."""

_mapped: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


def let_go() -> None:
    """Give back the memory of all tables on disk: what is used again is read again. Nothing that was read changes."""
    if hasattr(mmap, "MADV_DONTNEED"):
        for mapped in tuple(_mapped):
            mapped.madvise(mmap.MADV_DONTNEED)


class Shelf:
    """Parts of one table in their order; past IN_MEMORY bytes they go to a temporary file that goes with the table."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._held: list[pa.Table] = []
        self._bytes = 0
        self._path: str | None = None
        self._writer: pa.ipc.RecordBatchFileWriter | None = None

    def add(self, part: pa.Table) -> None:
        """Put a part behind the others."""
        if self._writer is not None:
            self._writer.write_table(part)
            return
        self._held.append(part)
        self._bytes += part.nbytes
        if self._bytes > IN_MEMORY:
            self._spill()

    def table(self) -> pa.Table:
        """All parts as one table; columns on disk are read when they are used."""
        if self._writer is None or self._path is None:
            return pa.concat_tables(self._held) if self._held else self._schema.empty_table()
        self._writer.close()
        with open(self._path, "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._remove()
        _mapped.add(mapped)
        return pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))).read_all()

    def _spill(self) -> None:
        handle, self._path = tempfile.mkstemp(prefix="hubbub-", suffix=".arrow")
        os.close(handle)
        self._remove = weakref.finalize(self, os.unlink, self._path)
        self._writer = pa.ipc.new_file(self._path, self._schema)
        for part in self._held:
            self._writer.write_table(part)
        self._held = []
