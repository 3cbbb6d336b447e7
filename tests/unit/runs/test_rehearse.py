"""What the practice people of a rehearsal do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from xtmig_kernel.errors import UsageError
from xtmig_kernel.project import load_approvals
from xtmig_kernel.runs import rehearse
from xtmig_kernel.runs.practice import merged

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = SimpleNamespace(people=lambda side: [f"operator@{side}.example", f"approver@{side}.example"])


def finding(**changes: Any) -> SimpleNamespace:
    """A finding that waits for somebody's word."""
    asked = {"verdict": "manual", "signed_by": None, "side": None, "title": "T", "this_run": True}
    asked |= {"statements": ("LIC-01", "LIC-08")}
    return SimpleNamespace(**(asked | changes))


def act(folder: Path, *findings: SimpleNamespace) -> bool:
    result: Any = SimpleNamespace(findings=findings)
    people: Any = PEOPLE
    kernels: Any = None
    return rehearse.Rehearsal(folder, people, kernels, lambda _: None).sign(result)


def test_what_no_reading_proves_is_signed(folder: Path) -> None:
    """A practice operator signs what waits for a person's word, and only statements that a person may sign (LIC-08)."""
    assert act(folder, finding(), finding(verdict="pass", statements=("LIC-06",)))
    signed = [(item.statement, item.by) for item in load_approvals(folder).sign_offs]
    assert signed == [("LIC-08", "operator@target.example")]


def test_what_another_run_asked_for_is_not_signed(folder: Path) -> None:
    """Nobody signs for a section that this run did not open, so that a rehearsal does not take it for progress."""
    assert not act(folder, finding(this_run=False))
    assert load_approvals(folder).sign_offs == ()


def test_what_is_signed_is_not_signed_again(folder: Path) -> None:
    """Where everything is signed, nobody acts, so that a rehearsal comes to an end."""
    assert not act(folder, finding(signed_by="somebody"))
    assert load_approvals(folder).sign_offs == ()


@pytest.mark.parametrize(("seconds", "words"), [(240, "4 minutes"), (3 * 3600, "3 hours"), (16 * 86400, "16 days")])
def test_time_that_passes_is_told_as_people_say_it(seconds: int, words: str) -> None:
    """How far the practice calendar moves is told in minutes, hours or days."""
    assert words == rehearse.in_words(seconds)


def test_rehearsal_ends_with_the_section_that_was_named() -> None:
    """A rehearsal until 110 covers the sections of a run without names, and no batch."""
    assert [()] == [stage.sections for stage in rehearse.stages_until("110")]


def test_unknown_last_section_is_refused() -> None:
    """A last section that no rehearsal comes to is an error that names those it comes to."""
    with pytest.raises(UsageError, match="999") as refused:
        rehearse.stages_until("999")
    assert "110" in str(refused.value.remedy)


def test_settings_beside_the_tenants_go_over_those_of_the_practice() -> None:
    """What lies beside a tenants file says who stays, and leaves the rest of the practice project as it is."""
    users = {"choose": "attribute"}
    stays = {"users": {"exclude": {"hal@contoso.com": "under a hold"}}}
    assert {"id": "practice", "users": {**users, **stays["users"]}} == merged({"id": "practice", "users": users}, stays)


def runs_until(monkeypatch: pytest.MonkeyPatch, folder: Path, *codes: int, step_state: str = "failed") -> list[str]:
    """The modes of the runs that people make of a section, whose exit codes are these and then 0."""
    step = SimpleNamespace(id="160.3", state=step_state, this_run=True)
    sections = (SimpleNamespace(steps=(step,)),)
    made: list[str] = []
    left = list(codes)

    def run(_folder: Path, _sections: Any, mode: str, *_: Any) -> SimpleNamespace:
        made.append(mode)
        code = left.pop(0) if left else 0
        facts = SimpleNamespace(mode=mode, exit_code=code, changes={}, planned=0, planned_files=0, asked=("160",))
        told = {"findings": (), "problems": (), "planned": (), "open_items": (), "sections": sections, "answer": "…"}
        return SimpleNamespace(result=SimpleNamespace(run=facts, **told))

    monkeypatch.setattr(rehearse, "run_sections", run)
    people: Any = PEOPLE
    kernels: Any = None
    rehearse.Rehearsal(folder, people, kernels, lambda _: None).to_its_end(("160",))
    return made


def test_what_was_not_observed_is_run_again(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A run that could not observe something is run again, for the same may work the next time."""
    assert runs_until(monkeypatch, folder, 5, 5, 5) == ["plan", "apply", "apply", "apply"]


def test_nobody_runs_a_section_again_for_ever(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Where nothing changes, people run it again three times and then stop."""
    assert runs_until(monkeypatch, folder, *[5] * 30) == ["plan", *["apply"] * 3]


def test_a_failed_check_is_not_run_again(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """What a check has found wrong does not go away by looking again."""
    assert runs_until(monkeypatch, folder, *[3] * 30) == ["plan"]


def test_a_failed_check_is_run_again_where_a_step_could_not_be_planned(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """A check may have failed because a table could not be read, from which the step before it is planned."""
    assert runs_until(monkeypatch, folder, 3, 3, step_state="not planned") == ["plan", "apply", "apply"]
