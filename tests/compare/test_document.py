"""The whole document: plain, the same for any order of rows, and honest about tables that hold little."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compare.build import (
    END,
    MODES,
    cascade,
    cascades_table,
    credit,
    day,
    ledger,
    node,
    people_table,
    person,
    steps,
)
from hubbub.compare.document import compare
from hubbub.errors import HubbubError, TableError
from hubbub.tables import PEOPLE, UNASKED, ChannelLedger, Effort

KEYS = {
    "brand", "seed", "level", "window_days", "verdict", "together", "modes", "unanswered", "hidden", "known_before",
    "coverage", "credit", "credit_note", "currency", "points", "campaigns", "map", "reproduction", "curves", "levels",
    "tries", "plan", "log", "notes",
}  # fmt: skip
small = st.integers(0, 4)


@st.composite
def persons(draw, i):
    origin = draw(st.sampled_from([*MODES, None]))
    known = {} if origin is None else {"origin": origin}
    row = person(f"p{draw(small)}:{i}", **known)
    if draw(st.booleans()):
        row |= person(row["person"], value=(draw(small), draw(small)), **known)
        row["credit_micros"] = credit(linear=(draw(small), draw(small)), last=(draw(small), draw(small)))
        row["exchanges_after"] = draw(small)
    for name in ("exchanges", "made", "shares", "visits", "leaves", "flags", "contacts", "messages", "spoke"):
        row[name] = draw(small)
    row["unit"] = row["unit_hidden"] = draw(st.sampled_from([None, "x:a", "x:b"]))
    row["retained_30"] = draw(st.sampled_from([None, True, False]))
    row["channel"] = draw(st.sampled_from(["x", "chat"]))
    row["origin_campaign"] = draw(st.sampled_from([None, "one", "two"]))
    row["silence_days"], row["silent"] = float(draw(st.integers(0, 60))), draw(st.booleans())
    row["first"] = day(draw(st.integers(0, 60)))
    row["unanswered"] = draw(st.booleans())
    row["waiting_since"] = draw(st.sampled_from([None, day(300)]))
    row["answered_us"] = [draw(st.integers(1, 10**9))] * draw(st.integers(0, 2))
    row["campaigns"] = [
        {"campaign": c, "first": row["first"], "touches": 1, "exchanges": draw(small) % 2, "words": 2, "words_alone": 1}
        for c in draw(st.sets(st.sampled_from(["one", "two"])))
    ]
    row["transitions"] = steps(4, draw(st.integers(0, 3)), draw(st.sampled_from([5, 6])))
    return row


@st.composite
def worlds(draw):
    people = [draw(persons(i)) for i in range(draw(st.integers(0, 12)))]
    trees = []
    for i in range(draw(st.integers(0, 5))):
        nodes = [node(-1, 0, -1)]
        for k in range(1, draw(st.integers(1, 5))):
            parent = draw(st.sampled_from([-2, *range(k)]))
            seen = draw(st.sampled_from([None, True, False]))
            nodes.append(node(parent, k, draw(st.integers(-1, 3)), exchanged=draw(st.booleans()), disclosed=seen))
        trees.append(cascade(f"r{i}", nodes, campaign=draw(st.sampled_from([None, "one", "two"])), first=day(i)))
    spent = (Effort("conversation", 5_000_000, currency="EUR"), Effort("spread", 1_000_000, currency="EUR"))
    book = ledger(valued=draw(st.sampled_from(["value", "count", "none"])), effort=draw(st.sampled_from([(), spent])))
    return people, trees, book


def honest(x, where="document"):
    """No number that is none; every estimate without a value says why."""
    if isinstance(x, dict):
        if "value" in x and x["value"] is None:
            assert x.get("why"), where
        for key, value in x.items():
            honest(value, f"{where}.{key}")
    elif isinstance(x, list):
        for i, value in enumerate(x):
            honest(value, f"{where}[{i}]")
    else:
        assert x is None or isinstance(x, (str, bool, int, float)), where


@settings(max_examples=30)
@given(worlds(), st.randoms(use_true_random=False))
def test_any_small_world(world, random):
    people, trees, book = world
    document = compare(people_table(people), cascades_table(trees), book)
    assert set(document) == KEYS
    honest(document)
    text = json.dumps(document, allow_nan=False)
    random.shuffle(people)
    random.shuffle(trees)
    again = compare(people_table(people), cascades_table(trees), book)
    assert json.dumps(again, allow_nan=False) == text


@pytest.mark.parametrize("book", [
    ledger(activities=0, first=None, last=None, channels=(), valued="none", currency=None), ledger(),
])  # fmt: skip
def test_empty_tables(book):
    document = compare(people_table([]), cascades_table([]), book)
    honest(document)
    assert document["verdict"]["answer"] == "cannot_tell"
    assert document["verdict"]["probability_conversation"] is None
    assert document["plan"] == []
    assert document["levels"] == [0, 0, 0, 0, 0, 0]
    assert all(row["favours"] is None for row in document["points"])


def test_one_person():
    document = compare(people_table([person("ann", origin="conversation", value=(5, 0))]), cascades_table([]), ledger())
    honest(document)
    assert document["modes"]["conversation"]["people"] == 1
    assert document["modes"]["conversation"]["value"]["value"] == "5.00"
    assert document["modes"]["spread"]["value_per_person"]["value"] is None


def test_no_exchanges_is_zero_nobody_is_null():
    # As in the small log g3: 0.0 for spread, null for conversation, which has no people.
    rows = [person(f"s{i}", origin="spread", unit="x:q1") for i in range(6)]
    found = compare(people_table(rows), cascades_table([]), ledger())["modes"]
    assert found["spread"]["exchanges_per_person"]["value"] == 0.0
    assert found["conversation"]["exchanges_per_person"]["value"] is None


def test_polars_and_arrow_are_one():
    import polars as pl

    rows = [person(f"c{i}", origin="conversation", value=(i, 0)) for i in range(12)]
    people, trees = people_table(rows), cascades_table([cascade("t")])
    assert compare(pl.from_arrow(people), pl.from_arrow(trees), ledger()) == compare(people, trees, ledger())


def test_chunks_do_not_matter():
    rows = [person(f"c{i:02}", origin="conversation", value=(i, 0), channel=f"n{i % 3}") for i in range(12)]
    parts = pa.concat_tables([people_table(rows[:5]), people_table(rows[5:])])
    assert compare(parts, cascades_table([]), ledger()) == compare(people_table(rows), cascades_table([]), ledger())


def test_the_seed_matters_and_fixes():
    rows = [person(f"c{i}", origin="conversation", value=(3, 1)) for i in range(20)]
    a, b, c = (compare(people_table(rows), cascades_table([]), ledger(), seed=s) for s in (1, 1, 2))
    assert a == b
    assert a["verdict"]["draw_quantiles"] != c["verdict"]["draw_quantiles"]


def test_more_units_than_are_drawn_one_by_one():
    rows = [person(f"c{i:05}", origin="conversation", value=(1 + i, 0)) for i in range(21_000)]
    rows += [person(f"s{i:05}", origin="spread", value=(0, 1 + i)) for i in range(50)]
    found = compare(people_table(rows), cascades_table([]), ledger())["verdict"]
    assert found["answer"] == "conversation"
    ratio = found["ratio"]["conversation"]
    # Sum 220,510,500; standard error the root of the sum of squares, 1.757e6.
    assert ratio["low"] == pytest.approx(220_510_500 - 1.645 * 1.757e6, rel=2e-3)
    again = compare(people_table(rows[::-1]), cascades_table([]), ledger())["verdict"]
    assert again == found


def test_unusable_input_is_named():
    with pytest.raises(TableError, match="lacks the columns first_exchange"):
        compare(PEOPLE.empty_table().drop_columns(["first_exchange"]), cascades_table([]), ledger())
    with pytest.raises(HubbubError, match="level"):
        compare(people_table([]), cascades_table([]), ledger(), level=1.0)


def test_it_loads_neither_the_log_nor_what_is_slow_to_load():
    code = (
        "import sys, hubbub.compare.document\n"
        "bad = [m for m in sys.modules if m in ('scipy.stats', 'numba') or m.split('.')[0] == 'django'"
        " or m.startswith('hubbub.log')]\n"
        "print(bad)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


# Parts of the document


def test_effort():
    people = people_table([person("ann", origin="conversation", value=(30, 0))])

    def of(*lines, **fields):
        return compare(people, cascades_table([]), ledger(effort=lines, **fields))["modes"]["conversation"]

    euro = Effort("conversation", 10_000_000, currency="EUR")
    assert of(euro)["value_per_effort"]["value"] == 3.0
    assert of(Effort("conversation", hours=2.0))["effort"] == 2.0
    assert of(euro, Effort("conversation", hours=2.0), hour_cost_micros=10_000_000)["effort"] == 30.0
    assert "hour" in of(euro, Effort("spread", hours=2.0))["effort_why"]
    assert "several currencies" in of(euro, Effort("spread", 1, currency="USD"))["effort_why"]
    assert of()["effort"] is None


def test_coverage_in_sentences():
    channel = ChannelLedger(
        "x", 100, day(0), END, shares=10, shares_hidden=4, shares_orphan=1, replies=8, replies_orphan=2, views_total=50,
        visits=4, visits_known=1, covered_from=day(0), sees="public posts",
    )  # fmt: skip
    document = compare(people_table([]), cascades_table([]), ledger(channels=(channel,)))
    (found,) = document["coverage"]
    assert found["parents"]["value"] == 0.5
    assert (found["replies"], found["visits_told_apart"], found["views"]) == (0.75, 0.25, "totals only")
    assert found["covered_from"] == "2026-01-01T00:00:00Z"
    assert "4 of 10 shares name only the root: who brought them is hidden." in found["notes"]
    assert {p["id"]: p["rests_on"] for p in document["points"]}["traffic.per_person"] == ["x"]


def test_curves_and_levels():
    rows = [person("a", origin="spread", silence_days=30.0, silent=True, level=2)]
    rows += [person("b", origin="spread", silence_days=50.0, silent=False, level=5)]
    document = compare(people_table(rows), cascades_table([]), ledger())
    assert document["curves"]["spread"]["days"] == [30.0]
    assert document["curves"]["spread"]["survival"] == [0.5]
    assert document["levels"] == [0, 0, 1, 0, 0, 1]


def entry(campaign, exchanges=0, **fields):
    return {"campaign": campaign, "first": day(1), "touches": 1, "exchanges": exchanges, "words": 4, "words_alone": 1,
            **fields}  # fmt: skip


def chain(name, campaign, length, first):
    """A brand's post, then each share of the one before, an hour apart."""
    nodes = [node(-1, 0, -1), *[node(k, k + 1, k, audience=100, disclosed=k > 0) for k in range(length)]]
    return cascade(name, nodes, campaign=campaign, first=first)


