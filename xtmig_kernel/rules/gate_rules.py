"""Section 160: what must hold before a wave is completed, which nobody can undo (GEN-07, FAQ-07, FAQ-08, OUT-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.clock import moment_in_words
from xtmig_kernel.counting import counted
from xtmig_kernel.rules.batches import (
    AT_REST,
    NEEDS_A_PERSON,
    ON_THE_WAY,
    users_by_address,
)
from xtmig_kernel.rules.gate import (
    BEFORE,
    AtGate,
    at_gate,
    batch_of,
    gate_rule,
    members,
    missed,
    nobody_due,
    open_waves,
    row_in_gate,
    rows_of,
)
from xtmig_kernel.rules.licences import FACTS as LICENCES
from xtmig_kernel.rules.licences import add_on_sides, mailbox_id, movers
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import ADD_ON_NAME, is_add_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.batches import Moving

APPROVE_STEP = "160.2"
LOOK_AGAIN = timedelta(hours=1)
POOR = "Poor"
_MEND = (
    "Notebook 170 names the cause and mends it. Or take the user out of this wave in users.csv and out of the batch."
)


def users_at_gate(seen: Seen, project: Project) -> Iterator[tuple[AtGate, Moving]]:
    """Everybody who is to be completed in the next cutover, each with the wave.

    Args:
        seen: Holds `GATE_FACTS`.
        project: Its waves.
    """
    return ((gate, moving) for gate in at_gate(seen, project) for moving in gate.users)


def _open(seen: Seen, project: Project) -> Iterable[Judgement]:
    gates = at_gate(seen, project)
    if not gates:
        yield _next(seen, project)
    for gate in gates:
        window = f"open from {moment_in_words(gate.cutover)} to {moment_in_words(gate.ends)}"
        if gate.is_due(seen.now):
            yield Judgement("pass", f"wave {gate.name}", seen=window, expected="within its window")
        else:
            yield Judgement("wait", f"wave {gate.name}", remedy=f"the cutover of wave {gate.name}", until=gate.cutover)


def _next(seen: Seen, project: Project) -> Judgement:
    """Which wave comes next, and when it comes to the gate."""
    coming = [gate for gate in open_waves(seen, project) if gate.cutover > seen.now]
    first = min(coming, key=lambda gate: gate.cutover, default=None)
    if first is None:
        return Judgement("skip", "waves", remedy="no wave with a date in move.waves is left to complete")
    who = f"the day before the cutover of wave {first.name}, {moment_in_words(first.cutover)}"
    return Judgement("wait", f"wave {first.name}", remedy=who, until=first.cutover - BEFORE)


def _missed(seen: Seen, project: Project) -> Iterable[Judgement]:
    late = missed(seen, project)
    for gate in late:
        yield Judgement(
            "fail",
            f"wave {gate.name}",
            seen=f"not completed: {counted(len(gate.users), 'user')}; the window ended at {moment_in_words(gate.ends)}",
            expected="completed within its window",
            remedy="Agree on another date with the users, and write it into move.waves of project.yaml; until then "
            "nothing of this wave is completed.",
        )
    if not late:
        number = sum(wave.cutover is not None for wave in project.move.waves)
        yield Judgement(
            "pass", f"{counted(number, 'wave')} with a date", seen="no window has passed", expected="none passed"
        )


def _synced(seen: Seen, project: Project) -> Iterable[Judgement]:
    yield from nobody_due(seen, project)
    rows = users_by_address(seen)
    expected = "in the wave's batch, and synced"

    def judge(item: tuple[AtGate, Moving]) -> Iterable[Judgement]:
        gate, moving = item
        row = row_in_gate(moving, gate, rows)
        if row is None:
            yield Judgement("fail", moving.label, _where(moving, rows), expected, _MEND)
            return
        status = str(row["Status"])
        if status in ON_THE_WAY:
            seen_as, until = f"{status}: the first copy is not whole yet", seen.now + LOOK_AGAIN
            yield Judgement("wait", moving.label, seen_as, expected, "Microsoft, who copies the mailbox", until=until)
        elif status not in AT_REST and not (status in NEEDS_A_PERSON and row["UnapprovedSkippedItems"]):
            why = f": {row['ErrorSummary']}" if row["ErrorSummary"] else ""
            yield Judgement("fail", moving.label, f"{status}{why}", expected, _MEND)

    yield from judge_each(users_at_gate(seen, project), judge, of_what="users of the wave", expected=expected)


def _where(moving: Moving, rows: Mapping[str, list[Row]]) -> str:
    if not moving.address:
        return "no object of the target stands for this user"
    names = [str(row["BatchId"]) for row in rows_of(moving, rows)]
    return f"in {', '.join(names)}, which is not one open batch of the wave" if names else "in no batch"


def _nobody_else(seen: Seen, project: Project) -> Iterable[Judgement]:
    """Completing a batch completes everybody in it, whoever put them there."""
    yield from nobody_due(seen, project)
    for gate in at_gate(seen, project):
        wanted = {str(moving.address).casefold() for moving in gate.users if moving.address}
        yield from judge_each(
            members(gate, seen),
            lambda row, wanted=wanted, gate=gate: _stranger(row, wanted, gate),  # type: ignore[misc]
            of_what=f"users in batches of wave {gate.name}",
            expected="named for this wave in users.csv",
        )
        for name, batch in gate.batches.items():
            read = sum(batch_of(row) == name.casefold() for row in members(gate, seen))
            if batch["TotalCount"] is not None and int(batch["TotalCount"]) > read:
                yield Judgement(
                    "fail",
                    f"batch {name}",
                    seen=f"it counts {batch['TotalCount']} users, and {read} could be read",
                    expected="everybody in it is known",
                    remedy="Look again in a minute; if it stays, look who is in it: Get-MigrationUser -BatchId.",
                )


def _stranger(row: Row, wanted: set[str], gate: AtGate) -> Iterator[Judgement]:
    if str(row["Identity"] or "").casefold() not in wanted:
        yield Judgement(
            "fail",
            str(row["Identity"] or "a user without a name"),
            seen=f"in {row['BatchId']}, though users.csv does not name this user for wave {gate.name}",
            expected="nobody but the users of the wave",
            remedy="Take the user out of the batch (notebook 180), or put the line into this wave in users.csv.",
        )


def _decided(seen: Seen, project: Project) -> Iterable[Judgement]:
    yield from nobody_due(seen, project)
    rows = users_by_address(seen)

    def judge(item: tuple[AtGate, Moving]) -> Iterable[Judgement]:
        gate, moving = item
        row = row_in_gate(moving, gate, rows)
        if row is not None:
            yield from _undecided(moving, row)

    yield from judge_each(
        users_at_gate(seen, project), judge, of_what="users of the wave", expected="no skipped items left to decide"
    )


def _undecided(moving: Moving, row: Row) -> Iterator[Judgement]:
    number = row["SkippedItems"]
    if is_poor(row):
        yield Judgement(
            "fail",
            moving.label,
            seen=f"data consistency {POOR}, {counted(number, 'item')} skipped",
            expected="Perfect, Good, or Investigate and approved",
            remedy="Nobody can approve this: Microsoft does not complete a mailbox with this score. Look at the items "
            "in step 160.2, repair them in the source, take the user out of the batch and let it start again.",
        )
    elif row["UnapprovedSkippedItems"]:
        yield Judgement(
            "fail",
            moving.label,
            seen=f"{number} skipped items that nobody has approved; they would be lost",
            expected="looked at, and approved or mended",
            remedy=f"Look at the items in step {APPROVE_STEP}; approve it, or mend them in the source.",
            step=APPROVE_STEP,
        )


def is_poor(row: Row) -> bool:
    """Whether the service refuses to complete a mailbox, whatever anybody approves.

    Args:
        row: A row of `migration_users`.
    """
    return str(row["DataConsistencyScore"] or "").casefold() == POOR.casefold()


def _licences(seen: Seen, project: Project) -> Iterable[Judgement]:
    yield from nobody_due(seen, project)
    expected = f"{ADD_ON_NAME} on one of the two sides, from a subscription that goes on"
    users = movers(seen, project)
    sides = {mailbox_id(user): found for user, found in zip(users, add_on_sides(seen, users), strict=True)}
    labels = {user.label: mailbox_id(user) for user in users}

    def judge(item: tuple[AtGate, Moving]) -> Iterable[Judgement]:
        _, moving = item
        if moving.label in labels and not sides[labels[moving.label]]:
            yield Judgement(
                "fail",
                moving.label,
                seen="the migration licence is on neither side",
                expected=expected,
                remedy="Notebook 020 counts the seats and step 100.7 assigns them; without it the move stops.",
            )

    yield from judge_each(users_at_gate(seen, project), judge, of_what="users of the wave", expected=expected)
    for side in ("source", "target"):
        for row in seen.rows(f"{side}.subscribed_skus"):
            if is_add_on(row) and row["Consumed"] and row["CapabilityStatus"] != "Enabled":
                yield Judgement(
                    "fail" if row["CapabilityStatus"] != "Warning" else "warn",
                    f"{row['SkuPartNumber']} in the {side}",
                    seen=str(row["CapabilityStatus"]),
                    expected="Enabled beyond the end of the moves",
                    remedy="The subscription has run out: renew it before its users lose the licence.",
                )


RULES: tuple[Rule, ...] = (
    gate_rule("gate-synced", "Everybody of the wave is in its batch and synced", _synced),
    gate_rule("gate-nobody-else", "Nobody is in the wave's batches but its users", _nobody_else),
    gate_rule("gate-skipped-decided", "Somebody has decided about every skipped item", _decided),
    gate_rule(
        "gate-licences",
        "Everybody of the wave has the migration licence, and it goes on",
        _licences,
        statements=("LIC-09",),
        further=LICENCES,
    ),
    gate_rule("gate-window", "No wave's window has passed without its completion", _missed),
    gate_rule("gate-open", "The wave is due, and its window is open", _open),
)
