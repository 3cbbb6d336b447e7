"""The document's own pair on the day of the cutover: Lara is synced in the pilot's batch, and her baseline is taken.

The world of `core_facts` has no wave; `at_gate()` is what it takes to bring one before the gate at the tests' moment.
"""

from __future__ import annotations

from typing import Any

from setting_facts import was_set
from start_facts import IN_WAVE, batch, migration_user
from stay_facts import permission
from user_facts import LARA_GUID, lara_mail_user, lara_mailbox, recipient

LARA = "Lara.Newton@contoso.com"
TAKEN_AT = "2026-11-23T09:10:00Z"


def waves(cutover: str | None = "2026-11-23T09:00:00Z", **changes: Any) -> dict[str, Any]:
    """The project's pilot wave; the tests' moment is half an hour after this cutover."""
    return {"move": {"waves": [{"name": "pilot", "cutover": cutover} | changes]}}


DUE = waves()
TOMORROW = waves("2026-11-24T09:00:00Z")
FAR = waves("2026-12-01T09:00:00Z")
MISSED = waves("2026-11-22T09:00:00Z")


def folder_count(**changes: Any) -> dict[str, Any]:
    """A row of `folder_counts`: Lara's inbox in the source."""
    return {
        "ExchangeGuid": LARA_GUID,
        "Mailbox": LARA,
        "Archive": False,
        "Folder": "/Inbox",
        "Scope": "visible",
        "Items": 38_213,
        "Bytes": 5_046_586_572,
    } | changes


def of_baseline(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A row as the pilot's baseline holds it."""
    return {"Wave": "pilot", "TakenAt": TAKEN_AT} | row | changes


def at_gate(**changes: Any) -> dict[str, Any]:
    """What is altered in the configured world once the pilot is synced and its baseline is taken."""
    return {
        "source__chosen_users": [IN_WAVE],
        "target__migration_batches": [batch()],
        "target__migration_users": [migration_user()],
        "source__folder_counts": [folder_count()],
        "source__baseline_folders": [of_baseline(folder_count())],
        "source__baseline_permissions": [of_baseline(permission())],
        "source__baseline_settings": [was_set()],
    } | changes


def lara_at_gate(**changes: Any) -> dict[str, Any]:
    """The same with other values in Lara's row of `migration_users`."""
    return at_gate(target__migration_users=[migration_user(**changes)])


def asked(**changes: Any) -> dict[str, Any]:
    """The same once the completion was asked for, with other values in Lara's row of `migration_users`."""
    moment = "2026-11-23T09:20:00Z"
    return at_gate(
        target__migration_batches=[batch(CompletionAsked=True, CompleteAfter=moment, Status="Completing")],
        target__migration_users=[migration_user(Status="Completing") | changes],
    )


def moved() -> dict[str, Any]:
    """The same once Lara has moved: a MailUser in the source, the mailbox with her ExchangeGuid in the target."""
    left = lara_mail_user() | {
        "ObjectId": lara_mailbox()["ObjectId"],
        "PrimarySmtpAddress": LARA,
        "SmtpAddresses": [LARA],
        "ExternalEmailAddress": "LaraN@northwindtraders.onmicrosoft.com",
    }
    there = recipient(lara_mail_user()) | {"RecipientTypeDetails": "UserMailbox"}
    return asked(Status="Completed") | {
        "source__mailboxes": [],
        "source__mail_users": [left],
        "target__mail_users": [],
        "target__recipients": [there],
        "source__folder_counts": [],
    }


def cut_tables() -> dict[str, list[dict[str, Any]]]:
    """The tables of sections 150 and 160 before any cutover, rows by fact."""
    return {
        "source.folder_counts": [],
        "target.folder_counts": [],
        "source.baseline_folders": [],
        "source.baseline_permissions": [],
    }
