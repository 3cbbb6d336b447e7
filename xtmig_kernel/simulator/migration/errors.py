"""Names of the service's exceptions."""

from __future__ import annotations

from .model import Failure

MRS = "Microsoft.Exchange.MailboxReplicationService."
MIGRATION = "Microsoft.Exchange.Migration."
MIGRATION_PERMANENT = MIGRATION + "MigrationPermanentException"
CONNECTION_FAILED = MIGRATION + "MigrationServerConnectionFailedException"
RECIPIENT_NOT_FOUND = MIGRATION + "MigrationRecipientNotFoundException"
DUPLICATE = MIGRATION + "UserDuplicateInOtherBatchException"
MRS_REMOTE = MRS + "MRSRemotePermanentException"
OUT_OF_SCOPE = MRS + "MailboxNotInCrossTenantMigrationScopeException"
NO_LICENCE = MRS + "CrossTenantMigrationWithoutLicensePermanentException"
NOT_AUTHORIZED = "The source tenant does not authorize mailbox for migration."
LUMP = (
    "Please make sure source mailbox is in the migration scope, scope identifier is set and the mailbox can be moved. "
    + NOT_AUTHORIZED
)


def mrs(cause: str, name: str, text: str, *, sticky: bool = False) -> Failure:
    """An error of the replication service, by its short name."""
    return Failure(cause, MRS + name, text, sticky)


def connection(cause: str, server: object, text: str) -> Failure:
    """The other side could not be reached, or lets nobody in: one error for many causes (failures 2.1 #2, #3)."""
    message = f"The connection to the server '{server}' could not be completed. ---> {MRS_REMOTE}: {text}"
    return Failure(cause, CONNECTION_FAILED, message)


def permanent(cause: str, text: str) -> Failure:
    """An error for which no source names an exception of its own [INF]."""
    return Failure(cause, MIGRATION_PERMANENT, text)
