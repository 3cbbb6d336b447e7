"""Which rights on a mailbox go with it (document lines 530 to 560; failures 2.3 #50).

Rights that are kept in the mailbox, full access and rights on folders, go with it when both people move. Who may send
on behalf or as somebody is kept in the directory and stays behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.address_book import book
from xtmig_kernel.simulator.recipients_file import Access, FolderPermission, Mailbox, MailUser, Skipped

from .model import FINISHING, PendingRight

if TYPE_CHECKING:
    from .case import Case

NOBODY = frozenset({"default", "anonymous"})


def _guid_of(case: Case, name: str) -> str | None:
    """The mailbox GUID of whom a right in the source names, whether the mailbox is still there or has moved."""
    found = book(case.world, case.source).one(name)
    return people.exchange_guid(case.world, case.source, found) if isinstance(found, Mailbox | MailUser) else None


def _in_target(case: Case, guid: str | None) -> Mailbox | MailUser | None:
    found = book(case.world, case.target).holder(f"guid:{guid}") if guid else None
    return found if isinstance(found, Mailbox | MailUser) else None


def unmapped_folder_rights(case: Case, mailbox: Mailbox) -> list[Skipped]:
    """One skipped item for each right on a folder that names nobody known to the target (failures 2.3 #50)."""
    return [
        Skipped(kind="CorruptFolderACL", folder=right.folder, size="0 B")
        for right in mailbox.access.folders
        if right.user.lower() not in NOBODY and _in_target(case, _guid_of(case, right.user)) is None
    ]


def moved_rights(case: Case, mailbox: Mailbox) -> Access:
    """The rights that are on the mailbox in the target once it has moved; others wait for moves that are under way.

    Args:
        case: The user whose mailbox moves.
        mailbox: It, in the source.
    """
    access = Access(folders=[right for right in mailbox.access.folders if right.user.lower() in NOBODY])
    mine = people.exchange_guid(case.world, case.source, mailbox) or ""
    wishes = [(name, None) for name in mailbox.access.full_access]
    for name, right in [*wishes, *((r.user, r) for r in mailbox.access.folders if r.user.lower() not in NOBODY)]:
        guid = _guid_of(case, name)
        there = _in_target(case, guid)
        if guid is None or there is None:
            continue
        facts = (right.folder, tuple(right.rights), tuple(right.sharing_flags)) if right else (None, (), ())
        pending = PendingRight(mine, guid, *facts)
        if isinstance(there, Mailbox):
            grant(access, there, pending)
        elif _about_to_move(case, guid):
            case.service.pending_rights.setdefault(guid, []).append(pending)
    return access


def _about_to_move(case: Case, guid: str) -> bool:
    for other in case.service.sharing([f"mailbox:{guid}"]):
        batch = case.service.batches[other.batch.lower()]
        completes = batch.completes(other)
        if other.status in FINISHING or (other.status == "Synced" and completes and completes <= case.moment):
            return True
    return False


def grant(access: Access, delegate: Mailbox, right: PendingRight) -> None:
    """Write a right down under the delegate's name in the target."""
    if right.folder is None:
        access.full_access = [*access.full_access, delegate.upn]
    else:
        made = FolderPermission(
            folder=right.folder, user=delegate.upn, rights=list(right.rights), sharing_flags=list(right.sharing_flags)
        )
        access.folders = [*access.folders, made]


def grant_waiting(case: Case, delegate: Mailbox, guid: str) -> None:
    """Write down the rights that waited for this delegate's own move."""
    for right in case.service.pending_rights.pop(guid, []):
        mailbox = _in_target(case, right.mailbox_guid)
        if isinstance(mailbox, Mailbox):
            grant(mailbox.access, delegate, right)
