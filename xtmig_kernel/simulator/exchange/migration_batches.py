"""Migration batches: created, shown, changed, started, stopped, completed, removed (cmdlet reference [SRC])."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.migration.batches import counted, number, score_of, status_of
from xtmig_kernel.simulator.migration.case import keys_of
from xtmig_kernel.simulator.migration.model import AT_REST, FAILED, FINISHING, MOVED, ON_THE_WAY, STOPPED, Batch, Mover
from xtmig_kernel.simulator.migration.passing import service_of, start, stop
from xtmig_kernel.simulator.migration.stages import Stages

from .context import Context, Result
from .errors import NOT_FOUND, ExchangeRefused, not_found
from .lookup import Rows, refuse_unserved
from .migration_csv import MIGRATION, addresses
from .times import END_OF_TIME, moment, span

if TYPE_CHECKING:
    from xtmig_kernel.simulator.migration.model import MigrationService

    from .binding import Bound

BATCH_EXISTS = MIGRATION + "MigrationBatchAlreadyExistsException"
SERVED_NEW = frozenset({
    "Name", "CSVData", "SourceEndpoint", "TargetDeliveryDomain", "AutoStart", "AutoComplete", "StartAfter",
    "CompleteAfter", "NotificationEmails", "ReportInterval", "AllowUnknownColumnsInCsv", "SkipReports", "Partition",
})  # fmt: skip
SERVED_SET = frozenset({
    "Identity", "AddUsers", "CSVData", "CompleteAfter", "StartAfter", "ApproveSkippedItems", "SyncNow", "Update",
    "NotificationEmails", "ReportInterval", "AllowUnknownColumnsInCsv", "SkipReports", "Partition",
})  # fmt: skip
SERVED_GET = frozenset({
    "Identity", "Endpoint", "Status", "IncludeReport", "DiagnosticInfo", "Partition", "ResultSize",
})  # fmt: skip


def service(context: Context) -> MigrationService:
    """The batches of the caller's tenant."""
    return service_of(context.world, context.tenant, context.now)


def stages(context: Context) -> Stages:
    """The way of the tenant's users through the statuses."""
    return Stages(context.world, context.tenant, service(context))


def named(context: Context, bound: Bound) -> Batch:
    """The batch that a change concerns.

    Raises:
        ExchangeRefused: 404: there is none of this name; a missing or null name means none (ours).
    """
    wanted = str(bound.get("Identity") or "")
    found = next((b for b in service(context).batches.values() if wanted.lower() in {b.name.lower(), b.guid}), None)
    if found is None or found.removing:
        raise ExchangeRefused(NOT_FOUND, f'The migration batch "{wanted}" can\'t be found.', 404)
    return found


def new(context: Context, bound: Bound) -> Result:
    """New-MigrationBatch for a move from the other tenant, one row for each address in the target.

    Rows are looked at when the batch runs; a file that cannot be read, with a blank, malformed or repeated address, or
    with too many rows, is refused whole (failures 2.2 #29 [INF]). A batch that is being removed keeps its name
    (failures 2.3 #57).
    """
    refuse_unserved(bound, SERVED_NEW)
    name = str(bound.get("Name"))
    if name.lower() in service(context).batches:
        raise ExchangeRefused(BATCH_EXISTS, f"The migration batch '{name}' already exists.")
    endpoint = _endpoint(context, bound)
    domain = str(bound.get("TargetDeliveryDomain") or "")
    if not domain:
        raise ExchangeRefused("System.ArgumentException", "TargetDeliveryDomain must be specified.")
    rows = addresses(bound.get("CSVData"), unknown_columns=bool(bound.get("AllowUnknownColumnsInCsv")))
    batch = Batch(
        name=name,
        guid=context.guid("batch", name.lower()),
        endpoint=endpoint,
        target_delivery_domain=domain,
        created=context.now,
        submitted_by=context.caller,
        touched=context.now,
        changed=context.now,
        notification_emails=list(bound.get("NotificationEmails") or []),
        start_after=moment(bound, "StartAfter"),
        complete_after=context.now if bound.get("AutoComplete") else moment(bound, "CompleteAfter"),
    )
    service(context).batches[name.lower()] = batch
    _add(context, batch, rows)
    idle = timedelta(seconds=context.tenant.file.lags.synced_batch_stops)
    service(context).announce(context.now + idle, "idle", batch)
    if bound.get("AutoStart"):
        _start(context, batch)
    return Result([row(context, batch)])


