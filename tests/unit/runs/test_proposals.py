"""What `xtmig approve` finds to approve in a ledger, and what it says where it finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock, settings

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.runs.proposals import nothing_to_approve, proposed, unplanned
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = "sha256:" + "a1" * 32, "sha256:" + "b2" * 32


class Written:
    """A project folder whose ledger a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = "run-1"
        new_project(folder, settings())

    def _append(self, kind: str, step: str, data: dict[str, Any]) -> None:
        Ledger(self.folder, StillClock(NOW), Redactor(), self.run).append(kind, data, step=step)

    def planned(self, step: str, **levels: int) -> None:
        """A plan whose changes have these hashes and levels."""
        changes = [
            {"hash": hash_, "lines": [], "change": {"step": step, "side": "target", "title": hash_, "level": level}}
            for hash_, level in levels.items()
        ]
        for change in changes:
            change["change"]["undo"] = "undo"
        self._append("planned", step, {"title": step, "plan": "p", "level": 0, "changes": changes})

    def ended(self, step: str, state: str, summary: str = "", first: str | None = None) -> None:
        """The end of a step, with a check that failed and is mended by the step that must come first."""
        if first:
            finding = {"rule": "r", "title": "t", "statements": [], "side": "target", "subject": "s", "verdict": "fail"}
            self._append("finding", step, finding | {"remedy_step": first, "phase": "look"})
        data = {"title": step, "side": "target", "state": state, "summary": summary, "waits_for": "", "until": None}
        self._append("step_ended", step, data)


@pytest.fixture
def ledger(tmp_path: Path) -> Written:
    return Written(tmp_path / "project")


def consent_comes_later(ledger: Written) -> None:
    for step in ("060.1", "060.2"):
        ledger.planned(step)
        ledger.ended(step, "later", "needs step 050.1 first", "050.1")


def test_only_changes_that_need_a_name_are_proposed(ledger: Written) -> None:
    """Level 1 needs no approval; levels 2 and 3 do."""
    ledger.planned("070.1", **{FIRST: 3})
    ledger.planned("070.4", **{SECOND: 2, "sha256:c3": 1})
    assert [FIRST, SECOND] == [change.hash for change in proposed(ledger.folder, "070")]


def test_a_section_that_was_not_planned_is_told(ledger: Written) -> None:
    """The error names the command that plans."""
    with pytest.raises(UsageError, match="was not planned yet") as caught:
        proposed(ledger.folder, "060")
    assert "xtmig run 060" in str(caught.value.remedy)


def test_a_section_that_only_looks_needs_no_approval(ledger: Written) -> None:
    """Section 010 changes nothing, so it has no plan to wait for."""
    assert [] == proposed(ledger.folder, "010")
    assert "nothing in section 010 needs an approval" == nothing_to_approve(ledger.folder, "010").message


def test_changes_are_chosen_by_the_beginning_of_their_hash(ledger: Written) -> None:
    """Only what begins so is approved, and a beginning that fits nothing is an error, never an empty approval."""
    ledger.planned("070.1", **{FIRST: 3, SECOND: 2})
    assert [SECOND] == [change.hash for change in proposed(ledger.folder, "070", ["sha256:b2"])]
    with pytest.raises(UsageError, match="whose hash begins with b2"):
        proposed(ledger.folder, "070", ["sha256:a1", "b2"])


def test_the_step_that_comes_first_is_named(ledger: Written) -> None:
    """An empty plan of a step that comes later does not say that nothing needs an approval."""
    consent_comes_later(ledger)
    error = nothing_to_approve(ledger.folder, "060")
    assert [("060.1", ("050.1",)), ("060.2", ("050.1",))] == [
        (item.step, item.first) for item in unplanned(ledger.folder, "060")
    ]
    assert "nothing to approve yet: 060.1 needs step 050.1 first" in error.message
    assert "xtmig run 050 --mode apply" in str(error.remedy)
    assert "xtmig run 060" in str(error.remedy)


def test_when_the_first_step_is_done_only_the_plan_is_missing(ledger: Written) -> None:
    """A step that has come to its end since is not asked for again."""
    consent_comes_later(ledger)
    ledger.ended("050.1", "applied")
    assert "Plan again: xtmig run 060" == nothing_to_approve(ledger.folder, "060").remedy


@pytest.mark.parametrize(
    ("state", "summary"),
    [
        ("not planned", "cannot be planned: source.granted_roles: nobody is signed in"),
        ("waiting", "begun, not yet settled"),
        ("failed", "an object is neither as before nor as after"),
    ],
)
def test_a_step_that_a_later_run_could_not_plan_is_told(ledger: Written, state: str, summary: str) -> None:
    """The empty plan of an earlier run says nothing once a run ended without a plan."""
    for step in ("060.1", "060.2"):
        ledger.planned(step)
        ledger.ended(step, "no change")
    ledger.run = "run-2"
    ledger.ended("060.2", state, summary)
    error = nothing_to_approve(ledger.folder, "060")
    assert f"060.2 {summary}" in error.message
    assert "060.1" not in error.message


def test_a_step_that_was_never_reached_is_told(ledger: Written) -> None:
    """Where a run broke off before a step, nobody knows whether it needs an approval."""
    ledger.planned("060.1")
    ledger.ended("060.1", "no change")
    assert [("060.2", "it was not planned yet")] == [(u.step, u.why) for u in unplanned(ledger.folder, "060")]


def test_nothing_is_needed_only_where_everything_was_planned(ledger: Written) -> None:
    """Plans of all steps without a change of level 2 or 3: nothing needs an approval."""
    ledger.planned("060.1", **{FIRST: 1})
    ledger.ended("060.1", "planned")
    ledger.planned("060.2")
    ledger.ended("060.2", "waiting", "waits for the source administrator")
    assert "nothing in section 060 needs an approval" == nothing_to_approve(ledger.folder, "060").message
