"""What is known of consent, of leaves and of contacts, as tables; asked for many people at once, or for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute

from hubbub.activity import DAY_US, micros, moment
from hubbub.consent.rules import (
    LEFT,
    NEVER,
    UNASKED,
    Columns,
    Contact,
    Decision,
    Event,
    Ledger,
    Policy,
    Standing,
    standing,
)
from hubbub.kernel import BoolArray, IntArray

pc = pyarrow.compute
_WHO = [("person", pa.string()), ("channel", pa.string()), ("time_us", pa.int64()), ("row", pa.string())]
EVENTS = pa.schema([*_WHO, ("purpose", pa.string()), ("given", pa.bool_())])
"""Rows of consent.csv, by person; `row` says where each stands."""
SEEN = pa.schema(_WHO)
"""Rows of the log: somebody left, or the brand addressed somebody who had not asked."""
CONTACTED_FOR = "marketing"
"""The log does not say for what purpose the brand wrote unasked; all caps on unasked contacts count it."""


@dataclass(frozen=True, slots=True)
class Known:
    """The ledger of consent as tables.

    events : EVENTS; leaves, contacts : SEEN; policy : the brand's own caps
    """

    events: pa.Table
    leaves: pa.Table
    contacts: pa.Table
    policy: Policy = field(default_factory=Policy)

    @classmethod
    def nothing(cls) -> Known:
        """No row of any kind."""
        return cls(EVENTS.empty_table(), SEEN.empty_table(), SEEN.empty_table())

    def best(self, people: Sequence[str], purpose: str, now: datetime) -> tuple[IntArray, list[str | None]]:
        """Where each person stands on the channel where they stand best, and that channel.

        returns : int8[people] of Standing, and the first channel of that standing, None where nothing was given
        """
        at = micros(now)
        asked = pa.array(list(people), pa.string())
        events = _of(self.events.filter(pc.equal(self.events["purpose"], purpose)), asked)
        is_given = np.asarray(events["given"].to_numpy(zero_copy_only=False), dtype=np.bool_)
        gone = [_of(self.leaves, asked)] if purpose in LEFT else []
        gone = [events.filter(pa.array(~is_given)).select(SEEN.names), *(t.select(SEEN.names) for t in gone)]
        stopped = pa.concat_tables(gone)
        given, sent = events.filter(pa.array(is_given)), _of(self.contacts, asked)
        channels = sorted(given["channel"].unique().to_pylist())
        columns = Columns(
            _places(given, asked), _codes(given, channels), _times(given), _places(stopped, asked), _times(stopped),
            _places(sent, asked), _codes(sent, channels), _times(sent),
        )  # fmt: skip
        found = np.full(len(people), Standing.NEVER_GAVE, np.int8)
        on: list[str | None] = [None] * len(people)
        for code, channel in enumerate(channels):
            here = standing(columns, len(people), code, at, self._caps(channel, purpose, channels))
            for i in np.flatnonzero(here > found).tolist():
                on[i] = channel
            found = np.maximum(found, here)
        return found, on

    def _caps(self, channel: str, purpose: str, channels: list[str]) -> list[tuple[int, int, int | None]]:
        return [
            (cap.most, round(cap.days * DAY_US), channels.index(cap.channel) if cap.channel in channels else None)
            for cap in self.policy.caps
            if cap.holds_for(channel, purpose) and CONTACTED_FOR in cap.purposes
        ]

    def may_contact(self, person: str, channel: str, purpose: str, now: datetime) -> Decision:
        """The decision for one person, with reason and rows."""
        events, leaves, contacts = (
            t.filter(pc.equal(t["person"], person)).to_pylist() for t in (self.events, self.leaves, self.contacts)
        )
        return Ledger(
            [Event(moment(r["time_us"]), person, r["channel"], r["purpose"], r["given"], r["row"]) for r in events],
            [Event(moment(r["time_us"]), person, r["channel"], "", False, r["row"]) for r in leaves],
            [Contact(moment(r["time_us"]), person, r["channel"], CONTACTED_FOR, r["row"]) for r in contacts],
            self.policy,
        ).may_contact(person, channel, purpose, now)

    def without_leave(self) -> BoolArray:
        """Which contacts went to somebody who had allowed none of the unasked purposes on that channel: bool[contacts].

        Consent is read as it stood at the moment of each contact; at one moment the withdrawal counts.
        """
        bad = np.ones(self.contacts.num_rows, np.bool_)
        if not bad.size:
            return bad
        sent = keyed(self.contacts, True)
        for purpose in UNASKED:
            mine = self.events.filter(pc.equal(self.events["purpose"], purpose))
            given, stops = mine.filter(mine["given"]), mine.filter(pc.invert(mine["given"]))
            left = [self.leaves] if purpose in LEFT else []
            stops = pa.concat_tables([stops.select(SEEN.names), *left])
            last, gone = last_before(sent, keyed(given, True)), last_before(keyed(self.contacts, False),
                                                                               keyed(stops, False))  # fmt: skip
            bad &= last <= gone
        return bad


def keyed(table: pa.Table, by_channel: bool) -> tuple[pa.Array, IntArray]:
    """Who (and on which channel), and when."""
    person = table["person"].combine_chunks()
    if by_channel:
        person = pc.binary_join_element_wise(table["channel"].combine_chunks(), person, "\0")
    return person, _times(table)


def last_before(asked: tuple[pa.Array, IntArray], events: tuple[pa.Array, IntArray]) -> IntArray:
    """Time of the last event of the same key up to each time asked, NEVER where there is none."""
    words = pc.unique(pa.concat_arrays([asked[0], events[0]]))
    codes = [pc.index_in(key, value_set=words).to_numpy().astype(np.int64) for key, _ in (asked, events)]
    order = np.lexsort((events[1], codes[1]))
    code, time = codes[1][order], events[1][order]
    rank = np.unique(np.concatenate([time, asked[1]]))
    width = rank.size + 1
    key = code * width + np.searchsorted(rank, time)
    place = np.searchsorted(key, codes[0] * width + np.searchsorted(rank, asked[1]), side="right") - 1
    fits = (place >= 0) & (code[np.maximum(place, 0)] == codes[0]) if code.size else np.zeros(place.size, np.bool_)
    return np.where(fits, time[np.maximum(place, 0)] if code.size else NEVER, NEVER)


def _of(table: pa.Table, people: pa.Array) -> pa.Table:
    return table.filter(pc.is_in(table["person"], value_set=people))


def _places(table: pa.Table, people: pa.Array) -> IntArray:
    return np.asarray(pc.index_in(table["person"].combine_chunks(), value_set=people).to_numpy(), dtype=np.int64)


def _codes(table: pa.Table, channels: list[str]) -> IntArray:
    found = pc.index_in(table["channel"].combine_chunks(), value_set=pa.array(channels, pa.string()))
    return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int64)


def _times(table: pa.Table) -> IntArray:
    return np.asarray(table["time_us"].to_numpy(), dtype=np.int64)
