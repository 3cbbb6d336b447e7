"""The tables and copies that an archive keeps beside its page."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from xtmig_kernel.outputs import stays_inside
from xtmig_kernel.project.files import write_whole
from xtmig_kernel.report import places
from xtmig_kernel.report.tables import changes_csv, csv_text, findings_csv, planned_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xtmig_kernel.report.model import ExhibitFact, FileFact, Result


def exhibit_tables(result: Result, rows: Mapping[str, Sequence[Sequence[str | int]]]) -> dict[str, str]:
    """The table of each exhibit: its path in the archive, and its text.

    Args:
        result: What the archive says.
        rows: All rows of each exhibit by its name.
    """
    return {fact.artifact: csv_text(fact.columns, rows[fact.name]) for fact in result.exhibits}


def detail_tables(result: Result) -> dict[str, str]:
    """The tables of what is too much for the page: its path in the archive, and its text.

    Args:
        result: What the archive says.
    """
    tables = {
        places.changes_file(step): changes_csv(change for change in result.changes if change.step == step)
        for step in places.large_steps(result.changes)
    }
    tables |= {
        places.planned_file(step): planned_csv(change for change in result.planned if change.step == step)
        for step in places.large_steps(result.planned)
    }
    if places.large_rules(result.findings):
        tables[places.FINDINGS] = findings_csv(result.findings)
    return tables


def with_copies(files: Sequence[FileFact], project_folder: Path, archive: Path) -> tuple[FileFact, ...]:
    """Copy the files that steps of this run wrote, as far as they are still as they were written.

    An archive that is built again keeps the copy that it has.

    Args:
        files: What steps wrote.
        project_folder: Where they wrote it.
        archive: The archive's folder.

    Returns:
        The same facts, with what became of each file.
    """
    return tuple(_looked_at(file, project_folder, archive) if file.this_run else file for file in files)


def _looked_at(file: FileFact, project_folder: Path, archive: Path) -> FileFact:
    if not stays_inside(file.name):
        return file
    copy = places.copied_file(file.name)
    for path in (archive / copy, project_folder / file.name):
        content = content_of(path)
        if content is not None and f"sha256:{hashlib.sha256(content).hexdigest()}" == file.sha256:
            write_whole(archive / copy, content.decode("utf-8"))
            return file.model_copy(update={"state": "as written", "artifact": copy})
    there = (project_folder / file.name).exists()
    return file.model_copy(update={"state": "changed since" if there else "not there"})


def kept_tables(archive: Path, result: Result) -> dict[str, str]:
    """The text of each exhibit's table as an archive holds it; without those that are not there.

    Args:
        archive: The archive's folder.
        result: What the archive says.
    """
    kept = {fact.artifact: content_of(archive / fact.artifact) for fact in result.exhibits if is_place_of(fact)}
    return {name: content.decode("utf-8", errors="replace") for name, content in kept.items() if content is not None}


def is_place_of(fact: ExhibitFact) -> bool:
    """Whether the place that a result names for an exhibit's table is where archives keep it.

    Args:
        fact: The exhibit.
    """
    return fact.artifact == places.exhibit_file(fact.name)


def content_of(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none that can be read, or a link in its place.

    Args:
        path: The file.
    """
    try:
        return None if path.is_symlink() else path.read_bytes()
    except OSError:
        return None
