"""Snapshots: what both tenants held at one time, kept in the project folder as `inventory.db`.

It can be read again from the tenants, so it may be deleted; the ledger may not. It holds personal data, and is readable
by its owner alone. A collection writes each table when it is whole; the answers of a table that is not whole yet are
kept too, so that a collection that was killed goes on where it stopped.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text, from_text
from xtmig_kernel.errors import InventoryError
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.memory import collection_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from xtmig_kernel.evidence import Observation, Row

SNAPSHOT_FILE = "inventory.db"
LAST = "last"
"""How a person names the newest whole snapshot."""
SNAPSHOT_FILES = frozenset({SNAPSHOT_FILE, *(f"{SNAPSHOT_FILE}-{end}" for end in ("journal", "wal", "shm"))})
"""The file, and those that SQLite may leave beside it."""
_OWNER_ALONE = 0o600
ROWS_PER_CHUNK = 500
_BUSY_SECONDS = 30
_SCHEMA = """
CREATE TABLE IF NOT EXISTS snapshots (
    id TEXT PRIMARY KEY,
    started TEXT NOT NULL,
    finished TEXT,
    about TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS observations (
    snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    fact TEXT NOT NULL,
    at TEXT NOT NULL,
    source TEXT,
    reason TEXT,
    detail TEXT,
    rows INTEGER NOT NULL,
    PRIMARY KEY (snapshot, fact)
) STRICT;
CREATE TABLE IF NOT EXISTS chunks (
    snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    fact TEXT NOT NULL,
    number INTEGER NOT NULL,
    rows TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (snapshot, fact, number)
) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    snapshot TEXT NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
    side TEXT NOT NULL,
    call TEXT NOT NULL,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (snapshot, side, call, number)
) STRICT;
"""


@dataclass(frozen=True)
class SnapshotInfo:
    """One snapshot, without what it holds.

    Args:
        id: Its id, which sorts by time.
        started: When the collection began, UTC.
        finished: When it was whole, UTC; None for one that was broken off.
        about: What it is of: JSON-able; `simulated`, the tenants' ids, who was signed in.
    """

    id: str
    started: datetime
    finished: datetime | None
    about: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer of a table that is still being read.

    Args:
        number: Its place among the answers to the same call, from 0.
        at: When it came, UTC.
        answer: JSON-able: what came, and how the next one is asked for.
    """

    number: int
    at: datetime
    answer: Any


