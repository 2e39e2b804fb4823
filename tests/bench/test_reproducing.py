"""The calibration of reproduction: planted processes are what they say, and its rows tell a miss."""

from __future__ import annotations

import numpy as np
import pytest

from bench.reproducing import FIRST, _row, drawn
from hubbub.estimate import Estimate


@pytest.mark.parametrize("alike", [None, 1.0])
def test_first_shares_and_cut_off(alike: float | None) -> None:
    """Without further shares: about eight a cascade, less those that come after the end; nothing lies after it."""
    rng = np.random.default_rng(3)
    shares = drawn(rng, 0.3, 400, alike)
    assert (shares.age_us > 0).all()
    assert (shares.wait_us <= shares.room_us).all()
    firsts = len(shares.cascade) - len(shares.wait_us)
    assert 0.9 * FIRST * 400 * (1 - 6 / 120) < firsts < 1.1 * FIRST * 400


def test_rows_tell_a_miss() -> None:
    def row(value: float, held: int) -> bool:
        found = [Estimate(value, 0.0, 2.0) for _ in range(held)] + [Estimate(value, 5.0, 6.0)] * (400 - held)
        return _row("", 1.0, found).reached

    assert row(1.04, 360)
    assert not row(1.06, 360)
    assert not row(1.0, 300)
