"""hubbub: conversation or spread? The answer, from a brand's own activity log.

>>> import hubbub
>>> log = hubbub.read_log("log.csv", brand=["acme"])  # doctest: +SKIP
>>> hubbub.compare(log)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from typing import TYPE_CHECKING, Any

import hubbub.compare  # noqa: F401  (loaded first, so that `hubbub.compare` means the function below)

if TYPE_CHECKING:
    from hubbub.library import Answer, Cascades, Log, People

__all__ = [
    "__version__",
    "cascades",
    "compare",
    "forecast",
    "open_workspace",
    "people",
    "reach",
    "read_log",
    "seed",
    "simulate",
]

__version__ = "0.1.0"


def read_log(
    *paths: str | PathLike[str],
    brand: Iterable[str] = (),
    tz: str | None = None,
    encoding: str | None = None,
    format: str | None = None,
    channel: str | None = None,
    currency: str | None = None,
) -> Log:
    """Read a log from files or folders: CSV, JSON Lines, Parquet or AS2 JSON, also .gz and .zst.

    brand : the brand's handles, `handle` or `channel:handle`
    tz : the zone of times without an offset; without it such rows are refused
    currency : which values count, where the log has several currencies
    raises : hubbub.errors.LogError if nothing can be read
    """
    from hubbub import library

    return library.read_log(
        paths, brand=brand, tz=tz, encoding=encoding, format=format, channel=channel, currency=currency
    )


def open_workspace(folder: str | PathLike[str] = ".") -> Log:
    """The log of a workspace. raises : hubbub.errors.WorkspaceError if there is none"""
    from hubbub import library

    return library.open_workspace(folder)


def compare(log: Log, *, level: float = 0.9, window_days: float = 30.0, seed: int = 0) -> Answer:
    """The answer: which is more important here, what is the difference, what next.

    level : of the intervals; window_days : how far back a conversion looks; seed : fixes all randomness
    """
    return log.compare(level=level, window_days=window_days, seed=seed)


def cascades(log: Log) -> Cascades:
    """One row a cascade, the largest first."""
    return log.cascades()


def people(log: Log) -> People:
    """One row a person, by label."""
    return log.people()


def forecast(log: Log, root: str, *, now: datetime | None = None, level: float = 0.9, seed: int = 0) -> dict[str, Any]:
    """How large a running cascade will get, with the error of the same forecast on the brand's own past.

    root : id of the cascade's root, or channel:id; now : the moment to forecast from, else the end of the log
    """
    return log.forecast(root, now=now, level=level, seed=seed)


def reach(log: Log, *, level: float = 0.9) -> dict[str, Any]:
    """Measured and estimated reach, each with its method and assumption."""
    return log.reach(level=level)


def simulate(log: Log, people: Sequence[str], *, level: float = 0.9, seed: int = 0) -> dict[str, Any]:
    """What might happen if these people shared: the distribution of sizes on the sharing graph of the log."""
    return log.simulate(people, level=level, seed=seed)


def seed(
    log: Log,
    k: int,
    *,
    purpose: str = "ask-to-share",
    now: datetime | None = None,
    costs: Mapping[str, float] | None = None,
    budget: float | None = None,
    floors: Mapping[str, int] | None = None,
    level: float = 0.9,
    seed: int = 0,
) -> dict[str, Any]:
    """Whom to ask first, at most k people, among those whose consent allows it.

    now : the moment of asking, else the end of the log; costs : by person, with a budget
    floors : at least so many of a segment
    """
    return log.seed(k, purpose=purpose, now=now, costs=costs, budget=budget, floors=floors, level=level, seed=seed)
