"""Planted worlds: what comes out agrees with what is stated, by an independent reading and within Monte-Carlo error."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import oracle
from hubbub.activity import SCHEMA
from hubbub.demo import ACTION_WORLDS, METHODS_CELLS, TRAP_NOTES, TRAPS, Spec, World, plant
from hubbub.demo.spec import MOST_EXCHANGES
from hubbub.demo.trees import branching, pareto_mean, pareto_sizes, recursive_parents, times_down
from oracle.totals import credit_totals

WORLDS = {"plain": Spec(), "branching": Spec(tree="branching"), "words": Spec(words=True), **TRAPS, **ACTION_WORLDS}
SMALL = Spec(talkers=60, cascades=12, audience=30, strangers=10, tail=2.0)


def read(world: World) -> oracle.Result:
    """The world's log by the slow, independent reading of the definitions."""
    log = world.activities
    rows = log.set_column(log.schema.get_field_index("time"), "time", log["time"].cast(pa.int64())).to_pylist()
    coverage = world.coverage.to_pylist() if world.coverage is not None else []
    settings = oracle.Settings(
        brand=frozenset((None, handle) for handle in world.brand),
        people={(p["channel"], p["actor"]): p["person"] for p in world.people.to_pylist()} if world.people else {},
        coverage=tuple(
            (c["channel"], round(c["from"].timestamp()) * 1_000_000, round(c["until"].timestamp()) * 1_000_000)
            for c in coverage
        ),
    )
    return oracle.read(rows, settings)


def frame(world: World) -> pl.DataFrame:
    out = pl.from_arrow(world.activities)
    assert isinstance(out, pl.DataFrame)
    return out


def near(draws: list[float], expected: float, errors: float = 4.0) -> bool:
    """Whether the mean of the draws lies within so many standard errors of what is expected."""
    return abs(np.mean(draws) - expected) <= errors * np.std(draws, ddof=1) / np.sqrt(len(draws)) + 1e-9


@pytest.mark.parametrize("name", WORLDS)
def test_every_world_is_a_valid_log(name: str) -> None:
    world = plant(WORLDS[name], seed=2)
    log = frame(world)
    world.activities.validate(full=True)
    assert world.activities.schema.equals(SCHEMA)
    assert log["time"].is_sorted() and log.select("channel", "id").is_unique().all()
    assert "invented" in world.note.lower()
    json.dumps(world.truth, allow_nan=False)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = plant(SMALL, 5).write(tmp_path / "a"), plant(SMALL, 5).write(tmp_path / "b")
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in two]
    assert not plant(SMALL, 6).activities.equals(plant(SMALL, 5).activities)


@pytest.mark.parametrize("rows", [50, 1_000, 30_000])
def test_worlds_of_a_given_size(rows: int) -> None:
    assert plant(Spec.of_rows(rows)).activities.num_rows == rows


def test_credit_is_what_was_planted() -> None:
    """By the book: linear credit of each mode is, to the cent, what the people of that side paid in this draw."""
    world = plant(replace(SMALL, value_audience=4.0, refunds=0.2), 1)
    credit = credit_totals(read(world).persons)["linear"]
    drawn = world.truth["drawn"]
    assert credit["conversation"] == round(drawn["value_conversation"] * 1e6)
    assert credit["spread"] == round(drawn["value_spread"] * 1e6)
    assert credit["broadcast"] == round(drawn["value_audience"] * 1e6)
    assert credit["unknown"] == 0


def test_thanks_after_a_sale_are_no_conversation() -> None:
    """The words before the order are a touch of mode unknown, for their answer came later: spread keeps half."""
    world = plant(replace(SMALL, thanks=True), 1)
    credit = credit_totals(read(world).persons)["linear"]
    half = world.truth["drawn"]["value_spread"] / 2 * 1e6
    assert credit["conversation"] == round(world.truth["drawn"]["value_conversation"] * 1e6)
    assert credit["spread"] == pytest.approx(half, abs=20) and credit["unknown"] == pytest.approx(half, abs=20)


