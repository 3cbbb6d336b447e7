"""One process at a time changes tenants for a project."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from xtmig_kernel.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_FILE = ".xtmig.lock"


@contextmanager
def project_lock(folder: Path) -> Iterator[None]:
    """Hold the project folder while changes are made; the system releases it when the process ends.

    Args:
        folder: The project folder.

    Raises:
        LedgerError: Another process holds it.
    """
    lock = FileLock(folder / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LedgerError(
            "another run is changing this project's tenants",
            remedy="Wait until it has ended, or end it; then run again.",
        ) from None
    try:
        yield
    finally:
        lock.release()
