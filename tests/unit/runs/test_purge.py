"""Personal data goes when it is asked to (`xtmig purge`)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xtmig_kernel.cli import app
from xtmig_kernel.clock import SystemClock
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import LedgerError
from xtmig_kernel.evidence import Observed
from xtmig_kernel.runs.purge import purge, purgeable
from xtmig_kernel.store import Ledger, SnapshotStore, project_lock

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
NAME = "Lara.Newton@contoso.com"
NOTEBOOK = {
    "cells": [{"cell_type": "code", "source": "1", "metadata": {}, "outputs": [{"text": NAME}], "execution_count": 3}],
    "metadata": {"widgets": {"state": NAME}}, "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip


@pytest.fixture
def full(folder: Path) -> Path:
    """A project folder with something of everything."""
    store = SnapshotStore(folder)
    snapshot = store.begin(NOW, {})
    store.keep(snapshot, "source.mailboxes", Observed(({"PrimarySmtpAddress": NAME},), NOW, "Get-Mailbox"), ["now"])
    store.finish(snapshot, NOW)
    for name in ("users.csv", "baseline/pilot-folders.csv", "rehearsals/one/users.csv", ".simulation/tenants.yaml",
                 "reports/run/index.html", "approvals.yaml"):  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {NAME}\n" if name.endswith("yaml") else NAME, encoding="utf-8")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "010-connect.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    Ledger(folder, SystemClock(), Redactor(), "run").append("finding", {"subject": NAME})
    return folder


def files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".xtmig"))
    return {path.relative_to(folder).as_posix() for path in found}


def test_snapshots_go_and_nothing_else(full: Path) -> None:
    """Snapshots and what was made of them are removed; lists of those who move stay."""
    purge(purgeable(full, everything=False))
    gone = {"inventory.db", "rehearsals/one/users.csv", ".simulation/tenants.yaml"}
    assert files(full) & gone == set()
    assert {"users.csv", "baseline/pilot-folders.csv", "ledger.db", "reports/run/index.html"} <= files(full)


def test_all_that_is_no_evidence_goes(full: Path) -> None:
    """Of all personal data only evidence and the settings that it rests on are left."""
    purge(purgeable(full, everything=True))
    left = {"project.yaml", "approvals.yaml", "ledger.db", "reports/run/index.html", "notebooks/010-connect.ipynb"}
    assert files(full) == left
    assert NAME not in (full / "notebooks" / "010-connect.ipynb").read_text(encoding="utf-8")


def test_a_notebook_stays_a_notebook(full: Path) -> None:
    """Outputs are cleared, cells stay."""
    purge(purgeable(full, everything=True))
    kept = json.loads((full / "notebooks" / "010-connect.ipynb").read_text(encoding="utf-8"))
    assert kept["cells"][0]["source"] == "1"
    assert (kept["cells"][0]["outputs"], kept["cells"][0]["execution_count"]) == ([], None)


def test_asking_removes_nothing(full: Path) -> None:
    """What would go is told before anything goes."""
    before = files(full)
    what = purgeable(full, everything=True)
    assert "file users.csv" in what.told()
    assert files(full) == before


def test_what_stays_is_told_with_the_reason(full: Path) -> None:
    """Ledger and archives stay as evidence, and it is said."""
    (told,) = [line for line in purgeable(full, everything=True).stays if "of evidence" in line]
    assert told.startswith("2 files of evidence: ")


def test_the_ledger_says_what_went(full: Path) -> None:
    """The ledger names the files and snapshots, and nothing that was in them; its chain holds."""
    what = purgeable(full, everything=True)
    purge(what)
    ledger = Ledger(full, SystemClock(), Redactor(), "reading")
    (entry,) = ledger.entries("purged")
    assert entry.data["snapshots"] == list(what.snapshots)
    assert "users.csv" in entry.data["files"]
    assert NAME not in json.dumps(entry.data)
    ledger.verify()


def test_nothing_goes_while_a_run_changes_tenants(full: Path) -> None:
    """While another run works in the folder, nothing is taken from under it."""
    with project_lock(full), pytest.raises(LedgerError):
        purge(purgeable(full, everything=True))
    assert "users.csv" in files(full)


def test_removed_rows_are_not_in_the_file(tmp_path: Path) -> None:
    """A removed snapshot's rows are overwritten: the file holds no name any more, before and after it shrinks."""
    store = SnapshotStore(tmp_path)
    rows = tuple({"PrimarySmtpAddress": f"{n}.{NAME}"} for n in range(2000))
    snapshot = store.begin(NOW, {"who": NAME})
    store.keep(snapshot, "source.mailboxes", Observed(rows, NOW, "Get-Mailbox"), ["now"] * 2000)
    path = tmp_path / "inventory.db"
    assert NAME.encode() in path.read_bytes()
    store.remove(snapshot)
    assert NAME.encode() not in path.read_bytes()
    size = path.stat().st_size
    store.shrink()
    assert path.stat().st_size < size / 2
    assert NAME.encode() not in path.read_bytes()


def test_a_table_that_is_read_again_leaves_nothing(tmp_path: Path) -> None:
    """A table that takes the place of another one overwrites its rows, too."""
    store = SnapshotStore(tmp_path)
    snapshot = store.begin(NOW, {})
    for name in (NAME, "Nobody@contoso.com"):
        store.keep(snapshot, "source.mailboxes", Observed(({"PrimarySmtpAddress": name},), NOW, "x"), ["now"])
    assert NAME.encode() not in (tmp_path / "inventory.db").read_bytes()


@pytest.mark.parametrize("name", ["inventory.db", "ledger.db"])
def test_the_stores_are_the_owners_alone(tmp_path: Path, name: str) -> None:
    """Whoever else uses the computer cannot read a file with names in it, made by us or copied here."""
    (tmp_path / "inventory.db").touch(mode=0o644)
    SnapshotStore(tmp_path)
    Ledger(tmp_path, SystemClock(), Redactor(), "run")
    assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_the_command_asks_first(full: Path) -> None:
    """Without a yes nothing is removed, and the exit code says that a person is waited for."""
    before = files(full)
    done = CliRunner().invoke(app, ["purge", "--snapshots", "--project", str(full)], input="n\n")
    assert done.exit_code == 4
    assert files(full) == before


def test_the_command_asks_what(full: Path) -> None:
    """Without an option it asks what to remove."""
    done = CliRunner().invoke(app, ["purge", "--project", str(full)], input="snapshots\ny\n")
    assert done.exit_code == 0, done.output
    assert "inventory.db" not in files(full)
    assert "users.csv" in files(full)


def test_a_script_must_say_what(full: Path) -> None:
    """--yes alone removes nothing."""
    before = files(full)
    assert CliRunner().invoke(app, ["purge", "--yes", "--project", str(full)]).exit_code == 2
    assert files(full) == before
