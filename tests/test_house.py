"""The house around the code: locks, licences, contracts, package, and documentation that agrees with the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import hubbub
import licences
import lock

ROOT = Path(__file__).resolve().parent.parent
MADE = {"hubbub-demo", "out", "build", "dist", "__pycache__"}
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@cache
def tree() -> tuple[Path, ...]:
    """Files of the project: what git tracks or would track; without git, all but what can be made again."""
    asked = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split("\0")
        found = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        found = [p for p in ROOT.rglob("*") if not any(map(made, p.relative_to(ROOT).parts))]
    return tuple(sorted(p for p in found if p.is_file()))


def made(part: str) -> bool:
    """Whether a part of a path says that what lies there can be made again."""
    return (
        part in MADE or part.endswith((".nbi", ".nbc")) or (part.startswith(".") and part not in {".ci", ".gitignore"})
    )


def texts(*suffixes: str) -> list[tuple[str, str]]:
    """(path, text) of the project's text files with one of the suffixes; of all text files without any."""
    found = []
    for path in tree():
        if suffixes and path.suffix not in suffixes:
            continue
        raw = path.read_bytes()
        if b"\0" not in raw:
            found.append((str(path.relative_to(ROOT)), raw.decode("utf-8", errors="replace")))
    return found


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


class TestTree:
    def test_no_file_names_a_path_of_one_machine(self) -> None:
        folders = "|".join(("root", "home", "work", "opt", "mnt", "Users"))
        path = re.compile(rf"(?<![\w.:/<-])/(?:{folders})/\w")
        assert [name for name, text in texts() if path.search(text)] == []

    def test_no_file_names_a_registry(self) -> None:
        hosts = [".".join(parts) for parts in (
            ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("deb", "debian", "org"),
            ("crates", "io"), ("anaconda", "org"),
        )]  # fmt: skip
        assert [(name, host) for name, text in texts() for host in hosts if host in text] == []

    def test_every_module_says_in_its_first_line_what_it_is_for(self) -> None:
        silent = [name for name, text in texts(".py") if not re.match(r'r?"""\w.{15,}', text)]
        assert silent == []

    def test_no_large_file(self) -> None:
        assert [p.name for p in tree() if p.stat().st_size > 3_000_000] == []


class TestLocks:
    @pytest.mark.parametrize("kind", ["run", "dev"])
    def test_everything_has_a_version_and_hashes_and_no_place_is_named(self, kind: str) -> None:
        assert lock.faults(lock.LOCKS[kind].read_text()) == []

    @pytest.mark.parametrize(
        "line",
        [
            "--extra-index-url file:///somewhere/simple",
            "--find-links wheels",
            "polars @ https://example.org/polars.whl",
            "polars>=1",
            "polars==1.0",
            "./polars",
        ],
    )
    def test_the_check_can_fail(self, line: str) -> None:
        assert lock.faults(line) != []

    def test_run_is_part_of_dev(self) -> None:
        run, dev = (lock.locked(lock.LOCKS[kind].read_text()) for kind in ("run", "dev"))
        assert {name: dev.get(name) for name in run} == run

    def test_what_pyproject_asks_for_is_locked(self) -> None:
        asked = project()
        extras = [r for extra in asked["project"]["optional-dependencies"].values() for r in extra]
        wanted = {"run": asked["project"]["dependencies"] + asked["build-system"]["requires"], "dev": extras}
        for kind, requirements in wanted.items():
            held = lock.locked(lock.LOCKS[kind].read_text())
            for requirement in map(Requirement, requirements):
                versions = held[canonicalize_name(requirement.name)]
                assert all(requirement.specifier.contains(version, prereleases=True) for version, _ in versions)

    def test_one_version_of_each_package_fits_this_python(self) -> None:
        for name, entries in lock.locked(lock.LOCKS["dev"].read_text()).items():
            assert sum(not marker or Marker(marker).evaluate() for _, marker in entries) <= 1, name


class TestLicences:
    @pytest.mark.parametrize(
        ("expression", "fits"),
        [
            ("MIT", True),
            ("MIT OR GPL-3.0-only", True),
            ("(MIT OR GPL-3.0-only) AND BSD-3-Clause", True),
            ("Apache-2.0 WITH LLVM-exception", True),
            ("MIT AND GPL-3.0-only", False),
            ("AGPL-3.0-only", False),
            ("LGPL-3.0-only", False),
            ("GPL-3.0-only WITH Classpath-exception-2.0", False),
            ("Somebody's own licence", False),
            ("MIT AND", False),
            ("(MIT", False),
            ("", False),
        ],
    )
    def test_an_expression_is_judged_whole(self, expression: str, fits: bool) -> None:
        assert licences.permitted(expression, licences.ALLOWED["run"]) is fits

    def test_the_lgpl_is_for_extras_only(self) -> None:
        found = [licences.Package("lesser", "1", "LGPL-3.0-only")]
        assert licences.faults(found, licences.ALLOWED["dev"]) == []
        assert licences.faults(found, licences.ALLOWED["run"]) == [
            "lesser 1 is under LGPL-3.0-only, which is not allowed here"
        ]

    def test_what_is_not_known_fails(self) -> None:
        found = [licences.Package("silent", "1", ""), licences.Package("absent", "1", "", "is not installed")]
        assert licences.faults(found, licences.ALLOWED["dev"]) == [
            "silent 1 does not state a licence that is known here",
            "absent is not installed",
        ]

    def test_the_notices_name_every_locked_package_and_bring_the_texts_of_what_is_bundled(self) -> None:
        notices = licences.NOTICES.read_text()
        for name, entries in lock.locked(lock.LOCKS["dev"].read_text()).items():
            versions = " or ".join(version for version, _ in entries)
            assert f"\n{name} {versions}: " in notices, f"run make notices: {name}"
        for path in licences.bundled():
            assert path.read_text().strip() in notices, f"run make notices: {path.name}"


