"""Settings of mailboxes that live in the directory: client access and calendar processing (cmdlet reference [SRC])."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.recipients_file import CalendarProcessing, Mailbox

from .context import Context, Result
from .lookup import Rows, chosen, refuse_unserved
from .recipients import narrowed

if TYPE_CHECKING:
    from .binding import Bound

SERVED_ACCESS = frozenset({"Identity", "ResultSize", "Filter", "RecipientTypeDetails"})
SERVED_PROCESSING = frozenset({"Identity", "ResultSize"})
RESOURCES = frozenset({"RoomMailbox", "EquipmentMailbox"})


def get_client_access(context: Context, bound: Bound) -> Result:
    """Get-CASMailbox: one, or all without Identity; names of properties [MEM]."""
    refuse_unserved(bound, SERVED_ACCESS)
    mailboxes = chosen(context, (Mailbox,), bound.get("Identity"))
    return Result(narrowed(Rows(mailboxes, partial(_access_row, context)), bound))


def _access_row(context: Context, mailbox: Mailbox) -> dict[str, Any]:
    access = mailbox.client_access
    return {
        "Identity": people.common_name(mailbox),
        "Name": people.common_name(mailbox),
        "DisplayName": mailbox.display_name,
        "Guid": UUID(people.object_id(context.world, context.tenant, mailbox)),
        "PrimarySmtpAddress": mailbox.primary,
        "ActiveSyncEnabled": access.active_sync,
        "OWAEnabled": access.owa,
        "PopEnabled": access.pop,
        "ImapEnabled": access.imap,
        "MAPIEnabled": access.mapi,
        "EwsEnabled": access.ews,
        "SmtpClientAuthenticationDisabled": access.smtp_authentication_disabled,
        "OwaMailboxPolicy": access.owa_policy,
        "ActiveSyncMailboxPolicy": access.active_sync_policy,
        "IsValid": True,
    }


def get_calendar_processing(context: Context, bound: Bound) -> Result:
    """Get-CalendarProcessing of one mailbox; a room and a piece of equipment accept by themselves by default."""
    refuse_unserved(bound, SERVED_PROCESSING)
    return Result([_processing_row(mailbox) for mailbox in chosen(context, (Mailbox,), bound.get("Identity"))])


def _processing_row(mailbox: Mailbox) -> dict[str, Any]:
    said = mailbox.calendar_processing or CalendarProcessing()
    usual = "AutoAccept" if mailbox.kind in RESOURCES else "AutoUpdate"
    return {
        "Identity": people.common_name(mailbox),
        "AutomateProcessing": said.automate or usual,
        "AllowConflicts": said.allow_conflicts,
        "BookingWindowInDays": said.booking_window_days,
        "MaximumDurationInMinutes": said.maximum_minutes,
        "AllBookInPolicy": said.everybody_books,
        "BookInPolicy": list(said.books),
        "ResourceDelegates": list(said.delegates),
        "IsValid": True,
    }
