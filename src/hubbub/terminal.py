"""The answer at a glance on a terminal: readable in 80 columns, without colour, and where only ASCII can be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hubbub.report import words
from hubbub.report.points import Row, groups
from hubbub.report.reading import (
    MODES,
    RULES,
    SIDES,
    Answer,
    answer_of,
    currency_of,
    effort,
    part,
    quantity_of,
    rows,
    sentences,
    whole,
)
from hubbub.report.words import Shown, clean, number

STYLE = {"conversation": "bright_blue", "spread": "dark_orange", "broadcast": "", "unknown": "dim"}
MARK = {"conversation": "●", "spread": "◆", "broadcast": "□", "unknown": "○"}
PLAIN = {
    "●": "o", "◆": "*", "□": "#", "○": ".", "█": "=", "▒": "/", "├": "|", "┤": "|", "─": "-", "┃": "|", "·": "-",
    "−": "-", "–": "-", "×": "x", "…": "...", "›": ">", "‹": "<", "\u00a0": " ", "€": "EUR ", "£": "GBP ", "¥": "JPY ",
    "₹": "INR ", "₩": "KRW ", "₴": "UAH ", "₪": "ILS ", "“": '"', "”": '"', "‘": "'", "’": "'",
}  # fmt: skip
"""What stands for a sign that the terminal's encoding does not have; for any other a question mark."""
TOP = 5
MANY = 20
"""Rows of the lists of cascades and people; the rest is counted."""
NARROW, WIDE = 70, 96
"""Widths from which tables have all columns."""


def console(file: IO[str] | None = None, width: int | None = None) -> Console:
    """A console for the faces: no markup, no highlighting, emoji codes left alone; NO_COLOR is heeded."""
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def show_compare(document: Mapping[str, Any], to: Console | None = None) -> None:
    """The sentence, the probability bar, the points, the modes, the credit, the plan and what the log cannot see."""
    face = Face(to or console())
    answer = answer_of(document)
    _head(face, document, answer)
    _bar(face, answer)
    _why(face, document, answer)
    _points(face, document)
    _modes(face, document)
    _credit(face, document)
    _plan(face, document)
    _coverage(face, document)


def show_cascades(document: Mapping[str, Any], to: Console | None = None) -> None:
    """The largest cascades, one row each."""
    face = Face(to or console())
    found = rows(document.get("cascades"))
    if not found:
        face.say("Nothing was passed on yet. Give people something to share with a link of their own.")
        return
    wide = face.width >= NARROW
    table = face.table(["Cascade", "Size", "Deep", "Virality", "Reproduction", *["Half-life"] * wide], range(1, 4))
    unknown = ""
    for c in found[:MANY]:
        name = f"{clean(c.get('channel'), 20)}:{clean(c.get('root'), 40)}"
        shape = words.plain(c.get("structural_virality")) or _inferred(c, "structural_virality") or "not seen"
        half = words.hours(c.get("half_life_hours")) or clean(c.get("half_life_why")) or "not known"
        grows = words.estimate(c.get("reproduction"))
        unknown = unknown or ("" if grows.known else f"Reproduction that is not known, such as of {name}: {grows.why}.")
        deep = (_inferred(c, "depth") or "not seen") if c.get("depth") is None else _count(c.get("depth"))
        said = _cell(grows) if grows.known else "not known"
        cells = [f"{clean(c.get('campaign'), 60) or 'no campaign'}\n{name}", _count(c.get("size")), deep, shape, said]
        face.row(table, [*cells, half] if wide else cells)
    face.print(table)
    _rest(face, len(found), "cascade")
    if unknown:
        face.say(unknown, "dim")
    hidden = sum(whole(c.get("hidden")) or 0 for c in found)
    if hidden:
        face.say(f"{words.counted(hidden, 'share')} hide who brought them: the shape there is not seen.", "dim")
    guessed = [c["shape_inferred"] for c in found[:MANY] if isinstance(c.get("shape_inferred"), Mapping)]
    if any("draws" in shape for shape in guessed):
        face.say("Inferred from who follows whom: 5 and 95 % points of a hundred drawings of the parents.", "dim")
    if any("draws" not in shape for shape in guessed):
        face.say("Inferred: lowest and highest of ten guesses, a sensitivity range, not an interval.", "dim")


