"""The fold by person: linked rows of whole persons in, one row a person out (tables.PEOPLE without the names).

The kernel knows no engine: it takes arrays in which each person's rows stand together in reading order, and
gives arrays. Whoever calls it (one machine, a cluster) has to bring the rows of a person together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from hubbub.activity import NO_TOUCH, TYPES
from hubbub.converse.credit import divide
from hubbub.converse.turns import NEVER, exchange
from hubbub.kernel import IntArray, jit
from hubbub.rows import (
    AUTOMATED,
    BRAND,
    EARLY,
    HAS_VIA,
    HIDDEN,
    HUMAN,
    IN_BRAND_THREAD,
    MADE,
    REFUND,
    SPOKE,
    SPREAD,
    TOUCHES_BRAND,
    TURN,
    TYPE_BITS,
    UNDONE,
    VALUED,
)

DAY_US = 86_400_000_000
WEEK_US = 7 * DAY_US
CONVERSATION, BY_SPREAD, BROADCAST, UNKNOWN = range(4)
PLAIN, IF_HIDDEN, IF_ANSWERED = range(3)
"""Three readings of the same rows: as they are; hidden parents as spread; the unanswered as conversation."""

_CODE = {name: code for code, name in enumerate(TYPES)}
_TOUCH = np.array([t not in NO_TOUCH for t in TYPES])
_POST, _REPLY, _MESSAGE, _SHARE = (_CODE[t] for t in ("post", "reply", "message", "share"))
_VISIT, _CONVERT, _LEAVE, _FLAG = (_CODE[t] for t in ("visit", "convert", "leave", "flag"))


class Fold(NamedTuple):
    """Rows of whole persons: person p's are offsets[p]:offsets[p + 1], in reading order.

    offsets : int64[p + 1]; time : int64 microseconds; flags : uint32 (hubbub.rows); thread : int64
    campaign : int32, -1 none; root : int32, of the cascade that the row came through, -1 none
    value : int64 millionths; undone : int64 moment, NEVER if it stands; end : int64[p], until when p can be seen
    """

    offsets: Any
    time: Any
    flags: Any
    thread: Any
    campaign: Any
    root: Any
    value: Any
    undone: Any
    end: Any


INTS = (
    "origin", "origin_hidden", "origin_unanswered", "origin_campaign", "known_before", "unit", "unit_hidden",
    "first", "last", "first_row", "touches_conversation", "touches_spread", "touches_broadcast", "touches_unknown",
    "touches_hidden", "touches_unanswered", "retained_30", "retained_90", "silence_us", "silent", "exchanges",
    "exchange_days", "exchanges_earlier", "exchanges_later", "first_exchange", "conversations",
    "conversations_started", "messages", "messages_answered", "brand_messages", "brand_messages_answered", "spoke",
    "unanswered", "waiting_since", "level", "posts", "made", "shares", "shares_hidden", "visits", "visits_human",
    "visits_machine", "leaves", "flags", "conversions", "conversions_unvalued", "first_conversion",
    "exchanges_before", "exchanges_after", "value_micros", "value_path_micros",
)  # fmt: skip
"""Figures of a person that are one whole number each; -1 (times: NEVER) stands for null. Column order of `ints`."""

_COL = {name: i for i, name in enumerate(INTS)}
NO_TIME = np.iinfo(np.int64).max


@dataclass(slots=True)
class Folded:
    """What the kernel gives: ints int64[p, len(INTS)] and the lists, each as values with int64[p + 1] offsets."""

    ints: IntArray
    waits: IntArray
    wait_kind: IntArray
    wait_offsets: IntArray
    credit: IntArray  # 24 a person with conversions
    credit_hidden: IntArray
    credit_unanswered: IntArray
    credit_offsets: IntArray  # [p + 1, 3]
    steps: IntArray  # [n, 3]: from, to, how often
    step_offsets: IntArray
    campaigns: IntArray  # [n, 9]: code, first, touches, exchanges, words, words alone, contacts, leaves, flags
    campaign_offsets: IntArray


def fold_people(fold: Fold, window_us: int, campaigns: int) -> Folded:
    """Fold rows into persons. `window_us`: how far back a conversion looks; `campaigns`: how many codes there are."""
    p, n = fold.end.size, fold.time.size
    kinds = fold.flags & TYPE_BITS
    converts = int(((kinds == _CONVERT) & ((fold.flags & BRAND) == 0)).sum())
    out = Folded(
        ints=np.full((p, len(INTS)), -1, np.int64),
        waits=np.empty(n, np.int64),
        wait_kind=np.empty(n, np.int8),
        wait_offsets=np.zeros(p + 1, np.int64),
        credit=np.zeros(24 * min(converts, p), np.int64),
        credit_hidden=np.zeros(24 * min(converts, p), np.int64),
        credit_unanswered=np.zeros(24 * min(converts, p), np.int64),
        credit_offsets=np.zeros((p + 1, 3), np.int64),
        steps=np.empty((min(28 * p, n + 2 * p + 28 * min(converts, p)), 3), np.int32),
        step_offsets=np.zeros(p + 1, np.int64),
        campaigns=np.empty((n, 9), np.int64),
        campaign_offsets=np.zeros(p + 1, np.int64),
    )
    longest = int(np.diff(fold.offsets).max()) if p else 0
    _fold(
        fold, window_us, out.ints, out.waits, out.wait_kind, out.wait_offsets, out.credit, out.credit_hidden,
        out.credit_unanswered, out.credit_offsets, out.steps, out.step_offsets, out.campaigns, out.campaign_offsets,
        np.empty(n, np.int64), _scratch(longest), np.full(max(campaigns, 1), -1, np.int64),
    )  # fmt: skip
    out.waits, out.wait_kind = out.waits[: out.wait_offsets[-1]], out.wait_kind[: out.wait_offsets[-1]]
    for rule, name in enumerate(("credit", "credit_hidden", "credit_unanswered")):
        setattr(out, name, getattr(out, name)[: out.credit_offsets[-1, rule]])
    out.steps = out.steps[: out.step_offsets[-1]]
    out.campaigns = out.campaigns[: out.campaign_offsets[-1]]
    return out


class _Scratch(NamedTuple):
    rows: Any
    done_at: Any
    done_in: Any
    modes: Any
    ages: Any
    tally: Any
    weights: Any
    decay: Any
    steps: Any


def _scratch(n: int) -> _Scratch:
    return _Scratch(
        np.empty(n + 1, np.int64), np.empty(n + 1, np.int64), np.empty(n + 1, np.int32), np.empty(n + 1, np.int8),
        np.empty(n + 1, np.int64), np.zeros(8, np.int64), np.zeros(4, np.int64), np.zeros(4, np.float64),
        np.zeros((7, 7), np.int32),
    )  # fmt: skip


@njit(inline="always")
def _touch(flag: Any) -> Any:
    return not flag & BRAND and _TOUCH[flag & TYPE_BITS]


@njit(inline="always")
def _mode(flag: Any, conversation: Any, reading: Any) -> Any:
    """Mode of a touch under one of the three readings."""
    if flag & SPREAD or (reading == IF_HIDDEN and flag & HIDDEN):
        return BY_SPREAD
    if conversation or (reading == IF_ANSWERED and flag & SPOKE):
        return CONVERSATION
    if flag & TOUCHES_BRAND:
        return BROADCAST
    return UNKNOWN


@jit
def _fold(  # type: ignore[no-untyped-def]
    fold, window, ints, waits, wait_kind, wait_offsets, credit, credit_hidden, credit_unanswered, credit_offsets,
    steps, step_offsets, campaigns, campaign_offsets, conv_at, scratch, slot
):  # fmt: skip
    offsets = fold.offsets
    for p in range(fold.end.size):
        lo, hi = offsets[p], offsets[p + 1]
        row = ints[p]
        waited = wait_offsets[p]
        done, n = exchange(
            lo, hi, fold.end[p], fold.time, fold.flags, fold.thread, fold.campaign, scratch.rows, conv_at,
            scratch.done_at, scratch.done_in, waits[waited:], wait_kind[waited:], scratch.tally,
        )  # fmt: skip
        wait_offsets[p + 1] = waited + n
        _relationship(done, scratch.tally, row)
        _counts(lo, hi, fold.flags, row)
        _unanswered(scratch.tally, row)
        _touches(lo, hi, fold, conv_at, row)
        _lasting(lo, hi, fold.end[p], fold.time, fold.flags, row)
        _halves(done, scratch.done_at, row)
        _level(row)
        campaign_offsets[p + 1] = _campaigns(lo, hi, fold, done, scratch.done_in, slot, campaigns, campaign_offsets[p])
        scratch.steps[:] = 0
        _worth(p, lo, hi, fold, window, conv_at, scratch, row, credit, credit_hidden, credit_unanswered, credit_offsets)
        _null_path(lo, hi, fold, window, conv_at, scratch.steps, row)
        at = step_offsets[p]
        for a in range(7):
            for b in range(7):
                if scratch.steps[a, b]:
                    steps[at, 0] = a
                    steps[at, 1] = b
                    steps[at, 2] = scratch.steps[a, b]
                    at += 1
        step_offsets[p + 1] = at


_EXCHANGES, _DAYS, _FIRST_EXCHANGE = _COL["exchanges"], _COL["exchange_days"], _COL["first_exchange"]
_EARLIER, _LATER = _COL["exchanges_earlier"], _COL["exchanges_later"]
_CONVERSATIONS, _STARTED = _COL["conversations"], _COL["conversations_started"]
_MESSAGES, _MESSAGES_A = _COL["messages"], _COL["messages_answered"]
_BRAND_M, _BRAND_MA = _COL["brand_messages"], _COL["brand_messages_answered"]
_WAITING, _SPOKE, _UNANSWERED = _COL["waiting_since"], _COL["spoke"], _COL["unanswered"]
_LEVEL, _POSTS, _MADE, _SHARES, _SHARES_HIDDEN = (
    _COL["level"], _COL["posts"], _COL["made"], _COL["shares"], _COL["shares_hidden"],
)  # fmt: skip
_VISITS, _HUMAN, _MACHINE = _COL["visits"], _COL["visits_human"], _COL["visits_machine"]
_LEAVES, _FLAGS = _COL["leaves"], _COL["flags"]
_ORIGIN, _ORIGIN_H, _ORIGIN_U = _COL["origin"], _COL["origin_hidden"], _COL["origin_unanswered"]
_ORIGIN_C, _KNOWN, _UNIT, _UNIT_H = _COL["origin_campaign"], _COL["known_before"], _COL["unit"], _COL["unit_hidden"]
_FIRST, _LAST, _FIRST_ROW, _T0 = _COL["first"], _COL["last"], _COL["first_row"], _COL["touches_conversation"]
_T_HIDDEN, _T_UNANSWERED = _COL["touches_hidden"], _COL["touches_unanswered"]
_R30, _R90, _SILENCE, _SILENT = _COL["retained_30"], _COL["retained_90"], _COL["silence_us"], _COL["silent"]
_CONVERSIONS, _UNVALUED = _COL["conversions"], _COL["conversions_unvalued"]
_FIRST_CONV, _BEFORE, _AFTER = _COL["first_conversion"], _COL["exchanges_before"], _COL["exchanges_after"]
_VALUE, _VALUE_PATH = _COL["value_micros"], _COL["value_path_micros"]


@jit
def _relationship(done: Any, tally: Any, row: Any) -> None:
    row[_EXCHANGES] = done
    row[_MESSAGES], row[_MESSAGES_A] = tally[0], tally[1]
    row[_BRAND_M], row[_BRAND_MA] = tally[2], tally[3]
    row[_CONVERSATIONS], row[_STARTED] = tally[4], tally[5]
    row[_WAITING] = tally[6]


@jit
def _counts(lo: Any, hi: Any, flags: Any, row: Any) -> None:
    """What the person did, row by row."""
    for c in (_SPOKE, _POSTS, _MADE, _SHARES, _SHARES_HIDDEN, _VISITS, _HUMAN, _MACHINE, _LEAVES, _FLAGS):
        row[c] = 0
    for i in range(lo, hi):
        f = flags[i]
        if f & BRAND:
            continue
        kind = f & TYPE_BITS
        if f & SPOKE:
            row[_SPOKE] += 1
        if kind == _POST:
            row[_POSTS] += 1
            if f & MADE:
                row[_MADE] += 1
        elif kind == _SHARE and not f & UNDONE:
            row[_SHARES] += 1
            if f & HIDDEN:
                row[_SHARES_HIDDEN] += 1
        elif kind == _VISIT:
            row[_VISITS] += 1
            if f & HUMAN:
                row[_HUMAN] += 1
            if f & AUTOMATED:
                row[_MACHINE] += 1
        elif kind == _LEAVE:
            row[_LEAVES] += 1
        elif kind == _FLAG:
            row[_FLAGS] += 1


@jit
def _unanswered(tally: Any, row: Any) -> None:
    """Spoke a week or more ago, and no words of theirs were answered within a week."""
    row[_UNANSWERED] = 1 if row[_SPOKE] > 0 and tally[7] > 0 and tally[1] == 0 else 0


@jit
def _touches(lo: Any, hi: Any, fold: Any, conv_at: Any, row: Any) -> None:
    """Touches by mode; origin and unit under the three readings."""
    for c in range(_T0, _T_UNANSWERED + 1):
        row[c] = 0
    row[_FIRST], row[_LAST], row[_KNOWN] = NO_TIME, NO_TIME, 0
    unanswered = IF_ANSWERED if row[_UNANSWERED] else PLAIN
    standing = False
    for i in range(lo, hi):
        f = fold.flags[i]
        if not _touch(f):
            continue
        talks = conv_at[i] != NEVER
        mode = _mode(f, talks, PLAIN)
        hidden = _mode(f, talks, IF_HIDDEN)
        if_answered = _mode(f, talks, unanswered)
        row[_T0 + mode] += 1
        row[_T_HIDDEN] += hidden != mode
        row[_T_UNANSWERED] += if_answered != mode
        if row[_FIRST] == NO_TIME:
            row[_FIRST], row[_FIRST_ROW], row[_ORIGIN_C] = fold.time[i], i, fold.campaign[i]
            row[_KNOWN] = 1 if f & EARLY else 0
            if not f & EARLY:
                row[_ORIGIN], row[_ORIGIN_H], row[_ORIGIN_U] = mode, hidden, if_answered
            else:
                row[_ORIGIN_C] = -1
        row[_LAST] = fold.time[i]
        standing = standing or not f & UNDONE
        if mode == BY_SPREAD and row[_UNIT] < 0:
            row[_UNIT] = fold.root[i]
        if hidden == BY_SPREAD and row[_UNIT_H] < 0:
            row[_UNIT_H] = fold.root[i]
    row[_LEVEL] = 1 if standing else 0


@jit
def _lasting(lo: Any, hi: Any, end: Any, time: Any, flags: Any, row: Any) -> None:
    """Whether the person came back, and the first silence of 30 days."""
    first = row[_FIRST]
    if first == NO_TIME:
        return
    month = 30 * DAY_US
    known = row[_KNOWN] == 1
    row[_R30] = 0 if not known and first <= end - 2 * month else -1
    row[_R90] = 0 if not known and first <= end - 4 * month else -1
    row[_SILENT] = 0
    before = first
    for i in range(lo, hi):
        if not _touch(flags[i]):
            continue
        t = time[i]
        gone = t - first
        if month <= gone < 2 * month and row[_R30] == 0:
            row[_R30] = 1
        if 3 * month <= gone < 4 * month and row[_R90] == 0:
            row[_R90] = 1
        if row[_SILENT] == 0 and t - before >= month:
            row[_SILENT] = 1
            row[_SILENCE] = before + month - first
        before = t
    if row[_SILENT] == 0:
        row[_SILENT] = 1 if end - before >= month else 0
        row[_SILENCE] = before + month - first if row[_SILENT] else max(end, before) - first


@jit
def _halves(done: Any, done_at: Any, row: Any) -> None:
    """Exchanges by day and by half of the span."""
    row[_DAYS], row[_EARLIER], row[_LATER] = 0, 0, 0
    row[_FIRST_EXCHANGE] = NO_TIME
    if done == 0:
        return
    times = np.sort(done_at[:done])
    middle = row[_FIRST] + (row[_LAST] - row[_FIRST]) // 2
    row[_FIRST_EXCHANGE] = times[0]
    day = np.int64(-1) << 40
    for t in times:
        if t // DAY_US != day:
            day = t // DAY_US
            row[_DAYS] += 1
        if t >= middle:
            row[_LATER] += 1
        else:
            row[_EARLIER] += 1


@jit
def _level(row: Any) -> None:
    """Depth of the relationship, 0 to 5; whether any touch still stands is noted before."""
    level = row[_LEVEL]
    if row[_SPOKE] > 0:
        level = 2
    if row[_EXCHANGES] > 0:
        level = 3
    if row[_DAYS] >= 3:
        level = 5 if row[_SHARES] + row[_MADE] > 0 else 4
    row[_LEVEL] = level


@njit(inline="always")
def _entry(code: Any, start: Any, at: Any, slot: Any, campaigns: Any) -> Any:
    """Where the person's part in a campaign stands; `at`, the next free place, where there is none yet."""
    here = slot[code]
    if start <= here < at and campaigns[here, 0] == code:
        return here
    slot[code] = at
    campaigns[at, 0], campaigns[at, 1] = code, NO_TIME
    campaigns[at, 2:] = 0
    return at


