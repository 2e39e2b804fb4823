"""From the log to the two tables and the ledger, on one machine: load, link, group, fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from hubbub.activity import DAY_US, TYPES, moment
from hubbub.converse.people import INTS, NO_TIME, Fold, fold_people
from hubbub.converse.persons import Persons, Register, describe
from hubbub.converse.table import Names, people_table
from hubbub.kernel import BoolArray, IntArray, jit
from hubbub.log.facts import Paid, channel_ledgers, efforts, paid_of, seen_of, tally
from hubbub.log.following import follows_of
from hubbub.log.group import grouped, settle
from hubbub.log.index import NONE
from hubbub.log.link import (
    BRAND_SIDE,
    NO_MONEY,
    TOTALS,
    Context,
    Handles,
    Linked,
    Rows,
    conversions,
    count_values,
    link,
    refunds,
)
from hubbub.log.outcomes import with_trials
from hubbub.log.permission import with_consent
from hubbub.log.read import ordered
from hubbub.log.segment import Loaded, Segment, Texts, load
from hubbub.log.settings import Settings
from hubbub.log.sharing import sharing
from hubbub.log.sparse import Sparse
from hubbub.rows import ORPHAN, TYPE_BITS, UNDONE
from hubbub.shelf import Shelf
from hubbub.spread.cascades import HIDDEN_PARENT
from hubbub.spread.fold import Forest, fold_forest
from hubbub.spread.table import Heads, Words
from hubbub.tables import CASCADES, PEOPLE, Ledger

_CHUNK = 1_000_000
_CODE = {name: code for code, name in enumerate(TYPES)}
_SHARE, _POST = _CODE["share"], _CODE["post"]


@dataclass(frozen=True, slots=True)
class Tables:
    """What the comparison sees: one row a person (by label), one row a cascade (by channel and root), the ledger."""

    people: pa.Table
    cascades: pa.Table
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class Values:
    """Which values of conversions count (reading 26)."""

    code: int | None  # currency code; -1 rows without a currency; None: each conversion counts 1
    currency: str | None
    valued: str
    why: str


def measure(segments: Sequence[Segment], settings: Settings, window_days: float = 30.0) -> Tables:
    """The two tables and the ledger of a log."""
    loaded = load(segments)
    rows = loaded.rows
    if rows.time.size == 0:
        return Tables(PEOPLE.empty_table(), CASCADES.empty_table(), Ledger(0, None, None, brand=settings.name))
    texts = Texts(segments)
    linked = link(rows, _context(loaded, settings, texts, texts.words))
    values = choose_values(rows, linked, loaded.currencies, settings.currency)
    count_values(rows, linked, values.code)
    linked.reply = linked.object = np.empty(0, np.int32)
    end = int(rows.time[-1])
    persons = _persons(loaded, linked, register_of(settings, end), texts)
    segments_of = sorted(set(settings.segments.values()))
    ledger = _ledger(loaded, linked, settings, values, window_days)
    ledger = with_trials(with_consent(ledger, segments, settings), segments, settings)
    people, first_exchange = _people(loaded, linked, persons, texts, round(window_days * DAY_US), segments_of)
    cascades = _cascades(loaded, linked, persons, texts, end, first_exchange)
    return Tables(people, cascades, ledger)


def measure_cascades(segments: Sequence[Segment], settings: Settings) -> tuple[pa.Table, Ledger]:
    """The table of cascades alone, from the rows that sharing rests on, and the extent of the log.

    It equals that of `measure`, but for `exchanged` of the nodes, which is null: nobody's conversations are looked at.
    """
    if not sum(s.rows for s in segments):
        return CASCADES.empty_table(), Ledger(0, None, None, brand=settings.name)
    found = sharing(segments)
    loaded, texts = load(segments, found.some), Texts(segments, found.some)
    first, last = (moment(t) for t in (found.first_us, found.last_us))
    ledger = Ledger(
        sum(s.rows for s in segments), first, last, brand=settings.name, segments=settings.targets,
        follows=follows_of(settings),
    )  # fmt: skip
    if loaded.rows.time.size == 0:
        return CASCADES.empty_table(), ledger
    linked = link(loaded.rows, _context(loaded, settings, texts, None))
    persons = _persons(loaded, linked, register_of(settings, found.last_us), texts)
    return _cascades(loaded, linked, persons, texts, found.last_us), ledger


def _context(
    loaded: Loaded, settings: Settings, texts: Texts, words: Callable[[IntArray], list[str | None]] | None
) -> Context:
    starts = {c.channel: c.start for c in settings.coverage if c.start is not None}
    return Context(loaded.channels, settings.brand, settings.people, starts, texts.names, words, settings.watched)


def choose_values(rows: Rows, linked: Linked, currencies: list[str], asked: str | None) -> Values:
    """Decide once for the whole log which values count."""
    converts = conversions(rows, linked)
    if not converts.size:
        return Values(None, None, "none", "")
    value = rows.value.take(rows.origin[converts])
    given = converts[value != NO_MONEY]
    below = given[value[value != NO_MONEY] < 0]
    if given.size == below.size and refunds(rows, linked, below).all():
        return values_of([], currencies, asked)
    return values_of(np.unique(rows.currency.take(rows.origin[given])).tolist(), currencies, asked)


def values_of(codes: Sequence[int], currencies: list[str], asked: str | None) -> Values:
    """Which values count where these currencies (-1: none named) stand beside people's conversions."""
    if not codes:
        return Values(None, None, "count", "No conversion has a value, so each counts 1.")
    if len(codes) == 1:
        code = codes[0]
        return Values(code, currencies[code] if code >= 0 else None, "value", "")
    if asked is not None:
        code = currencies.index(asked) if asked in currencies else len(currencies)
        return Values(code, asked, "value", "")
    named = ", ".join(sorted(currencies[c] if c >= 0 else "no currency" for c in codes))
    return Values(None, None, "count", f"Values stand in several currencies ({named}), so each conversion counts 1.")


