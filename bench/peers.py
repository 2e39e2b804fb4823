"""What the peers do: the four plain queries over a log in Polars, tree shapes in networkx and DuckDB."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

DAY = 86_400_000_000


def polars_queries(folder: str) -> dict[str, Any]:
    """Seconds of each of the four queries, cold reads included, and a figure of each to check against."""
    import polars as pl

    log = pl.scan_parquet(str(Path(folder) / "*.parquet"))
    out: dict[str, Any] = {"seconds": {}, "figures": {}}
    for name, query in (("funnel", _funnel), ("first", _first), ("turns", _turns), ("touches", _touches)):
        start = time.perf_counter()
        out["figures"][name] = query(log)
        out["seconds"][name] = time.perf_counter() - start
    out["total"] = sum(out["seconds"].values())
    return out


def _funnel(log: Any) -> list[int]:
    import polars as pl

    found = (
        log.group_by("campaign", "type").agg(pl.len().alias("n"), pl.col("actor").n_unique().alias("people")).collect()
    )
    return [int(found["n"].sum()), int(found["people"].sum())]


def _first(log: Any) -> list[int]:
    import polars as pl

    who = ["channel", "actor"]
    rows = log.filter(pl.col("actor") != "acme").select(*who, pl.col("time").cast(pl.Int64))
    first = rows.group_by(who).agg(pl.col("time").min().alias("first"))
    back = rows.join(first, on=who).with_columns(gone=pl.col("time") - pl.col("first"))
    came = back.group_by(who).agg(((pl.col("gone") >= 30 * DAY) & (pl.col("gone") < 60 * DAY)).any().alias("back"))
    done = came.collect()
    return [done.height, int(done["back"].sum())]


def _turns(log: Any) -> int:
    import polars as pl

    words = log.filter(pl.col("type").is_in(["reply", "message"])).select(
        "channel", "in_reply_to", "actor", "time", "id"
    )
    thread = words.with_columns(thread=pl.coalesce("in_reply_to", "id")).sort("channel", "thread", "time")
    lagged = thread.with_columns(
        wait=pl.col("time").diff().over("channel", "thread"), other=pl.col("actor").shift().over("channel", "thread")
    )
    found = (
        lagged.filter(pl.col("other").is_not_null() & (pl.col("other") != pl.col("actor"))).select(pl.len()).collect()
    )
    return int(found.item())


def _touches(log: Any) -> int:
    import polars as pl

    keys = ["channel", "actor"]
    sales = log.filter(pl.col("type") == "convert").select(*keys, pl.col("time").cast(pl.Int64).alias("sold"), "value")
    touch = log.filter((pl.col("type") != "convert") & (pl.col("actor") != "acme"))
    near = sales.join(touch.select(*keys, pl.col("time").cast(pl.Int64)), on=keys)
    found = near.filter((pl.col("time") <= pl.col("sold")) & (pl.col("time") >= pl.col("sold") - 30 * DAY))
    return int(found.select(pl.len()).collect().item())


def duckdb_queries(folder: str) -> dict[str, Any]:
    """The same four queries in DuckDB."""
    import duckdb

    base = duckdb.connect()
    base.execute("SET enable_progress_bar = false")
    base.execute(f"CREATE VIEW log AS SELECT * FROM '{folder}/*.parquet'")
    out: dict[str, Any] = {"seconds": {}, "figures": {}}
    for name, query in _QUERIES.items():
        start = time.perf_counter()
        row = base.execute(query.format(day=DAY)).fetchone()
        out["seconds"][name] = time.perf_counter() - start
        assert row is not None
        out["figures"][name] = [int(x) for x in row] if len(row) > 1 else int(row[0])
    out["total"] = sum(out["seconds"].values())
    return out


_QUERIES = {
    "funnel": """
        SELECT sum(n), sum(people) FROM (
            SELECT count(*) AS n, count(DISTINCT actor) AS people FROM log GROUP BY campaign, type
        )
        """,
    "first": """
        WITH rows AS (SELECT channel, actor, epoch_us(time) AS t FROM log WHERE actor <> 'acme'),
        first AS (SELECT channel, actor, min(t) AS first FROM rows GROUP BY ALL),
        came AS (
            SELECT bool_or(t - first >= 30 * {day} AND t - first < 60 * {day}) AS back
            FROM rows JOIN first USING (channel, actor) GROUP BY channel, actor
        )
        SELECT count(*), count(*) FILTER (WHERE back) FROM came
        """,
    "turns": """
        SELECT count(*) FROM (
            SELECT actor, lag(actor) OVER thread AS other, time - lag(time) OVER thread AS wait
            FROM log WHERE type IN ('reply', 'message')
            WINDOW thread AS (PARTITION BY channel, coalesce(in_reply_to, id) ORDER BY time)
        ) WHERE other <> actor
        """,
    "touches": """
        SELECT count(*) FROM log AS sale JOIN log AS touch USING (channel, actor)
        WHERE sale.type = 'convert' AND touch.type <> 'convert' AND actor <> 'acme'
            AND touch.time <= sale.time AND epoch_us(touch.time) >= epoch_us(sale.time) - 30 * {day}
        """,
}


def polars_read_write(csv: str, out: str) -> int:
    """Read a CSV and write it as Parquet."""
    import polars as pl

    frame = pl.read_csv(csv, infer_schema_length=10_000)
    frame.write_parquet(out, compression="zstd")
    return frame.height


def hawkesbook_fits(streams: str, end: float) -> list[list[float]]:
    """Fits of the streams in a file, warm: their seconds, then mu, alpha, beta of each as hubbub names them."""
    import hawkesbook
    import numpy as np

    from bench.run import timed

    times = np.load(streams)
    seconds, found = timed(lambda: [hawkesbook.exp_mle(t, end) for t in times], least=3.0)
    return [[seconds], *(([float(x) for x in (f[0], f[1] / f[2], f[2])]) for f in found)]


CASCADE_COLUMNS = ("id", "time", "channel", "type", "actor", "object", "via", "campaign", "rewarded", "automated")
"""What of a log `cascades` cannot do without."""
CASCADE_KEYS = (
    "k_id", "time", "channel", "type", "k_actor", "k_object", "k_via", "campaign", "rewarded", "automated",
)  # fmt: skip
"""The same in the segments of a workspace."""


def read_cascade_columns(folder: str, keys: bool) -> int:
    """Read what cascades need of all Parquet files of a folder into memory, file by file; returns the rows."""
    import pyarrow.parquet as pq

    columns = list(CASCADE_KEYS if keys else CASCADE_COLUMNS)
    files = sorted(Path(folder).rglob("*.parquet"))
    return sum(pq.read_table(path, columns=columns, memory_map=True).num_rows for path in files)


def polars_cascades(folder: str) -> list[int]:
    """Cascades of two nodes or more, and their nodes: a join on the parent's id, then pointer doubling."""
    import numpy as np
    import polars as pl

    rows = pl.read_parquet(str(Path(folder) / "*.parquet"), columns=["id", "channel", "type", "via"])
    known = rows.filter(pl.col("type").is_in(["share", "post"])).with_row_index("at")
    up = known.join(known.select("channel", via="id", up="at"), on=["channel", "via"], how="left").sort("at")
    shared = (up["type"] == "share").to_numpy()
    root = np.where(shared & up["up"].is_not_null().to_numpy(), up["up"].fill_null(0).to_numpy(), np.arange(up.height))
    while not np.array_equal(root, root[root]):
        root = root[root]
    sizes = np.bincount(root)
    return [int(np.count_nonzero(sizes > 1)), int(sizes[sizes > 1].sum())]


