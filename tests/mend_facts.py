"""The document's own user in a batch that has failed, and what both tenants show then (ERR-01 to ERR-18)."""

from __future__ import annotations

from typing import Any

from start_facts import BATCH, LARA_ADDRESS, WAVE, batch, migration_user
from stay_facts import size as mailbox_size
from stay_facts import state as mailbox_state
from user_facts import LARA_GUID, LARA_TARGET_ID, chosen, directory_user, lara_mail_user, lara_mailbox

EXCHANGE_TYPES = "Microsoft.Exchange.MailboxReplicationService."
MIGRATION_TYPES = "Microsoft.Exchange.Migration."
ENTRY = "bbbbbbbb-0000-4000-8000-000000000001"
"""GUID of Lara's entry among the migration users."""
STARTED = {"move": {"waves": [{"name": WAVE, "start": "2026-11-09"}, {"name": "second", "start": "2026-11-09"}]}}
"""A project whose waves have begun."""
SECOND = "contoso-moves-second"


def details(error_type: str | None, **changes: Any) -> dict[str, Any]:
    """What the service says of Lara's move, as a row of `migration_details`."""
    return {
        "Identity": LARA_ADDRESS,
        "Status": "Failed",
        "ErrorType": error_type,
        "Error": "A operação falhou.",
        "PercentComplete": 0,
        "SourceItems": None,
        "SyncedItems": None,
        "BytesTransferred": None,
        "CompleteAfter": None,
    } | changes


def request(**changes: Any) -> dict[str, Any]:
    """A move of Lara's mailbox inside the source, as a row of `move_requests`."""
    return {
        "ExchangeGuid": LARA_GUID,
        "Identity": "LaraN",
        "Status": "InProgress",
        "Flags": ["IntraOrg", "Pull"],
        "BatchName": "",
    } | changes


def failed(error_type: str | None, *, user: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A world in which Lara's move has failed with this exception type, and whatever else is different."""
    row = migration_user(**{"Status": "Failed", "SyncedItems": None, "LastSyncedAt": None} | (user or {}))
    return {
        "source__chosen_users": [chosen(Wave=WAVE)],
        "target__migration_batches": [batch(Status="SyncedWithErrors", SyncedCount=0, FailedCount=1)],
        "target__migration_users": [row],
        "target__migration_details": [details(error_type)],
        "target__halted_users": [halted()],
        "target__halted_batches": [{"Identity": BATCH, "Users": [LARA_ADDRESS]}],
    } | changes


def halted(**changes: Any) -> dict[str, Any]:
    """Lara's entry as a row of `halted_users`."""
    return {"Identity": LARA_ADDRESS, "BatchId": BATCH, "Guid": ENTRY, "Status": "Failed"} | changes


def in_second(**changes: Any) -> dict[str, Any]:
    """Lara in the batch of the second wave, too, as a row of `migration_users`."""
    return migration_user(**{"BatchId": SECOND, "Status": "Synced"} | changes)


SCOPE = f"{MIGRATION_TYPES}MailboxNotInCrossTenantMigrationScopeException"
AUX_SCOPE = f"{EXCHANGE_TYPES}AuxArchiveNotFoundInTargetRecipientException"
AUX_NEW = f"{EXCHANGE_TYPES}SourceAuxArchiveIsProvisionedDuringCrossTenantMovePermanentException"
MAINTENANCE = f"{EXCHANGE_TYPES}MailboxIsNotInExpectedDBException"
DOMAIN = f"{EXCHANGE_TYPES}NotAcceptedDomainException"
DUPLICATE = f"{MIGRATION_TYPES}UserDuplicateInOtherBatchException"
GUID = f"{MIGRATION_TYPES}MissingExchangeGuidException"
MOVING = f"{EXCHANGE_TYPES}SourceMailboxAlreadyBeingMovedPermanentException"
DEMOTED = f"{EXCHANGE_TYPES}UserAlreadyHasDemotedArchiveException"
LICENCE = f"{EXCHANGE_TYPES}CrossTenantMigrationWithoutLicensePermanentException"
PRIMARY = f"{EXCHANGE_TYPES}TargetUserAlreadyHasPrimaryMailboxException"
NOT_FOUND = f"{MIGRATION_TYPES}MigrationRecipientNotFoundException"
LUMP = f"{EXCHANGE_TYPES}MRSRemotePermanentException"
CONTOSO_PROXY = "LaraN@contoso.onmicrosoft.com"
ARCHIVE = "88888888-8888-4888-8888-888888888888"
DISABLED = {"source__mailboxes": [lara_mailbox(DisabledArchiveGuid=ARCHIVE)]}
TWO = {
    "target__migration_batches": [batch(Status="SyncedWithErrors"), batch(Identity=SECOND)],
}
WITHOUT_ADD_ON: dict[str, Any] = {
    "target__mail_users": [lara_mail_user(PersistedCapabilities=[])],
    "target__directory_users": [directory_user("target", SkuIds=[])],
}
WITH_PROXY = {
    "target__mail_users": [
        lara_mail_user(SmtpAddresses=[CONTOSO_PROXY, *lara_mail_user()["SmtpAddresses"]]),
    ]
}
FULL = {"source__mailbox_sizes": [mailbox_size(Bytes=110_000_000_000)]}
TARGET_MAILBOX = lara_mailbox(
    ObjectId=LARA_TARGET_ID,
    UserPrincipalName="LaraN@northwindtraders.onmicrosoft.com",
    PrimarySmtpAddress="Lara.Newton@northwindtraders.com",
    SmtpAddresses=["Lara.Newton@northwindtraders.com"],
    ExchangeGuid="99999999-9999-4999-8999-999999999999",
)


def state(**changes: Any) -> dict[str, Any]:
    """A world in which Lara's source mailbox is in another state."""
    return {"source__mailbox_states": [mailbox_state(**changes)]}


def target(**changes: Any) -> dict[str, Any]:
    """A world in which Lara's MailUser is different."""
    return {"target__mail_users": [lara_mail_user(**changes)]}


def mend_tables() -> dict[str, list[dict[str, Any]]]:
    """The tables that section 170 looks at beside others, when nobody has failed; rows by fact."""
    return {
        "target.halted_users": [],
        "target.halted_batches": [],
    }
