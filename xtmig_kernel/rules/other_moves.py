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
NOTHING_LEFT = "nothing that an earlier move has left"


def _not_moving(seen: Seen, project: Project) -> Iterable[Judgement]:
    ours = {row["MailboxGuid"] for row in seen.rows(MIGRATION_USERS)}

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        if _moves(state) and mover.mailbox["ExchangeGuid"] not in ours:
            host = str(state["MailboxMoveRemoteHostName"] or "")
            yield Judgement(
                "fail",
                mover.label,
                seen=f"MailboxMoveStatus is {state['MailboxMoveStatus']}" + (f", with {host}" if host else ""),
                expected=EXPECTED,
                remedy="A move that Microsoft makes within the source ends by itself: look again later.",
            )

    return judge_states(seen, project, judge, expected=EXPECTED, all_in="Get-Mailbox, MailboxMoveStatus")


def _moves(state: Row) -> bool:
    return str(state["MailboxMoveStatus"] or "").casefold() not in AT_REST


def _nothing_left(seen: Seen, project: Project) -> Iterable[Judgement]:
    ours = {row["MailboxGuid"] for row in seen.rows(MIGRATION_USERS)}

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        host = str(state["MailboxMoveRemoteHostName"] or "")
        if host and not _moves(state) and mover.mailbox["ExchangeGuid"] not in ours:
            yield Judgement(
                "fail",
                mover.label,
                seen=f"MailboxMoveRemoteHostName is {host}, and no move is under way",
                expected=NOTHING_LEFT,
                remedy="An earlier attempt has left it behind. In Exchange Online only Microsoft's support clears it: "
                "give them the address and the ExchangeGuid.",
            )

    return judge_states(seen, project, judge, expected=NOTHING_LEFT, all_in="Get-Mailbox, MailboxMoveRemoteHostName")


RULES: tuple[Rule, ...] = (
    Rule(
        "mailbox-not-moving",
        "Nobody else moves the mailboxes that are to move",
        (),
        "source",
        (*MOVER_FACTS, MIGRATION_USERS),
        _not_moving,
    ),
    Rule(
        "mailbox-no-remote-host",
        "No mailbox that is to move bears what an earlier move has left",
        (),
        "source",
        (*MOVER_FACTS, MIGRATION_USERS),
        _nothing_left,
    ),
)