def _inferred(cascade: Mapping[str, Any], name: str) -> str:
    """The range of a shape that is inferred, marked so; empty where nothing is."""
    inferred = cascade.get("shape_inferred")
    if not isinstance(inferred, Mapping):
        return ""
    ends = inferred.get(name)
    if not isinstance(ends, Mapping):
        return ""
    pair = ("low", "high") if "draws" in inferred else ("lowest", "highest")
    low, high = (words.plain(ends.get(end)) for end in pair)
    return f"inferred {low}" if low == high else f"inferred {low} to {high}"


def show_forecast(document: Mapping[str, Any], to: Console | None = None) -> None:
    """Final size or why there is none, reproduction, and every model with its error on the past."""
    face = Face(to or console())
    name = f"{clean(document.get('channel'), 20)}:{clean(document.get('root'), 60)}"
    final, grows = words.estimate(document.get("final_size")), words.estimate(document.get("reproduction"))
    seen = _count(document.get("size_now"))
    face.say(f"{name}, {words.hours(document.get('age_hours'))} old at {clean(document.get('now'))}: {seen} so far.")
    face.say(f"Final size: {_cell(final)}." if final.known else f"Final size: cannot tell. {final.why}", "bold")
    face.say(f"Each share brings: {_cell(grows)}." if grows.known else f"Reproduction is not known: {grows.why}.")
    found = rows(document.get("models"))
    if found:
        table = face.table(["Model", "Says", "Error", "Naive", "Held", "Tested on"], range(1, 6))
        for m in found:
            says = words.plain(m.get("final_size")) or ("no end" if m.get("final_size_why") else "-")
            cells = [_part(m.get(key)) for key in ("median_error", "median_error_of_naive", "interval_coverage")]
            face.row(table, [clean(m.get("name")), says, *cells, _count(m.get("tested_on"))])
        face.print(table)
        face.say("Error: median miss on past cascades at this age. Held: its intervals that held the truth.", "dim")


def show_reach(document: Mapping[str, Any], to: Console | None = None) -> None:
    """Seen, and the four estimates with their assumptions; by channel."""
    face = Face(to or console())
    face.say(f"Seen: {words.counted(whole((document.get('measured') or {}).get('people')) or 0, 'person', 'people')}.")
    face.say("A floor: people with a touch of their own in the log.", "dim")
    estimated = document.get("estimated") or {}
    for key, title in REACH.items():
        found = estimated.get(key) or {}
        face.say(f"{title}: {_reached(found)}")
        face.say(clean(found.get("how") or found.get("why")) + ". Assumes: " + clean(found.get("assumes")) + ".", "dim")
    table = face.table(["Channel", "Seen", "Might act", "Could have seen", "Views"], range(1, 5))
    for c in rows(document.get("by_channel")):
        seen = _count((c.get("measured") or {}).get("people"))
        cells = [_reached(c.get(key) or {}) for key in ("might_act", "could_have_seen", "network_totals")]
        face.row(table, [clean(c.get("channel"), 30), seen, *cells])
    face.print(table)


def show_simulate(document: Mapping[str, Any], to: Console | None = None) -> None:
    """Sizes as mean and ends, with the message as it is, worse and better, and by the other model."""
    face = Face(to or console())
    face.say(f"If {clean(', '.join(document.get('from') or []), 200)} shared:")
    table = face.table(["What", "Mean size", "Single outcomes"], range(1, 3))
    cases = [("as messages of this log", document.get("size"))]
    cases += [(f"passed on {words.plain(w.get('message'))} times as often", w.get("size"))
              for w in rows(document.get("what_if"))]  # fmt: skip
    cases.append(("linear threshold", document.get("linear_threshold")))
    for name, size in cases:
        found = size or {}
        face.row(table, [name, words.plain(found.get("value")), _reached(found)])
    face.print(table)
    face.say(clean(document.get("note")), "dim")


