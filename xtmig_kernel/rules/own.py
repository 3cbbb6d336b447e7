"""What this project itself created or altered, as its ledger tells it, beside what is there now. Pure.

Only what the ledger knows is taken away again: an object that merely bears a name of the project is somebody else's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.objects import CAPABILITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules.rule import Seen


_SWITCHES = ("Enabled", "MailboxMoveEnabled")


def own_fact(side: Side) -> str:
    """The fact that tells this project's changes to one tenant.

    Args:
        side: The tenant.
    """
    return f"{side}.own_changes"


@dataclass(frozen=True)
class OwnChange:
    """One object that this project created or altered.

    Args:
        name: How the table names it.
        created: Whether it was not there before.
        before: The altered attributes before the first change; of what was created, nothing.
        after: The same attributes after the last change.
        settled: Whether it is known what became of every change.
    """

    name: str
    created: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    settled: bool


def own_changes(seen: Seen, side: Side, table: str) -> dict[str, OwnChange]:
    """This project's changes to the objects of one table, by name in lower case.

    Args:
        seen: Holds `own_fact(side)`.
        side: The tenant.
        table: Such as `"organization_relationships"`.
    """
    return {
        str(row["Object"]).casefold(): OwnChange(
            str(row["Object"]),
            row["Change"] == "created",
            json.loads(row["Before"]),
            json.loads(row["After"]),
            bool(row["Settled"]),
        )
        for row in seen.rows(own_fact(side))
        if row["Table"] == table
    }


def is_created(seen: Seen, side: Side, table: str, name: str) -> bool:
    """Whether this project created an object.

    Args:
        seen: Holds `own_fact(side)`.
        side: The tenant.
        table: Its table.
        name: Its name there.
    """
    change = own_changes(seen, side, table).get(name.casefold())
    return change is not None and change.created


def further_uses(row: Row, side: Side, project: Project) -> list[str]:
    """What a relationship that this project created serves besides its moves, in words; nothing where it may go.

    Args:
        row: A row of `organization_relationships`.
        side: The tenant that has it.
        project: Names the partner.
    """
    uses = []
    partner = project.partner(side).tenant_id.casefold()
    others = [name for name in row["DomainNames"] if str(name).casefold() != partner]
    if row["FreeBusyAccessEnabled"]:
        uses.append("free/busy")
    if others:
        uses.append(f"the partners {', '.join(map(str, others))}")
    directions = [value for value in row["MailboxMoveCapability"] if value != CAPABILITY[side]]
    if directions:
        uses.append(f"moves the other way ({', '.join(directions)})")
    return uses


def still_ours(change: OwnChange, row: Row, side: Side, project: Project) -> dict[str, Any]:
    """What must be set so that a relationship is again as it was before this project, attribute to value.

    Of a list only what this project added goes; a single value goes back only where it is still the one that this
    project left. What somebody else has set since stays.

    Args:
        change: What this project did.
        row: The relationship now.
        side: The tenant that has it.
        project: Names the partner.
    """
    before = _before_project(change, row, side, project)
    wanted: dict[str, Any] = {}
    # while mailboxes still move the other way through it, it stays on
    serves_moves = bool(set(row["MailboxMoveCapability"]) - {CAPABILITY[side]})
    for attribute, was in before.items():
        if serves_moves and attribute in _SWITCHES:
            continue
        now, left = row[attribute], change.after.get(attribute)
        value = _without(now, left, was) if isinstance(now, list) else (was if _same(now, left) else now)
        if not _same(value, now):
            wanted[attribute] = value
    return wanted


def _before_project(change: OwnChange, row: Row, side: Side, project: Project) -> Mapping[str, Any]:
    """The values before; for one that was created and serves others now, what it would be without the moves."""
    if not change.created:
        return change.before
    outward: dict[str, Any] = {"MailboxMovePublishedScopes": [], "OAuthApplicationId": None}
    before: dict[str, Any] = {"MailboxMoveCapability": []} | (outward if side == "source" else {})
    if set(row["MailboxMoveCapability"]) <= {CAPABILITY[side]} and further_uses(row, side, project):
        before["MailboxMoveEnabled"] = False
    return before


def _without(now: list[Any], left: Any, was: Any) -> list[Any]:
    added = {_folded(v) for v in left or ()} - {_folded(v) for v in was or ()}
    return [value for value in now if _folded(value) not in added]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return sorted(map(_folded, one)) == sorted(map(_folded, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return _folded(one) == _folded(other)


def _folded(value: Any) -> str:
    """A name without case and without the container that the service may put before it."""
    return str(value or "").rsplit("/", 1)[-1].strip("{} ").casefold()
