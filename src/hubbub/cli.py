"""The commands: messages go to standard error, the result, or one JSON document, to standard output."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from hubbub.errors import HubbubError

if TYPE_CHECKING:
    from hubbub.library import Log, Progress

app = typer.Typer(
    name="hubbub",
    help="Conversation or spread: the difference here, which is more important here, what next.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

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
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="The export covers from then.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="The export covers until then.")]
Out = Annotated[Path, typer.Option("-o", "--out", metavar="FILE.html", help="Where the report goes.")]
Rows = Annotated[int, typer.Option("--rows", help="How many activities, about.", min=2_000, max=5_000_000)]
Warm = Annotated[bool, typer.Option("--warm", help="Also compile the kernels, so that the next command need not.")]
Folder = Annotated[Path, typer.Option("--workspace", "-w", help="The workspace, if not here.")]
Engine = Annotated[str, typer.Option("--engine", help="local, or spark when the log outgrows a machine.")]


def main() -> NoReturn:
    """Run a command; what goes wrong on purpose is one line and status 2, never a traceback."""
    try:
        app()
    except HubbubError as error:
        _say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        _say("Stopped.")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(0)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("."),
    name: Annotated[str, typer.Option("--name", help="The brand's name.")] = "",
    json: Json = False,
) -> None:
    """Make a new workspace."""
    from hubbub.log.workspace import SETTINGS, Workspace

    made = Workspace.create(folder, name)
    if json:
        _print_json({"workspace": str(made.folder.resolve())})
    else:
        _say(f"The workspace is ready. Name your handles in {made.folder / SETTINGS}, then: hubbub import FILE")


@app.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Exports, logs, people.csv, effort.csv, ...")],
    channel: Channel = None,
    format: Format = None,
    tz: Tz = None,
    encoding: Encoding = None,
    covers_from: From = None,
    covers_until: Until = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Take exports and logs into the workspace; the same import twice changes nothing."""
    from hubbub import taking

    with _Bar("reading") as bar:
        done = taking.into_workspace(
            workspace, files, channel=channel, format=format, tz=tz, encoding=encoding,
            covers=(covers_from, covers_until), progress=bar.update,
        )  # fmt: skip
    if json:
        _print_json(taking.document(done))
    else:
        from hubbub.terminal import show_import

        show_import(taking.document(done))
    if done.refused:
        _say(f"{done.refused:,} rows were refused; the list with reasons is {done.refusals}")
        raise typer.Exit(1)


@app.command()
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
    engine: Engine = "local",
    tables: Annotated[Path | None, typer.Option("--tables", help="Also write both tables as Parquet there.")] = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Answer: conversation or spread, what is the difference here, what next."""
    log = _open(logs, brand, currency, tz, encoding, format, channel, workspace, engine)
    with _working("comparing"):
        answer = log.compare(level=level, window_days=window_days, seed=seed)
    if tables is not None:
        _write_tables(log, tables, window_days)
    if json:
        _print_json(answer.document)
    else:
        from hubbub.terminal import show_compare

        show_compare(answer.document)
    _refused(log)


@app.command()
def cascades(
    logs: Logs = None,
    brand: Brand = None,
    level: Level = 0.9,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """List the cascades: size, depth, breadth, structural virality, reproduction, half-life."""
    log = _open(logs, brand, None, tz, encoding, format, channel, workspace)
    with _working("following shares"):
        found = log.cascades(level=level)
    if json:
        _print_json(found.document)
    else:
        from hubbub.terminal import show_cascades

        show_cascades(found.document)
    _refused(log)


@app.command()
def forecast(
    root: Annotated[str, typer.Option("--root", help="The cascade: id of its root, or channel:id.")],
    logs: Logs = None,
    now: Annotated[str | None, typer.Option("--now", help="The moment to forecast from; else the log's end.")] = None,
    brand: Brand = None,
    level: Level = 0.9,
    seed: Seed = 0,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Say how large a running cascade will get, and how well that went on the brand's own past."""
    moment = _moment(now)
    log = _open(logs, brand, None, tz, encoding, format, channel, workspace)
    with _working("forecasting"):
        found = log.forecast(root, now=moment, level=level, seed=seed)
    if json:
        _print_json(found)
    else:
        from hubbub.terminal import show_forecast

        show_forecast(found)
    _refused(log)


