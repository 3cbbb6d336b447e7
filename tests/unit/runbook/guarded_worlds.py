"""For each step from section 120 on that changes a tenant: a world in which it has something to change.

The levels are the design's: 2 for the start of copying, licences and removals, 3 for what nobody can undo, 1 for the
rest; stopping and taking out before completion need no approval.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from after_facts import had, plan
from close_facts import NAME, moved, own, own_relationship
from core_facts import NOW, after, make_project, seen, world
from cut_facts import DUE as CUTOVER_DUE
from cut_facts import TOMORROW, at_gate, lara_at_gate
from fake_tenants import FakeTenant
from mend_facts import DISABLED, GUID, MAINTENANCE, STARTED, failed
from start_facts import BATCH, DUE, LARA_ADDRESS, PLANNED, batch, started, stop
from test_plans_after import SKU, STRIP, UNLICENSED, UNLOCATED, rights, stripped

from xtmig_kernel.m365 import CallReply
from xtmig_kernel.runbook import BY_NUMBER, SECTIONS, STEPS
from xtmig_kernel.runbook.step import nothing_to_change

if TYPE_CHECKING:
    from fake_tenants import Runbook

    from xtmig_kernel.changes import Call
    from xtmig_kernel.runbook import Step

AT_THE_GATE = ("GEN-07", "FAQ-07", "FAQ-08", "TMS-04", "OUT-04")
OLD = "2026-11-22T09:00:00Z"


@dataclass(frozen=True)
class Case:
    """A world in which a step plans one change.

    Args:
        step: Its id.
        call: Cmdlet, or method and path, of the change.
        level: The approval level that the design asks for.
        there: What is altered in the configured world.
        project: What `project.yaml` says besides.
        signed: Statements for which somebody has given their word.
    """

    step: str
    call: str
    level: int
    there: dict[str, Any] = field(repr=False)
    project: dict[str, Any] = field(default_factory=dict, repr=False)
    signed: tuple[str, ...] = ()


def decided(what: str) -> dict[str, Any]:
    """A project that has decided about Lara's disabled archive."""
    return {"move": {"disabled_archives": {"lara.newton@contoso.com": what}}}


def taken_out() -> dict[str, Any]:
    """The world after Lara, who had failed, was taken out of her batch."""
    return failed(MAINTENANCE) | {
        "target__migration_batches": [batch(TotalCount=0)],
        "target__migration_users": [],
        "target__migration_details": [],
        "target__halted_users": [],
        "target__halted_batches": [],
    }


def cleaned_up_to(step: str, **changes: Any) -> dict[str, Any]:
    """The world in which Lara has moved, and the steps of section 210 before this one are done."""
    tables = world(**moved(**changes))
    for earlier in BY_NUMBER["210"].steps:
        if earlier.id == step:
            break
        for change in earlier.plan(seen(tables, NOW), make_project()):
            tables = after(change, tables)
    return {fact.replace(".", "__"): rows for fact, rows in tables.items()}


def altered(side: str, capability: str) -> dict[str, Any]:
    """The ledger says that this project altered a relationship that was there before."""
    former: dict[str, Any] = {"Enabled": False, "MailboxMoveCapability": []}
    given = {"Enabled": True, "MailboxMoveCapability": [capability]}
    row = own("organization_relationships", NAME, Change="altered", Before=former, After=given)
    return {f"{side}__own_changes": [row]}


