"""Section 040: policies of the whole target organisation that hold what must be cleared or removed there first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.holds import LEGAL, holds_in
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.matching import FACTS, matches
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project

HOLDS = "target.organization_holds"
TO_BE_CLEARED = frozenset({"user-no-other-guid", "user-no-previous-mailbox", "user-guid-free", "user-not-deleted"})
"""Problems of users that are mended by clearing or removing what an earlier mailbox has left."""
EXPECTED = "no policy that holds what must be cleared"


def _held(seen: Seen, project: Project) -> Iterable[Judgement]:
    found = [match for match in matches(seen, project) if match.source is not None]
    clearing = [m.label for m in found if any(problem.code in TO_BE_CLEARED for problem in m.problems)]
    policies = holds_in(seen.rows(HOLDS))
    if not found:
        return
    if not clearing or not policies:
        what = "nothing has to be cleared" if not clearing else "no policy holds all of the target"
        yield Judgement("pass", "the target organisation", seen=what, expected=EXPECTED)
        return
    yield Judgement(
        "warn",
        "the target organisation",
        seen=f"{named(policies)} holds everything in the target, and {counted(len(clearing), 'user')} must be cleared "
        f"of an earlier mailbox: {named(clearing)}",
        expected=EXPECTED,
        remedy="What a policy holds cannot be removed. Let the owner of the policy exclude these users, and wait until "
        f"it is effective. {LEGAL}",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "target-removal-not-held",
        "No policy of the whole target organisation holds what must be cleared there",
        ("USR-23",),
        "target",
        (*FACTS, HOLDS),
        _held,
    ),
)
