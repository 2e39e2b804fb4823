"""Cascades: where each share hangs at the end of the log, and one row a cascade as in `hubbub.tables.CASCADES`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import median
from typing import Any

from .modes import Modes
from .reading import BRAND, Log, Person
from .settings import HOUR, WEEK
from .turns import Talk

ROOT, HIDDEN = -1, -2
"""Parents of the root, and of a share whose parent the network hides."""

CascadeRow = dict[str, Any]


class Trees:
    def __init__(self, log: Log, talk: Talk, modes: Modes) -> None:
        self.log = log
        self.talk = talk
        self.modes = modes

    def is_share(self, i: int) -> bool:
        """A share that is a node: by a person or the brand, and not undone."""
        return self.log.type(i) == "share" and self.log.author[i] is not None and self.log.stands(i)

    def place(self, share: int) -> tuple[int, int] | None:
        """(root, parent) of a share; None if it is a root itself."""
        via, target = self.log.follow(share, "via"), self.log.follow(share, "object")
        if via is not None:
            return self.hook(via)
        if self.modes.hidden_parent(share) and target is not None and (hook := self.hook(target)) is not None:
            return hook[0], HIDDEN
        return None

    def hook(self, i: int) -> tuple[int, int] | None:
        """(root, node) that what came through row `i` hangs on: itself, or its nearest standing ancestor."""
        if self.log.author[i] is None:
            return None
        if self.log.type(i) == "share":
            placed = self.place(i)
            if not self.log.stands(i):
                return placed
            return (i if placed is None else placed[0]), i
        return (i, i) if self.log.stands(i) else None

    def unit(self, touch: int) -> str:
        """channel:id of the root of the cascade that a spread touch came through."""
        came_by = self.log.follow(touch, "via")
        if came_by is None:
            came_by = self.log.follow(touch, "object")
        assert came_by is not None
        hook = self.hook(came_by)
        row = self.log.rows[hook[0] if hook is not None else self.topmost(came_by)]
        return f"{row['channel']}:{row['id']}"

    def topmost(self, i: int) -> int:
        """The first row of an undone chain of which nothing stands."""
        if self.log.type(i) != "share":
            return i
        above = self.log.follow(i, "via")
        if above is None and self.modes.hidden_parent(i):
            above = self.log.follow(i, "object")
        return i if above is None or self.log.author[above] is None else self.topmost(above)

    def members(self) -> dict[int, list[int]]:
        """Root -> its shares in reading order; also the brand's posts that nobody shared."""
        out: dict[int, list[int]] = {}
        for i in self.log.all:
            if self.log.type(i) == "post" and self.log.author[i] == BRAND:
                out.setdefault(i, [])
            if self.is_share(i) and (placed := self.place(i)) is not None:
                out.setdefault(placed[0], []).append(i)
        return out

    def table(self) -> dict[tuple[str, str], CascadeRow]:
        out = {}
        for root, shares in sorted(self.members().items()):
            row = self.log.rows[root]
            out[(row["channel"], row["id"])] = self.row(root, shares)
        return out

    def nodes(self, root: int, shares: Sequence[int]) -> list[dict[str, Any]]:
        log = self.log
        at = {i: k for k, i in enumerate([root, *shares])}
        persons: list[Person] = []
        out = []
        for i in at:
            author, row = log.author[i], log.rows[i]
            if isinstance(author, Person) and author not in persons:
                persons.append(author)
            placed = self.place(i) if i != root else (root, ROOT)
            assert placed is not None
            out.append(
                {
                    "parent": placed[1] if placed[1] < 0 else at[placed[1]],
                    "time_us": log.time(i) - log.time(root),
                    "person": persons.index(author) if isinstance(author, Person) else -1,
                    "exchanged": self.exchanged(i),
                    "audience": row.get("audience"),
                    "disclosed": row.get("disclosed"),
                    "rewarded": row.get("rewarded"),
                }
            )
        return out

    def exchanged(self, i: int) -> bool:
        author = self.log.author[i]
        if not isinstance(author, Person):
            return False
        return any(e.completed < self.log.time(i) for e in self.talk.exchanges(author))

    def touched(self, root: int, shares: Sequence[int]) -> int:
        log, nodes = self.log, {root, *shares}
        sharers = {log.author[i] for i in nodes if log.type(i) == "share"}
        came = {log.author[i] for i in log.all if log.type(i) != "share" and log.follow(i, "via") in nodes}
        return len({p for p in came - sharers if isinstance(p, Person)})

    def row(self, root: int, shares: Sequence[int]) -> CascadeRow:
        log = self.log
        assert log.end is not None
        nodes, row = self.nodes(root, shares), log.rows[root]
        author = log.author[root]
        times = [n["time_us"] for n in nodes[1:]]
        waits = waits_of(nodes)
        end = log.end - log.time(root)
        return {
            "root": row["id"],
            "channel": row["channel"],
            "type": row["type"],
            "campaign": log.campaign[root],
            "author": author.label if isinstance(author, Person) else None,
            "shared": bool(shares),
            "try": author == BRAND and row["type"] == "post",
            "orphan": row["type"] == "share" and row.get("via") is not None and log.follow(root, "via") is None,
            "size": len(nodes),
            "hidden": sum(n["parent"] == HIDDEN for n in nodes),
            **shape([n["parent"] for n in nodes]),
            "generation_hours": median(Fraction(w) for w in waits) / HOUR if waits else None,
            "half_life_hours": half_life_hours(times, waits, end),
            "running": bool(times) and not finished(times, waits, end),
            "first": log.time(root),
            "last": log.time(shares[-1]) if shares else None,
            "touched": self.touched(root, shares),
            "nodes": nodes,
            "sharers": self.sharers(root, shares),
        }

    def sharers(self, root: int, shares: Sequence[int]) -> list[str]:
        """Persons in the order of their first node."""
        authors = [self.log.author[i] for i in (root, *shares)]
        return list(dict.fromkeys(a.label for a in authors if isinstance(a, Person)))


