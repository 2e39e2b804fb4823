"""The log in reading order: who wrote each row, what it names, its campaign, its thread, whom it addresses."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from hubbub.activity import TOTAL, UNDOABLE, WEB, WORDS

from .settings import Handle, Row, Settings

REFERENCES = ("via", "in_reply_to", "object")
"""In the order in which a campaign is inherited."""


class Person(NamedTuple):
    """One who is neither the brand nor a total. `named`: the label stands in people.csv."""

    named: bool
    label: str
    handle: Handle | None  # tells two handles apart whose channel:actor read the same


class Brand(NamedTuple):
    """All the brand's handles together."""

    name: str = "brand"


BRAND = Brand()
Side = Person | Brand | None
Thread = tuple[str, str] | tuple[str, Person]
"""(channel, text), or (channel, person) for messages without a conversation."""


def key_of(row: Row) -> tuple[str, str]:
    return (row["channel"], row["id"])


def who(settings: Settings, channel: str, actor: str | None) -> Side:
    """The person or brand behind a handle; None for `*` and for nobody."""
    if actor is None or actor == TOTAL:
        return None
    if (None, actor) in settings.brand or (channel, actor) in settings.brand:
        return BRAND
    label = settings.people.get((channel, actor))
    if label is not None:
        return Person(True, label, None)
    return Person(False, f"{channel}:{actor}", (channel, actor))


