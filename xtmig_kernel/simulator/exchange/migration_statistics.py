"""Get-MigrationUserStatistics: one user in detail (cmdlet reference [SRC]; shapes 3.12)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.sizes import bytes_text, in_bytes

from .context import Context, Result
from .migration_batches import service
from .migration_users import everybody, named, row
from .times import END_OF_TIME, span

if TYPE_CHECKING:
    from xtmig_kernel.simulator.migration.model import Batch, Mover

    from .binding import Bound

MOST_SKIPPED = 500


def get(context: Context, bound: Bound) -> Result:
    """Get-MigrationUserStatistics, of everybody where Identity is null (cmdlet reference [SRC])."""
    if bound.get("Identity") is None:
        service_ = service(context)
        pairs = [(service_.batches[m.batch.lower()], m) for m in service_.movers()]
    else:
        pairs = everybody(context, str(bound.get("Identity")).lower()) or [named(context, bound)]
    return Result([_row(context, bound, batch, mover) for batch, mover in pairs])


def _row(context: Context, bound: Bound, batch: Batch, mover: Mover) -> dict[str, Any]:
    progress, failure = mover.progress, mover.failure
    whole = progress.size + progress.archive_size
    shown = row(context, mover) | {
        "Error": f"{failure.kind}: {failure.text}" if failure and failure.kind else failure.text if failure else "",
        "ErrorType": failure.short_kind if failure else "",
        "TotalItemsInSourceMailboxCount": progress.items + progress.archive_items,
        "PercentageComplete": progress.percent(context.now),
        "BytesTransferred": bytes_text(int(whole * progress.share(context.now)) if progress.began else 0),
        "CompleteAfter": batch.completes(mover) or END_OF_TIME,
        "DataConsistencyScoringFactors": sorted({item.kind for item in progress.skipped}),
        "SkippedItems": _skipped(bound, mover) if bound.get("IncludeSkippedItems") else [],
        "Report": _report(mover) if bound.get("IncludeReport") else None,
    }
    return shown | _durations(context, mover)


def _durations(context: Context, mover: Mover) -> dict[str, Any]:
    progress, nothing = mover.progress, timedelta()
    queued = progress.began - mover.submitted if progress.began and mover.submitted else nothing
    running = (progress.seeded or context.now) - progress.began if progress.began else nothing
    rested = (progress.completed or context.now) - progress.seeded if progress.seeded else nothing
    return {
        "TotalQueuedDuration": span(queued),
        "TotalInProgressDuration": span(running),
        "TotalSyncedDuration": span(rested),
        "TotalStalledDuration": span(nothing),
    }


def _skipped(bound: Bound, mover: Mover) -> list[dict[str, Any]]:
    limit = int(bound.get("LimitSkippedItemsTo") or MOST_SKIPPED)
    found = [
        {
            "Kind": item.kind,
            "FolderName": item.folder,
            "Subject": item.subject,
            "Sender": item.sender,
            "DateReceived": item.received,
            "DateSent": item.received,
            "MessageSize": in_bytes(item.size),
            "Failure": f"{item.kind} was skipped.",
            "ScoringClassifications": [item.kind],
        }
        for item in mover.progress.skipped
        for _ in range(item.number)
    ]
    return found[:limit]


def _report(mover: Mover) -> dict[str, Any]:
    return {
        "Entries": [{"CreationTime": at, "Message": text} for at, text in mover.log],
        "Failures": [
            {"Timestamp": mover.since, "FailureType": mover.failure.short_kind, "FailureSide": "Source",
             "Message": mover.failure.text}
        ] if mover.failure else [],
    }  # fmt: skip
