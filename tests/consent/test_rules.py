"""Consent: never a contact without leave, never above a cap, over random ledgers."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.consent.rules import (
    LEFT,
    PURPOSES,
    Cap,
    Columns,
    Contact,
    Decision,
    Event,
    Ledger,
    Policy,
    Quiet,
    Standing,
    standing,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
NO_CAPS = Policy(caps=())
moments = st.integers(0, 40).map(lambda h: START + timedelta(hours=12 * h))
people, channels, purposes = st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from(PURPOSES)
events = st.builds(Event, moments, people, channels, purposes, st.booleans())
leaves = st.builds(Event, moments, people, channels, st.just(""), st.just(False))
contacts = st.builds(Contact, moments, people, channels, purposes)
caps = st.builds(
    Cap, st.integers(0, 3), st.sampled_from([0.5, 1.0, 7.0]), st.sets(purposes).map(tuple), st.sampled_from([None, "x"])
)
ledgers = st.builds(
    Ledger,
    st.lists(events, max_size=12),
    st.lists(leaves, max_size=2),
    st.lists(contacts, max_size=8),
    st.builds(Policy, st.lists(caps, max_size=2).map(tuple)),
)


def by_replay(ledger: Ledger, person: str, channel: str, purpose: str, now: datetime) -> bool:
    """Consent as a state that events change in order, withdrawals after what was given at the same moment."""
    on: set[str] = set()
    rows = [(e.time, not e.given, e) for e in ledger.events if e.purpose == purpose]
    rows += [(e.time, True, e) for e in ledger.leaves if purpose in LEFT]
    for moment, stops, e in sorted(rows, key=lambda row: row[:2]):
        if e.person != person or moment > now:
            continue
        on = set() if stops else on | {e.channel}
    return channel in on


@settings(max_examples=400)
@given(ledgers, people, channels, purposes, moments)
def test_equals_a_replay_and_keeps_the_caps(
    ledger: Ledger, person: str, channel: str, purpose: str, now: datetime
) -> None:
    found = ledger.may_contact(person, channel, purpose, now)
    bare = Ledger(ledger.events, ledger.leaves, (), NO_CAPS).may_contact(person, channel, purpose, now)
    assert bare.allowed == by_replay(ledger, person, channel, purpose, now)
    full = False
    for cap in ledger.policy.caps:
        if cap.holds_for(channel, purpose):
            since = now - timedelta(days=cap.days)
            mine = [c for c in ledger.contacts if c.person == person and since < c.time <= now]
            full |= sum(cap.holds_for(c.channel, c.purpose) for c in mine) >= cap.most
    assert found.allowed == (bare.allowed and not full)
    assert found.why


@settings(max_examples=200)
@given(ledgers, channels, purposes, moments)
def test_many_at_once_equal_one_by_one(ledger: Ledger, channel: str, purpose: str, now: datetime) -> None:
    def micros(moment: datetime) -> int:
        return round(moment.timestamp() * 1e6)

    ledger = Ledger(ledger.events, ledger.leaves, ledger.contacts, Policy(ledger.policy.caps[:1]))
    given_rows = [e for e in ledger.events if e.given and e.purpose == purpose]
    gone = [e for e in ledger.events if not e.given and e.purpose == purpose]
    gone += [e for e in ledger.leaves if purpose in LEFT]
    cap = next((c for c in ledger.policy.caps if purpose in c.purposes), None)
    sent = [c for c in ledger.contacts if cap is not None and c.purpose in cap.purposes]
    columns = Columns(*(
        np.array(column, np.int64)
        for column in (
            ["ab".index(e.person) for e in given_rows], ["xy".index(e.channel) for e in given_rows],
            [micros(e.time) for e in given_rows], ["ab".index(e.person) for e in gone], [micros(e.time) for e in gone],
            ["ab".index(c.person) for c in sent], ["xy".index(c.channel) for c in sent], [micros(c.time) for c in sent],
        )
    ))  # fmt: skip
    limits = [(c.most, round(c.days * 86_400e6), "xy".index(c.channel) if c.channel else None) for c in [cap] if c]
    found = standing(columns, 2, "xy".index(channel), micros(now), limits)
    want = [meaning(ledger.may_contact(person, channel, purpose, now)) for person in "ab"]
    assert found.tolist() == want


def meaning(decision: Decision) -> Standing:
    """What the words of a decision say."""
    if decision.allowed:
        return Standing.ALLOWED
    if "contacts in" in decision.why:
        return Standing.CAPPED
    return Standing.NEVER_GAVE if decision.why.startswith("no consent") else Standing.STOPPED


@settings(max_examples=100)
@given(st.lists(st.tuples(moments, people, channels, purposes), max_size=40), st.lists(events, max_size=12))
def test_a_sender_that_asks_first_never_exceeds_a_cap(asks: list, known: list[Event]) -> None:
    policy = Policy((Cap(2, 3.0, PURPOSES),))
    sent: list[Contact] = []
    for moment, person, channel, purpose in sorted(asks, key=lambda a: a[0]):
        if Ledger(known, (), sent, policy).may_contact(person, channel, purpose, moment).allowed:
            sent.append(Contact(moment, person, channel, purpose))
    for c in sent:
        window = [s for s in sent if s.person == c.person and c.time - timedelta(days=3) < s.time <= c.time]
        assert len(window) <= 2
        assert any(e.given and e.person == c.person and e.purpose == c.purpose for e in known)


def event(hours: float, purpose: str, given: bool, channel: str = "x", row: str = "") -> Event:
    return Event(START + timedelta(hours=hours), "a", channel, purpose, given, row)


def ask(*rows: Event, hours: float = 100, leaves: tuple[Event, ...] = (), policy: Policy = NO_CAPS) -> Decision:
    return Ledger(rows, leaves, (), policy).may_contact("a", "x", "marketing", START + timedelta(hours=hours))


def test_no_row_is_no_leave() -> None:
    assert ask() == Decision(False, "no consent to marketing on x")
    assert not ask(event(0, "service", True)).allowed
    assert not ask(event(0, "marketing", True, channel="y")).allowed


def test_reason_and_rows() -> None:
    found = ask(event(0, "marketing", True, row="1"))
    assert found == Decision(True, "gave marketing on x at 2026-03-01T00:00:00Z", ("1",))
    gone = ask(event(0, "marketing", True, row="1"), event(5, "marketing", False, channel="y", row="2"))
    assert gone == Decision(False, "withdrew marketing on y at 2026-03-01T05:00:00Z", ("1", "2"))
    left = ask(event(0, "marketing", True, row="1"), leaves=(event(7, "", False, row="3"),))
    assert left == Decision(False, "left on x at 2026-03-01T07:00:00Z", ("1", "3"))
    assert ask(event(0, "marketing", True), event(5, "marketing", False), event(9, "marketing", True)).allowed


def test_at_one_moment_the_withdrawal_counts_and_the_future_does_not() -> None:
    assert not ask(event(5, "marketing", True), event(5, "marketing", False)).allowed
    assert ask(event(5, "marketing", True), event(200, "marketing", False)).allowed
    assert not ask(event(200, "marketing", True)).allowed


@pytest.mark.parametrize(("hour", "free"), [(20, True), (21, False), (23, False), (3, False), (7, True)])
def test_quiet_hours_over_midnight_in_their_zone(hour: int, free: bool) -> None:
    policy = Policy((), (Quiet(time(22), time(8), ZoneInfo("Europe/Berlin")),))
    found = ask(event(0, "marketing", True), hours=24 + hour, policy=policy)
    assert found.allowed == free
    assert free or "quiet hours until 08:00" in found.why


def test_what_makes_no_sense_is_an_error() -> None:
    with pytest.raises(ValueError, match="no purpose"):
        Ledger().may_contact("a", "x", "fun", START)
    with pytest.raises(ValueError, match="zone"):
        Ledger().may_contact("a", "x", "marketing", datetime(2026, 1, 1))
