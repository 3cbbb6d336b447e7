"""Who moves and holds the add-on without which no mailbox moves; who still needs it, and whether the seats suffice.

Only user mailboxes need it: Microsoft's own validation script lets shared and room mailboxes pass without it, which the
document does not say. Pure; used by rules and by plans of sections 020 and 100 alike (LIC-01, LIC-04, LIC-09).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.matching import FACTS as MATCHING
from xtmig_kernel.rules.matching import Match, matches
from xtmig_kernel.rules.subscriptions import (
    add_on_sku,
    add_ons,
    free_add_on_seats,
    free_seats,
    holders,
    is_add_on,
    is_usable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules.rule import Seen

SIDES: tuple[Side, Side] = ("source", "target")
SKUS = ("source.subscribed_skus", "target.subscribed_skus")
FACTS = (*MATCHING, "source.directory_users", "target.directory_users", *SKUS)
MOVE_CAPABILITY = "ExchangeT2TMbxMove"


def movers(seen: Seen, project: Project) -> tuple[Match, ...]:
    """The users whose mailboxes need licences to move: those with a user mailbox in the source, each mailbox once.

    Args:
        seen: Holds the facts of matching.
        project: Gives the rules for names.
    """
    return seen.derived(_movers, MATCHING, project)


def _movers(seen: Seen, project: Project) -> tuple[Match, ...]:
    found = {mailbox_id(match): match for match in reversed(matches(seen, project)) if _has_user_mailbox(match)}
    return tuple(reversed(found.values()))


def _has_user_mailbox(match: Match) -> bool:
    return match.source is not None and match.source["RecipientTypeDetails"] == "UserMailbox"


def mailbox_id(match: Match) -> str:
    """What a user's source mailbox is known by: its object ID, or its ExchangeGuid; empty where there is no mailbox.

    Args:
        match: The user.
    """
    return str(match.source["ObjectId"] or match.source["ExchangeGuid"]).casefold() if match.source is not None else ""


def object_on(match: Match, side: Side) -> Row | None:
    """A user's object in a tenant: the mailbox in the source, the MailUser in the target.

    Args:
        match: The user.
        side: The tenant.
    """
    return match.source if side == "source" else match.target


def add_on_sides(seen: Seen, users: Sequence[Match]) -> list[tuple[Side, ...]]:
    """Where each user has the add-on: by licence, or by what Exchange says of the object (LIC-04).

    Args:
        seen: Holds `FACTS`.
        users: The users.

    Returns:
        For each user the sides, in the same order; none where neither has it.
    """
    held = {side: holders(seen, side, is_add_on) for side in SIDES}
    return [tuple(side for side in SIDES if _has_add_on(object_on(user, side), held[side])) for user in users]


def _has_add_on(row: Row | None, held: frozenset[str]) -> bool:
    if row is None:
        return False
    capable = any(str(item).casefold() == MOVE_CAPABILITY.casefold() for item in row["PersistedCapabilities"])
    return capable or str(row["ObjectId"]).casefold() in held


def users_without_add_on(seen: Seen, project: Project) -> tuple[Match, ...]:
    """The users who need the add-on and have it in neither tenant (LIC-04, LIC-09).

    Args:
        seen: Holds `FACTS`.
        project: Gives the rules for names.
    """
    return seen.derived(_users_without_add_on, FACTS, project)


def _users_without_add_on(seen: Seen, project: Project) -> tuple[Match, ...]:
    users = movers(seen, project)
    return tuple(user for user, sides in zip(users, add_on_sides(seen, users), strict=True) if not sides)


@dataclass(frozen=True)
class Allotment:
    """What becomes of the users whom the project licenses in the source.

    Args:
        seats: Users with the ID of the subscription that each of them gets, in the order of `users.csv`.
        left: Users for whom no seat is free.
        held_up: Users without a usage location that cannot be set here, so that no licence can be given (wire 4.8).
        unlocated: Users with a seat, whose usage location is missing and can be set here.
    """

    seats: tuple[tuple[Match, str], ...] = ()
    left: tuple[Match, ...] = ()
    held_up: tuple[Match, ...] = ()
    unlocated: tuple[Match, ...] = ()

    @property
    def users(self) -> tuple[Match, ...]:
        """Everybody whom it is about."""
        return (*(user for user, _ in self.seats), *self.left, *self.held_up)


def allotment(seen: Seen, project: Project) -> Allotment:
    """Who gets a seat in the source, if the project assigns the add-on there; never more than are free.

    Args:
        seen: Holds `FACTS`.
        project: Says on which side the add-on is assigned, and which usage location is set.
    """
    if project.licences.add_on_side != "source":
        return Allotment()
    people = {str(row["Id"]).casefold(): row for row in seen.rows("source.directory_users")}
    needing = users_without_add_on(seen, project)
    without = {mailbox_id(u) for u in needing if not (people.get(mailbox_id(u)) or {}).get("UsageLocation")}
    lost = {object_id for object_id in without if not _settable(people.get(object_id), project)}
    fit = [user for user in needing if mailbox_id(user) not in lost]
    seats = tuple(zip(fit, free_add_on_seats(seen, "source"), strict=False))
    return Allotment(
        seats=seats,
        left=tuple(fit[len(seats) :]),
        held_up=tuple(user for user in needing if mailbox_id(user) in lost),
        unlocated=tuple(user for user, _ in seats if mailbox_id(user) in without),
    )


def _settable(person: Row | None, project: Project) -> bool:
    """Whether a usage location can be set: the project gives one, and the user is mastered in the cloud."""
    return person is not None and bool(project.licences.usage_location) and not person["DirectorySynchronised"]


@dataclass(frozen=True)
class Pool:
    """The seats that the project can use, against the users who still need one.

    Args:
        where: Whose seats count, in words.
        owned: Whether there is a subscription in force.
        free: Seats that can be assigned.
        needed: Users who still need one.
        remark: What else there is and does not count.
    """

    where: str
    owned: bool
    free: int
    needed: int
    remark: str

    @property
    def enough(self) -> bool:
        """Whether there is a subscription, and everybody who needs a seat can get one."""
        return self.owned and self.free >= self.needed


def pool(seen: Seen, project: Project) -> Pool:
    """The seats of the side that the project chooses; of both where somebody else assigns them (LIC-01).

    Args:
        seen: Holds `FACTS`.
        project: Says on which side the add-on is assigned.
    """
    chosen = project.licences.add_on_side
    sides: tuple[Side, ...] = SIDES if chosen == "none" else (chosen,)
    rows = [row for side in sides for row in add_ons(seen, side)]
    return Pool(
        where="the source and the target together" if chosen == "none" else f"the {chosen}",
        owned=bool(rows),
        free=sum(free_seats(row) for row in rows),
        needed=len(users_without_add_on(seen, project)),
        remark=_remark(seen, sides),
    )


def _remark(seen: Seen, sides: Iterable[Side]) -> str:
    every = [(side, row) for side in SIDES for row in seen.rows(f"{side}.subscribed_skus") if is_add_on(row)]
    usable = [(side, row) for side, row in every if is_usable(row)]
    parts = [
        f"{row['Warning']} in the {side} in their grace period (Warning)" for side, row in usable if row["Warning"]
    ]
    parts += [f"a subscription of the {side} that is {r['CapabilityStatus']}" for side, r in every if not is_usable(r)]
    parts += [f"{free_seats(row)} free in the {side}" for side, row in usable if side not in sides and free_seats(row)]
    return "; not counted: " + ", ".join(parts) if parts else ""


__all__ = [
    "FACTS",
    "SIDES",
    "SKUS",
    "Allotment",
    "Pool",
    "add_on_sides",
    "add_on_sku",
    "allotment",
    "mailbox_id",
    "movers",
    "object_on",
    "pool",
    "users_without_add_on",
]
