"""Section 150: what was right when it was verified, and is not right any more. Pure.

Every check of the preflight (section 110) is judged again, and those of holds, archives and quotas. Of users none but
the next cutover's are judged: who has moved already is no longer as a move needs it, and who moves later has time.
Only what is wrong is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xtmig_kernel.evidence import Observed
from xtmig_kernel.rules import archives, causes, holds, quotas, user_matches, users
from xtmig_kernel.rules.gate import GATE_FACTS, at_gate, gate_rule, nobody_due
from xtmig_kernel.rules.rule import Judgement, Seen, folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Rule

CHOSEN = "source.chosen_users"
_IN_TIME = ("large-mailboxes-early",)  # whether it began early enough: nobody can mend that the day before
CONTENTS: tuple[Rule, ...] = (
    *holds.RULES,
    *(rule for rule in archives.RULES if rule.id not in _IN_TIME),
    *quotas.RULES,
)
"""Checks of what mailboxes hold: a hold, an archive that has grown, a quota that is reached."""
OF_USERS: tuple[Rule, ...] = (*users.RULES, *user_matches.RULES, *causes.USERS_RULES, *CONTENTS)
"""Checks of single users."""
CHECKS: tuple[Rule, ...] = (*causes.PREFLIGHT, *CONTENTS)
DRIFT_FACTS = tuple(dict.fromkeys((*GATE_FACTS, *(need for rule in CHECKS for need in rule.needs))))


@dataclass(frozen=True)
class Drifted:
    """One check that does not hold.

    Args:
        rule: The check.
        found: What it says.
    """

    rule: Rule
    found: Judgement


def drifted(seen: Seen, project: Project) -> tuple[Drifted, ...]:
    """Everything that does not hold for the next cutover.

    Args:
        seen: Holds `DRIFT_FACTS`.
        project: The project.
    """
    return seen.derived(_drifted, DRIFT_FACTS, project)


def _drifted(seen: Seen, project: Project) -> tuple[Drifted, ...]:
    labels = {moving.label for gate in at_gate(seen, project) for moving in gate.users}
    theirs = _of_these(seen, labels)
    of_users = {rule.id for rule in OF_USERS}
    return tuple(
        Drifted(rule, found)
        for rule in CHECKS
        for found in folded(rule.judge(theirs if rule.id in of_users else seen, project))
        if found.kind in ("fail", "wait")
    )


def _of_these(seen: Seen, labels: set[str]) -> Seen:
    """The same facts with no other lines of `users.csv` than these."""
    fact = seen.facts[CHOSEN]
    rows = tuple(row for row in fact.value if str(row["SourceAddress"]) in labels)
    return Seen({**seen.facts, CHOSEN: Observed(rows, fact.at, fact.source)}, seen.now)


def _drift(seen: Seen, project: Project) -> Iterable[Judgement]:
    yield from nobody_due(seen, project)
    if not at_gate(seen, project):
        return
    found = drifted(seen, project)
    for item in found:
        yield replace(item.found, subject=f"{item.rule.id}: {item.found.subject}")
    if not found:
        yield Judgement(
            "pass",
            "both organisations and the users of the next cutover",
            seen=f"{len(CHECKS)} separate checks still hold",
            expected="nothing has changed for the worse since it was verified",
        )


RULES = (
    gate_rule(
        "gate-drift",
        "What was right when it was verified still is",
        _drift,
        statements=("VER-03",),
        further=DRIFT_FACTS,
    ),
)
