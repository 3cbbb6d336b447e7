"""From the JSON of a call to values: which parameters, which set, which types (wire 1.4 [SRC])."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.record import bytes_of, fingerprint, hidden

from .contract import COMMON, Cmdlet, Parameter
from .errors import SET_AMBIGUOUS, ExchangeRefused, bad_value

if TYPE_CHECKING:
    from xtmig_kernel.simulator.keys import Keys

HASHTABLE = "#Exchange.GenericHashTable"
DELTA_TYPES = frozenset({HASHTABLE, "#Exchange.StringFieldDeltaUpdateData"})
GUID = re.compile(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
SECRET_KINDS = frozenset({"PSCredential", "SecureString", "Byte[]"})
NO_SET = "Parameter set cannot be resolved using the specified named parameters."
PLAIN_SWITCHES = frozenset({"confirm", "cf", "whatif", "wi", *COMMON})
FLAG_KINDS = frozenset({"MailboxMoveCapability"})


@dataclass(frozen=True)
class Delta:
    """Values to add to and take from a multivalued property."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True)
class Credential:
    """A decrypted credential, of which only the fingerprint of the password is kept."""

    user_name: str
    fingerprint: str


@dataclass(frozen=True)
class Secret:
    """A decrypted text of which only what a password policy asks is kept.

    Attributes:
        length: Number of characters.
        classes: How many of the kinds lower case, upper case, digit and other it has.
    """

    fingerprint: str
    length: int
    classes: int


