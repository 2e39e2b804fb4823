"""Money in whole millionths inside, as a decimal string in front of a person; and what effort was spent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from hubbub.activity import MICROS
from hubbub.estimate import Estimate
from hubbub.tables import MODES, Effort, Ledger


def money(micros: int) -> str:
    """A decimal string with two places or as many more as the amount has.

    >>> money(120_000_000), money(46_141_307), money(-500_000)
    ('120.00', '46.141307', '-0.50')
    """
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(int(micros)), MICROS)
    digits = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{digits}"


def half_even(x: Fraction) -> int:
    """The nearest whole number, ties to even, on the magnitude."""
    size = round(abs(x))
    return size if x >= 0 else -size


def money_estimate(estimate: Estimate) -> dict[str, Any]:
    """An estimate in millionths as JSON with decimal strings."""
    out = estimate.to_json()
    for key in ("value", "low", "high"):
        if out.get(key) is not None:
            out[key] = money(int(Decimal(out[key]).to_integral_value(ROUND_HALF_EVEN)))
    return out


@dataclass(frozen=True, slots=True)
class Spent:
    """What the brand spent on each mode, in one unit.

    by_mode : mode to amount, None where nothing can be said; unit : a currency, "hour" or None; why : reason if none
    """

    by_mode: dict[str, float | None]
    unit: str | None
    why: str

    def both(self) -> bool:
        """Whether conversation and spread each have effort above 0."""
        return all((self.by_mode[mode] or 0.0) > 0.0 for mode in ("conversation", "spread"))


def spent(ledger: Ledger) -> Spent:
    """Effort by mode: costs and hours x hour cost, or hours alone where every line has them; never invented."""
    lines = [line for line in ledger.effort if line.cost_micros is not None or line.hours is not None]
    if not lines:
        return Spent(dict.fromkeys(MODES), None, "no effort is recorded")
    currencies = {line.currency for line in lines if line.cost_micros is not None}
    if len(currencies) > 1:
        names = ", ".join(sorted(c or "no currency" for c in currencies))
        return Spent(dict.fromkeys(MODES), None, f"costs stand in several currencies ({names})")
    hours = [line for line in lines if line.hours is not None]
    if hours and ledger.hour_cost_micros is None:
        if len(hours) < len(lines) or currencies:
            why = "some effort is in hours and some in money, and what an hour costs is not set"
            return Spent(dict.fromkeys(MODES), None, why)
        return _summed(((line.mode, Fraction(line.hours or 0.0)) for line in lines), "hour")
    currency = next(iter(currencies)) if currencies else ledger.currency
    rate = ledger.hour_cost_micros or 0
    return _summed(((line.mode, _cost(line, rate)) for line in lines), currency)


def _cost(line: Effort, hour_cost_micros: int) -> Fraction:
    hours = Fraction(line.hours) if line.hours is not None else Fraction(0)
    return (Fraction(line.cost_micros or 0) + hours * hour_cost_micros) / MICROS


def _summed(parts: Iterable[tuple[str, Fraction]], unit: str | None) -> Spent:
    total: dict[str, Fraction] = {}
    for mode, amount in parts:
        total[mode] = total.get(mode, Fraction(0)) + amount
    by_mode = {mode: float(total[mode]) if mode in total else None for mode in MODES}
    lacking = [mode for mode in ("conversation", "spread") if not (by_mode[mode] or 0.0) > 0.0]
    why = f"no effort is recorded for {' and '.join(lacking)}" if lacking else ""
    return Spent(by_mode, unit, why)
