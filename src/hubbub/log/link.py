"""Linking: references are resolved, campaigns inherited, threads and cascades named, each row given its flags.

Works on any set of rows that is closed under reference, thread and conversation: the whole log on one machine,
one connected group of it on a cluster. Definitions: METHODS, "Touches and modes"; docs/readings.md 1 to 13, 30 to 32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from hubbub.activity import MICROS, TOTAL, TYPES, UNDOABLE, WEB, WORDS
from hubbub.kernel import BoolArray, IntArray, jit
from hubbub.log.index import MISSING, NONE, codes_of, find, find_all, index_of
from hubbub.log.keys import hash_text, key_of, salted, salts_of
from hubbub.log.order import Name, ranked
from hubbub.rows import (
    ANSWERED,
    AUTOMATED,
    BRAND,
    EARLY,
    HAS_VIA,
    HIDDEN,
    HUMAN,
    IN_BRAND_THREAD,
    MADE,
    ORPHAN,
    REFUND,
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


@dataclass(slots=True)
class Rows:
    """Columns of a log, one array each, all of one length and in one order.

    time : int64, microseconds; channel, type : int16, int8 codes (into `channels` and TYPES)
    id, actor, object, reply, via, context, addressed : int64 base keys, 0 where missing
    campaign : int32 code, -1 where missing
    value, cost : int64 millionths, NO_MONEY where missing; currency : int16 code, -1 where missing
    disclosed, rewarded, automated : int8, -1 where not known; audience : int64, -1 where not known
    origin : int64, the row's number in the files, by which text is fetched
    """

    time: IntArray
    channel: IntArray
    type: IntArray
    id: IntArray
    actor: IntArray
    object: IntArray
    reply: IntArray
    via: IntArray
    context: IntArray
    addressed: IntArray
    campaign: IntArray
    value: IntArray
    currency: IntArray
    cost: IntArray
    count: IntArray
    audience: IntArray
    disclosed: IntArray
    rewarded: IntArray
    automated: IntArray
    origin: IntArray

    def reorder(self, order: IntArray) -> None:
        """Put all columns into the given order, one at a time."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name)[order])


@dataclass(frozen=True, slots=True)
class Context:
    """What linking must know besides the rows.

    channels : names behind the channel codes
    brand : (channel or None, handle) of the brand
    people : (channel, handle) -> name of the person
    starts : start of coverage by channel name, microseconds
    texts : rows (by `origin`) -> their (channel, id)
    words : rows (by `origin`) -> their content, None where missing
    watched : words that name the brand
    """

    channels: list[str]
    brand: frozenset[tuple[str | None, str]]
    people: dict[tuple[str, str], str]
    starts: dict[str, int]
    texts: Callable[[IntArray], list[Name]]
    words: Callable[[IntArray], list[str | None]]
    watched: frozenset[str] = field(default_factory=frozenset)


