"""What hubbub does on the same work, each as a call that a fresh process can make."""

from __future__ import annotations

import time
from collections.abc import Callable
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
    """The sums of networkx_shapes by the kernel on one core; compiled before the clock starts."""
    import numpy as np

    from hubbub.spread import shape

    parent = np.load(parents).astype(np.int32)
    shape.shapes_in_order(parent[:1])
    seconds, found = _best(lambda: shape.shapes_in_order(parent, threads=1))
    sums = [found.structural_virality.sum(), found.size.sum(), found.depth.sum(), found.breadth.sum()]
    return [*(float(x) for x in sums), seconds]


def shapes_together(trees: str) -> dict[str, float]:
    """Seconds for trees that stand one behind the other, on one and on two cores, and for a pass that only reads."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from hubbub.spread import shape

    held = np.load(trees)
    offsets, up = held["offsets"], held["up"]
    shape.shapes(offsets[:2], up[: offsets[1]])
    one, found = _best(lambda: shape.shapes(offsets, up, threads=1))
    two, again = _best(lambda: shape.shapes(offsets, up, threads=2))
    half = up.size // 2
    with ThreadPoolExecutor(2) as pool:
        read, _ = _best(lambda: list(pool.map(np.max, (up[:half], up[half:]))))
    same = bool(np.array_equal(found.structural_virality, again.structural_virality))
    return {"one": one, "two": two, "read": read, "nodes": float(up.size), "same": float(same)}


def _best(work: Callable[[], Any], times: int = 5) -> tuple[float, Any]:
    """The shortest of several runs, and the result."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    return best, found


def command_cascades(folder: str, workspace: bool) -> dict[str, Any]:
    """The command `hubbub cascades --json` as it is typed: seconds, peak memory, and cascades and their nodes."""
    import json
    import resource
    import subprocess
    import sys
    import tempfile

    source = ["--workspace", folder] if workspace else [str(p) for p in sorted(Path(folder).glob("*.parquet"))]
    words = ["cascades", *source, *([] if workspace else ["--brand", BRAND[0]]), "--json"]
    call = [sys.executable, "-c", "import sys; from hubbub.cli import main; sys.argv[0] = 'hubbub'; main()", *words]
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        subprocess.run(call, stdout=out, check=True)
        seconds = time.perf_counter() - start
        gb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
        out.seek(0)
        listed = json.load(out)["cascades"]
    return {"seconds": seconds, "gb": gb, "cascades": [len(listed), sum(c["size"] for c in listed)]}
