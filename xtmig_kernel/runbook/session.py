"""A section of one project, opened for a person or for a run: project, sign-ins, ledger and engine together."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel import __version__
from xtmig_kernel.errors import ServiceError, SignInError, UsageError, XtmigError
from xtmig_kernel.evidence import NotObserved, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.inventory.preflight_facts import preflight_facts
from xtmig_kernel.m365 import as_reason, clock_for, connect
from xtmig_kernel.project import load_approvals, load_project, load_users, load_waivers
from xtmig_kernel.runbook.bulk import BulkDoor
from xtmig_kernel.runbook.engine import Engine, StepView, summary
from xtmig_kernel.runbook.recovery import Recovery
from xtmig_kernel.runbook.sections import BY_NUMBER
from xtmig_kernel.runbook.snapshot_reader import SnapshotReader
from xtmig_kernel.store import Ledger, SnapshotStore, project_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.m365 import Tenant
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.runbook.step import Section, Step

Mode = Literal["interactive", "plan", "apply"]
MODES: tuple[Mode, ...] = ("interactive", "plan", "apply")


def new_run_id(now: datetime, mode: Mode) -> str:
    """The id of a run, which is also the name of its folder.

    Args:
        now: The present moment, UTC.
        mode: How the run goes.
    """
    return f"{now:%Y-%m-%d-%H%M%S}-{mode}"


class SectionRun:
    """One section, opened.

    Args:
        section: The section.
        project: The project.
        mode: `interactive` (a person clicks), `plan` (nothing is written) or `apply`.
        run: Id of the run.
        clock: Tells the time.
        redactor: Knows every secret.
        ask: Asks a person for a secret, or None.
        show: Shows a person a message and a link, or None.
        progress: Takes one sentence about what is waited for.
    """

    def __init__(
        self,
        section: Section,
        project: Project,
        mode: Mode,
        run: str,
        clock: Clock,
        redactor: Redactor,
        *,
        ask: Callable[[str], str] | None,
        show: Callable[[str, str], None] | None,
        progress: Callable[[str], None],
    ) -> None:
        self.section = section
        self.project = project
        self.mode = mode
        self.clock = clock
        self.redactor = redactor
        self.ledger = Ledger(project.folder, clock, redactor, run)
        self.views: dict[str, StepView] = {step.id: StepView(step) for step in section.steps}
        self.tenants: dict[Side, Tenant] = {}
        self._absent: dict[Side, NotObserved] = {}
        self._ask = ask
        self._show = show
        self._progress = progress
        self._engine: Engine | None = None
        self.snapshots: SnapshotReader | None = None
        self._open = ExitStack()
        if mode == "apply":
            self._open.enter_context(project_lock(project.folder))
        self.ledger.append("run_started", self._opening())

    def _opening(self) -> dict[str, Any]:
        project = self.project
        sides = {
            side: {"tenant_id": s.tenant_id, "domain": s.domain, "cloud": s.cloud}
            for side, s in (("source", project.source), ("target", project.target))
        }
        return {
            "section": self.section.number,
            "title": self.section.title,
            "mode": self.mode,
            "simulated": project.simulation is not None,
            "version": __version__,
            "project": {"id": project.id, "name": project.name},
            **sides,
            "transport": project.transport,
            "four_eyes_off_because": project.four_eyes.off_because,
        }

    def sign_in(self, side: Side) -> Tenant:
        """Sign in to one side, and prove that the token is of that tenant.

        Args:
            side: The side.

        Raises:
            SignInError: Nobody could be signed in, or it is the wrong tenant; written to the ledger.
        """
        try:
            tenant = connect(
                self.project,
                side,
                redactor=self.redactor,
                clock=self.clock,
                ask=self._ask,
                show=self._show,
                tell=self._progress,
            )
        except XtmigError as error:
            error.side = error.side or side
            self.ledger.append("problem", error.as_data())
            reason = as_reason(error) if isinstance(error, ServiceError | SignInError) else Reason.NOT_ASKED
            self._absent[side] = NotObserved(reason, error.message, self.clock.now())
            self._engine = None
            raise
        identity = tenant.identity
        former = self.tenants.pop(side, None)
        if former is not None:
            former.close()
        self.tenants[side] = tenant
        self._engine = None
        self.ledger.append(
            "signed_in",
            {
                "side": side,
                "tenant_id": identity.tenant_id,
                "kind": identity.kind,
                "name": identity.name,
                "object_id": identity.object_id,
                "application_id": identity.application_id,
            },
        )
        return tenant

    def sign_in_to_all(self) -> dict[Side, XtmigError]:
        """Sign in to each side of the section; what keeps somebody out of one does not keep them out of the other.

        Returns:
            What went wrong, by side; empty where both are signed in.
        """
        problems: dict[Side, XtmigError] = {}
        for side in self.section.sides:
            try:
                self._progress(f"signing in to the {side} tenant")
                self.sign_in(side)
            except XtmigError as error:
                problems[side] = error
        return problems

    @property
    def absent(self) -> dict[Side, NotObserved]:
        """Why a side is not signed in, for those where it was tried in vain."""
        return dict(self._absent)

    @property
    def engine(self) -> Engine:
        """The engine for the sides that are signed in at this moment."""
        if self._engine is None:
            self._engine = self._new_engine(writes=self.mode != "plan")
        return self._engine

    @property
    def reading_engine(self) -> Engine:
        """An engine that cannot write, for cells that run without a click."""
        return self._new_engine(writes=False)

    def _new_engine(self, *, writes: bool) -> Engine:
        reader = self._reader()
        door = None
        if writes:
            door = BulkDoor(
                project=self.project,
                tenants=self.tenants,
                reader=reader,
                ledger=self.ledger,
                clock=self.clock,
                redactor=self.redactor,
                approvals=lambda: load_approvals(self.project.folder).approvals,
                ask=self._ask,
                progress=self._progress,
            )
        recovery = Recovery(reader=reader, ledger=self.ledger, clock=self.clock, door=door, progress=self._progress)
        return Engine(
            section=self.section,
            project=self.project,
            reader=reader,
            ledger=self.ledger,
            clock=self.clock,
            door=door,
            recovery=recovery,
            remembers=self.mode != "interactive" or self.section.keeps_snapshot,
            approvals=lambda: load_approvals(self.project.folder),
            waivers=lambda: load_waivers(self.project.folder).waivers,
        )

    def _reader(self) -> Reader:
        if not self.section.keeps_snapshot:
            return Reader(self.project, self.tenants, self.clock, self._absent)
        self.snapshots = SnapshotReader(
            self.project,
            self.tenants,
            self.clock,
            self._absent,
            store=SnapshotStore(self.project.folder),
            wanted=(*preflight_facts(), *self.section.reads),
            tell=self._progress,
        )
        return self.snapshots

    def step(self, step_id: str) -> Step:
        """A step of this section.

        Args:
            step_id: Such as `"070.2"`.

        Raises:
            UsageError: The section has no such step.
        """
        if step_id not in self.views:
            raise UsageError(
                f"section {self.section.number} has no step {step_id}",
                remedy=f"Its steps are {', '.join(self.views)}.",
            )
        return self.views[step_id].step

    def writing(self) -> AbstractContextManager[None]:
        """Hold the project folder while a person's click is carried out; a run holds it from its start."""
        return project_lock(self.project.folder) if self.mode == "interactive" else nullcontext()

    def close(self) -> None:
        """Write down how the section ended, and let go of the tenants and of the project folder."""
        states = {step_id: summary(view) for step_id, view in self.views.items()}
        self.ledger.append("run_ended", {"section": self.section.number, "summary": states})
        for tenant in self.tenants.values():
            tenant.close()
        self._open.close()


