"""Subscriptions, who holds them, and the groups that hand them out (LIC-01 to LIC-17; wire 4.6 to 4.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

_PAGE = "999"


def subscribed_skus(context: ReadContext) -> tuple[str, list[Row]]:
    """The organisation's subscriptions with their seats (LIC-01)."""
    return "Graph GET /subscribedSkus", [
        {
            "SkuId": item["skuId"],
            "SkuPartNumber": item["skuPartNumber"],
            "CapabilityStatus": item.get("capabilityStatus"),
            "Enabled": (item.get("prepaidUnits") or {}).get("enabled", 0),
            "Warning": (item.get("prepaidUnits") or {}).get("warning", 0),
            "Consumed": item.get("consumedUnits", 0),
            "ServicePlans": sorted(plan["servicePlanName"] for plan in item.get("servicePlans") or []),
        }
        for item in context.tenant.graph.get_all("/subscribedSkus")
    ]


def directory_users(context: ReadContext) -> tuple[str, list[Row]]:
    """Every user of the directory with the licences it has, by itself or by a group (LIC-04, LIC-12)."""
    columns = "id,userPrincipalName,displayName,mail,userType,usageLocation,onPremisesSyncEnabled,assignedLicenses"
    found = context.tenant.graph.get_all("/users", {"$select": f"{columns},licenseAssignmentStates", "$top": _PAGE})
    return "Graph GET /users", [
        {
            "Id": item["id"],
            "UserPrincipalName": item.get("userPrincipalName"),
            "DisplayName": item.get("displayName"),
            "Mail": item.get("mail"),
            "UserType": item.get("userType"),
            "UsageLocation": item.get("usageLocation"),
            "DirectorySynchronised": bool(item.get("onPremisesSyncEnabled")),
            "SkuIds": _sku_ids(item.get("assignedLicenses") or []),
            "GroupSkuIds": _sku_ids(s for s in item.get("licenseAssignmentStates") or [] if s.get("assignedByGroup")),
            "DisabledPlans": _disabled(item.get("assignedLicenses") or []),
        }
        for item in found
    ]


def licensing_groups(context: ReadContext) -> tuple[str, list[Row]]:
    """Groups that license whoever joins them, which may overtake the stamping of a new user (LIC-14)."""
    columns = "id,displayName,assignedLicenses,membershipRule,groupTypes"
    found = context.tenant.graph.get_all("/groups", {"$select": columns, "$top": _PAGE})
    return "Graph GET /groups", [
        {
            "Id": item["id"],
            "DisplayName": item.get("displayName"),
            "SkuIds": _sku_ids(item["assignedLicenses"]),
            "Dynamic": "DynamicMembership" in (item.get("groupTypes") or []),
        }
        for item in found
        if item.get("assignedLicenses")
    ]


def _disabled(items: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(f"{item['skuId']}/{plan}".lower() for item in items for plan in item.get("disabledPlans") or [])


def _sku_ids(items: Iterable[dict[str, Any]]) -> list[str]:
    return sorted({str(item["skuId"]).lower() for item in items})
