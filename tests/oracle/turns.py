"""Turns and exchanges of each person with the brand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from .reading import BRAND, Log, Person, Thread
from .settings import WEEK

Speaker = Literal["person", "brand"]


@dataclass(frozen=True)
class Turn:
    """A run of words of one side, by position."""

    speaker: Speaker
    words: tuple[int, ...]


@dataclass(frozen=True)
class Exchange:
    """Two neighbouring turns, the second begun at most 7 days after the first ended."""

    completed: int  # microseconds
    completed_by: int  # the first words of the second turn
    words: tuple[int, ...]  # those near enough to the other turn to be part of it


class Talk:
    """All that was said between the people and the brand."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.said: dict[tuple[Person, Thread], list[tuple[int, Speaker]]] = {}
        answered = {log.follow(i, "in_reply_to") for i in log.all if log.is_words(i) and log.author[i] == BRAND}
        for i in log.all:
            if not log.is_words(i):
                continue
            author, addressed = log.author[i], log.addressed(i)
            if isinstance(author, Person) and (addressed == BRAND or i in answered):
                self.said.setdefault((author, log.thread[i]), []).append((i, "person"))
            if author == BRAND and isinstance(addressed, Person):
                self.said.setdefault((addressed, log.thread[i]), []).append((i, "brand"))
        self.part_of = self._part_of()

    def threads(self, person: Person) -> list[list[tuple[int, Speaker]]]:
        return [said for (who, _), said in self.said.items() if who == person]

    def turns(self, said: list[tuple[int, Speaker]]) -> list[Turn]:
        out: list[Turn] = []
        for i, speaker in said:
            if out and out[-1].speaker == speaker:
                out[-1] = Turn(speaker, (*out[-1].words, i))
            else:
                out.append(Turn(speaker, (i,)))
        return out

    def exchanges_in(self, said: list[tuple[int, Speaker]]) -> list[Exchange]:
        out = []
        turns = self.turns(said)
        time = self.log.time
        for one, two in pairwise(turns):
            last, first = time(one.words[-1]), time(two.words[0])
            if first - last <= WEEK:
                near = [w for w in one.words if first - time(w) <= WEEK]
                near += [w for w in two.words if time(w) - last <= WEEK]
                out.append(Exchange(first, two.words[0], tuple(near)))
        return out

    def exchanges(self, person: Person) -> list[Exchange]:
        return [e for said in self.threads(person) for e in self.exchanges_in(said)]

    def _part_of(self) -> dict[int, int]:
        """Words that are part of an exchange -> when the earliest of these was completed."""
        out: dict[int, int] = {}
        for said in self.said.values():
            for exchange in self.exchanges_in(said):
                for w in exchange.words:
                    out[w] = min(exchange.completed, out.get(w, exchange.completed))
        return out

    def answered(self, said: list[tuple[int, Speaker]], place: int) -> bool:
        """Whether the next words of the other side follow within 7 days."""
        i, speaker = said[place]
        later = [j for j, other in said[place + 1 :] if other != speaker]
        return bool(later) and self.log.time(later[0]) - self.log.time(i) <= WEEK
