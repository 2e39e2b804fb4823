"""Whether the first advice is the planted right one, and what following it adds, on worlds with one best action."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.calibration import error
from bench.planted import tables_of
from bench.run import Row
from hubbub.compare.document import compare
from hubbub.demo import ACTION_WORLDS, Spec
from hubbub.demo.spec import gains

RIGHT = 0.8
SAME = {"share": "ask"}
"""Both reach the same willing people (`hubbub.demo.spec.ACTIONS`)."""


@dataclass
class Told:
    """What was advised first in the draws of one world: how often each action, and what following it adds."""

    first: Counter[str] = field(default_factory=Counter)
    gain: list[float] = field(default_factory=list)

    def right(self, action: str) -> float:
        """Part of the draws in which it was advised first."""
        return self.first[action] / max(1, self.first.total())


def first_action(plan: list[dict[str, object]]) -> str:
    """The action in the first line of a plan; `none` where there is none."""
    name = str(plan[0]["action"]) if plan else "none"
    return SAME.get(name, name)


def ask_worlds(spec: Spec, draws: int, folder: Path, first_seed: int = 0) -> Told:
    """Draw a world again and again and note the first advice; what the generator does not know adds nothing."""
    told, adds = Told(), gains(spec)
    for seed in range(first_seed, first_seed + draws):
        tables = tables_of(spec, seed, folder)
        action = first_action(compare(tables.people, tables.cascades, tables.ledger, seed=seed)["plan"])
        told.first[action] += 1
        told.gain.append(adds.get(action, 0.0))
    return told


def advice(folder: Path, worlds: int) -> list[Row]:
    """One row an action, and all together."""
    draws = max(2, worlds // 4)
    found = {action: ask_worlds(spec, draws, folder) for action, spec in ACTION_WORLDS.items()}
    rows = []
    for action, told in found.items():
        others = ", ".join(f"{name} {n}" for name, n in told.first.most_common() if name != action)
        said = f"{told.right(action):.0%} of {draws} worlds" + (f" (else {others})" if others else "")
        best = gains(ACTION_WORLDS[action])[action]
        rows.append(Row(f"`{action}` is right and stands first", said, "at least 80 %", told.right(action) >= RIGHT))
        mean = float(np.mean(told.gain))
        said = f"{mean:+.0f} EUR in the mean, of {best:.0f} possible; up in {np.mean(np.array(told.gain) > 0):.0%}"
        rows.append(Row(f"following the first line where `{action}` is right", said, "more than 0", mean > 0.0))
    right = float(np.mean([told.right(action) for action, told in found.items()]))
    said = f"{right:.0%} ± {error(right, draws * len(found)):.0%}"
    rows.append(Row("all: the first line is the right action", said, "at least 80 %", right >= RIGHT))
    return rows
