"""What is in the mailboxes of waves about to be cut over, folder by folder, and what was in them before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xtmig_kernel.counting import counted
from xtmig_kernel.errors import ServiceError
from xtmig_kernel.inventory.recipients import ALL, mail_users, mailboxes
from xtmig_kernel.inventory.users import chosen_users
from xtmig_kernel.m365 import size_bytes
from xtmig_kernel.project.baseline import load_baselines
from xtmig_kernel.rules.match_index import by_address
from xtmig_kernel.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext
    from xtmig_kernel.m365 import Reply

BEFORE_CUTOVER = timedelta(days=2)
"""How long before its cutover the mailboxes of a wave are counted; counting takes the service some seconds for each."""
CMDLET = "Get-MailboxFolderStatistics"
VISIBLE, RECOVERABLE = "visible", "recoverable"
_ONLY_RECOVERABLE = {"FolderScope": "RecoverableItems"}


@dataclass(frozen=True)
class _Counted:
    """One store that is counted: a mailbox, or its archive.

    Args:
        guid: ExchangeGuid of the mailbox, which names it.
        address: Its primary address.
        archive: Whether its archive is meant.
    """

    guid: str
    address: str
    archive: bool

    def parameters(self, further: dict[str, Any]) -> dict[str, Any]:
        """What the cmdlet is given."""
        return {"Identity": self.guid, **ALL, **({"Archive": True} if self.archive else {}), **further}

    def row(self, scope: str, folder: str, items: int | None, size: int | None) -> dict[str, Any]:
        """A row of `folder_counts`."""
        return {
            "ExchangeGuid": self.guid,
            "Mailbox": self.address,
            "Archive": self.archive,
            "Folder": folder,
            "Scope": scope,
            "Items": items,
            "Bytes": size,
        }


def folder_counts(context: ReadContext) -> tuple[str, list[Row]]:
    """Items and bytes of every folder, of the users of waves that are due within two days or were cut over.

    A mailbox that could not be counted has one row without folder and numbers, for unknown is not empty.

    Raises:
        ServiceError: Not a single mailbox could be counted.
    """
    stores = [store for row in _due_mailboxes(context) for store in _stores(row)]
    if not stores:
        return f"{CMDLET}; no mailbox of a wave that is due is here", []
    calls = [(CMDLET, store.parameters(further)) for store in stores for further in ({}, _ONLY_RECOVERABLE)]
    answers = context.tenant.exchange.invoke_many(calls)
    errors = [answer for answer in answers if isinstance(answer, ServiceError)]
    if len(errors) == len(answers):
        raise errors[0]
    pairs = zip(stores, answers[::2], answers[1::2], strict=True)
    return f"{CMDLET} of {counted(len(stores), 'mailbox', 'mailboxes')} and archives", [
        row for parts in pairs for row in _rows(*parts)
    ]


def _stores(row: Row) -> Iterator[_Counted]:
    guid, address = str(row["ExchangeGuid"]), str(row["PrimarySmtpAddress"])
    yield _Counted(guid, address, archive=False)
    if row["ArchiveGuid"]:
        yield _Counted(guid, address, archive=True)


def _rows(store: _Counted, everything: Reply | ServiceError, deep: Reply | ServiceError) -> Iterator[Row]:
    """Without a scope the service lists the recoverable folders too, so these are told once, as what they are."""
    recoverable = frozenset() if isinstance(deep, ServiceError) else frozenset(_path(row) for row in deep.rows)
    for scope, answer, left_out in ((VISIBLE, everything, recoverable), (RECOVERABLE, deep, frozenset())):
        if isinstance(answer, ServiceError):
            yield store.row(scope, "", None, None)
            continue
        for row in answer.rows:
            if _path(row) not in left_out:
                yield store.row(scope, _path(row), row.get("ItemsInFolder"), size_bytes(row.get("FolderSize")))


def _path(row: Row) -> str:
    return str(row.get("FolderPath") or row.get("Name") or "")


def _due_mailboxes(context: ReadContext) -> list[Row]:
    """The mailboxes on this side of the users of those waves, each once; an address of several mailboxes counts none.

    In the target they are known by the source's ExchangeGuid, and where the source is not signed in by TargetAddress.
    """
    _, chosen = chosen_users(context)
    now = context.clock.now()
    due = {
        wave.name.casefold()
        for wave in context.project.move.waves
        if wave.cutover is not None and wave.cutover - BEFORE_CUTOVER <= now
    }
    users = [row for row in chosen if str(row["Wave"] or "").casefold() in due]
    if not users:
        return []
    _, here = mailboxes(context)
    index = by_address(here)
    if context.side == "source":
        found = [index.get("address", user["SourceAddress"]) for user in users]
    else:
        guids = _source_guids(context, users)
        by_guid = {str(row["ExchangeGuid"]): [row] for row in here if row["ExchangeGuid"]}
        found = [
            by_guid.get(guids[address], [])
            if (address := str(user["SourceAddress"]).casefold()) in guids
            else index.get("address", user["TargetAddress"])
            for user in users
        ]
    only = {str(rows[0]["ExchangeGuid"]): rows[0] for rows in found if len(rows) == 1 and rows[0]["ExchangeGuid"]}
    return list(only.values())


def _source_guids(context: ReadContext, users: list[Row]) -> dict[str, str]:
    """ExchangeGuid by address in `users.csv`, of mailboxes and of the MailUsers that they became."""
    if "source" not in context.tenants:
        return {}
    source = replace(context, side="source")
    index = by_address((*mailboxes(source)[1], *mail_users(source)[1]))
    held = {str(u["SourceAddress"]).casefold(): index.get("address", u["SourceAddress"]) for u in users}
    return {a: str(rows[0]["ExchangeGuid"]) for a, rows in held.items() if len(rows) == 1 and rows[0]["ExchangeGuid"]}


def baseline_folders(context: ReadContext) -> tuple[str, list[Row]]:
    """What the mailboxes of each wave held just before their cutover, from the project's own files.

    Raises:
        ProjectFileError: A file cannot be used.
    """
    rows = load_baselines(context.project.folder, "folders", BY_NAME["baseline_folders"].columns)
    return "baseline/*-folders.csv", list(rows)


def baseline_permissions(context: ReadContext) -> tuple[str, list[Row]]:
    """The rights on the mailboxes of each wave just before their cutover, from the project's own files.

    Raises:
        ProjectFileError: A file cannot be used.
    """
    rows = load_baselines(context.project.folder, "permissions", BY_NAME["baseline_permissions"].columns)
    return "baseline/*-permissions.csv", list(rows)


def baseline_settings(context: ReadContext) -> tuple[str, list[Row]]:
    """The settings of the mailboxes of each wave just before their cutover, from the project's own files.

    Raises:
        ProjectFileError: A file cannot be used.
    """
    rows = load_baselines(context.project.folder, "settings", BY_NAME["baseline_settings"].columns)
    return "baseline/*-settings.csv", list(rows)
