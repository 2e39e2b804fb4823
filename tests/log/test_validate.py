"""The rules of the record, one by one: what each refuses, and in which words."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hubbub.errors import LogError
from hubbub.log import read
from hubbub.log.refuse import Refusals

GOOD = {"id": "p1", "time": "2026-01-01T00:00:00Z", "channel": "x", "type": "post", "actor": "ann"}


def taken(folder: Path, *rows: dict[str, Any], **options: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows valid and refused of JSON Lines."""
    (folder / "log.jsonl").write_text("".join(json.dumps(GOOD | row) + "\n" for row in rows))
    with Refusals(folder / "refused.jsonl") as refusals:
        tables = list(read.batches([folder / "log.jsonl"], refusals=refusals, **options))
    valid = [row for table in tables for row in table.to_pylist()]
    path = folder / "refused.jsonl"
    refused = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    assert len(valid) + len(refused) == len(rows)
    return valid, refused


REFUSED = [
    ({"id": None}, "id", "is missing"),
    ({"id": ""}, "id", "is missing"),
    ({"actor": None}, "actor", "is missing"),
    ({"time": ""}, "time", "is missing"),
    ({"type": "retweet"}, "type", "is not a word of the record; those are post, reply"),
    ({"type": "shares"}, "type", "near it: share"),
    ({"type": "Post"}, "type", "near it: post"),
    ({"time": "yesterday"}, "time", "is not an ISO 8601 time"),
    ({"time": "2026-01-01"}, "time", "is not an ISO 8601 time"),
    ({"time": 1767225600}, "time", "is not an ISO 8601 time"),
    ({"time": "2026-01-01T00:00:00"}, "time", "has no offset or Z; pass --tz"),
    ({"time": "2026-02-30T00:00:00Z"}, "time", "does not exist"),
    ({"time": "2026-01-01T24:00:00Z"}, "time", "does not exist"),
    ({"time": "2026-01-01T00:00:00+25:00"}, "time", "does not exist"),
    ({"time": "1969-12-31T23:59:59Z"}, "time", "not between the years 1970 and 2200"),
    ({"time": "2201-01-01T00:00:00Z"}, "time", "not between the years 1970 and 2200"),
    ({"time": "0000-01-01T00:00:00Z"}, "time", "not between the years 1970 and 2200"),
    ({"value": "NaN"}, "value", "is not a finite number"),
    ({"value": "-inf"}, "value", "is not a finite number"),
    ({"value": "1,50"}, "value", "is not a number"),
    ({"value": "1234567890123"}, "value", "more than 12 digits"),
    ({"cost": "999999999999.9999999"}, "cost", "more than 12 digits"),
    ({"cost": "1e400"}, "cost", "more than 12 digits"),
    ({"currency": "eur"}, "currency", "three letters A-Z"),
    ({"currency": "EURO"}, "currency", "three letters A-Z"),
    ({"count": "two"}, "count", "is not a whole number"),
    ({"count": 1.5}, "count", "is not a whole number"),
    ({"count": "1" * 19}, "count", "more than 18 digits"),
    ({"count": -1}, "count", "is below 0"),
    ({"count": 0}, "count", "is 0, which only a total"),
    ({"count": 2}, "count", "is above 1, which only a total (actor *) or a view"),
    ({"type": "view", "count": 0}, "count", "is 0, which only a total"),
    ({"audience": -1}, "audience", "is below 0"),
    ({"audience": "many"}, "audience", "is not a whole number"),
    ({"disclosed": "maybe"}, "disclosed", "is not true or false"),
    ({"content": "a\0b"}, "content", "holds a NUL byte"),
    ({"place": "x" * ((1 << 20) + 1)}, "place", "is longer than 1 MB"),
    ({"type": "undo"}, "object", "is missing; update, delete, undo must name"),
    ({"type": "delete", "object": "p0", "actor": "*"}, "actor", "is *, a total"),
    ({"actor": ["ann"]}, "actor", "is a list where text is needed"),
    ({"content": {"a": 1}}, "content", "is an object where text is needed"),
]


