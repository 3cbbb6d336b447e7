"""A section as a script for an administrator who will not run our code. Pure; nothing is run.

The script connects to one tenant, proves that it is the right one, makes the changes in their order, reads each object
back, stops at the first error, and writes what happened into a JSON file beside itself. Its text keeps to few
constructs, because a stand-in shell of our tests must be able to follow every one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from xtmig_kernel.changes import (
    Call,
    Change,
    Credential,
    ExchangeCall,
    GraphCall,
    Later,
    Level,
    MintedSecret,
    ReferredSecret,
    digest,
    later_values,
)
from xtmig_kernel.powershell.lines import call_line, graph_uri, in_address, literal, quoted
from xtmig_kernel.powershell.reads import Read, read_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xtmig_kernel.project import Side

FORMAT = 2
"""Of the results file."""
NOT_YET = "AADSTS7000215|AADSTS65001|AADSTS700016"
"""What the sign-in service answers while a right secret or consent has not reached all its servers yet."""

_GRAPH_LOOK_UPS = {
    ("applications", "UniqueName", "AppId"): ("applications(uniqueName='{key}')", "appId"),
    ("applications", "UniqueName", "Id"): ("applications(uniqueName='{key}')", "id"),
    ("applications", "AppId", "Id"): ("applications(appId='{key}')", "id"),
    ("service_principals", "AppId", "Id"): ("servicePrincipals(appId='{key}')", "id"),
}
_APPROVAL = {Level.NAMED: "a named approval", Level.SECOND_PERSON: "the approval of a second person"}
_CODE_CHARACTERS = 8

_HELPERS = f"""\
function Get-Now {{ [datetime]::UtcNow.ToString('s') + 'Z' }}
function Add-Record($List, $Key, $Name) {{
    $Record = [ordered]@{{ $Key = $Name; 'at' = Get-Now; 'calls' = @(); 'ok' = $false; 'error' = $null }}
    $Record['seen'] = @()
    $Record['seen_error'] = $null
    $null = $Results[$List].Add($Record)
    $Record
}}
function Set-Seen($Record, $Read, $Names, $Wait) {{
    for ($Try = 1; $Try -le 18; $Try++) {{
        $Record['seen'] = @()
        $Record['seen_error'] = $null
        try {{
            foreach ($Row in @(& $Read)) {{
                if ($null -eq $Row) {{ continue }}
                $Seen = [ordered]@{{}}
                foreach ($Name in $Names) {{ $Seen[$Name] = Get-Plain $Row.$Name }}
                $Record['seen'] += $Seen
            }}
        }} catch {{ $Record['seen_error'] = [string]$_ }}
        if (-not $Wait -or $Record['seen'].Count -gt 0) {{ return }}
        Start-Sleep -Seconds 10
    }}
}}
function Get-Plain($Value) {{
    if ($null -eq $Value -or $Value -is [bool] -or $Value -is [int]) {{ return $Value }}
    if ($Value -is [string]) {{ return $Value }}
    if ($Value -is [System.Collections.IDictionary]) {{
        return (ConvertTo-Json -InputObject $Value -Depth 6 -Compress)
    }}
    if ($Value -is [System.Collections.IEnumerable]) {{
        $Texts = @()
        foreach ($Item in $Value) {{ $Texts += Get-Plain $Item }}
        return , $Texts
    }}
    [string]$Value
}}
function Invoke-Accepted($Call) {{
    for ($Try = 1; $Try -le 30; $Try++) {{
        try {{
            & $Call
            return
        }} catch {{
            if ($Try -eq 30 -or [string]$_ -notmatch '{NOT_YET}') {{ throw }}
        }}
        Start-Sleep -Seconds 20
    }}
}}
"""
"""Functions of each script. Set-Seen waits up to three minutes for an object that was just made; Invoke-Accepted waits
up to ten minutes while a new secret or consent is not known everywhere."""


@dataclass(frozen=True)
class Gate:
    """Changes of a step that need an approval: whoever runs the script types their code, or it ends there.

    A script cannot prove an approval. So it asks, and its results say what was typed, under the account that ran it.

    Args:
        step: The step's id.
        changes: Those of the step in this script that need an approval; at least one.
    """

    step: str
    changes: tuple[Change, ...]

    @property
    def code(self) -> str:
        """What is to be typed: it is bound to exactly these changes."""
        return digest([change.hash for change in self.changes]).removeprefix("sha256:")[:_CODE_CHARACTERS]

    @property
    def name(self) -> str:
        """What the results call it."""
        return f"{self.step} {self.code}"

    def lines(self, approved: Mapping[str, str]) -> Iterator[str]:
        """The lines that ask.

        Args:
            approved: By hash of a change: who approved it, until when.
        """
        number = len(self.changes)
        what = f"1 change: {self.changes[0].title}" if number == 1 else f"{number} changes"
        given = [approved[change.hash] for change in self.changes if change.hash in approved]
        known = f"{len(given)} approved by {'; '.join(dict.fromkeys(given))}" if given else "none approved"
        needed = _APPROVAL[max(change.level for change in self.changes)]
        question = (
            f"Step {self.step}, {what}. This needs {needed}; {known}, as far as xtmig knows. To go on type {self.code}"
        )
        yield ""
        yield f"$Typed = Read-Host {quoted(_comment(question))}"
        yield f"if ($Typed -ne {quoted(self.code)}) {{ throw {quoted(f'Step {self.step} was not confirmed.')} }}"
        yield f"$Results['confirmed'] += {quoted(self.name)}"


@dataclass(frozen=True)
class Script:
    """What one script does.

    Args:
        section: Number of the section.
        title: What the script does, in a few words.
        side: The tenant.
        tenant_id: That tenant's ID.
        domain: That tenant's initial domain.
        changes: In their order; all of this side.
        reads: Reads that show the section's state.
        held: By step: why its changes are not to be made yet; what needs no approval is in the script all the same.
        left_out: Title of each change that needs an approval and is held back, and why; the script names it only.
        approved: By hash of a change: who approved it, until when.
    """

    section: str
    title: str
    side: Side
    tenant_id: str
    domain: str
    changes: tuple[Change, ...] = ()
    reads: tuple[Read, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    approved: tuple[tuple[str, str], ...] = ()

    @cached_property
    def plan(self) -> str:
        """Hash of what it does, which its results repeat: `sha256:<hex>`."""
        return digest(
            {
                "section": self.section,
                "side": self.side,
                "tenant_id": self.tenant_id,
                "changes": [change.hash for change in self.changes],
                "reads": self.read_names,
            }
        )

    @property
    def read_names(self) -> list[str]:
        """What its results call each of its reads."""
        return [call_line(read.call) for read in self.reads]

    @cached_property
    def gates(self) -> tuple[Gate, ...]:
        """What whoever runs it is asked to confirm, in the order of the changes."""
        by_step: dict[str, list[Change]] = {}
        for change in self.changes:
            if change.level >= Level.NAMED:
                by_step.setdefault(change.step, []).append(change)
        return tuple(Gate(step, tuple(changes)) for step, changes in by_step.items())

    def text(self, results: str) -> str:
        """The script. No PowerShell has run it for us; the how-to says so.

        Args:
            results: File name of its results, in the folder of the script.
        """
        held, approved = dict(self.held), dict(self.approved)
        gate_of = {gate.changes[0].hash: gate for gate in self.gates}
        body = [line for title, why in self.left_out for line in _left_out(title, why)]
        for number, change in enumerate(self.changes):
            body += gate_of[change.hash].lines(approved) if change.hash in gate_of else ()
            body += _change(number, change, held)
        body += _members(self.changes)
        body += [line for read, name in zip(self.reads, self.read_names, strict=True) for line in _read(read, name)]
        return "\n".join([*self._head(results), *body, *_TAIL]) + "\n"

    def _head(self, results: str) -> Iterator[str]:
        yield f"# {_comment(self.title)}"
        yield "# Written by xtmig. Read it before you run it. It stops at the first error."
        yield f"# What it did is written to {_comment(results)} beside it, for xtmig powershell {self.section} --read."
        yield "#Requires -Modules ExchangeOnlineManagement, Microsoft.Graph.Authentication"
        yield "$ErrorActionPreference = 'Stop'"
        # the functions of a module do not see the preference of a script
        yield "$PSDefaultParameterValues = @{ '*:ErrorAction' = 'Stop' }"
        yield f"$TenantId = {quoted(self.tenant_id)}"
        yield _HELPERS.rstrip("\n")
        yield f"Connect-ExchangeOnline -Organization {quoted(self.domain)} -ShowBanner:$false"
        yield "$Connection = @(Get-ConnectionInformation)[-1]"
        yield "if ($Connection.TenantID -ne $TenantId) { throw 'This session is of another tenant.' }"
        yield f"Connect-MgGraph -TenantId $TenantId -Scopes {_scopes(self.changes)} -NoWelcome"
        yield "if ((Get-MgContext).TenantId -ne $TenantId) { throw 'This Graph session is of another tenant.' }"
        yield (
            f"$Results = [ordered]@{{ 'format' = {FORMAT}; 'section' = {quoted(self.section)}; "
            f"'side' = {quoted(self.side)}; 'tenant_id' = [string]$Connection.TenantID; 'plan' = {quoted(self.plan)} }}"
        )
        yield "$Results['account'] = [string]$Connection.UserPrincipalName"
        yield "$Results['confirmed'] = @()"
        yield "$Results['began'] = Get-Now"
        yield "$Results['ended'] = $null"
        yield "$Results['error'] = $null"
        yield "$Results['changes'] = [System.Collections.ArrayList]@()"
        yield "$Results['reads'] = [System.Collections.ArrayList]@()"
        yield f"$ResultsFile = Join-Path $PSScriptRoot {quoted(results)}"
        yield "$Record = $null"
        yield "try {"


_TAIL = (
    "",
    "} catch {",
    "    $Results['error'] = [string]$_",
    "    if ($null -ne $Record -and -not $Record['ok']) { $Record['error'] = [string]$_ }",
    "    throw",
    "} finally {",
    "    $Results['ended'] = Get-Now",
    "    ConvertTo-Json -InputObject $Results -Depth 10 | Set-Content -LiteralPath $ResultsFile -Encoding utf8",
    "}",
)


def call_name(call: Call) -> str:
    """What the results call a call: the cmdlet, or method and path without any value.

    Args:
        call: The call.
    """
    return call.cmdlet if isinstance(call, ExchangeCall) else f"{call.method} {call.path}"


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


def _change(number: int, change: Change, held: Mapping[str, str]) -> Iterator[str]:
    variables = {value: f"$Known{place}" for place, value in enumerate(dict.fromkeys(later_values(change)), 1)}
    yield ""
    yield f"# {_comment(change.title)}"
    yield f"# Undo: {_comment(change.undo)}"
    if change.step in held:
        yield f"# Not before this holds: {_comment(held[change.step])}"
    if change.level >= Level.NAMED:
        yield f"# It needs {_APPROVAL[change.level]}. This script cannot check it; it asks before the step."
    yield f"$Record = Add-Record 'changes' 'change' {quoted(change.hash)}"
    if _is_membership(change):
        yield f"$Member{number} = $Record"
    for value, name in variables.items():
        yield f"{name} = {_look_up(value, change.side)}"
        yield f"if (-not {name}) {{ throw {quoted(f'{value} is not known')} }}"
    for index, call in enumerate(change.calls):
        following = change.calls[index + 1] if index + 1 < len(change.calls) else None
        yield from _call(call, variables, mint=change.calls[0], minting=following is not None and _mints(following))
        yield f"$Record['calls'] += {quoted(call_name(call))}"
    yield "$Record['ok'] = $true"
    if not _is_membership(change):
        yield _seen(read_back(change), variables, wait=change.after is not None)


def _left_out(title: str, why: str) -> Iterator[str]:
    yield ""
    yield f"# Left out: {_comment(title)}"
    yield f"# It needs an approval, and is held back until this holds: {_comment(why)}"


def _call(call: Call, variables: Mapping[Later, str], *, mint: Call, minting: bool) -> Iterator[str]:
    line = call_line(call, lambda value: variables[value])
    credential = _credential_of(call)
    if credential is None:
        yield f"$Minted = {line}" if minting else line
        return
    yield from _credential_script(credential, variables)
    if not _mints(call) or not isinstance(mint, GraphCall):
        yield f"Invoke-Accepted {{ {line} }}"
        return
    removal = replace(mint, path=mint.path.replace("/addPassword", "/removePassword"), body=None)
    address = graph_uri(removal, lambda value: variables[value])
    yield f"try {{ Invoke-Accepted {{ {line} }} }} catch {{"
    yield f"    Invoke-MgGraphRequest -Method POST -Uri {address} -ContentType 'application/json' -Body $Unused"
    yield "    throw"
    yield "}"


def _credential_of(call: Call) -> Credential | None:
    if isinstance(call, ExchangeCall):
        return next((value for value in call.parameters.values() if isinstance(value, Credential)), None)
    return None


def _mints(call: Call) -> bool:
    credential = _credential_of(call)
    return credential is not None and isinstance(credential.secret, MintedSecret)


def _credential_script(credential: Credential, variables: Mapping[Later, str]) -> Iterator[str]:
    user = literal(credential.user, lambda value: variables[value])
    if isinstance(credential.secret, ReferredSecret):
        yield "$Secret = Read-Host 'Secret of the migration application' -AsSecureString"
    else:
        yield "$Secret = ConvertTo-SecureString $Minted.secretText -AsPlainText -Force"
        yield """$Unused = '{"keyId": "' + $Minted.keyId + '"}'"""
        yield "Remove-Variable Minted"
    yield f"$Credential = [System.Management.Automation.PSCredential]::new({user}, $Secret)"


def _look_up(value: Later, side: Side) -> str:
    """Where a value comes from: a read of this tenant, or whoever knows it of the other one."""
    if value.subject.side != side:
        return f"Read-Host {quoted(f'{value}, in the {value.subject.side} tenant')}"
    column, key = value.subject.key[0]
    path, attribute = _GRAPH_LOOK_UPS.get((value.subject.table, column, value.attribute), ("", ""))
    if not path:
        return f"Read-Host {quoted(str(value))}"
    uri = "v1.0/" + path.format(key=in_address(key.replace("'", "''")))
    return f"(Invoke-MgGraphRequest -Method GET -Uri {quoted(uri)}).{attribute}"


def _seen(read: Read, variables: Mapping[Later, str], *, wait: bool) -> str:
    line = call_line(read.call, lambda value: variables[value])
    if read.inside:
        line = f"({line}).{read.inside}"
    return f"Set-Seen $Record {{ {line} }} {literal(list(read.names))} {literal(wait)}"


def _read(read: Read, name: str) -> Iterator[str]:
    yield ""
    yield f"$Record = Add-Record 'reads' 'read' {quoted(name)}"
    yield _seen(read, {}, wait=False)
    yield "$Record['ok'] = $null -eq $Record['seen_error']"


def _is_membership(change: Change) -> bool:
    call = change.calls[-1]
    return isinstance(call, ExchangeCall) and call.cmdlet.endswith("-DistributionGroupMember")


def _members(changes: Sequence[Change]) -> Iterator[str]:
    """A group is read once, after all its members were changed, for it may have ten thousand."""
    by_group: dict[str, list[tuple[int, Read]]] = {}
    for number, change in enumerate(changes):
        if _is_membership(change):
            read = read_back(change)
            by_group.setdefault(call_line(read.call), []).append((number, read))
    for line, reads in by_group.items():
        yield ""
        yield f"$Members = @({line})"
        for number, read in reads:
            column, value = read.where or ("", "")
            pick = f"$Members | Where-Object {{ $_.{column} -eq {quoted(value)} }}"
            yield f"Set-Seen $Member{number} {{ {pick} }} {literal(list(read.names))} $false"


def _comment(text: str) -> str:
    return " ".join(text.split())
