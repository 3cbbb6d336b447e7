"""Which groups of the directory the chosen users belong to, directly or through others (fact F-106; wire 4.11).

Groups are read in bulk, and their members twenty groups in a request: a question for each user would cost more, and
would not tell through which group.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xtmig_kernel.counting import counted
from xtmig_kernel.errors import ServiceError
from xtmig_kernel.inventory.after import object_ids_of_chosen
from xtmig_kernel.m365 import GraphRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

_GROUPS = "id,displayName,mail,groupTypes,securityEnabled,onPremisesSyncEnabled"
_MEMBERS = {"$select": "id", "$top": "999"}


def group_memberships(context: ReadContext) -> tuple[str, list[Row]]:
    """The groups of the chosen users on one side.

    Raises:
        ServiceError: The members of a group could not be read; a part of the groups is never taken for all.
    """
    graph = context.tenant.graph
    groups = {str(item["id"]): item for item in graph.get_all("/groups", {"$select": _GROUPS, "$top": "999"})}
    holders: dict[str, list[str]] = defaultdict(list)
    for group, member in _members(context, list(groups)):
        holders[member].append(group)
    people = sorted(object_ids_of_chosen(context))
    return f"Graph GET /groups/{{id}}/members of {counted(len(groups), 'group')}", [
        _row(person, groups[group], groups[via]["displayName"] if via else None)
        for person in people
        for group, via in _belongs(person, holders).items()
    ]


def _members(context: ReadContext, groups: list[str]) -> Iterator[tuple[str, str]]:
    """Group and member, for every direct member."""
    graph = context.tenant.graph
    paths = [f"/groups/{quote(group, safe='')}/members" for group in groups]
    query = "&".join(f"{name}={value}" for name, value in _MEMBERS.items())
    replies = graph.batch([GraphRequest("GET", f"{path}?{query}") for path in paths])
    for group, path, reply in zip(groups, paths, replies, strict=True):
        if isinstance(reply, ServiceError):
            raise reply
        yield from ((group, str(member["id"])) for member in reply.data.get("value") or [])
        link = reply.data.get("@odata.nextLink")
        while link:
            page = graph.page(path, link=link)
            yield from ((group, str(member["id"])) for member in page.rows)
            link = page.link


def _belongs(person: str, holders: dict[str, list[str]]) -> dict[str, str | None]:
    """Each group of a person, and the nested group next to it; None for a direct one."""
    found: dict[str, str | None] = dict.fromkeys(sorted(holders.get(person, ())))
    waiting = list(found)
    while waiting:
        nested = waiting.pop(0)
        for group in sorted(holders.get(nested, ())):
            if group not in found:
                found[group] = nested
                waiting.append(group)
    return found


def _row(person: str, group: dict[str, Any], via: str | None) -> Row:
    types = group.get("groupTypes") or []
    return {
        "UserId": person,
        "GroupId": group["id"],
        "Group": group.get("displayName"),
        "GroupMail": group.get("mail"),
        "Security": group.get("securityEnabled"),
        "Unified": "Unified" in types,
        "Dynamic": "DynamicMembership" in types,
        "DirectorySynchronised": bool(group.get("onPremisesSyncEnabled")),
        "Via": via,
    }
