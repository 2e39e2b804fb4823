"""From the log to the two tables and the ledger, on one machine: load, link, group, fold."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import MICROS, TYPES
from hubbub.converse.people import INTS, NO_TIME, Fold, fold_people
from hubbub.converse.table import Names, people_table
from hubbub.kernel import IntArray, jit
from hubbub.log.facts import channel_ledgers, costs
from hubbub.log.group import grouped, settle
from hubbub.log.keys import key_of
from hubbub.log.link import BRAND_SIDE, NO_MONEY, NONE, TOTALS, Context, Linked, Rows, count_values, link
from hubbub.log.segment import Loaded, Segment, Texts, load
from hubbub.log.settings import Settings
from hubbub.rows import ORPHAN, UNDONE
from hubbub.spread.cascades import Trees, fold_cascades
from hubbub.spread.table import Nodes, Roots, cascade_table
from hubbub.tables import CASCADES, PEOPLE, Ledger

DAY_US = 86_400_000_000
_CHUNK = 1_000_000
_CODE = {name: code for code, name in enumerate(TYPES)}


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
    starts = {c.channel: c.start for c in settings.coverage if c.start is not None}
    context = Context(
        loaded.channels, settings.brand, settings.people, starts, texts.names, texts.words, settings.watched
    )
    linked = link(rows, context)
    values = choose_values(rows, linked.who, loaded.currencies, settings.currency)
    count_values(rows, linked, values.code)
    persons = _persons(loaded, linked, settings, texts)
    people, first_exchange = _people(loaded, linked, persons, texts, round(window_days * DAY_US))
    cascades = _cascades(loaded, linked, persons, texts, first_exchange)
    ledger = _ledger(loaded, linked, settings, values, window_days)
    return Tables(people, cascades, ledger)


def choose_values(rows: Rows, who: IntArray, currencies: list[str], asked: str | None) -> Values:
    """Decide once for the whole log which values count."""
    converts = (rows.type == _CODE["convert"]) & (who >= 0)
    if not converts.any():
        return Values(None, None, "none", "")
    codes = np.unique(rows.currency[converts & (rows.value != NO_MONEY)]).tolist()
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
    """Persons of the log: dense codes, names, until when each can be seen."""

    of_row: IntArray  # int32, dense person whose fold the row stands in, -1
    author: IntArray  # int32, dense person who acted, -1
    count: int
    person: pa.Array
    handles: pa.Array
    end: IntArray
    segment: IntArray
    segments: list[str]


def _persons(loaded: Loaded, linked: Linked, settings: Settings, texts: Texts) -> _Persons:
    rows, who = loaded.rows, linked.who
    acts = np.zeros(linked.handle_keys.size + 1, np.bool_)
    acts[who[who >= 0]] = True
    dense = np.where(acts, np.cumsum(acts) - 1, NONE).astype(np.int32)
    dense[-1] = NONE
    handle_of = np.flatnonzero(acts[linked.person_of_handle]) if linked.person_of_handle.size else np.empty(0, np.int64)
    channel, handle = _handles(loaded, linked, texts, handle_of)
    labels = pc.binary_join_element_wise(channel, handle, ":")
    whose = dense[linked.person_of_handle[handle_of]]
    order = np.lexsort((_rank(labels), whose)) if settings.people else np.argsort(whose, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(whose, minlength=int(acts.sum())))])
    person = labels.take(pa.array(order[offsets[:-1]]))
    if settings.people:
        person = _renamed(person, linked, settings, dense)
    segments = sorted(set(settings.segments.values()))
    return _Persons(
        of_row=dense[linked.owner],
        author=dense[np.maximum(who, NONE)],
        count=int(acts.sum()),
        person=person,
        handles=pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), labels.take(pa.array(order))),
        end=_ends(loaded, settings, channel, whose, int(acts.sum())),
        segment=_segment_codes(linked, settings, dense, segments, int(acts.sum())),
        segments=segments,
    )


def _rank(labels: pa.Array) -> IntArray:
    rank = np.empty(len(labels), np.int64)
    rank[pc.sort_indices(labels).to_numpy()] = np.arange(len(labels))
    return rank


def _handles(loaded: Loaded, linked: Linked, texts: Texts, handle_of: IntArray) -> tuple[pa.Array, pa.Array]:
    """Channel and name of handles, from a row that shows them or from people.csv."""
    row = linked.handle_row[handle_of]
    shown = row >= 0
    names = texts.take("actor", loaded.rows.origin[row[shown]])
    channels = pa.array(loaded.channels, pa.string()).take(pa.array(loaded.rows.channel[row[shown]].astype(np.int32)))
    if shown.all():
        return channels, names
    listed = [linked.listed[int(h)] for h in handle_of[~shown]]
    back = np.argsort(np.concatenate([np.flatnonzero(shown), np.flatnonzero(~shown)]))
    both = (
        pa.concat_arrays([channels, pa.array([c for c, _ in listed], pa.string())]),
        pa.concat_arrays([names, pa.array([h for _, h in listed], pa.string())]),
    )
    return both[0].take(pa.array(back)), both[1].take(pa.array(back))


def _renamed(person: pa.Array, linked: Linked, settings: Settings, dense: IntArray) -> pa.Array:
    """Names of people.csv in place of handles."""
    names = person.to_pylist()
    code_of = {int(k): i for i, k in enumerate(linked.handle_keys)}
    for (channel, handle), name in settings.people.items():
        code = code_of.get(key_of(handle, channel))
        if code is not None and dense[linked.person_of_handle[code]] >= 0:
            names[dense[linked.person_of_handle[code]]] = name
    return pa.array(names, pa.string())


def _ends(loaded: Loaded, settings: Settings, channel: pa.Array, whose: IntArray, count: int) -> IntArray:
    """Until when each person can be seen: the latest end among the channels of the person's handles."""
    log_end = int(loaded.rows.time[-1])
    until: dict[str, int] = {}
    for c in settings.coverage:
        if c.end is not None:
            until[c.channel] = max(until.get(c.channel, c.end), c.end)
    out = np.full(count, log_end, np.int64)
    if not until:
        return out
    out[:] = np.iinfo(np.int64).min
    coded = channel.dictionary_encode()
    ends = np.array([min(until.get(c, log_end), log_end) for c in coded.dictionary.to_pylist()], np.int64)
    np.maximum.at(out, whose, ends[coded.indices.to_numpy()])
    return out


