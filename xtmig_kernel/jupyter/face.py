"""What a notebook opens: one section of a project, with its cards, its sign-ins and its steps."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError, XtmigError
from xtmig_kernel.evidence import Waiting
from xtmig_kernel.jupyter import cards
from xtmig_kernel.jupyter.face_consent import consent_mail
from xtmig_kernel.jupyter.face_display import Shown
from xtmig_kernel.jupyter.face_progress import Progress
from xtmig_kernel.jupyter.face_sign_in import SignInPanel
from xtmig_kernel.jupyter.face_step import StepFace
from xtmig_kernel.jupyter.kernel_access import kernel_redactor
from xtmig_kernel.project import load_approvals, load_waivers
from xtmig_kernel.project.files import PROJECT_FILE
from xtmig_kernel.report import Result, summary
from xtmig_kernel.runbook import open_section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xtmig_kernel.jupyter.face_assess import AssessmentFace
    from xtmig_kernel.jupyter.face_controls import Controls
    from xtmig_kernel.project import Side
    from xtmig_kernel.runbook import Mode, SectionRun, StepView


def project_folder(project: str | Path) -> Path:
    """The folder that holds `project.yaml`: the one that is named, or the one above it.

    JupyterLab runs a notebook in its own folder, `notebooks/`, which lies in the project's.

    Args:
        project: As the notebook's parameter says.
    """
    folder = Path(project).resolve()
    above = folder.parent
    inside_notebooks = folder.name == "notebooks" or (above / PROJECT_FILE).exists()
    return above if not (folder / PROJECT_FILE).exists() and inside_notebooks else folder


@contextmanager
def calmly() -> Iterator[None]:
    """Show an error of ours as a card; the cell still fails, with the error's own words for a traceback."""
    try:
        yield
    except XtmigError as error:
        Shown(cards.problem_card(error))
        text = str(error)
        vars(error)["_render_traceback_"] = lambda: [text]  # IPython asks an exception for this
        raise


def told_by_ledger(run: SectionRun, section: str | None = None) -> Result:
    """What the ledger says of the project so far.

    Args:
        run: The opened section; its own entries are the latest.
        section: Only what it says of this section.
    """
    folder = run.project.folder
    return summary(
        run.ledger.entries(section=section),
        run=run.ledger.run,
        project=run.project,
        approvals=load_approvals(folder),
        waivers=load_waivers(folder).waivers,
    )