def test_a_lucky_cascade_after_a_like_is_one_unit() -> None:
    """Origin of its people is broadcast, the unit is the cascade, and half of the value is credited to spread."""
    world = plant(replace(SMALL, after_like=80), 1)
    people = read(world).persons
    lucky = [p for p in people if p["origin"] == "broadcast" and p["touches_spread"]]
    assert len(lucky) == 80 and len({p["unit"] for p in lucky}) == 1
    value = world.truth["drawn"]["value_after_like"]
    assert credit_totals(lucky)["linear"]["spread"] == pytest.approx(value / 2 * 1e6, abs=100)


def test_hidden_parents_look_like_broadcast() -> None:
    """Of those who share, part `hidden` came by a share that names only the root; with them as spread all is spread."""
    spec = replace(SMALL, hidden=0.6, passing=0.8, cascades=30)
    world = plant(spec, 3)
    people = read(world).persons
    drawn = world.truth["drawn"]["value_spread"] * 1e6
    credit = credit_totals(people)["linear"]
    assert credit["spread"] + credit["broadcast"] == pytest.approx(drawn, abs=1)
    assert 0 < credit["spread"] < drawn
    assert (
        sum(p["shares_hidden"] for p in people)
        == frame(world).filter(pl.col("type") == "share", pl.col("via").is_null()).height
    )


def test_a_circle_of_shares_is_cut_once() -> None:
    world = plant(replace(SMALL, cycle=True), 1)
    circle = frame(world).filter(pl.col("type") == "share", pl.col("object") == "https://brand.example/")
    found = read(world).cascades
    (tree,) = (c for key, c in found.items() if key[1] in set(circle["id"]))
    assert circle.height == 3 and tree["size"] == 3 and tree["root"] == circle["id"].min()


def test_a_gap_is_lost_and_said() -> None:
    world = plant(TRAPS["gap"], 1)
    log = frame(world)
    assert world.coverage is not None and world.truth["drawn"]["rows_lost"] > 0
    begins = world.coverage["from"][0].as_py()
    assert log.filter(pl.col("channel") == "mastodon")["time"].min() >= begins
    assert log.filter(pl.col("channel") != "mastodon")["time"].min() < begins


def test_unanswered_people_are_counted() -> None:
    world = plant(replace(SMALL, unanswered=0.5), 1)
    spoke = sum(p["unanswered"] for p in read(world).persons)
    assert spoke == world.truth["unanswered_people"] == 60


def test_lucky_hits_are_outside_the_truth() -> None:
    spec = replace(SMALL, lucky=400)
    world = plant(spec, 1)
    assert world.truth["ratio"] == plant(SMALL).truth["ratio"]
    assert world.truth["drawn"]["value_lucky"] > 5 * world.truth["value"]["spread"] / SMALL.cascades


def by_origin(world: World) -> pl.DataFrame:
    """People by the kind of their first row, which in these worlds says the origin, and whether they came back."""
    log = frame(world).filter(~pl.col("actor").is_in(["brand", "*"]))
    first = log.sort("time").group_by("channel", "actor", maintain_order=True).agg(
        pl.col("time").min().alias("first"), pl.col("time").alias("times"), pl.col("type").first(),
        pl.col("via").first(), pl.col("object").first(),
    )  # fmt: skip
    roots = frame(world).filter(pl.col("actor") == "brand")["id"].to_list()
    end = frame(world)["time"].max()
    spread = pl.col("via").is_not_null() & ~pl.col("via").is_in(roots)
    origin = (
        pl.when(spread).then(pl.lit("spread"))
        .when(pl.col("type").is_in(["reply", "message"])).then(pl.lit("conversation"))
        .when(pl.col("via").is_not_null() | pl.col("object").is_in(roots)).then(pl.lit("broadcast"))
        .otherwise(pl.lit("unknown"))
    )  # fmt: skip
    day = pl.duration(days=1)

    def back(a: int, b: int) -> pl.Expr:
        gap = pl.col("times").explode() - pl.col("first").repeat_by(pl.col("times").list.len()).explode()
        return ((gap >= a * day) & (gap < b * day)).any()

    kept = first.filter(pl.col("first") <= pl.lit(end) - 120 * day, pl.col("type") != "convert").with_columns(
        origin.alias("origin")
    )
    return kept.group_by("channel", "actor", "origin").agg(back(30, 60).alias("r30"), back(90, 120).alias("r90"))


