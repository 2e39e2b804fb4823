"""A number with its doubt, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimated number.

    value : the point estimate, or None where there is none; then `why` says the reason
    low, high : ends of the interval, None where there is none; then `how` says the reason
    level : coverage that the interval claims, such as 0.9
    n : how many independent units it rests on
    how : the estimator, in words
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int | None = None
    how: str = ""
    why: str = ""

    @classmethod
    def unknown(cls, why: str) -> Estimate:
        """A number that cannot be given, with the reason."""
        return cls(value=None, why=why)

    @property
    def known(self) -> bool:
        return self.value is not None

    def to_json(self) -> dict[str, Any]:
        """The form of ACTIVITY.md: `{"value", "low", "high", "level", "n", "how"}` or `{"value": null, "why"}`."""
        if self.value is None:
            return {"value": None, "why": self.why}
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "n": self.n,
            "how": self.how,
        }


def significant(x: float, digits: int = 12) -> float | None:
    """`x` with 12 significant digits, the form in which every float is printed; None if not finite."""
    if not math.isfinite(x):
        return None
    return float(f"{x:.{digits}g}")
