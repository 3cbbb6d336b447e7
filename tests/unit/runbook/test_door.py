from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import (
    ENDPOINT,
    NOW,
    OTHER_ID,
    SECRET_1,
    SOURCE_ID,
    USER_READ,
    make_project,
    relationship,
)
from fake_tenants import FakeTenant, Killed, Runbook

from xtmig_kernel.changes import canonical
from xtmig_kernel.errors import (
    AccessDenied,
    ApprovalError,
    EngineError,
    NotYetAccepted,
    Rejected,
    StalePlanError,
    Throttled,
    UsageError,
    WrongTenantError,
    XtmigError,
)
from xtmig_kernel.project import Approval

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.changes import Change

ENABLED_OFF = {"target__organization_relationships": {"Enabled": False}}
NO_ENDPOINT: dict[str, Any] = {
    "target__migration_endpoints": [],
    "target__application_credentials": [],
    "target__endpoint_test": [],
}


def one(runbook: Runbook, step: str) -> Change:
    """The only change that a step plans now."""
    (change,) = runbook.plan(step).changes
    return change


def relationship_change(tmp_path: Path) -> tuple[Runbook, Change]:
    runbook = Runbook(tmp_path, **ENABLED_OFF)
    return runbook, one(runbook, "070.5")


def endpoint_change(tmp_path: Path) -> tuple[Runbook, Change]:
    runbook = Runbook(tmp_path, **NO_ENDPOINT)
    return runbook, one(runbook, "070.2")


def test_change_is_made_and_seen(tmp_path: Path) -> None:
    """The intent is written before the call, the outcome after it, and then the object is read back."""
    runbook, change = relationship_change(tmp_path)
    outcome = runbook.door.make(change)
    assert (outcome.result, runbook.kinds()) == ("done", ["intent", "outcome", "read_back"])
    assert runbook.fakes.written() == ["Set-OrganizationRelationship"]


def test_intent_is_on_disk_before_the_call(tmp_path: Path) -> None:
    """A process that dies in the call has left its intent."""
    runbook, change = relationship_change(tmp_path)
    runbook.fakes.troubles = [Killed()]  # type: ignore[list-item]
    FakeTenant.run_and_die = None  # type: ignore[attr-defined]
    with pytest.raises(Killed):
        runbook.door.make(change)
    assert runbook.kinds() == ["intent"]