def show_seed(document: Mapping[str, Any], to: Console | None = None) -> None:
    """Whom to ask, what each adds, and the same beside top sharers and chance."""
    face = Face(to or console())
    may = document.get("who_may") or {}
    face.say(
        f"{_count(may.get('allowed'))} of {_count(may.get('sharers'))} who passed something on may be asked "
        f"({clean(document.get('purpose'), 20)}); {_count(may.get('never_gave'))} never gave leave, "
        f"{_count(may.get('withdrew_or_left'))} withdrew it or left, {_count(may.get('contacted_enough'))} were "
        "contacted enough."
    )
    found, spread = rows(document.get("people")), words.estimate(document.get("spread"))
    if not spread.known:
        face.say(f"Nobody to ask: {spread.why}.", "bold")
        return
    if may.get("why"):
        face.say(clean(may.get("why")) + ".")
    table = face.table(["Person", "Ask on", "Adds", "Why"], (2,))
    for p in found[:MANY]:
        cells = [
            clean(p.get("person"), 60),
            clean(p.get("channel"), 20),
            words.plain((p.get("gain") or {}).get("value")),
        ]
        face.row(table, [*cells, clean(p.get("why"), 160)])
    face.print(table)
    _rest(face, len(found), "person")
    table = face.table(["Choice", "People reached"], (1,))
    face.row(table, ["these", _cell(spread)])
    for b in rows(document.get("baselines")):
        face.row(table, [clean(b.get("name"), 30), _cell(words.estimate(b.get("spread")))])
    face.print(table)
    certificate = part(document, "certificate", "at_least_of_best")
    face.say(f"At least {_part(certificate)} of the best possible choice on this graph.", "dim")
    for off in rows(document.get("if_chances_are_off")):
        times, loss = words.plain(off.get("chances_times")), _part(off.get("loss"))
        face.say(f"If chances were {times} times as high, a choice made for that would reach {loss} more.", "dim")
    face.say(clean(document.get("note")), "dim")


def show_plan_of_experiment(document: Mapping[str, Any], to: Console | None = None) -> None:
    """The size of an experiment, and what it is worth."""
    face = Face(to or console())
    arms = rows(document.get("arms"))
    each = _count(arms[0].get("people")) if arms else "-"
    face.say(f"{_count(document.get('people_needed'))} people, {each} an arm.", "bold")
    start, goal = words.plain(document.get("from")), words.plain(document.get("to"))
    face.say(f"To tell {start} from {goal} ({clean(document.get('metric'), 20)}): {clean(document.get('why'))}.")
    sized = document.get("clusters")
    if isinstance(sized, Mapping):
        effect = words.plain(sized.get("design_effect"))
        face.say(f"{_count(sized.get('clusters'))} clusters an arm; design effect {effect}. {clean(sized.get('why'))}")
    gain = words.estimate(part(document, "value_of_information", "evsi"))
    currency = clean(part(document, "value_of_information", "currency"), 3)
    face.say(f"Worth about {gain.value} {currency}." if gain.known else f"What it is worth is not known: {gain.why}.")


def show_started(document: Mapping[str, Any], to: Console | None = None) -> None:
    """How many people each arm has."""
    face = Face(to or console())
    face.say(f"{clean(document.get('experiment'), 60)}: {_count(document.get('added'))} people assigned.", "bold")
    table = face.table(["Arm", "People"], (1,))
    for a in rows(document.get("arms")):
        face.row(table, [clean(a.get("arm"), 40), _count(a.get("people"))])
    face.print(table)
    face.say(f"Who is in which arm: {clean(document.get('file'))}", "dim")


