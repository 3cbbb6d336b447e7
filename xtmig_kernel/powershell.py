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
    Level,
    MintedSecret,
    NewPassword,
    ReferredSecret,
    as_data,
    later_values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"

_NOBODYS_PASSWORD = "(ConvertTo-SecureString ([guid]::NewGuid().ToString() + 'A!') -AsPlainText -Force)"  # noqa: S105 - how one is made
"""A password that nobody is to learn, made where the script runs: lower case, upper case, digits, symbol (SCR-06)."""

_GRAPH_LOOK_UPS = {
    ("applications", "UniqueName", "AppId"): ("applications(uniqueName='{key}')", "appId"),
    ("applications", "UniqueName", "Id"): ("applications(uniqueName='{key}')", "id"),
    ("applications", "AppId", "Id"): ("applications(appId='{key}')", "id"),
    ("service_principals", "AppId", "Id"): ("servicePrincipals(appId='{key}')", "id"),
}


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
    line = f"Invoke-MgGraphRequest -Method {call.method} -Uri {_graph_uri(call, later)}"
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


def _graph_uri(call: GraphCall, later: Callable[[Later], str]) -> str:
    path = "v1.0" + call.path
    for name, value in call.path_values.items():
        marker = "{" + name + "}"
        if isinstance(value, Later):
            before, _, after = path.partition(marker)
            return f"({quoted(before)} + {later(value)} + {quoted(after)})"
        path = path.replace(f"'{marker}'", "'" + _in_address(value.replace("'", "''")) + "'")
        path = path.replace(marker, _in_address(value))
    return quoted(path)


def _in_address(value: str) -> str:
    return quote(value, safe=" '!$()*,;=:@~")


_APPROVAL = {Level.NAMED: "a named one is needed", Level.SECOND_PERSON: "a second person must give it"}


def change_lines(change: Change) -> list[str]:
    """The calls of a change, one line each, for cards, ledger and report.

    Args:
        change: The change.
    """
    return [call_line(call) for call in change.calls]


def script(title: str, changes: Sequence[Change], connect: Mapping[str, str]) -> str:
    """A section as a script for an administrator who will not run our code.

    It connects to one tenant, proves that it is the right one, makes the changes in their order and stops at the
    first error. It is text that no PowerShell has run for us; the how-to says so.

    Args:
        title: What the script does.
        changes: All of one side.
        connect: `tenant_id` and `domain` of that side.
    """
    lines = [
        f"# {_comment(title)}",
        "# Written by xtmig. Read it before you run it. It stops at the first error.",
        "#Requires -Modules ExchangeOnlineManagement, Microsoft.Graph.Authentication",
        "$ErrorActionPreference = 'Stop'",
        f"$TenantId = {quoted(connect['tenant_id'])}",
        f"Connect-ExchangeOnline -Organization {quoted(connect['domain'])} -ShowBanner:$false",
        "if (@(Get-ConnectionInformation)[-1].TenantID -ne $TenantId) { throw 'This session is of another tenant.' }",
        f"Connect-MgGraph -TenantId $TenantId -Scopes {_scopes(changes)} -NoWelcome",
        "if ((Get-MgContext).TenantId -ne $TenantId) { throw 'This Graph session is of another tenant.' }",
    ]
    for change in changes:
        lines += ["", *_change_script(change)]
    return "\n".join(lines) + "\n"


def _scopes(changes: Sequence[Change]) -> str:
    paths = [getattr(call, "path", "") for change in changes for call in change.calls]
    scopes = [
        "Application.ReadWrite.All",
        "Directory.Read.All",
        *(["AppRoleAssignment.ReadWrite.All"] if any("/appRoleAssignments" in path for path in paths) else []),
        *(["LicenseAssignment.ReadWrite.All"] if any(path.endswith("/assignLicense") for path in paths) else []),
        *(["User.ReadWrite.All"] if "/users/{id}" in paths else []),
    ]
    return ", ".join(quoted(scope) for scope in scopes)


def _change_script(change: Change) -> list[str]:
    variables = {value: f"$Known{number}" for number, value in enumerate(dict.fromkeys(later_values(change)), 1)}
    lines = [f"# {_comment(change.title)}", f"# Undo: {_comment(change.undo)}"]
    if change.level >= Level.NAMED:
        lines.append(
            f"# Approval: {_APPROVAL[change.level]}. This script cannot check it; make sure that it was given."
        )
    lines += [f"{name} = {_look_up(value)}" for value, name in variables.items()]
    for index, call in enumerate(change.calls):
        credential = _credential_of(call)
        if credential is not None:
            lines += _credential_script(credential, variables)
        line = call_line(call, lambda value: variables[value])
        mints = index + 1 < len(change.calls) and _mints(_credential_of(change.calls[index + 1]))
        lines.append(f"$Minted = {line}" if mints else line)
    return lines


def _look_up(value: Later) -> str:
    column, key = value.subject.key[0]
    path, attribute = _GRAPH_LOOK_UPS.get((value.subject.table, column, value.attribute), ("", ""))
    if not path:
        return f"Read-Host {quoted(str(value))}"
    uri = "v1.0/" + path.format(key=_in_address(key.replace("'", "''")))
    return f"(Invoke-MgGraphRequest -Method GET -Uri {quoted(uri)}).{attribute}"


def _credential_of(call: Call) -> Credential | None:
    if isinstance(call, ExchangeCall):
        return next((value for value in call.parameters.values() if isinstance(value, Credential)), None)
    return None


def _mints(credential: Credential | None) -> bool:
    return credential is not None and isinstance(credential.secret, MintedSecret)


def _credential_script(credential: Credential, variables: Mapping[Later, str]) -> Iterable[str]:
    user = literal(credential.user, lambda value: variables[value])
    if isinstance(credential.secret, ReferredSecret):
        yield "$Secret = Read-Host 'Secret of the migration application' -AsSecureString"
    else:
        yield "$Secret = ConvertTo-SecureString $Minted.secretText -AsPlainText -Force"
        yield "Remove-Variable Minted"
    yield f"$Credential = [System.Management.Automation.PSCredential]::new({user}, $Secret)"


def _comment(text: str) -> str:
    return " ".join(text.split())
