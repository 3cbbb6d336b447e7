"""The preflight without a notebook: `xtmig assess`. Reads both tenants into a snapshot, or takes one that is there."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.clock import as_text
from xtmig_kernel.errors import InventoryError, ProjectFileError, Unavailable, UsageError, XtmigError
from xtmig_kernel.inventory.collecting import collect
from xtmig_kernel.inventory.preflight_facts import preflight_facts
from xtmig_kernel.m365 import clock_for
from xtmig_kernel.project import load_approvals, load_project, load_users, load_waivers
from xtmig_kernel.project.files import WAIVERS_FILE
from xtmig_kernel.rules.assessment import Assessment, assess
from xtmig_kernel.rules.drift_of_snapshots import Drift, compare
from xtmig_kernel.rules.waivers import unknown_rules
from xtmig_kernel.runbook import BY_NUMBER, SectionRun, StepView, new_run_id
from xtmig_kernel.runbook.engine import observed_data, settled
from xtmig_kernel.store import LAST, SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.evidence import Facts, NotObserved
    from xtmig_kernel.m365 import Tenant
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.store import SnapshotInfo

NUMBER = "040"
FACTS: tuple[str, ...] = preflight_facts()
"""What is collected: everything that a rule of the preflight looks at, and what is compared between snapshots."""
_ORDER = (1, 2, 3, 5, 4)


@dataclass(frozen=True)
class Assessed:
    """What `xtmig assess` found.

    Args:
        project: The project.
        snapshot: What it was judged by.
        offline: Whether nobody was asked: the snapshot was there.
        facts: What the snapshot holds.
        assessment: What the preflight found.
        problems: Sign-ins that failed, by side.
        earlier: The snapshot that it was compared with, or None.
        drift: What differs between the two, or None.
    """

    project: Project
    snapshot: SnapshotInfo
    offline: bool
    facts: Facts
    assessment: Assessment
    problems: dict[Side, XtmigError]
    earlier: SnapshotInfo | None = None
    drift: Drift | None = None

    @property
    def exit_code(self) -> int:
        """The first in the design's order of the assessment's own and those of sign-ins that failed."""
        codes = {self.assessment.exit_code, *(error.exit_code for error in self.problems.values())}
        return next((code for code in _ORDER if code in codes), 0)


def listed(folder: Path) -> tuple[SnapshotInfo, ...]:
    """The snapshots of a project, the oldest first; asks no tenant.

    Args:
        folder: The project folder.

    Raises:
        UsageError: The project cannot be used.
    """
    return SnapshotStore(load_project(folder).folder).all()


def assess_project(
    folder: Path,
    redactor: Redactor,
    show: Callable[[str, str], None] | None,
    progress: Callable[[str], None],
    *,
    snapshot: str | None = None,
    compares: bool = False,
    since: str | None = None,
) -> Assessed:
    """Judge every rule of the preflight, by tenants that are read now or by a snapshot.

    Args:
        folder: The project folder.
        redactor: Learns every secret.
        show: Shows a person a message and a link, for the sign-in.
        progress: Takes one sentence at a time.
        snapshot: Id of the snapshot that is judged, without any sign-in; None to read both tenants into a new one.
        compares: Whether what has changed since an earlier snapshot is worked out.
        since: Id of that one; the one before if not given.

    Raises:
        UsageError: The project, its waivers or a snapshot cannot be used.
        SignInError: Nobody could be signed in to either tenant.
    """
    project = load_project(folder)
    load_users(project.folder)
    store = SnapshotStore(project.folder)
    refuse(unknown_rules(load_waivers(project.folder).waivers), "Nothing was read.")
    given = _found(store, project, snapshot) if snapshot is not None else None
    earlier = _earlier(store, project, given, since) if compares else None
    clock = _clock(project, given)
    with ExitStack() as stack:
        run = _run(project, clock, redactor, show, progress)
        stack.callback(run.close)
        problems: dict[Side, XtmigError] = {}
        if given is None:
            problems = run.sign_in_to_all()
            if not run.tenants:
                raise next(iter(problems.values()))
            given = _collected(project, run.tenants, store, clock, progress, run.absent)
        facts = store.facts(given.id)
        return _judged(run, given, facts, problems, snapshot is not None, earlier, store)


def _judged(
    run: SectionRun,
    snapshot: SnapshotInfo,
    facts: Facts,
    problems: dict[Side, XtmigError],
    offline: bool,
    earlier: SnapshotInfo | None,
    store: SnapshotStore,
) -> Assessed:
    project, now = run.project, run.clock.now()
    waivers, sign_offs = load_waivers(project.folder).waivers, load_approvals(project.folder).sign_offs
    assessment = assess(facts, project, now, waivers, sign_offs)
    _record(run, snapshot, facts, assessment, offline=offline)
    refuse(assessment.wrong_waivers, f"Then: xtmig assess --snapshot {snapshot.id}")
    drift = None
    if earlier is not None:
        before = store.facts(earlier.id)
        then = earlier.finished or earlier.started
        drift = compare(before, facts, project, now, then, waivers, sign_offs, assessment)
    return Assessed(project, snapshot, offline, facts, assessment, problems, earlier, drift)


def refuse(problems: Sequence[str], then: str) -> None:
    """Stop at waivers that speak of what there is not.

    Args:
        problems: One sentence for each.
        then: What to do when they are mended.

    Raises:
        ProjectFileError: There is one.
    """
    if problems:
        raise ProjectFileError(
            "; ".join(problems),
            remedy=f"Write rule and subject into {WAIVERS_FILE} as the finding gives them (xtmig assess --all lists "
            f"them), or take the waiver out. {then}",
        )


def _run(
    project: Project,
    clock: Clock,
    redactor: Redactor,
    show: Callable[[str, str], None] | None,
    progress: Callable[[str], None],
) -> SectionRun:
    section = BY_NUMBER[NUMBER]
    run = new_run_id(clock.now(), "plan")
    return SectionRun(section, project, "plan", run, clock, redactor, ask=None, show=show, progress=progress)


class _Still:
    """Stands at one moment: for simulated tenants that are not running, when their snapshot is judged."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """That moment, UTC."""
        return self._moment

    def sleep(self, seconds: float) -> None:
        """Nobody waits for a clock that stands."""
        raise UsageError(f"nothing can be waited for ({seconds:.0f} s) while the simulated tenants are not running")


def _clock(project: Project, given: SnapshotInfo | None) -> Clock:
    """The project's clock; of simulated tenants that are not running, the time of the snapshot."""
    try:
        clock = clock_for(project)
        clock.now()
    except (Unavailable, ProjectFileError):
        if given is None:
            raise
        return _Still(given.finished or given.started)
    return clock


