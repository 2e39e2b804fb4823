"""The Spread chapter: marks stand where the data says, forecasts carry their past or their refusal, nothing runs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hubbub import report
from hubbub.compare.published import PUBLISHED, WARNING
from hubbub.compare.spread import tries
from hubbub.report import growth, shapes, sizes
from hubbub.report.cascades import Told, largest
from hubbub.report.curve import CURVE, foreseen_of
from report.conftest import ROOT_TIME, cascade, nodes, table
from report.test_page import PAYLOAD, Page, _poisoned

NUMBER = r"-?\d+(?:\.\d+)?"


def forecast(**given: Any) -> dict[str, Any]:
    """The forecast document of a cascade with 179 shares; sizes count the root."""
    final = {"value": 201.0, "low": 191.0, "high": 221.0, "level": 0.9, "n": 40, "how": "hawkes; conformal interval"}
    return {
        "age_hours": 30.0, "size_now": 180, "final_size": final, "method": "hawkes, power law",
        "models": [{
            "name": "hawkes, power law", "tested_on": 40, "median_error": 0.18, "median_error_of_naive": 0.4,
            "interval_coverage": 0.92,
        }],
    } | given  # fmt: skip


@pytest.fixture
def spread(cascades: pa.Table, listing: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """A spread document over the four cascades of the tests: one running with a forecast, one with inferred shapes."""
    rows = sorted((r for r in cascades.to_pylist() if r["shared"]), key=lambda r: -r["size"])
    said = []
    for r in rows:
        n = r["size"]
        one = {
            k: r[k] for k in ("root", "channel", "size", "depth", "structural_virality", "broadcast_part", "running")
        }
        one |= {"star": 2 * (n - 1) / n, "chain": (n + 1) / 3, "forecast": {"why": "its end is in the log"}}
        one["reproduction"] = {"value": None, "why": "20 shares are needed for one cascade"}
        one["alike"] = {"from": n // 2, "until": 2 * n, "n": 9, "structural_virality": 3.5, "depth": 4.0}
        said.append(one)
    said[0]["forecast"] = forecast()
    inferred = {"low": 2.1, "median": 2.8, "high": 3.4}
    said[1]["shape_inferred"] = dict.fromkeys(("structural_virality", "depth", "broadcast_part"), inferred)
    return {
        "tries": tries(cascades), "cascades": said, "growth": listing("cascades")["growth"],
        "reach": listing("reach"), "published": [dict(one) for one in PUBLISHED], "published_warning": WARNING,
    }  # fmt: skip


@pytest.fixture
def page(document: dict[str, Any], cascades: pa.Table, spread: dict[str, Any], made: datetime) -> str:
    return report.html(document, cascades, spread, made=made)


def running(said: dict[str, Any], n: int = 180) -> Told:
    """One cascade as it is drawn, seen 30 hours after its root."""
    rows = table([cascade(nodes(n, 1), root="a", running=True, half_life_hours=None)])
    document = {"cascades": [{"channel": "mastodon", "root": "a", "forecast": said}]}
    return largest(rows, document, ROOT_TIME + timedelta(hours=60))[0]


class TestSizes:
    def test_points_stand_at_the_logarithms_of_size_and_part(self) -> None:
        # Four tries of sizes 1, 1, 1 and 100: at least 1 is all of them, at least 100 a quarter. Two tens across, one
        # ten down, so the second point stands at the right edge and log10(4) = .602 of the way down.
        given = {
            "tries": 4, "nobody_shared": 3, "size": [1, 100], "reached": [4, 1], "part": [1.0, 0.25],
            "low": [0.6, 0.06], "high": [1.0, 0.6],
        }  # fmt: skip
        svg = sizes.distribution({}, {"tries": given}).svg
        marks = re.findall(rf'<svg x="({NUMBER})%" y="({NUMBER})"[^>]*><path class="fs"', svg)
        assert [tuple(map(float, m)) for m in marks] == [
            (sizes.LEFT, sizes.TOP),
            (sizes.RIGHT, round(sizes.TOP + sizes.HIGH * math.log10(4), 2)),
        ]
        assert "25% were shared at all; the largest has 100 nodes" in svg
        assert "<rect" not in svg

    def test_few_tries_are_said_to_say_little(self, cascades: pa.Table) -> None:
        assert "Only 3 tries" in sizes.distribution({}, {"tries": tries(cascades)}).note

    def test_no_tries_and_no_document(self) -> None:
        assert "not posted anything" in sizes.distribution({}, {"tries": tries(table([]))}).why
        assert "not said" in sizes.distribution({}, {}).why


class TestForecast:
    def test_the_band_ends_where_the_interval_does(self) -> None:
        # 179 shares now, 200 (190 to 220) in the end: the axis goes up to 220, so 190 lies 190 / 220 of it high.
        svg = running(forecast()).picture.svg
        y_seen, y_low, y_high = re.findall(
            rf'class="fs band" d="M{NUMBER} ({NUMBER})L1000 ({NUMBER})V({NUMBER})z"', svg
        )[0]
        base = float(y_high) + CURVE
        assert base - float(y_low) == pytest.approx(CURVE * 190 / 220, abs=0.02)
        assert base - float(y_seen) == pytest.approx(CURVE * 179 / 220, abs=0.02)
        assert "200 (190 to 220)" in svg

    def test_its_model_and_its_past_stand_beside_it(self) -> None:
        told = running(forecast())
        assert ("Will end near", "200", "190 to 220") in told.facts
        assert "Hawkes, power law: on 40 past cascades at this age it missed by 18% in the median" in told.picture.note
        assert "bands held 92%" in told.picture.note

    @pytest.mark.parametrize(
        "why",
        ["supercritical: no finite forecast", "On 40 past cascades its 90% intervals held the truth in 70% only."],
    )
    def test_a_refusal_is_said_in_words_and_draws_no_band(self, why: str) -> None:
        told = running(forecast(final_size={"value": None, "why": why}))
        assert ("Will end near", "", why) in told.facts
        assert f"No forecast: {why[0].upper()}{why[1:].rstrip('.')}." in told.picture.note
        assert "no forecast" in told.picture.svg
        assert "band" not in told.picture.svg

    def test_a_band_without_an_upper_end_is_cut_and_says_at_least(self) -> None:
        told = running(
            forecast(final_size={"value": 201.0, "low": 191.0, "high": None, "level": 0.9, "n": 1, "how": ""})
        )
        assert ("Will end near", "200", "at least 190") in told.facts
        assert "nan" not in told.picture.svg
        assert "inf" not in told.picture.svg

    def test_a_finished_one_shows_what_was_said_then_beside_what_came(self) -> None:
        found = foreseen_of({"running": False}, forecast(age_hours=6.0, size_now=61))
        assert found is not None
        assert found.seen == 60
        assert found.sentence.startswith("Said 6\u00a0h after the start: 200 (190 to 220).")
        rows = table([cascade(nodes(180, 1), root="a")])
        told = largest(
            rows, {"cascades": [{"channel": "mastodon", "root": "a", "forecast": forecast(age_hours=6.0)}]}, None
        )
        assert "forecast 200 (190 to 220)" in told[0].picture.svg
        assert "picked as one of the largest" in told[0].picture.note

    def test_without_one_nothing_is_drawn(self) -> None:
        told = running({"why": "its end is in the log"})
        assert "band" not in told.picture.svg
        assert "forecast" not in told.picture.note


class TestShapes:
    def test_inferred_figures_are_marked_wherever_they_stand(self, page: str) -> None:
        assert "shape figures inferred" in page
        assert page.count("inferred, 2.1 to 3.4") >= 2
        assert ">2.8, inferred<" in page

    def test_the_mark_lies_between_star_and_chain(self, cascades: pa.Table, spread: dict[str, Any]) -> None:
        trees = largest(cascades, spread, None)
        svg = shapes.references(trees, spread).svg
        ends = [float(x) for x in re.findall(rf'<svg x="({NUMBER})%"[^>]*><rect', svg)]
        marks = [float(x) for x in re.findall(rf'<svg x="({NUMBER})%"[^>]*><path class="f[sp]', svg)]
        pairs = list(zip(ends[::2], ends[1::2], strict=True))
        assert len(marks) == len(pairs) >= 3
        assert all(star - 0.01 <= own <= chain + 0.01 for own, (star, chain) in zip(marks, pairs, strict=True))

    def test_published_ones_say_their_source_and_how_far_they_were_checked(self, page: str) -> None:
        assert "Twitter15" in page
        assert "reckoned here from the published trees" in page
        assert page.count("its numbers were not looked up and are not shown") == 2
        assert "Juul and Ugander 2021" in page

    def test_too_few_of_a_like_size_say_so(self, cascades: pa.Table, spread: dict[str, Any]) -> None:
        why = "2 other cascades of a like size with parents seen; 5 are needed"
        spread["cascades"][0]["alike"] = {"n": 2, "structural_virality": None, "depth": None, "why": why}
        grid = shapes.references(largest(cascades, spread, None), spread).grid
        assert grid is not None
        assert str(grid.rows[0][-1]) == why


class TestGrowth:
    WINDOWS = tuple(
        {"from": f"2026-0{k}-01T00:00:00Z", "until": f"2026-0{k}-28T00:00:00Z", "shares": 50,
         "reproduction": {"value": v, "low": v and v / 2, "high": v and 2 * v, "level": 0.9, "n": 9, "how": "jackknife",
                          "why": "too few"}}
        for k, v in enumerate((0.2, 0.4, None, 0.5), 1)
    )  # fmt: skip

    def test_a_window_without_a_number_leaves_a_gap(self) -> None:
        found = growth.over_time({"growth": {"over_time": list(self.WINDOWS)}})
        assert found.svg.count('class="fs band"') == 2
        assert "1 window without a number" in found.note
        assert found.grid is not None
        assert str(found.grid.rows[2][2]) == "too few"

    def test_marks_stand_at_their_values(self) -> None:
        svg = growth.over_time({"growth": {"over_time": list(self.WINDOWS)}}).svg
        ys = [float(y) for y in re.findall(rf'<svg x="{NUMBER}%" y="({NUMBER})"[^>]*><path class="fs"', svg)]
        # The axis goes to 1: the largest upper end is 1.0.
        assert ys == pytest.approx([growth.TOP + growth.HIGH * (1 - v) for v in (0.2, 0.4, 0.5)], abs=0.01)

    def test_reach_has_no_bare_number(self, spread: dict[str, Any]) -> None:
        found = {name: shown for name, shown, assumes in growth.reached(spread) if assumes}
        assert len(found) == 5
        assert found["Might act"].value == "at least 83,046"
        assert all(x.interval for x in found.values())

    def test_parts_without_a_number_are_named(self, spread: dict[str, Any]) -> None:
        given = {"by_reward": [
            {"reward": "free", "shares": 9, "reproduction": {"value": 0.5, "low": 0.3, "high": 0.8}},
            {"reward": "rewarded", "shares": 2, "reproduction": {"value": None, "why": "5 are needed"}},
        ]}  # fmt: skip
        found = growth.by_part({"growth": given})
        assert "Without a number, the reasons in the table: Rewarded." in found.note
        assert found.svg.count("edge") == 1


class TestThousands:
    @pytest.mark.parametrize("kind", ["star", "chain", "bushy"])
    def test_ten_thousand_nodes_stay_bounded_and_say_what_is_folded(self, kind: str) -> None:
        rng = np.random.default_rng(3)
        n = 10_000
        at, tree = np.zeros(n), []
        for i in range(n):
            near = {"star": 0, "chain": i - 1, "bushy": int(i * rng.random())}[kind]
            parent = -1 if i == 0 else near if rng.random() < 0.97 else int(rng.integers(0, i))
            at[i] = at[max(i - 1, 0)] + rng.exponential(0.01)
            tree.append({"parent": parent, "time_us": int(at[i] * 3.6e9), "person": i - 1, "exchanged": i % 50 == 0,
                         "audience": None, "disclosed": None, "rewarded": None})  # fmt: skip
        row = cascade([tree[0]], size=n, shared=True, depth=3, structural_virality=2.0, broadcast_part=0.9)
        told = largest(table([row | {"nodes": tree}]), {}, None)[0]
        assert len(told.picture.svg.encode()) < 150_000
        assert any("folded into ticks" in words for _, words in told.tags)
        assert "folded together" in told.picture.note


class TestAnything:
    def test_every_picture_has_a_sentence_and_its_numbers(self, page: str) -> None:
        chapter = page.partition('id="spread"')[2].partition('id="sees"')[0]
        charts = [a for _, a in Page(page).all("svg") if a.get("role") == "img"]
        assert all(len(str(a.get("aria-label"))) > 20 for a in charts)
        parts = chapter.split('<figure class="chart">')[1:]
        assert len(parts) >= 8
        assert all("The numbers" in one.split("</figure>")[1][:400] for one in parts)

    def test_nothing_of_a_document_is_taken_for_markup(
        self, document: dict[str, Any], cascades: pa.Table, spread: dict[str, Any], made: datetime
    ) -> None:
        poisoned = _poisoned(spread)
        for mine, theirs in zip(poisoned["cascades"], spread["cascades"], strict=True):
            mine |= {k: theirs[k] for k in ("root", "channel")}
        found = Page(report.html(document, cascades, poisoned, made=made))
        assert found.all("script", "img") == []
        assert [a for _, attrs in found.elements for a in attrs if a.startswith("on")] == []
        assert PAYLOAD[:8] in found.text()

    def test_wrong_types_do_not_break_it(
        self, document: dict[str, Any], cascades: pa.Table, spread: dict[str, Any], made: datetime
    ) -> None:
        for key in list(spread):
            for wrong in ("text", 7, [], {}, None, [None, "x", 3]):
                Page(report.html(document, cascades, spread | {key: wrong}, made=made))
        for key in list(spread["cascades"][0]):
            for wrong in ("text", -1, [], {}, None):
                first = spread["cascades"][0] | {key: wrong}
                text = report.html({}, cascades, spread | {"cascades": [first]}, made=made)
                assert re.findall(r"\b(nan|inf|None)\b", Page(text).text()) == []
