"""Service principals and the application permissions consented to (wire 4.3, 4.4, 4.5)."""

from __future__ import annotations

from typing import Any

from xtmig_kernel.simulator.clock import iso
from xtmig_kernel.simulator.creation import add_presence, assign_role
from xtmig_kernel.simulator.http import Answer
from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.wellknown import APPLICATION_ROLES, CONSENTING_ROLES, DIRECTORY_ROLES, RESOURCES
from xtmig_kernel.simulator.world import RoleAssignment, ServicePrincipal, presence

from .applications import remove_principal
from .context import Context, GraphRefused, bad_request, not_found
from .odata import many, one, require_advanced_query

EXISTS = "The service principal cannot be created: the service principal name is already in use."


def row(principal: ServicePrincipal) -> dict[str, Any]:
    """A service principal as Graph shows it; those of Microsoft's interfaces list their permissions (wire 2)."""
    resource = RESOURCES.get(principal.app_id)
    app_roles = resource.app_roles if resource else {}
    scopes = resource.scopes if resource else {}
    return {
        "id": principal.object_id,
        "appId": principal.app_id,
        "displayName": principal.display_name,
        "appDisplayName": principal.display_name,
        "appOwnerOrganizationId": principal.owner_tenant,
        "accountEnabled": True,
        "servicePrincipalType": "Application",
        "servicePrincipalNames": [principal.app_id],
        "appRoles": [
            {
                "id": role_id, "value": name, "displayName": name, "description": name,
                "allowedMemberTypes": ["Application"], "isEnabled": True, "origin": "Application",
            }
            for name, role_id in app_roles.items()
        ],
        "oauth2PermissionScopes": [
            {"id": scope_id, "value": name, "type": "Admin", "isEnabled": True} for name, scope_id in scopes.items()
        ],
    }  # fmt: skip


def assignment_row(context: Context, assignment: RoleAssignment) -> dict[str, Any]:
    """An application permission as Graph shows it (wire 4.4)."""
    everybody = context.tenant.service_principals
    return {
        "id": assignment.assignment_id,
        "appRoleId": assignment.role_id,
        "createdDateTime": iso(assignment.readable_from),
        "principalDisplayName": everybody[assignment.principal_id].display_name,
        "principalId": assignment.principal_id,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": everybody[assignment.resource_id].display_name,
        "resourceId": assignment.resource_id,
    }


def _found(context: Context, *, fresh: bool = False) -> ServicePrincipal:
    for principal in context.tenant.service_principals.values():
        named = context.parts.get("id", "").lower() == principal.object_id
        named = named or context.parts.get("appId", "").lower() == principal.app_id
        if named and (fresh or principal.readable_from <= context.now):
            return principal
    raise not_found(context.parts.get("id") or context.parts.get("appId", ""))


def list_principals(context: Context) -> Answer:
    """Service principals of the tenant (wire 4.3, 4.5)."""
    everybody = context.tenant.service_principals.values()
    rows = [row(p) for p in everybody if p.readable_from <= context.now]
    return Answer(200, many(context, rows, "servicePrincipals"))


def get_principal(context: Context) -> Answer:
    """One service principal by id or appId (wire 4.3)."""
    return Answer(200, one(context, row(_found(context)), "servicePrincipals"))


def create_principal(context: Context) -> Answer:
    """Bring an application into the tenant (wire 4.3; the codes are [MEM])."""
    context.require_role(APPLICATION_ROLES)
    app_id = str(context.body().get("appId", "")).lower()
    found = context.world.registration(app_id)
    if found is None or (found[0] is not context.tenant and found[1].sign_in_audience == "AzureADMyOrg"):
        raise bad_request(
            f"The appId '{app_id}' of the service principal does not reference a valid application object.",
            "Request_BadRequest",
        )
    if presence(context.tenant, app_id) is not None:
        raise GraphRefused(409, "Request_MultipleObjectsWithSameKeyValue", EXISTS)
    home, application = found
    visible = context.tenant.later(context.now, "consent_visible")
    name = application.display_name
    principal = add_presence(context.world, context.tenant, app_id, name, home.tenant_id, visible)
    return Answer(201, one(context, row(principal), "servicePrincipals"))


def delete_principal(context: Context) -> Answer:
    """Take an application out of the tenant; its permissions go with it (Graph documentation [SRC])."""
    context.require_role(APPLICATION_ROLES)
    remove_principal(context, _found(context, fresh=True).object_id)
    return Answer(204)


def _assignments(context: Context, end: str) -> list[dict[str, Any]]:
    principal = _found(context)
    return [
        assignment_row(context, a)
        for a in context.tenant.assignments.values()
        if getattr(a, end) == principal.object_id and a.readable_from <= context.now
    ]


def list_assignments(context: Context) -> Answer:
    """What a service principal may do, by consent (wire 4.5 [IMPL])."""
    return Answer(200, many(context, _assignments(context, "principal_id"), "appRoleAssignments"))


def list_assigned_to(context: Context) -> Answer:
    """Who may use an interface, by consent (wire 4.4)."""
    return Answer(200, many(context, _assignments(context, "resource_id"), "appRoleAssignments"))


def create_assignment(context: Context) -> Answer:
    """Consent to one application permission (wire 4.4; the codes are [MEM])."""
    context.require_role(CONSENTING_ROLES)
    anchor, body = _found(context, fresh=True), context.body()
    ends = [context.tenant.service_principals.get(str(body.get(k, ""))) for k in ("principalId", "resourceId")]
    principal, resource = ends
    role_id = str(body.get("appRoleId", ""))
    if principal is None or resource is None or anchor.object_id not in {principal.object_id, resource.object_id}:
        raise not_found(str(body.get("principalId") if principal is None else body.get("resourceId")))
    known = RESOURCES.get(resource.app_id)
    if known is None or role_id not in known.app_roles.values():
        raise bad_request("Permission being assigned was not found on application.")
    same = [
        a
        for a in context.tenant.assignments.values()
        if (a.principal_id, a.resource_id, a.role_id) == (principal.object_id, resource.object_id, role_id)
    ]
    if same:
        raise bad_request("Permission being assigned already exists on the object")
    visible = context.tenant.later(context.now, "consent_visible")
    effective = context.tenant.later(context.now, "consent_effective")
    made = assign_role(context.world, context.tenant, principal, resource, role_id, visible, effective)
    return Answer(201, one(context, assignment_row(context, made), "appRoleAssignments"))


def delete_assignment(context: Context) -> Answer:
    """Withdraw consent to one application permission (Graph documentation [SRC])."""
    context.require_role(CONSENTING_ROLES)
    if context.parts["assignment"] not in context.tenant.assignments:
        raise not_found(context.parts["assignment"])
    del context.tenant.assignments[context.parts["assignment"]]
    return Answer(204)


def role_objects(context: Context, names: list[str]) -> list[dict[str, Any]]:
    """Directory roles as Graph shows them; the id differs from tenant to tenant, the template does not."""
    return [
        {
            "@odata.type": "#microsoft.graph.directoryRole",
            "id": _role_id(context, name),
            "displayName": name,
            "roleTemplateId": DIRECTORY_ROLES[name],
        }
        for name in names
    ]


def _role_id(context: Context, name: str) -> str:
    return guid(context.world.seed, context.tenant.tenant_id, "directoryRole", DIRECTORY_ROLES[name])


def principal_roles(context: Context) -> Answer:
    """The directory roles of an application (Graph documentation [SRC])."""
    if context.call.path.lower().endswith("directoryrole"):
        require_advanced_query(context)
    return Answer(200, many(context, role_objects(context, _found(context).directory_roles), "directoryObjects"))
