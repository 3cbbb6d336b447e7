"""Who belongs to a mail-enabled group (cmdlet reference [SRC]; doc traps C3, C11, C12)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xtmig_kernel.simulator import licensing, people
from xtmig_kernel.simulator.address_book import book
from xtmig_kernel.simulator.recipients_file import Mailbox, MailUser, User

from .all_recipients import recipient_row
from .context import Context, Result
from .errors import MEMBER_EXISTS, MEMBER_NOT_FOUND, ExchangeRefused, not_found
from .groups import member_id, require_cloud, require_manager
from .lookup import Entry, Rows, address_book, find_group, object_id, plain_list, readable, refuse_unserved

if TYPE_CHECKING:
    from xtmig_kernel.simulator.recipients_file import Group
    from xtmig_kernel.simulator.world import Tenant

    from .binding import Bound

SERVED_GET = frozenset({"Identity", "ResultSize"})


def get(context: Context, bound: Bound) -> Result:
    """Get-DistributionGroupMember: the direct members, groups among them as groups; a change shows after its lag."""
    refuse_unserved(bound, SERVED_GET)
    group = find_group(context, str(bound.get("Identity") or ""))
    if not readable(context, group):
        raise not_found(bound.get("Identity"))
    entries = (address_book(context).one(name) for name in _shown(context, group))
    return Result(Rows([entry for entry in entries if entry is not None], partial(recipient_row, context)))


def add(context: Context, bound: Bound) -> Result:
    """Add-DistributionGroupMember: one recipient; who is in already is refused."""
    group = _changed(context, bound, "Add-DistributionGroupMember")
    member = member_id(context, str(bound.get("Member") or context.caller))
    if member in address_book(context).members(group):
        text = f"The recipient '{bound.get('Member')}' is already a member of the group '{group.name}'."
        raise ExchangeRefused(MEMBER_EXISTS, text)
    address_book(context).add_member(group, member)
    _note(context, group, member, was_member=False)
    return Result()


def remove(context: Context, bound: Bound) -> Result:
    """Remove-DistributionGroupMember: one recipient; who is not in is refused."""
    group = _changed(context, bound, "Remove-DistributionGroupMember")
    member = member_id(context, str(bound.get("Member") or context.caller))
    present = address_book(context).members(group)
    if member not in present:
        text = f"The recipient '{bound.get('Member')}' isn't a member of the group '{group.name}'."
        raise ExchangeRefused(MEMBER_NOT_FOUND, text)
    address_book(context).set_members(group, [name for name in present if name != member])
    _note(context, group, member, was_member=True)
    return Result()


def update(context: Context, bound: Bound) -> Result:
    """Update-DistributionGroupMember: exactly these members from now on, none where Members is null.

    An empty list is as good as no list (wire 1.4) and changes nothing.
    """
    group = _changed(context, bound, "Update-DistributionGroupMember")
    if "Members" not in bound.values:
        text = f"The command completed successfully but no settings of '{group.name}' have been modified."
        return Result(warnings=[text])
    wanted = dict.fromkeys(member_id(context, name) for name in plain_list(bound, "Members"))
    present = dict(address_book(context).members(group))
    address_book(context).set_members(group, wanted)
    for member in present.keys() ^ wanted.keys():
        _note(context, group, member, was_member=member in present)
    return Result()


def member_of(context: Context, tenant: Tenant, group_name: str, mailbox: Mailbox) -> bool:
    """Whether a mailbox is a direct member of a group (nesting is not followed; doc trap C11, C12).

    Args:
        context: The call.
        tenant: Whose group and mailbox.
        group_name: Any identity of the group.
        mailbox: The mailbox.
    """
    index = book(context.world, tenant)
    group = next((g for g in tenant.groups if g.name == group_name), None)
    return group is not None and people.object_id(context.world, tenant, mailbox) in index.members(group)


def leave_all_groups(context: Context, entry: Entry) -> None:
    """Take an object that goes out of every group."""
    index, identity = address_book(context), object_id(context, entry)
    for group in context.tenant.groups:
        if not group.dynamic and identity in index.members(group):
            index.set_members(group, [name for name in index.members(group) if name != identity])


def _changed(context: Context, bound: Bound, cmdlet: str) -> Group:
    group = find_group(context, str(bound.get("Identity") or ""))
    require_manager(context, bound, group)
    require_cloud(group, cmdlet, "Members")
    return group


def _note(context: Context, group: Group, member: str, *, was_member: bool) -> None:
    """Keep until when reads show a member as it was; the group's licences come or go with the membership."""
    entry = address_book(context).one(member)
    if group.licences and isinstance(entry, Mailbox | MailUser | User):
        licensing.settle(context.world, context.tenant, entry, context.now)
    changes = context.tenant.member_changes.setdefault(people.object_id(context.world, context.tenant, group), {})
    shown_from, before = changes.get(member, (context.now, was_member))
    earlier = before if shown_from > context.now else was_member
    changes[member] = (context.tenant.later(context.now, "group_members_readable"), earlier)


def _shown(context: Context, group: Group) -> list[str]:
    present = address_book(context).members(group)
    changes = context.tenant.member_changes.get(people.object_id(context.world, context.tenant, group), {})
    hidden = {m: was for m, (shown_from, was) in changes.items() if shown_from > context.now}
    return [m for m in present if hidden.get(m, True)] + [m for m, was in hidden.items() if was and m not in present]
