"""The record as W3C ActivityStreams 2.0, and back: one activity, one JSON object.

Terms of the record that ActivityStreams lacks stand under `hubbub:`. An id, handle or page that is an absolute IRI
stands as it is; any other as `urn:hubbub:CHANNEL:NAME`, so that every document is valid and nothing is lost on the
way back. The words of a post, reply or message are the `Note` inside a `Create`, whose id is the row's.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import quote, unquote

from hubbub.activity import FIELDS, WORDS

Json = dict[str, Any]

URN: Final = "urn:hubbub:"
CONTEXT: Final = ["https://www.w3.org/ns/activitystreams", {"hubbub": URN}]
PUBLIC: Final = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
EXTENSIONS: Final = tuple(f.name for f in FIELDS if not f.as2 and f.name != "raw")
"""Fields that stand under `hubbub:`; what a network sent stands nowhere."""
_PROPERTY: Final = {f.name: f.as2 for f in FIELDS if f.as2}

VERBS: Final[dict[str, str | list[str]]] = {
    "post": "Create",
    "reply": "Create",
    "message": "Create",
    "share": "Announce",
    "like": "Like",
    "follow": "Follow",
    "unfollow": "Undo",
    "view": "View",
    "visit": "View",
    "join": "Join",
    "convert": ["hubbub:Convert", "Activity"],
    "leave": "Leave",
    "flag": "Flag",
    "update": "Update",
    "delete": "Delete",
    "undo": "Undo",
}
"""Types as they are written; where reading one would give another word, `hubbub:type` says which."""

_READ: Final = {
    "Announce": "share",
    "Like": "like",
    "EmojiReact": "like",
    "Follow": "follow",
    "View": "view",
    "Read": "view",
    "Listen": "view",
    "Arrive": "visit",
    "Join": "join",
    "hubbub:Convert": "convert",
    "Leave": "leave",
    "Flag": "flag",
    "Update": "update",
    "Delete": "delete",
    "Undo": "undo",
}
_THINGS: Final = frozenset({"Note", "Article", "Page", "Question", "Image", "Video", "Audio", "Document", "Event"})
_ACTORS: Final = frozenset({"Person", "Group", "Organization", "Service", "Application"})
_COLLECTIONS: Final = frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"})
_TYPES: Final = _THINGS | _COLLECTIONS | _READ.keys() | {"Create"}
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x20\x7f-\x9f<>\"{}|\\^`]+")
_LONGEST_HTML: Final = 1 << 20


def to_as2(row: Json) -> Json:
    """One activity as an ActivityStreams object, without `@context`.

    row : a valid row, field -> value as `pyarrow.Table.to_pylist` gives it
    """
    channel: str = row["channel"]
    doc: Json = {
        "type": VERBS[row["type"]],
        "id": iri(channel, row["id"]),
        "published": stamp(row["time"]),
        "generator": {"type": "Service", "id": URN + quote(channel, safe=""), "name": channel},
        "actor": {"id": iri(channel, row["actor"]), "name": row["actor"]},
    }
    _put_object(doc, row)
    if row.get("addressed_to") is not None:
        doc["to"] = [iri(channel, row["addressed_to"])]
    if row.get("place") is not None:
        doc["location"] = {"type": "Place", "name": row["place"]}
    for name in EXTENSIONS:
        if row.get(name) is not None:
            doc[f"hubbub:{name}"] = _bare(row[name])
    if _word(doc) != row["type"]:
        doc["hubbub:type"] = row["type"]
    return doc


def from_as2(doc: Any) -> dict[str, str]:
    """The fields of one activity as text, those that are missing left out.

    doc : an activity, or words that stand alone such as a Note
    raises : ValueError with the reason, if it is nothing that the record has a word for

    >>> from_as2({"type": "Like", "id": "1", "actor": "ann", "object": "p1", "published": "2026-01-01T00:00:00Z"})
    {'type': 'like', 'id': '1', 'actor': 'ann', 'time': '2026-01-01T00:00:00Z', 'object': 'p1'}
    """
    if not isinstance(doc, dict):
        raise ValueError("is not an ActivityStreams object")
    inner = _inner(doc)
    word = doc.get("hubbub:type")
    given: dict[str, str | None] = {
        "type": word if isinstance(word, str) else _word(doc),
        "id": _id(inner) or _id(doc),
        "actor": _reference(doc.get("actor")) or _reference(inner.get("attributedTo")),
        "time": _text(doc.get("published") or inner.get("published") or doc.get("updated") or inner.get("updated")),
        "channel": _channel(doc.get("generator")),
        "object": _object(doc, inner),
        "in_reply_to": _reference(inner.get("inReplyTo")),
        "context": _reference(inner.get("context") or inner.get("conversation") or doc.get("context")),
        "addressed_to": _addressed(doc, inner),
        "content": _content(_words(doc, inner)),
        "url": _link(inner.get("url")),
        "place": _named(doc.get("location") or inner.get("location")),
        **{name: _text(doc.get(f"hubbub:{name}")) for name in EXTENSIONS},
    }
    return {name: value for name, value in given.items() if value}


def looks_like_as2(doc: Any) -> bool:
    """Whether a JSON value is of ActivityStreams rather than a row of the record."""
    if not isinstance(doc, dict):
        return False
    return "@context" in doc or bool(_TYPES.intersection(_kinds(doc)))


def is_collection(doc: Any) -> bool:
    """Whether a JSON value is a collection, whose items are the activities."""
    return isinstance(doc, dict) and bool(_COLLECTIONS.intersection(_kinds(doc)))


def iri(channel: str, name: str) -> str:
    """An id, handle or page as an absolute IRI.

    >>> iri("x", "p 1"), iri("x", "https://example.org/p1")
    ('urn:hubbub:x:p%201', 'https://example.org/p1')
    """
    special = name.startswith(URN) or name in PUBLIC or name.endswith("/followers")
    if _IRI.fullmatch(name) and not special:
        return name
    return f"{URN}{quote(channel, safe='')}:{quote(name, safe='')}"


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with as many decimals as there are.

    >>> from datetime import UTC
    >>> stamp(datetime(2026, 1, 31, 18, 0, tzinfo=UTC))
    '2026-01-31T18:00:00Z'
    """
    text = moment.replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def plain_words(html: str) -> str:
    """The words of HTML: tags gone, line breaks kept.

    >>> plain_words("<p>Hi <b>all</b><br>bye</p><p>A &amp; B</p>")
    'Hi all\\nbye\\n\\nA & B'
    """
    if ("<" not in html and "&" not in html) or len(html) > _LONGEST_HTML:
        return html
    parser = _Words()
    try:
        parser.feed(html)
        parser.close()
    except (AssertionError, ValueError):
        return html
    return "".join(parser.pieces).strip()


