"""Claims of what the audience makes and passes on."""

from __future__ import annotations

import numpy as np

from hubbub.compare.points.data import BY_ORIGIN, SPREADING, TALKING, Claim, Data, Metric, mean
from hubbub.compare.scorecard import NOBODY
from hubbub.compare.sides import Heap, Manner, Pair, Side, draw_totals, heap, none, pair_of, pair_of_heaps


def _passed_on(data: Data, name: str) -> Pair:
    return mean(data, name, data.people.ints("shares") > 0, "people with a share that stands", fraction=True)


def _made(data: Data, name: str) -> Pair:
    return mean(data, name, data.people.ints("made"), "posts about the brand that are no shares")


def _of_all_originals(data: Data, name: str) -> Pair:
    made = np.asarray(data.people.ints("made"), dtype=np.float64)
    everything = float(made.sum()) + int(data.cascades.tries.sum())
    if everything <= 0.0:
        return none("no originals in the log")
    lot = data.lot(data.people.ints("made"))
    sides = draw_totals(lot, (1.0 / everything, 1.0 / everything), data.seed, name)
    capped = [s and Side(s.value, s.n, np.minimum(s.plain, 1.0), np.minimum(s.unseen, 1.0)) for s in sides]
    manner = Manner("posts by people over all originals, the brand's own held fixed; draws of units", NOBODY)
    return pair_of(capped, manner, data.level)


def _heaps(data: Data, name: str) -> tuple[Heap | None, Heap | None]:
    made, origin = np.asarray(data.people.ints("made"), dtype=np.int64), data.people.origin
    one, other = (heap(made[origin == j], data.seed, f"{name}:{j}", top=0.01) for j in (0, 1))
    return one, other


def _made_gini(data: Data, name: str) -> Pair:
    manner = Manner("Gini over people by origin; draws of people", "nobody made anything")
    return pair_of_heaps(_heaps(data, name), manner, data.level)


def _made_top(data: Data, name: str) -> Pair:
    manner = Manner("part of all that the busiest 1 % made; draws of people", "nobody made anything")
    return pair_of_heaps(_heaps(data, name), manner, data.level, largest=True)


DISTRIBUTES = Claim(SPREADING, "the audience distributes", (
    Metric("distributes.passed_on", "fraction of people who passed something on", "fraction", BY_ORIGIN, "shares",
        _passed_on),
))  # fmt: skip

CONTENT = Claim(TALKING, "the audience makes content", (
    Metric("content.made", "own posts about the brand per person", "posts", BY_ORIGIN, "rows", _made),
    Metric("content.of_all", "their share of all originals", "fraction", BY_ORIGIN, "rows", _of_all_originals),
    Metric("content.gini", "concentration of own posts: Gini", "Gini", BY_ORIGIN, "rows", _made_gini,
        less_is_more=True),
    Metric("content.top_1", "concentration of own posts: part made by the busiest 1 %", "fraction", BY_ORIGIN, "rows",
        _made_top, less_is_more=True),
))  # fmt: skip
