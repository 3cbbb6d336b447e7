"""Reads around the cutover: halted users, folders, the service's record of a move, service plans of users."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from canned_reads import cmdlets, guid
from canned_wire import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from canned_reads import Asking
    from canned_wire import Canned


MAILBOX_GUID, ENTRY = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8", "bbbbbbbb-0000-4000-8000-000000000001"
OBJECT_ID, PLAN = "66666666-7777-4222-8222-777777777777", "efb87545-963c-4e0d-99df-69c6916d9eb0"
SKU = "05e9a617-0261-4cee-bb44-138d3ef5d965"
LARA, OURS = "Lara.Newton@northwindtraders.com", "contoso-moves-pilot"
USER = {"Identity": LARA, "BatchId": OURS, "Status": "Failed", **guid("Guid", ENTRY),
        **guid("MailboxGuid", MAILBOX_GUID)}  # fmt: skip
MAILBOX: dict[str, Any] = {
    "Name": "LaraN", "PrimarySmtpAddress": LARA, "RecipientTypeDetails": "UserMailbox",
    "UserPrincipalName": LARA, "EmailAddresses": [f"SMTP:{LARA}"], "ExternalDirectoryObjectId": OBJECT_ID,
    **guid("ExchangeGuid", MAILBOX_GUID), **guid("ArchiveGuid", "00000000-0000-0000-0000-000000000000"),
}  # fmt: skip
LISTED = f"SourceAddress,TargetAddress,Wave\nLara.Newton@contoso.com,{LARA},pilot\n"
DUE = {"waves": [{"name": "pilot", "cutover": "2020-01-01T00:00:00Z"}]}


@pytest.mark.parametrize("status", ["Failed", "CompletionFailed", "NeedsApproval"])
def test_who_is_halted(asking: Asking, status: str) -> None:
    """F-81: failed, or waiting for a person as NeedsApproval does; the entry has a GUID of its own."""
    asking.answer_cmdlets(Get_MigrationUser=lambda _: [USER | {"Status": status}, USER | {"Status": "Synced"}])
    assert asking.rows("halted_users") == [{"Identity": LARA, "BatchId": OURS, "Status": status, "Guid": ENTRY}]
    assert asking.rows("halted_batches") == [{"Identity": OURS, "Users": [LARA]}]
    assert {"Get-MigrationUser"} == {cmdlet for cmdlet, _ in cmdlets(asking)}


def folder(path: str, items: int, size: str) -> dict[str, Any]:
    """A row of Get-MailboxFolderStatistics."""
    return {"Name": path.rpartition("/")[2], "FolderPath": path, "FolderType": "User Created",
            "ItemsInFolder": items, "FolderSize": size}  # fmt: skip


def test_folders(asking: Asking, tmp_path: Path) -> None:
    """F-87: without FolderScope recoverable folders are listed too, with `RecoverableItems` they alone, to the last."""
    (tmp_path / "users.csv").write_text(LISTED, encoding="utf-8")
    asking.in_moves(DUE)
    deep = folder("/Deletions", 7, "2.4 KB (2,458 bytes)")
    inbox = folder("/Inbox", 412, "3.322 KB (3,402 bytes)")
    asking.answer_cmdlets(
        Get_Mailbox=lambda _: [MAILBOX],
        Get_MailboxFolderStatistics=lambda given: [deep] if "FolderScope" in given else [inbox, deep],
    )
    assert [("/Inbox", "visible", 412, 3402), ("/Deletions", "recoverable", 7, 2458)] == [
        (row["Folder"], row["Scope"], row["Items"], row["Bytes"]) for row in asking.rows("folder_counts")
    ]
    everything = {"Identity": MAILBOX_GUID, "ResultSize": "Unlimited"}
    assert [everything, everything | {"FolderScope": "RecoverableItems"}] == [
        given for cmdlet, given in cmdlets(asking) if cmdlet == "Get-MailboxFolderStatistics"
    ]


def test_the_record_of_a_move(asking: Asking) -> None:
    """F-88: MoveHistory is told on request; its report names the mailbox by base64 of .NET's bytes of the GUID."""

    def moved(of: str, at: str, items: int) -> dict[str, Any]:
        text = base64.b64encode(UUID(of).bytes_le).decode()
        snapshot = {"props": [{"PropertyName": "ExchangeGuid", "Values": [{"StrValue": text}]}]}
        sizes = {"SourceMailboxSize": {"ItemCount": items}, "TargetMailboxSize": {"ItemCount": items - 1}}
        return {
            "Status": "Completed",
            "CompletionTimestamp": at,
            "Report": {"TargetMailboxAfterMove": snapshot, **sizes},
        }

    history = [moved(MAILBOX_GUID, "2026-11-22T20:00:00.0000000+00:00", 140), moved(ENTRY, "2026-11-23T20:00:00", 9)]
    asking.answer_cmdlets(
        Get_MigrationUser=lambda _: [USER | {"Status": "Completed"}],
        Get_MailboxStatistics=lambda _: [{"MoveHistory": history}],
    )
    assert asking.rows("move_histories") == [
        {"ExchangeGuid": MAILBOX_GUID, "Mailbox": LARA, "Status": "Completed", "CompletedAt": "2026-11-22T20:00:00Z",
         "SourceItems": 140, "TargetItems": 139},
    ]  # fmt: skip
    wanted = {"Identity": MAILBOX_GUID, "IncludeMoveHistory": True, "IncludeMoveReport": True}
    assert ("Get-MailboxStatistics", wanted) == cmdlets(asking)[-1]


def test_service_plans_of_a_user(asking: Asking, canned: Canned, tmp_path: Path) -> None:
    """F-89: `/users/{id}/licenseDetails` answers each subscription with its plans and how far each is provisioned."""
    (tmp_path / "users.csv").write_text(LISTED, encoding="utf-8")
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX], Get_MailUser=lambda _: [], Get_User=lambda _: [])
    plan = {"servicePlanId": PLAN, "servicePlanName": "EXCHANGE_S_ENTERPRISE", "appliesTo": "User",
            "provisioningStatus": "PendingActivation"}  # fmt: skip
    detail = {"skuId": SKU, "skuPartNumber": "SPE_E3", "servicePlans": [plan]}
    asked: list[str] = []

    def answer(seen: Any) -> Answer:
        asked.extend(member["url"] for member in seen.body["requests"])
        body = {"value": [detail]}
        return Answer(body={"responses": [{"id": m["id"], "status": 200, "body": body} for m in seen.body["requests"]]})

    canned.handlers["/$batch"] = answer
    assert asking.rows("licence_plans") == [
        {"UserId": OBJECT_ID, "UserPrincipalName": LARA, "SkuId": SKU, "SkuPartNumber": "SPE_E3", "PlanId": PLAN,
         "PlanName": "EXCHANGE_S_ENTERPRISE", "AppliesTo": "User", "Status": "PendingActivation"},
    ]  # fmt: skip
    assert [f"/users/{OBJECT_ID}/licenseDetails"] == asked
