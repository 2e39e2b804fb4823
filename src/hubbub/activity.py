"""The record: one activity, its fields, types, units and words. The Arrow schema comes from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")
MONEY = pa.decimal128(18, 6)
MICROS = 1_000_000
"""Money is counted in millionths of its currency."""

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
"""Moments are counted in microseconds since 1970 UTC, and so are lengths of time."""

TYPES: tuple[str, ...] = (
    "post", "reply", "message", "share", "like", "follow", "unfollow", "view", "visit",
    "join", "convert", "leave", "flag", "update", "delete", "undo",
)  # fmt: skip
"""What can be done. The position of a word is its code in segments."""

WORDS = frozenset({"post", "reply", "message"})
NO_TOUCH = frozenset({"leave", "flag", "unfollow", "update", "delete", "undo"})
UNDOABLE = frozenset({"like", "share", "follow"})
TOTAL = "*"
"""The actor of a row that is a total from the network."""
WEB = "web"
"""The channel on which share links live."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the record.

    name, type : as in the Arrow schema
    needed : a row without it is refused
    as2 : the ActivityStreams 2.0 property that carries it, or "" for an extension term `hubbub:name`
    meaning : one sentence for the guide
    """

    name: str
    type: pa.DataType
    needed: bool
    as2: str
    meaning: str


FIELDS: tuple[Field, ...] = (
    Field("id", pa.string(), True, "id", "the network's own id, unique within `channel`"),
    Field("time", TIME, True, "published", "when it happened, UTC, microseconds"),
    Field("channel", pa.string(), True, "generator", "the network or place: `facebook`, `blog`, `email`, `web`, ..."),
    Field("type", pa.string(), True, "type", "what was done, one of the words below"),
    Field("actor", pa.string(), True, "actor", "who, as the channel names them; `*` for a total from the network"),
    Field("object", pa.string(), False, "object", "id of the activity, URL of the page or handle it was done to"),
    Field("in_reply_to", pa.string(), False, "inReplyTo", "id of the activity answered"),
    Field("context", pa.string(), False, "context", "id of the conversation"),
    Field("via", pa.string(), False, "", "id of the share, or code of the share link, that brought this about"),
    Field("addressed_to", pa.string(), False, "to", "the handle addressed"),
    Field("campaign", pa.string(), False, "", "which effort of the brand it belongs to"),
    Field("content", pa.string(), False, "content", "the words"),
    Field("url", pa.string(), False, "url", "where it can be seen"),
    Field("value", MONEY, False, "", "money or points, for `convert`; six decimals, rounded half even"),
    Field("currency", pa.string(), False, "", "ISO 4217"),
    Field("cost", MONEY, False, "", "what the brand paid for it, in `currency`"),
    Field("count", pa.int64(), False, "", "how many it stands for; 1 where missing"),
    Field("audience", pa.int64(), False, "", "how many people the actor could reach at that moment"),
    Field("disclosed", pa.bool_(), False, "", "whether the sharer could see that it is marketing; missing: not known"),
    Field("rewarded", pa.bool_(), False, "", "whether something was promised for it; missing: not known"),
    Field("automated", pa.bool_(), False, "", "whether a machine did it; missing: not known"),
    Field("place", pa.string(), False, "location", "group, board, list or show within the channel"),
    Field("raw", pa.string(), False, "", "what the network sent, as JSON; never in exports or logs"),
)

SCHEMA = pa.schema([pa.field(f.name, f.type, nullable=not f.needed) for f in FIELDS])
"""The Arrow schema of a valid log."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC; a moment without a zone is taken as UTC.

    >>> micros(datetime(1970, 1, 2, tzinfo=UTC)) == DAY_US
    True
    """
    return (moment - datetime(1970, 1, 1, tzinfo=UTC if moment.tzinfo else None)) // timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    """The moment so many microseconds after 1970 UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
