"""The spread engine against its peers on the same work: forecasts, self-exciting fits, independent cascade, seeds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.run import NO_TARGET, Row, ratio_row
from hubbub.spread.diffusion import independent_cascade
from hubbub.spread.graph import Graph
from hubbub.spread.hawkes import fit_streams
from hubbub.spread.influence import Limits, choose, spread_of
from hubbub.spread.seismic import PUBLISHED, fits

EVENTS, STREAM = 74, 111


def timed(work: Callable[[], Any], least: float = 1.0) -> tuple[float, Any]:
    """Seconds of one call, the best of as many as fit into `least` seconds, and its result."""
    work()
    best, spent, result = math.inf, 0.0, None
    while spent < least:
        start = time.perf_counter()
        result = work()
        took = time.perf_counter() - start
        best, spent = min(best, took), spent + took
    return best, result


def spread(folder: Path, rows: int) -> list[Row]:
    """Every row checks first that both give the same result."""
    return [*_seismic(), *_hawkes(), *_cascade_and_seeds()]


def _seismic() -> list[Row]:
    rng = np.random.default_rng(0)
    count, age = 20_000, 4 * 3600.0
    seconds = np.sort(np.column_stack([np.zeros(count), rng.uniform(0.0, age, (count, EVENTS))]), axis=1)
    audience = rng.pareto(1.5, seconds.shape) * 100 + 1
    offsets = np.arange(count + 1) * (EVENTS + 1)
    ages = np.full(count, age)
    some = 400
    peer_s, peer = timed(lambda: np.array([_numpy_seismic(seconds[i], audience[i], age) for i in range(some)]))
    own_s, own = timed(lambda: fits(offsets, seconds.ravel(), audience.ravel(), ages)[1])
    if not np.allclose(own[:some], peer, rtol=1e-9):
        raise SystemExit("SEISMIC differs from numpy")
    mine, theirs = count / own_s, some / peer_s
    return [
        ratio_row(f"SEISMIC, {EVENTS} events / numpy by cascade", mine / theirs, 10, more_is_better=True),
        Row("SEISMIC, one core", f"{mine:,.0f} fits/s", "at least 150,000", mine >= 150_000),
    ]


def _numpy_seismic(seconds: np.ndarray, audience: np.ndarray, age: float, mean: float = 100.0) -> float:
    """The same estimator in numpy, written apart: integrals of the memory by their antiderivative."""
    theta, cutoff, height = PUBLISHED.theta, PUBLISHED.cutoff, PUBLISHED.height
    seen = seconds < age
    s, a = seconds[seen], audience[seen]
    window = min(max(age / 2, 300.0), 7_200.0)

    def tapered(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        rest = 1.0 - (age - s) / window
        flat_low, flat_high = np.minimum(low, cutoff), np.minimum(high, cutoff)
        flat = height * (rest * (flat_high - flat_low) + (flat_high**2 - flat_low**2) / (2 * window))
        x, y = np.maximum(low, cutoff), np.maximum(high, cutoff)
        scale = height * cutoff ** (1 + theta)
        tail = rest * (x**-theta - y**-theta) / theta + (y ** (1 - theta) - x ** (1 - theta)) / ((1 - theta) * window)
        return np.asarray(flat + scale * tail)

    exposed = float((a * tapered(np.maximum(age - window - s, 0.0), age - s)).sum())
    late = s[1:][s[1:] >= age - window]
    p = float((1.0 - (age - late) / window).sum()) / exposed
    wait = age - s
    beyond = np.where(wait <= cutoff, 1 - height * wait, height * cutoff / theta * (wait / cutoff) ** -theta)
    return math.inf if p * mean >= 1 else s.size - 1 + p * float((a * beyond).sum()) / (1 - p * mean)


def _hawkes() -> list[Row]:
    import hawkesbook

    rng = np.random.default_rng(1)
    count, end = 200, 100.0
    streams = []
    while len(streams) < count:
        parents = np.sort(rng.uniform(0, end, 60))
        times = np.sort(np.concatenate([parents, parents + rng.exponential(0.5, 60)]))
        times = times[times < end]
        if times.size >= STREAM:
            streams.append(times[:STREAM])
    offsets = np.arange(count + 1) * STREAM
    own_s, own = timed(lambda: fit_streams(offsets, np.concatenate(streams), np.full(count, end)))
    some = 8
    start = time.perf_counter()
    peers = [hawkesbook.exp_mle(t, end) for t in streams[:some]]
    peer_s = (time.perf_counter() - start) / some
    for found, theirs, t in zip(own, peers, streams, strict=False):
        if found[3] < hawkesbook.exp_log_likelihood(t, end, theirs) - 1e-4:
            raise SystemExit("a Hawkes fit is less likely than hawkesbook's")
    return [
        ratio_row(
            f"exponential Hawkes, {STREAM} events / hawkesbook", peer_s * count / own_s, 500, more_is_better=True
        ),
        Row("exponential Hawkes, one core", f"{count / own_s:,.0f} fits/s", NO_TARGET, True),
    ]


def network(nodes: int = 100_000, edges: int = 1_000_000) -> Graph:
    """A graph with a heavy tail of out-degrees and weighted-cascade chances."""
    rng = np.random.default_rng(0)
    popular = rng.pareto(1.6, nodes) + 1
    source = rng.choice(nodes, edges, p=popular / popular.sum())
    target = rng.integers(0, nodes, edges)
    pairs = np.unique((source * nodes + target)[source != target])
    source, target = pairs // nodes, pairs % nodes
    return Graph.of(nodes, source, target, 1.0 / np.bincount(target, minlength=nodes)[target])


def _cascade_and_seeds() -> list[Row]:
    import networkx as nx
    from cynetdiff.utils import networkx_to_ic_model

    graph = network()
    source = np.repeat(np.arange(graph.nodes), np.diff(graph.offsets))
    drawn = nx.DiGraph()
    drawn.add_nodes_from(range(graph.nodes))
    drawn.add_weighted_edges_from(
        zip(source.tolist(), graph.targets.tolist(), graph.chance.tolist(), strict=True), weight="activation_prob"
    )
    model, _ = networkx_to_ic_model(drawn, rng=0)
    seeds = np.random.default_rng(3).choice(graph.nodes, 50, replace=False)
    model.set_seeds(set(seeds.tolist()))

    def peer() -> np.ndarray:
        sizes = np.empty(300)
        for i in range(sizes.size):
            model.reset_model()
            model.advance_until_completion()
            sizes[i] = model.get_num_activated_nodes()
        return sizes

    def loop() -> np.ndarray:
        return np.array([_networkx_cascade(drawn, seeds.tolist(), i) for i in range(30)])

    runs = 8_000
    (peer_s, theirs), (loop_s, loops) = timed(peer), timed(loop)
    (one_s, sizes), (two_s, again) = (
        timed(lambda t=t: independent_cascade(graph, seeds, runs, threads=t)) for t in (1, 2)
    )
    for other in (theirs, loops):
        error = math.hypot(sizes.std() / runs**0.5, other.std() / other.size**0.5)
        if abs(sizes.mean() - other.mean()) > 5 * error:
            raise SystemExit(f"cascades differ: {sizes.mean()} {other.mean()}")
    if not np.array_equal(sizes, again):
        raise SystemExit("threads change the result")
    degree = float(np.diff(graph.offsets).mean())
    tried = sizes.mean() * degree * runs / one_s / 1e6
    everyone = Limits(50, np.ones(graph.nodes, np.bool_))
    seed_s, chosen = timed(lambda: choose(graph, everyone, eps=0.1), least=0.1)
    top = np.argsort(-np.diff(graph.offsets), kind="stable")[:50]
    ours, tops = (spread_of(graph, s).value or 0.0 for s in (chosen.seeds, top))
    each = "independent cascade, 100k nodes, 1M edges"
    return [
        ratio_row(f"{each} / cynetdiff", peer_s / 300 * runs / one_s, 2, more_is_better=True),
        ratio_row(f"{each} / networkx loop", loop_s / 30 * runs / one_s, 30, more_is_better=True),
        Row("edges tried a second, one core (about)", f"{tried:.0f} million", "at least 80", tried >= 80),
        ratio_row("two cores / one", one_s / two_s, 1.8, more_is_better=True),
        Row("50 seeds, eps .1", f"{seed_s:.2f} s, certificate {chosen.certificate:.2f}", NO_TARGET, True),
        Row("their spread / 50 of largest out-degree", f"{ours:,.0f} / {tops:,.0f}", NO_TARGET, True),
    ]


def _networkx_cascade(graph: Any, seeds: list[int], seed: int) -> int:
    rng = np.random.default_rng(seed)
    reached, frontier = set(seeds), list(seeds)
    while frontier:
        new = []
        for u in frontier:
            for v, data in graph[u].items():
                if v not in reached and rng.random() < data["activation_prob"]:
                    reached.add(v)
                    new.append(v)
        frontier = new
    return len(reached)
