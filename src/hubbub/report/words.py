"""How numbers, money, times and doubt are written for a person, the same on every face."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "UAH": "₴", "ILS": "₪"}
"""Currencies with a sign of their own; any other is named by its code."""
CODE = re.compile(r"[A-Z]{3}")
MINUS = "\u2212"
NO_BREAK = "\u00a0"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SMALL = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
TINY = 1e-6
"""Smaller numbers are written as 0."""
TOO_COARSE = 0.1
"""Where rounding would move a number by more than this part of it, it gets one digit more."""
NOT_SAID = "not measured in this log"


@dataclass(frozen=True, slots=True)
class Unit:
    """What stands before and after a number, and what it is multiplied with before it is written."""

    before: str = ""
    after: str = ""
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Shown:
    """An estimate as words: `value` and `interval`, or `why` there is none. Exactly one of value and why is empty."""

    value: str = ""
    interval: str = ""
    why: str = ""

    @property
    def known(self) -> bool:
        return bool(self.value)

    def __str__(self) -> str:
        if not self.known:
            return self.why
        return f"{self.value}, {self.interval}" if self.interval else self.value


# Numbers


def number(x: object) -> float | None:
    """A finite float from an int, a float or a decimal string; None for all else."""
    if isinstance(x, bool) or not isinstance(x, int | float | str | Decimal):
        return None
    try:
        found = float(Decimal(x) if isinstance(x, str) else x)
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def decimals(low: float, high: float) -> int:
    """Decimals that an interval deserves: about two digits of its width; negative above a width of about 100.

    >>> decimals(3.1, 3.7), decimals(0.08, 0.18), decimals(14, 71), decimals(9400, 15200)
    (1, 2, 0, -2)
    """
    width = abs(high - low)
    if not width > 0:
        return significant_decimals(max(abs(high), abs(low)))
    step = math.floor(math.log10(width / 3))
    return min(12, -step) if step <= 0 else 1 - step


MOST_DECIMALS = 4
SMALLEST = 0.0001
"""Below this a number is only said to be smaller."""


def significant_decimals(x: float, digits: int = 2) -> int:
    """Decimals with which a number shows so many digits, none beyond what is needed for whole numbers from 100 on."""
    if not x:
        return 0
    return min(MOST_DECIMALS, max(0, digits - 1 - math.floor(math.log10(abs(x)))))


def fixed(x: float, places: int) -> str:
    """A number with so many decimals, thousands apart, a real minus, and never a rounded-away "0" or "-0".

    >>> fixed(11870.4, -2), fixed(-4.2, 0), fixed(0.04, 0)
    ('11,900', '−4', '0.04')
    """
    if 0 < abs(x) < SMALLEST:
        return f"under {SMALLEST}" if x > 0 else f"over {MINUS}{SMALLEST}"
    rounded = round(x, places)
    if rounded == 0 and abs(x) >= TINY:
        places = max(0, -math.floor(math.log10(abs(x))))
        rounded = round(x, places)
    text = f"{abs(rounded):,.{max(0, places)}f}"
    return MINUS + text if rounded < 0 else text


def plain(x: object) -> str:
    """A number without an interval: whole where it is, else three digits. Empty where it is none."""
    found = number(x)
    if found is None:
        return ""
    if found == round(found) or abs(found) >= 100:
        return fixed(found, 0)
    return fixed(found, significant_decimals(found, 3)).rstrip("0").rstrip(".")


def percent(part: object) -> str:
    """A part of one as a percentage, whole where it is ten or more."""
    found = number(part)
    if found is None:
        return ""
    return fixed(100 * found, 0 if abs(found) >= 0.1 or not found else significant_decimals(100 * found, 2)) + "%"


def counted(n: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 cascade`, `1,184 people`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def spelled(n: int) -> str:
    """Small numbers as words, as a sentence begins with them."""
    return SMALL[n] if 0 <= n < len(SMALL) else f"{n:,}"


# Units


def money_unit(currency: object) -> Unit:
    """The sign or the code of a currency; nothing where it is not known."""
    code = str(currency or "")
    if not CODE.fullmatch(code):
        return Unit()
    return Unit(before=SYMBOLS[code]) if code in SYMBOLS else Unit(before=code + NO_BREAK)


def unit_of(name: object, currency: object = None) -> Unit:
    """The unit of a point or an effect by the word that the document has for it."""
    word = str(name or "").strip()
    low = word.casefold()
    if low in {"fraction", "part", "share", "percent", "%", "probability"}:
        return Unit(after="%", scale=100.0)
    if low in {"hours", "hour", "h"}:
        return Unit(after=f"{NO_BREAK}h")
    if low == "per mille":
        return Unit(scale=1000.0)
    if low == "per unit of effort":
        return money_unit(currency)
    if low in {"days", "day", "d"}:
        return Unit(after=f"{NO_BREAK}days")
    if low in {"times", "ratio", "odds ratio", "x", "×", "fold"}:
        return Unit(after="×")
    head = word.split(" ", 1)[0].split("/", 1)[0]
    if CODE.fullmatch(head):
        return money_unit(head)
    return money_unit(currency) if low.split(" ", 1)[0] in {"money", "value", "currency"} else Unit()


def money(x: object, currency: object = None) -> str:
    """An exact sum: whole units from ten on, cents below. Empty where it is none."""
    found = number(x)
    if found is None:
        return ""
    whole = abs(found) >= 10 or found == round(found)
    text = fixed(found, 0 if whole else 2)
    sign = MINUS if text.startswith(MINUS) else ""
    return f"{sign}{money_unit(currency).before}{text.removeprefix(MINUS)}"


def hours(x: object) -> str:
    """A duration in the unit that a person would use; empty where there is none."""
    found = number(x)
    if found is None:
        return ""
    if abs(found) < 1:
        return f"{fixed(found * 60, 0)}{NO_BREAK}min"
    if abs(found) < 72:
        return f"{plain_short(found)}{NO_BREAK}h"
    return f"{plain_short(found / 24)}{NO_BREAK}days"


def plain_short(x: float) -> str:
    """Two digits, whole from ten on."""
    return fixed(x, 0 if abs(x) >= 10 else 1).removesuffix(".0")


# Estimates


def estimate(e: object, unit: str = "", currency: object = None) -> Shown:
    """An estimate of a document as words, never without its interval or the reason.

    e : `{"value", "low", "high", "level", "n", "how"}` or `{"value": null, "why"}`; missing counts as not measured
    """
    if not isinstance(e, Mapping):
        return Shown(why=NOT_SAID)
    scale = unit_of(unit, currency)
    value, low, high = (_scaled(e.get(key), scale) for key in ("value", "low", "high"))
    if value is None and (low is None or high is None):
        return Shown(why=clean(e.get("why")) or NOT_SAID)
    places = _places(value, low, high)
    if value is None:
        assert low is not None and high is not None
        return Shown(f"{_with(low, places, scale)} to {_with(high, places, scale)}", "bounds, no single number")
    return Shown(_with(value, places, scale), _interval(e, low, high, places, scale))


def _scaled(x: object, unit: Unit) -> float | None:
    found = number(x)
    return None if found is None else found * unit.scale


def _places(value: float | None, low: float | None, high: float | None) -> int:
    if low is not None and high is not None:
        places = decimals(low, high)
        coarse = value is not None and abs(round(value, places) - value) > TOO_COARSE * abs(value)
        return places + 1 if coarse else places
    known = next(x for x in (value, low, high) if x is not None)
    return 0 if known == round(known) else significant_decimals(known, 2)


def _with(x: float, places: int, unit: Unit) -> str:
    text = fixed(x, places)
    sign = MINUS if text.startswith(MINUS) else ""
    return f"{sign}{unit.before}{text.removeprefix(MINUS)}{unit.after}"


def _interval(e: Mapping[str, Any], low: float | None, high: float | None, places: int, unit: Unit) -> str:
    before = Unit(before=unit.before)
    if low is not None and high is not None:
        return f"{_with(low, places, before)} to {_with(high, places, before)}"
    if low is not None:
        return f"at least {_with(low, places, before)}"
    if high is not None:
        return f"at most {_with(high, places, before)}"
    how = clean(e.get("how"))
    return how if "interval" in how else f"no interval: {how or 'the log does not say how'}"


def about(shown: Shown) -> str:
    """An estimate inside a sentence: `about €56 (€49 to €63)`."""
    if not shown.known:
        return shown.why
    return f"about {shown.value} ({shown.interval})" if shown.interval else f"about {shown.value}"


# Time


def instant(x: object) -> datetime | None:
    """A moment from ISO 8601 text or a datetime, in UTC; None for all else."""
    if isinstance(x, str):
        try:
            x = datetime.fromisoformat(x)
        except ValueError:
            return None
    if not isinstance(x, datetime):
        return None
    return x.replace(tzinfo=UTC) if x.tzinfo is None else x.astimezone(UTC)


def day(x: object) -> str:
    """`22 November 2026`; empty where there is no time."""
    at = instant(x)
    return "" if at is None else f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def minute(x: object) -> str:
    """`2026-11-22 18:04 UTC`; empty where there is no time."""
    at = instant(x)
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def span(first: object, last: object) -> str:
    """`1 March to 22 November 2026`, with the year said once where it is one."""
    a, b = instant(first), instant(last)
    if a is None or b is None:
        return day(first) or day(last)
    if a.date() == b.date():
        return day(a)
    left = day(a) if a.year != b.year else f"{a.day} {MONTHS[a.month - 1]}"
    return f"{left} to {day(b)}"


# Text from outside


def clean(x: object, longest: int = 400) -> str:
    """Text from outside without control and direction characters, on one line, cut where it is too long."""
    if x is None:
        return ""
    kept = []
    for c in str(x)[: 4 * longest]:
        kind = unicodedata.category(c)
        if kind in {"Cc", "Zl", "Zp"}:
            kept.append(" ")
        elif kind not in {"Cf", "Cs", "Co", "Cn"} or c in "\u200c\u200d":
            kept.append(c)
    text = " ".join("".join(kept).split(" ")).strip()
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def sentence(text: str) -> str:
    """A sentence with a capital at its start and a full stop at its end."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".?:…" else ".")