def show_experiment(document: Mapping[str, Any], to: Console | None = None) -> None:
    """Each arm, the effect with an interval that holds at every look, and whether it is decided."""
    face = Face(to or console())
    decided = clean(document.get("decided"), 40)
    face.say(f"Decided: {decided}." if decided else "Not decided yet.", "bold")
    face.say(f"{words.sentence(clean(document.get('why')))}")
    table = face.table(["Arm", "Assigned", "Time over", "Events", clean(document.get("metric"), 20)], range(1, 5))
    for a in rows(document.get("arms")):
        counts = [_count(a.get(key)) for key in ("assigned", "people", "events")]
        face.row(table, [clean(a.get("arm"), 40), *counts, _cell(words.estimate(a.get("mean")))])
    face.print(table)
    for e in rows(document.get("effects")):
        found = words.estimate(e.get("difference"))
        said = f"{found.value} ({found.interval})" if found.known else found.why
        face.say(f"{clean(e.get('arm'), 40)} less {clean(e.get('against'), 40)}: {said}")
    for a in rows(part(document, "bandit", "arms")):
        best, later = _part(a.get("probability_best")), _part(a.get("next_part"))
        face.say(f"{clean(a.get('arm'), 40)}: best in {best}; of those to come it gets {later}.")
    if part(document, "sample_ratio", "ok") is False:
        face.say("The arms are not as large as planned. Find out why before you believe the effect.", "bold")


REACH = {
    "might_act": "Might act",
    "two_ways": "Between two ways of seeing",
    "could_have_seen": "Could have seen",
    "network_totals": "Views, in the network's word",
}


def _reached(found: Mapping[str, Any]) -> str:
    """At least so many, between two ends, or a count."""
    low, high, value = (found.get(key) for key in ("low", "high", "value"))
    if low is None:
        return "not known" if value is None else _count(value)
    return f"at least {words.plain(low)}" if high is None else f"{words.plain(low)} to {words.plain(high)}"


def _part(x: Any) -> str:
    return f"{x:.0%}" if isinstance(x, (int, float)) else "-"


def show_people(document: Mapping[str, Any], to: Console | None = None) -> None:
    """The people with the deepest relationship and the most exchanges, one row each."""
    face = Face(to or console())
    found = rows(document.get("people"))
    if not found:
        face.say("Nobody yet. Import a log, and name the brand's handles.")
        return
    found.sort(key=lambda p: (-(whole(p.get("level")) or 0), -(whole(p.get("exchanges")) or 0), str(p.get("person"))))
    more = ["Waits since"] * (face.width >= NARROW) + ["Last seen"] * (face.width >= WIDE)
    table = face.table(["Person", "Came by", "Level", "Exchanges", "Value", *more], range(2, 5))
    for p in found[:MANY]:
        dates = [words.minute(p.get("waiting_since"))[:10] or "no", words.minute(p.get("last"))[:10] or "never"]
        value = words.money(p.get("value")) or "not known"
        cells = [clean(p.get("person"), 60), _came_by(p), _count(p.get("level")), _count(p.get("exchanges")), value]
        face.row(table, [*cells, *dates[: len(more)]])
    face.print(table)
    _rest(face, len(found), "person", "people")


def _came_by(person: Mapping[str, Any]) -> str:
    origin = str(person.get("origin") or "")
    if origin in MARK:
        return f"{MARK[origin]} {origin}"
    return "known before" if person.get("known_before") else "no touch"


def show_import(document: Mapping[str, Any], to: Console | None = None) -> None:
    """What an import read, added and refused, with the reasons."""
    face = Face(to or console())
    read, added, already, refused = (whole(document.get(key)) or 0 for key in ("read", "added", "already", "refused"))
    done = f"{added:,} added, {already:,} already there, {refused:,} refused."
    face.say(f"{words.counted(read, 'row')} read: {done}", "bold")
    reasons = document.get("reasons")
    if isinstance(reasons, Mapping):
        for reason, n in sorted(reasons.items(), key=lambda item: (-(whole(item[1]) or 0), str(item[0]))):
            face.say(f"{_count(n):>8}  {clean(reason)}")
    conflicts = rows(document.get("conflicts"))
    if conflicts:
        differ = "row differs" if len(conflicts) == 1 else "rows differ"
        face.say(f"{len(conflicts):,} {differ} from what is there under the same id; what is there stands.")


def show_refusals(refused: int, listed: object, to: Console | None = None) -> None:
    """Where the refused rows are listed, and what to do with them; nothing if there are none."""
    if not refused:
        return
    face = Face(to or console())
    place = f" The list with reasons is {clean(listed)}." if listed else ""
    were = "row was" if refused == 1 else "rows were"
    face.say(f"{refused:,} {were} refused.{place} Mend the file and import it again: what is in stays once.")


