"""ActivityStreams 2.0: what we write is real AS2, what others write is read sensibly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given

from drawn import row, tables
from hubbub.activity import SCHEMA, TYPES
from hubbub.errors import LogError
from hubbub.log import read
from hubbub.log.as2 import VERBS, from_as2, plain_words, to_as2
from hubbub.log.refuse import Refusals
from hubbub.log.write import write

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ALICE = "https://mastodon.example/users/alice"
NOTE = {
    "id": f"{ALICE}/statuses/1",
    "type": "Note",
    "published": "2026-01-01T00:00:00Z",
    "attributedTo": ALICE,
    "inReplyTo": None,
    "url": "https://mastodon.example/@alice/1",
    "to": [PUBLIC],
    "cc": [f"{ALICE}/followers"],
    "conversation": "tag:mastodon.example,2026-01-01:objectId=1:objectType=Conversation",
    "content": '<p>Look: <a href="https://acme.example"><span class="invisible">https://</span>acme.example</a></p>',
    "contentMap": {"en": "<p>Look</p>"},
    "tag": [],
    "replies": {"type": "Collection", "first": {"type": "CollectionPage", "items": []}},
}
CREATE = {
    "id": f"{ALICE}/statuses/1/activity",
    "type": "Create",
    "actor": ALICE,
    "published": "2026-01-01T00:00:00Z",
    "to": [PUBLIC],
    "cc": [f"{ALICE}/followers"],
    "object": NOTE,
}
ANNOUNCE = {
    "id": f"{ALICE}/statuses/2/activity",
    "type": "Announce",
    "actor": ALICE,
    "published": "2026-01-02T00:00:00Z",
    "to": [PUBLIC],
    "cc": ["https://mastodon.example/users/bob", f"{ALICE}/followers"],
    "object": "https://mastodon.example/users/bob/statuses/9",
}


def base(kind: str, **more: Any) -> dict[str, Any]:
    columns = [pa.array([more.get(f.name)], pa.string()).cast(f.type) for f in SCHEMA]
    first = pa.table(columns, schema=SCHEMA).to_pylist()[0]
    time = pa.array(["2026-01-31T18:00:00Z"]).cast(SCHEMA.field("time").type)[0].as_py()
    return first | {"id": "p1", "time": time, "channel": "x", "type": kind, "actor": "ann"}


def test_every_type_has_a_verb_and_comes_back() -> None:
    assert set(VERBS) == set(TYPES)
    for kind in TYPES:
        doc = to_as2(base(kind, object="p0"))
        assert from_as2(doc)["type"] == kind
        assert from_as2(doc)["object"] == "p0"


def test_a_reply_is_a_create_with_a_note() -> None:
    doc = to_as2(base("reply", in_reply_to="p0", content="Thanks", addressed_to="acme"))
    assert doc == {
        "type": "Create",
        "id": "urn:hubbub:x:p1#create",
        "published": "2026-01-31T18:00:00Z",
        "generator": {"type": "Service", "id": "urn:hubbub:x", "name": "x"},
        "actor": {"id": "urn:hubbub:x:ann", "name": "ann"},
        "object": {
            "type": "Note",
            "id": "urn:hubbub:x:p1",
            "attributedTo": "urn:hubbub:x:ann",
            "content": "Thanks",
            "mediaType": "text/plain",
            "inReplyTo": "urn:hubbub:x:p0",
        },
        "to": ["urn:hubbub:x:acme"],
        "hubbub:type": "reply",  # a reply to one person alone would read as a message
    }


def test_the_other_verbs() -> None:
    assert to_as2(base("share", object="p0", via="s1"))["type"] == "Announce"
    assert to_as2(base("share", object="p0", via="s1"))["hubbub:via"] == "s1"
    assert to_as2(base("unfollow", object="acme"))["object"] == {
        "type": "Follow", "actor": "urn:hubbub:x:ann", "object": "urn:hubbub:x:acme",
    }  # fmt: skip
    assert to_as2(base("convert", value="19.9", currency="EUR"))["hubbub:value"] == "19.90"
    assert to_as2(base("convert"))["type"] == ["hubbub:Convert", "Activity"]
    assert to_as2(base("visit", object="https://acme.example/a"))["object"] == "https://acme.example/a"
    assert to_as2(base("update", object="p0", content="new"))["object"] == {
        "type": "Note", "id": "urn:hubbub:x:p0", "content": "new", "mediaType": "text/plain",
    }  # fmt: skip
    assert "hubbub:type" not in to_as2(base("message", addressed_to="acme"))
    assert "hubbub:raw" not in to_as2(base("post", raw='{"a": 1}'))


@given(row())
def test_one_row_there_and_back(given_row: dict[str, Any]) -> None:
    back = from_as2(json.loads(json.dumps(to_as2(given_row))))
    texts = {f.name for f in SCHEMA if f.type == pa.string()}
    assert {n: v for n, v in back.items() if n in texts} == {n: given_row[n] for n in texts if given_row[n] is not None}


@given(tables(least=1))
def test_a_log_there_and_back(tmp_path_factory: pytest.TempPathFactory, table: pa.Table) -> None:
    path = tmp_path_factory.mktemp("as2") / "log.as2.json"
    write([table], path)
    doc = json.loads(path.read_text(encoding="utf-8"))
    assert (doc["type"], doc["totalItems"], len(doc["orderedItems"])) == ("OrderedCollection", *[table.num_rows] * 2)
    assert [r for t in read.batches([path], refusals=Refusals()) for r in t.to_pylist()] == table.to_pylist()


def test_a_mastodon_post() -> None:
    assert from_as2(CREATE) == {
        "type": "post",
        "id": f"{ALICE}/statuses/1",
        "actor": ALICE,
        "time": "2026-01-01T00:00:00Z",
        "context": "tag:mastodon.example,2026-01-01:objectId=1:objectType=Conversation",
        "content": "Look: https://acme.example",
        "url": "https://mastodon.example/@alice/1",
    }
    assert from_as2(NOTE) == from_as2(CREATE)


def test_a_mastodon_reply_names_whom_it_mentions() -> None:
    bob = "https://mastodon.example/users/bob"
    note = NOTE | {
        "inReplyTo": f"{bob}/statuses/9",
        "cc": [bob],
        "tag": [{"type": "Mention", "href": bob, "name": "@bob"}],
    }
    row = from_as2(CREATE | {"object": note, "cc": [bob]})
    assert (row["type"], row["in_reply_to"], row["addressed_to"]) == ("reply", f"{bob}/statuses/9", bob)


def test_a_direct_message_is_to_nobody_else() -> None:
    bob = "https://mastodon.example/users/bob"
    row = from_as2(CREATE | {"to": [bob], "cc": [], "object": NOTE | {"to": [bob], "cc": []}})
    assert (row["type"], row["addressed_to"]) == ("message", bob)
    only = [f"{ALICE}/followers"]
    assert from_as2(CREATE | {"to": only, "cc": [], "object": NOTE | {"to": only, "cc": []}})["type"] == "post"


def test_other_foreign_activities() -> None:
    row = from_as2(ANNOUNCE)
    assert (row["type"], row["object"]) == ("share", ANNOUNCE["object"])
    assert "addressed_to" not in row
    actor = {"type": "Person", "id": ALICE, "name": "Alice"}
    like = {"type": "Like", "id": "l1", "actor": actor, "object": {"id": "n1", "type": "Note"}}
    assert from_as2(like) == {"type": "like", "id": "l1", "actor": ALICE, "object": "n1"}
    assert from_as2({"type": "Undo", "id": "u1", "actor": ALICE, "object": like})["object"] == "l1"
    follow = {"type": "Follow", "id": "f1", "actor": ALICE, "object": "https://a.example/users/acme"}
    row = from_as2({"type": "Undo", "id": "u2", "actor": ALICE, "object": follow})
    assert (row["type"], row["object"]) == ("unfollow", "https://a.example/users/acme")
    assert from_as2({"type": "Delete", "object": {"type": "Tombstone", "id": "n1"}})["object"] == "n1"
    assert from_as2({"type": "Flag", "object": ["a", "b"]})["object"] == "a"
    assert from_as2({"type": "Arrive", "location": {"type": "Place", "name": "Shop"}}) == {
        "type": "visit",
        "place": "Shop",
    }
    assert from_as2({"type": ["Note"], "content": "a &lt; b", "mediaType": "text/plain"})["content"] == "a &lt; b"


@pytest.mark.parametrize(
    "doc",
    [
        {"type": "Accept"},
        {"type": "Update", "object": {"type": "Person"}},
        {},
        {"type": 3},
        [],
        "x",
        None,
        {"type": [[]]},
    ],
)
def test_what_has_no_word_is_refused(doc: Any) -> None:
    with pytest.raises(ValueError, match=r"no word|no activity|is not an"):
        from_as2(doc)


OUTBOX = {"@context": "https://www.w3.org/ns/activitystreams", "id": "x", "type": "OrderedCollection", "totalItems": 2}


@pytest.mark.parametrize("indent", [None, 2])
def test_an_outbox_is_read_with_a_channel(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "outbox.json"
    path.write_text(json.dumps(OUTBOX | {"orderedItems": [CREATE, ANNOUNCE, {"type": "Accept"}]}, indent=indent))
    with pytest.raises(LogError, match=r"no column channel.*pass --channel"):
        list(read.batches([path], refusals=Refusals()))
    refusals = Refusals()
    rows = [r for t in read.batches([path], refusals=refusals, channel="mastodon") for r in t.to_pylist()]
    assert [(r["channel"], r["type"]) for r in rows] == [("mastodon", "post"), ("mastodon", "share")]
    assert refusals.summary() == {"the record has no word for the type Accept": 1}


def test_one_activity_alone_and_an_array_of_them(tmp_path: Path) -> None:
    for name, doc in (("a.json", CREATE), ("b.json", [CREATE, ANNOUNCE]), ("c", CREATE)):
        for indent in (None, 1):
            (tmp_path / name).write_text(json.dumps(doc, indent=indent))
            table = next(read.batches([tmp_path / name], refusals=Refusals(), channel="m"))
            assert table.num_rows == (2 if isinstance(doc, list) else 1)


def test_html_becomes_words() -> None:
    assert plain_words("<p>One<br/>two</p><p>three &amp; four</p><script>no</script>") == "One\ntwo\n\nthree & four"
    assert plain_words("<![ broken <") is not None
    assert plain_words("5 < 6") == "5 < 6"
