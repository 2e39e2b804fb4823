"""The commands of experiments: plan, start, read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubbub.cli.options import (
    Arms,
    Brand,
    Channel,
    Currency,
    Encoding,
    Folder,
    Format,
    Json,
    Logs,
    Seed,
    Tz,
)
from hubbub.cli.out import give, say_refused, working
from hubbub.cli.source import open_log


def plan(
    logs: Logs = None,
    metric: Annotated[
        str, typer.Option("--metric", help="converts, value, returns, shares, speaks or leaves.")
    ] = "converts",
    start: Annotated[float | None, typer.Option("--from", help="The rate now; else that of the log.")] = None,
    goal: Annotated[float | None, typer.Option("--to", help="The rate to tell from it; else a fifth more.")] = None,
    arm: Arms = None,
    by: Annotated[
        str, typer.Option("--by", help="Assign by person, or by cluster of people who share with each other.")
    ] = "person",
    alpha: Annotated[
        float, typer.Option("--alpha", help="How often a difference may be claimed where none is.")
    ] = 0.05,
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
    from hubbub.terminal import show_plan_of_experiment

    aim = Aim(metric, start, goal, alpha, power, by, tuple(arm or ("control", "treated")))
    log = open_log(logs, brand, currency, tz, encoding, format, channel, workspace)
    with working("planning"):
        found = log.plan_experiment(aim, seed=seed)
    give(found, show_plan_of_experiment, json)
    say_refused(log.refused, log.refusals)


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
    from hubbub.terminal import show_started

    asked = {
        "arms": None if arm is None else tuple(arm), "metric": metric, "window_days": window_days, "planned": people,
        "by": by, "segment": segment, "bandit": bandit, "alpha": alpha, "seed": seed,
    }  # fmt: skip
    with working("assigning"):
        done = taking.start_experiment(workspace, name, {k: v for k, v in asked.items() if v is not None})
    give(done, show_started, json)


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
    from hubbub.terminal import show_experiment

    log = open_log(logs, brand, currency, tz, encoding, format, channel, workspace)
    with working("reading outcomes"):
        found = log.read_experiment(name)
    give(found, show_experiment, json)
    say_refused(log.refused, log.refusals)
