"""Tables that Microsoft Graph answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xtmig_kernel.errors import NotFound
from xtmig_kernel.inventory.context import MissingFact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

EXCHANGE_ONLINE = "00000002-0000-0ff1-ce00-000000000000"
MAILBOX_MIGRATION = "Mailbox.Migration"
_APPLICATION_COLUMNS = "id,appId,uniqueName,displayName,signInAudience,web,requiredResourceAccess,passwordCredentials"


def organization(context: ReadContext) -> tuple[str, list[Row]]:
    """The organisation behind the token (PRE-10; wire 4.9)."""
    found = context.tenant.graph.get_all(
        "/organization", {"$select": "id,displayName,verifiedDomains,onPremisesSyncEnabled"}
    )
    return "Graph GET /organization", [
        {
            "TenantId": item["id"],
            "DisplayName": item.get("displayName"),
            "Domains": [domain["name"] for domain in item.get("verifiedDomains", [])],
            "InitialDomain": next((d["name"] for d in item.get("verifiedDomains", []) if d.get("isInitial")), None),
            "DirectorySynchronised": item.get("onPremisesSyncEnabled"),
        }
        for item in found
    ]


def directory_roles(context: ReadContext) -> tuple[str, list[Row]]:
    """The active Entra roles of the person who is signed in (PRE-01); an application is judged by its permissions.

    Raises:
        MissingFact: An application is signed in; to ask would only need a right that nothing else needs.
    """
    if context.tenant.identity.kind != "person":
        raise MissingFact("an application is judged by its token's permissions, so its roles are not asked for")
    path = "/me/transitiveMemberOf/microsoft.graph.directoryRole"
    # a cast over transitive members is an advanced query, which needs both (wire 4.11)
    query = {"$select": "id,displayName,roleTemplateId", "$count": "true"}
    found = context.tenant.graph.get_all(path, query, {"ConsistencyLevel": "eventual"})
    return f"Graph GET {path}", [
        {"RoleTemplateId": item["roleTemplateId"], "DisplayName": item.get("displayName")} for item in found
    ]


_MAY_READ_ELIGIBLE = frozenset(
    {
        "RoleEligibilitySchedule.Read.Directory",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "RoleManagement.Read.All",
        "RoleManagement.Read.Directory",
        "RoleManagement.ReadWrite.Directory",
    }
)


def eligible_roles(context: ReadContext) -> tuple[str, list[Row]]:
    """The Entra roles that the person who is signed in may activate (fact F-93).

    Raises:
        MissingFact: An application is signed in, or the token does not permit it: no right is asked for this alone.
    """
    identity = context.tenant.identity
    if identity.kind != "person":
        raise MissingFact("an application activates no role")
    if not _MAY_READ_ELIGIBLE & set(identity.permissions):
        raise MissingFact("RoleManagement.Read.Directory is not in the token, so eligible roles are not asked for")
    path = "/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')"
    found = context.tenant.graph.get_all(path, {"$select": "roleDefinitionId"})
    return f"Graph GET {path}", [{"RoleTemplateId": str(item["roleDefinitionId"]).lower()} for item in found]


def applications(context: ReadContext) -> tuple[str, list[Row]]:
    """The migration application's registration, and others that bear its name (APP-03)."""
    source, found = _registrations(context)
    return source, [
        {
            "Id": item["id"],
            "AppId": item["appId"],
            "UniqueName": item.get("uniqueName"),
            "DisplayName": item["displayName"],
            "SignInAudience": item.get("signInAudience"),
            "RedirectUris": list((item.get("web") or {}).get("redirectUris", [])),
            "Permissions": sorted(_permissions(item, exchange=True)),
            "OtherPermissions": sorted(_permissions(item, exchange=False)),
        }
        for item in found
    ]


