"""The ledger: what was read, planned, approved, intended and done, each entry chained to the one before.

An entry's hash covers its content and the hash before it, so a changed, removed or inserted entry shows.
Everything that enters is redacted first. An entry is durable when `append` returns.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from xtmig_kernel.changes import canonical
from xtmig_kernel.clock import Clock, as_text
from xtmig_kernel.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LEDGER_FILE = "ledger.db"
FIRST_HASH = "sha256:" + "0" * 64
BUSY_SECONDS = 30
DAMAGED = "Put back the last good copy of ledger.db; do not delete it, it says what was done."

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    run TEXT NOT NULL,
    kind TEXT NOT NULL,
    step TEXT,
    data TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX IF NOT EXISTS entries_by_kind ON entries (kind);
CREATE TRIGGER IF NOT EXISTS entries_are_never_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entries_are_never_replaced BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entries_are_never_removed BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""


class Redacts(Protocol):
    """What the ledger needs of a redactor."""

    def redact_data(self, data: Any) -> Any:
        """The same data with every known secret replaced."""
        ...


@dataclass(frozen=True)
class Entry:
    """One entry.

    Args:
        seq: Its number, from 1 without gaps.
        at: When, ISO 8601 UTC by the project's clock.
        run: Id of the run that wrote it.
        kind: Such as `"intent"`; the list is in docs/reference/ledger.md.
        step: Id of the step, or None.
        data: What it says.
        previous: Hash of the entry before.
        hash: Hash of this entry.
    """

    seq: int
    at: str
    run: str
    kind: str
    step: str | None
    data: dict[str, Any]
    previous: str
    hash: str

    def as_data(self) -> dict[str, Any]:
        """The entry as one JSON object, as the archive's `ledger.jsonl` holds it."""
        return {
            "seq": self.seq,
            "at": self.at,
            "run": self.run,
            "kind": self.kind,
            "step": self.step,
            "data": self.data,
            "previous": self.previous,
            "hash": self.hash,
        }


def entry_hash(content: dict[str, Any]) -> str:
    """The hash of an entry's content.

    Args:
        content: The entry as data, without its own hash.
    """
    return "sha256:" + hashlib.sha256(canonical(content).encode("utf-8")).hexdigest()


_HALF = re.compile("[\ud800-\udfff]")


def _whole(text: str) -> str:
    """Text that UTF-8 can write: half of a surrogate pair, which a tenant's name may hold, is told by its number."""
    return _HALF.sub(lambda half: f"⟨U+{ord(half[0]):04X}⟩", text)


