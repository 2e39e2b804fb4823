"""The `simulate` document: what might happen from chosen people, as a distribution; and otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.errors import HubbubError
from hubbub.estimate import significant
from hubbub.kernel import IntArray
from hubbub.spread.diffusion import independent_cascade, linear_threshold
from hubbub.spread.graph import Graph, Sharing, sharing

RUNS = 10_000
QUALITIES = (0.5, 1.0, 1.5)
"""Messages passed on half as often, as often, and half again as often as those of the log."""
RANDOM = 20
"""Random choices of as many people, over which the runs are divided."""
NOT_SEEN = (
    "People who never followed a share have no edge, so nobody new is reached: a floor for messages that travel beyond "
    "those who passed something on before."
)


def simulate(
    cascades: pa.Table, people: Sequence[str], *, runs: int = RUNS, level: float = 0.9, seed: int = 0
) -> dict[str, Any]:
    """What might happen if these people shared, on the sharing graph of the log, as plain Python, ready for JSON.

    people : labels, as `people` lists them; runs : of each simulation
    raises : HubbubError where nobody is named, or someone never passed anything on
    """
    found = sharing(cascades)
    seeds = nodes_of(found, people)
    graph = found.graph
    chains = {q: independent_cascade(graph.scaled(q), seeds, runs, seed) for q in QUALITIES}
    return {
        "from": [found.people[i] for i in seeds.tolist()],
        "size": _sizes(chains[1.0], level, "independent cascade on the sharing graph"),
        "quantiles": _quantiles(chains[1.0]),
        "what_if": [
            {"message": q, "size": _sizes(chains[q], level, f"every chance times {q:g}")} for q in QUALITIES if q != 1.0
        ],
        "instead": [_top(found, seeds, runs, level, seed), _random(found, seeds, runs, level, seed)],
        "linear_threshold": _sizes(
            linear_threshold(graph, seeds, runs, seed), level, "linear threshold on the sharing graph"
        ),
        "graph": described(found),
        "note": NOT_SEEN,
    }


def nodes_of(found: Sharing, people: Sequence[str]) -> IntArray:
    """The nodes of people, by label."""
    if not people:
        raise HubbubError("Nobody is named; say whom with --from.")
    place = {name: i for i, name in enumerate(found.people)}
    unknown = [name for name in people if name not in place]
    if unknown:
        raise HubbubError(f"{', '.join(unknown[:5])} passed nothing on in this log; `hubbub people` lists shares.")
    return np.unique([place[name] for name in people])


def described(found: Sharing) -> dict[str, Any]:
    """The graph in figures."""
    graph: Graph = found.graph
    return {
        "people": graph.nodes,
        "edges": int(graph.targets.size),
        "hidden_shares": found.hidden,
        "mean_shares_brought": significant(found.mean),
    }


def _sizes(sizes: IntArray, level: float, how: str) -> dict[str, Any]:
    """Mean size, and the ends between which single outcomes fall."""
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(sizes, [tail, 1.0 - tail], method="inverted_cdf")
    how = f"{how}; mean of {sizes.size} runs, ends hold single outcomes; chances are taken as fitted"
    return {
        "value": significant(float(sizes.mean())),
        "low": float(low),
        "high": float(high),
        "level": level,
        "n": int(sizes.size),
        "how": how,
    }


def _top(found: Sharing, seeds: IntArray, runs: int, level: float, seed: int) -> dict[str, Any]:
    """The same from as many of those who shared most."""
    most = np.argsort(-found.shares, kind="stable")[: seeds.size]
    sizes = independent_cascade(found.graph, most, runs, seed)
    names = [found.people[i] for i in most.tolist()]
    how = "independent cascade from as many of those who shared most"
    return {"name": "top sharers", "people": names, "size": _sizes(sizes, level, how)}


def _random(found: Sharing, seeds: IntArray, runs: int, level: float, seed: int) -> dict[str, Any]:
    """The same from as many people drawn by chance."""
    chance, each = np.random.default_rng(seed), -(-runs // RANDOM)
    drawn = [chance.permutation(found.graph.nodes)[: seeds.size] for _ in range(RANDOM)]
    sizes = [independent_cascade(found.graph, some, each, seed + k) for k, some in enumerate(drawn)]
    how = f"independent cascade from {RANDOM} choices of as many people by chance"
    return {"name": "random", "people": None, "size": _sizes(np.concatenate(sizes), level, how)}


def _quantiles(sizes: IntArray) -> dict[str, int]:
    """Size that so many percent of the runs stay at or below."""
    asked = (5, 25, 50, 75, 90, 95, 99)
    return {str(q): int(x) for q, x in zip(asked, np.percentile(sizes, asked, method="inverted_cdf"), strict=True)}
