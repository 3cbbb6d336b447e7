"""Personal data goes when nobody needs it any more: `xtmig purge`."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.counting import counted
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError, XtmigError
from xtmig_kernel.inventory.records import FILE_KINDS, kind_of_file
from xtmig_kernel.m365 import clock_for
from xtmig_kernel.project import load_project
from xtmig_kernel.project.files import write_whole
from xtmig_kernel.runs.practice import SIMULATION_FOLDER
from xtmig_kernel.runs.snapshot_rehearsal import REHEARSALS
from xtmig_kernel.store import Ledger, SnapshotStore, project_lock
from xtmig_kernel.store.snapshots import SNAPSHOT_FILE, SNAPSHOT_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.project import Project

REHEARSED = (f"{REHEARSALS}/", f"{SIMULATION_FOLDER}/")
"""Folders that hold what a snapshot held."""
STAYS = {
    "evidence": "ledger and archives say what was done to whom; they are kept as long as evidence must be kept",
    "settings": "project.yaml, approvals.yaml and waivers.yaml are what the evidence was approved by",
    "runbook": "notebooks hold no data once their outputs are cleared",
}


@dataclass(frozen=True)
class Purge:
    """What is to be removed of a project folder.

    Args:
        folder: The project folder.
        snapshots: Ids of the snapshots.
        files: Files, by their paths below the folder.
        notebooks: Notebooks whose outputs are to be cleared, by their paths below the folder.
        stays: What stays, each with the reason.
    """

    folder: Path
    snapshots: tuple[str, ...]
    files: tuple[str, ...]
    notebooks: tuple[str, ...]
    stays: tuple[str, ...]

    def told(self) -> tuple[str, ...]:
        """What it is, one sentence for each thing."""
        lines = [f"snapshot {name}" for name in self.snapshots]
        lines += [f"file {name}" for name in self.files]
        lines += [f"the outputs of notebook {name}" for name in self.notebooks]
        return tuple(lines)


def purgeable(folder: Path, *, everything: bool) -> Purge:
    """What there is to remove; nothing is removed.

    Args:
        folder: The project folder.
        everything: All personal data that is no evidence; otherwise snapshots and their rehearsals alone.

    Raises:
        ProjectFileError: The folder holds no project that can be used.
    """
    load_project(folder)
    kept = SnapshotStore(folder).all() if (folder / SNAPSHOT_FILE).exists() else ()
    files, stays = [], dict.fromkeys(FILE_KINDS, 0)
    for name in sorted(_files(folder)):
        kind = kind_of_file(name)
        if name in SNAPSHOT_FILES or name.startswith(REHEARSED) or (everything and kind == "data"):
            files.append(name)
        else:
            stays[kind] += 1
    notebooks = tuple(_with_outputs(folder)) if everything else ()
    reasons = [f"{counted(stays[kind], 'file')} of {kind}: {why}" for kind, why in STAYS.items() if stays[kind]]
    if stays["data"]:
        reasons.append(f"{counted(stays['data'], 'file')} of data: only --all-personal removes them")
    return Purge(folder, tuple(info.id for info in kept), tuple(files), notebooks, tuple(reasons))


def purge(what: Purge) -> None:
    """Remove it, and write into the ledger that it was removed.

    A snapshot's rows are overwritten before its file goes. The ledger names files, never what was in them.

    Args:
        what: As `purgeable` gave it.

    Raises:
        LedgerError: Another run is changing this project's tenants.
        UsageError: A file could not be removed; says which. Whatever went before is in the ledger.
    """
    project = load_project(what.folder)
    with project_lock(what.folder):
        problem = _removed(what)
        entry: dict[str, Any] = {
            "snapshots": list(what.snapshots),
            "files": [name for name in what.files if not (what.folder / name).exists()],
            "notebooks": list(what.notebooks),
            "stays": list(what.stays),
        }
        Ledger(project.folder, _clock(project), Redactor(), "purge").append("purged", entry)
    if problem is not None:
        raise problem


def _removed(what: Purge) -> UsageError | None:
    if what.snapshots:
        store = SnapshotStore(what.folder)
        for snapshot in what.snapshots:
            store.remove(snapshot)
        store.shrink()
    for name in what.notebooks:
        _clear_outputs(what.folder / name)
    for name in what.files:
        path = what.folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            return UsageError(
                f"{path} could not be removed ({error.strerror})",
                remedy="Close the program that has the file open, then run the same command again.",
            )
    for place in (REHEARSALS, SIMULATION_FOLDER, "baseline"):
        if not any(path.is_file() for path in (what.folder / place).rglob("*")):
            shutil.rmtree(what.folder / place, ignore_errors=True)
    return None


def _files(folder: Path) -> Iterator[str]:
    """Every file but those with which programs lock each other out."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if (path.is_file() or path.is_symlink()) and not name.startswith(".xtmig"):
            yield name


def _with_outputs(folder: Path) -> Iterator[str]:
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        if any(cell.get("outputs") for cell in _cells(path)):
            yield path.relative_to(folder).as_posix()


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return found


def _clear_outputs(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"], cell["execution_count"] = [], None
    notebook.get("metadata", {}).pop("widgets", None)
    write_whole(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def _clock(project: Project) -> Clock:
    """The project's clock; that of this computer where practice tenants do not run any more."""
    try:
        clock = clock_for(project)
        clock.now()
    except XtmigError:
        return SystemClock()
    return clock
