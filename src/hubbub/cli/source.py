"""The log that a command reads, and what its options say of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hubbub.cli.out import Bar, say
from hubbub.errors import HubbubError

if TYPE_CHECKING:
    from hubbub.library import Log


def open_log(
    logs: list[Path] | None,
    brand: list[str] | None,
    currency: str | None,
    tz: str | None,
    encoding: str | None,
    format: str | None,
    channel: str | None,
    workspace: Path,
    engine: str = "local",
) -> Log:
    """The log that a command reads: the files named, else the workspace."""
    if engine not in ("local", "spark"):
        say(f'There is no engine "{engine}"; choose local or spark.')
        raise typer.Exit(2)
    from hubbub import taking

    with Bar("reading") as bar:
        log = taking.opened(
            logs or [], brand=brand or [], currency=currency, tz=tz, encoding=encoding, format=format, channel=channel,
            workspace=workspace, progress=bar.update,
        )  # fmt: skip
    if engine == "spark":
        from hubbub.spark import measure

        log.engine = measure
    return log


def moment_of(text: str | None) -> datetime | None:
    """A time on the command line, ISO 8601 with its offset."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise HubbubError(f'"{text}" is no time; write it as 2026-01-31T12:00:00Z.')
    return moment
