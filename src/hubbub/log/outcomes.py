"""What the people of an experiment did since they were assigned, read from the log once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hubbub.activity import DAY_US, NO_TOUCH, TYPES
from hubbub.errors import LogError
from hubbub.kernel import IntArray
from hubbub.log.keys import money_micros
from hubbub.log.permission import labels
from hubbub.log.segment import Segment
from hubbub.log.settings import Settings
from hubbub.tables import TRIAL, Ledger, Plan, Trial

RETURNS_FROM_DAYS = 30.0
"""Who comes back is looked for from then on, as in retained_30."""
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
    table = settings.assignments
    if table is None:
        return Trial(plan, TRIAL.empty_table())
    mine = table.filter(pc.equal(table["experiment"], plan.name))
    person = labels(mine["channel"], mine["actor"], settings.people)
    end = last_time(segments)
    ends = {c.channel: min(c.end, end) for c in settings.coverage if c.end is not None}
    arms: dict[str, set[str]] = {}
    since: dict[str, int] = {}
    until: dict[str, int] = {}
    for who, arm, time, channel in zip(
        person.to_pylist(), mine["arm"].to_pylist(), mine["time"].cast(pa.int64()).to_pylist(),
        mine["channel"].to_pylist(), strict=True,
    ):  # fmt: skip
        arms.setdefault(who, set()).add(arm)
        since[who] = min(since.get(who, time), time)
        until[who] = max(until.get(who, 0), ends.get(channel, end))
    whole = [who for who in arms if len(arms[who]) == 1 and next(iter(arms[who])) in plan.arms]
    begin = np.array([since[who] for who in whole], dtype=np.int64)
    window = round(plan.window_days * DAY_US)
    outcome = _outcomes(segments, settings, plan, whole, begin, window)
    done = begin + window <= np.array([until[who] for who in whole], dtype=np.int64)
    columns = [whole, [next(iter(arms[who])) for who in whole], begin, done, outcome]
    return Trial(plan, pa.table(columns, names=TRIAL.names).cast(TRIAL), len(arms) - len(whole))


def _outcomes(
    segments: Sequence[Segment], settings: Settings, plan: Plan, people: list[str], begin: IntArray, window: int
) -> pa.Array:
    names = pa.array(people, pa.string())
    theirs = [h for (_, h), who in settings.people.items() if who in set(people)] if settings.people else []
    handles = pa.array(theirs + [p.split(":", 1)[-1] for p in people], pa.string())
    start = round(RETURNS_FROM_DAYS * DAY_US) if plan.metric == "returns" else 0
    kinds = pa.array(_TYPES_OF[plan.metric], pa.string())
    out = np.zeros(len(people), dtype=np.float64)
    currencies: set[str | None] = set()
    columns = ["time", "channel", "type", "actor", "value", "currency"]
    for segment in segments:
        for batch in pq.ParquetFile(segment.path, memory_map=True).iter_batches(1 << 18, columns=columns):
            rows = pa.Table.from_batches([batch])
            rows = rows.filter(
                pc.and_(pc.is_in(rows["type"], value_set=kinds), pc.is_in(rows["actor"], value_set=handles))
            )
            who = pc.index_in(labels(rows["channel"], rows["actor"], settings.people), value_set=names)
            rows, who = rows.filter(who.is_valid()), who.drop_null().to_numpy().astype(np.int64)
            age = rows["time"].cast(pa.int64()).to_numpy() - begin[who]
            within = (age > 0) & (age >= start) & (age < window)
            if plan.metric != "value":
                out[who[within]] = 1.0
                continue
            kept = rows.filter(pa.array(within))
            if settings.currency is not None:
                fits = pc.equal(kept["currency"], settings.currency)
                kept, who = kept.filter(fits), who[within][np.asarray(pc.fill_null(fits, False))]
            else:
                who = who[within]
            micros, valued = money_micros(kept["value"])
            if settings.currency is None:
                currencies.update(kept.filter(pa.array(valued))["currency"].unique().to_pylist())
            np.add.at(out, who, micros / 1e6)
    if len(currencies) > 1:
        named = ", ".join(sorted(c or "no currency" for c in currencies))
        raise LogError(f"Values stand in several currencies ({named}); name one with --currency.")
    return pa.array(out)


def with_trials(ledger: Ledger, segments: Sequence[Segment], settings: Settings) -> Ledger:
    """The ledger with the experiments that hold conversation against spread."""
    if settings.assignments is None:
        return ledger
    plans = [plan_of(name, settings) for name in sorted(settings.assignments["experiment"].unique().to_pylist())]
    found = tuple(trial(segments, settings, p) for p in plans if set(SIDES) <= set(p.arms))
    return replace(ledger, trials=found)


def last_time(segments: Sequence[Segment]) -> int:
    """When the last row of a log happened, microseconds since 1970; 0 for an empty log."""
    last = 0
    for segment in segments:
        for batch in pq.ParquetFile(segment.path).iter_batches(1 << 20, columns=["time"]):
            if batch.num_rows:
                last = max(last, pc.max(batch.column(0).cast(pa.int64())).as_py())
    return last
