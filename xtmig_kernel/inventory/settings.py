"""Settings of mailboxes that a move does not take along (facts F-102 to F-105)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.counting import counted
from xtmig_kernel.inventory.addresses import guid_or_none, without_prefix
from xtmig_kernel.inventory.chosen import mailboxes_of_chosen
from xtmig_kernel.inventory.many import ask_many, rows_or_none
from xtmig_kernel.inventory.moves import int_or_none
from xtmig_kernel.inventory.recipients import ALL

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

RESOURCES = ("RoomMailbox", "EquipmentMailbox")
_FLAGS = (
    "ActiveSyncEnabled", "OWAEnabled", "PopEnabled", "ImapEnabled", "MAPIEnabled", "EwsEnabled",
    "SmtpClientAuthenticationDisabled",
)  # fmt: skip
_POLICIES = ("OwaMailboxPolicy", "ActiveSyncMailboxPolicy")


def mailbox_settings(context: ReadContext) -> tuple[str, list[Row]]:
    """Forwarding, retention policy and address lists of every mailbox."""
    columns = (
        "ExchangeGuid", "PrimarySmtpAddress", "ForwardingAddress", "ForwardingSmtpAddress",
        "DeliverToMailboxAndForward", "RetentionPolicy", "HiddenFromAddressListsEnabled",
    )  # fmt: skip
    found = context.tenant.exchange.invoke("Get-Mailbox", ALL, select=columns).rows
    return "Get-Mailbox", [
        {
            "ExchangeGuid": guid_or_none(row.get("ExchangeGuid")),
            "PrimarySmtpAddress": row.get("PrimarySmtpAddress"),
            "ForwardingAddress": row.get("ForwardingAddress") or None,
            "ForwardingSmtpAddress": without_prefix(row.get("ForwardingSmtpAddress")),
            "DeliverAndForward": row.get("DeliverToMailboxAndForward"),
            "RetentionPolicy": row.get("RetentionPolicy") or None,
            "HiddenFromAddressLists": row.get("HiddenFromAddressListsEnabled"),
        }
        for row in found
    ]


def client_access(context: ReadContext) -> tuple[str, list[Row]]:
    """By which protocols every mailbox may be used."""
    columns = ("PrimarySmtpAddress", *_FLAGS, *_POLICIES)
    found = context.tenant.exchange.invoke("Get-CASMailbox", ALL, select=columns).rows
    return "Get-CASMailbox", [{column: row.get(column) for column in columns} for row in found]


def calendar_processing(context: ReadContext) -> tuple[str, list[Row]]:
    """How the chosen rooms and pieces of equipment answer who books them; users' own calendars are not asked about.

    Raises:
        ServiceError: Not a single one told.
    """
    resources = [row for row in mailboxes_of_chosen(context) if row["RecipientTypeDetails"] in RESOURCES]
    asked = [("Get-CalendarProcessing", {"Identity": row["ExchangeGuid"]}) for row in resources]
    return f"Get-CalendarProcessing of {counted(len(resources), 'resource')}", [
        {name: mailbox[name] for name in ("ExchangeGuid", "PrimarySmtpAddress")}
        | _processing((rows_or_none(answer) or [{}])[0])
        for mailbox, answer in zip(resources, ask_many(context, asked), strict=True)
    ]


def _processing(row: Row) -> dict[str, Any]:
    lists = {name: row.get(name) for name in ("BookInPolicy", "ResourceDelegates")}
    return {
        **{name: row.get(name) for name in ("AutomateProcessing", "AllowConflicts", "AllBookInPolicy")},
        **{name: int_or_none(row.get(name)) for name in ("BookingWindowInDays", "MaximumDurationInMinutes")},
        **{name: sorted(str(item) for item in value or []) for name, value in lists.items()},
    }


def role_assignments(context: ReadContext) -> tuple[str, list[Row]]:
    """Which management roles of Exchange are given to whom."""
    columns = ("Name", "Role", "RoleAssigneeName", "RoleAssigneeType", "Enabled")
    found = context.tenant.exchange.invoke("Get-ManagementRoleAssignment", select=columns).rows
    return "Get-ManagementRoleAssignment", [
        {
            "Name": row.get("Name"),
            "Role": row.get("Role"),
            "Assignee": row.get("RoleAssigneeName"),
            "AssigneeType": row.get("RoleAssigneeType"),
            "Enabled": row.get("Enabled"),
        }
        for row in found
    ]
