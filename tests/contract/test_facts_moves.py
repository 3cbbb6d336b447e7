"""Reads of batches, migration users and moves (shapes 3.11 to 3.13): what is asked, and what is made of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canned_reads import cmdlets, guid

from xtmig_kernel.inventory.moves import MOST_SYNCING, int_or_none, time_or_none

if TYPE_CHECKING:
    from canned_reads import Asking

ALL = {"ResultSize": "Unlimited"}
MAILBOX_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
LARA = "LaraN@northwindtraders.onmicrosoft.com"
OURS = "contoso-moves-pilot"
BATCH = {
    "Identity": OURS,
    "Status": "Synced",
    "MigrationType": "ExchangeRemoteMove",
    "SourceEndpoint": "CrossTenantEndpoint",
    "TargetDeliveryDomain": "northwindtraders.onmicrosoft.com",
    "TotalCount": 52,
    "SyncedCount": "50",
    "FinalizedCount": 0,
    "FailedCount": 2,
    "DataConsistencyScore": "Investigate",
    "CreationDateTimeUTC@data.type": "System.DateTime",
    "CreationDateTimeUTC": "2026-08-19T08:00:00.1234567Z",
    "LastSyncedDateTimeUTC": "2026-08-20T02:14:05.0000000Z",
    "CompleteAfterUTC": "9999-12-31T23:59:59.0000000Z",
}
USER = {
    "Identity": LARA,
    "BatchId": OURS,
    "Status": "Synced",
    **guid("MailboxGuid", MAILBOX_GUID),
    **guid("RequestGuid", "00000000-0000-0000-0000-000000000000"),
    "SyncedItemCount": 38211,
    "SkippedItemCount": 2,
    "DataConsistencyScore": "Investigate",
    "HasUnapprovedSkippedItems": True,
    "ErrorSummary": "",
    "LastSuccessfulSyncTime": "2026-08-20T02:14:05.0000000+00:00",
}
STATISTICS = USER | {
    "ErrorType": "MissingExchangeGuidException",
    "Error": "The recipient has no GUID.",
    "PercentageComplete": "95",
    "TotalItemsInSourceMailboxCount": 38213,
    "BytesTransferred": "1.2 GB (1,288,490,189 bytes)",
    "SkippedItems": [
        {"Kind": "CorruptItem", "FolderName": "Inbox", "Subject": "Scanned invoice", "Sender": "jo@x.com",
         "DateReceived": "2020-01-02T03:04:05", "MessageSize": 1843200, "ScoringClassifications": ["CorruptItem"]},
        {"Kind": "CorruptFolderACL", "FolderName": "Calendar", "Subject": None, "ScoringClassifications": None},
    ],
}  # fmt: skip


def batches(asking: Asking, **changes: Any) -> dict[str, Any]:
    asking.answer_cmdlets(Get_MigrationBatch=lambda _: [BATCH | changes])
    (row,) = asking.rows("migration_batches")
    return row


def test_batch(asking: Asking) -> None:
    """F-80: counts come as numbers or numeric text, and CompleteAfter is the end of time where nothing completes it."""
    assert {
        "Identity": OURS,
        "Status": "Synced",
        "MigrationType": "ExchangeRemoteMove",
        "SourceEndpoint": "CrossTenantEndpoint",
        "TargetDeliveryDomain": "northwindtraders.onmicrosoft.com",
        "TotalCount": 52,
        "SyncedCount": 50,
        "FinalizedCount": 0,
        "FailedCount": 2,
        "DataConsistencyScore": "Investigate",
        "CreatedAt": "2026-08-19T08:00:00Z",
        "LastSyncedAt": "2026-08-20T02:14:05Z",
        "CompleteAfter": None,
        "CompletionAsked": False,
    } == batches(asking)
    assert [("Get-MigrationBatch", ALL)] == cmdlets(asking)


@pytest.mark.parametrize(
    "changes",
    [
        {"CompleteAfterUTC": "2026-09-01T00:00:00.0000000Z"},
        {"CompleteAfterUTC": "9/1/2026 12:00:00 AM"},
        {"Status": "Completing"},
        {"Status": "Completed"},
    ],
)
def test_batch_that_was_told_to_complete(asking: Asking, changes: dict[str, Any]) -> None:
    """A moment in CompleteAfter, readable or not, and a state of completion mean that somebody asked for it."""
    assert batches(asking, **changes)["CompletionAsked"] is True


def test_migration_user(asking: Asking) -> None:
    """Get-MigrationUser names a user by the target address, with its status and what stopped it (shapes 3.12)."""
    asking.answer_cmdlets(Get_MigrationUser=lambda _: [USER])
    assert asking.rows("migration_users") == [
        {
            "Identity": LARA,
            "BatchId": OURS,
            "Status": "Synced",
            "ErrorSummary": "",
            "MailboxGuid": MAILBOX_GUID,
            "RequestGuid": None,
            "SyncedItems": 38211,
            "SkippedItems": 2,
            "DataConsistencyScore": "Investigate",
            "UnapprovedSkippedItems": True,
            "LastSyncedAt": "2026-08-20T02:14:05Z",
        }
    ]
    assert [("Get-MigrationUser", ALL)] == cmdlets(asking)


def test_details_of_a_failed_user(asking: Asking) -> None:
    """Get-MigrationUserStatistics tells the type of the error, and sizes as text with the bytes in brackets."""
    failed = USER | {"Status": "Failed", "ErrorSummary": "MissingExchangeGuidException"}
    asking.answer_cmdlets(
        Get_MigrationUser=lambda _: [failed], Get_MigrationUserStatistics=lambda _: [STATISTICS | {"Status": "Failed"}]
    )
    (row,) = asking.rows("migration_details")
    assert ("MissingExchangeGuidException", 95, 38213) == (row["ErrorType"], row["PercentComplete"], row["SourceItems"])
    assert (1288490189, None) == (row["BytesTransferred"], row["CompleteAfter"])


@pytest.mark.parametrize(
    "calm",
    [
        {"Status": "Synced"},
        {"Status": "IncrementalSyncing"},
        {"Status": "Queued"},
        {"Status": "Completed"},
        {"Status": "Failed", "BatchId": "onboarding"},
        {"Status": "Failed", "Identity": ""},
        {"Status": "Failed", "BatchId": None},
    ],
)
def test_nobody_is_asked_about_without_need(asking: Asking, calm: dict[str, Any]) -> None:
    """F-82: who is at rest, on the way or done, in somebody else's batch, or without a name costs no cmdlet."""
    asking.answer_cmdlets(Get_MigrationUser=lambda _: [USER | calm])
    assert [] == asking.rows("migration_details")
    assert [("Get-MigrationUser", ALL)] == cmdlets(asking)


