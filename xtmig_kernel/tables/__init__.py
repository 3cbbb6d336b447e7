"""The inventory's tables: which columns a row has, of which type and unit. No reading here.

Column types are `text`, `guid`, `bool`, `int`, `time` (UTC), `list of text` and `flags` (a sorted list of text
made from a comma list such as `Inbound, RemoteOutbound`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.tables.moves import MOVE_TABLES
from xtmig_kernel.tables.records import RECORD_TABLES
from xtmig_kernel.tables.settings import SETTING_TABLES
from xtmig_kernel.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping


__all__ = ["ADDRESS_COLUMNS", "BY_NAME", "TABLES", "USER_COLUMNS", "Table", "row_of"]

ADDRESS_COLUMNS = {"SmtpAddresses": "list of text", "X500Addresses": "list of text", "OtherAddresses": "list of text"}
"""EmailAddresses by kind: SMTP without prefix, the primary one too; X500 with the prefix `x500:`, the rest of it as it
came; everything else with its prefix."""

USER_COLUMNS = {
    "SourceAddress": "text",
    "TargetAddress": "text",
    "TargetSignIn": "text",
    "TargetAlias": "text",
    "TargetObject": "text",
    "PreviousMailbox": "text",
    "PreviousMailboxExport": "text",
    "PreviousMailboxAgreedBy": "text",
    "Wave": "text",
    "Remark": "text",
    "Line": "int",
}

TABLES = (
    Table(
        "domain_lookup",
        {"Domain": "text", "TenantId": "guid", "RegionScope": "text", "RegionSubScope": "text", "Cloud": "text"},
        "What the sign-in service tells about a domain without a sign-in (wire 4.10); no row for an unknown domain",
    ),
    Table(
        "connections",
        {
            "Service": "text",
            "Host": "text",
            "SecondsAhead": "int",
            "Proxy": "text",
            "Issuer": "text",
            "Problem": "text",
        },
        "How sign-in, Graph and Exchange are reached from here (facts F-94, F-95): by how many seconds our clock is"
        " ahead, through which proxy, who issued the certificate, and why a service cannot be reached",
    ),
    Table(
        "consent_link",
        {"Url": "text"},
        "The admin consent link for that tenant (CON-05); one row, or none while the application is not registered",
    ),
    Table(
        "signed_in",
        {
            "TenantId": "guid",
            "Kind": "text",
            "Name": "text",
            "ObjectId": "guid",
            "ApplicationId": "guid",
            "RoleTemplateIds": "list of text",
            "Permissions": "list of text",
        },
        "Who is signed in, from the tokens; one row. Kind is person or application",
    ),
    Table(
        "organization",
        {
            "TenantId": "guid",
            "DisplayName": "text",
            "Domains": "list of text",
            "InitialDomain": "text",
            "DirectorySynchronised": "bool",
        },
        "Graph organization (wire 4.9); one row",
    ),
    Table(
        "directory_roles",
        {"RoleTemplateId": "guid", "DisplayName": "text"},
        "Active Entra roles of the signed-in account (Graph transitiveMemberOf)",
    ),
    Table(
        "eligible_roles",
        {"RoleTemplateId": "guid"},
        "Entra roles that the signed-in person may activate and has not (fact F-93); read where the token permits it",
    ),
    Table(
        "secret_policy",
        {"Forbidden": "bool", "MostDays": "int"},
        "What the policy says of secrets of new applications (fact F-92); one row, read where the token permits it",
    ),
    Table(
        "offered_cmdlets",
        {"Cmdlet": "text", "Parameters": "list of text"},
        "What Exchange offers to this account (EXOModuleFile, wire 1.1)",
    ),
    Table("organization_config", {"Name": "text", "IsDehydrated": "bool"}, "Get-OrganizationConfig; one row"),
    Table(
        "applications",
        {
            "Id": "guid",
            "AppId": "guid",
            "UniqueName": "text",
            "DisplayName": "text",
            "SignInAudience": "text",
            "RedirectUris": "list of text",
            "Permissions": "list of text",
            "OtherPermissions": "list of text",
        },
        "The migration application's registration (target only). A permission reads resource/kind/role ID",
    ),
    Table(
        "application_credentials",
        {"AppId": "guid", "KeyId": "guid", "DisplayName": "text", "EndsAt": "time"},
        "The migration application's client secrets, without their values (target only)",
    ),
    Table(
        "service_principals",
        {"Id": "guid", "AppId": "guid", "DisplayName": "text", "OwnerTenantId": "guid"},
        "The migration application as an enterprise application of that tenant",
    ),
    Table(
        "exchange_resource",
        {"Id": "guid", "AppId": "guid", "MailboxMigrationRoleId": "guid"},
        "Office 365 Exchange Online as a resource of that tenant; one row",
    ),
    Table(
        "granted_roles",
        {"Id": "text", "AppId": "guid", "ResourceId": "guid", "RoleId": "guid"},
        "Application roles granted to the migration application in that tenant",
    ),
    Table(
        "migration_endpoints",
        {
            "Identity": "text",
            "EndpointType": "text",
            "RemoteServer": "text",
            "RemoteTenant": "text",
            "ApplicationId": "guid",
            "AppSecretKeyVaultUrl": "text",
        },
        "Get-MigrationEndpoint (target only)",
    ),
    Table(
        "endpoint_test",
        {"Endpoint": "text", "Result": "text", "Message": "text", "ErrorDetail": "text"},
        "Test-MigrationServerAvailability of the project's endpoint; no row while there is no endpoint",
    ),
    Table(
        "organization_relationships",
        {
            "Identity": "text",
            "Guid": "guid",
            "DomainNames": "list of text",
            "Enabled": "bool",
            "MailboxMoveEnabled": "bool",
            "MailboxMoveCapability": "flags",
            "MailboxMovePublishedScopes": "list of text",
            "OAuthApplicationId": "text",
            "FreeBusyAccessEnabled": "bool",
        },
        "Get-OrganizationRelationship",
    ),
    Table(
        "accepted_domains",
        {"DomainName": "text", "DomainType": "text", "Default": "bool", "InitialDomain": "bool"},
        "Get-AcceptedDomain",
    ),
    Table(
        "subscribed_skus",
        {
            "SkuId": "guid",
            "SkuPartNumber": "text",
            "CapabilityStatus": "text",
            "Enabled": "int",
            "Warning": "int",
            "Consumed": "int",
            "ServicePlans": "list of text",
        },
        "The organisation's subscriptions (Graph subscribedSkus, wire 4.6); counts are seats",
    ),
    Table(
        "directory_users",
        {
            "Id": "guid",
            "UserPrincipalName": "text",
            "DisplayName": "text",
            "Mail": "text",
            "UserType": "text",
            "UsageLocation": "text",
            "DirectorySynchronised": "bool",
            "SkuIds": "list of text",
            "GroupSkuIds": "list of text",
            "DisabledPlans": "list of text",
        },
        "Every user of the directory (Graph users); licences by SKU ID, GroupSkuIds names those that a group gives. "
        "DisabledPlans: what is switched off, as SKU ID/plan ID",
    ),
    Table(
        "licensing_groups",
        {"Id": "guid", "DisplayName": "text", "SkuIds": "list of text", "Dynamic": "bool"},
        "Groups that license their members by themselves (Graph groups with assignedLicenses)",
    ),
    Table(
        "chosen_users", USER_COLUMNS, "Who moves: the rows of users.csv, or before there is one, the proposal for it"
    ),
    Table(
        "excluded_users",
        {"SourceAddress": "text", "Reason": "text"},
        "Who stays, and why: users.exclude of project.yaml; they are in no other table of chosen users",
    ),
    Table(
        "staying_users",
        USER_COLUMNS,
        "The lines of users.csv of those who stay, so that whatever writes the file keeps them",
    ),
    Table(
        "proposed_users", USER_COLUMNS, "Who would be listed by project.yaml: by attribute or by group; none for a file"
    ),
    Table(
        "mailboxes",
        {
            "ObjectId": "guid",
            "Name": "text",
            "Alias": "text",
            "DisplayName": "text",
            "RecipientTypeDetails": "text",
            "UserPrincipalName": "text",
            "PrimarySmtpAddress": "text",
            **ADDRESS_COLUMNS,
            "ExchangeGuid": "guid",
            "ArchiveGuid": "guid",
            "DisabledArchiveGuid": "guid",
            "LegacyExchangeDN": "text",
            "DirectorySynchronised": "bool",
            "PersistedCapabilities": "list of text",
            "CustomAttributes": "list of text",
            "UsageLocation": "text",
        },
        "Get-Mailbox; unset GUIDs are None, a custom attribute reads CustomAttribute1=value",
    ),
    Table(
        "mail_users",
        {
            "ObjectId": "guid",
            "Name": "text",
            "Alias": "text",
            "DisplayName": "text",
            "RecipientTypeDetails": "text",
            "UserPrincipalName": "text",
            "PrimarySmtpAddress": "text",
            "ExternalEmailAddress": "text",
            **ADDRESS_COLUMNS,
            "ExchangeGuid": "guid",
            "ArchiveGuid": "guid",
            "LegacyExchangeDN": "text",
            "DirectorySynchronised": "bool",
            "PersistedCapabilities": "list of text",
            "CustomAttributes": "list of text",
            "RecoverableItemsQuotaBytes": "int",
        },
        "Get-MailUser; ExternalEmailAddress without its prefix",
    ),
    Table(
        "recipients",
        {
            "ObjectId": "guid",
            "Name": "text",
            "Alias": "text",
            "DisplayName": "text",
            "RecipientTypeDetails": "text",
            "PrimarySmtpAddress": "text",
            **ADDRESS_COLUMNS,
            "ExchangeGuid": "guid",
        },
        "Get-Recipient: everything in the tenant that has an address, of every kind",
    ),
    Table(
        "exchange_users",
        {
            "ObjectId": "guid",
            "UserPrincipalName": "text",
            "DisplayName": "text",
            "FirstName": "text",
            "LastName": "text",
            "RecipientTypeDetails": "text",
            "PreviousRecipientTypeDetails": "text",
        },
        "Get-User: names, and what an object was before (USR-27)",
    ),
    Table(
        "soft_deleted_mailboxes",
        {
            "ObjectId": "guid",
            "ExchangeGuid": "guid",
            "DisplayName": "text",
            "UserPrincipalName": "text",
            "PrimarySmtpAddress": "text",
            "SoftDeletedAt": "time",
            "Items": "int",
            "Bytes": "int",
        },
        "Get-Mailbox -SoftDeletedMailbox with Get-MailboxStatistics: what would be lost for ever (USR-25)",
    ),
    Table(
        "soft_deleted_mail_users",
        {
            "ObjectId": "guid",
            "ExchangeGuid": "guid",
            "DisplayName": "text",
            "UserPrincipalName": "text",
            "PrimarySmtpAddress": "text",
            "SoftDeletedAt": "time",
        },
        "Get-MailUser -SoftDeletedMailUser: MailUsers that were deleted and still keep their identity",
    ),
    Table(
        "distribution_groups",
        {
            "ObjectId": "guid",
            "Name": "text",
            "Alias": "text",
            "PrimarySmtpAddress": "text",
            "RecipientTypeDetails": "text",
            "ManagedBy": "list of text",
            "DirectorySynchronised": "bool",
        },
        "Get-DistributionGroup",
    ),
    Table(
        "scope_members",
        {
            "Group": "text",
            "ObjectId": "guid",
            "Name": "text",
            "PrimarySmtpAddress": "text",
            "RecipientTypeDetails": "text",
            "Membership": "text",
            "Via": "text",
        },
        "Members of the project's scope groups. Membership is direct or nested; Via names the nested group",
    ),
    *MOVE_TABLES,
    *RECORD_TABLES,
    *SETTING_TABLES,
    Table(
        "migration_tests",
        {"Endpoint": "text", "TestMailbox": "text", "Result": "text", "Message": "text", "ErrorDetail": "text"},
        "Test-MigrationServerAvailability for a sample of the prepared users (VER-01, VER-02)",
    ),
)

BY_NAME = {table.name: table for table in TABLES}


def row_of(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A row with exactly the table's columns; what was not read is None.

    Args:
        table: Name of the table.
        values: Column to value.

    Raises:
        KeyError: There is no such table, or a value is of no column: a fault of the reader, not of a tenant.
    """
    columns = BY_NAME[table].columns
    for column in values:
        if column not in columns:
            raise KeyError(f"{table} has no column {column}")
    return {column: values.get(column) for column in columns}
