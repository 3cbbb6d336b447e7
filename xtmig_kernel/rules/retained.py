"""Section 040: what holds content where no list of mailboxes shows it: in archives, and by the service's own log.

A hold is never released by xtmig: whether it may go is a legal decision.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.holds import LEGAL, hold_kind
from xtmig_kernel.rules.movers import MOVER_FACTS, in_gb, judge_states
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

FOLDERS, TRACKED = "source.archive_recoverable_folders", "source.hold_tracking"
SUBSTRATE = "substrateholds"
OF_THE_ORGANIZATION = 4
"""How HoldTracking marks a hold of the whole organisation (failures 2.3 #35)."""
EMPTY = "an archive without items in SubstrateHolds"
UNTRACKED = "no hold of the whole organisation in HoldTracking"


def _by_mailbox(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["ExchangeGuid"])].append(row)
    return found


def _substrate(seen: Seen, project: Project) -> Iterable[Judgement]:
    folders = _by_mailbox(seen.rows(FOLDERS))

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        if not state["ArchiveGuid"]:
            return
        rows = folders.get(mover.guid, [])
        if not rows or any(row["Folder"] is None for row in rows):
            remedy = "Look again; if it stays so, look with Get-MailboxFolderStatistics -Archive."
            yield Judgement("fail", mover.label, "the folders of its archive were not told", EMPTY, remedy)
            return
        held = [row for row in rows if str(row["Folder"]).casefold() == SUBSTRATE and row["Items"] != 0]
        if held:
            number = "an unknown number of items" if held[0]["Items"] is None else counted(held[0]["Items"], "item")
            size = "" if held[0]["Bytes"] is None else f", {in_gb(held[0]['Bytes'])}"
            yield Judgement(
                "fail",
                mover.label,
                seen=f"{number} in SubstrateHolds of the archive{size}",
                expected=EMPTY,
                remedy=f"A policy of Teams or of another application keeps copies there. {LEGAL} Then Microsoft's "
                "support empties the folder.",
            )

    return judge_states(seen, project, judge, expected=EMPTY, all_in="Get-MailboxFolderStatistics -Archive")


def _tracked(seen: Seen, project: Project) -> Iterable[Judgement]:
    tracked = _by_mailbox(seen.rows(TRACKED))

    def judge(mover: Mover, _state: Row) -> Iterator[Judgement]:
        rows = tracked.get(mover.guid, [])
        if any(row["Hold"] is None for row in rows):
            remedy = "Look again; if it stays so, look with Export-MailboxDiagnosticLogs -ComponentName HoldTracking."
            yield Judgement("fail", mover.label, "its log of holds was not told", UNTRACKED, remedy)
            return
        holds = [str(row["Hold"]) for row in rows if row["Kind"] == OF_THE_ORGANIZATION and hold_kind(str(row["Hold"]))]
        if holds:
            yield Judgement(
                "fail",
                mover.label,
                seen=f"HoldTracking tells of {', '.join(sorted(holds))}, which holds the whole organisation",
                expected=UNTRACKED,
                remedy="Let the owner of the policy exclude this mailbox; the log follows within a day or so. " + LEGAL,
            )

    return judge_states(seen, project, judge, expected=UNTRACKED, all_in="Export-MailboxDiagnosticLogs")


RULES: tuple[Rule, ...] = (
    Rule(
        "archive-holds-nothing-back",
        "No archive holds items in SubstrateHolds",
        ("HLD-01",),
        "source",
        (*MOVER_FACTS, FOLDERS),
        _substrate,
    ),
    Rule(
        "mailbox-not-tracked",
        "The service's own log tells of no hold of the whole organisation on a mailbox that moves",
        ("HLD-01",),
        "source",
        (*MOVER_FACTS, TRACKED),
        _tracked,
    ),
)
