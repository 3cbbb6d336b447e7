"""Users of migration batches (cmdlet reference [SRC]; shapes 3.12 [OBS])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator.identifiers import ZERO_GUID

from .context import Context, Result

if TYPE_CHECKING:
    from xtmig_kernel.simulator.recipients_file import MigrationUser

    from .binding import Bound

SUMMARIES = {"Synced": "Synced", "Completed": "Completed", "Stopped": "Stopped", "Failed": "Failed"}


def row(user: MigrationUser) -> dict[str, Any]:
    """A migration user as Get-MigrationUser shows it: named by its address in the target."""
    return {
        "Identity": user.identity,
        "BatchId": user.batch,
        "MailboxEmailAddress": user.identity,
        "MailboxGuid": UUID(user.mailbox_guid or ZERO_GUID),
        "MigrationType": "ExchangeRemoteMove",
        "Status": user.status,
        "StatusSummary": SUMMARIES.get(user.status, "Active"),
        "ErrorSummary": user.error_summary,
    }


def get(context: Context, bound: Bound) -> Result:
    """Get-MigrationUser; a null or unknown Identity gives every user, as the reference warns (planning 0.4 [SRC])."""
    users = context.tenant.file.migration_users
    wanted = str(bound.get("Identity") or "").lower()
    named = [user for user in users if user.identity.lower() == wanted]
    chosen = named or users
    for parameter, attribute in (("BatchId", "batch"), ("Status", "status"), ("MailboxGuid", "mailbox_guid")):
        value = bound.get(parameter)
        if value:
            chosen = [user for user in chosen if str(getattr(user, attribute)).lower() == str(value).lower()]
    return Result([row(user) for user in chosen])