@pytest.fixture(scope="module")
def two_campaigns():
    talk = [
        person(f"t{i}", origin="conversation", campaigns=[entry("talk", 1)], origin_campaign="talk") for i in range(40)
    ]
    fire = [person(f"f{i}", origin="spread", campaigns=[entry("fire")], origin_campaign="fire", unit=f"x:f{i % 8}",
                   leaves=1) for i in range(40)]  # fmt: skip
    trees = [chain(f"f{i}", "fire", 5, day(i)) for i in range(8)]
    trees += [cascade(f"t{i}", [node(-1, 0, -1), *[node(0, k, k - 1) for k in (1, 2, 3)],
                                *([node(1, 4, 3)] if i < 6 else [])], campaign="talk", first=day(i))
              for i in range(30)]  # fmt: skip
    trees += [cascade("alone", campaign="fire")]
    return compare(people_table([*talk, *fire]), cascades_table(trees), ledger(valued="none"))


def test_the_map(two_campaigns):
    fire, talk = two_campaigns["campaigns"]
    assert (fire["campaign"], fire["kind"]) == ("fire", "wildfire")
    assert (talk["campaign"], talk["kind"]) == ("talk", "conversation")
    # 5 shares in a chain, 4 of them of a person's share: .8, all long ago.
    assert fire["reproduction"]["value"] == pytest.approx(0.8)
    assert (fire["reciprocity"]["value"], talk["reciprocity"]["value"]) == (0.0, 1.0)
    assert (fire["cascades"], fire["largest"], fire["people"]) == (8, 6, 40)
    assert two_campaigns["tries"]["n"] == 39
    # Roots from day 0, one a day, 40 shares: the 20th falls on day 3, 5 h.
    assert fire["half_life_hours"] == pytest.approx(3 * 24 + 5)


