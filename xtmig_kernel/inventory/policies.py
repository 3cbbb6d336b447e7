"""What a tenant's policies say of what is to be made in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import from_text
from xtmig_kernel.inventory.context import MissingFact

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

_MAY_READ = frozenset(
    {"Policy.Read.All", "Policy.Read.ApplicationConfiguration", "Policy.ReadWrite.ApplicationConfiguration"}
)
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?")
_DAYS = (365, 30, 7, 1)


def secret_policy(context: ReadContext) -> tuple[str, list[Row]]:
    """What the tenant's policy says of secrets of an application that is made now (APP-11; fact F-92).

    Raises:
        MissingFact: The token does not permit it: no right is asked for this alone.
    """
    if not _MAY_READ & set(context.tenant.identity.permissions):
        raise MissingFact("Policy.Read.All is not in the token, so the policy on secrets is not asked for")
    path = "/policies/defaultAppManagementPolicy"
    policy = context.tenant.graph.get(path)
    return f"Graph GET {path}", [_row(policy, context.clock.now())]


def _row(policy: dict[str, Any], now: datetime) -> Row:
    restrictions = (policy.get("applicationRestrictions") or {}).get("passwordCredentials") or []
    held = [item for item in restrictions if policy.get("isEnabled") and _holds(item, now)]
    lives = [_days(str(i.get("maxLifetime") or "")) for i in held if i.get("restrictionType") == "passwordLifetime"]
    return {
        "Forbidden": any(item.get("restrictionType") == "passwordAddition" for item in held),
        "MostDays": min((days for days in lives if days is not None), default=None),
    }


def _holds(restriction: dict[str, Any], now: datetime) -> bool:
    """Whether a restriction is on, and for an application that is made now."""
    since = restriction.get("restrictForAppsCreatedAfterDateTime")
    try:
        begun = since is None or from_text(str(since)) <= now
    except ValueError:
        begun = True
    return restriction.get("state", "enabled") == "enabled" and begun


def _days(duration: str) -> int | None:
    """The whole days of a duration such as `P4DT12H`; None for what is none."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        return None
    return sum(int(number) * days for number, days in zip(found.groups(default="0"), _DAYS, strict=True))