@jit
def _campaigns(  # type: ignore[no-untyped-def]
    lo, hi, fold, done, done_in, slot, campaigns, start
):
    """The person's part in each campaign in which they have a touch that stands, a contact, a leave or a flag."""
    at = start
    met, met_at = np.int64(-1), np.int64(0)
    for i in range(lo, hi):
        f = fold.flags[i]
        code = np.int64(fold.campaign[i])
        kind = f & TYPE_BITS
        burnt = not f & BRAND and (kind == _LEAVE or kind == _FLAG)
        if burnt:
            if code < 0 and fold.time[i] - met_at <= WEEK_US:
                code = met
        elif (not _touch(f) and not (f & BRAND and f & TURN)) or f & UNDONE:
            continue
        if code < 0:
            continue
        here = _entry(code, start, at, slot, campaigns)
        at = max(at, here + 1)
        if burnt:
            campaigns[here, 7 if kind == _LEAVE else 8] += 1
            continue
        met, met_at = code, fold.time[i]
        if f & BRAND:
            campaigns[here, 6] += 1
            continue
        if campaigns[here, 2] == 0:
            campaigns[here, 1] = fold.time[i]
        campaigns[here, 2] += 1
        if kind == _POST or kind == _REPLY or kind == _MESSAGE:
            campaigns[here, 4] += 1
            if not f & IN_BRAND_THREAD:
                campaigns[here, 5] += 1
    for e in range(done):
        code = done_in[e]
        if code >= 0 and start <= slot[code] < at and campaigns[slot[code], 0] == code and campaigns[slot[code], 2]:
            campaigns[slot[code], 3] += 1
    return at