@dataclass(frozen=True, slots=True)
class _Persons:
    """Persons of the log in the order of their labels.

    of_code : int32, by code of a handle that stands for a person; -1 where nobody acts, and as the last entry
    """

    of_code: IntArray
    known: Persons


def _persons(loaded: Loaded, linked: Linked, register: Register, texts: Texts) -> _Persons:
    handles = linked.handles
    acts = np.zeros(handles.key.size + 1, np.bool_)
    _mark_acting(linked.who, acts)
    dense = np.where(acts, np.cumsum(acts) - 1, NONE).astype(np.int32)
    theirs = np.flatnonzero(acts[handles.person] & _named_there(handles))
    channel, handle = _names_of(loaded, handles, texts, theirs)
    known = describe(dense[handles.person[theirs]], channel, handle, int(acts.sum()), register)
    order = known.by_label()
    rank = np.full(order.size + 1, NONE, np.int32)
    rank[order] = np.arange(order.size)
    return _Persons(rank[dense], known.take(order))


@jit
def _mark_acting(who: Any, acts: Any) -> None:
    for i in range(who.size):
        if who[i] >= 0:
            acts[who[i]] = True


def _named_there(handles: Handles) -> BoolArray:
    """Handles that act or stand in people.csv."""
    known = handles.origin >= 0
    known[list(handles.listed)] = True
    return known


def _names_of(loaded: Loaded, handles: Handles, texts: Texts, codes: IntArray) -> tuple[pa.Array, pa.Array]:
    """Channel and name of handles, from a row that shows them or from people.csv."""
    row = handles.origin[codes]
    shown = row >= 0
    names = texts.take("actor", row[shown])
    channels = pa.array(loaded.channels, pa.string()).take(pa.array(handles.channel[codes[shown]].astype(np.int32)))
    if shown.all():
        return channels, names
    listed = [handles.listed[int(h)] for h in codes[~shown]]
    back = pa.array(np.argsort(np.concatenate([np.flatnonzero(shown), np.flatnonzero(~shown)])))
    return (
        pa.concat_arrays([channels, pa.array([c for c, _ in listed], pa.string())]).take(back),
        pa.concat_arrays([names, pa.array([h for _, h in listed], pa.string())]).take(back),
    )


@jit
def _translate(codes: Any, to: Any) -> None:
    """Put to[code] in place of each code, and -1 in place of what is below 0."""
    for i in range(codes.size):
        codes[i] = to[codes[i]] if codes[i] >= 0 else -1


def register_of(settings: Settings, log_end: int) -> Register:
    """What side tables say of handles and channels."""
    ends: dict[str, int] = {}
    for c in settings.coverage:
        if c.end is not None:
            ends[c.channel] = max(ends.get(c.channel, c.end), c.end)
    return Register(
        people=settings.people,
        segments=settings.segments,
        names=sorted(set(settings.segments.values())),
        ends={channel: min(end, log_end) for channel, end in ends.items()},
        end=log_end,
    )


