"""What the benchmarks count apart agrees with hubbub on a small log, and a peer that is not there is no miss."""

from __future__ import annotations

import itertools
from pathlib import Path

import hubbub
from bench.logs import write_log
from bench.peers import CASCADE_COLUMNS, polars_cascades, read_cascade_columns
from bench.run import by_turns
from bench.seeding import _against_subsim, clustered
from hubbub.activity import SCHEMA


def test_cascades_counted_apart(tmp_path: Path) -> None:
    write_log(tmp_path, 20_000)
    listed = hubbub.read_log(tmp_path, brand=["acme"]).cascades().document["cascades"]
    assert polars_cascades(str(tmp_path)) == [len(listed), sum(c["size"] for c in listed)]
    assert read_cascade_columns(str(tmp_path), keys=False) == 20_000
    assert set(CASCADE_COLUMNS) <= set(SCHEMA.names)


def test_works_take_turns() -> None:
    calls: list[str] = []
    found = by_turns(lambda: calls.append("a") or 1, lambda: calls.append("b") or 2, least=0.0)
    assert [result for _, result in found] == [1, 2]
    assert all(x != y for x, y in itertools.pairwise(calls)) and len(calls) == 12


def test_a_program_that_is_not_there_is_said_and_not_missed(tmp_path: Path) -> None:
    (row,) = _against_subsim(clustered(2_000, 8_000, 20), [], tmp_path, None)
    assert row.reached is None and row.measured.startswith("not run")
