"""Accounts: Get-User and Set-User (cmdlet reference [SRC]; document lines 306 to 342)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.recipients_file import Mailbox, MailUser, User

from .addresses import require_free
from .all_recipients import recipient_types
from .context import Context, Result
from .errors import INVALID_OPERATION, ExchangeRefused, synchronised
from .lookup import Rows, address_book, chosen, object_id, refuse_unserved, target
from .recipients import narrowed

if TYPE_CHECKING:
    from .binding import Bound

ACCOUNTS = (Mailbox, MailUser, User)
SERVED_GET = frozenset({"Identity", "Filter", "RecipientTypeDetails", "ResultSize"})
NAMES = {"FirstName": "first_name", "LastName": "last_name", "DisplayName": "display_name", "Name": "name"}
CLEAR = "PermanentlyClearPreviousMailboxInfo"
SERVED_SET = frozenset({"Identity", "Force", CLEAR, *NAMES})


def get(context: Context, bound: Bound) -> Result:
    """Get-User: one, several or all accounts, with or without mail (cmdlet reference [SRC]; no Identity: all)."""
    refuse_unserved(bound, SERVED_GET)
    accounts = chosen(context, ACCOUNTS, bound.get("Identity"))
    return Result(narrowed(Rows(accounts, partial(row, context)), bound))


def row(context: Context, entry: Mailbox | MailUser | User) -> dict[str, Any]:
    """An account as Get-User shows it: `PreviousRecipientTypeDetails` tells of a former mailbox (lines 311 to 325)."""
    identity = object_id(context, entry)
    kind, details = recipient_types(entry)
    name = people.common_name(entry)
    previous = None if isinstance(entry, Mailbox) else entry.previous_recipient_type
    return {
        "Identity": name,
        "Name": name,
        "DisplayName": entry.display_name,
        "FirstName": entry.first_name,
        "LastName": entry.last_name,
        "Guid": UUID(identity),
        "ExternalDirectoryObjectId": identity,
        "UserPrincipalName": entry.upn,
        "MicrosoftOnlineServicesID": entry.upn,
        "WindowsEmailAddress": (entry.mail or "") if isinstance(entry, User) else entry.primary,
        "RecipientType": kind,
        "RecipientTypeDetails": details,
        "PreviousRecipientTypeDetails": previous or "None",
        "AccountDisabled": not isinstance(entry, MailUser) and entry.account_disabled,
        "IsDirSynced": entry.directory_synchronised,
        "SKUAssigned": bool(entry.licences),
        "UsageLocation": entry.usage_location,
    }


def set_(context: Context, bound: Bound) -> Result:
    """Set-User: names, or PermanentlyClearPreviousMailboxInfo, which cannot be undone (document lines 306 to 342)."""
    refuse_unserved(bound, SERVED_SET)
    entry = target(context, ACCOUNTS, bound.get("Identity"))
    names = {name: bound.get(name) for name in NAMES if name in bound.values}
    if names and entry.directory_synchronised:
        raise synchronised("Set-User", min(names), people.common_name(entry))
    if "Name" in names:
        require_free(context, name=str(names["Name"]), owner=entry)
    if bound.get(CLEAR):
        _clear(context, entry)
    for name, value in names.items():
        setattr(entry, "display_name" if isinstance(entry, User) and name == "Name" else NAMES[name], value or "")
    address_book(context).changed(entry)
    return Result()


def asks_before_clearing(bound: Bound) -> bool:
    """Whether Set-User only asks: clearing asks unless Confirm is false or Force is set.

    The document's own example asks with Confirm alone (lines 336 to 341); what happens without it is not written down,
    so the careful reading is taken [INF].
    """
    return bool(bound.get(CLEAR)) and bound.confirm is not False and not bound.get("Force")


def _clear(context: Context, entry: Mailbox | MailUser | User) -> None:
    """Forget every former mailbox of an account and destroy what is left of it.

    Raises:
        ExchangeRefused: The account has a mailbox [INF].
    """
    if isinstance(entry, Mailbox):
        text = f"The user '{entry.alias}' has a mailbox, so its mailbox information can't be cleared."
        raise ExchangeRefused(INVALID_OPERATION, text)
    world, tenant = context.world, context.tenant
    guids = {entry.previous_mailbox_guid}
    if isinstance(entry, MailUser):
        guids.add(entry.exchange_guid)
    former = {value.lower() for value in guids if value}
    identity = object_id(context, entry)
    for mailbox in [m for m in tenant.mailboxes if m.soft_deleted is not None]:
        own = people.mailbox_guid(world, tenant, mailbox).lower() in former
        if own or people.object_id(world, tenant, mailbox) == identity:
            address_book(context).remove(mailbox)
    entry.previous_recipient_type = None
    entry.previous_mailbox_guid = None
    if isinstance(entry, MailUser):
        entry.exchange_guid = None
        entry.archive_guid = None
        entry.disabled_archive_guid = None
