"""Users whose move has failed or waits for a person, and the batches that hold them (ERR-03, ERR-05).

Both are made from one read of everybody: a blank or unknown Identity would be answered with everybody anyway.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from xtmig_kernel.inventory.addresses import guid_or_none
from xtmig_kernel.inventory.moves import migration_rows
from xtmig_kernel.rules.batches import FAILED, NEEDS_A_PERSON

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext


def halted_users(context: ReadContext) -> tuple[str, list[Row]]:
    """Whose move has failed or waits for a person, with the entry's own GUID (shapes 3.12)."""
    return "Get-MigrationUser", [
        {name: row.get(name) for name in ("Identity", "BatchId", "Status")} | {"Guid": guid_or_none(row.get("Guid"))}
        for row in _halted(context)
    ]


def halted_batches(context: ReadContext) -> tuple[str, list[Row]]:
    """Each batch that holds such users, with their addresses."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in _halted(context):
        if row.get("BatchId"):
            found[str(row["BatchId"])].add(str(row.get("Identity") or ""))
    return "Get-MigrationUser", [{"Identity": name, "Users": sorted(users)} for name, users in sorted(found.items())]


def _halted(context: ReadContext) -> list[Row]:
    return [row for row in migration_rows(context) if row.get("Status") in FAILED | NEEDS_A_PERSON]
