"""Section 040 reads both tenants once, and answers from that snapshot."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock, make_project, world
from many_pairs import keep

from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.runbook import snapshot_reader
from xtmig_kernel.runbook.snapshot_reader import SnapshotReader
from xtmig_kernel.store import SnapshotStore

if TYPE_CHECKING:
    from pathlib import Path

MAILBOXES, CONFIG = "source.mailboxes", "target.organization_config"
DAY = timedelta(days=1)
SIGNED_IN: Any = {"source": SimpleNamespace(), "target": SimpleNamespace()}


def reader(folder: Path, tenants: Any = None, **project: Any) -> SnapshotReader:
    return SnapshotReader(
        make_project(**project),
        tenants or {},
        StillClock(NOW),
        {},
        store=SnapshotStore(folder),
        wanted=(MAILBOXES, CONFIG),
        tell=lambda _sentence: None,
    )


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """What was asked of both tenants at each collection."""
    asked: list[tuple[str, ...]] = []

    def collect(*given: Any) -> str:
        asked.append(given[4])
        return keep(tmp_path, world(), NOW + len(asked) * DAY)

    monkeypatch.setattr(snapshot_reader, "collect", collect)
    return asked


def test_two_questions_are_answered_from_one_collection(tmp_path: Path, collected: list[Any]) -> None:
    """The first question collects everything that is wanted; the next one asks no tenant."""
    ours = reader(tmp_path, SIGNED_IN)
    assert isinstance(ours.read_all([MAILBOXES], fresh=False)[MAILBOXES], Observed)
    assert isinstance(ours.read_all([CONFIG], fresh=False)[CONFIG], Observed)
    assert collected == [(MAILBOXES, CONFIG)]


def test_a_new_look_collects_anew(tmp_path: Path, collected: list[Any]) -> None:
    """Whoever wants a new look gets a new snapshot, and the one before is there to compare with."""
    ours = reader(tmp_path, SIGNED_IN)
    ours.read_all([MAILBOXES], fresh=True)
    first = ours.snapshot
    ours.read_all([MAILBOXES], fresh=True)
    assert len(collected) == 2
    before = ours.before()
    assert before is not None
    assert (before[0], ours.snapshot == first) == (first, False)


def test_without_a_sign_in_the_newest_whole_snapshot_answers(tmp_path: Path) -> None:
    """Offline, what was read last is told with the time at which it was read."""
    keep(tmp_path, world(), NOW - 2 * DAY)
    keep(tmp_path, world(), NOW - DAY)
    SnapshotStore(tmp_path).begin(NOW, {})
    assert reader(tmp_path).read_all([MAILBOXES])[MAILBOXES].at == NOW - DAY


def test_a_snapshot_of_other_tenants_is_not_used(tmp_path: Path) -> None:
    """What was read from another tenant than project.yaml names says nothing about this one."""
    keep(tmp_path, world(), NOW - DAY)
    other = reader(tmp_path, source__tenant_id="99999999-aaaa-4aaa-8aaa-999999999999")
    found = other.read_all([MAILBOXES])[MAILBOXES]
    assert isinstance(found, NotObserved)
    assert other.snapshot is None


def test_what_a_snapshot_lacks_was_not_observed(tmp_path: Path) -> None:
    """A table that the snapshot does not hold is not empty: it was not asked for."""
    keep(tmp_path, {MAILBOXES: []}, NOW - DAY)
    found = reader(tmp_path).read_all([MAILBOXES, CONFIG])
    assert isinstance(found[MAILBOXES], Observed)
    assert isinstance(found[CONFIG], NotObserved)
    assert found[CONFIG].reason == Reason.NOT_ASKED
