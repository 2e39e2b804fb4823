"""The commands that answer: compare, people, the report, the demo, and the version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubbub.cli.options import (
    Brand,
    Channel,
    Currency,
    Encoding,
    Folder,
    Format,
    Json,
    Level,
    Logs,
    Seed,
    Tz,
    Window,
)
from hubbub.cli.out import Bar, give, print_json, say, say_refused, working, write_report
from hubbub.cli.source import open_log
from hubbub.errors import HubbubError

if TYPE_CHECKING:
    from hubbub.library import Log


def compare(
    logs: Logs = None,
    brand: Brand = None,
    window_days: Window = 30.0,
    level: Level = 0.9,
    seed: Seed = 0,
    currency: Currency = None,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    engine: Annotated[str, typer.Option("--engine", help="local, or spark when the log outgrows a machine.")] = "local",
    tables: Annotated[Path | None, typer.Option("--tables", help="Also write both tables as Parquet there.")] = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Answer: conversation or spread, what is the difference here, what next."""
    from hubbub.terminal import show_compare

    log = open_log(logs, brand, currency, tz, encoding, format, channel, workspace, engine)
    with working("comparing"):
        answer = log.compare(level=level, window_days=window_days, seed=seed)
    if tables is not None:
        _write_tables(log, tables, window_days)
    give(answer.document, show_compare, json)
    say_refused(log.refused, log.refusals)


def _write_tables(log: Log, folder: Path, window_days: float) -> None:
    import pyarrow.parquet as pq

    found = log.tables(window_days)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(found.people, folder / "people.parquet", compression="zstd")
        pq.write_table(found.cascades, folder / "cascades.parquet", compression="zstd")
    except OSError as error:
        raise HubbubError(f"{folder} cannot be written: {error.strerror}") from error


def people(
    logs: Logs = None,
    brand: Brand = None,
    currency: Currency = None,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """List the people: where they came from, what lasted, what they were worth."""
    from hubbub.terminal import show_people

    log = open_log(logs, brand, currency, tz, encoding, format, channel, workspace)
    with working("reading people"):
        found = log.people()
    give({"people": found.rows}, show_people, json)
    say_refused(log.refused, log.refusals)


def report(
    logs: Logs = None,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE.html", help="Where the report goes.")] = Path(
        "report.html"
    ),
    brand: Brand = None,
    window_days: Window = 30.0,
    level: Level = 0.9,
    seed: Seed = 0,
    currency: Currency = None,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Write the answer as one HTML file that opens without a network."""
    log = open_log(logs, brand, currency, tz, encoding, format, channel, workspace)
    with working("comparing"):
        answer = log.compare(level=level, window_days=window_days, seed=seed)
    write_report(answer, out)
    if json:
        print_json({"file": str(out)})
    else:
        say(f"The report is {out}")
    say_refused(log.refused, log.refusals)


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo goes.")] = Path("hubbub-demo"),
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the workbench, once there is one.")] = True,
    rows: Annotated[
        int, typer.Option("--rows", help="How many activities, about.", min=2_000, max=5_000_000)
    ] = 200_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """The whole tour on an invented brand: import, compare, report."""
    from hubbub import taking
    from hubbub.terminal import show_compare

    note = taking.demo_note()
    if not json:
        typer.echo(note)
    with Bar("importing the demo brand") as bar:
        log = taking.demo_workspace(folder, rows=rows, seed=seed, progress=bar.update)
    with working("comparing"):
        answer = log.compare(seed=seed)
    write_report(answer, folder / "report.html")
    give(answer.document, show_compare, json)
    say(f"The report is {folder / 'report.html'}; the workspace is {folder / 'workspace'}")


def version(
    warm: Annotated[
        bool, typer.Option("--warm", help="Also compile the kernels, so that the next command need not.")
    ] = False,
) -> None:
    """Print the version."""
    import hubbub

    if warm:
        from hubbub import taking

        taking.warm()
    typer.echo(f"hubbub {hubbub.__version__}")
