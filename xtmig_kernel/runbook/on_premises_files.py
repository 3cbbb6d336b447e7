"""Files for the administrator of the target's own directory: what to set for each user, as a table and as a script.

Which number stands for which kind of recipient is taken from public tables of Active Directory's Exchange attributes,
not from Microsoft's document. Nobody has run the script for us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.outputs import ProjectFile
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.on_premises import not_shown
from xtmig_kernel.rules.prepared import foreign, in_directory, parts, verified_domains, wanted
from xtmig_kernel.runbook.csv_files import csv_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.matching import Match

TABLE, SCRIPT = "artifacts/on-premises-target.csv", "artifacts/on-premises-target.ps1"
MAIL_USER, REMOTE_MAIL_USER = "128", "6"
"""msExchRecipientTypeDetails and msExchRecipientDisplayType of a MailUser."""


def on_premises_files(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """The table and the script; none where no user is made on-premises, or all are as they must be (KNI-03)."""
    verified = verified_domains(seen, "target")
    users = [m for m in in_directory(seen, project) if m.action != "blocked" and not_shown(m, project, verified)]
    if not users:
        return ()
    return (
        ProjectFile(TABLE, _table(users, project, verified), "What to set on-premises, for its administrator."),
        ProjectFile(SCRIPT, _script(users, project, verified), "The same as a script; read it before you run it."),
    )


def _attributes(match: Match, project: Project) -> dict[str, str]:
    """Attributes of Active Directory that hold one text; GUIDs as text here, as bytes in the directory."""
    _, names = parts(match)
    want = wanted(match, project)
    values = {
        **(_of_new(match) if match.target is None else {}),
        "mail": names.address,
        "targetAddress": f"SMTP:{want['ExternalEmailAddress']}",
        "msExchMailboxGUID": want["ExchangeGuid"],
        "msExchArchiveGUID": want["ArchiveGuid"],
        "msExchRecipientTypeDetails": MAIL_USER,
        "msExchRecipientDisplayType": REMOTE_MAIL_USER,
    }
    return {name: str(value) for name, value in values.items() if value}


def _of_new(match: Match) -> dict[str, Any]:
    """Names of a new account; one that is there keeps its own."""
    source, names = parts(match)
    person = match.person or {}
    return {
        "displayName": source["DisplayName"],
        "givenName": person.get("FirstName"),
        "sn": person.get("LastName"),
        "mailNickname": names.alias,
    }


def _addresses(match: Match, project: Project) -> list[str]:
    want = wanted(match, project)
    others = [a for a in want["SmtpAddresses"] if a.casefold() != want["PrimarySmtpAddress"].casefold()]
    return [
        f"SMTP:{want['PrimarySmtpAddress']}",
        *(f"smtp:{a}" for a in others),
        *want["X500Addresses"],
        *want["OtherAddresses"],
    ]


def _sign_in(match: Match) -> str:
    _, names = parts(match)
    return str(match.target["UserPrincipalName"]) if match.target is not None else names.sign_in


def _lines(match: Match, project: Project, verified: frozenset[str]) -> Iterator[tuple[str, ...]]:
    what = "change" if match.target is not None else "create"
    start = (match.label, _sign_in(match), what)
    for name, value in _attributes(match, project).items():
        yield (*start, name, "set", value)
    for address in _addresses(match, project):
        yield (*start, "proxyAddresses", "add", address)
    for address in foreign(match, verified):
        yield (*start, "proxyAddresses", "remove", f"smtp:{address}")


def _table(users: list[Match], project: Project, verified: frozenset[str]) -> str:
    columns = ("SourceAddress", "UserPrincipalName", "Object", "Attribute", "Action", "Value")
    return csv_text(columns, (line for match in users for line in _lines(match, project, verified)))


_HEAD = """\
# Prepares users of the target in its own Active Directory, for mailboxes that move from another tenant.
# Written by xtmig; no PowerShell has run it for its authors. Read it, and try it with -WhatIf first.
# Exchange's own tools are the supported way to make a MailUser; use them where you have them (Enable-MailUser), and
# take the values from here.
# Carry msExchSafeSendersHash, msExchSafeRecipientsHash and msExchBlockedSendersHash over yourself where they are used.
# A new account stays disabled and gets no password here.
# Afterwards run Start-ADSyncSyncCycle on the Entra Connect server.
#Requires -Modules ActiveDirectory
[CmdletBinding(SupportsShouldProcess)]
param(
    # the organizational unit, as a distinguished name, in which new accounts are made
    [Parameter(Mandatory)] [string] $Path
)
$ErrorActionPreference = 'Stop'

