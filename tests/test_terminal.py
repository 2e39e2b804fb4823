"""The terminal face: the answer fits 80 columns, narrower ones too, without colour and without Unicode."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hubbub import terminal

DOCS = Path(__file__).resolve().parents[1] / "docs"


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / f"{name}.example.json").read_text("utf-8"))
    return found


def shown(what: str, document: dict[str, Any], width: int = 80, encoding: str = "utf-8", colour: bool = False) -> str:
    """What a face prints on a terminal of that width and encoding."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    system = "truecolor" if colour else None
    to = Console(file=file, width=width, color_system=system, force_terminal=colour, emoji=False, highlight=False)
    getattr(terminal, f"show_{what}")(document, to)
    file.flush()
    return raw.getvalue().decode(encoding)


def cells(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@pytest.mark.parametrize("width", [30, 60, 80, 120])
@pytest.mark.parametrize("what", ["compare", "cascades", "people"])
def test_nothing_is_wider_than_the_terminal(what: str, width: int) -> None:
    text = shown(what, example(what), width)
    assert max(cells(line) for line in text.split("\n")) <= width


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1251", "utf-8"])
@pytest.mark.parametrize("what", ["compare", "cascades", "people"])
def test_every_encoding_can_show_it(what: str, encoding: str) -> None:
    assert shown(what, example(what), encoding=encoding)


def test_the_answer_comes_first_and_the_bar_reads_without_colour() -> None:
    lines = shown("compare", example("compare")).split("\n")
    text = "\n".join(lines[:14])
    assert example("compare")["verdict"]["sentence"] in text
    assert "● Conversation ahead: 83 of 100" in text
    assert "Spread: 17 ◆" in text
    bar = next(line for line in lines if "█" in line)
    assert (bar.count("█"), bar.count("▒"), len(bar)) == (66, 13, 80)
    ruler = next(line for line in lines if "cannot tell yet" in line and "├" in line)
    assert (ruler.index("├"), ruler.index("┤")) == (8, 72)


def test_in_ascii_the_two_sides_still_differ() -> None:
    text = shown("compare", example("compare"), encoding="ascii")
    assert "=" * 66 + "|" + "/" * 13 in text
    assert "EUR 56, EUR 49 to EUR 63" in text


def test_points_have_intervals_and_signs_of_their_side() -> None:
    text = shown("compare", example("compare"))
    row = next(line for line in text.split("\n") if "Takes part in a dialogue" in line)
    assert re.search(r"3\.4 ●\s+Takes part in a dialogue\s+0\.12", row)
    assert re.search(r"Raises awareness\s+◆ 10", text)
    assert "3.1 to 3.7" in text
    assert "Not yet measured: needs named" in text


def test_colour_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in shown("compare", example("compare"))
    assert "38;5;208" in shown("compare", example("compare"), colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[\d;]*3[0-9]", shown("compare", example("compare"), colour=True))


def test_the_plan_has_five_steps_and_says_that_there_are_more() -> None:
    text = shown("compare", example("compare"))
    assert "5. " in text
    assert "6. " not in text
    assert "1 more in the report." in text


def test_what_the_log_cannot_see_is_said() -> None:
    assert "facebook: 34 of 80 shares name only the root" in shown("compare", example("compare"), 120)


@pytest.mark.parametrize("document", [{}, {"verdict": None}, {"points": [None, {}], "plan": [{}], "modes": {}}])
def test_documents_with_nothing_in_them(document: dict[str, Any]) -> None:
    text = shown("compare", document)
    assert "Too little to compare yet." in text
    assert "None" not in text
    assert "nan" not in text
    assert shown("cascades", document).startswith("Nothing was passed on yet.")
    assert shown("people", document).startswith("Nobody yet.")


def test_control_sequences_from_outside_do_not_reach_the_terminal() -> None:
    document = example("compare")
    document["brand"] = "\x1b[2J\x1b]0;owned\x07Brand [bold]"
    document["verdict"]["sentence"] = "a\x9b31mb"
    for campaign in document["plan"]:
        campaign["title"] = "\x1b[31mtitle[/red]"
    text = shown("compare", document)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "Brand [bold]" in text


def test_cascades_say_what_they_do_not_know() -> None:
    document = example("cascades")
    text = shown("cascades", document)
    assert "not seen" in text
    assert "still running" in text
    assert f"{len(document['cascades']) - 20} more cascades: --json has all." in text
    assert "Reproduction that is not known" in text


def test_an_inferred_shape_is_marked_and_no_interval() -> None:
    document = example("cascades")
    row = document["cascades"][0]
    row |= {"depth": None, "structural_virality": None, "hidden": 40}
    ends = {"median": 4.9, "lowest": 4.52, "highest": 5.31}
    row["shape_inferred"] = {"depth": {"median": 6, "lowest": 6, "highest": 6}, "structural_virality": ends}
    text = " ".join(shown("cascades", document, 120).split())
    assert "inferred 6" in text
    assert "inferred 4.52 to 5.31" in text
    assert "a sensitivity range, not an interval" in text
    assert all(cells(line) <= 60 for line in shown("cascades", document, 60).split("\n"))
    document["cascades"] = [c for c in document["cascades"] if not c.get("shape_inferred")]
    assert "sensitivity" not in shown("cascades", document)


def test_people_are_ordered_by_depth_not_by_name() -> None:
    text = shown("people", example("people"))
    assert text.index("Ines K.") < text.index("oskar.l") < text.index("n-0417")


def test_an_import_counts_what_it_did_and_why_rows_were_refused() -> None:
    done = {
        "read": 1204, "added": 1180, "already": 6, "refused": 18, "refusals": "refused.jsonl",
        "reasons": {"time has no zone": 17, "type is unknown": 1}, "conflicts": [{"channel": "x", "id": "1"}],
    }  # fmt: skip
    text = shown("import", done)
    assert text.startswith("1,204 rows read: 1,180 added, 6 already there, 18 refused.")
    assert text.index("17  time has no zone") < text.index("1  type is unknown")
    assert "1 row differs" in text


def test_refusals_say_where_they_are_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show_refusals(0, None)
    assert capsys.readouterr().out == ""
    terminal.show_refusals(2, "refused.jsonl", terminal.console(width=200))
    said = capsys.readouterr().out
    assert said.startswith("2 rows were refused. The list with reasons is refused.jsonl.")
