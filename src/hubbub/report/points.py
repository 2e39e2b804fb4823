"""The points of difference: conversation left, spread right, zero in the middle, each row with its own scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from hubbub.report import methods, words
from hubbub.report.reading import GROUPS, SIDES, currency_of, part, rows
from hubbub.report.svg import STROKE, chart, line, side_mark
from hubbub.report.words import Shown, clean, number

WON = {"conversation": "conversation", "spread": "spread"}


@dataclass(frozen=True, slots=True)
class Row:
    """One point of difference, as it is shown.

    less_is_more : whether a smaller number makes the claim more true
    first : whether it is the first row of its claim, which then is written out
    won : `conversation`, `spread`, "" for no clear difference, None where a side has no number
    """

    claim: str
    metric: str
    less_is_more: bool
    first: bool
    conversation: Shown
    spread: Shown
    picture: Markup
    won: str | None
    difference: Shown
    p: str
    rests_on: str
    sides: str
    method: methods.Method

    @property
    def nothing(self) -> str:
        """The reason where neither side has a number."""
        if self.conversation.known or self.spread.known:
            return ""
        same = self.conversation.why == self.spread.why
        return self.conversation.why if same else f"Conversation: {self.conversation.why}. Spread: {self.spread.why}"


def groups(document: Mapping[str, Any]) -> list[tuple[str, list[Row]]]:
    """(name of the group, its rows) in the order of the document; a group that is not known stands last."""
    given = rows(document.get("points"))
    currency = currency_of(document)
    out = []
    for key, name in (*GROUPS.items(), ("", "Other")):
        mine = [p for p in given if (p.get("group") == key if key else p.get("group") not in GROUPS)]
        if mine:
            out.append((name, [_row(p, i == 0 or p.get("claim") != mine[i - 1].get("claim"), currency)
                               for i, p in enumerate(mine)]))  # fmt: skip
    return out


def _row(p: Mapping[str, Any], first: bool, currency: str | None) -> Row:
    unit = str(p.get("unit") or "")
    shown = {side: words.estimate(p.get(side), unit, currency) for side in SIDES}
    both = all(shown[side].known for side in SIDES)
    metric = metric_words(clean(p.get("metric"), 160))
    probability = number(p.get("p"))
    return Row(
        claim=_capital(clean(p.get("claim"), 120)) or "A point without a name",
        metric=metric,
        less_is_more=p.get("less_is_more") is True,
        first=first,
        conversation=shown["conversation"],
        spread=shown["spread"],
        picture=picture(p.get("conversation"), p.get("spread"), unit, currency),
        won=WON.get(str(p.get("favours")), "") if both else None,
        difference=words.estimate(p.get("difference"), unit, currency),
        p=f"two-sided p {words.plain(probability)}" if probability is not None else "",
        rests_on=words.listed([clean(one, 40) for one in p.get("rests_on") or [] if isinstance(one, str)]),
        sides=clean(p.get("sides"), 60) or "people by origin",
        method=methods.of_point(dict(p)),
    )


METRICS = {
    "retained_30": "came back in days 30 to 59",
    "retained_90": "came back in days 90 to 119",
    "`leave`": "opt-outs",
    "`flag`": "complaints",
    "P(R >= 1)": "chance that reproduction is 1 or more",
    "`": "",
}
"""What the document's short words are called in front of a person."""


def metric_words(text: str) -> str:
    """A metric in words that a person reads."""
    for short, long in METRICS.items():
        text = text.replace(short, long)
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def picture(conversation: object, spread: object, unit: str, currency: str | None) -> Markup:
    """Both sides of one claim on one scale; nothing where neither has a number."""
    sides = {"conversation": conversation, "spread": spread}
    ends = {side: _ends(e) for side, e in sides.items()}
    limit = max((abs(x) for found in ends.values() if found for x in found), default=0.0)
    if not any(ends.values()):
        return Markup()
    said = " ".join(f"{side.capitalize()} {words.estimate(e, unit, currency)}." for side, e in sides.items())
    out: list[Markup] = [line(0, 100, 15, 15, "ax")]
    for side, direction in (("conversation", -1), ("spread", 1)):
        found = ends[side]
        if found:
            out.extend(_side(side, direction, found, limit or 1.0))
    return chart(30, said, *out, line(50, 50, 0, 30, "ax0"))


def _ends(e: object) -> tuple[float, float, float] | None:
    """(value, low, high); without an interval all are the value, without a value it stands amid its bounds."""
    value, low, high = (number(part(e, key)) for key in ("value", "low", "high"))
    if value is None and low is not None and high is not None:
        return ((low + high) / 2, low, high)
    if value is None:
        return None
    return (value, value if low is None else low, value if high is None else high)


def _side(side: str, direction: int, found: tuple[float, float, float], limit: float) -> list[Markup]:
    value, low, high = (50 + direction * 46 * max(-1.0, min(1.0, x / limit)) for x in found)
    stroke = STROKE[side]
    out = [line(50, value, 15, 15, f"{stroke} stem")]
    if low != high:
        out.append(line(low, high, 15, 15, f"{stroke} iv"))
    out.append(side_mark(side, value, 15, 6))
    return out
