"""Settings of Lara Newton of the article and of a room, on both sides and in the baseline of the pilot.

Names of settings and their default values are those of the cmdlet references of Get-Mailbox, Get-CASMailbox and
Get-CalendarProcessing; a new mailbox forwards nowhere, has every protocol, and a room accepts by itself (fact F-111).
"""

from __future__ import annotations

from typing import Any

from user_facts import LARA_GUID, LARA_ID, LARA_TARGET_ID, lara_mailbox

LARA, NEW = "Lara.Newton@contoso.com", "Lara.Newton@northwindtraders.com"
ROOM_GUID = "5c1f6b0a-33c4-4d52-9f5c-0d6c6d2b7a11"
ROOM, ROOM_NEW = "boardroom@contoso.com", "boardroom@northwindtraders.com"
TAKEN_AT = "2026-11-23T09:10:00Z"
TABLES = ["mailbox_settings", "client_access"]
_OF_MAILBOX: dict[str, Any] = {
    "ForwardingAddress": None,
    "ForwardingSmtpAddress": None,
    "DeliverAndForward": False,
    "RetentionPolicy": "Default MRM Policy",
    "HiddenFromAddressLists": False,
}
_OF_ACCESS: dict[str, Any] = {
    **dict.fromkeys(("ActiveSyncEnabled", "OWAEnabled", "PopEnabled", "ImapEnabled", "MAPIEnabled"), True),
    "EwsEnabled": None,
    "SmtpClientAuthenticationDisabled": None,
    "OwaMailboxPolicy": "OwaMailboxPolicy-Default",
    "ActiveSyncMailboxPolicy": "Default",
}
_OF_ROOM: dict[str, Any] = {
    "AutomateProcessing": "AutoAccept",
    "AllowConflicts": False,
    "BookingWindowInDays": 180,
    "MaximumDurationInMinutes": 1440,
    "AllBookInPolicy": True,
    "BookInPolicy": [],
    "ResourceDelegates": [],
}


def mailbox_setting(**changes: Any) -> dict[str, Any]:
    """A row of `mailbox_settings`: Lara's mailbox, as a new one is."""
    return {"ExchangeGuid": LARA_GUID, "PrimarySmtpAddress": LARA} | _OF_MAILBOX | changes


def access(**changes: Any) -> dict[str, Any]:
    """A row of `client_access`: Lara's mailbox, as a new one is."""
    return {"PrimarySmtpAddress": LARA} | _OF_ACCESS | changes


def bookings(**changes: Any) -> dict[str, Any]:
    """A row of `calendar_processing`: the room, as a new one is."""
    return {"ExchangeGuid": ROOM_GUID, "PrimarySmtpAddress": ROOM} | _OF_ROOM | changes


def was_set(**changes: Any) -> dict[str, Any]:
    """A row of `baseline_settings`: Lara's mailbox, as a new one is; nobody asked how it answers bookings."""
    unknown = dict.fromkeys(_OF_ROOM) | {"BookInPolicy": [], "ResourceDelegates": []}
    own = {"Wave": "pilot", "TakenAt": TAKEN_AT, "ExchangeGuid": LARA_GUID, "Mailbox": LARA, "Known": TABLES}
    return own | _OF_MAILBOX | _OF_ACCESS | unknown | changes


def room_was_set(**changes: Any) -> dict[str, Any]:
    """A row of `baseline_settings`: the room, as a new one is."""
    known = [*TABLES, "calendar_processing"]
    return was_set(ExchangeGuid=ROOM_GUID, Mailbox=ROOM, Known=known, **_OF_ROOM) | changes


def room(**changes: Any) -> dict[str, Any]:
    """The room as a row of `mailboxes` in the source."""
    own = {"ObjectId": "77777777-9999-4111-8111-777777777777", "Name": "boardroom", "Alias": "boardroom"}
    own |= {"DisplayName": "Board room", "UserPrincipalName": ROOM, "PrimarySmtpAddress": ROOM, "SmtpAddresses": [ROOM]}
    own |= {"ExchangeGuid": ROOM_GUID, "RecipientTypeDetails": "RoomMailbox", "X500Addresses": []}
    return lara_mailbox(**own, LegacyExchangeDN="/o=ExchangeLabs/cn=boardroom") | changes


def membership(side: str = "source", **changes: Any) -> dict[str, Any]:
    """A row of `group_memberships`: Lara is in the sales group."""
    return {
        "UserId": LARA_ID if side == "source" else LARA_TARGET_ID,
        "GroupId": f"{side}-sales",
        "Group": "Sales",
        "GroupMail": f"sales@{'contoso' if side == 'source' else 'northwindtraders'}.com",
        "Security": False,
        "Unified": False,
        "Dynamic": False,
        "DirectorySynchronised": False,
        "Via": None,
    } | changes


def setting_tables() -> dict[str, list[dict[str, Any]]]:
    """Rows by fact before anybody has moved."""
    return {
        "source.mailbox_settings": [mailbox_setting()],
        "source.client_access": [access()],
        "source.calendar_processing": [],
        "source.group_memberships": [],
        "source.baseline_settings": [],
        "target.mailbox_settings": [],
        "target.client_access": [],
        "target.calendar_processing": [],
        "target.group_memberships": [],
    }
