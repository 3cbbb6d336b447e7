"""Mailboxes and mail users, for reading (shapes 3.4, 3.5 [OBS])."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import licensing, people
from xtmig_kernel.simulator.identifiers import ZERO_GUID
from xtmig_kernel.simulator.recipients_file import Mailbox, MailUser, User
from xtmig_kernel.simulator.sizes import size_text

from .context import Context, Result
from .errors import not_found
from .filters import fits, parsed
from .kinds import READ_DIRECTLY, read_directly, recipient_types
from .lookup import Rows, State, chosen, object_id, refuse_unserved

if TYPE_CHECKING:
    from .binding import Bound

NOTHING = UUID(ZERO_GUID)
SERVED_READS = frozenset({
    "Identity", "Filter", "ResultSize", "RecipientTypeDetails", "Archive", "SoftDeletedMailbox", "SoftDeletedMailUser",
    "IncludeAcceptMessagesOnlyFromDLMembersWithDisplayNames", "IncludeForwardingAddressWithDisplayNames",
    "IncludeAcceptMessagesOnlyFromSendersOrMembersWithDisplayNames", "IncludeEmailAddressDisplayNames",
    "IncludeAcceptMessagesOnlyFromWithDisplayNames", "IncludeGrantSendOnBehalfToWithDisplayNames",
})  # fmt: skip


def _common(context: Context, recipient: Mailbox | MailUser) -> dict[str, Any]:
    world, tenant = context.world, context.tenant
    row: dict[str, Any] = {
        "Identity": people.common_name(recipient),
        "Name": people.common_name(recipient),
        "Guid": UUID(people.object_id(world, tenant, recipient)),
        "ExternalDirectoryObjectId": people.object_id(world, tenant, recipient),
        "DisplayName": recipient.display_name,
        "Alias": recipient.alias,
        "UserPrincipalName": recipient.upn,
        "MicrosoftOnlineServicesID": recipient.upn,
        "PrimarySmtpAddress": recipient.primary,
        "EmailAddresses": people.addresses(recipient),
        "LegacyExchangeDN": people.legacy_dn(world, tenant, recipient),
        "IsDirSynced": recipient.directory_synchronised,
        "SKUAssigned": bool(recipient.licences),
        "PersistedCapabilities": licensing.capabilities(tenant, recipient),
        "DisabledArchiveGuid": UUID(recipient.disabled_archive_guid or ZERO_GUID),
        "HiddenFromAddressListsEnabled": recipient.hidden_from_address_lists,
        "UsageLocation": recipient.usage_location,
        "WhenSoftDeleted": recipient.soft_deleted,
        "WhenCreatedUTC": recipient.created,
    }
    row |= {f"CustomAttribute{n}": recipient.custom_attributes.get(n, "") for n in range(1, 16)}
    return row


def mailbox_row(context: Context, mailbox: Mailbox) -> dict[str, Any]:
    """A mailbox as Get-Mailbox shows it."""
    archive = people.archive_guid(context.world, context.tenant, mailbox)
    auxiliary = mailbox.archive.auxiliary if mailbox.archive else []
    primary = people.mailbox_guid(context.world, context.tenant, mailbox)
    places = [(primary, "Primary"), *([(archive, "MainArchive")] if archive else [])]
    places += [(guid, "AuxArchive") for guid in auxiliary]
    holds, sizes, forwarding = mailbox.holds, mailbox.sizes, mailbox.forwarding
    forest = f"{context.tenant.file.region_scope.lower()}prd01.prod.outlook.com"
    return _common(context, mailbox) | {
        "RecipientType": "UserMailbox",
        "RecipientTypeDetails": mailbox.kind,
        "IsShared": mailbox.kind == "SharedMailbox",
        "IsResource": mailbox.kind in {"RoomMailbox", "EquipmentMailbox"},
        "AccountDisabled": mailbox.account_disabled or mailbox.kind != "UserMailbox",
        "ExchangeGuid": UUID(primary),
        "ArchiveGuid": UUID(archive or ZERO_GUID),
        "ArchiveStatus": "Active" if archive else "None",
        "ArchiveState": "Local" if archive else "None",
        "ArchiveQuota": size_text(mailbox.archive.quota if mailbox.archive else "100 GB"),
        "AutoExpandingArchiveEnabled": bool(mailbox.archive and mailbox.archive.auto_expanding),
        "MailboxLocations": [f"1;{guid};{place};{forest};{primary}" for guid, place in places],
        "GrantSendOnBehalfTo": list(mailbox.access.send_on_behalf),
        "LitigationHoldEnabled": holds.litigation,
        "LitigationHoldDuration": "Unlimited",
        "LitigationHoldDate": None,
        "LitigationHoldOwner": "",
        "SingleItemRecoveryEnabled": True,
        "ElcProcessingDisabled": False,
        "RetentionPolicy": mailbox.retention_policy,
        "DataEncryptionPolicy": None,
        "DisabledMailboxLocations": False,
        "RetentionHoldEnabled": holds.retention,
        "InPlaceHolds": list(holds.in_place),
        "DelayHoldApplied": holds.delay,
        "DelayReleaseHoldApplied": holds.delay_release,
        "ComplianceTagHoldApplied": holds.compliance_tag,
        "ProhibitSendReceiveQuota": size_text(sizes.prohibit_send_receive_quota),
        "ProhibitSendQuota": size_text(sizes.prohibit_send_quota),
        "IssueWarningQuota": size_text(sizes.issue_warning_quota),
        "RecoverableItemsQuota": size_text(sizes.recoverable_items_quota),
        "RecoverableItemsWarningQuota": size_text(sizes.recoverable_items_warning_quota),
        **_move_marks(mailbox, context),
        "ForwardingAddress": forwarding.address,
        "ForwardingSmtpAddress": forwarding.smtp_address,
        "DeliverToMailboxAndForward": forwarding.deliver_and_forward,
        "IsInactiveMailbox": False,
        "WhenMailboxCreated": mailbox.created,
    }


def _move_marks(mailbox: Mailbox, context: Context) -> dict[str, Any]:
    """What a move leaves on an object; a planted one that is over leaves nothing."""
    over = mailbox.move_ends is not None and mailbox.move_ends <= context.now
    return {
        "MailboxMoveStatus": "None" if over else mailbox.move_status,
        "MailboxMoveFlags": "None",
        "MailboxMoveRemoteHostName": "" if over else mailbox.move_remote_host,
        "MailboxMoveBatchName": "" if over else mailbox.move_batch,
        "MailboxMoveSourceMDB": None,
        "MailboxMoveTargetMDB": None,
    }


def mail_user_row(context: Context, user: MailUser) -> dict[str, Any]:
    """A mail user as Get-MailUser shows it (shapes 3.5)."""
    return _common(context, user) | {
        "RecipientType": "MailUser",
        "RecipientTypeDetails": "MailUser",
        "ExternalEmailAddress": f"SMTP:{user.external_address}",
        "ExchangeGuid": UUID(user.exchange_guid or ZERO_GUID),
        "ArchiveGuid": UUID(user.archive_guid or ZERO_GUID),
        "RecoverableItemsQuota": size_text(user.recoverable_items_quota),
        "LitigationHoldEnabled": user.litigation_hold,
    }


def guest_row(context: Context, guest: User) -> dict[str, Any]:
    """A guest as Get-MailUser shows it: of the kind GuestMailUser, with its home address [MEM]."""
    identity = object_id(context, guest)
    return {
        "Identity": guest.display_name,
        "Name": guest.display_name,
        "Guid": UUID(identity),
        "ExternalDirectoryObjectId": identity,
        "DisplayName": guest.display_name,
        "Alias": guest.upn.partition("@")[0].replace("#", ""),
        "UserPrincipalName": guest.upn,
        "MicrosoftOnlineServicesID": guest.upn,
        "PrimarySmtpAddress": guest.mail,
        "EmailAddresses": people.addresses(guest),
        "LegacyExchangeDN": people.legacy_dn(context.world, context.tenant, guest),
        "IsDirSynced": guest.directory_synchronised,
        "RecipientType": "MailUser",
        "RecipientTypeDetails": "GuestMailUser",
        "ExternalEmailAddress": f"SMTP:{guest.mail}",
        "ExchangeGuid": NOTHING,
        "ArchiveGuid": NOTHING,
        "DisabledArchiveGuid": NOTHING,
        "HiddenFromAddressListsEnabled": True,
        "WhenSoftDeleted": None,
        **{f"CustomAttribute{n}": "" for n in range(1, 16)},
    }


def narrowed(rows: Rows, bound: Bound) -> Rows | list[dict[str, Any]]:
    """The rows that RecipientTypeDetails and Filter let through; none is made before it must be."""
    kinds = {kind.lower() for kind in bound.get("RecipientTypeDetails") or []}
    clauses = parsed(bound.get("Filter"))
    if kinds:
        rows = rows.where(lambda entry: recipient_types(entry)[1].lower() in kinds)
    if all(clause.name in READ_DIRECTLY for clause in clauses):
        return rows.where(lambda entry: fits(read_directly(entry), clauses)) if clauses else rows
    return [row for row in rows if fits({name.lower(): value for name, value in row.items()}, clauses)]


def get_mailbox(context: Context, bound: Bound) -> Result:
    """Get-Mailbox: one, several or all mailboxes (cmdlet reference [SRC]; a null Identity means all)."""
    refuse_unserved(bound, SERVED_READS)
    state: State = "deleted" if bound.get("SoftDeletedMailbox") else "living"
    mailboxes = chosen(context, (Mailbox,), bound.get("Identity"), state)
    if bound.get("Archive"):
        mailboxes = [mailbox for mailbox in mailboxes if mailbox.archive is not None]
    return Result(narrowed(Rows(mailboxes, partial(mailbox_row, context)), bound))


def get_mail_user(context: Context, bound: Bound) -> Result:
    """Get-MailUser: one, several or all mail users, guests included (cmdlet reference [SRC]; no Identity means all).

    A mail user created just now is not found for a while (wire 1.8 [LIVE]).
    """
    refuse_unserved(bound, SERVED_READS)
    state: State = "deleted" if bound.get("SoftDeletedMailUser") else "living"
    found = chosen(context, (MailUser, User), bound.get("Identity"), state)
    shown = [entry for entry in found if isinstance(entry, MailUser) or (entry.guest and entry.mail)]
    if bound.get("Identity") and not shown:
        raise not_found(bound.get("Identity"))
    return Result(narrowed(Rows(shown, partial(any_mail_user_row, context)), bound))


def any_mail_user_row(context: Context, entry: MailUser | User) -> dict[str, Any]:
    """A mail user or a guest as Get-MailUser shows it."""
    return mail_user_row(context, entry) if isinstance(entry, MailUser) else guest_row(context, entry)
