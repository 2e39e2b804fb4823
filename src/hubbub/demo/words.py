"""Invented words: sentences from a grammar of independent slots, answers that fit the question, thousands at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.demo import english, french, german
from hubbub.demo.phrases import Book
from hubbub.demo.rows import Ints, Texts, joined

TONGUES: tuple[str, ...] = ("en", "de", "fr")
BOOKS: tuple[Book, ...] = (english.BOOK, german.BOOK, french.BOOK)
PLANTS = len(english.PLANT)
MATTER_SLOTS = ("says", "why", "do", "then")
_SLOT = re.compile(r"\{(\w+)\}")

SLIPS = (
    ("because", "becuase"), ("the ", "teh "), ("leaves", "leafs"), ("really", "realy"), ("definitely", "definately"),
    ("it is", "its"), ("again", "agian"), ("think", "thnik"), ("their", "thier"), ("window", "windwo"),
    ("since", "sicne"), (" und ", " udn "), ("nicht", "nciht"), ("merci", "mercu"), ("does not", "doesnt"),
    ("water", "watre"), ("Thanks", "Thnaks"), ("should", "shoud"), (". ", "."), (", ", " "),
)  # fmt: skip
"""What thumbs do to words."""


@dataclass(frozen=True)
class Pool:
    """Choices of one slot, those of each key laid end to end."""

    texts: Texts
    start: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Subject:
    """What each text is about; every field has one entry a text.

    tongue : position in `TONGUES`
    plant : 0 .. PLANTS - 1
    matter : position among the tongue's matters
    campaign : position in `campaigns`, or negative for none
    """

    tongue: Ints
    plant: Ints
    matter: Ints
    campaign: Ints

    def __getitem__(self, rows: npt.NDArray[np.generic]) -> Subject:
        return Subject(self.tongue[rows], self.plant[rows], self.matter[rows], self.campaign[rows])

    def __len__(self) -> int:
        return len(self.tongue)


def subjects(rng: np.random.Generator, n: int, tongue: Ints, campaign: Ints) -> Subject:
    """Draw a plant and a matter for each of `n` texts, with the favourites that people have."""
    matters = np.array([len(book.matters) for book in BOOKS])[tongue]
    plant = np.minimum((rng.random(n) ** 1.4 * PLANTS).astype(np.int64), PLANTS - 1)
    matter = (rng.random(n) * matters).astype(np.int64)
    return Subject(tongue, plant, matter, campaign)


class Writer:
    """Writes texts of one kind for many subjects at once.

    campaigns : what `Subject.campaign` stands for
    """

    def __init__(self, rng: np.random.Generator, campaigns: tuple[str, ...]) -> None:
        self._rng = rng
        self._campaigns = campaigns

    def write(self, kind: str, subject: Subject, names: Mapping[str, Texts] | None = None, slips: float = 0.0) -> Texts:
        """One text for each subject.

        kind : a pattern's name, such as `answer`; `open` takes the patterns of the matter's topic
        names : texts for `{to}` and `{from}`, one a subject
        slips : part of the texts with a slip of the thumb or without capitals
        """
        texts: list[Texts] = []
        rows: list[npt.NDArray[np.int64]] = []
        for tongue, book in enumerate(BOOKS):
            mine = np.flatnonzero(subject.tongue == tongue)
            for pattern_kind, part in _kinds(book, kind, subject.matter[mine]):
                chosen = mine[part]
                patterns = book.patterns[pattern_kind]
                which = (self._rng.random(len(chosen)) * len(patterns)).astype(np.int64)
                for number, pattern in enumerate(patterns):
                    here = chosen[which == number]
                    if len(here):
                        texts.append(self._fill(tongue, pattern, subject[here], _some(names, here)))
                        rows.append(here)
        if not texts:
            return pa.nulls(0, pa.string())
        back = np.argsort(np.concatenate(rows), kind="stable")
        text = pa.concat_arrays(texts).take(pa.array(back))
        for _ in range(2):  # choices that are empty leave up to three spaces
            text = pc.replace_substring(text, "  ", " ")
        text = pc.utf8_trim_whitespace(text)
        return self._slip(text, slips) if slips > 0 else text

    def _fill(self, tongue: int, pattern: str, subject: Subject, names: Mapping[str, Texts]) -> Texts:
        """Fill the slots of a pattern; a choice may hold slots of its own, which are filled the same way."""
        drawn: dict[str, Ints] = {}
        pieces: list[Texts | str] = []
        for i, part in enumerate(_SLOT.split(pattern)):
            if i % 2 == 0:
                pieces.append(part)
            else:
                pieces.append(self._slot(tongue, part, subject, names, drawn))
        if not any(isinstance(piece, pa.Array) for piece in pieces):
            return pa.repeat(pa.scalar(pattern), len(subject))
        return joined(*pieces)

    def _slot(
        self, tongue: int, slot: str, subject: Subject, names: Mapping[str, Texts], drawn: dict[str, Ints]
    ) -> Texts:
        name = slot[0].lower() + slot[1:]
        if name in names:
            return names[name]
        base = name.rstrip("0123456789") if name != "plant2" else name
        pool, key = _pool(tongue, base, slot[0].isupper(), self._campaigns), _key(base, subject)
        count = pool.count[key]
        if base in drawn:
            step = 1 + (self._rng.random(len(subject)) * np.maximum(count - 1, 1)).astype(np.int64)
            drawn[base] = (drawn[base] + step) % count
        else:
            drawn[base] = (self._rng.random(len(subject)) * count).astype(np.int64)
        choice = pool.start[key] + drawn[base]
        return self._nested(tongue, pool, choice, subject, names)

    def _nested(
        self, tongue: int, pool: Pool, choice: npt.NDArray[np.int64], subject: Subject, names: Mapping[str, Texts]
    ) -> Texts:
        plain = pool.texts.take(pa.array(choice))
        holds = pc.match_substring(pool.texts, "{").to_numpy(zero_copy_only=False)
        if not holds[choice].any():
            return plain
        open_ = np.flatnonzero(holds[choice])
        filled: list[Texts] = []
        rows: list[npt.NDArray[np.int64]] = []
        for entry in np.unique(choice[open_]):
            here = open_[choice[open_] == entry]
            filled.append(self._fill(tongue, pool.texts[int(entry)].as_py(), subject[here], _some(names, here)))
            rows.append(here)
        back = np.argsort(np.concatenate(rows), kind="stable")
        mask = np.zeros(len(choice), dtype=bool)
        mask[open_] = True
        return pc.replace_with_mask(plain, pa.array(mask), pa.concat_arrays(filled).take(pa.array(back)))

    def _slip(self, text: Texts, part: float) -> Texts:
        draw = self._rng.random(len(text)) / part * (len(SLIPS) + 8)
        for number, (right, wrong) in enumerate(SLIPS):
            mask = pa.array((draw >= number) & (draw < number + 1))
            text = pc.if_else(mask, pc.replace_substring(text, right, wrong, max_replacements=1), text)
        low = pa.array((draw >= len(SLIPS)) & (draw < len(SLIPS) + 8))
        return pc.if_else(low, pc.utf8_lower(text), text)


def _kinds(book: Book, kind: str, matter: Ints) -> list[tuple[str, npt.NDArray[np.int64]]]:
    if kind in book.patterns:
        return [(kind, np.arange(len(matter)))]
    topics = np.array([f"{kind}.{m.topic}" for m in book.matters])[matter]
    return [(str(topic), np.flatnonzero(topics == topic)) for topic in np.unique(topics)]


def _some(names: Mapping[str, Texts] | None, rows: npt.NDArray[np.int64]) -> Mapping[str, Texts]:
    return {name: texts.take(pa.array(rows)) for name, texts in (names or {}).items()}


def _key(name: str, subject: Subject) -> Ints:
    if name in MATTER_SLOTS:
        return subject.matter
    if name in ("about", "news"):
        return np.maximum(subject.campaign, 0)
    if any(name in book.plants for book in BOOKS):
        return subject.plant
    return np.zeros(len(subject), dtype=np.int64)


@cache
def _pool(tongue: int, name: str, capital: bool, campaigns: tuple[str, ...]) -> Pool:
    book = BOOKS[tongue]
    groups: list[tuple[str, ...]]
    if name in MATTER_SLOTS:
        groups = [getattr(matter, name) for matter in book.matters]
    elif name in book.campaigns:
        groups = [book.campaigns[name].get(campaign, ()) for campaign in campaigns]
    elif name in book.plants:
        groups = [(form,) for form in book.plants[name]]
    else:
        groups = [book.slots[name]]
    count = np.array([len(group) for group in groups], dtype=np.int64)
    texts = [_raised(text) if capital else text for group in groups for text in group]
    return Pool(pa.array(texts, pa.string()), np.cumsum(count) - count, np.maximum(count, 1))


def _raised(text: str) -> str:
    """The text with its first letter, or first slot, as at the start of a sentence."""
    first = 1 if text.startswith("{") else 0
    return text[:first] + text[first : first + 1].upper() + text[first + 1 :]
