"""What a reading is told besides the rows: brand, people, coverage, money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

HOUR = 3_600_000_000
DAY = 24 * HOUR
WEEK = 7 * DAY

Row = Mapping[str, Any]
"""One activity: the fields of ACTIVITY.md; `time` in whole microseconds since 1970, money as Decimal or None."""

Handle = tuple[str, str]
"""(channel, actor)."""


@dataclass(frozen=True)
class EffortRow:
    """One row of effort.csv."""

    mode: str
    hours: float | None = None
    cost: Decimal | None = None
    currency: str | None = None
    campaign: str | None = None
    time: int | None = None


@dataclass(frozen=True)
class Settings:
    """brand : (channel, handle), channel None for a name that counts on every channel
    people : handle -> the label of the person in people.csv
    coverage : (channel, from, until), microseconds or None
    segments : handle -> segment
    watched : words that name the brand besides its handles
    hour_cost : what an hour of effort costs, None where the workspace does not say
    """

    brand: frozenset[tuple[str | None, str]] = frozenset()
    people: Mapping[Handle, str] = field(default_factory=dict)
    coverage: tuple[tuple[str, int | None, int | None], ...] = ()
    segments: Mapping[Handle, str] = field(default_factory=dict)
    watched: frozenset[str] = frozenset()
    window_days: int = 30
    currency: str | None = None
    hour_cost: Decimal | None = None
    effort: tuple[EffortRow, ...] = ()

    @property
    def window(self) -> int:
        """The window of credit in microseconds."""
        return self.window_days * DAY
