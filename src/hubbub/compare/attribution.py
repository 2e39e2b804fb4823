"""Credit: what every rule gives to each mode, and Markov's removal effects, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from hubbub.compare.frame import IntArray, People, numbers
from hubbub.compare.money import half_even
from hubbub.tables import CONV, MODES, NULL, RULES, START

FloatArray = npt.NDArray[np.float64]

FROM = 5
"""Rows of a table of steps: the four modes and the start."""
TO = 6
"""Columns of a table of steps: the four modes, conversion, null."""
REMAINDER = ("conversation", "spread", "broadcast", "unknown")
"""The remainder of a division goes to the last of these with a part."""


def totals(people: People, name: str = "credit_micros") -> dict[str, dict[str, int]]:
    """Credit of the six rules that divide each conversion by itself: {rule: {mode: micros}}."""
    _, credit = people.credit(name)
    sums = credit.sum(axis=0) if len(credit) else np.zeros(24, dtype=np.int64)
    return {rule: {mode: int(sums[4 * r + m]) for m, mode in enumerate(MODES)} for r, rule in enumerate(RULES)}


def steps(people: People) -> tuple[IntArray, IntArray, IntArray]:
    """Steps of all Markov paths laid flat: person, cell (from * 6 + to), number."""
    lists = people.lists("transitions")
    if not len(lists.row):
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty
    come = numbers(pc.struct_field(lists.values, "from"))
    go = numbers(pc.struct_field(lists.values, "to"))
    go = np.where(go == CONV, 4, np.where(go == NULL, 5, go))
    come = np.where(come == START, 4, come)
    return lists.row, come * TO + go, numbers(pc.struct_field(lists.values, "n"))


def table_of_steps(people: People) -> IntArray:
    """int64[5, 6], how often each step was taken."""
    _, cell, n = steps(people)
    out = np.zeros(FROM * TO, dtype=np.int64)
    np.add.at(out, cell, n)
    return out.reshape(FROM, TO)


def removal_effects(table: Sequence[Sequence[int]]) -> tuple[Fraction, list[Fraction]]:
    """Probability of a conversion, and the effect of removing each of the four modes (1 - p without / p).

    table : 5 x 6 whole numbers, rows the modes and the start, columns the modes, conversion and null
    source : Anderl et al. (2016), IJRM 33, first order
    """
    p = _reach(table, removed=None)
    if p == 0:
        return p, [Fraction(0)] * 4
    return p, [1 - _reach(table, removed=m) / p for m in range(4)]


def _reach(table: Sequence[Sequence[int]], removed: int | None) -> Fraction:
    """Probability of conversion from the start, by Gauss elimination in whole fractions."""
    kept = [m for m in range(4) if m != removed]
    rows = []
    for m in kept:
        total = sum(table[m])
        if total == 0:
            rows.append([Fraction(int(m == k)) for k in kept] + [Fraction(0)])
            continue
        left = [Fraction(int(m == k)) - Fraction(table[m][k], total) for k in kept]
        rows.append([*left, Fraction(table[m][4], total)])
    chance = _solve(rows)
    start = sum(table[4])
    if start == 0:
        return Fraction(0)
    through = sum((Fraction(table[4][m], start) * chance[i] for i, m in enumerate(kept)), Fraction(0))
    return through + Fraction(table[4][4], start)


def _solve(rows: list[list[Fraction]]) -> list[Fraction]:
    """Solution of a square system given as rows with the right side appended; 0 where undetermined."""
    n = len(rows)
    for i in range(n):
        best = next((j for j in range(i, n) if rows[j][i] != 0), None)
        if best is None:
            continue
        rows[i], rows[best] = rows[best], rows[i]
        head = rows[i][i]
        rows[i] = [x / head for x in rows[i]]
        for j in range(n):
            if j != i and rows[j][i] != 0:
                factor = rows[j][i]
                rows[j] = [x - factor * y for x, y in zip(rows[j], rows[i], strict=True)]
    return [rows[i][n] if rows[i][i] != 0 else Fraction(0) for i in range(n)]


def divide(micros: int, parts: Sequence[Fraction]) -> list[int]:
    """A sum divided in proportion to the parts, half to even, the remainder to the last part that is not 0.

    >>> divide(100, [Fraction(1), Fraction(1), Fraction(1), Fraction(0)])
    [33, 33, 34, 0]
    """
    whole = sum(parts, Fraction(0))
    if whole == 0:
        return [0] * len(parts)
    out = [half_even(Fraction(micros) * part / whole) for part in parts]
    last = max(i for i, part in enumerate(parts) if part != 0)
    out[last] += micros - sum(out)
    return out


def markov(people: People) -> dict[str, int]:
    """Markov's credit: the value of all paths in proportion to the removal effects, the rest unknown."""
    value = int(np.asarray(people.ints("value_micros"), dtype=np.int64).sum())
    path = int(np.asarray(people.ints("value_path_micros"), dtype=np.int64).sum())
    _, effects = removal_effects(table_of_steps(people).tolist())
    credit = divide(path, effects)
    credit[MODES.index("unknown")] += value - sum(credit)
    return dict(zip(MODES, credit, strict=True))


def effects_of_draws(tables: FloatArray) -> FloatArray:
    """Removal effects for many tables of steps at once.

    tables : float64[d, 5, 6], not negative; returns : float64[d, 4], 0 where no path converts
    """
    rows = tables / np.maximum(tables.sum(axis=2, keepdims=True), 1e-300)
    whole = _reach_of_draws(rows, None)
    out = np.zeros((len(tables), 4))
    for m in range(4):
        out[:, m] = 1.0 - np.divide(_reach_of_draws(rows, m), whole, out=np.ones_like(whole), where=whole > 0.0)
    return np.maximum(out, 0.0)


def _reach_of_draws(rows: FloatArray, removed: int | None) -> FloatArray:
    kept = [m for m in range(4) if m != removed]
    inner = np.eye(len(kept)) - rows[:, kept][:, :, kept]
    # A mode that no path leaves has a row of zeros; a little on the diagonal keeps the system regular.
    chance = np.linalg.solve(inner + 1e-12 * np.eye(len(kept)), rows[:, kept, 4][:, :, None])[:, :, 0]
    return np.asarray((rows[:, 4, kept] * chance).sum(axis=1) + rows[:, 4, 4])
