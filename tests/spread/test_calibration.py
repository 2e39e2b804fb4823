"""Simulation-based calibration of `simulate`: what is foretold on fitted chances against what then happens."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from hubbub.spread.diffusion import independent_cascade
from hubbub.spread.graph import Graph, sharing
from tests.compare.build import cascade, cascades_table, node

PEOPLE, FOLLOWED_BY, TRIES, WORLDS = 40, 3, 400, 60


def drawn(graph: Graph, root: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """One independent cascade: (who, position of the one who brought them), the root first."""
    found, met = [(root, -1)], {root}
    for at, (who, _) in enumerate(found):
        for e in range(graph.offsets[who], graph.offsets[who + 1]):
            v = int(graph.targets[e])
            if v not in met and rng.random() < graph.chance[e]:
                met.add(v)
                found.append((v, at))
    return found


def logged(name: str, tree: list[tuple[int, int]]) -> dict:
    """What the log shows of it: a brand's post, shared by the root, and so on."""
    order = sorted({who for who, _ in tree})
    nodes = [node(-1, 0, -1)]
    nodes += [node(up + 1, k + 1, order.index(who)) for k, (who, up) in enumerate(tree)]
    return cascade(name, nodes, sharers=[f"x:p{who:02}" for who in order])


def test_ranks_of_what_happens_are_uniform_and_the_mean_is_right() -> None:
    """Chances are drawn anew for each world, a log is drawn from them, chances are fitted, one more cascade happens."""
    rng = np.random.default_rng(7)
    rank, foretold, happened = [], [], []
    for world in range(WORLDS):
        source = np.repeat(np.arange(PEOPLE), FOLLOWED_BY)
        target = (source + rng.integers(1, PEOPLE, source.size)) % PEOPLE
        keep = np.unique(source * PEOPLE + target, return_index=True)[1]
        truth = Graph.of(PEOPLE, source[keep], target[keep], rng.beta(1.5, 6.0, keep.size))
        trees = [drawn(truth, int(rng.integers(PEOPLE)), rng) for _ in range(TRIES)]
        fitted = sharing(cascades_table([logged(f"r{i}", tree) for i, tree in enumerate(trees)]))
        root = int(rng.integers(PEOPLE))
        start = np.array([fitted.people.index(f"x:p{root:02}")])
        sizes = independent_cascade(fitted.graph, start, 2_000, world)
        for _ in range(5):
            size = len(drawn(truth, root, rng))
            below, equal = float((sizes < size).mean()), float((sizes == size).mean())
            rank.append(below + rng.random() * equal)
            happened.append(size)
            foretold.append(float(sizes.mean()))
    error = np.std(np.array(happened) - np.array(foretold)) / np.sqrt(len(rank))
    assert abs(np.mean(happened) - np.mean(foretold)) < 3 * error
    assert kstest(rank, "uniform").pvalue > 0.01
    assert np.mean((np.array(rank) > 0.05) & (np.array(rank) < 0.95)) >= 0.85
