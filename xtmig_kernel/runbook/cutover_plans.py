"""Plans of sections 150 and 160: one more synchronisation, skipped items approved, the completion. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.clock import moment_in_words
from xtmig_kernel.counting import counted
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.batches import users_by_address
from xtmig_kernel.rules.completion import FRESH, moment
from xtmig_kernel.rules.gate import at_gate, batch_of, batches_to_complete, row_in_gate, rows_of
from xtmig_kernel.rules.gate_rules import is_poor, users_at_gate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.gate import AtGate

RESTING_BATCHES = frozenset({"Synced", "SyncedWithErrors"})
SYNCING = "IncrementalSyncing"
LAG_SECONDS = 300


def plan_sync(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Synchronise the resting batches of the next cutover in which somebody was not synchronised for a day."""
    return tuple(
        _sync(project, name, str(batch["Status"]))
        for gate in at_gate(seen, project)
        for name, batch in batches_to_complete(gate, seen).items()
        if batch["Status"] in RESTING_BATCHES and _is_old(gate, name, seen)
    )


def _is_old(gate: AtGate, batch: str, seen: Seen) -> bool:
    rows = users_by_address(seen)
    found = [row for m in gate.users if (row := row_in_gate(m, gate, rows)) is not None]
    times = [moment(row["LastSyncedAt"]) for row in found if batch_of(row) == batch.casefold()]
    return any(at is not None and seen.now - at > FRESH for at in times)


def _sync(project: Project, name: str, status: str) -> Change:
    return Change(
        step="150.2",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_batch(name),
        title=f"Synchronise batch {name} once more",
        before={"Status": status},
        after={"Status": SYNCING},
        calls=(ExchangeCall("Set-MigrationBatch", {"Identity": name, "SyncNow": True}),),
        level=Level.UNDOABLE,
        undo="There is nothing to undo: the batch copies what is new, as it does every day, and rests again.",
        statements=(),
        lag_seconds=LAG_SECONDS,
    )


def _batch(name: str) -> Subject:
    return Subject("target", "migration_batches", (("Identity", name),), f"batch {name}")


def plan_approvals(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Approve the skipped items of each user of the next cutover, as many as were seen; of a poor score nobody can."""
    rows = users_by_address(seen)
    found = ((gate, m, row_in_gate(m, gate, rows)) for gate, m in users_at_gate(seen, project))
    return tuple(
        _approved(project, row)
        for _, moving, row in found
        if row is not None
        and row["UnapprovedSkippedItems"]
        and row["SkippedItems"]
        and not is_poor(row)
        and len(rows_of(moving, rows)) == 1  # in two batches, nobody knows which one an approval would reach
    )


def _approved(project: Project, row: Row) -> Change:
    who, number = str(row["Identity"]), int(row["SkippedItems"])
    subject = Subject("target", "migration_users", (("Identity", who),), f"migration user {who}")
    return Change(
        step="160.2",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=subject,
        title=f"Approve that of {who} stays behind: {counted(number, 'item')}",
        before={"UnapprovedSkippedItems": True, "SkippedItems": number},
        after={"UnapprovedSkippedItems": False, "SkippedItems": number},
        calls=(ExchangeCall("Set-MigrationUser", {"Identity": who, "ApproveSkippedItems": True}),),
        level=Level.SECOND_PERSON,
        undo="It cannot be taken back, and after the completion the items are gone with the source mailbox. Before it, "
        "copy them out of the source mailbox.",
        statements=(),
        irreversible=True,
        lag_seconds=LAG_SECONDS,
    )


def plan_completion(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Complete the batches of the waves at the gate, bound to the number of mailboxes in each (GEN-02, GEN-07)."""
    return tuple(_completed(project, gate, name, batch) for gate, name, batch in _to_complete(seen, project))


def _to_complete(seen: Seen, project: Project) -> Iterator[tuple[AtGate, str, Row]]:
    for gate in at_gate(seen, project):
        for name, batch in batches_to_complete(gate, seen).items():
            yield gate, name, batch


def _completed(project: Project, gate: AtGate, name: str, batch: Row) -> Change:
    number = batch["TotalCount"]
    return Change(
        step="160.4",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_batch(name),
        title=f"Complete batch {name}: {counted(number, 'mailbox', 'mailboxes')} to leave the source between "
        f"{moment_in_words(gate.cutover)} and {moment_in_words(gate.ends)}",
        before={"CompletionAsked": False, "TotalCount": number},
        after={"CompletionAsked": True, "TotalCount": number},
        calls=(ExchangeCall("Complete-MigrationBatch", {"Identity": name}),),
        level=Level.SECOND_PERSON,
        undo=f"It cannot be undone: the source mailboxes are gone. While {quoted(name)} is not completing, notebook "
        "180 stops it; afterwards notebook 300 moves mailboxes back, which is a new migration with new licences.",
        statements=("GEN-02", "GEN-07"),
        irreversible=True,
        lag_seconds=LAG_SECONDS,
    )
