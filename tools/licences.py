"""Checks the licence of every locked package against what hubbub allows, and writes THIRD_PARTY_NOTICES."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

from lock import LOCKS, ROOT, locked

NOTICES = ROOT / "THIRD_PARTY_NOTICES"
SOURCE = ROOT / "src" / "hubbub"

PERMISSIVE = frozenset({
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "HPND", "ISC", "MIT",
    "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Python-2.0", "Unicode-3.0", "Unlicense", "Zlib",
    "Apache-2.0 WITH LLVM-exception", "NCSA",
})  # fmt: skip
LESSER = frozenset(f"LGPL-{v}-{w}" for v in ("2.1", "3.0") for w in ("only", "or-later"))
ALLOWED = {"run": PERMISSIVE, "dev": PERMISSIVE | LESSER}
"""An unmodified extra may be under the LGPL; what hubbub needs to run may not. GPL and AGPL are nowhere."""

CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU General Public License (GPL)": "GPL-2.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
FREE_TEXT = {
    "Apache 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD": "BSD",
    "BSD-3-Clause": "BSD-3-Clause",
    "MIT": "MIT",
    "MIT License": "MIT",
    "MPL-2.0 AND MIT": "MPL-2.0 AND MIT",
    "http://www.apache.org/licenses/LICENSE-2.0": "Apache-2.0",
}
STATED = {"colorama": "BSD-3-Clause"}
"""Packages that are locked for another system only, so that their metadata cannot be read here."""

TOKEN = re.compile(r"\(|\)|[A-Za-z0-9.+-]+")
COPYRIGHT = re.compile(r"^\s*(?:[#*/]+\s*)?(copyright\s+(?:\(c\)|©|\d{4}).{3,120})$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Package:
    """One locked package: its name, its versions, and the licence its metadata states ("" if none can be read)."""

    name: str
    versions: str
    licence: str
    fault: str = ""


def permitted(expression: str, allowed: frozenset[str]) -> bool:
    """Whether an SPDX expression can be satisfied with allowed licences alone: every AND side, one OR side.

    >>> permitted("MIT OR GPL-3.0-only", PERMISSIVE), permitted("MIT AND GPL-3.0-only", PERMISSIVE)
    (True, False)
    """
    tokens = TOKEN.findall(expression)
    if not tokens or "".join(tokens) != re.sub(r"\s", "", expression):
        return False
    try:
        verdict = _either(tokens, allowed)
    except IndexError:
        return False
    return verdict and not tokens


def _either(tokens: list[str], allowed: frozenset[str]) -> bool:
    verdict = _both(tokens, allowed)
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        verdict = _both(tokens, allowed) or verdict
    return verdict


def _both(tokens: list[str], allowed: frozenset[str]) -> bool:
    verdict = _one(tokens, allowed)
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        verdict = _one(tokens, allowed) and verdict
    return verdict


def _one(tokens: list[str], allowed: frozenset[str]) -> bool:
    word = tokens.pop(0)
    if word == "(":
        verdict = _either(tokens, allowed)
        return tokens.pop(0) == ")" and verdict
    if tokens and tokens[0] == "WITH":
        tokens.pop(0)
        word = f"{word} WITH {tokens.pop(0)}"
    return word in allowed


def stated(meta: metadata.PackageMetadata) -> str:
    """The licence that a package's metadata states, as an SPDX expression; "" if it cannot be told."""
    if expression := meta.get("License-Expression"):
        return str(expression)
    classifiers = [c.rsplit(" :: ", 1)[1] for c in meta.get_all("Classifier") or () if c.startswith("License :: OSI")]
    classifiers = [c for c in classifiers if c != "OSI Approved"]
    if classifiers:
        known = [CLASSIFIERS.get(c, "") for c in classifiers]
        return " AND ".join(known) if all(known) else ""
    return FREE_TEXT.get(str(meta.get("License") or "").strip(), "")


