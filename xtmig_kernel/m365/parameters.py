"""Cmdlet parameters as Exchange expects them in JSON (wire 1.4, facts F-06 to F-12)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.changes import CsvBytes
from xtmig_kernel.credentials import Secret
from xtmig_kernel.errors import NotOverHttp, UsageError
from xtmig_kernel.m365.exchange_contract import CONFIRMS, NAMING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xtmig_kernel.project import Side

_HASHTABLE = "#Exchange.GenericHashTable"
_BYTES = "#Exchange.ByteArrayType"
_FILTERS = frozenset({"Filter", "RecipientFilter", "RecipientPreviewFilter"})


@dataclass(frozen=True)
class PSCredential:
    """A user name and its secret; for a migration endpoint, application ID and client secret (EPT-08)."""

    user: str
    secret: Secret


class ClearValue:
    """Empties a multi-valued parameter. An empty list would be taken for "leave it as it is"."""

    def __repr__(self) -> str:
        return "CLEAR"


CLEAR = ClearValue()


def to_wire(cmdlet: str, parameters: Mapping[str, Any], encrypt: Callable[[str], str]) -> dict[str, Any]:
    """The `Parameters` object of a request.

    Args:
        cmdlet: Its name.
        parameters: Text, bool, int, None, UUID, `datetime` with a zone, bytes, `CsvBytes`, `Secret`, `PSCredential`,
            `CLEAR`, dictionaries (hashtables), and lists of text, bytes or dictionaries.
        encrypt: Encrypts a text for this session; called only where there is a secret.

    Raises:
        UsageError: As `checked`, or a list is empty, or a value is of no known kind.
    """
    wire: dict[str, Any] = {}
    for name, value in checked(cmdlet, parameters).items():
        wire |= _parameter(name, value, encrypt)
    return wire


def checked(cmdlet: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call as either transport sends them: an object is named, and nothing is asked (F-10, F-12).

    Args:
        cmdlet: Its name.
        parameters: As the caller gives them.

    Raises:
        UsageError: A parameter that names the object is blank.
    """
    given = dict(parameters)
    for name in NAMING & given.keys():
        if given[name] is None or not str(given[name]).strip():
            raise UsageError(
                f"{cmdlet} was given a blank {name}.",
                cause="Exchange takes a blank for every object.",
                remedy="Name one object; nothing was sent.",
            )
    if cmdlet in CONFIRMS:
        given.setdefault("Confirm", False)
    return given


def _parameter(name: str, value: Any, encrypt: Callable[[str], str]) -> dict[str, Any]:
    if name in _FILTERS and isinstance(value, str):
        return {name: value.replace("$true", "'True'").replace("$false", "'False'")}
    if isinstance(value, (list, tuple)):
        return _list(name, list(value), encrypt)
    return {name: _value(name, value, encrypt)}


def _list(name: str, items: list[Any], encrypt: Callable[[str], str]) -> dict[str, Any]:
    refuse_empty(name, items)
    if all(isinstance(item, bytes) for item in items):
        kind, wire = "ByteArrayType", [{"Data": list(item)} for item in items]
    elif all(isinstance(item, dict) for item in items):
        kind, wire = "GenericHashTable", [_value(name, item, encrypt) for item in items]
    else:
        return {name: [_value(name, item, encrypt) for item in items]}
    return {f"{name}@odata.type": f"#Collection(Exchange.{kind})", name: wire}


def _value(name: str, value: Any, encrypt: Callable[[str], str]) -> Any:
    if isinstance(value, (Secret, PSCredential)):
        return encrypt(_clear_text(value))
    if isinstance(value, dict):
        table: dict[str, Any] = {"@odata.type": _HASHTABLE}
        for key, item in value.items():
            table |= _parameter(str(key), item, encrypt)
        return table
    return _plain(name, value)


def _plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (str, UUID)):
        return str(value)
    if isinstance(value, CsvBytes):
        value = value.text.encode("utf-8")
    if isinstance(value, bytes):
        return {"@odata.type": _BYTES, "Data": list(value)}
    if isinstance(value, ClearValue):
        return {"@odata.type": _HASHTABLE}
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    raise unknown_value(name, value)


def refuse_empty(name: str, items: Sequence[Any]) -> None:
    """An empty list says nothing that both transports understand.

    Args:
        name: The parameter.
        items: Its value.

    Raises:
        UsageError: The list is empty.
    """
    if not items:
        raise UsageError(
            f"{name} was given an empty list.",
            cause="Exchange leaves a multi-valued property as it is when it gets an empty list.",
            remedy="Give CLEAR to empty the property, or leave the parameter out.",
        )


def unknown_value(name: str, value: Any) -> UsageError:
    """The error of a value that no transport can send; the value is not repeated.

    Args:
        name: The parameter.
        value: Its value.
    """
    return UsageError(
        f"{name} was given a value that cannot be sent ({type(value).__name__}).",
        remedy="Times need a zone; values that are only known later must be filled in first.",
    )


def _clear_text(value: Secret | PSCredential) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    credential = {"UserName": value.user, "Password": value.secret.reveal()}
    return json.dumps(credential, ensure_ascii=False, separators=(",", ":"))


def no_key(side: Side | None = None) -> NotOverHttp:
    """The error of a secret that cannot be sent, because the session gives no key for it (facts F-05, F-11).

    Args:
        side: The tenant.
    """
    error = NotOverHttp(
        "Exchange gave no key to encrypt the secret with, so it was not sent.",
        side=side,
        cause="Over HTTP a secret must be encrypted, with a key that Microsoft documents for nobody else.",
    )
    error.place()
    return error


def encrypt_for(public_key: tuple[str, str], text: str) -> str:
    """A secret as Exchange expects it: RSA with PKCS #1 v1.5 padding, in base64 (fact F-11).

    Args:
        public_key: Modulus and exponent, base64, as the session's module file gives them.
        text: What only the service shall read.

    Raises:
        UsageError: The text is too long for the key.
        NotOverHttp: The service's key is not a key.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    data = text.encode("utf-8")
    try:
        modulus, exponent = (int.from_bytes(b64decode(part), "big") for part in public_key)
        key = RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        raise no_key() from None
    longest = key.key_size // 8 - 11
    if len(data) > longest:
        raise UsageError(
            f"A secret of {len(data)} bytes is too long.",
            cause=f"Exchange's key takes {longest} bytes, the user name included.",
            remedy="Use a shorter secret.",
        )
    return b64encode(key.encrypt(data, PKCS1v15())).decode("ascii")
