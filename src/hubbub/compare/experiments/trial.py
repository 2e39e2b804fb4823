"""Who stays together in an experiment, and what the people of each arm have done since they were assigned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hubbub.compare.experiments.deal import is_even
from hubbub.kernel import BoolArray, FloatArray, IntArray
from hubbub.spread.graph import sharing
from hubbub.tables import Trial


def clusters(cascades: pa.Table, until_us: int | None = None) -> dict[str, str]:
    """Who stays together: connected groups of the sharing graph, each person to the first name of the group.

    cascades : tables.CASCADES; until_us : shares after that moment join nobody; people who shared alone are left out
    """
    found = sharing(cascades, until_us)
    graph = found.graph
    n = graph.nodes
    source = np.repeat(np.arange(n), np.diff(graph.offsets))
    edges = coo_array((np.ones(source.size, np.int8), (source, graph.targets)), shape=(n, n))
    if n == 0:
        return {}
    count, group = connected_components(edges, directed=False)
    order = sorted(range(n), key=found.people.__getitem__)
    first = np.full(count, -1, np.int64)
    for i in reversed(order):
        first[group[i]] = i
    size = np.bincount(group, minlength=count)
    return {found.people[i]: found.people[int(first[group[i]])] for i in range(n) if size[group[i]] > 1}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes of a trial by arm, of people whose time is over.

    assigned : people of each arm; groups : what chance dealt to each arm, whole groups where they stay together
    outcome : by arm, float64; cluster : by arm, codes, None where each stands alone
    even : the same of those dealt evenly, for a bandit
    """

    assigned: list[int]
    groups: list[int]
    outcome: list[FloatArray]
    cluster: list[IntArray] | None = None
    even: Outcomes | None = None

    @property
    def judged(self) -> Outcomes:
        """Those whom effects are read off."""
        return self.even or self


def outcomes(trial: Trial, together: Mapping[str, str]) -> Outcomes:
    """Outcomes by arm; for a bandit also of those dealt evenly."""
    plan = trial.plan
    person = trial.people["person"].to_pylist()
    units = [together.get(p, p) for p in person] if plan.by == "cluster" else person
    arm = np.array([plan.arms.index(a) for a in trial.people["arm"].to_pylist()], dtype=np.int64)
    done = trial.people["done"].to_numpy(zero_copy_only=False).astype(np.bool_)
    value = trial.people["outcome"].to_numpy(zero_copy_only=False).astype(np.float64)
    codes = {u: i for i, u in enumerate(dict.fromkeys(units))}
    unit = np.array([codes[u] for u in units], dtype=np.int64)
    every = np.ones(arm.size, np.bool_)
    found = _split(arm, done, value, unit, every, plan.by == "cluster", len(plan.arms))
    if not plan.bandit:
        return found
    even = np.array([is_even(plan.name, plan.seed, u) for u in units], dtype=np.bool_)
    alone = _split(arm, done, value, unit, even, plan.by == "cluster", len(plan.arms))
    return Outcomes(found.assigned, found.groups, found.outcome, found.cluster, alone)


def _split(
    arm: IntArray, done: BoolArray, value: FloatArray, unit: IntArray, some: BoolArray, by_cluster: bool, arms: int
) -> Outcomes:
    rows = [np.flatnonzero((arm == a) & done & some) for a in range(arms)]
    return Outcomes(
        [int(np.count_nonzero((arm == a) & some)) for a in range(arms)],
        [int(np.unique(unit[(arm == a) & some]).size) for a in range(arms)],
        [value[r] for r in rows],
        [unit[r] for r in rows] if by_cluster else None,
    )
