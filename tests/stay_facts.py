"""What keeps a mailbox back, how large it is and who has rights on it, in the source of the document's own pair.

Lara's mailbox holds 4.7 GB, has no archive and is under no hold; quotas are those of the wire facts (shapes 3.4). Jo is
a second user, whom tests put beside her.
"""

from __future__ import annotations

from typing import Any

from user_facts import LARA_GUID, LARA_ID, chosen, lara_mailbox

GB = 1_073_741_824
LARA, JO = "Lara.Newton@contoso.com", "jo@contoso.com"
JO_ID = "77777777-8888-4888-8888-777777777777"
JO_GUID = "77777777-9999-4999-8999-777777777777"
SELF = "NT AUTHORITY\\SELF"


def state(**changes: Any) -> dict[str, Any]:
    """Lara's row of `mailbox_states`."""
    return {
        "ObjectId": LARA_ID,
        "ExchangeGuid": LARA_GUID,
        "PrimarySmtpAddress": LARA,
        "RecipientTypeDetails": "UserMailbox",
        "LitigationHoldEnabled": False,
        "ComplianceTagHoldApplied": False,
        "DelayHoldApplied": False,
        "DelayReleaseHoldApplied": False,
        "InPlaceHolds": [],
        "AuxiliaryArchives": 0,
        "AutoExpandingArchiveEnabled": False,
        "ArchiveStatus": "None",
        "ArchiveGuid": None,
        "DisabledArchiveGuid": None,
        "QuotaBytes": 100 * GB,
        "ArchiveQuotaBytes": 100 * GB,
        "RetentionPolicy": "Default MRM Policy",
        "ElcProcessingDisabled": False,
        "DataEncryptionPolicy": None,
        "MailboxMoveStatus": "None",
        "MailboxMoveRemoteHostName": "",
        "SendOnBehalf": [],
    } | changes


def size(**changes: Any) -> dict[str, Any]:
    """Lara's row of `mailbox_sizes`, of the mailbox itself."""
    return {
        "ExchangeGuid": LARA_GUID,
        "PrimarySmtpAddress": LARA,
        "Archive": False,
        "Items": 38_213,
        "Bytes": 5_046_586_572,
        "DeletedItems": 120,
        "DeletedBytes": 4_194_304,
    } | changes


def permission(**changes: Any) -> dict[str, Any]:
    """A row of `mailbox_permissions`: what every mailbox has, its owner's right on it (PRM-05)."""
    return {
        "ExchangeGuid": LARA_GUID,
        "Mailbox": LARA,
        "Place": "mailbox",
        "Trustee": SELF,
        "TrusteeKind": "Self",
        "Right": "FullAccess",
        "Deny": False,
        "Inherited": False,
    } | changes


def jos(right: str = "FullAccess", **changes: Any) -> dict[str, Any]:
    """A right of Jo on Lara's mailbox."""
    place = "recipient" if right in ("SendAs", "SendOnBehalf") else "mailbox"
    return permission(Trustee=JO, TrusteeKind="UserMailbox", Right=right, Place=place) | changes


def jo_mailbox(**changes: Any) -> dict[str, Any]:
    """Jo as a row of `mailboxes`."""
    return (
        lara_mailbox(
            ObjectId=JO_ID,
            Name="Jo",
            Alias="jo",
            DisplayName="Jo",
            UserPrincipalName="jo@contoso.onmicrosoft.com",
            PrimarySmtpAddress=JO,
            SmtpAddresses=["jo@contoso.onmicrosoft.com", JO],
            ExchangeGuid=JO_GUID,
        )
        | changes
    )


def lara_and_jo(*rights: dict[str, Any], lara: str = "", jo: str = "", **changes: Any) -> dict[str, Any]:
    """A world in which Jo moves too, in these waves, and has these rights on Lara's mailbox."""
    behalf = [row["Trustee"] for row in rights if row["Right"] == "SendOnBehalf"]
    other = {"ExchangeGuid": JO_GUID, "PrimarySmtpAddress": JO}
    return {
        "source__chosen_users": [
            chosen(Wave=lara),
            chosen(SourceAddress=JO, TargetAddress="", TargetSignIn="", TargetAlias="", Wave=jo, Line=3),
        ],
        "source__mailboxes": [lara_mailbox(), jo_mailbox()],
        "source__mailbox_states": [state(SendOnBehalf=behalf), state(ObjectId=JO_ID, **other)],
        "source__mailbox_sizes": [size(), size(**other)],
        "source__mailbox_permissions": [permission(), *rights, permission(ExchangeGuid=JO_GUID, Mailbox=JO)],
    } | changes


def stay_tables() -> dict[str, list[dict[str, Any]]]:
    """The tables of section 120, rows by fact, when nothing stands in the way of any move."""
    return {
        "source.mailbox_states": [state()],
        "source.organization_holds": [],
        "source.retention_policies": [],
        "source.case_holds": [],
        "source.hold_decisions": [],
        "source.mailbox_sizes": [size()],
        "source.mailbox_permissions": [permission()],
        "source.staying_users": [],
    }
