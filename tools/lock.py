"""Makes the locks anew: exact versions and hashes of everything, resolved against the public registry alone."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"run": ROOT / "requirements" / "run.txt", "dev": ROOT / "requirements" / "dev.txt"}
SAYS = {
    "run": "What hubbub needs to run, and to be installed from its source. A part of dev.txt. Made by `make lock`.",
    "dev": "What hubbub needs with every extra: tests, checks, benchmarks, Spark. Made by `make lock`.",
}
OUTSIDE = re.compile(r"://|^\s*-|\s@\s|(?<!\w)/\w+/")
ENTRY = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")
HASH = re.compile(r"^\s+--hash=sha256:[0-9a-f]{64}\s*\\?$")


def faults(text: str) -> list[str]:
    """Lines of a lock that name a place (URL, path, option) or a package without a version or a hash.

    >>> faults("a==1 \\\\\\n    --hash=sha256:" + "0" * 64)
    []
    >>> faults("a==1")
    ['a has no hash']
    """
    found: list[str] = []
    open_entry: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if HASH.match(line):
            open_entry = None
            continue
        if open_entry:
            found.append(f"{open_entry} has no hash")
            open_entry = None
        if OUTSIDE.search(line):
            found.append(f"line {number} names a place: {line.strip()}")
        elif entry := ENTRY.match(line):
            open_entry = entry[1]
        else:
            found.append(f"line {number} is no exact version: {line.strip()}")
    return [*found, f"{open_entry} has no hash"] if open_entry else found


def locked(text: str) -> dict[str, list[tuple[str, str]]]:
    """Packages of a lock: name -> its (version, marker or ""), more than one where Pythons differ."""
    packages: dict[str, list[tuple[str, str]]] = {}
    for line in text.splitlines():
        if entry := ENTRY.match(line):
            packages.setdefault(entry[1], []).append((entry[2], entry[3] or ""))
    return packages


def resolve(kind: str, upgrade: bool) -> str:
    """The text of one lock. `run` is held to the versions of `dev`, so that both agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    if kind == "dev":
        wanted += [r for extra in project["project"]["optional-dependencies"].values() for r in extra]
    held = LOCKS["dev"] if kind == "run" else LOCKS[kind]
    command = [
        "uv", "pip", "compile", "-", "--universal", "--python-version", "3.11", "--generate-hashes",
        "--no-config", "--no-header", "--no-annotate", "--quiet",
    ]  # fmt: skip
    if held.exists() and not (upgrade and kind == "dev"):
        command += ["--constraints", str(held)]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("UV_", "PIP_"))}
    clean["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
    done = subprocess.run(command, input="\n".join(wanted), env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The lock could not be made.\n{done.stderr}")
    return f"# {SAYS[kind]}\n{done.stdout}"


def check() -> int:
    """Print every fault of the locks as they stand; 1 if there is one."""
    wrong = [f"{path.name}: {fault}" for path in LOCKS.values() for fault in faults(path.read_text())]
    run, dev = (locked(LOCKS[kind].read_text()) for kind in ("run", "dev"))
    wrong += [f"run.txt: {name} is not as in dev.txt" for name in run if run[name] != dev.get(name)]
    print("\n".join(wrong) or f"locks: {len(run)} packages to run, {len(dev)} with every extra, each with hashes")
    return int(bool(wrong))


def main() -> int:
    """Make both locks, or only look at them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only look at the locks")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    asked = parser.parse_args()
    if asked.check:
        return check()
    for kind in ("dev", "run"):
        text = resolve(kind, asked.upgrade)
        LOCKS[kind].write_text(text)
    return check()


if __name__ == "__main__":
    sys.exit(main())
