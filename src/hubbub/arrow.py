"""Small builders of Arrow columns from the arrays that kernels give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.activity import TIME
from hubbub.kernel import IntArray
from hubbub.tables import LABEL, MODE, MODES


def times(micros: IntArray, known: Any) -> pa.Array:
    """Timestamps from int64 microseconds; null where not known."""
    return pa.array(micros, pa.int64(), mask=~np.asarray(known)).cast(TIME)


def whole(values: IntArray, kind: pa.DataType) -> pa.Array:
    """Whole numbers; null where negative."""
    return pa.array(values.astype(kind.to_pandas_dtype()), kind, mask=values < 0)


def truth(values: IntArray) -> pa.Array:
    """True, false, or null where negative."""
    return pa.array(values > 0, pa.bool_(), mask=values < 0)


def real(values: Any) -> pa.Array:
    """Floats; null where NaN."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def mode(codes: IntArray) -> pa.Array:
    """Modes from their codes; null where negative."""
    return pa.DictionaryArray.from_arrays(whole(codes, pa.int8()), pa.array(MODES)).cast(MODE)


def label(codes: IntArray, names: Sequence[str] | pa.Array) -> pa.Array:
    """Names from their codes; null where negative."""
    known = names if isinstance(names, pa.Array) else pa.array(list(names), pa.string())
    return pa.DictionaryArray.from_arrays(whole(codes, pa.int32()), known).cast(LABEL)


def lists(offsets: IntArray, values: pa.Array) -> pa.Array:
    """Lists from int64[n + 1] offsets; 32-bit, for one table holds fewer than 2^31 entries."""
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def structs(columns: Sequence[pa.Array], kind: pa.StructType) -> pa.Array:
    """Structs from their columns, in the order of the fields."""
    return pa.StructArray.from_arrays([c.cast(f.type) for c, f in zip(columns, kind, strict=True)], fields=list(kind))
