"""Get-Recipient: everything with a mail address in one list (cmdlet reference [SRC])."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.identifiers import ZERO_GUID
from xtmig_kernel.simulator.recipients_file import Contact, Group, Mailbox, MailUser, User

from .context import Context, Result
from .errors import not_found
from .kinds import recipient_types
from .lookup import Entry, Rows, State, chosen, object_id, refuse_unserved
from .recipients import narrowed

if TYPE_CHECKING:
    from .binding import Bound

SERVED = frozenset({
    "Identity", "Filter", "RecipientType", "RecipientTypeDetails", "ResultSize", "IncludeSoftDeletedRecipients",
    "Properties",
})  # fmt: skip
EVERY_KIND = (Mailbox, MailUser, User, Contact, Group)


def get(context: Context, bound: Bound) -> Result:
    """Get-Recipient: one, several or all recipients; deleted ones too with IncludeSoftDeletedRecipients.

    With Properties, a row holds these alone [INF].
    """
    refuse_unserved(bound, SERVED)
    state: State = "any" if bound.get("IncludeSoftDeletedRecipients") else "living"
    wanted = bound.get("Identity")
    entries = [entry for entry in chosen(context, EVERY_KIND, wanted, state) if _has_mail(entry)]
    if wanted and not entries:
        raise not_found(wanted)
    rows = narrowed(Rows(entries, partial(recipient_row, context)), bound)
    kinds = {kind.lower() for kind in bound.get("RecipientType") or []}
    chosen_rows: Any = [row for row in rows if row["RecipientType"].lower() in kinds] if kinds else rows
    names = {name.lower() for name in bound.get("Properties") or []}
    if names:
        return Result(Rows(chosen_rows, lambda row: {k: v for k, v in row.items() if k.lower() in names}))
    return Result(chosen_rows)


def _has_mail(entry: Entry) -> bool:
    if isinstance(entry, Group):
        return entry.kind != "Entra"
    return not isinstance(entry, User) or (entry.guest and bool(entry.mail))


def recipient_row(context: Context, entry: Entry) -> dict[str, Any]:
    """A recipient as Get-Recipient and Get-DistributionGroupMember show it."""
    identity = object_id(context, entry)
    kind, details = recipient_types(entry)
    name = people.common_name(entry)
    row: dict[str, Any] = {
        "Identity": name,
        "Name": name,
        "Alias": entry.upn.partition("@")[0].replace("#", "") if isinstance(entry, User) else entry.alias,
        "DisplayName": entry.display_name or name,
        "Guid": UUID(identity),
        "ExternalDirectoryObjectId": identity,
        "RecipientType": kind,
        "RecipientTypeDetails": details,
        "PrimarySmtpAddress": entry.mail if isinstance(entry, User) else entry.primary,
        "EmailAddresses": people.addresses(entry),
        "IsDirSynced": entry.directory_synchronised,
        "ExternalEmailAddress": _external(entry),
        "FirstName": "",
        "LastName": "",
        "ExchangeGuid": UUID(ZERO_GUID),
        "ArchiveGuid": UUID(ZERO_GUID),
        "HiddenFromAddressListsEnabled": isinstance(entry, User),
        "WhenSoftDeleted": None,
    }
    return row | _personal(context, entry)


def _external(entry: Entry) -> str | None:
    if isinstance(entry, MailUser | Contact):
        return f"SMTP:{entry.external_address}"
    return f"SMTP:{entry.mail}" if isinstance(entry, User) and entry.mail else None


def _personal(context: Context, entry: Entry) -> dict[str, Any]:
    if isinstance(entry, User):
        return {"FirstName": entry.first_name, "LastName": entry.last_name}
    if not isinstance(entry, Mailbox | MailUser):
        return {}
    if isinstance(entry, Mailbox):
        archive = people.archive_guid(context.world, context.tenant, entry)
    else:
        archive = entry.archive_guid
    return {
        "FirstName": entry.first_name,
        "LastName": entry.last_name,
        "ExchangeGuid": UUID(people.exchange_guid(context.world, context.tenant, entry) or ZERO_GUID),
        "ArchiveGuid": UUID(archive or ZERO_GUID),
        "HiddenFromAddressListsEnabled": entry.hidden_from_address_lists,
        "WhenSoftDeleted": entry.soft_deleted,
        **{f"CustomAttribute{n}": entry.custom_attributes.get(n, "") for n in range(1, 16)},
    }
