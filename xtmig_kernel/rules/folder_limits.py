"""Section 040: folders that are too full, too many or too deep for the service (failure 54).

The numbers are those of Microsoft's page "Exchange Online limits", part "Mailbox folder limits" (documented; the same
in all plans): 1,000,000 messages in a folder, 3,000,000 in a folder of Recoverable Items, 10,000 folders directly in
one, 300 levels; where one is reached, the service takes no further message, folder or level. From 900,000, 2,750,000,
9,000 and 250 on it warns, and so do we. That page says nothing of moves: that a move ends by these limits is seen live
by others (MapiExceptionFolderHierarchyChildrenCountQuotaExceeded at 10,000; failures 2.3 #54). So is that 10,000
folders altogether are too many (issue 256 of MicrosoftDocs/OfficeDocs-O365ServiceDescriptions, a mailbox of 10,600; the
page speaks of those in one folder), which warns alone.

Not seen: folders that no cmdlet lists, such as those of deferred actions and of devices; searches; and archives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.movers import MOVER_FACTS, movers
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

SHAPES = "source.folder_shapes"
ALTOGETHER = 10_000
"""Folders of a mailbox; more than this is known to have ended a move."""


@dataclass(frozen=True)
class Limit:
    """One of the service's limits.

    Args:
        column: Of `folder_shapes`.
        place: The column that says in which folder; empty where it is of the whole mailbox.
        what: What is counted, in the plural.
        near: From how many on the service warns the owner.
        full: How many it takes at most.
        remedy: What to do.
    """

    column: str
    place: str
    what: str
    near: int
    full: int
    remedy: str

    def judge(self, label: str, shape: Row) -> Iterator[Judgement]:
        """What is to be said of a mailbox; nothing where it is far from the limit.

        Args:
            label: The user.
            shape: The row of `folder_shapes`, with numbers.
        """
        number = shape[self.column]
        expected = f"fewer than {self.near:,} {self.what}"
        if number is None:
            yield Judgement("fail", label, f"how many {self.what} there are was not told", expected, LOOK_AGAIN)
        elif number >= self.near:
            place = f", {shape[self.place]}" if self.place else ""
            seen = f"{number:,} {self.what}{place}; the service takes {self.full:,}"
            yield Judgement("fail" if number >= self.full else "warn", label, seen, expected, self.remedy)


LOOK_AGAIN = (
    "Look again; if it stays so, there may be too many folders to be listed at once: Microsoft's script "
    "Get-LargeMailboxFolderStatistics lists them in parts."
)
LIMITS = (
    Limit(
        "MostItems",
        "MostItemsFolder",
        "items in one folder",
        900_000,
        1_000_000,
        "Let the owner spread them over several folders before the move, or a policy move older ones into the archive.",
    ),
    Limit(
        "MostRecoverableItems",
        "MostRecoverableFolder",
        "items in one folder of Recoverable Items",
        2_750_000,
        3_000_000,
        "Let the service remove what has expired (Start-ManagedFolderAssistant). Where a hold keeps it, whether that "
        "may go is a legal decision.",
    ),
    Limit(
        "MostSubfolders",
        "MostSubfoldersFolder",
        "folders directly in one folder",
        9_000,
        10_000,
        "Let the owner remove empty ones, or put them under several folders, before the move.",
    ),
    Limit(
        "Depth",
        "",
        "levels of folders",
        250,
        300,
        "Let the owner move the lowest folders further up before the move.",
    ),
)
EXPECTED = "folders that are far from the service's limits"


def _shapes(seen: Seen, project: Project) -> Iterable[Judgement]:
    shapes = {str(row["ExchangeGuid"]): row for row in seen.rows(SHAPES)}

    def judge(mover: Mover) -> Iterator[Judgement]:
        shape = shapes.get(mover.guid)
        if shape is None or shape["Folders"] is None:
            yield Judgement("fail", mover.label, "its folders were not told", EXPECTED, LOOK_AGAIN)
            return
        for limit in LIMITS:
            yield from limit.judge(mover.label, shape)
        if shape["Folders"] >= ALTOGETHER:
            yield Judgement(
                "warn",
                mover.label,
                seen=f"{shape['Folders']:,} folders altogether",
                expected=f"fewer than {ALTOGETHER:,} folders",
                remedy="Let the owner remove empty folders before the move; moves of mailboxes with more have failed.",
            )

    return judge_each(
        movers(seen, project), judge, of_what="mailboxes", expected=EXPECTED, all_in="Get-MailboxFolderStatistics"
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "folders-within-limits",
        "No folder of a mailbox that moves is near the service's limits",
        (),
        "source",
        (*MOVER_FACTS, SHAPES),
        _shapes,
    ),
)
