"""Run the benchmarks (`python -m bench [PART]...`): reached, missed or not run for each target, status 1 on a miss."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.parts import PARTS, Part
from bench.run import NO_TARGET


def main() -> int:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="which; none: all that fit a small machine")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the log")
    parser.add_argument("--worlds", type=int, default=120, help="planted worlds of a cell (calibration, advice)")
    parser.add_argument("--keep", type=Path, help="where logs are kept from run to run")
    parser.add_argument("--subsim", type=Path, help="the authors' SUBSIM, built by you (spread)")
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="hubbub-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    missed, left = 0, 0
    try:
        for name in asked.part or [n for n, part in PARTS.items() if part.usual]:
            found = _show(name, PARTS[name], folder, asked)
            missed, left = missed + found[0], left + found[1]
    finally:
        if asked.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    if left:
        print(f"\n{left} lines were NOT RUN, for their peer is not here.", file=sys.stderr)
    return 1 if missed else 0


def _show(name: str, part: Part, folder: Path, asked: argparse.Namespace) -> tuple[int, int]:
    """Print the table of a part; how many targets were missed, and how many lines were not run."""
    print(f"\n## {name}\n\n| work | measured | target | |\n|---|---|---|---|", flush=True)
    missed, left = 0, 0
    for row in part.run(folder, getattr(asked, part.size), **{o: getattr(asked, o) for o in part.options}):
        missed, left = missed + (row.reached is False), left + (row.reached is None)
        word = "NOT RUN" if row.reached is None else "reached" if row.reached else "MISSED"
        print(f"| {row.work} | {row.measured} | {row.target} | {'' if row.target == NO_TARGET else word} |", flush=True)
    return missed, left


sys.exit(main())
