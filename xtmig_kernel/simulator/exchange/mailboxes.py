"""Set-Mailbox and Get-MailboxStatistics (cmdlet reference [SRC]; shapes 3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.recipients_file import Mailbox
from xtmig_kernel.simulator.sizes import bytes_text, size_text

from .all_recipients import EVERY_KIND
from .binding import Delta
from .context import Context, Result
from .errors import not_found, synchronised
from .lookup import address_book, chosen, plain_list, refuse_unserved, require_readable, target

if TYPE_CHECKING:
    from xtmig_kernel.simulator.recipients_file import MoveRecord

    from .binding import Bound
    from .lookup import State

ATTRIBUTES = {f"CustomAttribute{n}": n for n in range(1, 16)}
HOLDS = {
    "RemoveDelayHoldApplied": "delay",
    "RemoveDelayReleaseHoldApplied": "delay_release",
    "RemoveComplianceTagHoldApplied": "compliance_tag",
}
SERVED_SET = frozenset({
    "Identity", "GrantSendOnBehalfTo", "RemoveDisabledArchive", "LitigationHoldEnabled", "ExcludeFromOrgHolds", *HOLDS,
    *ATTRIBUTES,
})  # fmt: skip
SERVED_STATISTICS = frozenset({
    "Identity", "Archive", "IncludeSoftDeletedRecipients", "UseCustomRouting", "IncludeMoveHistory",
    "IncludeMoveReport",
})  # fmt: skip
SNAPSHOTS = ("SourceMailboxBeforeMove", "SourceMailUserAfterMove", "TargetMailUserBeforeMove", "TargetMailboxAfterMove")


def set_(context: Context, bound: Bound) -> Result:
    """Set-Mailbox: custom attributes, holds, the disabled archive, and GrantSendOnBehalfTo.

    A plain list of delegates replaces the one that is there (doc trap A10).
    """
    refuse_unserved(bound, SERVED_SET)
    mailbox: Mailbox = target(context, (Mailbox,), bound.get("Identity"))
    changed = [name for name in bound.values if name != "Identity"]
    from_directory = [name for name in changed if name in ATTRIBUTES or name == "GrantSendOnBehalfTo"]
    if mailbox.directory_synchronised and from_directory:
        raise synchronised("Set-Mailbox", from_directory[0], people.common_name(mailbox))
    attributes = {ATTRIBUTES[name]: str(bound.get(name) or "") for name in changed if name in ATTRIBUTES}
    behalf = list(mailbox.access.send_on_behalf)
    if "GrantSendOnBehalfTo" in bound.values:
        behalf = _delegates(context, behalf, bound.get("GrantSendOnBehalfTo"))
    before = {n: mailbox.custom_attributes.get(n, "") for n in attributes}
    lifted = _change_holds(mailbox, bound)
    if attributes == before and behalf == mailbox.access.send_on_behalf and not lifted:
        text = f"The command completed successfully but no settings of '{mailbox.alias}' have been modified."
        return Result(warnings=[text])
    mailbox.custom_attributes = {**mailbox.custom_attributes, **attributes}
    mailbox.access.send_on_behalf = behalf
    return Result()


def _change_holds(mailbox: Mailbox, bound: Bound) -> bool:
    """Lift or set holds, or destroy a disabled archive; whether that changed anything.

    A litigation hold that is lifted leaves a delay hold behind (failures 2.3 #36 [INF]).
    """
    before = mailbox.holds.model_copy(deep=True), mailbox.disabled_archive_guid
    for parameter, name in HOLDS.items():
        if bound.get(parameter):
            setattr(mailbox.holds, name, False)
    if bound.get("LitigationHoldEnabled") is not None:
        wanted = bool(bound.get("LitigationHoldEnabled"))
        mailbox.holds.delay = mailbox.holds.delay or (mailbox.holds.litigation and not wanted)
        mailbox.holds.litigation = wanted
    for policy in plain_list(bound, "ExcludeFromOrgHolds"):
        mailbox.holds.in_place = list(dict.fromkeys([*mailbox.holds.in_place, f"-{policy}"]))
    if bound.get("RemoveDisabledArchive"):
        mailbox.disabled_archive_guid = None
    return before != (mailbox.holds, mailbox.disabled_archive_guid)


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
    mailboxes = chosen(context, (Mailbox,), wanted, state)
    pairs = [(mailbox, _row(context, mailbox, archive)) for mailbox in mailboxes]
    shown = [row | _history(bound, mailbox) for mailbox, row in pairs if row is not None]
    if not shown:
        raise not_found(wanted)
    return Result(shown)


def _history(bound: Bound, mailbox: Mailbox) -> dict[str, Any]:
    """MoveHistory with the four snapshots, which a report adds (shapes 3.6 [OBS]; names around them [MEM])."""
    if not (bound.get("IncludeMoveHistory") or bound.get("IncludeMoveReport")):
        return {}
    return {"MoveHistory": [_move(record, bool(bound.get("IncludeMoveReport"))) for record in mailbox.move_history]}


def _move(record: MoveRecord, with_report: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "Status": record.status,
        "Flags": "CrossOrg, Pull, CrossTenant",
        "BatchName": f"MigrationService:{record.batch}",
        "RemoteHostName": record.remote_host,
        "RequestGuid": UUID(record.request_guid),
        "StartTimestamp": record.started,
        "CompletionTimestamp": record.completed,
        "TotalMailboxSize": bytes_text(record.size),
        "TotalMailboxItemCount": record.items,
        "TotalArchiveSize": bytes_text(record.archive_size),
        "TotalArchiveItemCount": record.archive_items,
        "ItemsTransferred": record.transferred,
        "BadItemsEncountered": record.skipped,
    }
    if with_report:
        row["Report"] = {name: {"props": _properties(record.snapshots[name])} for name in SNAPSHOTS}
        row["Report"] |= {"SourceMailboxSize": _size(record.source_counts)}
        row["Report"] |= {"TargetMailboxSize": _size(record.target_counts)}
    return row


def _size(counts: dict[str, int]) -> dict[str, Any]:
    return {name: bytes_text(number) if name.endswith("Size") else number for name, number in counts.items()}


def _properties(snapshot: dict[str, str]) -> list[dict[str, Any]]:
    return [{"PropertyName": name, "Values": [{"StrValue": text}]} for name, text in snapshot.items()]


def _row(context: Context, mailbox: Mailbox, archive: bool) -> dict[str, Any] | None:
    """One row, or None for the archive of a mailbox without one."""
    identity = people.mailbox_guid(context.world, context.tenant, mailbox)
    require_readable(mailbox, "archive statistics" if archive else "statistics")
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
