"""What both tenants must hold at the end, computed from the tenants file and Microsoft's document alone.

Nothing of the package stands behind this: it is a second, independent reading of the same procedure. What the file
leaves to the tenant (a GUID, a LegacyExchangeDN) is taken from the tenants as they were before anything was written.
"""

from __future__ import annotations

from typing import Any

from e2e_workplace import who_moves

ADD_ON = "Cross_tenant_user_data_migration"
MARKER = {"1": "Cross-Tenant-Project"}
State = dict[str, Any]


def with_plain_x500(addresses: list[str]) -> list[str]:
    """Addresses in one order; the prefix of an x500 address is the same in either case, the rest is kept as it is."""
    return sorted((f"x500:{a[5:]}" if a[:5].lower() == "x500:" else a for a in addresses), key=str.lower)


def default_domain(tenant: dict[str, Any]) -> str:
    """The domain that a tenant gives to new users."""
    return str(next(domain["name"] for domain in tenant["domains"] if domain.get("default")))


def initial_domain(tenant: dict[str, Any]) -> str:
    """The domain that ends in onmicrosoft.com."""
    return str(next(domain["name"] for domain in tenant["domains"] if domain.get("initial")))


def at_first(first: State, mailbox: dict[str, Any]) -> dict[str, Any]:
    """The source mailbox of a tenants file as the source showed it before anything was written."""
    rows = first["source"]["mailboxes"]
    return next(row for row in rows if row["alias"] == mailbox["alias"] and not row["soft_deleted"])


def mail_users(tenants: dict[str, Any], first: State) -> list[dict[str, Any]]:
    """The new MailUsers of the target, without what the target itself decides (object id, LegacyExchangeDN)."""
    return [_mail_user(tenants, mailbox, at_first(first, mailbox)) for mailbox in who_moves(tenants)]


def _mail_user(tenants: dict[str, Any], mailbox: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    source, target = tenants["source"], tenants["target"]
    alias, upn = mailbox["alias"], f"{mailbox['alias']}@{initial_domain(target)}"
    primary = f"{mailbox['primary'].partition('@')[0]}@{default_domain(target)}"
    others = [address for address in mailbox.get("proxies", []) if address[:5].lower() in ("x500:", "x400:")]
    smtp = [a.partition(":")[2] for a in mailbox.get("proxies", []) if a.lower().startswith("smtp:")]
    (external,) = [address for address in smtp if address.endswith(f"@{initial_domain(source)}")]
    return {
        "alias": alias,
        "name": alias,
        "display_name": mailbox["display_name"],
        "first_name": mailbox.get("first_name", ""),
        "last_name": mailbox.get("last_name", ""),
        "upn": upn,
        "primary": primary,
        "external_address": external,
        "exchange_guid": mailbox.get("exchange_guid") or seen["exchange_guid"],
        "archive_guid": mailbox["archive"]["guid"] if mailbox.get("archive") else None,
        "email_addresses": with_plain_x500(
            [f"SMTP:{primary}", f"smtp:{upn}", f"x500:{mailbox.get('legacy_dn') or seen['legacy_dn']}", *others]
        ),
        "custom_attributes": MARKER,
        "usage_location": _location(tenants, mailbox),
        "directory_synchronised": False,
        "hidden_from_address_lists": False,
        "disabled_archive_guid": None,
        "soft_deleted": False,
        "previous_recipient_type": None,
        "previous_mailbox_guid": None,
        "recoverable_items_quota": "30 GB",
        "litigation_hold": False,
        "send_as": [],
    }


def _location(tenants: dict[str, Any], mailbox: dict[str, Any]) -> str | None:
    """Where a person is, by the source or else by the project's setting; who gets no licence needs none."""
    if mailbox["alias"] not in licensed(tenants):
        return None
    return str(mailbox.get("usage_location") or tenants["target"]["country"])


def licensed(tenants: dict[str, Any]) -> set[str]:
    """Aliases of those who need the add-on: people. Shared and room mailboxes move without it."""
    return {m["alias"] for m in who_moves(tenants) if m.get("kind", "UserMailbox") == "UserMailbox"}


def new_rows(first: State, last: State, side: str, kind: str) -> list[Any]:
    """What a tenant holds at the end and did not hold at the beginning."""
    return [row for row in last[side][kind] if row not in first[side][kind]]


def lost_rows(first: State, last: State, side: str, kind: str) -> list[Any]:
    """What a tenant held at the beginning and does not hold at the end."""
    return [row for row in first[side][kind] if row not in last[side][kind]]
