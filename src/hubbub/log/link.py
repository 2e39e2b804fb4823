"""Linking: references are resolved, campaigns inherited, threads and cascades named, each row given its flags.

Works on any set of rows that is closed under reference, thread and conversation: the whole log on one machine,
one connected group of it on a cluster. Definitions: METHODS, "Touches and modes"; docs/readings.md 1 to 13, 30 to 32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from hubbub.activity import MICROS, TOTAL, TYPES, UNDOABLE, WEB, WORDS
from hubbub.kernel import BoolArray, IntArray, jit
from hubbub.log.index import MISSING, NONE, Codes, find, find_all, index_of
from hubbub.log.keys import hash_text, key_of, salted, salts_of
from hubbub.log.order import Name, ranked
from hubbub.log.sparse import Sparse
from hubbub.rows import (
    ANSWERED,
    BRAND,
    EARLY,
    HAS_CONTEXT,
    HAS_REPLY,
    HAS_VIA,
    HIDDEN,
    IN_BRAND_THREAD,
    MADE,
    NAMES_BRAND,
    ORPHAN,
    REFUND,
    REPLY_ORPHAN,
    SPOKE,
    SPREAD,
    TOUCHES_BRAND,
    TURN,
    UNDONE,
    VALUED,
)

_CODE = {name: code for code, name in enumerate(TYPES)}
_SHARE, _MESSAGE, _POST, _CONVERT, _UNDO = (_CODE[t] for t in ("share", "message", "post", "convert", "undo"))
_IS_WORDS = np.array([t in WORDS for t in TYPES])
_UNDOABLE = np.array([t in UNDOABLE for t in TYPES])

BRAND_SIDE, TOTALS, NOBODY = -1, -2, -3
"""Who a row belongs to, besides persons (0 and up): the brand, the network's totals, a handle that never acts."""

NO_MONEY = -(2**62)
_NOT_GIVEN, _NO_START = -9, -(2**62)


SPARSE = {
    "value": NO_MONEY, "cost": NO_MONEY, "currency": -1, "count": 1, "audience": -1, "disclosed": -1, "rewarded": -1,
}  # fmt: skip
"""Columns that few rows have, and what stands for a missing value."""


class Keys(NamedTuple):
    """What the rows of one block name: base keys int64[m], 0 where missing; `start` is the origin of the first."""

    start: int
    actor: IntArray
    object: IntArray
    reply: IntArray
    via: IntArray
    context: IntArray
    addressed: IntArray


@dataclass(slots=True)
class Rows:
    """Columns of a log, one array each, all of one length and in one order.

    time : int64, microseconds; channel, type : int16, int8 codes (into `channels` and TYPES)
    id : int64 keys on their channels; campaign : int32 code, -1 where missing; flags : uint32, hubbub.rows
    origin : int32, the row's number in the files, by which text and what follows is fetched
    blocks : what the rows name, block after block in the order of the files
    value, cost : millionths; currency : code; count, audience; disclosed, rewarded : 0 or 1; all by origin
    """

    time: IntArray
    channel: IntArray
    type: IntArray
    id: IntArray
    campaign: IntArray
    flags: IntArray
    origin: IntArray
    blocks: Callable[[], Iterator[Keys]]
    value: Sparse
    cost: Sparse
    currency: Sparse
    count: Sparse
    audience: Sparse
    disclosed: Sparse
    rewarded: Sparse

    def places(self) -> IntArray | None:
        """Where each row of the files stands, int32; None where all stand as in the files."""
        if _as_numbered(self.origin):
            return None
        out = np.empty(self.origin.size, np.int32)
        out[self.origin] = np.arange(out.size, dtype=np.int32)
        return out


_ORDERED = ("time", "channel", "type", "id", "campaign", "flags", "origin")


@jit
def _as_numbered(origin: Any) -> Any:
    i = 0
    while i < origin.size and origin[i] == i:
        i += 1
    return i == origin.size