class StoredFacts(Mapping[str, "Observation[tuple[Row, ...]]"]):
    """The facts of one snapshot; a table is read from the file when it is asked for, and kept.

    Args:
        store: The store.
        snapshot: Id of the snapshot.
    """

    def __init__(self, store: SnapshotStore, snapshot: str) -> None:
        self._store = store
        self._shared: dict[str, str] = {}
        self._snapshot = snapshot
        self._names = store.fact_names(snapshot)
        self._read: dict[str, Observation[tuple[Row, ...]]] = {}

    def __getitem__(self, fact: str) -> Observation[tuple[Row, ...]]:
        """The observation of one fact, such as `"source.mailboxes"`."""
        if fact not in self._names:
            raise KeyError(fact)
        if fact not in self._read:
            self._read[fact] = self._store.observation(self._snapshot, fact, self._shared)
        return self._read[fact]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class SnapshotStore:
    """The snapshots of one project folder.

    Args:
        folder: The project folder; the file is made if it is missing.

    Raises:
        InventoryError: The file cannot be opened, or is no store of snapshots.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / SNAPSHOT_FILE
        try:
            self.path.touch(mode=_OWNER_ALONE, exist_ok=True)
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(_OWNER_ALONE)  # made by another program, or copied from elsewhere
            with self._database() as database:
                database.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise self._problem(error) from error

    def begin(self, started: datetime, about: dict[str, Any]) -> str:
        """Begin a snapshot.

        Args:
            started: The present moment, UTC.
            about: What it is of; see `SnapshotInfo`.

        Returns:
            Its id.
        """
        with self._database() as database:
            base = f"{started:%Y-%m-%d-%H%M%S}"
            taken = {row[0] for row in database.execute("SELECT id FROM snapshots")}
            snapshot = next(name for name in _names(base) if name not in taken)
            values = (snapshot, as_text(started), _json(about))
            database.execute("INSERT INTO snapshots (id, started, about) VALUES (?, ?, ?)", values)
        return snapshot

    def finish(self, snapshot: str, at: datetime) -> None:
        """Say that a snapshot is whole; answers that were kept on the way go.

        Args:
            snapshot: Its id.
            at: The present moment, UTC.
        """
        with self._database() as database:
            database.execute("DELETE FROM answers WHERE snapshot = ?", (snapshot,))
            database.execute("UPDATE snapshots SET finished = ? WHERE id = ?", (as_text(at), snapshot))

    def remove(self, snapshot: str) -> None:
        """Remove a snapshot with all that it holds; its rows are overwritten in the file.

        Args:
            snapshot: Its id.
        """
        with self._database() as database:
            database.execute("DELETE FROM snapshots WHERE id = ?", (snapshot,))

    def shrink(self) -> None:
        """Write the file anew, without the room that removed snapshots have left."""
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as database:
                database.execute("PRAGMA secure_delete = ON")
                database.execute("VACUUM")
        except sqlite3.Error as error:
            raise self._problem(error) from error

    def all(self) -> tuple[SnapshotInfo, ...]:
        """Every snapshot, the oldest first."""
        with self._database() as database:
            rows = database.execute("SELECT id, started, finished, about FROM snapshots ORDER BY started, id")
            return tuple(
                SnapshotInfo(name, from_text(started), from_text(finished) if finished else None, json.loads(about))
                for name, started, finished, about in rows
            )

    def facts(self, snapshot: str) -> StoredFacts:
        """What a snapshot holds.

        Args:
            snapshot: Its id.

        Raises:
            InventoryError: There is no such snapshot.
        """
        if snapshot not in {info.id for info in self.all()}:
            raise InventoryError(
                f"there is no snapshot {snapshot} in {self.path}",
                remedy="xtmig assess --list names those that there are.",
            )
        return StoredFacts(self, snapshot)

    def fact_names(self, snapshot: str) -> tuple[str, ...]:
        """The facts that a snapshot has an observation of, or the reason why it has none.

        Args:
            snapshot: Its id.
        """
        with self._database() as database:
            rows = database.execute("SELECT fact FROM observations WHERE snapshot = ? ORDER BY fact", (snapshot,))
            return tuple(name for (name,) in rows)

    def keep(self, snapshot: str, fact: str, observation: Observation[tuple[Row, ...]], read_at: Sequence[str]) -> None:
        """Keep a whole table, instead of what was kept of it before.

        Args:
            snapshot: Id of the snapshot.
            fact: Side and table, such as `"source.mailboxes"`.
            observation: What was read, or why nothing was.
            read_at: For each row when it was read, as `as_text` writes it; empty if nothing was observed.
        """
        with self._database() as database:
            database.execute("DELETE FROM chunks WHERE snapshot = ? AND fact = ?", (snapshot, fact))
            database.execute(
                "INSERT OR REPLACE INTO observations (snapshot, fact, at, source, reason, detail, rows)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (snapshot, fact, *_told(observation)),
            )
            if isinstance(observation, Observed):
                chunks = _chunks(snapshot, fact, observation.value, read_at)
                database.executemany(
                    "INSERT INTO chunks (snapshot, fact, number, rows, read_at) VALUES (?, ?, ?, ?, ?)", chunks
                )

    def observation(
        self, snapshot: str, fact: str, shared: dict[str, str] | None = None
    ) -> Observation[tuple[Row, ...]]:
        """One table of a snapshot.

        Args:
            snapshot: Id of the snapshot.
            fact: Side and table.
            shared: Texts that were read already: an address stands in a dozen tables, and is kept in memory once.

        Raises:
            KeyError: The snapshot says nothing of it.
        """
        with self._database() as database:
            told = database.execute(
                "SELECT at, source, reason, detail FROM observations WHERE snapshot = ? AND fact = ?", (snapshot, fact)
            ).fetchone()
            if told is None:
                raise KeyError(fact)
            at, source, reason, detail = told
            if reason is not None:
                return NotObserved(Reason(reason), detail or "", from_text(at))
            found = database.execute(
                "SELECT rows FROM chunks WHERE snapshot = ? AND fact = ? ORDER BY number", (snapshot, fact)
            )
            rows: list[Row] = []
            texts: dict[str, str] = {} if shared is None else shared
            with collection_paused():
                for (chunk,) in found:
                    rows += _rows(json.loads(chunk), texts)
            return Observed(tuple(rows), from_text(at), source or "")

    def times(self, snapshot: str, fact: str) -> tuple[str, ...]:
        """For each row of a table when it was read, in the order of its rows.

        Args:
            snapshot: Id of the snapshot.
            fact: Side and table.
        """
        with self._database() as database:
            found = database.execute(
                "SELECT read_at FROM chunks WHERE snapshot = ? AND fact = ? ORDER BY number", (snapshot, fact)
            )
            return tuple(time for (chunk,) in found for time in json.loads(chunk))

    def keep_answer(self, snapshot: str, side: str, call: str, answer: Answer) -> None:
        """Keep one answer of a table that is still being read; it is on disk when this returns.

        Args:
            snapshot: Id of the snapshot.
            side: The side that was asked.
            call: What was asked, with everything that tells it from other calls.
            answer: What came.
        """
        with self._database() as database:
            database.execute(
                "INSERT OR REPLACE INTO answers (snapshot, side, call, number, at, answer) VALUES (?, ?, ?, ?, ?, ?)",
                (snapshot, side, call, answer.number, as_text(answer.at), _json(answer.answer)),
            )

    def answers(self, snapshot: str, side: str, call: str) -> tuple[Answer, ...]:
        """The answers to one call that were kept, in their order.

        Args:
            snapshot: Id of the snapshot.
            side: The side that was asked.
            call: As it was given to `keep_answer`.
        """
        with self._database() as database:
            found = database.execute(
                "SELECT number, at, answer FROM answers WHERE snapshot = ? AND side = ? AND call = ? ORDER BY number",
                (snapshot, side, call),
            )
            return tuple(Answer(number, from_text(at), json.loads(answer)) for number, at, answer in found)

    def drop_answers(self, snapshot: str, side: str, call: str) -> None:
        """Forget the answers to one call: it must be asked again from its beginning.

        Args:
            snapshot: Id of the snapshot.
            side: The side that was asked.
            call: As it was given to `keep_answer`.
        """
        with self._database() as database:
            database.execute("DELETE FROM answers WHERE snapshot = ? AND side = ? AND call = ?", (snapshot, side, call))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of what is written in it, or nothing."""
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as database:
                database.execute("PRAGMA foreign_keys = ON")
                database.execute("PRAGMA secure_delete = ON")  # removed rows are zeros in the file, not merely unlisted
                with database:
                    yield database
        except sqlite3.Error as error:
            raise self._problem(error) from error

    def _problem(self, error: Exception) -> InventoryError:
        return InventoryError(
            f"{self.path} cannot be used as a store of snapshots ({error})",
            remedy="Free the disk, or close the other program that uses the file. The file can be deleted: it holds "
            "only what can be read from the tenants again.",
        )


