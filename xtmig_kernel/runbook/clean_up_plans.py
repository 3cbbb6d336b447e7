"""Plans of section 210: what this project made goes, what it altered is set back; nothing else is touched. Pure.

Each plan is made as if the steps before it were done, so that one approval covers the whole clean up; that they were
done is what the steps require.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Change, ExchangeCall, GraphCall, Level, Subject
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.batches import our_batches
from xtmig_kernel.rules.clean_up import (
    CONSENT_STEP,
    ENDPOINTS,
    GROUPS,
    RELATIONSHIP_STEP,
    is_adopted,
    needed_by,
    unfinished,
)
from xtmig_kernel.rules.objects import our_application, our_credentials, our_endpoint
from xtmig_kernel.rules.own import further_uses, is_created, own_changes, own_fact, still_ours
from xtmig_kernel.rules.relationship import ours, relationship_fact
from xtmig_kernel.rules.scope import scope_group
from xtmig_kernel.runbook.relationships import Setting, altered
from xtmig_kernel.runbook.secrets import remove_secret
from xtmig_kernel.runbook.sections.s050_application import application_subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen

    Plan = Callable[[Seen, Project], tuple[Change, ...]]

BATCH_SECONDS = 900
GROUP_SECONDS = 300
ENDPOINT_FACTS = (ENDPOINTS, own_fact("target"))
GROUP_FACTS = (GROUPS, own_fact("source"))


def relationship_facts(side: Side) -> tuple[str, ...]:
    """The facts from which a relationship's clean up is planned.

    Args:
        side: The tenant.
    """
    return (relationship_fact(side), own_fact(side))


def plan_batches(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Remove this project's finished batches; one that is not finished stays, and so does every other (CLN-02)."""
    return tuple(
        _removal(
            "210.2",
            Subject("target", "migration_batches", (("Identity", name),), f"batch {name}"),
            project,
            {"Status": row["Status"]},
            ExchangeCall("Remove-MigrationBatch", {"Identity": name}),
            "Cannot be brought back; the mailboxes that it has moved stay where they are.",
            BATCH_SECONDS,
        )
        for name, row in our_batches(seen, project).items()
        if not unfinished(name, row, seen, project)
    )


