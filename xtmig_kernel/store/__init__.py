"""The project's memory: the ledger, precious and append-only."""

from xtmig_kernel.store.ledger import Entry, Ledger
from xtmig_kernel.store.lock import approvals_lock, project_lock

__all__ = ["Entry", "Ledger", "approvals_lock", "project_lock"]
