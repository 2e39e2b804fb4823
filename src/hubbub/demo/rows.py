"""Gathers invented rows block by block, as numbers, and turns them into one log at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import MONEY, SCHEMA, TIME, TYPES

Ints: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float64]
Texts: TypeAlias = Any
"""An Arrow array of texts."""

NONE = -1
"""No row, no campaign, no place, not known."""
BRAND = -2
"""The actor or addressee who is the brand."""
EVERYBODY = -3
"""The actor `*` of a total."""
NO_MONEY = np.iinfo(np.int64).min
KIND = {word: code for code, word in enumerate(TYPES)}
CODE = np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
DIGITS = np.frombuffer(b"0123456789", dtype=np.uint8)

_COLUMNS: dict[str, tuple[type[np.generic], int]] = {
    "time": (np.int64, 0),
    "channel": (np.int8, 0),
    "type": (np.int8, 0),
    "actor": (np.int32, NONE),
    "object": (np.int32, NONE),
    "in_reply_to": (np.int32, NONE),
    "context": (np.int32, NONE),
    "via": (np.int32, NONE),
    "addressed_to": (np.int32, NONE),
    "campaign": (np.int16, NONE),
    "value": (np.int64, NO_MONEY),
    "cost": (np.int64, NO_MONEY),
    "count": (np.int64, NONE),
    "audience": (np.int64, NONE),
    "disclosed": (np.int8, NONE),
    "rewarded": (np.int8, NONE),
    "automated": (np.int8, NONE),
    "place": (np.int16, NONE),
}
_REFERENCES = ("object", "in_reply_to", "context", "via")
_TEXTS = ("content", "url", "object_text")


def fixed(numbers: Ints, width: int, alphabet: npt.NDArray[np.uint8] = DIGITS) -> Texts:
    """Numbers as texts of one width, in digits of `alphabet`, zeros in front.

    >>> fixed(np.array([7, 42]), 3).to_pylist()
    ['007', '042']
    """
    n, base = len(numbers), len(alphabet)
    out = np.empty((n, width), dtype=np.uint8)
    rest = numbers.astype(np.int64)
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, base)
        out[:, place] = alphabet[digit]
    offsets = np.arange(n + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(out))


def joined(*pieces: Texts | str) -> Texts:
    """Texts joined row by row; a plain string stands in every row."""
    return pc.binary_join_element_wise(*pieces, "")


def micros(amounts: Floats) -> npt.NDArray[np.int64]:
    """Amounts as whole cents, in millionths."""
    return (np.round(np.asarray(amounts) * 100).astype(np.int64)) * 10_000


def money(values: npt.NDArray[np.int64]) -> pa.Array:
    """Millionths as decimals; `NO_MONEY` is missing."""
    missing = values == NO_MONEY
    pairs = np.empty((len(values), 2), dtype=np.int64)
    pairs[:, 0] = np.where(missing, 0, values)
    pairs[:, 1] = pairs[:, 0] >> 63
    return pa.Array.from_buffers(MONEY, len(values), [_valid(~missing), pa.py_buffer(pairs)])


def chosen(pool: Texts, index: Ints) -> Texts:
    """`pool[index]`, missing where the index is negative."""
    if len(pool) == 0:
        return pa.nulls(len(index), pa.string())
    wanted = pa.array(np.maximum(index, 0), mask=index < 0)
    return pool.take(wanted)


def _valid(present: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(present, bitorder="little"))


@dataclass
class Rows:
    """Rows by number, until `table` gives them names.

    channels, campaigns, places : what the codes stand for
    name : (channel codes, person numbers) -> handles
    brand : channel code -> the brand's handle there
    currency : of every value and cost
    """

    channels: tuple[str, ...]
    campaigns: tuple[str, ...]
    places: tuple[str, ...]
    name: Callable[[Ints, Ints], Texts]
    brand: Callable[[int], str]
    currency: str = "EUR"
    size: int = 0
    _blocks: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def add(self, time: Ints, **columns: Any) -> npt.NDArray[np.int32]:
        """Add one row for each time; a column is one value or one a row, see `_COLUMNS` and `_TEXTS`.

        `type` may be a word; `object`, `in_reply_to`, `context`, `via` are numbers of rows.
        returns : the numbers of the new rows
        """
        unknown = set(columns) - set(_COLUMNS) - set(_TEXTS)
        if unknown:
            raise ValueError(f"no such columns: {sorted(unknown)}")
        if isinstance(columns.get("type"), str):
            columns["type"] = KIND[columns["type"]]
        n = len(time)
        if n:
            self._blocks.append((n, {"time": time, **columns}))
        first = self.size
        self.size += n
        return np.arange(first, first + n, dtype=np.int32)

    def column(self, name: str) -> Any:
        """All values of one column of numbers, by number of row."""
        kind, default = _COLUMNS[name]
        out = np.full(self.size, default, dtype=kind)
        at = 0
        for n, block in self._blocks:
            if name in block:
                out[at : at + n] = block[name]
            at += n
        return out

    def texts(self, name: str) -> Texts:
        """All values of one column of texts, by number of row."""
        parts = []
        for n, block in self._blocks:
            text = block.get(name)
            if text is None:
                parts.append(pa.nulls(n, pa.string()))
            elif isinstance(text, str):
                parts.append(pa.repeat(pa.scalar(text), n))
            else:
                parts.append(text)
        return pa.concat_arrays(parts) if parts else pa.nulls(0, pa.string())

    def ids(self) -> Texts:
        """The id of every row: two letters and a running number in order of time; a short code for share links.

        Within one channel ids are unique: the number is that of the row among all.
        """
        time, channel = self.column("time"), self.column("channel")
        rank = np.empty(self.size, dtype=np.int64)
        rank[np.argsort(time, kind="stable")] = np.arange(self.size)
        lead = pa.array([name[:2] for name in self.channels]).take(pa.array(channel))
        plain = joined(lead, fixed(rank + 1_000_000_000, 10))
        if "web" not in self.channels:
            return plain
        link = (channel == self.channels.index("web")) & (self.column("type") == KIND["share"])
        # The multiplier is odd and no multiple of 3, so it has an inverse modulo 36**7: no two links share a code.
        code = fixed((rank * 29_876_543_317) % 36**7, 7, CODE)
        return pc.if_else(pa.array(link), code, plain)

    def table(self, end: int, lost: npt.NDArray[np.bool_] | None = None) -> pa.Table:
        """The log of `activity.SCHEMA`, in order of time, without what lies after `end` (microseconds) or is lost."""
        time = self.column("time")
        keep = time <= end
        if lost is not None:
            keep &= ~lost
        order = np.argsort(time, kind="stable").astype(np.int64)
        order = order[keep[order]]
        ids = self.ids()
        made: dict[str, pa.Array] = {
            "id": ids.take(pa.array(order)),
            "time": pa.array(time[order]).cast(pa.timestamp("us")).cast(TIME),
        }
        channel = self.column("channel")[order]
        for name in ("object", "in_reply_to", "context", "via"):
            made[name] = chosen(ids, self.column(name)[order])
        made["object"] = pc.coalesce(made["object"], self.texts("object_text").take(pa.array(order)))
        made |= self._plain(order, channel)
        made["actor"] = self._handles(channel, self.column("actor")[order])
        made["addressed_to"] = self._handles(channel, self.column("addressed_to")[order])
        return pa.table([made.get(f.name, pa.nulls(len(order), f.type)) for f in SCHEMA], schema=SCHEMA)

    def _plain(self, order: Ints, channel: Ints) -> Mapping[str, pa.Array]:
        value, cost = self.column("value")[order], self.column("cost")[order]
        out = {
            "channel": pa.array(self.channels).take(pa.array(channel)),
            "type": pa.array(TYPES).take(pa.array(self.column("type")[order])),
            "campaign": chosen(pa.array(self.campaigns, pa.string()), self.column("campaign")[order]),
            "place": chosen(pa.array(self.places, pa.string()), self.column("place")[order]),
            "value": money(value),
            "cost": money(cost),
            "currency": chosen(pa.array([self.currency]), np.where((value != NO_MONEY) | (cost != NO_MONEY), 0, -1)),
        }
        for name in ("count", "audience"):
            number = self.column(name)[order]
            out[name] = pa.array(number, mask=number < 0)
        for name in ("disclosed", "rewarded", "automated"):
            flag = self.column(name)[order]
            out[name] = pa.array(flag == 1, mask=flag < 0)
        for name in ("content", "url"):
            out[name] = self.texts(name).take(pa.array(order))
        return out

    def _handles(self, channel: Ints, who: Ints) -> Texts:
        if not (who != NONE).any():
            return pa.nulls(len(who), pa.string())
        people = self.name(channel, np.maximum(who, 0))
        ours = pa.array([self.brand(code) for code in range(len(self.channels))]).take(pa.array(channel))
        named = pc.if_else(pa.array(who >= 0), people, pc.if_else(pa.array(who == BRAND), ours, "*"))
        return pc.if_else(pa.array(who == NONE), pa.scalar(None, pa.string()), named)