class Ledger:
    """The ledger of one project folder.

    Args:
        folder: The project folder; the file is made if it is missing.
        clock: Where the time of an entry comes from.
        redactor: Takes secrets out of what comes in.
        run: Id of the run that writes.

    Raises:
        LedgerError: The file cannot be opened or is no ledger.
    """

    def __init__(self, folder: Path, clock: Clock, redactor: Redacts, run: str) -> None:
        self.path = folder / LEDGER_FILE
        self.run = run
        self._clock = clock
        self._redactor = redactor
        try:
            with closing(self._connect()) as database:
                database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise LedgerError(
                f"{self.path} cannot be used as a ledger ({error})",
                remedy=DAMAGED,
            ) from error

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        database.execute("PRAGMA synchronous = FULL")
        return database

    def append(self, kind: str, data: dict[str, Any], *, step: str | None = None) -> Entry:
        """Write one entry; it is on disk when this returns.

        Args:
            kind: The kind of entry.
            data: JSON-able content; secrets known to the redactor are taken out.
            step: Id of the step concerned.

        Raises:
            LedgerError: The disk is full, or another process holds the file for too long.
        """
        return self.append_all([(kind, data)], step=step)[0]

    def append_all(self, items: Sequence[tuple[str, dict[str, Any]]], *, step: str | None = None) -> list[Entry]:
        """Write several entries at once, all of them or none; they are on disk when this returns.

        They bear one time, for they become durable at one moment.

        Args:
            items: Kind and content of each.
            step: Id of the step concerned.

        Raises:
            LedgerError: The disk is full, or another process holds the file for too long.
        """
        if not items:
            return []
        clean = [
            (kind, json.loads(_whole(json.dumps(self._redactor.redact_data(data), ensure_ascii=False))))
            for kind, data in items
        ]
        try:
            with self._transaction() as database:
                at = as_text(self._clock.now())
                return [self._insert(database, at, kind, data, step) for kind, data in clean]
        except sqlite3.Error as error:
            raise LedgerError(
                f"{self.path} could not be written ({error})",
                remedy="Free the disk, or close the other program that uses the file, then run again.",
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    def _insert(
        self, database: sqlite3.Connection, at: str, kind: str, data: dict[str, Any], step: str | None
    ) -> Entry:
        last = database.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        seq, previous = (last[0] + 1, last[1]) if last else (1, FIRST_HASH)
        content: dict[str, Any] = {
            "seq": seq,
            "at": at,
            "run": self.run,
            "kind": kind,
            "step": step,
            "data": data,
            "previous": previous,
        }
        entry = Entry(**content, hash=entry_hash(content))
        database.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (entry.seq, entry.at, entry.run, entry.kind, entry.step, canonical(data), previous, entry.hash),
        )
        return entry

    def entries(self, *kinds: str, run: str | None = None, section: str | None = None) -> list[Entry]:
        """Entries in their order.

        Args:
            kinds: Only these kinds; all if none is given.
            run: Only those of this run.
            section: Only those of this section's steps, and those that belong to no step.
        """
        wanted = [(f"kind IN ({', '.join('?' * len(kinds))})", kinds)] if kinds else []
        wanted += [("run = ?", (run,))] if run is not None else []
        wanted += [("(step IS NULL OR step LIKE ?)", (f"{section}.%",))] if section is not None else []
        where = "WHERE " + " AND ".join(condition for condition, _ in wanted) if wanted else ""
        rows = self._read(
            f"SELECT seq, at, run, kind, step, data, previous, hash FROM entries {where} ORDER BY seq",  # noqa: S608 - only marks
            tuple(value for _, values in wanted for value in values),
        )
        return [
            Entry(seq, at, of_run, kind, step, json.loads(data), previous, own)
            for seq, at, of_run, kind, step, data, previous, own in rows
        ]

    def head(self) -> str:
        """The hash of the last entry, or of the empty ledger."""
        last = self._read("SELECT hash FROM entries ORDER BY seq DESC LIMIT 1")
        return str(last[0][0]) if last else FIRST_HASH

    def _read(self, query: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            with closing(self._connect()) as database:
                return database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path} cannot be read ({error})", remedy=DAMAGED) from error

    def verify(self) -> None:
        """Check the whole chain.

        Raises:
            LedgerError: An entry was changed, removed or put in; says which.
        """
        verify_chain([entry.as_data() for entry in self.entries()], FIRST_HASH)


def verify_chain(entries: list[dict[str, Any]], previous: str) -> str:
    """Check a run of entries and return the hash of the last one.

    Args:
        entries: Entries as data, in their order.
        previous: The hash before the first of them.

    Raises:
        LedgerError: The chain is broken; says at which entry.
    """
    for entry in entries:
        content = {key: value for key, value in entry.items() if key != "hash"}
        if entry.get("previous") != previous or entry.get("hash") != entry_hash(content):
            raise LedgerError(
                f"the ledger's chain is broken at entry {entry.get('seq')} ({entry.get('kind')}, {entry.get('at')})",
                cause="this entry or the one before was changed, removed or put in",
                remedy="Compare with an archive of an earlier run; its manifest holds the hashes of that time.",
            )
        previous = entry["hash"]
    return previous
