"""Claims of talking with people: a dialogue, with customers too, that listens and lasts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hubbub.activity import HOUR_US
from hubbub.compare.frame import numbers
from hubbub.compare.points.data import BY_ORIGIN, NOT_YET, TALKING, Claim, Data, Metric, mean, missing, ratio
from hubbub.compare.scorecard import retained
from hubbub.compare.sides import Manner, Pair, from_intervals
from hubbub.converse.lasting import kaplan_meier, quantile_time


def _exchanges(data: Data, name: str) -> Pair:
    return mean(data, name, data.people.ints("exchanges"), "exchanges per person")


def _answered(column: str, who: str) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        num, den = data.people.ints(f"{column}_answered"), data.people.ints(column)
        manner = Manner(f"{who}; draws of units", "nobody wrote", fraction=True, events=True)
        return ratio(data, name, num, den, manner)

    return measure


def _talked_before(data: Data, name: str) -> Pair:
    return mean(data, name, data.people.ints("exchanges_before") > 0, "an exchange before the first conversion", True)


def _talked_after(data: Data, name: str) -> Pair:
    after = data.people.ints("exchanges_after", -1)
    manner = Manner("buyers with an exchange after their first conversion; draws of units", "nobody converted", True)
    return ratio(data, name, after > 0, after >= 0, manner)


def _had_answer(data: Data, name: str) -> Pair:
    spoke, waits = data.people.ints("spoke") > 0, data.people.flags("unanswered") == 1
    how = "people who spoke to the brand and were answered within 7 days; draws of units"
    manner = Manner(how, "nobody spoke", True)
    return ratio(data, name, spoke & ~waits, spoke, manner)


def _response(part: float) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        origin = data.people.origin
        done, open_ = data.people.lists("answered_us"), data.people.lists("open_us")
        a, b = numbers(done.values), numbers(open_.values)
        found = []
        for j in (0, 1):
            x, y = a[origin[done.row] == j], b[origin[open_.row] == j]
            hours = np.concatenate([x, y]) / HOUR_US
            seen = np.r_[np.ones(len(x), dtype=np.bool_), np.zeros(len(y), dtype=np.bool_)]
            found.append(quantile_time(kaplan_meier(hours, seen, data.level), part, data.level))
        return from_intervals(found[0], found[1], data.level)

    return measure


def _retained(days: int) -> Callable[[Data, str], Pair]:
    def measure(data: Data, name: str) -> Pair:
        a, b = (retained(data.people, j, days, data.level) for j in (0, 1))
        return from_intervals(a, b, data.level)

    return measure


def _trend(data: Data, name: str) -> Pair:
    p = data.people
    known = p.ints("exchanges") >= 4
    change = np.log2((p.ints("exchanges_later") + 0.5) / (p.ints("exchanges_earlier") + 0.5))
    manner = Manner(
        "geometric mean of later over earlier exchanges, people with 4 or more; draws of units",
        "nobody has 4 exchanges", shape=np.exp2,
    )  # fmt: skip
    return ratio(data, name, np.where(known, change, 0.0), known, manner)


DIALOGUE = Claim(TALKING, "takes part in a dialogue", (
    Metric("dialogue.exchanges", "exchanges per person", "exchanges", BY_ORIGIN, "replies", _exchanges),
    Metric("dialogue.answered_by_brand", "fraction of a person's messages that the brand answered", "fraction",
        BY_ORIGIN, "replies", _answered("messages", "messages answered within 7 days")),
    Metric("dialogue.answered_by_people", "fraction of the brand's messages that the person answered", "fraction",
        BY_ORIGIN, "replies", _answered("brand_messages", "the brand's messages answered within 7 days")),
))  # fmt: skip

CUSTOMERS = Claim(TALKING, "interacts with customers and would-be customers", (
    Metric("customers.before", "fraction of people with an exchange before their first conversion", "fraction",
        BY_ORIGIN, "replies", _talked_before),
    Metric("customers.after", "fraction of buyers with an exchange after their first conversion", "fraction",
        BY_ORIGIN, "replies", _talked_after),
))  # fmt: skip

LISTENS = Claim(TALKING, "listens", (
    Metric("listens.answered", "answered fraction of people who spoke", "fraction", BY_ORIGIN, "replies",
        _had_answer),
    Metric("listens.median", "median response time", "hours", BY_ORIGIN, "replies", _response(0.5),
        less_is_more=True),
    Metric("listens.p90", "90th percentile response time", "hours", BY_ORIGIN, "replies", _response(0.9),
        less_is_more=True),
    Metric("listens.needs", "needs named, answered, told back", "fraction", BY_ORIGIN, "rows", missing(NOT_YET)),
))  # fmt: skip

GROWS = Claim(TALKING, "grows, deepens, keeps going", (
    Metric("grows.retained_30", "retained_30", "fraction", BY_ORIGIN, "rows", _retained(30)),
    Metric("grows.retained_90", "retained_90", "fraction", BY_ORIGIN, "rows", _retained(90)),
    Metric("grows.trend", "trend of exchanges", "times", BY_ORIGIN, "replies", _trend),
))  # fmt: skip
