"""When invented people do things: hours of the day, days of the week, seasons and time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from hubbub.demo.rows import Floats, Ints

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR

EVENING = np.array([2, 1, 1, 1, 1, 2, 5, 9, 10, 9, 9, 10, 12, 11, 9, 9, 10, 13, 17, 21, 23, 20, 12, 5], dtype=float)
"""People's hours, by their own clock: a rise at breakfast, a bump at noon, most after dinner."""
OFFICE = np.array([0, 0, 0, 0, 0, 0, 0, 2, 9, 14, 15, 13, 8, 10, 13, 12, 10, 8, 7, 6, 2, 1, 0, 0], dtype=float)
"""The brand's hours."""
FLAT = np.ones(24)
"""Machines."""
WEEKDAYS = np.array([1.0, 1.15, 1.0, 0.95, 0.85, 1.1, 1.3])
"""Monday to Sunday: the Tuesday clinic, a quiet Friday, a long Sunday."""


class Calendar:
    """The days of a log, in several time zones.

    start : midnight UTC of the first day
    days : how many
    zones : IANA names; a zone's code is its position
    """

    def __init__(self, start: datetime, days: int, zones: tuple[str, ...]) -> None:
        self.start = start
        self.days = days
        self.zones = zones
        self.first = round((start - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * SECOND
        self.end = self.first + days * DAY - 1
        noons = [start + timedelta(days=day, hours=12) for day in range(-1, days + 31)]
        shift = [[noon.astimezone(ZoneInfo(zone)).utcoffset() for noon in noons] for zone in zones]
        self._offset = np.array([[round((s or timedelta()).total_seconds()) * SECOND for s in row] for row in shift])
        self.weekday = (start.weekday() + np.arange(days)) % 7

    def day(self, iso: str) -> int:
        """Number of a day, `2026-03-01`, from the start."""
        return (datetime.fromisoformat(iso).replace(tzinfo=UTC) - self.start).days

    def offset(self, time: Ints, zone: Ints) -> npt.NDArray[np.int64]:
        """Microseconds by which the clocks of `zone` are ahead of UTC."""
        day = np.clip((time - self.first) // DAY + 1, 0, self._offset.shape[1] - 1)
        out: npt.NDArray[np.int64] = self._offset[zone, day]
        return out

    def weights(self, growth: float = 1.5, season: float = 0.3) -> Floats:
        """How busy each day is: weekdays, a season that peaks in spring, and growth by `growth` over the log."""
        day = np.arange(self.days)
        yearly = 1 + season * np.sin(2 * np.pi * (day - 60) / 365)
        out: Floats = WEEKDAYS[self.weekday] * yearly * growth ** (day / self.days)
        return out

    def times(
        self, rng: np.random.Generator, weights: Floats, zone: Ints, hours: Floats = EVENING
    ) -> npt.NDArray[np.int64]:
        """One moment for each entry of `zone`: a day by `weights`, an hour by that zone's clock."""
        return self.at_hours(rng, pick(rng, weights, len(zone)), zone, hours)

    def at_hours(
        self, rng: np.random.Generator, day: Ints, zone: Ints, hours: Floats = EVENING
    ) -> npt.NDArray[np.int64]:
        """One moment on each day (of the zone's own clock), in UTC."""
        hour = pick(rng, hours, len(day))
        local = self.first + day.astype(np.int64) * DAY + hour * HOUR + rng.integers(0, HOUR, len(day))
        out: npt.NDArray[np.int64] = np.clip(local - self.offset(local, zone), self.first, None)
        return out

    def awake(
        self, rng: np.random.Generator, time: Ints, zone: Ints, opens: int = 7, closes: int = 23
    ) -> npt.NDArray[np.int64]:
        """Moments at night moved to the next morning: `opens` and `closes` are hours of the zone's clock."""
        ahead = self.offset(time, zone)
        hour = (time + ahead) % DAY // HOUR
        night = (hour < opens) | (hour >= closes)
        midnight = (time + ahead) // DAY * DAY + np.where(hour >= closes, DAY, 0)
        morning = midnight + opens * HOUR + rng.integers(0, 2 * HOUR, len(time)) - ahead
        out: npt.NDArray[np.int64] = np.where(night, morning, time)
        return out


def pick(rng: np.random.Generator, weights: Floats, n: int) -> npt.NDArray[np.int64]:
    """`n` positions drawn in proportion to `weights`."""
    edges = np.cumsum(weights)
    found: npt.NDArray[np.int64] = np.searchsorted(edges, rng.random(n) * edges[-1], side="right").astype(np.int64)
    return np.minimum(found, len(edges) - 1)


def waits(rng: np.random.Generator, n: int, median_hours: float, sigma: float = 1.0) -> npt.NDArray[np.int64]:
    """Log-normal waiting times in microseconds, at least one second, at most six days."""
    hours = median_hours * np.exp(sigma * rng.standard_normal(n))
    return np.clip((hours * HOUR).astype(np.int64), SECOND, 6 * DAY) + rng.integers(0, SECOND, n)
