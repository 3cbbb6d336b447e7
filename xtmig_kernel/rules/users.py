"""Section 090: who moves, and whom each of them becomes in the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project

CHOSEN = "source.chosen_users"


def _listed(seen: Seen, _project: Project) -> Iterable[Judgement]:
    rows = seen.rows(CHOSEN)
    written = [row for row in rows if row["Line"]]
    right = bool(written)
    yield Judgement(
        "pass" if right else "fail",
        USERS_FILE,
        seen=f"{len(written)} users" if right else f"not written; {len(rows)} users would be listed",
        expected="at least one user",
        remedy="Step 090.1 writes it; look through it, and correct what is not right.",
        step="090.1",
    )


RULES = (
    Rule(
        "users-listed",
        "users.csv says who moves",
        ("SCR-02", "SCR-03", "PRE-05"),
        "source",
        (CHOSEN,),
        _listed,
    ),
)
