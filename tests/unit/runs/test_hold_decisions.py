"""What was decided on mailboxes under a hold is recorded: in approvals.yaml, and in the ledger (HLD-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from core_facts import NOW, StillClock, make_project

from xtmig_kernel.clock import as_text
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory import Reader
from xtmig_kernel.project import load_approvals
from xtmig_kernel.runs import approve
from xtmig_kernel.runs.approve import decide_hold
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project at a moment that stands still."""
    monkeypatch.setattr(approve, "load_project", lambda folder: make_project(folder=folder))
    monkeypatch.setattr(approve, "clock_for", lambda _: StillClock(NOW))
    return tmp_path


def test_a_decision_is_kept_and_read_again(folder: Path) -> None:
    """Who decided what, when, and where it can be seen, is what findings are given."""
    decide_hold(folder, "hal@contoso.com", "do-not-move", "eva", "letter of 3 May")
    found = Reader(make_project(folder=folder), {}, StillClock(NOW), {}).read("source.hold_decisions")
    assert isinstance(found, Observed)
    (row,) = found.value
    assert tuple(row.values()) == ("hal@contoso.com", "do-not-move", "eva", as_text(NOW), "letter of 3 May")


def test_a_decision_stands_in_the_ledger(folder: Path) -> None:
    """A file can be edited; the ledger remembers what was said and when."""
    decide_hold(folder, "UniH7d895d48-7e23-4a8d-8346-533c3beac15d", "release", "eva", "file 12")
    (entry,) = Ledger(folder, StillClock(NOW), Redactor(), "test").entries("hold_decision")
    assert (entry.data["decision"], entry.data["by"]) == ("release", "eva")


@pytest.mark.parametrize(
    ("subject", "decision", "by", "note"),
    [
        ("hal", "release", "eva", "file 12"),
        ("", "release", "eva", "file 12"),
        ("hal@contoso.com", "maybe", "eva", "file 12"),
        ("hal@contoso.com", "release", " ", "file 12"),
        ("hal@contoso.com", "release", "eva", ""),
    ],
)
def test_half_a_decision_is_refused(folder: Path, subject: str, decision: str, by: str, note: str) -> None:
    """Without subject, decision, person and place there is nothing to record."""
    with pytest.raises(UsageError):
        decide_hold(folder, subject, decision, by, note)
    assert load_approvals(folder).hold_decisions == ()


@pytest.mark.parametrize(
    "subject",
    [
        "mbx7cfb30345d454ac0a989ab3041051209:2",
        "7cfb3034-5d45-4ac0-a989-ab3041051209",
        "c0ba3ce811b6432a8751430937152491",
    ],
)
def test_a_hold_is_named_as_findings_name_it(folder: Path, subject: str) -> None:
    """The entry that a finding shows can be given as it stands, and so can its GUID."""
    assert decide_hold(folder, subject, "release", "eva", "file 12").subject == subject
