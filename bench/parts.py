"""The parts of the benchmark: each prepares its input, runs peer and hubbub, checks that they agree, and compares."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import forecasting, reproducing, riding
from bench.advice import advice
from bench.calibration import calibration
from bench.logs import write_log
from bench.run import NO_TARGET, Row, Run, alone, ratio_row
from bench.spreading import spread

OURS, PEERS = "bench.ours", "bench.peers"


@dataclass(frozen=True, slots=True)
class Part:
    """What can be asked for.

    run : (folder, size) -> lines; usual : whether it runs when no part is named; size : the option it is sized by
    options : further options that `run` takes by name
    """

    run: Callable[..., list[Row]]
    usual: bool = True
    size: str = "rows"
    options: tuple[str, ...] = ()


def _seconds(run: Run) -> str:
    return f"{run.seconds:.1f} s, {run.gb:.1f} GB"


def answer(folder: Path, rows: int) -> list[Row]:
    """The complete comparison against the sum of four plain queries in Polars."""
    log = folder / f"log-{rows}"
    write_log(log, rows)
    place = folder / f"workspace-{rows}"
    if not (place / "log" / "log.json").exists():
        alone(OURS, "make_workspace", files=[str(log)], folder=str(place))
    alone(OURS, "compare_workspace", folder=str(place))  # compiles the kernels
    peer = alone(PEERS, "polars_queries", folder=str(log))
    files = alone(OURS, "compare_files", folder=str(log))
    own = alone(OURS, "compare_workspace", folder=str(place))
    people = peer.result["figures"]["first"][0]
    if files.result != own.result or own.result["people"] != people or own.result["log"]["activities"] != rows:
        raise SystemExit(f"results differ: {files.result} {own.result} {peer.result['figures']}")
    total = peer.result["total"]
    print(f"| Polars: four queries | {total:.1f} s, {peer.gb:.1f} GB | | |")
    print(f"| from files; from a workspace | {_seconds(files)}; {_seconds(own)} | | |")
    return [
        ratio_row("compare from files / four Polars queries", files.seconds / total, 8, 4),
        ratio_row("compare from a workspace / four Polars queries", own.seconds / total, 4, 2),
        Row("peak memory from files", f"{files.gb:.1f} GB", "at most 6 GB", files.gb <= 6),
        Row("peak memory from a workspace", f"{own.gb:.1f} GB", "at most 4 GB", own.gb <= 4),
    ]


def growth(folder: Path, rows: int) -> list[Row]:
    """From a tenth of the rows to the rows: how time and memory grow."""
    runs = []
    for n in (rows // 10, rows):
        log, place = folder / f"log-{n}", folder / f"workspace-{n}"
        write_log(log, n)
        if not (place / "log" / "log.json").exists():
            alone(OURS, "make_workspace", files=[str(log)], folder=str(place))
        runs.append(alone(OURS, "compare_workspace", folder=str(place)))
    times = runs[1].seconds / runs[0].seconds
    return [
        Row(f"{rows // 10:,} to {rows:,} rows, time", f"{times:.1f}x", "at most 13x", times <= 13),
        Row(f"{rows:,} rows, memory", f"{runs[1].gb:.1f} GB", "below 10 GB", runs[1].gb < 10),
    ]


def shapes(folder: Path, rows: int) -> list[Row]:
    """Cascade shapes of a million nodes against networkx, rustworkx and DuckDB; of ten million that stand together."""
    path, together = folder / "parents.npy", folder / "trees.npz"
    np.save(path, forest(1_000_000, seed=1))
    offsets, up = trees(10_000_000, seed=2)
    np.savez(together, offsets=offsets, up=up)
    own = alone(OURS, "shapes", parents=str(path))
    mine = own.result[4]
    times = {}
    for name in ("networkx", "rustworkx", "duckdb"):
        peer = alone(PEERS, f"{name}_shapes", parents=str(path)).result
        if not all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(peer[:4], own.result[:4], strict=True)):
            raise SystemExit(f"results differ: {own.result} {peer}")
        times[name] = peer[4] / mine
    many = alone(OURS, "shapes_together", trees=str(together)).result
    if not many["same"]:
        raise SystemExit("shapes depend on the number of threads")
    one, two = (many["nodes"] / many[cores] / 1e6 for cores in ("one", "two"))
    return [
        ratio_row("networkx, O(n) algorithm / hubbub on one core", times["networkx"], 300, more_is_better=True),
        ratio_row("rustworkx, O(n) algorithm / hubbub on one core", times["rustworkx"], 50, more_is_better=True),
        ratio_row("DuckDB, recursive query / hubbub on one core", times["duckdb"], 20, more_is_better=True),
        Row("nodes a second, log order, one core", f"{1 / mine:.0f} M", "at least 30 M", 1 / mine >= 30),
        Row("nodes a second, trees together, one core", f"{one:.0f} M", NO_TARGET, True),
        Row("nodes a second, trees together, two cores", f"{two:.0f} M", "at least 150 M", two >= 150),
        Row("the same / a pass that only reads the parents", f"{many['two'] / many['read']:.1f}x", NO_TARGET, True),
    ]


def trees(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Trees with heavy-tailed sizes up to 50,000, one behind the other: their offsets, and parents within the tree."""
    rng = np.random.default_rng(seed)
    sizes = np.minimum((rng.pareto(1.2, n) + 1).astype(np.int64), 50_000)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), n)) + 1]
    sizes[-1] -= int(sizes.sum()) - n
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    place = np.arange(n) - np.repeat(offsets[:-1], sizes)
    recent = (rng.random(n) ** 0.7 * place).astype(np.int32)
    return offsets, np.where(place == 0, np.int32(-1), recent)


