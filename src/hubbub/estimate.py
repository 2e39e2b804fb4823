"""A number with its doubt, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri


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


def plain(x: Any) -> Any:
    """Plain Python: floats with 12 significant digits, nothing that is not a number."""
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    if isinstance(x, (float, np.floating)):
        return significant(float(x)) if math.isfinite(float(x)) else None
    return x


def wilson(k: float, n: float, level: float = 0.9, quantile: float | None = None) -> tuple[float, float]:
    """Wilson's interval for k of n; `quantile` replaces the normal one. n may be an effective number.

    source : Wilson (1927), JASA 22; Newcombe (1998), Statistics in Medicine 17, method 3

    >>> tuple(round(x, 6) for x in wilson(3, 10))
    (0.126877, 0.5583)
    """
    z = float(ndtri(0.5 + level / 2.0)) if quantile is None else quantile
    p, zz = k / n, z * z
    middle = (p + zz / (2.0 * n)) / (1.0 + zz / n)
    half = z / (1.0 + zz / n) * float(np.sqrt(p * (1.0 - p) / n + zz / (4.0 * n * n)))
    low = 0.0 if k <= 0 else max(0.0, middle - half)
    high = 1.0 if k >= n else min(1.0, middle + half)
    return low, high
