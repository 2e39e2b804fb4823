"""The fast measures equal the slow, independent reading of the definitions, row for row and figure for figure."""

from __future__ import annotations

import math
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from hubbub.activity import DAY_US
from hubbub.log.keys import with_keys
from hubbub.log.segment import write_segment
from hubbub.log.settings import Coverage, Settings
from hubbub.log.sharing import sharing
from hubbub.measure import Tables, measure, measure_cascades
from strategies import logs, to_table


def told_settings(told: oracle.Settings) -> Settings:
    return Settings(
        brand=told.brand,
        watched=told.watched,
        people=dict(told.people),
        segments=dict(told.segments),
        coverage=tuple(Coverage(channel, start, end) for channel, start, end in told.coverage),
        currency=told.currency,
    )


def fast(tables: list[pa.Table], told: oracle.Settings) -> Tables:
    """The measures of a log that lies in several segments."""
    with tempfile.TemporaryDirectory() as folder:
        segments = [write_segment(with_keys(t), Path(folder) / f"{i}.parquet") for i, t in enumerate(tables)]
        return measure(segments, told_settings(told), told.window_days)


def plain(value: Any) -> Any:
    """Moments as microseconds, everything else as it is."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    whole = table.schema
    for i, field in enumerate(whole):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.int64()))
    out = table.to_pylist()
    for row in out:
        for entry in row.get("campaigns") or []:
            entry["first"] = None if entry["first"] is None else round(entry["first"].timestamp() * 1e6)
        for key in ("campaigns", "transitions"):
            if key in row:
                row[key] = sorted(row[key], key=lambda e: tuple(e.values()))
    return out


def same(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, dict):
        return mine.keys() == theirs.keys() and all(same(mine[k], theirs[k]) for k in mine)
    if isinstance(mine, list):
        return len(mine) == len(theirs) and all(same(a, b) for a, b in zip(mine, theirs, strict=True))
    if isinstance(mine, float) and theirs is not None:
        return math.isclose(mine, float(theirs), rel_tol=1e-9, abs_tol=1e-12)
    return bool(mine == theirs)


def differences(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    return {k: (mine.get(k), theirs.get(k)) for k in mine if not same(mine.get(k), theirs.get(k))}


def assert_equal(found: Tables, told: oracle.Result) -> None:
    mine = rows_of(found.people)
    theirs = [dict(row) for row in told.persons]
    for row in theirs:
        for key in ("campaigns", "transitions"):
            row[key] = sorted(row[key], key=lambda e: tuple(e.values()))
    order = lambda row: (row["person"], row["handles"])  # noqa: E731
    mine, theirs = sorted(mine, key=order), sorted(theirs, key=order)
    assert [r["handles"] for r in mine] == [r["handles"] for r in theirs]
    wrong = {m["person"]: d for m, t in zip(mine, theirs, strict=True) if (d := differences(m, t))}
    assert not wrong
    cascades = {(r["channel"], r["root"]): r for r in rows_of(found.cascades)}
    assert cascades.keys() == told.cascades.keys()
    wrong = {k: d for k, r in cascades.items() if (d := differences(r, dict(told.cascades[k])))}
    assert not wrong


@given(logs())
def test_fast_equals_slow(drawn: tuple[list[dict[str, Any]], oracle.Settings]) -> None:
    rows, told = drawn
    assert_equal(fast([to_table(rows)], told), oracle.read(rows, told))


@given(logs(5, 30), st.randoms(use_true_random=False), st.integers(1, 4))
def test_order_and_split_of_the_log_change_nothing(
    drawn: tuple[list[dict[str, Any]], oracle.Settings], random: Any, parts: int
) -> None:
    rows, told = drawn
    shuffled = list(rows)
    random.shuffle(shuffled)
    pieces = [t for i in range(parts) if (t := to_table(shuffled[i::parts])).num_rows]
    one, other = fast([to_table(rows)], told), fast(pieces, told)
    assert one.people.equals(other.people)
    assert one.cascades.equals(other.cascades)
    assert one.ledger == other.ledger


@given(logs(), st.integers(1, 3))
def test_cascades_alone_equal_those_of_the_whole_measure(
    drawn: tuple[list[dict[str, Any]], oracle.Settings], parts: int
) -> None:
    """From the rows that sharing rests on; what is not looked at there is null."""
    rows, told = drawn
    tables = [t for i in range(parts) if (t := to_table(rows[i::parts])).num_rows]
    with tempfile.TemporaryDirectory() as folder:
        segments = [write_segment(with_keys(t), Path(folder) / f"{i}.parquet") for i, t in enumerate(tables)]
        whole = measure(segments, told_settings(told), told.window_days)
        alone, ledger = measure_cascades(segments, told_settings(told))
    mine, theirs = rows_of(alone), rows_of(whole.cascades)
    for cascade in theirs:
        for node in cascade["nodes"]:
            node["exchanged"] = None
    assert mine == theirs
    assert (ledger.activities, ledger.first, ledger.last) == (
        whole.ledger.activities, whole.ledger.first, whole.ledger.last,
    )  # fmt: skip


@pytest.mark.parametrize("long", [3, 30])
def test_a_campaign_is_inherited_along_a_chain_of_replies_however_long(long: int, tmp_path: Path) -> None:
    """Only the share is looked for; its object answers what answers what ... belongs to a campaign."""
    rows: list[dict[str, Any]] = [
        {"id": "p", "time": 0, "channel": "x", "type": "reply", "actor": "acme", "campaign": "talk"},
        *({"id": f"r{i}", "time": i, "channel": "x", "type": "reply", "actor": "ann",
           "in_reply_to": "p" if i == 1 else f"r{i - 1}"} for i in range(1, long)),
        {"id": "s", "time": long, "channel": "x", "type": "share", "actor": "bob", "via": f"r{long - 1}"},
        {"id": "l", "time": long + 1, "channel": "x", "type": "like", "actor": "cat", "object": "p"},
    ]  # fmt: skip
    segment = write_segment(with_keys(to_table(rows)), tmp_path / "0.parquet")
    kept = sharing([segment]).some[0]
    assert kept.all() == (long > 10)
    cascades, _ = measure_cascades([segment], Settings(brand=frozenset({(None, "acme")})))
    assert cascades.column("campaign").to_pylist() == ["talk"]
    assert cascades.column("size").to_pylist() == [2]


def test_a_leave_counts_to_its_campaign_or_to_where_the_two_met_last() -> None:
    """Reading 46. The brand mails three people in `sale`, and posts in `talk`.

    ann leaves 7 days after the mail, of her own accord: sale. bob a microsecond later: nowhere, and he has only his
    contact. cat likes the post of talk after her mail and flags the mail: sale. She leaves as well: talk, met last.
    """
    day, week = DAY_US, 7 * DAY_US
    rows: list[dict[str, Any]] = [
        *({"id": f"m{who}", "time": 0, "type": "message", "actor": "acme", "addressed_to": who, "campaign": "sale"}
          for who in ("ann", "bob", "cat")),
        {"id": "p", "time": 1, "type": "post", "actor": "acme", "campaign": "talk"},
        {"id": "k", "time": day, "type": "like", "actor": "cat", "object": "p"},
        {"id": "f", "time": 2 * day, "type": "flag", "actor": "cat", "object": "mcat"},
        {"id": "l", "time": 3 * day, "type": "leave", "actor": "cat"},
        {"id": "la", "time": week, "type": "leave", "actor": "ann"},
        {"id": "lb", "time": week + 1, "type": "leave", "actor": "bob"},
    ]  # fmt: skip
    log = [{"channel": "x", **row} for row in rows]
    told = oracle.Settings(brand=frozenset({(None, "acme")}))
    found = fast([to_table(log)], told)
    assert_equal(found, oracle.read(log, told))
    seen = {
        row["person"]: {e["campaign"]: (e["first"], e["touches"], e["contacts"], e["leaves"], e["flags"])
                        for e in row["campaigns"]}
        for row in rows_of(found.people)
    }  # fmt: skip
    assert seen == {
        "x:ann": {"sale": (None, 0, 1, 1, 0)},
        "x:bob": {"sale": (None, 0, 1, 0, 0)},
        "x:cat": {"sale": (None, 0, 1, 0, 1), "talk": (day, 1, 0, 1, 0)},
    }


@pytest.mark.parametrize("value", ["0.000001", "-3.5", "1000000.000007"])
def test_credit_adds_up_to_the_value(value: str) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "p", "time": 0, "channel": "x", "type": "post", "actor": "acme"},
        {"id": "a", "time": 1, "channel": "x", "type": "like", "actor": "ann", "object": "p"},
        {"id": "b", "time": 2, "channel": "x", "type": "visit", "actor": "ann"},
        {"id": "c", "time": 3, "channel": "x", "type": "convert", "actor": "ann", "value": Decimal(value)},
    ]
    found = fast([to_table(rows)], oracle.Settings(brand=frozenset({(None, "acme")})))
    credit = found.people.column("credit_micros").to_pylist()[0]
    assert [sum(credit[4 * r : 4 * r + 4]) for r in range(6)] == [int(Decimal(value).scaleb(6))] * 6
