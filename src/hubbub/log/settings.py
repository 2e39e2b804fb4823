"""What a log is read with: the brand's handles, who is one person, coverage, money, what names the brand."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from hubbub.tables import Effort, Plan


@dataclass(frozen=True, slots=True)
class Coverage:
    """What part of a channel the log covers; moments in microseconds."""

    channel: str
    start: int | None = None
    end: int | None = None
    sees: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the measures need besides the rows.

    brand : (channel or None for every channel, handle)
    people : (channel, handle) -> person; segments : (channel, handle) -> segment
    currency : the currency whose values count, where the log has several
    hour_cost_micros : what an hour of work costs, in millionths of the currency
    cap : at most so many unasked contacts with one person in any window of so many days; None: no cap
    consent, assignments, follows : the side tables as they were read; None where there are none
    experiments : those that the workspace started, by name
    """

    brand: frozenset[tuple[str | None, str]] = frozenset()
    name: str = ""
    zone: str = "UTC"
    watched: frozenset[str] = frozenset()
    people: dict[tuple[str, str], str] = field(default_factory=dict)
    segments: dict[tuple[str, str], str] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    effort: tuple[Effort, ...] = ()
    currency: str | None = None
    hour_cost_micros: int | None = None
    raw_days: int = 90
    cap: tuple[int, float] | None = (2, 7.0)
    consent: pa.Table | None = field(default=None, compare=False, repr=False)
    assignments: pa.Table | None = field(default=None, compare=False, repr=False)
    follows: pa.Table | None = field(default=None, compare=False, repr=False)
    experiments: dict[str, Plan] = field(default_factory=dict)


def brand_handles(text: str) -> list[tuple[str | None, str]]:
    """`[CHANNEL:]HANDLE` as it is given on the command line; a handle may hold a colon itself, so both readings count.

    >>> brand_handles("acme"), brand_handles("x:acme")
    ([(None, 'acme')], [(None, 'x:acme'), ('x', 'acme')])
    """
    channel, colon, handle = text.partition(":")
    both: list[tuple[str | None, str]] = [(None, text)]
    return [*both, (channel, handle)] if colon and channel and handle else both
