"""A generated pair in which everything that a move needs is right already, so that only the moves are left.

What makes a pair ready is the document's: prerequisites of both tenants, the application and its consents, endpoint,
both relationships, the scope, and a mail user for every mailbox (failures 2.1 and 2.2 say what each of them prevents).
"""

from __future__ import annotations

from typing import Any

from .identifiers import digest, guid, hexadecimal

SECRET_VARIABLE = "XTMIG_MOVE_SECRET"  # noqa: S105 - the name of a variable
APPLICATION = "Cross-tenant mailbox moves"
ENDPOINT = "Moves from Fabrikam"
SCOPE = "Mailboxes that may leave"
USERS_IN_A_SCOPE = 10_000
REMOTE_SERVER = "outlook.office.com"
EVERY_SO_MANY_HAS_AN_ARCHIVE = 7
ORGANISATION = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="


def prepare(source: dict[str, Any], target: dict[str, Any], add_on: str, seed: str) -> None:
    """Make both tenants ready for the moves of all the source's mailboxes.

    Args:
        source: The source as plain data of a tenants file; it is changed.
        target: The target; it is changed.
        add_on: Part number of the target's subscription for moves.
        seed: Root of ids.
    """
    app_id = guid(seed, "target", "migration application")
    target["dehydrated"] = False
    for number, box in enumerate(source["mailboxes"], 1):
        _complete(box, seed, number)
    target["mail_users"] = [_mail_user(box, source, target, add_on) for box in source["mailboxes"]]
    source["groups"] = _scopes(source)
    target["applications"].append(_application(app_id))
    target["migration_endpoints"] = [
        {
            "name": ENDPOINT,
            "remote_server": REMOTE_SERVER,
            "remote_tenant": _initial(source),
            "application_id": app_id,
            "secret_from_env": SECRET_VARIABLE,
        }
    ]
    target["organization_relationships"] = [_relationship("Moves from the source", source, "Inbound")]
    outward = _relationship("Moves to the target", target, "RemoteOutbound")
    outward |= {
        "oauth_application_id": app_id,
        "mailbox_move_published_scopes": [group["name"] for group in source["groups"]],
    }
    source["organization_relationships"] = [outward]


def _initial(tenant: dict[str, Any]) -> str:
    return next(str(domain["name"]) for domain in tenant["domains"] if domain.get("initial"))


def _default(tenant: dict[str, Any]) -> str:
    return next(str(domain["name"]) for domain in tenant["domains"] if domain.get("default"))


def _complete(box: dict[str, Any], seed: str, number: int) -> None:
    """Say of a mailbox what else the mail user must repeat; nothing in it is near a limit."""
    alias = box["alias"]
    box["exchange_guid"] = guid(seed, "mailbox guid", number)
    box["legacy_dn"] = f"{ORGANISATION}{hexadecimal(32, seed, 'legacy dn', number)}-{alias}"
    former = digest(seed, "former names", number)[0] % 3
    names = [f"x500:{ORGANISATION}{hexadecimal(32, seed, 'former name', number, n)}-{alias}" for n in range(former)]
    box["proxies"] = [*box["proxies"], *names]
    box["sizes"] = {"total": f"{200 + number % 800} MB", "items": 300 + number % 700}
    if number % EVERY_SO_MANY_HAS_AN_ARCHIVE == 1:
        box["archive"] = {"guid": guid(seed, "archive guid", number), "size": "900 MB", "items": 800}


def _mail_user(box: dict[str, Any], source: dict[str, Any], target: dict[str, Any], add_on: str) -> dict[str, Any]:
    alias, local = box["alias"], box["primary"].partition("@")[0]
    former = [proxy for proxy in box["proxies"] if proxy.startswith("x500:")]
    person = box["kind"] == "UserMailbox"
    return {
        "alias": alias,
        "display_name": box["display_name"],
        "first_name": box["first_name"],
        "last_name": box["last_name"],
        "upn": f"{alias}@{_initial(target)}",
        "primary": f"{local}@{_default(target)}",
        "proxies": [f"smtp:{alias}@{_initial(target)}", f"x500:{box['legacy_dn']}", *former],
        "external_address": f"{alias}@{_initial(source)}",
        "exchange_guid": box["exchange_guid"],
        **({"archive_guid": box["archive"]["guid"]} if "archive" in box else {}),
        "licences": [add_on] if person else [],
        "usage_location": box["usage_location"],
        "custom_attributes": dict(box["custom_attributes"]),
    }


def _scopes(source: dict[str, Any]) -> list[dict[str, Any]]:
    """As many groups as the document advises: one for each ten thousand users."""
    aliases = [box["alias"] for box in source["mailboxes"]]
    groups = []
    for number, start in enumerate(range(0, max(len(aliases), 1), USERS_IN_A_SCOPE), 1):
        name = SCOPE if number == 1 else f"{SCOPE} {number}"
        groups.append(
            {
                "name": name,
                "alias": f"scope{number}",
                "primary": f"scope{number}@{_default(source)}",
                "kind": "Security",
                "members": aliases[start : start + USERS_IN_A_SCOPE],
            }
        )
    return groups


def _application(app_id: str) -> dict[str, Any]:
    permission = {"exchange": ["Mailbox.Migration"]}
    return {
        "name": APPLICATION,
        "app_id": app_id,
        "permissions": permission,
        "in_partner": dict(permission),
        "sign_in_audience": "AzureADMultipleOrgs",
        "redirect_uris": ["https://office.com"],
        "secret_from_env": SECRET_VARIABLE,
    }


def _relationship(name: str, partner: dict[str, Any], capability: str) -> dict[str, Any]:
    return {
        "name": name,
        "domain_names": [partner["tenant_id"]],
        "mailbox_move_enabled": True,
        "mailbox_move_capability": [capability],
    }
