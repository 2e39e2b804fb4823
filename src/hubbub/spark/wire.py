"""Tables over the wire: Spark knows no dictionaries, so codes travel and names are put back."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import TYPES
from hubbub.spark.shared import Shared
from hubbub.tables import MODES


def _bare(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.index_type
    if pa.types.is_list(kind):
        return pa.list_(_bare(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(f.name, _bare(f.type)) for f in kind])
    return kind


def wire_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with codes in the place of names."""
    return pa.schema([(f.name, _bare(f.type)) for f in schema])


def _codes_of(array: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        return array.indices
    if pa.types.is_list(array.type) and _bare(array.type) != array.type:
        values = array.values
        fields = [_codes_of(values.field(i)) for i in range(values.type.num_fields)]
        inner = pa.StructArray.from_arrays(fields, names=[f.name for f in values.type])
        return pa.ListArray.from_arrays(array.offsets, inner)
    return array


def to_wire(table: pa.Table) -> pa.Table:
    """The table with codes in the place of names."""
    table = table.combine_chunks()
    schema = wire_schema(table.schema)
    columns = [_codes_of(_one(table.column(f.name))) for f in schema]
    return pa.table([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _named(array: pa.Array, kind: pa.DataType, names: dict[str, list[str]], name: str) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(array.cast(kind.index_type), pa.array(names[name], pa.string()))
    if pa.types.is_list(kind) and _bare(kind) != kind:
        inner = kind.value_type
        fields = [_named(array.values.field(i), f.type, names, f.name).cast(f.type) for i, f in enumerate(inner)]
        return pa.ListArray.from_arrays(array.offsets, pa.StructArray.from_arrays(fields, fields=list(inner)))
    return array


def from_wire(table: pa.Table, schema: pa.Schema, shared: Shared) -> pa.Table:
    """The table as the local engine gives it, in its order."""
    names = {
        "channel": shared.channels,
        "segment": sorted(set(shared.settings.segments.values())),
        "type": list(TYPES),
        **dict.fromkeys(("campaign", "origin_campaign"), shared.campaigns),
        **{name: list(MODES) for name in ("origin", "origin_hidden", "origin_unanswered")},
    }
    table = table.combine_chunks()
    if not table.num_rows:
        return schema.empty_table()
    columns = [_named(_one(table.column(f.name).cast(_bare(f.type))), f.type, names, f.name) for f in schema]
    out = pa.table([c.cast(f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    by = ("person", "handles") if "person" in schema.names else ("channel", "root")
    return out.take(_order(out, *by)).combine_chunks()


def _order(table: pa.Table, *names: str) -> pa.Array:
    columns = {}
    for name in names:
        column = table.column(name)
        if pa.types.is_list(column.type):
            column = pc.list_element(column, 0)
        columns[name] = column.cast(pa.string())
    return pc.sort_indices(pa.table(columns), [(name, "ascending") for name in names])