def plan_endpoint(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Remove the endpoint that this project created; an adopted one stays (CLN-02)."""
    row, name = our_endpoint(seen, project), project.endpoint_name
    if row is None or not is_created(seen, "target", "migration_endpoints", name):
        return ()
    identity = str(row["Identity"])
    subject = Subject("target", "migration_endpoints", (("Identity", identity),), f"migration endpoint {identity}")
    before = {"ApplicationId": row["ApplicationId"], "RemoteTenant": row["RemoteTenant"]}
    call = ExchangeCall("Remove-MigrationEndpoint", {"Identity": identity})
    return (_removal("210.3", subject, project, before, call, "Step 070.2 makes another one, with another secret."),)


def plan_relationship(side: Side) -> Plan:
    """The plan that takes this project's part out of a tenant's relationship (CLN-03).

    Args:
        side: The tenant.
    """

    def plan(seen: Seen, project: Project) -> tuple[Change, ...]:
        """Remove what this project created and serves nothing else; set back what it altered."""
        own = own_changes(seen, side, "organization_relationships")
        changes = []
        for row in ours(seen, side, project):
            change = own.get(str(row["Identity"]).casefold())
            if change is None:
                continue
            if change.created and not further_uses(row, side, project):
                changes.append(_relationship_removal(side, project, row))
            elif wanted := still_ours(change, row, side, project):
                changes.append(_set_back(side, project, row, wanted))
        return tuple(changes)

    return plan


def _relationship_removal(side: Side, project: Project, row: Row) -> Change:
    name = str(row["Identity"])
    key = (("Identity", name), ("DomainNames", project.partner(side).tenant_id))
    return _removal(
        RELATIONSHIP_STEP[side],
        Subject(side, "organization_relationships", key, f"organization relationship {name}"),
        project,
        {
            "Guid": row["Guid"],
            "DomainNames": row["DomainNames"],
            "MailboxMoveCapability": row["MailboxMoveCapability"],
            "FreeBusyAccessEnabled": row["FreeBusyAccessEnabled"],
        },
        ExchangeCall("Remove-OrganizationRelationship", {"Identity": name}),
        f"Step {'070.5' if side == 'target' else '080.4'} makes another one.",
        statements=("CLN-03",),
    )


def _set_back(side: Side, project: Project, row: Row, wanted: dict[str, Any]) -> Change:
    settings = {name: Setting(value, _parameter(name, value, row[name])) for name, value in wanted.items()}
    title = f"Set {', '.join(settings)} of organization relationship {row['Identity']} back"
    return altered(side, RELATIONSHIP_STEP[side], project, row, settings, title, Level.NAMED, ("CLN-03",))


def _parameter(name: str, value: Any, now: Any) -> Any:
    if name == "MailboxMoveCapability":
        return ", ".join(value) or "None"
    if isinstance(value, list):
        return {"Remove": [item for item in now if item not in value]}
    return value


def plan_consent(side: Side) -> Plan:
    """The plan that removes the application's access to a tenant.

    Args:
        side: The tenant.
    """

    def plan(seen: Seen, project: Project) -> tuple[Change, ...]:
        """Remove the enterprise application, and with it what was granted to it.

        In the target it stays with an application that this project did not register, or that others sign in as.
        """
        if side == "target" and (is_adopted(seen, project) or needed_by(seen, project)):
            return ()
        return tuple(_principal_removal(side, project, row) for row in seen.rows(f"{side}.service_principals"))

    return plan


def _principal_removal(side: Side, project: Project, row: Row) -> Change:
    name = str(row["DisplayName"] or project.application_name)
    return _removal(
        CONSENT_STEP[side],
        Subject(side, "service_principals", (("AppId", str(row["AppId"])),), f"enterprise application {name}"),
        project,
        {"Id": row["Id"], "OwnerTenantId": row["OwnerTenantId"]},
        GraphCall("DELETE", "/servicePrincipals/{id}", {"id": str(row["Id"])}),
        "Within 30 days it can be restored among the deleted items; later an administrator consents again (060).",
        statements=(),
    )


def plan_application(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Delete the application that this project registered, with its secrets; from an adopted one take our secrets."""
    row = our_application(seen, project)
    if row is None or needed_by(seen, project):
        return ()
    if is_adopted(seen, project):
        secrets = our_credentials(seen, project)
        return tuple(remove_secret(project, str(row["Id"]), secret, "210.8", Level.NAMED) for secret in secrets)
    return (
        _removal(
            "210.8",
            application_subject(project),
            project,
            {"Id": row["Id"], "AppId": row["AppId"]},
            GraphCall("DELETE", "/applications/{id}", {"id": str(row["Id"])}),
            "Within 30 days it can be restored under App registrations, Deleted applications; its secrets with it.",
            statements=(),
        ),
    )


def plan_groups(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Remove the scope groups that this project created; others stay, with their members."""
    return tuple(
        _group_removal(project, group)
        for name in project.scope_group_names
        if (group := scope_group(seen, name)) is not None
        and not group["DirectorySynchronised"]
        and is_created(seen, "source", "distribution_groups", name)
    )


def _group_removal(project: Project, group: Row) -> Change:
    name, object_id = str(group["Name"]), str(group["ObjectId"])
    return _removal(
        "210.9",
        Subject("source", "distribution_groups", (("Name", name),), f"scope group {name}"),
        project,
        {"ObjectId": group["ObjectId"]},
        ExchangeCall("Remove-DistributionGroup", {"Identity": object_id, "BypassSecurityGroupManagerCheck": True}),
        f"New-DistributionGroup -Name {quoted(name)} -Type Security makes one of that name, without its members.",
        GROUP_SECONDS,
        statements=(),
    )


def _removal(
    step: str,
    subject: Subject,
    project: Project,
    before: dict[str, Any],
    call: ExchangeCall | GraphCall,
    undo: str,
    lag_seconds: int = 90,
    statements: tuple[str, ...] = ("CLN-02",),
) -> Change:
    return Change(
        step=step,
        side=subject.side,
        tenant_id=project.side(subject.side).tenant_id,
        subject=subject,
        title=f"Remove {subject.label}",
        before=before,
        after=None,
        calls=(call,),
        level=Level.NAMED,
        undo=undo,
        statements=statements,
        lag_seconds=lag_seconds,
    )
