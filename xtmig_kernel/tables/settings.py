"""Tables of settings that live on the directory side: a move leaves them behind, so they are compared afterwards."""

from __future__ import annotations

from xtmig_kernel.tables.table import Table

SETTING_TABLES = (
    Table(
        "mailbox_settings",
        {
            "ExchangeGuid": "guid",
            "PrimarySmtpAddress": "text",
            "ForwardingAddress": "text",
            "ForwardingSmtpAddress": "text",
            "DeliverAndForward": "bool",
            "RetentionPolicy": "text",
            "HiddenFromAddressLists": "bool",
        },
        "Get-Mailbox of every mailbox: forwarding, retention policy, address lists. ForwardingAddress is a name in "
        "that tenant, ForwardingSmtpAddress an address without its prefix",
    ),
    Table(
        "client_access",
        {
            "PrimarySmtpAddress": "text",
            "ActiveSyncEnabled": "bool",
            "OWAEnabled": "bool",
            "PopEnabled": "bool",
            "ImapEnabled": "bool",
            "MAPIEnabled": "bool",
            "EwsEnabled": "bool",
            "SmtpClientAuthenticationDisabled": "bool",
            "OwaMailboxPolicy": "text",
            "ActiveSyncMailboxPolicy": "text",
        },
        "Get-CASMailbox of every mailbox: by which protocols it may be used. What is None follows the organisation",
    ),
    Table(
        "calendar_processing",
        {
            "ExchangeGuid": "guid",
            "PrimarySmtpAddress": "text",
            "AutomateProcessing": "text",
            "AllowConflicts": "bool",
            "BookingWindowInDays": "int",
            "MaximumDurationInMinutes": "int",
            "AllBookInPolicy": "bool",
            "BookInPolicy": "list of text",
            "ResourceDelegates": "list of text",
        },
        "Get-CalendarProcessing of the chosen rooms and pieces of equipment; one that did not tell has a row without "
        "AutomateProcessing",
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