@jit
def _worth(  # type: ignore[no-untyped-def]
    p, lo, hi, fold, window, conv_at, scratch, row, credit, credit_hidden, credit_unanswered, credit_offsets
):
    """Conversions and their credit, under the three readings; the Markov paths of the plain one."""
    for c in (_CONVERSIONS, _UNVALUED, _VALUE, _VALUE_PATH):
        row[c] = 0
    row[_FIRST_CONV], row[_AFTER] = NO_TIME, -1
    start = credit_offsets[p, 0]
    early = lo
    for i in range(lo, hi):
        f = fold.flags[i]
        if f & BRAND or f & TYPE_BITS != _CONVERT or f & REFUND:
            continue
        at = fold.time[i]
        while fold.time[early] < at - window:
            early += 1
        row[_CONVERSIONS] += 1
        if row[_FIRST_CONV] == NO_TIME:
            row[_FIRST_CONV] = at
        value = fold.value[i] if f & VALUED else np.int64(0)
        row[_VALUE] += value
        if not f & VALUED:
            row[_UNVALUED] += 1
        n = _window(early, hi, i, fold, conv_at, scratch, PLAIN)
        if n > 0:
            row[_VALUE_PATH] += value
            _step(scratch.modes, n, 5, scratch.steps)
        _credit(value, n, scratch, credit[start : start + 24])
        if row[_T_HIDDEN]:
            n = _window(early, hi, i, fold, conv_at, scratch, IF_HIDDEN)
            _credit(value, n, scratch, credit_hidden[credit_offsets[p, 1] : credit_offsets[p, 1] + 24])
        if row[_UNANSWERED]:
            n = _window(early, hi, i, fold, conv_at, scratch, IF_ANSWERED)
            _credit(value, n, scratch, credit_unanswered[credit_offsets[p, 2] : credit_offsets[p, 2] + 24])
    some = row[_CONVERSIONS] > 0
    credit_offsets[p + 1, 0] = start + (24 if some else 0)
    if some:
        plain = credit[start : start + 24]
        credit_offsets[p + 1, 1] = _keep(plain, credit_hidden, credit_offsets[p, 1], row[_T_HIDDEN])
        credit_offsets[p + 1, 2] = _keep(plain, credit_unanswered, credit_offsets[p, 2], row[_UNANSWERED])
    else:
        credit_offsets[p + 1, 1:] = credit_offsets[p, 1:]
    row[_BEFORE] = row[_EXCHANGES]
    if some:
        row[_BEFORE] = 0
        for e in range(row[_EXCHANGES]):
            row[_BEFORE] += scratch.done_at[e] < row[_FIRST_CONV]
        row[_AFTER] = row[_EXCHANGES] - row[_BEFORE]


