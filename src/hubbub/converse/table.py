"""One row a person: the kernel's figures as an Arrow table in tables.PEOPLE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hubbub.arrow import label, lists, mode, structs, times, truth, whole
from hubbub.converse.people import DAY_US, INTS, NO_TIME, Folded
from hubbub.kernel import IntArray
from hubbub.tables import IN_CAMPAIGN, PEOPLE, TRANSITION

_COL = {name: i for i, name in enumerate(INTS)}
_TIMES = {"first", "last", "first_exchange", "waiting_since", "first_conversion"}
_MODES = {"origin", "origin_hidden", "origin_unanswered"}
_TRUTHS = {"known_before", "retained_30", "retained_90", "unanswered"}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the persons of one fold.

    person : text[p]; handles : list of text[p]; channel : int32[p] codes into channels; segment : int32[p] codes
    roots : names of the roots, by their code in the fold
    """

    person: pa.Array
    handles: pa.Array
    channel: IntArray
    segment: IntArray
    channels: list[str]
    segments: list[str]
    campaigns: list[str]
    roots: pa.Array


def people_table(folded: Folded, end: IntArray, names: Names) -> pa.Table:
    """The table of one fold; `end` is int64[p], until when each person can be seen."""
    ints = folded.ints
    p = len(ints)
    first_known = ints[:, _COL["first"]] != NO_TIME
    columns: dict[str, pa.Array] = {
        "person": names.person,
        "handles": names.handles,
        "channel": label(names.channel, names.channels),
        "segment": label(names.segment, names.segments),
        "origin_campaign": label(ints[:, _COL["origin_campaign"]], names.campaigns),
        "unit": label(ints[:, _COL["unit"]], names.roots).cast(pa.string()),
        "unit_hidden": label(ints[:, _COL["unit_hidden"]], names.roots).cast(pa.string()),
        "contacts": whole(ints[:, _COL["brand_messages"]], pa.int32()),
        "end": times(end, np.ones(p, np.bool_)),
        "silence_days": pa.array(ints[:, _COL["silence_us"]] / DAY_US, pa.float64(), mask=~first_known),
        "silent": pa.array(ints[:, _COL["silent"]] > 0, pa.bool_(), mask=~first_known),
        "transitions": lists(folded.step_offsets, structs([pa.array(c) for c in folded.steps.T.copy()], TRANSITION)),
        "campaigns": _campaigns(folded, names.campaigns),
        **_waits(folded),
    }
    for rule, name in enumerate(("credit", "credit_hidden", "credit_unanswered")):
        values = pa.array(getattr(folded, name), pa.int64())
        columns[f"{name}_micros"] = lists(folded.credit_offsets[:, rule], values)
    for field in PEOPLE:
        if field.name not in columns:
            columns[field.name] = _figure(field, ints[:, _COL[field.name]])
    return pa.table([columns[f.name] for f in PEOPLE], schema=PEOPLE)


def _figure(field: pa.Field, values: IntArray) -> pa.Array:
    if field.name in _TIMES:
        return times(values, values != NO_TIME)
    if field.name in _MODES:
        return mode(values)
    if field.name in _TRUTHS:
        return truth(values)
    if field.name in ("value_micros", "value_path_micros"):
        return pa.array(values, pa.int64())
    return whole(values, field.type)


def _waits(folded: Folded) -> dict[str, pa.Array]:
    """The four lists of waiting times, each ascending within a person."""
    person = np.repeat(np.arange(len(folded.ints)), np.diff(folded.wait_offsets))
    out = {}
    for kind, name in enumerate(("answered_us", "open_us", "brand_answered_us", "brand_open_us")):
        mine = folded.wait_kind == kind
        count = np.concatenate([[0], np.cumsum(mine)])
        waits, whose = folded.waits[mine], person[mine]
        out[name] = lists(count[folded.wait_offsets], pa.array(waits[np.lexsort((waits, whose))], pa.int64()))
    return out


def _campaigns(folded: Folded, names: list[str]) -> pa.Array:
    code, first, *counts = folded.campaigns.T
    columns = [label(code, names), times(first, first != NO_TIME), *(pa.array(c) for c in counts)]
    return lists(folded.campaign_offsets, structs(columns, IN_CAMPAIGN))
