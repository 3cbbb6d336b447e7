"""020 Licensing: seats, gaps, either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Change, GraphCall, Level, Subject
from xtmig_kernel.rules.licences import FACTS, allotment
from xtmig_kernel.rules.subscriptions import ADD_ON_NAME
from xtmig_kernel.runbook.licence_exhibits import left_without, seats_and_gaps
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.matching import Match

LAG_SECONDS = 120


def plan_locations(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Set the usage location of those who get a licence in the source and have none (wire 4.8)."""
    location = project.licences.usage_location
    people = _people(seen)
    return tuple(
        _change(
            project,
            people[_mailbox(user)],
            step="020.3",
            title=f"Set usage location {location} for {user.label}",
            after={"UsageLocation": location},
            call=GraphCall("PATCH", "/users/{id}", {"id": _mailbox(user)}, {"usageLocation": location}),
            level=Level.UNDOABLE,
            undo="Set the usage location back, in the user's properties; licences that rest on it must go first.",
            statements=("LIC-04",),
        )
        for user in allotment(seen, project).unlocated
    )


def plan_add_on(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Give the add-on to source users who have it on neither side, as far as seats are free (LIC-04, LIC-09)."""
    people = _people(seen)
    return tuple(
        _change(
            project,
            people[_mailbox(user)],
            step="020.4",
            title=f"Assign {ADD_ON_NAME} to {user.label}",
            after={"SkuIds": sorted([*people[_mailbox(user)]["SkuIds"], sku])},
            call=GraphCall(
                "POST",
                "/users/{id}/assignLicense",
                {"id": _mailbox(user)},
                {"addLicenses": [{"skuId": sku, "disabledPlans": []}], "removeLicenses": []},
            ),
            level=Level.NAMED,
            undo="Take the licence away again, before the move; a seat on which a mailbox has moved is used up.",
            statements=("LIC-04", "LIC-09"),
        )
        for user, sku in allotment(seen, project).seats
    )


def _mailbox(user: Match) -> str:
    return str(user.source["ObjectId"]) if user.source else ""


def _people(seen: Seen) -> dict[str, Row]:
    by_id = {str(row["Id"]).casefold(): row for row in seen.rows("source.directory_users")}
    mailboxes = (str(row["ObjectId"]) for row in seen.rows("source.mailboxes"))
    return {mailbox: by_id[mailbox.casefold()] for mailbox in mailboxes if mailbox.casefold() in by_id}


def _change(
    project: Project,
    person: Row,
    *,
    step: str,
    title: str,
    after: Mapping[str, Any],
    call: GraphCall,
    level: Level,
    undo: str,
    statements: tuple[str, ...],
) -> Change:
    return Change(
        step=step,
        side="source",
        tenant_id=project.source.tenant_id,
        subject=Subject("source", "directory_users", (("Id", str(person["Id"])),), str(person["UserPrincipalName"])),
        title=title,
        before={attribute: person[attribute] for attribute in after},
        after=after,
        calls=(call,),
        level=level,
        undo=undo,
        statements=statements,
        lag_seconds=LAG_SECONDS,
    )


SECTION = Section(
    number="020",
    slug="licensing",
    title="Licensing",
    purpose="Count the seats of the licence that a move needs, see who lacks what on either side, and give it out.",
    sides=("source", "target"),
    steps=(
        Step(
            id="020.1",
            title="Count the seats, and see who lacks a licence",
            side=None,
            why="Without its licence a mailbox does not move, and Microsoft makes no exceptions.",
            reads=FACTS,
            verifies=("add-on-seats", "source-eligible-plan", "target-eligible-plan"),
            plans_from=FACTS,
            shows=seats_and_gaps,
        ),
        Step(
            id="020.2",
            title="Sign what only procurement knows",
            side=None,
            why="Whether a licence can be bought, and what it covers, stands in contracts and not in a tenant.",
            reads=FACTS,
            verifies=("add-on-offered", "add-on-once-per-move", "add-on-purchase", "add-on-bought"),
        ),
        Step(
            id="020.3",
            title="Set missing usage locations in the source",
            side="source",
            why="Microsoft refuses a licence to a user without a usage location.",
            reads=FACTS,
            verifies=("source-usage-location", "source-usage-location-known"),
            plans_from=FACTS,
            plan=plan_locations,
            requires=("users-listed",),
            bulk=True,
        ),
        Step(
            id="020.4",
            title=f"Assign {ADD_ON_NAME} in the source",
            side="source",
            why="One licence on one of the two sides lets one mailbox move once.",
            reads=FACTS,
            verifies=(
                "users-have-add-on",
                "source-licence-takes-no-address",
                "source-licensed-addresses-verified",
            ),
            plans_from=FACTS,
            plan=plan_add_on,
            requires=("users-listed", "source-usage-location"),
            bulk=True,
            shows=left_without,
        ),
        Step(
            id="020.5",
            title="See whether Exchange licences are there, and none too early",
            side=None,
            why="A mailbox licence before the stamp gives the target user a second mailbox, and the move fails.",
            reads=(*FACTS, "target.licensing_groups", "target.migration_users"),
            verifies=(
                "no-move-without-licence",
                "source-exchange-licence",
                "target-no-early-licence",
                "target-no-early-group",
                "target-licence-moment",
                "target-licence-takes-no-address",
                "target-licensed-addresses-verified",
            ),
        ),
    ),
    document=("Licensing",),
    guidance=("LIC-05", "LIC-07", "LIC-10"),
)
