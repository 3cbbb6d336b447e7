"""The people of a tenant: reading them, and the little that is written (wire 4.8, 4.15)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.address_book import AddressBook, book
from xtmig_kernel.simulator.clock import iso
from xtmig_kernel.simulator.http import Answer, UnsupportedRequest
from xtmig_kernel.simulator.licence_register import Holder, LicenceRegister
from xtmig_kernel.simulator.licensing import register_of
from xtmig_kernel.simulator.mailbox_provisioning import adopt
from xtmig_kernel.simulator.recipients_file import Mailbox, MailUser, User
from xtmig_kernel.simulator.service_plans import plan_id
from xtmig_kernel.simulator.wellknown import USER_ROLES

from .context import Context, bad_request, not_found
from .odata import Row, one, paged, selected

if TYPE_CHECKING:
    from xtmig_kernel.simulator.licence_register import Assignment

Column = Callable[[Context, Holder], Any]
MASTERED_ELSEWHERE = (
    "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently "
    "undergoing migration."
)


def index_of(context: Context) -> AddressBook:
    """The index over the tenant's directory."""
    return book(context.world, context.tenant)


def licences_of(context: Context) -> LicenceRegister:
    """The tenant's record of licences."""
    return register_of(context.world, context.tenant, context.now)


def id_of(context: Context, entry: people.Entry) -> str:
    """The object id of anything in the directory."""
    return people.object_id(context.world, context.tenant, entry)


def _mail(user: Holder) -> str | None:
    return user.mail if isinstance(user, User) else user.primary


def _enabled(user: Holder) -> bool:
    return not (isinstance(user, Mailbox | User) and user.account_disabled)


def _nickname(user: Holder) -> str:
    return user.upn.partition("@")[0] if isinstance(user, User) else user.alias


def _sku_id(context: Context, part_number: str) -> str | None:
    sku = licences_of(context).sku(part_number)
    return sku.sku_id if sku else None


def _assigned(context: Context, user: Holder) -> list[Row]:
    """Each subscription once; a plan is off where every assignment leaves it out."""
    found: dict[str, frozenset[str]] = {}
    for assignment in licences_of(context).of(id_of(context, user)):
        sku_id = _sku_id(context, assignment.part_number)
        if sku_id and assignment.error is None:
            found[sku_id] = found.get(sku_id, assignment.disabled_plans) & assignment.disabled_plans
    return [{"skuId": sku_id, "disabledPlans": _plan_ids(disabled)} for sku_id, disabled in found.items()]


def _states(context: Context, user: Holder) -> list[Row]:
    assignments = licences_of(context).of(id_of(context, user))
    return [_state(a, sku_id) for a in assignments if (sku_id := _sku_id(context, a.part_number))]


def _state(assignment: Assignment, sku_id: str) -> Row:
    return {
        "skuId": sku_id,
        "assignedByGroup": assignment.group_id,
        "state": "Error" if assignment.error else "Active",
        "error": assignment.error or "None",
        "disabledPlans": _plan_ids(assignment.disabled_plans),
        "lastUpdatedDateTime": iso(assignment.updated),
    }


def _plan_ids(names: frozenset[str]) -> list[str]:
    return [plan_id(name) for name in sorted(names)]


# The first eleven are what Graph answers when nothing is selected (Graph documentation [SRC]).
USUAL = 11
COLUMNS: dict[str, Column] = {
    "businessPhones": lambda _, __: [],
    "displayName": lambda _, user: user.display_name,
    "givenName": lambda _, user: user.first_name or None,
    "jobTitle": lambda _, __: None,
    "mail": lambda _, user: _mail(user),
    "mobilePhone": lambda _, __: None,
    "officeLocation": lambda _, __: None,
    "preferredLanguage": lambda _, __: None,
    "surname": lambda _, user: user.last_name or None,
    "userPrincipalName": lambda _, user: user.upn,
    "id": id_of,
    "userType": lambda _, user: "Guest" if isinstance(user, User) and user.guest else "Member",
    "accountEnabled": lambda _, user: _enabled(user),
    "usageLocation": lambda _, user: user.usage_location,
    "onPremisesSyncEnabled": lambda _, user: True if user.directory_synchronised else None,
    "mailNickname": lambda _, user: _nickname(user),
    "proxyAddresses": lambda _, user: people.addresses(user),
    "assignedLicenses": _assigned,
    "licenseAssignmentStates": _states,
}
_USUAL_NAMES = tuple(COLUMNS)[:USUAL]


def user_row(context: Context, user: Holder, names: frozenset[str] | None) -> Row:
    """A user as Graph shows it.

    Args:
        context: The call.
        user: A mailbox, mail user or plain user.
        names: The properties wanted, or None for those that Graph answers by itself.

    Raises:
        UnsupportedRequest: A property that the simulator lacks.
    """
    strange = sorted((names or frozenset()) - COLUMNS.keys())
    if strange:
        raise UnsupportedRequest(f"user property {strange[0]}")
    wanted = _USUAL_NAMES if names is None else [name for name in COLUMNS if name in names]
    return {name: COLUMNS[name](context, user) for name in wanted}


def shown(context: Context, entries: list[Any]) -> list[Any]:
    """The living objects that reads find already."""
    fresh = context.tenant.readable_from
    living = [entry for entry in entries if people.living(entry)]
    if not any(moment > context.now for moment in fresh.values()):
        return living
    return [entry for entry in living if fresh.get(id_of(context, entry), context.now) <= context.now]


def users(context: Context) -> Answer:
    """All users: administrators, guests and plain users, mailboxes and mail users (wire 4.15: 100 a page [SRC])."""
    tenant = context.tenant
    everybody = shown(context, [*index_of(context).users(), *tenant.mailboxes, *tenant.mail_users])
    return Answer(200, paged(context, everybody, lambda user, names: user_row(context, user, names), "users"))


def found_user(context: Context, *, fresh: bool) -> Holder:
    """The user whom the path names by id or sign-in name.

    Args:
        context: The call.
        fresh: Whether one that reads do not show yet counts, as it does for writes.

    Raises:
        GraphRefused: 404: there is none.
    """
    wanted = context.parts["id"].lower()
    for entry in index_of(context).find(wanted):
        if not isinstance(entry, Mailbox | MailUser | User) or not people.living(entry):
            continue
        identity = id_of(context, entry)
        readable = fresh or context.tenant.readable_from.get(identity, context.now) <= context.now
        if readable and wanted in {identity.lower(), entry.upn.lower()}:
            return entry
    raise not_found(context.parts["id"])


def user(context: Context) -> Answer:
    """One person by id or sign-in name (Graph documentation [SRC])."""
    row = user_row(context, found_user(context, fresh=False), selected(context))
    return Answer(200, one(context, row, "users"))


def update_user(context: Context) -> Answer:
    """Set where a user uses the services (Graph documentation [SRC]).

    What a synchronised user brings from on-premises cannot be changed here (text from reports of users); the usage
    location can [MEM].
    """
    context.require_role(USER_ROLES)
    person = found_user(context, fresh=True)
    body = context.body()
    others = sorted(body.keys() - {"usageLocation"})
    if others and person.directory_synchronised:
        raise bad_request(MASTERED_ELSEWHERE)
    if others:
        raise UnsupportedRequest(f"change of user property {others[0]}")
    location = body.get("usageLocation", person.usage_location)
    if location is not None and not (isinstance(location, str) and re.fullmatch("[A-Z]{2}", location)):
        raise bad_request("Invalid value specified for property 'usageLocation' of resource 'User'.")
    if isinstance(person, User):
        adopt(context.tenant, person)
    person.usage_location = location
    return Answer(204)
