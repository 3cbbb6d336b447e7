"""Building an archive, from ledger and files alone; each file is written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from xtmig_kernel import __version__
from xtmig_kernel.changes import canonical
from xtmig_kernel.clock import SystemClock
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import ArchiveError
from xtmig_kernel.project import load_approvals, load_project, load_waivers
from xtmig_kernel.project.files import write_whole
from xtmig_kernel.report.artifacts import detail_tables, exhibit_tables, with_copies
from xtmig_kernel.report.notebooks import write_notebook_page
from xtmig_kernel.report.open_items import open_items_csv
from xtmig_kernel.report.page import page
from xtmig_kernel.report.products import exhibit_rows
from xtmig_kernel.report.summary import entries_told, summary
from xtmig_kernel.store import Ledger
from xtmig_kernel.store.ledger import FIRST_HASH, LEDGER_FILE, verify_chain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xtmig_kernel.report.model import Result
    from xtmig_kernel.store import Entry

MANIFEST = "manifest.json"
RESULT = "result.json"
PAGE = "index.html"
OPEN_ITEMS = "open-items.csv"
LEDGER_LINES = "ledger.jsonl"


def build_archive(project_folder: Path, run: str, folder: Path, *, pages: bool = True) -> Result:
    """Write the archive of one run beside the notebooks and artifacts that are in the folder already.

    What does not fit on the page is kept beside it: exhibits, changes and findings by the thousand, and the files that
    steps of the run wrote into the project folder.

    Args:
        project_folder: Holds `project.yaml` and `ledger.db`.
        run: Id of the run.
        folder: The archive's folder, such as `reports/<run>`.
        pages: Whether the pages of its notebooks are written too; False for who has written them already.

    Returns:
        What `result.json` says.

    Raises:
        ArchiveError: There is no ledger, it has no entry of the run, or a notebook cannot be read.
        LedgerError: The ledger's chain is broken.
        ProjectFileError: A project file cannot be used.
    """
    entries = _entries(project_folder, run)
    result = summary(
        entries,
        run=run,
        project=load_project(project_folder),
        approvals=load_approvals(project_folder),
        waivers=load_waivers(project_folder).waivers,
    )
    result = result.model_copy(update={"files": with_copies(result.files, project_folder, folder)})
    tables = exhibit_tables(result, exhibit_rows(entries_told(entries, run)[0]))
    if pages:
        for path in sorted((folder / "notebooks").glob("*.ipynb")):
            write_notebook_page(path)
    write_whole(folder / RESULT, result_text(result))
    write_whole(folder / PAGE, page(result, tables))
    for name, text in (tables | detail_tables(result)).items():
        write_whole(folder / name, text)
    write_whole(folder / OPEN_ITEMS, open_items_csv(result.open_items))
    write_whole(folder / LEDGER_LINES, ledger_lines(entries_told(entries, run)[1]))
    write_whole(folder / MANIFEST, canonical(manifest(folder)) + "\n")
    return result


def _entries(project_folder: Path, run: str) -> list[Entry]:
    if not (project_folder / LEDGER_FILE).is_file():
        raise ArchiveError(
            f"{LEDGER_FILE} is not in {project_folder}, so there is nothing to report",
            remedy="Name a project folder in which a section was run.",
        )
    entries = Ledger(project_folder, SystemClock(), Redactor(), run).entries()
    verify_chain([entry.as_data() for entry in entries], FIRST_HASH)
    return entries


def result_text(result: Result) -> str:
    """`result.json`: sorted keys, so that two results can be compared line by line.

    Args:
        result: What it says.
    """
    data = result.model_dump(mode="json")
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def ledger_lines(entries: Sequence[Entry]) -> str:
    """`ledger.jsonl`: the hash before the first entry, then each entry as canonical JSON.

    Args:
        entries: An unbroken stretch of the ledger; at least one.
    """
    lines = [{"head_before": entries[0].previous}, *(entry.as_data() for entry in entries)]
    return "".join(canonical(line) + "\n" for line in lines)


def manifest(folder: Path) -> dict[str, Any]:
    """Every file of an archive but the manifest, with its size in bytes and SHA-256.

    Args:
        folder: The archive's folder.
    """
    return {
        "format": 1,
        "xtmig": __version__,
        "files": {
            path.relative_to(folder).as_posix(): {"sha256": file_hash(path), "size": path.stat().st_size}
            for path in archived_files(folder)
        },
    }


def archived_files(folder: Path) -> list[Path]:
    """Every file and link below a folder but its manifest, sorted by name.

    Args:
        folder: The archive's folder.
    """
    found = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return sorted((path for path in found if path != folder / MANIFEST), key=lambda path: path.as_posix())


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Args:
        path: The file.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
