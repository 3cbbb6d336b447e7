"""`xtmig rehearse` to its very end, with a look at both tenants just before they are gone.

Started as a script it is the command itself, with its own options. It notes where in the record of requests each run
began and ended, plans every section of the move once when the batches are synchronised, and when the rehearsal is over
it runs two sections once more.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtmig_kernel.runs.headless import Run
    from xtmig_kernel.runs.practice import Practice

ONCE_MORE = ("190", "210")
SYNCHRONISES = ("130", "140")
MOVE = ("120", "130", "140", "150", "160", "170", "180", "190", "200", "210", "220")
TOLD = "told.json"


@dataclass(frozen=True)
class OneRun:
    """A run of some sections, with what the simulator received for it.

    Args:
        sections: Their numbers; none for those that a run without names covers.
        mode: `plan` or `apply`.
        exit_code: What it came to.
        archive: Its folder.
        record: The lines of the simulator's record that belong to it.
    """

    sections: tuple[str, ...]
    mode: str
    exit_code: int
    archive: Path
    record: list[dict[str, Any]]


@dataclass(frozen=True)
class Moved:
    """A rehearsal from nothing to closed.

    Args:
        project: Its folder.
        exit_code: What the command came to.
        output: What it printed.
        first: What both tenants held before the first request.
        last: What they held when the last stage was over.
        runs: Every run of the rehearsal, in order.
        between: The plan of every section of the move, made when the batches were synchronised.
        again: Runs of sections that are done, made after `last`.
        record: All that the simulator received.
        record_key: The key with which the record shows secrets.
        secrets: Those of the operators, by the variables that hold them.
    """

    project: Path
    exit_code: int
    output: str
    first: dict[str, Any]
    last: dict[str, Any]
    runs: list[OneRun]
    between: list[OneRun]
    again: list[OneRun]
    record: list[dict[str, Any]]
    record_key: bytes
    secrets: dict[str, str]


def moved_in(folder: Path, environment: dict[str, str], *options: str, seconds: float = 2400) -> Moved:
    """Rehearse in a folder of our own.

    Args:
        folder: An empty folder.
        environment: The environment of the command.
        options: Further options of the command.
        seconds: How long it may take.
    """
    project, told_file = folder / "rehearsal", folder / TOLD
    done = subprocess.run(
        [sys.executable, "-P", __file__, str(told_file), "rehearse", str(project), *options],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8", timeout=seconds, check=False,
    )  # fmt: skip
    assert told_file.exists(), done.stdout
    told = json.loads(told_file.read_text(encoding="utf-8"))
    told_file.unlink()  # it tells the operators' secrets, which are looked for in everything that is left
    lines = (project / ".simulation" / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    record = [json.loads(line) for line in lines]

    def runs(rows: list[dict[str, Any]]) -> list[OneRun]:
        return [
            OneRun(tuple(r["sections"]), r["mode"], r["code"], Path(r["archive"]), record[r["from"] : r["to"]])
            for r in rows
        ]

    first, last = told["first"], told["last"]
    made = (runs(told[name]) for name in ("runs", "between", "again"))
    key, secrets = bytes.fromhex(told["record_key"]), told["secrets"]
    return Moved(project, done.returncode, done.stdout, first, last, *made, record, key, secrets)


def _watched(told_file: Path, arguments: Sequence[str]) -> None:
    """The command, with its two doors watched: the one to the practice tenants, and the one to a run."""
    from xtmig_kernel.cli import main
    from xtmig_kernel.runs import rehearse
    from xtmig_kernel.runs.environment import set_variables

    record = told_file.parent / "rehearsal" / ".simulation" / "requests.jsonl"
    told: dict[str, Any] = {"runs": [], "between": [], "again": []}
    run_sections, practice_tenants = rehearse.run_sections, rehearse.practice_tenants

    def noted(folder: Path, sections: Sequence[str], mode: Any, progress: Any, kernels: Any) -> Run:
        run = _noted(folder, sections, mode, progress, told["runs"], kernels)
        if mode == "apply" and run.result.run.exit_code == 0 and sections and set(sections) <= set(SYNCHRONISES):
            # in a copy: what else is asked of people there must not be asked of those of the rehearsal
            copy = shutil.copytree(folder, told_file.parent / "copy", ignore=shutil.ignore_patterns(".simulation"))
            _noted(copy, MOVE, "plan", progress, told["between"])
        return run

    def _noted(
        folder: Path,
        sections: Sequence[str],
        mode: Any,
        progress: Any,
        kept: list[dict[str, Any]],
        kernels: Any = None,
    ) -> Run:
        begun = _lines(record)
        run = run_sections(folder, sections, mode, progress, kernels)
        row = {"sections": list(sections), "mode": mode, "code": run.result.run.exit_code, "archive": str(run.folder)}
        kept.append({**row, "from": begun, "to": _lines(record)})
        return run

    @contextmanager
    def looked_at(folder: Path, tenants_file: Path, options: Sequence[str] = ()) -> Iterator[Practice]:
        with practice_tenants(folder, tenants_file, options) as practice:
            told["first"] = practice._control("GET", "/state", None)
            told["record_key"] = practice._control("GET", "/record-key", None)["key"]
            told["secrets"] = dict(practice.environment)
            yield practice
            told["last"] = practice._control("GET", "/state", None)
            with set_variables(practice.environment):
                for section in ONCE_MORE:
                    _noted(folder.parent, (section,), "apply", lambda _sentence: None, told["again"])
            told_file.write_text(json.dumps(told), encoding="utf-8")

    setattr(rehearse, "run_sections", noted)  # noqa: B010 - a module's own name, which mypy holds to be final
    setattr(rehearse, "practice_tenants", looked_at)  # noqa: B010
    sys.argv = ["xtmig", *arguments]
    main()


def _lines(record: Path) -> int:
    return record.read_bytes().count(b"\n") if record.exists() else 0


if __name__ == "__main__":
    _watched(Path(sys.argv[1]), sys.argv[2:])
