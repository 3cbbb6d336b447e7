"""What the cmdlet reference says about the cmdlets that xtmig calls, as data.

Over HTTP nobody answers a prompt: a cmdlet that can ask is told not to with `Confirm: false` (wire 1.4, fact F-10).
A cmdlet that cannot ask refuses the parameter, so it is sent to exactly these.
"""

from __future__ import annotations

CONFIRMS = frozenset(
    {
        "Add-DistributionGroupMember",
        "Add-MailboxFolderPermission",
        "Add-MailboxPermission",
        "Add-RecipientPermission",
        "Complete-MigrationBatch",
        "Enable-Mailbox",
        "Enable-OrganizationCustomization",
        "Export-MailboxDiagnosticLogs",
        "New-DistributionGroup",
        "New-MailUser",
        "New-MigrationBatch",
        "New-MigrationEndpoint",
        "New-OrganizationRelationship",
        "Remove-DistributionGroup",
        "Remove-DistributionGroupMember",
        "Remove-MailUser",
        "Remove-MailboxPermission",
        "Remove-MigrationBatch",
        "Remove-MigrationEndpoint",
        "Remove-MigrationUser",
        "Remove-OrganizationRelationship",
        "Remove-RecipientPermission",
        "Set-DistributionGroup",
        "Set-MailUser",
        "Set-Mailbox",
        "Set-MigrationBatch",
        "Set-MigrationEndpoint",
        "Set-MigrationUser",
        "Set-OrganizationRelationship",
        "Set-User",
        "Start-MigrationBatch",
        "Start-MigrationUser",
        "Stop-MigrationBatch",
        "Stop-MigrationUser",
        "Test-MigrationServerAvailability",
    }
)
"""Cmdlets with a Confirm parameter."""

NAMING = frozenset({"Identity", "Endpoint", "MailboxGuid", "BatchId", "Member"})
"""Parameters that name the object: blank, some cmdlets take them for "all objects"."""

_READING_VERBS = ("Get-", "Test-")
_READS_BY_ANOTHER_VERB = frozenset({"Export-MailboxDiagnosticLogs"})


def writes(cmdlet: str) -> bool:
    """Whether a cmdlet may change anything.

    Args:
        cmdlet: Such as `"Set-MailUser"`.
    """
    return not cmdlet.startswith(_READING_VERBS) and cmdlet not in _READS_BY_ANOTHER_VERB
