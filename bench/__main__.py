"""Run the benchmarks (`python -m bench [PART]...`): reached or missed for each target, status 1 on a miss."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.parts import PARTS
from bench.run import NO_TARGET, Row


def main() -> int:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="which; none: all that fit a small machine")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the log")
    parser.add_argument("--worlds", type=int, default=120, help="planted worlds of a cell (calibration, advice)")
    parser.add_argument("--keep", type=Path, help="where logs are kept from run to run")
    asked = parser.parse_args()
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="hubbub-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    missed = 0
    try:
        for name in asked.part or [n for n, part in PARTS.items() if part.usual]:
            missed += _show(name, PARTS[name].run, folder, getattr(asked, PARTS[name].size))
    finally:
        if asked.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if missed else 0


def _show(name: str, run: Callable[[Path, int], list[Row]], folder: Path, size: int) -> int:
    print(f"\n## {name}\n\n| work | measured | target | |\n|---|---|---|---|", flush=True)
    missed = 0
    for row in run(folder, size):
        missed += not row.reached
        word = "" if row.target == NO_TARGET else "reached" if row.reached else "MISSED"
        print(f"| {row.work} | {row.measured} | {row.target} | {word} |", flush=True)
    return missed


sys.exit(main())
