"""A pair of tenants of any size, without a file: the same seed and number give the same pair."""

from __future__ import annotations

from typing import Any

from .identifiers import digest, guid
from .prepared import prepare
from .service_plans import ADDON_SKU
from .tenants import TenantsFile, parse

FIRST = ("Ada", "Bruno", "Chidi", "Dana", "Emeka", "Farah", "Goran", "Hana", "Imani", "Jonas", "Kaori", "Lucia",
         "Mateo", "Nadia", "Olek", "Priya", "Quentin", "Rosa", "Samir", "Tomas")  # fmt: skip
LAST = ("Abara", "Berg", "Castell", "Dimov", "Eriksen", "Fontaine", "Gallo", "Haas", "Ibarra", "Jansen", "Kovac",
        "Lindholm", "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Sato", "Tamm")  # fmt: skip
LARGEST = 200_000
PLAN = "SPE_E3"
SPARE_SEATS = 20


def pair(mailboxes: int, seed: str, *, prepared: bool = False) -> TenantsFile:
    """Two tenants, the source with so many mailboxes and the target with none.

    Args:
        mailboxes: How many mailboxes.
        seed: Root of names and ids.
        prepared: Everything that the moves need is there already, and right.

    Raises:
        TenantsFileError: The number is negative or too large.
    """
    if not 0 <= mailboxes <= LARGEST:
        raise ValueError(f"between 0 and {LARGEST} mailboxes can be generated")
    source = _tenant(seed, "source", "fabrikam", "Fabrikam (generated)", dehydrated=False)
    source["mailboxes"] = [_mailbox(seed, number) for number in range(1, mailboxes + 1)]
    source["skus"] = [_subscription(seed, "source", mailboxes)]
    target = _tenant(seed, "target", "adatum", "Adatum (generated)", dehydrated=True)
    target["skus"] = [_subscription(seed, "target", mailboxes), _add_on(mailboxes)]
    if prepared:
        prepare(source, target, str(target["skus"][1]["part_number"]), seed)
    return parse({"source": source, "target": target}, "the generated pair")


def _tenant(seed: str, side: str, name: str, display_name: str, *, dehydrated: bool) -> dict[str, Any]:
    domain = f"{name}.onmicrosoft.com"
    return {
        "tenant_id": guid(seed, side, "tenant"),
        "display_name": display_name,
        "country": "IE",
        "domains": [{"name": domain, "initial": True}, {"name": f"{name}.com", "default": True}],
        "dehydrated": dehydrated,
        "administrators": [
            {
                "upn": f"{role}@{domain}",
                "display_name": f"{side.capitalize()} {role}",
                "directory_roles": ["Global Administrator", "Exchange Administrator"],
            }
            for role in ("operator", "approver")
        ],
        "applications": [
            {
                "name": f"xtmig operator ({side})",
                "app_id": guid(seed, side, "operator application"),
                "permissions": {
                    "graph": [
                        "Application.ReadWrite.All",
                        "Directory.Read.All",
                        "Organization.Read.All",
                        "LicenseAssignment.ReadWrite.All",
                        "User.ReadWrite.All",
                    ],
                    "exchange": ["Exchange.ManageAsApp"],
                },
                "directory_roles": ["Exchange Administrator"],
                "secret_from_env": f"XTMIG_{side.upper()}_SECRET",
            }
        ],
    }


def _subscription(seed: str, side: str, mailboxes: int) -> dict[str, Any]:
    plans = ["EXCHANGE_S_ENTERPRISE", "TEAMS1", "SHAREPOINTENTERPRISE"]
    return {
        "sku_id": guid(seed, side, "sku", PLAN),
        "part_number": PLAN,
        "enabled": mailboxes + SPARE_SEATS,
        "service_plans": plans,
    }


def _add_on(mailboxes: int) -> dict[str, Any]:
    """The licence for moves, with a seat for everybody (wire 4.16, single source)."""
    return {
        "sku_id": ADDON_SKU,
        "part_number": "Cross_tenant_user_data_migration",
        "enabled": mailboxes + SPARE_SEATS,
        "service_plans": ["SHAREPOINTONLINE_T2TODMOVE", "EXCHANGEONLINE_T2TMBXMOVE"],
    }


def _mailbox(seed: str, number: int) -> dict[str, Any]:
    roll = digest(seed, "mailbox", number)
    first, last = FIRST[roll[0] % len(FIRST)], LAST[roll[1] % len(LAST)]
    alias = f"{first[0]}{last}{number}".lower()
    kind = {0: "SharedMailbox", 1: "RoomMailbox"}.get(roll[2] % 20, "UserMailbox")
    return {
        "alias": alias,
        "display_name": f"{first} {last} {number}",
        "first_name": first,
        "last_name": last,
        "upn": f"{alias}@fabrikam.onmicrosoft.com",
        "primary": f"{first}.{last}.{number}@fabrikam.com".lower(),
        "proxies": [f"smtp:{alias}@fabrikam.onmicrosoft.com"],
        "kind": kind,
        "licences": [PLAN] if kind == "UserMailbox" else [],
        "usage_location": "IE",
        "sizes": {"total": f"{1 + roll[3] % 60} GB", "items": 500 + 40 * roll[4]},
        "custom_attributes": {1: "Cross-Tenant-Project"},
    }
