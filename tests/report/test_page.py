"""The one-file report: it stands alone, is well formed, hides no doubt and runs nothing that came from outside."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest

from hubbub import report

PAYLOAD = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}{%raw%}"
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Elements of a page with their attributes, in order; complains about tags that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append((self.open[-1] if self.open else "", data))

    def all(self, *tags: str) -> list[tuple[str, dict[str, str | None]]]:
        return [(tag, attrs) for tag, attrs in self.elements if tag in tags]

    def text(self) -> str:
        return " ".join(words for tag, words in self.words if tag != "style")


@pytest.fixture
def page(document: dict[str, Any], cascades: pa.Table, made: datetime) -> str:
    return report.html(document, cascades, made=made)


class TestAlone:
    def test_nothing_is_fetched_and_nothing_runs(self, page: str) -> None:
        found = Page(page)
        assert found.all("script", "link", "iframe", "object", "embed", "base", "form", "img") == []
        assert [a for _, attrs in found.elements for a in attrs if a.startswith("on") or a == "style"] == []
        assert re.findall(r"(?:\w+:)?//[\w.-]+", re.sub(r"base64,[^\"]*", "", page)) == []
        urls = re.findall(r"url\(([^)]{0,40})", page)
        assert urls
        assert all(url.startswith(('"data:font/woff2;base64,', "#")) for url in urls)

    def test_the_policy_names_the_one_stylesheet(self, page: str) -> None:
        style = page.partition("<style>")[2].partition("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = next(
            a["content"] for _, a in Page(page).all("meta") if a.get("http-equiv") == "Content-Security-Policy"
        )
        assert (
            policy
            == f"default-src 'none'; style-src 'sha256-{digest}'; font-src data:; base-uri 'none'; form-action 'none'"
        )

    def test_fonts_are_inside_as_far_as_their_letters_occur(
        self, document: dict[str, Any], made: datetime, page: str
    ) -> None:
        assert page.count("data:font/woff2") == 1
        document["brand"] = "Кактус"
        assert report.html(document, None, made=made).count("data:font/woff2") == 2

    def test_the_same_inputs_give_the_same_bytes(
        self, document: dict[str, Any], cascades: pa.Table, made: datetime, page: str
    ) -> None:
        assert report.html(document, cascades, made=made) == page

    def test_importing_it_is_light(self) -> None:
        code = "import sys, hubbub.report; print(*(m for m in ('jinja2', 'altair') if m in sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ""


class TestForm:
    def test_one_h1_and_headings_in_order(self, page: str) -> None:
        levels = [int(tag[1]) for tag, _ in Page(page).all("h1", "h2", "h3", "h4")]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))

    def test_landmarks_and_a_skip_link(self, page: str) -> None:
        found = Page(page)
        tags = Counter(tag for tag, _ in found.elements)
        assert (tags["main"], tags["nav"]) == (1, 1)
        assert found.all("a")[0][1] == {"class": "skip", "href": "#main"}
        assert next(attrs for tag, attrs in found.elements if tag == "html")["lang"] == "en"

    def test_ids_are_unique_and_what_refers_to_them_finds_them(self, page: str) -> None:
        found = Page(page)
        ids = [a["id"] for _, a in found.elements if "id" in a]
        assert len(set(ids)) == len(ids)
        named = [a["aria-labelledby"] for _, a in found.elements if "aria-labelledby" in a]
        named += [str(a["href"])[1:] for _, a in found.all("a")]
        named += re.findall(r"url\(#([\w-]+)\)", page)
        assert set(named) <= set(ids)

    def test_every_chart_says_what_it_finds(self, page: str) -> None:
        charts = [a for _, a in Page(page).all("svg") if a.get("role") == "img"]
        assert len(charts) > 40
        assert all(len(str(a.get("aria-label"))) > 20 for a in charts)

    def test_every_figure_is_followed_by_its_numbers(self, page: str) -> None:
        parts = page.split('<figure class="chart">')[1:]
        assert len(parts) > 8
        assert all("The numbers" in one.split("</figure>")[1][:400] for one in parts)

    def test_tables_have_captions_and_scopes(self, page: str) -> None:
        found = Page(page)
        assert page.count("<table") == page.count("<caption")
        assert all("scope" in a for _, a in found.all("th"))

    def test_scrolling_regions_take_focus(self, page: str) -> None:
        regions = [a for _, a in Page(page).all("div") if a.get("class") == "scroll"]
        assert regions
        assert all(a.get("tabindex") == "0" and a.get("aria-label") for a in regions)

    def test_every_number_has_its_method_near(self, page: str) -> None:
        assert page.count("How it is measured") >= 15
        assert page.count("<summary>How<span") >= page.count('class="claim"')


class TestDoubt:
    def test_every_estimate_shows_its_interval_or_why_there_is_none(self, page: str) -> None:
        estimates = re.findall(r'<span class="est[^"]*">(.*?)</span>', page)
        assert len(estimates) > 80
        assert [e for e in estimates if "<i" not in e] == []
        assert [u for u in re.findall(r'class="unknown[^"]*">(.*?)<', page) if not u.strip()] == []

    def test_nothing_is_none_or_not_a_number(self, page: str, empty: dict[str, Any], made: datetime) -> None:
        for text in (Page(page).text(), Page(report.html(empty, None, made=made)).text()):
            assert re.findall(r"\b(nan|NaN|None|inf|null|undefined)\b", text) == []

    def test_the_thresholds_stand_on_the_bar(self, page: str) -> None:
        assert "from 90: conversation" in page
        assert "below 10: spread" in page

    def test_all_points_are_there_with_the_reason_where_one_is_null(self, page: str, document: dict[str, Any]) -> None:
        assert page.count('scope="row" role="rowheader"') == len(document["points"])
        assert "not yet measured" in page

    def test_hidden_parents_stand_in_the_title_of_the_tree(self, page: str, cascades: pa.Table) -> None:
        hidden = next(row["hidden"] for row in cascades.to_pylist() if row["root"] == "b")
        assert f"{hidden} of 39 parents hidden by the network" in page
        assert "still growing" in page
        assert "where it came from is not in the log" in page

    def test_of_a_running_cascade_nothing_is_drawn_after_the_end_of_the_log(self, page: str) -> None:
        assert "end of the log" in page


class TestPlan:
    def test_the_surest_steps_are_open_and_the_rest_is_one_click_away(
        self, document: dict[str, Any], made: datetime
    ) -> None:
        document["plan"] = [document["plan"][0] | {"title": f"Step {i}"} for i in range(9)]
        shown, rest = report.html(document, None, made=made).split("3 more to do")
        assert "Step 5" in shown
        assert "Step 6" not in shown
        assert "Step 8" in rest


class TestAnything:
    def test_an_empty_document(self, made: datetime) -> None:
        text = Page(report.html({}, None, made=made)).text()
        assert "Too little to compare yet." in text
        assert "Nothing was passed on yet." in text

    def test_everything_null(self, empty: dict[str, Any], cascades: pa.Table, made: datetime) -> None:
        page = report.html(empty, cascades.slice(0, 0), made=made)
        assert "nothing of it is in the log" in page
        Page(page)

    @pytest.mark.parametrize("probability", [None, 0.0, 0.05, 0.5, 0.95, 1.0])
    def test_every_state_of_the_verdict(
        self, document: dict[str, Any], made: datetime, probability: float | None
    ) -> None:
        document["verdict"]["probability_conversation"] = probability
        document["verdict"]["sentence"] = None
        document["verdict"]["answer"] = "cannot_tell"
        page = report.html(document, None, made=made)
        assert ("Probability bar" in page) == (probability is not None)
        Page(page)

    @pytest.mark.parametrize("quantity", ["value", "conversions", "retained_30", None])
    def test_every_quantity(self, document: dict[str, Any], made: datetime, quantity: str | None) -> None:
        document["verdict"]["quantity"] = quantity
        document["verdict"]["unit_of_effort"] = None
        document["verdict"]["rules"] = dict.fromkeys(document["verdict"]["rules"])
        assert "does not depend on a rule of credit" in report.html(document, None, made=made)

    def test_wrong_types_do_not_break_it(self, document: dict[str, Any], made: datetime) -> None:
        for key in list(document):
            for wrong in ("text", 7, [], {}, None, [None, "x", 3]):
                Page(report.html(document | {key: wrong}, None, made=made))

    def test_a_mean_virality_with_inferred_shapes_is_marked(self, document: dict[str, Any], made: datetime) -> None:
        for one in document["campaigns"]:
            one["structural_virality_inferred"] = None
        campaign = next(c for c in document["campaigns"] if c["structural_virality"]["value"] is not None)
        assert "shapes inferred" not in report.html(document, None, made=made)
        campaign["structural_virality_inferred"] = {"cascades": 2, "lowest": 3.1, "highest": 3.2, "how": "inferred"}
        assert "2 shapes inferred" in report.html(document, None, made=made)

    def test_thirty_campaigns_and_trees_of_thousands(
        self, document: dict[str, Any], grown: Callable[..., pa.Table], made: datetime
    ) -> None:
        first = document["campaigns"][0]
        document["campaigns"] = [first | {"campaign": f"Campaign {i}"} for i in range(30)]
        table = pa.concat_tables([grown(5000, seed) for seed in range(6)])
        report.html({}, None, made=made)
        began = time.process_time()
        page = report.html(document, table, made=made)
        assert time.process_time() - began < 1.0
        assert len(page.encode()) < 2_000_000

    @pytest.mark.parametrize("n", [2, 3, 421])
    def test_stars_of_any_size(
        self, document: dict[str, Any], grown: Callable[..., pa.Table], made: datetime, n: int
    ) -> None:
        Page(report.html(document, grown(n, again=0.0), made=made))


class TestHostile:
    def test_text_from_outside_is_text(self, document: dict[str, Any], cascades: pa.Table, made: datetime) -> None:
        rows = cascades.to_pylist()
        for row in rows:
            row |= {"root": PAYLOAD, "channel": PAYLOAD, "campaign": PAYLOAD, "type": PAYLOAD}
        poisoned = _poisoned(document)
        page = report.html(poisoned, pa.Table.from_pylist(rows, schema=cascades.schema), title=PAYLOAD, made=made)
        found = Page(page)
        assert found.all("script", "img") == []
        assert [a for _, attrs in found.elements for a in attrs if a.startswith("on")] == []
        assert "{{7*7}}" in found.text()

    def test_so_is_it_in_the_card(self, document: dict[str, Any]) -> None:
        assert "<script" not in report.card(_poisoned(document))
        assert "<img" not in report.card(_poisoned(document))


WORDS = {"answer", "quantity", "group", "kind", "favours", "mode", "unit_of_effort", "leader"}


def _poisoned(x: Any, key: str = "") -> Any:
    """Every text of a document as a payload, but the few words that say what is what."""
    if isinstance(x, dict):
        return {k: _poisoned(v, k) for k, v in x.items()}
    if isinstance(x, list):
        return [_poisoned(v, key) for v in x]
    return PAYLOAD if isinstance(x, str) and key not in WORDS and not x[:1].isdigit() else x


class TestOtherFaces:
    def test_the_card_holds_the_answer_and_no_script(self, document: dict[str, Any], empty: dict[str, Any]) -> None:
        card = report.card(document)
        assert document["verdict"]["sentence"] in card
        assert "83 of 100" in card
        assert "<script" not in card
        selectors = re.findall(r"^([^{\n]+) \{", card.partition("<style>")[2].partition("</style>")[0], re.MULTILINE)
        assert all(one.strip().startswith(".hubbub-card") for s in selectors for one in s.split(","))
        assert "No probability below ten units" in report.card(empty)
        Page(card)

    @pytest.mark.parametrize("look", ["light", "dark"])
    @pytest.mark.parametrize("name", ["points", "campaign_map", "curves"])
    def test_the_altair_charts_are_valid_for_any_document(
        self, document: dict[str, Any], empty: dict[str, Any], name: str, look: str
    ) -> None:
        draw = getattr(report.charts, name)
        assert draw(document, look=look).to_dict()["config"]["font"].startswith("Inter")
        assert draw(empty, look=look).to_dict()
