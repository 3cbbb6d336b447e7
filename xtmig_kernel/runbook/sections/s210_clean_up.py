"""210 Clean up: batches, endpoint, relationships, consent, application, scope groups; what goes, what stays."""

from __future__ import annotations

from xtmig_kernel.rules.account import ACCOUNT_FACTS, BASELINE
from xtmig_kernel.rules.clean_up import APPLICATION_FACTS, BATCH_FACTS, consent_facts
from xtmig_kernel.runbook.account_exhibits import clean_up_exhibits
from xtmig_kernel.runbook.clean_up_plans import (
    ENDPOINT_FACTS,
    GROUP_FACTS,
    plan_application,
    plan_batches,
    plan_consent,
    plan_endpoint,
    plan_groups,
    plan_relationship,
    relationship_facts,
)
from xtmig_kernel.runbook.step import Section, Step

FIRST = ("mailboxes-finished", "batches-finished", "changes-settled")
"""Nothing is removed while a mailbox in scope is neither moved nor given up, or a change is not settled."""


def _facts(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact for group in groups for fact in group))


OWN = ("target.own_changes", "source.own_changes")
FIRST_FACTS = _facts(ACCOUNT_FACTS, BATCH_FACTS, (BASELINE,), OWN)
RELATIONSHIPS = _facts(relationship_facts("target"), relationship_facts("source"))
EVERYTHING = _facts(
    ACCOUNT_FACTS,
    BATCH_FACTS,
    RELATIONSHIPS,
    consent_facts("target"),
    consent_facts("source"),
    APPLICATION_FACTS,
    GROUP_FACTS,
)

SECTION = Section(
    number="210",
    slug="clean-up",
    title="Clean up",
    purpose="Take away every access that the project opened, and leave everything else as it was.",
    sides=("target", "source"),
    runs="when named",
    steps=(
        Step(
            id="210.1",
            title="Look at what goes and what stays",
            side=None,
            why="What is taken away too early stops a move; what is forgotten stays an open door.",
            reads=_facts(FIRST_FACTS, EVERYTHING),
            verifies=(*FIRST, "source-leftovers"),
            plans_from=EVERYTHING,
            shows=clean_up_exhibits,
        ),
        Step(
            id="210.2",
            title="Remove the project's batches",
            side="target",
            why="A batch that is done holds nothing but its name; the service removes it by itself after 60 days.",
            reads=FIRST_FACTS,
            verifies=("batches-removed",),
            plans_from=BATCH_FACTS,
            plan=plan_batches,
            requires=FIRST,
        ),
        Step(
            id="210.3",
            title="Remove the migration endpoint",
            side="target",
            why="It holds a copy of the secret, and with it the way into the source.",
            reads=_facts(FIRST_FACTS, ENDPOINT_FACTS),
            verifies=("endpoint-removed",),
            plans_from=ENDPOINT_FACTS,
            plan=plan_endpoint,
            requires=(*FIRST, "batches-removed"),
        ),
        Step(
            id="210.4",
            title="Take the target's relationship back to what it was",
            side="target",
            why="With it mailboxes could still be pulled in; what it served before must go on.",
            reads=_facts(FIRST_FACTS, ENDPOINT_FACTS, relationship_facts("target")),
            verifies=("target-relationship-restored",),
            plans_from=relationship_facts("target"),
            plan=plan_relationship("target"),
            requires=(*FIRST, "endpoint-removed"),
        ),
        Step(
            id="210.5",
            title="Take the source's relationship back to what it was",
            side="source",
            why="With it mailboxes could still leave; what it served before must go on.",
            reads=_facts(FIRST_FACTS, ENDPOINT_FACTS, relationship_facts("source")),
            verifies=("source-relationship-restored",),
            plans_from=relationship_facts("source"),
            plan=plan_relationship("source"),
            requires=(*FIRST, "endpoint-removed"),
        ),
        Step(
            id="210.6",
            title="Withdraw the source's consent",
            side="source",
            why="The application of another organisation may read every mailbox until its consent is withdrawn.",
            reads=_facts(FIRST_FACTS, relationship_facts("source"), consent_facts("source")),
            verifies=("source-consent-removed",),
            plans_from=consent_facts("source"),
            plan=plan_consent("source"),
            requires=(*FIRST, "source-relationship-restored"),
        ),
        Step(
            id="210.7",
            title="Withdraw the target's consent",
            side="target",
            why="What nothing uses any more shall have no rights.",
            reads=_facts(FIRST_FACTS, ENDPOINT_FACTS, consent_facts("target")),
            verifies=("target-consent-removed",),
            plans_from=consent_facts("target"),
            plan=plan_consent("target"),
            requires=(*FIRST, "endpoint-removed"),
        ),
        Step(
            id="210.8",
            title="Delete the migration application with its secrets",
            side="target",
            why="The secret dies with the application; until then whoever has it can ask for access again.",
            reads=_facts(FIRST_FACTS, consent_facts("target"), consent_facts("source"), APPLICATION_FACTS),
            verifies=("application-removed",),
            plans_from=APPLICATION_FACTS,
            plan=plan_application,
            # first the consents: once the application is gone nobody knows the ID to look for them by
            requires=(*FIRST, "endpoint-removed", "source-consent-removed", "target-consent-removed"),
        ),
        Step(
            id="210.9",
            title="Remove the scope groups",
            side="source",
            why="A group that says who may leave has no meaning any more.",
            reads=_facts(FIRST_FACTS, relationship_facts("source"), GROUP_FACTS),
            verifies=("scope-groups-removed",),
            plans_from=GROUP_FACTS,
            plan=plan_groups,
            requires=(*FIRST, "source-relationship-restored"),
        ),
    ),
    document=("Removal",),
)
