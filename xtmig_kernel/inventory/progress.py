"""What a person is told while both tenants are collected: what is read, how much of it, and how long it may take.

What is left is told only of the table that is being read, since nobody knows what the next ones will ask; and only from
what this run has measured itself.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.project import Side

FIRST_SECONDS = 2.0
EVERY_SECONDS = 10.0
LEAST_MEASURED_SECONDS = 3.0
LEAST_MEASURED = 30
"""So many questions, and so many seconds, are measured before anything is estimated from them."""

NO_ESTIMATE = "no estimate yet"


@dataclass
class _Table:
    """The table that one side is reading: what it asks, and what was asked in this run."""

    name: str = ""
    begun: float = 0.0
    expected: int = 0
    answered: int = 0
    measured: int = 0
    measuring_since: float | None = None
    rows: int = 0
    again: bool = False


class Progress:
    """Tells what a collection is doing.

    Args:
        tell: Takes one sentence.
        tables: How many tables each side reads.
        monotonic: Seconds that only grow.
    """

    def __init__(
        self, tell: Callable[[str], None], tables: dict[Side, int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell, self._monotonic = tell, monotonic
        self._tables = tables
        self._done: dict[Side, int] = dict.fromkeys(tables, 0)
        self._at: dict[Side, _Table] = {side: _Table() for side in tables}
        self._lock = threading.Lock()
        self._next = monotonic() + FIRST_SECONDS

    def begins(self, side: Side, table: str) -> None:
        """A side begins to read a table.

        Args:
            side: The side.
            table: The table's name.
        """
        with self._lock:
            self._at[side] = _Table(table, self._monotonic())

    def ends(self, side: Side) -> None:
        """A side has read its table.

        Args:
            side: The side.
        """
        with self._lock:
            self._done[side] += 1

    def expects(self, side: Side, questions: int) -> None:
        """The table of a side is about to ask so many questions more.

        Args:
            side: The side.
            questions: How many.
        """
        with self._lock:
            self._at[side].expected += questions

    def answered(self, side: Side, questions: int, seconds: float) -> None:
        """Questions were answered.

        Args:
            side: The side that was asked.
            questions: How many.
            seconds: How long that took; 0 for what was kept from an earlier run.
        """
        with self._lock:
            table = self._at.get(side, _Table())
            table.answered += questions
            if seconds > 0:
                if table.measuring_since is None:
                    table.measuring_since = self._monotonic() - seconds
                table.measured += questions
        self._maybe()

    def read_rows(self, side: Side, rows: int) -> None:
        """A page of a list came.

        Args:
            side: The side that was asked.
            rows: How many rows it had.
        """
        with self._lock:
            self._at.get(side, _Table()).rows += rows
        self._maybe()

    def begins_again(self, side: Side) -> None:
        """A list has to be read from its beginning.

        Args:
            side: The side.
        """
        with self._lock:
            self._at.get(side, _Table()).again = True

    def _maybe(self) -> None:
        with self._lock:
            now = self._monotonic()
            if now < self._next:
                return
            self._next = now + EVERY_SECONDS
            sentence = "; ".join(self._sentences(now))
        self._tell(sentence)

    def _sentences(self, now: float) -> Iterable[str]:
        for side, table in self._at.items():
            if self._tables[side] and self._done[side] >= self._tables[side]:
                yield f"{side}: all {counted(self._tables[side], 'table')} read"
            elif table.name:
                place = f"{side}: {table.name} (table {self._done[side] + 1} of {self._tables[side]})"
                yield f"{place}, {_how_far(table, now)}"


def _how_far(table: _Table, now: float) -> str:
    if table.expected:
        done = f"{table.answered:,} of {table.expected:,} questions"
        return f"{done}, {_left(table, now)}"
    again = ", begun again because its page links had expired" if table.again else ""
    return f"{counted(table.rows, 'row')} so far, {NO_ESTIMATE}{again}"


def _left(table: _Table, now: float) -> str:
    """How long the rest of a table takes if it goes on as it went in this run."""
    seconds = now - table.measuring_since if table.measuring_since is not None else 0.0
    if table.measured < LEAST_MEASURED or seconds < LEAST_MEASURED_SECONDS:
        return NO_ESTIMATE
    left = max(0, table.expected - table.answered) * seconds / table.measured
    return f"about {in_words(left)} left of these"


def in_words(seconds: float) -> str:
    """A length of time, no more exact than an estimate is.

    Args:
        seconds: Any number of them.
    """
    if seconds < 90:  # noqa: PLR2004 - a minute and a half is told in seconds
        return f"{max(10, round(seconds / 10) * 10)} s"
    minutes = round(seconds / 60)
    return counted(minutes, "minute") if minutes < 100 else f"{minutes / 60:.1f} hours"  # noqa: PLR2004