def open_section(
    number: str,
    *,
    project: str | Path,
    mode: Mode,
    run: str | None = None,
    redactor: Redactor,
    ask: Callable[[str], str] | None = None,
    show: Callable[[str, str], None] | None = None,
    progress: Callable[[str], None] = lambda _sentence: None,
) -> SectionRun:
    """Open a section of a project.

    Args:
        number: Such as `"070"`.
        project: The project folder.
        mode: `interactive`, `plan` or `apply`.
        run: Id of the run; a new one if it is not given.
        redactor: Knows every secret; learns those that are used.
        ask: Asks a person for a secret, or None where nobody can be asked.
        show: Shows a person a message and a link, or None.
        progress: Takes one sentence about what is waited for.

    Raises:
        UsageError: There is no such section or mode, or the project cannot be used.
        LedgerError: Another run is changing this project's tenants.
    """
    if number not in BY_NUMBER:
        raise UsageError(f"there is no section {number}", remedy=f"The sections are {', '.join(BY_NUMBER)}.")
    if mode not in MODES:
        raise UsageError(f"there is no mode {mode}", remedy=f"The modes are {', '.join(MODES)}.")
    loaded = load_project(Path(project))
    load_users(loaded.folder)  # a wrong users.csv is told before anything else is done
    clock = clock_for(loaded)
    return SectionRun(
        BY_NUMBER[number],
        loaded,
        mode,
        run or new_run_id(clock.now(), mode),
        clock,
        redactor,
        ask=ask,
        show=show,
        progress=progress,
    )
