"""Tables about what moves and how far it is: batches, holds, archives, sizes, permissions (shapes 3.11 to 3.13)."""

from __future__ import annotations

from xtmig_kernel.tables.table import Table

FOLDER_COLUMNS = {
    "ExchangeGuid": "guid",
    "Mailbox": "text",
    "Archive": "bool",
    "Folder": "text",
    "Scope": "text",
    "Items": "int",
    "Bytes": "int",
}
PERMISSION_COLUMNS = {
    "ExchangeGuid": "guid",
    "Mailbox": "text",
    "Place": "text",
    "Trustee": "text",
    "TrusteeKind": "text",
    "Right": "text",
    "Deny": "bool",
    "Inherited": "bool",
}

MOVE_TABLES = (
    Table(
        "migration_users",
        {
            "Identity": "text",
            "BatchId": "text",
            "Status": "text",
            "ErrorSummary": "text",
            "MailboxGuid": "guid",
            "RequestGuid": "guid",
            "SyncedItems": "int",
            "SkippedItems": "int",
            "DataConsistencyScore": "text",
            "UnapprovedSkippedItems": "bool",
            "LastSyncedAt": "time",
        },
        "Get-MigrationUser: everybody who is in a batch, by the address in the target",
    ),
    Table(
        "migration_batches",
        {
            "Identity": "text",
            "Status": "text",
            "MigrationType": "text",
            "SourceEndpoint": "text",
            "TargetDeliveryDomain": "text",
            "TotalCount": "int",
            "SyncedCount": "int",
            "FinalizedCount": "int",
            "FailedCount": "int",
            "DataConsistencyScore": "text",
            "CreatedAt": "time",
            "LastSyncedAt": "time",
            "CompleteAfter": "time",
            "CompletionAsked": "bool",
        },
        "Get-MigrationBatch. CompletionAsked: its CompleteAfter is a moment, not the end of time, or it is completed",
    ),
    Table(
        "halted_users",
        {"Identity": "text", "BatchId": "text", "Guid": "guid", "Status": "text"},
        "Get-MigrationUser: those whose move has failed or waits for a person, with what tells an entry from "
        "another one of the same address",
    ),
    Table(
        "halted_batches",
        {"Identity": "text", "Users": "list of text"},
        "Batches with users whose move has failed or waits for a person, made from Get-MigrationUser: by it is "
        "seen that a batch was resumed",
    ),
    Table(
        "migration_details",
        {
            "Identity": "text",
            "Status": "text",
            "ErrorType": "text",
            "Error": "text",
            "PercentComplete": "int",
            "SourceItems": "int",
            "SyncedItems": "int",
            "BytesTransferred": "int",
            "CompleteAfter": "time",
        },
        "Get-MigrationUserStatistics of those users whom Get-MigrationUser shows with an error, or neither at rest nor "
        "on their way",
    ),
    Table(
        "skipped_items",
        {
            "Identity": "text",
            "Kind": "text",
            "Folder": "text",
            "Bytes": "int",
            "ReceivedAt": "time",
            "Scores": "list of text",
            "Number": "int",
        },
        "Get-MigrationUserStatistics -IncludeSkippedItems of users who have any; without subjects and senders, which "
        "are personal. Number counts the items of one user",
    ),
    Table(
        "mailbox_states",
        {
            "ObjectId": "guid",
            "ExchangeGuid": "guid",
            "PrimarySmtpAddress": "text",
            "RecipientTypeDetails": "text",
            "LitigationHoldEnabled": "bool",
            "ComplianceTagHoldApplied": "bool",
            "DelayHoldApplied": "bool",
            "DelayReleaseHoldApplied": "bool",
            "InPlaceHolds": "list of text",
            "AuxiliaryArchives": "int",
            "AutoExpandingArchiveEnabled": "bool",
            "ArchiveStatus": "text",
            "ArchiveGuid": "guid",
            "DisabledArchiveGuid": "guid",
            "QuotaBytes": "int",
            "ArchiveQuotaBytes": "int",
            "RetentionPolicy": "text",
            "ElcProcessingDisabled": "bool",
            "DataEncryptionPolicy": "text",
            "MailboxMoveStatus": "text",
            "MailboxMoveRemoteHostName": "text",
            "SendOnBehalf": "list of text",
        },
        "Get-Mailbox of every mailbox: holds, archives, quotas in bytes, moves, delegates with Send on Behalf",
    ),
    Table(
        "organization_holds",
        {"Hold": "text"},
        "InPlaceHolds of Get-OrganizationConfig: retention that holds every mailbox (HLD-01)",
    ),
    Table(
        "retention_policies",
        {
            "Guid": "guid",
            "Name": "text",
            "Enabled": "bool",
            "Mode": "text",
            "Workload": "text",
            "Kind": "text",
        },
        "Get-RetentionCompliancePolicy of Security & Compliance (fact F-109): the policies that a hold on a mailbox in "
        "scope or on the organisation names, and no others; not asked where no hold names one. Kind is Teams or other",
    ),
    Table(
        "case_holds",
        {"Guid": "guid", "Name": "text", "Case": "text", "Enabled": "bool"},
        "Get-CaseHoldPolicy with the name of its case by Get-ComplianceCase (fact F-110): the holds of eDiscovery "
        "cases that a mailbox in scope names, and no others; not asked where none does",
    ),
    Table(
        "mailbox_sizes",
        {
            "ExchangeGuid": "guid",
            "PrimarySmtpAddress": "text",
            "Archive": "bool",
            "Items": "int",
            "Bytes": "int",
            "DeletedItems": "int",
            "DeletedBytes": "int",
        },
        "Get-MailboxStatistics of the chosen users' mailboxes and archives",
    ),
    Table(
        "earlier_sizes",
        {"ExchangeGuid": "guid", "Archive": "bool", "Bytes": "int", "At": "time"},
        "What mailboxes and archives held in an earlier collection, a day old or more, and when that was; from the "
        "project's own snapshots",
    ),
    Table(
        "mailbox_permissions",
        PERMISSION_COLUMNS,
        "Rights on the chosen users' mailboxes: Get-MailboxPermission, Get-RecipientPermission, GrantSendOnBehalfTo, "
        "Get-MailboxFolderPermission. Place is mailbox, recipient or the calendar's name; Trustee the primary address "
        "where one recipient of that tenant answers to the name; TrusteeKind its RecipientTypeDetails, Self, Default "
        "or Anonymous, and None where nobody answers; Right FullAccess, SendAs, SendOnBehalf or the folder's role",
    ),
    Table(
        "folder_counts",
        FOLDER_COLUMNS,
        "Get-MailboxFolderStatistics of the users of waves that are about to be cut over, or were. Scope is visible or "
        "recoverable",
    ),
    Table(
        "archive_recoverable_folders",
        {"ExchangeGuid": "guid", "ArchiveGuid": "guid", "Folder": "text", "Items": "int", "Bytes": "int"},
        "Get-MailboxFolderStatistics -Archive -FolderScope RecoverableItems of the chosen users' archives; Folder is a "
        "name such as SubstrateHolds. An archive that did not tell has one row without a folder",
    ),
    Table(
        "hold_tracking",
        {"ExchangeGuid": "guid", "Hold": "text", "Kind": "int"},
        "Export-MailboxDiagnosticLogs -ComponentName HoldTracking of the chosen users' mailboxes, where a policy holds "
        "the whole organisation. Kind is the log's `ht`: 4 is a hold of the organisation. A mailbox that did not tell "
        "has one row without a hold, one that nothing holds has none",
    ),
    Table(
        "folder_shapes",
        {
            "ExchangeGuid": "guid",
            "Mailbox": "text",
            "Folders": "int",
            "MostItems": "int",
            "MostItemsFolder": "text",
            "MostRecoverableItems": "int",
            "MostRecoverableFolder": "text",
            "MostSubfolders": "int",
            "MostSubfoldersFolder": "text",
            "Depth": "int",
        },
        "Get-MailboxFolderStatistics of the chosen users' mailboxes, in one row for each: how many folders it has, the "
        "most items of one, the most of one of Deletions, Versions and Purges, the most folders that lie directly in "
        "one, and how many levels there are. A mailbox that did not tell has one row without numbers",
    ),
    Table(
        "move_requests",
        {"ExchangeGuid": "guid", "Identity": "text", "Status": "text", "Flags": "flags", "BatchName": "text"},
        "Get-MoveRequest: moves that are under way in that tenant (BAT-10, ERR-13)",
    ),
    Table(
        "move_histories",
        {
            "ExchangeGuid": "guid",
            "Mailbox": "text",
            "Status": "text",
            "CompletedAt": "time",
            "SourceItems": "int",
            "TargetItems": "int",
        },
        "Get-MailboxStatistics -IncludeMoveHistory of moved mailboxes (target): what the service itself recorded",
    ),
    Table(
        "licence_plans",
        {
            "UserId": "guid",
            "UserPrincipalName": "text",
            "SkuId": "guid",
            "SkuPartNumber": "text",
            "PlanId": "guid",
            "PlanName": "text",
            "AppliesTo": "text",
            "Status": "text",
        },
        "Graph licenseDetails of the chosen users: every service plan with its provisioning status (PLN-07). A plan "
        "that applies to a Company is no user's to switch off",
    ),
    Table(
        "baseline_folders",
        {"Wave": "text", "TakenAt": "time", **FOLDER_COLUMNS},
        "What a wave's mailboxes held in the source just before the cutover; read from the project's own file",
    ),
    Table(
        "baseline_permissions",
        {"Wave": "text", "TakenAt": "time", **PERMISSION_COLUMNS},
        "The rights on a wave's mailboxes in the source just before the cutover; read from the project's own file",
    ),
    Table(
        "on_premises_reports",
        {
            "SourceAddress": "text",
            "UserPrincipalName": "text",
            "TargetAddress": "text",
            "RemoteRecipientType": "text",
            "RemoteMailbox": "bool",
            "ReadAt": "time",
        },
        "What the script of section 200 read in that side's own directory; its administrator hands the file back",
    ),
)
