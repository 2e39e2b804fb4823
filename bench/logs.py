"""Logs of any size for benchmarks: a year of one brand, written as zstd Parquet a million rows at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hubbub.activity import MICROS, SCHEMA

YEAR_US = 365 * 86_400 * MICROS
START = 1_767_225_600 * MICROS
BRAND = "acme"
CHUNK = 1_000_000

KINDS = ("visit", "like", "reply", "answer", "share", "message", "answer_message", "follow", "convert", "view", "post")
PARTS = (0.36, 0.15, 0.12, 0.08, 0.10, 0.05, 0.03, 0.03, 0.03, 0.045, 0.005)
TYPES = {"answer": "reply", "answer_message": "message"}
CHANNELS = ("x", "facebook", "mastodon", "blog")
CAMPAIGNS = tuple(f"campaign-{i:02d}" for i in range(40))
WORDS = np.array(["the", "plant", "leaf", "water", "light", "root", "pot", "soil", "green", "new", "thanks", "when"])


def write_log(folder: Path, rows: int, seed: int = 0) -> list[Path]:
    """Write about `rows` activities as Parquet files of a million rows; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for number, start in enumerate(range(0, rows, CHUNK)):
        path = folder / f"part-{number:04d}.parquet"
        n = min(CHUNK, rows - start)
        if not path.exists():
            table = _chunk(start, n, rows, np.random.default_rng([seed, number]))
            pq.write_table(table, path, compression="zstd", row_group_size=262_144)
        out.append(path)
    return out


def _chunk(start: int, n: int, rows: int, rng: np.random.Generator) -> pa.Table:
    """Rows start..start + n of a log of `rows`; references stay within the chunk, so that chunks can be made apart."""
    kind = rng.choice(len(KINDS), n, p=np.array(PARTS) / sum(PARTS))
    kind[:8] = KINDS.index("post")
    time = START + np.sort(rng.integers(start * (YEAR_US // rows), (start + n) * (YEAR_US // rows), n))
    people = max(rows // 12, 10)
    actor = (people * rng.random(n) ** 1.6).astype(np.int64)
    where = {k: np.flatnonzero(kind == i) for i, k in enumerate(KINDS)}
    channel = actor % len(CHANNELS)
    target = np.full(n, -1, np.int64)
    root_of_share = _targets(kind, where, target, rng)
    asked = np.isin(kind, [KINDS.index("answer"), KINDS.index("answer_message")])
    by_brand = asked | (kind == KINDS.index("post"))
    order = np.flatnonzero((target >= 0) & ~np.isin(kind, [KINDS.index("message")]))
    for _ in range(12):
        channel[order] = channel[target[order]]
    actor = actor // len(CHANNELS) * len(CHANNELS) + channel
    address = np.full(n, -1, np.int64)
    address[asked & (target >= 0)] = actor[target[asked & (target >= 0)]]
    return _table(start, kind, time, actor, channel, target, root_of_share, by_brand, address, rng)


def _targets(kind: Any, where: dict[str, Any], target: Any, rng: np.random.Generator) -> Any:
    """What each row names: brand posts for likes and replies, questions for answers, shares or posts for shares."""

    def pick(rows: Any, among: Any, last: int) -> None:
        count = np.searchsorted(among, rows)
        back = 1 + (rng.random(rows.size) ** 2 * np.minimum(count, last)).astype(np.int64)
        good = count > 0
        target[rows[good]] = among[np.maximum(count[good] - back[good], 0)]

    for name in ("like", "reply", "view"):
        pick(where[name], where["post"], 20)
    pick(where["answer"], where["reply"], 200)
    pick(where["answer_message"], where["message"], 50)
    shares = where["share"]
    first = rng.random(shares.size) < 0.3
    pick(shares[first], where["post"], 20)
    pick(shares[~first], shares, 2_000)
    came = where["visit"][rng.random(where["visit"].size) < 0.35]
    pick(came, shares, 500)
    root = np.where(kind == KINDS.index("share"), target, -1)
    for _ in range(40):
        inner = (root >= 0) & (kind[root] == KINDS.index("share")) & (target[root] >= 0)
        if not inner.any():
            break
        root[inner] = target[root[inner]]
    return root


def _names(prefix: str, numbers: Any) -> pa.Array:
    texts = np.char.add(prefix, np.char.zfill(numbers.astype("U10"), 10))
    return pa.array(texts, pa.string(), mask=numbers < 0)


def _table(
    start: int, kind: Any, time: Any, actor: Any, channel: Any, target: Any, root: Any, by_brand: Any, address: Any,
    rng: np.random.Generator,
) -> pa.Table:  # fmt: skip
    n = kind.size
    code = {k: i for i, k in enumerate(KINDS)}
    absolute = np.where(target >= 0, target + start, -1)
    replies = np.isin(kind, [code["reply"], code["answer"], code["answer_message"]])
    through = np.isin(kind, [code["share"], code["visit"]])
    objects = np.isin(kind, [code["like"], code["view"]])
    words = np.isin(kind, [code[k] for k in ("reply", "answer", "message", "answer_message", "post")])
    who = _names("u", actor).to_numpy(zero_copy_only=False)
    who[by_brand] = BRAND
    to = _names("u", address).to_numpy(zero_copy_only=False)
    to[(kind == code["message"])] = BRAND
    said = np.char.add(np.char.add(rng.choice(WORDS, n), " "), rng.choice(WORDS, n))
    for _ in range(4):
        said = np.char.add(np.char.add(said, " "), rng.choice(WORDS, n))
    value = np.round(rng.gamma(2.0, 20.0, n), 2)
    post = kind == code["post"]
    roots = np.where((kind == code["share"]) & (root >= 0), root + start, -1)
    columns: dict[str, Any] = {
        "id": _names("a", start + np.arange(n)),
        "time": pa.array(time).cast(SCHEMA.field("time").type),
        "channel": pa.array(np.array(CHANNELS)[channel], pa.string()),
        "type": pa.array(np.array([TYPES.get(k, k) for k in KINDS])[kind], pa.string()),
        "actor": pa.array(who, pa.string()),
        "object": _names("a", np.where(objects, absolute, roots)),
        "in_reply_to": _names("a", np.where(replies, absolute, -1)),
        "via": _names("a", np.where(through, absolute, -1)),
        "addressed_to": pa.array(to, pa.string(), mask=~np.isin(kind, [code["message"], code["answer_message"]])),
        "campaign": pa.array(np.array(CAMPAIGNS)[rng.integers(0, 40, n)], pa.string(), mask=~post),
        "content": pa.array(said, pa.string(), mask=~words),
        "value": pa.array(value).cast(pa.decimal128(18, 6)).filter(pa.array(np.ones(n, bool))),
        "currency": pa.array(np.full(n, "EUR"), pa.string(), mask=kind != code["convert"]),
        "audience": pa.array(rng.integers(1, 5_000, n), pa.int64(), mask=kind != code["share"]),
    }
    columns["value"] = pa.compute.if_else(pa.array(kind == code["convert"]), columns["value"], None)
    return pa.table([columns.get(f.name, pa.nulls(n, f.type)) for f in SCHEMA], schema=SCHEMA)
