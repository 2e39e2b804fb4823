"""Independent cascade and the choice of whom to ask first, against their peers, on three graphs."""

from __future__ import annotations

import contextlib
import gzip
import math
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench import floors
from bench.run import NO_TARGET, Row, by_turns, not_run, ratio_row, timed
from hubbub.kernel import IntArray
from hubbub.spread.diffusion import independent_cascade
from hubbub.spread.graph import Graph
from hubbub.spread.influence import Limits, Sets, choose

K = 50
RUNS, PEER_RUNS = 1_024, 100
"""Cascades at a time of ours and of a peer: short, so that the best of many turns is an undisturbed one."""
NETHEPT = Path(__file__).resolve().parents[2] / "shared" / "data" / "nethept_wc.txt.gz"
PUBLISHED = {1: 91.77, 5: 322.98, 10: 509.57, 50: 1296.06}
"""Expected spread on NetHEPT by seeds; from about 20,000 cascades each, by the error that is stated for 50 of them."""
SUBSIM_RUNS = 15
CAREFUL = 12_000
"""Sets in each half from which a careful choice starts."""
NO_PYNETIM = "pynetim is not installed (docs/benchmarks.md)"


def network(nodes: int = 100_000, edges: int = 1_000_000) -> Graph:
    """A graph with a heavy tail of out-degrees and weighted-cascade chances."""
    rng = np.random.default_rng(0)
    popular = rng.pareto(1.6, nodes) + 1
    source = rng.choice(nodes, edges, p=popular / popular.sum())
    return _weighted(nodes, source, rng.integers(0, nodes, edges))


def clustered(nodes: int = 100_000, edges: int = 1_000_000, communities: int = 100) -> Graph:
    """Communities whose hubs crowd in three of them: 95 % of edges stay inside, so that the largest reach the same."""
    rng = np.random.default_rng(1)
    size = nodes // communities
    home = rng.permutation(np.arange(nodes) % communities)
    members = np.argsort(home, kind="stable").reshape(communities, size)
    pull = np.ones(nodes)
    pull[members[:3, :60].ravel()] = 40.0
    pull *= rng.pareto(2.5, nodes) + 1
    source = rng.choice(nodes, edges, p=pull / pull.sum())
    near = members[home[source], rng.integers(0, size, edges)]
    return _weighted(nodes, source, np.where(rng.random(edges) < 0.95, near, rng.integers(0, nodes, edges)))


def _weighted(nodes: int, source: IntArray, target: IntArray) -> Graph:
    """Edges once each, none to oneself, with weighted-cascade chances."""
    pairs = np.unique((source * nodes + target)[source != target])
    source, target = pairs // nodes, pairs % nodes
    return Graph.of(nodes, source, target, 1.0 / np.bincount(target, minlength=nodes)[target])


def rows(folder: Path, subsim: Path | None) -> list[Row]:
    """Cascades, then seeds against two libraries and a program, then on a clustered graph and on NetHEPT."""
    graph = network()
    source = np.repeat(np.arange(graph.nodes), np.diff(graph.offsets)).tolist()
    peer = _pynetim(graph, source)
    return [
        *_cascades(graph, source, peer),
        *_against_pynetim(graph, peer),
        *_against_subsim(graph, source, folder, subsim),
        *_limits(graph),
        *_crowded(clustered()),
        *_nethept(),
    ]


def _pynetim(graph: Graph, source: list[int]) -> Any:
    """The graph as pynetim holds it, None where it is not installed."""
    with contextlib.suppress(ImportError):
        from pynetim import IMGraph

        edges = list(zip(source, graph.targets.tolist(), strict=True))
        return IMGraph(edges, weights=graph.chance.tolist(), renumber=False)
    return None


