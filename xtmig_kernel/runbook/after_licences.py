"""Plans of section 190 for licences: usage locations, Exchange licences in the target, plans of the source. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Change, GraphCall, Level, Subject
from xtmig_kernel.rules.after_licences import LICENCE_STEP, LOCATION_STEP, seats, unlocated
from xtmig_kernel.rules.left_behind import STEP, Leftover, disabled_after, leftovers
from xtmig_kernel.runbook.user_licences import LAG_SECONDS, assignment, location_set

if TYPE_CHECKING:
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen


def plan_locations(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Set the usage location of moved users who are to be licensed and have none (wire 4.8)."""
    return tuple(
        location_set(project, person, location, LOCATION_STEP, ("LIC-16",))
        for _, person, location in unlocated(seen, project)
        if location and not person["DirectorySynchronised"]
    )


def plan_licences(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Give moved user mailboxes their Exchange licence, as far as seats are free (LIC-16).

    Who is synchronised from a directory of its own is licensed too: a licence is the cloud's.
    """
    name = str(project.licences.exchange_sku)
    undo = "Do not take it away again: a mailbox without a licence is disconnected, and deleted 30 days later."
    return tuple(
        assignment(project, person, sku, LICENCE_STEP, name, undo, ("LIC-16", "KNI-09"))
        for _, person, sku in seats(seen, project)
    )


def plan_plans(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Switch Exchange's plans off for leftover MailUsers, where project.yaml asks for it (KNI-08, PLN-04 to PLN-06)."""
    if not project.licences.strip_source_plans:
        return ()
    return tuple(_stripped(project, item) for item in leftovers(seen, project) if item.removable)


def _stripped(project: Project, item: Leftover) -> Change:
    """One call for the user that was read, with all its subscriptions that change."""
    wanted, person = disabled_after(item), item.person
    kept = [pair for pair in person["DisabledPlans"] if str(pair).casefold().partition("/")[0] not in wanted]
    after = sorted([*kept, *(f"{sku}/{plan}" for sku, plans in wanted.items() for plan in plans)])
    licences: list[dict[str, Any]] = [{"skuId": sku, "disabledPlans": plans} for sku, plans in wanted.items()]
    names = ", ".join(sorted({str(row["PlanName"]) for row in item.removable}))
    return Change(
        step=STEP,
        side="source",
        tenant_id=project.source.tenant_id,
        subject=Subject("source", "directory_users", (("Id", str(person["Id"])),), str(person["UserPrincipalName"])),
        title=f"Switch off {names} for {person['UserPrincipalName']}",
        before={"DisabledPlans": person["DisabledPlans"]},
        after={"DisabledPlans": after},
        calls=(
            GraphCall(
                "POST",
                "/users/{id}/assignLicense",
                {"id": str(person["Id"])},
                {"addLicenses": licences, "removeLicenses": []},
            ),
        ),
        level=Level.NAMED,
        undo="Assign the same subscriptions again with the plans that were off before.",
        statements=("KNI-08", "PLN-04", "PLN-05", "PLN-06"),
        lag_seconds=LAG_SECONDS,
    )