function Set-Prepared {
    [CmdletBinding(SupportsShouldProcess)]
    param(
        [string] $SignIn, [string] $Alias, [hashtable] $Text, [hashtable] $Guid,
        [string[]] $Add, [string[]] $Remove, [bool] $Create
    )
    $found = @(Get-ADUser -Filter { userPrincipalName -eq $SignIn } -Properties proxyAddresses)
    if ($found.Count -gt 1) { throw "Several accounts sign in as $SignIn." }
    if ($found.Count -eq 0) {
        if (-not $Create) { throw "No account signs in as $SignIn." }
        if (-not $PSCmdlet.ShouldProcess($SignIn, 'create account')) { return }
        $sam = $Alias.Substring(0, [Math]::Min(20, $Alias.Length))
        New-ADUser -Name $Alias -SamAccountName $sam -UserPrincipalName $SignIn -Path $Path -Enabled $false
        $found = @(Get-ADUser -Filter { userPrincipalName -eq $SignIn } -Properties proxyAddresses)
    }
    $user = $found[0]
    $replace = @{}
    foreach ($name in $Text.Keys) { $replace[$name] = $Text[$name] }
    # a GUID is kept as bytes, in the order in which .NET writes it
    foreach ($name in $Guid.Keys) { $replace[$name] = ([guid] $Guid[$name]).ToByteArray() }
    # what is there and right stays; an address that comes again, or is to go, is taken out first
    $known = @($Add) + @($Remove)
    $kept = @($user.proxyAddresses | Where-Object { $_ -and $known -notcontains $_ } |
        ForEach-Object { if ($_ -clike 'SMTP:*') { 'smtp:' + $_.Substring(5) } else { $_ } })
    $replace['proxyAddresses'] = [string[]] ($kept + @($Add))
    if ($PSCmdlet.ShouldProcess($SignIn, 'set attributes')) { Set-ADUser -Identity $user.ObjectGUID -Replace $replace }
}
"""


def _script(users: list[Match], project: Project, verified: frozenset[str]) -> str:
    return "\ufeff" + _HEAD + "".join(_block(match, project, verified) for match in users)


def _block(match: Match, project: Project, verified: frozenset[str]) -> str:
    _, names = parts(match)
    values = _attributes(match, project)
    guids = {name: value for name, value in values.items() if name.endswith("GUID")}
    texts = {name: value for name, value in values.items() if name not in guids}
    removed = [f"smtp:{address}" for address in foreign(match, verified)]
    return (
        "\nSet-Prepared"
        f" -SignIn {quoted(_sign_in(match))}"
        f" -Alias {quoted(names.alias)}"
        f" -Create ${str(match.target is None).lower()} `\n"
        f"    -Text {_hashtable(texts)} `\n"
        f"    -Guid {_hashtable(guids)} `\n"
        f"    -Add {_array(_addresses(match, project))} `\n"
        f"    -Remove {_array(removed)}\n"
    )


def _hashtable(values: dict[str, str]) -> str:
    return "@{" + "; ".join(f"{name} = {quoted(value)}" for name, value in values.items()) + "}"


def _array(values: list[str]) -> str:
    return "@(" + ", ".join(quoted(value) for value in values) + ")"