@app.command()
def reach(
    logs: Logs = None,
    brand: Brand = None,
    level: Level = 0.9,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Say how many people were reached: seen, and estimated in four ways that are never mixed."""
    log = _open(logs, brand, None, tz, encoding, format, channel, workspace)
    with _working("counting people"):
        found = log.reach(level=level)
    if json:
        _print_json(found)
    else:
        from hubbub.terminal import show_reach

        show_reach(found)
    _refused(log)


@app.command()
def simulate(
    people: Annotated[list[str], typer.Option("--from", help="Who shares first, as `people` names them; repeatable.")],
    logs: Logs = None,
    brand: Brand = None,
    level: Level = 0.9,
    seed: Seed = 0,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Say what might happen if some people shared: sizes as a distribution, also with a better or worse message."""
    log = _open(logs, brand, None, tz, encoding, format, channel, workspace)
    with _working("simulating"):
        found = log.simulate(people, level=level, seed=seed)
    if json:
        _print_json(found)
    else:
        from hubbub.terminal import show_simulate

        show_simulate(found)
    _refused(log)


@app.command()
def seed(
    k: Annotated[int, typer.Option("-k", help="How many people to ask at most.", min=1)],
    logs: Logs = None,
    purpose: Annotated[str, typer.Option("--purpose", help="Which consent is needed.")] = "ask-to-share",
    now: Annotated[str | None, typer.Option("--now", help="The moment of asking; else the log's end.")] = None,
    costs: Annotated[Path | None, typer.Option("--costs", help="CSV of person,cost; needs --budget.")] = None,
    budget: Annotated[float | None, typer.Option("--budget", help="What asking may cost in all.")] = None,
    at_least: Annotated[
        list[str] | None, typer.Option("--at-least", metavar="SEGMENT=N", help="At least so many of a segment.")
    ] = None,
    brand: Brand = None,
    level: Level = 0.9,
    seed: Seed = 0,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Say whom to ask first to pass something on, among those whose consent allows it."""
    from hubbub import taking

    moment, prices, floors = _moment(now), taking.costs(costs), taking.floors(at_least or [])
    log = _open(logs, brand, None, tz, encoding, format, channel, workspace)
    with _working("choosing people"):
        found = log.seed(
            k, purpose=purpose, now=moment, costs=prices, budget=budget, floors=floors, level=level, seed=seed
        )
    if json:
        _print_json(found)
    else:
        from hubbub.terminal import show_seed

        show_seed(found)
    _refused(log)


experiments = typer.Typer(
    help="Plan an experiment, start it, read it.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)
app.add_typer(experiments, name="experiment")
Metric = Annotated[str, typer.Option("--metric", help="converts, value, returns, shares, speaks or leaves.")]
Arms = Annotated[list[str] | None, typer.Option("--arm", help="An arm, the first is held against; repeatable.")]
By = Annotated[str, typer.Option("--by", help="Assign by person, or by cluster of people who share with each other.")]
Alpha = Annotated[float, typer.Option("--alpha", help="How often a difference may be claimed where none is.")]


@experiments.command()
def plan(
    logs: Logs = None,
    metric: Metric = "converts",
    start: Annotated[float | None, typer.Option("--from", help="The rate now; else that of the log.")] = None,
    goal: Annotated[float | None, typer.Option("--to", help="The rate to tell from it; else a fifth more.")] = None,
    arm: Arms = None,
    by: By = "person",
    alpha: Alpha = 0.05,
    power: Annotated[float, typer.Option("--power", help="How often such a difference is to be found.")] = 0.8,
    brand: Brand = None,
    currency: Currency = None,
    seed: Seed = 0,
    tz: Tz = None,
    encoding: Encoding = None,
    format: Format = None,
    channel: Channel = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Say how many people an experiment takes, and what it is worth."""
    from hubbub.compare.experiments.document import Aim

    aim = Aim(metric, start, goal, alpha, power, by, tuple(arm or ("control", "treated")))
    log = _open(logs, brand, currency, tz, encoding, format, channel, workspace)
    with _working("planning"):
        found = log.plan_experiment(aim, seed=seed)
    if json:
        _print_json(found)
    else:
        from hubbub.terminal import show_plan_of_experiment

        show_plan_of_experiment(found)
    _refused(log)


@experiments.command()
def start(
    name: Annotated[str, typer.Argument(help="A name for it; the same name again adds people who came since.")],
    arm: Arms = None,
    metric: Annotated[str | None, typer.Option("--metric", help="As in plan; else converts.")] = None,
    window_days: Annotated[float | None, typer.Option("--window-days", help="How long it is looked for.")] = None,
    people: Annotated[int | None, typer.Option("--people", help="How many the plan says it takes.", min=2)] = None,
    by: Annotated[str | None, typer.Option("--by", help="person or cluster; else person.")] = None,
    segment: Annotated[str | None, typer.Option("--segment", help="Only people of this segment.")] = None,
    bandit: Annotated[bool | None, typer.Option("--bandit", help="Deal newcomers by what does better.")] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="Of the reading; else .05.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Fixes the assignment; else 0.", min=0)] = None,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Assign people to arms by chance; kept in the workspace, and written to its assignments.csv."""
    from hubbub import taking

    asked = {
        "arms": None if arm is None else tuple(arm), "metric": metric, "window_days": window_days, "planned": people,
        "by": by, "segment": segment, "bandit": bandit, "alpha": alpha, "seed": seed,
    }  # fmt: skip
    with _working("assigning"):
        done = taking.start_experiment(workspace, name, {k: v for k, v in asked.items() if v is not None})
    if json:
        _print_json(done)
    else:
        from hubbub.terminal import show_started

        show_started(done)


@experiments.command()
def read(
    name: Annotated[str, typer.Argument(help="Which experiment.")],
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
    """Say what an experiment shows so far; look as often as you like."""
    log = _open(logs, brand, currency, tz, encoding, format, channel, workspace)
    with _working("reading outcomes"):
        found = log.read_experiment(name)
    if json:
        _print_json(found)
    else:
        from hubbub.terminal import show_experiment

        show_experiment(found)
    _refused(log)


@app.command()
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
    log = _open(logs, brand, currency, tz, encoding, format, channel, workspace)
    with _working("reading people"):
        found = log.people()
    if json:
        _print_json({"people": found.rows})
    else:
        from hubbub.terminal import show_people

        show_people({"people": found.rows})
    _refused(log)


@app.command()
def report(
    logs: Logs = None,
    out: Out = Path("report.html"),
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
    log = _open(logs, brand, currency, tz, encoding, format, channel, workspace)
    with _working("comparing"):
        answer = log.compare(level=level, window_days=window_days, seed=seed)
    _write_report(answer, out)
    if json:
        _print_json({"file": str(out)})
    else:
        _say(f"The report is {out}")
    _refused(log)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", help=".csv, .jsonl, .parquet or .as2.jsonl")],
    format: Format = None,
    safe: Annotated[bool, typer.Option("--safe", help="CSV cells that a spreadsheet would run are quoted.")] = False,
    workspace: Folder = Path("."),
    json: Json = False,
) -> None:
    """Write the whole log of the workspace to a file."""
    from hubbub import taking

    with _working("writing"):
        files = taking.out_of_workspace(workspace, out, format=format, safe=safe)
    if json:
        _print_json({"files": [str(f) for f in files]})
    else:
        _say("Written: " + ", ".join(str(f) for f in files))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo goes.")] = Path("hubbub-demo"),
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the workbench, once there is one.")] = True,
    rows: Rows = 200_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """The whole tour on an invented brand: import, compare, report."""
    from hubbub import taking

    note = taking.demo_note()
    if not json:
        typer.echo(note)
    with _Bar("importing the demo brand") as bar:
        log = taking.demo_workspace(folder, rows=rows, seed=seed, progress=bar.update)
    with _working("comparing"):
        answer = log.compare(seed=seed)
    _write_report(answer, folder / "report.html")
    if json:
        _print_json(answer.document)
    else:
        from hubbub.terminal import show_compare

        show_compare(answer.document)
    _say(f"The report is {folder / 'report.html'}; the workspace is {folder / 'workspace'}")


@app.command()
def version(
    warm: Warm = False,
) -> None:
    """Print the version."""
    import hubbub

    if warm:
        from hubbub import taking

        taking.warm()
    typer.echo(f"hubbub {hubbub.__version__}")


def _open(
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
        _say(f'There is no engine "{engine}"; choose local or spark.')
        raise typer.Exit(2)
    from hubbub import taking

    with _Bar("reading") as bar:
        log = taking.opened(
            logs or [], brand=brand or [], currency=currency, tz=tz, encoding=encoding, format=format, channel=channel,
            workspace=workspace, progress=bar.update,
        )  # fmt: skip
    if engine == "spark":
        from hubbub.spark import measure

        log.engine = measure
    return log


def _moment(text: str | None) -> datetime | None:
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


def _refused(log: Log) -> None:
    if log.refused:
        _say(f"{log.refused:,} rows were refused; the list with reasons is {log.refusals}")
        raise typer.Exit(1)


def _write_report(answer: Any, out: Path) -> None:
    from datetime import UTC, datetime

    from hubbub.report import html

    page = html(answer.document, answer.tables.cascades, answer.spread(), made=datetime.now(UTC))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise HubbubError(f"{out} cannot be written: {error.strerror}") from error


def _write_tables(log: Log, folder: Path, window_days: float) -> None:
    import pyarrow.parquet as pq

    found = log.tables(window_days)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(found.people, folder / "people.parquet", compression="zstd")
        pq.write_table(found.cascades, folder / "cascades.parquet", compression="zstd")
    except OSError as error:
        raise HubbubError(f"{folder} cannot be written: {error.strerror}") from error


def _print_json(document: dict[str, Any]) -> None:
    import json

    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def _say(message: str) -> None:
    print(message, file=sys.stderr)


class _Bar:
    """Progress on standard error where that is a terminal, else nothing."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> _Bar:
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


def _working(what: str) -> Any:
    """A spinner on standard error where that is a terminal; says so when kernels must be compiled first."""
    from contextlib import nullcontext

    from hubbub.kernel import compiled

    first = "" if compiled() else " (compiling kernels, once after an install; about half a minute)"
    if not sys.stderr.isatty():
        if first:
            _say(f"{what}{first}")
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(what + first)