def _people(
    loaded: Loaded, linked: Linked, persons: _Persons, texts: Texts, window_us: int, segments: list[str]
) -> tuple[pa.Table, IntArray]:
    """The table of people, by label, and when each person's first exchange was completed.

    Uses up what only this fold needs of the linked rows: owner, thread.
    """
    rows, known = loaded.rows, persons.known
    count = len(known.label)
    _translate(linked.owner, persons.of_code)
    members, offsets = grouped(linked.owner, count)
    linked.owner = np.empty(0, np.int32)
    settle(members, offsets, rows.time, linked.ties, lambda r: texts.names(rows.origin[r]))
    root_rows = _root_rows(linked)
    roots = _root_names(loaded, texts, root_rows)
    first_exchange = np.empty(count, np.int64)

    def one(cut: tuple[int, int]) -> pa.Table:
        a, b = cut
        mine = members[offsets[a] : offsets[b]]
        flags, root = linked.flags[mine], linked.root[mine]
        fold = Fold(
            offsets=offsets[a : b + 1] - offsets[a],
            time=rows.time[mine],
            flags=flags,
            thread=linked.thread[mine],
            campaign=rows.campaign[mine],
            root=np.where(root >= 0, np.searchsorted(root_rows, root), NONE).astype(np.int32),
            value=_where(mine, (flags & TYPE_BITS) == _CODE["convert"], linked.value),
            undone=_where(mine, (flags & UNDONE) != 0, linked.undone),
            end=known.end[a:b],
        )
        folded = fold_people(fold, window_us, len(loaded.campaigns))
        first_exchange[a:b] = folded.ints[:, INTS.index("first_exchange")]
        first_row = folded.ints[:, INTS.index("first_row")]
        seen = mine[np.where(first_row >= 0, first_row, fold.offsets[:-1])]
        names = Names(
            known.label.slice(a, b - a), known.handles.slice(a, b - a), rows.channel[seen].astype(np.int32),
            known.segment[a:b], loaded.channels, segments, loaded.campaigns, roots,
        )  # fmt: skip
        return people_table(folded, known.end[a:b], names)

    shelf = Shelf(PEOPLE)
    with ThreadPoolExecutor(2) as pool:
        for table in ordered(pool, (partial(one, cut) for cut in _cuts(offsets))):
            shelf.add(table)
    linked.thread = np.empty(0, np.int64)
    return shelf.table(), first_exchange


def _where(rows: IntArray, some: BoolArray, column: Sparse) -> IntArray:
    """Values of rows, looked up only for some of them."""
    out = np.full(rows.size, column.missing, np.int64)
    here = np.flatnonzero(some)
    out[here] = column.take(rows[here])
    return out


def _cuts(offsets: IntArray) -> list[tuple[int, int]]:
    """Runs of persons with about a million rows each."""
    count = offsets.size - 1
    if count == 0:
        return []
    ends = np.searchsorted(offsets, np.arange(_CHUNK, int(offsets[-1]) + _CHUNK, _CHUNK), side="left")
    edges = np.unique(np.concatenate([[0], np.minimum(ends, count), [count]]))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _root_rows(linked: Linked) -> IntArray:
    """Rows that are roots of what somebody came through, ascending."""
    used = np.zeros(linked.root.size, np.bool_)
    _mark_used(linked.root, used)
    return np.flatnonzero(used)


@jit
def _mark_used(root: Any, used: Any) -> None:
    for i in range(root.size):
        if root[i] >= 0:
            used[root[i]] = True


def _root_names(loaded: Loaded, texts: Texts, root_rows: IntArray) -> pa.Array:
    channel = pa.array(loaded.channels, pa.string()).take(pa.array(loaded.rows.channel[root_rows].astype(np.int32)))
    ids = texts.take("id", loaded.rows.origin[root_rows])
    return pc.binary_join_element_wise(channel, ids, ":")


def _cascades(
    loaded: Loaded, linked: Linked, persons: _Persons, texts: Texts, end: int, first_exchange: IntArray | None = None
) -> pa.Table:
    """first_exchange : of each person; None where it is not known"""
    rows = loaded.rows
    cascade, roots = cascade_codes(rows, linked)
    members, offsets = grouped(cascade, roots.size)
    settle(members, offsets, rows.time, linked.ties, lambda r: texts.names(rows.origin[r]))
    place = np.full(rows.time.size + 2, HIDDEN_PARENT, np.int32)
    place[members] = np.arange(members.size) - np.repeat(offsets[:-1], np.diff(offsets))
    parent = place[linked.parent[members]]
    parent[offsets[:-1]] = -1
    del place
    author = _authors(linked.who[members], persons)
    through = np.flatnonzero((rows.type != _CODE["share"]) & (linked.via >= 0) & (linked.who >= 0))
    through = through[persons.of_code[linked.who[through]] >= 0]
    to = cascade[linked.via[through]]
    origin = rows.origin[members]
    forest = Forest(
        offsets=offsets,
        parent=parent,
        time=rows.time[members],
        author=author,
        label=persons.known.label.take(pa.array(author, mask=author < 0)),
        exchanged=_exchanged(author, rows.time[members], first_exchange),
        audience=rows.audience.take(origin),
        disclosed=rows.disclosed.take(origin),
        rewarded=rows.rewarded.take(origin),
        shares=rows.type[members] == _CODE["share"],
        came_to=to[to >= 0],
        came=persons.of_code[linked.who[through[to >= 0]]],
    )
    who = _authors(linked.who[roots], persons)
    heads = Heads(
        id=texts.take("id", rows.origin[roots]),
        author=persons.known.label.take(pa.array(who, mask=who < 0)),
        channel=rows.channel[roots].astype(np.int32),
        type=rows.type[roots].astype(np.int32),
        campaign=rows.campaign[roots],
        tried=(linked.who[roots] == BRAND_SIDE) & (rows.type[roots] == _CODE["post"]),
        orphan=(linked.flags[roots] & ORPHAN) != 0,
    )
    words = Words(loaded.channels, list(TYPES), loaded.campaigns)
    return fold_forest(forest, heads, words, end)


