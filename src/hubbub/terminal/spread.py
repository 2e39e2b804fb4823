"""The spread side: cascades, a forecast, reach, a simulation, whom to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from hubbub.report import words
from hubbub.report.reading import part, rows, whole
from hubbub.report.words import clean
from hubbub.terminal.face import MANY, NARROW, Face, cell, console, count, percent, rest

REACH = {
    "might_act": "Might act",
    "two_ways": "Between two ways of seeing",
    "could_have_seen": "Could have seen",
    "network_totals": "Views, in the network's word",
}


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
        deep = (_inferred(c, "depth") or "not seen") if c.get("depth") is None else count(c.get("depth"))
        said = cell(grows) if grows.known else "not known"
        cells = [f"{clean(c.get('campaign'), 60) or 'no campaign'}\n{name}", count(c.get("size")), deep, shape, said]
        face.row(table, [*cells, half] if wide else cells)
    face.print(table)
    rest(face, len(found), "cascade")
    if unknown:
        face.say(unknown, "dim")
    hidden = sum(whole(c.get("hidden")) or 0 for c in found)
    if hidden:
        face.say(f"{words.counted(hidden, 'share')} hide who brought them: the shape there is not seen.", "dim")
    guessed = [c["shape_inferred"] for c in found[:MANY] if isinstance(c.get("shape_inferred"), Mapping)]
    if any(shape.get("by") == "following" for shape in guessed):
        face.say("Inferred from who follows whom: 5 and 95 % points of a hundred drawings of the parents.", "dim")
    if any(shape.get("by") != "following" for shape in guessed):
        face.say("Inferred: lowest and highest of ten guesses, a sensitivity range, not an interval.", "dim")


def _inferred(cascade: Mapping[str, Any], name: str) -> str:
    """The range of a shape that is inferred, marked so; empty where nothing is."""
    inferred = cascade.get("shape_inferred")
    if not isinstance(inferred, Mapping):
        return ""
    ends = inferred.get(name)
    if not isinstance(ends, Mapping):
        return ""
    pair = ("low", "high") if inferred.get("by") == "following" else ("lowest", "highest")
    low, high = (words.plain(ends.get(end)) for end in pair)
    return f"inferred {low}" if low == high else f"inferred {low} to {high}"


def show_forecast(document: Mapping[str, Any], to: Console | None = None) -> None:
    """Final size or why there is none, reproduction, and every model with its error on the past."""
    face = Face(to or console())
    name = f"{clean(document.get('channel'), 20)}:{clean(document.get('root'), 60)}"
    final, grows = words.estimate(document.get("final_size")), words.estimate(document.get("reproduction"))
    seen = count(document.get("size_now"))
    face.say(f"{name}, {words.hours(document.get('age_hours'))} old at {clean(document.get('now'))}: {seen} so far.")
    face.say(f"Final size: {cell(final)}." if final.known else f"Final size: cannot tell. {final.why}", "bold")
    face.say(f"Each share brings: {cell(grows)}." if grows.known else f"Reproduction is not known: {grows.why}.")
    found = rows(document.get("models"))
    if found:
        table = face.table(["Model", "Says", "Error", "Naive", "Held", "Tested on"], range(1, 6))
        for m in found:
            says = words.plain(m.get("final_size")) or ("no end" if m.get("final_size_why") else "-")
            cells = [percent(m.get(key)) for key in ("median_error", "median_error_of_naive", "interval_coverage")]
            face.row(table, [clean(m.get("name")), says, *cells, count(m.get("tested_on"))])
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
        seen = count((c.get("measured") or {}).get("people"))
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
    cases += [
        (f"instead, from as many: {clean(w.get('name'), 20)}", w.get("size")) for w in rows(document.get("instead"))
    ]
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
        f"{count(may.get('allowed'))} of {count(may.get('sharers'))} who passed something on may be asked "
        f"({clean(document.get('purpose'), 20)}); {count(may.get('never_gave'))} never gave leave, "
        f"{count(may.get('withdrew_or_left'))} withdrew it or left, {count(may.get('contacted_enough'))} were "
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
    rest(face, len(found), "person")
    table = face.table(["Choice", "People reached"], (1,))
    face.row(table, ["these", cell(spread)])
    for b in rows(document.get("baselines")):
        face.row(table, [clean(b.get("name"), 30), cell(words.estimate(b.get("spread")))])
    face.print(table)
    certificate = part(document, "certificate", "at_least_of_best")
    face.say(f"At least {percent(certificate)} of the best possible choice on this graph.", "dim")
    for off in rows(document.get("if_chances_are_off")):
        times, loss = words.plain(off.get("chances_times")), percent(off.get("loss"))
        face.say(f"If chances were {times} times as high, a choice made for that would reach {loss} more.", "dim")
    face.say(clean(document.get("note")), "dim")


def _reached(found: Mapping[str, Any]) -> str:
    """At least so many, between two ends, or a count."""
    low, high, value = (found.get(key) for key in ("low", "high", "value"))
    if low is None:
        return "not known" if value is None else count(value)
    return f"at least {words.plain(low)}" if high is None else f"{words.plain(low)} to {words.plain(high)}"
