"""The commands as a person runs them: what they print, where, and with which status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAD = "id,time,channel,type,actor,object,in_reply_to,via,addressed_to,value,currency\n"
G1 = Path(__file__).parent / "golden" / "g1.csv"


def run(*words: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hubbub.cli import main; main()", *words]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False
    )


def document(*words: str, cwd: Path, status: int = 0) -> Any:
    done = run(*words, "--json", cwd=cwd)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def test_compare_on_a_file(tmp_path: Path) -> None:
    found = document("compare", str(G1), "--brand", "acme", cwd=tmp_path)
    assert found["verdict"]["answer"] == "cannot_tell"
    assert found["verdict"]["needs"]["kind"] == "first_units"
    assert found["credit"]["linear"] == {
        "conversation": "60.00", "spread": "60.00", "broadcast": "0.00", "unknown": "0.00",
    }  # fmt: skip
    assert found["credit"]["markov"] == {
        "conversation": "40.00", "spread": "80.00", "broadcast": "0.00", "unknown": "0.00",
    }  # fmt: skip
    assert found["log"] == {
        "activities": 12, "people": 4, "first": "2026-01-01T00:00:00Z", "last": "2026-03-05T00:00:00Z",
    }  # fmt: skip
    keys = {"verdict", "modes", "unanswered", "hidden", "coverage", "credit", "points", "campaigns", "plan", "log"}
    assert keys <= set(found)


def test_the_same_bytes_however_the_log_is_split(tmp_path: Path) -> None:
    lines = G1.read_text().splitlines(keepends=True)
    whole = run("compare", str(G1), "--brand", "acme", "--json", cwd=tmp_path).stdout
    (tmp_path / "log").mkdir()
    for n in range(3):
        (tmp_path / "log" / f"{n}.csv").write_text(lines[0] + "".join(lines[: -len(lines) : -1][n::3]))
    assert run("compare", "log", "--brand", "acme", "--json", cwd=tmp_path).stdout == whole
    alone = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    threads = run("compare", str(G1), "--brand", "acme", "--json", cwd=tmp_path, env=alone)
    assert threads.stdout == whole
    assert run("init", "ws", "--name", "acme", cwd=tmp_path).returncode == 0
    for _ in range(2):
        assert run("import", str(G1), "-w", "ws", cwd=tmp_path).returncode == 0
    assert run("compare", "-w", "ws", "--brand", "acme", "--json", cwd=tmp_path).stdout == whole


def test_workspace_from_init_to_export(tmp_path: Path) -> None:
    made = document("init", "ws", cwd=tmp_path)
    assert made == {"workspace": str((tmp_path / "ws").resolve())}
    first = document("import", str(G1), "-w", "ws", cwd=tmp_path)
    again = document("import", str(G1), "-w", "ws", cwd=tmp_path)
    assert (first["read"], first["added"], first["already"], first["refused"]) == (12, 12, 0, 0)
    assert (again["read"], again["added"], again["already"]) == (12, 0, 12)
    for name in ("out.csv", "out.jsonl", "out.parquet", "out.as2.jsonl", "out.csv.gz"):
        files = document("export", name, "-w", "ws", cwd=tmp_path)["files"]
        back = document("compare", *files, "--brand", "acme", cwd=tmp_path)
        assert back["credit"]["position"]["conversation"] == "54.00", name


def test_side_files_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("person,channel,actor\nAnn,x,ann\nAnn,x,cat\n")
    document("init", "ws", cwd=tmp_path)
    document("import", str(G1), "people.csv", "-w", "ws", cwd=tmp_path)
    people = document("people", "-w", "ws", "--brand", "acme", cwd=tmp_path)["people"]
    assert [(p["person"], p["handles"]) for p in people] == [
        ("Ann", ["x:ann", "x:cat"]), ("x:bob", ["x:bob"]), ("x:dan", ["x:dan"]),
    ]  # fmt: skip


def test_cascades(tmp_path: Path) -> None:
    g3 = G1.with_name("g3.csv")
    found = document("cascades", str(g3), "--brand", "acme", cwd=tmp_path)["cascades"]
    assert [(c["root"], c["size"], c["depth"], c["breadth"], c["half_life_hours"]) for c in found] == [
        ("q1", 6, 3, 2, 3.0)
    ]
    assert found[0]["structural_virality"] == pytest.approx(31 / 15)
    assert found[0]["reproduction"]["value"] is None
    assert "20" in found[0]["reproduction"]["why"]


def test_refused_rows_are_listed_and_the_good_ones_count(tmp_path: Path) -> None:
    rows = [
        "a,2026-01-01T00:00:00,x,post,ann,,,,,,",
        "b,2026-01-02T00:00:00Z,x,psot,ann,,,,,,",
        "c,2026-01-03T00:00:00Z,x,post,ann,,,,,,",
    ]
    (tmp_path / "log.csv").write_text(HEAD + "\n".join(rows) + "\n")
    done = run("compare", "log.csv", "--brand", "acme", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["log"]["activities"] == 1
    assert "2 rows were refused" in done.stderr
    listed = [json.loads(line) for line in Path(done.stderr.split()[-1]).read_text().splitlines()]
    assert [(r["row"], r["field"]) for r in listed] == [(1, "time"), (2, "type")]
    assert "--tz" in listed[0]["reason"]
    assert run("compare", "log.csv", "--brand", "acme", "--tz", "UTC", "--json", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["compare"], "no workspace"),
        (["compare", "nothing.csv"], "not there"),
        (["compare", str(G1), "--engine", "abacus"], "local or spark"),
        (["import", str(G1)], "no workspace"),
        (["compare", str(G1), "--brand", "@nothing.txt"], "cannot be read"),
        (["export", "out.xls"], "no workspace"),
        (["compare", str(G1), "--level", "2"], "level"),
        (["wibble"], "No such command"),
    ],
)
def test_what_cannot_be_done_is_said_with_status_2(tmp_path: Path, words: list[str], says: str) -> None:
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_report_is_one_file(tmp_path: Path) -> None:
    assert document("report", str(G1), "--brand", "acme", "-o", "r.html", cwd=tmp_path) == {"file": "r.html"}
    page = (tmp_path / "r.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_terminal_says_the_answer_first(tmp_path: Path) -> None:
    done = run("compare", str(G1), "--brand", "acme", cwd=tmp_path, env={"NO_COLOR": "1", "COLUMNS": "80"})
    assert done.returncode == 0
    assert "Too little conversation and spread to compare yet." in done.stdout


def test_demo_in_small(tmp_path: Path) -> None:
    done = run("demo", "--dir", "d", "--rows", "4000", "--no-serve", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("Invented")
    assert (tmp_path / "d" / "report.html").stat().st_size > 50_000


def test_tables_are_written(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    from hubbub.tables import CASCADES, PEOPLE

    document("compare", str(G1), "--brand", "acme", "--tables", "t", cwd=tmp_path)
    assert pq.read_table(tmp_path / "t" / "people.parquet").column_names == PEOPLE.names
    assert pq.read_table(tmp_path / "t" / "cascades.parquet").column_names == CASCADES.names
