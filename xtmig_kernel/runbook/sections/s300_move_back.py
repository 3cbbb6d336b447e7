"""300 Move back: whether the way back is open, the project turned round, and what Microsoft asks of it."""

from __future__ import annotations

from xtmig_kernel.rules.batches import WAVE_FACTS
from xtmig_kernel.rules.move_back import RELATIONSHIPS
from xtmig_kernel.rules.scope import MEMBER_FACTS
from xtmig_kernel.runbook.move_back_files import FACTS, move_back_exhibit, move_back_files
from xtmig_kernel.runbook.step import Section, Step

SECTION = Section(
    number="300",
    slug="move-back",
    title="Move back",
    purpose="Turn the project round, so that mailboxes move back to where they came from.",
    sides=("target", "source"),
    runs="when named",
    steps=(
        Step(
            id="300.1",
            title="Write the project for the way back",
            side=None,
            why="A move back is a move with its own application, secret, scope, licences and approvals.",
            reads=WAVE_FACTS,
            verifies=("back-leftovers", "back-licences"),
            plans_from=FACTS,
            files=move_back_files,
            shows=move_back_exhibit,
        ),
        Step(
            id="300.2",
            title="See that both relationships serve both directions",
            side=None,
            why="A relationship that is made again, or overwritten, stops the moves of the first direction.",
            reads=(*RELATIONSHIPS, "target.own_changes", "source.own_changes"),
            verifies=("back-relationships-edited", "back-capabilities"),
        ),
        Step(
            id="300.3",
            title="See that the new source lets the right mailboxes out to the right application",
            side="source",
            why="While it was the target it published no group, and knew another application or none.",
            reads=(
                "source.organization_relationships",
                "source.service_principals",
                "source.distribution_groups",
                *MEMBER_FACTS,
            ),
            verifies=("back-application", "back-scope"),
        ),
    ),
    document=("Move back",),
)