def _name_of(iri: str) -> str:
    """The id, handle or page that an IRI stands for."""
    if not iri.startswith(URN):
        return iri
    parts = iri.split(":", 3)
    return unquote(parts[3]) if len(parts) == 4 else iri


def _bare(value: Any) -> Any:
    if isinstance(value, Decimal):
        return money_text(value)
    return value


def money_text(value: Decimal) -> str:
    """A decimal with its own scale: no trailing zeros beyond cents.

    >>> money_text(Decimal("19.900000")), money_text(Decimal("5.000000")), money_text(Decimal("0.000001"))
    ('19.90', '5.00', '0.000001')
    """
    text = f"{value:f}"
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0'):0<2}"


def _put_object(doc: Json, row: Json) -> None:
    """`object`, and the words with what they answer: inside a Create they belong to the Note."""
    channel = row["channel"]
    at = {n: iri(channel, row[n]) for n in ("object", "in_reply_to", "context") if row.get(n) is not None}
    words: Json = {}
    if row.get("content") is not None:
        words = {"content": row["content"], "mediaType": "text/plain"}
    about: Json = {_PROPERTY[n]: at[n] for n in ("in_reply_to", "context") if n in at}
    if row.get("url") is not None:
        about["url"] = row["url"]
    if row["type"] in WORDS:
        note = {"type": "Note", "id": doc["id"], "attributedTo": doc["actor"]["id"]}
        doc["object"] = note | words | about
        doc["id"] += "#create"
        if "object" in at:
            doc["hubbub:object"] = at["object"]
        return
    doc.update(about)
    if row["type"] == "update" and "object" in at:
        doc["object"] = {"type": "Note", "id": at["object"]} | words
        return
    doc.update(words)
    if row["type"] == "unfollow":
        doc["object"] = {"type": "Follow", "actor": doc["actor"]["id"]}
        if "object" in at:
            doc["object"]["object"] = at["object"]
    elif "object" in at:
        doc["object"] = at["object"]


def _kinds(doc: Json) -> list[str]:
    kind = doc.get("type", doc.get("@type"))
    kinds = kind if isinstance(kind, list) else [kind]
    return [k for k in kinds if isinstance(k, str)]


