"""Section 190: the groups that somebody belongs to in the source, and in no group of that name in the target. Pure.

Groups do not move, and a membership is the directory's: the MailUser that is left in the source still has it, so it
needs no baseline. A group of the target stands for one of the source where it has the same name, or the same address
before the @.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.moved import MOVED_FACTS, moved
from xtmig_kernel.rules.rule import Judgement, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.moved import Moved
    from xtmig_kernel.rules.rule import Seen

THERE, HERE = "source.group_memberships", "target.group_memberships"
FACTS = (*MOVED_FACTS, THERE, HERE)


@dataclass(frozen=True)
class Belonging:
    """A moved user with the groups of the source that nothing stands for in the target.

    Args:
        moved: The user.
        lost: The rows of `group_memberships` in the source.
    """

    moved: Moved
    lost: tuple[Row, ...]


def belongings(seen: Seen, project: Project) -> tuple[Belonging, ...]:
    """Every moved user whose objects on both sides are there, with the direct memberships that are lost.

    A group that makes up its members itself, and one of this project, is nobody's to be given again.

    Args:
        seen: Holds `FACTS`.
        project: Names its own groups.
    """
    own = {name.casefold() for name in (*project.scope_group_names, project.users.group or "") if name}
    there, here = _by_user(seen.rows(THERE)), _by_user(seen.rows(HERE))
    found = []
    for item in moved(seen, project):
        if item.source is None or not item.target_converted or item.target is None:
            continue
        names = {name for row in here.get(str(item.target["ObjectId"]), ()) for name in _names(row)}
        lost = tuple(
            row
            for row in there.get(str(item.source["ObjectId"]), ())
            if row["Via"] is None and not row["Dynamic"] and not own & set(_names(row)) and not names & set(_names(row))
        )
        found.append(Belonging(item, lost))
    return tuple(found)


def _by_user(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["UserId"])].append(row)
    return found


def _names(row: Row) -> Iterator[str]:
    """By what a group is known again, in lower case: its name, its address, and what stands before the @."""
    if row["Group"]:
        yield str(row["Group"]).casefold()
    if row["GroupMail"]:
        yield str(row["GroupMail"]).casefold()
        yield str(row["GroupMail"]).casefold().partition("@")[0]


def _groups(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(item: Belonging) -> Iterable[Judgement]:
        if not item.lost:
            return
        address = str((item.moved.target or {})["PrimarySmtpAddress"])
        yield Judgement(
            "warn",
            f"{item.moved.label}, groups",
            seen=f"in the source a member of {named([_called(row) for row in item.lost])}; in the target of none of "
            "that name",
            expected="a member of the groups of the target that stand for them",
            remedy="Groups do not move. For each that is still wanted: Add-DistributionGroupMember -Identity "
            f"'<group in the target>' -Member {quoted(address)}; a Microsoft 365 group, and a security group without "
            "an address, gets its members in the Entra admin center.",
        )

    yield from judge_each(
        belongings(seen, project), judge, of_what="moved users", expected="in the groups of the same names"
    )


def _called(row: Row) -> str:
    return f"{row['Group']} ({row['GroupMail']})" if row["GroupMail"] else str(row["Group"])


RULES = (
    Rule(
        "moved-groups",
        "Moved users belong to the groups of the target that bear the names of theirs in the source",
        (),
        "target",
        FACTS,
        _groups,
    ),
)
