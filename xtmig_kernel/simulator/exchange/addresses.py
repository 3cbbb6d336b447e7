"""What may stand in a recipient's addresses: free values, accepted domains (cmdlet reference [SRC])."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator.address_book import proxy_key

from .errors import (
    ALREADY_EXISTS,
    DIRECTORY_REFUSES,
    NOT_ACCEPTED_DOMAIN,
    PROXY_EXISTS,
    TASK_FAILED,
    VALUE_EXISTS,
    ExchangeRefused,
    bad_value,
)
from .lookup import Entry, address_book

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .context import Context

SMTP = "smtp:"


def with_prefix(address: str) -> str:
    """A proxy address with its prefix; one without is an additional SMTP address (cmdlet reference [SRC]).

    Raises:
        ExchangeRefused: An SMTP address without a part before or after the at sign.
    """
    text = address if ":" in address else f"{SMTP}{address}"
    if text.lower().startswith(SMTP):
        local, at, domain = text.partition(":")[2].rpartition("@")
        if not (local and at and domain) or " " in text:
            raise bad_value("EmailAddresses", f"'{address}' isn't a valid SMTP address.")
    return text


def bare(address: str) -> str:
    """An SMTP address without its prefix."""
    return address.partition(":")[2] if address.lower().startswith(SMTP) else address


def accepted(context: Context, address: str) -> bool:
    """Whether an address is in one of the tenant's domains."""
    return address.rpartition("@")[2].lower() in context.tenant.domains()


def require_accepted(context: Context, address: str) -> None:
    """Refuse an address of a domain that is not the tenant's.

    Raises:
        ExchangeRefused: NotAcceptedDomainException (failures 2.2 #21).
    """
    if not accepted(context, address):
        text = "You can't use the domain because it's not an accepted domain for your organization."
        raise ExchangeRefused(NOT_ACCEPTED_DOMAIN, f"{text} Address: '{address}'.")


def require_free(
    context: Context, *, alias: str | None = None, name: str | None = None, upn: str | None = None,
    proxies: Iterable[str] = (), exchange_guid: str | None = None, owner: Entry | None = None,
) -> None:  # fmt: skip
    """Refuse what any other living object of the tenant holds already.

    The types: an address is ProxyAddressExistsException [SRC: seen by several clients], a name is
    ADObjectAlreadyExistsException (wire 1.7 D), a sign-in name is refused by the directory [MEM], an alias and a
    mailbox GUID [INF].

    Args:
        context: Whose tenant.
        alias: The alias that is wanted, and so on.
        name: Unique name.
        upn: Sign-in name.
        proxies: Addresses with prefix.
        exchange_guid: The GUID of a mailbox.
        owner: The object that may hold them.

    Raises:
        ExchangeRefused: Something is taken.
    """
    index = address_book(context)
    if name and index.holder(f"cn:{name.lower()}", owner):
        raise ExchangeRefused(ALREADY_EXISTS, f'The name "{name}" is already being used. Please try another name.')
    if upn and index.holder(f"upn:{upn.lower()}", owner):
        text = "Another object with the same value for property userPrincipalName already exists."
        raise ExchangeRefused(DIRECTORY_REFUSES, text)
    for address in proxies:
        holder = index.holder(proxy_key(address), owner)
        if holder is not None:
            text = f'The proxy address "{address}" is already being used by "{_label(holder)}". Choose another one.'
            raise ExchangeRefused(PROXY_EXISTS, text)
    if alias and index.holder(f"alias:{alias.lower()}", owner):
        raise ExchangeRefused(VALUE_EXISTS, f'The value "{alias}" of property "Alias" is used by another recipient.')
    if exchange_guid and index.holder(f"guid:{exchange_guid.lower()}", owner):
        text = f'The value "{exchange_guid}" of property "ExchangeGuid" is used by another recipient.'
        raise ExchangeRefused(TASK_FAILED, text)


def _label(entry: Entry) -> str:
    return str(getattr(entry, "alias", None) or getattr(entry, "upn", ""))