def _collected(
    project: Project,
    tenants: dict[Side, Tenant],
    store: SnapshotStore,
    clock: Clock,
    progress: Callable[[str], None],
    absent: dict[Side, NotObserved],
) -> SnapshotInfo:
    snapshot = collect(project, tenants, store, clock, FACTS, progress, absent)
    return next(info for info in store.all() if info.id == snapshot)


def _is_of(info: SnapshotInfo, project: Project) -> bool:
    """Whether a snapshot was read from the tenants of a project as it is now."""
    return info.about.get("tenants") == {side: project.side(side).tenant_id for side in ("source", "target")}


def _found(store: SnapshotStore, project: Project, snapshot: str) -> SnapshotInfo:
    if snapshot == LAST:
        snapshot = next((info.id for info in reversed(store.all()) if info.finished is not None), LAST)
    store.facts(snapshot)  # says which there are, if there is no such one
    info = next(info for info in store.all() if info.id == snapshot)
    if info.finished is None:
        raise InventoryError(
            f"the snapshot {snapshot} was broken off and is not whole",
            remedy="xtmig assess goes on with it; xtmig assess --list names those that are whole.",
        )
    if not _is_of(info, project):
        raise InventoryError(
            f"the snapshot {snapshot} is of other tenants than those in project.yaml",
            remedy="Take another one (xtmig assess --list), or look again: xtmig assess.",
        )
    return info


def _earlier(store: SnapshotStore, project: Project, given: SnapshotInfo | None, since: str | None) -> SnapshotInfo:
    """The snapshot to compare with: the one that was named, or the last whole one before."""
    if since is not None:
        return _found(store, project, since)
    before = [info for info in store.all() if info.finished is not None and _is_of(info, project)]
    if given is not None:
        before = [info for info in before if (info.started, info.id) < (given.started, given.id)]
    if not before:
        raise InventoryError(
            "there is no earlier snapshot to compare with",
            remedy="xtmig assess makes one each time that it reads the tenants; compare when there are two.",
        )
    return before[-1]


def _record(run: SectionRun, snapshot: SnapshotInfo, facts: Facts, assessment: Assessment, *, offline: bool) -> None:
    """Write down what was looked at, every finding, and what it comes to, as the steps of the notebook are."""
    for step in run.section.steps:
        findings = tuple(finding for finding in assessment.findings if finding.rule in step.verifies)
        read = [("observed", observed_data(name, facts[name])) for name in step.reads if name in facts]
        run.ledger.append_all(read, step=step.id)
        told = [("finding", {**finding.as_data(), "phase": "look"}) for finding in findings]
        run.ledger.append_all(told, step=step.id)
        run.views[step.id] = settled(StepView(step, "looked", findings=findings, note="looked"))
        run.reading_engine.end(run.views[step.id])
    data = {
        "snapshot": snapshot.id,
        "taken": as_text(snapshot.finished or snapshot.started),
        "offline": offline,
        "verdicts": assessment.verdicts,
        "population": assessment.population.as_data() if assessment.population else None,
        "exit_code": assessment.exit_code,
    }
    run.ledger.append("assessed", data)
