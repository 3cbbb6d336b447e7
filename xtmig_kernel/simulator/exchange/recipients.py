"""Groups, mailboxes and mail users, for reading (shapes 3.4, 3.5 [OBS])."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.http import UnsupportedRequest
from xtmig_kernel.simulator.identifiers import ZERO_GUID
from xtmig_kernel.simulator.recipients_file import Group, Mailbox, MailUser

from .context import Context, Result
from .errors import not_found
from .values import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.simulator.world import Tenant

    from .binding import Bound

Some = TypeVar("Some", Mailbox, MailUser, Group)
NOTHING = UUID(ZERO_GUID)
_CLAUSE = re.compile(r"\s*(\w+)\s+-(eq|ne|like)\s+['\"](.*?)['\"]\s*", re.IGNORECASE)
SPECIAL_SWITCHES = ("GroupMailbox", "PublicFolder", "Migration", "InactiveMailboxOnly", "IncludeInactiveMailbox",
                    "HVEAccount", "SharedWithMailUser")  # fmt: skip
SPECIAL_VALUES = ("Anr", "MailboxPlan", "OrganizationalUnit", "ManagedBy", "SortBy", "Credential")
T2T_CAPABILITY = "ExchangeT2TMbxMove"
T2T_PART = "crosstenantuserdatamigration"


def named(context: Context, recipient: Mailbox | MailUser | Group, wanted: str) -> bool:
    """Whether an identity means this recipient: name, alias, id, sign-in name, any address, GUIDs, LegacyExchangeDN."""
    text = wanted.lower().removeprefix("smtp:")
    names = {recipient.alias.lower(), people.object_id(context.world, context.tenant, recipient)}
    names |= people.smtp_addresses(recipient)
    if isinstance(recipient, Group):
        return text in names | {recipient.name.lower()}
    names |= {recipient.display_name.lower(), recipient.upn.lower()}
    names.add(people.legacy_dn(context.world, context.tenant, recipient).lower())
    if isinstance(recipient, Mailbox):
        names.add(people.mailbox_guid(context.world, context.tenant, recipient))
    elif recipient.exchange_guid:
        names.add(recipient.exchange_guid)
    return text in names


def find_group(context: Context, wanted: str) -> Group:
    """The group that an identity means.

    Raises:
        ExchangeRefused: 404: there is none.
    """
    for group in context.tenant.groups:
        if named(context, group, wanted):
            return group
    raise not_found(wanted)


def _chosen(context: Context, all_: Sequence[Some], bound: Bound) -> list[Some]:
    for name in (*SPECIAL_SWITCHES, *SPECIAL_VALUES):
        if bound.get(name):
            raise UnsupportedRequest(f"parameter {name}")
    wanted = bound.get("Identity")
    if not wanted:
        return list(all_)
    found = [item for item in all_ if named(context, item, wanted)]
    if not found:
        raise not_found(wanted)
    return found


def _filtered(rows: list[dict[str, Any]], text: str | None) -> list[dict[str, Any]]:
    for clause in re.split(r"\s+-and\s+", text, flags=re.IGNORECASE) if text else []:
        found = _CLAUSE.fullmatch(clause)
        if not found:
            raise UnsupportedRequest(f"filter {text}")
        name, operator, value = found.groups()
        rows = [row for row in rows if _fits(row, name, operator.lower(), value.lower())]
    return rows


def _fits(row: dict[str, Any], name: str, operator: str, value: str) -> bool:
    present = next((v for k, v in row.items() if k.lower() == name.lower()), None)
    texts = [str(item).lower() for item in present] if isinstance(present, list) else [str(present or "").lower()]
    if operator == "ne":
        return value not in texts
    return any(fnmatch.fnmatchcase(text, value) if operator == "like" else text == value for text in texts)


def _capabilities(recipient: Mailbox | MailUser) -> list[str]:
    names = []
    for licence in recipient.licences:
        plain = licence.lower().replace("_", "").replace("-", "").removeprefix("csp")
        names.append(T2T_CAPABILITY if plain.startswith(T2T_PART) else "BPOS_S_Enterprise")
    return list(dict.fromkeys(names))


def _common(context: Context, recipient: Mailbox | MailUser) -> dict[str, Any]:
    world, tenant = context.world, context.tenant
    row: dict[str, Any] = {
        "Identity": recipient.alias,
        "Name": recipient.alias,
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
        "PersistedCapabilities": _capabilities(recipient),
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
        "MailboxMoveStatus": mailbox.move_status,
        "MailboxMoveRemoteHostName": mailbox.move_remote_host,
        "MailboxMoveBatchName": mailbox.move_batch,
        "ForwardingAddress": forwarding.address,
        "ForwardingSmtpAddress": forwarding.smtp_address,
        "DeliverToMailboxAndForward": forwarding.deliver_and_forward,
        "IsInactiveMailbox": False,
        "WhenMailboxCreated": mailbox.created,
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


def get_mailbox(context: Context, bound: Bound) -> Result:
    """Get-Mailbox: one, several or all mailboxes (cmdlet reference [SRC]; a null Identity means all)."""
    deleted = bool(bound.get("SoftDeletedMailbox"))
    chosen = _chosen(context, [m for m in context.tenant.mailboxes if bool(m.soft_deleted) is deleted], bound)
    rows = [mailbox_row(context, mailbox) for mailbox in chosen]
    kinds = {kind.lower() for kind in bound.get("RecipientTypeDetails") or []}
    rows = [row for row in rows if not kinds or row["RecipientTypeDetails"].lower() in kinds]
    if bound.get("Archive"):
        rows = [row for row in rows if row["ArchiveGuid"] != NOTHING]
    return Result(_filtered(rows, bound.get("Filter")))


def get_mail_user(context: Context, bound: Bound) -> Result:
    """Get-MailUser: one, several or all mail users (cmdlet reference [SRC]; a null Identity means all)."""
    deleted = bool(bound.get("SoftDeletedMailUser"))
    chosen = _chosen(context, [u for u in context.tenant.mail_users if bool(u.soft_deleted) is deleted], bound)
    return Result(_filtered([mail_user_row(context, user) for user in chosen], bound.get("Filter")))


def get_distribution_group(context: Context, bound: Bound) -> Result:
    """Get-DistributionGroup: one or all mail-enabled groups (cmdlet reference [SRC]; a null Identity means all)."""
    rows = [_group_row(context, group) for group in _chosen(context, context.tenant.groups, bound)]
    kinds = {kind.lower() for kind in bound.get("RecipientTypeDetails") or []}
    rows = [row for row in rows if not kinds or row["RecipientTypeDetails"].lower() in kinds]
    return Result(_filtered(rows, bound.get("Filter")))


def _group_row(context: Context, group: Group) -> dict[str, Any]:
    secure = group.kind == "Security"
    details = "MailUniversalSecurityGroup" if secure else "MailUniversalDistributionGroup"
    return {
        "Identity": group.name,
        "Name": group.name,
        "DisplayName": group.name,
        "Alias": group.alias,
        "Guid": UUID(people.object_id(context.world, context.tenant, group)),
        "ExternalDirectoryObjectId": people.object_id(context.world, context.tenant, group),
        "PrimarySmtpAddress": group.primary,
        "EmailAddresses": people.addresses(group),
        "GroupType": "Universal, SecurityEnabled" if secure else "Universal",
        "RecipientType": details,
        "RecipientTypeDetails": details,
        "ManagedBy": list(group.managed_by),
        "IsDirSynced": group.directory_synchronised,
        "IsValid": True,
    }


def member_of(tenant: Tenant, group_name: str, mailbox: Mailbox) -> bool:
    """Whether a mailbox is a direct member of a group (nesting is not followed; doc trap C11, C12)."""
    names = people.smtp_addresses(mailbox) | {mailbox.alias.lower(), mailbox.upn.lower()}
    for group in tenant.groups:
        if group.name == group_name:
            return bool(names & {member.lower() for member in group.members})
    return False
