"""How often the verdict is right and how often intervals hold the truth, on planted worlds whose truth is known.

A cell is one planted world, drawn many times. Answers are counted over the cells that METHODS names; intervals over
worlds in which people come back, and over cascades whose reproduction is planted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from bench.planted import LEVEL, tables_of
from bench.run import NO_TARGET, Row
from hubbub.activity import MICROS
from hubbub.compare import scorecard
from hubbub.compare.campaigns import growth_of, world_of
from hubbub.compare.draws import ends
from hubbub.compare.frame import Cascades, People
from hubbub.compare.money import spent
from hubbub.compare.sides import gini, heap
from hubbub.compare.verdict import Decision, Question, ask, decide, differs, settle, units_of
from hubbub.demo import METHODS_CELLS, TRAPS, Spec
from hubbub.demo.spec import ahead, expected_value, truth
from hubbub.demo.trees import pareto_sizes
from hubbub.estimate import Estimate
from hubbub.measure import Tables

UNEQUAL, EQUAL, POWER, TRAP = 1 / 20, 2 / 5, 2 / 5, 1 / 5
"""Worlds of a cell, as parts of `--worlds`; intervals take all. Cells weigh alike, whatever their worlds."""
ANSWERS = ("conversation", "spread")
BRANCHING = {
    (r, cascades): Spec(
        tree="branching", reproduction=r, cascades=cascades, talkers=20, audience=0, strangers=0, two_handles=0.0
    )
    for r in (0.2, 0.5, 0.8)
    for cascades in (8, 20, 60, 200)
}
"""(R, cascades) -> a world whose shares bring a planted number of shares."""
ALIKE = 0.05
"""People of one cascade are alike in coming back, as much as METHODS takes them to be at the least."""
LASTING = {
    (tail, cascades, talkers): Spec.cell(
        tail, cascades, talkers, 1.0, audience=0, strangers=0, two_handles=0.0, alike=ALIKE
    )
    for tail in (1.1, 1.5, 2.0, 2.5)
    for cascades, talkers in ((8, 20), (20, 100), (60, 300), (200, 1_000))
}
"""(tail, cascades, talkers) -> a world in which people come back, buy and talk as planted."""
DRAWN_SIZES = 2_000_000
"""Sizes from which the Gini of all tries is read; its Monte-Carlo error is below .001 but for a tail of 1.1."""

Key = tuple[float, ...]


def error(part: float, worlds: int) -> float:
    """Monte-Carlo standard error of a part of so many worlds, with one more either way, for no part is certain."""
    n = worlds + 2
    middle = (part * worlds + 1.0) / n
    return float(np.sqrt(middle * (1.0 - middle) / n))


# Answers


@dataclass
class Cell:
    """Answers in the draws of one world; `truth` is `conversation`, `spread` or `equal`."""

    truth: str
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def worlds(self) -> int:
        return self.answers.total()

    def part(self, answer: str) -> float:
        """Part of the draws with this answer."""
        return self.answers[answer] / max(1, self.worlds)


def right_part(cells: list[Cell], answer: str) -> tuple[float, int]:
    """Of the answers of one kind the right part, all cells weighed alike; how many answers."""
    said = sum(cell.part(answer) for cell in cells)
    right = sum(cell.part(answer) for cell in cells if cell.truth == answer)
    return right / said if said else float("nan"), sum(cell.answers[answer] for cell in cells)


def answer_of(tables: Tables, seed: int) -> str:
    """The published answer: the verdict's rules with the variant of hidden parents, without its words and needs."""
    people, ledger = People(tables.people), tables.ledger
    question = ask(people, ledger, spent(ledger))
    base = decide(units_of(people, question), question, seed)
    return settle(base, _hidden(people, question, seed)).answer


def _hidden(people: People, question: Question, seed: int) -> Decision | None:
    return decide(units_of(people, question, "hidden"), question, seed) if differs(people, "hidden") else None


def draw_cell(spec: Spec, draws: int, folder: Path, seeds: Iterator[int]) -> Cell:
    """Draw a world so many times and count the answers."""
    cell = Cell(ahead(spec))
    for _ in range(draws):
        seed = next(seeds)
        cell.answers[answer_of(tables_of(spec, seed, folder), seed)] += 1
    return cell


def has_power(key: Key) -> bool:
    """Cells in which most worlds must be answered: ratio 5 or 10, either way."""
    tail, cascades, talkers, ratio = key
    return tail >= 1.5 and cascades >= 60 and talkers == 300 and max(ratio, 1 / ratio) > 4.9


def answers(folder: Path, worlds: int, seeds: Iterator[int]) -> dict[Key, Cell]:
    """Every cell of METHODS, drawn."""
    found = {}
    for key, spec in METHODS_CELLS.items():
        part = POWER if has_power(key) else EQUAL if ahead(spec) == "equal" else UNEQUAL
        found[key] = draw_cell(spec, max(1, round(worlds * part)), folder, seeds)
    return found


