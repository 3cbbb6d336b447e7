"""Get-ManagementRoleAssignment: the roles of the role groups, and those that people and applications hold directly.

Parameters are those of the cmdlet reference [SRC]; how an assignment is called is [MEM].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .context import Context, Result
from .errors import not_found
from .lookup import refuse_unserved
from .roles import ROLE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .binding import Bound

SERVED = frozenset({"Identity", "Role", "RoleAssignee", "RoleAssigneeType"})


def get(context: Context, bound: Bound) -> Result:
    """Get-ManagementRoleAssignment: all, or those of a role, of somebody, or of a kind."""
    refuse_unserved(bound, SERVED)
    rows = [row for row in _all(context) if _fits(row, bound)]
    if bound.get("Identity") and not rows:
        raise not_found(bound.get("Identity"))
    return Result(rows)


def _fits(row: dict[str, Any], bound: Bound) -> bool:
    asked = {
        "Name": "Identity",
        "Role": "Role",
        "RoleAssigneeName": "RoleAssignee",
        "RoleAssigneeType": "RoleAssigneeType",
    }
    given = {column: bound.get(parameter) for column, parameter in asked.items()}
    return all(str(row[column]).lower() == str(value).lower() for column, value in given.items() if value)


def _all(context: Context) -> Iterator[dict[str, Any]]:
    for group, roles in ROLE_GROUPS.items():
        yield from (_row(role, group, "RoleGroup") for role in roles)
    for person in context.tenant.file.administrators:
        yield from (_row(role, person.upn, "User") for role in person.exchange_roles)
    for principal in context.tenant.service_principals.values():
        yield from (_row(role, principal.display_name, "ServicePrincipal") for role in principal.exchange_roles)


def _row(role: str, assignee: str, kind: str) -> dict[str, Any]:
    name = f"{role}-{assignee}"
    return {
        "Name": name, "Identity": name, "Role": role, "RoleAssignee": assignee, "RoleAssigneeName": assignee,
        "RoleAssigneeType": kind, "AssignmentMethod": "Direct", "Enabled": True, "IsValid": True,
    }  # fmt: skip
