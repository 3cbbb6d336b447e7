"""What Exchange offers a caller: role groups, management roles, cmdlets, parameters.

Which directory role leads to which role group is wire 2 [SRC] for the roles that Exchange supports; what a
management role contains is cut down to the cmdlets that the simulator serves (management role reference [SRC]).
"""

from __future__ import annotations

from xtmig_kernel.simulator.wellknown import ROLE_NAMES

from .contract import Cmdlet, served

_MOVE_PARAMETERS = frozenset({"mailboxmoveenabled", "mailboxmovecapability", "mailboxmovepublishedscopes"})
_RELATIONSHIP = [f"{verb}-OrganizationRelationship" for verb in ("Get", "New", "Set", "Remove")]
_MIGRATION = [
    *(f"{verb}-MigrationEndpoint" for verb in ("Get", "New", "Set", "Remove")),
    "Test-MigrationServerAvailability",
]
ROLES: dict[str, list[str]] = {
    "Organization Configuration": [
        "Get-OrganizationConfig", "Enable-OrganizationCustomization", "Get-AcceptedDomain", *_RELATIONSHIP,
    ],
    "Federated Sharing": [*_RELATIONSHIP, "Get-AcceptedDomain", "Get-OrganizationConfig"],
    "Remote and Accepted Domains": ["Get-AcceptedDomain"],
    "Migration": _MIGRATION,
    "Move Mailboxes": [*_MIGRATION, "Get-Mailbox", "Get-MailUser"],
    "Mail Recipients": ["Get-Mailbox", "Get-MailUser", "Get-DistributionGroup", "Get-AcceptedDomain"],
    "Distribution Groups": ["Get-DistributionGroup"],
    "Security Group Creation and Membership": ["Get-DistributionGroup"],
    "View-Only Configuration": [
        "Get-OrganizationConfig", "Get-AcceptedDomain", "Get-OrganizationRelationship", "Get-MigrationEndpoint",
    ],
    "View-Only Recipients": ["Get-Mailbox", "Get-MailUser", "Get-DistributionGroup"],
}  # fmt: skip
ROLE_GROUPS: dict[str, list[str]] = {
    "Organization Management": list(ROLES),
    "Recipient Management": ["Mail Recipients", "Distribution Groups", "Migration", "Move Mailboxes"],
    "View-Only Organization Management": ["View-Only Configuration", "View-Only Recipients"],
}
FROM_DIRECTORY = {
    "Global Administrator": "Organization Management",
    "Exchange Administrator": "Organization Management",
    "Exchange Recipient Administrator": "Recipient Management",
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
        return {name.lower(): frozenset(served()[name.lower()].parameters) for name in only if name.lower() in served()}
    groups = {FROM_DIRECTORY[ROLE_NAMES[t]] for t in templates if ROLE_NAMES.get(t) in FROM_DIRECTORY}
    held = {role for group in (*groups, *role_groups) for role in ROLE_GROUPS.get(group, [])} | set(roles)
    result: Offer = {}
    for role in sorted(held):
        for name in ROLES.get(role, []):
            result[name.lower()] = result.get(name.lower(), frozenset()) | _parameters(role, served()[name.lower()])
    return result


def _parameters(role: str, cmdlet: Cmdlet) -> frozenset[str]:
    names = frozenset(cmdlet.parameters)
    # Only the organisation's configuration role may open a relationship for mailbox moves (ROL-04).
    return names - _MOVE_PARAMETERS if role == "Federated Sharing" else names
