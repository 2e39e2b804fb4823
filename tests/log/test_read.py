"""Files in: every format and packing, every encoding, and every way in which a file can be broken."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn import tables
from hubbub.activity import SCHEMA
from hubbub.errors import LogError
from hubbub.log import read, source
from hubbub.log.jsonlines import ArrayLines
from hubbub.log.refuse import Refusals
from hubbub.log.scan import csv_end
from hubbub.log.source import Source
from hubbub.log.write import write

HEADER = "id,time,channel,type,actor,content\n"
FIRST = 'p1,2026-01-01T00:00:00Z,x,post,acme,"Hello, all"\n'
SECOND = 'p2,2026-01-01T01:00:00Z,x,reply,ann,"two\nlines, ""quoted"""\n'
LOG = HEADER + FIRST + SECOND
WORDS = ["Hello, all", 'two\nlines, "quoted"']


def rows_of(*paths: Path, refusals: Refusals | None = None, **options: Any) -> list[dict[str, Any]]:
    taken = read.batches(list(paths), refusals=refusals or Refusals(), **options)
    return [row for table in taken for row in table.to_pylist()]


def put(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def zstd(data: bytes) -> bytes:
    out = io.BytesIO()
    with pa.CompressedOutputStream(out, "zstd") as packed:
        packed.write(data)
        packed.flush()
        return out.getvalue() if packed.closed else _closed(packed, out)


def _closed(packed: Any, out: io.BytesIO) -> bytes:
    keep = out.getvalue
    out.close = lambda: None  # type: ignore[method-assign]
    packed.close()
    return keep()


def refused_of(path: Path, folder: Path, **options: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    with Refusals(folder / "refused.jsonl") as refusals:
        valid = rows_of(path, refusals=refusals, **options)
    lines = (folder / "refused.jsonl").read_text().splitlines() if refusals.count else []
    return valid, [json.loads(line) for line in lines]


RECORDS = [dict(r) for r in csv.DictReader(io.StringIO(LOG, newline=""))]
JSONL = "".join(json.dumps(r) + "\n" for r in RECORDS)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("log.csv", LOG),
        ("log.csv", LOG.replace("\n", "\r\n")),
        ("log.csv", "\ufeff" + LOG),
        ("log.csv", LOG.rstrip("\n")),
        ("log.csv", "\n\n" + LOG.replace(FIRST, "\n" + FIRST + "\n")),
        ("log.csv", LOG.replace("id,time", '"id", Time')),
        ("log.csv", HEADER.replace(",", ";") + 'p1;2026-01-01T00:00:00Z;x;post;acme;"Hello, all"\n' + ";".join(
            ["p2", "2026-01-01T01:00:00Z", "x", "reply", "ann", '"two\nlines, ""quoted"""\n'])),
        ("log", LOG),
        ("log.jsonl", JSONL),
        ("log.ndjson", JSONL.replace("\n", "\r\n\r\n")),
        ("log.jsonl", "\ufeff" + JSONL),
        ("log", JSONL),
        ("log.json", JSONL),
        ("log.json", json.dumps(RECORDS)),
        ("log.json", json.dumps(RECORDS, indent=2)),
        ("log", " \n" + json.dumps(RECORDS, indent=2) + "\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("pack", [None, "gz", "zst"])
def test_every_text_format_plain_and_packed(tmp_path: Path, name: str, data: str, pack: str | None) -> None:
    packed = {"gz": gzip.compress, "zst": zstd, None: bytes}[pack](data.encode())
    words = [
        r["content"].replace("\r\n", "\n") for r in rows_of(put(tmp_path, f"{name}.{pack or ''}".rstrip("."), packed))
    ]
    assert words == WORDS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str) -> None:
    text = LOG.replace("Hello", "Grüße 🙂")
    assert rows_of(put(tmp_path, "log.csv", text.encode(encoding)))[0]["content"] == "Grüße 🙂, all"


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "utf-16-le", "shift-jis"])
def test_an_encoding_that_is_given(tmp_path: Path, encoding: str) -> None:
    word = "日本" if encoding == "shift-jis" else "Grüße"
    path = put(tmp_path, "log.csv", LOG.replace("Hello", word).encode(encoding))
    assert rows_of(path, encoding=encoding)[0]["content"] == f"{word}, all"


