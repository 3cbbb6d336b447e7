"""Section 200: scripts for administrators of directories on-premises, for users who have moved. Pure; not run here.

Every value that comes from a tenant stands in a single-quoted literal. Without `-Apply` a script only reads, and writes
the report that notebook 200 judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.outputs import ProjectFile
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.after_on_premises import Kept, kept_on_premises, new_sign_in
from xtmig_kernel.runbook.csv_files import csv_text

if TYPE_CHECKING:
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen

SIGN_IN_COLUMNS = ("SourceAddress", "UserPrincipalNameNow", "UserPrincipalNameAfterwards")


def source_files(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """The script for the source's directory; none where nobody is synchronised there (ONP-01, ONP-02, KNI-11)."""
    users = kept_on_premises(seen, project, "source")
    return _script(users, "source", _SOURCE, "target addresses for the source's directory") if users else ()


def target_files(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """The script for the target's directory; none where no moved user is synchronised there (ONP-01, ONP-05)."""
    users = kept_on_premises(seen, project, "target")
    what = "remote mailboxes or target addresses for the target's directory"
    return _script(users, "target", _TARGET, what) if users else ()


def sign_in_files(seen: Seen, project: Project) -> tuple[ProjectFile, ...]:
    """Whose sign-in name is to be changed on-premises, and to what; none where nobody's is (ONP-11)."""
    users = [user for user in kept_on_premises(seen, project, "target") if user.moved.source is not None]
    rows = [
        (
            user.moved.label,
            str((user.moved.source or {})["UserPrincipalName"]),
            new_sign_in(user.moved),
        )
        for user in users
    ]
    if not rows:
        return ()
    about = "Whose sign-in name is changed on-premises now, for the administrator of that directory."
    return (ProjectFile("on-premises/sign-in-names.csv", csv_text(SIGN_IN_COLUMNS, rows), about),)


def _script(users: tuple[Kept, ...], side: Side, head: str, what: str) -> tuple[ProjectFile, ...]:
    lines = "".join(
        f"Set-Moved -SourceAddress {quoted(user.moved.label)} -SignIn {quoted(str(user.row['UserPrincipalName']))} "
        f"-TargetAddress {quoted(user.address)}\n"
        for user in users
    )
    about = f"A script: {what}. Read it before you run it; it changes nothing without -Apply."
    return (ProjectFile(f"on-premises/{side}-moved.ps1", f"\ufeff{head}\n{lines}{_TAIL}", about),)


_TAIL = """
# ConvertTo-Json writes a list of one as the one; notebook 200 knows that
$text = ConvertTo-Json -InputObject @($script:Report) -Depth 3
[System.IO.File]::WriteAllText($ReportPath, $text, (New-Object System.Text.UTF8Encoding $false))
"Report written: $ReportPath. Put it into the folder on-premises of the project."
"""

_SOURCE = """\
# For the administrator of the SOURCE's own Active Directory, after mailboxes have moved to another tenant.
# Written by xtmig; no PowerShell has run it for its authors. Read it. Without -Apply it only reads and reports.
# Each user gets the address of its own mailbox in the target; Free/Busy follows no chain of mail users.
# msExchRemoteRecipientType 8 (DeprovisionMailbox) is cleared, for with it the service takes foreign addresses away.
# Exchange's own tools are the supported way (Set-RemoteMailbox -RemoteRoutingAddress, Set-MailUser
# -ExternalEmailAddress); where you have them, take the values from here.
# Afterwards run Start-ADSyncSyncCycle on the Entra Connect server, then run this script again without -Apply.
#Requires -Modules ActiveDirectory
[CmdletBinding(SupportsShouldProcess)]
param(
    [switch] $Apply,
    [string] $ReportPath = (Join-Path (Get-Location).ProviderPath 'source-report.json')
)
$ErrorActionPreference = 'Stop'
$script:Report = @()

function Set-Moved {
    [CmdletBinding(SupportsShouldProcess)]
    param([string] $SourceAddress, [string] $SignIn, [string] $TargetAddress)
    $names = 'targetAddress', 'msExchRemoteRecipientType', 'userPrincipalName'
    $found = @(Get-ADUser -Filter { userPrincipalName -eq $SignIn } -Properties $names)
    if ($found.Count -ne 1) { Write-Warning "$($found.Count) accounts sign in as $SignIn; nothing was done."; return }
    $user = $found[0]
    if ($Apply -and $PSCmdlet.ShouldProcess($SignIn, "set targetAddress $TargetAddress")) {
        Set-ADUser -Identity $user.ObjectGUID -Replace @{ targetAddress = "SMTP:$TargetAddress" }
        if ($user.msExchRemoteRecipientType -eq 8) {
            Set-ADUser -Identity $user.ObjectGUID -Clear msExchRemoteRecipientType
        }
        $user = Get-ADUser -Identity $user.ObjectGUID -Properties $names
    }
    $script:Report += [pscustomobject] @{
        SourceAddress       = $SourceAddress
        UserPrincipalName   = $user.userPrincipalName
        TargetAddress       = $user.targetAddress
        RemoteRecipientType = if ($null -ne $user.msExchRemoteRecipientType) { "$($user.msExchRemoteRecipientType)" }
        RemoteMailbox       = $false
        ReadAt              = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
    }
}
"""

_TARGET = """\
# For the administrator of the TARGET's Exchange Server, after mailboxes have moved here from another tenant.
# Written by xtmig; no PowerShell has run it for its authors. Read it. Without -Apply it only reads and reports.
# Run it in the Exchange Management Shell ON-PREMISES: Enable-RemoteMailbox exists there alone. Never run it before the
# move is completed, for it could ask for a new mailbox.
# Choose once for the whole organisation:
#   -As RemoteMailbox   each moved user becomes a remote mailbox that routes to the delivery domain
#   -As MailUser        each moved user stays a mail user whose ExternalEmailAddress is that address
# Afterwards run Start-ADSyncSyncCycle on the Entra Connect server, then run this script again without -Apply.
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [ValidateSet('RemoteMailbox', 'MailUser')] [string] $As,
    [switch] $Apply,
    [string] $ReportPath = (Join-Path (Get-Location).ProviderPath 'target-report.json')
)
$ErrorActionPreference = 'Stop'
if (-not (Get-Command Enable-RemoteMailbox -ErrorAction SilentlyContinue)) {
    throw 'This is no Exchange Management Shell on-premises.'
}
$script:Report = @()

function Set-Moved {
    [CmdletBinding(SupportsShouldProcess)]
    param([string] $SourceAddress, [string] $SignIn, [string] $TargetAddress)
    $remote = @(Get-RemoteMailbox -Identity $SignIn -ErrorAction SilentlyContinue)
    $mail = @(Get-MailUser -Identity $SignIn -ErrorAction SilentlyContinue)
    if (($remote.Count + $mail.Count) -ne 1) {
        Write-Warning "$($remote.Count + $mail.Count) recipients answer to $SignIn; nothing was done."
        return
    }
    if ($Apply -and $PSCmdlet.ShouldProcess($SignIn, "$As with $TargetAddress")) {
        if ($As -eq 'RemoteMailbox' -and $mail.Count -eq 1) {
            Enable-RemoteMailbox -Identity $mail[0].Guid.ToString() -RemoteRoutingAddress $TargetAddress | Out-Null
        }
        elseif ($remote.Count -eq 1) {
            Set-RemoteMailbox -Identity $remote[0].Guid.ToString() -RemoteRoutingAddress $TargetAddress
        }
        else {
            Set-MailUser -Identity $mail[0].Guid.ToString() -ExternalEmailAddress $TargetAddress
        }
        $remote = @(Get-RemoteMailbox -Identity $SignIn -ErrorAction SilentlyContinue)
        $mail = @(Get-MailUser -Identity $SignIn -ErrorAction SilentlyContinue)
    }
    $now = if ($remote.Count) { $remote[0] } else { $mail[0] }
    $script:Report += [pscustomobject] @{
        SourceAddress       = $SourceAddress
        UserPrincipalName   = "$($now.UserPrincipalName)"
        TargetAddress       = "$(if ($remote.Count) { $now.RemoteRoutingAddress } else { $now.ExternalEmailAddress })"
        RemoteRecipientType = $null
        RemoteMailbox       = [bool] $remote.Count
        ReadAt              = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
    }
}
"""
