"""Section 160: rights between users live on only where both have moved (PRM-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.batches import everybody
from xtmig_kernel.rules.gate import at_gate, gate_rule, nobody_due
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.permissions import PERMISSION_FACTS, ties
from xtmig_kernel.rules.rule import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Seen
    from xtmig_kernel.waves import Tie


def _ties(seen: Seen, project: Project) -> Iterable[Judgement]:
    """That some ties break was accepted when the waves were planned; here it is told for the last time."""
    yield from nobody_due(seen, project)
    here = {moving.label for gate in at_gate(seen, project) for moving in gate.users}
    if not here:
        return
    left = {moving.label: str(moving.user["Wave"] or "") for moving in everybody(seen, project) if not moving.mailbox}

    def judge(tie: Tie) -> Iterable[Judgement]:
        for other in sorted(tie.ends - here):
            if other in left:
                yield Judgement(
                    "warn",
                    f"{tie.owner} and {tie.trustee}",
                    seen=f"{', '.join(tie.rights)} of {tie.trustee} on {tie.owner}; {other} is still to move "
                    f"({left[other] or 'in no wave'})",
                    expected="both in this cutover, or the other has moved",
                    remedy="The right stops working until both have moved, and notebook 190 lists what must be given "
                    "again. To keep it, put both into one wave before the cutover.",
                )

    concerned = [tie for tie in ties(seen, project) if tie.ends & here]
    if not concerned:
        expected = "both in this cutover, or the other has moved"
        yield Judgement("pass", "rights", "no rights between these users and others who move", expected)
    yield from judge_each(
        concerned, judge, of_what="pairs of users with rights", expected="both in this cutover or moved"
    )


RULES = (gate_rule("gate-ties", "Users with rights on each other move together", _ties, further=PERMISSION_FACTS),)
