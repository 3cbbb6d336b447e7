"""Verifying an archive without trusting its maker: hashes, the ledger's chain, figures counted again."""

from __future__ import annotations

import json
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from xtmig_kernel import __version__
from xtmig_kernel.changes import canonical
from xtmig_kernel.errors import ArchiveError, LedgerError
from xtmig_kernel.report import archive, history
from xtmig_kernel.report.artifacts import content_of, detail_tables, kept_tables
from xtmig_kernel.report.judgement import run_facts
from xtmig_kernel.report.model import Result
from xtmig_kernel.report.open_items import open_items_csv
from xtmig_kernel.report.page import page
from xtmig_kernel.report.verify_artifacts import artifact_problems
from xtmig_kernel.store import Entry
from xtmig_kernel.store.ledger import verify_chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WRITTEN = (archive.RESULT, archive.PAGE, archive.OPEN_ITEMS, archive.LEDGER_LINES)


def verify_archive(folder: Path) -> list[str]:
    """What is wrong with an archive, one sentence each; empty when it is whole.

    Args:
        folder: The archive's folder.

    Raises:
        ArchiveError: The folder holds no archive that could be checked.
    """
    recorded = _manifest(folder)
    problems = [*_file_problems(folder, recorded), *_missing_parts(recorded)]
    unusable = {name for name in _WRITTEN if not (folder / name).is_file() or (folder / name).is_symlink()}
    if unusable & {archive.RESULT, archive.LEDGER_LINES}:
        return problems
    try:
        entries = _ledger(folder / archive.LEDGER_LINES)
        result = Result.model_validate_json((folder / archive.RESULT).read_bytes())
    except ArchiveError as error:
        return [*problems, error.message]
    except ValidationError as error:
        return [
            *problems,
            f"{archive.RESULT} is not a result of this format ({error.error_count()} places differ)",
        ]
    problems += _figure_problems(result, entries)
    problems += artifact_problems(folder, result, entries, recorded["files"])
    if result.xtmig == __version__ and not unusable:
        problems += _page_problems(folder, result)
    return problems


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / archive.MANIFEST
    try:
        data = json.loads(path.read_bytes())
        files, _ = data["files"], canonical(data)
        usable = data["format"] == 1 and all(
            isinstance(item["sha256"], str) and isinstance(item["size"], int) for item in files.values()
        )
    except FileNotFoundError:
        raise ArchiveError(
            f"{archive.MANIFEST} is not in {folder}, so this is no archive",
            remedy="Name the folder of one run.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        usable = False
    if not usable:
        raise ArchiveError(
            f"{path} is not a manifest of an archive", remedy="Fetch the archive again from where it is kept."
        )
    return dict(data)


def _inside(name: str) -> bool:
    """Whether a name in a manifest stays below the archive's folder, on any system."""
    path, windows = PurePosixPath(name), PureWindowsPath(name)
    return bool(path.parts) and not (path.is_absolute() or windows.drive or ".." in path.parts or "\\" in name)


def _file_problems(folder: Path, recorded: dict[str, Any]) -> Iterator[str]:
    if (folder / archive.MANIFEST).read_bytes() != (canonical(recorded) + "\n").encode("utf-8"):
        yield f"{archive.MANIFEST} is not as xtmig wrote it"
    present = {path.relative_to(folder).as_posix(): path for path in archive.archived_files(folder)}
    for name, item in sorted(recorded["files"].items()):
        if not _inside(name):
            yield f"{archive.MANIFEST} names a file outside the archive: {name}"
        elif name not in present:
            yield f"{name} is missing"
        elif present[name].is_symlink():
            yield f"{name} is a link, not a file"
        elif present[name].stat().st_size != item["size"] or archive.file_hash(present[name]) != item["sha256"]:
            yield f"{name} was changed"
    yield from (f"{name} was added" for name in sorted(present.keys() - recorded["files"].keys()))


def _missing_parts(recorded: dict[str, Any]) -> list[str]:
    return [f"{archive.MANIFEST} does not list {name}" for name in _WRITTEN if name not in recorded["files"]]


def _ledger(path: Path) -> list[Entry]:
    """The entries of `ledger.jsonl`, their chain proven."""
    try:
        # split by line feeds alone: names may hold other characters that Python takes for line ends
        text = path.read_bytes().decode("utf-8").removesuffix("\n")
        first, *lines = [json.loads(line) for line in text.split("\n")]
        verify_chain(lines, first["head_before"])
        entries = [Entry(**line) for line in lines]
    except LedgerError as error:
        raise ArchiveError(f"{path.name}: {error.message}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{path.name} does not hold ledger entries") from error
    if not entries:
        raise ArchiveError(f"{path.name} holds no entry")
    if any(entry.seq != entries[0].seq + place for place, entry in enumerate(entries)):
        raise ArchiveError(f"{path.name}: the numbers of its entries have a gap")
    return entries


def _figure_problems(result: Result, entries: list[Entry]) -> Iterator[str]:
    """Where `result.json` says something else than the ledger's entries come to."""
    run = result.run.id
    ends = (entries[0].previous, entries[-1].hash, entries[0].seq, entries[-1].seq)
    ledger = result.ledger
    if ends != (ledger.head_before, ledger.head, ledger.first, ledger.last):
        yield f"{archive.RESULT} and {archive.LEDGER_LINES} tell of different stretches of the ledger"
    own = [entry for entry in entries if entry.run == run]
    if not own:
        yield f"{archive.LEDGER_LINES} holds no entry of the run {run}"
        return
    try:
        counted = run_facts(own)
        found = {_key(finding) for finding in history.findings(own, run)}
        made = {(change.hash, change.outcome) for change in history.changes(entries, run)}
    except (KeyError, TypeError, ValueError, AttributeError):
        yield f"{archive.LEDGER_LINES} holds entries that this version cannot read"
        return
    for name in type(counted).model_fields:
        if getattr(counted, name) != getattr(result.run, name):
            yield f"{archive.RESULT}: run.{name} is not what the ledger's entries come to"
    if not {_key(finding) for finding in result.findings if finding.this_run} <= found:
        yield f"{archive.RESULT} holds findings of this run that its ledger entries do not hold"
    if not {(change.hash, change.outcome) for change in result.changes if change.this_run} <= made:
        yield f"{archive.RESULT} holds changes of this run that its ledger entries do not hold"


def _key(finding: Any) -> str:
    return str(finding.model_dump_json(exclude={"pending"}))


def _page_problems(folder: Path, result: Result) -> Iterator[str]:
    """Pages of this version can be made again from `result.json` and the exhibits' tables, and compared."""
    tables = kept_tables(folder, result)
    if len(tables) < len({fact.artifact for fact in result.exhibits}):
        return  # what is missing is told already
    try:
        made = {
            archive.RESULT: archive.result_text(result),
            archive.PAGE: page(result, tables),
            archive.OPEN_ITEMS: open_items_csv(result.open_items),
            **detail_tables(result),
        }
    except (LookupError, TypeError, ValueError):
        yield f"{archive.RESULT} holds values that cannot be shown"
        return
    for name, text in made.items():
        if content_of(folder / name) not in (None, text.encode("utf-8")):
            yield f"{name} does not show what {archive.RESULT} says"
