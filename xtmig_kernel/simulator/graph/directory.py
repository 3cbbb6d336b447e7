"""The organisation, the person signed in, roles and policies (wire 4.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.clock import iso
from xtmig_kernel.simulator.http import Answer
from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.recipients_file import User
from xtmig_kernel.simulator.wellknown import DIRECTORY_ROLES

from .context import Context, bad_request, not_found
from .odata import many, one, require_advanced_query, selected
from .principals import role_objects
from .users import user_row

if TYPE_CHECKING:
    from xtmig_kernel.simulator.tenants import Administrator

FULL_ORGANIZATION = frozenset({"Organization.Read.All", "Directory.Read.All"})
BASIC_ORGANIZATION = ("id", "displayName", "verifiedDomains")


def organization(context: Context) -> Answer:
    """The tenant itself (wire 4.9 [SRC]); User.Read alone gives three properties."""
    file = context.tenant.file
    row: dict[str, Any] = {
        "id": file.tenant_id,
        "displayName": file.display_name,
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": d.default,
                "isInitial": d.initial, "name": d.name, "type": d.authentication,
            }
            for d in file.domains
        ],
        "countryLetterCode": file.country,
        "createdDateTime": iso(file.created) if file.created else None,
        "onPremisesSyncEnabled": True if file.directory_synchronised else None,
        "tenantType": "AAD",
    }  # fmt: skip
    if not context.caller.permissions & FULL_ORGANIZATION:
        row = {k: v if k in BASIC_ORGANIZATION else None for k, v in row.items()}
    if "id" in context.parts:
        if context.parts["id"].lower() != file.tenant_id:
            raise not_found(context.parts["id"])
        return Answer(200, one(context, row, "organization"))
    return Answer(200, many(context, [row], "organization"))


def _me(context: Context) -> Administrator:
    person = context.tenant.administrator(str(context.caller.claims.get("upn", "")))
    if person is None:
        raise bad_request("/me request is only valid with delegated authentication flow.", "BadRequest")
    return person


def me(context: Context) -> Answer:
    """The person signed in."""
    person = _me(context)
    identity = context.world.person_id(context.tenant, person)
    account = User(upn=person.upn, display_name=person.display_name, object_id=identity)
    return Answer(200, one(context, user_row(context, account, selected(context)), "users"))


def my_roles(context: Context) -> Answer:
    """The directory roles of the person signed in (Graph documentation [SRC])."""
    if context.call.path.lower().endswith("directoryrole"):
        require_advanced_query(context)
    return Answer(200, many(context, role_objects(context, _me(context).directory_roles), "directoryObjects"))


def my_eligible_roles(context: Context) -> Answer:
    """The roles that the person signed in may activate, named by their templates (Graph documentation [SRC])."""
    if context.parts["on"] != "principal":
        raise bad_request("Invalid value for the parameter 'on'.")
    person = _me(context)
    principal = context.world.person_id(context.tenant, person)
    rows: list[dict[str, Any]] = [
        {
            "id": guid(context.world.seed, principal, "eligible", name),
            "principalId": principal,
            "roleDefinitionId": DIRECTORY_ROLES[name],
            "directoryScopeId": "/",
            "memberType": "Direct",
        }
        for name in person.eligible_roles
    ]
    return Answer(200, many(context, rows, "unifiedRoleEligibilityScheduleInstances"))


def directory_roles(context: Context) -> Answer:
    """The directory roles in use in the tenant."""
    held = {name for a in context.tenant.file.administrators for name in a.directory_roles}
    held |= {name for p in context.tenant.service_principals.values() for name in p.directory_roles}
    rows = [{k: v for k, v in r.items() if k != "@odata.type"} for r in role_objects(context, sorted(held))]
    return Answer(200, many(context, rows, "directoryRoles"))


def app_management_policy(context: Context) -> Answer:
    """The organisation's policy on application secrets (Graph documentation [SRC])."""
    policy = context.tenant.file.policies.secrets
    restrictions: list[dict[str, Any]] = []
    if not policy.allowed:
        restrictions.append({"restrictionType": "passwordAddition", "maxLifetime": None, "state": "enabled"})
    if policy.max_days is not None:
        lifetime = f"P{policy.max_days}D"
        restrictions.append({"restrictionType": "passwordLifetime", "maxLifetime": lifetime, "state": "enabled"})
    row = {
        "id": guid("defaultAppManagementPolicy"),
        "displayName": "Default app management tenant policy",
        "isEnabled": bool(restrictions),
        "applicationRestrictions": {"passwordCredentials": restrictions, "keyCredentials": []},
        "servicePrincipalRestrictions": {"passwordCredentials": [], "keyCredentials": []},
    }
    return Answer(200, one(context, row, "policies/defaultAppManagementPolicy"))
