"""Subscriptions, what they give, and who holds them (wire 4.6, 4.16, 4.17). Pure; used by rules and by plans alike."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Side
    from xtmig_kernel.rules.rule import Seen

ADD_ON_NAME = "Cross Tenant User Data Migration"
ADD_ON_SKU_ID = "946ce899-873d-44bb-9d8b-671870cbfdbf"
"""A single public source names this ID and the part number, so any of three signs is taken (wire 4.16)."""
_ADD_ON_PART = "crosstenantuserdatamigration"
_ADD_ON_PLAN = "T2TMBXMOVE"

MAILBOX_PLANS = frozenset(
    {
        "EXCHANGE_S_ENTERPRISE",
        "EXCHANGE_S_STANDARD",
        "EXCHANGE_S_DESKLESS",
        "EXCHANGE_S_ENTERPRISE_GOV",
        "EXCHANGE_S_STANDARD_GOV",
        "EXCHANGE_S_DESKLESS_GOV",
        "EXCHANGE_L_STANDARD",
        "EXCHANGE_S_STANDARD_MIDMARKET",
        "EXCHANGE_B_STANDARD",
        "EXCHANGE_S_ESSENTIALS",
    }
)
"""Plans with a mailbox (wire 4.17); EXCHANGE_S_FOUNDATION, the archive and the analytics plans have none."""

_USABLE = frozenset({"Enabled", "Warning"})
# LIC-07 by part number; which part number stands for which name is general knowledge, so it only ever warns
_ELIGIBLE = (
    "SPE_E3",
    "SPE_E5",
    "SPE_F1",
    "M365_F1",
    "Microsoft_365_E3",
    "Microsoft_365_E5",
    "O365_BUSINESS_ESSENTIALS",
    "O365_BUSINESS_PREMIUM",
    "SPB",
    "Microsoft_365_Business",
    "STANDARDPACK",
    "ENTERPRISEPACK",
    "ENTERPRISEPREMIUM",
    "DESKLESSPACK",
    "Office_365_E1",
    "Office_365_E3",
    "Office_365_E5",
    "EXCHANGESTANDARD",
    "EXCHANGEENTERPRISE",
    "EXCHANGEDESKLESS",
    "SHAREPOINTSTANDARD",
    "SHAREPOINTENTERPRISE",
    "WACONEDRIVESTANDARD",
    "WACONEDRIVEENTERPRISE",
)


def sku_id(row: Row) -> str:
    """A subscription's ID as `directory_users` writes it.

    Args:
        row: A row of `subscribed_skus`.
    """
    return str(row["SkuId"]).casefold()


def is_add_on(row: Row) -> bool:
    """Whether a subscription is the add-on: by ID, by part number in any spelling, or by a plan's name (wire 4.16).

    Args:
        row: A row of `subscribed_skus`.
    """
    part = re.sub(r"[^a-z0-9]", "", str(row["SkuPartNumber"]).casefold()).removeprefix("csp")
    by_plan = any(_ADD_ON_PLAN in str(plan).upper() for plan in row["ServicePlans"])
    return by_plan or sku_id(row) == ADD_ON_SKU_ID or part.startswith(_ADD_ON_PART)


def gives_mailbox(row: Row) -> bool:
    """Whether a subscription gives its holder an Exchange mailbox (wire 4.17).

    Args:
        row: A row of `subscribed_skus`.
    """
    return any(str(plan).upper() in MAILBOX_PLANS for plan in row["ServicePlans"])


def is_eligible(row: Row) -> bool:
    """Whether the add-on is sold beside this subscription, as far as its part number is known (LIC-07).

    Args:
        row: A row of `subscribed_skus`.
    """
    part = str(row["SkuPartNumber"]).casefold()
    return any(part == known.casefold() or part.startswith(f"{known}_".casefold()) for known in _ELIGIBLE)


def is_usable(row: Row) -> bool:
    """Whether a subscription is in force; a suspended, locked or deleted one is not.

    Args:
        row: A row of `subscribed_skus`.
    """
    return str(row["CapabilityStatus"]) in _USABLE


def free_seats(row: Row) -> int:
    """Seats that can still be assigned; those of a grace period (Warning) are not counted.

    Args:
        row: A row of `subscribed_skus`.
    """
    return max(0, int(row["Enabled"] or 0) - int(row["Consumed"] or 0)) if is_usable(row) else 0


def add_ons(seen: Seen, side: Side) -> list[Row]:
    """The add-on's subscriptions of a tenant that are in force, in the order in which they are used up.

    Args:
        seen: Holds `subscribed_skus` of that side.
        side: The tenant.
    """
    rows = [row for row in seen.rows(f"{side}.subscribed_skus") if is_add_on(row) and is_usable(row)]
    # an order that does not depend on what is free, so that an approved change stays the same while seats are used
    return sorted(rows, key=lambda row: (sku_id(row) != ADD_ON_SKU_ID, sku_id(row)))


def add_on_sku(seen: Seen, side: Side) -> Row | None:
    """The subscription to assign in a tenant: the first of the add-on with a free seat, or the first at all.

    Args:
        seen: Holds `subscribed_skus` of that side.
        side: The tenant.

    Returns:
        A row of `subscribed_skus`; None where the tenant has no add-on in force.
    """
    rows = add_ons(seen, side)
    return next((row for row in rows if free_seats(row)), rows[0] if rows else None)


def free_add_on_seats(seen: Seen, side: Side) -> list[str]:
    """The add-on's free seats of a tenant, each as the ID of its subscription, in the order of their use.

    Args:
        seen: Holds `subscribed_skus` of that side.
        side: The tenant.
    """
    return [sku_id(row) for row in add_ons(seen, side) for _ in range(free_seats(row))]


def holders(seen: Seen, side: Side, wanted: Callable[[Row], bool]) -> frozenset[str]:
    """Object IDs of the users who hold a subscription of a kind that is in force, by themselves or by a group.

    Args:
        seen: Holds `subscribed_skus` and `directory_users` of that side.
        side: The tenant.
        wanted: Says of a row of `subscribed_skus` whether it is of the kind.
    """
    held = seen.once(_by_sku, (f"{side}.directory_users",))
    ids = {sku_id(row) for row in seen.rows(f"{side}.subscribed_skus") if wanted(row) and is_usable(row)}
    return frozenset().union(*(held.get(one, ()) for one in ids))


def _by_sku(seen: Seen) -> dict[str, frozenset[str]]:
    """Who holds each subscription, by its ID; of the one table of users that it is given."""
    (users,) = seen.facts.values()
    found: defaultdict[str, set[str]] = defaultdict(set)
    for user in users.value:
        for held in user["SkuIds"]:
            found[str(held).casefold()].add(str(user["Id"]).casefold())
    return {sku: frozenset(ids) for sku, ids in found.items()}