@dataclass(slots=True)
class Linked:
    """What linking adds to the rows, in reading order.

    who : int32 person, BRAND_SIDE or TOTALS; owner : int32 person in whose fold the row stands, NONE for nobody
    flags : uint32, hubbub.rows; thread : int64 key; campaign : int32, own or inherited
    root : int32 row: of the cascade that a row came through (readings 7, 30); NONE for rows without a `via`
    parent : int32 row of the nearest standing parent of a share, MISSING where the network hides it, NONE where
        there is none: then the share, if it stands, is a root itself
    via : int32 row followed
    undone : row -> moment; ties : row -> its sort key among rows of its time, where that is not just its name
    handle_keys, handle_row, person_of_handle : by handle code: its key, a row that shows it (NONE if only
        people.csv does), the code of its person (the smallest among the person's handles)
    person_key : by person code: the key of the person, the same whatever rows are linked together
    listed : (channel, handle) of the handles of people.csv, None for others
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
    undone: dict[int, int]
    ties: dict[int, tuple[Name, int]]
    handle_keys: IntArray
    handle_row: IntArray
    person_of_handle: IntArray
    person_key: IntArray
    listed: dict[int, tuple[str, str]]


def link(rows: Rows, context: Context) -> Linked:
    """Link rows in place (they end in reading order, so far as it matters within a closed set)."""
    _sort_by_time(rows)
    salts = salts_of(context.channels)
    web = int(salts_of([WEB])[0])
    ids = salted(rows.id, rows.channel, salts)
    reply, obj, via = _found(rows, ids, salts, web)
    del ids
    ties = _settle_ties(rows, context, reply, obj, via)
    for ref in (reply, obj, via):
        _later_is_missing(ref)
    who, handle_keys, handle_row, person_of_handle, person_key, listed = _who(rows, context, salts)
    n = rows.time.size
    undone = _undone(rows, who, obj)
    flags = _first_flags(rows, context, undone)
    thread = np.empty(n, np.int64)
    root = np.full(n, NONE, np.int32)
    parent = np.full(n, NONE, np.int32)
    owner = np.full(n, NONE, np.int32)
    addressed = _addressed(rows, context, salts, handle_keys, person_of_handle)
    undone_rows = np.array(sorted(undone), np.int64)
    undone_times = np.array([undone[int(r)] for r in undone_rows], np.int64)
    brand_objects = _brand_objects(rows, context, salts)
    _walk(
        rows.time, rows.channel, rows.type, rows.id, rows.context, rows.reply, rows.object, rows.via, salts,
        reply, obj, via, who, addressed, person_key, brand_objects, rows.campaign, flags, thread, root, parent, owner,
        undone_rows, undone_times,
    )  # fmt: skip
    speakers = _brand_threads(thread, who, rows.type)
    _second_flags(who, rows.type, thread, index_of(speakers), speakers, flags, owner)
    linked = Linked(
        who, owner, flags, thread, root, parent, via, reply, obj, undone, ties,
        handle_keys, handle_row, person_of_handle, person_key, listed,
    )  # fmt: skip
    _mark_made(rows, linked, context)
    return linked


def _sort_by_time(rows: Rows) -> None:
    time = rows.time
    if time.size and bool((time[1:] >= time[:-1]).all()):
        return
    rows.reorder(np.argsort(time, kind="stable"))


def _found(rows: Rows, ids: IntArray, salts: IntArray, web: int) -> tuple[IntArray, IntArray, IntArray]:
    """Rows that `in_reply_to`, `object` and `via` name, wherever they stand in time."""
    table = index_of(ids)
    reply = find_all(table, ids, salted(rows.reply, rows.channel, salts))
    out = [reply]
    for base in (rows.object, rows.via):
        found = find_all(table, ids, salted(base, rows.channel, salts))
        elsewhere = np.flatnonzero(found == MISSING)
        if elsewhere.size:
            on_web = salted(base[elsewhere], np.zeros(elsewhere.size, np.int32), np.array([web]))
            found[elsewhere] = find_all(table, ids, on_web)
        out.append(found)
    return out[0], out[1], out[2]


def _settle_ties(rows: Rows, context: Context, *refs: IntArray) -> dict[int, tuple[Name, int]]:
    """Put rows of one time that name each other into reading order; their sort keys among rows of that time."""
    edges: list[tuple[int, int]] = []
    for ref in refs:
        near = np.flatnonzero(ref >= 0)
        near = near[(rows.time[near] == rows.time[ref[near]]) & (near != ref[near])]
        edges.extend(zip(near.tolist(), ref[near].tolist(), strict=True))
    if not edges:
        return {}
    involved = np.unique(np.array(edges, np.int64).ravel())
    names = dict(zip(involved.tolist(), context.texts(rows.origin[involved]), strict=True))
    order = sorted(ranked(names, edges), key=lambda entry: (rows.time[entry[2]], entry))
    wanted = np.array([row for _, _, row in order], np.int64)
    if not (wanted == involved).all():
        _move(rows, involved, wanted, refs)
    return {slot: (name, step) for slot, (name, step, _) in zip(involved.tolist(), order, strict=True)}


def _move(rows: Rows, slots: IntArray, taken_from: IntArray, refs: tuple[IntArray, ...]) -> None:
    """Row `taken_from[i]` goes to `slots[i]`, a permutation of the same rows; references are led along."""
    for name in rows.__slots__:
        column = getattr(rows, name)
        column[slots] = column[taken_from]
    place = np.arange(rows.time.size, dtype=np.int32)
    place[taken_from] = slots
    for ref in refs:
        ref[slots] = ref[taken_from]
        given = ref >= 0
        ref[given] = place[ref[given]]


def _later_is_missing(ref: IntArray) -> None:
    ref[ref >= np.arange(ref.size, dtype=np.int32)] = MISSING


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


def _brand_objects(rows: Rows, context: Context, salts: IntArray) -> BoolArray:
    return brand_mask(rows.object, salted(rows.object, rows.channel, salts), context)


def _who(
    rows: Rows, context: Context, salts: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray, dict[int, tuple[str, str]]]:
    """Side or person of each row; the handles and whose they are."""
    keyed = salted(rows.actor, rows.channel, salts)
    brand = brand_mask(rows.actor, keyed, context)
    total = rows.actor == hash_text(_texts([TOTAL]))[0]
    keyed[brand | total] = 0
    listed = [h for h in context.people if not is_brand(context, *h)]
    extra = np.array([key_of(handle, channel) for channel, handle in listed], np.int64)
    codes, first = codes_of(np.concatenate([keyed, extra]))
    handle_keys = np.concatenate([keyed, extra])[first]
    n = rows.time.size
    handle_row = np.where(first < n, first, NONE).astype(np.int32)
    names: dict[int, tuple[str, str]] = {}
    person = np.arange(first.size, dtype=np.int32)
    by_name: dict[str, int] = {}
    person_key = handle_keys.copy()
    keys_of = person_keys(context.people)
    for handle, code in zip(listed, codes[n:].tolist(), strict=True):
        names[code] = handle
        person[code] = by_name.setdefault(context.people[handle], code)
        person_key[code] = keys_of[context.people[handle]]
    who = np.where(codes[:n] >= 0, person[codes[:n]] if first.size else NONE, NONE).astype(np.int32)
    who[brand] = BRAND_SIDE
    who[total] = TOTALS
    return who, handle_keys, handle_row, person, person_key, names


def person_keys(people: dict[tuple[str, str], str]) -> dict[str, int]:
    """The key of each person of people.csv: the smallest of the keys of the handles listed."""
    out: dict[str, int] = {}
    for (channel, handle), name in people.items():
        key = key_of(handle, channel)
        out[name] = min(out.get(name, key), key)
    return out


def _addressed(
    rows: Rows, context: Context, salts: IntArray, handle_keys: IntArray, person_of_handle: IntArray
) -> IntArray:
    """Whom `addressed_to` names: person, BRAND_SIDE, NOBODY for a handle that never acts, NONE where missing."""
    keyed = salted(rows.addressed, rows.channel, salts)
    found = find_all(index_of(handle_keys), handle_keys, keyed)
    out = found.copy()
    known = found >= 0
    out[known] = person_of_handle[found[known]]
    out[found == MISSING] = NOBODY
    out[found == NONE] = -9
    out[brand_mask(rows.addressed, keyed, context)] = BRAND_SIDE
    return out


def _undone(rows: Rows, who: IntArray, obj: IntArray) -> dict[int, int]:
    """Rows that their actor took back, and the first moment of it."""
    out: dict[int, int] = {}
    for row in np.flatnonzero((rows.type == _UNDO) & (obj >= 0)).tolist():
        target = int(obj[row])
        if _UNDOABLE[rows.type[target]] and who[target] == who[row] and who[row] != TOTALS:
            out.setdefault(target, int(rows.time[row]))
    return out


def _first_flags(rows: Rows, context: Context, undone: dict[int, int]) -> IntArray:
    flags = rows.type.astype(np.uint32)
    flags[rows.via != 0] |= HAS_VIA
    flags[rows.automated == 1] |= AUTOMATED
    flags[rows.automated == 0] |= HUMAN
    for name, start in context.starts.items():
        if name in context.channels:
            early = (rows.channel == context.channels.index(name)) & (rows.time < start + 30 * 86_400_000_000)
            flags[early] |= EARLY
    if undone:
        flags[np.fromiter(undone, np.int64)] |= UNDONE
    return flags


@njit(inline="always")
def _thread_key(base: Any, salt: Any) -> Any:
    h = np.uint64(base) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
    h ^= h >> np.uint64(31)
    return np.int64(h | np.uint64(1))


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
    time, channel, kind, ids, context, reply_base, object_base, via_base, salts,
    reply, obj, via, who, addressed, person_key, brand_object, campaign, flags, thread, root, parent, owner,
    undone_rows, undone_times,
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
            if to == -9:
                to = who[r] if r >= 0 else NOBODY
        salt = salts[channel[i]]
        if context[i] != 0:
            thread[i] = _thread_key(context[i], salt)
        elif r >= 0:
            thread[i] = thread[r]
        elif reply_base[i] != 0:
            thread[i] = _thread_key(reply_base[i], salt)
        elif k == _MESSAGE and me >= 0:
            thread[i] = dm_key(person_key[me], salt)
        elif k == _MESSAGE and me == BRAND_SIDE and to >= 0:
            thread[i] = dm_key(person_key[to], salt)
        else:
            thread[i] = _thread_key(ids[i], salt)
        came_by = v
        if k == _SHARE and v < 0:
            if via_base[i] == 0 and o >= 0:
                came_by = o
                flags[i] |= HIDDEN
            else:
                root[i] = i
                if via_base[i] != 0:
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
                brand_object[i]
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
    if not posts.size:
        return
    reply = linked.reply[posts]
    answers = np.zeros(posts.size, np.bool_)
    answers[reply >= 0] = linked.who[reply[reply >= 0]] == BRAND_SIDE
    about = (rows.campaign[posts] >= 0) | ((linked.flags[posts] & SPOKE) != 0) | answers
    rest = posts[~about]
    linked.flags[posts[about]] |= MADE
    names = {w.casefold() for w in {h for _, h in context.brand} | context.watched if len(w) >= 3}
    if rest.size and names:
        named = _naming(rows, linked, context, rest, names)
        linked.flags[rest[named]] |= MADE


def _naming(rows: Rows, linked: Linked, context: Context, posts: IntArray, names: set[str]) -> BoolArray:
    """Which posts hold one of the names as a word, after updates and deletions of their words."""
    import re

    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)")
    contents = dict(zip(posts.tolist(), context.words(rows.origin[posts]), strict=True))
    new_words = (rows.type == _CODE["update"]) | (rows.type == _CODE["delete"])
    changes = np.flatnonzero(new_words & (linked.object >= 0) & (linked.who != TOTALS))
    changes = changes[np.isin(linked.object[changes], posts)]
    if changes.size:
        for row, words in zip(changes.tolist(), context.words(rows.origin[changes]), strict=True):
            contents[int(linked.object[row])] = None if rows.type[row] == _CODE["delete"] else words
    return np.array([bool(c) and pattern.search(str(c).casefold()) is not None for c in contents.values()], np.bool_)


def count_values(rows: Rows, linked: Linked, counted: int | None) -> None:
    """Which conversions have a value that counts; a refund takes its value from its order (readings 25, 26, 40).

    counted : code of the currency whose values count, -1 those without one; None: each conversion counts 1
    """
    converts = np.flatnonzero((rows.type == _CONVERT) & (linked.who >= 0))
    given = converts[rows.value[converts] != NO_MONEY]
    if counted is not None:
        linked.flags[given[rows.currency[given] == counted]] |= VALUED
    negative = given[rows.value[given] < 0]
    for row in negative[linked.object[negative] >= 0].tolist():
        order = int(linked.object[row])
        if rows.type[order] != _CONVERT or linked.who[order] != linked.who[row]:
            continue
        while linked.flags[order] & REFUND:
            order = int(linked.object[order])
        linked.flags[row] |= REFUND
        if counted is not None and linked.flags[row] & VALUED and linked.flags[order] & VALUED:
            rows.value[order] += rows.value[row]
    if counted is None:
        linked.flags[converts] |= VALUED
        rows.value[converts] = MICROS