def _exchanged(author: IntArray, time: IntArray, first_exchange: IntArray | None) -> IntArray:
    """Whether the author had completed an exchange before: 1, 0, or -1 not known."""
    if first_exchange is None:
        return np.full(author.size, NONE, np.int8)
    return ((author >= 0) & (np.append(first_exchange, NO_TIME)[author] < time)).astype(np.int8)


def _authors(who: IntArray, persons: _Persons) -> IntArray:
    """The persons who acted, int32; -1 for the brand and the network."""
    return np.where(who >= 0, persons.of_code[np.maximum(who, NONE)], NONE).astype(np.int32)


def cascade_codes(rows: Rows, linked: Linked) -> tuple[IntArray, IntArray]:
    """Cascade of every node (-1 for rows that are none), and the root rows, tries of size 1 included."""
    kind, top = rows.type, linked.root
    cascade = np.full(kind.size, NONE, np.int32)
    count = _mark_roots(kind, linked.who, linked.flags, linked.parent, top, cascade)
    roots = np.empty(count, np.int64)
    _number_roots(cascade, roots)
    _join_roots(kind, linked.who, linked.flags, linked.parent, top, cascade)
    return cascade, roots


@njit(inline="always")
def _is_node(i: Any, kind: Any, who: Any, flags: Any, parent: Any) -> Any:
    return kind[i] == _SHARE and who[i] != TOTALS and not flags[i] & UNDONE and parent[i] != NONE


@jit
def _mark_roots(kind: Any, who: Any, flags: Any, parent: Any, root: Any, cascade: Any) -> Any:
    """Mark posts of the brand and roots of nodes with 0; returns how many there are."""
    n = 0
    for i in range(kind.size):
        if _is_node(i, kind, who, flags, parent) and cascade[root[i]] < 0:
            cascade[root[i]] = 0
            n += 1
        if who[i] == BRAND_SIDE and kind[i] == _POST and cascade[i] < 0:
            cascade[i] = 0
            n += 1
    return n


@jit
def _number_roots(cascade: Any, roots: Any) -> None:
    n = 0
    for i in range(cascade.size):
        if cascade[i] == 0:
            cascade[i] = n
            roots[n] = i
            n += 1


@jit
def _join_roots(kind: Any, who: Any, flags: Any, parent: Any, root: Any, cascade: Any) -> None:
    for i in range(kind.size):
        if cascade[i] < 0 and _is_node(i, kind, who, flags, parent):
            cascade[i] = cascade[root[i]]


def _ledger(loaded: Loaded, linked: Linked, settings: Settings, values: Values, window_days: float) -> Ledger:
    counts = tally(seen_of(loaded, linked), len(loaded.channels))
    costs = paid_of(loaded, linked)
    return ledger_of(counts, loaded.channels, costs, settings, values, window_days)


def ledger_of(
    counts: IntArray, channels: list[str], costs: Paid, settings: Settings, values: Values, window_days: float
) -> Ledger:
    """The ledger from the tally of the whole log (hubbub.log.facts), its costs and the settings."""
    ledgers = channel_ledgers(counts, channels, settings.coverage)
    return Ledger(
        activities=sum(c.rows for c in ledgers),
        first=min(c.first for c in ledgers),
        last=max(c.last for c in ledgers),
        channels=ledgers,
        effort=(*efforts(costs), *settings.effort),
        hour_cost_micros=settings.hour_cost_micros,
        currency=values.currency,
        valued=values.valued,
        valued_why=values.why,
        brand=settings.name,
        segments=settings.targets,
        window_days=window_days,
        follows=follows_of(settings),
    )