@dataclass(frozen=True)
class Bound:
    """A call whose parameters are understood.

    Attributes:
        values: Parameter name as documented to value.
        confirm: What `Confirm` said, or None.
        what_if: Whether `WhatIf` was set.
    """

    values: dict[str, Any] = field(default_factory=dict)
    confirm: bool | None = None
    what_if: bool = False

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a parameter."""
        return self.values.get(name, default)


def unknown_parameter(name: str) -> ExchangeRefused:
    """The error for a parameter that is not on offer (shape C [LIVE])."""
    return ExchangeRefused(SET_AMBIGUOUS, f"{NO_SET} Invalid cmdlet parameters specified. {name}")


def bind(cmdlet: Cmdlet, offered: frozenset[str], given: dict[str, Any], keys: Keys, record_key: bytes) -> Bound:
    """Understand the parameters of a call.

    Args:
        cmdlet: The cmdlet.
        offered: Parameters on offer to the caller, in lower case.
        given: The call's `Parameters`.
        keys: For decrypting credentials.
        record_key: For fingerprints of secrets.

    Raises:
        ExchangeRefused: An unknown parameter, no fitting set, or a value of the wrong kind.
    """
    values: dict[str, Any] = {}
    confirm, what_if = None, False
    for raw, value in given.items():
        name = raw.lower()
        if "@" in raw or name in COMMON:
            continue
        if name in {"confirm", "cf", "whatif", "wi"} and cmdlet.impact is not None:
            switched = _switch(raw, value)
            confirm, what_if = (switched, what_if) if name[0] == "c" else (confirm, switched)
            continue
        parameter = cmdlet.parameters.get(name)
        if parameter is None or name not in offered:
            raise unknown_parameter(raw)
        converted = _convert(parameter, value, keys, record_key)
        if converted != []:  # an empty array clears nothing (wire 1.4)
            values[parameter.name] = converted
    _check_sets(cmdlet, values)
    return Bound(values, confirm, what_if)


def _check_sets(cmdlet: Cmdlet, values: dict[str, Any]) -> None:
    given = [cmdlet.parameters[name.lower()] for name in values]
    fitting = [s for s in cmdlet.sets if all(s in p.sets for p in given)]
    for one in fitting:
        if all(p.name in values for p in cmdlet.parameters.values() if one in p.mandatory):
            return
    raise ExchangeRefused(SET_AMBIGUOUS, NO_SET)


def _switch(name: str, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise bad_value(name, f"Cannot convert value '{value}' to type 'System.Management.Automation.SwitchParameter'.")
    return value


def _cast(value: Any) -> ExchangeRefused:
    del value
    text = "Unable to cast object of type 'Newtonsoft.Json.Linq.JObject' to type 'System.String'."
    return ExchangeRefused("System.InvalidCastException", text, 500)


def _convert(parameter: Parameter, value: Any, keys: Keys, record_key: bytes) -> Any:
    kind = parameter.kind
    if value is None:
        return None
    if kind in {"SwitchParameter", "Boolean"}:
        return _switch(parameter.name, value)
    if kind == "PSCredential":
        return _credential(parameter, value, keys, record_key)
    if kind == "SecureString":
        return _secret(_secret_text(parameter, value, keys), record_key)
    if kind == "Byte[]":
        return bytes_of(value)
    if parameter.many or kind in FLAG_KINDS:
        return _several(parameter, value)
    return _scalar(parameter, value)


def _several(parameter: Parameter, value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("@odata.type") not in DELTA_TYPES:
            raise bad_value(parameter.name, "Newtonsoft.Json.Linq.JProperty is not convertible to the needed type.")
        ends = {k.lower(): v for k, v in value.items()}
        return Delta(_texts(parameter, ends.get("add")), _texts(parameter, ends.get("remove")))
    return list(_texts(parameter, value))


def _texts(parameter: Parameter, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(_scalar(parameter, item)) for item in (value if isinstance(value, list) else [value]))


def _scalar(parameter: Parameter, value: Any) -> Any:
    kind = parameter.kind
    if isinstance(value, dict):
        raise _cast(value)
    if isinstance(value, list):
        raise bad_value(parameter.name, f"Cannot convert an array to type '{kind}'.")
    if kind.startswith("Int") or kind == "Unlimited":
        text = str(value).strip()
        if kind == "Unlimited" and text.lower() == "unlimited":
            return "Unlimited"
        if not re.fullmatch(r"-?\d+", text):
            raise bad_value(parameter.name, f"Cannot convert value '{value}' to type '{kind}'.")
        return int(text)
    if kind == "Guid" and not GUID.fullmatch(str(value)):
        raise bad_value(parameter.name, f"Cannot convert value '{value}' to type 'System.Guid'.")
    return str(value)


def _secret_text(parameter: Parameter, value: Any, keys: Keys) -> str:
    if not isinstance(value, str):
        raise _cast(value)
    try:
        return keys.decrypt(value)
    except ValueError:
        if parameter.kind == "SecureString":
            return value  # plain text is reported to work (wire 1.4 [LIVE claim])
        raise bad_value(parameter.name, "The value cannot be decrypted.") from None


def _secret(text: str, record_key: bytes) -> Secret:
    kinds = {next((k for k in ("islower", "isupper", "isdigit") if getattr(c, k)()), "other") for c in text}
    return Secret(fingerprint(record_key, text), len(text), len(kinds))


def _credential(parameter: Parameter, value: Any, keys: Keys, record_key: bytes) -> Credential:
    try:
        pair = json.loads(_secret_text(parameter, value, keys))
        return Credential(str(pair["UserName"]), fingerprint(record_key, str(pair["Password"])))
    except (json.JSONDecodeError, KeyError, TypeError):
        raise bad_value(parameter.name, "The decrypted value is not a credential.") from None


def recorded(cmdlet: Cmdlet | None, given: dict[str, Any], keys: Keys, record_key: bytes) -> dict[str, Any]:
    """The parameters for the record: annotations dropped, secrets and bytes replaced.

    The fingerprint of a credential is that of its password, so that it can be compared with the state; a text that
    cannot be decrypted is hashed as it came, and so is the value of a parameter that the contract does not know.
    """
    rows: dict[str, Any] = {}
    for name, value in given.items():
        parameter = cmdlet.parameters.get(name.lower()) if cmdlet else None
        if "@" in name:
            continue
        if parameter is None:
            rows[name] = value if name.lower() in PLAIN_SWITCHES else hidden(record_key, value)
        elif parameter.kind not in SECRET_KINDS or value is None:
            rows[name] = value
        elif parameter.kind == "Byte[]":
            rows[name] = hidden(record_key, bytes_of(value))
        else:
            rows[name] = _recorded_secret(parameter, value, keys, record_key)
    return rows


def _recorded_secret(parameter: Parameter, value: Any, keys: Keys, record_key: bytes) -> dict[str, str]:
    try:
        if parameter.kind == "PSCredential":
            return {"$expr": _credential(parameter, value, keys, record_key).fingerprint}
        return {"$expr": fingerprint(record_key, _secret_text(parameter, value, keys))}
    except ExchangeRefused:
        return hidden(record_key, value)
