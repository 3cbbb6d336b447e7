"""One step in a notebook: look, plan, apply, verify, each with its card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xtmig_kernel.changes import Level
from xtmig_kernel.counting import counted
from xtmig_kernel.errors import ApprovalError, XtmigError
from xtmig_kernel.jupyter.cards_step import Phase, Unapproved, step_card
from xtmig_kernel.jupyter.face_controls import Controls
from xtmig_kernel.jupyter.face_display import Shown
from xtmig_kernel.project import load_approvals
from xtmig_kernel.runbook.approvals import ApprovalJudge
from xtmig_kernel.runbook.step import nothing_to_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.jupyter.face import SectionFace
    from xtmig_kernel.runbook import StepView

LOOK, PLAN, VERIFY, WRITE_FILES = "Look again", "Plan", "Verify", "Write files"
MOST_NAMES = 2


class StepFace:
    """A step of an opened section.

    Args:
        section: The section's face.
        step_id: Such as `"070.2"`.
    """

    def __init__(self, section: SectionFace, step_id: str) -> None:
        self._section = section
        self._run = section.run
        self._step = section.run.step(step_id)
        self._failed_now = False
        self._apply_caption = f"Apply to {self._step.side.upper()}" if self._step.side else "Apply"
        if self._writes_files_alone:
            self._apply_caption = WRITE_FILES

    def look(self) -> None:
        """Read what the step concerns, judge it, and show what was found."""
        self._do(self._look)
        self._show("look")

    def plan(self) -> None:
        """Work out what would have to change, and show it; nothing is written to a tenant."""
        self._do(self._plan_in_cell)
        self._show("plan")

    def apply(self) -> None:
        """Apply the plan: in a front end by a button under the card, in a run at once, in a plan run not at all."""
        if self._run.mode == "interactive":
            self._show_with_buttons()
            return
        if self._run.mode == "apply":
            self._do(self._apply)
        self._show("apply")

    def verify(self) -> None:
        """Read again, judge, show, and write down how the step ended."""
        self._do(self._verify)
        self._show("verify")

    @property
    def _writes_files_alone(self) -> bool:
        return self._step.plan is nothing_to_change and not self._step.only_looks

    @property
    def _view(self) -> StepView:
        return self._run.views[self._step.id]

    def _do(self, work: Callable[[StepView], StepView]) -> None:
        """Do one thing; an error becomes part of the view, and of the ledger."""
        before = self._view
        self._failed_now = False
        try:
            after = work(before)
        except XtmigError as error:
            self._failed_now = True
            after = self._run.engine.failed(before, error)
        self._run.views[self._step.id] = after

    def _look(self, view: StepView) -> StepView:
        looked = self._run.engine.look(self._step)
        return looked if view.state == "new" else replace(view, findings=looked.findings, exhibits=looked.exhibits)

    def _plan_in_cell(self, _view: StepView) -> StepView:
        # Run All never writes, not even to settle what an earlier run left open; the Plan button does
        interactive = self._run.mode == "interactive"
        return (self._run.reading_engine if interactive else self._run.engine).plan(self._step)

    def _plan(self, _view: StepView) -> StepView:
        with self._run.writing():
            return self._run.engine.plan(self._step)

    def _apply(self, view: StepView) -> StepView:
        with self._run.writing():
            return self._run.engine.apply(view)

    def _verify(self, view: StepView) -> StepView:
        engine = self._run.engine
        verified = engine.verify(replace(view, state="looked") if view.state == "new" else view)
        engine.end(verified)
        return verified

    def _unapproved(self) -> list[Unapproved]:
        """Planned changes that the door would refuse now for want of an approval."""
        view = self._view
        if view.state not in ("planned", "waiting") or view.outcomes:
            return []
        needing = [change for change in view.changes if change.level >= Level.NAMED]
        if not needing:
            return []
        run = self._run
        operators = [tenant.identity.name for tenant in run.tenants.values()]
        approvals = load_approvals(run.project.folder).approvals
        judge = ApprovalJudge(approvals, run.project, run.ledger, run.clock.now(), operators)
        found = []
        for change in needing:
            try:
                judge.find(change)
            except ApprovalError as error:
                found.append(Unapproved(change, error))
        return found

    def _card(self, phase: Phase) -> str:
        return step_card(
            self._view,
            self._run.project,
            phase=phase,
            mode=self._run.mode,
            now=self._run.clock.now(),
            unapproved=self._unapproved(),
            problem=self._failed_now or self._run.mode == "interactive",
        )

    def _show(self, phase: Phase) -> None:
        Shown(self._card(phase))

    def _show_with_buttons(self) -> None:
        buttons: dict[str, Callable[[StepView], StepView]] = {LOOK: self._look}
        if not self._step.only_looks:
            buttons |= {PLAN: self._plan, self._apply_caption: self._apply_and_verify}
        buttons[VERIFY] = self._verify
        shown = Shown(self._card("apply"))

        def action(work: Callable[[StepView], StepView]) -> Callable[[], None]:
            def act() -> None:
                with self._section.heard_by(controls):
                    self._do(work)
                    if work == self._plan:
                        self._run.engine.end(self._view)
                self._section.settled()
                refresh()

            return act

        def refresh() -> None:
            shown.update(self._card("apply"))
            allow()

        def allow() -> None:
            if self._writes_files_alone:
                controls.name(self._apply_caption, self._write_caption())
            controls.allow(self._reasons())

        accent = "xtmig-go-source" if self._step.side == "source" else "xtmig-go"
        controls = Controls(
            {caption: action(work) for caption, work in buttons.items()},
            self._section.protected,
            self._section.busy,
            {self._apply_caption: accent},
        )
        allow()
        self._section.on_change(allow)
        Shown.widget(controls.widget)

    def _write_caption(self) -> str:
        """What the button of a step writes that changes no tenant: "Write users.csv"."""
        names = [file.name for file in self._view.files]
        return f"Write {' and '.join(names)}" if 1 <= len(names) <= MOST_NAMES else self._apply_caption

    def _apply_and_verify(self, view: StepView) -> StepView:
        """What a click does; the step is judged and written down even where an error ends it."""
        try:
            applied = self._apply(view)
        except XtmigError as error:
            applied = self._run.engine.failed(view, error)
        return self._verify(applied)

    def _reasons(self) -> dict[str, str]:
        """Why a button cannot be used now; nothing is said of buttons that can."""
        if self._step.only_looks:
            return {}
        view, missing = self._view, {change.side for change in self._view.changes} - set(self._run.tenants)
        why = ""
        if view.state == "applied":
            why = "it is applied; plan again to see whether anything is left."
        elif missing:
            why = f"nobody is signed in to {' and '.join(sorted(missing)).upper()}; sign in above."
        elif view.blocked_by:
            why = f"held back, because this does not hold yet: {view.blocked_by[0].title}. Then press Plan."
        elif view.state == "no change":
            why = "nothing is left to write." if self._writes_files_alone else "the tenant is already right."
        elif not view.changes and not view.files:
            why = "there is no plan yet; press Plan."
        elif unapproved := self._unapproved():
            number = counted(len(unapproved), "of its changes needs", "of its changes need")
            why = f"{number} an approval; the card says by whom. Then press Plan."
        elif view.outcomes:
            why = "it is made, and Microsoft is waited for; press Plan when it is time to look again."
        elif view.state != "planned":
            why = "its last try ended otherwise; press Plan."
        return {self._apply_caption: why} if why else {}