def test_points_by_kind(two_campaigns):
    rows = {row["id"]: row for row in two_campaigns["points"]}
    assert rows["control.words_alone"]["conversation"]["value"] == 0.25
    # First shares of the chains are not disclosed, the later ones are: 8 of 40.
    assert rows["unaware.all"]["spread"]["value"] == pytest.approx(0.2)
    assert rows["unaware.first"]["spread"]["value"] == 1.0
    assert rows["unaware.later"]["spread"]["value"] == 0.0
    assert rows["unaware.all"]["conversation"]["value"] is None
    assert rows["trial.reproduction"]["p"] is None
    assert rows["relationship.reciprocity"]["favours"] is None
    assert rows["privacy.leaves_people"]["favours"] == "spread"
    assert rows["reach.parents"]["spread"]["value"] == 1.0
    # Forty people, each seen once: at least 40 + 40 x 39 / 2 might act, and of those 40 were seen.
    reach, part = rows["awareness.estimated_reach"]["spread"], rows["reach.measured_part"]["spread"]
    assert (reach["value"], reach["high"]) == (40 + 40 * 39 / 2, None)
    assert (part["value"], part["low"]) == (pytest.approx(40 / reach["value"]), None)
    assert part["high"] == pytest.approx(40 / reach["low"])
    assert "to be forecast from" in rows["control.forecast_error"]["spread"]["why"]
    assert "no consent.csv" in rows["privacy.consent"]["spread"]["why"]
    assert len(rows) == len(two_campaigns["points"])
    assert {row["group"] for row in rows.values()} == {"talking", "spreading", "doubt"}


