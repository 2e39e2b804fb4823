"""Outcomes of an experiment from the log, by hand; and starting one in a workspace."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import hubbub
from hubbub import taking
from hubbub.errors import LogError, WorkspaceError
from hubbub.log.outcomes import plan_of, trial
from hubbub.log.workspace import Workspace

LOG = """id,time,channel,type,actor,value,currency,object
1,2026-01-01T00:00:00Z,x,follow,ann,,,acme
2,2026-01-01T00:00:00Z,x,follow,bob,,,acme
3,2026-01-01T00:00:00Z,x,follow,cy,,,acme
4,2026-01-01T00:00:00Z,x,convert,ann,5,EUR,
5,2026-01-10T00:00:00Z,web,convert,ann-web,7,EUR,
6,2026-01-12T00:00:00Z,web,convert,ann-web,-2,EUR,5
7,2026-02-20T00:00:00Z,x,convert,bob,9,EUR,
8,2026-02-09T00:00:00Z,x,like,cy,,,1
9,2026-01-11T00:00:00Z,x,leave,bob,,,
10,2026-06-01T00:00:00Z,x,post,acme,,,
"""
PEOPLE = "person,channel,actor\nAnn,x,ann\nAnn,web,ann-web\n"
ASSIGNED = """time,experiment,arm,channel,actor
2026-01-02T00:00:00Z,reply,control,x,ann
2026-01-02T00:00:00Z,reply,treated,x,bob
2026-01-05T00:00:00Z,reply,treated,x,cy
2026-01-05T00:00:00Z,reply,control,x,dee
2026-01-05T00:00:00Z,reply,treated,x,dee
2026-05-20T00:00:00Z,reply,treated,x,eve
"""


@pytest.fixture
def log(tmp_path: Path) -> hubbub.library.Log:
    for name, text in (("log.csv", LOG), ("people.csv", PEOPLE), ("assignments.csv", ASSIGNED)):
        (tmp_path / name).write_text(text)
    return hubbub.read_log(tmp_path, brand=["acme"])


@pytest.mark.parametrize(
    ("metric", "want"),
    [
        # Ann's first order is before; that of the web is hers too. Bob's order is on the 49th day: too late for 30.
        ("converts", {"Ann": 1.0, "x:bob": 0.0, "x:cy": 0.0, "x:eve": 0.0}),
        ("value", {"Ann": 5.0, "x:bob": 0.0, "x:cy": 0.0, "x:eve": 0.0}),
        ("leaves", {"Ann": 0.0, "x:bob": 1.0, "x:cy": 0.0, "x:eve": 0.0}),
        # Days 30 to 60: Bob's order on the 49th, Cy's like on the 35th; Ann's on the 8th and 10th are too early.
        ("returns", {"Ann": 0.0, "x:bob": 1.0, "x:cy": 1.0, "x:eve": 0.0}),
    ],
)
def test_outcomes_by_hand(log: hubbub.library.Log, metric: str, want: dict[str, float]) -> None:
    days = 60.0 if metric == "returns" else 30.0
    plan = replace(plan_of("reply", log.settings), metric=metric, window_days=days)
    found = trial(log.segments, log.settings, plan)
    rows = {r["person"]: r for r in found.people.to_pylist()}
    assert {who: r["outcome"] for who, r in rows.items()} == want
    assert {who for who, r in rows.items() if not r["done"]} == {"x:eve"}
    assert found.torn == 1


def test_an_unknown_experiment(log: hubbub.library.Log) -> None:
    with pytest.raises(LogError, match="no experiment other"):
        log.read_experiment("other")
    assert [a["assigned"] for a in log.read_experiment("reply")["arms"]] == [1, 3]


def test_values_in_two_currencies(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOG.replace("7,EUR", "7,USD"))
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "assignments.csv").write_text(ASSIGNED)
    log = hubbub.read_log(tmp_path, brand=["acme"])
    plan = replace(plan_of("reply", log.settings), metric="value")
    with pytest.raises(LogError, match="several currencies"):
        trial(log.segments, log.settings, plan)
    assert trial(log.segments, replace(log.settings, currency="USD"), plan).people["outcome"].to_pylist()[0] == 7.0


def workspace(folder: Path) -> Path:
    (folder / "log.csv").write_text(LOG)
    place = Workspace.create(folder / "w").folder
    (place / "hubbub.toml").write_text('[brand]\nhandles = ["acme"]\n')
    taking.into_workspace(place, [folder / "log.csv"])
    return place


def test_started_read_and_started_again(tmp_path: Path) -> None:
    place = workspace(tmp_path)
    now = datetime(2026, 1, 2, tzinfo=UTC)
    first = taking.start_experiment(place, "reply", {"arms": ("a", "b"), "planned": 50}, now=now)
    assert first["added"] == sum(a["people"] for a in first["arms"]) == 4
    again = taking.start_experiment(place, "reply", {}, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert (again["added"], again["arms"], again["started"]) == (0, first["arms"], "2026-01-02T00:00:00Z")
    found = hubbub.open_workspace(place).read_experiment("reply")
    assert found["people_needed"] == 50
    assert sum(a["events"] for a in found["arms"]) == 1
    with pytest.raises(WorkspaceError, match="another plan"):
        taking.start_experiment(place, "reply", {"metric": "shares"}, now=now)


def test_newcomers_get_an_arm_and_the_file_can_be_imported(tmp_path: Path) -> None:
    place = workspace(tmp_path)
    taking.start_experiment(place, "reply", {}, now=datetime(2026, 1, 2, tzinfo=UTC))
    (tmp_path / "more.csv").write_text("id,time,channel,type,actor,object\n20,2026-02-01T00:00:00Z,x,follow,fay,acme\n")
    taking.into_workspace(place, [tmp_path / "more.csv"])
    later = taking.start_experiment(place, "reply", {}, now=datetime(2026, 2, 2, tzinfo=UTC))
    assert later["added"] == 1
    held = Workspace(place).side("assignments")
    assert held is not None
    taking.into_workspace(place, [place / "assignments.csv"])
    assert Workspace(place).side("assignments").equals(held)  # type: ignore[union-attr]


def test_a_kill_before_the_last_step_assigns_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hubbub.log.workspace as module

    place = workspace(tmp_path)
    before = (place / "log" / "log.json").read_bytes()

    def die(path: Path, content: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(module, "_replace", die)
        with pytest.raises(KeyboardInterrupt):
            taking.start_experiment(place, "reply", {})
    assert (place / "log" / "log.json").read_bytes() == before
    assert hubbub.open_workspace(place).settings.experiments == {}
    assert taking.start_experiment(place, "reply", {})["added"] == 4
    assert list(json.loads((place / "log" / "log.json").read_text())["experiments"]) == ["reply"]
