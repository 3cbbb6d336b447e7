"""Section 120: mailboxes that somebody moves already, most often Microsoft within the source tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.batches import MIGRATION_USERS
from xtmig_kernel.rules.movers import MOVER_FACTS, judge_states
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

AT_REST = frozenset({"", "none", "completed", "completedwithwarning", "completedwithwarnings"})
EXPECTED = "no other move"


def _not_moving(seen: Seen, project: Project) -> Iterable[Judgement]:
    ours = {row["MailboxGuid"] for row in seen.rows(MIGRATION_USERS)}

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        status, host = str(state["MailboxMoveStatus"] or ""), str(state["MailboxMoveRemoteHostName"] or "")
        at_rest = status.casefold() in AT_REST
        if (at_rest and not host) or mover.mailbox["ExchangeGuid"] in ours:
            return
        yield Judgement(
            "fail",
            mover.label,
            seen=f"MailboxMoveStatus is {status or 'empty'}" + (f", with {host}" if host else ""),
            expected=EXPECTED,
            remedy="A move that Microsoft makes within the source ends by itself: look again later. What an earlier "
            "attempt has left behind only Microsoft's support clears in Exchange Online.",
        )

    return judge_states(seen, project, judge, expected=EXPECTED, all_in="Get-Mailbox, MailboxMoveStatus")


RULES: tuple[Rule, ...] = (
    Rule(
        "mailbox-not-moving",
        "Nobody else moves the mailboxes that are to move",
        (),
        "source",
        (*MOVER_FACTS, MIGRATION_USERS),
        _not_moving,
    ),
)