@dataclass(frozen=True, slots=True)
class Context:
    """What linking must know besides the rows.

    channels : names behind the channel codes
    brand : (channel or None, handle) of the brand
    people : (channel, handle) -> name of the person
    starts : start of coverage by channel name, microseconds
    texts : rows (by `origin`) -> their (channel, id)
    words : rows (by `origin`) -> their content, None where missing; None: nobody asks who made something
    watched : words that name the brand
    """

    channels: list[str]
    brand: frozenset[tuple[str | None, str]]
    people: dict[tuple[str, str], str]
    starts: dict[str, int]
    texts: Callable[[IntArray], list[Name]]
    words: Callable[[IntArray], list[str | None]] | None
    watched: frozenset[str] = field(default_factory=frozenset)


@dataclass(slots=True)
class Linked:
    """What linking adds to the rows, in reading order.

    who : int32 person, BRAND_SIDE or TOTALS; owner : int32 person in whose fold the row stands, NONE for nobody
    flags : uint32, hubbub.rows; thread : int64 key; campaign : int32, own or inherited
    root : int32 row: of the cascade that a row came through (readings 7, 30); NONE for rows without a `via`
    parent : int32 row of the nearest standing parent of a share, MISSING where the network hides it, NONE where
        there is none: then the share, if it stands, is a root itself
    via, reply, object : int32 row followed, MISSING or NONE
    undone : row -> moment; ties : row -> its sort key among rows of its time, where that is not just its name
    value : by row, what each conversion is worth (`count_values`)
    handles : whom the log and people.csv name
    """

    who: IntArray
    owner: IntArray
    flags: IntArray
    thread: IntArray
    root: IntArray
    parent: IntArray
    via: IntArray
    reply: IntArray
    object: IntArray
    undone: Sparse
    ties: dict[int, tuple[Name, int]]
    handles: Handles
    value: Sparse


@dataclass(frozen=True, slots=True)
class Handles:
    """Handles by their code.

    key : int64, on its channel; origin : int32, a row that shows it, NONE if none does; channel : int16 of that row
    person : int32, the code of the handle that stands for its person
    person_key : int64, the key of the person, the same whatever rows are linked together
    listed : (channel, handle) of the handles of people.csv
    """

    key: IntArray
    origin: IntArray
    channel: IntArray
    person: IntArray
    person_key: IntArray
    listed: dict[int, tuple[str, str]]


def link(rows: Rows, context: Context) -> Linked:
    """Link rows in place (they end in reading order, so far as it matters within a closed set)."""
    _sort_by_time(rows)
    named, handles = _named(rows, context)
    rows.id = np.empty(0, np.int64)
    ties = _settle_ties(rows, context, named)
    for ref in (named.reply, named.object, named.via):
        _later_is_missing(ref)
    n = rows.time.size
    undone = _undone(rows, named)
    flags = _first_flags(rows, context, undone)
    root = np.full(n, NONE, np.int32)
    parent = np.full(n, NONE, np.int32)
    owner = np.full(n, NONE, np.int32)
    _walk(
        rows.time, rows.channel, rows.type, salts_of(context.channels), named.reply, named.object, named.via,
        named.who, named.addressed, handles.person_key, rows.campaign, flags, named.thread, root, parent, owner,
        undone.at, undone.value,
    )  # fmt: skip
    speakers = _brand_threads(named.thread, named.who, rows.type)
    _second_flags(named.who, rows.type, named.thread, index_of(speakers), speakers, flags, owner)
    linked = Linked(
        named.who, owner, flags, named.thread, root, parent, named.via, named.reply, named.object, undone, ties,
        handles, Sparse(undone.at[:0], undone.value[:0], 0),
    )  # fmt: skip
    _mark_made(rows, linked, context)
    return linked


def _sort_by_time(rows: Rows) -> None:
    if _ascending(rows.time):
        return
    order = np.argsort(rows.time, kind="stable").astype(np.int32)
    for name in _ORDERED:
        setattr(rows, name, getattr(rows, name)[order])


@jit
def _ascending(time: Any) -> Any:
    i = 1
    while i < time.size and time[i] >= time[i - 1]:
        i += 1
    return i >= time.size