@pytest.mark.parametrize(("change", "field", "reason"), REFUSED)
def test_what_is_refused(tmp_path: Path, change: dict[str, Any], field: str, reason: str) -> None:
    _, refused = taken(tmp_path, {}, change, {})
    assert len(refused) == 1
    assert (refused[0]["row"], refused[0]["field"]) == (2, field)
    assert reason in refused[0]["reason"]
    assert refused[0]["file"].endswith("log.jsonl")
    assert refused[0]["id"] == ("" if change.keys() == {"id"} else "p1")


def test_a_row_with_several_faults_is_refused_once(tmp_path: Path) -> None:
    _, refused = taken(tmp_path, {"type": "tweet", "time": "now", "value": "x"})
    assert len(refused) == 1


TAKEN = [
    ({"time": "2026-01-01 02:00+02"}, "time", "2026-01-01T00:00:00+00:00"),
    ({"time": "2026-01-01T00:00:00.1234569Z"}, "time", "2026-01-01T00:00:00.123456+00:00"),
    ({"time": "20260101T053000+0530"}, "time", "2026-01-01T00:00:00+00:00"),
    ({"time": "1970-01-01T00:00:00Z"}, "time", "1970-01-01T00:00:00+00:00"),
    ({"time": "2200-12-31T23:59:59.999999Z"}, "time", "2200-12-31T23:59:59.999999+00:00"),
    ({"value": "1.0000005"}, "value", Decimal("1.000000")),  # half to even
    ({"value": "1.0000015"}, "value", Decimal("1.000002")),
    ({"value": "-1.00000250"}, "value", Decimal("-1.000002")),
    ({"value": 19.9}, "value", Decimal("19.900000")),
    ({"value": "1e2"}, "value", Decimal("100.000000")),
    ({"value": "999999999999.999999"}, "value", Decimal("999999999999.999999")),
    ({"count": "1.0"}, "count", 1),
    ({"type": "view", "count": 1234}, "count", 1234),
    ({"type": "share", "actor": "*", "count": 0}, "count", 0),
    ({"type": "like", "actor": "*", "count": 99}, "count", 99),
    ({"disclosed": "Yes"}, "disclosed", True),
    ({"rewarded": 0}, "rewarded", False),
    ({"automated": True}, "automated", True),
    ({"currency": ""}, "currency", None),
    ({"content": "[deleted]"}, "content", "[deleted]"),
    ({"actor": 42}, "actor", "42"),
    ({"raw": {"a": [1]}}, "raw", '{"a": [1]}'),
    ({"likes": 3, "raw": {"a": 1}}, "raw", '{"a": 1, "likes": 3}'),
]


@pytest.mark.parametrize(("change", "field", "value"), TAKEN)
def test_what_is_taken(tmp_path: Path, change: dict[str, Any], field: str, value: Any) -> None:
    valid, refused = taken(tmp_path, change)
    assert not refused
    got = valid[0][field]
    assert (got.isoformat() if field == "time" else got) == value


def test_local_times_are_taken_in_the_zone_given(tmp_path: Path) -> None:
    """Berlin is two hours ahead in June; 02:30 is skipped on 29 March and stands twice on 25 October."""
    rows = [
        {"time": t}
        for t in ("2026-06-01T12:00:00", "2026-03-29T02:30:00", "2026-10-25T02:30:00", "2026-01-01T00:00:00-05:00")
    ]
    valid, refused = taken(tmp_path, *rows, tz="Europe/Berlin")
    assert [r["time"].isoformat() for r in valid] == ["2026-06-01T10:00:00+00:00", "2026-01-01T05:00:00+00:00"]
    assert [(r["row"], r["reason"][:10]) for r in refused] == [(2, "is skipped"), (3, "stands twi")]


def test_offsets_that_change_within_a_quarter_of_an_hour(tmp_path: Path) -> None:
    """Liberia left 44:30 behind UTC on 7 January 1972, at midnight there."""
    rows = [{"time": "1972-01-06T23:59:59"}, {"time": "1972-01-07T00:44:29"}, {"time": "1972-01-07T00:44:30"}]
    valid, refused = taken(tmp_path, *rows, tz="Africa/Monrovia")
    assert [r["time"].isoformat() for r in valid] == ["1972-01-07T00:44:29+00:00", "1972-01-07T00:44:30+00:00"]
    assert [r["row"] for r in refused] == [2]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "\0"])
