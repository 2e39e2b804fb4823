"""What the log says of leave: who left, whom the brand addressed unasked, and by whose person."""

from __future__ import annotations

from pathlib import Path

import hubbub
from hubbub.consent.rules import Standing
from hubbub.log.permission import known

LOG = """id,time,channel,type,actor,addressed_to,in_reply_to,content
1,2026-01-01T00:00:00Z,x,post,acme,,,to everyone
2,2026-01-02T00:00:00Z,x,message,acme,ann,,unasked
3,2026-01-03T00:00:00Z,x,reply,bob,acme,1,hello
4,2026-01-04T00:00:00Z,x,reply,acme,bob,3,an answer
5,2026-01-05T00:00:00Z,email,message,acme,ann@mail.example,,unasked again
6,2026-01-06T00:00:00Z,x,leave,bob,,,
7,2026-01-07T00:00:00Z,x,message,acme,support,,to ourselves
8,2026-01-08T00:00:00Z,x,share,ann,,,
9,2026-01-08T12:00:00Z,x,message,acme,bob,,goes on with what bob said on the 3rd
"""
PEOPLE = "person,channel,actor\nAnn,x,ann\nAnn,email,ann@mail.example\n"
CONSENT = """time,channel,actor,purpose,state
2026-01-03T00:00:00Z,email,ann@mail.example,marketing,given
2026-01-03T00:00:00Z,x,ann,ask-to-share,given
2026-01-05T00:00:00Z,x,bob,ask-to-share,given
"""


def opened(folder: Path, consent: str | None = CONSENT) -> hubbub.library.Log:
    for name, text in (("log.csv", LOG), ("people.csv", PEOPLE), ("consent.csv", consent)):
        if text is not None:
            (folder / name).write_text(text)
    return hubbub.read_log(folder, brand=["acme", "support"])


def test_events_leaves_and_unasked_contacts_by_person(tmp_path: Path) -> None:
    log = opened(tmp_path)
    found = known(log.segments, log.settings)
    assert found.events["person"].to_pylist() == ["Ann", "Ann", "x:bob"]
    assert found.events["row"].to_pylist() == ["consent:1", "consent:2", "consent:3"]
    assert found.leaves.to_pylist()[0]["person"] == "x:bob"
    assert [(r["person"], r["row"]) for r in found.contacts.to_pylist()] == [("Ann", "x:2"), ("Ann", "email:5")]
    assert found.without_leave().tolist() == [True, False]
    end = log.tables().ledger.last
    assert end is not None
    stands, _ = found.best(["Ann", "x:bob", "x:eve"], "ask-to-share", end)
    assert stands.tolist() == [Standing.CAPPED, Standing.STOPPED, Standing.NEVER_GAVE]
    why = found.may_contact("Ann", "x", "ask-to-share", end)
    assert (why.why, why.rows) == ("2 contacts in 7 days; 2 at most", ("x:2", "email:5"))


def test_contacts_without_leave_stand_in_the_answer(tmp_path: Path) -> None:
    log = opened(tmp_path)
    ledger = log.tables().ledger
    assert ledger.unasked is not None
    assert ledger.unasked.to_pylist() == [{"person": "Ann", "contacts": 2, "without": 1}]
    assert "1 of 2 contacts that nobody asked for went to people who had not allowed them." in ledger.notes


def test_without_a_file_of_consent_nothing_is_claimed(tmp_path: Path) -> None:
    ledger = opened(tmp_path, None).tables().ledger
    assert (ledger.unasked, ledger.notes) == (None, ())
