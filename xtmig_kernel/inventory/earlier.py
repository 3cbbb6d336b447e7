"""What an earlier collection of the project has seen, from its own snapshots. No tenant is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import Observed
from xtmig_kernel.store.snapshots import SNAPSHOT_FILE, SnapshotStore

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

OLD_ENOUGH = timedelta(days=1)
"""What grew in less than a day says nothing about the days to come."""


def earlier_sizes(context: ReadContext) -> tuple[str, list[Row]]:
    """The sizes in the newest whole snapshot in which they are a day old or more; none where there is none."""
    folder, fact = context.project.folder, f"{context.side}.mailbox_sizes"
    if not (folder / SNAPSHOT_FILE).exists():
        return "no collection has been made", []
    store = SnapshotStore(folder)
    for snapshot in reversed(store.all()):
        facts = store.facts(snapshot.id) if snapshot.finished else {}
        sizes = facts.get(fact)
        if isinstance(sizes, Observed) and context.clock.now() - sizes.at >= OLD_ENOUGH:
            return f"snapshot {snapshot.id}", [
                {
                    "ExchangeGuid": row["ExchangeGuid"],
                    "Archive": row["Archive"],
                    "Bytes": row["Bytes"],
                    "At": as_text(sizes.at),
                }
                for row in sizes.value
            ]
    return "no collection is a day old", []
