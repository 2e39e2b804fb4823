"""The commands of the spread side: cascades, forecast, reach, simulate, seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubbub.cli.options import Brand, Channel, Encoding, Folder, Format, Json, Level, Logs, Seed, Tz
from hubbub.cli.out import give, say_refused, working
from hubbub.cli.source import moment_of, open_log


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
    from hubbub.terminal import show_cascades

    log = open_log(logs, brand, None, tz, encoding, format, channel, workspace)
    with working("following shares"):
        found = log.cascades(level=level)
    give(found.document, show_cascades, json)
    say_refused(log.refused, log.refusals)


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
    from hubbub.terminal import show_forecast

    moment = moment_of(now)
    log = open_log(logs, brand, None, tz, encoding, format, channel, workspace)
    with working("forecasting"):
        found = log.forecast(root, now=moment, level=level, seed=seed)
    give(found, show_forecast, json)
    say_refused(log.refused, log.refusals)


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
    from hubbub.terminal import show_reach

    log = open_log(logs, brand, None, tz, encoding, format, channel, workspace)
    with working("counting people"):
        found = log.reach(level=level)
    give(found, show_reach, json)
    say_refused(log.refused, log.refusals)


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
    from hubbub.terminal import show_simulate

    log = open_log(logs, brand, None, tz, encoding, format, channel, workspace)
    with working("simulating"):
        found = log.simulate(people, level=level, seed=seed)
    give(found, show_simulate, json)
    say_refused(log.refused, log.refusals)


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
    from hubbub.terminal import show_seed

    moment, prices, floors = moment_of(now), taking.costs(costs), taking.floors(at_least or [])
    log = open_log(logs, brand, None, tz, encoding, format, channel, workspace)
    with working("choosing people"):
        found = log.seed(
            k, purpose=purpose, now=moment, costs=prices, budget=budget, floors=floors, level=level, seed=seed
        )
    give(found, show_seed, json)
    say_refused(log.refused, log.refusals)
