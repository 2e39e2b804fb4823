"""The log: its people, and what an import brought or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from hubbub.report import words
from hubbub.report.reading import rows, whole
from hubbub.report.words import clean
from hubbub.terminal.face import MANY, MARK, NARROW, WIDE, Face, console, count, rest


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
        cells = [clean(p.get("person"), 60), _came_by(p), count(p.get("level")), count(p.get("exchanges")), value]
        face.row(table, [*cells, *dates[: len(more)]])
    face.print(table)
    rest(face, len(found), "person", "people")


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
            face.say(f"{count(n):>8}  {clean(reason)}")
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