def networkx_shapes(parents: str) -> list[float]:
    """Sum of structural virality, sizes and depths over all trees, by networkx and the O(n) sum over edges."""
    import networkx as nx
    import numpy as np

    parent = np.load(parents)
    start = time.perf_counter()
    graph = nx.DiGraph()
    graph.add_nodes_from(range(parent.size))
    graph.add_edges_from((int(p), i) for i, p in enumerate(parent) if p >= 0)
    total = [0.0, 0.0, 0.0, 0.0]
    for root in np.flatnonzero(parent < 0).tolist():
        order = list(nx.bfs_edges(graph, root))
        depth, below = {root: 0}, {root: 1}
        for a, b in order:
            depth[b] = depth[a] + 1
            below[b] = 1
        for a, b in reversed(order):
            below[a] += below[b]
        n = below[root]
        wiener = sum(below[b] * (n - below[b]) for _, b in order)
        counts: dict[int, int] = {}
        for d in depth.values():
            counts[d] = counts.get(d, 0) + 1
        total[0] += 2.0 * wiener / (n * (n - 1)) if n > 1 else 0.0
        total[1] += n
        total[2] += max(depth.values())
        total[3] += max(counts.values())
    return [*total, time.perf_counter() - start]


def rustworkx_shapes(parents: str) -> list[float]:
    """The same sums by rustworkx: its graph, its topological order, and the O(n) sum over edges in Python."""
    import numpy as np
    import rustworkx as rx

    parent = np.load(parents)
    start = time.perf_counter()
    graph = rx.PyDiGraph(multigraph=False)
    graph.add_nodes_from(range(parent.size))
    child = np.flatnonzero(parent >= 0)
    graph.add_edges_from_no_data(list(zip(parent[child].tolist(), child.tolist(), strict=True)))
    order = rx.topological_sort(graph)
    up = parent.tolist()
    n = parent.size
    root, depth, below = [0] * n, [0] * n, [1] * n
    for i in order:
        p = up[i]
        if p < 0:
            root[i] = i
        else:
            root[i], depth[i] = root[p], depth[p] + 1
    for i in reversed(order):
        if up[i] >= 0:
            below[up[i]] += below[i]
    total = [0.0, 0.0, 0.0, 0.0]
    wiener, deepest = [0.0] * n, [0] * n
    levels: dict[tuple[int, int], int] = {}
    for i in order:
        r, d = root[i], depth[i]
        levels[r, d] = levels.get((r, d), 0) + 1
        deepest[r] = max(deepest[r], d)
        wiener[r] += below[i] * (below[r] - below[i])
    widest: dict[int, int] = {}
    for (r, _), count in levels.items():
        widest[r] = max(widest.get(r, 0), count)
    for r, breadth in widest.items():
        size = below[r]
        total[0] += 2.0 * wiener[r] / (size * (size - 1)) if size > 1 else 0.0
        total[1] += size
        total[2] += deepest[r]
        total[3] += breadth
    return [*total, time.perf_counter() - start]


