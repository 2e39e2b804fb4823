"""The options that several commands have, each with its one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Logs = Annotated[list[Path] | None, typer.Argument(metavar="[LOG]...", help="Files or folders; none: the workspace.")]
Brand = Annotated[
    list[str] | None, typer.Option("--brand", metavar="[CHANNEL:]HANDLE", help="A handle of yours, or @FILE.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Tz = Annotated[str | None, typer.Option("--tz", metavar="ZONE", help="The zone of times without an offset.")]
Encoding = Annotated[str | None, typer.Option("--encoding", help="How the text is encoded, if not UTF-8.")]
Format = Annotated[str | None, typer.Option("--format", help="csv, jsonl, parquet or as2; else from the file.")]
Channel = Annotated[str | None, typer.Option("--channel", help="The channel of rows that name none.")]
Currency = Annotated[str | None, typer.Option("--currency", help="Which values count, where there are several.")]
Window = Annotated[float, typer.Option("--window-days", help="How far back a conversion looks.", min=0.0, max=3650.0)]
Level = Annotated[float, typer.Option("--level", help="Of the intervals.", min=0.5, max=0.999)]
Seed = Annotated[int, typer.Option("--seed", help="Fixes all randomness.", min=0)]
Folder = Annotated[Path, typer.Option("--workspace", "-w", help="The workspace, if not here.")]
Arms = Annotated[list[str] | None, typer.Option("--arm", help="An arm, the first is held against; repeatable.")]
