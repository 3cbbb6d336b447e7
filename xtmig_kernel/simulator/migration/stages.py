"""What becomes of a user of a batch, one status after the other (shapes 3.14; transitions [INF] where not stated).

Validating -> Failed | NeedsApproval | Queued -> Provisioning -> Syncing -> Synced
Synced <-> IncrementalSyncing -> IncrementalFailed
Synced -> Completing -> CompletionSynced -> Completed | CompletedWithWarnings, or NeedsApproval, CompletionFailed
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.simulator import content, people
from xtmig_kernel.simulator.recipients_file import Skipped
from xtmig_kernel.simulator.sizes import GIGABYTE, in_bytes

from .case import Case, keys_of
from .causes import failure_of
from .causes_objects import unlicensed
from .causes_trust import in_scope
from .completion import convert
from .errors import NO_LICENCE
from .model import AT_REST, FAILED, STOPPED, Failure, Progress
from .rights import unmapped_folder_rights

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xtmig_kernel.simulator.recipients_file import Mailbox
    from xtmig_kernel.simulator.world import Tenant, World

    from .model import Batch, MigrationService, Mover

WHOLE = 95
RESUMABLE = FAILED | STOPPED | {"NeedsApproval"}


class Stages:
    """The way of users of one tenant's batches through the statuses.

    Args:
        world: Both tenants.
        target: Whose batches.
        service: They.
    """

    def __init__(self, world: World, target: Tenant, service: MigrationService) -> None:
        self.world, self.target, self.service = world, target, service
        self.lags = target.file.lags

    def case(self, batch: Batch, mover: Mover, moment: datetime, *, validating: bool = False) -> Case:
        """What the checks look at."""
        return Case(self.world, self.target, self.service, batch, mover, moment, validating)

    def go(self, batch: Batch, mover: Mover, status: str, moment: datetime, seconds: float | None = None) -> None:
        """Give a user a status, and plan what comes after so many seconds."""
        mover.status, mover.since, mover.planted = status, moment, False
        self.service.events += 1
        mover.version = self.service.events
        mover.log.append((moment, status))
        if status not in AT_REST:
            batch.changed = moment
        if seconds is not None:
            self.service.announce(moment + timedelta(seconds=seconds), "status", batch, mover)

    def submit(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        """Begin, or begin again."""
        case = self.case(batch, mover, moment)
        if mover.in_scope_at_start is None and case.mailbox is not None and case.relationship_there is not None:
            mover.in_scope_at_start = in_scope(case)
        mover.submitted = mover.submitted or moment
        mover.mailbox_guid = people.exchange_guid(self.world, self.target, case.user) if case.user else None
        self.service.unseat(mover)
        mover.keys |= keys_of(self.world, self.target, mover.identity)
        self.service.seat(mover)
        self.go(batch, mover, "Validating", moment, self.lags.move_validation)

    def fail(self, batch: Batch, mover: Mover, failure: Failure, moment: datetime, status: str = "Failed") -> None:
        """Let a user stop at an error."""
        mover.failure = failure
        self.go(batch, mover, status, moment)
        mover.log.append((moment, failure.summary))

    def happen(self, batch: Batch, mover: Mover, moment: datetime, horizon: datetime) -> None:
        """What comes after a status.

        Args:
            batch: The user's batch.
            mover: The user.
            moment: When.
            horizon: Until when nobody will ask; incremental copies before it that change nothing are left out.
        """
        if mover.status == "Synced":
            self._after_rest(batch, mover, moment, horizon)
        elif mover.status in _NEXT:
            _NEXT[mover.status](self, batch, mover, moment)

    def _validated(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        case = self.case(batch, mover, moment, validating=True)
        failure = failure_of(case)
        if failure is not None:
            self.fail(batch, mover, failure, moment)
            return
        mover.failure = None
        mover.mailbox_guid = people.exchange_guid(self.world, self.source, _known(case.mailbox))
        if unlicensed(case):
            self._needs_licence(case)
        elif mover.progress.seeded is not None:
            self.go(batch, mover, "IncrementalSyncing", moment, self.lags.incremental_sync)
        else:
            self.go(batch, mover, "Queued", moment, self.lags.move_queue)

    @property
    def source(self) -> Tenant:
        """The tenant on the other side."""
        return next(t for t in self.world.tenants.values() if t is not self.target)

    def _needs_licence(self, case: Case) -> None:
        guid = case.mover.mailbox_guid
        text = (
            f"No license was found for the source recipient, '{guid}', or the target recipient, '{guid}'. "
            "A Cross-tenant User Data Migration license is required to move a mailbox between tenants."
        )
        status = self.target.file.policies.unlicensed_moves
        self.fail(case.batch, case.mover, Failure("unlicensed", NO_LICENCE, text), case.moment, status)

    def _provision(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        key = f"request:{batch.name.lower()}:{mover.identity.lower()}"
        mover.request_guid = mover.request_guid or self.case(batch, mover, moment).context.guid(key)
        self.go(batch, mover, "Provisioning", moment, self.lags.move_provisioning)

    def _begin_sync(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        case = self.case(batch, mover, moment)
        if self._failed(case):
            return
        mailbox = _known(case.mailbox)
        mover.progress = _measured(mailbox, moment)
        seconds = self._sync_seconds(mover.progress)
        mover.progress.ends = moment + timedelta(seconds=seconds)
        self.go(batch, mover, "Syncing", moment, seconds)
        grows = mailbox.archive.grows_at_percent if mailbox.archive else None
        if grows is not None:
            self.service.announce(moment + timedelta(seconds=seconds * grows / WHOLE), "grow", batch, mover)

    def _sync_seconds(self, progress: Progress) -> float:
        lags = self.lags
        by_size = lags.sync_per_gigabyte * (progress.size + progress.archive_size) / GIGABYTE
        by_number = lags.sync_per_thousand_items * (progress.items + progress.archive_items) / 1000
        return max(lags.sync_least, by_size + by_number)

    def grow(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        """Let one more auxiliary archive appear in the source while it is copied."""
        mailbox = self.case(batch, mover, moment).mailbox
        if mailbox is None or mailbox.archive is None:
            return
        expand(self.world, self.source, mailbox)
        self._failed(self.case(batch, mover, moment))

    def _failed(self, case: Case, status: str = "Failed") -> bool:
        failure = failure_of(case)
        if failure is not None:
            self.fail(case.batch, case.mover, failure, case.moment, status)
        return failure is not None

    def _seeded(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        case = self.case(batch, mover, moment)
        if self._failed(case):
            return
        progress, mailbox = mover.progress, _known(case.mailbox)
        progress.seeded = progress.synced = moment
        progress.skipped = [*_skipped(mailbox), *unmapped_folder_rights(case, mailbox)]
        if all(m.progress.seeded or m.failure for m in batch.movers.values()):
            batch.seeded = batch.seeded or moment
        self.rest(batch, mover, moment)

    def _levelled(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        case = self.case(batch, mover, moment)
        if self._failed(case, "IncrementalFailed"):
            return
        mover.failure, mover.progress.synced = None, moment
        self.rest(batch, mover, moment)

    def rest(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        """Let a user wait at 95 % for the next incremental copy, or for its completion."""
        interval = timedelta(seconds=self.lags.incremental_interval)
        seeded = mover.progress.seeded or moment
        again = seeded + ((moment - seeded) // interval + 1) * interval
        completes = batch.completes(mover)
        due = max(moment, min(again, completes) if completes else again)
        self.go(batch, mover, "Synced", moment, (due - moment).total_seconds())

    def _after_rest(self, batch: Batch, mover: Mover, moment: datetime, horizon: datetime) -> None:
        completes = batch.completes(mover)
        if completes is not None and completes <= moment:
            self._begin_completion(batch, mover, moment)
            return
        until = min(horizon, completes) if completes else horizon
        interval = timedelta(seconds=self.lags.incremental_interval)
        moment += max(0, (until - moment) // interval) * interval
        self.go(batch, mover, "IncrementalSyncing", moment, self.lags.incremental_sync)

    def sync_now(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        """Level the target with the source at once; failed users are not resumed (planning 4.1)."""
        if mover.status == "Synced":
            self.go(batch, mover, "IncrementalSyncing", moment, self.lags.incremental_sync)

    def _begin_completion(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        score = mover.progress.score
        if score == "Poor" or (score == "Investigate" and not mover.approved):
            text = f"The data consistency score is {score}: {mover.progress.lost_number} items were skipped."
            kind = "Microsoft.Exchange.Migration.MigrationDataConsistencyScoreException"
            self.fail(batch, mover, Failure("skipped_items", kind, text), moment, "NeedsApproval")
            return
        mover.failure = None
        seconds = self.lags.completion + self.lags.completion_per_folder * mover.progress.folders
        self.go(batch, mover, "Completing", moment, seconds)

    def _completion_synced(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        if self._failed(self.case(batch, mover, moment), "CompletionFailed"):
            return
        mover.progress.synced = moment
        self.go(batch, mover, "CompletionSynced", moment, self.lags.completion_cleanup)

    def _completed(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        case = self.case(batch, mover, moment)
        if self._failed(case, "CompletionFailed"):
            return
        mover.progress.completed = moment
        whole = convert(case)
        self.go(batch, mover, "Completed" if whole else "CompletedWithWarnings", moment)
        batch.finalized = moment

    def reconsider(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        """Look again at somebody who waits: the time of completion or the approval of skipped items has changed."""
        waiting = mover.status == "NeedsApproval" and mover.failure and mover.failure.cause == "skipped_items"
        if mover.status == "Synced" or (waiting and mover.progress.seeded):
            if waiting and not mover.approved:
                return
            mover.failure = None
            self.rest(batch, mover, moment)

    def resume(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        """Let a stopped, failed or waiting user go on; others are left alone."""
        if mover.status in RESUMABLE:
            self.submit(batch, mover, moment)

    def stop(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        """Halt a user who is not through; what was copied stays copied."""
        if mover.progress.completed is None and mover.status not in STOPPED:
            self.go(batch, mover, "Stopping", moment, self.lags.move_stops)

    def _stopped(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        self.go(batch, mover, "IncrementalStopped" if mover.progress.seeded else "Stopped", moment)

    def remove(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        """Take a user out; it takes a moment, and the mailboxes stay as they are (planning 4.3)."""
        self.go(batch, mover, "Removing", moment, self.lags.move_removed)

    def _removed(self, batch: Batch, mover: Mover, moment: datetime) -> None:
        del moment
        self.service.unseat(mover)
        batch.movers.pop(mover.identity.lower(), None)


_NEXT: dict[str, Callable[[Stages, Batch, Mover, datetime], None]] = {
    "Validating": Stages._validated,
    "Queued": Stages._provision,
    "Provisioning": Stages._begin_sync,
    "Syncing": Stages._seeded,
    "IncrementalSyncing": Stages._levelled,
    "Completing": Stages._completion_synced,
    "CompletionSynced": Stages._completed,
    "Stopping": Stages._stopped,
    "Removing": Stages._removed,
}


def expand(world: World, tenant: Tenant, mailbox: Mailbox) -> None:
    """Give an archive one more auxiliary part."""
    from xtmig_kernel.simulator.identifiers import guid

    archive = mailbox.archive
    if archive is not None:
        number = len(archive.auxiliary) + 1
        key = ("auxiliary", people.mailbox_guid(world, tenant, mailbox), number)
        archive.auxiliary = [*archive.auxiliary, guid(world.seed, tenant.tenant_id, *key)]
        archive.auto_expanding, archive.grows_at_percent, archive.grows_at = True, None, None


def _known(mailbox: Mailbox | None) -> Mailbox:
    if mailbox is None:
        raise RuntimeError("the checks let a user pass without a source mailbox")
    return mailbox


def _measured(mailbox: Mailbox, moment: datetime) -> Progress:
    archive, sizes = mailbox.archive, mailbox.sizes
    places = [*content.folders(mailbox), *content.archive_folders(mailbox)]
    return Progress(
        size=in_bytes(sizes.total) + in_bytes(sizes.deleted),
        items=sizes.items + sizes.deleted_items,
        archive_size=in_bytes(archive.size) + in_bytes(archive.deleted) if archive else 0,
        archive_items=archive.items + archive.deleted_items if archive else 0,
        folders=len(places),
        auxiliary=len(archive.auxiliary) if archive else 0,
        began=moment,
    )


def _skipped(mailbox: Mailbox) -> list[Skipped]:
    """The items that cannot be copied: those named one by one, and those of which only the number is said."""
    held = mailbox.content
    counted = {"CorruptItem": held.corrupt_items, "LargeItem": held.large_items}
    sizes = {"CorruptItem": "64 KB", "LargeItem": "160 MB"}
    plain = [Skipped.model_validate({"kind": k, "number": n, "size": sizes[k]}) for k, n in counted.items() if n]
    return [*held.skipped, *plain]
