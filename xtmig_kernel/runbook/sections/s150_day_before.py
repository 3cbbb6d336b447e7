"""150 The day before: what has changed since it was verified, one more synchronisation, go or no-go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules import ALL_RULES
from xtmig_kernel.rules.drift import DRIFT_FACTS
from xtmig_kernel.rules.gate import GATE_FACTS
from xtmig_kernel.runbook.cutover_exhibits import SNAPSHOT_DRIFT, day_before, go_no_go
from xtmig_kernel.runbook.cutover_plans import plan_sync
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from xtmig_kernel.rules import Rule

QUESTIONS = (
    "gate-drift",
    "gate-synced",
    "gate-nobody-else",
    "gate-skipped-decided",
    "gate-licences",
    "gate-ties",
    "gate-no-foreign-completion",
)
"""Rules that a read can answer the day before, and that the gate asks again."""
_RULES: dict[str, Rule] = {rule.id: rule for rule in ALL_RULES}


def facts_of(*names: str) -> tuple[str, ...]:
    """What rules look at.

    Args:
        names: Their ids.
    """
    facts = (fact for name in names for fact in (*_RULES[name].needs, *_RULES[name].helps))
    return tuple(dict.fromkeys(facts))


SECTION = Section(
    number="150",
    slug="the-day-before",
    title="The day before",
    purpose="Find what has changed since everything was verified, while there is time to mend it or to call it off.",
    sides=("target", "source"),
    steps=(
        Step(
            id="150.1",
            title="Look at what has changed for the worse",
            side=None,
            why="Weeks lie between the verification and the cutover, and other people work in both tenants.",
            reads=(*facts_of("gate-drift"), SNAPSHOT_DRIFT),
            verifies=("gate-drift",),
            plans_from=DRIFT_FACTS,
            shows=day_before,
        ),
        Step(
            id="150.2",
            title="Synchronise once more",
            side="target",
            why="What is copied the day before need not be copied while the users wait.",
            reads=facts_of("gate-fresh"),
            verifies=("gate-fresh",),
            plans_from=GATE_FACTS,
            plan=plan_sync,
        ),
        Step(
            id="150.3",
            title="Decide: go or no-go",
            side=None,
            why="Afterwards users are told, and nothing undoes a cutover.",
            reads=facts_of(*QUESTIONS),
            verifies=QUESTIONS,
            plans_from=GATE_FACTS,
            shows=go_no_go([_RULES[name] for name in QUESTIONS]),
        ),
    ),
    runs="when named",
)
