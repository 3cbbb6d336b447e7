"""Time passes: everything that licences and moves have brought about by now happens before a request is answered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.simulator import licensing
from xtmig_kernel.simulator.identifiers import guid

from .batches import status_of
from .case import keys_of
from .model import STOPPED, Batch, Failure, MigrationService, Mover
from .stages import Stages, expand

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.simulator.recipients_file import MigrationUser
    from xtmig_kernel.simulator.world import Tenant, World

    from .model import Due

DONE = frozenset({"Completed", "CompletedWithErrors"})
SYNCED = frozenset({"Synced", "SyncedWithErrors", "NeedsApproval"})


def let_time_pass(world: World, now: datetime) -> None:
    """Let everything happen that is due by now, in order.

    Args:
        world: Both tenants.
        now: Simulated time.
    """
    for tenant in world.tenants.values():
        service = service_of(world, tenant, now)
        while (due := service.next(now)) is not None:
            _come_to(world, due.moment)
            _happen(Stages(world, tenant, service), due, now)
    _come_to(world, now)


def _come_to(world: World, moment: datetime) -> None:
    """What happens by itself up to a moment: licences take effect, archives grow."""
    licensing.take_effect(world, moment)
    for tenant in world.tenants.values():
        _grow_archives(world, tenant, moment)


def service_of(world: World, tenant: Tenant, now: datetime) -> MigrationService:
    """The tenant's batches, begun with those of the tenants file when they are first asked for."""
    if tenant.migration is None:
        tenant.migration = MigrationService()
        for user in tenant.file.migration_users:
            _plant(world, tenant, tenant.migration, user, now)
    return tenant.migration


def _plant(world: World, tenant: Tenant, service: MigrationService, user: MigrationUser, now: datetime) -> None:
    batch = service.batches.get(user.batch.lower())
    if batch is None:
        identity = guid(world.seed, tenant.tenant_id, "planted batch", user.batch)
        owner = f"admin@{tenant.file.initial_domain}"
        batch = Batch(user.batch, identity, "", tenant.file.initial_domain, now, owner, now, now, started=now)
        service.batches[user.batch.lower()] = batch
        service.announce(now + timedelta(seconds=tenant.file.lags.synced_batch_stops), "idle", batch)
    keys = keys_of(world, tenant, user.identity)
    if user.mailbox_guid:
        keys |= {f"mailbox:{user.mailbox_guid.lower()}"}
    mover = Mover(
        user.identity, guid(world.seed, tenant.tenant_id, "planted", user.batch, user.identity), batch.name,
        user.status, now, keys, mailbox_guid=user.mailbox_guid, planted=True,
        failure=Failure("planted", "", user.error_summary) if user.error_summary else None,
    )  # fmt: skip
    batch.movers[user.identity.lower()] = mover
    service.seat(mover)


def _grow_archives(world: World, tenant: Tenant, now: datetime) -> None:
    """Let the archives grow whose planted time has come."""
    if tenant.growing is None:
        tenant.growing = [m for m in tenant.mailboxes if m.archive is not None and m.archive.grows_at is not None]
    for mailbox in tenant.growing:
        if mailbox.archive is not None and mailbox.archive.grows_at is not None and mailbox.archive.grows_at <= now:
            expand(world, tenant, mailbox)


def _happen(stages: Stages, due: Due, now: datetime) -> None:
    batch = stages.service.batches.get(due.batch)
    if batch is None:
        return
    if due.what == "gone":
        _gone(stages.service, batch)
    elif due.what == "idle":
        _idle(stages, batch, due.moment)
    elif due.what == "start" and batch.start_after is not None and batch.started is None:
        start(stages, batch, due.moment)
    mover = batch.movers.get(due.user)
    if mover is None or mover.version != due.version:
        return
    if due.what == "grow":
        stages.grow(batch, mover, due.moment)
    elif due.what == "status":
        stages.happen(batch, mover, due.moment, now)


def start(stages: Stages, batch: Batch, moment: datetime) -> None:
    """Let a batch begin or go on: whoever was not begun, has stopped or failed is submitted."""
    if batch.removing or (batch.start_after is not None and batch.start_after > moment):
        return
    batch.started, batch.stopped = batch.started or moment, False
    for mover in batch.movers.values():
        stages.resume(batch, mover, moment)


def _gone(service: MigrationService, batch: Batch) -> None:
    if batch.removing:
        for mover in batch.movers.values():
            service.unseat(mover)
        del service.batches[batch.name.lower()]


def _idle(stages: Stages, batch: Batch, moment: datetime) -> None:
    """The timers of planning 0.3: synced for 60 days: stopped; stopped or failed for 90, completed for 60: gone."""
    lags, status = stages.lags, status_of(batch, moment)
    quiet = max(batch.touched, batch.changed)
    if status in SYNCED:
        wait = lags.synced_batch_stops
    elif status in DONE:
        wait = lags.completed_batch_goes
    else:
        wait = lags.stopped_batch_goes
    due = quiet + timedelta(seconds=wait)
    if due > moment:
        stages.service.announce(due, "idle", batch)
    elif status in SYNCED:
        stop(stages, batch, moment)
        stages.service.announce(moment + timedelta(seconds=lags.stopped_batch_goes), "idle", batch)
    elif status in DONE or status in {"Failed", "Stopped", "Created"}:
        batch.removing = True
        _gone(stages.service, batch)
    else:
        stages.service.announce(moment + timedelta(seconds=wait), "idle", batch)


def stop(stages: Stages, batch: Batch, moment: datetime) -> None:
    """Halt everybody in a batch who is not through."""
    batch.stopped = True
    for mover in batch.movers.values():
        if mover.status not in STOPPED:
            stages.stop(batch, mover, moment)
