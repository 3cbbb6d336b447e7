"""Ids and addresses of recipients that the tenants file may leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .identifiers import guid, hexadecimal
from .recipients_file import Contact, Group, Mailbox, MailUser, User

if TYPE_CHECKING:
    from .world import Tenant, World

DN_ROOT = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
Person = Mailbox | MailUser
Entry = Mailbox | MailUser | User | Contact | Group


def _natural_key(entry: Entry) -> str:
    return (entry.upn if isinstance(entry, User) else entry.alias).lower()


def common_name(entry: Entry) -> str:
    """The name that is unique in the tenant."""
    if isinstance(entry, User):
        return entry.display_name
    return entry.name or entry.alias


def object_id(world: World, tenant: Tenant, entry: Entry) -> str:
    """The directory's id of an object."""
    return entry.object_id or guid(world.seed, tenant.tenant_id, "object", _natural_key(entry))


def legacy_dn(world: World, tenant: Tenant, entry: Mailbox | MailUser | Contact | User) -> str:
    """The recipient's LegacyExchangeDN."""
    if isinstance(entry, Mailbox | MailUser) and entry.legacy_dn:
        return entry.legacy_dn
    digits = hexadecimal(32, world.seed, tenant.tenant_id, "dn", _natural_key(entry))
    return f"{DN_ROOT}{digits}-{entry.upn if isinstance(entry, User) else entry.alias}"


def mailbox_guid(world: World, tenant: Tenant, mailbox: Mailbox) -> str:
    """The ExchangeGuid of a mailbox."""
    return mailbox.exchange_guid or guid(world.seed, tenant.tenant_id, "mailbox", mailbox.alias.lower())


def exchange_guid(world: World, tenant: Tenant, person: Person) -> str | None:
    """The ExchangeGuid of a mailbox, or the one stamped on a mail user, in lower case; None where there is none."""
    if isinstance(person, Mailbox):
        return mailbox_guid(world, tenant, person).lower()
    return person.exchange_guid.lower() if person.exchange_guid else None


def archive_guid(world: World, tenant: Tenant, mailbox: Mailbox) -> str | None:
    """The GUID of a mailbox's archive, or None."""
    if mailbox.archive is None:
        return None
    return mailbox.archive.guid or guid(world.seed, tenant.tenant_id, "archive", mailbox.alias.lower())


def addresses(entry: Entry) -> list[str]:
    """All proxy addresses, the primary one first and with its prefix in capitals; a plain user has its mail alone."""
    if isinstance(entry, User):
        return [f"SMTP:{entry.mail}"] if entry.mail else []
    primary = f"SMTP:{entry.primary}"
    rest = [p if ":" in p else f"smtp:{p}" for p in entry.proxies]
    return [primary, *(p for p in rest if p.lower() != primary.lower())]


def smtp_addresses(entry: Entry) -> set[str]:
    """The SMTP addresses, in lower case and without prefix."""
    return {a.partition(":")[2].lower() for a in addresses(entry) if a.lower().startswith("smtp:")}


def living(entry: Entry) -> bool:
    """Whether an object is in use: not deleted."""
    return not isinstance(entry, Mailbox | MailUser) or entry.soft_deleted is None


def belongs_to_dynamic_groups(entry: Entry) -> bool:
    """Whether a dynamic group takes the object in: people of the tenant, no guests, rooms' accounts included."""
    if isinstance(entry, User):
        return not entry.guest
    return isinstance(entry, Mailbox | MailUser) and living(entry)