def test_retention_is_what_was_planted() -> None:
    """A large world; each origin's fraction within four standard errors of the planted chance."""
    world = plant(
        Spec(talkers=4_000, cascades=900, audience=4_000, strangers=3_000, retained_spread=0.12, two_handles=0.0), 4
    )
    people = by_origin(world)
    for column, stated in (("r30", "retained_30"), ("r90", "retained_90")):
        for origin, p in world.truth[stated].items():
            seen = people.filter(pl.col("origin") == origin)[column]
            assert len(seen) > 500
            assert abs(seen.mean() - p) < 4 * (p * (1 - p) / len(seen)) ** 0.5, (origin, column)


@pytest.mark.parametrize("law", ["geometric", "poisson", "fixed"])
def test_exchanges_are_what_was_planted(law: Any) -> None:
    """By the book, in a small world; and their mean in a large one."""
    spec = replace(SMALL, exchange_law=law, exchanges=2.5)
    small = plant(spec, 1)
    talked = [p["exchanges"] for p in read(small).persons if p["origin"] == "conversation"]
    assert len(talked) == spec.talkers and sum(talked) == small.truth["drawn"]["exchanges"]
    large = plant(replace(spec, talkers=20_000, cascades=1), 1).truth
    mean = large["drawn"]["exchanges"] / 20_000
    assert abs(mean - large["exchanges_per_person"]["conversation"]) < 4 * 2.5 / 20_000**0.5


def test_exchanges_have_a_limit() -> None:
    spec = Spec(exchanges=30.0, talkers=400, cascades=1)
    assert spec.mean_exchanges == pytest.approx(sum((29 / 30) ** k for k in range(MOST_EXCHANGES)))
    by_mail = frame(plant(spec)).filter(pl.col("context").is_not_null()).group_by("context").len()["len"]
    assert by_mail.max() == MOST_EXCHANGES + 1


def test_values_are_what_was_planted() -> None:
    """The mean over 300 small draws, each side, within four standard errors."""
    spec = replace(SMALL, tail=2.5, refunds=0.1, unanswered=0.3, value_unanswered=3.0, value_audience=2.0)
    worlds = [plant(spec, seed).truth for seed in range(300)]
    stated = worlds[0]["value"]
    drawn = [w["drawn"] for w in worlds]
    assert near([d["value_conversation"] for d in drawn], stated["conversation"])
    assert near([d["value_spread"] for d in drawn], stated["spread"])
    assert near([d["value_audience"] + d["value_unanswered"] / 2 for d in drawn], stated["broadcast"])


def test_hidden_credit_is_what_was_stated() -> None:
    """The part of people brought who share and whose parent is hidden, by counting, at 4 standard errors."""
    spec = Spec(talkers=1, cascades=3_000, tail=2.5, hidden=0.5, passing=0.8)
    shares = frame(plant(spec, 1)).filter(pl.col("type") == "share")
    brought = shares.filter(pl.col("via").is_null() | pl.col("via").is_in(shares["id"].to_list()))
    hidden = brought["via"].is_null()
    assert abs(hidden.mean() - 0.5) < 4 * 0.5 / len(hidden) ** 0.5


