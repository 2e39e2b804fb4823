"""Consent read from tables: the same as the rules, person by person, and contacts that went out without leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.consent.known import EVENTS, SEEN, Known
from hubbub.consent.rules import UNASKED, Cap, Policy, Standing
from tests.consent.test_rules import NO_CAPS, START, contacts, events, leaves, meaning, moments, purposes

CONTACTED = contacts.map(lambda c: (c.person, c.channel, c.time))


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def known_of(given_: list, left: list, sent: list, policy: Policy = NO_CAPS) -> Known:
    rows = [
        {"person": e.person, "channel": e.channel, "time_us": micros(e.time), "row": "", "purpose": e.purpose,
         "given": e.given} for e in given_
    ]  # fmt: skip
    gone = [{"person": e.person, "channel": e.channel, "time_us": micros(e.time), "row": ""} for e in left]
    out = [{"person": p, "channel": c, "time_us": micros(t), "row": ""} for p, c, t in sent]
    return Known(
        pa.Table.from_pylist(rows, EVENTS), pa.Table.from_pylist(gone, SEEN), pa.Table.from_pylist(out, SEEN), policy
    )


ledgers = st.tuples(
    st.lists(events, max_size=12), st.lists(leaves, max_size=2), st.lists(CONTACTED, max_size=6),
    st.sampled_from([NO_CAPS, Policy(), Policy((Cap(1, 3.0, channel="x"),)), Policy((Cap(1, 3.0, ("research",)),))]),
)  # fmt: skip


@settings(max_examples=300)
@given(ledgers, purposes, moments)
def test_the_best_channel_is_the_best_of_all_decisions(ledger: tuple, purpose: str, now: datetime) -> None:
    known = known_of(*ledger)
    stands, on = known.best(["a", "b", "c"], purpose, now)
    for i, person in enumerate("abc"):
        each = {c: meaning(known.may_contact(person, c, purpose, now)) for c in "xy"}
        assert stands[i] == max(each.values())
        assert on[i] is None if stands[i] == Standing.NEVER_GAVE else each[on[i]] == stands[i]


@settings(max_examples=300)
@given(ledgers)
def test_a_contact_without_leave_is_one_that_no_rule_allowed_then(ledger: tuple) -> None:
    known = known_of(*ledger[:3])
    want = [
        not any(known.may_contact(person, channel, purpose, moment).allowed for purpose in UNASKED)
        for person, channel, moment in ledger[2]
    ]
    assert known.without_leave().tolist() == want


def test_nothing_known_allows_nobody() -> None:
    stands, on = Known.nothing().best(["a"], "ask-to-share", START)
    assert (stands.tolist(), on) == ([Standing.NEVER_GAVE], [None])
    assert Known.nothing().without_leave().tolist() == []
