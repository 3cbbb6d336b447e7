"""Groups and who belongs to them, directly or through other groups (wire 4.11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.http import Answer, UnsupportedRequest
from xtmig_kernel.simulator.recipients_file import Contact, Group
from xtmig_kernel.simulator.wellknown import USER_READING

from .context import Context, not_found
from .odata import Row, cut, one, paged, require_advanced_query, selected
from .users import id_of, index_of, licences_of, shown, user_row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.simulator.people import Entry

Column = Callable[[Context, Group], Any]
DYNAMIC_RULE = '(user.userType -eq "Member")'
TYPES = {"user": "#microsoft.graph.user", "group": "#microsoft.graph.group"}


def _mail_enabled(group: Group) -> bool:
    """Dynamic groups have no mail unless they are of Microsoft 365 (Graph documentation [SRC])."""
    return group.kind != "Entra" and (not group.dynamic or group.kind == "Microsoft365")


def _types(group: Group) -> list[str]:
    unified = ["Unified"] if group.kind == "Microsoft365" else []
    return unified + (["DynamicMembership"] if group.dynamic else [])


def _licences(context: Context, group: Group) -> list[Row]:
    skus = [licences_of(context).sku(part) for part in group.licences]
    return [{"skuId": sku.sku_id, "disabledPlans": []} for sku in skus if sku]


COLUMNS: dict[str, Column] = {
    "id": id_of,
    "description": lambda _, __: None,
    "displayName": lambda _, group: group.display_name or group.name,
    "groupTypes": lambda _, group: _types(group),
    "mail": lambda _, group: group.primary if _mail_enabled(group) else None,
    "mailEnabled": lambda _, group: _mail_enabled(group),
    "mailNickname": lambda _, group: group.alias,
    "membershipRule": lambda _, group: DYNAMIC_RULE if group.dynamic else None,
    "membershipRuleProcessingState": lambda _, group: "On" if group.dynamic else None,
    "onPremisesSyncEnabled": lambda _, group: True if group.directory_synchronised else None,
    "proxyAddresses": lambda _, group: people.addresses(group) if _mail_enabled(group) else [],
    "securityEnabled": lambda _, group: group.kind in {"Security", "Entra"},
    "assignedLicenses": _licences,
}
ONLY_WHEN_SELECTED = frozenset({"assignedLicenses"})


def group_row(context: Context, group: Group, names: frozenset[str] | None) -> Row:
    """A group as Graph shows it; its licences only where they are selected (Graph documentation [SRC]).

    Args:
        context: The call.
        group: The group.
        names: The properties wanted, or None for the usual ones.

    Raises:
        UnsupportedRequest: A property that the simulator lacks.
    """
    strange = sorted((names or frozenset()) - COLUMNS.keys())
    if strange:
        raise UnsupportedRequest(f"group property {strange[0]}")
    wanted = COLUMNS.keys() - ONLY_WHEN_SELECTED if names is None else names
    return {name: column(context, group) for name, column in COLUMNS.items() if name in wanted}


def groups(context: Context) -> Answer:
    """The groups of the tenant (Graph documentation [SRC])."""
    found: list[Group] = shown(context, list(context.tenant.groups))
    return Answer(200, paged(context, found, lambda group, names: group_row(context, group, names), "groups"))


def _found(context: Context) -> Group:
    wanted = context.parts["id"].lower()
    for entry in shown(context, list(index_of(context).find(wanted))):
        if isinstance(entry, Group) and id_of(context, entry).lower() == wanted:
            return entry
    raise not_found(context.parts["id"])


def group(context: Context) -> Answer:
    """One group by its id."""
    return Answer(200, one(context, group_row(context, _found(context), selected(context)), "groups"))


def members(context: Context) -> Answer:
    """Who belongs to a group directly: users, groups and contacts (wire 4.11 [SRC])."""
    return _members(context, _direct(context, _found(context)))


def transitive_members(context: Context) -> Answer:
    """Who belongs to a group, groups in groups and their members included, each once (wire 4.11 [SRC])."""
    found: dict[str, Entry] = {}
    waiting = [_found(context)]
    while waiting:
        for entry in _direct(context, waiting.pop(0)):
            identity = id_of(context, entry)
            if identity not in found:
                found[identity] = entry
                waiting += [entry] if isinstance(entry, Group) else []
    return _members(context, list(found.values()))


def _direct(context: Context, group: Group) -> list[Entry]:
    """The direct members as reads show them: a change of membership counts after its lag."""
    index = index_of(context)
    ids = dict(index.members(group))
    for member_id, (moment, before) in context.tenant.member_changes.get(id_of(context, group), {}).items():
        if context.now < moment and before:
            ids[member_id] = None
        elif context.now < moment:
            ids.pop(member_id, None)
    return _resolved(context, ids)


def _resolved(context: Context, ids: Iterable[str]) -> list[Entry]:
    index = index_of(context)
    return shown(context, [entry for member_id in ids if (entry := index.one(member_id)) is not None])


def _members(context: Context, entries: list[Entry]) -> Answer:
    cast = context.parts.get("cast", "").lower()
    if cast:
        require_advanced_query(context)
        if cast not in TYPES:
            raise UnsupportedRequest(f"cast to {cast}")
        entries = [entry for entry in entries if _type(entry) == TYPES[cast]]
    body = paged(context, entries, lambda entry, names: _member_row(context, entry, names), "directoryObjects")
    return Answer(200, body)


def _type(entry: Entry) -> str:
    if isinstance(entry, Group):
        return TYPES["group"]
    return "#microsoft.graph.orgContact" if isinstance(entry, Contact) else TYPES["user"]


def _member_row(context: Context, entry: Entry, names: frozenset[str] | None) -> Row:
    """A member in the shape of its kind, without what that kind does not have.

    A caller who may not read users sees of them nothing but the id (Graph documentation [SRC]).
    """
    kind = {"@odata.type": _type(entry)}
    if isinstance(entry, Group):
        known = names & COLUMNS.keys() if names else names
        return kind | group_row(context, entry, known)
    if isinstance(entry, Contact):
        contact: Row = {"id": id_of(context, entry), "displayName": entry.name, "mail": entry.primary}
        return kind | cut(contact, names)
    row = user_row(context, entry, names)
    if not context.caller.permissions & set(USER_READING):
        row = {k: v if k == "id" else None for k, v in row.items()}
    return kind | row
