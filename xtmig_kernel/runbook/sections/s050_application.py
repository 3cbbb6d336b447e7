"""050 Target: migration application: its registration and its one permission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Change, GraphCall, Level, Subject
from xtmig_kernel.rules.objects import (
    MULTI_TENANT,
    REDIRECT_URI,
    USER_READ,
    migration_permission,
    our_application,
)
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

READS = ("target.applications", "target.exchange_resource")


def application_subject(project: Project) -> Subject:
    """The migration application, by the ID that the project adopts or by its unique name.

    Args:
        project: The project.
    """
    by_name = ("UniqueName", project.application_name)
    key = ("AppId", project.application_id) if project.application_id else by_name
    return Subject("target", "applications", (key,), f"application {project.application_name}")


def _access(permissions: Iterable[str]) -> list[dict[str, Any]]:
    by_resource: dict[str, list[dict[str, str]]] = {}
    for permission in permissions:
        resource, kind, role = permission.split("/")
        by_resource.setdefault(resource, []).append({"id": role, "type": kind})
    return [{"resourceAppId": r, "resourceAccess": access} for r, access in sorted(by_resource.items())]


def plan_registration(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Register the application, unless it is there, its name is taken, or the project adopts one (APP-03)."""
    permission = migration_permission(seen)
    if seen.rows("target.applications") or project.application_id or permission is None:
        return ()
    name = project.application_name
    after = {
        "DisplayName": name,
        "SignInAudience": MULTI_TENANT,
        "RedirectUris": [REDIRECT_URI],
        "Permissions": [permission],
    }
    call = GraphCall(
        "PATCH",
        "/applications(uniqueName='{name}')",
        {"name": name},
        {
            "displayName": name,
            "signInAudience": MULTI_TENANT,
            "web": {"redirectUris": [REDIRECT_URI]},
            "requiredResourceAccess": _access([permission]),
        },
        {"Prefer": "create-if-missing"},
    )
    return (
        Change(
            step="050.1",
            side="target",
            tenant_id=project.target.tenant_id,
            subject=application_subject(project),
            title=f"Register application {name}",
            before=None,
            after=after,
            calls=(call,),
            level=Level.UNDOABLE,
            undo="Delete the application under App registrations; its consents and secrets go with it.",
            statements=("APP-03", "APP-04", "APP-05", "APP-08", "APP-09", "APP-10"),
        ),
    )


def plan_corrections(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Correct what differs in the registration; what else is in it stays (APP-04, APP-05, APP-08 to APP-10)."""
    row, permission = our_application(seen, project), migration_permission(seen)
    if row is None or permission is None:
        return ()
    wanted = {
        "SignInAudience": MULTI_TENANT,
        "RedirectUris": _with(row["RedirectUris"], REDIRECT_URI),
        "Permissions": _with(row["Permissions"], permission),
    }
    after = {attribute: value for attribute, value in wanted.items() if value != row[attribute]}
    if not after:
        return ()
    return (
        _correction(
            project,
            row,
            "050.2",
            f"Correct application {row['DisplayName']}",
            after,
            Level.UNDOABLE,
            ("APP-04", "APP-05", "APP-08", "APP-09", "APP-10"),
        ),
    )


def plan_removals(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Take out User.Read, which a move does not need (APP-07); other permissions are left to their owner."""
    row = our_application(seen, project)
    if row is None or USER_READ not in row["OtherPermissions"]:
        return ()
    after = {"OtherPermissions": [p for p in row["OtherPermissions"] if p != USER_READ]}
    title = f"Remove permission User.Read from application {row['DisplayName']}"
    return (_correction(project, row, "050.3", title, after, Level.NAMED, ("APP-07",)),)


def _with(values: list[str], value: str) -> list[str]:
    return values if value in values else sorted([*values, value])


def _correction(
    project: Project, row: Row, step: str, title: str, after: dict[str, Any], level: Level, statements: tuple[str, ...]
) -> Change:
    if "Permissions" in after or "OtherPermissions" in after:
        # one attribute of the service holds both, so what it replaces is compared as a whole
        after = {"Permissions": row["Permissions"], "OtherPermissions": row["OtherPermissions"]} | after
    body: dict[str, Any] = {}
    if "SignInAudience" in after:
        body["signInAudience"] = after["SignInAudience"]
    if "RedirectUris" in after:
        body["web"] = {"redirectUris": after["RedirectUris"]}
    if "Permissions" in after:
        body["requiredResourceAccess"] = _access([*after["Permissions"], *after["OtherPermissions"]])
    return Change(
        step=step,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=application_subject(project),
        title=title,
        before={attribute: row[attribute] for attribute in after},
        after=after,
        calls=(GraphCall("PATCH", "/applications/{id}", {"id": str(row["Id"])}, body),),
        level=level,
        undo="Set the values named as before again, under App registrations.",
        statements=statements,
    )


SECTION = Section(
    number="050",
    slug="target-migration-application",
    title="Target: migration application",
    purpose="Register in the target tenant the one application that may move mailboxes and nothing else.",
    sides=("target",),
    steps=(
        Step(
            id="050.1",
            title="Register the migration application",
            side="target",
            why="The migration endpoint signs in as this application, and both tenants consent to it.",
            reads=READS,
            verifies=("application-registered", "application-id-known"),
            plans_from=READS,
            plan=plan_registration,
        ),
        Step(
            id="050.2",
            title="Correct audience, redirect URI and permission",
            side="target",
            why="With another audience, redirect URI or permission, consent in the source tenant fails.",
            reads=READS,
            verifies=("application-multi-tenant", "application-redirect", "application-permission"),
            plans_from=READS,
            plan=plan_corrections,
        ),
        Step(
            id="050.3",
            title="Remove the permission that the portal adds by itself",
            side="target",
            why="An application that moves mailboxes should be able to do nothing else.",
            reads=READS,
            verifies=("application-nothing-unneeded",),
            plans_from=READS,
            plan=plan_removals,
        ),
    ),
    document=("Configuration, order of steps", "Target: application and secret"),
)