def forest(n: int, seed: int) -> np.ndarray:
    """Parents of such trees interleaved in the order of a log; -1 for a root."""
    offsets, up = trees(n, seed)
    sizes = np.diff(offsets)
    start = np.repeat(offsets[:-1], sizes)
    rng = np.random.default_rng([seed, 1])
    when = np.repeat(rng.random(sizes.size), sizes) + (np.arange(n) - start) * 1e-5
    order = np.argsort(when, kind="stable")
    back = np.empty(n + 1, np.int64)
    back[order] = np.arange(n)
    back[-1] = -1
    return back[np.where(up < 0, -1, start + up)[order]]


def cascades(folder: Path, rows: int) -> list[Row]:
    """The complete `cascades` command, from files and from a workspace, against reading the columns that it needs."""
    log, place = folder / f"log-{rows}", folder / f"workspace-{rows}"
    write_log(log, rows)
    if not (place / "log" / "log.json").exists():
        alone(OURS, "make_workspace", files=[str(log)], folder=str(place))
    want = alone(PEERS, "polars_cascades", folder=str(log)).result
    out = []
    for name, source, segments in (("files", log, False), ("a workspace", place, True)):
        alone(OURS, "command_cascades", folder=str(source), workspace=segments)  # compiles the kernels
        own = alone(OURS, "command_cascades", folder=str(source), workspace=segments)
        read = alone(PEERS, "read_cascade_columns", folder=str(source / "log" if segments else source), keys=segments)
        if own.result["cascades"] != want or read.result != rows:
            raise SystemExit(f"results differ: {own.result} {want} {read.result}")
        seconds = own.result["seconds"]
        out += [
            ratio_row(
                f"`hubbub cascades --json` from {name} / reading its columns by pyarrow", seconds / read.seconds, 3
            ),
            Row(f"the same, seconds / seconds, {rows:,} rows", f"{seconds:.1f} / {read.seconds:.2f}", NO_TARGET, True),
            Row("the same, peak memory", f"{own.result['gb']:.1f} GB", NO_TARGET, True),
        ]
    return out


def engines(folder: Path, rows: int) -> list[Row]:
    """The four plain queries in Polars and in DuckDB: what decided which of the two does the column work."""
    log = folder / f"log-{rows}"
    write_log(log, rows)
    runs = {name: alone(PEERS, f"{name}_queries", folder=str(log)) for name in ("polars", "duckdb")}
    if runs["polars"].result["figures"] != runs["duckdb"].result["figures"]:
        raise SystemExit(f"results differ: {runs['polars'].result} {runs['duckdb'].result}")
    return [
        Row(
            f"{name}, four queries over {rows:,} rows", f"{run.result['total']:.1f} s, {run.gb:.1f} GB", NO_TARGET, True
        )
        for name, run in runs.items()
    ]


def intake(folder: Path, rows: int) -> list[Row]:
    """Import of CSV against Polars' own read and Parquet write of the same file."""
    import pyarrow.csv
    import pyarrow.parquet as pq

    log, path = folder / f"log-{rows}", folder / f"log-{rows}.csv"
    files = write_log(log, rows)
    if not path.exists():
        with path.open("wb") as out:
            for i, file in enumerate(files):
                table = pq.read_table(file)
                options = pyarrow.csv.WriteOptions(include_header=i == 0)
                pyarrow.csv.write_csv(table, out, options)
    peer = alone(PEERS, "polars_read_write", csv=str(path), out=str(folder / "peer.parquet"))
    place = folder / "imported"
    own = alone(OURS, "make_workspace", files=[str(path)], folder=str(place))
    import shutil

    shutil.rmtree(place)
    if own.result != rows or peer.result != rows:
        raise SystemExit(f"rows differ: {own.result} {peer.result} {rows}")
    print(f"| Polars; hubbub | {_seconds(peer)}; {_seconds(own)} | | |")
    return [ratio_row("import of CSV / Polars read and write", own.seconds / peer.seconds, 4)]


PARTS = {
    "answer": Part(answer),
    "growth": Part(growth),
    "shapes": Part(shapes),
    "intake": Part(intake),
    "spread": Part(spread, options=("subsim",)),
    "cascades": Part(cascades),
    "engines": Part(engines, usual=False),
    "calibration": Part(calibration, usual=False, size="worlds"),
    "advice": Part(advice, size="worlds"),
    "reproduction": Part(reproducing.run, usual=False, size="worlds"),
    "together": Part(riding.run, usual=False, size="worlds"),
    "forecasts": Part(forecasting.run, usual=False, size="worlds"),
}
