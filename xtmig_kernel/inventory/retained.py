"""What keeps content in mailboxes that no list of mailboxes shows (HLD-01; facts F-100 and F-101).

Both are asked mailbox by mailbox, since no bulk read has them: archives alone for the first, and the second only where
a policy holds the whole organisation.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import from_text
from xtmig_kernel.counting import counted
from xtmig_kernel.inventory.addresses import guid_or_none
from xtmig_kernel.inventory.chosen import mailboxes_of_chosen
from xtmig_kernel.inventory.contents import organization_holds
from xtmig_kernel.inventory.many import ask_many, rows_or_none
from xtmig_kernel.inventory.moves import int_or_none
from xtmig_kernel.m365 import size_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

FOLDERS, LOGS = "Get-MailboxFolderStatistics", "Export-MailboxDiagnosticLogs"
_OF_NO_MAILBOX = ("-", "grp")
"""How entries of the organisation begin that hold no mailbox: exclusions, and policies of groups and their sites."""


def archive_recoverable_folders(context: ReadContext) -> tuple[str, list[Row]]:
    """The Recoverable Items of the chosen users' archives, folder by folder; SubstrateHolds is one of them.

    Raises:
        ServiceError: Not a single archive told.
    """
    archives = [row for row in mailboxes_of_chosen(context) if row["ArchiveGuid"]]
    asked = {"Archive": True, "FolderScope": "RecoverableItems"}
    answers = ask_many(context, [(FOLDERS, {"Identity": row["ExchangeGuid"], **asked}) for row in archives])
    return f"{FOLDERS} of {counted(len(archives), 'archive')}", [
        {name: mailbox[name] for name in ("ExchangeGuid", "ArchiveGuid")} | folder
        for mailbox, answer in zip(archives, answers, strict=True)
        for folder in _folders(rows_or_none(answer))
    ]


def _folders(rows: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    if rows is None:
        yield {"Folder": None, "Items": None, "Bytes": None}
        return
    for row in rows:
        name = row.get("Name") or str(row.get("FolderPath") or "").rpartition("/")[2]
        yield {"Folder": name, "Items": row.get("ItemsInFolder"), "Bytes": size_bytes(row.get("FolderSize"))}


def hold_tracking(context: ReadContext) -> tuple[str, list[Row]]:
    """The holds that the service itself tracks on the chosen users' mailboxes, without those that have ended.

    Raises:
        MissingFact: The organisation did not tell which policies hold it.
        ServiceError: Not a single mailbox told.
    """
    policies = [str(row["Hold"]).strip().casefold() for row in organization_holds(context)[1]]
    if not any(policy and not policy.startswith(_OF_NO_MAILBOX) for policy in policies):
        return "no policy holds the whole organisation, so no mailbox was asked", []
    mailboxes = mailboxes_of_chosen(context)
    guids = [guid_or_none(row["ExchangeGuid"]) for row in mailboxes]
    answers = ask_many(context, [(LOGS, {"Identity": guid, "ComponentName": "HoldTracking"}) for guid in guids])
    return f"{LOGS} of {counted(len(guids), 'mailbox', 'mailboxes')}", [
        {"ExchangeGuid": guid, **hold}
        for guid, answer in zip(guids, answers, strict=True)
        for hold in _holds(rows_or_none(answer))
    ]


def _holds(rows: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    entries = None if rows is None else _entries(rows)
    if entries is None:
        yield {"Hold": None, "Kind": None}
        return
    for entry in entries:
        if not _ended(entry.get("ed")):
            yield {"Hold": str(entry.get("hid") or ""), "Kind": int_or_none(entry.get("ht"))}


def _entries(rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """The log's entries; None where it is not what it is known to be, which is never taken for no hold."""
    entries: list[dict[str, Any]] = []
    for row in rows:
        text = row.get("MailboxLog")
        if not isinstance(text, str):
            return None
        try:
            found = json.loads(text) if text.strip() else []
        except ValueError:
            return None
        found = [found] if isinstance(found, dict) else found
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            return None
        entries += found
    return entries if rows else None


def _ended(moment: Any) -> bool:
    """Whether a hold has an end; the first year of the calendar stands for none, and what is no time is none."""
    try:
        return from_text(str(moment)).year > 1
    except (ValueError, OverflowError):
        return False
