"""Reading back what a script reports: whatever is not exactly what it writes is refused, and nothing is recorded."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from core_facts import SOURCE_ID, TARGET_ID, settings
from stand_in_sessions import Noting, Session

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.clock import SystemClock
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError
from xtmig_kernel.powershell import Read, Script
from xtmig_kernel.report.reported import reported
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.runs.script import script_record
from xtmig_kernel.runs.script_results import read_results
from xtmig_kernel.store import Entry, Ledger

ROW = {"UserPrincipalName": "u@x", "RecipientTypeDetails": "MailUser"}


def a_change(identity: str, level: Level = Level.UNDOABLE) -> Change:
    subject = Subject("target", "mailboxes", (("ObjectId", identity),), identity)
    call = ExchangeCall("Set-User", {"Identity": identity})
    return Change("070.2", "target", TARGET_ID, subject, "Do it", None, {"x": 1}, (call,), level, "Undo", ())


READS = (Read(ExchangeCall("Get-MigrationEndpoint"), ("Identity", "EndpointType")),)
SCRIPT = Script(
    "070", "T", "target", TARGET_ID, "x.onmicrosoft.com", (a_change("a"), a_change("b", Level.NAMED)), READS
)


class Project:
    """A project that has written one script, and the results of a run of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        new_project(self.folder, settings())
        self.ledger = Ledger(self.folder, SystemClock(), Redactor(), "test")
        text = "\ufeff" + SCRIPT.text("s.results.json")
        self.ledger.append("script_written", script_record(SCRIPT, "scripts/s.ps1", text.encode("utf-8")))
        path = folder / "s.ps1"
        path.write_text(text, encoding="utf-8", newline="\n")
        Session(Noting(TARGET_ID, rows=[ROW]), folder).run(path)
        self.file = folder / "s.results.json"
        self.results: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8-sig"))

    def read(self, section: str = "070") -> list[str]:
        return read_results(self.folder, section, self.file, Redactor())

    def entries(self) -> list[Entry]:
        return self.ledger.entries("script_reported")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_report_is_recorded_as_a_report(project: Project) -> None:
    """The ledger takes who reports what; what was seen stands there, and rows of reads as a count and a digest."""
    told = project.read()
    assert told[0] == "admin@contoso.example reports: 2 of 2 changes made, 1 of 1 reads answered."
    assert "xtmig has observed none of it" in told[-1]
    (entry,) = project.entries()
    assert ("070", "target", "scripts/s.ps1") == tuple(entry.data[name] for name in ("section", "side", "name"))
    assert [("070.2", True, "u@x")] * 2 == [
        (change["step"], change["ok"], change["seen"][0]["UserPrincipalName"]) for change in entry.data["changes"]
    ]
    assert [1] == [read["rows"] for read in entry.data["reads"]]


def test_a_report_is_no_observation(project: Project) -> None:
    """A report alone leaves no outcome, no finding and no read in the ledger, and its changes as not looked at."""
    project.read()
    kinds = {entry.kind for entry in project.ledger.entries()}
    assert {"script_written", "script_reported"} == kinds
    (report,) = reported(project.ledger.entries())
    assert {"not looked"} == {change.since for change in report.changes}


@pytest.mark.parametrize(("state", "since"), [("no change", "nothing left to change"), ("failed", "not right yet")])
def test_only_a_later_look_is_an_observation(project: Project, state: str, since: str) -> None:
    """What a step came to before the report says nothing of it; what it comes to afterwards does."""
    project.ledger.append("step_ended", {"state": "no change"}, step="070.2")
    project.read()
    assert {"not looked"} == {change.since for change in reported(project.ledger.entries())[0].changes}
    project.ledger.append("step_ended", {"state": state}, step="070.2")
    assert {since} == {change.since for change in reported(project.ledger.entries())[0].changes}


def test_a_file_is_recorded_once(project: Project) -> None:
    """The same file again adds nothing."""
    project.read()
    assert ["This file was recorded before; nothing was added."] == project.read()
    assert 1 == len(project.entries())


