"""Charts of the answer: the probability bar, the hundred draws, the rules of credit against the thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from hubbub.report import words
from hubbub.report.grid import Cell, Grid, Picture
from hubbub.report.reading import RULES, Answer, Quantity, hundredths, numbers, part, quantity_of
from hubbub.report.svg import at, bar, chart, circle, diamond, el, line, side_mark, steps, text
from hubbub.report.words import number


def probability(answer: Answer) -> Markup:
    """The probability bar with its thresholds; nothing where no number is given."""
    if answer.of_100 is None:
        return Markup()
    n, high = float(answer.of_100), float(answer.limit)
    low = 100 - high
    return chart(
        88,
        f"Probability bar. {answer.label}",
        text(0, 12, f"Conversation ahead: {answer.of_100} of 100", "lc"),
        text(100, 12, f"Spread: {100 - answer.of_100}", "ls", "end"),
        bar(0, n, "fc"),
        bar(n, 100, "fs"),
        bar(n, 100, "hatched"),
        line(n, n, 17, 45, "si", stroke_width=3),
        line(low, high, 64, 64, "ax0"),
        line(low, low, 59, 69, "ax0"),
        line(high, high, 59, 69, "ax0"),
        text(50, 59, "cannot tell yet", "", "middle"),
        text(low, 84, f"below {low:.0f}: spread"),
        text(high, 84, f"from {high:.0f}: conversation", "", "end"),
    )


def draws(document: Mapping[str, Any]) -> Picture:
    """The hundred draws, one dot each, conversation to the left."""
    found = numbers(part(document, "verdict", "draw_quantiles"))
    if not found or not any(found):
        return Picture(why="There are no draws to show.")
    quantity = quantity_of(document)
    reach = _reach(found)
    left = sum(1 for x in found if x > 0)
    right = sum(1 for x in found if x < 0)
    far = sum(1 for x in found if abs(x) > reach)
    columns = 40
    piles: dict[int, list[float]] = {}
    for x in sorted(found, key=abs, reverse=True):
        place = (1 - max(-1.0, min(1.0, x / reach))) / 2 * columns
        column = min(columns - 1, max(0, int(place)))
        # A draw on one side never stands in the other side's half.
        column = min(column, columns // 2 - 1) if x > 0 else max(column, columns // 2) if x < 0 else column
        piles.setdefault(column, []).append(x)
    tallest = max(len(pile) for pile in piles.values())
    gap = 9.2 if tallest <= 13 else 120 / tallest
    dots = []
    for column, pile in sorted(piles.items()):
        for i, x in enumerate(pile):
            px, py = (column + 0.5) * 100 / columns, 140 - i * gap
            dots.append(circle(px, py, 4, "fc") if x >= 0 else diamond(px, py, 4.4, "fs"))
    label = (
        f"{_count_words(len(found))}, one for each hundredth of the draws, by how far one side is ahead. "
        f"{left} lie on the side of conversation, {right} on the side of spread."
    )
    svg = chart(182, label, *dots, *_draw_axis(reach, quantity))
    shown = [(f"{p}th", _ahead(found, p, quantity)) for p in (5, 25, 50, 75, 95)]
    grid = Grid("Conversation minus spread, by percentile of the draws", ("Percentile", quantity.axis), list(shown))
    beyond = f"{words.counted(far, 'draw')} further out at the edge." if far else ""
    return Picture(svg, grid, note=beyond)


def _count_words(n: int) -> str:
    return "One hundred dots" if n == 100 else f"{n} dots"


def _reach(found: list[float]) -> float:
    """Half the width of the axis: all draws, or where tails are heavy three times the 80th percentile."""
    sizes = sorted(abs(x) for x in found)
    middle = sizes[int(0.8 * (len(sizes) - 1))]
    return min(sizes[-1], 3 * middle) if middle > 0 else sizes[-1]


def _ahead(found: list[float], percentile: int, quantity: Quantity) -> str:
    ordered = sorted(found)
    x = ordered[min(len(ordered) - 1, int(percentile / 100 * len(ordered)))]
    return _amount(x, quantity)


def _amount(x: float, quantity: Quantity) -> str:
    return words.money(x, quantity.unit) if quantity.unit else words.plain(x)


def _draw_axis(reach: float, quantity: Quantity) -> list[Markup]:
    out = [line(0, 100, 146, 146, "ax0"), line(50, 50, 0, 146, "ax0 dash")]
    for step in steps(0.98 * reach, 3):
        for x in {50 - 50 * step / reach, 50 + 50 * step / reach}:
            out.append(line(x, x, 146, 151, "ax0"))
            out.append(text(x, 164, _amount(step, quantity) if step else "0", "", "middle" if 5 < x < 95 else _edge(x)))
    out.append(text(0, 12, "‹ conversation ahead", "lc"))
    out.append(text(100, 12, "spread ahead ›", "ls", "end"))
    out.append(text(50, 180, quantity.axis, "", "middle"))
    return out


def _edge(x: float) -> str:
    return "start" if x < 50 else "end"


def rules(document: Mapping[str, Any], answer: Answer) -> Picture:
    """The probability under each rule of credit as a dot against the thresholds."""
    given = part(document, "verdict", "rules")
    level = number(document.get("level")) or 0.9
    found = {rule: number(part(given, rule)) for rule in RULES}
    known = {rule: hundredths(p, level) for rule, p in found.items() if p is not None}
    if not known:
        return Picture(why="The quantity does not depend on a rule of credit.")
    low, high = 100 - answer.limit, answer.limit
    out: list[Markup] = [text(_rule_x(x), 12, str(x), "", "middle") for x in (low, 50, high)]
    out += [line(_rule_x(x), _rule_x(x), 20, 20 + 23 * len(RULES), "ax" if x != 50 else "ax0") for x in (low, 50, high)]
    for i, (rule, name) in enumerate(RULES.items()):
        out.extend(_rule_row(name, known.get(rule), 32 + 23 * i, rule == "linear"))
    others = [n for rule, n in known.items() if rule not in {"linear", "markov"}] or list(known.values())
    label = f"Probability that conversation is ahead, of 100, under {len(known)} rules of credit: " + words.listed(
        [f"{RULES[rule].split(' (')[0].lower()} {n}" for rule, n in known.items()]
    )
    grid = Grid("Draws of 100 in which conversation is ahead", ("Rule", "Of 100"), _rule_cells(known))
    return Picture(chart(24 + 23 * len(RULES), label + ".", *out), grid, note=_rule_note(others, low, high))


def _rule_x(of_100: float) -> float:
    return 32 + 0.64 * of_100


def _rule_row(name: str, n: int | None, y: float, decides: bool) -> list[Markup]:
    out = [text(0, y + 4, name, "lab" if decides else "")]
    if n is None:
        return [*out, text(_rule_x(50) + 2, y + 4, "not measurable", "halo")]
    x = _rule_x(n)
    side = "conversation" if n >= 50 else "spread"
    out.append(line(_rule_x(50), x, y, y, f"{'sc' if n >= 50 else 'ss'} stem"))
    out.append(side_mark(side, x, y, 5))
    before = n < 50
    out.append(
        at(
            x,
            y,
            el(
                "text",
                str(n),
                x=-10 if before else 10,
                y=4,
                text_anchor="end" if before else "start",
                class_="lab halo",
            ),
        )
    )
    return out


def _rule_cells(known: Mapping[str, int]) -> list[tuple[Cell, ...]]:
    return [(name, str(known[rule]) if rule in known else "not measurable") for rule, name in RULES.items()]


def _rule_note(found: list[int], low: int, high: int) -> str:
    lowest, highest = min(found), max(found)
    if lowest >= high or highest <= low:
        return "Not for the answer: every rule gives the same."
    if lowest >= 50 or highest <= 50:
        side = "below" if lowest >= 50 else "above"
        return f"Not for who is ahead: no rule puts conversation {side} 50. They run from {lowest} to {highest}."
    return f"Yes: from {lowest} to {highest}, so who is ahead depends on how value is divided."
