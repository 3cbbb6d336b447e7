"""Section 020: moves that Microsoft has stopped because the user lacks the migration licence (LIC-11, LIC-15).

The failure names source and target recipient, in the document's sample by the same GUID for both, so the user is found
by the migration user's own address and never by what the text says (doc trap E5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import ADD_ON_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

FACT = "target.migration_users"
WITHOUT_LICENCE = "CrossTenantMigrationWithoutLicensePermanentException"
WAITS_FOR_LICENCE = "NeedsApproval"
STEPS = {"source": "020.4", "target": "100.7"}


def _stopped(seen: Seen, project: Project) -> Iterable[Judgement]:
    step = STEPS.get(project.licences.add_on_side)

    def judge(row: Row) -> Iterable[Judgement]:
        named = WITHOUT_LICENCE in str(row["ErrorSummary"])
        if not named and row["Status"] != WAITS_FOR_LICENCE:
            return
        batch = quoted(str(row["BatchId"]))
        yield Judgement(
            "fail",
            str(row["Identity"]),
            seen=WITHOUT_LICENCE if named else f"status {WAITS_FOR_LICENCE} in batch {row['BatchId']}",
            expected=f"a move that is not stopped for want of {ADD_ON_NAME}",
            remedy=f"{f'Apply step {step}' if step else 'Assign the licence'}, on one of the two sides; then start the "
            f"batch again: Start-MigrationBatch -Identity {batch}. It is not waived by Microsoft.",
            step=step,
        )

    rows = seen.rows(FACT)
    if not rows:
        yield Judgement("pass", "migration users", seen="nobody is in a batch yet", expected="nobody stopped")
    yield from judge_each(rows, judge, of_what="migration users", expected="not stopped for want of the licence")


RULES = (
    Rule(
        "no-move-without-licence",
        f"No move is stopped because the user lacks {ADD_ON_NAME}",
        ("LIC-11", "LIC-15"),
        "target",
        (FACT,),
        _stopped,
    ),
)
