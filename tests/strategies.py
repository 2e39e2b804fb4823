"""Hypothesis strategies for nasty logs: ties, cycles, orphans, undone rows, hidden parents, mixed money, exact gaps.

A log is drawn as a list of scenes (a talk, a chain of shares, a regret, sales, or any single row), each a few small
`Draft`s; it shrinks towards few scenes, one time, the first actor and no references. `build` turns drafts into valid
rows, unique by (channel, id).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from hubbub.activity import SCHEMA, TOTAL
from oracle import DAY, HOUR, WEEK, EffortRow, Settings

Rows = list[dict[str, Any]]

START = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""

STEPS = (
    0, HOUR, 6 * HOUR, 0, DAY, 2 * DAY, WEEK, WEEK - 1, WEEK + 1, 1, 0, HOUR, DAY, 3 * DAY + HOUR,
    30 * DAY, 30 * DAY - 1, 30 * DAY + 1, 60 * DAY, 60 * DAY - 1, 60 * DAY + 1, 90 * DAY, 120 * DAY, -HOUR, -DAY, -WEEK,
)  # fmt: skip
"""From the row that a draft's time hangs on to its own time: coarse, so that ties are common, and exact limits."""

CHANNELS = ("x", "x", "x", "x", "web", "chat")
PERSONS = ("ann", "bob", "cat")
ACTORS = (*PERSONS, *PERSONS, "dan", "eve", "acme", "acme", "acme", "acme", "acme2", TOTAL)
"""`acme2` is the brand on some channels under some settings, else a person like others; `acme` mostly the brand."""

TYPES = (
    "post", "reply", "share", "message", "visit", "convert", "share", "reply", "share", "message", "like", "convert",
    "follow", "undo", "view", "delete", "update", "leave", "flag", "unfollow", "join", "undo",
)  # fmt: skip

CONTENTS = (
    None, "thanks acme!", "my GADGET broke", "acmeish words", "(acme2)", "no name here",
    "gadgets", "Straße ACME_", "@acme",
)  # fmt: skip
VALUES = (None, "30", "0.000001", "90.5", "-10", "0", "12.345678", "-0.000003", "1000000.000007")
CURRENCIES = (None, "EUR", "EUR", "EUR", "USD")
AUDIENCES = (None, 0, 10, 10, 250, 4_000)
TRUTHS = (None, True, False)

FIELDS_OF: dict[str, tuple[str, ...]] = {
    "post": ("in_reply_to", "addressed_to", "context"),
    "reply": ("in_reply_to", "addressed_to", "context", "via"),
    "message": ("addressed_to", "in_reply_to", "context", "via"),
    "share": ("via", "object", "in_reply_to"),
    "visit": ("via", "object"),
    "view": ("object", "via"),
    "join": ("via", "object"),
    "convert": ("via", "object", "in_reply_to"),
}
"""Which optional fields a type is drawn with; others have an `object`."""

REFERENCES = ("via", "in_reply_to", "object")


@dataclass(frozen=True)
class Draft:
    """A row before its references are known.

    after, step : its time is that of the row so many rows back (1 the one before), and so much later
    names : one choice for each reference field of its type: so many rows back (0 itself, below 0 a later row),
        a text, or None
    number : holes before its id
    """

    type: str
    actor: str
    channel: str
    after: int = 1
    step: int = 0
    names: tuple[int | str | None, ...] = ()
    addressed_to: str | None = None
    context: str | None = None
    campaign: str | None = None
    value: str | None = None
    currency: str | None = None
    content: str | None = None
    audience: int | None = None
    truth: bool | None = None
    number: int = 0
    count: int = 1
    cost: str | None = None


back = st.sampled_from([1, 2, 3, 1, 2, 4, 5, 7, 10, 0, -1, -2])
"""How many rows back; 0 is the row itself."""

names = st.one_of(st.none(), back, back, st.sampled_from(["gone", "i0", "acme", "ann"]))
"""What a reference names: `gone` is in no log, the last two are handles."""

after = st.sampled_from([1, 1, 1, 2, 3, 5, 8])
steps = st.sampled_from(STEPS)
short_steps = st.sampled_from(STEPS[:10])
actors = st.sampled_from(ACTORS)
persons = st.sampled_from(PERSONS)
channels = st.sampled_from(CHANNELS)
campaigns = st.sampled_from([None, None, None, None, "spring", "autumn"])


