"""Text columns become times, money, whole numbers and truths; what cannot is found in columns, with the reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hubbub.activity import MONEY, TIME
from hubbub.errors import LogError
from hubbub.kernel import BoolArray, IntArray

Found = list[tuple[BoolArray, str]]
"""Rows at fault, bool[rows], and the reason."""

FIRST, LAST = 0, int(datetime(2201, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
"""Times taken: 1970 to 2200, in microseconds, the last excluded."""
DIGITS = Decimal(10) ** 12
MILLIONTH = Decimal("0.000001")

NOT_ISO = "is not an ISO 8601 time such as 2026-01-31T18:00:00Z"
NO_DATE = "names a day, month, hour, minute or second that does not exist"
NO_ZONE = "has no offset or Z; pass --tz to say which time zone it is in"
OUT_OF_RANGE = "is not between the years 1970 and 2200"
TWICE = "stands twice on the clock of that day in the zone of --tz; give it an offset"
SKIPPED = "is skipped on the clock of that day in the zone of --tz; give it an offset"
NOT_NUMBER = "is not a number such as 19.90"
NOT_FINITE = "is not a finite number"
TOO_LARGE = "has more than 12 digits before the point"
NOT_WHOLE = "is not a whole number"
TOO_LONG = "is a whole number of more than 18 digits"
NOT_TRUTH = "is not true or false (or 1, 0, yes, no)"

_ISO = (
    r"^\s*(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})[Tt ](?P<hour>\d{2})"
    r"(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<part>\d+))?)?)?"
    r"\s?(?P<zone>[Zz]|[+-]\d{2}(?::?\d{2})?)?\s*$"
)
_MONEY_FAST = r"^[+-]?\d{1,12}(\.\d{0,6})?$"
_MONEY_LONG = r"^[+-]?\d{1,12}\.\d{7,18}$"
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\s*", re.ASCII)
_INFINITE = re.compile(r"\s*[+-]?(nan|inf|infinity)\s*", re.IGNORECASE | re.ASCII)
_WHOLE = r"^\s*[+-]?\d{1,18}(\.0*)?\s*$"
_WHOLE_FAST = r"^-?\d{1,18}$"
_WHOLE_LONG = r"^\s*[+-]?\d+(\.0*)?\s*$"
_TRUTHS = pa.array(["true", "1", "yes", "false", "0", "no"])


def zone_of(tz: str | None) -> ZoneInfo | None:
    """The time zone that `--tz` names.

    raises : LogError if there is none of that name
    """
    if tz is None:
        return None
    try:
        return ZoneInfo(tz)
    except (ValueError, OSError, KeyError) as error:
        raise LogError(f"--tz {tz}: no such time zone; use a name such as Europe/Berlin or UTC") from error


def mask(values: Any) -> BoolArray:
    """bool[rows] of an Arrow column of truths; null is False."""
    if values.null_count:
        values = pc.fill_null(values, False)
    return np.asarray(values.to_numpy(zero_copy_only=False), bool)


def as_text(column: pa.Array, field: str) -> pa.Array:
    """A column as text.

    raises : LogError if its type has no text, such as a list
    """
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise LogError(f"the column {field} has the type {kind}, which cannot be read as text")
    try:
        return column.cast(pa.string())
    except (pa.ArrowException, ValueError) as error:
        raise LogError(f"the column {field} has the type {kind}, which cannot be read as text: {error}") from error


def times(column: pa.Array, zone: ZoneInfo | None) -> tuple[pa.Array, Found]:
    """Times of ISO 8601 with an offset, or local times of `zone`; more than six decimals of a second are cut off.

    column : text[rows] or timestamps[rows]
    returns : TIME[rows], null where missing or at fault; the faults
    """
    if pa.types.is_timestamp(column.type):
        return _stamps(column, zone)
    text = as_text(column, "time")
    try:
        stamps = text.cast(TIME)
    except pa.ArrowInvalid:
        return _slow_times(text, zone)
    return _in_range(stamps, [])


def _in_range(stamps: pa.Array, found: Found) -> tuple[pa.Array, Found]:
    if stamps.null_count == len(stamps):
        return stamps, found
    micros = stamps.cast(pa.int64())
    ends = pc.min_max(micros).as_py()
    if ends["min"] >= FIRST and ends["max"] < LAST:
        return stamps, found
    out = mask(pc.or_(pc.less(micros, FIRST), pc.greater_equal(micros, LAST)))
    return pc.if_else(pa.array(out), pa.scalar(None, TIME), stamps), [*found, (out, OUT_OF_RANGE)]


def _stamps(column: pa.Array, zone: ZoneInfo | None) -> tuple[pa.Array, Found]:
    kind = column.type
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[kind.unit]
    ticks = column.cast(pa.int64())
    seconds = np.asarray(pc.fill_null(ticks, 0)) // per_second
    day = 86_400 if kind.tz is None else 0
    out = mask(column.is_valid()) & ((seconds < -day) | (seconds >= LAST // 1_000_000 + day))
    found: Found = [(out, OUT_OF_RANGE)] if out.any() else []
    if found:
        column = pc.if_else(pa.array(out), pa.scalar(None, kind), column)
    if kind.tz is not None:
        return _in_range(column.cast(TIME, safe=False), found)
    if zone is None:
        raise LogError("the column time has no time zone; pass --tz to say which one it is in")
    local = np.asarray(pc.fill_null(column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()), 0))
    return _localized(local, mask(column.is_valid()), zone, found)


def _slow_times(text: pa.Array, zone: ZoneInfo | None) -> tuple[pa.Array, Found]:
    """The same for columns in which some text is not of the usual form."""
    parts = pc.extract_regex(text, _ISO)
    iso = mask(parts.is_valid())
    given = mask(text.is_valid())
    local, exists = _local_micros(parts, iso)
    marks = _part(parts, "zone")
    zoned = mask(pc.greater(pc.binary_length(marks), 0))
    offset, possible = _offsets(marks)
    exists &= possible
    found: Found = [(given & ~iso, NOT_ISO), (iso & ~exists, NO_DATE)]
    good = given & iso & exists
    micros = local - offset * 60_000_000
    if zone is None:
        found.append((good & ~zoned, NO_ZONE))
        good &= zoned
        stamps = pa.array(micros, pa.int64(), mask=~good).cast(TIME)
        return _in_range(stamps, found)
    there, found = _localized(local, good & ~zoned, zone, found)
    stamps = pa.array(micros, pa.int64(), mask=~(good & zoned)).cast(TIME)
    return _in_range(pc.coalesce(stamps, there), found)


def _part(parts: pa.Array, name: str) -> pa.Array:
    return pc.fill_null(pc.struct_field(parts, name), "")


def _digits(parts: pa.Array, name: str) -> IntArray:
    text = _part(parts, name)
    text = pc.if_else(pc.equal(text, ""), "0", text)
    return np.asarray(text.cast(pa.int64()), np.int64)


def _local_micros(parts: pa.Array, iso: BoolArray) -> tuple[IntArray, BoolArray]:
    """Microseconds since 1970 on the clock as written, and whether there is such a moment."""
    year, month, day = (_digits(parts, name) for name in ("year", "month", "day"))
    hour, minute, second = (_digits(parts, name) for name in ("hour", "minute", "second"))
    fraction = pc.utf8_slice_codeunits(pc.utf8_rpad(_part(parts, "part"), 6, "0"), 0, 6)
    micros = np.asarray(fraction.cast(pa.int64()), np.int64)
    exists = iso & (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60)
    months = ((year - 1970) * 12 + np.where(exists, month, 1) - 1).astype("M8[M]")
    first = months.astype("M8[D]").astype(np.int64)
    after = (months + 1).astype("M8[D]").astype(np.int64)
    exists &= (day >= 1) & (day <= after - first)
    seconds = (first + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
    return seconds * 1_000_000 + micros, exists


def _offsets(marks: pa.Array) -> tuple[IntArray, BoolArray]:
    """Minutes east of UTC that the end of a time says, and whether there is such an offset."""
    plain = pc.replace_substring(pc.replace_substring_regex(marks, "^[Zz]?$", "+0000"), ":", "")
    plain = pc.utf8_rpad(plain, 5, "0")
    hours = np.asarray(pc.utf8_slice_codeunits(plain, 1, 3).cast(pa.int64()), np.int64)
    minutes = np.asarray(pc.utf8_slice_codeunits(plain, 3, 5).cast(pa.int64()), np.int64)
    sign = np.where(mask(pc.starts_with(plain, "-")), -1, 1)
    return sign * (hours * 60 + minutes), (hours < 24) & (minutes < 60)


_QUARTER = 900 * 1_000_000


def _localized(local: IntArray, here: BoolArray, zone: ZoneInfo, found: Found) -> tuple[pa.Array, Found]:
    """Clock times of `zone` as moments, where `here`; those that the clock shows twice or never are at fault.

    The zone is asked once for each quarter of an hour in which clock times stand, for it changes its offset
    between them; where it changes within one, for each clock time.
    """
    out = here & ((local < FIRST - 86_400_000_000) | (local >= LAST + 86_400_000_000))
    if out.any():
        found = [*found, (out, OUT_OF_RANGE)]
        here = here & ~out
    rows = np.flatnonzero(here)
    quarters, which = np.unique(local[rows] // _QUARTER, return_inverse=True)
    early = np.array([_offset(q * _QUARTER, zone, 0) for q in quarters.tolist()], np.int64)
    late = np.array([_offset((q + 1) * _QUARTER - 1, zone, 1) for q in quarters.tolist()], np.int64)
    first, second = early[which], late[which]
    for i in np.flatnonzero(first != second).tolist():
        first[i], second[i] = (_offset(int(local[rows[i]]), zone, fold) for fold in (0, 1))
    twice, skipped = np.zeros(local.size, bool), np.zeros(local.size, bool)
    twice[rows], skipped[rows] = first > second, first < second
    micros = local.copy()
    micros[rows] -= first
    good = here & ~twice & ~skipped
    stamps = pa.array(micros, pa.int64(), mask=~good).cast(TIME)
    return _in_range(stamps, [*found, (twice, TWICE), (skipped, SKIPPED)])


def _offset(local: int, zone: ZoneInfo, fold: int) -> int:
    """Microseconds east of UTC at a clock time."""
    moment = datetime(1970, 1, 1, tzinfo=zone) + timedelta(microseconds=local)
    offset = moment.replace(fold=fold).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)


def money(column: pa.Array, field: str) -> tuple[pa.Array, Found]:
    """Decimal numbers of at most 12 digits before the point; six after it are kept, rounded half to even.

    returns : MONEY[rows], null where missing or at fault; the faults
    """
    if column.type == MONEY:
        return column, []
    text = as_text(column, field)
    if text.null_count == len(text):
        return pa.nulls(len(text), MONEY), []
    fast = pc.match_substring_regex(text, _MONEY_FAST)
    if pc.all(fast).as_py():
        return text.cast(MONEY), []
    return _slow_money(text, mask(fast))


def _slow_money(text: pa.Array, fast: BoolArray) -> tuple[pa.Array, Found]:
    long = mask(pc.match_substring_regex(text, _MONEY_LONG))
    wide = pc.if_else(pa.array(long), text, None).cast(pa.decimal128(38, 18))
    rounded = pc.round(wide, 6, round_mode="half_to_even")
    over = mask(pc.greater_equal(pc.abs(rounded), pa.scalar(DIGITS, pa.decimal128(38, 18))))
    rounded = pc.if_else(pa.array(over), None, rounded).cast(MONEY)
    values = pc.coalesce(pc.if_else(pa.array(fast), text, None).cast(MONEY), rounded)
    rest = mask(text.is_valid()) & ~fast & ~long
    reasons: dict[str, BoolArray] = {TOO_LARGE: over}
    odd: list[Decimal | None] = [None] * len(text)
    for row in np.flatnonzero(rest).tolist():
        value = _decimal(text[row].as_py())
        if isinstance(value, Decimal):
            odd[row] = value
        else:
            reasons.setdefault(value, np.zeros(len(text), bool))[row] = True
    return pc.coalesce(values, pa.array(odd, MONEY)), [(bad, reason) for reason, bad in reasons.items()]


def _decimal(text: str) -> Decimal | str:
    """A number in millionths, or the reason why there is none."""
    if _INFINITE.fullmatch(text):
        return NOT_FINITE
    if len(text) > 1_000 or not _NUMBER.fullmatch(text):
        return NOT_NUMBER
    value = Decimal(text.strip())
    if value.adjusted() > 12:
        return TOO_LARGE
    with localcontext(prec=40):
        value = value.quantize(MILLIONTH, rounding="ROUND_HALF_EVEN")
    return TOO_LARGE if abs(value) >= DIGITS else value


def whole(column: pa.Array, field: str) -> tuple[pa.Array, Found]:
    """Whole numbers of at most 18 digits; `3.0` is one.

    returns : int64[rows], null where missing or at fault; the faults
    """
    if column.type == pa.int64():
        return column, []
    text = as_text(column, field)
    if text.null_count == len(text):
        return pa.nulls(len(text), pa.int64()), []
    if pc.all(pc.match_substring_regex(text, _WHOLE_FAST)).as_py():
        return text.cast(pa.int64()), []
    good = pc.match_substring_regex(text, _WHOLE)
    long = mask(pc.match_substring_regex(text, _WHOLE_LONG)) & ~mask(good)
    plain = pc.replace_substring_regex(pc.if_else(good, text, None), r"^\s*\+?(-?\d+)(\.0*)?\s*$", r"\1")
    given = mask(text.is_valid())
    return plain.cast(pa.int64()), [(long, TOO_LONG), (given & ~mask(good) & ~long, NOT_WHOLE)]


def truth(column: pa.Array, field: str) -> tuple[pa.Array, Found]:
    """true, 1, yes or false, 0, no, in any case of letters.

    returns : bool[rows], null where missing or at fault; the faults
    """
    if pa.types.is_boolean(column.type):
        return column, []
    text = as_text(column, field)
    if text.null_count == len(text):
        return pa.nulls(len(text), pa.bool_()), []
    code = pc.index_in(pc.ascii_lower(pc.ascii_trim_whitespace(text)), _TRUTHS)
    return pc.less(code, 3), [(mask(text.is_valid()) & ~mask(code.is_valid()), NOT_TRUTH)]
