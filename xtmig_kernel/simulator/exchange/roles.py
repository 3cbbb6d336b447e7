"""What Exchange offers a caller: role groups, management roles, cmdlets, parameters.

Which directory role leads to which role group is wire 2 [SRC] for the roles that Exchange supports; what a
management role contains is cut down to the cmdlets that the simulator knows (management role reference [SRC] for the
configuration's roles, [MEM] for those of recipients and groups).
"""

from __future__ import annotations

from xtmig_kernel.simulator.wellknown import ROLE_NAMES

from .contract import Cmdlet, contract_of

_MOVE_PARAMETERS = frozenset({"mailboxmoveenabled", "mailboxmovecapability", "mailboxmovepublishedscopes"})
SECURITY_GROUPS = "Security Group Creation and Membership"
_RELATIONSHIP = [f"{verb}-OrganizationRelationship" for verb in ("Get", "New", "Set", "Remove")]
_MIGRATION = [
    *(f"{verb}-MigrationEndpoint" for verb in ("Get", "New", "Set", "Remove")),
    "Test-MigrationServerAvailability",
    *(f"{verb}-MigrationBatch" for verb in ("Get", "New", "Set", "Start", "Stop", "Complete", "Remove")),
    *(f"{verb}-MigrationUser" for verb in ("Get", "Set", "Start", "Stop", "Remove")),
    "Get-MigrationUserStatistics",
]
_MOVES = ["Get-MoveRequest", "Get-MoveRequestStatistics", "Remove-MoveRequest"]
_READ_RIGHTS = ["Get-MailboxPermission", "Get-RecipientPermission", "Get-MailboxFolderPermission"]
_READ_CONTENT = ["Get-MailboxStatistics", "Get-MailboxFolderStatistics"]
_READ_LOGS = ["Export-MailboxDiagnosticLogs"]
_READ_SETTINGS = ["Get-CASMailbox", "Get-CalendarProcessing"]
_RIGHTS = [
    *_READ_RIGHTS,
    "Add-MailboxPermission",
    "Remove-MailboxPermission",
    "Add-RecipientPermission",
    "Remove-RecipientPermission",
    "Add-MailboxFolderPermission",
]
_READ_RECIPIENTS = [
    "Get-Recipient",
    "Get-User",
    "Get-Mailbox",
    "Get-MailUser",
    "Get-DistributionGroup",
    "Get-DistributionGroupMember",
]
_GROUP_MEMBERS = [f"{verb}-DistributionGroupMember" for verb in ("Get", "Add", "Remove", "Update")]
ROLES: dict[str, list[str]] = {
    "Organization Configuration": [
        "Get-OrganizationConfig", "Enable-OrganizationCustomization", "Get-AcceptedDomain", *_RELATIONSHIP,
    ],
    "Federated Sharing": [*_RELATIONSHIP, "Get-AcceptedDomain", "Get-OrganizationConfig"],
    "Remote and Accepted Domains": ["Get-AcceptedDomain"],
    "Migration": _MIGRATION,
    "Move Mailboxes": [*_MIGRATION, *_MOVES, *_READ_RECIPIENTS, *_READ_CONTENT],
    "Mail Recipients": [
        *_READ_RECIPIENTS, "Get-AcceptedDomain", *_READ_CONTENT, *_READ_LOGS, *_READ_SETTINGS, *_RIGHTS,
        "Set-Mailbox", "Enable-Mailbox", "Set-MailUser", "Set-User",
    ],
    "Mail Recipient Creation": [*_READ_RECIPIENTS, "Get-AcceptedDomain", "New-MailUser", "Remove-MailUser"],
    "Reset Password": ["Get-Mailbox", "Get-MailUser", "Get-User"],
    "Distribution Groups": [
        *_READ_RECIPIENTS, *_GROUP_MEMBERS, "New-DistributionGroup", "Remove-DistributionGroup", "Get-AcceptedDomain",
    ],
    SECURITY_GROUPS: [
        *_READ_RECIPIENTS, *_GROUP_MEMBERS, "New-DistributionGroup", "Remove-DistributionGroup", "Get-AcceptedDomain",
    ],
    "Role Management": ["Get-ManagementRoleAssignment"],
    "View-Only Configuration": [
        "Get-ManagementRoleAssignment",
        "Get-OrganizationConfig", "Get-AcceptedDomain", "Get-OrganizationRelationship", "Get-MigrationEndpoint",
    ],
    "View-Only Recipients": [
        *_READ_RECIPIENTS, *_READ_RIGHTS, *_READ_CONTENT, *_READ_SETTINGS, "Get-MoveRequest",
        "Get-MoveRequestStatistics",
    ],
}  # fmt: skip
_RECIPIENT_MANAGEMENT = ["Mail Recipients", "Mail Recipient Creation", "Reset Password", "Migration", "Move Mailboxes"]
ROLE_GROUPS: dict[str, list[str]] = {
    "Organization Management": list(ROLES),
    "Recipient Management": [*_RECIPIENT_MANAGEMENT, "Distribution Groups"],
    # What the directory role leads to lacks the groups: New-DistributionGroup was refused to it (wire 2 [LIVE claim]).
    "Exchange Recipient Administrators": _RECIPIENT_MANAGEMENT,
    "View-Only Organization Management": ["View-Only Configuration", "View-Only Recipients"],
}
FROM_DIRECTORY = {
    "Global Administrator": "Organization Management",
    "Exchange Administrator": "Organization Management",
    "Exchange Recipient Administrator": "Exchange Recipient Administrators",
    "Global Reader": "View-Only Organization Management",
    "Security Reader": "View-Only Organization Management",
    "Security Administrator": "View-Only Organization Management",
    "Compliance Administrator": "View-Only Organization Management",
    "Helpdesk Administrator": "View-Only Organization Management",
}
Offer = dict[str, frozenset[str]]


