"""Users of migration batches (cmdlet reference [SRC]; shapes 3.12 [OBS])."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator.identifiers import ZERO_GUID
from xtmig_kernel.simulator.migration.model import FAILED, MOVED, STOPPED, Batch, Mover
from xtmig_kernel.simulator.sizes import bytes_text

from .context import Context, Result
from .errors import NOT_FOUND, ExchangeRefused
from .lookup import Rows, refuse_unserved
from .migration_batches import service, stages
from .times import moment

if TYPE_CHECKING:
    from .binding import Bound

SERVED_SET = frozenset({
    "Identity", "ApproveSkippedItems", "CompleteAfter", "StartAfter", "SyncNow", "Partition",
})  # fmt: skip
RECIPIENT_TYPES = "MailboxUser"


def summary(status: str) -> str:
    """StatusSummary of a user."""
    for word, statuses in (("Completed", MOVED), ("Failed", FAILED), ("Stopped", STOPPED)):
        if status in statuses:
            return word
    return "Synced" if status in {"Synced", "IncrementalSyncing", "IncrementalSynced"} else "Active"


def row(context: Context, mover: Mover) -> dict[str, Any]:
    """A migration user as Get-MigrationUser shows it: named by its address in the target."""
    progress = mover.progress
    skipped = progress.skipped_number
    copied = int(progress.share(context.now) * (progress.items + progress.archive_items)) if progress.began else 0
    unapproved = progress.score == "Investigate" and not mover.approved
    return {
        "Identity": mover.identity,
        "Guid": UUID(mover.guid),
        "Identifier": mover.identity,
        "BatchId": mover.batch,
        "MailboxIdentifier": mover.identity,
        "MailboxEmailAddress": mover.identity,
        "MailboxGuid": UUID(mover.mailbox_guid or ZERO_GUID),
        "RequestGuid": UUID(mover.request_guid or ZERO_GUID),
        "RemoteIdentifier": None,
        "RecipientType": "MailboxUser" if mover.status in MOVED else "MailUser",
        "MigrationType": "ExchangeRemoteMove",
        "Status": mover.status,
        "StatusSummary": summary(mover.status),
        "State": summary(mover.status),
        "Flags": "None",
        "WorkflowStep": mover.status,
        "WorkflowStage": "Injection" if mover.request_guid is None else "Processing",
        "TriggeredAction": "None",
        "EstimatedTotalCount": progress.items,
        "EstimatedTotalSize": bytes_text(progress.size),
        "EstimatedArchiveCount": progress.archive_items,
        "EstimatedArchiveSize": bytes_text(progress.archive_size),
        "SyncedItemCount": max(0, copied - skipped),
        "SkippedItemCount": skipped,
        "TransferredItemCount": max(0, copied - skipped),
        "SyncedFolderCount": progress.folders if progress.seeded else 0,
        "DataConsistencyScore": progress.score if progress.seeded else "None",
        "HasUnapprovedSkippedItems": bool(progress.lost_number) and unapproved,
        "ErrorSummary": mover.failure.summary if mover.failure else "",
        "LastSuccessfulSyncTime": progress.synced,
        "LastSubscriptionCheckTime": mover.since,
        "Diagnostics": "",
        "DiagnosticInfo": "",
    }


def get(context: Context, bound: Bound) -> Result:
    """Get-MigrationUser; a null or unknown Identity gives every user, as the reference warns (planning 0.4 [SRC]).

    IncludeAssociatedUsers is taken and shows nobody more: in moves between tenants nobody is associated [INF].
    """
    wanted = str(bound.get("Identity") or bound.get("EmailAddress") or "").lower()
    found = [mover for _, mover in everybody(context, wanted)] if wanted else []
    chosen = found or list(service(context).movers())
    if bound.get("EmailAddress") and not found:
        chosen = []
    for parameter, value_of in (
        ("BatchId", lambda mover: mover.batch),
        ("Status", lambda mover: mover.status),
        ("StatusSummary", lambda mover: summary(mover.status)),
        ("MailboxGuid", lambda mover: mover.mailbox_guid),
    ):
        value = bound.get(parameter)
        if value:
            chosen = [mover for mover in chosen if str(value_of(mover)).lower() == str(value).strip("{}").lower()]
    return Result(Rows(chosen, partial(row, context)))


def everybody(context: Context, wanted: str) -> list[tuple[Batch, Mover]]:
    """All entries that an identity means: an address in lower case, which may be in several batches, or a guid."""
    batches = service(context).batches.values()
    found = [(batch, batch.movers[wanted]) for batch in batches if wanted in batch.movers]
    return found or [(b, m) for b in batches for m in b.movers.values() if wanted == m.guid]


def named(context: Context, bound: Bound) -> tuple[Batch, Mover]:
    """The one entry that a change concerns; of several for one address, the one whose guid is given, else the last.

    Raises:
        ExchangeRefused: 404: there is none; a missing or null name means none (ours).
    """
    wanted = str(bound.get("Identity") or "").lower()
    found = everybody(context, wanted) if wanted else []
    if not found:
        raise ExchangeRefused(NOT_FOUND, f'The migration user "{wanted}" can\'t be found.', 404)
    return found[-1]


def set_(context: Context, bound: Bound) -> Result:
    """Set-MigrationUser: a time of completion that counts before the batch's, approval of skipped items, SyncNow."""
    refuse_unserved(bound, SERVED_SET)
    batch, mover = named(context, bound)
    batch.touched = context.now
    if "StartAfter" in bound.values:
        mover.start_after = moment(bound, "StartAfter")
    if "CompleteAfter" in bound.values:
        mover.complete_after, mover.own_time = moment(bound, "CompleteAfter"), True
    mover.approved = mover.approved or bool(bound.get("ApproveSkippedItems"))
    stages(context).reconsider(batch, mover, context.now)
    if bound.get("SyncNow"):
        stages(context).sync_now(batch, mover, context.now)
    return Result()


def start(context: Context, bound: Bound) -> Result:
    """Start-MigrationUser: let one stopped, failed or waiting user go on."""
    batch, mover = named(context, bound)
    batch.touched = context.now
    batch.started, batch.stopped = batch.started or context.now, False
    stages(context).resume(batch, mover, context.now)
    return Result()


def stop(context: Context, bound: Bound) -> Result:
    """Stop-MigrationUser: halt one user."""
    batch, mover = named(context, bound)
    batch.touched = context.now
    stages(context).stop(batch, mover, context.now)
    return Result()


def remove(context: Context, bound: Bound) -> Result:
    """Remove-MigrationUser: it has gone some seconds later; neither mailbox is touched."""
    batch, mover = named(context, bound)
    batch.touched = context.now
    stages(context).remove(batch, mover, context.now)
    return Result()
