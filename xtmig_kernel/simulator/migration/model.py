"""What the migration service of a tenant remembers (shapes 3.11, 3.12, 3.14)."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from xtmig_kernel.simulator.recipients_file import Skipped

ON_THE_WAY = frozenset({"Starting", "Validating", "Queued", "Provisioning", "Syncing"})
FINISHING = frozenset({"Completing", "CompletionSynced"})
AT_REST = frozenset({"Synced", "IncrementalSyncing"})
MOVED = frozenset({"Completed", "CompletedWithWarnings"})
FAILED = frozenset({"Failed", "IncrementalFailed", "CompletionFailed"})
STOPPED = frozenset({"Stopped", "IncrementalStopped"})
GENTLE_KINDS = frozenset({"CorruptFolderACL", "CorruptFolderRule", "CorruptFolderRestriction"})
POOR_FROM = 50


@dataclass(frozen=True)
class Failure:
    """Why a user does not go on.

    Attributes:
        cause: Our own word for what is wrong; only the state shows it, never a cmdlet.
        kind: Full name of the .NET exception.
        text: Its message.
        sticky: Whether the service says so again although the cause is gone, until the user is in a new batch.
    """

    cause: str
    kind: str
    text: str
    sticky: bool = False

    @property
    def short_kind(self) -> str:
        """The exception's name without its namespace."""
        return self.kind.rpartition(".")[2]

    @property
    def summary(self) -> str:
        """The text as a migration user shows it."""
        return f"{self.short_kind}: {self.text}" if self.kind else self.text


@dataclass
class Progress:
    """How far the copy of one mailbox is.

    Attributes:
        size: Bytes to copy, archive included.
        items: Items to copy, archive included.
        folders: How many folders there are.
        auxiliary: How many auxiliary archives the source had when the copy began.
        began: When the first copy began.
        ends: When it will be through.
        seeded: When it was through.
        synced: When the target was last level with the source.
        skipped: Items that could not be copied.
    """

    size: int = 0
    items: int = 0
    archive_size: int = 0
    archive_items: int = 0
    folders: int = 0
    auxiliary: int = 0
    began: datetime | None = None
    ends: datetime | None = None
    seeded: datetime | None = None
    synced: datetime | None = None
    completed: datetime | None = None
    skipped: list[Skipped] = field(default_factory=list)

    def percent(self, now: datetime) -> int:
        """How far the copy is: up to 95 until it is completed."""
        if self.completed is not None:
            return 100
        if self.seeded is not None:
            return 95
        if self.began is None or self.ends is None:
            return 0
        whole = (self.ends - self.began).total_seconds()
        done = (now - self.began).total_seconds()
        return max(0, min(95, int(95 * done / whole))) if whole else 95

    def share(self, now: datetime) -> float:
        """The part of the content that is copied, from 0 to 1."""
        return min(1.0, self.percent(now) / 95)

    @property
    def skipped_number(self) -> int:
        """How many items were skipped."""
        return sum(item.number for item in self.skipped)

    @property
    def lost_number(self) -> int:
        """How many items with content were skipped; rights and rules on folders are not content."""
        return sum(item.number for item in self.skipped if item.kind not in GENTLE_KINDS)

    @property
    def score(self) -> str:
        """The data consistency score; its words are the service's, how many lost items make it Poor is ours."""
        if self.lost_number >= POOR_FROM:
            return "Poor"
        if self.lost_number:
            return "Investigate"
        return "Good" if self.skipped else "Perfect"


@dataclass
class Mover:
    """One user of a batch.

    Attributes:
        identity: The address in the target, as it was given.
        status: In the service's word.
        since: When it got this status.
        version: Another one with every status, so that what was planned for an earlier one does not happen.
        keys: What a second entry for the same person shares with this one.
        in_scope_at_start: Whether the source mailbox was in the scope when the user was first submitted.
        own_time: Whether `complete_after` was set for this user, which counts more than the batch's.
        planted: Whether it stands in the tenants file and has not been touched.
    """

    identity: str
    guid: str
    batch: str
    status: str
    since: datetime
    keys: frozenset[str] = frozenset()
    version: int = 0
    mailbox_guid: str | None = None
    request_guid: str | None = None
    submitted: datetime | None = None
    in_scope_at_start: bool | None = None
    progress: Progress = field(default_factory=Progress)
    failure: Failure | None = None
    complete_after: datetime | None = None
    own_time: bool = False
    start_after: datetime | None = None
    approved: bool = False
    planted: bool = False
    log: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass
