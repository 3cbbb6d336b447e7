"""Breaks wire facts in a copy of the package, and tells whether a test notices."""

from __future__ import annotations

import compileall
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
SIDES = ("client", "simulator")
SECONDS = 240
"""Longer than any of the test files takes; a test that hangs is no test that turns red."""


@dataclass(frozen=True)
class Mutation:
    """One fact, broken on one side.

    Args:
        fact: Number of the fact, such as `"F-02"`.
        side: `"client"` or `"simulator"`.
        what: The part of the fact that is broken.
        file: Below the package, such as `"m365/http.py"`.
        old: Text that stands in it once.
        new: What takes its place.
        tests: Names of test files, one of which must turn red.
    """

    fact: str
    side: str
    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.fact} {self.side}: {self.what}"


def table() -> dict[str, dict[str, Any]]:
    """Fact to side to either its mutations as data, or the sentence that says why there is none."""
    text = Path(__file__).with_name("facts.yaml").read_text(encoding="utf-8")
    data: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return data


def mutations() -> list[Mutation]:
    """All of them, in the order of the table."""
    return [
        Mutation(fact, side, **{**entry, "tests": tuple(entry["tests"])})
        for fact, sides in table().items()
        for side, entries in sides.items()
        if isinstance(entries, list)
        for entry in entries
    ]


def source(mutation: Mutation, package: Path = ROOT / "xtmig_kernel") -> str:
    """The text of the file that a mutation changes."""
    return (package / mutation.file).read_text(encoding="utf-8")


def file_of(name: str) -> Path:
    """The test file of this name, in whatever room it stands."""
    (path,) = TESTS.rglob(f"{name}.py")
    return path


@dataclass(frozen=True)
class Outcome:
    """How a run of test files ended.

    Args:
        code: Pytest's exit code: 0 green, 1 red, anything else no answer.
        said: What it printed.
    """

    code: int
    said: str

    def red_tests(self) -> list[str]:
        """The tests that failed."""
        return re.findall(r"^(?:FAILED|ERROR) (\S+)", self.said, re.MULTILINE)


class Copy:
    """A copy of the package in a folder of its own, which test files are run against.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._package = folder / "xtmig_kernel"
        shutil.copytree(ROOT / "xtmig_kernel", self._package, ignore=shutil.ignore_patterns("__pycache__"))
        for beside in ("examples", "notebooks"):
            shutil.copytree(ROOT / beside, folder / beside)
        # checked by content: what is broken is compiled anew, all else is not
        compileall.compile_dir(self._package, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)

    def run(self, tests: tuple[str, ...]) -> Outcome:
        """Run test files against the package as it is in this copy.

        Args:
            tests: Their names.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment |= {
            "PYTHONPATH": str(self._folder),  # wins over the installed package, here and in processes that tests start
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",  # a file of the same size and second would be taken for unchanged
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        command = [sys.executable, "-P", "-m", "pytest", "-x", "-q", "-rfE", "-p", "no:cacheprovider"]
        command += ["-p", "xdist.plugin", "-n0"]  # whose options pyproject.toml gives
        command += ["--basetemp", str(self._folder / "temp"), *(str(file_of(name)) for name in tests)]
        done = subprocess.run(
            command, cwd=self._folder, env=environment, timeout=SECONDS * len(tests), check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout)

    def run_broken(self, mutation: Mutation) -> Outcome:
        """Run a mutation's test files with its fact broken; afterwards the copy is whole again.

        Args:
            mutation: What to break.
        """
        path, text = self._package / mutation.file, source(mutation, self._package)
        path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8", newline="\n")
        try:
            return self.run(mutation.tests)
        finally:
            path.write_text(text, encoding="utf-8", newline="\n")
