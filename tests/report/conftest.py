"""The invented example of the documents, and cascades that grow by a seed, for the tests of the faces."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hubbub.tables import CASCADES

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROOT_TIME = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)


def nodes(n: int, seed: int, again: float = 0.8, hidden: float = 0.0) -> list[dict[str, Any]]:
    """A tree of n nodes: each share hangs on the root, or with probability `again` on an earlier share.

    hidden : probability that the network hides the parent
    """
    rng = np.random.default_rng(seed)
    at = [0.0]
    out: list[dict[str, Any]] = [_node(-1, 0.0, -1)]
    born = []
    for i in range(1, n):
        parent = int(rng.integers(1, i) * rng.random()) if i > 1 and rng.random() < again else 0
        wait = float(rng.exponential(2.5)) + 0.05
        born.append((at[parent] + wait, parent))
        at.append(at[parent] + wait)
    order = sorted(range(1, n), key=lambda i: (at[i], i))
    place = {0: 0} | {old: new for new, old in enumerate(order, 1)}
    for new, old in enumerate(order, 1):
        when, parent = born[old - 1]
        up = -2 if rng.random() < hidden else place[parent]
        out.append(_node(up, when, new - 1, bool(rng.random() < 0.08)))
    return out


def _node(parent: int, hours: float, person: int, exchanged: bool = False) -> dict[str, Any]:
    return {
        "parent": parent, "time_us": round(hours * 3.6e9), "person": person, "exchanged": exchanged,
        "audience": None, "disclosed": None, "rewarded": None,
    }  # fmt: skip


def cascade(tree: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    """One row of the cascades table around a tree; shape figures by the definition, pair by pair."""
    n = len(tree)
    unseen = sum(1 for node in tree if node["parent"] == -2)
    shape = {"depth": None, "breadth": None, "structural_virality": None, "broadcast_part": None}
    if not unseen:
        shape = shape_of([node["parent"] for node in tree])
    row = {
        "root": "root", "channel": "mastodon", "type": "post", "campaign": "Name your plant", "author": None,
        "shared": n > 1, "try": given.get("author") is None, "orphan": False, "size": n, "hidden": unseen, **shape,
        "generation_hours": 2.6 if n > 1 else None, "half_life_hours": 9.3 if n > 1 else None, "running": False,
        "first": ROOT_TIME, "last": ROOT_TIME + timedelta(microseconds=max(node["time_us"] for node in tree)),
        "touched": 3 * n, "nodes": tree, "sharers": [f"x:{who}" for who in sorted({t["person"] for t in tree} - {-1})],
    }  # fmt: skip
    return row | given


def shape_of(parent: list[int]) -> dict[str, Any]:
    """Depth, breadth, mean distance over pairs and the largest sharer's part of a tree whose parents are all seen."""
    n = len(parent)
    depth, size, brought = [0] * n, [1] * n, [0] * n
    for i in range(1, n):
        depth[i] = depth[parent[i]] + 1
        brought[parent[i]] += 1
    for i in range(n - 1, 0, -1):
        size[parent[i]] += size[i]
    # An edge above a branch of s nodes lies on s (n - s) of the paths.
    paths = sum(s * (n - s) for s in size[1:])
    return {
        "depth": max(depth),
        "breadth": max(depth.count(d) for d in set(depth)),
        "structural_virality": paths / (n * (n - 1) / 2) if n > 1 else 0.0,
        "broadcast_part": max(brought) / (n - 1) if n > 1 else None,
    }


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as the cascades table."""
    return pa.Table.from_pylist(rows, schema=CASCADES)


@pytest.fixture
def document() -> dict[str, Any]:
    """The example of the compare document."""
    return copy.deepcopy(json.loads((DOCS / "compare.example.json").read_text("utf-8")))


@pytest.fixture
def listing() -> Callable[[str], dict[str, Any]]:
    """An example document by its name."""
    return lambda name: json.loads((DOCS / f"{name}.example.json").read_text("utf-8"))


@pytest.fixture
def cascades() -> pa.Table:
    """Four cascades, one of them with hidden parents and one still running, and a try that nobody shared."""
    return table([
        cascade(nodes(180, 1), root="a", running=True, half_life_hours=None),
        cascade(nodes(40, 2, hidden=0.5), root="b", campaign="Moss wall photo"),
        cascade(nodes(9, 3, again=0.0), root="c", author="x:7", **{"try": False}),
        cascade(nodes(2, 4), root="d", orphan=True, author="x:8", **{"try": False}),
        cascade(nodes(1, 5), root="e", shared=False),
    ])  # fmt: skip


@pytest.fixture
def grown() -> Callable[..., pa.Table]:
    """A table of one cascade of n nodes."""
    return lambda n, seed=0, **how: table([cascade(nodes(n, seed, **how))])


@pytest.fixture
def made() -> datetime:
    return datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
def empty(document: dict[str, Any]) -> dict[str, Any]:
    """The example with every number and every list taken out, its reasons left."""
    return _emptied(document)


def _emptied(x: Any) -> Any:
    if isinstance(x, dict):
        if set(x) >= {"value", "how"}:
            return {"value": None, "why": "nothing of it is in the log"}
        return {key: _emptied(value) for key, value in x.items()}
    if isinstance(x, list):
        return []
    return x if isinstance(x, str) else None
