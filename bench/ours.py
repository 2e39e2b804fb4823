"""What hubbub does on the same work, each as a call that a fresh process can make."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

BRAND = ["acme"]


def compare_files(folder: str) -> dict[str, Any]:
    """The complete comparison from plain Parquet files."""
    import hubbub

    return _answer(hubbub.read_log(folder, brand=BRAND))


def compare_workspace(folder: str) -> dict[str, Any]:
    """The complete comparison from a workspace."""
    import hubbub

    return _answer(hubbub.open_workspace(folder))


def _answer(log: Any) -> dict[str, Any]:
    document = log.compare().document
    people = log.tables().people
    back = people.column("retained_30").to_numpy(zero_copy_only=False)
    return {
        "log": document["log"],
        "answer": document["verdict"]["answer"],
        "people": people.num_rows,
        "back": int((back == True).sum()),  # noqa: E712  (null is neither)
    }


def make_workspace(files: list[str], folder: str) -> int:
    """Import files into a fresh workspace."""
    from hubbub.log.workspace import SETTINGS, Workspace
    from hubbub.taking import into_workspace

    place = Workspace.create(Path(folder), "acme")
    (place.folder / SETTINGS).write_text('[brand]\nname = "acme"\nhandles = ["acme"]\n')
    return into_workspace(place.folder, [Path(f) for f in files]).added


def shapes(parents: str) -> list[float]:
    """The sums of networkx_shapes by the kernel; compiled before the clock starts."""
    import numpy as np

    from hubbub.spread import shape

    parent = np.load(parents).astype(np.int32)
    shape.shapes(parent[:1])
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        found = shape.shapes(parent)
        best = min(best, time.perf_counter() - start)
    sums = [found.structural_virality.sum(), found.size.sum(), found.depth.sum(), found.breadth.sum()]
    return [*(float(x) for x in sums), best]