# Drawing


@dataclass(frozen=True, slots=True)
class Face:
    """A console, and what can be shown on it."""

    console: Console

    @property
    def width(self) -> int:
        return max(20, self.console.width)

    def fit(self, text: str) -> str:
        """Text with signs that the console's encoding has, and without control characters."""
        encoding = self.console.encoding or "utf-8"
        out = []
        for c in text:
            if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160):
                continue
            try:
                c.encode(encoding)
            except (UnicodeEncodeError, LookupError):
                out.append(PLAIN.get(c, "?"))
            else:
                out.append(c)
        return "".join(out)

    def text(self, said: str, style: str = "") -> Text:
        return Text(self.fit(said), style=style)

    def say(self, said: str, style: str = "") -> None:
        self.console.print(self.text(said, style))

    def print(self, what: Any) -> None:
        self.console.print(what)

    def indent(self, said: Text, by: int) -> None:
        self.console.print(Padding(said, (0, 0, 0, by), expand=False))

    def title(self, said: str) -> None:
        self.console.print()
        self.say(said, "bold")

    def table(self, head: Sequence[str], right: Iterable[int] = ()) -> Table:
        """A table without lines; the given columns stand to the right."""
        out = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
        numbers = set(right)
        for i, name in enumerate(head):
            out.add_column(self.text(name), justify="right" if i in numbers else "left", overflow="fold")
        return out

    def row(self, table: Table, cells: Sequence[str | Text]) -> None:
        table.add_row(*(cell if isinstance(cell, Text) else self.text(cell) for cell in cells))


def _cell(shown: Shown) -> str:
    """An estimate in a cell: the number, its interval below."""
    if not shown.known:
        return shown.why
    return f"{shown.value}\n{shown.interval}" if shown.interval else shown.value


def _count(x: object) -> str:
    n = whole(x)
    return "not known" if n is None else f"{n:,}"


def _rest(face: Face, n: int, one: str, many: str = "") -> None:
    if n > MANY:
        face.say(f"{n - MANY:,} more {one if n - MANY == 1 else many or one + 's'}: --json has all.", "dim")


# The parts of the answer


def _head(face: Face, document: Mapping[str, Any], answer: Answer) -> None:
    log = document.get("log")
    activities, people = whole(part(log, "activities")), whole(part(log, "people"))
    said = [clean(document.get("brand"), 60), words.span(part(log, "first"), part(log, "last"))]
    if activities is not None:
        said.append(words.counted(activities, "activity", "activities"))
    if people is not None:
        said.append(words.counted(people, "person", "people"))
    line = " · ".join(x for x in said if x)
    if line:
        face.say(line, "dim")
        face.print("")
    face.say(answer.sentence, "bold")


def _bar(face: Face, answer: Answer) -> None:
    """The probability as a bar: conversation from the left, spread from the right, thresholds below."""
    face.print("")
    if answer.of_100 is None:
        counts = [f"{side} {answer.units.get(side, 0):,}" for side in SIDES]
        face.say(f"No probability below ten units on either side. Units so far: {words.listed(counts)}.")
        return
    width = min(face.width, 100)
    left = f"{MARK['conversation']} Conversation ahead: {answer.of_100} of 100"
    right = f"Spread: {100 - answer.of_100} {MARK['spread']}"
    if len(left) + len(right) + 2 > width:
        left = f"{MARK['conversation']} {answer.of_100} of 100"
    gap = " " * max(1, width - len(left) - len(right))
    face.print(face.text(left, STYLE["conversation"]) + face.text(gap) + face.text(right, STYLE["spread"]))
    filled = max(0, min(width - 1, round(width * answer.of_100 / 100)))
    bar = face.text("█" * filled, STYLE["conversation"]) + face.text("┃")
    face.print(bar + face.text("▒" * (width - filled - 1), STYLE["spread"]))
    _thresholds(face, width, answer.limit)


