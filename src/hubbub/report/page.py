"""The one-file report: from the compare document to a page that opens without a network and needs no script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hubbub.report import bars, campaigns, cascades, growth, lasting, methods, opening, points, shapes, sizes, words
from hubbub.report.grid import Cell, Grid
from hubbub.report.reading import (
    FEW,
    MODES,
    SIDES,
    Answer,
    answer_of,
    currency_of,
    effort,
    part,
    quantity_of,
    rows,
    sentences,
    whole,
)
from hubbub.report.svg import HATCHES
from hubbub.report.words import Shown, clean, number

FONT = re.compile(r'@font-face \{[^}]*url\("fonts/([^"]+)"\)[^}]*unicode-range: ([^}]+?) \}')
RANGE = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?")
STATIC = "hubbub.report"


def render(
    document: Mapping[str, Any], table: pa.Table | None, spread: Mapping[str, Any], *, title: str | None, made: datetime
) -> str:
    """The page of `hubbub.report.html`."""
    content = context(document, table, spread, title, made)
    body = templates().get_template("body.html").render(content)
    style = stylesheet(body)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = templates().get_template("page.html")
    return page.render(content | {"body": Markup(body), "style": Markup(style), "digest": digest})  # noqa: S704


@cache
def templates() -> Environment:
    """The templates of the faces; what they are given is escaped."""
    found = Environment(
        loader=PackageLoader(STATIC), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.globals["method"] = lambda name: methods.METHODS[name]
    found.tests["shown"] = lambda x: isinstance(x, Shown)
    return found


# The stylesheet


def stylesheet(text: str) -> str:
    """The stylesheet with the fonts inside: only those that have a letter of this page."""
    folder = files(STATIC).joinpath("static")
    letters = {ord(c) for c in text}

    def inside(face: re.Match[str]) -> str:
        name, ranges = face.groups()
        if not any(int(a, 16) <= c <= int(b or a, 16) for a, b in RANGE.findall(ranges) for c in letters):
            return ""
        return face.group(0).replace(f"fonts/{name}", f"data:font/woff2;base64,{_font(name)}")

    own = folder.joinpath("report.css").read_text("utf-8")
    return "\n" + FONT.sub(inside, folder.joinpath("hubbub.css").read_text("utf-8")) + own


@cache
def _font(name: str) -> str:
    return base64.b64encode(files(STATIC).joinpath("static", "fonts", name).read_bytes()).decode()


# The content


def context(
    document: Mapping[str, Any], table: pa.Table | None, spread: Mapping[str, Any], title: str | None, made: datetime
) -> dict[str, Any]:
    """All that the templates show, in words and pictures."""
    answer = answer_of(document)
    brand = clean(document.get("brand"), 80)
    day = words.day(made)
    end = words.instant(part(document, "log", "last"))
    trees = cascades.largest(table, spread, end)
    return {
        "brand": brand,
        "head": clean(title, 120) or f"Report, {day}",
        "made": words.minute(made),
        "log": _log(document),
        "hatches": HATCHES,
        "answer": answer,
        "bar": opening.probability(answer),
        "units": _units(answer.units) if answer.of_100 is None else [],
        "lead": _lead(document, answer),
        "draws": opening.draws(document),
        "two_tests": _two_tests(document),
        "rules": opening.rules(document, answer),
        "needs": needs(document),
        "rests": _rests(document),
        "best": _best(document),
        "observed": answer.basis != "experiment",
        "together": _together(document),
        "modes": modes(document),
        "beside": _beside(document),
        "points": points.groups(document),
        "map": campaigns.campaign_map(document),
        "reproduction": _reproduction(document),
        "curves": lasting.curves(document),
        "back": _back(document),
        "levels": bars.levels(document),
        "plan": _plan(document),
        "credit": bars.credit(document),
        "growth": growth.facts(document, spread),
        "tries": sizes.distribution(document, spread),
        "over_time": growth.over_time(spread),
        "by_part": growth.by_part(spread),
        "reach": growth.reached(spread),
        "trees": trees,
        "shapes": shapes.references(trees, spread),
        "published": shapes.published(spread),
        "published_warning": clean(spread.get("published_warning")),
        "coverage": _coverage(document),
        "notes": sentences(document.get("notes")),
        "foot": _foot(document),
    }


def _log(document: Mapping[str, Any]) -> str:
    log = document.get("log")
    activities, people = whole(part(log, "activities")), whole(part(log, "people"))
    counts = [
        words.counted(activities, "activity", "activities") if activities is not None else "",
        words.counted(people, "person", "people") if people is not None else "",
    ]
    said = [words.span(part(log, "first"), part(log, "last")), ", ".join(c for c in counts if c)]
    return " · ".join(x for x in said if x)


def _units(counts: Mapping[str, int]) -> list[dict[str, str]]:
    """Units so far against the ten that are needed, where no number is given."""
    return [
        {"mode": side, "now": f"{counts.get(side, 0):,}", "value": str(min(FEW, counts.get(side, 0))), "of": str(FEW)}
        for side in SIDES
    ]


def _two_tests(document: Mapping[str, Any]) -> str:
    """Why the bar may stand lower than the dots: the leader must also lead without its best unit."""
    tests = part(document, "verdict", "tests")
    ahead, without = number(part(tests, "ahead")), number(part(tests, "leader_without_best"))
    leader = str(part(tests, "leader") or "")
    if ahead is None or without is None or leader not in SIDES:
        return ""
    own = ahead if leader == "conversation" else 1 - ahead
    draws = whole(part(tests, "draws"))
    count = f" of {draws:,} draws" if draws else ""
    return (
        f"{leader.capitalize()} leads in {words.percent(own)}{count}, each side with one hit that nobody has seen yet; "
        f"without its best unit in {words.percent(without)}. The lower one counts."
    )


@dataclass(frozen=True, slots=True)
class Needed:
    """One way to know more: what, and beside it how."""

    title: str
    text: str


def needs(document: Mapping[str, Any]) -> dict[str, Any]:
    """What would settle it, in words."""
    given = part(document, "verdict", "needs")
    if not isinstance(given, Mapping):
        answered = part(document, "verdict", "answer") in SIDES
        return {
            "ways": [],
            "worth": ("", ""),
            "none": "Nothing: it is answered." if answered else "The document does not say.",
        }
    ways = _needed_units(given)
    test = given.get("experiment")
    per_arm = whole(part(test, "per_arm"))
    if per_arm is not None:
        ways.append(Needed("Or an experiment" if ways else "An experiment", _experiment(test, per_arm)))
    said = sentences(given.get("sentence"))
    return {
        "ways": ways,
        "worth": _worth(given, currency_of(document)),
        "none": "" if ways else " ".join(said),
        "said": said,
    }


def _needed_units(given: Mapping[str, Any]) -> list[Needed]:
    out = []
    for side, noun in (("conversation", "unit of conversation"), ("spread", "cascade")):
        now, needed = whole(part(given, side, "now")), whole(part(given, side, "needed"))
        if now is None or needed is None or needed <= now:
            continue
        more = needed - now
        plural = "units of conversation" if side == "conversation" else "cascades"
        name = noun if more == 1 else plural
        out.append(Needed(f"{words.spelled(more).capitalize()} more {name}", f"{needed:,} in all; {now:,} so far."))
    return out


def _experiment(test: Any, per_arm: int) -> str:
    said = [f"Two arms, {words.counted(per_arm, 'person', 'people')} each"]
    a, b, power = (number(part(test, key)) for key in ("from", "to", "power"))
    if a is not None and b is not None:
        metric = clean(part(test, "metric")).replace("_", " ")
        said.append(f"to see {metric} move from {words.percent(a)} to {words.percent(b)}".replace("see  ", "see "))
    if power is not None:
        said.append(f"power {words.plain(power)}")
    why = words.sentence(clean(part(test, "why")))
    return f"{', '.join(said)}. {why}".strip()


def _worth(given: Mapping[str, Any], fallback: str | None) -> tuple[str, str]:
    """(what knowing is worth, how that was worked out)."""
    value = given.get("value_of_information")
    if not isinstance(value, Mapping):
        return "", ""
    currency = str(value.get("currency") or fallback or "")
    amounts = {}
    for key in ("evpi", "evsi"):
        found = value.get(key)
        amounts[key] = words.money(part(found, "value") if isinstance(found, Mapping) else found, currency)
    how = words.sentence(clean(value.get("why")))
    if not amounts["evpi"]:
        return "", f"What knowing is worth cannot be said. {how}"
    test = f", and doing that about {amounts['evsi']}" if amounts["evsi"] else ""
    return f"Knowing for certain is worth about {amounts['evpi']}{test}.", how


def _rests(document: Mapping[str, Any]) -> Grid:
    """What the verdict rests on: both sides of the quantity and of what it is made of."""
    quantity, currency = quantity_of(document), currency_of(document) or ""
    name = part(document, "verdict", "quantity")
    ratio = tuple(words.estimate(part(document, "verdict", "ratio", side), quantity.unit) for side in SIDES)
    table: list[tuple[Cell, ...]] = [(quantity.label, *ratio)]
    if name == "value_per_effort":
        table.append(
            ("Value credited", *(words.estimate(part(document, "modes", s, "value"), currency) for s in SIDES))
        )
    table.append(("Effort", *(_effort(document, side) for side in SIDES)))
    units = part(document, "verdict", "units")
    count: list[Cell] = []
    for side in SIDES:
        n = whole(part(units, side))
        count.append(Shown(why="not counted") if n is None else f"{n:,}")
    table.append(("Independent units", *count))
    return Grid("Both sides of what is compared", ("", "Conversation", "Spread"), table, right=False)


def _best(document: Mapping[str, Any]) -> str:
    """What the leader's best unit brought."""
    best = part(document, "verdict", "best_unit")
    share, mode = number(part(best, "part")), part(best, "mode")
    if share is None or mode not in SIDES:
        return ""
    return f"The best unit of {mode} brought {words.percent(share)} of its side."


