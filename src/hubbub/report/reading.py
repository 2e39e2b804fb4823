"""Reading the compare document for a face: parts that may be missing, the answer, the unit of the quantity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubbub.report.words import CODE, clean, money, money_unit, number, plain, sentence

MODES = ("conversation", "spread", "broadcast", "unknown")
SIDES = ("conversation", "spread")
RULES = {
    "linear": "Linear (decides)",
    "first": "First touch",
    "last": "Last touch",
    "position": "Position",
    "decay": "Time decay",
    "markov": "Markov (no veto)",
    "shapley": "Shapley",
}
GROUPS = {"talking": "Talking", "spreading": "Spreading", "doubt": "Doubt and harm"}
KINDS = {
    "conversation": "conversation",
    "wildfire": "wildfire",
    "movement": "movement: both",
    "broadcast": "broadcast: neither",
    "grey": "grey area",
    "unknown": "not measurable",
}
FEW = 10
"""Units in either mode below which no number is given."""


def part(document: object, *keys: str) -> Any:
    """A part of the document, or None where it is missing on the way."""
    for key in keys:
        if not isinstance(document, Mapping):
            return None
        document = document.get(key)
    return document


def rows(x: object) -> list[Mapping[str, Any]]:
    """The objects of a list; nothing where there is none."""
    return [row for row in x if isinstance(row, Mapping)] if isinstance(x, list | tuple) else []


def numbers(x: object) -> list[float]:
    """The numbers of a list, without those that are none."""
    found = [number(one) for one in x] if isinstance(x, list | tuple) else []
    return [one for one in found if one is not None]


def whole(x: object) -> int | None:
    """A count, or None."""
    found = number(x)
    return None if found is None else round(found)


def sentences(x: object) -> list[str]:
    """Texts of a list, cleaned, each a sentence."""
    if isinstance(x, str):
        x = [x]
    said = [sentence(clean(one)) for one in x if isinstance(one, str)] if isinstance(x, list | tuple) else []
    return [one for one in said if one]


def currency_of(document: Mapping[str, Any]) -> str | None:
    """The currency of the document's money, where any part of it names one."""
    named = (
        document.get("currency"),
        part(document, "verdict", "currency"),
        part(document, "verdict", "needs", "value_of_information", "currency"),
        *(step.get("effect_unit") for step in rows(document.get("plan"))),
        part(document, "verdict", "unit_of_effort"),
    )
    return next((str(x) for x in named if isinstance(x, str) and CODE.fullmatch(x)), None)


@dataclass(frozen=True, slots=True)
class Quantity:
    """What the verdict compares: `label` for tables, `unit` for estimates, `axis` for the draws."""

    label: str
    unit: str
    axis: str


def quantity_of(document: Mapping[str, Any]) -> Quantity:
    """The compared quantity in words."""
    name = part(document, "verdict", "quantity")
    currency = currency_of(document)
    money_word = currency or ""
    if name == "value_per_effort":
        effort = effort_unit(document)
        # A sum of money over money is a plain ratio, its unit said in the label.
        return Quantity(f"Value per {effort}", money_word, f"{currency or 'value'} per {effort} ahead")
    if name == "value":
        return Quantity("Value credited", money_word, f"{currency or 'value'} ahead")
    if name == "conversions":
        return Quantity("Conversions credited", "", "conversions ahead")
    if name == "retained_30":
        return Quantity("People who came back", "", "people ahead")
    return Quantity("Compared quantity", "", "ahead")


def effort_unit(document: Mapping[str, Any]) -> str:
    """One unit of effort in words: `hour`, `€1`."""
    unit = part(document, "verdict", "unit_of_effort")
    if isinstance(unit, str) and CODE.fullmatch(unit):
        return f"{money_unit(unit).before}1 spent"
    return "hour" if unit == "hour" else "unit of effort"


def effort(document: Mapping[str, Any], amount: object) -> str:
    """An amount of effort in its unit; empty where there is none."""
    found = number(amount)
    if found is None:
        return ""
    unit = part(document, "verdict", "unit_of_effort")
    if isinstance(unit, str) and CODE.fullmatch(unit):
        return money(found, unit)
    return f"{plain(found)} hours" if unit == "hour" else plain(found)


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict as a person reads it.

    of_100 : draws of 100 in which conversation is ahead, None where no number is given
    limit : from how many of 100 the answer is given
    """

    answer: str
    sentence: str
    why: tuple[str, ...]
    of_100: int | None
    limit: int
    basis: str
    units: Mapping[str, int]

    @property
    def label(self) -> str:
        """The bar as a sentence."""
        if self.of_100 is None:
            return f"No probability yet. {self.sentence}"
        return (
            f"Conversation is ahead in {self.of_100} of 100 draws, spread in {100 - self.of_100}. hubbub calls it for "
            f"conversation at {self.limit} and for spread at {100 - self.limit}; between them it cannot tell yet."
        )


def answer_of(document: Mapping[str, Any]) -> Answer:
    """The verdict of a document, whatever it lacks."""
    verdict = part(document, "verdict")
    answer = str(part(verdict, "answer") or "cannot_tell")
    level = number(document.get("level")) or 0.9
    probability = number(part(verdict, "probability_conversation"))
    said = sentences(part(verdict, "sentence"))
    counts = {mode: whole(part(verdict, "units", mode)) for mode in MODES}
    return Answer(
        answer=answer,
        sentence=" ".join(said) or _own_sentence(answer, probability),
        why=tuple(sentences(part(verdict, "why"))),
        of_100=None if probability is None else hundredths(probability, level),
        limit=round(100 * level),
        basis=str(part(verdict, "basis") or "observed"),
        units={mode: n for mode, n in counts.items() if n is not None},
    )


def hundredths(probability: float, level: float = 0.9) -> int:
    """A probability as so many of 100, never rounded over a threshold or to certainty.

    >>> hundredths(0.899), hundredths(0.9), hundredths(0.9999)
    (89, 90, 99)
    """
    n, limit = round(100 * probability), round(100 * level)
    if probability < level:
        n = min(n, limit - 1)
    if probability > 1 - level + 1e-12:
        n = max(n, 100 - limit + 1)
    if 0 < probability < 1:
        n = min(99, max(1, n))
    return n


def _own_sentence(answer: str, probability: float | None) -> str:
    if answer == "conversation":
        return "Conversation matters more here."
    if answer == "spread":
        return "Spread matters more here."
    if probability is None:
        return "Too little to compare yet."
    if abs(probability - 0.5) < 0.02:
        return "We cannot tell yet."
    return f"We cannot tell yet. {'Conversation' if probability > 0.5 else 'Spread'} is probably ahead."
