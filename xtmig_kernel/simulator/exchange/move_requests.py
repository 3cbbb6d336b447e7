"""Move requests: those that batches make in the target, and those that are planted in a tenant (shapes 3.13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.address_book import book
from xtmig_kernel.simulator.http import UnsupportedRequest
from xtmig_kernel.simulator.identifiers import ZERO_GUID, guid
from xtmig_kernel.simulator.migration.causes_content import being_moved
from xtmig_kernel.simulator.recipients_file import Mailbox, MailUser
from xtmig_kernel.simulator.sizes import bytes_text

from .context import Context, Result
from .errors import not_found
from .lookup import Rows, refuse_unserved
from .migration_batches import service
from .times import END_OF_TIME, span

if TYPE_CHECKING:
    from xtmig_kernel.simulator.migration.model import Batch, Mover

    from .binding import Bound

STATUSES = {
    "Queued": "Queued", "Provisioning": "InProgress", "Syncing": "InProgress", "Synced": "Synced",
    "IncrementalSyncing": "InProgress", "Completing": "CompletionInProgress",
    "CompletionSynced": "CompletionInProgress",
    "Completed": "Completed", "CompletedWithWarnings": "CompletedWithWarning", "Stopped": "Suspended",
    "IncrementalStopped": "Suspended", "NeedsApproval": "Synced",
}  # fmt: skip
STAGES = {
    "Queued": "None", "Provisioning": "CreatingMailbox", "Syncing": "CopyingMessages", "Completed": "SyncFinished",
    "Completing": "FinalIncrementalSync", "CompletionSynced": "Cleanup",
}  # fmt: skip
CROSS_TENANT, LOCAL = "CrossOrg, Pull, CrossTenant", "IntraOrg, Pull"
SERVED_GET = frozenset({
    "Identity", "BatchName", "Flags", "RemoteHostName", "ResultSize", "Status", "Suspend", "Offline",
})  # fmt: skip


@dataclass(frozen=True)
class Move:
    """A move request.

    Attributes:
        person: The object in this tenant.
        status: In the word of move requests.
        flags: As printed.
        mover: The user of a batch that it belongs to, or None.
    """

    person: Mailbox | MailUser
    status: str
    flags: str
    batch_name: str
    remote_host: str
    batch: Batch | None = None
    mover: Mover | None = None


def moves(context: Context) -> list[Move]:
    """All moves that the caller's tenant shows; the service's own are not among them (ERR-14)."""
    index, found = book(context.world, context.tenant), []
    for batch in service(context).batches.values():
        for mover in batch.movers.values():
            person = index.one(mover.identity) if mover.request_guid else None
            if isinstance(person, Mailbox | MailUser):
                status = STATUSES.get(mover.status, "Failed")
                name = f"MigrationService:{batch.name}"
                found.append(Move(person, status, CROSS_TENANT, name, _host(context, batch), batch, mover))
    for mailbox in context.tenant.mailboxes:
        shown = mailbox.move_status != "None" and not mailbox.move_internal
        if shown and people.living(mailbox) and being_moved(mailbox, context.now):
            found.append(Move(mailbox, mailbox.move_status, LOCAL, mailbox.move_batch, mailbox.move_remote_host))
    return found


def _host(context: Context, batch: Batch) -> str:
    found = (e for e in context.tenant.endpoints.values() if e.name == batch.endpoint)
    endpoint = next(found, None)
    return str(endpoint.properties["RemoteServer"]) if endpoint else ""


def get(context: Context, bound: Bound) -> Result:
    """Get-MoveRequest; a null or unknown Identity gives every move, as the reference warns (planning 0.4 [SRC]).

    Flags takes `CrossTenant` as the document says (line 446), though no reference lists it (failures 2.4); it means the
    moves of batches.
    """
    refuse_unserved(bound, SERVED_GET)
    every = moves(context)
    shown = _meant(context, every, str(bound.get("Identity") or "")) or every
    wanted_flags = {flag.strip().lower() for flag in str(bound.get("Flags") or "").split(",") if flag.strip()}
    shown = [m for m in shown if wanted_flags <= {flag.strip().lower() for flag in m.flags.split(",")}]
    for name, attribute in (("Status", "status"), ("BatchName", "batch_name"), ("RemoteHostName", "remote_host")):
        if bound.get(name):
            shown = [m for m in shown if getattr(m, attribute).lower() == str(bound.get(name)).lower()]
    return Result(Rows(shown, partial(row, context)))


def _meant(context: Context, every: list[Move], wanted: str) -> list[Move]:
    if not wanted:
        return []
    meant = {id(entry) for entry in book(context.world, context.tenant).find(wanted)}
    return [m for m in every if id(m.person) in meant or (m.mover and m.mover.request_guid == wanted.lower())]


def row(context: Context, move: Move) -> dict[str, Any]:
    """A move as Get-MoveRequest shows it."""
    world, tenant, person = context.world, context.tenant, move.person
    mailbox_guid = people.exchange_guid(world, tenant, person) or ZERO_GUID
    archive = people.archive_guid(world, tenant, person) if isinstance(person, Mailbox) else person.archive_guid
    request = move.mover.request_guid if move.mover else guid(world.seed, tenant.tenant_id, "move", mailbox_guid)
    return {
        "DisplayName": person.display_name,
        "Alias": person.alias,
        "Identity": people.common_name(person),
        "ExchangeGuid": UUID(mailbox_guid),
        "ArchiveGuid": UUID(archive or ZERO_GUID),
        "RequestGuid": UUID(request or ZERO_GUID),
        "Status": move.status,
        "Flags": move.flags,
        "BatchName": move.batch_name,
        "RequestStyle": "CrossOrg" if move.mover else "IntraOrg",
        "Direction": "Pull",
        "RemoteHostName": move.remote_host,
        "RecipientTypeDetails": person.kind if isinstance(person, Mailbox) else "MailUser",
        "IsValid": True,
    }


def statistics(context: Context, bound: Bound) -> Result:
    """Get-MoveRequestStatistics of one move; of every one where Identity is null."""
    every = moves(context)
    wanted = bound.get("Identity")
    shown = every if wanted is None else _meant(context, every, str(wanted))
    if wanted is not None and not shown:
        raise not_found(wanted)
    return Result([row(context, m) | _numbers(context, m, bool(bound.get("IncludeReport"))) for m in shown])


def _numbers(context: Context, move: Move, with_report: bool) -> dict[str, Any]:
    mover, batch = move.mover, move.batch
    if mover is None or batch is None:
        return {"PercentComplete": 0, "StatusDetail": move.status, "Message": ""}
    progress, failure = mover.progress, mover.failure
    copied = progress.share(context.now) if progress.began else 0.0
    kinds = {kind: sum(i.number for i in progress.skipped if i.kind == kind) for kind in ("LargeItem", "MissingItem")}
    entries = [{"CreationTime": at, "Message": text} for at, text in mover.log]
    running = (progress.completed or context.now) - mover.submitted if mover.submitted else timedelta()
    return {
        "StatusDetail": mover.status,
        "SyncStage": STAGES.get(mover.status, "IncrementalSync"),
        "WorkloadType": "Onboarding",
        "TargetDeliveryDomain": batch.target_delivery_domain,
        "PercentComplete": progress.percent(context.now),
        "TotalMailboxSize": bytes_text(progress.size),
        "TotalMailboxItemCount": progress.items,
        "TotalArchiveSize": bytes_text(progress.archive_size),
        "TotalArchiveItemCount": progress.archive_items,
        "BytesTransferred": bytes_text(int(copied * (progress.size + progress.archive_size))),
        "ItemsTransferred": int(copied * (progress.items + progress.archive_items)),
        "BadItemsEncountered": progress.skipped_number - sum(kinds.values()),
        "LargeItemsEncountered": kinds["LargeItem"],
        "MissingItemsEncountered": kinds["MissingItem"],
        "DataConsistencyScore": progress.score if progress.seeded else "None",
        "DataConsistencyScoringFactors": sorted({item.kind for item in progress.skipped}),
        "CompleteAfter": batch.completes(mover) or END_OF_TIME,
        "QueuedTimestamp": mover.submitted,
        "StartTimestamp": progress.began,
        "LastUpdateTimestamp": mover.since,
        "InitialSeedingCompletedTimestamp": progress.seeded,
        "LastSuccessfulSyncTimestamp": progress.synced,
        "CompletionTimestamp": progress.completed,
        "OverallDuration": span(running),
        "FailureType": failure.short_kind if failure else "",
        "FailureSide": "Source" if failure else "",
        "FailureTimestamp": mover.since if failure else None,
        "Message": failure.summary if failure else "",
        "Report": {"Entries": entries} if with_report else None,
    }


def remove(context: Context, bound: Bound) -> Result:
    """Remove-MoveRequest of a move that no batch made: the mailbox stays where it is (document line 962).

    Raises:
        UnsupportedRequest: A batch made it; what that does to the batch is not simulated.
    """
    found = _meant(context, moves(context), str(bound.get("Identity") or ""))
    if not found:
        raise not_found(bound.get("Identity"))
    person = found[0].person
    if found[0].mover is not None or not isinstance(person, Mailbox):
        raise UnsupportedRequest("a move request of a batch")
    person.move_status, person.move_remote_host, person.move_batch = "None", "", ""
    return Result()
