"""The project's memory: the ledger, precious and append-only, and the snapshots, which can be read again."""

from xtmig_kernel.store.ledger import Entry, Ledger
from xtmig_kernel.store.lock import approvals_lock, collecting_lock, project_lock
from xtmig_kernel.store.snapshots import LAST, Answer, SnapshotInfo, SnapshotStore, StoredFacts

__all__ = [
    "LAST",
    "Answer",
    "Entry",
    "Ledger",
    "SnapshotInfo",
    "SnapshotStore",
    "StoredFacts",
    "approvals_lock",
    "collecting_lock",
    "project_lock",
]