def _thresholds(face: Face, width: int, limit: int) -> None:
    low, high = round(width * (100 - limit) / 100), min(width - 1, round(width * limit / 100))
    middle = " cannot tell yet "
    between = high - low - 1
    ruler = "├" + (middle.center(between, "─") if between > len(middle) else "─" * between) + "┤"
    face.say(" " * low + ruler, "dim")
    below, above = f"below {100 - limit}: spread", f"from {limit}: conversation"
    room = high + 1 - low
    if len(below) + len(above) + 1 <= room:
        face.say(" " * low + below + above.rjust(room - len(below)), "dim")
    else:
        face.say(f"{below}; {above}", "dim")


def _why(face: Face, document: Mapping[str, Any], answer: Answer) -> None:
    face.print("")
    quantity = quantity_of(document)
    for side in SIDES:
        shown = words.estimate(part(document, "verdict", "ratio", side), quantity.unit)
        face.print(face.text(f"{MARK[side]} ", STYLE[side]) + face.text(f"{quantity.label}, {side}: {shown}"))
    for line in answer.why:
        face.indent(face.text(line), 2)
    needs = part(document, "verdict", "needs")
    said = sentences(part(needs, "sentence"))
    if said:
        face.say(f"What would settle it: {' '.join(said)}")
    for key, what in (("unanswered", "had no answer"), ("hidden", "came by shares whose parent is hidden")):
        people = whole(part(document, key, "people"))
        if people and part(document, key, "would_change_answer") is True:
            face.say(f"{words.counted(people, 'person', 'people')} {what}: they decide the answer.", "bold")