def _endpoint(context: Context, bound: Bound) -> str:
    wanted = str(bound.get("SourceEndpoint") or "")
    for endpoint in context.tenant.endpoints.values():
        if wanted.lower() in {endpoint.name.lower(), endpoint.guid}:
            return endpoint.name
    raise not_found(wanted)


def _add(context: Context, batch: Batch, rows: list[str]) -> list[Mover]:
    added = []
    for address in rows:
        identity = context.guid("migration user", batch.name.lower(), address.lower())
        keys = keys_of(context.world, context.tenant, address)
        mover = Mover(address, identity, batch.name, "Stopped", context.now, keys)
        batch.movers[address.lower()] = mover
        service(context).seat(mover)
        added.append(mover)
    return added


def _start(context: Context, batch: Batch) -> None:
    if batch.start_after is not None and batch.start_after > context.now:
        service(context).announce(batch.start_after, "start", batch)
    else:
        start(stages(context), batch, context.now)


def get(context: Context, bound: Bound) -> Result:
    """Get-MigrationBatch; a null or unknown Identity gives every batch, as the reference warns (planning 0.4 [SRC])."""
    refuse_unserved(bound, SERVED_GET)
    batches = list(service(context).batches.values())
    wanted = str(bound.get("Identity") or "").lower()
    shown = [b for b in batches if wanted in {b.name.lower(), b.guid}] or batches
    if bound.get("Endpoint"):
        shown = [b for b in shown if b.endpoint.lower() == str(bound.get("Endpoint")).lower()]
    if bound.get("Status"):
        shown = [b for b in shown if status_of(b, context.now).lower() == str(bound.get("Status")).lower()]
    return Result(Rows(shown, partial(row, context)))


def row(context: Context, batch: Batch) -> dict[str, Any]:
    """A batch as Get-MigrationBatch shows it (shapes 3.11; values of State, WorkflowStage and Flags are [INF])."""
    counts, status = counted(batch), status_of(batch, context.now)
    seeded = [m.progress.seeded for m in batch.movers.values() if m.progress.seeded]
    synced = [m.progress.synced for m in batch.movers.values() if m.progress.synced]
    failed = number(counts, FAILED)
    return {
        "Identity": batch.name,
        "BatchGuid": batch.guid,
        "Status": status,
        "State": "Completed" if status.startswith("Completed") else "Waiting" if status == "Synced" else "Active",
        "WorkflowStage": "Processing",
        "Flags": "None",
        "MigrationType": "ExchangeRemoteMove",
        "BatchDirection": "Onboarding",
        "TotalCount": len(batch.movers),
        "ActiveCount": number(counts, ON_THE_WAY | FINISHING),
        "PendingCount": counts["NeedsApproval"],
        "ProvisionedCount": counts["Provisioning"],
        "SyncedCount": number(counts, AT_REST),
        "FinalizedCount": number(counts, MOVED),
        "StoppedCount": number(counts, STOPPED),
        "FailedCount": failed,
        "FailedInitialSyncCount": counts["Failed"],
        "FailedIncrementalSyncCount": counts["IncrementalFailed"],
        "DataConsistencyScore": score_of(batch),
        "SourceEndpoint": batch.endpoint,
        "TargetDeliveryDomain": batch.target_delivery_domain,
        "CreationDateTime": batch.created,
        "CreationDateTimeUTC": batch.created,
        "StartDateTimeUTC": batch.started,
        "InitialSyncDateTimeUTC": max(seeded) if batch.seeded and seeded else None,
        "InitialSyncDuration": span(max(seeded) - batch.started) if batch.seeded and seeded and batch.started else None,
        "LastSyncedDateTimeUTC": max(synced, default=None),
        "FinalizedDateTimeUTC": batch.finalized,
        "StartAfterUTC": batch.start_after,
        "CompleteAfter": batch.complete_after or END_OF_TIME,
        "CompleteAfterUTC": batch.complete_after or END_OF_TIME,
        "SubmittedByUser": batch.submitted_by,
        "OwnerId": guid(context.world.seed, "owner", batch.submitted_by),
        "NotificationEmails": list(batch.notification_emails),
        "ReportInterval": "1.00:00:00",
        "BadItemLimit": "Unlimited",
        "LargeItemLimit": "Unlimited",
        "PrimaryOnly": False,
        "ArchiveOnly": False,
        "Locale": "en-US",
        "SupportedActions": "Set, Remove, Complete",
        "Message": "",
        "Reports": [],
        "IsValid": True,
    }


