"""Measured runs, in a process of their own (seconds, and the most memory held) or in this one; lines of a table."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_CHILD = """
import importlib, json, resource, sys, time
module, name, arguments = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
function = getattr(importlib.import_module(module), name)
start = time.perf_counter()
result = function(**arguments)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps({"seconds": seconds, "gb": peak, "result": result}))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """seconds : wall time of the call, imports not counted; gb : peak resident memory; result : what it returned"""

    seconds: float
    gb: float
    result: Any


def alone(module: str, name: str, environment: Mapping[str, str] | None = None, **arguments: Any) -> Run:
    """Call `module.name(**arguments)` in a fresh process, with further environment variables."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, module, name, json.dumps(arguments)],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module}.{name} failed:\n{done.stderr[-2000:]}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def timed(work: Callable[[], Any], least: float = 1.0) -> tuple[float, Any]:
    """Seconds of one call, the best of at least five and of as many as fit into `least` seconds, and its result."""
    return by_turns(work, least=least)[0]


def by_turns(*works: Callable[[], Any], least: float = 1.0) -> list[tuple[float, Any]]:
    """The same for several, which take turns, so that what else the machine does strikes all of them alike."""
    found = [(math.inf, work()) for work in works]
    spent, turns = [0.0] * len(works), 0
    while max(spent) < least or turns < 5:
        turns += 1
        for i, work in enumerate(works):
            start = time.perf_counter()
            result = work()
            took = time.perf_counter() - start
            found[i], spent[i] = (min(found[i][0], took), result), spent[i] + took
    return found


NO_TARGET = "no target"
"""The target of a line that only tells."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what was done, measured against what, with which target; reached : None if it was not run"""

    work: str
    measured: str
    target: str
    reached: bool | None


def not_run(work: str, why: str, target: str) -> Row:
    """A line whose peer is not there."""
    return Row(work, f"not run: {why}", target, None)


def ratio_row(work: str, ratio: float, limit: float, aim: float | None = None, more_is_better: bool = False) -> Row:
    """A ratio against a peer, and whether it keeps to its limit."""
    reached = ratio >= limit if more_is_better else ratio <= limit
    sign = "at least" if more_is_better else "at most"
    said = f"{sign} {limit:g}x" + (f", aim {aim:g}x" if aim else "")
    return Row(work, f"{ratio:.2f}x", said, reached)