def _lead(document: Mapping[str, Any], answer: Answer) -> str:
    """The verdict in numbers: how often the leader leads, and what each side brought."""
    said = []
    if answer.of_100 is not None:
        n, leader = (answer.of_100, "Conversation") if answer.of_100 >= 50 else (100 - answer.of_100, "Spread")
        said.append(f"{leader} leads in {n} of 100 draws; we call it at {answer.limit}.")
    quantity = quantity_of(document)
    found = [words.estimate(part(document, "verdict", "ratio", side), quantity.unit) for side in SIDES]
    if all(x.known for x in found):
        sums = [f"{words.about(x)} by {side}" for x, side in zip(found, SIDES, strict=True)]
        said.append(f"{quantity.label}: {words.listed(sums)}.")
    return " ".join(said) or " ".join(answer.why[:2])


def _effort(document: Mapping[str, Any], mode: str) -> Cell:
    found = effort(document, part(document, "modes", mode, "effort"))
    return found or Shown(why=clean(part(document, "modes", mode, "effort_why")) or "no effort is recorded for it")


TOGETHER = (
    ("spread_rides_on_conversation", "Do shares by people who had talked with you travel further"),
    ("conversation_feeds_on_spread", "Do people met by spread start to talk more often"),
)


def _together(document: Mapping[str, Any]) -> Grid:
    table: list[tuple[Cell, ...]] = []
    for key, question in TOGETHER:
        given = part(document, "together", key)
        said = "yes" if part(given, "favours") is True else "no clear difference"
        known = number(part(given, "value")) is not None
        table.append((question, words.estimate(given, "odds ratio"), said if known else "not known"))
    return Grid("Odds ratios; 1 is no difference", ("", "Odds", "Clearly more"), table)