class TestContracts:
    def test_a_forbidden_import_is_found(self, tmp_path: Path) -> None:
        shutil.copytree(ROOT / "src" / "hubbub", tmp_path / "hubbub", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tmp_path)
        (tmp_path / "hubbub" / "compare" / "astray.py").write_text('"""Looks back."""\n\nimport hubbub.log.link\n')
        command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
        env = {**os.environ, "PYTHONPATH": str(tmp_path), "NO_COLOR": "1", "COLUMNS": "200"}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "hubbub.compare.astray -> hubbub.log.link" in done.stdout

    def test_every_analytic_room_is_kept_from_web_frameworks(self) -> None:
        contracts = {c["id"]: c for c in project()["tool"]["importlinter"]["contracts"]}
        inside = (ROOT / "src" / "hubbub").iterdir()
        rooms = {p.stem for p in inside if p.suffix == ".py" or (p.is_dir() and any(p.glob("*.py")))}
        named = {m.removeprefix("hubbub.") for m in contracts["no-web"]["source_modules"]}
        assert rooms - {"__init__", "__main__"} <= named


class TestPackage:
    def test_the_wheel_holds_the_rooms_their_files_and_the_licences(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
            names = set(wheel.namelist())
        shipped = {p.relative_to(ROOT / "src").as_posix() for p in tree() if p.is_relative_to(ROOT / "src")}
        assert shipped <= names
        assert {Path(n).name for n in names if "/licenses/" in n} == {"LICENSE", "THIRD_PARTY_NOTICES"}
        assert not [n for n in names if n.endswith((".nbi", ".nbc", ".pyc"))]

    def test_package_and_changelog_name_one_version(self) -> None:
        version = project()["project"]["version"]
        assert hubbub.__version__ == version
        assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


class TestDoors:
    def test_the_readme_names_the_two_commands(self) -> None:
        readme = (ROOT / "README.md").read_text()
        assert "    make demo\n" in readme
        assert "    make test\n" in readme

    def test_continuous_integration_runs_what_a_person_runs(self) -> None:
        script = ROOT / ".ci" / "run"
        assert re.search(r"^(exec )?make( --[\w-]+)* test$", script.read_text(), re.MULTILINE)
        assert os.access(script, os.X_OK)

    def test_make_lists_its_names(self) -> None:
        listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in ("setup", "demo", "test", "lint", "bench", "lock", "clean"):
            assert f"make {name}" in listed


def slug(heading: str) -> str:
    """The anchor of a heading.

    >>> slug("What it was worth")
    'what-it-was-worth'
    """
    return re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", "")).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    prose = CODE_BLOCK.sub("", path.read_text())
    return {slug(m[1]) for m in re.finditer(r"^#+ (.+)$", prose, re.MULTILINE)}


CALL = re.compile(r"^(?:    |\$ )(?:.*&& )?(?:\.venv/bin/)?hubbub ((?:experiment )?[a-z]+)(.*)$", re.MULTILINE)


def commands() -> list[tuple[str, tuple[str, ...]]]:
    """(command, options) of every call of hubbub that README and docs show."""
    shown: dict[str, set[str]] = {}
    for name, text in texts(".md"):
        if name != "README.md" and not name.startswith("docs/"):
            continue
        for call in re.finditer(
            r"^(?:    |\$ )(?:.*&& )?(?:\.venv/bin/)?hubbub ((?:experiment )?[a-z]+)(.*)$", text, re.MULTILINE
        ):
            shown.setdefault(call[1], set()).update(re.findall(r"--[a-z-]+", call[2]))
    return sorted((command, tuple(sorted(options))) for command, options in shown.items())


class TestDocs:
    def test_every_link_leads_somewhere(self) -> None:
        broken = []
        for name, text in texts(".md"):
            for target in re.findall(r"\]\(([^)\s]+)\)", CODE_BLOCK.sub("", text)):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                there = (ROOT / name).parent / path if path else ROOT / name
                if not there.exists() or (anchor and anchor not in anchors(there)):
                    broken.append(f"{name}: {target}")
        assert broken == []

    @pytest.mark.parametrize(("command", "options"), commands())
    def test_every_command_shown_exists_with_its_options(self, command: str, options: tuple[str, ...]) -> None:
        call = [sys.executable, "-c", "from hubbub.cli import main; main()", *command.split(), "--help"]
        env = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
        done = subprocess.run(call, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert [option for option in options if option not in done.stdout] == []
