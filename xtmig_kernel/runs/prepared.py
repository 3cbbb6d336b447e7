"""The project that goes with prepared practice tenants: everything is configured, and only the moves are left. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.project.users import UserRow

if TYPE_CHECKING:
    from collections.abc import Mapping

PILOTS = 3
MOST_USERS_IN_A_BATCH = 2000


def prepared_settings(tenants: Mapping[str, Any]) -> dict[str, Any]:
    """What `project.yaml` says of a configuration that somebody else has made: its names, and where its secret is.

    Args:
        tenants: Content of a tenants file with one endpoint, one relationship in each tenant, and a scope.
    """
    source, target = tenants["source"], tenants["target"]
    (endpoint,), (inward,) = target["migration_endpoints"], target["organization_relationships"]
    (outward,) = source["organization_relationships"]
    (application,) = [a for a in target["applications"] if a["app_id"] == endpoint["application_id"]]
    return {
        "application_id": endpoint["application_id"],
        "names": {
            "application": application["name"],
            "endpoint": endpoint["name"],
            "target_relationship": inward["name"],
            "source_relationship": outward["name"],
            "scope_groups": list(outward["mailbox_move_published_scopes"]),
        },
        "secret": {"origin": "provided", "reference": f"env:{application['secret_from_env']}"},
    }


def prepared_users(tenants: Mapping[str, Any]) -> tuple[UserRow, ...]:
    """Who moves: each mailbox of the source whose mail user is there; a few people go first.

    Args:
        tenants: Content of a tenants file.
    """
    waiting = {user["exchange_guid"]: user for user in tenants["target"]["mail_users"] if user.get("exchange_guid")}
    moving = [box for box in tenants["source"]["mailboxes"] if box.get("exchange_guid") in waiting]
    first = [box["primary"] for box in moving if box.get("licences")][:PILOTS]
    others = [box["primary"] for box in moving if box["primary"] not in first]
    waves = dict.fromkeys(first, "pilot")
    waves |= {address: f"wave-{place // MOST_USERS_IN_A_BATCH + 1:02}" for place, address in enumerate(others)}
    return tuple(
        UserRow(box["primary"], waiting[box["exchange_guid"]]["primary"], wave=waves[box["primary"]]) for box in moving
    )
