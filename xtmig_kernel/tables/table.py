"""What a table of the inventory is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One table.

    Args:
        name: Its name, also the second half of a fact's name: `target.migration_endpoints`.
        columns: Column name to type.
        about: What a row is, and where it is read.
    """

    name: str
    columns: dict[str, str]
    about: str
