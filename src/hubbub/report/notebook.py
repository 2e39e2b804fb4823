"""The answer as a small card for notebooks: the verdict, its bar and the modes, with a style of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.report.page import modes, templates
from hubbub.report.reading import answer_of
from hubbub.report.words import clean


def render(document: Mapping[str, Any]) -> str:
    """The card of `hubbub.report.card`; several on one page do not disturb each other."""
    answer = answer_of(document)
    return (
        templates()
        .get_template("card.html")
        .render(
            answer=answer,
            conversation=answer.of_100,
            spread=None if answer.of_100 is None else 100 - answer.of_100,
            why=clean(answer.why[0]) if answer.why else "",
            modes=modes(document),
        )
    )
