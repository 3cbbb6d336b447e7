"""What the practice people of a rehearsal do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from xtmig_kernel.project import load_approvals
from xtmig_kernel.runs import rehearse

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = SimpleNamespace(people=lambda side: [f"operator@{side}.example", f"approver@{side}.example"])


def finding(**changes: Any) -> SimpleNamespace:
    """A finding that waits for somebody's word."""
    asked = {"verdict": "manual", "signed_by": None, "side": None, "title": "T", "statements": ("LIC-01", "LIC-08")}
    return SimpleNamespace(**(asked | changes))


def act(folder: Path, *findings: SimpleNamespace) -> bool:
    result: Any = SimpleNamespace(findings=findings)
    people: Any = PEOPLE
    return rehearse._sign(folder, people, result, lambda _: None)


def test_what_no_reading_proves_is_signed(folder: Path) -> None:
    """A practice operator signs what waits for a person's word, and only statements that a person may sign (LIC-08)."""
    assert act(folder, finding(), finding(verdict="pass", statements=("LIC-06",)))
    signed = [(item.statement, item.by) for item in load_approvals(folder).sign_offs]
    assert signed == [("LIC-08", "operator@target.example")]


def test_what_is_signed_is_not_signed_again(folder: Path) -> None:
    """Where everything is signed, nobody acts, so that a rehearsal comes to an end."""
    assert not act(folder, finding(signed_by="somebody"))
    assert load_approvals(folder).sign_offs == ()