def test_grey_and_unknown_campaigns():
    rows = [person(f"t{i}", origin="conversation", campaigns=[entry("talk", 1)]) for i in range(3)]
    (found,) = compare(people_table(rows), cascades_table([]), ledger())["campaigns"]
    assert (found["kind"], found["half_life_why"]) == ("unknown", "nothing was shared")


def test_bounds_of_visits():
    rows = [person(f"s{i}", origin="spread", visits=10, visits_human=2, visits_machine=3, shares=1) for i in range(60)]
    points = {p["id"]: p for p in compare(people_table(rows), cascades_table([]), ledger())["points"]}
    found = points["traffic.per_person"]["spread"]
    assert (found["value"], found["low"]) == (7.0, 2.0)
    assert found["high"] >= 7.0


def test_response_times_count_those_who_still_wait():
    hour = 3_600_000_000
    rows = [person("a", origin="conversation", answered_us=[hour, 2 * hour], open_us=[50 * hour, 50 * hour])]
    points = {p["id"]: p for p in compare(people_table(rows), cascades_table([]), ledger())["points"]}
    # Two of four answered: the median is 2 h; the 90th percentile is not known, and not 2 h.
    assert points["listens.median"]["conversation"]["value"] == 2.0
    assert points["listens.p90"]["conversation"]["value"] is None


# How the two work together


