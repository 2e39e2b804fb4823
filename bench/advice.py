"""Whether the first advice is the planted right one, and what following it adds, on worlds with one best action."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.calibration import error
from bench.planted import settings_of, tables_of
from bench.run import Row
from hubbub.compare.document import compare
from hubbub.demo import ACTION_WORLDS, Spec, best_action, plant
from hubbub.demo.spec import gains
from hubbub.log.keys import with_keys
from hubbub.log.segment import write_segment
from hubbub.measure import measure

RIGHT = 0.8
SAME = {"share": "ask"}
"""Both reach the same willing people (`hubbub.demo.spec.ACTIONS`)."""
FIRST_SEED = 1_000
MAILS, POSTS = "Sale mail", "Posts"
"""Campaigns of the planted world: its mails, and another one to which what brought their people is moved."""
FACTORS = (0.5, 1.0, 2.0)
"""Each world is drawn at half, once and twice its people, cascades and effort in turn."""


@dataclass
class Told:
    """What was advised first in the draws of one world: how often each action, how often rightly, what it adds.

    gain, best : expected value that following the advice, or the best action, adds; one entry a draw
    """

    first: Counter[str] = field(default_factory=Counter)
    right: int = 0
    gain: list[float] = field(default_factory=list)
    best: list[float] = field(default_factory=list)

    def add(self, spec: Spec, action: str) -> None:
        """Count one draw; an action that the generator does not know adds nothing."""
        adds = gains(spec)
        self.first[action] += 1
        self.right += action == best_action(spec)
        self.gain.append(adds.get(action, 0.0))
        self.best.append(max(adds.values()))

    @property
    def part(self) -> float:
        """Part of the draws in which the right action stood first."""
        return self.right / max(1, self.first.total())


def first_action(plan: list[dict[str, Any]]) -> str:
    """The action in the first line of a plan; `none` where there is none."""
    name = str(plan[0]["action"]) if plan else "none"
    return SAME.get(name, name)


def told_in(spec: Spec, draws: int, folder: Path) -> Told:
    """Draw a world again and again, at each size in turn, and note the first advice."""
    told = Told()
    for draw in range(draws):
        seed, sized = FIRST_SEED + draw, spec.times(FACTORS[draw % len(FACTORS)])
        tables = tables_of(sized, seed, folder)
        document = compare(tables.people, tables.cascades, tables.ledger, seed=seed)
        told.add(sized, first_action(document["plan"]))
    return told


def advice(folder: Path, worlds: int) -> list[Row]:
    """Two rows an action, and all together; a quarter of `worlds` draws of each."""
    draws = max(len(FACTORS), worlds // 4)
    found = {action: told_in(spec, draws, folder) for action, spec in ACTION_WORLDS.items()}
    rows = []
    for action, told in found.items():
        rows += advice_rows(action, told)
    rows.append(elsewhere_row(draws, folder))
    right = float(np.mean([told.part for told in found.values()]))
    said = f"{right:.0%} ± {error(right, draws * len(found)):.0%} of {draws * len(found)} worlds"
    return [*rows, Row("all: the first line is the right action", said, "at least 80 %", right >= RIGHT)]


def elsewhere_row(draws: int, folder: Path) -> Row:
    """How often the mails that burn people are what is to stop, where another campaign brought these people."""
    first: Counter[str] = Counter()
    for draw in range(draws):
        world = plant(ACTION_WORLDS["stop"].times(FACTORS[draw % len(FACTORS)]), FIRST_SEED + draw)
        segment = write_segment(with_keys(brought_elsewhere(world.activities)), folder / "world.parquet")
        tables = measure([segment], settings_of(world))
        document = compare(tables.people, tables.cascades, tables.ledger, seed=FIRST_SEED + draw)
        first[document["plan"][0]["title"] if document["plan"] else "none"] += 1
    part = first[f"Stop {MAILS}"] / max(1, draws)
    said = f"{part:.0%} ± {error(part, draws):.0%} of {draws} worlds"
    return Row(
        "mails stand first to stop where posts of another campaign brought people", said, "at least 80 %", part >= RIGHT
    )


def brought_elsewhere(activities: pa.Table) -> pa.Table:
    """The same log with all but the messages of the mails' campaign in a campaign of their own."""
    field = activities.schema.field("campaign")
    moved = pc.and_(pc.equal(activities.column("campaign").cast(pa.string()), MAILS),
                    pc.not_equal(activities.column("type").cast(pa.string()), "message"))  # fmt: skip
    name = pc.if_else(pc.fill_null(moved, False), POSTS, activities.column("campaign").cast(pa.string()))
    return activities.set_column(activities.schema.get_field_index("campaign"), field, name.cast(field.type))


def advice_rows(action: str, told: Told) -> list[Row]:
    """How often the advice is right where one action is, and what following it adds in the generator."""
    draws = told.first.total()
    others = ", ".join(f"{name} {n}" for name, n in told.first.most_common() if name != action)
    said = f"{told.part:.0%} ± {error(told.part, draws):.0%} of {draws} worlds"
    said += f" (else {others})" if others else ""
    up = float(np.mean(np.array(told.gain) > 0.0))
    mean, best = float(np.mean(told.gain)), float(np.mean(told.best))
    gained = f"{mean:+,.0f} EUR in the mean, of {best:,.0f} possible; up in {up:.0%} of worlds"
    return [
        Row(f"`{action}` is right and stands first", said, "at least 80 %", told.part >= RIGHT),
        Row(f"following the first line where `{action}` is right", gained, "above 0", mean > 0.0),
    ]