def modes(document: Mapping[str, Any]) -> Grid:
    """The four ways side by side."""
    currency = currency_of(document) or ""
    per_effort = quantity_of(document).unit if part(document, "verdict", "quantity") == "value_per_effort" else currency
    lines: list[tuple[str, str, str]] = [
        ("Came back in days 30 to 59", "retained_30", "fraction"),
        ("Came back in days 90 to 119", "retained_90", "fraction"),
        ("Exchanges per person", "exchanges_per_person", ""),
        ("Opt-outs per 1,000 people", "opt_outs_per_person", "per mille"),
        ("Value credited", "value", currency),
        ("Value per person", "value_per_person", currency),
        ("Value per effort", "value_per_effort", per_effort),
    ]
    counts = [whole(part(document, "modes", mode, "people")) for mode in MODES]
    table: list[tuple[Cell, ...]] = [
        ("People who came first by it", *(Shown(why="not counted") if n is None else f"{n:,}" for n in counts))
    ]
    for name, key, unit in lines:
        table.append((name, *(words.estimate(part(document, "modes", mode, key), unit) for mode in MODES)))
    table.append(("Effort", *(_effort(document, mode) for mode in MODES)))
    return Grid("People by the way that first brought them", ("", *(m.capitalize() for m in MODES)), table, right=False)


