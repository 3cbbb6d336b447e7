"""Plans of section 100 for licences: the usage location, the add-on, and the Exchange licence before the move. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Change, GraphCall, Level, Subject
from xtmig_kernel.rules.prepared_licences import add_on_seats, exchange_seats, people, person_of, unlocated
from xtmig_kernel.rules.subscriptions import ADD_ON_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.matching import Match

LAG_SECONDS = 120


def plan_locations(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Set the usage location of those who are to be licensed and have none (wire 4.8)."""
    by_id, changes = people(seen), []
    for match, location in unlocated(seen, project):
        person = person_of(match, by_id)
        if person is not None and location and not person["DirectorySynchronised"]:
            changes.append(location_set(project, person, location, "100.6", ("LIC-13",)))
    return tuple(changes)


def location_set(project: Project, person: Row, location: str, step: str, statements: tuple[str, ...]) -> Change:
    """Set the usage location of a user of the target.

    Args:
        project: Names the tenant.
        person: The row of `directory_users`.
        location: A country's two letters.
        step: The step that plans it.
        statements: What it answers.
    """
    return Change(
        step=step,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_subject(person),
        title=f"Set usage location {location} for {person['UserPrincipalName']}",
        before={"UsageLocation": person["UsageLocation"]},
        after={"UsageLocation": location},
        calls=(GraphCall("PATCH", "/users/{id}", {"id": str(person["Id"])}, {"usageLocation": location}),),
        level=Level.UNDOABLE,
        undo="Set the usage location back in the user's properties; licences that rest on it go first.",
        statements=statements,
        lag_seconds=LAG_SECONDS,
    )


def plan_add_on(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Give the add-on to stamped users who have it on neither side, as far as seats are free (LIC-04, LIC-13)."""
    undo = "Take the licence away again, before the move; a seat on which a mailbox has moved is used up."
    return tuple(
        assignment(project, person, sku, "100.7", ADD_ON_NAME, undo, ("LIC-04", "LIC-09", "LIC-13"))
        for person, sku in _persons(seen, add_on_seats(seen, project))
    )


def plan_exchange(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Give the Exchange licence to stamped users before the move, where project.yaml wants that (LIC-13)."""
    name = str(project.licences.exchange_sku)
    undo = "Take the licence away again, before the move: while it is a MailUser, nothing is lost by that."
    return tuple(
        assignment(project, person, sku, "100.8", name, undo, ("LIC-13", "LIC-14"))
        for person, sku in _persons(seen, exchange_seats(seen, project))
    )


def _persons(seen: Seen, seats: list[tuple[Match, str]]) -> Iterator[tuple[Row, str]]:
    by_id = people(seen)
    for match, sku in seats:
        person = person_of(match, by_id)
        if person is not None and not person["DirectorySynchronised"]:
            yield person, sku


def assignment(
    project: Project, person: Row, sku: str, step: str, name: str, undo: str, statements: tuple[str, ...]
) -> Change:
    """Give a user of the target a licence, with nothing of it switched off.

    Args:
        project: Names the tenant.
        person: The row of `directory_users`.
        sku: The subscription's ID.
        step: The step that plans it.
        name: What the licence is called.
        undo: How it is undone, in words.
        statements: What it answers.
    """
    body: dict[str, Any] = {"addLicenses": [{"skuId": sku, "disabledPlans": []}], "removeLicenses": []}
    return Change(
        step=step,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_subject(person),
        title=f"Assign {name} to {person['UserPrincipalName']}",
        before={"SkuIds": person["SkuIds"]},
        after={"SkuIds": sorted([*person["SkuIds"], sku])},
        calls=(GraphCall("POST", "/users/{id}/assignLicense", {"id": str(person["Id"])}, body),),
        level=Level.NAMED,
        undo=undo,
        statements=statements,
        lag_seconds=LAG_SECONDS,
    )


def _subject(person: Row) -> Subject:
    return Subject("target", "directory_users", (("Id", str(person["Id"])),), str(person["UserPrincipalName"]))
