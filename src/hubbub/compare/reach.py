"""The `reach` document: people seen, and what can be said of those who were not, each with method and assumption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from hubbub.estimate import Estimate, plain
from hubbub.kernel import BoolArray, FloatArray, IntArray
from hubbub.spread.nodes import BRAND, nodes_of
from hubbub.spread.reach import Bounds, Named, bounds, chao1, chapman
from hubbub.tables import MODES, ChannelLedger, Ledger

pc: Any = pyarrow.compute

SEEN = "people with a touch of their own in the log: a floor"
ASSUMES = {
    "might_act": "people act by themselves; who acts rarely is seen rarely, so it is at least so many",
    "two_ways": "the same people can be seen both ways, and people.csv joins their handles",
    "could_have_seen": (
        "what networks say of followers and lists; a source is counted once, at its largest; whom follows.csv names in "
        "more than one is counted once"
    ),
    "network_totals": "the network's word: views, not people, counted as the network counts them",
}


def reach(people: pa.Table, cascades: pa.Table, ledger: Ledger, *, level: float = 0.9) -> dict[str, Any]:
    """Measured and estimated reach as plain Python, ready for JSON; four different things that are never mixed.

    people, cascades : tables.PEOPLE and tables.CASCADES; level : coverage of the intervals
    """
    touches = _touches(people)
    found = _sources(cascades)
    on = _channels(people)
    return {
        "measured": {"people": int(np.count_nonzero(touches)), "how": SEEN},
        "estimated": {
            "might_act": _said("might_act", might_act(touches, level).to_json()),
            "two_ways": _said("two_ways", two_ways(people, touches, level).to_json()),
            "could_have_seen": _said("could_have_seen", found.bounds(ledger.follows).to_json()),
            "network_totals": _said("network_totals", _totals(ledger.channels)),
        },
        "by_channel": [
            _channel(c, on.get(c.channel), touches, found.on(c.channel).bounds(ledger.follows), level)
            for c in sorted(ledger.channels, key=lambda c: c.channel)
        ],
    }


def might_act(touches: IntArray, level: float = 0.9) -> Estimate:
    """Chao1 over how often each person was seen."""
    return chao1(touches[touches > 0], level)


def two_ways(people: pa.Table, touches: IntArray, level: float = 0.9) -> Estimate:
    """Chapman over people seen visiting and people seen doing anything else."""
    visits = people.column("visits").to_numpy().astype(np.int64)
    visiting, acting = visits > 0, touches > visits
    both = int(np.count_nonzero(visiting & acting))
    if visiting.any() and acting.any() and not both:
        return Estimate.unknown("nobody was seen both visiting and acting; people.csv may not join their handles")
    return chapman(int(visiting.sum()), int(acting.sum()), both, level)


def _said(name: str, found: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = plain(found | {"assumes": ASSUMES[name]})
    return said


def _touches(people: pa.Table) -> IntArray:
    columns = [people.column(f"touches_{mode}").to_numpy() for mode in MODES]
    return np.asarray(np.sum(columns, axis=0, dtype=np.int64))


def _channels(people: pa.Table) -> dict[str, BoolArray]:
    """By channel, whether each person has a handle there."""
    handles = people.column("handles").combine_chunks()
    owner = pc.list_parent_indices(handles).to_numpy()
    channel = pc.dictionary_encode(pc.list_flatten(pc.split_pattern(handles.flatten(), ":", max_splits=1))[::2])
    codes = np.asarray(channel.indices)
    out = {}
    for code, name in enumerate(channel.dictionary.to_pylist()):
        out[name] = np.zeros(len(people), np.bool_)
        out[name][owner[codes == code]] = True
    return out


@dataclass(frozen=True, slots=True)
class _Sources:
    """Those who passed something on, the brand as one on each channel. person : label, None the brand

    audience : float64[s], the largest that the network says of each, NaN where it does not
    """

    channel: pa.Array
    person: pa.Array
    audience: FloatArray

    def on(self, channel: str) -> _Sources:
        here = pc.equal(self.channel, channel)
        return _Sources(self.channel.filter(here), self.person.filter(here), self.audience[here.to_numpy(False)])

    def bounds(self, follows: pa.Table | None) -> Bounds:
        """Of the union of their audiences; tables.FOLLOWS names some who stand in more than one."""
        return bounds(self.audience, named=None if follows is None else self._named(follows))

    def _named(self, follows: pa.Table) -> Named:
        source = pc.index_in(_key(follows["channel"], follows["follows"]), value_set=_key(self.channel, self.person))
        found = follows.append_column("source", source).filter(pc.is_valid(source))
        # Without people.csv a label begins with its channel; a person with a name is one on all channels.
        person = pc.dictionary_encode(found["person"].combine_chunks()).indices
        return Named(found["source"].to_numpy().astype(np.int64), person.to_numpy().astype(np.int64))


def _key(channel: Any, person: Any) -> Any:
    """Channel and label as one text; the brand, which has no label, as the channel alone."""
    whole = pc.binary_join_element_wise(channel.cast(pa.string()), person.cast(pa.string()), "\0")
    return pc.coalesce(whole, channel.cast(pa.string()))


def _sources(cascades: pa.Table) -> _Sources:
    nodes = nodes_of(cascades)
    names = pc.dictionary_encode(cascades.column("channel").cast(pa.string()).combine_chunks())
    channel = np.asarray(names.indices).astype(np.int64)[nodes.row]
    # A person is one source on each channel: audiences are counted there.
    key = channel * (len(nodes.people) + 1) + nodes.person + 1
    found, first, place = np.unique(key, return_index=True, return_inverse=True)
    largest = np.full(found.size, -np.inf)
    np.fmax.at(largest, place, nodes.audience)
    largest[np.isinf(largest)] = np.nan
    who = nodes.person[first]
    person = nodes.people.take(pa.array(who, mask=who == BRAND))
    return _Sources(names.dictionary.take(pa.array(channel[first])), person, largest)


def _totals(channels: Sequence[ChannelLedger]) -> dict[str, Any]:
    total = sum(c.views_total for c in channels)
    if not total:
        return {"value": None, "why": "no network gave totals of views"}
    return {"value": total, "how": "sum of count over rows of type view whose actor is *"}


def _channel(
    channel: ChannelLedger, on: BoolArray | None, touches: IntArray, could: Bounds, level: float
) -> dict[str, Any]:
    mine = touches[on] if on is not None else touches[:0]
    return {
        "channel": channel.channel,
        "measured": {"people": int(np.count_nonzero(mine)), "how": "people with a touch and a handle on this channel"},
        "might_act": _said("might_act", might_act(mine, level).to_json()),
        "could_have_seen": _said("could_have_seen", could.to_json()),
        "network_totals": _said("network_totals", _totals([channel])),
    }