@jit
def _keep(plain: Any, other: Any, start: Any, read: Any) -> Any:
    """Where the next credit under another reading starts: this one stays only if it differs from the plain one."""
    if not read:
        return start
    for i in range(24):
        if other[start + i] != plain[i]:
            return start + 24
    other[start : start + 24] = 0
    return start


@jit
def _window(  # type: ignore[no-untyped-def]
    early, hi, conversion, fold, conv_at, scratch, reading
):
    """Modes and ages of the touches that a conversion looks back on, as they were known at that moment."""
    at = fold.time[conversion]
    n = 0
    j = early
    while j < hi and fold.time[j] <= at:
        f = fold.flags[j]
        if _touch(f) and f & TYPE_BITS != _CONVERT and fold.undone[j] > at:
            scratch.modes[n] = _mode(f, conv_at[j] <= at, reading)
            scratch.ages[n] = at - fold.time[j]
            n += 1
        j += 1
    f = fold.flags[conversion]
    if f & HAS_VIA:
        scratch.modes[n] = _mode(f, False, reading)
        scratch.ages[n] = 0
        n += 1
    return n


@jit
def _credit(value: Any, n: Any, scratch: Any, credit: Any) -> None:
    if value != 0:
        divide(value, scratch.modes, scratch.ages, n, scratch.weights, scratch.decay, credit)


@njit(inline="always")
def _step(modes: Any, n: Any, last: Any, steps: Any) -> None:
    """Count the steps of one Markov path: start (4), its modes, conv (5) or null (6)."""
    state = 4
    for j in range(n):
        steps[state, modes[j]] += 1
        state = modes[j]
    steps[state, last] += 1


@jit
def _null_path(  # type: ignore[no-untyped-def]
    lo, hi, fold, window, conv_at, steps, row
):
    """The path of a person who never converted: the touches in the window up to the last one."""
    if row[_LAST] == NO_TIME:
        return
    for i in range(lo, hi):
        if not fold.flags[i] & BRAND and fold.flags[i] & TYPE_BITS == _CONVERT:
            return
    at = row[_LAST]
    state = 4
    for i in range(lo, hi):
        f = fold.flags[i]
        if _touch(f) and at - window <= fold.time[i] <= at and fold.undone[i] > at:
            mode = _mode(f, conv_at[i] != NEVER, PLAIN)
            steps[state, mode] += 1
            state = mode
    if state != 4:
        steps[state, 6] += 1
