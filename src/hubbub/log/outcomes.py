"""What the people of an experiment did since they were assigned, read from the log once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.activity import DAY_US, NO_TOUCH, TYPES
from hubbub.errors import LogError
from hubbub.kernel import FloatArray, IntArray
from hubbub.log.keys import money_micros
from hubbub.log.permission import handles_of, labels
from hubbub.log.segment import Segment
from hubbub.log.settings import Settings
from hubbub.tables import TRIAL, Ledger, Plan, Trial

RETURNS_FROM_DAYS = 30.0
"""Who comes back is looked for from then on, as in retained_30."""
_READ = ("time", "channel", "type", "actor", "value", "currency")
SIDES = ("conversation", "spread")
_TYPES_OF = {
    "converts": ("convert",),
    "value": ("convert",),
    "shares": ("share",),
    "speaks": ("reply", "message"),
    "leaves": ("leave",),
    "returns": tuple(t for t in TYPES if t not in NO_TOUCH),
}


def plan_of(name: str, settings: Settings) -> Plan:
    """The plan of an experiment: as it was started, or for assignments from elsewhere the usual one.

    raises : LogError if nobody is assigned to it
    """
    if name in settings.experiments:
        return settings.experiments[name]
    table = settings.assignments
    arms = [] if table is None else table.filter(pc.equal(table["experiment"], name))["arm"].unique().to_pylist()
    if not arms:
        raise LogError(f"There is no experiment {name}: nobody is assigned to it. Start one: hubbub experiment start")
    arms.sort(key=lambda a: (a not in ("control", "conversation"), a))
    return Plan(name, tuple(arms), (1.0,) * len(arms))


def assigned(settings: Settings, name: str) -> dict[str, str]:
    """The arm of each person of an experiment; of one who stands in two, the first."""
    table = settings.assignments
    if table is None:
        return {}
    mine = table.filter(pc.equal(table["experiment"], name))
    people = labels(mine["channel"], mine["actor"], settings.people).to_pylist()
    return dict(reversed(list(zip(people, mine["arm"].to_pylist(), strict=True))))


def trial(segments: Sequence[Segment], settings: Settings, plan: Plan) -> Trial:
    """The people of an experiment and their outcomes. raises : LogError where values stand in several currencies"""
    return trials(segments, settings, [plan])[0]


def trials(segments: Sequence[Segment], settings: Settings, plans: Sequence[Plan]) -> list[Trial]:
    """Each experiment as `trial` gives it; the log is read once for all of them."""
    counts = [_Count.begun(plan, settings) for plan in plans]
    end = 0
    for segment in segments:
        for batch in pq.ParquetFile(segment.path, memory_map=True).iter_batches(1 << 18, columns=list(_READ)):
            rows = pa.Table.from_batches([batch])
            end = max(end, pc.max(rows["time"].cast(pa.int64())).as_py() or 0)
            for count in counts:
                count.add(rows)
    return [count.trial(end) for count in counts]


@dataclass(slots=True)
class _Count:
    """The outcomes of one experiment, counted while the log is read.

    people : those in one arm of the plan; arms, begin, channels : of each the arm, the first assignment, and where
    torn : how many stand in two arms; names, handles, kinds : what rows are looked for by
    """

    plan: Plan
    settings: Settings
    people: list[str]
    arms: list[str]
    begin: IntArray
    channels: list[set[str]]
    torn: int
    names: pa.Array
    handles: pa.Array
    kinds: pa.Array
    outcome: FloatArray
    currencies: set[str | None] = field(default_factory=set)

    @classmethod
    def begun(cls, plan: Plan, settings: Settings) -> _Count:
        """The people of an experiment, with nothing counted yet."""
        arms: dict[str, set[str]] = {}
        since: dict[str, int] = {}
        channels: dict[str, set[str]] = {}
        if settings.assignments is not None:
            mine = settings.assignments.filter(pc.equal(settings.assignments["experiment"], plan.name))
            person = labels(mine["channel"], mine["actor"], settings.people)
            for who, arm, time, channel in zip(
                person.to_pylist(), mine["arm"].to_pylist(), mine["time"].cast(pa.int64()).to_pylist(),
                mine["channel"].to_pylist(), strict=True,
            ):  # fmt: skip
                arms.setdefault(who, set()).add(arm)
                channels.setdefault(who, set()).add(channel)
                since[who] = min(since.get(who, time), time)
        whole = [who for who in arms if len(arms[who]) == 1 and next(iter(arms[who])) in plan.arms]
        return cls(
            plan, settings, whole, [next(iter(arms[who])) for who in whole],
            np.array([since[who] for who in whole], dtype=np.int64), [channels[who] for who in whole],
            len(arms) - len(whole), pa.array(whole, pa.string()),
            pa.array(handles_of(whole, settings.people), pa.string()), pa.array(_TYPES_OF[plan.metric], pa.string()),
            np.zeros(len(whole), dtype=np.float64),
        )  # fmt: skip

    @property
    def window_us(self) -> int:
        return round(self.plan.window_days * DAY_US)

    def add(self, rows: pa.Table) -> None:
        """Count a part of the log."""
        settings = self.settings
        rows = rows.filter(
            pc.and_(pc.is_in(rows["type"], value_set=self.kinds), pc.is_in(rows["actor"], value_set=self.handles))
        )
        who = pc.index_in(labels(rows["channel"], rows["actor"], settings.people), value_set=self.names)
        rows, who = rows.filter(who.is_valid()), who.drop_null().to_numpy().astype(np.int64)
        age = rows["time"].cast(pa.int64()).to_numpy() - self.begin[who]
        start = round(RETURNS_FROM_DAYS * DAY_US) if self.plan.metric == "returns" else 0
        within = (age > 0) & (age >= start) & (age < self.window_us)
        rows, who = rows.filter(pa.array(within)), who[within]
        if self.plan.metric != "value":
            self.outcome[who] = 1.0
            return
        if settings.currency is not None:
            fits = pc.fill_null(pc.equal(rows["currency"], settings.currency), False)
            rows, who = rows.filter(fits), who[np.asarray(fits)]
        micros, valued = money_micros(rows["value"])
        if settings.currency is None:
            self.currencies.update(rows.filter(pa.array(valued))["currency"].unique().to_pylist())
        np.add.at(self.outcome, who, micros / 1e6)

    def trial(self, end: int) -> Trial:
        """The experiment with what was counted, in a log whose last row is of `end`."""
        if len(self.currencies) > 1:
            named = ", ".join(sorted(c or "no currency" for c in self.currencies))
            raise LogError(f"Values stand in several currencies ({named}); name one with --currency.")
        ends = {c.channel: min(c.end, end) for c in self.settings.coverage if c.end is not None}
        until = np.array([max(ends.get(c, end) for c in seen) for seen in self.channels], dtype=np.int64)
        done = self.begin + self.window_us <= until
        columns = [self.people, self.arms, self.begin, done, self.outcome]
        return Trial(self.plan, pa.table(columns, names=TRIAL.names).cast(TRIAL), self.torn)


def with_trials(ledger: Ledger, segments: Sequence[Segment], settings: Settings) -> Ledger:
    """The ledger with the experiments that hold conversation against spread."""
    if settings.assignments is None:
        return ledger
    plans = [plan_of(name, settings) for name in sorted(settings.assignments["experiment"].unique().to_pylist())]
    sides = [p for p in plans if set(SIDES) <= set(p.arms)]
    return replace(ledger, trials=tuple(trials(segments, settings, sides))) if sides else ledger
