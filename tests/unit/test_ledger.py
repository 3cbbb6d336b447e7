from __future__ import annotations

import json
import multiprocessing
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ledger_process
import pytest
from core_facts import NOW, StillClock
from ledger_process import append_many, rewrite

from xtmig_kernel.changes import canonical
from xtmig_kernel.credentials import Redactor, Secret
from xtmig_kernel.errors import LedgerError
from xtmig_kernel.store import Ledger, project_lock
from xtmig_kernel.store.ledger import FIRST_HASH, LEDGER_FILE, entry_hash, verify_chain

if TYPE_CHECKING:
    from xtmig_kernel.store import Entry


def fill(ledger: Ledger, number: int = 3) -> list[Entry]:
    return [ledger.append("intent", {"count": count}, step="070.2") for count in range(number)]


def test_entries_are_chained(ledger: Ledger) -> None:
    """Each entry holds the hash of the one before, the first one a hash of zeros."""
    entries = fill(ledger)
    assert [FIRST_HASH, entries[0].hash, entries[1].hash] == [entry.previous for entry in entries]
    assert ledger.head() == entries[-1].hash


def test_hash_covers_all_but_itself(ledger: Ledger) -> None:
    """Anybody can compute an entry's hash again from what the archive shows."""
    data = fill(ledger)[0].as_data()
    own = data.pop("hash")
    assert entry_hash(data) == own


def test_numbers_have_no_gaps(ledger: Ledger) -> None:
    """Entries are numbered from 1."""
    assert [entry.seq for entry in fill(ledger)] == [1, 2, 3]


def test_entry_says_when_by_the_projects_clock(ledger: Ledger, clock: StillClock) -> None:
    """The time of an entry is the project's, simulated or not."""
    clock.sleep(3600)
    assert fill(ledger, 1)[0].at == "2026-11-23T10:30:00Z"


def test_nothing_to_write_writes_nothing(ledger: Ledger) -> None:
    """No entries given, none written."""
    assert (ledger.append_all([]), ledger.entries()) == ([], [])


def test_what_is_read_is_what_was_written(ledger: Ledger) -> None:
    """Text of any script, nested data and empty values survive."""
    data = {"name": "Zoë “O’Brien” 東京", "list": [1, None, {"a": []}], "empty": ""}
    ledger.append("observed", data)
    assert ledger.entries()[0].data == data


def test_entries_by_kind_and_run(tmp_path: Path, clock: StillClock) -> None:
    """A reader gets the kinds and the run that it asks for, in their order."""
    for run in ("run-1", "run-2"):
        of_run = Ledger(tmp_path, clock, Redactor(), run)
        of_run.append("intent", {})
        of_run.append("outcome", {})
    assert [(e.run, e.kind) for e in of_run.entries("outcome")] == [("run-1", "outcome"), ("run-2", "outcome")]
    assert [e.kind for e in of_run.entries(run="run-2")] == ["intent", "outcome"]


def test_several_entries_at_once_are_one_chain(ledger: Ledger) -> None:
    """Entries written together follow each other in the chain."""
    ledger.append_all([("finding", {"n": 1}), ("finding", {"n": 2})], step="070.2")
    ledger.append("outcome", {})
    ledger.verify()
    assert [1, 2, 3] == [entry.seq for entry in ledger.entries()]


def test_several_entries_are_all_or_none(ledger: Ledger) -> None:
    """When one of several entries cannot be written, none is."""
    with pytest.raises((TypeError, ValueError, LedgerError)):
        ledger.append_all([("finding", {"n": 1}), ("finding", {"n": float("nan")})])
    assert ledger.entries() == []


@pytest.mark.parametrize("action", ["UPDATE entries SET kind = 'x' WHERE seq = 1", "DELETE FROM entries WHERE seq = 1"])
def test_entries_are_only_added(ledger: Ledger, action: str) -> None:
    """The file itself refuses to change or remove an entry."""
    fill(ledger)
    with closing(sqlite3.connect(ledger.path)) as database, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(action)


