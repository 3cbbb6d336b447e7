"""One process at a time changes tenants for a project, and one at a time writes its approvals."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from xtmig_kernel.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_FILE = ".xtmig.lock"
APPROVALS_LOCK_FILE = ".xtmig-approvals.lock"
COLLECTING_LOCK_FILE = ".xtmig-collecting.lock"
APPROVALS_SECONDS = 20


@contextmanager
def project_lock(folder: Path) -> Iterator[None]:
    """Hold the project folder while changes are made; the system releases it when the process ends.

    Args:
        folder: The project folder.

    Raises:
        LedgerError: Another process holds it.
    """
    with _held(folder / LOCK_FILE, 0, "another run is changing this project's tenants"):
        yield


@contextmanager
def approvals_lock(folder: Path) -> Iterator[None]:
    """Hold `approvals.yaml` while it is read, changed and written, so that two approvers do not lose each other's.

    Args:
        folder: The project folder.

    Raises:
        LedgerError: Another process holds it for too long.
    """
    with _held(folder / APPROVALS_LOCK_FILE, APPROVALS_SECONDS, "another person is approving in this project"):
        yield


@contextmanager
def collecting_lock(folder: Path) -> Iterator[None]:
    """Hold the collection of a project folder, so that no two processes continue the same snapshot.

    Args:
        folder: The project folder.

    Raises:
        LedgerError: Another process is collecting.
    """
    with _held(folder / COLLECTING_LOCK_FILE, 0, "another run is collecting both tenants for this project"):
        yield


@contextmanager
def _held(path: Path, seconds: float, by_whom: str) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise LedgerError(by_whom, remedy="Wait until it has ended, or end it; then run again.") from None
    try:
        yield
    finally:
        lock.release()
