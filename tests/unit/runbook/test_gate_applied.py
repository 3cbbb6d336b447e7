"""The gate as the engine runs it: what holds it shut, what it proves once more, and that it asks once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, make_project
from cut_facts import DUE, FAR, TOMORROW, at_gate, folder_count, lara_at_gate, of_baseline
from fake_tenants import Runbook
from start_facts import batch, migration_user
from stay_facts import permission

from xtmig_kernel.errors import StalePlanError
from xtmig_kernel.project import SignOff
from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from pathlib import Path

SIGNED = ("GEN-07", "FAQ-07", "FAQ-08", "TMS-04", "OUT-04")
COMPLETION = ["Complete-MigrationBatch"]


def runbook(folder: Path, project: dict[str, Any] = DUE, signed: tuple[str, ...] = SIGNED, **there: Any) -> Runbook:
    """A runbook at the gate, with these words given and everything else as `there` says."""
    made = Runbook(folder, **(there or at_gate()))
    made.project = make_project(**project, folder=folder)
    made.sign_offs = tuple(SignOff(statement=item, by="anna", at=NOW, note="seen") for item in signed)
    return made


@pytest.fixture
def ready(tmp_path: Path) -> Runbook:
    """A runbook in which everything holds, the approval of the completion among it."""
    made = runbook(tmp_path)
    made.approve("160.4")
    return made


def test_gate_opens_where_everything_holds(ready: Runbook) -> None:
    """With the words, the approval and every check, the completion is asked for, and it is waited for Microsoft."""
    view = ready.run("160.4")
    assert ready.fakes.written() == COMPLETION
    assert (view.state, view.waits_for) == ("waiting", "Microsoft, who completes 1 of 1 user")


def test_it_asks_once(ready: Runbook) -> None:
    """Run again, nothing is asked a second time, which Microsoft might ignore for eight hours anyway."""
    ready.run("160.4")
    ready.run("160.4")
    assert ready.fakes.written() == COMPLETION


def test_without_an_approval_nothing_is_completed(tmp_path: Path) -> None:
    """Everything holds and nobody has approved: it waits for the second person."""
    made = runbook(tmp_path)
    view = made.run("160.4")
    assert (view.state, view.waits_for, made.fakes.written()) == ("waiting", "a second person who approves", [])


@pytest.mark.parametrize("missing", SIGNED)
def test_each_word_is_needed(tmp_path: Path, missing: str) -> None:
    """One word that nobody gave holds the gate shut, and it is waited for who gives it."""
    made = runbook(tmp_path, signed=tuple(item for item in SIGNED if item != missing))
    made.approve("160.4")
    view = made.run("160.4")
    assert (view.state, view.waits_for) == ("waiting", f"somebody who signs off {missing}")
    assert made.fakes.written() == []


SHUT: dict[str, dict[str, Any]] = {
    "somebody is not synced": lara_at_gate(Status="IncrementalFailed"),
    "somebody else is in the batch": at_gate(
        target__migration_users=[migration_user(), migration_user(Identity="ben@northwindtraders.com")],
        target__migration_batches=[batch(TotalCount=2)],
    ),
    "skipped items": lara_at_gate(UnapprovedSkippedItems=True, SkippedItems=2),
    "out of the scope group": at_gate(source__scope_members=[]),
    "no licence": at_gate(target__mail_users={"PersistedCapabilities": []}, target__directory_users={"SkuIds": []}),
    "no baseline": at_gate(source__baseline_folders=[], source__baseline_permissions=[]),
}


@pytest.mark.parametrize("there", SHUT.values(), ids=SHUT)
def test_one_failure_holds_the_gate_shut(tmp_path: Path, there: dict[str, Any]) -> None:
    """Whatever of the gate does not hold, nothing is completed, however well it is approved."""
    made = runbook(tmp_path, **there)
    made.approve("160.4")
    view = made.run("160.4")
    assert made.fakes.written() == []
    assert view.state in ("failed", "later")


@pytest.mark.parametrize("fact", ["target.migration_users", "source.mailbox_permissions", "source.baseline_folders"])
def test_what_is_not_observed_holds_it_shut(ready: Runbook, fact: str) -> None:
    """A fact of the gate that could not be read is no reason to complete."""
    ready.fakes.unreadable.add(fact)
    view = ready.run("160.4")
    assert (view.state, ready.fakes.written()) == ("not planned", [])


def test_the_day_before_it_waits(tmp_path: Path) -> None:
    """Approved the day before, nothing is completed until the moment has come; then it is, by the same approval."""
    made = runbook(tmp_path, TOMORROW)
    made.approve("160.4")
    view = made.run("160.4")
    assert (view.state, made.fakes.written()) == ("waiting", [])
    assert view.until == NOW.replace(day=24, hour=9, minute=0)
    made.clock.sleep(timedelta(days=1).total_seconds())
    made.fakes.set("source.baseline_folders", [of_baseline(folder_count(), TakenAt="2026-11-24T09:10:00Z")])
    made.run("160.4")
    assert made.fakes.written() == COMPLETION


def test_long_before_it_says_when(tmp_path: Path) -> None:
    """While no wave is near, nothing is planned, and the card says from when on it is worth looking."""
    view = runbook(tmp_path, FAR).run("160.4")
    assert (view.state, view.until) == ("waiting", NOW.replace(day=29, hour=9, minute=0))


def test_failure_while_the_notebook_lay_open(ready: Runbook) -> None:
    """What was planned hours ago is proven once more before it is made: who has failed since holds it back."""
    engine = ready.engine("160")
    planned = engine.plan(STEPS["160.4"])
    assert not planned.blocked_by
    ready.fakes.set("target.migration_users", [migration_user(Status="IncrementalFailed")])
    assert engine.apply(planned).state == "failed"
    assert ready.fakes.written() == []


def test_window_that_ended_while_the_notebook_lay_open(ready: Runbook) -> None:
    """What was planned within the window is not made after it."""
    engine = ready.engine("160")
    planned = engine.plan(STEPS["160.4"])
    ready.clock.sleep(timedelta(days=1).total_seconds())
    with pytest.raises(StalePlanError, match="would not be planned any more"):
        engine.apply(planned)
    assert ready.fakes.written() == []


def test_interrupted_completion_is_found_done(ready: Runbook) -> None:
    """Killed after the call: the next run finds the completion asked for, and does not ask again."""
    ready.fakes.troubles = ["lost, done"]
    ready.run("160.4")
    ready.next_run()
    ready.run("160.4")
    assert ready.fakes.written() == COMPLETION


def test_skipped_items_need_a_second_person(tmp_path: Path) -> None:
    """Without an approval nothing is given up; with one the number of items that was seen is."""
    made = runbook(tmp_path, **lara_at_gate(UnapprovedSkippedItems=True, SkippedItems=2))
    assert made.run("160.2").state == "waiting"
    assert made.fakes.written() == []
    made.approve("160.2")
    made.run("160.2")
    assert made.fakes.written() == ["Set-MigrationUser"]


def test_one_more_skipped_item_needs_a_new_approval(tmp_path: Path) -> None:
    """An approval of two items gives up two and never three."""
    made = runbook(tmp_path, **lara_at_gate(UnapprovedSkippedItems=True, SkippedItems=2))
    made.approve("160.2")
    made.fakes.set("target.migration_users", [migration_user(UnapprovedSkippedItems=True, SkippedItems=3)])
    assert made.run("160.2").state == "waiting"
    assert made.fakes.written() == []


def test_baseline_is_written_into_the_project(tmp_path: Path) -> None:
    """Step 160.3 writes its files into the project folder and no tenant."""
    untaken: dict[str, Any] = {f"source__baseline_{kind}": [] for kind in ("folders", "permissions", "settings")}
    made = runbook(tmp_path, **at_gate(**untaken))
    made.run("160.3")
    written = sorted(path.name for path in (tmp_path / "baseline").iterdir())
    assert written == ["pilot-folders.csv", "pilot-permissions.csv", "pilot-settings.csv"]
    assert folder_count()["Folder"] in (tmp_path / "baseline" / "pilot-folders.csv").read_text(encoding="utf-8")
    assert permission()["Right"] in (tmp_path / "baseline" / "pilot-permissions.csv").read_text(encoding="utf-8")
    assert made.fakes.written() == []