def supported_directory_role(templates: list[str]) -> bool:
    """Whether any of these directory roles means something to Exchange (wire 2 [SRC])."""
    return any(ROLE_NAMES.get(template) in FROM_DIRECTORY for template in templates)


def offer(templates: list[str], role_groups: list[str], roles: list[str], only: list[str] | None) -> Offer:
    """What a caller may run: cmdlet to parameters, all in lower case.

    Args:
        templates: Directory role templates of the token's `wids`.
        role_groups: Exchange role groups the caller belongs to.
        roles: Management roles assigned directly.
        only: Exactly these cmdlets, whatever the roles say, or None.
    """
    if only is not None:
        known = {name.lower(): contract_of(name) for name in only}
        return {name: frozenset(cmdlet.parameters) for name, cmdlet in known.items() if cmdlet is not None}
    groups = {FROM_DIRECTORY[ROLE_NAMES[t]] for t in templates if ROLE_NAMES.get(t) in FROM_DIRECTORY}
    held = {role for group in (*groups, *role_groups) for role in ROLE_GROUPS.get(group, [])} | set(roles)
    result: Offer = {}
    for role in sorted(held):
        for name in ROLES.get(role, []):
            cmdlet = contract_of(name)
            if cmdlet is not None:
                result[name.lower()] = result.get(name.lower(), frozenset()) | _parameters(role, cmdlet)
    return result


def _parameters(role: str, cmdlet: Cmdlet) -> frozenset[str]:
    names = frozenset(cmdlet.parameters)
    if role != SECURITY_GROUPS:
        # Who is no owner needs this role to change a group, or the role group that holds it (cmdlet reference [SRC]).
        names -= {"bypasssecuritygroupmanagercheck"}
    # Only the organisation's configuration role may open a relationship for mailbox moves (ROL-04).
    return names - _MOVE_PARAMETERS if role == "Federated Sharing" else names
