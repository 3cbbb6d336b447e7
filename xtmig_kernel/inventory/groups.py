"""Mail-enabled groups of a tenant and the members of the project's scope groups (PRE-04 to PRE-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.inventory.addresses import guid_or_none
from xtmig_kernel.inventory.context import MissingFact
from xtmig_kernel.inventory.recipients import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

_COLUMNS = ("Name", "Alias", "PrimarySmtpAddress", "RecipientTypeDetails")


def distribution_groups(context: ReadContext) -> tuple[str, list[Row]]:
    """Every mail-enabled group."""
    further = ("ExternalDirectoryObjectId", "ManagedBy", "IsDirSynced")
    found = context.tenant.exchange.invoke("Get-DistributionGroup", ALL, select=(*_COLUMNS, *further)).rows
    return "Get-DistributionGroup", [
        {column: row.get(column) for column in _COLUMNS}
        | {
            "ObjectId": guid_or_none(row.get("ExternalDirectoryObjectId")),
            "ManagedBy": [str(name) for name in row.get("ManagedBy") or []],
            "DirectorySynchronised": bool(row.get("IsDirSynced")),
        }
        for row in found
    ]


def scope_members(context: ReadContext) -> tuple[str, list[Row]]:
    """Members of the project's scope groups (PRE-05); a nested group's members stand behind its name (PRE-07).

    Raises:
        MissingFact: A scope group has no object ID yet.
    """
    _, groups = distribution_groups(context)
    wanted = {name.casefold() for name in context.project.scope_group_names}
    rows: list[Row] = []
    for group in groups:
        if str(group["Name"]).casefold() in wanted:
            if group["ObjectId"] is None:
                raise MissingFact(f"group {group['Name']} has no object ID yet, by which its members are asked for")
            rows += members_of(context, str(group["Name"]), str(group["ObjectId"]))
    return "Get-DistributionGroupMember of the scope groups", rows


def members_of(context: ReadContext, group: str, object_id: str) -> list[Row]:
    """Members of one group, and behind each nested group its own, each group once.

    Args:
        context: The side that has the group.
        group: Its name, for the rows.
        object_id: Its object ID.
    """
    rows: list[Row] = []
    seen = {object_id}
    waiting = [(object_id, "")]
    while waiting:
        identity, via = waiting.pop(0)
        for member in _direct(context, identity):
            rows.append({"Group": group, "Membership": "nested" if via else "direct", "Via": via, **member})
            member_id = str(member["ObjectId"])
            if _can_be_listed(member) and member_id not in seen:
                seen.add(member_id)
                waiting.append((member_id, str(member["Name"])))
    return rows


def _can_be_listed(member: Row) -> bool:
    """Whether a member is a group with members of its own; those of a dynamic one nobody lists."""
    kind = str(member["RecipientTypeDetails"])
    return kind.startswith("Mail") and kind.endswith("Group")


def _direct(context: ReadContext, identity: str) -> Iterator[dict[str, Any]]:
    columns = ("Name", "PrimarySmtpAddress", "RecipientTypeDetails")
    found = context.tenant.exchange.invoke(
        "Get-DistributionGroupMember", {"Identity": identity, **ALL}, select=(*columns, "ExternalDirectoryObjectId")
    )
    for row in found.rows:
        yield {column: row.get(column) for column in columns} | {
            "ObjectId": guid_or_none(row.get("ExternalDirectoryObjectId"))
        }
