"""What a command says: progress and messages on standard error, its result on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hubbub.errors import HubbubError

if TYPE_CHECKING:
    from hubbub.library import Answer, Progress


def say(message: str) -> None:
    """A line on standard error."""
    print(message, file=sys.stderr)


def print_json(document: dict[str, Any]) -> None:
    """A document on standard output."""
    import json

    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def give(document: dict[str, Any], show: Callable[[Mapping[str, Any]], None], json: bool) -> None:
    """The result on standard output: as JSON, or shown by a face of `hubbub.terminal`."""
    if json:
        print_json(document)
    else:
        show(document)


def say_refused(refused: int, listed: Path | None) -> None:
    """How many rows were refused and where they are listed; any makes the status 1."""
    if refused:
        say(f"{refused:,} rows were refused; the list with reasons is {listed}")
        raise typer.Exit(1)


def write_report(answer: Answer, out: Path) -> None:
    """The report to a file. raises : HubbubError if it cannot be written"""
    from datetime import UTC, datetime

    from hubbub.report import html

    page = html(answer.document, answer.tables.cascades, answer.spread(), made=datetime.now(UTC))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise HubbubError(f"{out} cannot be written: {error.strerror}") from error


class Bar:
    """Progress on standard error where that is a terminal, else nothing."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> Bar:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
            self._progress.start()
            self._task = self._progress.add_task(self._what, total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    @property
    def update(self) -> Progress | None:
        if self._progress is None:
            return None
        return lambda done, total: self._progress.update(self._task, completed=done, total=total)


def working(what: str) -> Any:
    """A spinner on standard error where that is a terminal; says so when kernels must be compiled first."""
    from contextlib import nullcontext

    from hubbub.kernel import compiled

    first = "" if compiled() else " (compiling kernels, once after an install; about half a minute)"
    if not sys.stderr.isatty():
        if first:
            say(f"{what}{first}")
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(what + first)