@dataclass(frozen=True, slots=True)
class _Named:
    """What each row names, found: rows, persons, and the key of the thread that its own words would open."""

    reply: IntArray
    object: IntArray
    via: IntArray
    thread: IntArray
    who: IntArray
    addressed: IntArray

    def columns(self) -> tuple[IntArray, ...]:
        return self.reply, self.object, self.via, self.thread, self.who, self.addressed


def _named(rows: Rows, context: Context) -> tuple[_Named, Handles]:
    """Follow what the rows name, block after block, wherever it stands in time."""
    n = rows.time.size
    salts = salts_of(context.channels)
    web = salts_of([WEB])
    total = hash_text(_texts([TOTAL]))[0]
    table = index_of(rows.id)
    place = rows.places()
    narrow = [np.empty(n, np.int32) for _ in range(5)]
    out = _Named(narrow[0], narrow[1], narrow[2], np.empty(n, np.int64), narrow[3], narrow[4])
    codes = Codes()
    for keys in rows.blocks():
        m = keys.actor.size
        at: Any = slice(keys.start, keys.start + m) if place is None else place[keys.start : keys.start + m]
        channel = rows.channel[at]
        reply = salted(keys.reply, channel, salts)
        out.reply[at] = find_all(table, rows.id, reply)
        for ref, base in ((out.object, keys.object), (out.via, keys.via)):
            found = find_all(table, rows.id, salted(base, channel, salts))
            elsewhere = np.flatnonzero(found == MISSING)
            on_web = salted(base[elsewhere], np.zeros(elsewhere.size, np.int32), web)
            found[elsewhere] = find_all(table, rows.id, on_web)
            ref[at] = found
        given = salted(keys.context, channel, salts)
        thread = np.where(given != 0, given, reply)
        out.thread[at] = _thread_keys(np.where(thread != 0, thread, rows.id[at]))
        said = salted(keys.object, channel, salts)
        bits = np.where(keys.via != 0, np.uint32(HAS_VIA), np.uint32(0))
        bits[keys.reply != 0] |= HAS_REPLY
        bits[given != 0] |= HAS_CONTEXT
        bits[brand_mask(keys.object, said, context)] |= NAMES_BRAND
        rows.flags[at] |= bits
        out.who[at] = _coded(keys.actor, channel, salts, context, total, codes, keys.start)
        out.addressed[at] = _coded(keys.addressed, channel, salts, context, 0, codes, NONE)
    return out, _persons(out, codes, context)


def _coded(
    base: IntArray, channel: IntArray, salts: IntArray, context: Context, total: int, codes: Codes, start: int
) -> IntArray:
    """Codes of handles; BRAND_SIDE, TOTALS, and _NOT_GIVEN where missing."""
    keyed = salted(base, channel, salts)
    brand = brand_mask(base, keyed, context)
    totals = (base == total) & (base != 0)
    keyed[brand | totals] = 0
    out = codes.take(keyed, channel, start)
    out[out == NONE] = _NOT_GIVEN
    out[brand] = BRAND_SIDE
    out[totals] = TOTALS
    return out


def _persons(named: _Named, codes: Codes, context: Context) -> Handles:
    """Whose handles they are; codes of handles become codes of persons."""
    listed = [h for h in context.people if not is_brand(context, *h)]
    keys = np.array([key_of(handle, channel) for channel, handle in listed], np.int64)
    extra = codes.take(keys, np.zeros(keys.size, np.int16), NONE).tolist()
    key, origin, channel = codes.done()
    person = np.arange(key.size, dtype=np.int32)
    person_key = key.copy()
    by_name: dict[str, int] = {}
    keys_of = person_keys(context.people)
    for handle, code in zip(listed, extra, strict=True):
        person[code] = by_name.setdefault(context.people[handle], code)
        person_key[code] = keys_of[context.people[handle]]
    known = origin >= 0
    known[extra] = True
    _to_persons(named.who, person)
    _to_persons(named.addressed, np.where(known, person, np.int32(NOBODY)))
    return Handles(key, origin, channel, person, person_key, dict(zip(extra, listed, strict=True)))


