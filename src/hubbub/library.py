"""The Python face: a log that is read once, and results that show themselves in a notebook."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubbub.errors import LogError
from hubbub.log import read, side
from hubbub.log.intake import take_in
from hubbub.log.refuse import Refusals
from hubbub.log.segment import Segment
from hubbub.log.settings import Settings, brand_handles
from hubbub.log.workspace import Workspace, with_side
from hubbub.measure import Tables, measure, measure_cascades
from hubbub.tables import Ledger

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from hubbub.compare.experiments.document import Aim

Progress = Callable[[int, int], None]
Engine = Callable[[Sequence[Segment], Settings, float], Tables]


class _Folder:
    """A temporary folder that goes when nobody holds this object any more."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="hubbub-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass
class Log:
    """A validated log on disk, in a workspace or in a temporary folder that goes with this object.

    segments : the rows; settings : the brand's handles and what else the measures need
    refused : how many rows were refused while reading; refusals : the file that lists them, or None
    """

    segments: list[Segment]
    settings: Settings
    refused: int = 0
    refusals: Path | None = None
    engine: Engine = measure
    _folder: _Folder | None = field(default=None, repr=False)
    _tables: dict[float, Tables] = field(default_factory=dict, repr=False)
    _spread: tuple[pa.Table, Ledger] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return sum(s.rows for s in self.segments)

    def tables(self, window_days: float = 30.0) -> Tables:
        """The people table, the cascades table and the ledger; worked out once."""
        if window_days not in self._tables:
            self._tables[window_days] = self.engine(self.segments, self.settings, window_days)
        return self._tables[window_days]

    def shared(self) -> tuple[pa.Table, Ledger]:
        """The cascades table and the extent of the log, for those who ask nothing of people; worked out once."""
        if self._spread is None:
            whole = next(iter(self._tables.values()), None)
            if whole is None and self.engine is not measure:
                whole = self.tables()
            self._spread = (
                measure_cascades(self.segments, self.settings) if whole is None else (whole.cascades, whole.ledger)
            )
        return self._spread

    def compare(self, *, level: float = 0.9, window_days: float = 30.0, seed: int = 0) -> Answer:
        """The answer as a document that shows itself."""
        from hubbub.compare.document import compare

        tables = self.tables(window_days)
        return Answer(compare(tables.people, tables.cascades, tables.ledger, level=level, seed=seed), tables)

    def cascades(self, *, level: float = 0.9) -> Cascades:
        """One row a cascade, the largest first."""
        from hubbub.compare.listing import cascades_document

        cascades, ledger = self.shared()
        document = cascades_document(cascades, ledger, level)
        return Cascades(document["cascades"], cascades, document)

    def forecast(self, root: str, *, now: datetime | None = None, level: float = 0.9, seed: int = 0) -> dict[str, Any]:
        """How large the cascade of a root (id, or channel:id) will get, seen from `now` or the end of the log."""
        from hubbub.compare.forecast import forecast

        return forecast(*self.shared(), root, now=now, level=level, seed=seed)

    def reach(self, *, level: float = 0.9) -> dict[str, Any]:
        """Measured and estimated reach, each with its method and assumption."""
        from hubbub.compare.reach import reach

        tables = self.tables()
        return reach(tables.people, tables.cascades, tables.ledger, level=level)

    def simulate(self, people: Sequence[str], *, level: float = 0.9, seed: int = 0) -> dict[str, Any]:
        """What might happen if these people shared: the distribution of sizes on the sharing graph of the log."""
        from hubbub.compare.simulate import simulate

        return simulate(self.shared()[0], people, level=level, seed=seed)

    def seed(
        self,
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
        """Whom to ask first, among those whose consent allows it at `now` or the end of the log."""
        from hubbub.compare.seeds import Wish, seeds
        from hubbub.log.permission import known

        tables = self.tables()
        at = now or tables.ledger.last
        if at is None:
            raise LogError("The log is empty.")
        wish = Wish(k, purpose, costs, budget, floors or {})
        ledger = tables.ledger.consent or known(self.segments, self.settings)
        return seeds(tables.people, tables.cascades, ledger, at, wish, level=level, seed=seed)

    def plan_experiment(self, aim: Aim | None = None, *, level: float = 0.9, seed: int = 0) -> dict[str, Any]:
        """How many people an experiment takes, and what settling the verdict is worth."""
        from hubbub.compare.document import worth
        from hubbub.compare.experiments.document import Aim, plan
        from hubbub.compare.experiments.trial import clusters

        tables, asked = self.tables(), aim or Aim()
        together = clusters(tables.cascades) if asked.by == "cluster" else {}
        size = plan(asked, tables.people, together)
        told = worth(tables.people, tables.cascades, tables.ledger, size["people_needed"], level=level, seed=seed)
        return size | {"value_of_information": told}

    def read_experiment(self, name: str) -> dict[str, Any]:
        """What an experiment shows so far; it may be read as often as one likes."""
        from hubbub.compare.experiments.document import read
        from hubbub.compare.experiments.trial import clusters
        from hubbub.log.outcomes import plan_of, trial

        plan = plan_of(name, self.settings)
        together = clusters(self.tables().cascades, plan.started_us) if plan.by == "cluster" else {}
        return read(trial(self.segments, self.settings, plan), together)

    def people(self) -> People:
        """One row a person, by label."""
        from hubbub.compare.listing import people_rows

        tables = self.tables()
        return People(people_rows(tables.people), tables.people)


@dataclass(frozen=True)
class Answer:
    """The answer: `document` is what `hubbub compare --json` prints, `tables` what it rests on."""

    document: dict[str, Any]
    tables: Tables

    def spread(self) -> dict[str, Any]:
        """What the report's Spread chapter shows: tries by size, the largest cascades with forecasts, growth, reach."""
        from hubbub.compare.spread import spread

        found, level, seed = self.tables, self.document["level"], self.document["seed"]
        return spread(found.people, found.cascades, found.ledger, level=level, seed=seed)

    def __repr__(self) -> str:
        return f"<hubbub answer: {self.document['verdict']['sentence']}>"

    def _repr_html_(self) -> str:
        from hubbub.report import card

        return card(self.document)

    def to_polars(self) -> pl.DataFrame:
        """The points of difference, one row a metric."""
        import polars as pl

        rows = [
            {
                "claim": p["claim"],
                "metric": p["metric"],
                **{f"{side}{end}": p[side].get(key) for side in ("conversation", "spread", "difference")
                   for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))},
                "favours": p["favours"],
            }
            for p in self.document["points"]
        ]  # fmt: skip
        return pl.DataFrame(rows, infer_schema_length=None)