def _points(face: Face, document: Mapping[str, Any]) -> None:
    found = groups(document)
    if not found:
        return
    face.title("The difference, point by point")
    width = min(face.width, 110)
    side = max(10, min(26, (width - 4) * 3 // 10))
    stacked = face.width < 50
    for name, lines in found:
        face.print("")
        face.say(name, "dim")
        table = _two_sided(face, side, width)
        missing: dict[str, list[str]] = {}
        for r in lines:
            if r.nothing:
                missing.setdefault(r.nothing, []).append(r.metric)
                continue
            if stacked:
                _stack(face, r)
                continue
            a, b = _side(face, r.conversation, "conversation", r.won), _side(face, r.spread, "spread", r.won)
            table.add_row(a, _middle(face, r.claim if r.first else "", r.metric), b)
        if table.row_count:
            face.print(table)
        for why, metrics in missing.items():
            face.say(f"{words.sentence(why)[:-1]}: {'; '.join(metrics)}.", "dim")
    face.print("")
    signs = f"{MARK['conversation']} or {MARK['spread']} beside a number"
    face.say(f"{signs}: the claim is clearly more true there. No sign: no clear difference.", "dim")


def _stack(face: Face, r: Row) -> None:
    """A point on a narrow terminal: its metric, then a line for each side."""
    face.say(f"{r.claim}: {r.metric}" if r.first else r.metric)
    for side, shown in (("conversation", r.conversation), ("spread", r.spread)):
        mark = f" {MARK[side]}" if r.won == side else ""
        face.indent(face.text(f"{side} {shown}{mark}", STYLE[side]), 2)


def _two_sided(face: Face, side: int, width: int) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_edge=False, header_style="dim", width=width)
    table.add_column(face.text("conversation", STYLE["conversation"]), justify="right", width=side, overflow="fold")
    table.add_column(face.text("claim"), justify="center", overflow="fold")
    table.add_column(face.text("spread", STYLE["spread"]), justify="left", width=side, overflow="fold")
    return table


def _side(face: Face, shown: Shown, side: str, won: str | None) -> Text:
    """One side of a point; its mark stands towards the middle where the claim is clearly more true there."""
    if not shown.known:
        return face.text(shown.why, "dim")
    value = f"{shown.value} {MARK[side]}" if side == "conversation" else f"{MARK[side]} {shown.value}"
    found = face.text(value if won == side else shown.value, f"bold {STYLE[side]}")
    return found + face.text(f"\n{shown.interval}", "dim") if shown.interval else found


def _middle(face: Face, claim: str, metric: str) -> Text:
    return face.text(f"{claim}\n", "bold") + face.text(metric) if claim else face.text(metric)


LINES = (
    ("Came back, days 30 to 59", "retained_30", "fraction"),
    ("Came back, days 90 to 119", "retained_90", "fraction"),
    ("Exchanges per person", "exchanges_per_person", ""),
    ("Opt-outs per 1,000 people", "opt_outs_per_person", "per mille"),
    ("Value", "value", "money"),
    ("Value per person", "value_per_person", "money"),
    ("Value per effort", "value_per_effort", "money"),
)


def _modes(face: Face, document: Mapping[str, Any]) -> None:
    if not isinstance(document.get("modes"), Mapping):
        return
    face.title("The four ways")
    for modes in (MODES,) if face.width >= NARROW else (MODES[:2], MODES[2:]):
        table = face.table(["", *(f"{MARK[mode]} {mode}" for mode in modes)])
        people = [_count(part(document, "modes", mode, "people")) for mode in modes]
        face.row(table, ["People", *people])
        for name, key, unit in LINES:
            found = [words.estimate(part(document, "modes", m, key), unit, currency_of(document)) for m in modes]
            face.row(table, [name, *(_cell(x) for x in found)])
        spent = [effort(document, part(document, "modes", mode, "effort")) or "none recorded" for mode in modes]
        face.row(table, ["Effort", *spent])
        face.print(table)


def _credit(face: Face, document: Mapping[str, Any]) -> None:
    given = part(document, "credit")
    found = {rule: part(given, rule) for rule in RULES if isinstance(part(given, rule), Mapping)}
    if not found:
        return
    face.title("Value under each rule of credit")
    level = currency_of(document)
    for modes in (MODES,) if face.width >= NARROW else (MODES[:2], MODES[2:]):
        table = face.table(["Rule", *modes], right=range(1, 5))
        for rule, by_mode in found.items():
            amounts = [words.money(part(by_mode, mode), level) or "not known" for mode in modes]
            face.row(table, [RULES[rule].split(" (")[0], *amounts])
        face.print(table)
    note = clean(document.get("credit_note"))
    if note:
        face.say(note, "dim")


def _plan(face: Face, document: Mapping[str, Any]) -> None:
    found = rows(document.get("plan"))
    if not found:
        return
    face.title("What next")
    for i, step in enumerate(found[:TOP], 1):
        mode = str(step.get("mode") or "")
        mark = f"{MARK[mode]} " if mode in MARK else ""
        unit = clean(step.get("effect_unit"), 60)
        shown = words.estimate(step.get("effect"), unit, currency_of(document))
        after = f" {unit}" if shown.known and not words.unit_of(unit).before and not words.unit_of(unit).after else ""
        title = clean(step.get("title"), 200) or clean(step.get("action"), 40)
        face.print(face.text(f"{i}. ") + face.text(mark, STYLE.get(mode, "")) + face.text(title, "bold"))
        why = words.sentence(clean(step.get("why")))
        face.indent(face.text(f"{why} Effect: {shown}{after}.".strip()), 3)
    if len(found) > TOP:
        face.say(f"{len(found) - TOP} more in the report.", "dim")


POORLY = 0.9
"""Where less than this part of shares or replies is seen, that is said."""


def _coverage(face: Face, document: Mapping[str, Any]) -> None:
    said = [f"{clean(c.get('channel'), 40)}: {line}" for c in rows(document.get("coverage")) for line in _blind(c)]
    said += sentences(document.get("notes"))
    known = whole(document.get("known_before"))
    if known:
        said.append(f"{words.counted(known, 'person was', 'people were')} known before and stand on no side.")
    if not said:
        return
    face.title("What the log cannot see")
    for line in said:
        face.indent(face.text(line), 2)


def _blind(channel: Mapping[str, Any]) -> list[str]:
    """What a channel does not show: its notes, else parts that are too small."""
    notes = sentences(channel.get("notes"))
    if notes:
        return notes
    out = []
    for key, what in (("parents", "who brought a share"), ("replies", "what a reply answers")):
        given = channel.get(key)
        seen = number(part(given, "value") if isinstance(given, Mapping) else given)
        if seen is not None and seen < POORLY:
            out.append(f"{what} is seen for {words.percent(seen)} only.")
    return out
