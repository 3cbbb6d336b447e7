"""060 Consent: the target's administrator first, then the source's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, GraphCall, Later, Level, Subject
from xtmig_kernel.rules.objects import granted, our_application
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen


def _plan(side: Side, step: str) -> Callable[[Seen, Project], tuple[Change, ...]]:
    def plan(seen: Seen, project: Project) -> tuple[Change, ...]:
        """Write the consent, if the project says that xtmig and not a person gives it (CON-01, CON-02)."""
        by = project.consent.target if side == "target" else project.consent.source
        resource = seen.one(f"{side}.exchange_resource")
        application = our_application(seen, project)
        role = resource["MailboxMigrationRoleId"] if resource else None
        if by == "person" or granted(seen, side) or resource is None or role is None or application is None:
            return ()
        application_id = str(application["AppId"])
        principals = seen.rows(f"{side}.service_principals")
        changes: list[Change] = []
        principal = Subject(
            side,
            "service_principals",
            (("AppId", application_id),),
            f"enterprise application {project.application_name}",
        )
        # read when it is granted, so that an approval holds whether or not the enterprise application is there yet
        principal_id = Later(principal, "Id")
        statements = ("CON-01", "CON-02", "CON-03") if side == "target" else ("CON-04",)
        if not principals:
            changes.append(
                Change(
                    step=step,
                    side=side,
                    tenant_id=project.side(side).tenant_id,
                    subject=principal,
                    title=f"Add enterprise application {project.application_name}",
                    before=None,
                    after={"AppId": application_id},
                    calls=(GraphCall("POST", "/servicePrincipals", body={"appId": application_id}),),
                    level=Level.NAMED,
                    undo="Delete it under Enterprise applications.",
                    statements=statements,
                )
            )
        changes.append(
            Change(
                step=step,
                side=side,
                tenant_id=project.side(side).tenant_id,
                subject=Subject(
                    side,
                    "granted_roles",
                    (("AppId", application_id), ("RoleId", role)),
                    f"Mailbox.Migration for {project.application_name}",
                ),
                title=f"Grant Mailbox.Migration to {project.application_name}",
                before=None,
                after={"ResourceId": resource["Id"], "RoleId": role},
                calls=(
                    GraphCall(
                        "POST",
                        "/servicePrincipals/{principal}/appRoleAssignments",
                        {"principal": principal_id},
                        {"principalId": principal_id, "resourceId": resource["Id"], "appRoleId": role},
                    ),
                ),
                level=Level.NAMED,
                undo="Remove the permission under Enterprise applications, Permissions.",
                statements=statements,
            )
        )
        return tuple(changes)

    return plan


def _step(side: Side, number: int) -> Step:
    first = ("target.granted_roles", "target.exchange_resource", "target.consent_link") if side == "source" else ()
    reads = (
        "target.applications",
        f"{side}.consent_link",
        f"{side}.service_principals",
        f"{side}.exchange_resource",
        f"{side}.granted_roles",
        *first,
    )
    return Step(
        id=f"060.{number}",
        title=f"Consent in the {side} tenant",
        side=side,
        why="Without this consent the endpoint's sign-in is refused."
        if side == "target"
        else "With this consent the source's own administrator lets mailboxes out; nobody else can give it.",
        reads=reads,
        verifies=(f"{side}-consent-link", f"{side}-application-present", f"{side}-consent-granted"),
        plans_from=reads,
        plan=_plan(side, f"060.{number}"),
        requires=() if side == "target" else ("target-consent-granted",),
    )


SECTION = Section(
    number="060",
    slug="consent",
    title="Consent",
    purpose="An administrator of each tenant consents to the application, the target's first.",
    sides=("target", "source"),
    steps=(_step("target", 1), _step("source", 2)),
    document=("Consent",),
)