def test_reproduction_and_generation_time_are_what_was_planted() -> None:
    """Children of persons' shares over all such shares; R = .6; median wait 4 h. Nothing is cut off here."""
    world = plant(Spec(talkers=1, tree="branching", reproduction=0.6, cascades=2_000, audience=1), 1)
    shares = frame(world).filter(pl.col("type") == "share").select("id", "via", "time", "object")
    children = shares.join(shares.select(pl.col("id").alias("via"), pl.col("time").alias("parent")), on="via")
    rate = children.height / shares.height
    assert abs(rate - world.truth["reproduction"]) < 4 * (0.6 / shares.height) ** 0.5
    hours = (children["time"] - children["parent"]).dt.total_seconds() / 3_600
    assert abs(hours.median() - world.truth["generation_hours"]) < 0.1
    assert children.height / 2_000 == pytest.approx(world.truth["people_per_cascade"], rel=0.1)


def test_running_cascades_are_cut_off() -> None:
    """In a world of cascades that begin at the end, fewer children are seen than would come."""
    world = plant(Spec(talkers=1, tree="branching", reproduction=0.6, cascades=1, running=3_000, seeds=1), 1)
    shares = frame(world).filter(pl.col("type") == "share")
    children = shares.filter(pl.col("via").is_in(shares["id"].to_list())).height
    assert 0.1 < children / shares.height < 0.5


@pytest.mark.parametrize("tail", [1.1, 1.5, 2.5])
def test_sizes_have_the_stated_tail(tail: float) -> None:
    """P(size >= k) = k ** -tail at k = 2, 5, 20, and the mean where the variance is finite."""
    sizes = pareto_sizes(np.random.default_rng(1), 200_000, tail, 2_000)
    for k in (2, 5, 20):
        p = k**-tail
        assert abs((sizes >= k).mean() - p) < 4 * (p * (1 - p) / 200_000) ** 0.5
    assert sizes.max() <= 2_000
    assert abs(sizes.mean() - pareto_mean(tail, 2_000)) < 4 * sizes.std() / 200_000**0.5


def test_trees_have_earlier_parents() -> None:
    """Parents come before children, in the same tree; seeds have none; times go down the tree."""
    rng = np.random.default_rng(0)
    sizes = np.array([1, 5, 40])
    parent = recursive_parents(rng, sizes)
    tree = np.repeat(np.arange(3), sizes)
    child = parent >= 0
    assert (~child).sum() == 3 and (parent[child] < np.flatnonzero(child)).all()
    assert (tree[parent[child]] == tree[child]).all()
    time = times_down(parent, np.ones(46, dtype=np.int64), np.zeros(46, dtype=np.int64))
    assert (time[child] == time[parent[child]] + 1).all()


def test_branching_stops_at_the_limit() -> None:
    with pytest.raises(ValueError, match="more than 100 shares"):
        branching(np.random.default_rng(0), np.zeros(50, np.int64), np.zeros(50, np.int64), np.array([3.0]),
                  lambda rng, n: np.ones(n, np.int64), 10**9, limit=100)  # fmt: skip


def test_words_only_where_asked() -> None:
    assert frame(plant(SMALL))["content"].null_count() == plant(SMALL).activities.num_rows
    spoken = frame(plant(replace(SMALL, words=True))).filter(pl.col("type").is_in(["post", "reply", "message"]))
    assert spoken["content"].null_count() == 0


def test_the_grid_of_methods() -> None:
    """4 tails x 4 numbers of cascades x 4 of talkers x 9 ratios; the stated ratio is the cell's."""
    assert len(METHODS_CELLS) == 576
    for (tail, cascades, talkers, _), spec in METHODS_CELLS.items():
        assert (spec.tail, spec.cascades, spec.talkers) == (tail, cascades, talkers)
    for key in ((1.1, 8, 20, 0.1), (2.5, 200, 1_000, 10.0), (1.5, 60, 300, 1.0)):
        truth = plant(METHODS_CELLS[key]).truth
        assert truth["ratio"] == pytest.approx(key[3])
        assert truth["ahead"] == {0.1: "spread", 10.0: "conversation", 1.0: "equal"}[key[3]]


def test_every_trap_is_explained() -> None:
    assert TRAPS.keys() == TRAP_NOTES.keys()
