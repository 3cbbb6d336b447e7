"""Worlds after the move: Lara Newton of the article has moved, and a delegate of hers, TestUser_8 of the article.

What the move makes of both objects is taken from the article: the source becomes a MailUser whose ExternalEmailAddress
is the target's proxy in the delivery domain (GEN-02, GEN-03, MFL-01); the mailbox keeps its ExchangeGuid.
"""

from __future__ import annotations

from typing import Any

from setting_facts import access, mailbox_setting, was_set
from start_facts import WAVE, migration_user
from user_facts import (
    EXCHANGE_SKU,
    LARA_GUID,
    LARA_ID,
    LARA_TARGET_ID,
    chosen,
    directory_user,
    lara_mail_user,
    lara_mailbox,
)

FORWARD, NEW = "LaraN@northwindtraders.onmicrosoft.com", "Lara.Newton@northwindtraders.com"
OLD = "Lara.Newton@contoso.com"
T8_GUID = "4e3188c6-39f6-4387-adc7-b355b6b852c8"
T8_ID, T8_TARGET_ID = "77777777-8888-4111-8111-777777777777", "77777777-8888-4222-8222-777777777777"
T8_OLD, T8_NEW = "TestUser_8@contoso.onmicrosoft.com", "TestUser_8@northwindtraders.onmicrosoft.com"
FOUNDATION, ENTERPRISE, TEAMS = (
    "113feb6c-3fe4-4440-bddc-54d774bf0318",
    "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "57ff2da0-773e-42df-b2af-ffb7a2317929",
)


def entry(**changes: Any) -> dict[str, Any]:
    """Lara as a row of `migration_users`, completed."""
    return migration_user(**{"Status": "Completed", "LastSyncedAt": "2026-11-22T20:00:00Z"} | changes)


def left(**changes: Any) -> dict[str, Any]:
    """The MailUser that is left of Lara's mailbox in the source."""
    own = lara_mail_user(
        ObjectId=LARA_ID,
        UserPrincipalName="LaraN@contoso.onmicrosoft.com",
        PrimarySmtpAddress=OLD,
        ExternalEmailAddress=FORWARD,
        SmtpAddresses=["LaraN@contoso.onmicrosoft.com", OLD],
        PersistedCapabilities=[],
    )
    return own | changes


def arrived(**changes: Any) -> dict[str, Any]:
    """Lara's mailbox in the target."""
    own = lara_mailbox(
        ObjectId=LARA_TARGET_ID,
        UserPrincipalName=FORWARD,
        PrimarySmtpAddress=NEW,
        SmtpAddresses=[FORWARD, NEW],
    )
    return own | changes


def delegate_left(**changes: Any) -> dict[str, Any]:
    """The MailUser that is left of the delegate's mailbox."""
    own = {"ObjectId": T8_ID, "UserPrincipalName": T8_OLD, "PrimarySmtpAddress": T8_OLD, "SmtpAddresses": [T8_OLD]}
    return left(**own, ExternalEmailAddress=T8_NEW, ExchangeGuid=T8_GUID, DisplayName="Test User 8") | changes


def delegate_arrived(**changes: Any) -> dict[str, Any]:
    """The delegate's mailbox in the target."""
    own = {"ObjectId": T8_TARGET_ID, "UserPrincipalName": T8_NEW, "PrimarySmtpAddress": T8_NEW}
    return arrived(**own, SmtpAddresses=[T8_NEW], ExchangeGuid=T8_GUID, DisplayName="Test User 8") | changes


def folder(path: str = "/Inbox", items: int = 100, **changes: Any) -> dict[str, Any]:
    """A row of `folder_counts`."""
    return {
        "ExchangeGuid": LARA_GUID,
        "Mailbox": OLD,
        "Archive": False,
        "Folder": path,
        "Scope": "visible",
        "Items": items,
        "Bytes": items * 1024,
    } | changes


def before(path: str = "/Inbox", items: int = 100, **changes: Any) -> dict[str, Any]:
    """A row of `baseline_folders`."""
    return {"Wave": WAVE, "TakenAt": "2026-11-22T19:00:00Z", **folder(path, items, **changes)}


