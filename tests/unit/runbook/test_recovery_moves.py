"""Interrupted changes of batches and their users, whose states go on changing while nobody is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_facts import make_project
from cut_facts import DUE, lara_at_gate
from fake_tenants import Killed, Runbook
from start_facts import BATCH, LARA_ADDRESS, batch, started, stop

from xtmig_kernel.errors import RecoveryError
from xtmig_kernel.runbook.recovery import Recovery

if TYPE_CHECKING:
    from pathlib import Path

BATCHES, USERS, HALTED = "target.migration_batches", "target.migration_users", "target.halted_batches"
RESUME = "170.3"
ANNA, BEN = "anna@northwindtraders.com", "ben@northwindtraders.com"


def killed(made: Runbook, step: str, hours: int = 24) -> Runbook:
    """The runbook some hours after a run that was killed before the call of a step."""
    made.fakes.troubles = [Killed()]
    with pytest.raises(Killed):
        made.run(step)
    made.fakes.troubles = []
    made.next_run()
    made.clock.sleep(hours * 3600)
    return made


@pytest.fixture
def to_be_stopped(tmp_path: Path) -> Runbook:
    """A batch that copies and is to be stopped; the run that would have stopped it was killed."""
    made = Runbook(tmp_path, **started({"Status": "Syncing"}, Status="Syncing"))
    made.project = make_project(**stop(BATCH), folder=tmp_path)
    return killed(made, "180.1")


def test_batch_that_went_on_by_itself_can_still_be_stopped(to_be_stopped: Runbook) -> None:
    """A batch that has come to rest since the kill is neither as before nor stopped, and its stop is planned again."""
    to_be_stopped.fakes.set(BATCHES, [batch(Status="Synced")])
    (change,) = to_be_stopped.plan("180.1").changes
    assert (change.before, change.after) == ({"Status": "Synced"}, {"Status": "Stopped"})


def test_batch_that_is_gone_needs_no_stop(to_be_stopped: Runbook) -> None:
    """A batch that somebody has removed since the kill needs no person: nothing is left to be stopped."""
    to_be_stopped.fakes.set(BATCHES, [])
    to_be_stopped.fakes.set(USERS, [])
    assert to_be_stopped.run("180.1").state == "no change"


def test_more_skipped_items_since_the_kill_are_approved_anew(tmp_path: Path) -> None:
    """What was skipped since an approval was interrupted is in the next plan, which needs an approval of its own."""
    made = Runbook(tmp_path, **lara_at_gate(UnapprovedSkippedItems=True, SkippedItems=1, DataConsistencyScore="Good"))
    made.project = make_project(**DUE, folder=tmp_path)
    made.approve("160.2")
    killed(made, "160.2", hours=1)
    row = made.fakes.rows(USERS)[0]
    made.fakes.set(USERS, [row | {"SkippedItems": 2}])
    (change,) = made.plan("160.2").changes
    assert change.before == {"UnapprovedSkippedItems": True, "SkippedItems": 2}


def interrupted(folder: Path, step: str, table: str, before: Any, after: Any) -> Runbook:
    """A runbook whose ledger holds a change that was begun an hour ago, and says nothing of what became of it."""
    made = Runbook(folder)
    data = {
        "title": "Begun",
        "subject": {"side": "target", "table": table, "key": [["Identity", BATCH]], "label": "the batch"},
        "before": before,
        "after": after,
        "calls": [],
        "lag_seconds": 600,
    }
    made.ledger.append("intent", {"change": "sha256:0", "data": data, "lines": []}, step=step)
    made.next_run()
    made.clock.sleep(3600)
    return made


def settled(made: Runbook, step: str) -> list[str]:
    """What the ledger says of the change once it is settled."""
    recovery = Recovery(
        reader=made.reader, ledger=made.ledger, clock=made.clock, door=made.door, progress=made.said.append
    )
    assert recovery.settle(step) == []
    return made.results()


@pytest.mark.parametrize("after", [None, {"Users": [BEN]}])
def test_another_user_who_failed_since_stops_no_resume(tmp_path: Path, after: dict[str, Any] | None) -> None:
    """Who fails in a batch is no sign that a person has worked on it: the resume is planned again."""
    made = interrupted(tmp_path, RESUME, "halted_batches", {"Users": [ANNA]}, after)
    made.fakes.set(HALTED, [{"Identity": BATCH, "Users": [ANNA, LARA_ADDRESS]}])
    assert settled(made, RESUME) == ["not done"]


def test_nobody_who_is_failed_any_more_stops_no_resume(tmp_path: Path) -> None:
    """A batch in which nobody is failed any more leaves nothing to be resumed."""
    made = interrupted(tmp_path, RESUME, "halted_batches", {"Users": [ANNA, BEN]}, {"Users": [BEN]})
    made.fakes.set(HALTED, [])
    assert settled(made, RESUME) == ["not done"]


def test_batch_through_another_endpoint_still_needs_a_person(tmp_path: Path) -> None:
    """A batch of the same name through another endpoint was made by somebody else, and a person must look."""
    after = {"SourceEndpoint": "xtmig-contoso-moves", "CompletionAsked": False}
    made = interrupted(tmp_path, "130.1", "migration_batches", None, after)
    made.fakes.set(BATCHES, [batch(SourceEndpoint="another")])
    with pytest.raises(RecoveryError):
        settled(made, "130.1")


def test_completion_without_its_batch_still_needs_a_person(tmp_path: Path) -> None:
    """A batch that was to be completed and is gone was removed by somebody else, and a person must look."""
    before, after = {"CompletionAsked": False, "TotalCount": 1}, {"CompletionAsked": True, "TotalCount": 1}
    made = interrupted(tmp_path, "160.4", "migration_batches", before, after)
    made.fakes.set(BATCHES, [])
    with pytest.raises(RecoveryError):
        settled(made, "160.4")


def test_a_batch_with_fewer_users_is_completed_by_a_new_plan(tmp_path: Path) -> None:
    """A batch that lost a user since the kill, and was not told to complete, is planned again for who is left."""
    before, after = {"CompletionAsked": False, "TotalCount": 2}, {"CompletionAsked": True, "TotalCount": 2}
    made = interrupted(tmp_path, "160.4", "migration_batches", before, after)
    made.fakes.set(BATCHES, [batch(TotalCount=1)])
    assert settled(made, "160.4") == ["not done"]
