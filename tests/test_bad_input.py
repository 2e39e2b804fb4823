"""Input that makes no sense, or too little of it, through the measures of spread: an error, or a null with why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import hubbub
from hubbub.library import Log
from tests.test_cli import run

HEAD = "id,time,channel,type,actor,object,via,audience\n"


def hour(h: float) -> str:
    return f"2026-01-{1 + int(h) // 24:02}T{int(h) % 24:02}:{round(h % 1 * 60):02}:00Z"


def row(name: str, h: float, kind: str, actor: str, object: str = "", via: str = "", audience: object = "") -> str:
    return f"{name},{hour(h)},x,{kind},{actor},{object},{via},{audience}"


END = row("end", 24 * 29, "post", "acme")


def write(folder: Path, rows: Sequence[str], name: str = "log.csv") -> Path:
    (folder / name).write_text(HEAD + "\n".join(rows) + "\n")
    return folder / name


def log_of(folder: Path, *rows: str) -> Log:
    return hubbub.read_log(write(folder, rows), brand=["acme"])


def cascades(log: Log) -> dict[str, Any]:
    document = log.cascades().document
    json.dumps(document, allow_nan=False)
    return {c["root"]: c for c in document["cascades"]}


def test_shares_that_name_each_other(tmp_path: Path) -> None:
    """At one moment the smaller name loses its reference; else the earlier one, whose parent had not happened yet."""
    log = log_of(
        tmp_path, row("a", 1, "share", "ann", via="b"), row("b", 1, "share", "bob", via="a"),
        row("c", 3, "share", "cat", via="d"), row("d", 4, "share", "dan", via="c"),
        row("e", 5, "share", "eve", via="e"), END,
    )  # fmt: skip
    found = cascades(log)
    assert {name: (c["size"], c["orphan"]) for name, c in found.items()} == {"a": (2, True), "c": (2, True)}


def test_a_share_with_two_roots_belongs_to_the_one_it_came_through(tmp_path: Path) -> None:
    log = log_of(
        tmp_path, row("p", 0, "post", "acme"), row("q", 0, "post", "acme"), row("s", 1, "share", "ann", "q", "q"),
        row("t", 2, "share", "bob", object="p", via="s"), END,
    )  # fmt: skip
    assert {name: c["size"] for name, c in cascades(log).items()} == {"q": 3}


def test_a_child_before_its_parent_is_a_root_of_unknown_origin(tmp_path: Path) -> None:
    log = log_of(
        tmp_path, row("p", 10, "post", "acme"), row("s", 9, "share", "ann", via="p"),
        row("t", 9.5, "share", "bob", via="s"), row("u", 11, "share", "cat", via="p"), END,
    )  # fmt: skip
    found = cascades(log)
    assert {name: (c["size"], c["orphan"]) for name, c in found.items()} == {"s": (2, True), "p": (2, False)}
    assert all(c["generation_hours"] > 0 and c["peak_hours"] >= 0 for c in found.values())
    assert log.forecast("s")["final_size"]["why"]


def test_an_audience_below_zero_is_refused(tmp_path: Path) -> None:
    log = log_of(tmp_path, row("p", 0, "post", "acme", audience=-5), END)
    assert log.tables().ledger.activities == 1
    assert log.refusals is not None
    refused = json.loads(log.refusals.read_text())
    assert (refused["field"], "below 0" in refused["reason"]) == ("audience", True)


def test_audiences_of_zero(tmp_path: Path) -> None:
    """Nobody could have seen it, and SEISMIC, which divides by audiences, says nothing infinite."""
    rows = [END]
    for k in range(14):
        start = 24.0 * k
        rows.append(row(f"p{k}", start, "post", "acme", audience=0))
        rows += [row(f"s{k}-{i}", start + i / 4, "share", f"u{i}", via=f"p{k}", audience=0) for i in range(1, 13 + k)]
    log = log_of(tmp_path, *rows)
    seen = log.reach()["estimated"]["could_have_seen"]
    assert (seen["low"], seen["high"]) == (0.0, 0.0)
    found = log.forecast("p13")
    json.dumps(found, allow_nan=False)
    told = {m["name"]: m["final_size"] for m in found["models"]}
    assert told["seismic"] == told["naive"] == found["size_now"]


def test_nobody_followed_anybody(tmp_path: Path) -> None:
    """Three share the brand's post: a graph of people without edges."""
    log = log_of(
        tmp_path, row("p", 0, "post", "acme"), *(row(f"s{i}", 1 + i, "share", f"u{i}", via="p") for i in range(3)), END
    )
    found = log.simulate(["x:u0", "x:u2"])
    assert found["graph"]["edges"] == 0
    sizes = [found["size"], found["linear_threshold"], *(w["size"] for w in found["what_if"] + found["instead"])]
    assert [s["value"] for s in sizes] == [2.0] * len(sizes)
    growth = log.cascades().document["growth"]["reproduction"]
    assert growth["value"] is None and "0 shares came from a person's share" in growth["why"]