def skipped(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row of `skipped_items`."""
    return {
        "Identity": NEW,
        "Kind": "CorruptItem",
        "Folder": "Inbox",
        "Bytes": 2048,
        "ReceivedAt": None,
        "Scores": ["CorruptItem"],
        "Number": number,
    } | changes


def right(what: str = "FullAccess", place: str = "mailbox", **changes: Any) -> dict[str, Any]:
    """A right of the delegate on Lara's mailbox in the target, as a row of `mailbox_permissions`."""
    return {
        "ExchangeGuid": LARA_GUID,
        "Mailbox": NEW,
        "Place": place,
        "Trustee": T8_NEW,
        "TrusteeKind": "UserMailbox",
        "Right": what,
        "Deny": False,
        "Inherited": False,
    } | changes


def had(what: str = "FullAccess", place: str = "mailbox", **changes: Any) -> dict[str, Any]:
    """The same right in the source before the cutover, as a row of `baseline_permissions`."""
    own = {"Wave": WAVE, "TakenAt": "2026-11-22T19:00:00Z"}
    return own | right(what, place, Mailbox=OLD, Trustee=T8_OLD) | changes


OWN = right("FullAccess", Trustee="NT AUTHORITY\\SELF", TrusteeKind="Self")
"""The owner's own right, which every mailbox shows."""


def plan(name: str = "EXCHANGE_S_ENTERPRISE", **changes: Any) -> dict[str, Any]:
    """A row of `licence_plans` of Lara's object in the source."""
    return {
        "UserId": LARA_ID,
        "UserPrincipalName": "LaraN@contoso.onmicrosoft.com",
        "SkuId": EXCHANGE_SKU,
        "SkuPartNumber": "SPE_E3",
        "PlanId": ENTERPRISE,
        "PlanName": name,
        "AppliesTo": "User",
        "Status": "Success",
    } | changes


def history(**changes: Any) -> dict[str, Any]:
    """A row of `move_histories`."""
    return {
        "ExchangeGuid": LARA_GUID,
        "Mailbox": NEW,
        "Status": "Completed",
        "CompletedAt": "2026-11-22T20:00:00Z",
        "SourceItems": 140,
        "TargetItems": 139,
    } | changes


def report(**changes: Any) -> dict[str, Any]:
    """A row of `on_premises_reports`: what the script read of Lara's object."""
    return {
        "SourceAddress": OLD,
        "UserPrincipalName": "LaraN@northwindtraders.onmicrosoft.com",
        "TargetAddress": f"SMTP:{FORWARD}",
        "RemoteRecipientType": None,
        "RemoteMailbox": False,
        "ReadAt": "2026-11-22T21:00:00Z",
    } | changes


LICENSED = {"target__directory_users": [directory_user("target", SkuIds=[EXCHANGE_SKU])]}
MOVED: dict[str, Any] = {
    "source__chosen_users": [chosen(Wave=WAVE)],
    "source__mailboxes": [],
    "source__mail_users": [left()],
    "target__mailboxes": [arrived()],
    "target__mail_users": [],
    "target__migration_users": [entry()],
    "source__baseline_folders": [before(), before("/Sent Items", 40)],
    "target__folder_counts": [folder(items=101), folder("/Sent Items", 40)],
    "target__skipped_items": [],
    "target__move_histories": [history()],
    "target__licence_plans": [plan(UserId=LARA_TARGET_ID)],
    "source__licence_plans": [plan()],
    "target__mailbox_permissions": [OWN],
    "source__baseline_settings": [was_set()],
    "target__mailbox_settings": [mailbox_setting(PrimarySmtpAddress=NEW)],
    "target__client_access": [access(PrimarySmtpAddress=NEW)],
    **LICENSED,
}
BOTH: dict[str, Any] = MOVED | {
    "source__chosen_users": [
        chosen(Wave=WAVE),
        chosen(SourceAddress=T8_OLD, TargetAddress=T8_NEW, TargetSignIn=T8_NEW, TargetAlias="T8", Wave=WAVE, Line=3),
    ],
    "source__mail_users": [left(), delegate_left()],
    "target__mailboxes": [arrived(), delegate_arrived()],
    "target__migration_users": [entry(), entry(Identity=T8_NEW, MailboxGuid=T8_GUID)],
}
STAYS: dict[str, Any] = MOVED | {"source__baseline_permissions": [had()], "target__mailbox_permissions": [OWN]}
"""The delegate is not in `users.csv`."""


def after_tables() -> dict[str, list[dict[str, Any]]]:
    """The tables of sections 190 and 200 before anybody has moved, rows by fact."""
    nothing_yet = (
        "source.baseline_folders", "source.baseline_permissions", "source.licence_plans", "source.on_premises_reports",
        "target.folder_counts", "target.licence_plans", "target.mailbox_permissions", "target.move_histories",
        "target.on_premises_reports", "target.skipped_items",
    )  # fmt: skip
    return {fact: [] for fact in nothing_yet}
