"""Spark gives the same two tables and the same answer as one machine, to the byte."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hubbub.compare.document import compare
from hubbub.demo import Spec, plant
from hubbub.log.keys import with_keys
from hubbub.log.segment import Segment, write_segment
from hubbub.log.settings import Settings, brand_handles
from hubbub.measure import measure

pytestmark = [pytest.mark.spark, pytest.mark.slow]

ROWS = 100_000


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Segment], Settings]:
    folder = tmp_path_factory.mktemp("log")
    world = plant(Spec(rows=ROWS), seed=5)
    keyed = with_keys(world.activities)
    half = keyed.num_rows // 2
    parts = [keyed.slice(0, half), keyed.slice(half)]
    brand = frozenset(h for text in world.brand for h in brand_handles(text))
    return [write_segment(t, folder / f"{i}.parquet") for i, t in enumerate(parts)], Settings(brand=brand)


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table.combine_chunks(), out)
    return out.getvalue()


@pytest.fixture(scope="module")
def spark() -> Any:
    assert shutil.which("java"), "Java is missing; on Debian: apt-get install openjdk-17-jre-headless"
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def test_same_tables_and_answer_as_one_machine(planted: tuple[list[Segment], Settings], spark: Any) -> None:
    from hubbub import spark as engine

    segments, settings = planted
    here, there = measure(segments, settings), engine.measure(segments, settings)
    assert here.people.num_rows > 500
    assert here.cascades.num_rows > 10
    assert parquet(there.people) == parquet(here.people)
    assert parquet(there.cascades) == parquet(here.cascades)
    assert there.ledger == here.ledger
    documents = [json.dumps(compare(t.people, t.cascades, t.ledger), sort_keys=True) for t in (here, there)]
    assert documents[0] == documents[1]


def test_kernels_run_under_the_grouped_map(planted: tuple[list[Segment], Settings], spark: Any) -> None:
    from hubbub import spark as engine

    segments, settings = planted
    plans = engine.plans(segments, settings)
    assert set(plans) == {"linked", "people", "cascades"}
    for plan in plans.values():
        assert "FlatMapGroupsInArrow" in plan
        assert "CollectLimit" not in plan


def test_an_empty_log_is_no_error(tmp_path: Path) -> None:
    from hubbub import spark as engine

    found = engine.measure([], Settings())
    assert (found.people.num_rows, found.cascades.num_rows, found.ledger.activities) == (0, 0, 0)


@pytest.mark.parametrize(("object_", "valued"), [("c1", "count"), (None, "value")])
def test_a_refund_alone_values_no_log(tmp_path: Path, spark: Any, object_: str | None, valued: str) -> None:
    from decimal import Decimal

    from hubbub import spark as engine
    from hubbub.activity import SCHEMA

    rows = [
        {"id": "c1", "time": 0, "channel": "web", "type": "convert", "actor": "ann"},
        {"id": "c2", "time": 1, "channel": "web", "type": "convert", "actor": "ann", "object": object_,
         "value": Decimal("-3.5")},
    ]  # fmt: skip
    segments = [write_segment(with_keys(pa.Table.from_pylist(rows, schema=SCHEMA)), tmp_path / "0.parquet")]
    here, there = measure(segments, Settings()), engine.measure(segments, Settings())
    assert here.ledger.valued == there.ledger.valued == valued
    assert parquet(there.people) == parquet(here.people)
