"""The one-file HTML report, the notebook card and the charts: faces that show the answer and compute nothing."""

from __future__ import annotations

import importlib
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["card", "charts", "html"]


def html(
    document: dict[str, Any],
    cascades: pa.Table | None,
    spread: dict[str, Any] | None = None,
    *,
    title: str | None = None,
    made: datetime,
) -> str:
    """The report as one HTML file that needs no network: the same inputs give the same bytes.

    document : the compare document of docs/documents.md; whatever it lacks stands with its reason
    cascades : table of `hubbub.tables.CASCADES`, for the trees; None leaves them out
    spread : the spread document, for sizes of tries, growth, forecasts and references; what is not in it is said
    title : stands in the head line; else "Report" and the day it was made
    made : when, aware or UTC
    """
    from hubbub.report.page import render

    return render(document, cascades, spread or {}, title=title, made=made)


def card(document: dict[str, Any]) -> str:
    """A small piece of HTML for notebooks: the verdict, its bar and the modes, with a style of its own."""
    from hubbub.report.notebook import render

    return render(document)


def __getattr__(name: str) -> ModuleType:
    if name == "charts":
        return importlib.import_module("hubbub.report.charts")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
