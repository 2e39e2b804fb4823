"""What the log and consent.csv say of leave: consent by person, who left, whom the brand addressed unasked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.activity import DAY_US
from hubbub.consent.known import EVENTS, SEEN, Known, keyed, last_before
from hubbub.consent.rules import Cap, Policy
from hubbub.log.segment import Segment
from hubbub.log.settings import Settings
from hubbub.tables import UNASKED, Ledger

_READ = ("time", "channel", "id", "type", "actor", "addressed_to", "in_reply_to")
_SPOKE = pa.schema([SEEN.field(name) for name in ("person", "channel", "time_us")])
_WORDS = pa.array(["post", "reply", "message"])
TALK_US = 7 * DAY_US
"""So long after their own words people are still in a conversation, as an exchange allows."""


def known(segments: Sequence[Segment], settings: Settings) -> Known:
    """The ledger of consent of a log, which is read once.

    Unasked is what the brand addresses to somebody without answering anything, unless they have words of their own on
    that channel in the seven days before; for what purpose, the record does not say.
    """
    leaves, contacts, words = [SEEN.empty_table()], [SEEN.empty_table()], []
    for rows in _read(segments):
        leaves.append(_seen(_of_people(rows.filter(pc.equal(rows["type"], "leave")), settings), "actor", settings))
        said = rows.filter(pc.is_in(rows["type"], value_set=_WORDS))
        first = said.filter(pc.and_(pc.is_valid(said["addressed_to"]), pc.is_null(said["in_reply_to"])))
        contacts.append(_seen(_of_brand(first, settings), "addressed_to", settings))
        words.append(_short(said))
    unasked = _without_talk(pa.concat_tables(contacts), words, settings)
    return Known(_events(settings), pa.concat_tables(leaves), unasked, _policy(settings))


def _read(segments: Sequence[Segment]) -> Iterator[pa.Table]:
    for segment in segments:
        for batch in pq.ParquetFile(segment.path, memory_map=True).iter_batches(1 << 18, columns=list(_READ)):
            yield pa.Table.from_batches([batch])


def _short(words: pa.Table) -> pa.Table:
    """When and where somebody had words, each name once: what is kept of every row until it is known who matters."""
    names = {name: pc.dictionary_encode(_flat(words[name].cast(pa.string()))) for name in ("channel", "actor")}
    return pa.table({"time": words["time"], **names})


def _without_talk(contacts: pa.Table, words: Sequence[pa.Table], settings: Settings) -> pa.Table:
    """Contacts with people who had not spoken on that channel shortly before."""
    if not contacts.num_rows:
        return contacts
    people, asked = contacts["person"].unique(), keyed(contacts, True)
    handles = pa.array(handles_of(people.to_pylist(), settings.people), pa.string())
    spoke = [_SPOKE.empty_table()]
    for rows in words:
        theirs = rows.filter(pc.is_in(rows["actor"], value_set=handles))
        person = labels(theirs["channel"], theirs["actor"], settings.people)
        spoke.append(pa.table([person, theirs["channel"], theirs["time"]], names=_SPOKE.names).cast(_SPOKE))
    return contacts.filter(pa.array(asked[1] - last_before(asked, keyed(pa.concat_tables(spoke), True)) > TALK_US))


def handles_of(people: Iterable[str], by_handle: Mapping[tuple[str, str], str]) -> list[str]:
    """Every handle under which these persons may act; on another channel it may be somebody else's."""
    wanted = set(people)
    return [h for (_, h), who in by_handle.items() if who in wanted] + [p.split(":", 1)[-1] for p in wanted]


def _policy(settings: Settings) -> Policy:
    if settings.cap is None:
        return Policy(caps=())
    return Policy(caps=(Cap(*settings.cap),))


def _events(settings: Settings) -> pa.Table:
    table = settings.consent
    if table is None:
        return EVENTS.empty_table()
    out = {
        "person": labels(table["channel"], table["actor"], settings.people),
        "channel": table["channel"],
        "time_us": table["time"].cast(pa.int64()),
        "row": pa.array([f"consent:{i + 1}" for i in range(table.num_rows)], pa.string()),
        "purpose": table["purpose"],
        "given": pc.equal(table["state"], "given"),
    }
    return pa.table(out).cast(EVENTS)


def _seen(table: pa.Table, who: str, settings: Settings) -> pa.Table:
    out = {
        "person": labels(table["channel"], table[who], settings.people),
        "channel": table["channel"],
        "time_us": table["time"].cast(pa.int64()),
        "row": pc.binary_join_element_wise(table["channel"].cast(pa.string()), table["id"].cast(pa.string()), ":"),
    }
    return pa.table(out).cast(SEEN)


def is_brand(table: pa.Table, who: str, settings: Settings) -> pa.Array:
    """Whether a column's handle is the brand's."""
    everywhere = pa.array([h for c, h in settings.brand if c is None], pa.string())
    there = pa.array([f"{c}:{h}" for c, h in settings.brand if c is not None], pa.string())
    actor = table[who].cast(pa.string())
    named = pc.binary_join_element_wise(table["channel"].cast(pa.string()), actor, ":")
    return pc.or_(pc.is_in(actor, value_set=everywhere), pc.is_in(named, value_set=there))


def _of_brand(table: pa.Table, settings: Settings) -> pa.Table:
    return table.filter(
        pc.and_(is_brand(table, "actor", settings), pc.invert(is_brand(table, "addressed_to", settings)))
    )


def _of_people(table: pa.Table, settings: Settings) -> pa.Table:
    return table.filter(pc.invert(is_brand(table, "actor", settings)))


def labels(channel: pa.ChunkedArray, handle: pa.ChunkedArray, people: Mapping[tuple[str, str], str]) -> pa.Array:
    """The persons of handles: by people.csv, else channel:handle."""
    channel, handle = (_flat(column.cast(pa.string())) for column in (channel, handle))
    own = pc.binary_join_element_wise(channel, handle, ":")
    if not people:
        return own
    keys = pa.array([f"{c}\0{h}" for c, h in people], pa.string())
    place = pc.index_in(pc.binary_join_element_wise(channel, handle, "\0"), value_set=keys)
    return pc.coalesce(pa.array(list(people.values()), pa.string()).take(place), own)


def _flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def with_consent(ledger: Ledger, segments: Sequence[Segment], settings: Settings) -> Ledger:
    """The ledger with what is known of consent, where consent.csv says what people allowed."""
    if settings.consent is None:
        return ledger
    found = known(segments, settings)
    bad = found.without_leave()
    coded = pc.dictionary_encode(found.contacts["person"].combine_chunks())
    codes, size = np.asarray(coded.indices, dtype=np.int64), len(coded.dictionary)
    columns = [np.bincount(codes, minlength=size), np.bincount(codes, weights=bad, minlength=size)]
    table = pa.table([coded.dictionary, *columns], names=UNASKED.names).cast(UNASKED)
    total, without = len(codes), int(bad.sum())
    said = f"{without:,} of {total:,} contacts that nobody asked for went to people who had not allowed them."
    return replace(ledger, consent=found, unasked=table, notes=(*ledger.notes, *([said] if without else [])))
