"""Section 030 asks for every cmdlet that any section calls, and the simulated tenants offer each of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from core_facts import make_project

import xtmig_kernel
from xtmig_kernel.rules.rights_needed import cmdlets_needed
from xtmig_kernel.simulator.exchange.roles import ROLE_GROUPS, ROLES

if TYPE_CHECKING:
    from xtmig_kernel.project import Side

ROOT = Path(xtmig_kernel.__file__).parent
CMDLET = re.compile(
    r"(?:Get|Set|New|Remove|Add|Start|Stop|Complete|Enable|Disable|Test|Suspend|Resume|Export)-[A-Z][A-Za-z]+"
)
EVERYBODY = {
    "Get-OrganizationConfig": "offered to whoever may sign in",
    "Get-OrganizationRelationship": "who may set one may read it",
    "Get-MigrationEndpoint": "who may set one may read it",
    "Get-CASMailbox": "recorded and compared after the move, and told as not observed where it is refused",
    "Get-CalendarProcessing": "recorded and compared after the move, and told as not observed where it is refused",
    "Get-ManagementRoleAssignment": "only compared after the move, and told as not observed where it is refused",
    "Enable-OrganizationCustomization": "belongs to the role that opens the relationship",
}
"""Cmdlets that need no right of their own."""
OPTIONAL = {"Get-RetentionCompliancePolicy", "Get-CaseHoldPolicy", "Get-ComplianceCase"}
"""Cmdlets of Security & Compliance, without which a hold keeps its ID; whether they are offered is told, not judged."""
ALL = {
    "users": {"tag": True},
    "move": {"disabled_archives": {"a@contoso.com": "enable", "b@contoso.com": "remove"}},
}
"""What a project says so that every section has something to do."""


def called() -> set[str]:
    """Cmdlets that sections and reads name as a whole text: those that they call, or look for by the call's name."""
    return {
        node.value
        for room in ("runbook", "inventory")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CMDLET.fullmatch(node.value)
    }


def needed(side: Side) -> set[str]:
    """Cmdlets whose right is judged on a side."""
    return {need.cmdlet for need in cmdlets_needed(side, make_project(**ALL))}


def test_every_cmdlet_that_is_called_is_asked_for() -> None:
    """A right that is missing is told by section 030, not in the night of the move (ROL-02)."""
    assert called() - needed("source") - needed("target") == set(EVERYBODY) | OPTIONAL


def test_nothing_is_asked_for_that_nobody_calls() -> None:
    """An account needs no more than the runbook uses."""
    assert needed("source") | needed("target") <= called()


@pytest.mark.parametrize("side", ["source", "target"])
def test_the_simulated_operator_is_offered_all(side: Side) -> None:
    """The role group of the practice operators holds every cmdlet of that side."""
    offered = {cmdlet for role in ROLE_GROUPS["Organization Management"] for cmdlet in ROLES[role]}
    assert needed(side) <= offered


def test_moves_need_one_role() -> None:
    """Whoever has the management role Move Mailboxes can run every call of batches (ROL-01)."""
    moves = {need.cmdlet for need in cmdlets_needed("target", make_project(**ALL)) if need.purpose == "move mailboxes"}
    assert moves <= set(ROLES["Move Mailboxes"])
    assert moves & set(ROLES["Mail Recipients"]) == set()
