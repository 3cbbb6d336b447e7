"""Step 160.3: whether the settings of a wave's mailboxes that no move takes along are recorded before the cutover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.gate import at_gate, gate_rule, nobody_due
from xtmig_kernel.rules.mailbox_settings import ACCESS, BOOKINGS, MAILBOX, TABLES, facts_of, settings_of
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.gate import AtGate
    from xtmig_kernel.rules.rule import Seen

SETTINGS = "source.baseline_settings"
STEP = "160.3"
SETTING_FACTS = facts_of("source", *TABLES)
RESOURCES = frozenset({"RoomMailbox", "EquipmentMailbox"})
WORDS = {
    MAILBOX: "forwarding, retention policy and address lists",
    ACCESS: "the protocols",
    BOOKINGS: "how bookings are answered",
}
"""What each table tells, in words."""


def asked_of(kind: object) -> tuple[str, ...]:
    """The tables that tell of a mailbox; only rooms and equipment answer bookings.

    Args:
        kind: Its RecipientTypeDetails.
    """
    return TABLES if kind in RESOURCES else (MAILBOX, ACCESS)


def recorded(seen: Seen) -> dict[str, Row]:
    """What is recorded, by ExchangeGuid; of a mailbox that stands in two waves' files, what was taken last.

    Args:
        seen: Holds `SETTINGS`.
    """
    return {str(row["ExchangeGuid"]): row for row in sorted(seen.rows(SETTINGS), key=lambda row: str(row["TakenAt"]))}


def can_be_recorded(gate: AtGate, seen: Seen) -> bool:
    """Whether something of a wave's mailboxes is told now that is not recorded yet.

    Args:
        gate: The wave.
        seen: Holds `GATE_FACTS` and `SETTINGS`; of `SETTING_FACTS` those that were observed.
    """
    guids = {str(moving.source["ExchangeGuid"]) for moving in gate.users if moving.source is not None}
    before = recorded(seen)
    now = settings_of(seen, "source", guids)
    return any(set(row["Known"]) - set(before[guid]["Known"] if guid in before else ()) for guid, row in now.items())


def _recorded(seen: Seen, project: Project) -> Iterable[Judgement]:
    yield from nobody_due(seen, project)
    before = recorded(seen)
    for gate in at_gate(seen, project):
        if not gate.is_due(seen.now):
            yield Judgement("wait", f"wave {gate.name}", remedy=f"the cutover of wave {gate.name}", until=gate.cutover)
            continue
        users = [(moving.label, moving.source) for moving in gate.users]
        yield from judge_each(
            users,
            lambda user: _without(*user, before, seen),
            of_what=f"users of wave {gate.name}",
            expected="settings of the mailbox recorded",
        )


def _without(label: str, source: Row | None, before: dict[str, Row], seen: Seen) -> Iterator[Judgement]:
    row = before.get(str(source["ExchangeGuid"])) if source is not None else None
    known = row["Known"] if row is not None else ()
    lacking = [table for table in asked_of(source and source["RecipientTypeDetails"]) if table not in known]
    if lacking:
        unread = [table for table in lacking if not seen.has(f"source.{table}")]
        why = f"; {' and '.join(unread)} could not be read" if unread else ""
        yield Judgement(
            "warn",
            label,
            seen=f"not recorded: {'; '.join(WORDS[table] for table in lacking)}{why}",
            expected="recorded before the cutover; later nobody can read it in the source",
            remedy=f"Apply step {STEP}. Where it stays, the account may not read these settings, or the mailbox did "
            "not tell; without them notebook 190 cannot say what this user has lost.",
            step=STEP,
        )


RULES = (
    gate_rule(
        "settings-recorded",
        "The settings of the wave's mailboxes that no move takes along are recorded",
        _recorded,
        further=(SETTINGS,),
        helps=SETTING_FACTS,
    ),
)
