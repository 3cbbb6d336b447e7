"""Which waves stand before the gate, who is still to be completed in them, and in which batches. Pure.

A wave comes to the gate two days before its cutover and leaves it when its window ends or its completion was asked for.
Of several, those of the earliest moment are at the gate, and the others wait behind them: one cutover at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.rules.batches import (
    BATCHES,
    MIGRATION_USERS,
    WAVE_FACTS,
    batches_of,
    users_by_address,
    waves,
)
from xtmig_kernel.rules.rule import Judgement, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.project.model import Wave
    from xtmig_kernel.rules.batches import Moving
    from xtmig_kernel.rules.rule import Seen

GATE_FACTS = (*WAVE_FACTS, BATCHES, MIGRATION_USERS)
BEFORE = timedelta(days=2)


@dataclass(frozen=True)
class AtGate:
    """A wave that is not completed yet, or not wholly.

    Args:
        wave: Its dates.
        cutover: When it is cut over, UTC.
        users: Who is still to be completed: not moved, and in no batch whose completion was asked for.
        batches: The wave's batches whose completion was not asked for.
    """

    wave: Wave
    cutover: datetime
    users: tuple[Moving, ...]
    batches: Mapping[str, Row]

    @property
    def name(self) -> str:
        """The wave's name."""
        return self.wave.name

    @property
    def ends(self) -> datetime:
        """When its window ends, UTC."""
        return self.cutover + timedelta(hours=self.wave.window_hours)

    def is_due(self, now: datetime) -> bool:
        """Whether it may be completed at that moment."""
        return self.cutover <= now < self.ends


def open_waves(seen: Seen, project: Project) -> tuple[AtGate, ...]:
    """Waves with a cutover in which somebody is still to be completed, in the order of `project.yaml`.

    Args:
        seen: Holds `GATE_FACTS`.
        project: Its waves.
    """
    everybody, rows = waves(seen, project), users_by_address(seen)
    found = []
    for wave in project.move.waves:
        batches = batches_of(seen, project, wave.name)
        asked = {name.casefold() for name, row in batches.items() if row["CompletionAsked"]}
        left = tuple(
            moving
            for moving in everybody.get(wave.name, ())
            if moving.mailbox is None and not asked & {batch_of(row) for row in rows_of(moving, rows)}
        )
        if wave.cutover is not None and left:
            open_batches = {name: row for name, row in batches.items() if name.casefold() not in asked}
            found.append(AtGate(wave, wave.cutover, left, open_batches))
    return tuple(found)


def at_gate(seen: Seen, project: Project) -> tuple[AtGate, ...]:
    """The waves of the next cutover, from two days before it until its window ends.

    Args:
        seen: Holds `GATE_FACTS`.
        project: Its waves.
    """
    near = [gate for gate in open_waves(seen, project) if gate.cutover - BEFORE <= seen.now < gate.ends]
    first = min((gate.cutover for gate in near), default=None)
    return tuple(gate for gate in near if gate.cutover == first)


def missed(seen: Seen, project: Project) -> tuple[AtGate, ...]:
    """The waves whose window has passed, and that are not completed.

    Args:
        seen: Holds `GATE_FACTS`.
        project: Its waves.
    """
    return tuple(gate for gate in open_waves(seen, project) if seen.now >= gate.ends)


def rows_of(moving: Moving, rows: Mapping[str, list[Row]]) -> list[Row]:
    """What the batches say of a user.

    Args:
        moving: The user.
        rows: What `users_by_address` gave.
    """
    return rows.get(moving.address.casefold(), []) if moving.address else []


def row_in_gate(moving: Moving, gate: AtGate, rows: Mapping[str, list[Row]]) -> Row | None:
    """A user's only row in the wave's open batches; None where it has none or several.

    Args:
        moving: The user.
        gate: Its wave.
        rows: What `users_by_address` gave.
    """
    names = {name.casefold() for name in gate.batches}
    found = [row for row in rows_of(moving, rows) if batch_of(row) in names]
    return found[0] if len(found) == 1 else None


def batch_of(row: Row) -> str:
    """The batch of a migration user, without case.

    Args:
        row: A row of `migration_users`.
    """
    return str(row["BatchId"] or "").casefold()


def batches_to_complete(gate: AtGate, seen: Seen) -> dict[str, Row]:
    """The wave's open batches that hold somebody who is still to be completed.

    Args:
        gate: The wave.
        seen: Holds `GATE_FACTS`.
    """
    rows = users_by_address(seen)
    held = {batch_of(row) for moving in gate.users for row in rows_of(moving, rows)}
    return {name: row for name, row in gate.batches.items() if name.casefold() in held}


def members(gate: AtGate, seen: Seen) -> Iterator[Row]:
    """Everybody in the wave's open batches, whoever put them there.

    Args:
        gate: The wave.
        seen: Holds `GATE_FACTS`.
    """
    names = {name.casefold() for name in gate.batches}
    return (row for row in seen.rows(MIGRATION_USERS) if batch_of(row) in names)


def nobody_due(seen: Seen, project: Project) -> Iterable[Judgement]:
    """What a rule of the gate says where no wave is before it; nothing where one is.

    Args:
        seen: Holds `GATE_FACTS`.
        project: Its waves.
    """
    if not at_gate(seen, project):
        yield Judgement("skip", "waves", remedy="no wave is cut over within two days")


def gate_rule(
    rule_id: str,
    title: str,
    judge: Callable[[Seen, Project], Iterable[Judgement]],
    *,
    statements: tuple[str, ...] = (),
    further: tuple[str, ...] = (),
    helps: tuple[str, ...] = (),
) -> Rule:
    """A rule of the gate: it judges the waves of the next cutover.

    Args:
        rule_id: Its id.
        title: What must hold, one sentence.
        judge: A pure function from what was seen and the project to judgements.
        statements: The document's statements that it answers.
        further: Facts that it needs besides `GATE_FACTS`.
        helps: Facts that it looks at where they were observed.
    """
    return Rule(rule_id, title, statements, None, tuple(dict.fromkeys((*GATE_FACTS, *further))), judge, helps=helps)
