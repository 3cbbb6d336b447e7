"""An address that a batch's cmdlets take is proven to mean one entry right before they are called, not when planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from core_facts import make_project
from fake_tenants import Runbook
from guarded_worlds import CASES, ObedientTenant
from start_facts import LARA_ADDRESS, STARTED, USERS, migration_user, stop

from xtmig_kernel.errors import EngineError, StalePlanError
from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from pathlib import Path

BEN = "Ben.King@northwindtraders.com"
TAKE_OUT = "180.3"


@pytest.fixture
def runbook(tmp_path: Path) -> Runbook:
    """A runbook that is to take Lara and Ben out of their batch."""
    made = Runbook(tmp_path, **STARTED | {USERS: [migration_user(), migration_user(Identity=BEN)]})
    made.project = make_project(**stop(LARA_ADDRESS, BEN))
    made.tenants = {side: ObedientTenant(made, side, TAKE_OUT) for side in ("source", "target")}
    return made


def test_every_step_for_users_of_batches_proves_again() -> None:
    """Each step that names a migration user to a cmdlet looks once more before it does."""
    naming = {case.step for case in CASES if case.call.endswith("-MigrationUser")}
    assert {"160.2", "170.4", "180.2", "180.3"} == naming
    assert naming <= {step.id for step in STEPS.values() if step.proves_again}


def test_a_name_that_has_come_to_mean_two_is_not_sent(runbook: Runbook) -> None:
    """Lara, who got into somebody else's batch meanwhile, is not removed; Ben, who is one entry still, is."""
    engine = runbook.engine("180")
    planned = engine.plan(STEPS[TAKE_OUT])
    rows = runbook.fakes.tables["target.migration_users"]
    runbook.fakes.set("target.migration_users", [*rows, migration_user(BatchId="onboarding")])
    view = engine.apply(planned)
    assert [BEN] == [call.parameters["Identity"] for call in runbook.fakes.calls]
    assert {LARA_ADDRESS: "refused", BEN: "done"} == {
        outcome.change.subject.key[0][1]: outcome.result for outcome in view.outcomes
    }
    assert ("failed", StalePlanError) == (view.state, type(view.problem))


def test_what_cannot_be_read_once_more_is_not_changed(runbook: Runbook) -> None:
    """Where the batches' users cannot be read right before the removal, nobody is removed."""
    engine = runbook.engine("180")
    planned = engine.plan(STEPS[TAKE_OUT])
    runbook.fakes.unreadable.add("target.migration_users")
    with pytest.raises(EngineError, match=r"target\.migration_users could not be read once more"):
        engine.apply(planned)
    assert [] == runbook.fakes.written()
