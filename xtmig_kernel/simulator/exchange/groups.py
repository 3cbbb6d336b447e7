"""Mail-enabled groups: reading, creating, removing (cmdlet reference [SRC]; doc traps C1 to C3)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.recipients_file import Group, User

from .addresses import require_accepted, require_free
from .context import Context, Result
from .errors import NOT_GROUP_MANAGER, ExchangeRefused, not_found, synchronised
from .kinds import GROUPS
from .lookup import Rows, address_book, chosen, find_group, object_id, plain_list, refuse_unserved
from .recipients import narrowed

if TYPE_CHECKING:
    from .binding import Bound

SERVED_READS = frozenset({"Identity", "Filter", "ResultSize", "RecipientTypeDetails"} | {
    f"Include{name}WithDisplayNames" for name in (
        "AcceptMessagesOnlyFromDLMembers", "AcceptMessagesOnlyFromSendersOrMembers", "AcceptMessagesOnlyFrom",
        "BypassModerationFromSendersOrMembers", "GrantSendOnBehalfTo", "ManagedBy", "ModeratedBy",
    )
})  # fmt: skip
SERVED_NEW = frozenset({
    "Name", "Alias", "Type", "Members", "ManagedBy", "PrimarySmtpAddress", "IgnoreNamingPolicy",
})  # fmt: skip
NOBODY = "Organization Management"


def group_row(context: Context, group: Group) -> dict[str, Any]:
    """A group as Get-DistributionGroup shows it."""
    details = GROUPS[group.kind]
    return {
        "Identity": group.name,
        "Name": group.name,
        "DisplayName": group.display_name or group.name,
        "Alias": group.alias,
        "Guid": UUID(object_id(context, group)),
        "ExternalDirectoryObjectId": object_id(context, group),
        "PrimarySmtpAddress": group.primary,
        "EmailAddresses": people.addresses(group),
        "GroupType": "Universal, SecurityEnabled" if group.kind == "Security" else "Universal",
        "RecipientType": details,
        "RecipientTypeDetails": details,
        "ManagedBy": list(group.managed_by),
        "IsDirSynced": group.directory_synchronised,
        "IsValid": True,
    }


def get(context: Context, bound: Bound) -> Result:
    """Get-DistributionGroup: one or all mail-enabled groups (cmdlet reference [SRC]; a null Identity means all).

    Groups of the kind GroupMailbox and those without mail are none of them.
    """
    refuse_unserved(bound, SERVED_READS)
    wanted = bound.get("Identity")
    groups = [group for group in chosen(context, (Group,), wanted) if group.kind not in {"Microsoft365", "Entra"}]
    if wanted and not groups:
        raise not_found(wanted)
    return Result(narrowed(Rows(groups, partial(group_row, context)), bound))


def new(context: Context, bound: Bound) -> Result:
    """New-DistributionGroup: name, alias and address must be free (doc trap C1).

    The organisation's naming policy renames the group (doc trap C2) unless it is told not to. Without ManagedBy the
    caller becomes the owner, an application's group belongs to the role group Organization Management [MEM].
    """
    refuse_unserved(bound, SERVED_NEW)
    file = context.tenant.file
    given = str(bound.get("Name"))
    name = given if bound.get("IgnoreNamingPolicy") else f"{file.policies.group_name_prefix}{given}"
    alias = bound.get("Alias") or "".join(c for c in given if c.isalnum() or c in "._-")
    primary = bound.get("PrimarySmtpAddress") or f"{alias}@{file.default_domain}"
    require_accepted(context, primary)
    require_free(context, alias=alias, name=name, proxies=[f"SMTP:{primary}"])
    members = [member_id(context, wanted) for wanted in plain_list(bound, "Members")]
    owner = context.caller if "@" in context.caller else NOBODY
    group = Group(
        name=name,
        alias=alias,
        primary=primary,
        kind="Security" if str(bound.get("Type") or "").lower() == "security" else "Distribution",
        managed_by=plain_list(bound, "ManagedBy") or [owner],
        object_id=context.guid("object", alias.lower()),
    )
    context.tenant.readable_from[str(group.object_id)] = context.tenant.later(context.now, "configuration_readable")
    address_book(context).add(group)
    address_book(context).set_members(group, members)
    return Result([group_row(context, group)])


def remove(context: Context, bound: Bound) -> Result:
    """Remove-DistributionGroup: for owners, or with BypassSecurityGroupManagerCheck (cmdlet reference [SRC])."""
    group = find_group(context, str(bound.get("Identity") or ""))
    require_manager(context, bound, group)
    require_cloud(group, "Remove-DistributionGroup", "Identity")
    address_book(context).remove(group)
    return Result()


def require_manager(context: Context, bound: Bound, group: Group) -> None:
    """Refuse a caller who is no owner of the group and does not bypass the check (doc trap C3).

    Raises:
        ExchangeRefused: Not an owner.
    """
    owners = {owner.lower() for owner in group.managed_by}
    if bound.get("BypassSecurityGroupManagerCheck") or context.caller.lower() in owners:
        return
    text = f"You don't have sufficient permissions. Only a manager of the group '{group.name}' can do this."
    raise ExchangeRefused(NOT_GROUP_MANAGER, text)


def require_cloud(group: Group, cmdlet: str, attribute: str) -> None:
    """Refuse a change to a group that comes from the organisation's own directory.

    Raises:
        ExchangeRefused: It does.
    """
    if group.directory_synchronised:
        raise synchronised(cmdlet, attribute, group.name)


def member_id(context: Context, wanted: str) -> str:
    """The object id of a recipient that can be a member: not a group mailbox, and no user without mail.

    Raises:
        ExchangeRefused: 404: there is no such recipient.
    """
    entry = address_book(context).one(wanted)
    plain = isinstance(entry, User) and not (entry.guest and entry.mail)
    if entry is None or plain or (isinstance(entry, Group) and entry.kind in {"Microsoft365", "Entra"}):
        raise not_found(wanted)
    return object_id(context, entry)
