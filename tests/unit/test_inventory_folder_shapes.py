"""How mailboxes are laid out in folders (failure 54), and the calendars that the same answers tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock
from test_inventory_contents import ADDRESS, GUID, JOHN, JOHNS, permissions, project, read, source
from test_inventory_users import LARA, Side, rows

from xtmig_kernel.errors import AccessDenied, NotFound
from xtmig_kernel.evidence import NotObserved, Reason
from xtmig_kernel.inventory import Reader

if TYPE_CHECKING:
    from pathlib import Path

CMDLET = "Get-MailboxFolderStatistics"
NUMBERS = ("Folders", "MostItems", "MostRecoverableItems", "MostSubfolders", "Depth")


def folder(path: str, items: Any = 0, kind: str = "User Created") -> dict[str, Any]:
    """A row of Get-MailboxFolderStatistics."""
    return {"Name": path.rpartition("/")[2], "FolderPath": path, "FolderType": kind, "ItemsInFolder": items}


DEEP = [
    folder("/Deletions", 70, "RecoverableItemsDeletions"),
    folder("/Purges", 80, "RecoverableItemsPurges"),
    folder("/SubstrateHolds", 900, "RecoverableItemsSubstrateHolds"),
]


def shape(folder: Path, *found: dict[str, Any]) -> dict[str, Any]:
    """The row of Lara's mailbox, which has these folders."""
    side = Side({"Get-Mailbox": [LARA], CMDLET: list(found)})
    (row,) = rows(read("source.folder_shapes", project(folder, ADDRESS), source=side))
    return dict(row)


def test_the_fullest_folder(tmp_path: Path) -> None:
    """Of all folders the one with the most items is told with its path; recoverable ones have a limit of their own."""
    row = shape(tmp_path, folder("/Inbox", 3), folder("/Inbox/Old", 8), *DEEP)
    assert (8, "/Inbox/Old", 5) == (row["MostItems"], row["MostItemsFolder"], row["Folders"])


def test_the_fullest_recoverable_folder_that_moves(tmp_path: Path) -> None:
    """Of Recoverable Items, Deletions, Versions and Purges move (CNT-02); what does not move stands in no way."""
    row = shape(tmp_path, folder("/Inbox", 3), *DEEP)
    assert (80, "/Purges") == (row["MostRecoverableItems"], row["MostRecoverableFolder"])


def test_the_folder_with_the_most_in_it(tmp_path: Path) -> None:
    """Folders are counted that lie directly in one; at the top it is called /, and recoverable ones do not count."""
    found = [folder("/Inbox"), folder("/Inbox/A"), folder("/Inbox/A/1"), folder("/Inbox/A/2"), folder("/Inbox/A/3")]
    row = shape(tmp_path, *found, *DEEP)
    assert (3, "/Inbox/A", 3) == (row["MostSubfolders"], row["MostSubfoldersFolder"], row["Depth"])
    row = shape(tmp_path, folder("/Inbox"), folder("/Drafts"), *DEEP)
    assert (2, "/", 1) == (row["MostSubfolders"], row["MostSubfoldersFolder"], row["Depth"])


def test_items_that_were_not_told_are_not_few(tmp_path: Path) -> None:
    """Where one folder did not tell its items, nobody knows which is the fullest."""
    row = shape(tmp_path, folder("/Inbox", 3), folder("/Old", None))
    assert (2, None, None) == (row["Folders"], row["MostItems"], row["MostItemsFolder"])


def test_a_mailbox_without_folders(tmp_path: Path) -> None:
    """An empty list that was really read is none, and no refusal."""
    assert [0, 0, 0, 0, 0] == [shape(tmp_path)[column] for column in NUMBERS]


def test_a_mailbox_that_was_refused_has_no_numbers(tmp_path: Path) -> None:
    """Its row is there without numbers, so that it is taken neither for a small one nor for nobody."""

    def answer(given: dict[str, Any]) -> Any:
        return AccessDenied("no") if given["Identity"] == "john@contoso.com" else [folder("/Inbox", 3)]

    side = Side({"Get-Mailbox": [LARA, JOHN], CMDLET: answer})
    found = rows(read("source.folder_shapes", project(tmp_path, ADDRESS, "john@contoso.com"), source=side))
    assert [(JOHNS, None, None), (GUID, 1, 3)] == [(r["ExchangeGuid"], r["Folders"], r["MostItems"]) for r in found]