class Batch:
    """A migration batch.

    Attributes:
        stopped: Whether nobody in it is to go on; a batch that was never started is not `started` and stopped.
        complete_after: From when its users may be completed; None is the end of time.
        completion_asked: When Complete-MigrationBatch last counted.
        touched: When an administrator last did something with it.
        changed: When a user of it last came to a new place; incremental copies do not count.
    """

    name: str
    guid: str
    endpoint: str
    target_delivery_domain: str
    created: datetime
    submitted_by: str
    touched: datetime
    changed: datetime
    movers: dict[str, Mover] = field(default_factory=dict)
    notification_emails: list[str] = field(default_factory=list)
    started: datetime | None = None
    start_after: datetime | None = None
    complete_after: datetime | None = None
    completion_asked: datetime | None = None
    stopped: bool = False
    removing: bool = False
    seeded: datetime | None = None
    finalized: datetime | None = None

    def completes(self, mover: Mover) -> datetime | None:
        """From when a user may be completed, or None: the user's own time counts before the batch's."""
        return mover.complete_after if mover.own_time else self.complete_after


class Due(NamedTuple):
    """Something that will happen to a user or a batch.

    Attributes:
        moment: Simulated time.
        order: Number of the event, so that equal moments keep their order.
        what: `status`, `start`, `grow`, `gone` or `idle`.
        batch: The batch's name in lower case.
        user: The user's identity in lower case, or empty.
        version: The user's version that it was planned for.
    """

    moment: datetime
    order: int
    what: str
    batch: str
    user: str = ""
    version: int = 0


@dataclass
class MigrationService:
    """The batches of one tenant, and what is still to come."""

    batches: dict[str, Batch] = field(default_factory=dict)
    seats: dict[str, list[Mover]] = field(default_factory=dict)
    pending: list[Due] = field(default_factory=list)
    events: int = 0
    pending_rights: list[PendingRight] = field(default_factory=list)

    def movers(self) -> Iterator[Mover]:
        """Everybody in any batch."""
        return (mover for batch in self.batches.values() for mover in batch.movers.values())

    def announce(self, moment: datetime, what: str, batch: Batch, mover: Mover | None = None) -> None:
        """Note something that is to happen."""
        self.events += 1
        user, version = (mover.identity.lower(), mover.version) if mover else ("", 0)
        heapq.heappush(self.pending, Due(moment, self.events, what, batch.name.lower(), user, version))

    def next(self, now: datetime) -> Due | None:
        """Take out the first thing whose moment has come."""
        return heapq.heappop(self.pending) if self.pending and self.pending[0].moment <= now else None

    def seat(self, mover: Mover) -> None:
        """Let others see that somebody is in a batch."""
        for key in mover.keys:
            self.seats.setdefault(key, []).append(mover)

    def unseat(self, mover: Mover) -> None:
        """Forget that somebody is in a batch."""
        for key in mover.keys:
            self.seats[key] = [other for other in self.seats.get(key, []) if other is not mover]

    def sharing(self, keys: Iterable[str]) -> list[Mover]:
        """All entries that share something with these keys, each once."""
        found = {id(mover): mover for key in keys for mover in self.seats.get(key, [])}
        return list(found.values())


@dataclass(frozen=True)
class PendingRight:
    """A right on a moved mailbox for somebody whose own move is about to be completed.

    Attributes:
        mailbox_guid: Of the mailbox that has moved.
        delegate_guid: Of the mailbox of whom has the right.
        folder: The folder, or None for full access.
        rights: The rights on the folder.
        sharing_flags: Its flags.
    """

    mailbox_guid: str
    delegate_guid: str
    folder: str | None = None
    rights: tuple[str, ...] = ()
    sharing_flags: tuple[str, ...] = ()
