"""Which cmdlets the runbook calls on each side, what for, and whose members are offered them. Pure.

A test compares this list with the cmdlets that sections and reads name, so that a right that is missing is told in
section 030, and not in the night of the move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.connect import ENDPOINT_CMDLETS, RELATIONSHIP_CMDLETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project, Side

MOVE_CAPABILITY = "MailboxMoveCapability"
START_CMDLET = "New-MigrationBatch"
"""Who is offered this cmdlet has the duty of moves."""
READ_CMDLETS: dict[Side, tuple[str, ...]] = {
    "source": ("Get-AcceptedDomain", "Get-Mailbox", "Get-MailUser", "Get-Recipient", "Get-User"),
    "target": ("Get-AcceptedDomain", "Get-Mailbox", "Get-MailUser", "Get-Recipient", "Get-User"),
}
SCOPE_CMDLETS = (
    "Get-DistributionGroup",
    "Get-DistributionGroupMember",
    "New-DistributionGroup",
    "Add-DistributionGroupMember",
    "Remove-DistributionGroupMember",
)
TAG_CMDLETS = ("Set-Mailbox",)
PREPARE_CMDLETS = ("New-MailUser", "Set-MailUser", "Set-User")
CONTENT_CMDLETS = (
    "Get-MailboxStatistics",
    "Get-MailboxFolderStatistics",
    "Get-MailboxPermission",
    "Get-RecipientPermission",
    "Get-MailboxFolderPermission",
)
HELD_CMDLETS = ("Export-MailboxDiagnosticLogs",)
BATCH_CMDLETS = (
    "Get-MigrationBatch",
    START_CMDLET,
    "Set-MigrationBatch",
    "Start-MigrationBatch",
    "Stop-MigrationBatch",
    "Complete-MigrationBatch",
    "Remove-MigrationBatch",
    "Get-MigrationUser",
    "Get-MigrationUserStatistics",
    "Set-MigrationUser",
    "Stop-MigrationUser",
    "Remove-MigrationUser",
    "Get-MoveRequest",
)
RIGHT_CMDLETS = ("Add-MailboxPermission", "Add-RecipientPermission", "Add-MailboxFolderPermission", "Set-Mailbox")
ARCHIVE_CMDLETS = {"enable": "Enable-Mailbox", "remove": "Set-Mailbox"}
"""By which decision on a disabled archive (`move.disabled_archives`) which cmdlet is called."""
CLEAN_UP_CMDLETS: dict[Side, tuple[str, ...]] = {
    "source": ("Remove-OrganizationRelationship", "Remove-DistributionGroup"),
    "target": ("Remove-OrganizationRelationship", "Remove-MigrationEndpoint"),
}

SETUP = "the Exchange role group Organization Management"
"""Whose members may set up all of it."""


@dataclass(frozen=True)
class Need:
    """A cmdlet that some section calls.

    Args:
        cmdlet: Its name.
        purpose: What for, in words.
        parameter: A parameter that a lesser role hides, None where there is none.
    """

    cmdlet: str
    purpose: str
    parameter: str | None = None

    @property
    def name(self) -> str:
        """The cmdlet with the parameter that must be offered."""
        return f"{self.cmdlet} -{self.parameter}" if self.parameter else self.cmdlet

    def offered(self, offered: dict[str, list[str]]) -> bool:
        """Whether the session offers it.

        Args:
            offered: Cmdlet to parameters.
        """
        return self.cmdlet in offered and (self.parameter is None or self.parameter in offered[self.cmdlet])


def _needs(cmdlets: Iterable[str], purpose: str, parameter: str | None = None) -> list[Need]:
    return [Need(cmdlet, purpose, parameter) for cmdlet in cmdlets]


def scope_needs(project: Project) -> list[Need]:
    """What the source's account needs to read mailboxes, to fill the scope group and to mend disabled archives.

    Args:
        project: Says whether mailboxes are tagged, and what was decided on disabled archives.
    """
    needs = _needs(READ_CMDLETS["source"], "see who moves")
    needs += _needs(SCOPE_CMDLETS, "make and fill the scope group")
    needs += _needs(TAG_CMDLETS, "tag who moves") if project.users.tag else []
    decided = sorted({ARCHIVE_CMDLETS[decision] for decision in project.move.disabled_archives.values()})
    return needs + _needs(decided, "do with disabled archives what was decided")


def prepare_needs(project: Project) -> list[Need]:
    """What the target's account needs to see who is there and to prepare users.

    Args:
        project: Says whether users are made in the cloud.
    """
    needs = _needs(READ_CMDLETS["target"], "see who is there")
    made = project.target_users.made == "cloud"
    return needs + (_needs(PREPARE_CMDLETS, "prepare users") if made else [])


def content_needs(_project: Project) -> list[Need]:
    """What an account needs to see sizes, folders and rights: before the cutover in the source, afterwards in both."""
    return _needs(CONTENT_CMDLETS, "see what mailboxes hold and who may open them")


def source_content_needs(project: Project) -> list[Need]:
    """What the source's account needs besides, to see which holds the service tracks.

    Args:
        project: Handed on.
    """
    return [*content_needs(project), *_needs(HELD_CMDLETS, "see what the service itself holds")]


def move_needs(_project: Project) -> list[Need]:
    """What the target's account needs to start batches, watch, stop and complete them, and to take users out."""
    return _needs(BATCH_CMDLETS, "move mailboxes")


def right_needs(_project: Project) -> list[Need]:
    """What the target's account needs to give delegates again what the move did not take along."""
    return _needs(RIGHT_CMDLETS, "give delegates their rights again")


def clean_up_needs(side: Side) -> list[Need]:
    """What an account needs to take away, when all is over, what the move needed.

    Args:
        side: The tenant.
    """
    return _needs(CLEAN_UP_CMDLETS[side], "clean up when all is over")


def cmdlets_needed(side: Side, project: Project) -> list[Need]:
    """Every cmdlet whose right is judged on a side, for whatever section.

    Args:
        side: The tenant.
        project: Its settings say which are needed.
    """
    setup = _needs(RELATIONSHIP_CMDLETS, "open the relationship", MOVE_CAPABILITY)
    if side == "source":
        return [*setup, *scope_needs(project), *source_content_needs(project), *clean_up_needs(side)]
    common = [*content_needs(project), *clean_up_needs(side)]
    endpoint = _needs(ENDPOINT_CMDLETS, "make and test the endpoint")
    return [*endpoint, *setup, *prepare_needs(project), *move_needs(project), *right_needs(project), *common]
