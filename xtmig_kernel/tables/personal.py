"""Which columns hold personal data, and of what kind. Every column of every table is named here, once."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Personal(StrEnum):
    """What a column tells of a person."""

    NAME = "a name"
    ADDRESS = "an address or sign-in name"
    PROXY = "an address with its kind"
    DIRECTORY_NAME = "a name in Exchange's old directory, which holds an alias"
    ID = "an id of a person's object"
    MARK = "an attribute with a value of the organisation's own"
    WORDS = "words of a person"
    FOLDER = "the name of a folder"
    TEXT = "words of the service or of xtmig, which may name people"
    STATE = "what is the case with a person's account or mailbox"


def _columns(names: str) -> list[str]:
    return names.split()


PERSONAL: Mapping[str, Personal] = {
    **dict.fromkeys(
        _columns(
            "Name Alias DisplayName FirstName LastName Via Group TargetAlias ManagedBy ForwardingAddress Assignee"
        ),
        Personal.NAME,
    ),
    **dict.fromkeys(
        _columns(
            "UserPrincipalName PrimarySmtpAddress ExternalEmailAddress SmtpAddresses Mail Mailbox "
            "TestMailbox SourceAddress TargetAddress TargetSignIn Trustee SendOnBehalf Users Owner "
            "PreviousMailboxAgreedBy SignedBy Identity ForwardingSmtpAddress BookInPolicy "
            "ResourceDelegates GroupMail By"
        ),
        Personal.ADDRESS,
    ),
    **dict.fromkeys(("OtherAddresses",), Personal.PROXY),
    **dict.fromkeys(("LegacyExchangeDN", "X500Addresses"), Personal.DIRECTORY_NAME),
    **dict.fromkeys(
        _columns(
            "GroupId ObjectId ExchangeGuid ArchiveGuid DisabledArchiveGuid MailboxGuid UserId TargetObject RequestGuid"
        ),
        Personal.ID,
    ),
    "CustomAttributes": Personal.MARK,
    **dict.fromkeys(
        _columns("ErrorSummary Error Message ErrorDetail Subject Object Before After Then Now Case"),
        Personal.TEXT,
    ),
    **dict.fromkeys(("Remark", "Reason", "PreviousMailboxExport", "Note"), Personal.WORDS),
    **dict.fromkeys(("Folder", "MostItemsFolder", "MostRecoverableFolder", "MostSubfoldersFolder"), Personal.FOLDER),
    **dict.fromkeys(
        _columns(
            "DeliverAndForward HiddenFromAddressLists ActiveSyncEnabled OWAEnabled PopEnabled ImapEnabled "
            "MAPIEnabled EwsEnabled SmtpClientAuthenticationDisabled OwaMailboxPolicy ActiveSyncMailboxPolicy "
            "AutomateProcessing AllowConflicts BookingWindowInDays MaximumDurationInMinutes AllBookInPolicy Role "
            "ArchiveQuotaBytes ArchiveStatus AutoExpandingArchiveEnabled AuxiliaryArchives BatchId "
            "BatchName BytesTransferred ComplianceTagHoldApplied CompletedAt DataEncryptionPolicy "
            "DelayHoldApplied DelayReleaseHoldApplied DeletedBytes DeletedItems Deny DisabledPlans "
            "ElcProcessingDisabled GroupSkuIds InPlaceHolds Inherited Items LitigationHoldEnabled "
            "MailboxMoveRemoteHostName MailboxMoveStatus PercentComplete PersistedCapabilities Place "
            "PreviousMailbox PreviousRecipientTypeDetails QuotaBytes ReceivedAt RecipientTypeDetails "
            "RecoverableItemsQuotaBytes RemoteMailbox RemoteRecipientType RetentionPolicy Right "
            "RoleTemplateIds SkippedItems SoftDeletedAt SourceItems TargetItems TrusteeKind "
            "UnapprovedSkippedItems UsageLocation UserType Wave Decision "
            "Folders MostItems MostRecoverableItems MostSubfolders Depth"
        ),
        Personal.STATE,
    ),
}
"""Columns that are personal in every table, but for those of `NOT_HERE`."""

PLAIN = frozenset({
    "AssigneeType", "Security", "Unified",
    "AppId", "AppSecretKeyVaultUrl", "ApplicationId", "AppliesTo", "Archive", "At", "CapabilityStatus", "Change",
    "Cloud", "Cmdlet", "CompleteAfter", "CompletionAsked", "Consumed", "CreatedAt", "DataConsistencyScore", "Date",
    "Default", "DirectorySynchronised", "Domain", "DomainName", "DomainNames", "DomainType", "Domains", "Dynamic",
    "Enabled", "Endpoint", "EndpointType", "EndsAt", "ErrorType", "FailedCount", "FinalizedCount", "Flags",
    "Forbidden", "FreeBusyAccessEnabled", "Hold", "Host", "InitialDomain", "Instruction", "IsDehydrated", "Issuer",
    "KeyId", "Kind", "LastSyncedAt", "Line", "MailboxMigrationRoleId", "MailboxMoveCapability", "MailboxMoveEnabled",
    "MailboxMovePublishedScopes", "Membership", "MigrationType", "MostDays", "Number", "OAuthApplicationId",
    "OtherPermissions", "OwnerTenantId", "Parameters", "Path", "Permissions", "PlanId", "PlanName", "Problem", "Proxy",
    "ReadAt", "RedirectUris", "RegionScope", "RegionSubScope", "RemoteServer", "RemoteTenant", "ResourceId", "Result",
    "RoleId", "RoleTemplateId", "Rule", "Scope", "Scores", "SecondsAhead", "Service", "ServicePlans", "Settled",
    "Sha256", "SignInAudience", "SkuId", "SkuIds", "SkuPartNumber", "SourceEndpoint", "Statements", "Status", "Step",
    "SyncedCount", "SyncedItems", "Table", "TakenAt", "TargetDeliveryDomain", "TenantId", "Title", "TotalCount",
    "UniqueName", "Until", "Url", "Warning", "Bytes", "Guid", "Id", "Policies", "Cases", "Mode", "Workload", "Since",
    "Side", "What", "Known",
})  # fmt: skip
"""Columns that are personal in no table, but for those of `ONLY_HERE`."""

NOT_HERE = frozenset({
    *((table, "DisplayName") for table in (
        "organization", "directory_roles", "applications", "application_credentials", "service_principals",
    )),
    ("organization_config", "Name"), ("migration_endpoints", "Identity"), ("organization_relationships", "Identity"),
    ("migration_batches", "Identity"), ("halted_batches", "Identity"),
})  # fmt: skip
"""Where a column of `PERSONAL` tells of no person."""

ONLY_HERE: Mapping[tuple[str, str], Personal] = {
    ("directory_users", "Id"): Personal.ID,
    ("halted_users", "Guid"): Personal.ID,
    ("licensing_groups", "Id"): Personal.ID,
    ("project_files", "Path"): Personal.TEXT,
    **{(table, "Bytes"): Personal.STATE for table in (
        "soft_deleted_mailboxes", "skipped_items", "mailbox_sizes", "folder_counts", "baseline_folders",
    )},
    ("archive_recoverable_folders", "Bytes"): Personal.STATE,
    ("hold_tracking", "Hold"): Personal.STATE,
    ("hold_tracking", "Kind"): Personal.STATE,
    ("directory_users", "SkuIds"): Personal.STATE,
    ("licence_plans", "Status"): Personal.STATE,
    ("licence_plans", "SkuId"): Personal.STATE,
    ("migration_users", "Status"): Personal.STATE,
    ("migration_users", "SyncedItems"): Personal.STATE,
    ("signed_in", "Permissions"): Personal.STATE,
}  # fmt: skip
"""Where a column of `PLAIN` tells of a person all the same."""


def personal(table: str, column: str) -> Personal | None:
    """What a column tells of a person; None where it tells of none.

    Args:
        table: Name of the table.
        column: Name of the column.

    Raises:
        KeyError: Nobody has said of this column whether it is personal.
    """
    if (table, column) in ONLY_HERE:
        return ONLY_HERE[table, column]
    if (table, column) in NOT_HERE:
        return None
    if column in PERSONAL:
        return PERSONAL[column]
    if column in PLAIN:
        return None
    raise KeyError(f"{table}.{column} is neither in PERSONAL nor in PLAIN of xtmig_kernel/tables/personal.py")
