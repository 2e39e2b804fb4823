"""What the commands do around the measures: open a log, import into a workspace, export, set up the demo."""

from __future__ import annotations

import csv
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hubbub.activity import micros
from hubbub.errors import LogError, WorkspaceError
from hubbub.library import Log, Progress, open_workspace, read_log, with_brand
from hubbub.log import read, side, write
from hubbub.log.segment import read_segment
from hubbub.log.workspace import SETTINGS, Imported, Workspace
from hubbub.tables import Plan

if TYPE_CHECKING:
    from hubbub.demo.world import World


def handles(given: Sequence[str]) -> list[str]:
    """Handles as given, `@FILE` replaced by the lines of the file."""
    out: list[str] = []
    for text in given:
        if not text.startswith("@"):
            out.append(text)
            continue
        try:
            lines = Path(text[1:]).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise LogError(f"--brand {text}: the file cannot be read: {error}") from error
        out.extend(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    return out


def opened(
    logs: Sequence[Path],
    *,
    brand: Sequence[str],
    currency: str | None,
    tz: str | None,
    encoding: str | None,
    format: str | None,
    channel: str | None,
    workspace: Path,
    progress: Progress | None,
) -> Log:
    """The log that a command reads: the files named, else the workspace."""
    names = handles(brand)
    if not logs:
        return with_brand(open_workspace(workspace), names, currency)
    for path in logs:
        if not path.exists():
            raise LogError(f"{path} is not there.")
    with tempfile.NamedTemporaryFile(prefix="hubbub-refused-", suffix=".jsonl", delete=False) as place:
        refusals = Path(place.name)
    log = read_log(
        list(logs), brand=names, tz=tz, encoding=encoding, format=format, channel=channel, currency=currency,
        progress=progress, refusals=refusals,
    )  # fmt: skip
    if not log.refused:
        refusals.unlink()
    return log


def costs(path: Path | None) -> dict[str, float] | None:
    """What asking each person costs, from a CSV with the columns person and cost; above zero."""
    if path is None:
        return None
    out: dict[str, float] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                if not row.get("person"):
                    raise LogError(f"{path}, line {number}: there is no person; the columns are person and cost.")
                price = _number(row.get("cost"))
                if not price > 0.0:
                    raise LogError(f"{path}, line {number}: {row.get('cost')} is no cost above 0.")
                out[row["person"]] = price
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LogError(f"{path} cannot be read: {error}") from error
    return out


def _number(text: str | None) -> float:
    try:
        found = float(text or "")
    except ValueError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def floors(given: Sequence[str]) -> dict[str, int]:
    """`SEGMENT=N` as it is given on the command line."""
    out = {}
    for text in given:
        name, _, count = text.rpartition("=")
        if not name or not count.isdecimal():
            raise LogError(f'"{text}" is not SEGMENT=N, such as regulars=3.')
        out[name] = int(count)
    return out


def into_workspace(
    folder: Path,
    files: Sequence[Path],
    *,
    channel: str | None = None,
    format: str | None = None,
    tz: str | None = None,
    encoding: str | None = None,
    covers: tuple[str | None, str | None] = (None, None),
    progress: Progress | None = None,
) -> Imported:
    """Import files into a workspace, all of them or none."""
    for path in files:
        if not path.exists():
            raise LogError(f"{path} is not there.")
    place = Workspace.find(folder)
    settings = place.settings()
    refusals = place.refusals()
    activities, sides = side.split(list(files))
    seen: set[str] = set()

    def batches() -> Any:
        if not activities:
            return
        for table in read.batches(
            activities, format=format, channel=channel, tz=tz, encoding=encoding, refusals=refusals, progress=progress
        ):
            seen.update(table.column("channel").unique().to_pylist())
            yield table

    def tables() -> Any:
        found = side.read_all(sides, settings.brand, refusals, held={"people": place.side("people")})
        if any(covers):
            covered = side.coverage_of(sorted(seen), *covers)
            found["coverage"] = pa.concat_tables([t for t in (found.get("coverage"), covered) if t is not None])
        yield from ((name, table) for name, table in found.items() if table.num_rows)

    return place.add(batches(), tables(), refusals, datetime.now(UTC))


def document(done: Imported) -> dict[str, Any]:
    """What `hubbub import --json` prints."""
    return {
        "read": done.read,
        "added": done.added,
        "already": done.already,
        "refused": done.refused,
        "refusals": str(done.refusals) if done.refusals else None,
        "reasons": done.reasons,
        "conflicts": [
            {"channel": c.channel, "id": c.id, "fields": list(c.fields), "stands": c.against} for c in done.conflicts
        ],
    }


def start_experiment(
    folder: Path, name: str, asked: Mapping[str, Any], *, now: datetime | None = None
) -> dict[str, Any]:
    """Assign the people of a workspace to arms by chance, those already in an arm excepted.

    asked : fields of tables.Plan; what is not named is as usual
    raises : WorkspaceError if the experiment was started with another plan; HubbubError for one that makes no sense
    """
    from hubbub.compare.experiments.deal import checked, dealt
    from hubbub.compare.experiments.trial import clusters
    from hubbub.compare.frame import iso
    from hubbub.log.outcomes import assigned

    place = Workspace.find(folder)
    log = open_workspace(folder)
    moment = now or datetime.now(UTC)
    plan = log.settings.experiments.get(name)
    parts = None
    if plan is None:
        arms = asked.get("arms", ("control", "treated"))
        usual = {"parts": (1.0,) * len(arms), "window_days": 60.0 if asked.get("metric") == "returns" else 30.0}
        plan = checked(Plan(**{"name": name, "arms": arms, "started_us": micros(moment), **usual, **asked}))
    elif any(getattr(plan, key) != value for key, value in asked.items()):
        raise WorkspaceError(f"The experiment {name} was started already, with another plan; that plan stands.")
    elif plan.bandit:
        parts = [a["next_part"] for a in log.read_experiment(name)["bandit"]["arms"]]
    tables = log.tables()
    together = clusters(tables.cascades, plan.started_us) if plan.by == "cluster" else {}
    found = dealt(plan, tables.people, together, assigned(log.settings, name), parts)
    rows = [
        {"time": moment, "experiment": name, "arm": arm, "channel": channel, "actor": actor}
        for arm, mine in found.handles
        for channel, actor in mine
    ]
    file = place.assign(plan, pa.Table.from_pylist(rows, side.schema("assignments")))
    return {
        "experiment": name,
        "added": found.added,
        "arms": [{"arm": a, "people": n} for a, n in zip(plan.arms, found.counts, strict=True)],
        "people_needed": plan.planned,
        "started": iso(plan.started_us or 0),
        "file": str(file),
    }


def out_of_workspace(folder: Path, out: Path, *, format: str | None, safe: bool) -> list[Path]:
    """Write the log of a workspace to a file."""
    place = Workspace.find(folder)
    return write.write((read_segment(s) for s in place.segments()), out, format=format, safe=safe)


def demo_note() -> str:
    """The first line of the demo: that all of it is invented."""
    from hubbub.demo.setting import NOTE

    return NOTE


def demo_workspace(folder: Path, *, rows: int, seed: int, progress: Progress | None) -> Log:
    """A fresh workspace of the demo brand, imported from files as any other log would be."""
    from hubbub.demo import quillwort

    world = quillwort(seed=seed, rows=rows)
    for part in ("data", "workspace"):
        shutil.rmtree(folder / part, ignore_errors=True)
    files = [path for path in world.write(folder / "data") if path.name != "hubbub-world.json"]
    place = Workspace.create(folder / "workspace", "Quillwort Plants")
    (place.folder / SETTINGS).write_text(_demo_settings(world), encoding="utf-8")
    into_workspace(place.folder, files, progress=progress)
    return open_workspace(place.folder)


def _demo_settings(world: World) -> str:
    import json

    return (
        f'# {world.note}\n[brand]\nname = "Quillwort Plants"\nhandles = {json.dumps(list(world.brand))}\n'
        f"watched = {json.dumps(list(world.watched), ensure_ascii=False)}\n\n"
        f"[time]\nzone = {json.dumps(world.zone)}\n\n"
        f'[money]\ncurrency = "EUR"\nhour_cost = {world.hour_cost}\n'
    )


def warm() -> None:
    """Run everything once on a tiny log, so that all kernels are compiled and cached."""
    from hubbub.demo import quillwort
    from hubbub.report import html

    with tempfile.TemporaryDirectory(prefix="hubbub-warm-") as folder:
        world = quillwort(rows=2_000)
        log = read_log(world.write(folder)[:-1], brand=world.brand)
        answer = log.compare()
        html(answer.document, answer.tables.cascades, answer.spread(), made=datetime.now(UTC))
