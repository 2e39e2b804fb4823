"""The shape of a phrase book: what the invented people and the invented brand can say in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Matter:
    """One thing that people bring up, and what fits it as an answer.

    topic : chooses the sentence patterns, such as `symptom`
    says : ways to state it, after "my fern"
    why : causes that the brand names
    do : what the brand advises
    then : how it goes on some days later, as the person tells it
    """

    topic: str
    says: tuple[str, ...]
    why: tuple[str, ...]
    do: tuple[str, ...]
    then: tuple[str, ...]


@dataclass(frozen=True)
class Book:
    """Everything that can be said in one language.

    slots : name -> choices, any of which fits wherever the name stands
    plants : name -> one form a plant, in one order of plants
    campaigns : name -> campaign -> choices
    matters : what people bring up
    patterns : kind, or kind.topic -> sentence patterns, `{slot}` marks a slot, `{Slot}` one that starts a sentence
    """

    slots: Mapping[str, tuple[str, ...]]
    plants: Mapping[str, tuple[str, ...]]
    campaigns: Mapping[str, Mapping[str, tuple[str, ...]]]
    matters: tuple[Matter, ...]
    patterns: Mapping[str, tuple[str, ...]]