def _altered(**changes: Any) -> Any:
    return lambda data: data | changes


def _first(**changes: Any) -> Any:
    def alter(data: dict[str, Any]) -> dict[str, Any]:
        data["changes"][0] |= changes
        return data

    return alter


def _twice(data: dict[str, Any]) -> dict[str, Any]:
    data["changes"].append(data["changes"][0])
    return data


def _read_with_calls(data: dict[str, Any]) -> dict[str, Any]:
    data["reads"][0]["calls"] = ["Set-User"]
    return data


def _without_end(data: dict[str, Any]) -> dict[str, Any]:
    del data["ended"]
    return data


UNKNOWN = "sha256:" + "0" * 64
WRONG = {
    "tenant": (_altered(tenant_id=SOURCE_ID), "the script ran in tenant"),
    "side": (_altered(side="source", tenant_id=SOURCE_ID), "has written no script of section 070 for the source"),
    "section": (_altered(section="080"), "these are results of section 080, not of 070"),
    "plan": (_altered(plan=UNKNOWN), "has written no script"),
    "format": (_altered(format=1), "format: Input should be 2"),
    "key": (_altered(more=1), "more: Extra inputs are not permitted"),
    "missing": (_without_end, "ended: Field required"),
    "time": (_altered(began="yesterday"), "began: String should match"),
    "change": (_first(change=UNKNOWN), f"the script has no change {UNKNOWN}"),
    "key of a change": (_first(more=1), "changes.0.more: Extra inputs are not permitted"),
    "calls": (_first(calls=["Remove-Mailbox"]), "reports the calls"),
    "too few calls": (_first(calls=[]), "reports the calls"),
    "seen": (_first(seen=[{"Secret": "x"}]), "notes Secret, which the script does not note"),
    "twice": (_twice, "a change is reported twice"),
    "confirmed without being asked": (_altered(confirmed=["070.9 00000000"]), "confirm 070.9 00000000, for which the"),
    "not confirmed": (_altered(confirmed=[]), "step 070.2 was changed without being confirmed"),
    "read": (_read_with_calls, "reports calls that change something"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_no_script_writes_is_refused(project: Project, wrong: str) -> None:
    """Another tenant, another plan, an unknown change or key is one clear error, and nothing is recorded."""
    alter, message = WRONG[wrong]
    project.file.write_text(json.dumps(alter(copy.deepcopy(project.results))), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        project.read()
    assert message in str(caught.value)
    assert caught.value.remedy
    assert [] == project.entries()


@pytest.mark.parametrize("content", [b"", b"no JSON", b"[]", b"\xff\xfe{", b'{"format": 1'])
def test_what_is_no_json_is_refused(project: Project, content: bytes) -> None:
    """A file that is cut short or no JSON at all is one clear error, and nothing is recorded."""
    project.file.write_bytes(content)
    with pytest.raises(UsageError, match="is not what a script of format 2 writes"):
        project.read()
    assert [] == project.entries()


def test_a_file_that_is_not_there(project: Project) -> None:
    """A file that cannot be opened is named."""
    project.file.unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        project.read()


def test_both_powershells_are_read(project: Project) -> None:
    """With the byte order mark of Windows PowerShell 5.1, and without one, the file says the same."""
    text = json.dumps(project.results)
    project.file.write_text(text, encoding="utf-8-sig")
    project.read()
    project.file.write_text(text, encoding="utf-8")
    project.read()
    first, second = (entry.data for entry in project.entries())
    assert {name for name in first if first[name] != second[name]} == {"sha256"}


def test_what_failed_is_told(project: Project) -> None:
    """A change that was not made is told with its error, and what was not begun is counted."""
    first = project.results["changes"][0] | {"ok": False, "error": "|Refused|no", "calls": [], "seen": []}
    data = project.results | {"changes": [first], "error": "|Refused|no"}
    project.file.write_text(json.dumps(data), encoding="utf-8")
    told = project.read()
    assert "0 of 2 changes made, 1 not made, 1 not begun" in told[0]
    assert told[1] == "Not made: Do it: |Refused|no"
