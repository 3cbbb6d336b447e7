"""Set-Mailbox and Get-MailboxStatistics (cmdlet reference [SRC]; shapes 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.recipients_file import Mailbox
from xtmig_kernel.simulator.sizes import size_text

from .all_recipients import EVERY_KIND
from .binding import Delta
from .context import Context, Result
from .errors import not_found, synchronised
from .lookup import address_book, chosen, refuse_unserved, target

if TYPE_CHECKING:
    from .binding import Bound
    from .lookup import State

ATTRIBUTES = {f"CustomAttribute{n}": n for n in range(1, 16)}
SERVED_SET = frozenset({"Identity", "GrantSendOnBehalfTo", *ATTRIBUTES})
SERVED_STATISTICS = frozenset({"Identity", "Archive", "IncludeSoftDeletedRecipients", "UseCustomRouting"})


def set_(context: Context, bound: Bound) -> Result:
    """Set-Mailbox: custom attributes and GrantSendOnBehalfTo, which a plain list replaces (doc trap A10)."""
    refuse_unserved(bound, SERVED_SET)
    mailbox: Mailbox = target(context, (Mailbox,), bound.get("Identity"))
    changed = [name for name in bound.values if name != "Identity"]
    if mailbox.directory_synchronised and changed:
        raise synchronised("Set-Mailbox", changed[0], people.common_name(mailbox))
    attributes = {ATTRIBUTES[name]: str(bound.get(name) or "") for name in changed if name in ATTRIBUTES}
    behalf = list(mailbox.access.send_on_behalf)
    if "GrantSendOnBehalfTo" in bound.values:
        behalf = _delegates(context, behalf, bound.get("GrantSendOnBehalfTo"))
    before = {n: mailbox.custom_attributes.get(n, "") for n in attributes}
    if attributes == before and behalf == mailbox.access.send_on_behalf:
        text = f"The command completed successfully but no settings of '{mailbox.alias}' have been modified."
        return Result(warnings=[text])
    mailbox.custom_attributes = {**mailbox.custom_attributes, **attributes}
    mailbox.access.send_on_behalf = behalf
    return Result()


def _delegates(context: Context, present: list[str], value: list[str] | Delta | None) -> list[str]:
    def named(wanted: str) -> str:
        entry = address_book(context).one(wanted)
        if entry is None or not isinstance(entry, EVERY_KIND):
            raise not_found(wanted)
        return str(getattr(entry, "upn", None) or getattr(entry, "primary", wanted))

    if isinstance(value, Delta) and not value.add and not value.remove:
        return []
    if not isinstance(value, Delta):
        return list(dict.fromkeys(named(item) for item in value or []))
    gone = {named(item).lower() for item in value.remove}
    kept = [item for item in present if item.lower() not in gone]
    return list(dict.fromkeys([*kept, *(named(item) for item in value.add)]))


def statistics(context: Context, bound: Bound) -> Result:
    """Get-MailboxStatistics: of one mailbox, or of its archive; a deleted one with IncludeSoftDeletedRecipients."""
    refuse_unserved(bound, SERVED_STATISTICS)
    wanted = bound.get("Identity")
    if not wanted:
        raise not_found(wanted)
    state: State = "any" if bound.get("IncludeSoftDeletedRecipients") else "living"
    archive = bool(bound.get("Archive"))
    rows = (_row(context, mailbox, archive) for mailbox in chosen(context, (Mailbox,), wanted, state))
    shown = [row for row in rows if row is not None]
    if not shown:
        raise not_found(wanted)
    return Result(shown)


def _row(context: Context, mailbox: Mailbox, archive: bool) -> dict[str, Any] | None:
    """One row, or None for the archive of a mailbox without one."""
    identity = people.mailbox_guid(context.world, context.tenant, mailbox)
    sizes = mailbox.sizes
    items, deleted_items, total, deleted = sizes.items, sizes.deleted_items, sizes.total, sizes.deleted
    if archive:
        part, found = mailbox.archive, people.archive_guid(context.world, context.tenant, mailbox)
        if part is None or found is None:
            return None
        identity = found
        items, deleted_items, total, deleted = part.items, part.deleted_items, part.size, part.deleted
    return {
        "DisplayName": mailbox.display_name,
        "MailboxGuid": UUID(identity),
        "ItemCount": items,
        "DeletedItemCount": deleted_items,
        "TotalItemSize": size_text(total),
        "TotalDeletedItemSize": size_text(deleted),
        "LastLogonTime": None,
        "StorageLimitStatus": None,
        "IsArchiveMailbox": archive,
        "SystemMessageCount": 0,
    }