def _cascades(graph: Graph, source: list[int], pynetim: Any) -> list[Row]:
    import networkx as nx
    from cynetdiff.utils import networkx_to_ic_model

    drawn = nx.DiGraph()
    drawn.add_nodes_from(range(graph.nodes))
    drawn.add_weighted_edges_from(
        zip(source, graph.targets.tolist(), graph.chance.tolist(), strict=True), weight="activation_prob"
    )
    model, _ = networkx_to_ic_model(drawn, rng=0)
    seeds = np.random.default_rng(3).choice(graph.nodes, K, replace=False)
    model.set_seeds(set(seeds.tolist()))

    def cynetdiff() -> np.ndarray:
        sizes = np.empty(PEER_RUNS)
        for i in range(sizes.size):
            model.reset_model()
            model.advance_until_completion()
            sizes[i] = model.get_num_activated_nodes()
        return sizes

    def loop() -> np.ndarray:
        return np.array([_networkx_cascade(drawn, seeds.tolist(), i) for i in range(PEER_RUNS // 10)])

    peers: dict[str, tuple[Callable[[], Any], float]] = {"cynetdiff": (cynetdiff, 2)}
    if pynetim is not None:
        from pynetim import IndependentCascadeModel

        other = IndependentCascadeModel(pynetim, set(seeds.tolist()))
        peers["pynetim"] = (lambda: other.run_monte_carlo_diffusion(PEER_RUNS, random_seed=1), 3)
    sizes, again = (independent_cascade(graph, seeds, 8_000, threads=t) for t in (1, 2))
    if not np.array_equal(sizes, again):
        raise SystemExit("threads change the result")
    works = [lambda t=t: independent_cascade(graph, seeds, RUNS, threads=t) for t in (1, 2)]
    (one_s, _), (two_s, _), *others = by_turns(*works, *(peer for peer, _ in peers.values()), least=12.0)
    each = "independent cascade, 100k nodes, 1M edges, one core"
    out = []
    for (name, (_, least)), (seconds, theirs) in zip(peers.items(), others, strict=True):
        _same_mean(sizes, float(np.mean(theirs)), PEER_RUNS)
        out.append(ratio_row(f"{each} / {name}", seconds / PEER_RUNS * RUNS / one_s, least, more_is_better=True))
    if pynetim is None:
        out.append(not_run(f"{each} / pynetim", NO_PYNETIM, "at least 3x"))
    loop_s, loops = timed(loop)
    _same_mean(sizes, float(loops.mean()), loops.size)
    out.append(ratio_row(f"{each} / networkx loop", loop_s / loops.size * RUNS / one_s, 30, more_is_better=True))
    tried = float(sizes[:RUNS].mean()) * float(np.diff(graph.offsets).mean()) * RUNS
    read_s, read = floors.reading(graph, np.random.default_rng(5).permutation(graph.nodes))
    floor_s = read_s / read + floors.drawing(4_000_000) / 4e6
    mine = tried / one_s
    return [
        *out,
        Row("edges tried a second, one core (about)", f"{mine / 1e6:.0f} million", "at least 80", mine >= 80e6),
        ratio_row("two cores / one", one_s / two_s, 1.8, more_is_better=True),
        Row("edges only read, nodes in random order", f"{1e-6 * read / read_s:.0f} million/s", NO_TARGET, True),
        Row("an edge tried / an edge read and a number drawn", f"{1 / mine / floor_s:.1f}x", NO_TARGET, True),
    ]


def _same_mean(sizes: IntArray, mean: float, runs: int) -> None:
    """Stop where the mean of a peer is further than five errors from ours."""
    error = float(sizes.std()) * math.sqrt(1 / sizes.size + 1 / runs)
    if abs(float(sizes.mean()) - mean) > 5 * error:
        raise SystemExit(f"cascades differ: {sizes.mean()} {mean}")


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


def _everyone(graph: Graph, k: int = K) -> Limits:
    return Limits(k, np.ones(graph.nodes, np.bool_))


def _mean_spread(graph: Graph, choices: Iterable[Any]) -> float:
    """Mean over choices, each judged on the same 100,000 fresh sets."""
    judge = Sets(graph, 2_000_003)
    judge.grow(100_000)
    return float(np.mean([judge.expected(np.array(sorted(seeds), np.int64)).value for seeds in choices]))


def _against_pynetim(graph: Graph, peer: Any) -> list[Row]:
    """Choices at eps .1, quick and careful; spreads are means over five draws, for one is a lottery."""
    careful = f"{K} seeds, eps .1, at least {CAREFUL:,} sets in each half"
    reached, out = [], []
    for work, least in ((f"{K} seeds, eps .1", 64), (careful, CAREFUL)):
        seconds, _ = timed(lambda n=least: choose(graph, _everyone(graph), least=n))
        reached.append(
            _mean_spread(graph, [choose(graph, _everyone(graph), seed=s, least=least).seeds for s in range(5)])
        )
        out.append(Row(f"{work}, two cores", f"{seconds:.3f} s, spread {reached[-1]:,.0f}", NO_TARGET, True))
    top = np.argsort(-np.diff(graph.offsets), kind="stable")[:K]
    out.append(Row(f"spread of the {K} of largest out-degree", f"{_mean_spread(graph, [top]):,.0f}", NO_TARGET, True))
    works = (
        (f"pynetim IMM eps .5 / {careful}", "at least 5x"),
        ("their spread / pynetim IMM eps .1", "at least .98"),
        ("pynetim OPIM-C eps .1", NO_TARGET),
    )
    if peer is None:
        return [*out, *(not_run(work, NO_PYNETIM, target) for work, target in works)]
    from pynetim.algorithms import IMMAlgorithm, OPIMCAlgorithm

    (half_s, half), (ours_s, _), (opim_s, opim) = by_turns(
        lambda: IMMAlgorithm(peer, "IC", epsilon=0.5, random_seed=1).run(K),
        lambda: choose(graph, _everyone(graph), least=CAREFUL),
        lambda: OPIMCAlgorithm(peer, "IC", random_seed=1).run(K, 0.1),
        least=12.0,
    )
    start = time.perf_counter()
    found = IMMAlgorithm(peer, "IC", epsilon=0.1, random_seed=1).run(K)
    best_s, best = time.perf_counter() - start, _mean_spread(graph, [found])
    part = reached[1] / best
    halves = f"spread {_mean_spread(graph, [half]):,.0f}; {best_s:.1f} s, {best:,.0f}"
    return [
        *out,
        ratio_row(works[0][0], half_s / ours_s, 5, more_is_better=True),
        Row("pynetim IMM eps .5; eps .1", halves, NO_TARGET, True),
        Row(works[1][0], f"{part:.3f}", works[1][1], part >= 0.98),
        Row(f"spread of {K} seeds, eps .1 / pynetim IMM eps .1", f"{reached[0] / best:.3f}", NO_TARGET, True),
        Row(works[2][0], f"{opim_s:.3f} s, spread {_mean_spread(graph, [opim]):,.0f}", NO_TARGET, True),
    ]


def _against_subsim(graph: Graph, source: list[int], folder: Path, subsim: Path | None) -> list[Row]:
    """The authors' C++ on the same edges; its clock starts when the graph stands reversed in memory, ours before.

    By chance either needs one doubling more or less, so that medians over seeds of chance are compared.
    """
    work = f"{K} seeds, one core / the authors' SUBSIM, eps "
    if subsim is None:
        return [not_run(work + ".1 and .05", "no --subsim PATH (docs/benchmarks.md)", "at most 1.3x")]
    place = folder / "subsim"
    place.mkdir(exist_ok=True)
    with (place / "net").open("w") as out:
        out.write(f"{graph.nodes} {len(source)}\n")
        out.writelines(f"{u} {v}\n" for u, v in zip(source, graph.targets.tolist(), strict=True))
    common = ["-gname=net", f"-dir={place}"]
    _call([str(subsim), "-func=format", "-pdist=wc", *common])
    found = []
    for eps in (0.1, 0.05):
        words = [str(subsim), "-func=im", f"-seedsize={K}", f"-eps={eps}", f"-outpath={place / 'out'}", *common]
        took, chosen = np.empty((2, SUBSIM_RUNS)), ([], [])
        for i in range(SUBSIM_RUNS):
            said = re.search(r"Time \(sec\): ([0-9.e-]+)", _call(words))
            if said is None:
                raise SystemExit("SUBSIM said no time")
            start = time.perf_counter()
            chosen[0].append(choose(graph, _everyone(graph), eps=eps, seed=i, threads=1).seeds)
            took[:, i] = time.perf_counter() - start, float(said[1])
            chosen[1].append([int(s) for s in next((place / "out" / "seed").iterdir()).read_text().split()])
            time.sleep(1.0)  # it takes its chance from the second
        ours, theirs = np.median(took, axis=1)
        spreads = " / ".join(f"{_mean_spread(graph, c):,.0f}" for c in chosen)
        found += [
            ratio_row(f"{work}{eps:g}", float(ours / theirs), 1.3),
            Row("the same, medians; mean spread", f"{ours:.3f} / {theirs:.3f} s; {spreads}", NO_TARGET, True),
        ]
    return found


def _call(words: list[str]) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def _limits(graph: Graph, count: int = 20_000) -> list[Row]:
    """Drawing sets against a pass that only reads the edges into the same nodes in the same order."""
    sets = Sets(graph, 1)
    seconds, drawn = timed(lambda: _grown(sets, count))
    read_s, read = floors.reading(graph.reversed(), drawn.members)
    draw_s = floors.drawing(4_000_000) / 4e6 * read
    return [
        Row("reverse-reachable sets, one core", f"{read / seconds / 1e6:.0f} million edges/s", NO_TARGET, True),
        Row(
            "the same / the edges read and a number drawn for each",
            f"{seconds / (read_s + draw_s):.1f}x",
            NO_TARGET,
            True,
        ),
    ]


def _grown(sets: Sets, count: int) -> Sets:
    fresh = sets.again(1)
    fresh.grow(count, threads=1)
    return fresh


def _crowded(graph: Graph) -> list[Row]:
    top = np.argsort(-np.diff(graph.offsets), kind="stable")[:K]
    chance = [np.random.default_rng(i).choice(graph.nodes, K, replace=False) for i in range(5)]
    chosen = [choose(graph, _everyone(graph), seed=s).seeds for s in range(5)]
    ours, tops, any_ = (_mean_spread(graph, c) for c in (chosen, [top], chance))
    where = "clustered graph, spread, eps .1"
    return [
        ratio_row(f"{where} / {K} of largest out-degree", ours / tops, 1.2, more_is_better=True),
        ratio_row(f"{where} / {K} at random", ours / any_, 1.2, more_is_better=True),
    ]


def _nethept() -> list[Row]:
    """The choice from 4 million sets in each half, judged by 100,000 cascades, against the published spread."""
    if not NETHEPT.exists():
        return [not_run("NetHEPT, spread / published", f"no {NETHEPT.name} in ../shared/data", "within 3 errors")]
    with gzip.open(NETHEPT, "rt") as lines:
        nodes, _ = map(int, lines.readline().split())
        edges = np.loadtxt(lines)
    graph = Graph.of(nodes, edges[:, 0].astype(np.int64), edges[:, 1].astype(np.int64), edges[:, 2])
    out = []
    for k, published in PUBLISHED.items():
        chosen = choose(graph, _everyone(graph, k), least=4_000_000)
        sizes = independent_cascade(graph, chosen.seeds, 100_000, seed=9)
        error = float(sizes.std()) * math.sqrt(1 / sizes.size + 1 / 20_000)
        off = (float(sizes.mean()) - published) / error
        said = f"{sizes.mean():.2f} / {published}, {off:+.1f} errors"
        out.append(Row(f"NetHEPT, k = {k}, spread / published", said, "within 3 errors", abs(off) <= 3))
    return out