@jit
def _to_persons(codes: Any, person: Any) -> None:
    for i in range(codes.size):
        if codes[i] >= 0:
            codes[i] = person[codes[i]]


@jit
def _thread_all(keys: Any) -> None:
    for i in range(keys.size):
        keys[i] |= 1


def _thread_keys(keys: IntArray) -> IntArray:
    """Keys of threads, odd where those of direct conversations are even."""
    _thread_all(keys)
    return keys


def _settle_ties(rows: Rows, context: Context, named: _Named) -> dict[int, tuple[Name, int]]:
    """Put rows of one time that name each other into reading order; their sort keys among rows of that time."""
    edges: list[tuple[int, int]] = []
    refs = (named.reply, named.object, named.via)
    for ref in refs:
        near = _of_one_time(ref, rows.time)
        edges.extend(zip(near.tolist(), ref[near].tolist(), strict=True))
    if not edges:
        return {}
    involved = np.unique(np.array(edges, np.int64).ravel())
    names = dict(zip(involved.tolist(), context.texts(rows.origin[involved]), strict=True))
    order = sorted(ranked(names, edges), key=lambda entry: (rows.time[entry[2]], entry))
    wanted = np.array([row for _, _, row in order], np.int64)
    if not (wanted == involved).all():
        columns = [getattr(rows, name) for name in _ORDERED if name != "id"]
        _move([*columns, *named.columns()], involved, wanted, refs)
    return {slot: (name, step) for slot, (name, step, _) in zip(involved.tolist(), order, strict=True)}


@jit
def _near(ref: Any, time: Any, out: Any) -> Any:
    n = 0
    for i in range(ref.size):
        r = ref[i]
        if r >= 0 and r != i and time[r] == time[i]:
            if n < out.size:
                out[n] = i
            n += 1
    return n


def _of_one_time(ref: IntArray, time: IntArray) -> IntArray:
    """Rows that name another row of their own time."""
    out = np.empty(_near(ref, time, np.empty(0, np.int64)), np.int64)
    _near(ref, time, out)
    return out


def _move(columns: list[IntArray], slots: IntArray, taken_from: IntArray, refs: tuple[IntArray, ...]) -> None:
    """Row `taken_from[i]` goes to `slots[i]`, a permutation of the same rows; references are led along."""
    for column in columns:
        column[slots] = column[taken_from]
    place = np.arange(columns[0].size, dtype=np.int32)
    place[taken_from] = slots
    for ref in refs:
        _lead(ref, place)


@jit
def _lead(ref: Any, place: Any) -> None:
    for i in range(ref.size):
        if ref[i] >= 0:
            ref[i] = place[ref[i]]


@jit
def _later_is_missing(ref: Any) -> None:
    for i in range(ref.size):
        if ref[i] >= i:
            ref[i] = -2


def is_brand(context: Context, channel: str, handle: str) -> bool:
    """Whether a handle on a channel is one of the brand's."""
    return (None, handle) in context.brand or (channel, handle) in context.brand


@jit
def _is_any(base: Any, keyed: Any, everywhere: Any, on_channel: Any, out: Any) -> None:
    for i in range(base.size):
        hit = False
        for k in everywhere:
            hit = hit or base[i] == k
        for k in on_channel:
            hit = hit or keyed[i] == k
        out[i] = hit


def brand_mask(base: IntArray, keyed: IntArray, context: Context) -> BoolArray:
    everywhere = hash_text(_texts([h for c, h in context.brand if c is None]))
    on_channel = np.array([key_of(h, c) for c, h in context.brand if c is not None], np.int64)
    out = np.empty(base.size, np.bool_)
    _is_any(base, keyed, everywhere, on_channel, out)
    return out


def _texts(values: list[str]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.string())


def person_keys(people: dict[tuple[str, str], str]) -> dict[str, int]:
    """The key of each person of people.csv: the smallest of the keys of the handles listed."""
    out: dict[str, int] = {}
    for (channel, handle), name in people.items():
        key = key_of(handle, channel)
        out[name] = min(out.get(name, key), key)
    return out


