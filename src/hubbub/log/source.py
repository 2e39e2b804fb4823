"""Bytes of one file: unpacked, as UTF-8, with a limit on how much a small file may unpack to."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import pyarrow as pa

from hubbub.errors import LogError

T = TypeVar("T")

RATIO = 250.0
"""Times its own size that a packed file may unpack to."""
FREE = 256 << 20
"""Bytes that any packed file may unpack to, whatever its size."""
STEP = 4 << 20
"""Bytes read at a time: small enough to stay near the processor, which is what makes reading fast."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet; unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save the sheet as CSV"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"BZh", "packed with bzip2; pack it with gzip or zstd"),
    (b"\xfd7zXZ", "packed with xz; pack it with gzip or zstd"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
)


class Feed(Protocol):
    """Where lines come from."""

    path: Path

    def read(self) -> bytes:
        """The next bytes as UTF-8; none at the end."""


class Source:
    """One file, read once from its beginning.

    path : a regular file, plain or packed with gzip or zstd (told by its content)
    encoding : of its text; None is UTF-8, or what a byte order mark says
    ratio : how many times its own size it may unpack to
    raises : LogError, from here and from `read`
    """

    def __init__(self, path: Path, *, encoding: str | None = None, ratio: float = RATIO, text: bool = True) -> None:
        self.path = path
        self._ratio = ratio
        self._out = 0
        self._head = b""
        self._decoder: Any = None
        self._file, self.size = _open(path)
        self.packing = self._packing()
        self._stream: Any = pa.CompressedInputStream(self._file, self.packing) if self.packing else self._file
        if text:
            self._start_text(encoding)

    @property
    def done(self) -> int:
        """Bytes of the file read so far, as it is packed."""
        try:
            return min(int(self._file.tell()), self.size)
        except (ValueError, OSError):
            return self.size

    def peek(self, size: int) -> bytes:
        """The next bytes, without taking them; fewer than `size` only at the end."""
        while len(self._head) < size:
            more = self._next()
            if not more:
                break
            self._head += more
        return self._head[:size]

    def read(self) -> bytes:
        """The next bytes as UTF-8, about STEP of them; none at the end."""
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._next()

    def extend(self, held: bytes) -> bytearray:
        """`held` and the next bytes behind it, in one piece; `held` alone at the end."""
        if self._head or self._decoder is not None:
            return bytearray(held + self.read())
        size = len(held)
        out = bytearray(size + STEP)
        out[:size] = held
        with memoryview(out) as view, view[size:] as rest:
            taken = self._take(lambda: int(self._stream.readinto(rest)))
        self._count(taken)
        del out[size + taken :]
        return out

    def push_back(self, data: bytes) -> None:
        """Let `data` be read next."""
        self._head = data + self._head

    def close(self) -> None:
        self._stream.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _packing(self) -> str | None:
        magic = self._file.read(4)
        self._file.seek(0)
        packing = "gzip" if magic.startswith(_GZIP) else "zstd" if magic == _ZSTD else None
        suffix = self.path.suffix.lower()
        if packing is None and suffix in (".gz", ".zst") and self.size:
            raise LogError(f"{self.path}: is named {suffix} but is not packed that way; rename it")
        return packing

    def _start_text(self, encoding: str | None) -> None:
        start = self._raw()
        marked = next((name for mark, name in _BOMS if start.startswith(mark)), None)
        name = _codec(encoding) if encoding else marked or "utf-8"
        if name in ("utf-8", "utf-8-sig"):
            self._head = start.removeprefix(codecs.BOM_UTF8)
            return
        self._decoder = codecs.getincrementaldecoder(name)()
        self._name, self._at, self._line = name, 0, 1
        self._head = self._decoded(start).removeprefix(codecs.BOM_UTF8) if start else b""

    def _next(self) -> bytes:
        if self._decoder is None:
            return self._raw()
        while True:  # a few bytes may decode to nothing yet
            raw = self._raw()
            data = self._decoded(raw)
            if data or not raw:
                return data

    def _decoded(self, raw: bytes) -> bytes:
        try:
            text: str = self._decoder.decode(raw, final=not raw)
            data = text.encode("utf-8")
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError | UnicodeEncodeError) else 0
            raise LogError(
                f"{self.path}: near line {self._line + raw[:start].count(10)}, byte {self._at + start + 1}: "
                f"not valid {self._name}; pass the right --encoding"
            ) from error
        self._at += len(raw)
        self._line += data.count(10)
        return data

    def _raw(self) -> bytes:
        data: bytes = self._take(lambda: self._stream.read(STEP))
        self._count(len(data))
        return data

    def _take(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except (OSError, pa.ArrowException) as error:
            raise LogError(f"{self.path}: {_broken(str(error), self.packing)}") from error

    def _count(self, taken: int) -> None:
        self._out += taken
        if self.packing and self._out > max(FREE, self._ratio * max(self.done, 1)):
            raise LogError(
                f"{self.path}: unpacks to more than {self._ratio:g} times its size, which looks like a trap; "
                "unpack it first if it is meant"
            )


def _open(path: Path) -> tuple[pa.NativeFile, int]:
    try:
        if path.exists() and not path.is_file():
            raise LogError(f"{path}: is not a regular file")
        return pa.OSFile(str(path), "rb"), path.stat().st_size
    except FileNotFoundError as error:
        raise LogError(f"{path}: no such file") from error
    except PermissionError as error:
        raise LogError(f"{path}: you may not read it") from error
    except (OSError, ValueError, UnicodeError) as error:
        raise LogError(f"{shown_name(path)}: cannot be opened: {error}") from error


def shown_name(path: Path) -> str:
    """A path for a message, whatever bytes its name holds."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _broken(error: str, packing: str | None) -> str:
    if "Truncated" in error:
        return f"the {packing} data is cut short; fetch the file again"
    return f"the {packing} data is damaged ({error})" if packing else f"cannot be read: {error}"


def _codec(encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise LogError(
            f"--encoding {encoding}: no such encoding; try utf-8, latin-1, windows-1252 or utf-16"
        ) from error
    if not getattr(info, "_is_text_encoding", True) or "escape" in info.name or info.name in ("idna", "punycode"):
        raise LogError(f"--encoding {encoding}: is not an encoding of text files")
    return info.name


def check_text(path: Path, head: bytes) -> None:
    """Raise LogError if a file is empty or no text at all.

    head : its first bytes, as UTF-8
    """
    if not head:
        raise LogError(f"{path}: the file is empty")
    kind = next((kind for magic, kind in _BINARY if head.startswith(magic)), None)
    if kind is not None:
        raise LogError(f"{path}: is no log but {kind}")
    control = sum(head.count(c) for c in range(32) if c not in (9, 10, 12, 13))
    if control > len(head) / 10:
        raise LogError(f"{path}: is a binary file, not text")


def not_utf8(path: Path, ratio: float = RATIO) -> LogError:
    """The error that says where the text of a file stops being UTF-8, and what it may be instead."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    at, line = 0, 1
    with Source(path, ratio=ratio) as source:
        while True:
            data = source.read()
            held = decoder.getstate()[0]
            try:
                decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                bad = error.object[error.start :]
                line += error.object[: error.start].count(10)
                guess = "windows-1252" if any(0x80 <= b < 0xA0 for b in bad[:1000]) else "latin-1"
                name = "Windows-1252" if guess == "windows-1252" else "Latin-1"
                return LogError(
                    f"{path}: line {line}, byte {at - len(held) + error.start + 1}: 0x{bad[0]:02x} is not UTF-8; "
                    f"the file looks like {name}: pass --encoding {guess}"
                )
            if not data:
                return LogError(f"{path}: some text is not UTF-8; pass --encoding latin-1")
            at += len(data)
            line += data.count(10)
