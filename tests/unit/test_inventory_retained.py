"""What keeps content and no list of mailboxes shows: archives' recoverable folders, and the service's log of holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_inventory_contents import ADDRESS, GUID, JOHN, JOHNS, project, read
from test_inventory_users import LARA, Side, rows

from xtmig_kernel.errors import AccessDenied
from xtmig_kernel.evidence import NotObserved, Reason

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE, JOHNS_ARCHIVE = "0000000a-0000-4000-8000-000000000001", "0000000b-0000-4000-8000-000000000001"
ARCHIVED = LARA | {"ArchiveGuid": ARCHIVE}
HOLD = "mbx7cfb30345d454ac0a989ab3041051209:2"
EVERYBODY = {"Get-OrganizationConfig": [{"InPlaceHolds": [HOLD]}]}
LOGS = "Export-MailboxDiagnosticLogs"


def folders(folder: Path, **cmdlets: Any) -> Any:
    """The folders of the archives of Lara and John."""
    side = Side({name.replace("_", "-"): answer for name, answer in cmdlets.items()})
    return read("source.archive_recoverable_folders", project(folder, ADDRESS, "john@contoso.com"), source=side)


def tracked(folder: Path, *mailboxes: dict[str, Any], **cmdlets: Any) -> tuple[Any, Side]:
    """The holds that are tracked, and the side that was asked."""
    answers = {"Get-Mailbox": list(mailboxes or [LARA])} | EVERYBODY
    side = Side(answers | {name.replace("_", "-"): answer for name, answer in cmdlets.items()})
    return read("source.hold_tracking", project(folder, ADDRESS, "john@contoso.com"), source=side), side


def test_only_archives_are_asked(tmp_path: Path) -> None:
    """A mailbox without an archive has no row, and costs no call."""
    found = rows(folders(tmp_path, Get_Mailbox=[ARCHIVED, JOHN], Get_MailboxFolderStatistics=[
        {"Name": "SubstrateHolds", "ItemsInFolder": 0, "FolderSize": "0 B (0 bytes)"}
    ]))  # fmt: skip
    assert [{"ExchangeGuid": GUID, "ArchiveGuid": ARCHIVE, "Folder": "SubstrateHolds", "Items": 0, "Bytes": 0}] == found


def test_an_archive_that_was_refused_is_unknown(tmp_path: Path) -> None:
    """Its row names no folder, so that it is not taken for an archive without SubstrateHolds."""

    def answer(given: dict[str, Any]) -> Any:
        return AccessDenied("no") if given["Identity"] == JOHNS else [{"Name": "Purges", "ItemsInFolder": 1}]

    mailboxes = [ARCHIVED, JOHN | {"ArchiveGuid": JOHNS_ARCHIVE}]
    found = rows(folders(tmp_path, Get_Mailbox=mailboxes, Get_MailboxFolderStatistics=answer))
    assert [(JOHNS_ARCHIVE, None), (ARCHIVE, "Purges")] == [(row["ArchiveGuid"], row["Folder"]) for row in found]


def test_nobody_is_asked_without_a_hold_of_everybody(tmp_path: Path) -> None:
    """The log costs one call for each mailbox, so it is read only where a policy holds the organisation's mailboxes."""
    found, side = tracked(tmp_path, Get_OrganizationConfig=[{"InPlaceHolds": ["grp1:1", "-mbx2:1"]}])
    assert rows(found) == []
    assert LOGS not in [cmdlet for cmdlet, _ in side.asked]


def test_an_organisation_that_does_not_tell_is_not_without_holds(tmp_path: Path) -> None:
    """Without the organisation's list nothing was observed."""
    found, _ = tracked(tmp_path, Get_OrganizationConfig=[{}])
    assert isinstance(found, NotObserved)


@pytest.mark.parametrize("log", ["", "[]"])
def test_an_empty_log_is_no_hold(tmp_path: Path, log: str) -> None:
    """A mailbox whose log is empty has no row."""
    found, _ = tracked(tmp_path, Export_MailboxDiagnosticLogs=[{"MailboxLog": log}])
    assert rows(found) == []


@pytest.mark.parametrize("log", [None, "no JSON", '"a text"', "[1]"])
def test_a_log_in_another_form_is_unknown(tmp_path: Path, log: Any) -> None:
    """What cannot be read has a row without a hold, and is never taken for no hold."""
    found, _ = tracked(tmp_path, Export_MailboxDiagnosticLogs=[{"MailboxLog": log}])
    assert [{"ExchangeGuid": GUID, "Hold": None, "Kind": None}] == rows(found)


def test_logs_that_are_all_refused_are_no_observation(tmp_path: Path) -> None:
    """Where nobody told, the reason is told instead of a table."""
    found, _ = tracked(tmp_path, Export_MailboxDiagnosticLogs=AccessDenied("no"))
    assert isinstance(found, NotObserved)
    assert found.reason is Reason.DENIED