def _registrations(context: ReadContext) -> tuple[str, list[dict[str, Any]]]:
    project = context.project
    if project.application_id:
        path = f"/applications(appId='{project.application_id}')"
        return f"Graph GET {path}", _one_or_none(context, path)
    name = _odata(project.application_name)
    path = f"/applications(uniqueName='{quote(name, safe='')}')"
    ours = _one_or_none(context, path)
    namesakes = context.tenant.graph.get_all(
        "/applications", {"$filter": f"displayName eq '{name}'", "$select": _APPLICATION_COLUMNS}
    )
    known = {item["id"] for item in ours}
    return f"Graph GET {path} and by display name", ours + [i for i in namesakes if i["id"] not in known]


def _one_or_none(context: ReadContext, path: str) -> list[dict[str, Any]]:
    try:
        return [context.tenant.graph.get(path, {"$select": _APPLICATION_COLUMNS})]
    except NotFound:
        return []


def _permissions(item: dict[str, Any], *, exchange: bool) -> Iterable[str]:
    for resource in item.get("requiredResourceAccess", []):
        if (resource["resourceAppId"] == EXCHANGE_ONLINE) == exchange:
            for access in resource["resourceAccess"]:
                yield f"{resource['resourceAppId']}/{access['type']}/{access['id']}"


def application_credentials(context: ReadContext) -> tuple[str, list[Row]]:
    """The client secrets of the migration application, never their values (APP-11, APP-12)."""
    source, found = _registrations(context)
    ours = [
        item
        for item in found
        if context.project.application_id or item.get("uniqueName") == context.project.application_name
    ]
    return source, [
        {
            "AppId": item["appId"],
            "KeyId": credential["keyId"],
            "DisplayName": credential.get("displayName"),
            "EndsAt": credential.get("endDateTime"),
        }
        for item in ours
        for credential in item.get("passwordCredentials", [])
    ]


def service_principals(context: ReadContext) -> tuple[str, list[Row]]:
    """The migration application as an enterprise application of this tenant (CON-01)."""
    application_id = context.application_id()
    if application_id is None:
        return "no application, so no enterprise application to ask for", []
    found = context.tenant.graph.get_all(
        "/servicePrincipals",
        {"$filter": f"appId eq '{application_id}'", "$select": "id,appId,displayName,appOwnerOrganizationId"},
    )
    return f"Graph GET /servicePrincipals by appId {application_id}", [
        {
            "Id": item["id"],
            "AppId": item["appId"],
            "DisplayName": item.get("displayName"),
            "OwnerTenantId": item.get("appOwnerOrganizationId"),
        }
        for item in found
    ]


def exchange_resource(context: ReadContext) -> tuple[str, list[Row]]:
    """Office 365 Exchange Online in this tenant and the ID of its role Mailbox.Migration (APP-08, APP-10)."""
    path = f"/servicePrincipals(appId='{EXCHANGE_ONLINE}')"
    item = context.tenant.graph.get(path, {"$select": "id,appId,appRoles"})
    role = next((r["id"] for r in item.get("appRoles", []) if r.get("value") == MAILBOX_MIGRATION), None)
    return f"Graph GET {path}", [{"Id": item["id"], "AppId": item["appId"], "MailboxMigrationRoleId": role}]


def granted_roles(context: ReadContext) -> tuple[str, list[Row]]:
    """The application roles that this tenant has granted to the migration application (CON-03)."""
    _, principals = service_principals(context)
    rows: list[Row] = []
    for principal in principals:
        path = f"/servicePrincipals/{quote(str(principal['Id']), safe='')}/appRoleAssignments"
        rows += [
            {
                "Id": item["id"],
                "AppId": principal["AppId"],
                "ResourceId": item["resourceId"],
                "RoleId": item["appRoleId"],
            }
            for item in context.tenant.graph.get_all(path, {})
        ]
    return "Graph GET /servicePrincipals/{id}/appRoleAssignments", rows


def _odata(text: str) -> str:
    return text.replace("'", "''")
