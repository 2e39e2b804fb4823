"""Columns that few rows have, codes that come block after block, and tables that outgrow memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub import shelf
from hubbub.errors import LogError
from hubbub.log import segment
from hubbub.log.index import NONE, Codes
from hubbub.log.segment import MOST_ROWS, Segment, load
from hubbub.log.sparse import Gathered


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=6), max_size=5), st.data())
def test_a_sparse_column_gives_what_was_put_in(blocks: list[list[int | None]], data: st.DataObject) -> None:
    column, start = Gathered(-9), 0
    for block in blocks:
        known = np.array([v is not None for v in block], np.bool_)
        column.add(start, np.array([v or 0 for v in block], np.int64), known)
        start += len(block)
    flat = [-9 if v is None else v for block in blocks for v in block]
    rows = data.draw(st.lists(st.integers(0, max(len(flat) - 1, 0)), max_size=8)) if flat else []
    assert column.done().take(np.array(rows, np.int64)).tolist() == [flat[r] for r in rows]


@given(st.lists(st.tuples(st.lists(st.integers(0, 12), max_size=9), st.booleans()), max_size=6))
def test_codes_of_blocks_are_those_of_the_whole(blocks: list[tuple[list[int], bool]]) -> None:
    codes, start = Codes(), 0
    seen: dict[int, int] = {}
    shown: dict[int, int] = {}
    for keys, acting in blocks:
        got = codes.take(np.array(keys, np.int64), np.full(len(keys), 3, np.int16), start if acting else NONE)
        for i, key in enumerate(keys):
            if key and acting:
                shown.setdefault(key, start + i)
        assert got.tolist() == [seen.setdefault(k, len(seen)) if k else NONE for k in keys]
        start += len(keys)
    key, origin, channel = codes.done()
    assert key.tolist() == list(seen)
    assert origin.tolist() == [shown.get(k, NONE) for k in seen]
    assert all(channel[seen[k]] == 3 for k in shown)


def test_a_table_past_its_memory_goes_to_disk_and_stays_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shelf")
    monkeypatch.setattr(shelf.tempfile, "tempdir", str(folder))
    names = pa.array(["a", "b"])
    parts = [
        pa.table({"x": pa.array([i, None]), "w": pa.DictionaryArray.from_arrays(pa.array([1, 0]), names)})
        for i in range(5)
    ]
    kept, spilled = shelf.Shelf(parts[0].schema), shelf.Shelf(parts[0].schema)
    for part in parts:
        kept.add(part)
    monkeypatch.setattr(shelf, "IN_MEMORY", 1)
    for part in parts:
        spilled.add(part)
    assert list(folder.iterdir())
    whole = spilled.table()
    assert not list(folder.iterdir())
    assert whole.equals(kept.table()) and whole.num_rows == 10
    shelf.let_go()
    assert whole.equals(kept.table())


def test_a_shelf_that_is_never_opened_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shelf")
    monkeypatch.setattr(shelf.tempfile, "tempdir", str(folder))
    monkeypatch.setattr(shelf, "IN_MEMORY", 1)
    part = pa.table({"x": [1, 2, 3]})
    held = shelf.Shelf(part.schema)
    held.add(part)
    assert list(folder.iterdir())
    del held
    assert not list(folder.iterdir())


def test_more_rows_than_can_be_numbered_are_refused(tmp_path: object) -> None:
    with pytest.raises(LogError, match="--engine spark"):
        load([Segment(segment.Path("nowhere.parquet"), MOST_ROWS)])
