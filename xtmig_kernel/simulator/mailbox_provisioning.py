"""What licences do to objects: a mailbox appears, a mailbox goes, addresses are scrubbed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import people
from .address_book import AddressBook, book, proxy_key
from .identifiers import ZERO_GUID, guid
from .recipients_file import Mailbox, MailUser, Recipient, User

if TYPE_CHECKING:
    from datetime import datetime

    from .world import Tenant, World


def lacks_mailbox(holder: Mailbox | MailUser | User) -> bool:
    """Whether a plan with a mailbox makes a new one: for plain users, and mail users without ExchangeGuid (LIC-14)."""
    if isinstance(holder, MailUser):
        return (holder.exchange_guid or ZERO_GUID) == ZERO_GUID
    return isinstance(holder, User) and not holder.guest


def adopt(tenant: Tenant, user: User) -> None:
    """Keep an administrator of the tenants file among the plain users, so that changes to the account last."""
    if all(user is not other for other in tenant.users):
        tenant.users.append(user)


def provision(world: World, tenant: Tenant, holder: MailUser | User, at: datetime) -> Mailbox:
    """Give somebody a new, separate mailbox; the mail user is gone as such (LIC-14, doc lines 301 and 626).

    Args:
        world: Both tenants.
        tenant: Where.
        holder: A plain user, or a mail user without ExchangeGuid.
        at: When the licence took effect.

    Returns:
        The mailbox, which keeps object id, sign-in name and addresses.
    """
    index = book(world, tenant)
    identity = people.object_id(world, tenant, holder)
    key = f"licensed mailbox:{identity}"
    facts = _facts_of_user(tenant, index, holder) if isinstance(holder, User) else _facts_of(holder)
    facts |= {
        "object_id": identity,
        "exchange_guid": guid(world.seed, tenant.tenant_id, key, tenant.count_event(key)),
        "legacy_dn": people.legacy_dn(world, tenant, holder),
        "created": at,
    }
    mailbox = Mailbox(**facts)
    if isinstance(holder, User):
        adopt(tenant, holder)
    index.remove(holder)
    index.add(mailbox)
    return mailbox


def _facts_of(recipient: Mailbox | MailUser) -> dict[str, Any]:
    return {name: getattr(recipient, name) for name in Recipient.model_fields}


def _facts_of_user(tenant: Tenant, index: AddressBook, user: User) -> dict[str, Any]:
    """What Exchange makes of a plain user: alias from the sign-in name, an address in a domain of the tenant [INF]."""
    prefix, _, _ = user.upn.partition("@")
    alias, number = prefix, 1
    while index.holder(f"alias:{alias.lower()}", user):
        alias, number = f"{prefix}{number}", number + 1
    initial = f"{alias}@{tenant.file.initial_domain}"
    wishes = [address for address in (user.mail, user.upn, initial) if address and _owned(tenant, address)]
    usable = [w for w in dict.fromkeys(wishes) if not index.holder(proxy_key(w), user)]
    primary, *others = usable or [initial]
    return {
        "alias": alias,
        "display_name": user.display_name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "upn": user.upn,
        "primary": primary,
        "proxies": [f"smtp:{other}" for other in others if other.lower() != primary.lower()],
        "licences": list(user.licences),
        "usage_location": user.usage_location,
        "directory_synchronised": user.directory_synchronised,
        "account_disabled": user.account_disabled,
    }


def disconnect(world: World, tenant: Tenant, mailbox: Mailbox, external: str | None, at: datetime) -> None:
    """Take a mailbox away whose holder lost every plan that gives one; it stays behind as soft-deleted [MEM].

    Who was a mail user before is one again, without ExchangeGuid but with the traces of the mailbox (doc lines 306 and
    311 to 325, USR-23); anybody else is a plain user.

    Args:
        world: Both tenants.
        tenant: Where.
        mailbox: The mailbox.
        external: Where the mail of the former mail user went, or None.
        at: When.
    """
    index = book(world, tenant)
    traces = {
        "object_id": people.object_id(world, tenant, mailbox),
        "previous_recipient_type": mailbox.kind,
        "previous_mailbox_guid": people.mailbox_guid(world, tenant, mailbox),
    }
    left: MailUser | User
    if external is None:
        names = User.model_fields.keys() & Mailbox.model_fields.keys()
        left = User(**({name: getattr(mailbox, name) for name in names} | traces | {"mail": mailbox.primary}))
    else:
        facts = _facts_of(mailbox) | {"exchange_guid": None, "external_address": external}
        left = MailUser(**(facts | traces))
    mailbox.soft_deleted, mailbox.licences = at, []
    index.changed(mailbox)
    index.add(left)


def _owned(tenant: Tenant, address: str) -> bool:
    return address.rpartition("@")[2].lower() in tenant.domains()


def scrub(world: World, tenant: Tenant, recipient: Mailbox | MailUser) -> None:
    """Take every SMTP address away whose domain the tenant has not verified (LIC-17, KNI-06; doc lines 304, 687, 689).

    A primary address that goes is replaced by one that the tenant owns: the sign-in name, else another address that is
    left, else the alias in the initial domain; which of them the service takes is inferred. Addresses of other kinds,
    x500 among them, stay.
    """
    index = book(world, tenant)
    kept = [p for p in recipient.proxies if not _is_smtp(p) or _owned(tenant, p)]
    primary = recipient.primary
    if not _owned(tenant, primary):
        initial = f"{recipient.alias}@{tenant.file.initial_domain}"
        wishes = [recipient.upn, *(p.partition(":")[2] or p for p in kept if _is_smtp(p)), initial]
        owned = [w for w in wishes if _owned(tenant, w)]
        primary = next((w for w in owned if not index.holder(proxy_key(w), recipient)), initial)
    recipient.primary = primary
    recipient.proxies = [p for p in kept if proxy_key(p) != proxy_key(primary)]
    index.changed(recipient)


def _is_smtp(proxy: str) -> bool:
    return ":" not in proxy or proxy.lower().startswith("smtp:")