def test_no_such_zone(tmp_path: Path, zone: str) -> None:
    with pytest.raises(LogError, match="no such time zone"):
        taken(tmp_path, {}, tz=zone)


def test_a_channel_is_given_to_rows_that_name_none(tmp_path: Path) -> None:
    valid, _ = taken(tmp_path, {"channel": ""}, {"channel": None}, {}, channel="blog")
    assert [r["channel"] for r in valid] == ["blog", "blog", "x"]


def test_the_largest_words_are_taken_and_larger_ones_refused(tmp_path: Path) -> None:
    big = "ü" * (15 << 20)
    valid, refused = taken(tmp_path, {}, {"content": big}, {"id": "p2"})
    assert not refused
    assert valid[1]["content"] == big
    (tmp_path / "big.csv").write_text("id,time,channel,type,actor,content\n" + f'p1,,x,post,a,"{"z" * (65 << 20)}"\n')
    refusals = Refusals()
    assert list(read.batches([tmp_path / "big.csv"], refusals=refusals)) == []
    assert list(refusals.reasons) == ["is longer than 64 MB"]


def parquet(folder: Path, **columns: Any) -> list[dict[str, Any]]:
    pq.write_table(
        pa.table({n: pa.array([v]) for n, v in GOOD.items() if n not in columns} | columns), folder / "l.parquet"
    )
    refusals = Refusals(folder / "no.jsonl")
    valid = [r for t in read.batches([folder / "l.parquet"], refusals=refusals) for r in t.to_pylist()]
    refusals.close()
    if refusals.count:
        return [json.loads((folder / "no.jsonl").read_text())]
    return valid


def test_parquet_of_other_types_is_brought_to_the_record(tmp_path: Path) -> None:
    time = pa.array([1_767_225_600_123], pa.timestamp("ms", "Europe/Berlin"))
    row = parquet(
        tmp_path,
        time=time,
        actor=pa.array(["ann"]).dictionary_encode(),
        id=pa.array(["p1"], pa.large_string()),
        value=pa.array([19.9]),
        count=pa.array([1.0]),
        audience=pa.array([7], pa.uint8()),
        disclosed=pa.array([1]),
        extra=pa.array([{"a": [1, None]}]),
        more=pa.array([b"\x01"]),
        nothing=pa.array([None], pa.string()),
    )[0]
    assert row["time"].isoformat() == "2026-01-01T00:00:00.123000+00:00"
    assert (row["id"], row["actor"], row["value"], row["count"]) == ("p1", "ann", Decimal("19.900000"), 1)
    assert (row["audience"], row["disclosed"]) == (7, True)
    assert json.loads(row["raw"]) == {"extra": {"a": [1, None]}, "more": "01"}


def test_parquet_values_are_judged_too(tmp_path: Path) -> None:
    assert "finite" in parquet(tmp_path, value=pa.array([float("nan")]))[0]["reason"]
    assert "1970 and 2200" in parquet(tmp_path, time=pa.array([-1], pa.timestamp("s", "UTC")))[0]["reason"]
    assert "1970 and 2200" in parquet(tmp_path, time=pa.array([2**60], pa.timestamp("ms", "UTC")))[0]["reason"]
    assert "missing" in parquet(tmp_path, actor=pa.array([None], pa.string()))[0]["reason"]
    assert "NUL" in parquet(tmp_path, place=pa.array(["a\0"]))[0]["reason"]


def test_parquet_that_cannot_be_understood(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"l\.parquet: the column actor has the type list"):
        parquet(tmp_path, actor=pa.array([["a"]]))
    with pytest.raises(LogError, match="time has no time zone; pass --tz"):
        parquet(tmp_path, time=pa.array([0], pa.timestamp("us")))
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    with pytest.raises(LogError, match="the column actor holds bytes that are not UTF-8"):
        parquet(tmp_path, actor=bad)
