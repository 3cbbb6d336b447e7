"""Both tenants collected into one snapshot: one table after the other on each side, both sides at once.

A collection that was broken off goes on at the page where it stopped, if that is not long ago and nothing has changed
of what it was asked for; see `kept_answers`.
"""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text, from_text
from xtmig_kernel.counting import counted
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory.keeping import kept_tenant
from xtmig_kernel.inventory.kept_answers import CollectionStopped, KeptAnswers, Trace
from xtmig_kernel.inventory.progress import Progress
from xtmig_kernel.inventory.reader import SIGNED_IN, Reader
from xtmig_kernel.project.files import PROJECT_FILE
from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.store import collecting_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.evidence import NotObserved, Observation, Row
    from xtmig_kernel.m365 import Tenant
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.store import SnapshotInfo, SnapshotStore

CONTINUED_FOR = timedelta(hours=6)
"""A collection that began longer ago is not continued: its first tables would be older than its last ones by a day."""

SIDES: tuple[Side, ...] = ("source", "target")
_NAMES = ("ExchangeGuid", "PrimarySmtpAddress", "Mailbox", "Identity")
"""Columns that name the object that a row was asked about."""


def collect(
    project: Project,
    tenants: Mapping[Side, Tenant],
    store: SnapshotStore,
    clock: Clock,
    facts: Iterable[str],
    tell: Callable[[str], None],
    absent: Mapping[Side, NotObserved],
) -> str:
    """Read tables of both tenants into one snapshot; what cannot be read is kept as not observed, with its reason.

    Args:
        project: The project.
        tenants: The sides that are signed in.
        store: Keeps the snapshot.
        clock: Stamps what is read.
        facts: Sides and tables, in the order in which they are read.
        tell: Takes one sentence about how far it is.
        absent: Why a side is not signed in, for the sides that are not.

    Returns:
        The id of the snapshot, which is whole.

    Raises:
        LedgerError: Another process is collecting for this project.
        InventoryError: The store cannot be used.
    """
    wanted = tuple(dict.fromkeys(facts))
    with collecting_lock(project.folder):
        snapshot = _begun_or_new(about(project, tenants), store, clock, tell)
        whole = {fact for fact in store.fact_names(snapshot) if _need_not_be_read(fact, store, snapshot)}
        left = [fact for fact in wanted if fact not in whole]
        _read_all(project, tenants, store, clock, left, tell, absent, snapshot)
        store.finish(snapshot, clock.now())
    return snapshot


def about(project: Project, tenants: Mapping[Side, Tenant]) -> dict[str, Any]:
    """What a snapshot is of; where any of it has changed, a collection is not continued.

    Args:
        project: The project.
        tenants: The sides that are signed in.
    """
    return {
        "project": project.id,
        "simulated": project.simulation is not None,
        "tenants": {side: project.side(side).tenant_id for side in SIDES},
        "signed_in": {side: tenants[side].identity.name if side in tenants else None for side in SIDES},
        "files": {name: _fingerprint(project, name) for name in (PROJECT_FILE, USERS_FILE)},
    }


def _fingerprint(project: Project, name: str) -> str | None:
    path = project.folder / name
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _begun_or_new(of: dict[str, Any], store: SnapshotStore, clock: Clock, tell: Callable[[str], None]) -> str:
    begun = [info for info in store.all() if info.finished is None and info.about.get("project") == of["project"]]
    if begun:
        last = begun[-1]
        reason = _why_not_continued(last, of, clock)
        if reason is None:
            tables = counted(len(store.fact_names(last.id)), "table")
            tell(f"continuing the collection that began at {as_text(last.started)}; {tables} of it are whole")
            return last.id
        tell(f"the collection that began at {as_text(last.started)} was broken off and is not continued: {reason}")
    return store.begin(clock.now(), of)


def _why_not_continued(info: SnapshotInfo, of: dict[str, Any], clock: Clock) -> str | None:
    age = clock.now() - info.started
    if age > CONTINUED_FOR:
        hours = CONTINUED_FOR.total_seconds() / 3600
        return f"that is more than {hours:.0f} hours ago"
    changed = [name for name in of if info.about.get(name) != of[name]]
    words = {"files": f"{PROJECT_FILE} or {USERS_FILE}", "signed_in": "who is signed in", "tenants": "the tenants"}
    if changed:
        return f"{' and '.join(words.get(name, name) for name in changed)} changed since"
    return None


def _need_not_be_read(fact: str, store: SnapshotStore, snapshot: str) -> bool:
    """Whether a table of a tenant is whole; what was refused is tried again, and a project's own files cost nothing."""
    in_tenant = fact.partition(".")[2] in SIGNED_IN
    return in_tenant and isinstance(store.observation(snapshot, fact), Observed)


def _read_all(
    project: Project,
    tenants: Mapping[Side, Tenant],
    store: SnapshotStore,
    clock: Clock,
    facts: Sequence[str],
    tell: Callable[[str], None],
    absent: Mapping[Side, NotObserved],
    snapshot: str,
) -> None:
    halt = threading.Event()
    by_side = {side: [fact for fact in facts if fact.partition(".")[0] == side] for side in SIDES}
    progress = Progress(tell, {side: len(of_side) for side, of_side in by_side.items()})
    kept = {side: KeptAnswers(store, snapshot, side, clock, progress, halt) for side in tenants}

    def read_side(side: Side) -> None:
        trace = Trace()
        through = {other: kept_tenant(tenant, kept[other], trace) for other, tenant in tenants.items()}
        reader = Reader(project, through, clock, absent, lambda number: progress.expects(side, number))
        for fact in by_side[side]:
            if halt.is_set():
                return
            progress.begins(side, fact.partition(".")[2])
            trace.clear()
            found = reader.read(fact)
            observation, times = stamped(found, trace)
            store.keep(snapshot, fact, observation, times)
            progress.ends(side)

    with ThreadPoolExecutor(len(SIDES), "collect") as pool:
        running = [pool.submit(read_side, side) for side in SIDES]
        try:
            wait(running, return_when=FIRST_EXCEPTION)
        finally:
            if not all(future.done() and future.exception() is None for future in running):
                halt.set()
    failed = [error for future in running if (error := future.exception()) is not None]
    for error in sorted(failed, key=lambda one: isinstance(one, CollectionStopped)):
        raise error


def stamped(found: Observation[tuple[Row, ...]], trace: Trace) -> tuple[Observation[tuple[Row, ...]], tuple[str, ...]]:
    """An observation with the time of the oldest answer that it rests on, and the time of each row.

    A row that was asked about by its name has the time of that answer; one of a list, the time of its page; any other
    one the time of the oldest answer that the table is made from.

    Args:
        found: What a reader gave.
        trace: When the answers came.
    """
    if not isinstance(found, Observed):
        return found, ()
    aligned = [times for times in trace.lists if len(times) == len(found.value)]
    every = [min(times) for times in trace.lists if times] + list(trace.asked.values())
    oldest = min(every, default=as_text(found.at))
    rows: list[str] = []
    for number, row in enumerate(found.value):
        named = [trace.asked[name] for name in _names_of(row) if name in trace.asked]
        rows.append(min(named or [times[number] for times in aligned], default=oldest))
    at = from_text(min(rows, default=oldest))
    return Observed(found.value, at, found.source), tuple(rows)


def _names_of(row: Row) -> Iterable[str]:
    return (str(row[column]).casefold() for column in _NAMES if row.get(column))