def finder(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    return {key_of(row): row for row in rows}


def find(held: dict[tuple[str, str], Row], row: Row, field: str) -> tuple[str, str] | None:
    """The key of the row that a reference names, wherever it stands in the log."""
    name = row.get(field)
    if name is None:
        return None
    if (row["channel"], name) in held:
        return (row["channel"], name)
    if field != "in_reply_to" and (WEB, name) in held:
        return (WEB, name)
    return None


def reachable(edges: dict[tuple[str, str], set[tuple[str, str]]], start: tuple[str, str]) -> set[tuple[str, str]]:
    """All that can be reached from `start` in one step or more."""
    seen: set[tuple[str, str]] = set()
    todo = list(edges[start])
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(edges[node])
    return seen


def cut_cycles(edges: dict[tuple[str, str], set[tuple[str, str]]]) -> None:
    """In every group that names itself in circles the smallest loses its references into the group; again."""
    while True:
        reach = {node: reachable(edges, node) for node in edges}
        cyclic = {node for node in edges if node in reach[node]}
        if not cyclic:
            return
        while cyclic:
            smallest = min(cyclic)
            group = {n for n in cyclic if n in reach[smallest] and smallest in reach[n]}
            edges[smallest] -= group
            cyclic -= group


def reading_order(rows: Iterable[Row]) -> list[Row]:
    """Rows by time; of one time, what is named before what names it, else by (channel, id)."""
    rows = list(rows)
    held = finder(rows)
    out: list[Row] = []
    for _, same in groupby(sorted(rows, key=lambda r: r["time"]), key=lambda r: r["time"]):
        here = finder(same)
        edges = {key: {find(held, row, f) for f in REFERENCES} & set(here) - {key} for key, row in here.items()}
        cut_cycles(edges)  # type: ignore[arg-type]
        waiting = set(here)
        while waiting:
            first = min(key for key in waiting if not edges[key] & waiting)
            waiting.remove(first)
            out.append(here[first])
    return out


class Log:
    """A log read once. Rows are named by their position in reading order."""

    def __init__(self, rows: Iterable[Row], settings: Settings) -> None:
        self.settings = settings
        self.rows = reading_order(rows)
        self.all = range(len(self.rows))
        self.author: list[Side] = [who(settings, r["channel"], r["actor"]) for r in self.rows]
        self.position = {key_of(row): i for i, row in enumerate(self.rows)}
        self.end: int | None = self.rows[-1]["time"] if self.rows else None
        self._held = finder(self.rows)
        self._earlier = [{f: self._earlier_target(i, f) for f in REFERENCES} for i in self.all]
        self.undone = self._undone()
        self.content = self._content()
        self.campaign = self._campaigns()
        self.thread = self._threads()

    def time(self, i: int) -> int:
        return int(self.rows[i]["time"])

    def type(self, i: int) -> str:
        return str(self.rows[i]["type"])

    def is_words(self, i: int) -> bool:
        return self.type(i) in WORDS

    def _earlier_target(self, i: int, field: str) -> int | None:
        found = find(self._held, self.rows[i], field)
        if found is None or self.position[found] >= i:
            return None
        return self.position[found]

    def follow(self, i: int, field: str) -> int | None:
        """The row that a reference leads to: found, earlier, and for `via` not undone by then."""
        target = self._earlier[i][field]
        if field == "via" and target is not None and not self.seen(target, self.time(i)):
            return None
        return target

    def seen(self, i: int, moment: int) -> bool:
        """Whether a question that asks about `moment` sees row `i`."""
        return i not in self.undone or moment < self.undone[i]

    def stands(self, i: int) -> bool:
        """Whether row `i` is seen at the end of the log."""
        return i not in self.undone

    def _undone(self) -> dict[int, int]:
        out: dict[int, int] = {}
        for i in self.all:
            target = self._earlier[i]["object"]
            if self.type(i) != "undo" or target is None or self.author[i] is None:
                continue
            if self.type(target) in UNDOABLE and self.author[i] == self.author[target]:
                out.setdefault(target, self.time(i))
        return out

    def _content(self) -> list[str | None]:
        """The words of every row as they stand at the end."""
        out = [row.get("content") for row in self.rows]
        for i in self.all:
            target = self._earlier[i]["object"]
            if target is None or self.author[i] is None:
                continue
            if self.type(i) == "update":
                out[target] = self.rows[i].get("content")
            if self.type(i) == "delete":
                out[target] = None
        return out

    def _campaigns(self) -> list[str | None]:
        out: list[str | None] = []
        for i, row in enumerate(self.rows):
            targets = [self.follow(i, field) for field in REFERENCES]
            inherited = [out[t] for t in targets if t is not None and out[t] is not None]
            own = row.get("campaign")
            out.append(own if own is not None else inherited[0] if inherited else None)
        return out

    def _threads(self) -> list[Thread]:
        out: list[Thread] = []
        for i, row in enumerate(self.rows):
            channel, answered = row["channel"], self.follow(i, "in_reply_to")
            partner = self._partner(i) if row["type"] == "message" else None
            if row.get("context") is not None:
                out.append((channel, row["context"]))
            elif answered is not None:
                out.append(out[answered])
            elif row.get("in_reply_to") is not None:
                out.append((channel, row["in_reply_to"]))
            elif partner is not None:
                out.append((channel, partner))
            else:
                out.append((channel, row["id"]))
        return out

    def _partner(self, i: int) -> Person | None:
        """The person of a message: its author, or whom the brand wrote to."""
        author = self.author[i]
        side = author if author != BRAND else self.addressed(i)
        return side if isinstance(side, Person) else None

    def addressed(self, i: int) -> Side:
        """To whom words are addressed."""
        row = self.rows[i]
        if row.get("addressed_to") is not None:
            return who(self.settings, row["channel"], row["addressed_to"])
        answered = self.follow(i, "in_reply_to")
        return None if answered is None else self.author[answered]

    def by(self, person: Person) -> list[int]:
        """The rows of one person."""
        return [i for i in self.all if self.author[i] == person]

    @property
    def people(self) -> list[Person]:
        """Everyone who did something, by label."""
        seen = {a for a in self.author if isinstance(a, Person)}
        return sorted(seen, key=lambda p: (p.label, not p.named, p.handle or ("", "")))

    def handles(self, person: Person) -> list[Handle]:
        if person.handle is not None:
            return [person.handle]
        named = [h for h, label in self.settings.people.items() if label == person.label]
        return sorted(h for h in named if who(self.settings, *h) == person)

    def end_of(self, person: Person) -> int:
        """Until when the log can see a person: the latest end among the channels of their handles."""
        assert self.end is not None
        return max(self._channel_end(channel) for channel, _ in self.handles(person))

    def _channel_end(self, channel: str) -> int:
        assert self.end is not None
        untils = [until for c, _, until in self.settings.coverage if c == channel and until is not None]
        return min(self.end, max(untils)) if untils else self.end

    def channel_start(self, channel: str) -> int | None:
        starts = [start for c, start, _ in self.settings.coverage if c == channel and start is not None]
        return min(starts) if starts else None
