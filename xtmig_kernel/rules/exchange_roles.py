"""Which management role of Exchange offers a cmdlet, and which role groups hold that role. Pure.

Exchange offers what all roles of an account together allow, so what is missing is judged by the cmdlets that are
offered (fact F-04); the role named here is the one to ask for. Which role holds which cmdlet is documented for the
configuration and for moves, and remembered for recipients and groups.
"""

from __future__ import annotations

_CONFIGURATION = "Organization Configuration"
_ENDPOINTS = "Migration"
_MOVES = "Move Mailboxes"
_CREATION = "Mail Recipient Creation"
_GROUPS = "Security Group Creation and Membership"
_RECIPIENTS = "Mail Recipients"
_BOTH = "the role groups Organization Management and Recipient Management hold it"
_ONE = "the role group Organization Management holds it"
_HELD = {_CONFIGURATION: _ONE, _GROUPS: _ONE}

ROLES_FOR_EXCHANGE = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "29232cdf-9323-42fd-ade2-1d097af3e4de": "Exchange Administrator",
}
"""Entra roles that bring every management role named here, by template ID (wire 2)."""


def management_role(cmdlet: str) -> str:
    """The management role to ask for.

    Args:
        cmdlet: One that some section calls, such as `"New-MailUser"`.
    """
    if "OrganizationRelationship" in cmdlet:
        return _CONFIGURATION
    if "MigrationEndpoint" in cmdlet or cmdlet == "Test-MigrationServerAvailability":
        return _ENDPOINTS
    if "Migration" in cmdlet or "MoveRequest" in cmdlet:
        return _MOVES
    if "DistributionGroup" in cmdlet:
        return _GROUPS
    return _CREATION if cmdlet == "New-MailUser" else _RECIPIENTS


def role_to_ask_for(cmdlet: str) -> str:
    """The management role in words, with who holds it.

    Args:
        cmdlet: As for `management_role`.
    """
    role = management_role(cmdlet)
    return f"the Exchange management role {role} ({_HELD.get(role, _BOTH)})"