def answer_rows(cells: dict[Key, Cell]) -> list[Row]:
    """Right answers, answers to equal worlds, and how often there is an answer."""
    rows = []
    for answer in ANSWERS:
        right, n = right_part([cell for cell in cells.values() if cell.truth != "equal"], answer)
        strictly, _ = right_part(list(cells.values()), answer)
        said = (
            f"{right:.1%} ± {error(right, n):.1%} of {n} answers; {strictly:.1%} if any answer to equal worlds is wrong"
        )
        rows.append(Row(f"`{answer}` is right", said, "at least 95 %", right >= 0.95))
    for tail in sorted({key[0] for key in cells}):
        equal = {key: cell for key, cell in cells.items() if key[0] == tail and cell.truth == "equal"}
        for answer in ANSWERS:
            rows.append(_equal_row(tail, equal, answer))
    for key, cell in cells.items():
        if has_power(key):
            tail, cascades, talkers, ratio = key
            part = cell.part(cell.truth)
            said = f"{part:.0%} ± {error(part, cell.worlds):.0%} of {cell.worlds} answered rightly"
            where = f"power: tail {tail:g}, {cascades:g} cascades, {talkers:g} talkers, ratio {_ratio(ratio)}"
            rows.append(Row(where, said, "at least 70 %", part >= 0.7))
    return rows


def _ratio(x: float) -> str:
    return f"{x:g}" if x >= 1 else f"1/{1 / x:g}"


def _equal_row(tail: float, equal: dict[Key, Cell], answer: str) -> Row:
    worst = max(equal, key=lambda key: equal[key].part(answer))
    cell = equal[worst]
    mean = float(np.mean([c.part(answer) for c in equal.values()]))
    said = (
        f"mean {mean:.1%}; most {cell.part(answer):.0%} ± {error(cell.part(answer), cell.worlds):.0%} "
        f"of {cell.worlds} ({worst[1]:g} cascades, {worst[2]:g} talkers)"
    )
    bound = tail > 1.1
    target = f"at most 15 % in each of {len(equal)} cells" if bound else NO_TARGET
    reached = not bound or cell.part(answer) <= 0.15
    return Row(f"equal worlds answered `{answer}`, tail {tail:g}", said, target, reached)


def power_table(cells: dict[Key, Cell]) -> list[Row]:
    """Power beside error over all cells, by true ratio; nothing is asked of it."""
    rows = []
    for ratio in sorted({key[3] for key in cells}):
        mine = [cell for key, cell in cells.items() if key[3] == ratio]
        parts = [float(np.mean([cell.part(a) for cell in mine])) for a in (*ANSWERS, "cannot_tell")]
        said = f"conversation {parts[0]:.1%}, spread {parts[1]:.1%}, cannot tell {parts[2]:.1%}"
        rows.append(Row(f"all cells of ratio {_ratio(ratio)}", said, NO_TARGET, True))
    return rows


# Intervals


@dataclass
class Held:
    """How many intervals of one figure in one cell hold the truth; widths over the truth (over 1 if it is 0)."""

    held: int = 0
    drawn: int = 0
    width: list[float] = field(default_factory=list)

    def add(self, found: Estimate, true: float) -> None:
        """Count one interval; a figure that is null makes no claim."""
        if found.low is None or found.high is None:
            return
        self.drawn += 1
        self.held += found.low - 1e-9 <= true <= found.high + 1e-9
        self.width.append((found.high - found.low) / (abs(true) or 1.0))

    @property
    def part(self) -> float:
        return self.held / max(1, self.drawn)


Figures = dict[str, tuple[Estimate, float]]


def lasting_figures(spec: Spec, tables: Tables, seed: int, gini_true: float) -> Figures:
    """Estimates with their truths: what lasts, talk, value, how unequal the tries are."""
    people, cascades = People(tables.people), Cascades(tables.cascades)
    true = truth(spec)
    fallback = scorecard.mean_conversion(people, tables.ledger)
    found: Figures = {}
    for mode, name in enumerate(ANSWERS):
        back = scorecard.retained(people, mode, 30, LEVEL)
        found[f"retained_30, {name}"] = (back, true["retained_30"][name])
        worth = scorecard.value(people, mode, fallback, seed, LEVEL)[0]
        found[f"value, {name}"] = (worth, expected_value(spec)[name] * MICROS)
    talk = scorecard.per_person(people, 0, "exchanges", "", seed, LEVEL)
    found["exchanges per person"] = (talk, true["exchanges_per_person"]["conversation"])
    found["Gini of tries"] = (_gini(cascades, seed), gini_true)
    return found


def _gini(cascades: Cascades, seed: int) -> Estimate:
    """Of the tries of the campaign that is shared; the posts to talk about are another population."""
    campaign = cascades.coded("campaign")
    mine = cascades.tries & (campaign.codes == campaign.names.index("Card"))
    sizes = np.asarray(cascades.ints("size"), dtype=np.int64)[mine]
    found = heap(sizes, seed, "tries")
    if found is None:
        return Estimate.unknown("no tries")
    low, high = ends(found.gini.plain, found.gini.unseen, LEVEL)
    return Estimate(found.gini.value, low, high, LEVEL, len(sizes), "")


