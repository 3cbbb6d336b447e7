"""What has changed between the two newest snapshots, as a table and as what notebook 150 shows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, SOURCE_ID, TARGET_ID, StillClock, make_project, observed, seen, world
from stay_facts import LARA

from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.runbook.cutover_exhibits import day_before
from xtmig_kernel.store import SnapshotStore

if TYPE_CHECKING:
    from pathlib import Path

FACT = "source.snapshot_drift"
HELD = {"LitigationHoldEnabled": True}
KEPT = ("source.chosen_users", "source.mailboxes", "source.mail_users", "source.mailbox_states")


def keep(folder: Path, days: int, *, tenants: tuple[str, str] = (SOURCE_ID, TARGET_ID), **changes: Any) -> None:
    """Keep what the hold is judged by as a snapshot of so many days ago."""
    at = NOW - timedelta(days=days)
    store = SnapshotStore(folder)
    snapshot = store.begin(at, {"tenants": dict(zip(("source", "target"), tenants, strict=True))})
    for name, fact in observed(world(**changes), at).items():
        if name in KEPT:
            store.keep(snapshot, name, fact, [as_text(at)] * len(fact.value))
    store.finish(snapshot, at)


def read(folder: Path) -> Observed[Any] | NotObserved:
    return Reader(make_project(folder=folder), {}, StillClock(NOW), {}).read(FACT)


def test_newest_two_snapshots_are_compared(tmp_path: Path) -> None:
    """The table tells the new finding and the attribute behind it, and what came before the two is not looked at."""
    keep(tmp_path, 9, source__mailbox_states=HELD)
    keep(tmp_path, 2)
    keep(tmp_path, 1, source__mailbox_states=HELD)
    found = read(tmp_path)
    assert isinstance(found, Observed)
    told = [(row["Kind"], row["Object"], row["What"], row["Then"], row["Now"]) for row in found.value]
    assert told == [
        ("finding new", LARA, "mailbox-not-held", "", "fail"),
        ("changed", LARA, "mailbox_states LitigationHoldEnabled", "False", "True"),
    ]
    assert {(row["Since"], row["Until"]) for row in found.value} == {("2026-11-21T09:30:00Z", "2026-11-22T09:30:00Z")}


@pytest.mark.parametrize("other", [None, (TARGET_ID, SOURCE_ID)])
def test_without_two_snapshots_nobody_knows(tmp_path: Path, other: tuple[str, str] | None) -> None:
    """One snapshot, or one of other tenants beside it, is nothing to compare: the table is not observed."""
    keep(tmp_path, 1)
    if other:
        keep(tmp_path, 2, tenants=other)
    found = read(tmp_path)
    assert isinstance(found, NotObserved)
    assert found.reason == Reason.NOT_ASKED


def test_no_file_is_made_by_looking(tmp_path: Path) -> None:
    """Looking for snapshots makes no file of them."""
    assert isinstance(read(tmp_path), NotObserved)
    assert list(tmp_path.iterdir()) == []


def test_day_before_shows_what_has_changed() -> None:
    """Step 150.1 reads the table and shows each line of it; without a difference it shows none."""
    assert FACT in STEPS["150.1"].reads
    row = {
        "Since": "2026-11-20T08:00:00Z", "Until": "2026-11-22T08:00:00Z", "Kind": "changed", "Side": "source",
        "Object": LARA, "What": "mailbox_states QuotaBytes", "Then": "1", "Now": "2",
    }  # fmt: skip
    shown = {exhibit.name: exhibit for exhibit in day_before(seen(world(source__snapshot_drift=[row])), make_project())}
    assert shown["snapshot-drift"].rows == (("changed", "source", LARA, "mailbox_states QuotaBytes", "1", "2"),)
    assert "2026-11-20T08:00:00Z" in shown["snapshot-drift"].caption
    assert "snapshot-drift" not in {exhibit.name for exhibit in day_before(seen(world()), make_project())}