def test_a_wrong_encoding_says_where_and_what(tmp_path: Path) -> None:
    path = put(tmp_path, "log.csv", LOG.replace("quoted", "Grüße").encode("latin-1"))
    byte = LOG.index("quoted") + 3
    with pytest.raises(
        LogError, match=rf"log\.csv: line 4, byte {byte}: 0xfc is not UTF-8.*Latin-1: pass --encoding latin-1"
    ):
        rows_of(path)
    path = put(tmp_path, "log.jsonl", JSONL.replace("Hello", "\x93Hello\x94").encode("latin-1"))
    path.write_bytes(path.read_bytes().replace(b"\\u0093", b"\x93"))
    with pytest.raises(LogError, match=r"line 1, byte .*Windows-1252: pass --encoding windows-1252"):
        rows_of(path)
    path = put(tmp_path, "head.csv", HEADER.replace("content", "größe").encode("latin-1") + FIRST.encode())
    with pytest.raises(LogError, match=r"line 1, byte .* is not UTF-8"):
        rows_of(path)
    with pytest.raises(LogError, match=r"line 2, byte .*: not valid utf-16"):
        rows_of(put(tmp_path, "16.csv", HEADER.encode("utf-16") + b"\x00\xd8\x41\x00"))


@pytest.mark.parametrize("encoding", ["klingon", "zip", "rot13", "idna", "unicode_escape", "\0"])
def test_no_such_encoding(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(LogError, match="--encoding"):
        rows_of(put(tmp_path, "log.csv", LOG), encoding=encoding)


def test_missing_columns_are_named_with_those_seen(tmp_path: Path) -> None:
    says = r"log\.csv: no column time and no column channel; columns seen: id, type, actor; needed: id, time, channel"
    with pytest.raises(LogError, match=says):
        rows_of(put(tmp_path, "log.csv", "id,type,actor\n1,post,a\n"))
    with pytest.raises(LogError, match=r"no column channel.*pass --channel"):
        rows_of(put(tmp_path, "log.jsonl", '{"id": "1", "time": "x", "type": "y", "actor": "z"}\n'))
    with pytest.raises(LogError, match="the column id stands twice"):
        rows_of(put(tmp_path, "log.csv", "id,ID,time,channel,type,actor\n"))


def test_a_channel_for_all_rows(tmp_path: Path) -> None:
    path = put(tmp_path, "log.csv", "id,time,type,actor\np1,2026-01-01T00:00:00Z,post,acme\n")
    assert rows_of(path, channel="blog")[0]["channel"] == "blog"


def test_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    for text in (HEADER, HEADER.rstrip("\n"), HEADER + "\n\n"):
        assert rows_of(put(tmp_path, "log.csv", text)) == []
    assert rows_of(put(tmp_path, "log.json", "[]")) == []


def test_rows_with_too_many_or_too_few_columns(tmp_path: Path) -> None:
    path = put(tmp_path, "log.csv", HEADER + FIRST + "short,2026\n" + SECOND + "\nlong,1,2,3,4,5,6\n" + FIRST)
    valid, refused = refused_of(path, tmp_path)
    assert [r["id"] for r in valid] == ["p1", "p2", "p1"]
    assert [(r["row"], r["id"], r["reason"]) for r in refused] == [
        (2, "short", "has 2 columns where the header has 6"),
        (4, "long", "has 7 columns where the header has 6"),
    ]
    assert refused[0]["value"] == "short,2026"


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    valid, refused = refused_of(put(tmp_path, "a.csv", LOG + 'p3,2026-01-01T00:00:00Z,x,post,acme,"cut o'), tmp_path)
    assert [r["id"] for r in valid] == ["p1", "p2"]
    assert (refused[0]["row"], refused[0]["reason"]) == (3, "the last row ends inside a quote that is never closed")
    plain = "p4,2026-01-01T00:00:00Z,x,post,acme,words\n"
    path = put(tmp_path, "b.csv", HEADER + FIRST + 'p3,2026-01-01T00:00:00Z,x,post,acme,"open\n' + plain + plain)
    with pytest.raises(LogError, match=r"b\.csv: a quote is never closed, in the record that begins with 'p3,2026"):
        rows_of(path)


def test_quotes_in_the_middle_of_a_field_are_plain(tmp_path: Path) -> None:
    path = put(tmp_path, "a.csv", HEADER + 'p1,2026-01-01T00:00:00Z,x,post,acme,a 5" pipe\n' + SECOND + FIRST)
    assert [r["content"] for r in rows_of(path)] == ['a 5" pipe', WORDS[1], WORDS[0]]


def test_line_ends_of_one_return(tmp_path: Path) -> None:
    path = put(
        tmp_path, "a.csv", (HEADER + FIRST + FIRST).replace("\n", "\r") + '3,2026-01-01T00:00:00Z,x,post,a,"a\rb"'
    )
    assert [r["content"] for r in rows_of(path)] == [WORDS[0], WORDS[0], "a\rb"]


def test_unknown_columns_go_into_raw(tmp_path: Path) -> None:
    text = 'id,time,channel,type,actor,likes,note "x",raw\n'
    text += 'p1,2026-01-01T00:00:00Z,x,post,acme,3,"say ""hi""\n","{""a"":1}"\n'
    text += "p2,2026-01-01T00:00:00Z,x,post,acme,,,\np3,2026-01-01T00:00:00Z,x,post,acme,4,,word\n"
    raw = [r["raw"] for r in rows_of(put(tmp_path, "log.csv", text))]
    assert json.loads(raw[0]) == {"a": 1, "likes": "3", 'note "x"': 'say "hi"\n'}
    assert raw[1] is None
    assert json.loads(raw[2]) == {"raw": "word", "likes": "4"}


def test_unknown_fields_of_json_go_into_raw_as_they_are(tmp_path: Path) -> None:
    rows = [dict(RECORDS[0], **more) for more in ({"n": 1}, {"n": {"a": [1.5, None]}}, {}, {"n": "x", "m": None})]
    raw = [r["raw"] for r in rows_of(put(tmp_path, "a.jsonl", "".join(json.dumps(r) + "\n" for r in rows)))]
    assert raw == ['{"n": 1}', '{"n": {"a": [1.5, null]}}', None, '{"n": "x"}']


def test_only_some_columns(tmp_path: Path) -> None:
    for name in ("x.csv", "x.jsonl", "x.parquet"):
        write([pa.Table.from_pylist(rows_of(put(tmp_path, "log.csv", LOG)), SCHEMA)], tmp_path / name)
        taken = list(read.batches([tmp_path / name], refusals=Refusals(), columns=["actor", "time"]))
        assert taken[0].column_names == ["time", "actor"]
        assert taken[0].column("actor").to_pylist() == ["acme", "ann"]


def test_lines_that_are_no_json_object(tmp_path: Path) -> None:
    good = json.dumps(RECORDS[0])
    deep = '{"id": ' + "[" * 5000 + "]" * 5000 + "}"
    lines = [good, "", "{", good, "[1]", "nonsense", '{"id": NaN}', deep, '{"id": "\\ud800"}', good]
    valid, refused = refused_of(put(tmp_path, "a.jsonl", "\n".join(lines)), tmp_path)
    assert len(valid) == 3
    assert [(r["row"], r["reason"].split(":")[0]) for r in refused] == [
        (2, "is not JSON"),
        (4, "is not a JSON object"),
        (5, "is not JSON"),
        (6, "is not JSON"),
        (7, "is nested too deeply"),
        (8, "holds half a character (a lone surrogate)"),
    ]


def test_characters_of_two_escapes_are_whole(tmp_path: Path) -> None:
    line = json.dumps(dict(RECORDS[0], content="🙂"))
    assert "\\ud83d\\ude42" in line
    assert rows_of(put(tmp_path, "a.jsonl", line))[0]["content"] == "🙂"


def test_an_array_that_is_cut_short(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="the JSON array is not closed"):
        rows_of(put(tmp_path, "a.json", json.dumps(RECORDS)[:-30]))


def test_one_object_over_several_lines(tmp_path: Path) -> None:
    assert len(rows_of(put(tmp_path, "a.json", json.dumps(RECORDS[0], indent=1)))) == 1


def test_packed_files_that_are_damaged(tmp_path: Path) -> None:
    text = (HEADER + FIRST * 50_000).encode()
    for name, data in (("a.csv.gz", gzip.compress(text)), ("a.csv.zst", zstd(text))):
        with pytest.raises(LogError, match="is cut short; fetch the file again"):
            rows_of(put(tmp_path, name, data[: len(data) // 2]))
        with pytest.raises(LogError, match=r"is damaged|is cut short"):
            rows_of(put(tmp_path, name, data[:20] + b"\xff" * 20 + data[40:]))
    with pytest.raises(LogError, match=r"is named \.gz but is not packed that way"):
        rows_of(put(tmp_path, "b.csv.gz", text))


def test_a_packed_file_without_the_name_of_one(tmp_path: Path) -> None:
    assert len(rows_of(put(tmp_path, "a.csv", gzip.compress(LOG.encode())))) == 2


def test_a_file_that_unpacks_to_far_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "FREE", 1 << 20)
    path = put(tmp_path, "a.csv.gz", gzip.compress((HEADER + FIRST * 200_000).encode()))
    with pytest.raises(LogError, match="unpacks to more than 250 times its size, which looks like a trap"):
        rows_of(path)
    assert len(rows_of(path, ratio=2000)) == 200_000


def test_files_that_are_none(tmp_path: Path) -> None:
    cases = [
        ("empty.csv", b"", "the file is empty"),
        ("empty.csv.gz", gzip.compress(b""), "the file is empty"),
        ("empty.parquet", b"", "the file is empty"),
        ("bom.csv", b"\xef\xbb\xbf", "the file is empty"),
        ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is no log but a picture"),
        ("b.csv", b"PK\x03\x04" + bytes(100), "a ZIP archive or a spreadsheet"),
        ("c.csv", bytes(range(256)) * 4, "is a binary file"),
        ("d.parquet", b"PAR1 no", "cannot be read as Parquet"),
        ("e.parquet", b"text", "cannot be read as Parquet"),
        ("f.csv", b"\n\n\n", "no column id"),
        ("g.csv", b"x" * (2 << 20), "longer than 1 MB"),
    ]
    for name, data, says in cases:
        with pytest.raises(LogError, match=says) as error:
            rows_of(put(tmp_path, name, data))
        assert name in str(error.value)
    with pytest.raises(LogError, match="no such file"):
        rows_of(tmp_path / "none.csv")
    with pytest.raises(LogError, match="no such format"):
        rows_of(tmp_path / "a.csv", format="xml")
    with pytest.raises(LogError, match="is not a regular file"):
        rows_of(Path("/dev/null"))


def test_parquet_cut_short_or_packed(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(rows_of(put(tmp_path, "log.csv", LOG)), SCHEMA)
    pq.write_table(table, tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    assert len(rows_of(put(tmp_path, "a.parquet.gz", gzip.compress(data)))) == 2
    with pytest.raises(LogError, match="cannot be read as Parquet"):
        rows_of(put(tmp_path, "b.parquet", data[:-20]))
    with pytest.raises(LogError, match="cannot be read as Parquet"):
        rows_of(put(tmp_path, "b.parquet", data[:4] + bytes(200) + data[204:]))


def test_folders_are_read_through_and_sorted(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    put(tmp_path / "b", "2.csv", LOG)
    put(tmp_path / ".hidden", "3.csv", LOG)
    put(tmp_path, "a.jsonl.gz", gzip.compress(JSONL.encode()))
    put(tmp_path, "notes.txt", "x")
    put(tmp_path, "settings.json", '{"brand": "acme"}')
    assert [p.name for p in read.files([tmp_path])] == ["a.jsonl.gz", "2.csv"]
    assert len(rows_of(tmp_path)) == 4
    (tmp_path / "c").mkdir()
    with pytest.raises(LogError, match="the folder holds no file that could be a log"):
        rows_of(tmp_path / "c")


def test_progress_ends_with_everything_read(tmp_path: Path) -> None:
    paths = [put(tmp_path, "a.csv", LOG), put(tmp_path, "b.csv.gz", gzip.compress(LOG.encode()))]
    seen: list[tuple[int, int]] = []
    rows_of(*paths, progress=lambda done, total: seen.append((done, total)))
    total = sum(p.stat().st_size for p in paths)
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


def test_row_numbers_run_on_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "STEP", 300)
    many = "".join(FIRST if i % 10 else f"r{i},bad\n" for i in range(1, 101))
    valid, refused = refused_of(put(tmp_path, "a.csv", HEADER + many + SECOND), tmp_path)
    assert [r["row"] for r in refused] == list(range(10, 101, 10))
    assert len(valid) == 91
    lines = "".join(json.dumps(RECORDS[0]) + "\n" if i % 10 else "bad\n" for i in range(1, 101))
    valid, refused = refused_of(put(tmp_path, "a.jsonl", lines), tmp_path)
    assert [r["row"] for r in refused] == list(range(10, 101, 10))


def test_a_record_longer_than_any_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "STEP", 64)
    words = 'many "words"\n' * 500
    text = HEADER + FIRST + f'p3,2026-01-01T00:00:00Z,x,post,a,"{words.replace(chr(34), chr(34) * 2)}"\n' + SECOND
    assert [r["content"] for r in rows_of(put(tmp_path, "a.csv", text))] == [WORDS[0], words, WORDS[1]]


@given(tables(least=2), st.integers(0, 6), st.sampled_from(["csv", "jsonl"]))
def test_a_file_split_in_two_gives_the_same_rows(table: pa.Table, at: int, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole, one, two = (Path(folder) / f"{n}.{kind}" for n in ("whole", "one", "two"))
        write([table], whole)
        write([table.slice(0, at)], one)
        write([table.slice(at)], two)
        parts = [p for p in (one, two) if p.stat().st_size]
        assert rows_of(*parts) == rows_of(whole) == table.to_pylist()


@given(tables(least=1), st.integers(20, 200), st.sampled_from(["x.csv", "x.jsonl", "x.as2.json", "x.as2.jsonl"]))
def test_the_size_of_blocks_changes_nothing(table: pa.Table, step: int, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        write([table], Path(folder) / name)
        patch.setattr(source, "STEP", step)
        assert rows_of(Path(folder) / name) == table.to_pylist()


@given(st.text(st.sampled_from('a,"\n\r'), max_size=30))
def test_records_end_where_the_reader_ends_them(text: str) -> None:
    """Rows read from a piece cut at a record's end, and from the rest, are the rows of the whole."""

    def cells(data: bytes) -> list[Any]:
        if not data.strip(b"\r\n"):
            return []
        ragged: list[Any] = []

        def keep(row: Any) -> str:
            ragged.append((row.number, row.text))
            return "skip"

        found = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=["a", "b"], block_size=1000),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep),
            convert_options=arrow_csv.ConvertOptions(column_types={"a": pa.string(), "b": pa.string()}),
        )
        return [*found.to_pylist(), *[t for _, t in ragged]]

    data = text.encode()
    end, opened = csv_end(np.frombuffer(data, np.uint8), 44)
    assert end <= len(data)
    if opened >= 0:
        assert data[opened : opened + 1] == b'"'
    assert sorted(cells(data[:end]) + cells(data[end:]), key=repr) == sorted(cells(data), key=repr)


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSONISH, max_size=5), st.sampled_from([None, 1]), st.integers(1, 50), st.booleans())
def test_an_array_as_lines_holds_its_elements(values: list[Any], indent: int | None, step: int, ascii: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        text = json.dumps(values, indent=indent, ensure_ascii=ascii).encode("utf-8", "replace")
        path = put(Path(folder), "a.json", text)
        patch.setattr(source, "STEP", step)
        with Source(path) as whole:
            feed = ArrayLines(whole, 0)
            data = b""
            while piece := feed.read():
                data += piece
    assert [json.loads(line) for line in data.split(b"\n") if line.strip()] == json.loads(text)


@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda t: t.encode("utf-8", "replace")),
    st.sampled_from(["", HEADER, LOG, JSONL, "[", '{"@context": 1, "type": "Create",', '{"id":']),
    st.sampled_from(["x.csv", "x.jsonl", "x.json", "x", "x.parquet", "x.gz", "x.zst", "people.csv"]),
    st.sampled_from([None, *read.FORMATS]),
)
def test_any_bytes_are_rows_refusals_or_an_error_for_a_person(
    data: bytes, start: str, name: str, format: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder), name, start.encode() + data)
        refusals = Refusals(Path(folder) / "no.csv")
        try:
            for row in rows_of(path, refusals=refusals, format=format):
                assert all(row[n] for n in ("id", "time", "channel", "type", "actor"))
        except LogError as error:
            assert str(error).startswith(str(path))
        refusals.close()


def test_the_list_of_refusals(tmp_path: Path) -> None:
    with Refusals(tmp_path / "no.csv") as refusals:
        refusals.add("a.csv", 1, "=p1", "value", "is wrong", "x\0" * 100)
        refusals.close()
        refusals.add("a.csv", 2, "p2", "value", "is wrong", None)
        refusals.add("a.csv", 3, "p3", "time", "is late", "now")
    rows = list(csv.reader(io.StringIO((tmp_path / "no.csv").read_text(), newline="")))
    assert rows[0] == ["file", "row", "id", "field", "reason", "value"]
    assert rows[1][2] == "'=p1"
    assert rows[1][5].startswith("x\\x00x")
    assert len(rows[1][5]) == 80
    assert [r[1] for r in rows[1:]] == ["1", "2", "3"]
    assert (refusals.count, refusals.summary()) == (3, {"is wrong": 2, "is late": 1})
    with pytest.raises(LogError, match="cannot be written"):
        Refusals(tmp_path / "none" / "no.jsonl").add("a", 1, "", "", "r", "")


def test_no_refusals_no_file(tmp_path: Path) -> None:
    with Refusals(tmp_path / "no.jsonl"):
        pass
    assert not list(tmp_path.iterdir())
