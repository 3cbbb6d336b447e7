"""Worlds of section 090: what stands beside Lara in the target, and who else is listed; alterations for `world`."""

from __future__ import annotations

from typing import Any

from user_facts import chosen, lara_mail_user, lara_mailbox, recipient

STRANGER = "77777777-4444-4444-8444-777777777777"
OTHER_GUID = "77777777-5555-4555-8555-777777777777"
NOBODY_THERE: dict[str, Any] = {"target__mail_users": [], "target__recipients": [], "target__exchange_users": []}


def stranger(kind: str = "MailContact", **changes: Any) -> dict[str, Any]:
    """A recipient of the target that has nothing to do with Lara until a case says what it shares with her."""
    return (
        recipient(lara_mail_user())
        | {
            "ObjectId": STRANGER,
            "Name": "somebody",
            "Alias": "somebody",
            "DisplayName": "Some Body",
            "RecipientTypeDetails": kind,
            "PrimarySmtpAddress": "somebody@elsewhere.example",
            "SmtpAddresses": ["somebody@elsewhere.example"],
            "X500Addresses": [],
            "ExchangeGuid": None,
        }
        | changes
    )


def beside(**changes: Any) -> dict[str, Any]:
    """The world where that stranger stands beside Lara's MailUser."""
    return {"target__recipients": [recipient(lara_mail_user()), stranger(**changes)]}


def alone(kind: str, **changes: Any) -> dict[str, Any]:
    """The world where nothing but an object of another kind has Lara's address."""
    address = "Lara.Newton@northwindtraders.com"
    row = stranger(kind, PrimarySmtpAddress=address, SmtpAddresses=[address], **changes)
    return NOBODY_THERE | {"target__recipients": [row]}


def mail_user(**changes: Any) -> dict[str, Any]:
    """The world where Lara's MailUser is different."""
    row = lara_mail_user(**changes)
    return {"target__mail_users": [row], "target__recipients": [recipient(row)]}


def two_lines(**changes: Any) -> dict[str, Any]:
    """The world where a second mailbox, Ben's, is listed."""
    ben = lara_mailbox(
        ObjectId=STRANGER,
        Name="BenK",
        Alias="BenK",
        DisplayName="Ben King",
        PrimarySmtpAddress="Ben.King@contoso.com",
        SmtpAddresses=["BenK@contoso.onmicrosoft.com", "Ben.King@contoso.com"],
        ExchangeGuid=OTHER_GUID,
    )
    line = {
        "SourceAddress": "Ben.King@contoso.com",
        "TargetAddress": "Ben.King@northwindtraders.com",
        "TargetSignIn": "BenK@northwindtraders.onmicrosoft.com",
        "TargetAlias": "BenK",
        "Line": 3,
    }
    return {
        "source__mailboxes": [lara_mailbox(), ben],
        "source__chosen_users": [chosen(), chosen(**line | changes)],
    }


def proposed(*addresses: str) -> list[dict[str, Any]]:
    """Rows of `proposed_users`."""
    empty = dict.fromkeys(("TargetAddress", "TargetSignIn", "TargetAlias"), "")
    return [chosen(SourceAddress=address, Line=0, **empty) for address in addresses]


def made_new(**changes: Any) -> dict[str, Any]:
    """Lara is to be made, and a stranger stands beside."""
    return NOBODY_THERE | {"target__recipients": [stranger(**changes)]}