def set_(context: Context, bound: Bound) -> Result:
    """Set-MigrationBatch: times, approval of skipped items, SyncNow, more users with AddUsers and CSVData.

    A CSVData without AddUsers would replace the list and is not simulated.
    """
    refuse_unserved(bound, SERVED_SET if bound.get("AddUsers") else SERVED_SET - {"CSVData"})
    batch, way = named(context, bound), stages(context)
    batch.touched = context.now
    if bound.get("AddUsers"):
        _add_more(context, bound, batch)
    if "NotificationEmails" in bound.values:
        batch.notification_emails = list(bound.get("NotificationEmails") or [])
    if "StartAfter" in bound.values:
        batch.start_after = moment(bound, "StartAfter")
        if batch.start_after is not None and batch.started is None:
            service(context).announce(batch.start_after, "start", batch)
    if bound.get("ApproveSkippedItems") or "CompleteAfter" in bound.values:
        _let_complete(context, bound, batch)
    if bound.get("SyncNow"):
        for mover in batch.movers.values():
            way.sync_now(batch, mover, context.now)
    return Result()


def _add_more(context: Context, bound: Bound, batch: Batch) -> None:
    rows = addresses(bound.get("CSVData"), unknown_columns=bool(bound.get("AllowUnknownColumnsInCsv")))
    added = _add(context, batch, [address for address in rows if address.lower() not in batch.movers])
    if batch.started is not None and not batch.stopped:
        for mover in added:
            stages(context).submit(batch, mover, context.now)


def _let_complete(context: Context, bound: Bound, batch: Batch) -> None:
    if "CompleteAfter" in bound.values:
        batch.complete_after = moment(bound, "CompleteAfter")
    for mover in batch.movers.values():
        mover.approved = mover.approved or bool(bound.get("ApproveSkippedItems"))
        stages(context).reconsider(batch, mover, context.now)


def start_(context: Context, bound: Bound) -> Result:
    """Start-MigrationBatch: begin, or let stopped, failed and waiting users go on (document: resume the batch)."""
    batch = named(context, bound)
    batch.touched = context.now
    _start(context, batch)
    return Result()


def stop_(context: Context, bound: Bound) -> Result:
    """Stop-MigrationBatch: halt everybody who is not through."""
    batch = named(context, bound)
    batch.touched = context.now
    stop(stages(context), batch, context.now)
    return Result()


def complete(context: Context, bound: Bound) -> Result:
    """Complete-MigrationBatch: sets CompleteAfter to now; a second call within 8 hours is ignored (planning 0.5)."""
    batch, way = named(context, bound), stages(context)
    again = timedelta(seconds=context.tenant.file.lags.completion_again)
    if batch.completion_asked is not None and context.now < batch.completion_asked + again:
        return Result()
    batch.touched = batch.completion_asked = batch.complete_after = context.now
    for mover in batch.movers.values():
        way.reconsider(batch, mover, context.now)
    return Result()


def remove(context: Context, bound: Bound) -> Result:
    """Remove-MigrationBatch: the name is free again when the batch has gone, some seconds later (failures 2.3 #57)."""
    batch, way = named(context, bound), stages(context)
    batch.removing, batch.touched = True, context.now
    for mover in batch.movers.values():
        way.go(batch, mover, "Removing", context.now)
    service(context).announce(context.now + timedelta(seconds=way.lags.move_removed), "gone", batch)
    return Result()
