"""The consequences of licences: whom a group reaches, what takes effect when, and what Exchange shows of it.

A licence counts for the services after the tenant's lag `licence_effective`. Nothing runs in the background: whatever
has become due by then happens, in order, before the next request is answered. The licences in the tenants file are in
effect from the start, and what they do to objects has already happened as the file says.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from . import people, service_plans
from .address_book import AddressBook, book
from .licence_register import COUNT_VIOLATION, Assignment, Due, Holder, LicenceRegister, has_mailbox_plan
from .mailbox_provisioning import disconnect, lacks_mailbox, provision, scrub
from .recipients_file import Mailbox, MailUser, User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .tenants import Sku
    from .world import Tenant, World

MOVE_CAPABILITY = "ExchangeT2TMbxMove"
# How Exchange calls the kind of mailbox that a plan gives [MEM].
_CAPABILITIES = {"ENTERPRISE": "BPOS_S_Enterprise", "STANDARD": "BPOS_S_Standard", "DESKLESS": "BPOS_S_Deskless"}


def register_of(world: World, tenant: Tenant, now: datetime) -> LicenceRegister:
    """The tenant's record of licences, begun from the tenants file when it is first asked for.

    Args:
        world: Both tenants.
        tenant: Whose record.
        now: Simulated time; the file's licences count as last changed then.
    """
    if tenant.licences is None:
        register = LicenceRegister(tenant, partial(people.object_id, world, tenant))
        index = book(world, tenant)
        for holder in _holders(index, tenant):
            direct = [
                Assignment(part, None, _switched_off(register, holder, part), now, effective=True)
                for part in dict.fromkeys(holder.licences)
            ]
            inherited = [
                Assignment(part, group_id, frozenset(), now, effective=True)
                for group_id, part in _reaching(register, index, holder)
            ]
            if direct or inherited:
                register.put(register.identify(holder), direct + inherited)
        register.at_start = register.held.copy()
        tenant.licences = register
    return tenant.licences


def _switched_off(register: LicenceRegister, holder: Holder, part_number: str) -> frozenset[str]:
    """The plans of a subscription that the tenants file switches off for somebody, by their names."""
    given = {plan.lower() for plan in holder.disabled_plans.get(part_number, [])}
    sku = register.sku(part_number)
    plans = sku.service_plans if sku else []
    return frozenset(plan for plan in plans if given & {plan.lower(), service_plans.plan_id(plan)})


def _holders(index: AddressBook, tenant: Tenant) -> Iterator[Holder]:
    everybody: list[Holder] = [*index.users(), *tenant.mailboxes, *tenant.mail_users]
    return (holder for holder in everybody if people.living(holder))


def _reaching(register: LicenceRegister, index: AddressBook, holder: Holder) -> list[tuple[str, str]]:
    """Groups and part numbers of the licences that reach somebody; groups in groups do not count (Graph docs [SRC])."""
    found = []
    for group in register.tenant.groups:
        if not group.licences:
            continue
        if group.dynamic and not group.takes_listed:
            belongs = people.belongs_to_dynamic_groups(holder)
        else:
            belongs = register.identify(holder) in index.members(group)
        found += [(register.identify(group), part) for part in group.licences if belongs]
    return found


def take_effect(world: World, now: datetime) -> None:
    """Let everything happen that licences have brought about by now; called before each request.

    Args:
        world: Both tenants.
        now: Simulated time.
    """
    for tenant in world.tenants.values():
        register = register_of(world, tenant, now)
        for due in register.due(now):
            _happen(world, register, due)


def _happen(world: World, register: LicenceRegister, due: Due) -> None:
    tenant = register.tenant
    found = book(world, tenant).one(due.object_id)
    holder = found if isinstance(found, Holder) and register.identify(found) == due.object_id else None
    if due.gained is None:
        if (
            isinstance(holder, Mailbox)
            and holder.kind == "UserMailbox"
            and not has_mailbox_plan(register, due.object_id)
        ):
            disconnect(world, tenant, holder, register.external_addresses.pop(due.object_id, None), due.moment)
        return
    if not any(due.gained is assignment for assignment in register.of(due.object_id)):
        return
    due.gained.effective = True
    plans = register.plans(due.gained)
    if any(map(service_plans.gives_mailbox, plans)) and holder is not None and lacks_mailbox(holder):
        if isinstance(holder, MailUser):
            register.external_addresses[due.object_id] = holder.external_address
        if not isinstance(holder, Mailbox):
            holder = provision(world, tenant, holder, due.moment)
    if any(map(service_plans.is_exchange, plans)) and isinstance(holder, Mailbox | MailUser):
        scrub(world, tenant, holder)


def settle(world: World, tenant: Tenant, recipient: Holder, now: datetime) -> None:
    """Bring licences into line with an object that was created, changed or deleted, or joined or left a group.

    Licences of its groups are added, or recorded as failed where no unit is free; those of groups it left go, and
    all of them when it is deleted. While an Exchange plan is in effect, new addresses of foreign domains are scrubbed
    at once.

    Args:
        world: Both tenants.
        tenant: Where the object is.
        recipient: The object; it may be called for any number of times.
        now: Simulated time.
    """
    register = register_of(world, tenant, now)
    object_id = register.identify(recipient)
    present = register.of(object_id)
    wanted: list[tuple[str | None, str]] = []
    if people.living(recipient):
        wanted += [(None, part) for part in dict.fromkeys(recipient.licences)]
        wanted += _reaching(register, book(world, tenant), recipient)
    kept = [a for a in present if (a.group_id, a.part_number) in wanted]
    _keep(register, object_id, kept, now)
    held = {(a.group_id, a.part_number) for a in kept}
    for group_id, part_number in wanted:
        if (group_id, part_number) not in held:
            _grant(register, object_id, part_number, group_id, now)
    effective = register.effective_plans(object_id)
    if any(map(service_plans.is_exchange, effective)) and isinstance(recipient, Mailbox | MailUser):
        scrub(world, tenant, recipient)


def _gives_mailbox(register: LicenceRegister, assignment: Assignment) -> bool:
    return any(map(service_plans.gives_mailbox, register.plans(assignment)))


def _keep(register: LicenceRegister, object_id: str, kept: list[Assignment], now: datetime) -> None:
    """Let a user's other assignments go; whether a mailbox goes with them is seen after the lag."""
    gone = [a for a in register.of(object_id) if not any(a is other for other in kept)]
    register.put(object_id, kept)
    if any(_gives_mailbox(register, assignment) for assignment in gone):
        register.announce(register.tenant.later(now, "licence_effective"), object_id, None)


