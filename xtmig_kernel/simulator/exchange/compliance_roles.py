"""What Security & Compliance offers a caller.

Which directory role may read policies and cases is general knowledge [MEM]; that an administrator of Exchange may read
neither is so too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator.wellknown import ROLE_NAMES

from .contract import contract_of

if TYPE_CHECKING:
    from .roles import Offer

_POLICIES = ("Get-RetentionCompliancePolicy",)
_CASES = ("Get-CaseHoldPolicy", "Get-ComplianceCase")
CMDLETS = (*_POLICIES, *_CASES)
FROM_DIRECTORY = {
    "Global Administrator": CMDLETS,
    "Compliance Administrator": CMDLETS,
    "Global Reader": _POLICIES,
}


def compliance_offer(templates: list[str], only: list[str] | None) -> Offer:
    """What a caller may run: cmdlet to parameters, all in lower case.

    Args:
        templates: Directory role templates of the token's `wids`.
        only: Exactly these cmdlets, whatever the roles say, or None.
    """
    held = {name for template in templates for name in FROM_DIRECTORY.get(ROLE_NAMES.get(template, ""), ())}
    wanted = {name for name in only if name in CMDLETS} if only is not None else held
    contracts = (contract_of(name) for name in sorted(wanted))
    return {cmdlet.name.lower(): frozenset(cmdlet.parameters) for cmdlet in contracts if cmdlet is not None}
