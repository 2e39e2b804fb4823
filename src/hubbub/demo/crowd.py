"""Invented people: who they are, where they are at home, what they are called there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.demo import setting
from hubbub.demo.rhythm import pick
from hubbub.demo.rows import CODE, Ints, Texts, fixed, joined

GIVEN = (
    "Ada", "Aino", "Amara", "Anouk", "Arjun", "Asha", "Bea", "Bela", "Bruno", "Carla", "Chidi", "Cleo", "Dario", "Davi",
    "Edda", "Elif", "Elio", "Emre", "Enno", "Esra", "Fadi", "Femi", "Finn", "Freya", "Gesa", "Gita", "Hana", "Hugo", "Ida",
    "Ilse", "Imani", "Irma", "Ivo", "Jana", "Jaro", "Joris", "Juna", "Kai", "Karim", "Kira", "Lale", "Leif", "Lena", "Lio",
    "Lotte", "Luca", "Malik", "Maren", "Mika", "Milan", "Mona", "Nadia", "Nele", "Niko", "Noor", "Olga", "Omar", "Otis",
    "Paola", "Pia", "Quinn", "Rafa", "Ravi", "Rosa", "Runa", "Sami", "Sanna", "Selma", "Silas", "Sora", "Tala", "Tarek",
    "Tilda", "Timo", "Uma", "Vera", "Veit", "Wanda", "Wim", "Xenia", "Yara", "Yuki", "Zeno", "Zora",
)  # fmt: skip
SURNAME = (
    "Abel", "Alder", "Amsel", "Barrow", "Beck", "Birke", "Bramble", "Brook", "Calder", "Corin", "Dahl", "Dorn", "Ebert",
    "Elm", "Erle", "Falk", "Farrow", "Fenn", "Fink", "Ginster", "Glen", "Hasel", "Heath", "Holt", "Igel", "Jasper", "Kast",
    "Kiefer", "Lark", "Lind", "Loam", "Marsh", "Mohn", "Moor", "Nettle", "Nord", "Oakes", "Olm", "Pasture", "Quell", "Rain",
    "Reed", "Ried", "Rowan", "Sand", "Sommer", "Specht", "Stein", "Tann", "Thorn", "Ulme", "Vale", "Veil", "Wald", "Weide",
    "Wren", "Yarrow", "Zeisig",
)  # fmt: skip
WORD = (
    "leafy", "mossy", "fernie", "potted", "green", "sill", "repot", "loam", "sprout", "balcony", "shade", "humid", "rooted",
    "cutting", "node", "frond", "dewy", "window", "succulent", "jungle", "terra", "twig", "bloom", "perlite", "tendril",
)  # fmt: skip


class Crowd:
    """People by number; they are added in groups and get their handles when the log is made."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.size = 0
        self._parts: dict[str, list[npt.NDArray[np.int64]]] = {
            "home": [], "second": [], "zone": [], "tongue": [], "given": [], "surname": [], "style": [], "word": [],
        }  # fmt: skip
        self._chunks: dict[str, npt.NDArray[np.int64]] = {}
        self._bases: Texts | None = None

    def add(self, n: int, home: int | None = None, second: float = 0.0) -> npt.NDArray[np.int64]:
        """Add `n` people, at home on channel `home` or anywhere; part `second` of them has another home too."""
        rng = self._rng
        weights = np.array(setting.HOMES, dtype=float)
        homes = pick(rng, weights, n) if home is None else np.full(n, home)
        tongue = pick(rng, np.array([82, 11, 7]), n)
        zone = np.where(tongue == 1, 0, np.where(tongue == 2, 3, pick(rng, np.array([24, 36, 20, 2, 10, 4, 4]), n)))
        values = {
            "home": homes,
            "second": np.where(rng.random(n) < second, pick(rng, weights, n), -1),
            "zone": zone,
            "tongue": tongue,
            "given": rng.integers(0, len(GIVEN), n),
            "surname": rng.integers(0, len(SURNAME), n),
            "style": pick(rng, np.array([5, 4, 4, 3, 4, 3, 2]), n),
            "word": rng.integers(0, len(WORD), n),
        }
        for name, value in values.items():
            self._parts[name].append(value.astype(np.int64))
        self._chunks.clear()
        self._bases = None
        self.size += n
        return np.arange(self.size - n, self.size)

    def fix(self, people: Iterable[tuple[str, str, str]]) -> None:
        """Add people with a name, a handle and a home of their own; they are the first of the crowd."""
        for _, _, home in people:
            self.add(1, setting.CODE[home])
            self._parts["tongue"][-1][:] = 0
            self._parts["zone"][-1][:] = 0

    def of(self, what: str, people: Ints) -> npt.NDArray[np.int64]:
        """One property of some people: `home`, `second`, `zone`, `tongue`."""
        if what not in self._chunks:
            self._chunks[what] = np.concatenate(self._parts[what])
        return self._chunks[what][people]

    def given(self, people: Ints) -> Texts:
        """First names."""
        first = pa.array([*GIVEN, *(name.split()[0] for name, _, _ in setting.FIXED)])
        code = np.where(people < len(setting.FIXED), len(GIVEN) + people, self.of("given", people))
        return first.take(pa.array(code))

    def labels(self, people: Ints) -> Texts:
        """A name for each person, as a list of people has it; no two are the same."""
        name = joined(self.given(people), " ", pa.array(SURNAME).take(pa.array(self.of("surname", people))))
        label = joined(name, " ", pa.array(people).cast(pa.string()))
        own = pa.array([name for name, _, _ in setting.FIXED])
        return pc.if_else(pa.array(people < len(own)), own.take(pa.array(np.minimum(people, len(own) - 1))), label)

    def names(self, channel: Ints, people: Ints) -> Texts:
        """The handle of each person on each channel."""
        base = self._handles().take(pa.array(people))
        mail = joined(base, "@mail.example")
        guest = joined("guest-", fixed((people.astype(np.int64) * 7_919 + 4_242) % 36**4, 4, CODE))
        out = pc.if_else(pa.array(channel == setting.CODE["email"]), mail, base)
        out = pc.if_else(pa.array(channel == setting.CODE["chat"]), guest, out)
        for (person, place), handle in setting.FIXED_HANDLES.items():
            out = pc.if_else(pa.array((people == person) & (channel == setting.CODE[place])), handle, out)
        return out

    def _handles(self) -> Texts:
        if self._bases is None:
            self._bases = _distinct(self._styled())
        return self._bases

    def _styled(self) -> Texts:
        everyone = np.arange(self.size)
        given = pc.utf8_lower(pa.array(GIVEN).take(pa.array(self.of("given", everyone))))
        surname = pc.utf8_lower(pa.array(SURNAME).take(pa.array(self.of("surname", everyone))))
        word = pa.array(WORD).take(pa.array(self.of("word", everyone)))
        year = fixed(60 + self.of("surname", everyone) % 40, 2)
        styles = (
            joined(given, ".", surname), joined(given, "_", word), joined(word, ".", given), joined(word, surname),
            joined(given, year), joined(word, ".", surname), joined(surname, ".", given, year),
        )  # fmt: skip
        out = pc.choose(pa.array(self.of("style", everyone)), *styles)
        own = pa.array([handle for _, handle, _ in setting.FIXED])
        return pa.concat_arrays([own, out[len(own) :]])


def _distinct(texts: Texts) -> Texts:
    """The texts, with a running number behind those that came before."""
    code = texts.dictionary_encode().indices.to_numpy()
    order = np.argsort(code, kind="stable")
    starts = np.flatnonzero(np.diff(code[order], prepend=-1))
    nth = np.empty(len(code), dtype=np.int64)
    nth[order] = np.arange(len(code)) - np.repeat(starts, np.diff(np.append(starts, len(code))))
    numbered = joined(texts, "_", pa.array(nth + 1).cast(pa.string()))
    return pc.if_else(pa.array(nth == 0), texts, numbered)