def test_entries_are_not_replaced(ledger: Ledger) -> None:
    """The file refuses to replace an entry, too, for which SQLite asks no trigger about removal."""
    first = fill(ledger)[0]
    with closing(sqlite3.connect(ledger.path)) as database:
        row = list(database.execute("SELECT * FROM entries WHERE seq = 1").fetchone())
        row[3] = "other"
        with pytest.raises(sqlite3.IntegrityError):
            database.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert ledger.entries()[0] == first


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-01-01T00:00:00Z"),
        ("run", "another"),
        ("kind", "outcome"),
        ("step", "070.9"),
        ("step", None),
        ("data", '{"count":7}'),
        ("previous", "sha256:" + "1" * 64),
        ("hash", "sha256:" + "2" * 64),
        ("seq", 17),
    ],
)
def test_tampering_shows(ledger: Ledger, tmp_path: Path, column: str, value: object) -> None:
    """A field that was changed in the file breaks the chain, whichever it is."""
    fill(ledger)
    rewrite(tmp_path, f"UPDATE entries SET {column} = ? WHERE seq = 2", value)
    with pytest.raises(LedgerError, match="broken at entry"):
        ledger.verify()


def test_tampering_of_the_last_entry_shows(ledger: Ledger, tmp_path: Path) -> None:
    """The last entry is covered by its own hash, although none follows it."""
    fill(ledger)
    rewrite(tmp_path, "UPDATE entries SET data = '{}' WHERE seq = 3")
    with pytest.raises(LedgerError, match="broken at entry 3"):
        ledger.verify()


def test_removed_entry_shows(ledger: Ledger, tmp_path: Path) -> None:
    """An entry that was taken out breaks the chain at the one that followed."""
    fill(ledger)
    rewrite(tmp_path, "DELETE FROM entries WHERE seq = 2")
    with pytest.raises(LedgerError, match="broken at entry 3"):
        ledger.verify()


def test_inserted_entry_shows(ledger: Ledger, tmp_path: Path) -> None:
    """An entry that was put in with a hash of its own breaks the chain after it."""
    first, second, _ = fill(ledger)
    forged = {
        "seq": 3,
        "at": first.at,
        "run": "run-1",
        "kind": "approval_given",
        "step": None,
        "data": {},
        "previous": second.hash,
    }
    rewrite(tmp_path, "UPDATE entries SET seq = 4 WHERE seq = 3")
    rewrite(
        tmp_path,
        "INSERT INTO entries VALUES (3, ?, 'run-1', 'approval_given', NULL, '{}', ?, ?)",
        first.at,
        second.hash,
        entry_hash(forged),
    )
    with pytest.raises(LedgerError, match="broken at entry 4"):
        ledger.verify()


def test_archived_part_continues_the_chain(ledger: Ledger) -> None:
    """The entries of one run verify from the hash before them, and give the hash to go on from."""
    entries = [entry.as_data() for entry in fill(ledger, 4)]
    assert verify_chain(entries[2:], entries[1]["hash"]) == ledger.head()
    with pytest.raises(LedgerError):
        verify_chain(entries[2:], FIRST_HASH)


def test_entry_without_its_hash_is_a_broken_chain(ledger: Ledger) -> None:
    """An archived entry that lost a field is a broken chain, not a fault of the program."""
    data = fill(ledger, 1)[0].as_data()
    del data["hash"]
    with pytest.raises(LedgerError):
        verify_chain([data], FIRST_HASH)


def test_secrets_do_not_enter(tmp_path: Path, clock: StillClock, redactor: Redactor) -> None:
    """What the redactor knows is taken out before an entry is written, however deep it stands."""
    secret = Secret("kq8~Xy7.NotForTheLedger_012345", redactor)
    ledger = Ledger(tmp_path, clock, redactor, "run-1")
    entry = ledger.append("outcome", {"warnings": [f"bad secret {secret.reveal()}"], "nested": {"x": secret.reveal()}})
    assert secret.reveal() not in canonical(entry.as_data())
    assert secret.reveal().encode() not in (tmp_path / LEDGER_FILE).read_bytes()
    ledger.verify()


