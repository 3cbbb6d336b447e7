"""Ids and addresses of recipients that the tenants file may leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .identifiers import guid, hexadecimal
from .recipients_file import Group, Mailbox, MailUser

if TYPE_CHECKING:
    from .world import Tenant, World

DN_ROOT = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
Person = Mailbox | MailUser


def object_id(world: World, tenant: Tenant, recipient: Person | Group) -> str:
    """The directory's id of a recipient."""
    return recipient.object_id or guid(world.seed, tenant.tenant_id, "object", recipient.alias.lower())


def legacy_dn(world: World, tenant: Tenant, recipient: Person) -> str:
    """The recipient's LegacyExchangeDN."""
    if recipient.legacy_dn:
        return recipient.legacy_dn
    digits = hexadecimal(32, world.seed, tenant.tenant_id, "dn", recipient.alias.lower())
    return f"{DN_ROOT}{digits}-{recipient.alias}"


def mailbox_guid(world: World, tenant: Tenant, mailbox: Mailbox) -> str:
    """The ExchangeGuid of a mailbox."""
    return mailbox.exchange_guid or guid(world.seed, tenant.tenant_id, "mailbox", mailbox.alias.lower())


def archive_guid(world: World, tenant: Tenant, mailbox: Mailbox) -> str | None:
    """The GUID of a mailbox's archive, or None."""
    if mailbox.archive is None:
        return None
    return mailbox.archive.guid or guid(world.seed, tenant.tenant_id, "archive", mailbox.alias.lower())


def addresses(recipient: Person | Group) -> list[str]:
    """All proxy addresses, the primary one first and with its prefix in capitals."""
    primary = f"SMTP:{recipient.primary}"
    rest = [p if ":" in p else f"smtp:{p}" for p in recipient.proxies]
    return [primary, *(p for p in rest if p.lower() != primary.lower())]


def smtp_addresses(recipient: Person | Group) -> set[str]:
    """The SMTP addresses, in lower case and without prefix."""
    return {a.partition(":")[2].lower() for a in addresses(recipient) if a.lower().startswith("smtp:")}