def test_answer_about_everybody_is_no_answer(asking: Asking) -> None:
    """F-84: a user who is gone may be answered with all others: no row of them is taken for the user's."""
    everybody = [STATISTICS | {"Identity": "a@x.com"}, STATISTICS | {"Identity": "b@x.com"}]
    asking.answer_cmdlets(
        Get_MigrationUser=lambda _: [USER | {"Status": "Failed"}], Get_MigrationUserStatistics=lambda _: everybody
    )
    assert [] == asking.rows("migration_details")


def test_some_of_the_copied_are_asked_about(asking: Asking) -> None:
    """Of thousands who are being copied a few tell how far they are."""
    users = [USER | {"Status": "Syncing", "Identity": f"u{n}@x.com"} for n in range(MOST_SYNCING + 5)]
    asking.answer_cmdlets(
        Get_MigrationUser=lambda _: users,
        Get_MigrationUserStatistics=lambda given: [STATISTICS | {"Identity": given["Identity"], "Status": "Syncing"}],
    )
    assert MOST_SYNCING == len(asking.rows("migration_details"))


def test_skipped_items(asking: Asking) -> None:
    """Skipped items are numbered for each user, and neither subject nor sender is kept."""
    asking.answer_cmdlets(
        Get_MigrationUser=lambda _: [USER, USER | {"Identity": "x@x.com", "SkippedItemCount": 0,
                                                   "HasUnapprovedSkippedItems": False}],
        Get_MigrationUserStatistics=lambda _: [STATISTICS],
    )  # fmt: skip
    assert asking.rows("skipped_items") == [
        {"Identity": LARA, "Kind": "CorruptItem", "Folder": "Inbox", "Bytes": 1843200,
         "ReceivedAt": "2020-01-02T03:04:05Z", "Scores": ["CorruptItem"], "Number": 1},
        {"Identity": LARA, "Kind": "CorruptFolderACL", "Folder": "Calendar", "Bytes": None,
         "ReceivedAt": None, "Scores": [], "Number": 2},
    ]  # fmt: skip
    asked = [given for cmdlet, given in cmdlets(asking) if cmdlet == "Get-MigrationUserStatistics"]
    assert [{"Identity": LARA, "IncludeSkippedItems": True}] == asked


def test_move_requests_are_not_filtered_by_the_service(asking: Asking) -> None:
    """F-91: Get-MoveRequest is asked without the value of Flags that its reference does not list (BAT-10)."""
    move = {
        "Identity": "Lara Newton",
        "Status": "InProgress",
        "Flags": "CrossOrg, Pull",
        "BatchName": f"MigrationService:{OURS}",
        **guid("ExchangeGuid", MAILBOX_GUID),
    }
    asking.answer_cmdlets(Get_MoveRequest=lambda _: [move])
    assert asking.rows("move_requests") == [
        {
            "ExchangeGuid": MAILBOX_GUID,
            "Identity": "Lara Newton",
            "Status": "InProgress",
            "Flags": ["CrossOrg", "Pull"],
            "BatchName": f"MigrationService:{OURS}",
        }
    ]
    assert [("Get-MoveRequest", ALL)] == cmdlets(asking)


@pytest.mark.parametrize(("value", "number"), [(7, 7), ("1,234", 1234), ("", None), (None, None), (True, None)])
def test_number(value: Any, number: int | None) -> None:
    """A count comes as a number or as text; what is neither is no count, and never zero."""
    assert number == int_or_none(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-08-20T02:14:05.0000000+02:00", "2026-08-20T00:14:05Z"),
        ("2026-08-20T02:14:05", "2026-08-20T02:14:05Z"),
        ("9999-12-31T23:59:59.9999999", None),
        ("0001-01-01T00:00:00Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_time(value: Any, text: str | None) -> None:
    """A moment without a zone is UTC; the end and the beginning of time are none."""
    assert text == time_or_none(value)