@dataclass(frozen=True)
class _Rows:
    """Rows as a face prints them, and the Arrow table behind."""

    rows: list[dict[str, Any]]
    table: pa.Table

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)

    def to_polars(self) -> pl.DataFrame:
        """The whole table, with its lists."""
        import polars as pl

        frame = pl.from_arrow(self.table)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def _repr_html_(self) -> str:
        return str(self.to_polars()._repr_html_())


@dataclass(frozen=True)
class Cascades(_Rows):
    """Cascades, the largest first; `document` is what `hubbub cascades --json` prints."""

    document: dict[str, Any]


class People(_Rows):
    """People, by label."""


def open_workspace(folder: str | PathLike[str] = ".") -> Log:
    """The log of the workspace in which a folder lies."""
    found = Workspace.find(Path(folder))
    return Log(found.segments(), found.settings())


def read_log(
    paths: Sequence[str | PathLike[str]],
    *,
    brand: Iterable[str] = (),
    tz: str | None = None,
    encoding: str | None = None,
    format: str | None = None,
    channel: str | None = None,
    currency: str | None = None,
    progress: Progress | None = None,
    refusals: Path | None = None,
) -> Log:
    """Read a log from files or folders; `refusals`: where refused rows are listed, else beside the rows."""
    if not paths:
        raise LogError("No log is named.")
    folder = _Folder()
    root = folder.path
    handles = frozenset(h for text in brand for h in brand_handles(text))
    settings = Settings(brand=handles, currency=currency, name=next(iter(brand), "") if brand else "")
    activities, sides = side.split([Path(p) for p in paths])
    with Refusals(refusals or root / "refused.jsonl") as refused:
        batches = read.batches(
            activities, format=format, channel=channel, tz=tz, encoding=encoding, refusals=refused, progress=progress
        )
        taken = take_in(batches, [], root, "log", refused, passing=True)
        tables = side.read_all(sides, settings.brand, refused)
    log = Log(taken.segments, with_side(settings, tables), refused.count, refused.path if refused.count else None)
    log._folder = folder
    return log


def with_brand(log: Log, brand: Iterable[str], currency: str | None) -> Log:
    """The same log read for other handles or another currency."""
    handles = frozenset(h for text in brand for h in brand_handles(text))
    settings = replace(log.settings, brand=handles or log.settings.brand, currency=currency or log.settings.currency)
    return replace(log, settings=settings, _tables={}, _spread=None)
