"""A workspace takes an import whole or not at all, whenever it is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hubbub.activity import SCHEMA
from hubbub.errors import WorkspaceError
from hubbub.log.segment import read_segment
from hubbub.log.workspace import SETTINGS, Workspace

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def table(ids: range, actor: str = "ann", **more: Any) -> pa.Table:
    base = {"channel": "x", "type": "post", "actor": actor, **more}
    rows = [{"id": f"i{n}", "time": 1_767_225_600_000_000 + n, **base} for n in ids]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def add(place: Workspace, *tables: pa.Table, now: datetime = NOW) -> Any:
    return place.add(iter(tables), iter(()), place.refusals(), now)


def ids(place: Workspace) -> list[str]:
    return sorted(i for s in place.segments() for i in read_segment(s, ["id"]).column("id").to_pylist())


def test_the_same_import_twice_adds_nothing(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path)
    first = add(place, table(range(10)), table(range(10, 20)))
    again = add(place, table(range(20)))
    assert (first.read, first.added, first.already) == (20, 20, 0)
    assert (again.read, again.added, again.already, again.conflicts) == (20, 0, 20, [])
    assert len(ids(place)) == 20


def test_a_conflict_against_the_workspace_is_listed_and_what_it_holds_stands(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path)
    add(place, table(range(2), content="old"))
    done = add(place, table(range(1, 3), content="new"))
    assert (done.added, done.already) == (1, 1)
    assert [(c.id, c.fields, c.against) for c in done.conflicts] == [("i1", ("content",), "workspace")]
    held = {r["id"]: r["content"] for s in place.segments() for r in read_segment(s).to_pylist()}
    assert held == {"i0": "old", "i1": "old", "i2": "new"}


def test_within_one_import_the_earliest_stands_then_canonical_json(tmp_path: Path) -> None:
    later = table(range(1), content="a").set_column(
        1, SCHEMA.field("time"), pa.array([1_767_225_600_000_009], SCHEMA.field("time").type)
    )
    place = Workspace.create(tmp_path)
    done = add(place, later, table(range(1), content="z"), table(range(1), content="y"))
    assert (done.added, done.already, len(done.conflicts)) == (1, 2, 2)
    assert [r["content"] for s in place.segments() for r in read_segment(s).to_pylist()] == ["y"]


def test_order_of_files_does_not_matter(tmp_path: Path) -> None:
    parts = [table(range(3), content="one"), table(range(2, 5), content="two"), table(range(4, 6), content="one")]
    seen = set()
    for turn in range(6):
        place = Workspace.create(tmp_path / str(turn))
        random.Random(turn).shuffle(parts)
        add(place, *parts)
        rows = [r for s in place.segments() for r in read_segment(s).to_pylist()]
        seen.add(json.dumps(sorted(rows, key=lambda r: r["id"]), default=str))
    assert len(seen) == 1


def test_what_networks_sent_is_forgotten_in_time(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path)
    add(place, table(range(3), raw='{"a": 1}'))
    assert {r["raw"] for s in place.segments() for r in read_segment(s).to_pylist()} == {'{"a": 1}'}
    add(place, table(range(3, 4)), now=datetime(2027, 2, 23, tzinfo=UTC))
    assert {r["raw"] for s in place.segments() for r in read_segment(s).to_pylist()} == {None}
    assert len(ids(place)) == 4


def test_one_import_at_a_time(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path)

    def batches() -> Any:
        with pytest.raises(WorkspaceError, match="Another import is running"):
            add(Workspace(tmp_path), table(range(1)))
        yield table(range(2))

    place.add(batches(), iter(()), place.refusals(), NOW)
    assert ids(place) == ["i0", "i1"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[brand", "cannot be read"),
        ("[brand]\nhandles = 3", "brand.handles"),
        ('[brand]\nhandles = ["", "x"]', "must be a list of texts"),
        ('[time]\nzone = "Mars/Olympus"', "no time zone"),
        ("[money]\nhour_cost = true", "money.hour_cost"),
        ("[money]\nhour_cost = nan", "money.hour_cost"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path: Path, text: str, says: str) -> None:
    place = Workspace.create(tmp_path)
    (tmp_path / SETTINGS).write_text(text)
    with pytest.raises(WorkspaceError, match=says):
        place.settings()


def test_no_workspace_here(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="no workspace here"):
        Workspace.find(tmp_path)
    Workspace.create(tmp_path)
    with pytest.raises(WorkspaceError, match="already"):
        Workspace.create(tmp_path)
    (tmp_path / "in" / "it").mkdir(parents=True)
    assert Workspace.find(tmp_path / "in" / "it").folder.resolve() == tmp_path.resolve()


_IMPORT = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from test_workspace import table
from hubbub.log.workspace import Workspace
place = Workspace(Path(sys.argv[1]))
def batches():
    for n in range(0, 4000, 200):
        yield table(range(n, n + 200))
        print("batch", flush=True)
print("start", flush=True)
place.add(batches(), iter(()), place.refusals(), datetime.now(UTC))
print("done", flush=True)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", _IMPORT, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


@pytest.mark.parametrize("turn", range(8))
def test_killed_at_any_moment_it_holds_all_or_nothing(tmp_path: Path, turn: int) -> None:
    place = Workspace.create(tmp_path)
    add(place, table(range(100)))
    process = start(tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    dice = random.Random(turn)
    for _ in range(dice.randrange(22)):
        if not process.stdout.readline().startswith("batch"):
            break
    time.sleep(dice.random() * 0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert len(ids(Workspace(tmp_path))) in (100, 4000)
    again = start(tmp_path)
    again.communicate()
    assert again.returncode == 0
    assert ids(Workspace(tmp_path)) == sorted(f"i{n}" for n in range(4000))
    named = {s.path.name for s in place.segments()}
    assert {p.name for p in (tmp_path / "log" / "segments").iterdir()} == named