def test_folders_that_are_all_refused_are_no_observation(tmp_path: Path) -> None:
    """Where nobody told, the reason is told instead of a table."""
    side = Side({"Get-Mailbox": [LARA], CMDLET: AccessDenied("no")})
    found = read("source.folder_shapes", project(tmp_path, ADDRESS), source=side)
    assert isinstance(found, NotObserved)
    assert Reason.DENIED is found.reason


def test_every_folder_is_asked_for(tmp_path: Path) -> None:
    """The service ends after a thousand folders unless it is asked for all (cmdlet reference, ResultSize)."""
    side = Side({"Get-Mailbox": [LARA], CMDLET: []})
    read("source.folder_shapes", project(tmp_path, ADDRESS), source=side)
    assert (CMDLET, {"Identity": ADDRESS, "ResultSize": "Unlimited"}) == side.asked[-1]


def test_rights_and_shapes_rest_on_one_answer(tmp_path: Path) -> None:
    """Two tables that are read at one moment ask each mailbox for its folders once."""
    side = source(Get_MailboxFolderStatistics=[folder("/Kalender", 1, "Calendar")])
    sides: Any = {"source": side}
    reader = Reader(project(tmp_path, ADDRESS), sides, StillClock(NOW), {})
    both = reader.read_all(["source.folder_shapes", "source.mailbox_permissions"])
    assert [1, 2] == [len(rows(fact)) for fact in both.values()]
    assert 1 == [cmdlet for cmdlet, _ in side.asked].count(CMDLET)


def test_a_calendar_in_another_folder_is_not_the_mailboxs_own(tmp_path: Path) -> None:
    """Among all folders the calendar is the one of that kind that is nearest to the top."""
    found = [folder("/Old/2015/Calendar", 0, "Calendar"), folder("/Kalender/Team"), folder("/Kalender", 0, "Calendar")]
    side = source(Get_MailboxFolderStatistics=found, Get_MailboxFolderPermission=[])
    permissions(tmp_path, side)
    asked = [given["Identity"] for cmdlet, given in side.asked if cmdlet == "Get-MailboxFolderPermission"]
    assert [f"{ADDRESS}:\\Kalender"] == asked


def test_a_mailbox_with_too_many_folders_tells_its_calendar(tmp_path: Path) -> None:
    """Where the list of all folders fails, the calendar is asked for alone, so that rights are not lost with it."""

    def answer(given: dict[str, Any]) -> Any:
        calendars = "FolderScope" in given
        return [folder("/Kalender", 0, "Calendar")] if calendars else NotFound("the list was not made in time")

    side = source(Get_MailboxFolderStatistics=answer)
    assert ["FullAccess", "ReadPermission"] == [right for *_, right in permissions(tmp_path, side)]
    assert (CMDLET, {"Identity": ADDRESS, "FolderScope": "Calendar"}) in side.asked


def test_folders_that_are_denied_are_not_asked_for_again(tmp_path: Path) -> None:
    """An account that may not list folders may not list calendars either."""
    side = source(Get_MailboxFolderStatistics=AccessDenied("no"))
    assert [] == permissions(tmp_path, side)
    assert 1 == [cmdlet for cmdlet, _ in side.asked].count(CMDLET)


@pytest.mark.parametrize(("side", "given"), [("source", "ResultSize"), ("target", "FolderScope")])
def test_only_the_source_lists_all_folders(tmp_path: Path, side: str, given: str) -> None:
    """Nothing is judged by the folders of the target, so of those the calendars alone are listed."""
    here = source(Get_MailUser=[])
    sides: Any = {"source": source(Get_MailUser=[]), side: here}
    Reader(project(tmp_path, ADDRESS), sides, StillClock(NOW), {}).read(f"{side}.mailbox_permissions")
    assert [given] == [name for c, asked in here.asked if c == CMDLET for name in asked if name != "Identity"]
