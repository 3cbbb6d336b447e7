"""Many objects looked up in tables that are read once."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from xtmig_kernel.evidence import NotObserved, Observed, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.changes import Subject
    from xtmig_kernel.evidence import Observation, Row
    from xtmig_kernel.inventory.reader import Reader

_Index = dict[tuple[str, ...], list["Row"]]


class Snapshot:
    """Tables as they are at the first question about them; for a later moment make another one.

    Args:
        reader: Reads the tables.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._facts: dict[str, Observation[tuple[Row, ...]]] = {}
        self._indexes: dict[tuple[str, tuple[str, ...]], _Index] = {}

    def read_subject(self, subject: Subject) -> Observation[Row | None]:
        """One object by its key, as `Reader.read_subject` gives it.

        Args:
            subject: The object.
        """
        fact = f"{subject.side}.{subject.table}"
        if fact not in self._facts:
            self._facts[fact] = self._reader.read(fact)
        rows = self._facts[fact]
        if isinstance(rows, NotObserved):
            return rows
        columns = tuple(column for column, _ in subject.key)
        if (fact, columns) not in self._indexes:
            self._indexes[fact, columns] = _index(rows.value, columns)
        matching = self._indexes[fact, columns].get(tuple(value.casefold() for _, value in subject.key), [])
        if len(matching) > 1:
            detail = f"{len(matching)} objects answer to {subject.label}"
            return NotObserved(Reason.UNSUPPORTED, detail, rows.at)
        return Observed(matching[0] if matching else None, rows.at, rows.source)


def _index(rows: tuple[Row, ...], columns: tuple[str, ...]) -> _Index:
    index: _Index = {}
    for row in rows:
        for key in set(product(*(tuple(_texts(row.get(column))) for column in columns))):
            index.setdefault(key, []).append(row)
    return index


def _texts(cell: Any) -> Iterator[str]:
    if isinstance(cell, (list, tuple)):
        yield from (str(item).casefold() for item in cell)
    elif cell is not None:
        yield str(cell).casefold()
