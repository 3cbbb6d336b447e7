"""Reads of folder counts; rows in the shape of the cmdlet reference and of the wire facts."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock, make_project

from xtmig_kernel.errors import AccessDenied, NotFound
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader

if TYPE_CHECKING:
    from pathlib import Path

LARA = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
BEN = "2ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
USERS = """SourceAddress,TargetAddress,Wave
lara@contoso.com,lara@northwindtraders.com,pilot
ben@contoso.com,ben@northwindtraders.com,second
"""


def mailbox(guid: str, address: str, **changes: Any) -> dict[str, Any]:
    return {"ExchangeGuid": guid, "PrimarySmtpAddress": address, "EmailAddresses": [f"SMTP:{address}"]} | changes


def folder(path: str, items: int = 0, size: str = "0 B (0 bytes)") -> dict[str, Any]:
    return {"FolderPath": path, "ItemsInFolder": items, "FolderSize": size}


class Side:
    """A signed-in side with mailboxes and their folders; `refuse` answers what a call is refused with."""

    def __init__(self, *boxes: dict[str, Any], users: Any = (), refuse: Any = None) -> None:
        self.answers = {"Get-Mailbox": boxes, "Get-MailUser": users}
        self.asked: list[dict[str, Any]] = []
        self.refuse = refuse or (lambda _: None)

    @property
    def exchange(self) -> Side:
        return self

    def invoke(self, cmdlet: str, _parameters: Any = None, *, select: Any = None) -> Any:
        return SimpleNamespace(rows=[dict(row) for row in self.answers[cmdlet] if select])

    def invoke_many(self, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
        assert {cmdlet for cmdlet, _ in calls} == {"Get-MailboxFolderStatistics"}
        self.asked += [given for _, given in calls]
        return [self.refuse(given) or SimpleNamespace(rows=self.folders(given)) for _, given in calls]

    @staticmethod
    def folders(given: dict[str, Any]) -> list[dict[str, Any]]:
        deep = [folder("/Deletions", 7, "2.4 KB (2,458 bytes)")]
        if given.get("FolderScope") == "RecoverableItems":
            return deep
        return [folder("/Inbox", 412, "3.322 KB (3,402 bytes)"), *deep]


def read(tmp_path: Path, side: str, sides: dict[str, Any], cutover: timedelta = timedelta(days=1)) -> Any:
    (tmp_path / "users.csv").write_text(USERS, encoding="utf-8")
    waves = [{"name": "Pilot", "cutover": NOW + cutover}, {"name": "second", "cutover": NOW + timedelta(days=9)}]
    project = make_project(folder=tmp_path, move={"waves": waves})
    tenants: Any = sides
    return Reader(project, tenants, StillClock(NOW), {}).read(f"{side}.folder_counts")


def counted(tmp_path: Path, side: str = "source", **sides: Any) -> list[dict[str, Any]]:
    found = read(tmp_path, side, sides)
    assert isinstance(found, Observed), found
    return [dict(row) for row in found.value]


BOTH = (mailbox(LARA, "lara@contoso.com"), mailbox(BEN, "ben@contoso.com"))


def test_folders_are_counted_with_their_bytes(tmp_path: Path) -> None:
    """Items and bytes of each folder; the recoverable ones, which the service lists twice, are told once."""
    rows = counted(tmp_path, source=Side(*BOTH))
    assert [(r["Folder"], r["Scope"], r["Items"], r["Bytes"]) for r in rows] == [
        ("/Inbox", "visible", 412, 3402),
        ("/Deletions", "recoverable", 7, 2458),
    ]
    assert {(r["ExchangeGuid"], r["Mailbox"], r["Archive"]) for r in rows} == {(LARA, "lara@contoso.com", False)}


def test_only_waves_that_are_due_are_counted(tmp_path: Path) -> None:
    """Ben's wave is nine days away, so his mailbox is not counted; each is named by its ExchangeGuid alone."""
    side = Side(*BOTH)
    counted(tmp_path, source=side)
    assert [(LARA, None), (LARA, "RecoverableItems")] == [(g["Identity"], g.get("FolderScope")) for g in side.asked]


def test_every_folder_is_counted(tmp_path: Path) -> None:
    """The service ends after a thousand folders unless it is asked for all (cmdlet reference, ResultSize)."""
    side = Side(*BOTH)
    counted(tmp_path, source=side)
    assert ["Unlimited", "Unlimited"] == [given.get("ResultSize") for given in side.asked]


@pytest.mark.parametrize(("cutover", "number"), [(timedelta(days=2), 2), (timedelta(days=2, minutes=1), 0)])
def test_two_days_before_the_cutover(tmp_path: Path, cutover: timedelta, number: int) -> None:
    """Counting begins two days before a wave's cutover."""
    side = Side(*BOTH)
    read(tmp_path, "source", {"source": side}, cutover)
    assert len(side.asked) == number


def test_archive_is_counted_too(tmp_path: Path) -> None:
    """An archive has folders of its own, asked for with the switch Archive and the mailbox's name."""
    side = Side(mailbox(LARA, "lara@contoso.com", ArchiveGuid=BEN))
    rows = counted(tmp_path, source=side)
    assert [given.get("Archive") for given in side.asked] == [None, None, True, True]
    assert [row["Archive"] for row in rows] == [False, False, True, True]


def test_moved_mailbox_is_counted_in_the_target(tmp_path: Path) -> None:
    """After the move the target's mailbox is known by the ExchangeGuid that the source's MailUser keeps."""
    sides = {
        "source": Side(users=[mailbox(LARA, "lara@contoso.com")]),
        "target": Side(mailbox(LARA, "L.Newton@northwindtraders.com"), mailbox(BEN, "lara@northwindtraders.com")),
    }
    assert {row["Mailbox"] for row in counted(tmp_path, "target", **sides)} == {"L.Newton@northwindtraders.com"}


def test_target_alone_goes_by_address(tmp_path: Path) -> None:
    """Where nobody is signed in to the source, users.csv says which mailbox of the target it is."""
    rows = counted(tmp_path, "target", target=Side(mailbox(LARA, "lara@northwindtraders.com")))
    assert {row["ExchangeGuid"] for row in rows} == {LARA}


def test_address_of_two_mailboxes_counts_neither(tmp_path: Path) -> None:
    """Where an address answers to two mailboxes, nobody knows which is meant."""
    side = Side(mailbox(LARA, "lara@contoso.com"), mailbox(BEN, "lara@contoso.com"))
    assert counted(tmp_path, source=side) == []


def test_uncounted_mailbox_is_not_empty(tmp_path: Path) -> None:
    """A part that could not be counted has one row without folder and numbers, which is not zero."""
    side = Side(*BOTH, refuse=lambda given: NotFound("gone") if "FolderScope" not in given else None)
    rows = counted(tmp_path, source=side)
    assert [(r["Folder"], r["Scope"], r["Items"], r["Bytes"]) for r in rows] == [
        ("", "visible", None, None),
        ("/Deletions", "recoverable", 7, 2458),
    ]


def test_refusal_of_everything_is_a_refusal(tmp_path: Path) -> None:
    """Where no mailbox at all could be counted, the fact was not observed, and the reason is told."""
    found = read(tmp_path, "source", {"source": Side(*BOTH, refuse=lambda _: AccessDenied("no"))})
    assert isinstance(found, NotObserved)
    assert found.reason == Reason.DENIED


def test_nobody_due_is_nothing_to_count(tmp_path: Path) -> None:
    """In the target no mailbox is there before the move, which is an empty list that was really read."""
    assert counted(tmp_path, "target", target=Side()) == []
