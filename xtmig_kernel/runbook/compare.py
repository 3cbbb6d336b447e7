"""Whether an object is as a change says. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import from_text

if TYPE_CHECKING:
    from collections.abc import Mapping

X500 = "x500:"
"""Addresses of this kind are compared byte for byte behind the prefix (USR-07, USR-29); all other text without case."""


def holds(row: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> bool:
    """Whether a row has the wanted attributes, or is absent where None is wanted.

    Args:
        row: The object as it was read, None where it is absent.
        wanted: Attribute to value; None wants the object to be absent.
    """
    return not differences(row, wanted)


def differences(row: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> list[str]:
    """What is different, in words; empty where everything is as wanted.

    Args:
        row: The object as it was read, None where it is absent.
        wanted: Attribute to value; None wants the object to be absent.
    """
    if wanted is None:
        return [] if row is None else ["it exists"]
    if row is None:
        return ["it does not exist"]
    return [
        f"{name} is {_shown(row.get(name))}, not {_shown(value)}"
        for name, value in wanted.items()
        if _plain(row.get(name)) != _plain(value)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, str):
        if value[: len(X500)].casefold() == X500:
            return X500 + value[len(X500) :]
        try:
            return from_text(value).timestamp()
        except ValueError:
            return value.casefold()
    return value


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value) or "empty"
    return "empty" if value is None else str(value)