def _undone(rows: Rows, named: _Named) -> Sparse:
    """Rows that their actor took back, and the first moment of it."""
    out: dict[int, int] = {}
    who, obj = named.who, named.object
    for row in np.flatnonzero((rows.type == _UNDO) & (obj >= 0)).tolist():
        target = int(obj[row])
        if _UNDOABLE[rows.type[target]] and who[target] == who[row] and who[row] != TOTALS:
            out.setdefault(target, int(rows.time[row]))
    at = np.array(sorted(out), np.int64)
    return Sparse(at, np.array([out[int(row)] for row in at], np.int64), np.iinfo(np.int64).max)


def _first_flags(rows: Rows, context: Context, undone: Sparse) -> IntArray:
    limits = np.array([context.starts.get(c, _NO_START) for c in context.channels], np.int64)
    if context.starts:
        _mark_early(rows.time, rows.channel, limits + 30 * 86_400_000_000, rows.flags)
    rows.flags[undone.at] |= UNDONE
    return rows.flags


@jit
def _mark_early(time: Any, channel: Any, limit: Any, flags: Any) -> None:
    for i in range(time.size):
        if time[i] < limit[channel[i]]:
            flags[i] |= EARLY


@njit(inline="always")
def dm_key(person: Any, salt: Any) -> Any:
    h = (np.uint64(person) + np.uint64(1)) * np.uint64(0xD6E8FEB86659FD93) ^ np.uint64(salt)
    h ^= h >> np.uint64(32)
    h *= np.uint64(0xD6E8FEB86659FD93)
    return np.int64(h & ~np.uint64(1))


@jit
def _dm_all(keys: Any, channel: Any, salts: Any, out: Any) -> None:
    for i in range(keys.size):
        out[i] = dm_key(keys[i], salts[channel[i]]) if keys[i] != 0 else 0


def dm_keys(handles: IntArray, channel: IntArray, salts: IntArray, persons: dict[int, int]) -> IntArray:
    """Keys of the conversations of handles (int64 keys on their channels) with the brand; 0 stays 0.

    persons : key of a handle -> key of its person, where they differ (`handle_persons`)
    """
    keys = handles.copy()
    if persons:
        listed = np.array(sorted(persons), np.int64)
        at = np.minimum(np.searchsorted(listed, keys), listed.size - 1)
        hit = listed[at] == keys
        keys[hit] = np.array([persons[int(k)] for k in listed], np.int64)[at[hit]]
    out = np.empty(keys.size, np.int64)
    _dm_all(keys, channel, salts, out)
    return out


def handle_persons(people: dict[tuple[str, str], str]) -> dict[int, int]:
    """Key of each handle of people.csv -> key of its person."""
    keys = person_keys(people)
    return {key_of(handle, channel): keys[name] for (channel, handle), name in people.items()}


@njit(inline="always")
def _undone_at(row: Any, undone_rows: Any, undone_times: Any) -> Any:
    return undone_times[np.searchsorted(undone_rows, row)]


@njit(inline="always")
def _hook(row: Any, who: Any, kind: Any, flags: Any, root: Any, parent: Any) -> Any:
    """(root, node) that what came through a row hangs on: itself or its nearest standing ancestor; (-1, -1) if none."""
    if who[row] == TOTALS:
        return -1, -1
    if kind[row] != _SHARE:
        return (-1, -1) if flags[row] & UNDONE else (row, row)
    top = -1 if parent[row] == NONE else root[row]
    if flags[row] & UNDONE:
        return top, parent[row]
    return (row if top < 0 else top), row


@njit(inline="always")
def _topmost(row: Any, who: Any, kind: Any, flags: Any, via: Any, obj: Any) -> Any:
    """The first row of a chain of which nothing stands."""
    while kind[row] == _SHARE:
        above = obj[row] if flags[row] & HIDDEN else via[row]
        if above < 0 or who[above] == TOTALS:
            break
        row = above
    return row


