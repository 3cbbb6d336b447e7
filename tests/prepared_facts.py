"""Worlds of section 100 that are not right yet: what rules and plans of preparing users are tried in."""

from __future__ import annotations

from typing import Any

from user_facts import LARA_TARGET_ID, chosen, directory_user, lara_mail_user, lara_mailbox

OTHER_GUID = "99999999-9999-4999-8999-999999999999"
ARCHIVE = "88888888-8888-4888-8888-888888888888"
X400 = "X400:c=IE;a= ;p=Contoso;o=Exchange;s=Newton;g=Lara;"
INITIAL, OWN = "LaraN@northwindtraders.onmicrosoft.com", "Lara.Newton@northwindtraders.com"
EXTERNAL, VANITY = "LaraN@contoso.onmicrosoft.com", "Lara.Newton@contoso.com"
FABRIKAM = "lara@fabrikam.example"
LARA_PERSON: dict[str, Any] = {
    "ObjectId": LARA_TARGET_ID,
    "UserPrincipalName": INITIAL,
    "DisplayName": "Lara Newton",
    "FirstName": "Lara",
    "LastName": "Newton",
    "RecipientTypeDetails": "MailUser",
    "PreviousRecipientTypeDetails": None,
}
WAS_MAILBOX = LARA_PERSON | {"PreviousRecipientTypeDetails": "UserMailbox"}
FULL = {"PreviousMailboxExport": "\\\\files\\pst\\lara.pst", "PreviousMailboxAgreedBy": "Lara Newton"}
NOBODY: dict[str, Any] = {"target__mail_users": [], "target__recipients": [], "target__exchange_users": []}
ON_PREMISES = {"target_users": {"made": "on-premises"}}
SYNCHRONISED = {"DirectorySynchronised": True}
BEFORE_MOVE = {"licences": {"exchange": "before move", "exchange_sku": "SPE_E3"}}


def lara(**changes: Any) -> dict[str, Any]:
    """A world in which the MailUser is different."""
    return {"target__mail_users": [lara_mail_user(**changes)]}


def source(**changes: Any) -> dict[str, Any]:
    """A world in which the source mailbox is different."""
    return {"source__mailboxes": [lara_mailbox(**changes)]}


def deleted(**changes: Any) -> dict[str, Any]:
    """A deleted mailbox that was Lara's in the target, as a row of `soft_deleted_mailboxes`."""
    return {
        "ObjectId": LARA_TARGET_ID,
        "ExchangeGuid": OTHER_GUID,
        "DisplayName": "Lara Newton",
        "UserPrincipalName": INITIAL,
        "PrimarySmtpAddress": OWN,
        "SoftDeletedAt": "2026-11-20T08:00:00Z",
        "Items": 412,
        "Bytes": 73_400_320,
    } | changes


def previous(*, row: dict[str, Any] | None = None, **line: Any) -> dict[str, Any]:
    """A world in which Lara's MailUser was a mailbox before, and users.csv says this about it."""
    return {
        "target__exchange_users": [WAS_MAILBOX],
        "target__soft_deleted_mailboxes": [row or deleted()],
        "source__chosen_users": [chosen(**line)],
    }


def target_mailbox(**changes: Any) -> dict[str, Any]:
    """A mailbox of the target that answers to Lara's new names, as a row of `mailboxes`."""
    own = {"ObjectId": LARA_TARGET_ID, "UserPrincipalName": INITIAL, "ExchangeGuid": OTHER_GUID}
    return lara_mailbox(**own | {"PrimarySmtpAddress": OWN, "SmtpAddresses": [INITIAL, OWN]} | changes)


UNLICENSED = {**lara(PersistedCapabilities=[]), "target__directory_users": [directory_user("target", SkuIds=[])]}
UNLICENSED_AND_UNSTAMPED = UNLICENSED | lara(PersistedCapabilities=[], ExchangeGuid=None, X500Addresses=[])