def _segment_codes(linked: Linked, settings: Settings, dense: IntArray, segments: list[str], count: int) -> IntArray:
    out = np.full(count, -1, np.int32)
    if not segments:
        return out
    place = {name: i for i, name in enumerate(segments)}
    code_of = {int(k): i for i, k in enumerate(linked.handle_keys)}
    for (channel, handle), name in sorted(settings.segments.items(), reverse=True):
        code = code_of.get(key_of(handle, channel))
        if code is not None and dense[linked.person_of_handle[code]] >= 0:
            out[dense[linked.person_of_handle[code]]] = place[name]
    return out


def _people(
    loaded: Loaded, linked: Linked, persons: _Persons, texts: Texts, window_us: int
) -> tuple[pa.Table, IntArray]:
    """The table of people, by label, and when each person's first exchange was completed."""
    rows = loaded.rows
    members, offsets = grouped(persons.of_row, persons.count)
    settle(members, offsets, rows.time, linked.ties, lambda r: texts.names(rows.origin[r]))
    root_rows, root_codes = _root_codes(linked)
    roots = _root_names(loaded, texts, root_rows)
    undone = _undone_array(linked, rows.time.size)
    cuts = _cuts(offsets)
    first_exchange = np.empty(persons.count, np.int64)

    def one(cut: tuple[int, int]) -> pa.Table:
        a, b = cut
        mine = members[offsets[a] : offsets[b]]
        fold = Fold(
            offsets=offsets[a : b + 1] - offsets[a],
            time=rows.time[mine],
            flags=linked.flags[mine],
            thread=linked.thread[mine],
            campaign=rows.campaign[mine],
            root=root_codes[linked.root[mine]],
            value=rows.value[mine],
            undone=undone[mine] if undone.size else np.full(mine.size, NO_TIME),
            end=persons.end[a:b],
        )
        folded = fold_people(fold, window_us, len(loaded.campaigns))
        first_exchange[a:b] = folded.ints[:, INTS.index("first_exchange")]
        first_row = folded.ints[:, INTS.index("first_row")]
        seen = mine[np.where(first_row >= 0, first_row, fold.offsets[:-1])]
        names = Names(
            persons.person.slice(a, b - a), persons.handles.slice(a, b - a), rows.channel[seen].astype(np.int32),
            persons.segment[a:b], loaded.channels, persons.segments, loaded.campaigns, roots,
        )  # fmt: skip
        return people_table(folded, persons.end[a:b], names)

    with ThreadPoolExecutor(2) as pool:
        table = pa.concat_tables(list(pool.map(one, cuts))) if cuts else PEOPLE.empty_table()
    return table.take(pc.sort_indices(table.column("person"))), first_exchange


