"""170 Troubleshoot: why moves have failed, proven from the tenants; mended for all at once; resumed, or begun again."""

from __future__ import annotations

from xtmig_kernel.rules import failure_rules, verification
from xtmig_kernel.rules.diagnosis import FACTS, HALTED_BATCHES, HALTED_USERS
from xtmig_kernel.rules.failures import CORE
from xtmig_kernel.runbook.remedies import (
    plan_archives,
    plan_new_batches,
    plan_removals_of_users,
    plan_resumed,
    show_failures,
)
from xtmig_kernel.runbook.step import Section, Step

_OF_STEPS = ("failed-resumed", "failed-removed-first", "failed-added-again")
_KINDS = tuple(rule for rule in failure_rules.RULES if rule.id.startswith("failed-") and rule.id not in _OF_STEPS)
BEFORE_WRITES = ("users-listed",)


def _facts(name: str) -> tuple[str, ...]:
    return tuple(fact for rule in verification.RULES if rule.id == name for fact in (*rule.needs, *rule.helps))


SECTION = Section(
    number="170",
    slug="troubleshoot",
    title="Troubleshoot",
    purpose="Say why moves have failed, prove it from the tenants, mend it for all affected, and let them go on.",
    sides=("target", "source"),
    steps=(
        Step(
            id="170.1",
            title="Name the cause of every failed move",
            side=None,
            why="The service gives many causes one error; only the tenants show which one it is.",
            reads=FACTS,
            verifies=tuple(rule.id for rule in _KINDS),
            plans_from=CORE,
            shows=show_failures,
        ),
        Step(
            id="170.2",
            title="Do with disabled archives what was decided",
            side="source",
            why="A disabled archive stops the move; its owner alone can say whether it comes back or is destroyed.",
            reads=tuple(dict.fromkeys((*failure_rules.ARCHIVE_FACTS, "source.chosen_users"))),
            verifies=("disabled-archives-decided", "disabled-archives-signed"),
            plans_from=failure_rules.ARCHIVE_FACTS,
            plan=plan_archives,
            requires=(*BEFORE_WRITES, "disabled-archives-signed"),
        ),
        Step(
            id="170.3",
            title="Resume batches whose users are mended",
            side="target",
            why="A failed user stays failed until somebody starts the batch again.",
            reads=(*FACTS, HALTED_BATCHES),
            verifies=("failed-resumed",),
            plans_from=(*FACTS, HALTED_BATCHES),
            plan=plan_resumed,
            requires=BEFORE_WRITES,
            bulk=True,
        ),
        Step(
            id="170.4",
            title="Take failed users out who must begin again",
            side="target",
            why="Some failures stay with the user's entry; the document has it removed, and a new batch take the user.",
            reads=(*FACTS, HALTED_USERS),
            verifies=("failed-removed-first",),
            plans_from=(*FACTS, HALTED_USERS),
            plan=plan_removals_of_users,
            requires=BEFORE_WRITES,
            bulk=True,
            proves_again=True,
        ),
        Step(
            id="170.5",
            title="Start new batches for those who were taken out",
            side="target",
            why="Nothing moves who is in no batch; the new one begins with what is right now.",
            reads=tuple(dict.fromkeys((*FACTS, HALTED_USERS, *_facts("endpoint-verified")))),
            verifies=("failed-added-again",),
            plans_from=(*FACTS, HALTED_USERS),
            plan=plan_new_batches,
            requires=(*BEFORE_WRITES, "endpoint-verified", "failed-removed-first"),
            bulk=True,
        ),
    ),
    runs="when needed",
    document=("Migration failures",),
    guidance=("DOC-03",),
)