def packages(kind: str) -> list[Package]:
    """Every package of one lock with the licence of what is installed here."""
    found = []
    for name, entries in locked(LOCKS[kind].read_text()).items():
        versions = " or ".join(version for version, _ in entries)
        here = [version for version, marker in entries if not marker or Marker(marker).evaluate()]
        found.append(_package(name, versions, here[0]) if here else Package(name, versions, STATED.get(name, "")))
    return found


def _package(name: str, versions: str, version: str) -> Package:
    try:
        installed = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return Package(name, versions, "", "is not installed, so its licence cannot be read; run make dev")
    if installed.version != version:
        fault = f"is installed as {installed.version} and locked as {version}; run make dev"
        return Package(name, versions, stated(installed.metadata), fault)
    return Package(name, versions, stated(installed.metadata))


def faults(found: list[Package], allowed: frozenset[str]) -> list[str]:
    """One sentence for each package whose licence is unknown or not allowed."""
    wrong = []
    for package in found:
        if package.fault:
            wrong.append(f"{package.name} {package.fault}")
        elif not package.licence:
            wrong.append(f"{package.name} {package.versions} does not state a licence that is known here")
        elif not permitted(package.licence, allowed):
            wrong.append(f"{package.name} {package.versions} is under {package.licence}, which is not allowed here")
    return wrong


def line(package: Package) -> str:
    """How the notices name a package; the check looks for this line."""
    return f"{package.name} {package.versions}: {package.licence}"


def copyrights(name: str) -> Iterator[str]:
    """The first copyright lines in the licence files that a package installs."""
    try:
        files = metadata.distribution(name).files or []
    except metadata.PackageNotFoundError:
        return
    for file in sorted(f for f in files if re.match(r"(licen[cs]e|copying|notice)", f.name, re.IGNORECASE)):
        if ".dist-info" not in str(file):
            continue
        text = Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
        yield from (" ".join(m[1].split()) for m in list(COPYRIGHT.finditer(text))[:4])


def bundled() -> list[Path]:
    """Licence files of third-party pieces that lie inside the package itself, such as a typeface."""
    named = (p for p in SOURCE.rglob("*") if p.is_file())
    return sorted(
        p for p in named if p.suffix != ".py" and re.match(r"(OFL|licen[cs]e|copying)", p.name, re.IGNORECASE)
    )


def notices() -> str:
    """The text of THIRD_PARTY_NOTICES."""
    run = packages("run")
    names = {p.name for p in run}
    parts = [
        "THIRD-PARTY NOTICES\n\n"
        "hubbub is under the Apache License 2.0 (see LICENSE). It uses the packages below, unmodified. They are not\n"
        "part of hubbub: the installer fetches each from its own authors, and each brings its licence text with it.\n"
    ]
    for path in bundled():
        parts.append(f"INSIDE THE PACKAGE: {path.parent.relative_to(ROOT)}\n\n{path.read_text().strip()}\n")
    parts.append("NEEDED TO RUN OR TO INSTALL\n")
    for package in run:
        lines = [line(package), *(f"    {c}" for c in dict.fromkeys(copyrights(package.name)))]
        parts.append("\n".join(lines) + "\n")
    extras = "\n".join(line(p) for p in packages("dev") if p.name not in names)
    parts.append(f"EXTRAS: Spark, tests, checks, benchmarks\n\n{extras}\n")
    return "\n".join(parts)


def main() -> int:
    """Check both locks and the notices, or write the notices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write THIRD_PARTY_NOTICES")
    asked = parser.parse_args()
    found = {kind: packages(kind) for kind in LOCKS}
    wrong = [fault for kind in LOCKS for fault in faults(found[kind], ALLOWED[kind])]
    if asked.write:
        NOTICES.write_text(notices())
    written = set(NOTICES.read_text().splitlines()) if NOTICES.exists() else set()
    wrong += [f"THIRD_PARTY_NOTICES lacks {p.name}; run make notices" for p in found["dev"] if line(p) not in written]
    print("\n".join(dict.fromkeys(wrong)) or f"licences: {len(found['dev'])} packages, all allowed and in the notices")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