@jit
def _walk(  # type: ignore[no-untyped-def]
    time, channel, kind, salts, reply, obj, via, who, addressed, person_key, campaign, flags, thread, root, parent,
    owner, undone_rows, undone_times,
):  # fmt: skip
    """One pass in reading order: every target has been dealt with before what names it."""
    for i in range(time.size):
        k = kind[i]
        v = via[i]
        if v >= 0 and flags[v] & UNDONE and _undone_at(v, undone_rows, undone_times) <= time[i]:
            v = MISSING
            via[i] = MISSING
        r = reply[i]
        o = obj[i]
        if campaign[i] < 0:
            if v >= 0 and campaign[v] >= 0:
                campaign[i] = campaign[v]
            elif r >= 0 and campaign[r] >= 0:
                campaign[i] = campaign[r]
            elif o >= 0 and campaign[o] >= 0:
                campaign[i] = campaign[o]
        me = who[i]
        to = NOBODY
        words = _IS_WORDS[k]
        if words:
            to = addressed[i]
            if to == _NOT_GIVEN:
                to = who[r] if r >= 0 else NOBODY
        f = flags[i]
        if r < 0 and f & HAS_REPLY:
            flags[i] |= REPLY_ORPHAN
        if not f & HAS_CONTEXT:
            if r >= 0:
                thread[i] = thread[r]
            elif k == _MESSAGE and not f & HAS_REPLY:
                if me >= 0:
                    thread[i] = dm_key(person_key[me], salts[channel[i]])
                elif me == BRAND_SIDE and to >= 0:
                    thread[i] = dm_key(person_key[to], salts[channel[i]])
        came_by = v
        if k == _SHARE and v < 0:
            if not f & HAS_VIA and o >= 0:
                came_by = o
                flags[i] |= HIDDEN
            else:
                root[i] = i
                if f & HAS_VIA:
                    flags[i] |= ORPHAN
        if came_by >= 0:
            top, node = _hook(came_by, who, kind, flags, root, parent)
            root[i] = top if top >= 0 else _topmost(came_by, who, kind, flags, via, obj)
            if k == _SHARE and top >= 0:
                parent[i] = MISSING if flags[i] & HIDDEN else node
        if me >= 0:
            owner[i] = me
            if v >= 0 and who[v] >= 0 and who[v] != me and (kind[v] == _SHARE or _IS_WORDS[kind[v]]):
                flags[i] |= SPREAD
            if (
                f & NAMES_BRAND
                or (v >= 0 and who[v] == BRAND_SIDE)
                or (r >= 0 and who[r] == BRAND_SIDE)
                or (o >= 0 and who[o] == BRAND_SIDE)
            ):
                flags[i] |= TOUCHES_BRAND
            if words and to == BRAND_SIDE:
                flags[i] |= SPOKE
        elif me == BRAND_SIDE:
            flags[i] |= BRAND
            if words:
                if to >= 0:
                    owner[i] = to
                if r >= 0:
                    flags[r] |= ANSWERED


@jit
def _brand_thread_keys(thread: Any, who: Any, kind: Any, out: Any) -> Any:
    n = 0
    for i in range(thread.size):
        if who[i] == BRAND_SIDE and _IS_WORDS[kind[i]]:
            out[n] = thread[i]
            n += 1
    return n


def _brand_threads(thread: IntArray, who: IntArray, kind: IntArray) -> IntArray:
    """Keys of the threads in which the brand speaks."""
    out = np.empty(int((who == BRAND_SIDE).sum()), np.int64)
    return np.unique(out[: _brand_thread_keys(thread, who, kind, out)])


@jit
def _second_flags(who: Any, kind: Any, thread: Any, table: Any, speakers: Any, flags: Any, owner: Any) -> None:
    """Flags that depend on later rows: whether the brand answered, and whether it speaks in the thread."""
    for i in range(who.size):
        if not _IS_WORDS[kind[i]]:
            continue
        if who[i] >= 0:
            if flags[i] & (SPOKE | ANSWERED):
                flags[i] |= TURN
            if find(table, speakers, thread[i]) >= 0:
                flags[i] |= IN_BRAND_THREAD
        elif who[i] == BRAND_SIDE and owner[i] >= 0:
            flags[i] |= TURN