@st.composite
def drafts(draw: st.DrawFn, kinds: Sequence[str] = TYPES, actor: str | None = None) -> Draft:
    """Any row at all of some kinds."""
    kind = draw(st.sampled_from(kinds))
    money = kind == "convert"
    return Draft(
        type=kind,
        actor=actor if actor is not None else draw(actors),
        channel=draw(channels),
        after=draw(after),
        step=draw(steps),
        names=tuple(draw(names) for _ in FIELDS_OF.get(kind, ("object",))),
        addressed_to=draw(st.sampled_from(["acme", None, "ann", "bob", "cat", "acme2", TOTAL])),
        context=draw(st.sampled_from([None, None, None, "c1", "c2", "i0"])),
        campaign=draw(campaigns),
        value=draw(st.sampled_from(VALUES)) if money else None,
        currency=draw(st.sampled_from(CURRENCIES)) if money else None,
        content=draw(st.sampled_from(CONTENTS)),
        audience=draw(st.sampled_from(AUDIENCES)) if kind in ("share", "post") else None,
        truth=draw(st.sampled_from(TRUTHS)),
        number=draw(st.sampled_from([0, 0, 0, 1, 2])),
        count=draw(st.sampled_from([1, 1, 7])) if kind == "view" else 1,
        cost=draw(st.sampled_from([None, None, None, "5", "0.5"])),
    )


@st.composite
def talks(draw: st.DrawFn) -> list[Draft]:
    """A person and the brand in turn, each answering or addressing the other, with steps around 7 days."""
    person, channel = draw(persons), draw(channels)
    context, campaign = draw(st.sampled_from([None, "c1"])), draw(campaigns)
    out = []
    for _ in range(draw(st.integers(2, 6))):
        brand = draw(st.booleans())
        answering = draw(st.sampled_from([None, 1, 2]))
        addressed = draw(st.sampled_from([True, True, False]))
        out.append(
            Draft(
                type=draw(st.sampled_from(["message", "reply", "post"])),
                actor="acme" if brand else person,
                channel=channel,
                after=1,
                step=draw(short_steps),
                names=(answering,),
                addressed_to=(person if brand else "acme") if addressed else None,
                context=context,
                campaign=campaign,
                content=draw(st.sampled_from(CONTENTS)),
            )
        )
    return out


@st.composite
def chains(draw: st.DrawFn) -> list[Draft]:
    """A root, shares that came by it or by one another (some naming only an object), and people who came through."""
    channel = draw(channels)
    root = draw(drafts(kinds=("post", "share", "message", "like"))).__dict__ | {"channel": channel}
    out = [Draft(**root)]
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["share", "share", "share", "visit", "share", "convert", "message", "undo"]))
        via, rest = draw(st.sampled_from([1, 2, 1, 3, 4, None])), draw(st.sampled_from([None, 1, 2, "gone"]))
        fields = FIELDS_OF.get(kind, ("object",))
        named = {"via": via, "object": rest if via is not None else draw(st.sampled_from([1, 2]))}
        actor = out[-1].actor if kind == "undo" else draw(actors)
        row = draw(drafts(kinds=(kind,), actor=actor)).__dict__
        row |= {"names": tuple(named.get(f) for f in fields), "step": draw(short_steps), "channel": channel}
        out.append(Draft(**row | {"number": 0}))
    return out


@st.composite
def regrets(draw: st.DrawFn) -> list[Draft]:
    """A like, share or follow, what came through it, and its undo by whoever; perhaps twice."""
    actor, channel = draw(persons), draw(channels)
    first = draw(drafts(kinds=("like", "share", "follow"), actor=actor)).__dict__ | {"channel": channel}
    out = [Draft(**first)]
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["undo", "share", "visit", "undo"]))
        who = draw(st.sampled_from([actor, actor, *PERSONS])) if kind == "undo" else draw(actors)
        row = draw(drafts(kinds=(kind,), actor=who)).__dict__ | {"channel": channel, "number": 0}
        row |= {"names": tuple(len(out) if f in ("via", "object") else None for f in FIELDS_OF.get(kind, ("object",)))}
        out.append(Draft(**row | {"step": draw(short_steps)}))
    return out


@st.composite
def sales(draw: st.DrawFn) -> list[Draft]:
    """Touches and conversions of one person in short steps; a conversion is perhaps a refund of one before."""
    actor, channel = draw(persons), draw(channels)
    out = []
    for _ in range(draw(st.integers(1, 5))):
        row = draw(drafts(kinds=("convert", "share", "reply", "convert", "visit", "convert"), actor=actor)).__dict__
        if row["type"] == "share" and draw(st.booleans()):
            row = row | {"names": (None, draw(back), None)}
        out.append(Draft(**row | {"channel": channel, "step": draw(short_steps), "number": 0}))
    return out


scenes = st.one_of(drafts().map(lambda d: [d]), talks(), chains(), regrets(), sales())


def times_of(drafted: Sequence[Draft]) -> list[int]:
    """Each draft's time hangs on an earlier draft's; the first on the start."""
    out: list[int] = []
    for k, draft in enumerate(drafted):
        out.append((out[max(0, k - draft.after)] if k else START) + draft.step)
    return out


