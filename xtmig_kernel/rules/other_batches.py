"""Section 040: users who are in a batch already that is not this project's, whether waves are planned or not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from xtmig_kernel.rules.batches import MIGRATION_USERS, WAVE_FACTS, everybody, is_ours, wave_names
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.batches import Moving

EXPECTED = "in no batch, or in one of this project"


def _in_others(seen: Seen, project: Project) -> Iterable[Judgement]:
    names = wave_names(seen, project)
    by_key: dict[str, list[Row]] = defaultdict(list)
    for row in seen.rows(MIGRATION_USERS):
        for key in {str(row["Identity"] or "").casefold(), str(row["MailboxGuid"] or "").casefold()} - {""}:
            by_key[key].append(row)

    def judge(user: Moving) -> Iterator[Judgement]:
        guid = str(user.source["ExchangeGuid"] or "") if user.source is not None else ""
        keys = [key.casefold() for key in (user.address or "", guid) if key]
        rows = {id(row): row for key in keys for row in by_key.get(key, ())}
        others = [row for row in rows.values() if not is_ours(str(row["BatchId"] or ""), project, names)]
        if others:
            told = ", ".join(sorted(f"{row['BatchId']} ({row['Status']})" for row in others))
            yield Judgement(
                "fail",
                user.label,
                seen=f"in a batch of somebody else: {told}",
                expected=EXPECTED,
                remedy="Ask its owner to take the user out of it; xtmig touches no batch of somebody else. While a "
                "user is in one batch, the service refuses them in another.",
            )

    still = [user for user in everybody(seen, project) if not user.has_moved]
    yield from judge_each(still, judge, of_what="users", expected=EXPECTED)


RULES: tuple[Rule, ...] = (
    Rule(
        "user-in-no-other-batch",
        "Nobody who moves is in a batch of somebody else",
        ("ERR-11",),
        "target",
        (*WAVE_FACTS, MIGRATION_USERS),
        _in_others,
    ),
)
