"""The table of people: the kernel `hubbub.converse.people.fold_people` under the grouped map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.converse.people import INTS, Fold, fold_people
from hubbub.converse.persons import describe
from hubbub.converse.table import Names, people_table
from hubbub.kernel import IntArray
from hubbub.log.keys import NO_KEY
from hubbub.measure import register_of
from hubbub.spark.columns import in_order, ints, offsets_of
from hubbub.spark.shared import Shared
from hubbub.spark.together import grouped_map
from hubbub.spark.wire import to_wire, wire_schema
from hubbub.tables import PEOPLE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def people_rows(linked: DataFrame, shared: Shared) -> DataFrame:
    """One row a person, by the kernel `hubbub.converse.people.fold_people`."""
    from pyspark.sql import functions as f

    extra = [pa.field("person_key", pa.int64()), pa.field("first_exchange_us", pa.int64())]
    schema = pa.schema([*wire_schema(PEOPLE), *extra])
    mine = linked.where(f.col("owner") != NO_KEY)
    return grouped_map(mine, "owner", lambda table: _people(table, shared), schema)


def _people(table: pa.Table, shared: Shared) -> pa.Table:
    acts = pc.unique(table.filter(pc.equal(table.column("author"), table.column("owner"))).column("owner"))
    table = in_order(table.filter(pc.is_in(table.column("owner"), value_set=acts.cast(pa.int64()))), "owner")
    owner = ints(table, "owner")
    offsets = offsets_of(owner)
    person_keys = owner[offsets[:-1]]
    count = person_keys.size
    came = table.column("came").combine_chunks().dictionary_encode()
    root = pc.fill_null(came.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    known = describe(*_handles(table, person_keys, shared), count, register_of(shared.settings, shared.end))
    fold = Fold(
        offsets=offsets,
        time=ints(table, "time"),
        flags=ints(table, "flags").astype(np.uint32),
        thread=ints(table, "thread"),
        campaign=ints(table, "campaign"),
        root=root,
        value=ints(table, "value"),
        undone=ints(table, "undone"),
        end=known.end,
    )
    folded = fold_people(fold, shared.window_us, len(shared.campaigns))
    first_row = folded.ints[:, INTS.index("first_row")]
    seen = np.where(first_row >= 0, first_row, offsets[:-1])
    names = Names(
        known.label, known.handles, ints(table, "channel")[seen].astype(np.int32), known.segment, shared.channels,
        sorted(set(shared.settings.segments.values())), shared.campaigns, came.dictionary,
    )  # fmt: skip
    wire = to_wire(people_table(folded, known.end, names))
    wire = wire.append_column("person_key", pa.array(person_keys, pa.int64()))
    return wire.append_column("first_exchange_us", pa.array(folded.ints[:, INTS.index("first_exchange")], pa.int64()))


def _handles(table: pa.Table, person_keys: IntArray, shared: Shared) -> tuple[IntArray, pa.Array, pa.Array]:
    """Handles that acted or that people.csv lists, each once: whose, channel, name."""
    own = table.filter(pc.equal(table.column("author"), table.column("owner")))
    own = own.select(["owner", "channel", "actor"]).group_by(["owner", "channel", "actor"]).aggregate([])
    names = pa.array(shared.channels).take(own.column("channel").combine_chunks().cast(pa.int32()))
    owners, actors = own.column("owner").to_pylist(), own.column("actor").to_pylist()
    pairs = set(zip(owners, names.to_pylist(), actors, strict=True))
    here = set(person_keys.tolist())
    pairs |= {(key, c, h) for (c, h), key in _listed(shared).items() if key in here}
    found = sorted(pairs, key=lambda p: (p[0], f"{p[1]}:{p[2]}"))
    whose = np.searchsorted(person_keys, np.array([p[0] for p in found], np.int64))
    return whose, pa.array([p[1] for p in found], pa.string()), pa.array([p[2] for p in found], pa.string())


def _listed(shared: Shared) -> dict[tuple[str, str], int]:
    """Handles of people.csv and the keys of their persons, the brand's left out."""
    from hubbub.log.link import is_brand, person_keys

    context = shared.context(pa.table({}))
    keys = person_keys(shared.settings.people)
    return {h: keys[name] for h, name in shared.settings.people.items() if not is_brand(context, *h)}