def test_spread_rides_on_conversation():
    # In each cascade a talker's share brings 3, the others' 1.
    trees = [
        cascade(f"r{i}", [
            node(-1, 0, -1), node(0, 1, 0, exchanged=True), node(0, 1, 1), *[node(1, 2, 2 + k) for k in range(3)],
            node(2, 3, 5), *([node(2, 4, 6)] if i % 3 == 0 else []),
        ]) for i in range(12)
    ]  # fmt: skip
    found = compare(people_table([]), cascades_table(trees), ledger())["together"]["spread_rides_on_conversation"]
    # Cascades of 6 shares of people: 3 x 5/6 to 1 x 1/6; of 7: 3 x 6/7 to 2 x 1/7.
    assert found["value"] == pytest.approx((8 * 15 / 6 + 4 * 18 / 7) / (8 / 6 + 4 * 2 / 7))
    assert found["favours"] is True
    few = compare(people_table([]), cascades_table(trees[:9]), ledger())["together"]["spread_rides_on_conversation"]
    assert (few["value"], few["favours"]) == (None, False)


def test_conversation_feeds_on_spread():
    def came(origin, week, talked, i):
        first = day(4 + 7 * week)
        talk = first + timedelta(days=30) if talked else None
        return person(f"{origin}{week}{i:02}", origin=origin, first=first, first_exchange=talk)

    rows = [came("spread", w, i < 12, i) for w in range(8) for i in range(20)]
    rows += [came("broadcast", w, i < 3 + w % 3, i) for w in range(8) for i in range(20)]
    document = compare(people_table(rows), cascades_table([]), ledger())
    found = document["together"]["conversation_feeds_on_spread"]
    # 12 of 20 against 3, 4, 5, 3, 4, 5, 3, 4 of 20: 96 / 31.
    assert found["value"] == pytest.approx(96 / 31)
    assert document["verdict"]["together"] == "conversation_feeds_on_spread"


def test_contacts_without_leave_are_summed_by_origin():
    rows = [person(f"t{i:02}", origin="conversation") for i in range(20)]
    rows += [person(f"w{i:02}", origin="spread") for i in range(20)]
    told = [{"person": "t03", "contacts": 5, "without": 2}, {"person": "w01", "contacts": 3, "without": 3},
            {"person": "nobody", "contacts": 9, "without": 9}]  # fmt: skip
    known = ledger(unasked=pa.Table.from_pylist(told, UNASKED))
    (point,) = (
        p for p in compare(people_table(rows), cascades_table([]), known)["points"] if p["id"] == "privacy.consent"
    )
    assert (point["conversation"]["value"], point["spread"]["value"]) == (2.0, 3.0)
    assert point["difference"]["low"] < -1.0 < point["difference"]["high"]


def test_the_error_of_forecasts_by_kind():
    """Every cascade has half of its 24 shares within an hour, the rest after: the log-linear model is exact."""
    talkers = [person(f"t{i:02}", origin="conversation", campaigns=[entry("talk", 1)]) for i in range(20)]
    fans = [person(f"w{i:02}", origin="spread", campaigns=[entry("fire")]) for i in range(20)]
    chain = [node(-1, 0, -1), *(node(i, 0.06 * (i + 1), i) for i in range(24))]
    late = [dict(n, time_us=n["time_us"] * 2 if i > 12 else n["time_us"]) for i, n in enumerate(chain)]
    trees = [cascade(f"r{i:02}", late, campaign="fire") for i in range(30)]
    found = compare(people_table(talkers + fans), cascades_table(trees), ledger())
    assert {c["campaign"]: c["kind"] for c in found["campaigns"]}["fire"] == "wildfire"
    (point,) = (p for p in found["points"] if p["id"] == "control.forecast_error")
    assert point["spread"]["value"] == pytest.approx(0.0, abs=1e-9)
    assert "log-linear an hour after the root" in point["spread"]["how"]
    assert point["conversation"]["value"] is None
