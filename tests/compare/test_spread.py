"""The `spread` document: every try counted, shapes compared at one size, forecasts from what was known then."""

from __future__ import annotations

import json

import numpy as np
import pytest

from compare.build import cascade, cascades_table, day, ledger, node, people_table
from hubbub.compare.published import PUBLISHED
from hubbub.compare.spread import EARLY_HOURS, LARGEST, MOST_SIZES, alike, spread, tries
from hubbub.spread import forecast as engine


def star(name, n, **fields):
    """n - 1 shares of the root, an hour apart."""
    nodes = [node(-1, 0, -1), *(node(0, k, k - 1) for k in range(1, n))]
    return cascade(name, nodes, shared=n > 1, structural_virality=2 * (n - 1) / n, depth=int(n > 1), **fields)


def burst(name, n, rng, **fields):
    """n - 1 shares of the root within some hours, most of them early."""
    hours = np.sort(rng.exponential(4.0, n - 1)) + 0.01
    nodes = [node(-1, 0, -1), *(node(0, float(h), k) for k, h in enumerate(hours))]
    return cascade(name, nodes, structural_virality=2 * (n - 1) / n, depth=1, **fields)


class TestTries:
    def test_by_hand_with_those_that_nobody_shared(self):
        # Sizes 1, 1, 1, 4: all reach 1; one of four reaches 4. A person's own post (size 9) is no try.
        rows = [star(f"r{i}", n) for i, n in enumerate((1, 1, 1, 4))] + [star("p", 9, author="x:a", **{"try": False})]
        found = tries(cascades_table(rows), 0.9)
        assert (found["tries"], found["nobody_shared"]) == (4, 3)
        assert (found["size"], found["reached"], found["part"]) == ([1, 4], [4, 1], [1.0, 0.25])
        assert all(low <= p <= high for low, p, high in zip(found["low"], found["part"], found["high"], strict=True))

    def test_the_points_are_bounded_and_keep_both_ends(self):
        found = tries(cascades_table([star(f"r{n}", n) for n in range(1, 400)]))
        assert len(found["size"]) <= MOST_SIZES
        assert (found["size"][0], found["size"][-1]) == (1, 399)
        assert found["reached"] == [400 - s for s in found["size"]]

    def test_without_tries(self):
        assert tries(cascades_table([]))["size"] == []


EVERY = [
    {"size": n, "structural_virality": v, "depth": d}
    for n, v, d in (
        (100, 3.0, 4), (50, 2.0, 2), (200, 4.0, 6), (120, 2.5, 3), (90, 9.0, 9), (80, None, None), (49, 99.0, 99),
        (201, 99.0, 99), (110, 5.0, 5),
    )
]  # fmt: skip


class TestAlike:
    def test_the_median_of_half_to_twice_the_size_without_itself(self):
        # Beside the first: 2, 4, 2.5, 9 and 5; the hidden one, and those out of the range, are not among them.
        found = alike(EVERY[0], EVERY)
        assert found == {"from": 50, "until": 200, "n": 5, "structural_virality": 4.0, "depth": 5.0}

    def test_too_few_have_no_median(self):
        found = alike(EVERY[0], EVERY[:3])
        assert found["structural_virality"] is None
        assert "2 other cascades" in found["why"]


@pytest.fixture(scope="module")
def grown():
    """Forty bursts in a year, the last two still running on the last day, and a try that nobody shared."""
    rng = np.random.default_rng(5)
    rows = [burst(f"b{i:02}", int(rng.integers(120, 300)), rng, first=day(8 * i)) for i in range(40)]
    rows += [burst(f"r{i}", 320 + i, rng, first=day(364), running=True) for i in range(2)]
    rows.append(star("alone", 1))
    return cascades_table(rows)


@pytest.fixture(scope="module")
def document(grown):
    found = spread(people_table([]), grown, ledger(last=day(364.5)))
    json.dumps(found, allow_nan=False)
    return found


class TestForecasts:
    def test_the_largest_stand_in_order(self, document):
        sizes = [c["size"] for c in document["cascades"]]
        assert len(sizes) == LARGEST
        assert sizes == sorted(sizes, reverse=True)

    def test_running_ones_are_forecast_from_the_end_of_the_log(self, document):
        running = [c["forecast"] for c in document["cascades"] if c["running"]]
        assert len(running) == 2
        assert all(f["age_hours"] == 12.0 for f in running)

    def test_one_finished_one_is_looked_back_on_and_the_others_say_why_not(self, document):
        finished = [c for c in document["cascades"] if not c["running"]]
        back = [c for c in finished if "final_size" in c["forecast"]]
        assert len(back) == 1
        assert back[0]["forecast"]["age_hours"] in EARLY_HOURS
        assert engine.FEW_SHARES < back[0]["forecast"]["size_now"] <= back[0]["size"] / 2 + 1
        assert all(c["forecast"] == {"why": "its end is in the log"} for c in finished if c is not back[0])

    def test_looking_back_sees_nothing_later(self, grown, document):
        back = next(c for c in document["cascades"] if not c["running"] and "final_size" in c["forecast"])
        said = back["forecast"]
        rows = grown.to_pylist()
        mine = next(r for r in rows if r["root"] == back["root"])
        mine["nodes"] = [n for n in mine["nodes"] if n["time_us"] <= said["age_hours"] * 3.6e9]
        earlier = cascades_table([r for r in rows if r["first"] <= mine["first"]])
        place = [r["root"] for r in earlier.to_pylist()].index(back["root"])
        pool = engine.past_of(earlier, int(mine["first"].timestamp() * 1e6 + said["age_hours"] * 3.6e9))
        again = engine.forecast(pool, place, said["age_hours"])
        assert again.final.value + 1 == pytest.approx(said["final_size"]["value"])
        assert again.seen + 1 == said["size_now"]

    def test_cascades_that_run_share_the_past_and_what_it_teaches(self, grown):
        past = engine.past_of(grown, int(day(364.5).timestamp() * 1e6))
        assert past.others(40) is past.others(41)
        assert past.others(0) is not past.others(1)
        assert past.others(0).sizes.size == past.others(40).sizes.size - 1

    def test_nothing_shared_has_a_document_too(self):
        found = spread(people_table([]), cascades_table([star("alone", 1)]), ledger())
        assert (found["cascades"], found["tries"]["tries"]) == ([], 1)


def test_published_figures_say_how_far_they_were_checked():
    for one in PUBLISHED:
        assert one["source"]
        figures = [one[k] for k in ("size_mean", "size_median", "depth_mean", "structural_virality_median")]
        reckoned = one["checked"].startswith("reckoned")
        assert reckoned == all(f is not None for f in figures)
        assert reckoned or (not any(figures) and "not looked up" in one["checked"])