def _mark_made(rows: Rows, linked: Linked, context: Context) -> None:
    """Posts of persons about the brand: by campaign, by address, by what they answer, or by naming it."""
    posts = np.flatnonzero((rows.type == _POST) & (linked.who >= 0))
    if not posts.size or context.words is None:
        return
    reply = linked.reply[posts]
    answers = np.zeros(posts.size, np.bool_)
    answers[reply >= 0] = linked.who[reply[reply >= 0]] == BRAND_SIDE
    about = (rows.campaign[posts] >= 0) | ((linked.flags[posts] & SPOKE) != 0) | answers
    rest = posts[~about]
    linked.flags[posts[about]] |= MADE
    names = {w.casefold() for w in {h for _, h in context.brand} | context.watched if len(w) >= 3}
    if rest.size and names:
        named = _naming(rows, linked, context.words, rest, names)
        linked.flags[rest[named]] |= MADE


def _naming(
    rows: Rows, linked: Linked, words_of: Callable[[IntArray], list[str | None]], posts: IntArray, names: set[str]
) -> BoolArray:
    """Which posts hold one of the names as a word, after updates and deletions of their words."""
    import re

    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)")
    contents = dict(zip(posts.tolist(), words_of(rows.origin[posts]), strict=True))
    new_words = (rows.type == _CODE["update"]) | (rows.type == _CODE["delete"])
    changes = np.flatnonzero(new_words & (linked.object >= 0) & (linked.who != TOTALS))
    changes = changes[np.isin(linked.object[changes], posts)]
    if changes.size:
        for row, words in zip(changes.tolist(), words_of(rows.origin[changes]), strict=True):
            contents[int(linked.object[row])] = None if rows.type[row] == _CODE["delete"] else words
    return np.array([bool(c) and pattern.search(str(c).casefold()) is not None for c in contents.values()], np.bool_)


def count_values(rows: Rows, linked: Linked, counted: int | None) -> None:
    """Which conversions have a value that counts; a refund takes its value from its order (readings 25, 26, 40).

    counted : code of the currency whose values count, -1 those without one; None: each conversion counts 1
    """
    converts = conversions(rows, linked)
    value = rows.value.take(rows.origin[converts])
    if counted is None:
        linked.flags[converts] |= VALUED
        _mark_refunds(rows, linked, converts, value, counted)
        value[:] = MICROS
    else:
        given = (value != NO_MONEY) & (rows.currency.take(rows.origin[converts]) == counted)
        linked.flags[converts[given]] |= VALUED
        _mark_refunds(rows, linked, converts, value, counted)
    linked.value = Sparse(converts, value, NO_MONEY)


def conversions(rows: Rows, linked: Linked) -> IntArray:
    """Rows of conversions by people, ascending."""
    return np.flatnonzero((rows.type == _CONVERT) & (linked.who >= 0))


def refunds(rows: Rows, linked: Linked, negative: IntArray) -> BoolArray:
    """Which of these conversions with a negative value name an order of the same person."""
    order = linked.object[negative]
    same = (rows.type[order] == _CONVERT) & (linked.who[order] == linked.who[negative])
    return np.asarray(same & (order >= 0))


def _mark_refunds(rows: Rows, linked: Linked, converts: IntArray, value: IntArray, counted: int | None) -> None:
    """Take each refund's value from its order."""
    negative = np.flatnonzero((value < 0) & (value != NO_MONEY))
    for at in negative[refunds(rows, linked, converts[negative])].tolist():
        row = int(converts[at])
        order = int(linked.object[row])
        while linked.flags[order] & REFUND:
            order = int(linked.object[order])
        linked.flags[row] |= REFUND
        if counted is not None and linked.flags[row] & VALUED and linked.flags[order] & VALUED:
            value[np.searchsorted(converts, order)] += value[at]
