"""From the log to the two tables and the ledger, on one machine: load, link, group, fold."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import TYPES
from hubbub.converse.people import INTS, NO_TIME, Fold, fold_people
from hubbub.converse.persons import Persons, Register, describe
from hubbub.converse.table import Names, people_table
from hubbub.kernel import IntArray
from hubbub.log.facts import Paid, channel_ledgers, efforts, paid, seen_of, tally
from hubbub.log.group import grouped, settle
from hubbub.log.index import NONE
from hubbub.log.link import BRAND_SIDE, NO_MONEY, TOTALS, Context, Linked, Rows, count_values, link
from hubbub.log.segment import Loaded, Segment, Texts, load
from hubbub.log.settings import Settings
from hubbub.rows import ORPHAN, UNDONE
from hubbub.spread.cascades import HIDDEN_PARENT
from hubbub.spread.fold import Forest, fold_forest
from hubbub.spread.table import Heads, Words
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
    persons = _persons(loaded, linked, register_of(settings, int(rows.time[-1])), texts)
    segments_of = sorted(set(settings.segments.values()))
    people, first_exchange = _people(loaded, linked, persons, texts, round(window_days * DAY_US), segments_of)
    cascades = _cascades(loaded, linked, persons, texts, first_exchange)
    ledger = _ledger(loaded, linked, settings, values, window_days)
    return Tables(people, cascades, ledger)


def choose_values(rows: Rows, who: IntArray, currencies: list[str], asked: str | None) -> Values:
    """Decide once for the whole log which values count."""
    converts = (rows.type == _CODE["convert"]) & (who >= 0)
    if not converts.any():
        return Values(None, None, "none", "")
    codes = np.unique(rows.currency[converts & (rows.value != NO_MONEY)]).tolist()
    return values_of(codes, currencies, asked)


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

    of_row : int32, the person in whose fold each row stands, -1; author : int32, the person who acted, -1
    """

    of_row: IntArray
    author: IntArray
    known: Persons


def _persons(loaded: Loaded, linked: Linked, register: Register, texts: Texts) -> _Persons:
    who = linked.who
    acts = np.zeros(linked.handle_keys.size + 1, np.bool_)
    acts[who[who >= 0]] = True
    dense = np.where(acts, np.cumsum(acts) - 1, NONE).astype(np.int32)
    dense[-1] = NONE
    handles = np.flatnonzero(acts[linked.person_of_handle])
    channel, handle = _handles(loaded, linked, texts, handles)
    known = describe(dense[linked.person_of_handle[handles]], channel, handle, int(acts.sum()), register)
    order = known.by_label()
    rank = np.full(order.size + 1, NONE, np.int32)
    rank[order] = np.arange(order.size)
    dense = rank[dense]
    return _Persons(dense[linked.owner], dense[np.maximum(who, NONE)], known.take(order))


def _handles(loaded: Loaded, linked: Linked, texts: Texts, handles: IntArray) -> tuple[pa.Array, pa.Array]:
    """Channel and name of handles, from a row that shows them or from people.csv."""
    row = linked.handle_row[handles]
    shown = row >= 0
    names = texts.take("actor", loaded.rows.origin[row[shown]])
    channels = pa.array(loaded.channels, pa.string()).take(pa.array(loaded.rows.channel[row[shown]].astype(np.int32)))
    if shown.all():
        return channels, names
    listed = [linked.listed[int(h)] for h in handles[~shown]]
    back = pa.array(np.argsort(np.concatenate([np.flatnonzero(shown), np.flatnonzero(~shown)])))
    return (
        pa.concat_arrays([channels, pa.array([c for c, _ in listed], pa.string())]).take(back),
        pa.concat_arrays([names, pa.array([h for _, h in listed], pa.string())]).take(back),
    )


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
    """The table of people, by label, and when each person's first exchange was completed."""
    rows, known = loaded.rows, persons.known
    count = len(known.label)
    members, offsets = grouped(persons.of_row, count)
    settle(members, offsets, rows.time, linked.ties, lambda r: texts.names(rows.origin[r]))
    root_rows, root_codes = _root_codes(linked)
    roots = _root_names(loaded, texts, root_rows)
    undone = _undone_array(linked, rows.time.size)
    cuts = _cuts(offsets)
    first_exchange = np.empty(count, np.int64)

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

    with ThreadPoolExecutor(2) as pool:
        table = pa.concat_tables(list(pool.map(one, cuts))) if cuts else PEOPLE.empty_table()
    return table, first_exchange


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


def _cascades(loaded: Loaded, linked: Linked, persons: _Persons, texts: Texts, first_exchange: IntArray) -> pa.Table:
    rows = loaded.rows
    cascade, roots = cascade_codes(rows, linked)
    members, offsets = grouped(cascade, roots.size)
    settle(members, offsets, rows.time, linked.ties, lambda r: texts.names(rows.origin[r]))
    place = np.full(rows.time.size + 2, HIDDEN_PARENT, np.int32)
    place[members] = np.arange(members.size) - np.repeat(offsets[:-1], np.diff(offsets))
    parent = place[linked.parent[members]]
    parent[offsets[:-1]] = -1
    author = persons.author[members]
    through = np.flatnonzero((rows.type != _CODE["share"]) & (linked.via >= 0) & (persons.author >= 0))
    to = cascade[linked.via[through]]
    forest = Forest(
        offsets=offsets,
        parent=parent,
        time=rows.time[members],
        author=author,
        exchanged=(author >= 0) & (np.append(first_exchange, NO_TIME)[author] < rows.time[members]),
        audience=rows.audience[members],
        disclosed=rows.disclosed[members],
        rewarded=rows.rewarded[members],
        shares=rows.type[members] == _CODE["share"],
        came_to=to[to >= 0],
        came=persons.author[through[to >= 0]],
    )
    who = persons.author[roots]
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
    return fold_forest(forest, heads, words, int(rows.time[-1]))


def cascade_codes(rows: Rows, linked: Linked) -> tuple[IntArray, IntArray]:
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


def _ledger(loaded: Loaded, linked: Linked, settings: Settings, values: Values, window_days: float) -> Ledger:
    rows = loaded.rows
    counts = tally(seen_of(loaded, linked), len(loaded.channels))
    costs = paid(
        rows.cost, linked.who == BRAND_SIDE, rows.type, rows.currency, rows.campaign, loaded.currencies,
        loaded.campaigns,
    )  # fmt: skip
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
    )
