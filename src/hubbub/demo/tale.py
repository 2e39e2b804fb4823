"""What the parts of an invented brand's year share: its random numbers, calendar, crowd, rows and words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hubbub.demo import setting
from hubbub.demo.crowd import Crowd
from hubbub.demo.rhythm import Calendar, pick
from hubbub.demo.rows import Ints, Rows, Texts
from hubbub.demo.words import Subject, Writer, subjects

SLIPS = 0.07
"""Part of what people write that has a slip."""
STAFF = ("Mara", "Mara", "Jon", "Lene")


@dataclass
class Tale:
    """The state of one telling.

    scale : 1.0 for a log of 200,000 rows
    regulars, askers, fans : numbers of people of each kind
    posts : rows of the brand's posts, with `post_time`, `post_channel`, `post_campaign`
    links : rows of the brand's own share links, with `link_time`, `link_campaign`
    truth : what was planted
    """

    rng: np.random.Generator
    scale: float
    calendar: Calendar
    crowd: Crowd
    rows: Rows
    writer: Writer
    days: npt.NDArray[np.float64]
    truth: dict[str, Any] = field(default_factory=dict)
    regulars: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    chatty: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    askers: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    fans: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    posts: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    post_time: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    post_channel: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    post_campaign: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    links: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    link_time: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    link_campaign: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def many(self, at_full_size: float) -> int:
        """How many in a log of this size, at least one."""
        return max(1, round(at_full_size * self.scale))

    def yes(self, n: int, chance: float | npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """`n` coins."""
        return self.rng.random(n) < chance

    def some(self, pool: Ints, n: int, weights: npt.NDArray[np.float64] | None = None) -> npt.NDArray[np.int64]:
        """`n` of a pool, with replacement."""
        if weights is None:
            return pool[(self.rng.random(n) * len(pool)).astype(np.int64)].astype(np.int64)
        return pool[pick(self.rng, weights, n)].astype(np.int64)

    def zone(self, people: Ints) -> npt.NDArray[np.int64]:
        return self.crowd.of("zone", people)

    def when(self, people: Ints) -> npt.NDArray[np.int64]:
        """One moment of the year for each of the people, by their own clocks."""
        return self.calendar.times(self.rng, self.days, self.zone(people))

    def awake(self, time: Ints, people: Ints) -> npt.NDArray[np.int64]:
        """Moments at night moved to the morning, for most."""
        moved = self.calendar.awake(self.rng, time, self.zone(people))
        return np.where(self.yes(len(time), 0.8), moved, time)

    def subject(self, people: Ints, campaign: Ints | int = -1) -> Subject:
        """Something to write about for each of the people, in their own tongue."""
        n = len(people)
        return subjects(self.rng, n, self.crowd.of("tongue", people), np.broadcast_to(np.asarray(campaign), n))

    def write(self, kind: str, people: Ints, campaign: Ints | int = -1, slips: float = SLIPS) -> Texts:
        """One text by (or, for the brand's kinds, to) each of the people."""
        return self.writer.write(kind, self.subject(people, campaign), self.called(people), slips)

    def called(self, people: Ints) -> dict[str, Texts]:
        """Names for the slots: the person's, and that of somebody at the brand."""
        staff = pa.array(STAFF).take(pa.array(self.rng.integers(0, len(STAFF), len(people))))
        return {"to": self.crowd.given(people), "from": staff}


def blank(texts: Texts, keep: npt.NDArray[np.bool_]) -> Texts:
    """The texts where `keep` says so, else missing."""
    return pa.compute.if_else(pa.array(keep), texts, pa.scalar(None, pa.string()))


def code(channel: str) -> int:
    """Number of a channel."""
    return setting.CODE[channel]
