"""What a batch shows of itself: its status and its counts (shapes 3.11 [INF] where not stated)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .model import AT_REST, FAILED, FINISHING, MOVED, ON_THE_WAY, STOPPED

if TYPE_CHECKING:
    from datetime import datetime

    from .model import Batch

SCORES = ("Perfect", "Good", "Investigate", "Poor")


def counted(batch: Batch) -> Counter[str]:
    """How many users have which status."""
    return Counter(mover.status for mover in batch.movers.values())


def number(counts: Counter[str], statuses: frozenset[str]) -> int:
    """How many users have one of these statuses."""
    return sum(counts[status] for status in statuses)


def status_of(batch: Batch, now: datetime) -> str:
    """The status of a batch: what most needs to be known about its users."""
    counts = counted(batch)
    everybody = sum(counts.values())
    if batch.removing:
        return "Removing"
    if batch.started is None:
        return "Waiting" if batch.start_after is not None and batch.start_after > now else "Created"
    if counts["Stopping"]:
        return "Stopping"
    if batch.stopped or (everybody and number(counts, STOPPED) == everybody):
        return "Stopped"
    if number(counts, ON_THE_WAY):
        return "Syncing"
    return _at_rest(counts, everybody)


def _at_rest(counts: Counter[str], everybody: int) -> str:
    failed, moved = number(counts, FAILED), number(counts, MOVED)
    if number(counts, FINISHING):
        return "Completing"
    if counts["NeedsApproval"]:
        return "NeedsApproval"
    if everybody and failed == everybody:
        return "Failed"
    if everybody and moved == everybody:
        return "CompletedWithErrors" if counts["CompletedWithWarnings"] else "Completed"
    if moved and not number(counts, AT_REST):
        return "CompletedWithErrors"
    if counts["IncrementalSyncing"]:
        return "IncrementalSyncing"
    return "SyncedWithErrors" if failed else "Synced"


def score_of(batch: Batch) -> str:
    """The worst score of its users (shapes 3.11); none before anybody was copied."""
    seeded = [mover.progress.score for mover in batch.movers.values() if mover.progress.seeded is not None]
    return max(seeded, key=SCORES.index, default="None")
