"""Tables of settings that live on the directory side: a move leaves them behind, so they are compared afterwards."""

from __future__ import annotations

from xtmig_kernel.tables.table import Table

OF_MAILBOX = {
    "ForwardingAddress": "text",
    "ForwardingSmtpAddress": "text",
    "DeliverAndForward": "bool",
    "RetentionPolicy": "text",
    "HiddenFromAddressLists": "bool",
}
OF_CLIENT_ACCESS = {
    "ActiveSyncEnabled": "bool",
    "OWAEnabled": "bool",
    "PopEnabled": "bool",
    "ImapEnabled": "bool",
    "MAPIEnabled": "bool",
    "EwsEnabled": "bool",
    "SmtpClientAuthenticationDisabled": "bool",
    "OwaMailboxPolicy": "text",
    "ActiveSyncMailboxPolicy": "text",
}
OF_BOOKINGS = {
    "AutomateProcessing": "text",
    "AllowConflicts": "bool",
    "BookingWindowInDays": "int",
    "MaximumDurationInMinutes": "int",
    "AllBookInPolicy": "bool",
    "BookInPolicy": "list of text",
    "ResourceDelegates": "list of text",
}

SETTING_TABLES = (
    Table(
        "mailbox_settings",
        {"ExchangeGuid": "guid", "PrimarySmtpAddress": "text", **OF_MAILBOX},
        "Get-Mailbox of every mailbox: forwarding, retention policy, address lists. ForwardingAddress is a name in "
        "that tenant, ForwardingSmtpAddress an address without its prefix",
    ),
    Table(
        "client_access",
        {"PrimarySmtpAddress": "text", **OF_CLIENT_ACCESS},
        "Get-CASMailbox of every mailbox: by which protocols it may be used. What is None follows the organisation",
    ),
    Table(
        "calendar_processing",
        {"ExchangeGuid": "guid", "PrimarySmtpAddress": "text", **OF_BOOKINGS},
        "Get-CalendarProcessing of the chosen rooms and pieces of equipment; one that did not tell has a row without "
        "AutomateProcessing",
    ),
    Table(
        "baseline_settings",
        {
            "Wave": "text",
            "TakenAt": "time",
            "ExchangeGuid": "guid",
            "Mailbox": "text",
            "Known": "list of text",
            **OF_MAILBOX,
            **OF_CLIENT_ACCESS,
            **OF_BOOKINGS,
        },
        "The settings of a wave's mailboxes in the source just before the cutover; read from the project's own file. "
        "Known names the tables that told; what the others would have told is unknown, and empty. People are named by "
        "their primary address wherever one recipient of the source answers to the name",
    ),
    Table(
        "role_assignments",
        {
            "Name": "text",
            "Role": "text",
            "Assignee": "text",
            "AssigneeType": "text",
            "Enabled": "bool",
        },
        "Get-ManagementRoleAssignment: which management roles of Exchange are given to whom",
    ),
    Table(
        "group_memberships",
        {
            "UserId": "guid",
            "GroupId": "guid",
            "Group": "text",
            "GroupMail": "text",
            "Security": "bool",
            "Unified": "bool",
            "Dynamic": "bool",
            "DirectorySynchronised": "bool",
            "Via": "text",
        },
        "Groups of the directory that the chosen users belong to, from Graph's groups and their members. Via names the "
        "nested group through which, and is None for a direct member",
    ),
)
