"""The commands and their order in the help."""

from __future__ import annotations

import typer

from hubbub.cli import answer, experiments, log, spread

app = typer.Typer(
    name="hubbub",
    help="Conversation or spread: the difference here, which is more important here, what next.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(log.init)
app.command("import")(log.import_)
app.command()(answer.compare)
app.command()(spread.cascades)
app.command()(spread.forecast)
app.command()(spread.reach)
app.command()(spread.simulate)
app.command()(spread.seed)
app.command()(answer.people)
app.command()(answer.report)
app.command()(log.export)
app.command()(answer.demo)
app.command()(answer.version)

of_experiments = typer.Typer(
    help="Plan an experiment, start it, read it.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)
of_experiments.command()(experiments.plan)
of_experiments.command()(experiments.start)
of_experiments.command()(experiments.read)
app.add_typer(of_experiments, name="experiment")
