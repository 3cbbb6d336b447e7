"""180 Stop: what can be stopped and what cannot any more; batches and users whom `move.stop` names, and no others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.batches import COMPLETING, DONE, our_batches, our_users
from xtmig_kernel.rules.stopping import (
    CANNOT,
    STOP_BATCHES,
    STOP_FACTS,
    STOP_USERS,
    TAKE_OUT,
    TO_BE_STOPPED,
    completes_now,
    of_kind,
)
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

STOP_SECONDS = 3600
"""How long a batch may take to stop; each of its users ends what is under way."""


def plan_stopped_batches(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Stop the batches that `move.stop` names; what was copied stays, and everybody stays where they are."""
    return tuple(_stopped_batch(row, project) for _, row in of_kind(seen, project, "stop batch"))


def _stopped_batch(row: Row, project: Project) -> Change:
    name = str(row["Identity"])
    return Change(
        step=STOP_BATCHES,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=Subject("target", "migration_batches", (("Identity", name),), f"migration batch {name}"),
        title=f"Stop batch {name}",
        before={"Status": row["Status"]},
        after={"Status": "Stopped"},
        calls=(ExchangeCall("Stop-MigrationBatch", {"Identity": name}),),
        level=Level.UNDOABLE,
        undo=f"Take it out of move.stop, and Start-MigrationBatch -Identity {quoted(name)}: it goes on where it was.",
        statements=(),
        lag_seconds=STOP_SECONDS,
    )


def plan_stopped_users(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Stop the copying of users who are to be taken out; whoever is at rest, failed or stopped needs no stop."""
    return tuple(_stopped_user(row, project) for _, row in of_kind(seen, project, "stop user"))


def _user_subject(row: Row) -> Subject:
    identity, batch = str(row["Identity"]), str(row["BatchId"])
    return Subject("target", "migration_users", (("Identity", identity), ("BatchId", batch)), f"{identity} in {batch}")


def _stopped_user(row: Row, project: Project) -> Change:
    identity = str(row["Identity"])
    return Change(
        step=STOP_USERS,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_user_subject(row),
        title=f"Stop the copying of {identity}",
        before={"Status": row["Status"]},
        after={"Status": "Stopped"},
        calls=(ExchangeCall("Stop-MigrationUser", {"Identity": identity}),),
        level=Level.UNDOABLE,
        undo=f"Start-MigrationUser -Identity {quoted(identity)}",
        statements=(),
        lag_seconds=STOP_SECONDS,
    )


def plan_taken_out(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Take users out of their batches; before completion the mailbox simply stays in the source."""
    return tuple(_taken_out(row, project) for _, row in of_kind(seen, project, "take out"))


def _taken_out(row: Row, project: Project) -> Change:
    identity, batch = str(row["Identity"]), str(row["BatchId"])
    return Change(
        step=TAKE_OUT,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_user_subject(row),
        title=f"Take {identity} out of batch {batch}",
        before={"Status": row["Status"]},
        after=None,
        calls=(ExchangeCall("Remove-MigrationUser", {"Identity": identity}),),
        level=Level.UNDOABLE,
        undo="Take the address out of move.stop: step 130.1 puts the user into a new batch, which copies anew.",
        statements=(),
        lag_seconds=STOP_SECONDS,
    )


def show_what_can(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Every batch of this project: whether it can be stopped, and how many of its users can still be taken out."""
    users: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for row in our_users(seen, project):
        users[str(row["BatchId"]).casefold()] += 1
        late[str(row["BatchId"]).casefold()] += row["Status"] in COMPLETING | DONE
    rows = tuple(
        (
            name,
            str(row["Status"] or ""),
            _can(row, seen),
            0 if completes_now(row, seen) else users[name.casefold()] - late[name.casefold()],
            late[name.casefold()],
        )
        for name, row in our_batches(seen, project).items()
    )
    columns = ("Batch", "State", "Can it be stopped?", "Users who can be taken out", "Users who cannot any more")
    return (Exhibit("what-can-be-stopped", "What can be stopped, and what cannot.", columns, rows),) if rows else ()


def _can(row: Row, seen: Seen) -> str:
    if completes_now(row, seen):
        return f"no: {CANNOT}"
    return "yes" if row["Status"] in TO_BE_STOPPED else "it copies nothing now"


SECTION = Section(
    number="180",
    slug="stop",
    title="Stop",
    purpose="Stop a batch, or take a user out, at any time before completion; the mailbox simply stays in the source.",
    sides=("target", "source"),
    steps=(
        Step(
            id=STOP_BATCHES,
            title="Stop batches",
            side="target",
            why="A batch that should not go on stops without an approval, for nothing is lost by that.",
            reads=STOP_FACTS,
            verifies=("stop-known", "stop-batches"),
            plans_from=STOP_FACTS,
            plan=plan_stopped_batches,
            shows=show_what_can,
        ),
        Step(
            id=STOP_USERS,
            title="Stop the copying of users",
            side="target",
            why="Whoever is to be taken out must not be in the middle of being copied.",
            reads=STOP_FACTS,
            verifies=("stop-users",),
            plans_from=STOP_FACTS,
            plan=plan_stopped_users,
            bulk=True,
            proves_again=True,
        ),
        Step(
            id=TAKE_OUT,
            title="Take users out of their batches",
            side="target",
            why="Whoever is in no batch is not completed with it, whatever happens to the others.",
            reads=STOP_FACTS,
            verifies=("stop-taken-out",),
            plans_from=STOP_FACTS,
            plan=plan_taken_out,
            bulk=True,
            proves_again=True,
        ),
    ),
    runs="when named",
)
