"""Mailboxes, MailUsers and everything else with an address, read in bulk (shapes 3.4 to 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import ServiceError
from xtmig_kernel.inventory.addresses import by_kind, guid_or_none, without_prefix
from xtmig_kernel.m365 import size_bytes

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

ALL = {"ResultSize": "Unlimited"}
_CUSTOM = tuple(f"CustomAttribute{number}" for number in range(1, 16))
_NAMES = ("Name", "Alias", "DisplayName", "RecipientTypeDetails", "PrimarySmtpAddress")
_SIGN_IN = (*_NAMES, "UserPrincipalName")
_BOTH = (
    "ExternalDirectoryObjectId", "EmailAddresses", "ExchangeGuid", "ArchiveGuid", "LegacyExchangeDN", "IsDirSynced",
    "PersistedCapabilities", *_CUSTOM,
)  # fmt: skip


def mailboxes(context: ReadContext) -> tuple[str, list[Row]]:
    """Every mailbox that is not deleted (SCR-04, USR-04 to USR-07)."""
    further = ("UsageLocation", "DisabledArchiveGuid")
    found = context.tenant.exchange.invoke("Get-Mailbox", ALL, select=(*_SIGN_IN, *_BOTH, *further)).rows
    return "Get-Mailbox", [
        _picked(row, _SIGN_IN)
        | _shared(row)
        | {
            "DisabledArchiveGuid": guid_or_none(row.get("DisabledArchiveGuid")),
            "UsageLocation": row.get("UsageLocation"),
        }
        for row in found
    ]


def mail_users(context: ReadContext) -> tuple[str, list[Row]]:
    """Every MailUser that is not deleted (USR-01 to USR-22)."""
    own = ("ExternalEmailAddress", "RecoverableItemsQuota")
    found = context.tenant.exchange.invoke("Get-MailUser", ALL, select=(*_SIGN_IN, *_BOTH, *own)).rows
    return "Get-MailUser", [
        _picked(row, _SIGN_IN)
        | _shared(row)
        | {
            "ExternalEmailAddress": without_prefix(row.get("ExternalEmailAddress")),
            "RecoverableItemsQuotaBytes": size_bytes(row.get("RecoverableItemsQuota")),
        }
        for row in found
    ]


def recipients(context: ReadContext) -> tuple[str, list[Row]]:
    """Everything with an address, of every kind, so that no name is taken unseen (doc trap A11)."""
    columns = (*_NAMES, "ExternalDirectoryObjectId", "EmailAddresses", "ExchangeGuid")
    found = context.tenant.exchange.invoke("Get-Recipient", ALL, select=columns).rows
    return "Get-Recipient", [
        _picked(row, _NAMES)
        | by_kind(row.get("EmailAddresses"))
        | {
            "ObjectId": guid_or_none(row.get("ExternalDirectoryObjectId")),
            "ExchangeGuid": guid_or_none(row.get("ExchangeGuid")),
        }
        for row in found
    ]


def exchange_users(context: ReadContext) -> tuple[str, list[Row]]:
    """Names of persons, which Get-Mailbox does not tell (doc trap B14), and what an object was before (USR-27)."""
    columns = ("UserPrincipalName", "DisplayName", "FirstName", "LastName", "RecipientTypeDetails")
    further = ("PreviousRecipientTypeDetails", "ExternalDirectoryObjectId")
    found = context.tenant.exchange.invoke("Get-User", ALL, select=(*columns, *further)).rows
    return "Get-User", [
        _picked(row, columns)
        | {
            "ObjectId": guid_or_none(row.get("ExternalDirectoryObjectId")),
            "PreviousRecipientTypeDetails": _kind_or_none(row.get("PreviousRecipientTypeDetails")),
        }
        for row in found
    ]


def soft_deleted_mailboxes(context: ReadContext) -> tuple[str, list[Row]]:
    """Deleted mailboxes that can still be restored, with what they hold (USR-25)."""
    exchange = context.tenant.exchange
    found = exchange.invoke("Get-Mailbox", ALL | {"SoftDeletedMailbox": True}, select=_OF_DELETED).rows
    rows = [_deleted(row) for row in found]
    asked = [row["ExchangeGuid"] for row in rows if row["ExchangeGuid"]]
    answers = exchange.invoke_many(
        [("Get-MailboxStatistics", {"Identity": guid, "IncludeSoftDeletedRecipients": True}) for guid in asked]
    )
    held = dict(zip(asked, answers, strict=True))
    told = [row | _held(held.get(row["ExchangeGuid"])) for row in rows]
    return "Get-Mailbox -SoftDeletedMailbox with Get-MailboxStatistics", [*told]


def soft_deleted_mail_users(context: ReadContext) -> tuple[str, list[Row]]:
    """Deleted MailUsers, whose identity is not free while they can still be restored."""
    asked = ALL | {"SoftDeletedMailUser": True}
    found = context.tenant.exchange.invoke("Get-MailUser", asked, select=_OF_DELETED).rows
    return "Get-MailUser -SoftDeletedMailUser", [_deleted(row) for row in found]


_DELETED_NAMES = ("DisplayName", "UserPrincipalName", "PrimarySmtpAddress")
_OF_DELETED = (*_DELETED_NAMES, "ExternalDirectoryObjectId", "ExchangeGuid", "WhenSoftDeleted")


def _deleted(row: Row) -> dict[str, Any]:
    return _picked(row, _DELETED_NAMES) | {
        "ObjectId": guid_or_none(row.get("ExternalDirectoryObjectId")),
        "ExchangeGuid": guid_or_none(row.get("ExchangeGuid")),
        "SoftDeletedAt": row.get("WhenSoftDeleted"),
    }


def _held(answer: Any) -> dict[str, int | None]:
    """Items and bytes; None where the mailbox did not tell, which is never taken for empty."""
    if answer is None or isinstance(answer, ServiceError) or not answer.rows:
        return {"Items": None, "Bytes": None}
    row = answer.rows[0]
    return {"Items": row.get("ItemCount"), "Bytes": size_bytes(row.get("TotalItemSize"))}


def _shared(row: Row) -> dict[str, Any]:
    return {
        **by_kind(row.get("EmailAddresses")),
        "ObjectId": guid_or_none(row.get("ExternalDirectoryObjectId")),
        "ExchangeGuid": guid_or_none(row.get("ExchangeGuid")),
        "ArchiveGuid": guid_or_none(row.get("ArchiveGuid")),
        "LegacyExchangeDN": row.get("LegacyExchangeDN"),
        "DirectorySynchronised": bool(row.get("IsDirSynced")),
        "PersistedCapabilities": sorted(str(name) for name in row.get("PersistedCapabilities") or []),
        "CustomAttributes": [f"{name}={row[name]}" for name in _CUSTOM if row.get(name)],
    }


def _kind_or_none(value: Any) -> str | None:
    text = str(value or "")
    return None if text in ("", "None") else text


def _picked(row: Row, columns: tuple[str, ...]) -> dict[str, Any]:
    return {column: row.get(column) for column in columns}
