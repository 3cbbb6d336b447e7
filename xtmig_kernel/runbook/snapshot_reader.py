"""Facts of one moment: both tenants are read once into a snapshot, and everything that is asked for comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.evidence import Facts, Observation, Row
    from xtmig_kernel.m365 import Tenant
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.store import SnapshotInfo, SnapshotStore


def read_into(
    project: Project,
    tenants: Mapping[Side, Tenant],
    store: SnapshotStore,
    clock: Clock,
    facts: Sequence[str],
    tell: Callable[[str], None],
    absent: Mapping[Side, NotObserved],
) -> str:
    """Read these facts into a new snapshot.

    Args:
        project: The project.
        tenants: The sides that are signed in.
        store: Takes the snapshot.
        clock: Stamps the observations.
        facts: Sides and tables.
        tell: Takes one sentence at a time about how far it is.
        absent: Why a side is not signed in.

    Returns:
        Id of the snapshot.
    """
    reader = Reader(project, tenants, clock, absent)
    kept: dict[str, Any] = {}
    snapshot = store.begin(clock.now(), about(project))
    for number, fact in enumerate(facts, 1):
        tell(f"reading {fact}: {number} of {len(facts)} tables")
        found = reader.read(fact, kept)
        read_at = [as_text(found.at)] * len(found.value) if isinstance(found, Observed) else []
        store.keep(snapshot, fact, found, read_at)
    store.finish(snapshot, clock.now())
    tell("")
    return snapshot


def about(project: Project) -> dict[str, Any]:
    """What a snapshot is of, by which those of other tenants are told apart.

    Args:
        project: The project.
    """
    return {
        "simulated": project.simulation is not None,
        "source": project.source.tenant_id,
        "target": project.target.tenant_id,
    }


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
        collect: Reads into a snapshot.
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
        collect: Callable[..., str] = read_into,
    ) -> None:
        super().__init__(project, tenants, clock, absent)
        self._store = store
        self._wanted = tuple(dict.fromkeys(wanted))
        self._tell = tell
        self._collect = collect
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
            given = (self._project, self._tenants, self._store, self._clock, self._wanted, self._tell, self._absent)
            snapshot = self._collect(*given)
        else:
            whole = [info for info in self._store.all() if info.finished and _is_of(info, self._project)]
            if not whole:
                return
            snapshot = whole[-1].id
        self.snapshot = next(info for info in self._store.all() if info.id == snapshot)
        self._facts = self._store.facts(snapshot)


def _is_of(info: SnapshotInfo, project: Project) -> bool:
    """Whether a snapshot was read from the tenants of a project; one that does not say so is not trusted."""
    return {name: info.about.get(name) for name in about(project)} == about(project)
