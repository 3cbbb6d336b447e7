"""Facts of one moment: both tenants are read once into a snapshot, and everything that is asked for comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.evidence import NotObserved, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.inventory.collecting import SIDES, collect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.evidence import Facts, Observation, Row
    from xtmig_kernel.m365 import Tenant
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.store import SnapshotInfo, SnapshotStore


class SnapshotReader(Reader):
    """Answers from one snapshot; it is collected when it is first asked for, and when a new look is asked for.

    Where nobody is signed in to either side, the newest whole snapshot of these tenants answers instead: every
    observation says when it was made.

    Args:
        project: The project.
        tenants: The sides that are signed in.
        clock: Stamps the observations.
        absent: Why a side is not signed in.
        store: Keeps the snapshots.
        wanted: Every fact that will be asked for.
        tell: Takes one sentence at a time about how far the reading is.
    """

    def __init__(
        self,
        project: Project,
        tenants: Mapping[Side, Tenant],
        clock: Clock,
        absent: Mapping[Side, NotObserved],
        *,
        store: SnapshotStore,
        wanted: Sequence[str],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(project, tenants, clock, absent)
        self._store = store
        self._wanted = tuple(dict.fromkeys(wanted))
        self._tell = tell
        self._facts: Facts = {}
        self.snapshot: SnapshotInfo | None = None

    @property
    def facts(self) -> Facts:
        """Everything that the snapshot holds; nothing before one is there."""
        return self._facts

    def read_all(self, facts: Iterable[str], *, fresh: bool = True) -> dict[str, Observation[tuple[Row, ...]]]:
        """Facts of one moment.

        Args:
            facts: Sides and tables, all of them among those that are wanted.
            fresh: Whether the tenants are read anew.
        """
        asked = tuple(dict.fromkeys(facts))
        if self.snapshot is None or (fresh and self._tenants):
            self._take()
        if self.snapshot is None:
            return super().read_all(asked)
        missing = NotObserved(Reason.NOT_ASKED, "this snapshot does not hold it; look again", self.snapshot.started)
        return {fact: self._facts.get(fact, missing) for fact in asked}

    def _take(self) -> None:
        """The snapshot to answer from: a new one, or where nobody is signed in the last one."""
        if self._tenants:
            snapshot = collect(
                self._project, self._tenants, self._store, self._clock, self._wanted, self._tell, self._absent
            )
            self.snapshot = next(info for info in self._store.all() if info.id == snapshot)
        elif whole := self._whole():
            self.snapshot = whole[-1]
        if self.snapshot is not None:
            self._facts = self._store.facts(self.snapshot.id)

    def _whole(self) -> list[SnapshotInfo]:
        """The whole snapshots of these tenants, the oldest first; one that does not say whose it is is left out."""
        tenants = {side: self._project.side(side).tenant_id for side in SIDES}
        return [info for info in self._store.all() if info.finished and info.about.get("tenants") == tenants]

    def before(self) -> tuple[SnapshotInfo, Facts] | None:
        """The last whole snapshot before the one that answers, with what it holds; None where there is none."""
        if self.snapshot is None:
            return None
        earlier = [info for info in self._whole() if info.started < self.snapshot.started]
        return (earlier[-1], self._store.facts(earlier[-1].id)) if earlier else None
