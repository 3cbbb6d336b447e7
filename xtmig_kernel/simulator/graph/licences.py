"""Subscriptions, what a user has of them, and assigning them (wire 4.6, 4.7, 4.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from xtmig_kernel.simulator import licensing
from xtmig_kernel.simulator.http import Answer
from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.mailbox_provisioning import adopt
from xtmig_kernel.simulator.recipients_file import User
from xtmig_kernel.simulator.service_plans import plan_id
from xtmig_kernel.simulator.wellknown import LICENSING_ROLES

from .context import Context, bad_request
from .odata import Row, many, one
from .users import found_user, id_of, licences_of, user_row

if TYPE_CHECKING:
    from xtmig_kernel.simulator.licence_register import Assignment, Holder
    from xtmig_kernel.simulator.tenants import Sku

MISSING = (
    "One or more parameters of the operation 'assignLicense' are missing from the request payload. The missing "
    "parameters are: {names}."
)
NO_LOCATION = "License assignment cannot be done for user with invalid usage location."
UNKNOWN = "License {sku_id} does not correspond to a valid company License."
NONE_FREE = "Subscription with SKU {sku_id} does not have any available licenses."
INHERITED = "User license is inherited from a group membership and it cannot be removed directly from the user."
NOT_HELD = "User does not have a corresponding license."


class Order(NamedTuple):
    """A licence to assign, with the names of the plans to leave out."""

    sku: Sku
    disabled_plans: frozenset[str]


def subscribed_skus(context: Context) -> Answer:
    """The organisation's subscriptions (wire 4.6 [SRC])."""
    rows = [_sku_row(context, sku) for sku in context.tenant.file.skus]
    return Answer(200, many(context, rows, "subscribedSkus"))


def _sku_row(context: Context, sku: Sku) -> Row:
    return {
        "id": f"{context.tenant.tenant_id}_{sku.sku_id}",
        "skuId": sku.sku_id,
        "skuPartNumber": sku.part_number,
        "capabilityStatus": sku.status,
        "appliesTo": "User",
        "consumedUnits": licences_of(context).consumed(sku),
        "prepaidUnits": {"enabled": sku.enabled, "suspended": 0, "warning": sku.warning, "lockedOut": 0},
        "servicePlans": [_plan_row(plan, "Success") for plan in sku.service_plans],
    }


def _plan_row(plan: str, status: str) -> Row:
    return {
        "servicePlanId": plan_id(plan), "servicePlanName": plan, "provisioningStatus": status, "appliesTo": "User",
    }  # fmt: skip


def license_details(context: Context) -> Answer:
    """A user's licences with their plans, those of groups included (wire 4.7 [SRC])."""
    register = licences_of(context)
    person = id_of(context, found_user(context, fresh=False))
    assignments = [a for a in register.of(person) if a.error is None]
    parts = dict.fromkeys(a.part_number for a in assignments)
    skus = [sku for part in parts if (sku := register.sku(part))]
    rows: list[Row] = [
        {
            "id": guid(context.world.seed, context.tenant.tenant_id, "licenseDetails", person, sku.sku_id),
            "skuId": sku.sku_id,
            "skuPartNumber": sku.part_number,
            "servicePlans": [_plan_row(plan, _status(plan, sku, assignments)) for plan in sku.service_plans],
        }
        for sku in skus
    ]
    return Answer(200, many(context, rows, f"users('{person}')/licenseDetails"))


def _status(plan: str, sku: Sku, assignments: list[Assignment]) -> str:
    giving = [a for a in assignments if a.part_number == sku.part_number and plan not in a.disabled_plans]
    if not giving:
        return "Disabled"
    return "Success" if any(a.effective for a in giving) else "PendingProvisioning"


def assign_license(context: Context) -> Answer:
    """Assign and take away licences, all of the request or nothing (wire 4.8 [SRC]; the texts of refusals [MEM]).

    Raises:
        GraphRefused: 400: an array is missing, a subscription is unknown or used up, the user has no usage location,
            or a licence to take away is not the user's own.
    """
    context.require_role(LICENSING_ROLES)
    person = found_user(context, fresh=True)
    body = context.body()
    missing = [name for name in ("addLicenses", "removeLicenses") if not isinstance(body.get(name), list)]
    if missing:
        raise bad_request(MISSING.format(names=", ".join(missing)))
    removed = [_sku(context, sku_id) for sku_id in body["removeLicenses"]]
    orders = [_order(context, wish) for wish in body["addLicenses"]]
    _check_removals(context, person, removed)
    if orders and not person.usage_location:
        raise bad_request(NO_LOCATION)
    _check_units(context, person, orders)
    if isinstance(person, User):
        adopt(context.tenant, person)
    for sku in removed:
        licensing.revoke(context.world, context.tenant, person, sku, context.now)
    for order in orders:
        licensing.assign(context.world, context.tenant, person, order.sku, order.disabled_plans, context.now)
    return Answer(200, one(context, user_row(context, person, None), "users"))


def _sku(context: Context, sku_id: Any) -> Sku:
    for sku in context.tenant.file.skus:
        if sku.sku_id == str(sku_id).lower():
            return sku
    raise bad_request(UNKNOWN.format(sku_id=sku_id))


def _order(context: Context, wish: Any) -> Order:
    if not isinstance(wish, dict) or not isinstance(wish.get("disabledPlans", []), list):
        raise bad_request("Unable to read JSON request payload.", "BadRequest")
    sku = _sku(context, wish.get("skuId"))
    plans = {plan_id(plan): plan for plan in sku.service_plans}
    unknown = [plan for plan in wish.get("disabledPlans", []) if str(plan).lower() not in plans]
    if unknown:
        raise bad_request(f"License assignment failed because service plan {unknown[0]} is not part of the license.")
    return Order(sku, frozenset(plans[str(plan).lower()] for plan in wish.get("disabledPlans", [])))


def _check_removals(context: Context, person: Holder, removed: list[Sku]) -> None:
    assignments = licences_of(context).of(id_of(context, person))
    for sku in removed:
        sources = [a.group_id for a in assignments if a.part_number == sku.part_number]
        if not sources:
            raise bad_request(NOT_HELD)
        if None not in sources:
            raise bad_request(INHERITED)


def _check_units(context: Context, person: Holder, orders: list[Order]) -> None:
    register = licences_of(context)
    held = {a.part_number for a in register.of(id_of(context, person)) if a.error is None}
    for order in orders:
        if order.sku.part_number not in held and register.free(order.sku) == 0:
            raise bad_request(NONE_FREE.format(sku_id=order.sku.sku_id))
