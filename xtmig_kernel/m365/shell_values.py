"""Cmdlet parameters as the bridge reads them: each value with its kind (fact F-98). Pure.

Every text is base64 of its UTF-8. So nothing on the way can change it: neither the shell's code page nor the habit of
PowerShell 7 to turn JSON texts that look like a date into dates.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.changes import CsvBytes
from xtmig_kernel.credentials import Secret
from xtmig_kernel.m365.parameters import ClearValue, PSCredential, checked, refuse_empty, unknown_value

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_shell(cmdlet: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters of a request to the bridge: name and value of each.

    Args:
        cmdlet: Its name.
        parameters: As `parameters.to_wire` takes them.

    Raises:
        UsageError: A parameter that names the object is blank, a list is empty, or a value is of no known kind.
    """
    return _pairs(checked(cmdlet, parameters))


def encoded(text: str) -> str:
    """A text as the bridge reads it.

    Args:
        text: Any text; half of a surrogate pair, which no PowerShell could be sent, becomes a question mark.
    """
    return b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _pairs(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": str(name), "value": _value(str(name), value)} for name, value in values.items()]


def _value(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Secret):
        return _kind("secret", encoded(value.reveal()))
    if isinstance(value, PSCredential):
        return {"kind": "credential", "user": encoded(value.user), "value": encoded(value.secret.reveal())}
    if isinstance(value, dict):
        return _kind("table", _pairs(value))
    if isinstance(value, (list, tuple)):
        refuse_empty(name, value)
        return _kind("list", [_value(name, item) for item in value])
    return _plain(name, value)


def _plain(name: str, value: Any) -> dict[str, Any]:
    if value is None or isinstance(value, ClearValue):
        return {"kind": "null"}  # what empties a property in PowerShell
    if isinstance(value, bool):
        return _kind("bool", value)
    if isinstance(value, int):
        return _kind("number", value)
    if isinstance(value, (str, UUID)):
        return _kind("text", encoded(str(value)))
    if isinstance(value, CsvBytes):
        value = value.text.encode("utf-8")
    if isinstance(value, bytes):
        return _kind("bytes", b64encode(value).decode("ascii"))
    if isinstance(value, datetime) and value.tzinfo is not None:
        return _kind("time", encoded(value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")))
    raise unknown_value(name, value)


def _kind(kind: str, value: Any) -> dict[str, Any]:
    return {"kind": kind, "value": value}