def _beside(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, number, sentence) of the people that stand beside the sides."""
    out = []
    for key, name, what in (
        ("unanswered", "Unanswered", "spoke to you and had no answer within 7 days"),
        ("hidden", "Hidden parents", "came by reposts whose parent the network hides"),
    ):
        given = document.get(key)
        people = whole(part(given, "people"))
        if people is None:
            out.append((name, "", "not counted in this log"))
            continue
        then = _would_change(part(given, "would_change_answer"))
        shares = whole(part(given, "shares"))
        more = f", {words.counted(shares, 'share')}" if shares is not None else ""
        out.append((name, f"{people:,}", f"{what}{more}; {then}"))
    known = whole(document.get("known_before"))
    if known is not None:
        out.append(("Known before", f"{known:,}", "first seen within 30 days of the start of coverage: on no side"))
    return out


def _would_change(x: object) -> str:
    if x is True:
        return "if they counted, the answer would change"
    return "if they counted, the answer stays" if x is False else "whether they would change the answer is not known"


def _reproduction(document: Mapping[str, Any]) -> dict[str, Any]:
    given = document.get("reproduction")
    chance = number(part(given, "probability_at_least_1"))
    return {
        "shown": words.estimate(given),
        "chance": f"chance of 1 or more: {words.percent(chance)}" if chance is not None else "",
    }


def _back(document: Mapping[str, Any]) -> Grid:
    table: list[tuple[Cell, ...]] = [
        (name, *(words.estimate(part(document, "modes", mode, key), "fraction") for mode in SIDES))
        for name, key in (("days 30 to 59", "retained_30"), ("days 90 to 119", "retained_90"))
    ]
    return Grid("People who came back", ("Came back", "Conversation", "Spread"), table, right=False)


MARKS = {"conversation": "m conv", "spread": "m spread", "broadcast": "m broad"}


def _plan(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    out = []
    for step in rows(document.get("plan")):
        unit = clean(step.get("effect_unit"), 60)
        cost = words.money(step.get("cost"), currency_of(document))
        out.append({
            "mark": MARKS.get(str(step.get("mode")), "m unk" if step.get("mode") == "unknown" else "m"),
            "title": clean(step.get("title"), 200) or clean(step.get("action"), 40) or "Something to do",
            "why": words.sentence(clean(step.get("why"))),
            "effect": words.estimate(step.get("effect"), unit, currency_of(document)),
            "unit": _after_unit(unit),
            "cost": f"costs {cost}" if cost else words.sentence(clean(step.get("cost_why"))) or "cost not known",
            "changes_if": words.sentence(clean(step.get("changes_if"))),
            "who": [clean(one, 80) for one in step.get("who") or [] if isinstance(one, str)][:20],
            "estimator": words.sentence(clean(step.get("estimator"))),
        })  # fmt: skip
    return out


def _after_unit(unit: str) -> str:
    """The words of a unit that stand after the number; nothing where the number already carries it."""
    carried = words.unit_of(unit)
    if carried.after:
        return ""
    return unit.split(" ", 1)[1] if carried.before and " " in unit else "" if carried.before else unit


VIEWS = {"named": "by name", "totals only": "totals only", "both": "by name and as totals", "none": "none"}


def _coverage(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    out = []
    for c in rows(document.get("coverage")):
        out.append({
            "channel": clean(c.get("channel"), 40),
            "rows": f"{whole(c.get('rows')) or 0:,}",
            "span": words.span(c.get("first"), c.get("last")) or "no time",
            "sees": clean(c.get("sees"), 120) or "not said",
            "parents": _meter(c.get("parents")),
            "replies": _meter(c.get("replies")),
            "visits": _meter(c.get("visits_told_apart")),
            "views": VIEWS.get(str(c.get("views")), "not said"),
            "notes": sentences(c.get("notes")),
        })  # fmt: skip
    return out


def _meter(given: object) -> dict[str, str]:
    """A part as a meter and words; without a number the reason."""
    value = number(part(given, "value") if isinstance(given, Mapping) else given)
    if value is None:
        return {"value": "", "text": clean(part(given, "why")) or "none seen"}
    return {"value": f"{max(0.0, min(1.0, value)):.3f}", "text": words.percent(value)}


def _foot(document: Mapping[str, Any]) -> str:
    level, window = number(document.get("level")) or 0.9, number(document.get("window_days"))
    said = [f"Intervals are {words.percent(level)} unless said otherwise."]
    said.append("A person's side is the way that first brought them.")
    unknown = whole(part(document, "modes", "unknown", "people"))
    if unknown:
        said.append(f"{words.counted(unknown, 'person is', 'people are')} of unknown origin and stand on neither side.")
    if window is not None:
        said.append(f"A conversion's value is divided over the touches of the {words.plain(window)} days up to it.")
    seed = whole(document.get("seed"))
    if seed is not None:
        said.append(f"Seed {seed}: the same log gives the same page.")
    return " ".join(said)