def _names(base: str) -> Iterator[str]:
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def _json(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"))  # ASCII: a tenant may hold half a surrogate pair, which no UTF-8 can


def _told(observation: Observation[Any]) -> tuple[str, str | None, str | None, str | None, int]:
    if isinstance(observation, NotObserved):
        return as_text(observation.at), None, observation.reason.value, observation.detail, 0
    return as_text(observation.at), observation.source, None, None, len(observation.value)


def _chunks(
    snapshot: str, fact: str, rows: Sequence[Row], read_at: Sequence[str]
) -> Iterable[tuple[str, str, int, str, str]]:
    for start in range(0, len(rows), ROWS_PER_CHUNK):
        end = start + ROWS_PER_CHUNK
        yield snapshot, fact, start // ROWS_PER_CHUNK, _json(_packed(rows[start:end])), _json(list(read_at[start:end]))


def _packed(rows: Sequence[Row]) -> Any:
    """Rows of the same columns as these columns, each with all its values; others as they are."""
    columns = list(rows[0])
    if any(list(row) != columns for row in rows):
        return list(rows)
    return {"columns": columns, "values": [[row[column] for row in rows] for column in columns]}


def _rows(packed: Any, texts: dict[str, str]) -> list[Row]:
    if isinstance(packed, list):
        return packed
    columns = [[_once(value, texts) for value in values] for values in packed["values"]]
    names = packed["columns"]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _once(value: Any, texts: dict[str, str]) -> Any:
    if type(value) is str:
        return texts.setdefault(value, value)
    if type(value) is list:
        return [texts.setdefault(item, item) if type(item) is str else item for item in value]
    return value