def waits_of(nodes: Sequence[Mapping[str, Any]]) -> list[int]:
    """Child minus parent, over all known parents, microseconds."""
    return [n["time_us"] - nodes[n["parent"]]["time_us"] for n in nodes if n["parent"] >= 0]


def finished(times: Sequence[int], waits: Sequence[int], end: int) -> bool:
    """Whether no share came in the last max(7 days, 10 median waits) of the log; times of shares, any one clock."""
    quiet = max(Fraction(WEEK), 10 * median(Fraction(w) for w in waits) if waits else Fraction(0))
    return end - max(times) > quiet


def half_life_hours(times: Sequence[int], waits: Sequence[int], end: int, start: int = 0) -> Fraction | None:
    """From the root to the ceil(m/2)-th of m shares; None while running or without a share."""
    if not times or not finished(times, waits, end):
        return None
    return Fraction(sorted(times)[(len(times) + 1) // 2 - 1] - start, HOUR)


def shape(parents: Sequence[int]) -> dict[str, Any]:
    """Depth, breadth, structural virality and the part of the largest broadcaster; unknown where parents are hidden."""
    if HIDDEN in parents:
        return dict.fromkeys(("depth", "breadth", "structural_virality", "broadcast_part"))
    depths: list[int] = []
    for p in parents:
        depths.append(0 if p == ROOT else depths[p] + 1)
    brought = Counter(p for p in parents if p != ROOT)
    return {
        "depth": max(depths),
        "breadth": max(Counter(depths).values()),
        "structural_virality": structural_virality(parents),
        "broadcast_part": Fraction(max(brought.values()), len(parents) - 1) if brought else None,
    }


def structural_virality(parents: Sequence[int]) -> Fraction:
    """Mean distance over all pairs of nodes, by a walk from every node."""
    n = len(parents)
    near: list[list[int]] = [[] for _ in range(n)]
    for child, parent in enumerate(parents):
        if parent >= 0:
            near[child].append(parent)
            near[parent].append(child)
    total = sum(sum(distances(near, start)) for start in range(n))
    return Fraction(total, n * (n - 1)) if n > 1 else Fraction(0)


def distances(near: Sequence[Sequence[int]], start: int) -> list[int]:
    steps = {start: 0}
    queue = [start]
    for node in queue:
        for other in near[node]:
            if other not in steps:
                steps[other] = steps[node] + 1
                queue.append(other)
    return list(steps.values())
