"""What other processes do to a ledger in `test_ledger`; in a module of its own, because spawn imports it."""

from __future__ import annotations

import os
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.store import Ledger
from xtmig_kernel.store import ledger as ledger_module

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier


def append_many(folder: str, name: str, number: int, together: Barrier) -> None:
    """Append so many entries under the run `name`, beginning when the others do."""
    ledger = Ledger(Path(folder), SystemClock(), Redactor(), name)
    together.wait(60)
    for count in range(number):
        ledger.append("intent", {"count": count})


class DyingClock:
    """Ends the process, without any tidying up, when it is asked for the time once too often."""

    def __init__(self, answers: int) -> None:
        self.left = answers

    def now(self) -> datetime:
        if self.left == 0:
            os._exit(9)
        self.left -= 1
        return datetime(2026, 11, 23, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody waits {seconds} s here")


def die_inside_an_append(folder: str) -> None:
    """Write two entries, and die in the middle of the transaction of the third."""
    ledger = Ledger(Path(folder), DyingClock(2), Redactor(), "dying")
    for count in range(3):
        ledger.append("intent", {"count": count})


def die_after_an_insert(folder: str) -> None:
    """Die when an entry is inserted, but not yet committed."""
    insert = Ledger._insert

    def insert_and_die(*args: object) -> None:
        insert(*args)  # type: ignore[arg-type]
        os._exit(9)

    ledger = Ledger(Path(folder), SystemClock(), Redactor(), "dying")
    ledger.append("intent", {"count": 0})
    Ledger._insert = insert_and_die  # type: ignore[assignment,method-assign]
    ledger.append("intent", {"count": 1})


def rewrite(folder: Path, statement: str, *values: object) -> None:
    """Do to the file what somebody with a SQLite editor can do, past the triggers."""
    database = sqlite3.connect(folder / ledger_module.LEDGER_FILE)
    try:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(statement, values)
        database.commit()
    finally:
        database.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
