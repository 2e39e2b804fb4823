"""Thompson's rule: golden probabilities, loss, and parts that always leave a tenth even."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.compare.experiments.bandit import expected_loss, parts, probability_best


def test_golden_probabilities() -> None:
    """METHODS, Experiments."""
    assert probability_best([10, 15], [100, 100])[1] == pytest.approx(0.853284, abs=5e-7)
    assert probability_best([20, 30], [1000, 1000])[1] == pytest.approx(0.922293, abs=5e-7)
    three = probability_best([1, 3, 2], [10, 10, 10])
    assert three == pytest.approx([0.096833, 0.621254, 0.281913], abs=5e-7)


arms = st.lists(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=5)


@given(arms)
def test_equals_simulation(drawn: list[tuple[int, int]]) -> None:
    wins, tries = [s for s, _ in drawn], [n for _, n in drawn]
    rng = np.random.default_rng(0)
    draws = np.array([rng.beta(1 + s, 1 + n - s, 40_000) for s, n in drawn])
    best = np.bincount(draws.argmax(axis=0), minlength=len(drawn)) / 40_000
    assert np.abs(probability_best(wins, tries) - best).max() < 0.015
    loss = (draws.max(axis=0) - draws).mean(axis=1)
    assert np.abs(expected_loss(wins, tries) - loss).max() < 0.01
    dealt = parts(wins, tries)
    assert dealt.sum() == pytest.approx(1.0)
    assert dealt.min() >= 0.1 / len(drawn) - 1e-12
