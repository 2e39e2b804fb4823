"""The rules of consent: `may_contact` for one person with reason and rows, `standing` for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import IntEnum

import numpy as np

from hubbub.kernel import IntArray

PURPOSES = ("answer", "service", "marketing", "ask-to-share", "research")
UNASKED = ("marketing", "ask-to-share", "research")
"""Purposes that nobody asked for: caps and quiet hours hold for them where nothing else is said."""
LEFT = ("marketing", "ask-to-share")
"""What a `leave` withdraws."""
NEVER = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Event:
    """One row of consent: a purpose given or withdrawn by a person on a channel. row : where it stands, for proof"""

    time: datetime
    person: str
    channel: str
    purpose: str
    given: bool
    row: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Something that was sent to a person, or is on its way: both count towards caps."""

    time: datetime
    person: str
    channel: str
    purpose: str
    row: str = ""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many contacts in any window of so many days, over these purposes; on one channel, or on all."""

    most: int
    days: float
    purposes: tuple[str, ...] = UNASKED
    channel: str | None = None

    def holds_for(self, channel: str, purpose: str) -> bool:
        return purpose in self.purposes and self.channel in (None, channel)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day in which nothing goes: from `start` until before `end`, over midnight where `end` is earlier."""

    start: time
    end: time
    zone: tzinfo = UTC
    purposes: tuple[str, ...] = UNASKED

    def holds(self, now: datetime) -> bool:
        clock = now.astimezone(self.zone).time().replace(tzinfo=None)
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True)
class Policy:
    """What the brand allows itself: caps and quiet hours."""

    caps: tuple[Cap, ...] = (Cap(2, 7.0),)
    quiet: tuple[Quiet, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a contact is allowed, why, and the rows that decided it."""

    allowed: bool
    why: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of consent and contacts, in any order."""

    events: Sequence[Event] = ()
    leaves: Sequence[Event] = ()
    contacts: Sequence[Contact] = ()
    policy: Policy = field(default_factory=Policy)

    def may_contact(self, person: str, channel: str, purpose: str, now: datetime) -> Decision:
        """Whether a person may be contacted on a channel for a purpose at a moment.

        A purpose must have been given on this channel after it was last withdrawn on any; at one moment the withdrawal
        counts. A leave withdraws marketing and asking to share. No row: not allowed. What is later than `now` is not
        known yet. raises : ValueError for a purpose that does not exist, or a moment without a zone
        """
        if purpose not in PURPOSES:
            raise ValueError(f"{purpose} is no purpose of consent")
        if now.tzinfo is None:
            raise ValueError("the moment of a contact needs its zone")
        mine = [e for e in self.events if e.person == person and e.purpose == purpose and e.time <= now]
        gone = [e for e in mine if not e.given]
        if purpose in LEFT:
            gone += [e for e in self.leaves if e.person == person and e.time <= now]
        given = [e for e in mine if e.given and e.channel == channel]
        if not given:
            return Decision(False, f"no consent to {purpose} on {channel}", _rows(gone))
        last = max(given, key=lambda e: e.time)
        stopped = max(gone, key=lambda e: e.time, default=None)
        if stopped is not None and stopped.time >= last.time:
            how = "left" if stopped in self.leaves else f"withdrew {purpose}"
            return Decision(False, f"{how} on {stopped.channel} at {_stamp(stopped.time)}", _rows([last, stopped]))
        for cap in self.policy.caps:
            if not cap.holds_for(channel, purpose):
                continue
            since = now - timedelta(days=cap.days)
            sent = [
                c
                for c in self.contacts
                if c.person == person and cap.holds_for(c.channel, c.purpose) and since < c.time <= now
            ]
            if len(sent) >= cap.most:
                return Decision(False, f"{len(sent)} contacts in {cap.days:g} days; {cap.most} at most", _rows(sent))
        for quiet in self.policy.quiet:
            if purpose in quiet.purposes and quiet.holds(now):
                return Decision(False, f"quiet hours until {quiet.end:%H:%M} ({quiet.zone})", _rows([last]))
        return Decision(True, f"gave {purpose} on {channel} at {_stamp(last.time)}", _rows([last]))


def _rows(found: Sequence[Event | Contact]) -> tuple[str, ...]:
    return tuple(one.row for one in sorted(found, key=lambda one: one.time) if one.row)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Columns:
    """The same ledger for one purpose as columns: people and channels as codes, times in microseconds.

    given_*, gone_*, sent_* : int64 person, channel (of given and sent) and time; leaves stand among the gone
    """

    given_person: IntArray
    given_channel: IntArray
    given_time: IntArray
    gone_person: IntArray
    gone_time: IntArray
    sent_person: IntArray
    sent_channel: IntArray
    sent_time: IntArray


class Standing(IntEnum):
    """Where a person stands for one purpose on one channel; the higher, the closer to a contact."""

    NEVER_GAVE = 0
    STOPPED = 1
    CAPPED = 2
    ALLOWED = 3


def standing(
    columns: Columns, people: int, channel: int, now: int, caps: Sequence[tuple[int, int, int | None]] = ()
) -> IntArray:
    """Where each of `people` stands on a channel: int8[people] of Standing; as `may_contact`, but for quiet hours.

    columns : of one purpose; sent : contacts of purposes that the caps count
    caps : (most, microseconds, channel or None)
    """
    given = np.full(people, NEVER, np.int64)
    here = (columns.given_channel == channel) & (columns.given_time <= now)
    np.maximum.at(given, columns.given_person[here], columns.given_time[here])
    gone = np.full(people, NEVER, np.int64)
    known = columns.gone_time <= now
    np.maximum.at(gone, columns.gone_person[known], columns.gone_time[known])
    capped = np.zeros(people, np.bool_)
    for most, window, on in caps:
        if on is not None and on != channel:
            continue
        counted = (columns.sent_time > now - window) & (columns.sent_time <= now)
        if on is not None:
            counted &= columns.sent_channel == on
        capped |= np.bincount(columns.sent_person[counted], minlength=people) >= most
    out = np.where(capped, Standing.CAPPED, Standing.ALLOWED).astype(np.int8)
    out[given <= gone] = Standing.STOPPED
    out[given == NEVER] = Standing.NEVER_GAVE
    return out
