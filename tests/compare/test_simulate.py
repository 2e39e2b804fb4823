"""The simulate document: a chain by hand, what-if, and refusals."""

from __future__ import annotations

import pytest

from hubbub.compare.simulate import simulate
from hubbub.errors import HubbubError
from tests.compare.build import cascade, cascades_table, node

ONE = [node(-1, 0, -1), node(0, 1, 0), node(1, 2, 1), node(2, 3, 2)]
TABLE = cascades_table([cascade(f"r{i}", ONE) for i in range(10)])


def test_a_chain_that_always_happened() -> None:
    """p0 brought p1, p1 brought p2, ten times of ten; p2 brought nobody."""
    found = simulate(TABLE, ["x:p0"], runs=4_000)
    assert found["from"] == ["x:p0"]
    assert found["graph"] == {"people": 3, "edges": 2, "hidden_shares": 0, "mean_shares_brought": 0.666666666667}
    assert 2.0 < found["size"]["value"] <= 3.0
    worse, better = (w["size"]["value"] for w in found["what_if"])
    assert worse < found["size"]["value"] <= better
    assert list(found["quantiles"].values()) == sorted(found["quantiles"].values())
    assert found["quantiles"]["99"] == 3
    assert 1.0 < found["linear_threshold"]["value"] <= 3.0


def test_the_last_of_the_chain_reaches_nobody() -> None:
    size = simulate(TABLE, ["x:p2"], runs=500)["size"]
    assert (size["value"], size["low"], size["high"]) == (1.0, 1.0, 1.0)


def test_others_stand_beside() -> None:
    """Everybody shared ten times, so the first by name stands for the top; by chance a third of the time it is p0."""
    found = simulate(TABLE, ["x:p2"], runs=2_000)
    top, random = found["instead"]
    assert (top["name"], top["people"]) == ("top sharers", ["x:p0"])
    assert top["size"]["value"] > 2.0 > found["size"]["value"] == 1.0
    assert (random["name"], random["people"]) == ("random", None)
    assert 1.0 < random["size"]["value"] < top["size"]["value"]
    assert (random["size"]["n"], "20 choices" in random["size"]["how"]) == (2_000, True)
    everybody = simulate(TABLE, ["x:p0", "x:p1", "x:p2"], runs=100)
    assert [one["size"]["value"] for one in everybody["instead"]] == [3.0, 3.0]


def test_refusals() -> None:
    with pytest.raises(HubbubError, match="Nobody is named"):
        simulate(TABLE, [])
    with pytest.raises(HubbubError, match="x:p9 passed nothing on"):
        simulate(TABLE, ["x:p0", "x:p9"])
    with pytest.raises(HubbubError, match="passed nothing on"):
        simulate(cascades_table([]), ["x:p0"])
