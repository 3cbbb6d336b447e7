"""Any call as PowerShell text, safely quoted. Pure; nothing is run.

Every value that came from a tenant stands in a single-quoted literal. PowerShell takes five characters for a
single quote, so all five are doubled. Secrets never appear: they are asked for, or made by the script itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from xtmig_kernel.changes import (
    Call,
    Change,
    Credential,
    CsvBytes,
    ExchangeCall,
    GraphCall,
    Later,
    NewPassword,
    as_data,
    later_values,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"

_NOBODYS_PASSWORD = "(ConvertTo-SecureString ([guid]::NewGuid().ToString() + 'A!') -AsPlainText -Force)"  # noqa: S105 - how one is made
"""A password that nobody is to learn, made where the script runs: lower case, upper case, digits, symbol (SCR-06)."""


def quoted(text: str) -> str:
    """A single-quoted literal that PowerShell reads back as exactly this text.

    Args:
        text: Any text, line breaks included.
    """
    for mark in SINGLE_QUOTES:
        text = text.replace(mark, mark * 2)
    return f"'{text}'"


def literal(value: Any, later: Callable[[Later], str] = lambda value: f"<{value}>") -> str:
    """A value as PowerShell writes it.

    Args:
        value: Text, bool, int, None, list, dict (a hashtable), `Later`, `Credential`, `NewPassword` or `CsvBytes`.
        later: How a value that is not yet known is written.
    """
    if isinstance(value, Later):
        return later(value)
    if isinstance(value, CsvBytes):
        # a line break inside a literal would break the one line that a call is shown as
        lines = ", ".join(quoted(line) for line in value.lines)
        return f'([System.Text.Encoding]::UTF8.GetBytes((@({lines}) -join "`r`n")))'
    if isinstance(value, Credential):
        return "$Credential"
    if isinstance(value, NewPassword):
        return _NOBODYS_PASSWORD if value.route == "discard" else "(Read-Host 'First password' -AsSecureString)"
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if value is None:
        return "$null"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return "@{" + "; ".join(f"{quoted(str(k))} = {literal(v, later)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "@(" + ", ".join(literal(item, later) for item in value) + ")"
    return quoted(str(value))


def call_line(call: Call, later: Callable[[Later], str] = lambda value: f"<{value}>") -> str:
    """One call as one line that a person can read.

    Args:
        call: The call.
        later: How a value that is not yet known is written.
    """
    if isinstance(call, ExchangeCall):
        parts = [call.cmdlet]
        for name, value in call.parameters.items():
            parts.append(f"-{name}:{literal(value)}" if isinstance(value, bool) else f"-{name} {literal(value, later)}")
        return " ".join(parts)
    return _graph_line(call, later)


def _graph_line(call: GraphCall, later: Callable[[Later], str]) -> str:
    line = f"Invoke-MgGraphRequest -Method {call.method} -Uri {graph_uri(call, later)}"
    if call.headers:
        line += f" -Headers {literal(dict(call.headers))}"
    if call.body is not None:
        unknown = tuple(later_values(call.body))
        text = quoted(json.dumps(as_data(call.body), ensure_ascii=False))
        for value in unknown:
            marker = json.dumps(as_data(value), ensure_ascii=False)
            text = text.replace(quoted(marker)[1:-1], f"\"' + {later(value)} + '\"")
        line += f" -ContentType 'application/json' -Body ({text})"
    return line


def graph_uri(call: GraphCall, later: Callable[[Later], str]) -> str:
    """The address of a Graph request, as PowerShell writes it.

    Args:
        call: The request.
        later: How a value that is not yet known is written.
    """
    path = "v1.0" + call.path
    for name, value in call.path_values.items():
        marker = "{" + name + "}"
        if isinstance(value, Later):
            before, _, after = path.partition(marker)
            return f"({quoted(before)} + {later(value)} + {quoted(after)})"
        path = path.replace(f"'{marker}'", "'" + in_address(value.replace("'", "''")) + "'")
        path = path.replace(marker, in_address(value))
    return quoted(path)


def in_address(value: str) -> str:
    """A value as it stands in an address: percent-encoded, but for what PowerShell and Graph take as it is.

    Args:
        value: Any text.
    """
    return quote(value, safe=" '!$()*,;=:@~")


def change_lines(change: Change) -> list[str]:
    """The calls of a change, one line each, for cards, ledger and report.

    Args:
        change: The change.
    """
    return [call_line(call) for call in change.calls]