def true_gini(spec: Spec) -> float:
    """Gini of the sizes that a Pareto world's tries are drawn from: the post, a first sharer, and those who pass on."""
    rng = np.random.default_rng(1)
    people = pareto_sizes(rng, DRAWN_SIZES, spec.tail, spec.largest)
    size, weight = np.unique(2 + rng.binomial(people, spec.passing), return_counts=True)
    return float(gini(size.astype(np.float64), weight.astype(np.float64))[0])


def growth_figures(spec: Spec, tables: Tables) -> Figures:
    """R over all cascades, as the document gives it."""
    people, cascades = People(tables.people), Cascades(tables.cascades)
    assert tables.ledger.first is not None
    assert tables.ledger.last is not None
    first, last = (round(t.timestamp()) * MICROS for t in (tables.ledger.first, tables.ledger.last))
    world = world_of(people, cascades, first, last)
    everything = np.ones(cascades.n, dtype=np.bool_)
    return {"reproduction": (growth_of(world, everything, LEVEL).reproduction, spec.reproduction)}


def hold(cell: dict[str, Held], figures: Figures) -> None:
    """Count the intervals of one world."""
    for name, (found, true) in figures.items():
        cell.setdefault(name, Held()).add(found, true)


def intervals(folder: Path, worlds: int, seeds: Iterator[int]) -> list[dict[str, Held]]:
    """All cells of intervals, drawn; one entry a cell."""
    cells: list[dict[str, Held]] = []
    for spec in LASTING.values():
        unequal = true_gini(spec)
        cell: dict[str, Held] = {}
        for seed in (next(seeds) for _ in range(worlds)):
            hold(cell, lasting_figures(spec, tables_of(spec, seed, folder), seed, unequal))
        cells.append(cell)
    for spec in BRANCHING.values():
        cell = {}
        for seed in (next(seeds) for _ in range(worlds)):
            hold(cell, growth_figures(spec, tables_of(spec, seed, folder)))
        cells.append(cell)
    return cells


def interval_rows(cells: list[dict[str, Held]]) -> list[Row]:
    """One row a figure: coverage by cell, and the width."""
    names = list(dict.fromkeys(name for cell in cells for name in cell))
    return [_interval_row(name, [cell[name] for cell in cells if name in cell]) for name in names]


def _interval_row(name: str, cells: list[Held]) -> Row:
    parts = np.array([cell.part for cell in cells])
    drawn = sum(cell.drawn for cell in cells)
    width = np.concatenate([cell.width for cell in cells])
    mean = sum(cell.held for cell in cells) / max(1, drawn)
    wide = name.startswith("value")
    inside = int(np.count_nonzero((parts >= 0.86) & (parts <= 0.97)))
    said = f"{mean:.1%} ± {error(mean, drawn):.1%} of {drawn}; cells {parts.min():.0%} to {parts.max():.0%}"
    if not wide:
        said += f", {inside} of {len(parts)} in 86 to 97 %"
    said += f"; width over truth: mean {np.mean(width):.2g}, median {np.median(width):.2g}"
    target = "at least 88 % in each cell" if wide else "86 to 97 % in nine cells of ten, none below 80 %"
    reached = float(parts.min()) >= 0.88 if wide else inside >= 0.9 * len(parts) and float(parts.min()) >= 0.8
    return Row(f"90 % interval of {name}", said, target, reached)


# Traps


def trap_rows(folder: Path, worlds: int, seeds: Iterator[int]) -> list[Row]:
    """A lucky cascade after a like, a thank-you after each sale, shares that name each other in a circle."""
    draws = max(1, round(worlds * TRAP))
    found = {name: draw_cell(TRAPS[name], draws, folder, seeds) for name in ("after_like", "thanks", "cycle")}
    kept = {
        "after_like": found["after_like"].part("cannot_tell"),
        "thanks": 1.0 - found["thanks"].part("conversation"),
        "cycle": 1.0,
    }
    work = {
        "after_like": "trap: one lucky cascade after a like is `cannot_tell`",
        "thanks": "trap: a thank-you after each sale is not `conversation`",
        "cycle": "trap: a cycle of `via` is read",
    }
    return [
        Row(work[name], f"{kept[name]:.0%} of {draws}; {_said(found[name])}", "all", kept[name] >= 1.0) for name in work
    ]


def _said(cell: Cell) -> str:
    return ", ".join(f"{answer} {n}" for answer, n in sorted(cell.answers.items()))


def calibration(folder: Path, worlds: int) -> list[Row]:
    """Everything; `worlds` is the number of draws of a cell of intervals, the other cells take parts of it."""
    seeds = count(1)
    cells = answers(folder, worlds, seeds)
    return [
        *answer_rows(cells),
        *power_table(cells),
        *trap_rows(folder, worlds, seeds),
        *interval_rows(intervals(folder, worlds, seeds)),
    ]
