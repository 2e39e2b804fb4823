"""The nodes of the table of cascades laid flat: one reader for all who follow single shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute

from hubbub.kernel import FloatArray, IntArray

pc = pyarrow.compute
BRAND = -1


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes of tables.CASCADES in the order of its rows, root first.

    offsets : int64[c + 1]; row : int64[n], cascade of each node; parent : int64[n], position within the cascade, -1 the
    root, -2 hidden; time_us : int64[n] since 1970; first_us : int64[c], of the roots
    person : int64[n], position in `people`, BRAND for the brand; people : labels, each once
    audience : float64[n], NaN not known; rewarded : int8[n], -1 not known
    """

    offsets: IntArray
    row: IntArray
    parent: IntArray
    time_us: IntArray
    first_us: IntArray
    person: IntArray
    people: pa.Array
    audience: FloatArray
    rewarded: IntArray

    @property
    def position(self) -> IntArray:
        """Place of each node within its cascade; 0 the root."""
        return np.arange(self.row.size) - self.offsets[self.row]


def nodes_of(cascades: pa.Table) -> Nodes:
    """The nodes of a table of cascades, or of some of its rows."""
    nodes, sharers = (_whole(cascades.column(name)) for name in ("nodes", "sharers"))
    lengths = pc.fill_null(pc.list_value_length(nodes), 0).to_numpy().astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    row = np.repeat(np.arange(lengths.size), lengths)
    flat = nodes.flatten()

    def ints(name: str) -> IntArray:
        return np.asarray(flat.field(name).to_numpy(zero_copy_only=False), dtype=np.int64)

    counts = pc.fill_null(pc.list_value_length(sharers), 0).to_numpy()
    base = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    label = pc.dictionary_encode(sharers.flatten().cast(pa.string()))
    codes = np.append(np.asarray(label.indices).astype(np.int64), BRAND)
    person = ints("person")
    first = np.asarray(cascades.column("first").cast(pa.int64()).to_numpy(), dtype=np.int64)
    return Nodes(
        offsets=offsets.astype(np.int64),
        row=row,
        parent=ints("parent"),
        time_us=ints("time_us") + first[row],
        first_us=first,
        person=np.where(person >= 0, codes[np.where(person >= 0, base[row] + person, -1)], BRAND),
        people=label.dictionary,
        audience=flat.field("audience").cast(pa.float64()).to_numpy(zero_copy_only=False),
        rewarded=pc.fill_null(flat.field("rewarded").cast(pa.int8()), -1).to_numpy(zero_copy_only=False),
    )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
