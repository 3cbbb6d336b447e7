"""What the preflight looks at beside the tables of the other sections, when nothing stands in the way of any move."""

from __future__ import annotations

from typing import Any

from user_facts import LARA_GUID

ARCHIVE = "5c0e5c0e-0000-4000-8000-00000000a001"


def folder(**changes: Any) -> dict[str, Any]:
    """A row of `archive_recoverable_folders`: Lara's archive, whose SubstrateHolds is empty."""
    return {
        "ExchangeGuid": LARA_GUID,
        "ArchiveGuid": ARCHIVE,
        "Folder": "SubstrateHolds",
        "Items": 0,
        "Bytes": 0,
    } | changes


def tracked(**changes: Any) -> dict[str, Any]:
    """A row of `hold_tracking`: a hold of the whole organisation on Lara's mailbox (failures 2.3 #35)."""
    return {"ExchangeGuid": LARA_GUID, "Hold": "mbx7cfb30345d454ac0a989ab3041051209:2", "Kind": 4} | changes


def earlier(**changes: Any) -> dict[str, Any]:
    """A row of `earlier_sizes`: Lara's mailbox ten days ago, as large as today."""
    return {
        "ExchangeGuid": LARA_GUID,
        "Archive": False,
        "Bytes": 5_046_586_572,
        "At": "2026-11-13T09:30:00Z",
    } | changes


def shape(**changes: Any) -> dict[str, Any]:
    """A row of `folder_shapes`: Lara's mailbox, far from every limit."""
    return {
        "ExchangeGuid": LARA_GUID,
        "Mailbox": "Lara.Newton@contoso.com",
        "Folders": 41,
        "MostItems": 38_211,
        "MostItemsFolder": "/Inbox",
        "MostRecoverableItems": 12,
        "MostRecoverableFolder": "/Deletions",
        "MostSubfolders": 19,
        "MostSubfoldersFolder": "/",
        "Depth": 3,
    } | changes


def deleted_mail_user(**changes: Any) -> dict[str, Any]:
    """A row of `soft_deleted_mail_users`: a MailUser of the target that bore Lara's ExchangeGuid."""
    return {
        "ObjectId": "77777777-6666-4666-8666-777777777778",
        "ExchangeGuid": LARA_GUID,
        "DisplayName": "Lara Newton (first try)",
        "UserPrincipalName": "lara.first@northwindtraders.onmicrosoft.com",
        "PrimarySmtpAddress": "lara.first@northwindtraders.com",
        "SoftDeletedAt": "2026-11-10T08:00:00Z",
    } | changes


def preflight_tables() -> dict[str, list[dict[str, Any]]]:
    """Rows by fact."""
    return {
        "source.archive_recoverable_folders": [],
        "source.hold_tracking": [],
        "source.folder_shapes": [shape()],
        "source.earlier_sizes": [earlier()],
        "source.snapshot_drift": [],
        "source.soft_deleted_mailboxes": [],
        "target.soft_deleted_mail_users": [],
        "target.organization_holds": [],
    }