def _word(doc: Json) -> str:
    """The word of the record for an activity."""
    kinds = _kinds(doc)
    if "Create" in kinds or _THINGS.intersection(kinds):
        return _word_of_words(doc, _inner(doc))
    word = next((_READ[k] for k in kinds if k in _READ), None)
    if word is None:
        raise ValueError(f"the record has no word for the type {', '.join(kinds)[:80] or 'that is missing'}")
    about = doc.get("object")
    if word == "update" and isinstance(about, dict) and _ACTORS.intersection(_kinds(about)):
        raise ValueError("an Update of an account is no activity of the record")
    if word == "undo" and isinstance(about, dict) and "Follow" in _kinds(about):
        return "unfollow"
    return word


def _word_of_words(doc: Json, inner: Json) -> str:
    seen = [r for d in (doc, inner) for key in ("to", "cc", "bto", "bcc") for r in _references(d.get(key), raw=True)]
    direct = [r for r in [*_references(doc.get("to"), raw=True), *_references(inner.get("to"), raw=True)] if _one(r)]
    if direct and not PUBLIC.intersection(seen):
        return "message"
    return "reply" if _reference(inner.get("inReplyTo")) else "post"


def _inner(doc: Json) -> Json:
    """What carries the words and what they answer: the object of a Create, else the activity itself."""
    if "Create" not in _kinds(doc):
        return doc
    about = doc.get("object")
    if isinstance(about, list):
        about = next((a for a in about if isinstance(a, dict)), about[0] if about else None)
    if isinstance(about, dict):
        return about
    return {"id": about} if isinstance(about, str) else {}


def _id(doc: Json) -> str | None:
    value = doc.get("id", doc.get("@id"))
    return _name_of(value) if isinstance(value, str) else _text(value)


def _object(doc: Json, inner: Json) -> str | None:
    if inner is not doc or _THINGS.intersection(_kinds(doc)):
        return _reference(doc.get("hubbub:object"))
    about = doc.get("object")
    if "Undo" in _kinds(doc) and isinstance(about, dict) and "Follow" in _kinds(about):
        return _reference(about.get("object"))
    return _reference(about)


def _words(doc: Json, inner: Json) -> Json:
    about = doc.get("object")
    return about if "Update" in _kinds(doc) and isinstance(about, dict) else inner


def _content(words: Json) -> str | None:
    content = words.get("content")
    if content is None and isinstance(words.get("contentMap"), dict):
        content = next(iter(words["contentMap"].values()), None)
    if not isinstance(content, str):
        return _text(content)
    return plain_words(content) if words.get("mediaType", "text/html") == "text/html" else content


def _addressed(doc: Json, inner: Json) -> str | None:
    """The first handle addressed that is one account; else the first one mentioned."""
    to = [*_references(doc.get("to"), raw=True), *_references(inner.get("to"), raw=True)]
    tags = inner.get("tag")
    tags = tags if isinstance(tags, list) else [tags]
    mentions = [t.get("href") for t in tags if isinstance(t, dict) and "Mention" in _kinds(t)]
    found = next((r for r in [*to, *mentions] if isinstance(r, str) and _one(r)), None)
    return None if found is None else _name_of(found)


def _one(reference: str) -> bool:
    """Whether an address is one account, not the public or all followers."""
    return reference not in PUBLIC and not reference.endswith("/followers")


def _reference(value: Any) -> str | None:
    return next(iter(_references(value)), None)


def _references(value: Any, *, raw: bool = False) -> list[str]:
    """Ids of what a property names, be it an IRI, an object, a link or a list of these."""
    found: list[str] = []
    for one in value if isinstance(value, list) else [value]:
        text = _identity(one) if isinstance(one, dict) else _text(one)
        if text:
            found.append(text if raw else _name_of(text))
    return found


def _identity(thing: Json) -> str | None:
    keys = ("id", "@id", "href", "url", "preferredUsername", "name")
    return next((thing[k] for k in keys if isinstance(thing.get(k), str) and thing[k]), None)


def _link(value: Any) -> str | None:
    """The first URL of a `url` property; not decoded, for a URL stands as it is."""
    for one in value if isinstance(value, list) else [value]:
        text = one.get("href") if isinstance(one, dict) else one
        if isinstance(text, str) and text:
            return text
    return None


def _channel(generator: Any) -> str | None:
    """The channel, if the generator is one that `to_as2` wrote; a foreign one names a program."""
    name = generator.get("id") if isinstance(generator, dict) else generator
    if not isinstance(name, str) or not name.startswith(URN):
        return None
    return unquote(name.removeprefix(URN))


def _named(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return _text(value.get("name")) if isinstance(value, dict) else _text(value)


def _text(value: Any) -> str | None:
    """A JSON scalar as text; nothing for lists and objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return None


class _Words(HTMLParser):
    """Collects the text of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.pieces.append("\n")
        elif tag in ("script", "style"):
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "div", "li", "blockquote"):
            self.pieces.append("\n\n" if tag == "p" else "\n")
        elif tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)