def ids_of(drafted: Sequence[Draft]) -> list[str]:
    """`i0`, `i1`, ... counted by channel, so that ids are shared between channels, with holes."""
    taken: dict[str, int] = {}
    out = []
    for draft in drafted:
        number = taken.get(draft.channel, 0) + draft.number
        taken[draft.channel] = number + 1
        out.append(f"i{number}")
    return out


def target(choice: int | str | None, k: int, ids: Sequence[str]) -> str | None:
    """The text of a reference of row `k`; before the first row is the first, after the last is the last."""
    if isinstance(choice, int):
        return ids[min(max(k - choice, 0), len(ids) - 1)]
    return choice


def build(drafted: Sequence[Draft]) -> Rows:
    """Valid rows: only totals and named views have a count above 1, only the brand's handles a cost."""
    times, ids = times_of(drafted), ids_of(drafted)
    out: Rows = []
    for k, d in enumerate(drafted):
        row: dict[str, Any] = dict.fromkeys(SCHEMA.names)
        row |= {"id": ids[k], "time": times[k], "channel": d.channel, "type": d.type, "actor": d.actor}
        fields = FIELDS_OF.get(d.type, ("object",))
        for field, choice in zip(fields, d.names, strict=False):
            if field in REFERENCES and row[field] is None:
                row[field] = target(choice, k, ids)
        if "addressed_to" in fields:
            row["addressed_to"], row["context"] = d.addressed_to, d.context
        row |= {
            "campaign": d.campaign,
            "content": d.content,
            "value": None if d.value is None else Decimal(d.value),
            "cost": Decimal(d.cost) if d.cost is not None and d.actor.startswith("acme") else None,
            "currency": "EUR" if d.cost is not None and d.currency is None else d.currency,
            "count": d.count if d.type == "view" or d.actor == TOTAL else 1,
            "audience": d.audience,
            "disclosed": d.truth if d.type == "share" else None,
            "rewarded": d.truth if d.type == "share" else None,
            "automated": d.truth if d.type == "visit" else None,
        }
        out.append(row)
    return out


BRANDS = (
    frozenset({(None, "acme")}),
    frozenset({(None, "acme"), ("x", "acme2")}),
    frozenset({("x", "acme"), ("web", "acme2")}),
)
PEOPLE: tuple[dict[tuple[str, str], str], ...] = (
    {},
    {("x", "ann"): "Ann", ("web", "ann"): "Ann", ("chat", "bob"): "Ann"},
    {("x", "bob"): "Bob", ("x", "cat"): "Bob", ("chat", "ann"): "Ann", ("web", "eve"): "Ann", ("x", "acme"): "Ann"},
)
COVERAGE: tuple[tuple[tuple[str, int | None, int | None], ...], ...] = (
    (),
    (("x", START, None),),
    (("x", START - 40 * DAY, START + 60 * DAY), ("x", None, START + 30 * DAY)),
    (("chat", START + DAY, START + WEEK), ("web", None, START + 400 * DAY)),
)
SEGMENTS: tuple[dict[tuple[str, str], str], ...] = ({}, {("x", "ann"): "near", ("chat", "bob"): "far"})
WATCHED = (frozenset[str](), frozenset({"gadget", "my"}))
EFFORT: tuple[tuple[EffortRow, ...], ...] = (
    (),
    (EffortRow("conversation", hours=2.0), EffortRow("spread", cost=Decimal(10), currency="EUR")),
)


@st.composite
def settings(draw: st.DrawFn) -> Settings:
    return Settings(
        brand=draw(st.sampled_from(BRANDS)),
        people=draw(st.sampled_from(PEOPLE)),
        coverage=draw(st.sampled_from(COVERAGE)),
        segments=draw(st.sampled_from(SEGMENTS)),
        watched=draw(st.sampled_from(WATCHED)),
        window_days=draw(st.sampled_from([30, 30, 7, 0])),
        currency=draw(st.sampled_from([None, "EUR", "USD"])),
        hour_cost=draw(st.sampled_from([None, Decimal(20)])),
        effort=draw(st.sampled_from(EFFORT)),
    )


@st.composite
def rows(draw: st.DrawFn, least: int = 5, most: int = 60) -> Rows:
    """`least` to `most` rows, in no order of time."""
    drafted: list[Draft] = []
    for _ in range(draw(st.integers(1, most // 3))):
        drafted += draw(scenes)
    if len(drafted) < least:
        drafted += [draw(drafts()) for _ in range(least - len(drafted))]
    return build(drafted[:most])


def logs(least: int = 5, most: int = 60) -> st.SearchStrategy[tuple[Rows, Settings]]:
    """A log and what is told about it."""
    return st.tuples(rows(least, most), settings())


def to_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Rows as a valid Arrow log; times are microseconds already."""
    return pa.Table.from_pylist([{name: row.get(name) for name in SCHEMA.names} for row in rows], schema=SCHEMA)
