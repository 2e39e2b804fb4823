"""Columns that few rows have: the values that are there and the rows they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubbub.kernel import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Sparse:
    """Values of a column where they are not missing.

    at : int32[m], ascending numbers of the rows; value : int64[m]; missing : what all other rows have
    """

    at: IntArray
    value: IntArray
    missing: int

    def take(self, rows: IntArray) -> IntArray:
        """Values of rows, int64, in the order asked."""
        out = np.full(len(rows), self.missing, np.int64)
        if self.at.size:
            place = np.minimum(np.searchsorted(self.at, rows), self.at.size - 1)
            hit = self.at[place] == rows
            out[hit] = self.value[place[hit]]
        return out


class Gathered:
    """A sparse column in the making, block after block."""

    def __init__(self, missing: int) -> None:
        self._missing = missing
        self._at: list[IntArray] = []
        self._value: list[IntArray] = []

    def add(self, start: int, value: IntArray, known: BoolArray) -> None:
        """Values of the rows from `start` on; only where known."""
        here = np.flatnonzero(known)
        if here.size:
            self._at.append((here + start).astype(np.int32))
            self._value.append(value[here].astype(np.int64))

    def done(self) -> Sparse:
        """All blocks as one column."""
        return Sparse(_joined(self._at, np.dtype(np.int32)), _joined(self._value, np.dtype(np.int64)), self._missing)


def _joined(parts: Sequence[IntArray], kind: np.dtype[np.integer]) -> IntArray:
    return np.concatenate(parts) if parts else np.empty(0, kind)