ADOPTED = {"target__own_changes": [own_relationship("target")]}
MAY_ASSIGN = {"source__signed_in": {"Permissions": ["Directory.Read.All", "LicenseAssignment.ReadWrite.All"]}}
SKIPPED = {"UnapprovedSkippedItems": True, "SkippedItems": 2}
REMOVAL = "Remove-OrganizationRelationship"
SETTING_BACK = "Set-OrganizationRelationship"
GUARDED = (
    Case("130.1", "New-MigrationBatch", 2, PLANNED, DUE),
    Case("160.2", "Set-MigrationUser", 3, lara_at_gate(**SKIPPED), CUTOVER_DUE),
    Case("160.4", "Complete-MigrationBatch", 3, at_gate(), CUTOVER_DUE, AT_THE_GATE),
    Case("170.2", "Enable-Mailbox", 2, DISABLED, decided("enable"), ("ERR-15",)),
    Case("170.2", "Set-Mailbox", 3, DISABLED, decided("remove"), ("ERR-15",)),
    Case("170.3", "Start-MigrationBatch", 2, failed(GUID), STARTED),
    Case("170.4", "Remove-MigrationUser", 2, failed(MAINTENANCE), STARTED),
    Case("170.5", "New-MigrationBatch", 2, taken_out(), STARTED),
    Case("190.5", "POST /users/{id}/assignLicense", 2, UNLICENSED, SKU),
    Case("190.6", "POST /users/{id}/assignLicense", 2, stripped(plan()) | MAY_ASSIGN, STRIP),
    Case("210.2", "Remove-MigrationBatch", 2, cleaned_up_to("210.2")),
    Case("210.3", "Remove-MigrationEndpoint", 2, cleaned_up_to("210.3")),
    Case("210.4", REMOVAL, 2, cleaned_up_to("210.4")),
    Case("210.4", SETTING_BACK, 2, cleaned_up_to("210.4", **altered("target", "Inbound"))),
    Case("210.5", REMOVAL, 2, cleaned_up_to("210.5")),
    Case("210.5", SETTING_BACK, 2, cleaned_up_to("210.5", **altered("source", "RemoteOutbound"))),
    Case("210.6", "DELETE /servicePrincipals/{id}", 2, cleaned_up_to("210.6")),
    Case("210.7", "DELETE /servicePrincipals/{id}", 2, cleaned_up_to("210.7")),
    Case("210.8", "DELETE /applications/{id}", 2, cleaned_up_to("210.8")),
    Case("210.8", "POST /applications/{id}/removePassword", 2, cleaned_up_to("210.8", **ADOPTED)),
    Case("210.9", "Remove-DistributionGroup", 2, cleaned_up_to("210.9")),
)
"""Changes that need an approval, each kind of each step once."""
FREE = (
    Case("150.2", "Set-MigrationBatch", 1, lara_at_gate(LastSyncedAt=OLD), TOMORROW),
    Case("180.1", "Stop-MigrationBatch", 1, started(Status="Syncing"), stop(BATCH)),
    Case("180.2", "Stop-MigrationUser", 1, started({"Status": "Syncing"}), stop(LARA_ADDRESS)),
    Case("180.3", "Remove-MigrationUser", 1, started(), stop(LARA_ADDRESS)),
    Case("190.3", "Add-MailboxPermission", 1, rights(had())),
    Case("190.4", "PATCH /users/{id}", 1, UNLOCATED),
)
"""Changes that need a click alone."""
CASES = GUARDED + FREE


class ObedientTenant(FakeTenant):
    """A tenant that does whatever the step's own changes say; nothing but the door stands before it."""

    def __init__(self, runbook: Runbook, side: Any, step: str) -> None:
        super().__init__(runbook.fakes, side)
        self._runbook = runbook
        self._step = step

    def run(self, call: Call) -> CallReply:
        fakes = self._runbook.fakes
        fakes.calls.append(call)
        for change in STEPS[self._step].plan(seen(fakes.tables, NOW), self._runbook.project):
            if call in change.calls:
                for fact, rows in after(change, fakes.tables).items():
                    fakes.set(fact, rows)
        return CallReply({}, "request")


def changing_steps() -> dict[str, Step]:
    """Every step from section 120 on that can change a tenant, by its id."""
    later = {section.number for section in SECTIONS if section.number >= "120"}
    return {name: step for name, step in STEPS.items() if name[:3] in later and step.plan is not nothing_to_change}
