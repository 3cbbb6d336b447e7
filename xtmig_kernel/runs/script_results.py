"""What a person's run of a script reports, read back as evidence: `xtmig powershell SECTION --read FILE`.

The file was written by a script that nobody of us watched. It is held against the ledger's record of that script, and
goes to the ledger as what it is: a report. Nothing counts as observed by it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from xtmig_kernel.changes import digest
from xtmig_kernel.errors import UsageError
from xtmig_kernel.m365 import clock_for
from xtmig_kernel.powershell import FORMAT
from xtmig_kernel.project import Side, load_project
from xtmig_kernel.runs.script import WRITTEN
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.store import Entry

REPORTED = "script_reported"
MOST_BYTES = 64 * 1024 * 1024
_AGAIN = "Run the script again, and give xtmig the file as the script wrote it."

Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Record(_Strict):
    at: Moment
    calls: list[str]
    ok: bool
    error: str | None
    seen: list[dict[str, Any]]
    seen_error: str | None


class _ChangeRecord(_Record):
    change: str


class _ReadRecord(_Record):
    read: str


class Results(_Strict):
    """The results file of a script."""

    format: Literal[2]
    section: str
    side: Side
    tenant_id: str
    plan: str
    account: str
    confirmed: list[str]
    began: Moment
    ended: Moment
    error: str | None
    changes: list[_ChangeRecord]
    reads: list[_ReadRecord]


def read_results(folder: Path, section: str, file: Path, redactor: Redactor) -> list[str]:
    """Check a results file, and record it in the ledger as reported; all of it, or nothing.

    Args:
        folder: The project folder.
        section: Number of the section whose script was run.
        file: The results file.
        redactor: Takes known secrets out of what is recorded.

    Returns:
        Sentences on what was reported.

    Raises:
        UsageError: The file is not what a script of this project's section writes; nothing was recorded.
    """
    project = load_project(folder)
    content = _content(file)
    results = _parsed(content, file)
    ledger = Ledger(project.folder, clock_for(project), redactor, "powershell")
    script = _script_of(results, section, project.side(results.side).tenant_id, ledger.entries(WRITTEN))
    _check_changes(results.changes, script)
    _check_confirmed(results, script)
    _check_reads(results.reads, script)
    sha256 = hashlib.sha256(content).hexdigest()
    if any(entry.data["sha256"] == sha256 for entry in ledger.entries(REPORTED)):
        return ["This file was recorded before; nothing was added."]
    ledger.append(REPORTED, _data(results, script, sha256))
    return _told(results, script, section)


def _content(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        content = file.read_bytes() if size <= MOST_BYTES else b""
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror})", remedy="Name the results file.") from error
    if size > MOST_BYTES:
        raise UsageError(f"{file} has {size:,} bytes; a script writes no more than {MOST_BYTES:,}", remedy=_AGAIN)
    return content


def _parsed(content: bytes, file: Path) -> Results:
    try:
        # Windows PowerShell 5.1 begins the file with a byte order mark
        return Results.model_validate_json(content.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        more = f", and {error.error_count() - 1} places more" if error.error_count() > 1 else ""
        raise UsageError(
            f"{file} is not what a script of format {FORMAT} writes: {place}: {first['msg']}{more}", remedy=_AGAIN
        ) from None


def _script_of(results: Results, section: str, tenant_id: str, written: Sequence[Entry]) -> dict[str, Any]:
    if results.section != section:
        raise UsageError(
            f"these are results of section {results.section}, not of {section}",
            remedy=f"Read them with: xtmig powershell {results.section} --read",
        )
    if results.tenant_id.casefold() != tenant_id.casefold():
        raise UsageError(
            f"the script ran in tenant {results.tenant_id}, but the project's {results.side} tenant is {tenant_id}",
            side=results.side,
            remedy="Take the results of a run in the project's own tenant.",
        )
    known = [entry.data for entry in written if entry.data["plan"] == results.plan]
    if not known or (known[-1]["section"], known[-1]["side"]) != (section, results.side):
        raise UsageError(
            f"this project has written no script of section {section} for the {results.side} tenant with the plan "
            f"{results.plan}",
            remedy="Read the results in the project folder in which the script was made.",
        )
    return known[-1]


def _check_changes(changes: Sequence[_ChangeRecord], script: dict[str, Any]) -> None:
    known = {item["change"]: item for item in script["changes"]}
    for record in _once([(record.change, record) for record in changes], known, "change"):
        calls = known[record.change]["calls"]
        if record.calls != calls[: len(record.calls)] or (record.ok and record.calls != calls):
            raise UsageError(
                f"change {record.change} reports the calls {record.calls}, where the script has {calls}", remedy=_AGAIN
            )


def _check_confirmed(results: Results, script: dict[str, Any]) -> None:
    """A script begins no change that needs an approval before its step was confirmed."""
    gates: dict[str, list[str]] = script["gates"]
    foreign = [name for name in results.confirmed if name not in gates]
    if foreign or len(set(results.confirmed)) != len(results.confirmed):
        wrong = foreign[0] if foreign else "a step twice"
        raise UsageError(f"the results confirm {wrong}, for which the script does not ask", remedy=_AGAIN)
    begun = {record.change for record in results.changes}
    for name, changes in gates.items():
        if name not in results.confirmed and begun & set(changes):
            raise UsageError(
                f"step {name.partition(' ')[0]} was changed without being confirmed, which no script of ours does",
                remedy=_AGAIN,
            )


def _check_reads(reads: Sequence[_ReadRecord], script: dict[str, Any]) -> None:
    known = {item["read"]: item for item in script["reads"]}
    for record in _once([(record.read, record) for record in reads], known, "read"):
        if record.calls:
            raise UsageError(f"the read {record.read} reports calls that change something", remedy=_AGAIN)


def _once(items: list[tuple[str, Any]], known: dict[str, dict[str, Any]], kind: str) -> list[Any]:
    """The records, each of which the script has, and has once; with nothing noted that it does not note."""
    if len(items) != len({key for key, _ in items}):
        raise UsageError(f"a {kind} is reported twice", remedy=_AGAIN)
    for key, record in items:
        if key not in known:
            raise UsageError(f"the script has no {kind} {key}", remedy=_AGAIN)
        foreign = sorted({name for row in record.seen for name in row} - set(known[key]["names"]))
        if foreign:
            raise UsageError(f"{kind} {key} notes {foreign[0]}, which the script does not note", remedy=_AGAIN)
    return [record for _, record in items]


def _data(results: Results, script: dict[str, Any], sha256: str) -> dict[str, Any]:
    known = {item["change"]: item for item in script["changes"]}
    head = results.model_dump(exclude={"format", "changes", "reads"})
    changes = [
        {**record.model_dump(), "step": known[record.change]["step"], "title": known[record.change]["title"]}
        for record in results.changes
    ]
    reads = [
        {
            "read": record.read,
            "at": record.at,
            "ok": record.ok,
            "error": record.seen_error,
            "rows": len(record.seen),
            "digest": digest(record.seen),
        }
        for record in results.reads
    ]
    return {**head, "name": script["name"], "sha256": sha256, "changes": changes, "reads": reads}


def _told(results: Results, script: dict[str, Any], section: str) -> list[str]:
    made = sum(record.ok for record in results.changes)
    wrong = [record for record in results.changes if not record.ok]
    left = len(script["changes"]) - len(results.changes)
    read = sum(record.ok for record in results.reads)
    parts = [f"{made} of {len(script['changes'])} changes made"] if script["changes"] else []
    parts += [f"{len(wrong)} not made"] if wrong else []
    parts += [f"{left} not begun"] if left else []
    parts += [f"{read} of {len(script['reads'])} reads answered"] if script["reads"] else []
    title = {item["change"]: item["title"] for item in script["changes"]}
    return [
        f"{results.account or 'Somebody'} reports: {', '.join(parts)}.",
        *(f"Not made: {title[record.change]}: {record.error or 'no error was noted'}" for record in wrong),
        *([f"The script ended with: {results.error}"] if results.error and not wrong else []),
        f"Recorded as reported; xtmig has observed none of it. Look with: xtmig run {section}",
    ]
