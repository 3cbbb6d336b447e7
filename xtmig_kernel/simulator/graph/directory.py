"""The organisation, its people, roles, policies and subscriptions (wire 4.6, 4.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.clock import iso
from xtmig_kernel.simulator.http import Answer
from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.people import object_id
from xtmig_kernel.simulator.recipients_file import Mailbox, MailUser

from .context import Context, bad_request, not_found
from .odata import many, one
from .principals import role_objects

if TYPE_CHECKING:
    from xtmig_kernel.simulator.tenants import Administrator, Sku

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


def _administrator_row(context: Context, person: Administrator) -> dict[str, Any]:
    return {
        "id": context.world.person_id(context.tenant, person),
        "userPrincipalName": person.upn,
        "displayName": person.display_name,
        "mail": None,
        "userType": "Member",
        "accountEnabled": True,
        "usageLocation": None,
        "assignedLicenses": [],
        "onPremisesSyncEnabled": None,
    }


def _recipient_row(context: Context, recipient: Mailbox | MailUser) -> dict[str, Any]:
    skus = {sku.part_number: sku.sku_id for sku in context.tenant.file.skus}
    licences = [skus[name] for name in recipient.licences if name in skus]
    return {
        "id": object_id(context.world, context.tenant, recipient),
        "userPrincipalName": recipient.upn,
        "displayName": recipient.display_name,
        "mail": recipient.primary,
        "userType": "Member",
        "accountEnabled": not (isinstance(recipient, Mailbox) and recipient.account_disabled),
        "usageLocation": recipient.usage_location,
        "assignedLicenses": [{"skuId": sku, "disabledPlans": []} for sku in licences],
        "onPremisesSyncEnabled": True if recipient.directory_synchronised else None,
    }


def _users(context: Context) -> list[dict[str, Any]]:
    rows = [_administrator_row(context, a) for a in context.tenant.file.administrators]
    taken = {row["userPrincipalName"].lower() for row in rows}
    living: list[Mailbox | MailUser] = [*context.tenant.mailboxes, *context.tenant.mail_users]
    return rows + [
        _recipient_row(context, recipient)
        for recipient in living
        if recipient.soft_deleted is None and recipient.upn.lower() not in taken
    ]


def users(context: Context) -> Answer:
    """The people of the tenant (wire 4.15: 100 a page [SRC])."""
    return Answer(200, many(context, _users(context), "users"))


def user(context: Context) -> Answer:
    """One person by id or sign-in name."""
    wanted = context.parts["id"].lower()
    for row in _users(context):
        if wanted in {row["id"], row["userPrincipalName"].lower()}:
            return Answer(200, one(context, row, "users"))
    raise not_found(context.parts["id"])


def me(context: Context) -> Answer:
    """The person signed in."""
    return Answer(200, one(context, _administrator_row(context, _me(context)), "users"))


def my_roles(context: Context) -> Answer:
    """The directory roles of the person signed in (Graph documentation [SRC])."""
    return Answer(200, many(context, role_objects(context, _me(context).directory_roles), "directoryObjects"))


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


def subscribed_skus(context: Context) -> Answer:
    """The organisation's subscriptions (wire 4.6 [SRC])."""
    rows = [_sku_row(context, sku) for sku in context.tenant.file.skus]
    return Answer(200, many(context, rows, "subscribedSkus"))


def _sku_row(context: Context, sku: Sku) -> dict[str, Any]:
    plans = [
        {
            "servicePlanId": guid("servicePlan", name), "servicePlanName": name,
            "provisioningStatus": "Success", "appliesTo": "User",
        }
        for name in sku.service_plans
    ]  # fmt: skip
    units = {"enabled": sku.enabled, "suspended": 0, "warning": 0, "lockedOut": 0}
    return {
        "id": f"{context.tenant.tenant_id}_{sku.sku_id}",
        "skuId": sku.sku_id,
        "skuPartNumber": sku.part_number,
        "capabilityStatus": "Enabled",
        "appliesTo": "User",
        "consumedUnits": sku.consumed,
        "prepaidUnits": units,
        "servicePlans": plans,
    }
