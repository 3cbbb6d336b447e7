"""Proxy addresses and identifiers as Exchange writes them, taken apart. Pure."""

from __future__ import annotations

from typing import Any

NO_GUID = "00000000-0000-0000-0000-000000000000"
X500 = "x500:"


def by_kind(addresses: Any) -> dict[str, list[str]]:
    """EmailAddresses by kind, for the columns `SmtpAddresses`, `X500Addresses` and `OtherAddresses`.

    The prefix is compared without case and the rest is kept byte for byte (USR-07, USR-29; doc trap D3).

    Args:
        addresses: A list of texts such as `"SMTP:a@b.com"`, or None.
    """
    kinds: dict[str, list[str]] = {"SmtpAddresses": [], "X500Addresses": [], "OtherAddresses": []}
    for address in addresses or []:
        prefix, colon, rest = str(address).partition(":")
        if not colon or prefix.casefold() == "smtp":
            kinds["SmtpAddresses"].append(rest if colon else prefix)
        elif prefix.casefold() == "x500":
            kinds["X500Addresses"].append(X500 + rest)
        else:
            kinds["OtherAddresses"].append(str(address))
    return {column: sorted(values) for column, values in kinds.items()}


def without_prefix(address: Any) -> str | None:
    """An address without `SMTP:`; None where there is none.

    Args:
        address: Such as `"SMTP:LaraN@contoso.onmicrosoft.com"`.
    """
    text = str(address or "")
    return (text[5:] if text[:5].casefold() == "smtp:" else text) or None


def guid_or_none(value: Any) -> str | None:
    """A GUID in lower case; None where it is unset, which Exchange writes as zeros (wire 1.5).

    Args:
        value: As Exchange sent it.
    """
    text = str(value or "").strip("{}").lower()
    return None if text in ("", NO_GUID) else text
