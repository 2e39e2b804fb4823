"""The other files of a workspace: what they carry, and what is refused."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.errors import LogError
from hubbub.log import side
from hubbub.log.refuse import Refusals

T = "2026-01-01T00:00:00Z"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def load(folder: Path, name: str, text: str, **options: Any) -> tuple[list[dict[str, Any]], list[tuple[int, str, str]]]:
    path = folder / f"{name}.csv"
    path.write_text(text)
    no = folder / "no.jsonl"
    no.unlink(missing_ok=True)
    with Refusals(no) as refusals:
        table = side.read_side(path, name, refusals=refusals, **options)
    assert table.schema == side.schema(name)
    lines = [json.loads(line) for line in no.read_text().splitlines()] if no.exists() else []
    return table.to_pylist(), [(r["row"], r["field"], r["reason"]) for r in lines]


GOOD = {
    "people": ("person,channel,actor\nAnn,x,ann\nAnn,blog,ann\n", {"person": "Ann", "channel": "x", "actor": "ann"}),
    "effort": (
        f"time,campaign,mode,hours,cost,currency\n{T},spring,spread,1.5,20,EUR\n",
        {"time": MOMENT, "campaign": "spring", "mode": "spread", "hours": 1.5, "cost": Decimal(20), "currency": "EUR"},
    ),
    "follows": (
        f"channel,actor,follows,time\nx,ann,acme,\nx,bob,acme,{T}\n",
        {"channel": "x", "actor": "ann", "follows": "acme", "time": None},
    ),
    "consent": (
        f"time,channel,actor,purpose,state,basis,proof\n{T},x,ann,ask-to-share,given,form,\n",
        {"time": MOMENT, "channel": "x", "actor": "ann", "purpose": "ask-to-share", "state": "given", "basis": "form",
         "proof": None},
    ),
    "coverage": (
        f"channel,from,until,sees\nx,{T},,replies\n",
        {"channel": "x", "from": MOMENT, "until": None, "sees": "replies"},
    ),
    "segments": ("channel,actor,segment\nx,ann,fans\n", {"channel": "x", "actor": "ann", "segment": "fans"}),
    "assignments": (
        f"time,experiment,arm,channel,actor\n{T},e1,treated,x,ann\n",
        {"time": MOMENT, "experiment": "e1", "arm": "treated", "channel": "x", "actor": "ann"},
    ),
    "needs": (
        f"time,id,topic,state\n{T},p1,delivery,open\n",
        {"time": MOMENT, "id": "p1", "topic": "delivery", "state": "open"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", side.TABLES)
def test_every_table_as_it_should_be(tmp_path: Path, name: str) -> None:
    text, first = GOOD[name]
    rows, refused = load(tmp_path, name, text)
    assert (rows[0], refused) == (first, [])


@pytest.mark.parametrize("name", side.TABLES)
def test_every_table_without_a_needed_column(tmp_path: Path, name: str) -> None:
    needed = [c.name for c in side.TABLES[name] if c.needed]
    with pytest.raises(LogError, match=rf"{name}\.csv: no column {needed[0]}"):
        load(tmp_path, name, "other\n1\n")


def test_a_handle_twice_or_of_the_brand(tmp_path: Path) -> None:
    text = "person,channel,actor\nAnn,x,ann\nAnna,x,ann\nBrand,x,acme\nAnn,x,ann\nBob,,bob\nBob,blog,ann\n"
    rows, refused = load(tmp_path, "people", text, brand=lambda channel, actor: (channel, actor) == ("x", "acme"))
    assert [(r["person"], r["channel"]) for r in rows] == [("Ann", "x"), ("Bob", "blog")]
    assert refused == [
        (2, "actor", "stands twice on this channel; one handle is one person"),
        (3, "actor", "is a handle of the brand, which is nobody's"),
        (4, "actor", "stands twice on this channel; one handle is one person"),
        (5, "channel", "is missing"),
    ]


EFFORT = [
    (f"{T},,listening,1,,", "mode", "is none of conversation, spread, broadcast"),
    (f"{T},,spread,-1,,", "hours", "is below 0"),
    (f"{T},,spread,inf,,", "hours", "is not a finite number"),
    (f"{T},,spread,1e999,,", "hours", "is not a finite number"),
    (f"{T},,spread,1h,,", "hours", "is not a number such as 19.90"),
    (f"{T},,spread,,-1,EUR", "cost", "is below 0"),
    (f"{T},,spread,,nan,EUR", "cost", "is not a finite number"),
    (f"{T},,spread,,1,euro", "currency", "is not three letters A-Z such as EUR"),
    (f"{T},,spread,,,", "hours", "is missing, and so is the cost; a row of effort has one or both"),
    ("2026-01-01,,spread,1,,", "time", "is not an ISO 8601 time such as 2026-01-31T18:00:00Z"),
    (f"{T},,spread,1,", "", "has 5 columns where the header has 6"),
]


@pytest.mark.parametrize(("line", "field", "reason"), EFFORT)
def test_effort_that_cannot_be_used(tmp_path: Path, line: str, field: str, reason: str) -> None:
    rows, refused = load(tmp_path, "effort", f"time,campaign,mode,hours,cost,currency\n{line}\n{T},,spread,0,,\n")
    assert refused == [(1, field, reason)]
    assert [r["hours"] for r in rows] == [0.0]


def test_coverage_runs_forward(tmp_path: Path) -> None:
    text = f"channel,from,until\nx,{T},{T}\nx,{T},2026-02-01T00:00:00Z\nx,,\nx,2026-01-01T00:00:00,\n"
    rows, refused = load(tmp_path, "coverage", text)
    assert len(rows) == 2
    assert [r[:2] for r in refused] == [(1, "until"), (4, "from")]
    assert len(load(tmp_path, "coverage", text, tz="UTC")[0]) == 3


def test_words_of_consent(tmp_path: Path) -> None:
    lines = ("ads,given", "marketing,maybe", "research,withdrawn")
    text = "time,channel,actor,purpose,state\n" + "".join(f"{T},x,ann,{line}\n" for line in lines)
    rows, refused = load(tmp_path, "consent", text)
    assert [r[1] for r in refused] == ["purpose", "state"]
    assert rows[0]["purpose"] == "research"


def test_logs_and_side_files_are_told_apart_by_name(tmp_path: Path) -> None:
    for name in ("people.csv", "log.csv", "effort.jsonl", "peoples.csv", "needs.csv.gz"):
        (tmp_path / name).write_text("x")
    logs, sides = side.split([tmp_path])
    assert [p.name for p in logs] == ["log.csv", "peoples.csv"]
    assert [(n, p.name) for n, p in sides] == [
        ("effort", "effort.jsonl"),
        ("needs", "needs.csv.gz"),
        ("people", "people.csv"),
    ]


def test_other_formats_carry_the_same_columns(tmp_path: Path) -> None:
    rows = [{"time": T, "mode": "spread", "hours": 2, "cost": 1.5, "currency": "EUR"}]
    (tmp_path / "effort.jsonl").write_text(json.dumps(rows[0]) + "\n")
    (tmp_path / "effort.json").write_text(json.dumps(rows))
    pq.write_table(pa.Table.from_pylist([rows[0] | {"time": MOMENT}]), tmp_path / "effort.parquet")
    want = {"time": MOMENT, "campaign": None, "mode": "spread", "hours": 2.0, "cost": Decimal("1.5"), "currency": "EUR"}
    for name in ("effort.jsonl", "effort.json", "effort.parquet"):
        table = side.read_side(tmp_path / name, "effort", refusals=Refusals())
        assert table.to_pylist() == [want]


def test_all_side_files_together(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "people.csv").write_text("person,channel,actor\nAnn,x,ann\nAcme,x,acme\nBob,x,bob\n")
    (tmp_path / "a" / "people.csv").write_text("person,channel,actor\nAnne,x,ann\nCat,x,cat\n")
    _, sides = side.split([tmp_path])
    held = pa.Table.from_pylist(
        [{"person": "Ann", "channel": "x", "actor": "ann"}, {"person": "Rob", "channel": "x", "actor": "bob"}],
        side.schema("people"),
    )
    refusals = Refusals()
    found = side.read_all(sides, {(None, "acme")}, refusals, held={"people": held})
    assert [r["person"] for r in found["people"].to_pylist()] == ["Cat", "Ann"]
    assert refusals.count == 3


@given(st.binary(max_size=120), st.sampled_from(sorted(side.TABLES)), st.booleans(), st.sampled_from(["csv", "jsonl"]))
def test_any_bytes_are_rows_refusals_or_an_error_for_a_person(data: bytes, name: str, good: bool, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.{kind}"
        path.write_bytes(GOOD[name][0].encode() * good + data)
        try:
            side.read_side(path, name, refusals=Refusals())
        except LogError as error:
            assert str(error).startswith(str(path))


def test_coverage_from_the_command_line() -> None:
    table = side.coverage_of(["x", "blog"], T, None)
    assert table.schema == side.schema("coverage")
    assert table.to_pylist()[1] == {"channel": "blog", "from": MOMENT, "until": None, "sees": None}
    for start, end, says in (
        (T, T, "is not before"),
        ("now", None, "--from now: is not an ISO"),
        (None, "2026-01-01T00:00", "--until"),
    ):
        with pytest.raises(LogError, match=says):
            side.coverage_of(["x"], start, end)
