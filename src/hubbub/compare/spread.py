"""The `spread` document: all tries by size, the largest cascades with forecast and references, growth, reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from hubbub.activity import micros
from hubbub.compare.forecast import told
from hubbub.compare.listing import cascades_document
from hubbub.compare.published import PUBLISHED, WARNING
from hubbub.compare.reach import reach
from hubbub.estimate import plain, wilson
from hubbub.spread import forecast as engine
from hubbub.tables import Ledger

LARGEST = 6
"""Cascades that stand with forecast and references."""
ALIKE, FEW_ALIKE = 2.0, 5
"""Cascades of a like size have at least 1/2 and at most 2 times its nodes; below so many of them there is no median."""
MOST_SIZES = 120
"""Points of the distribution of sizes, at most."""
EARLY_HOURS = (1.0, 3.0, 6.0, 12.0, 24.0, 72.0)
"""Moments at which a forecast of a finished cascade is looked back on."""
SEEN_TO_ITS_END = "its end is in the log"


def spread(
    people: pa.Table, cascades: pa.Table, ledger: Ledger, *, level: float = 0.9, seed: int = 0
) -> dict[str, Any]:
    """What the report's Spread chapter shows, as plain Python, ready for JSON.

    people, cascades : tables.PEOPLE and tables.CASCADES; level : coverage of the intervals; seed : fixes the draws
    """
    listed = cascades_document(cascades, ledger, level)
    largest = listed["cascades"][:LARGEST]
    foreseen = _forecasts(cascades, ledger, largest, level, seed)
    document: dict[str, Any] = plain({
        "tries": tries(cascades, level),
        "cascades": [
            {**one, "alike": alike(one, listed["cascades"]), "forecast": said}
            for one, said in zip(largest, foreseen, strict=True)
        ],
        "growth": listed["growth"],
        "reach": reach(people, cascades, ledger, level=level),
        "published": list(PUBLISHED),
        "published_warning": WARNING,
    })  # fmt: skip
    return document


def tries(cascades: pa.Table, level: float = 0.9) -> dict[str, Any]:
    """The part of the brand's own posts that reach at least a size, those counted that nobody shared (size 1)."""
    own = cascades.column("try").to_numpy(zero_copy_only=False).astype(np.bool_)
    sizes = cascades.column("size").to_numpy(zero_copy_only=False)[own].astype(np.int64)
    found, counts = np.unique(sizes, return_counts=True)
    reached = counts[::-1].cumsum()[::-1]
    keep = _spaced(found)
    ends = [wilson(k, sizes.size, level) for k in reached[keep]]
    return {
        "tries": int(sizes.size),
        "nobody_shared": int(np.count_nonzero(sizes == 1)),
        "size": found[keep].tolist(),
        "reached": reached[keep].tolist(),
        "part": (reached[keep] / max(sizes.size, 1)).tolist(),
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
        "level": level,
        "how": "part of all tries with at least so many nodes, the post counted; Wilson interval, each size by itself",
    }


def _spaced(sizes: Any) -> Any:
    """Positions of at most MOST_SIZES sizes, evenly on the log scale, the first and the last among them."""
    if sizes.size <= MOST_SIZES:
        return np.arange(sizes.size)
    wanted = np.geomspace(sizes[0], sizes[-1], MOST_SIZES)
    return np.unique(np.minimum(np.searchsorted(sizes, wanted - 1e-9), sizes.size - 1))


def alike(one: Mapping[str, Any], every: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Median shape of the other cascades of a like size whose parents are seen.

    source : Juul, Ugander (2021), PNAS 118(46): shapes are compared at one size
    """
    low, high = one["size"] / ALIKE, one["size"] * ALIKE
    others = [c for c in every if c is not one and low <= c["size"] <= high and c["structural_virality"] is not None]
    between = {"from": int(np.ceil(low)), "until": int(high), "n": len(others)}
    if len(others) < FEW_ALIKE:
        seen = f"{len(others)} other cascades" if len(others) != 1 else "one other cascade"
        why = f"{seen} of a like size with parents seen; {FEW_ALIKE} are needed"
        return between | {"structural_virality": None, "depth": None, "why": why}
    return between | {name: float(np.median([c[name] for c in others])) for name in ("structural_virality", "depth")}


def _forecasts(
    cascades: pa.Table, ledger: Ledger, largest: Sequence[Mapping[str, Any]], level: float, seed: int
) -> list[dict[str, Any]]:
    """Of each running one from the end of the log on; of the largest finished one, what would have been said of it
    early on. Each forecast tests all models on the past, so the others have none."""
    if ledger.last is None or not largest:
        return [{"why": "the log is empty"} for _ in largest]
    end = ledger.last
    past = engine.past_of(cascades, micros(end))
    keys = zip(cascades.column("channel").to_pylist(), cascades.column("root").to_pylist(), strict=True)
    place = {key: row for row, key in enumerate(keys)}
    looked_back = False
    out: list[dict[str, Any]] = []
    for one in largest:
        row = place[one["channel"], one["root"]]
        if one["running"]:
            out.append(told(cascades, row, end, past, level, seed))
            continue
        early = None if looked_back else _early(cascades, row, past)
        looked_back |= early is not None
        out.append({"why": SEEN_TO_ITS_END} if early is None else told(cascades, row, *early, level, seed))
    return out


def _early(cascades: pa.Table, row: int, past: engine.Past) -> tuple[datetime, engine.Past] | None:
    """The first of some moments at which a finished cascade had enough shares, not half of them yet, and the past of
    that moment enough cascades to test a forecast on."""
    hours = past.hours[past.offsets[row] : past.offsets[row + 1]]
    for age in EARLY_HOURS:
        seen = int(np.count_nonzero(hours <= age))
        if seen < engine.FEW_SHARES or 2 * seen > hours.size:
            continue
        then = cascades.column("first")[row].as_py() + timedelta(hours=age)
        known = engine.past_of(cascades, micros(then))
        pool = known.others(row)
        if np.count_nonzero(engine.naive(pool, pool, age) >= engine.FEW_SEEN) >= engine.FEW_PAST:
            return then, known
    return None