def _grant(register: LicenceRegister, object_id: str, part_number: str, group_id: str | None, now: datetime) -> None:
    present = register.of(object_id)
    sku = register.sku(part_number)
    counted = any(a.part_number == part_number and a.error is None for a in present)
    full = sku is not None and not counted and register.free(sku) == 0
    error = COUNT_VIOLATION if full else None
    assignment = Assignment(part_number, group_id, frozenset(), now, effective=False, error=error)
    register.put(object_id, [*present, assignment])
    if error is None:
        register.announce(register.tenant.later(now, "licence_effective"), object_id, assignment)


def assign(
    world: World, tenant: Tenant, holder: Holder, sku: Sku, disabled_plans: frozenset[str], now: datetime
) -> None:
    """Give somebody a licence directly, or change which plans a present one leaves out (wire 4.8).

    Args:
        world: Both tenants.
        tenant: Where.
        holder: The user.
        sku: The subscription; the caller has made sure that a unit is free.
        disabled_plans: Names of the plans to leave out.
        now: Simulated time.
    """
    register = register_of(world, tenant, now)
    object_id = register.identify(holder)
    present = register.of(object_id)
    before = next((a for a in present if a.group_id is None and a.part_number == sku.part_number), None)
    made = Assignment(sku.part_number, None, disabled_plans, now, effective=False)
    if before is not None and set(register.plans(made)) <= set(register.plans(before)):
        made.effective = before.effective
    others = [a for a in present if a is not before]
    register.put(object_id, [made, *others])
    holder.licences = [a.part_number for a in register.of(object_id) if a.group_id is None]
    moment = tenant.later(now, "licence_effective")
    if not made.effective:
        register.announce(moment, object_id, made)
    if before is not None and _gives_mailbox(register, before) and not _gives_mailbox(register, made):
        register.announce(moment, object_id, None)


def revoke(world: World, tenant: Tenant, holder: Holder, sku: Sku, now: datetime) -> None:
    """Take a direct licence away; a mailbox that rested on it goes after the lag (failures 2.1 #17).

    Args:
        world: Both tenants.
        tenant: Where.
        holder: The user.
        sku: The subscription.
        now: Simulated time.
    """
    register = register_of(world, tenant, now)
    object_id = register.identify(holder)
    kept = [a for a in register.of(object_id) if a.group_id is not None or a.part_number != sku.part_number]
    _keep(register, object_id, kept, now)
    holder.licences = [a.part_number for a in kept if a.group_id is None]


def capabilities(tenant: Tenant, recipient: Mailbox | MailUser | User) -> list[str]:
    """PersistedCapabilities of an object: what the licences in effect let Exchange do (wire 4.16, LIC-04).

    Args:
        tenant: Where the object is.
        recipient: A mailbox, mail user or plain user.
    """
    register = tenant.licences
    if register is None:
        return []
    names = []
    for assignment in register.of(register.identify(recipient)):
        if not assignment.effective:
            continue
        plans = register.plans(assignment)
        sku = register.sku(assignment.part_number)
        unnamed = not (sku and sku.service_plans) and service_plans.is_addon_part(assignment.part_number)
        if unnamed or any(map(service_plans.moves_mailboxes, plans)):
            names.append(MOVE_CAPABILITY)
        names += [_CAPABILITIES[kind] for plan in plans for kind in _CAPABILITIES
                  if service_plans.gives_mailbox(plan) and kind in plan.upper()]  # fmt: skip
    return list(dict.fromkeys(names))