def _undone_array(linked: Linked, n: int) -> IntArray:
    if not linked.undone:
        return np.empty(0, np.int64)
    out = np.full(n, NO_TIME)
    out[np.fromiter(linked.undone.keys(), np.int64)] = np.fromiter(linked.undone.values(), np.int64)
    return out


def _cuts(offsets: IntArray) -> list[tuple[int, int]]:
    """Runs of persons with about a million rows each."""
    count = offsets.size - 1
    if count == 0:
        return []
    ends = np.searchsorted(offsets, np.arange(_CHUNK, int(offsets[-1]) + _CHUNK, _CHUNK), side="left")
    edges = np.unique(np.concatenate([[0], np.minimum(ends, count), [count]]))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _root_codes(linked: Linked) -> tuple[IntArray, IntArray]:
    """Rows that are roots of what somebody came through, and a table row -> code (the last entry is for none)."""
    used = np.zeros(linked.root.size, np.bool_)
    used[linked.root[linked.root >= 0]] = True
    root_rows = np.flatnonzero(used)
    codes = np.full(linked.root.size + 1, -1, np.int32)
    codes[root_rows] = np.arange(root_rows.size)
    return root_rows, codes


def _root_names(loaded: Loaded, texts: Texts, root_rows: IntArray) -> pa.Array:
    channel = pa.array(loaded.channels, pa.string()).take(pa.array(loaded.rows.channel[root_rows].astype(np.int32)))
    ids = texts.take("id", loaded.rows.origin[root_rows])
    return pc.binary_join_element_wise(channel, ids, ":")


@jit
def _ordinals(person, offsets, stamp, number, out):  # type: ignore[no-untyped-def]
    """Number the persons of each cascade in order of appearance; -1 stays."""
    for c in range(offsets.size - 1):
        n = 0
        for i in range(offsets[c], offsets[c + 1]):
            p = person[i]
            if p < 0:
                out[i] = -1
                continue
            if stamp[p] != c:
                stamp[p] = c
                number[p] = n
                n += 1
            out[i] = number[p]


