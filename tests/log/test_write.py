"""The log out and in again: the same rows in every format, and nothing that should not leave."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn import tables
from hubbub.activity import SCHEMA
from hubbub.errors import LogError
from hubbub.log import read
from hubbub.log.refuse import Refusals
from hubbub.log.write import write

NAMES = ["x.csv", "x.jsonl", "x.parquet", "x.as2.jsonl", "x.as2.json", "x.csv.gz", "x.jsonl.zst", "x.as2.jsonl.gz"]


def back(path: Path) -> tuple[list[dict[str, Any]], Refusals]:
    refusals = Refusals()
    rows = [row for table in read.batches([path], refusals=refusals) for row in table.to_pylist()]
    return rows, refusals


def one(**more: Any) -> pa.Table:
    first = {"id": "p1", "time": "2026-01-01T00:00:00Z", "channel": "x", "type": "post", "actor": "acme"}
    given = {name: [value] for name, value in (first | more).items()}
    columns = [pa.array(given.get(f.name, [None]), pa.string()).cast(f.type) for f in SCHEMA]
    return pa.table(columns, schema=SCHEMA)


@given(tables(), st.sampled_from(NAMES))
def test_what_is_written_reads_back_the_same(table: pa.Table, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / name
        assert write([table], out) == [out]
        if not table.num_rows and ("jsonl" in name or "as2" in name):
            return  # a JSON Lines file without rows is an empty file
        rows, refusals = back(out)
        assert not refusals.count, refusals.summary()
        assert rows == table.to_pylist()


def test_several_tables_make_one_file(tmp_path: Path) -> None:
    for name in NAMES:
        write(iter([one(), one(id="p2", content="two"), one(id="p3").slice(0, 0)]), tmp_path / name)
        assert [r["id"] for r in back(tmp_path / name)[0]] == ["p1", "p2"]


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet", "x.as2.jsonl"])
def test_raw_never_leaves(tmp_path: Path, name: str) -> None:
    write([one(raw='{"secret": 1}')], tmp_path / name)
    assert b"secret" not in (tmp_path / name).read_bytes()
    assert back(tmp_path / name)[0][0]["raw"] is None


def test_csv_is_plain(tmp_path: Path) -> None:
    write([one(value="19.9", currency="EUR", disclosed="true", time="2026-01-01T00:00:00.5Z")], tmp_path / "x.csv")
    header, line = (tmp_path / "x.csv").read_text().splitlines()
    assert header.startswith("id,time,channel,type,actor,object")
    assert line == "p1,2026-01-01T00:00:00.5Z,x,post,acme,,,,,,,,,19.90,EUR,,,,true,,,"


def test_safe_cells_get_an_apostrophe_and_numbers_do_not(tmp_path: Path) -> None:
    write([one(content="=1+1", actor="@acme", value="-5")], tmp_path / "x.csv", safe=True)
    row = back(tmp_path / "x.csv")[0][0]
    assert (row["content"], row["actor"], str(row["value"])) == ("'=1+1", "'@acme", "-5.000000")


def test_parquet_is_zstd_without_raw(tmp_path: Path) -> None:
    write([one()], tmp_path / "x.parquet")
    with pq.ParquetFile(tmp_path / "x.parquet") as file:
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"
        assert "raw" not in file.schema_arrow.names


def test_a_failed_export_leaves_what_was_there(tmp_path: Path) -> None:
    def tables() -> Iterator[pa.Table]:
        yield one()
        raise LogError("the log broke off")

    (tmp_path / "x.csv").write_text("old")
    with pytest.raises(LogError, match="broke off"):
        write(tables(), tmp_path / "x.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["x.csv"]
    assert (tmp_path / "x.csv").read_text() == "old"


@pytest.mark.parametrize(
    ("name", "format", "safe", "says"),
    [
        ("x.txt", None, False, "the name tells no format"),
        ("x.csv", "xml", False, "no such format to write"),
        ("x.jsonl", None, True, "for CSV only"),
        ("x.parquet.gz", None, False, "packed already"),
        ("none/x.csv", None, False, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str, format: str | None, safe: bool, says: str) -> None:
    with pytest.raises(LogError, match=says):
        write([one()], tmp_path / name, format=format, safe=safe)
