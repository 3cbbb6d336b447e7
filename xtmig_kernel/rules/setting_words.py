"""Settings of mailboxes in words, and as the cmdlet that sets them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.powershell import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.rules.after_people import Person

FORWARDING = "forwarding"
LISTS = frozenset({"BookInPolicy", "ResourceDelegates"})
"""Columns that hold several people."""


def in_words(value: Any) -> str:
    """A value as findings tell it.

    Args:
        value: As the table holds it.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "not set"
    return str(value) if value not in (None, "") else "not set"


def command(cmdlet: str, identity: str, values: Mapping[str, Any]) -> str:
    """The call that sets something, as a person would type it.

    Args:
        cmdlet: Its name.
        identity: The mailbox.
        values: Parameter to value.
    """
    return " ".join((cmdlet, f"-Identity {quoted(identity)}", *(f"-{name} {_value(v)}" for name, v in values.items())))


def forwarding_command(identity: str, person: Person | None, *, copy: bool) -> str:
    """The call that lets a mailbox forward, or ends it.

    Somebody in the target is a recipient there; anybody else is reached by an address, which the target's outbound spam
    policy must let pass.

    Args:
        identity: The mailbox.
        person: Whom it forwards to; None for nobody.
        copy: Whether the mailbox keeps a copy.
    """
    if person is None:
        return command("Set-Mailbox", identity, {"ForwardingAddress": None, "ForwardingSmtpAddress": None})
    column = "ForwardingAddress" if person.has_moved else "ForwardingSmtpAddress"
    return command("Set-Mailbox", identity, {column: person.typed, "DeliverToMailboxAndForward": copy})


def _value(value: Any) -> str:
    if value is None or value in ("", [], ()):
        return "$null"
    if isinstance(value, bool):
        return f"${str(value).lower()}"
    if isinstance(value, list | tuple):
        return ", ".join(quoted(str(item)) for item in value)
    return str(value) if isinstance(value, int) else quoted(str(value))
