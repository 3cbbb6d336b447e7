"""What section 020 shows: the seats as bars, who lacks what, and who is left without a seat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.licences import SIDES, add_on_sides, allotment, mailbox_id, movers, object_on, pool
from xtmig_kernel.rules.subscriptions import ADD_ON_NAME, add_ons, free_seats, gives_mailbox, holders, sku_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.matching import Match

POOL_COLUMNS = ("subscription", "used by others", "used by this move", "still needed", "left over", "missing")
GAP_COLUMNS = ("line", "user", "add-on", "Exchange in the source", "usage location", "what is missing")


def seats_and_gaps(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """The pool of the add-on on both sides, and everybody who lacks a licence (LIC-01, LIC-09, LIC-12).

    Args:
        seen: Holds the facts of section 020.
        project: Says on which side the add-on is assigned.
    """
    users = movers(seen, project)
    return _pool(seen, project, users), _gaps(seen, users)


def _pool(seen: Seen, project: Project, users: Sequence[Match]) -> Exhibit:
    """One bar for each subscription, whose parts are all its seats, and one for the seats that nobody has."""
    chosen, needed = project.licences.add_on_side, pool(seen, project).needed
    rows = [(side, row, chosen in (side, "none")) for side in SIDES for row in add_ons(seen, side)]
    lines: list[tuple[str | int, ...]] = []
    for side, row, counts in rows:
        reserved = min(free_seats(row), needed) if counts else 0
        needed -= reserved
        lines.append(_bar(seen, side, row, users, reserved))
    if needed:
        what = "free seat" if any(counts for _, _, counts in rows) else "subscription"
        where = "either tenant" if chosen == "none" else f"the {chosen}"
        lines.append((f"no {what} in {where}", 0, 0, 0, 0, needed))
    caption = f"Seats of {ADD_ON_NAME} in both tenants, and what this move does with them. Each bar is a sum."
    return Exhibit("licence-pool", caption, POOL_COLUMNS, tuple(lines), "bars")


def _bar(seen: Seen, side: Side, row: Row, users: Sequence[Match], reserved: int) -> tuple[str | int, ...]:
    held = holders(seen, side, lambda other: sku_id(other) == sku_id(row))
    objects = (object_on(user, side) for user in users)
    ours = sum(item is not None and str(item["ObjectId"]).casefold() in held for item in objects)
    others = max(0, int(row["Consumed"] or 0) - ours)
    return f"{side.upper()} {row['SkuPartNumber']}", others, ours, reserved, free_seats(row) - reserved, 0


def _gaps(seen: Seen, users: Sequence[Match]) -> Exhibit:
    exchange = holders(seen, "source", gives_mailbox)
    located = {str(row["Id"]).casefold() for row in seen.rows("source.directory_users") if row["UsageLocation"]}
    lines: list[tuple[str | int, ...]] = []
    for user, sides in zip(users, add_on_sides(seen, users), strict=True):
        licensed = mailbox_id(user) in exchange
        missing = [] if sides else [ADD_ON_NAME]
        missing += [] if licensed else ["an Exchange licence in the source"]
        if missing:
            where = ", ".join(side.upper() for side in sides) or "missing"
            location = "set" if mailbox_id(user) in located else "missing"
            there = "there" if licensed else "missing"
            line = int(user.user["Line"]) or "new"
            lines.append((line, user.label, where, there, location, " and ".join(missing)))
    caption = f"Users with a mailbox who lack a licence: {len(lines)} of {len(users)}. Line is that of users.csv."
    return Exhibit("licence-gaps", caption, GAP_COLUMNS, tuple(lines))


def left_without(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Who is left without the add-on when all free seats of the source are given out; nothing if nobody is.

    Args:
        seen: Holds the facts of section 020.
        project: Says on which side the add-on is assigned.
    """
    found = allotment(seen, project)
    lines: list[tuple[str | int, ...]] = [(int(u.user["Line"]), u.label, "no seat is free") for u in found.left]
    lines += [(int(u.user["Line"]), u.label, "the usage location is missing") for u in found.held_up]
    if not lines:
        return ()
    caption = (
        f"Left without {ADD_ON_NAME} in the source: {len(lines)}. {counted(len(found.seats), 'user')} can get a seat."
    )
    return (Exhibit("licence-left", caption, ("line", "user", "why"), tuple(lines)),)
