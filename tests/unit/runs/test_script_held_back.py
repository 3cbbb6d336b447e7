"""What a script must not make, because xtmig itself would not make it now."""

from __future__ import annotations

from dataclasses import replace

from core_facts import planned

from xtmig_kernel.changes import Level
from xtmig_kernel.evidence import Finding, Manual
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.runbook.engine import StepView
from xtmig_kernel.runs.script import held_back

OPEN = Finding("r", "Every mailbox is moved", (), "source", "lara@contoso.com", Manual("its owner"))


def view(level: Level, *blocked_by: Finding) -> StepView:
    """A step with one planned change."""
    (change,) = planned("070.2", target__migration_endpoints=[], target__application_credentials=[])
    return StepView(STEPS["070.2"], "planned", changes=(replace(change, level=level),), blocked_by=blocked_by)


def test_what_needs_an_approval_waits_for_what_must_hold_first() -> None:
    """A change that needs an approval is held back while a check that its step requires has not passed."""
    for level in (Level.NAMED, Level.SECOND_PERSON):
        held = view(level, OPEN)
        assert {held.changes[0].hash: "Every mailbox is moved"} == held_back([held])
        assert {} == held_back([view(level)])


def test_what_can_be_undone_is_not_held_back() -> None:
    """A change that needs no approval is in the script, with a comment on what must hold before it."""
    assert {} == held_back([view(Level.UNDOABLE, OPEN)])
