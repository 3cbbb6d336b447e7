"""The project's memory: the ledger, precious and append-only."""

from xtmig_kernel.store.ledger import Entry, Ledger
from xtmig_kernel.store.lock import project_lock

__all__ = ["Entry", "Ledger", "project_lock"]