def test_writers_at_once_keep_one_chain(tmp_path: Path) -> None:
    """Two processes that write at the same time leave one chain that holds everything of both."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    writers = [context.Process(target=append_many, args=(str(tmp_path), name, 60, together)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0]
    ledger = Ledger(tmp_path, StillClock(NOW), Redactor(), "reader")
    ledger.verify()
    counts = {name: [e.data["count"] for e in ledger.entries(run=name)] for name in ("one", "two")}
    assert counts == {"one": list(range(60)), "two": list(range(60))}


@pytest.mark.parametrize(("how", "kept"), [("die_inside_an_append", 2), ("die_after_an_insert", 1)])
def test_killed_writer_loses_nothing(tmp_path: Path, how: str, kept: int) -> None:
    """What `append` returned from is there after a kill, what it did not is not, and the next writer goes on."""
    ended = subprocess.run([sys.executable, ledger_process.__file__, how, str(tmp_path)], check=False, timeout=60)
    assert ended.returncode == 9
    ledger = Ledger(tmp_path, StillClock(NOW), Redactor(), "next")
    assert [entry.data["count"] for entry in ledger.entries()] == list(range(kept))
    ledger.append("run_started", {})
    ledger.verify()


def test_file_that_is_no_ledger(tmp_path: Path, clock: StillClock) -> None:
    """A damaged file is told in words, with the advice not to delete it."""
    (tmp_path / LEDGER_FILE).write_bytes(b"this is not a database, but long enough to look at" * 100)
    with pytest.raises(LedgerError, match="do not delete it"):
        Ledger(tmp_path, clock, Redactor(), "run-1")


def test_damage_found_while_reading(ledger: Ledger, tmp_path: Path) -> None:
    """Damage in the middle of the file is told in words, too."""
    ledger.append_all([("observed", {"text": "x" * 2000}) for _ in range(40)])
    path = tmp_path / LEDGER_FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 9000] = b"\xff" * 9000
    path.write_bytes(content)
    with pytest.raises(LedgerError):
        ledger.verify()


def test_one_run_at_a_time_changes_tenants(tmp_path: Path) -> None:
    """A second run is refused while the first holds the project, and let in afterwards."""
    with project_lock(tmp_path), pytest.raises(LedgerError, match="another run"), project_lock(tmp_path):
        pass
    with project_lock(tmp_path):
        assert (tmp_path / ".xtmig.lock").exists()


def test_documented_fields_are_the_fields(ledger: Ledger) -> None:
    """The reference page of the ledger names every field of an entry."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "ledger.md").read_text(encoding="utf-8")
    fields: dict[str, Any] = json.loads(json.dumps(fill(ledger, 1)[0].as_data()))
    assert [name for name in fields if f"`{name}`" not in page] == []


def test_entries_of_one_section(tmp_path: Path) -> None:
    """Asked for a section, the ledger gives the entries of its steps and those of no step, and no other section's."""
    ledger = Ledger(tmp_path, StillClock(NOW), Redactor(), "run-1")
    for step in ("070.2", None, "080.1"):
        ledger.append("finding", {"of": step}, step=step)
    assert ["070.2", None] == [entry.data["of"] for entry in ledger.entries(section="070")]


def test_half_a_surrogate_pair_is_written_by_its_number(ledger: Ledger) -> None:
    """A name that UTF-8 cannot write stops no entry: the half is told by its number, and the chain holds."""
    entry = ledger.append("finding", {"subject": "a\ud800b😀"})
    assert entry.data == {"subject": "a⟨U+D800⟩b😀"}
    assert [found.hash for found in ledger.entries("finding")] == [entry.hash]
