"""Snapshots of both tenants in the project folder (`xtmig_kernel.store.snapshots`)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from xtmig_kernel.errors import InventoryError
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.store import Answer, SnapshotStore

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
FACT = "source.mailboxes"


def kept(store: SnapshotStore, rows: int = 3) -> str:
    """A finished snapshot of one table."""
    snapshot = store.begin(NOW, {"simulated": True})
    table = Observed(tuple({"Alias": f"user{n}", "Numbers": ["1", "2"]} for n in range(rows)), NOW, "Get-Mailbox")
    store.keep(snapshot, FACT, table, [f"2026-11-28T09:00:0{n % 10}Z" for n in range(rows)])
    store.finish(snapshot, NOW + timedelta(minutes=1))
    return snapshot


def test_rows_come_back_as_they_were_read(tmp_path: Path) -> None:
    """A table of a snapshot holds the rows, the time and the call of the read."""
    store = SnapshotStore(tmp_path)
    found = store.facts(kept(store, 1201))[FACT]
    assert isinstance(found, Observed)
    assert (len(found.value), found.at, found.source) == (1201, NOW, "Get-Mailbox")
    assert found.value[1200] == {"Alias": "user1200", "Numbers": ["1", "2"]}


def test_every_row_knows_when_it_was_read(tmp_path: Path) -> None:
    """Each row has a time of its own."""
    store = SnapshotStore(tmp_path)
    snapshot = kept(store)
    assert store.times(snapshot, FACT) == ("2026-11-28T09:00:00Z", "2026-11-28T09:00:01Z", "2026-11-28T09:00:02Z")


def test_what_could_not_be_read_is_kept_as_such(tmp_path: Path) -> None:
    """A refused read comes back as refused, never as an empty table."""
    store = SnapshotStore(tmp_path)
    snapshot = store.begin(NOW, {})
    store.keep(snapshot, FACT, NotObserved(Reason.DENIED, "no role", NOW), [])
    assert store.facts(snapshot)[FACT] == NotObserved(Reason.DENIED, "no role", NOW)


def test_a_table_that_nobody_asked_for_is_not_there(tmp_path: Path) -> None:
    """A fact that the snapshot says nothing of is a missing key."""
    store = SnapshotStore(tmp_path)
    assert "target.mail_users" not in store.facts(kept(store))


def test_several_snapshots_are_kept(tmp_path: Path) -> None:
    """Two collections of the same second are two snapshots, the oldest first."""
    store = SnapshotStore(tmp_path)
    assert [kept(store), kept(store)] == [info.id for info in store.all()]
    assert len({info.id for info in store.all()}) == 2


def test_a_broken_off_snapshot_is_told_apart(tmp_path: Path) -> None:
    """A snapshot that was never finished has no time at which it was whole."""
    store = SnapshotStore(tmp_path)
    store.begin(NOW, {})
    assert [info.finished for info in store.all()] == [None]


def test_answers_last_until_the_snapshot_is_whole(tmp_path: Path) -> None:
    """Answers of a table on its way outlive the process, and go when the snapshot is finished."""
    store = SnapshotStore(tmp_path)
    snapshot = store.begin(NOW, {})
    store.keep_answer(snapshot, "source", "Get-Mailbox", Answer(0, NOW, {"rows": [1], "link": "next"}))
    assert SnapshotStore(tmp_path).answers(snapshot, "source", "Get-Mailbox") == (
        Answer(0, NOW, {"rows": [1], "link": "next"}),
    )
    store.finish(snapshot, NOW)
    assert store.answers(snapshot, "source", "Get-Mailbox") == ()


def test_a_removed_snapshot_leaves_nothing(tmp_path: Path) -> None:
    """With a snapshot go its tables and answers."""
    store = SnapshotStore(tmp_path)
    snapshot = kept(store)
    store.remove(snapshot)
    assert store.all() == ()
    assert store.times(snapshot, FACT) == ()


def test_text_that_no_encoding_takes_comes_back(tmp_path: Path) -> None:
    """Half a surrogate pair in a name does not stop a snapshot."""
    store = SnapshotStore(tmp_path)
    snapshot = store.begin(NOW, {})
    store.keep(snapshot, FACT, Observed(({"Alias": "\ud800\u2028\x00"},), NOW, "Get-Mailbox"), [])
    found = store.facts(snapshot)[FACT]
    assert isinstance(found, Observed)
    assert found.value == ({"Alias": "\ud800\u2028\x00"},)


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such permissions")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody but the owner may read the file."""
    SnapshotStore(tmp_path)
    assert (tmp_path / "inventory.db").stat().st_mode & 0o777 == 0o600


def test_an_unknown_snapshot_is_a_clear_error(tmp_path: Path) -> None:
    """Asking for a snapshot that is not there names the command that lists them."""
    with pytest.raises(InventoryError, match="no snapshot 2020") as caught:
        SnapshotStore(tmp_path).facts("2020")
    assert "xtmig assess --list" in (caught.value.remedy or "")


def test_a_file_that_is_no_store_is_a_clear_error(tmp_path: Path) -> None:
    """Something else of that name is told, and not written over."""
    (tmp_path / "inventory.db").write_bytes(b"not a database at all, only long enough to be looked at" * 20)
    with pytest.raises(InventoryError, match=r"inventory\.db cannot be used"):
        SnapshotStore(tmp_path)
