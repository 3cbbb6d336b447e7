"""Which row of a table is the project's own object. Used by rules and by plans alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules.rule import Seen

EXCHANGE_ONLINE = "00000002-0000-0ff1-ce00-000000000000"
USER_READ = "00000003-0000-0000-c000-000000000000/Scope/e1fe6dd8-ba31-4d61-89e7-88639da4683d"
MULTI_TENANT = "AzureADMultipleOrgs"
REDIRECT_URI = "https://office.com"
CAPABILITY: dict[Side, str] = {"target": "Inbound", "source": "RemoteOutbound"}
"""What MailboxMoveCapability must contain on each side (REL-09, REL-10)."""


def our_application(seen: Seen, project: Project) -> Row | None:
    """The project's migration application.

    Args:
        seen: Holds `target.applications`.
        project: The project.
    """
    for row in seen.rows("target.applications"):
        if project.application_id:
            if row["AppId"] == project.application_id:
                return row
        elif row["UniqueName"] == project.application_name:
            return row
    return None


def migration_permission(seen: Seen) -> str | None:
    """The permission Mailbox.Migration as the table writes permissions, None if the tenant does not know the role.

    Args:
        seen: Holds `target.exchange_resource`.
    """
    resource = seen.one("target.exchange_resource")
    role = resource and resource["MailboxMigrationRoleId"]
    return f"{EXCHANGE_ONLINE}/Role/{role}" if role else None


def our_credentials(seen: Seen, project: Project) -> list[Row]:
    """The client secrets that this project minted, the oldest first; each name ends in its number.

    Args:
        seen: Holds `target.application_credentials`.
        project: The project.
    """
    ours = [
        row
        for row in seen.rows("target.application_credentials")
        if str(row["DisplayName"] or "").startswith(project.credential_prefix)
    ]
    return sorted(ours, key=credential_number)


def credential_number(row: Row) -> int:
    """The number in the name of a minted secret.

    Args:
        row: A row of `target.application_credentials`.
    """
    last = str(row["DisplayName"]).rsplit(" ", 1)[-1]
    return int(last) if last.isdecimal() else 0


def our_endpoint(seen: Seen, project: Project) -> Row | None:
    """The project's migration endpoint, found by its name without case.

    Args:
        seen: Holds `target.migration_endpoints`.
        project: The project.
    """
    wanted = project.endpoint_name.casefold()
    return next((r for r in seen.rows("target.migration_endpoints") if str(r["Identity"]).casefold() == wanted), None)


def relationships_with_partner(rows: Sequence[Row], partner_tenant_id: str) -> list[Row]:
    """The organization relationships whose DomainNames hold the partner's tenant ID (REL-04).

    Args:
        rows: Rows of `organization_relationships`.
        partner_tenant_id: A GUID.
    """
    return [row for row in rows if partner_tenant_id.casefold() in {str(n).casefold() for n in row["DomainNames"]}]


def name_is_taken(rows: Sequence[Row], name: str) -> bool:
    """Whether a relationship of that name exists; Exchange compares names without case.

    Args:
        rows: Rows of `organization_relationships`.
        name: The name for a new one.
    """
    return any(str(row["Identity"]).casefold() == name.casefold() for row in rows)


def granted(seen: Seen, side: Side) -> bool:
    """Whether that tenant has granted Mailbox.Migration of its own Exchange Online to the application.

    Args:
        seen: Holds `granted_roles` and `exchange_resource` of that side.
        side: The side.
    """
    resource = seen.one(f"{side}.exchange_resource")
    return resource is not None and any(
        row["ResourceId"] == resource["Id"] and row["RoleId"] == resource["MailboxMigrationRoleId"]
        for row in seen.rows(f"{side}.granted_roles")
    )