def duckdb_shapes(parents: str) -> list[float]:
    """The same sums by a recursive query: every pair of node and ancestor, so that subtree sizes are counted."""
    import duckdb
    import numpy as np

    parent = np.load(parents)
    base = duckdb.connect()
    base.register("nodes", {"id": np.arange(parent.size), "parent": parent})
    base.execute("CREATE TABLE t AS SELECT * FROM nodes")
    start = time.perf_counter()
    found = base.execute(
        """
        WITH RECURSIVE up AS (
            SELECT id, id AS node, parent, 0 AS hops FROM t
            UNION ALL
            SELECT up.id, t.id AS node, t.parent, up.hops + 1 FROM up JOIN t ON up.parent = t.id
        ),
        below AS (SELECT node, count(*) AS s FROM up GROUP BY node),
        top AS (SELECT id, node AS root, hops AS depth FROM up WHERE parent < 0),
        size AS (SELECT root, count(*) AS n, max(depth) AS depth FROM top GROUP BY root),
        level AS (SELECT root, depth, count(*) AS c FROM top GROUP BY root, depth),
        wide AS (SELECT root, max(c) AS breadth FROM level GROUP BY root),
        wiener AS (
            SELECT top.root, sum(s::DOUBLE * (n - s)) AS w
            FROM below JOIN top ON below.node = top.id JOIN size ON size.root = top.root GROUP BY top.root
        )
        SELECT sum(CASE WHEN n > 1 THEN 2.0 * w / (n * (n - 1.0)) ELSE 0 END), sum(n), sum(depth), sum(breadth)
        FROM size JOIN wiener USING (root) JOIN wide USING (root)
        """
    ).fetchone()
    assert found is not None
    return [*(float(x) for x in found), time.perf_counter() - start]
