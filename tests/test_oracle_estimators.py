"""The estimators of the slow reading, against figures by hand and independent implementations."""

from __future__ import annotations

import random
from fractions import Fraction

import lifelines
import networkx as nx
import numpy as np
import pytest

from oracle import DAY
from oracle.doubt import (
    Case,
    mantel_haenszel,
)
from oracle.people import names_word, retained, silence
from oracle.totals import (
    gini,
    kaplan_meier,
    kish,
    reproduction,
    wilson,
)
from oracle.trees import structural_virality
from told import row, tell


class TestEstimators:
    def test_wilson(self) -> None:
        assert wilson(3, 10) == pytest.approx((0.126877, 0.558300), abs=1e-6)
        assert wilson(0, 10) == pytest.approx((0, 0.212942), abs=1e-6)
        assert wilson(12, 100) == pytest.approx((0.076326, 0.183694), abs=1e-6)

    def test_kish(self) -> None:
        assert kish([5, 5, 5, 5]) == 3
        assert kish([100, 1]) == 1

    def test_gini(self) -> None:
        assert gini([1, 6]) == Fraction(5, 14)
        assert gini([0, 0]) is None

    def test_virality_of_a_binary_tree_and_a_crooked_one(self) -> None:
        assert structural_virality([-1, 0, 0, 1, 1, 2, 2]) == Fraction(48, 21)
        assert float(structural_virality([-1, 0, 0, 0, 1, 1, 4])) == pytest.approx(2.190476, abs=1e-6)

    def test_virality_agrees_with_networkx(self) -> None:
        rng = random.Random(7)
        parents = [-1, *(rng.randrange(k) for k in range(1, 30))]
        graph = nx.Graph((k, p) for k, p in enumerate(parents) if p >= 0)
        assert float(structural_virality(parents)) == pytest.approx(nx.average_shortest_path_length(graph))

    def test_silence(self) -> None:
        assert silence([0, 10 * DAY, 40 * DAY], 41 * DAY) == (40.0, True)
        assert silence([0, 10 * DAY, 40 * DAY - 1], 41 * DAY) == (41.0, False)
        assert silence([0], 30 * DAY) == (30.0, True)
        assert silence([0, DAY], 0) == (1.0, False)

    def test_retained(self) -> None:
        assert retained([0, 30 * DAY], 60 * DAY, 30) is True
        assert retained([0, 60 * DAY], 60 * DAY, 30) is False
        assert retained([0, 30 * DAY], 60 * DAY - 1, 30) is None

    def test_kaplan_meier_agrees_with_lifelines(self) -> None:
        rng = np.random.default_rng(5)
        durations = np.round(rng.exponential(60, 40)) + 30
        events = rng.random(40) < 0.6
        fit = lifelines.KaplanMeierFitter(alpha=0.1).fit(durations, events)
        band = fit.confidence_interval_survival_function_
        for step in kaplan_meier(durations.tolist(), events.tolist()):
            assert step.survival == pytest.approx(fit.survival_function_at_times(step.days).iloc[0], abs=1e-12)
            assert (step.low, step.high) == pytest.approx(tuple(band.loc[step.days]), abs=1e-9)

    def test_product_limit_with_ties(self) -> None:
        """Two children after 1 h and one after 2 h of one share, all seen: F(1) = 2/3, so F is the plain fraction."""
        got = tell(
            row("a", 0, "A", "share"),
            *(row(f"b{k}", h, f"B{k}", "share", via="a") for k, h in enumerate([1, 1, 2])),
            row("z", 3, "acme", "reply"),
        )
        # ages 3, 2, 2, 1 h: 1 + 1 + 1 + 2/3
        assert reproduction(got.cascades.values(), got.end or 0).raw == pytest.approx(3 / (3 + 2 / 3))

    def test_reproduction_of_many_is_published(self) -> None:
        """Roots by people with 1, 2, 3 and 4 children, all old: 10 children of 14 shares."""
        log = []
        for k in range(4):
            log.append(row(f"a{k}", 24 * k, f"A{k}", "share"))
            log += [row(f"b{k}{j}", 24 * k + 1 + j, f"B{k}{j}", "share", via=f"a{k}") for j in range(k + 1)]
        got = tell(*log, row("z", 24 * 40, "acme", "reply"))
        found = reproduction(got.cascades.values(), got.end or 0)
        assert found.value == pytest.approx(10 / 14)
        assert found.low is not None and found.high is not None and found.low < 10 / 14 < found.high
        assert found.at_least_1 is not None and 0 < found.at_least_1 < 0.5

    def test_mantel_haenszel(self) -> None:
        """One stratum: 3 children of 2 shares against 1 of 2; ratio 3. Another with one kind only adds nothing."""
        cases = [Case(0, 0, True, 3), Case(0, 0, True, 0), Case(0, 0, False, 1), Case(0, 0, False, 0)]
        assert mantel_haenszel([*cases, Case(1, 1, True, 9)]) == pytest.approx(3.0)

    def test_names(self) -> None:
        assert names_word("Hi @ACME!", "acme")
        assert not names_word("acmeish", "acme")
        assert not names_word("my_acme", "acme")
        assert not names_word("ab", "ab")
        assert names_word("acmes acme", "acme")
