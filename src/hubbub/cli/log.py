"""The commands about the log: a workspace, what goes in, what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubbub.cli.options import Channel, Encoding, Folder, Format, Json, Tz
from hubbub.cli.out import Bar, give, print_json, say, say_refused, working


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("."),
    name: Annotated[str, typer.Option("--name", help="The brand's name.")] = "",
    json: Json = False,
) -> None:
    """Make a new workspace."""
    from hubbub.log.workspace import SETTINGS, Workspace

    made = Workspace.create(folder, name)
    if json:
        print_json({"workspace": str(made.folder.resolve())})
    else:
        say(f"The workspace is ready. Name your handles in {made.folder / SETTINGS}, then: hubbub import FILE")


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Exports, logs, people.csv, effort.csv, ...")],
    channel: Channel = None,
    format: Format = None,
    tz: Tz = None,
    encoding: Encoding = None,
    covers_from: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="The export covers from then.")
    ] = None,
    covers_until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="The export covers until then.")
    ] = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Take exports and logs into the workspace; the same import twice changes nothing."""
    from hubbub import taking
    from hubbub.terminal import show_import

    with Bar("reading") as bar:
        done = taking.into_workspace(
            workspace, files, channel=channel, format=format, tz=tz, encoding=encoding,
            covers=(covers_from, covers_until), progress=bar.update,
        )  # fmt: skip
    give(taking.document(done), show_import, json)
    say_refused(done.refused, done.refusals)


def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", help=".csv, .jsonl, .parquet or .as2.jsonl")],
    format: Format = None,
    safe: Annotated[bool, typer.Option("--safe", help="CSV cells that a spreadsheet would run are quoted.")] = False,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Write the whole log of the workspace to a file."""
    from hubbub import taking

    with working("writing"):
        files = taking.out_of_workspace(workspace, out, format=format, safe=safe)
    if json:
        print_json({"files": [str(f) for f in files]})
    else:
        say("Written: " + ", ".join(str(f) for f in files))
