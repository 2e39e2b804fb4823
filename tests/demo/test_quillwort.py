"""The demo brand: a valid log of 200,000 rows that has in it what it says."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from hubbub.activity import SCHEMA, TYPES
from hubbub.demo import World, quillwort
from hubbub.demo import world as side
from hubbub.demo.crowd import GIVEN
from hubbub.demo.english import PLANT
from hubbub.demo.french import FORMS as FRENCH
from hubbub.demo.german import FORMS as GERMAN
from hubbub.demo.setting import CAMPAIGNS, FIXED
from hubbub.demo.tale import STAFF


@pytest.fixture(scope="module")
def year() -> World:
    return quillwort()


@pytest.fixture(scope="module")
def log(year: World) -> pl.DataFrame:
    frame = pl.from_arrow(year.activities)
    assert isinstance(frame, pl.DataFrame)
    return frame


def of_brand(world: World) -> pl.Expr:
    return pl.col("actor").is_in([handle.partition(":")[2] or handle for handle in world.brand])


def test_the_log_is_valid(year: World, log: pl.DataFrame) -> None:
    table = year.activities
    table.validate(full=True)
    assert table.schema.equals(SCHEMA)
    assert table.num_rows == 200_000 == year.truth["rows"]
    assert log["time"].is_sorted()
    assert log.select("channel", "id").is_unique().all()
    assert set(log["type"]) == set(TYPES)
    for name in ("id", "time", "channel", "type", "actor"):
        assert table[name].null_count == 0
    assert (log.filter(pl.col("actor") != "*", pl.col("type") != "view")["count"].fill_null(1) == 1).all()
    assert log.filter(pl.col("value").is_not_null() | pl.col("cost").is_not_null())["currency"].unique().to_list() == [
        "EUR"
    ]


def test_it_spans_the_year_and_the_channels(log: pl.DataFrame) -> None:
    first, last = log["time"][0], log["time"][-1]
    assert datetime(2025, 11, 23, tzinfo=UTC) <= first < datetime(2025, 11, 24, tzinfo=UTC)
    assert datetime(2026, 11, 22, tzinfo=UTC) <= last < datetime(2026, 11, 23, tzinfo=UTC)
    asked = {
        "facebook",
        "myspace",
        "x",
        "blog",
        "podcast",
        "digg",
        "mastodon",
        "email",
        "chat",
        "web",
        "bluesky",
        "reddit",
    }
    assert asked | {"instagram"} == set(log["channel"])
    assert log["channel"].value_counts()["count"].min() > 500
    assert set(log["campaign"].drop_nulls()) == {c.name for c in CAMPAIGNS}


def test_it_has_its_rhythms(year: World, log: pl.DataFrame) -> None:
    """People are awake by day, the brand opens at eight in the morning, the clinic is on Tuesdays."""
    local = pl.col("time").dt.convert_time_zone(year.zone)
    hours = log.filter(pl.col("type") == "like").group_by(local.dt.hour().alias("hour")).len().sort("hour")["len"]
    assert hours[18:21].min() > 3 * hours[2:5].max()
    answers = log.filter(of_brand(year), pl.col("type") == "reply").select(local.dt.hour())["time"]
    assert ((answers >= 7) & (answers < 21)).mean() > 0.9
    clinic = log.filter(of_brand(year), pl.col("type") == "post", pl.col("campaign") == "Plant clinic Tuesdays")
    assert (clinic.select(local.dt.weekday())["time"] == 2).all()


def keys(log: pl.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    rows = log.select("channel", "id", "time", "type", "actor").to_dicts()
    return {(row["channel"], row["id"]): row for row in rows}


def test_references_come_after_what_they_name(log: pl.DataFrame) -> None:
    """Nothing points at a later row; answers, undone and deleted rows and refunds point at the right kind of row."""
    held = keys(log)
    wanted = {"undo": {"like", "share", "follow"}, "delete": {"post"}, "update": {"post"}, "leave": {"message"}}
    found = dict.fromkeys(("in_reply_to", "object", "via"), 0)
    for row in log.drop("raw", "content").iter_rows(named=True):
        for name in found:
            if row[name] is None:
                continue
            target = held.get((row["channel"], row[name])) or (
                held.get(("web", row[name])) if name != "in_reply_to" else None
            )
            assert target is None or target["time"] < row["time"]
            found[name] += target is not None
            if name == "object" and row["type"] in wanted:
                assert target is not None and target["type"] in wanted[row["type"]]
                assert row["type"] in ("leave", "update") or target["actor"] == row["actor"]
    assert found["in_reply_to"] > 40_000 and found["object"] > 40_000 and found["via"] > 25_000


def test_people_talk_over_several_turns(year: World, log: pl.DataFrame) -> None:
    """Threads by following answers to their root: many of four words and more; most questions are answered."""
    root: dict[tuple[str, str], tuple[str, str]] = {}
    for row in log.filter(pl.col("type").is_in(["post", "reply", "message"])).iter_rows(named=True):
        me = (row["channel"], row["id"])
        above = (row["channel"], row["in_reply_to"] or row["context"] or row["id"])
        root[me] = root.get(above, above)
    words = pl.Series([f"{channel} {thread}" for channel, thread in root.values()]).value_counts()["count"]
    assert (words >= 4).sum() > 3_000 and words.max() >= 20
    assert log.filter(of_brand(year), pl.col("type") == "reply").height > 10_000
    assert 0.85 < year.truth["conversation"]["answered_part"] < 0.95
    private = log.filter(pl.col("type") == "message", ~pl.col("channel").is_in(["email", "chat"]))
    assert private.height > 500 and private["context"].null_count() == 0


def test_shares_form_cascades_with_a_lucky_hit(year: World, log: pl.DataFrame) -> None:
    """On `web` every share is a link; sizes by following `via`: most are small, one is huge, one still runs."""
    links = log.filter(pl.col("channel") == "web", pl.col("type") == "share")
    top: dict[str, str] = {}
    for row in links.iter_rows(named=True):
        top[row["id"]] = top.get(row["via"], row["via"]) if row["via"] else row["id"]
    sizes = pl.Series(list(top.values())).value_counts(sort=True)
    shared = sizes.filter(pl.col("count") > 1)
    assert shared.height > 150 and shared["count"].median() < 10
    lucky, running = year.truth["lucky_hit"], year.truth["running"]
    assert sizes.row(0) == (lucky["root"], lucky["shares"] + 1)
    assert sizes["count"][0] > 2 * sizes["count"][1]
    assert dict(sizes.rows())[running["root"]] == running["shares"] + 1
    assert links["id"].str.contains(r"^[0-9a-z]{7}$").all()
    assert links["disclosed"].value_counts().height == 3 and links["rewarded"].sum() > 200


def test_networks_hide_parents(year: World, log: pl.DataFrame) -> None:
    native = log.filter(pl.col("channel") != "web", pl.col("type") == "share")
    hidden = native.group_by("channel").agg(pl.col("via").is_null().all().alias("hides"))
    assert dict(hidden.rows())["mastodon"] is False and dict(hidden.rows())["x"] is True
    assert native["object"].null_count() == 0
    assert native.filter(pl.col("via").is_null()).height == year.truth["reposts"]["parent_hidden"]


def test_planted_reproduction_is_there(log: pl.DataFrame) -> None:
    """Of the clinic's links: shares that came from a person's share over all, at R = .12 within .06."""
    links = log.filter(
        pl.col("channel") == "web", pl.col("type") == "share", pl.col("campaign") == "Plant clinic Tuesdays"
    )
    of_people = links.filter(pl.col("actor") != "quillwort")
    children = of_people.filter(pl.col("via").is_in(of_people["id"].to_list())).height
    assert abs(children / of_people.height - 0.12) < 0.06


def test_orders_and_refunds(year: World, log: pl.DataFrame) -> None:
    sales = log.filter(pl.col("type") == "convert")
    assert (sales["value"].is_not_null()).all() and sales.height > 1_000
    orders = dict(sales.select("id", "value").rows())
    refunds = sales.filter(pl.col("value") < 0)
    assert refunds.height > 20
    for order, value in refunds.select("object", "value").rows():
        assert 0 < -value <= orders[order]
    assert set(year.truth["orders_caused_by"]) == {"conversation", "spread", "broadcast", "unknown"}


def test_machines_totals_costs_and_leaves(year: World, log: pl.DataFrame) -> None:
    assert log.filter(pl.col("automated"))["type"].is_in(["visit", "post"]).all()
    assert log.filter(pl.col("automated"), pl.col("type") == "visit").height > 1_000
    totals = log.filter(pl.col("actor") == "*")
    assert totals["type"].unique().to_list() == ["view"] and totals["count"].max() > 1_000
    assert log.filter(pl.col("cost").is_not_null()).select(of_brand(year)).to_series().all()
    assert log.filter(pl.col("type") == "leave").height == year.truth["sale_mail"]["leaves"] > 20
    assert log.filter(pl.col("type") == "flag").height > 3


def test_texts_are_diverse(log: pl.DataFrame) -> None:
    """Names, plants and numbers taken out: at least 3,000 different texts, none above half a per cent of all."""
    people = [*GIVEN, *STAFF, *(name.split()[0] for name, _, _ in FIXED)]
    plants = sorted({*PLANT, *(noun for _, noun in GERMAN), *(noun for _, noun in FRENCH)}, key=len, reverse=True)
    texts = log["content"].drop_nulls()
    bare = texts.str.to_lowercase().str.replace_all(r"\b(?i:" + "|".join(map(re.escape, people)) + r")\b", "")
    bare = bare.str.replace_all(r"(?i:" + "|".join(map(re.escape, plants)) + ")", "").str.replace_all(r"\d+", "")
    counts = bare.value_counts(sort=True)
    assert len(texts) > 70_000
    assert counts.height > 3_000
    assert counts["count"][0] / len(texts) < 0.005
    assert 0.03 < texts.str.contains(r"\b(und|nicht|das|ist|der|die)\b").mean() < 0.3
    assert 0.01 < texts.str.contains(r"\b(est|une|les|pas|avec)\b").mean() < 0.3
    assert 0.02 < texts.str.contains("[\U0001f300-\U0001faff]").mean() < 0.4
    assert texts.str.contains("frее quіllwоrt").any()


def test_side_tables(year: World, log: pl.DataFrame) -> None:
    """Schemas; a handle belongs to one person, never to the brand, and has rows; consent follows the leaves."""
    for name, schema in side.SIDES.items():
        table = getattr(year, name)
        assert table is not None and table.schema.equals(schema) and table.num_rows > 10, name
    people = pl.from_arrow(year.people)
    assert isinstance(people, pl.DataFrame)
    assert people.select("channel", "actor").is_unique().all()
    assert people.group_by("person").len()["len"].min() >= 2
    seen = log.select("channel", "actor").unique()
    assert people.join(seen, on=["channel", "actor"], how="anti").height == 0
    assert not people["actor"].is_in(["quillwort", "hello@quillwort.example", "*"]).any()
    ines = people.filter(pl.col("person") == "Ines Ribeiro")
    assert {"leafy.ines", "ines@mail.example"} <= set(ines["actor"])
    effort = pl.from_arrow(year.effort)
    assert isinstance(effort, pl.DataFrame)
    assert set(effort["mode"]) == {"conversation", "spread", "broadcast"} and (effort["hours"] > 0).all()
    assert year.hour_cost is not None and effort.filter(pl.col("mode") == "spread")["cost"].null_count() == 0
    consent = pl.from_arrow(year.consent)
    assert isinstance(consent, pl.DataFrame)
    assert consent.filter(pl.col("state") == "withdrawn").height == year.truth["sale_mail"]["leaves"]


def test_what_waits_on_the_last_day(log: pl.DataFrame) -> None:
    last = log.filter(pl.col("actor") == "leafy.ines", pl.col("type") == "reply").tail(1).row(0, named=True)
    assert last["content"].startswith("Eleven. But the new leaf came out with brown edges")
    assert log.filter(pl.col("in_reply_to") == last["id"], pl.col("channel") == "mastodon").height == 0


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = quillwort(3, 5_000).write(tmp_path / "a")
    again = quillwort(3, 5_000).write(tmp_path / "b")
    other = quillwort(4, 5_000).write(tmp_path / "c")
    assert [f.name for f in first] == [f.name for f in again]
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in again]
    assert first[0].read_bytes() != other[0].read_bytes()


def test_every_file_says_that_it_is_invented(tmp_path: Path) -> None:
    world = quillwort(rows=2_000)
    assert "invented" in world.note.lower() and world.activities.num_rows == 2_000
    for file in world.write(tmp_path):
        if file.suffix == ".parquet":
            kept = pa.parquet.read_schema(file)
            assert b"nvented" in kept.metadata[b"note"] and kept.equals(SCHEMA)
        else:
            assert "nvented" in file.read_text().splitlines()[0]
    document = json.loads((tmp_path / "hubbub-world.json").read_text())
    assert document["truth"] == world.truth and document["brand"] == list(world.brand)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 2000"):
        quillwort(rows=10)