def _cascades(
    loaded: Loaded, linked: Linked, persons: _Persons, texts: Texts, first_exchange: IntArray
) -> pa.Table:
    rows = loaded.rows
    cascade, roots = _cascade_codes(rows, linked)
    members, offsets = grouped(cascade, roots.size)
    settle(members, offsets, rows.time, linked.ties, lambda r: texts.names(rows.origin[r]))
    place = np.full(rows.time.size + 2, -2, np.int32)
    place[members] = np.arange(members.size) - np.repeat(offsets[:-1], np.diff(offsets))
    place[-1] = -1
    parent = place[linked.parent[members]]
    parent[offsets[:-1]] = -1
    trees = Trees(offsets, parent, rows.time[members])
    figures = fold_cascades(trees, int(rows.time[-1]))
    author = persons.author[members]
    ordinal = np.empty(members.size, np.int32)
    _ordinals(author, offsets, np.full(persons.count + 1, -1, np.int64), np.zeros(persons.count + 1, np.int32), ordinal)
    exchanged = (author >= 0) & (np.append(first_exchange, NO_TIME)[author] < rows.time[members])
    nodes = Nodes(ordinal, exchanged, rows.audience[members], rows.disclosed[members], rows.rewarded[members])
    who = persons.author[roots]
    heads = Roots(
        id=texts.take("id", rows.origin[roots]),
        author=persons.person.take(pa.array(who, mask=who < 0)),
        channel=rows.channel[roots].astype(np.int32),
        type=rows.type[roots].astype(np.int32),
        campaign=rows.campaign[roots],
        tried=(linked.who[roots] == BRAND_SIDE) & (rows.type[roots] == _CODE["post"]),
        orphan=(linked.flags[roots] & ORPHAN) != 0,
        touched=_touched(rows, linked, persons, cascade, members, offsets),
        channels=loaded.channels,
        types=list(TYPES),
        campaigns=loaded.campaigns,
    )
    table = cascade_table(trees, figures, nodes, heads)
    order = pc.sort_indices(
        pa.table({"c": table.column("channel").cast(pa.string()), "r": table.column("root")}),
        sort_keys=[("c", "ascending"), ("r", "ascending")],
    )
    return table.take(order)


def _cascade_codes(rows: Rows, linked: Linked) -> tuple[IntArray, IntArray]:
    """Cascade of every node (-1 for rows that are none), and the root rows, tries of size 1 included."""
    share = (rows.type == _CODE["share"]) & (linked.who != TOTALS)
    node = share & ((linked.flags & UNDONE) == 0) & (linked.parent != NONE)
    is_root = (linked.who == BRAND_SIDE) & (rows.type == _CODE["post"])
    is_root[linked.root[node]] = True
    roots = np.flatnonzero(is_root)
    code = np.full(rows.time.size + 1, -1, np.int32)
    code[roots] = np.arange(roots.size)
    cascade = np.where(node, code[linked.root], -1).astype(np.int32)
    cascade[roots] = code[roots]
    return cascade, roots


def _touched(
    rows: Rows, linked: Linked, persons: _Persons, cascade: IntArray, members: IntArray, offsets: IntArray
) -> IntArray:
    """How many people came through each cascade without a share in it."""
    count = offsets.size - 1
    through = np.flatnonzero((rows.type != _CODE["share"]) & (linked.via >= 0) & (persons.author >= 0))
    where = cascade[linked.via[through]]
    through, where = through[where >= 0], where[where >= 0]
    came = np.unique(where.astype(np.int64) * (persons.count + 1) + persons.author[through])
    which = np.repeat(np.arange(count), np.diff(offsets))
    own = persons.author[members].astype(np.int64)
    inner = np.ones(members.size, np.bool_)
    inner[offsets[:-1]] = rows.type[members[offsets[:-1]]] == _CODE["share"]
    inner &= own >= 0
    shared = np.unique(which[inner] * (persons.count + 1) + own[inner])
    only = came[~np.isin(came, shared)]
    return np.bincount(only // (persons.count + 1), minlength=count)


def _ledger(loaded: Loaded, linked: Linked, settings: Settings, values: Values, window_days: float) -> Ledger:
    rows = loaded.rows
    return Ledger(
        activities=int(rows.time.size),
        first=moment(int(rows.time[0])),
        last=moment(int(rows.time[-1])),
        channels=channel_ledgers(loaded, linked, settings),
        effort=(*costs(loaded, linked), *settings.effort),
        hour_cost_micros=settings.hour_cost_micros,
        currency=values.currency,
        valued=values.valued,
        valued_why=values.why,
        brand=settings.name,
        segments=settings.targets,
        window_days=window_days,
    )


def moment(micros: int) -> datetime:
    """A moment from microseconds since 1970, exact."""
    return datetime.fromtimestamp(micros // MICROS, UTC).replace(microsecond=micros % MICROS)