class SectionFace:
    """One section, opened in a notebook. Showing it shows its header card.

    Args:
        number: Such as `"070"`.
        project: The project folder, or the folder of notebooks in it.
        mode: `interactive`, `plan` or `apply`.
        run: Id of the run, or an empty text for a new one.

    Raises:
        UsageError: The project cannot be used.
    """

    def __init__(self, number: str, project: str, mode: Mode, run: str) -> None:
        self.protected = kernel_redactor()
        self.busy = threading.Lock()
        self._thread = threading.local()
        self._hearing: Controls | None = None
        self._listeners: list[Callable[[], None]] = []
        self._closing: Shown | None = None
        self._sign_in: SignInPanel | None = None
        self._progress = Progress(print)  # the cell's own output
        interactive = mode == "interactive"
        self.run = open_section(
            number,
            project=project_folder(project),
            mode=mode,
            run=run or None,
            redactor=self.protected or Redactor(),
            ask=self._ask if interactive else None,
            show=self._show_link,
            progress=self._say,
        )
        self._stand = cards.step_rows(self.run.section, told_by_ledger(self.run, number))

    def __repr__(self) -> str:
        section = self.run.section
        return f"{section.number} {section.title}, project {self.run.project.name}"

    def _repr_html_(self) -> str:
        return cards.header_card(
            self.run.section,
            self.run.project,
            self.run.mode,
            self._stand,
            unprotected=self.protected is None and self.run.mode == "interactive",
        )

    def __getitem__(self, step_id: str) -> StepFace:
        """A step of this section.

        Args:
            step_id: Such as `"070.2"`.

        Raises:
            UsageError: The section has no such step.
        """
        with calmly():
            return StepFace(self, step_id)

    def sign_in(self) -> None:
        """Sign in to the section's tenants: in a front end by buttons, in a run at once.

        Raises:
            SignInError: In a run: nobody could be signed in.
        """
        self._sign_in = SignInPanel(self)
        with calmly():
            self._sign_in.open()

    def consent_link(self, side: Side) -> None:
        """Show the consent link of one tenant, as the last look at its step found it.

        Args:
            side: The tenant whose administrator consents.
        """
        rule = f"{side}-consent-link"
        found = [f for view in self.run.views.values() for f in view.findings if f.rule == rule]
        url = next((f.subject for f in found if f.subject.startswith("http")), None)
        why = found[0].seen or found[0].title if found else "look at its step first"
        mail = consent_mail(self.run.project, url) if url and side == "source" else ""
        Shown(cards.consent_card(self.run.project, side, url, mail, why))

    def assessment(self) -> AssessmentFace:
        """What the preflight found, by what step 040.1 has read."""
        from xtmig_kernel.jupyter.face_assess import AssessmentFace  # pandas and the rules take a moment to import

        return AssessmentFace(self)

    def close(self) -> None:
        """Write down how the section ended, and show what is done, who is waited for, and what comes next."""
        self.run.close()
        self._closing = Shown(self._closing_card())

    def settled(self) -> None:
        """Something has changed by a click: whatever shows it is told."""
        for listener in self._listeners:
            listener()
        if self._closing is not None:
            self.run.close()
            self._closing.update(self._closing_card())

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have something called whenever a click has changed what is known.

        Args:
            listener: Called without arguments, in the click's thread.
        """
        self._listeners.append(listener)

    @contextmanager
    def heard_by(self, controls: Controls) -> Iterator[None]:
        """Let what this thread asks, and what it and its helpers say, appear under a card.

        Args:
            controls: Those of the card.
        """
        self._thread.controls = self._hearing = controls
        try:
            yield
        finally:
            self._thread.controls = self._hearing = None

    @property
    def _controls(self) -> Controls | None:
        return getattr(self._thread, "controls", None)

    def _ask(self, question: str) -> str:
        if self._controls is None:
            raise UsageError("A secret cannot be asked for while a cell runs.", remedy="Use the button under the card.")
        return self._controls.ask(question)

    def _say(self, sentence: str) -> None:
        # A read may be shared out to threads of its own; only the main thread runs cells.
        of_a_cell = threading.current_thread() is threading.main_thread()
        controls = self._controls or (None if of_a_cell else self._hearing)
        if controls is not None:
            controls.say(sentence)
        else:
            self._progress.say(sentence)

    def _show_link(self, message: str, url: str) -> None:
        if self._sign_in is not None:
            self._sign_in.link(message, url)

    def _closing_card(self) -> str:
        rows = [_closing_row(view) for view in self.run.views.values()]
        return cards.closing_card(self.run.section, rows)


def _closing_row(view: StepView) -> dict[str, Any]:
    step = view.step
    state = cards.shown_state(view.state, {finding.verdict.kind for finding in view.findings})
    waiting = [f.verdict for f in view.findings if isinstance(f.verdict, Waiting)] if not view.waits_for else []
    until = waiting[0].until if waiting else view.until
    return {
        "id": step.id,
        "title": step.title,
        "side": step.side,
        "state": state,
        "summary": view.note,
        "waits_for": waiting[0].waits_for if waiting else view.waits_for,
        "until": as_text(until) if until else None,
        "settled": state.colour == "ok",
    }


def open_notebook(number: str, *, project: str, mode: Mode, run: str = "") -> SectionFace:
    """Open a section of the runbook in a notebook.

    Args:
        number: Such as `"070"`.
        project: The project folder, or the folder of notebooks in it.
        mode: `interactive` (buttons write), `plan` (nothing is written) or `apply`.
        run: Id of the run; a new one if it is empty.

    Raises:
        UsageError: There is no such section or mode, or the project cannot be used.
        LedgerError: Another run is changing this project's tenants.
    """
    with calmly():
        return SectionFace(number, project, mode, run)
