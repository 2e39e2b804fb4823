"""The grammar: many different texts, in three tongues, and answers that fit what was asked."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from hubbub.demo.english import CAMPAIGNS, MATTERS, PATTERNS
from hubbub.demo.words import BOOKS, PLANTS, TONGUES, Subject, Writer, subjects

NAMES = tuple(CAMPAIGNS["about"])


def about(n: int, tongue: int = 0, matter: int | None = None) -> Subject:
    rng = np.random.default_rng(1)
    drawn = subjects(rng, n, np.full(n, tongue), rng.integers(0, len(NAMES), n))
    return drawn if matter is None else Subject(drawn.tongue, drawn.plant, np.full(n, matter), drawn.campaign)


def written(kind: str, subject: Subject, seed: int = 0, slips: float = 0.0) -> list[str]:
    people = pa.array(["Ines"] * len(subject))
    return (
        Writer(np.random.default_rng(seed), NAMES)
        .write(kind, subject, {"to": people, "from": people}, slips)
        .to_pylist()
    )


def test_the_same_seed_writes_the_same_words() -> None:
    assert written("open", about(500), 7, 0.1) == written("open", about(500), 7, 0.1)
    assert written("open", about(500), 7) != written("open", about(500), 8)


def test_questions_hardly_repeat() -> None:
    texts = written("open", about(5_000))
    assert len(set(texts)) > 4_800


@pytest.mark.parametrize("matter", range(len(MATTERS)))
def test_an_answer_speaks_of_what_was_asked(matter: int) -> None:
    meant = MATTERS[matter]
    fits = [choice.casefold() for choice in (*meant.why, *meant.do)]
    for text in written("answer", about(40, matter=matter)):
        assert any(choice in text.casefold() for choice in fits), text


@pytest.mark.parametrize("tongue", range(len(TONGUES)))
def test_no_slot_stays_open(tongue: int) -> None:
    """Every pattern of every kind is filled: no brace is left, no double space, nothing empty."""
    for kind in sorted({name.split(".")[0] for name in BOOKS[tongue].patterns}):
        for text in written(kind, about(300, tongue)):
            assert text and not re.search(r"[{}]|  ", text), (kind, text)


def test_every_english_kind_is_there_in_the_other_tongues() -> None:
    """People write in their own tongue; only posts of the brand and adverts are always in English."""
    english = {name.split(".")[0] for name in PATTERNS}
    for book in BOOKS[1:]:
        assert english - {name.split(".")[0] for name in book.patterns} == {"post", "spam"}


def test_every_plant_has_a_name_in_every_tongue() -> None:
    assert {len(forms) for book in BOOKS for forms in book.plants.values()} == {PLANTS}


def test_the_brand_does_not_shout() -> None:
    for kind in ("post", "mail", "answer", "again", "sold"):
        assert not any("!" in text for text in written(kind, about(500)))


def test_slips_change_some_texts_only() -> None:
    """Both calls draw the same texts before the slips; about the asked part of them may change."""
    plain, slipped = written("open", about(2_000)), written("open", about(2_000), slips=0.3)
    changed = sum(a != b for a, b in zip(plain, slipped, strict=True)) / 2_000
    assert 0.05 < changed < 0.3


def test_indefinite_article() -> None:
    text = " ".join(written("wish", about(4_000)))
    assert not re.search(r"\ba (aloe|ivy|oxalis|alocasia)\b|\ban (monstera|hoya)\b", text)
