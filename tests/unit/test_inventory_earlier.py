"""The sizes of an earlier collection come from the project's own snapshots."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core_facts import NOW, StillClock, settings
from stay_facts import size

from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.project import load_project
from xtmig_kernel.store.snapshots import SNAPSHOT_FILE, SnapshotStore

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def earlier(folder: Path) -> Any:
    """What is read today, without any sign-in."""
    import yaml

    (folder / "project.yaml").write_text(yaml.safe_dump(settings()), encoding="utf-8")
    found = Reader(load_project(folder), {}, StillClock(NOW), {}).read("source.earlier_sizes")
    assert isinstance(found, Observed)
    return found


def collected(folder: Path, at: datetime, number: int, *, whole: bool = True, seen: bool = True) -> None:
    """A collection in which Lara's mailbox held so many bytes."""
    store = SnapshotStore(folder)
    snapshot = store.begin(at, {})
    fact = Observed((size(Bytes=number),), at, "sizes") if seen else NotObserved(Reason.DENIED, "no", at)
    store.keep(snapshot, "source.mailbox_sizes", fact, ["-"] if seen else [])
    if whole:
        store.finish(snapshot, at)


def test_nothing_was_collected(tmp_path: Path) -> None:
    """Without a collection there are no rows, and no store is made for the question."""
    assert earlier(tmp_path).value == ()
    assert not (tmp_path / SNAPSHOT_FILE).exists()


def test_newest_that_is_a_day_old(tmp_path: Path) -> None:
    """Of several collections the newest counts that is a day old, and each row says when it was read."""
    for days, number in ((9, 1), (2, 2), (0.5, 3)):
        collected(tmp_path, NOW - timedelta(days=days), number)
    (row,) = earlier(tmp_path).value
    assert (row["Bytes"], row["At"]) == (2, "2026-11-21T09:30:00Z")


def test_what_was_broken_off_or_not_observed_does_not_count(tmp_path: Path) -> None:
    """A collection that is not whole, or in which sizes were refused, is passed over."""
    collected(tmp_path, NOW - timedelta(days=9), 1)
    collected(tmp_path, NOW - timedelta(days=3), 2, whole=False)
    collected(tmp_path, NOW - timedelta(days=2), 3, seen=False)
    assert [row["Bytes"] for row in earlier(tmp_path).value] == [1]