def test_cascades_of_one_share(tmp_path: Path) -> None:
    rows = [END]
    for k in range(12):
        rows += [row(f"p{k}", 24 * k, "post", "acme"), row(f"s{k}", 24 * k + 2, "share", "ann", via=f"p{k}")]
    log = log_of(tmp_path, *rows)
    one = cascades(log)["p3"]
    assert (one["size"], one["depth"], one["structural_virality"], one["star"], one["chain"]) == (2, 1, 1.0, 1.0, 1.0)
    assert (one["busiest_tenth"], one["peak_hours"], one["half_life_hours"]) == (1.0, 2.0, 2.0)
    assert one["doubling_hours"] is None and one["reproduction"]["value"] is None and one["reproduction"]["why"]
    forecast = log.forecast("p3")
    assert (forecast["size_now"], forecast["final_size"]["value"]) == (2, None)
    assert "below 50 shares" in forecast["final_size"]["why"]
    assert log.simulate(["x:ann"])["size"]["value"] == 1.0
    answer = hubbub.compare(log).document
    assert answer["verdict"]["answer"] == "cannot_tell"
    assert answer["together"]["spread_rides_on_conversation"]["value"] is None


def test_no_share_at_all(tmp_path: Path) -> None:
    log = log_of(tmp_path, row("p", 0, "post", "acme"), END)
    assert cascades(log) == {}
    forecast = log.forecast("p")
    assert forecast["final_size"] == {"value": None, "why": "Nobody has shared it yet."}
    assert forecast["size_now"] == 1


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    write(tmp_path, [row("p", 0, "post", "acme"), row("s", 1, "share", "ann", via="p"), END])
    return tmp_path


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["forecast", "log.csv", "--root", "gone"], "No cascade has the root gone"),
        (["forecast", "log.csv", "--root", "p", "--now", "2025-01-01T00:00:00Z"], "began at 2026-01-01"),
        (["forecast", "log.csv", "--root", "p", "--now", "soon"], "soon"),
        (["simulate", "log.csv", "--from", "x:nobody"], "x:nobody passed nothing on"),
        (["seed", "log.csv", "-k", "0"], "-k"),
        (["seed", "log.csv", "-k", "1", "--budget", "5"], "budget needs costs"),
        (["seed", "log.csv", "-k", "1", "--purpose", "fun"], "no purpose of consent"),
        (["experiment", "plan", "log.csv", "--from", ".1", "--to", ".1"], "cannot be told apart"),
        (["experiment", "read", "none", "log.csv"], "none"),
    ],
)
def test_what_makes_no_sense_is_said_with_status_2(shared: Path, words: list[str], says: str) -> None:
    done = run(*words, "--brand", "acme", cwd=shared)
    assert done.returncode == 2, done.stdout
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_more_are_wished_for_than_may_be_asked(shared: Path) -> None:
    (shared / "consent.csv").write_text(
        "time,channel,actor,purpose,state\n2026-01-01T00:00:00Z,x,ann,ask-to-share,given\n"
    )
    done = run("seed", "log.csv", "consent.csv", "-k", "50", "--brand", "acme", "--json", cwd=shared)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [p["person"] for p in found["people"]] == ["x:ann"]
    assert found["who_may"]["why"] == "50 were asked for, and 1 may be asked"
