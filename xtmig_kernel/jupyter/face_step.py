"""One step in a notebook: look, plan, apply, verify, each with its card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xtmig_kernel.changes import Level
from xtmig_kernel.errors import ApprovalError, XtmigError
from xtmig_kernel.jupyter.cards_step import Phase, Unapproved, step_card
from xtmig_kernel.jupyter.face_controls import Controls
from xtmig_kernel.jupyter.face_display import Shown
from xtmig_kernel.project import load_approvals
from xtmig_kernel.runbook.approvals import find_approval

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.jupyter.face import SectionFace
    from xtmig_kernel.runbook import StepView

LOOK, PLAN, VERIFY = "Look again", "Plan", "Verify"


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
        return looked if view.state == "new" else replace(view, findings=looked.findings)

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
        operators = [tenant.identity.name for tenant in self._run.tenants.values()]
        approvals = load_approvals(self._run.project.folder).approvals
        found = []
        for change in view.changes:
            if change.level < Level.NAMED:
                continue
            try:
                find_approval(change, approvals, self._run.project, self._run.ledger, self._run.clock.now(), operators)
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
            controls.allow(self._reasons())

        accent = "xtmig-go-source" if self._step.side == "source" else "xtmig-go"
        controls = Controls(
            {caption: action(work) for caption, work in buttons.items()},
            self._section.protected,
            self._section.busy,
            {self._apply_caption: accent},
        )
        controls.allow(self._reasons())
        self._section.on_change(lambda: controls.allow(self._reasons()))
        Shown.widget(controls.widget)

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
        elif view.state == "no change":
            why = "the tenant is already right."
        elif not view.changes:
            why = "there is no plan yet; press Plan."
        elif missing:
            why = f"nobody is signed in to {' and '.join(sorted(missing)).upper()}; sign in above."
        elif view.blocked_by:
            why = f"held back, because this does not hold yet: {view.blocked_by[0].title}. Then press Plan."
        elif unapproved := self._unapproved():
            why = f"{len(unapproved)} of its changes needs an approval; the card says by whom. Then press Plan."
        elif view.outcomes:
            why = "it is made, and Microsoft is waited for; press Plan when it is time to look again."
        elif view.state != "planned":
            why = "its last try ended otherwise; press Plan."
        return {self._apply_caption: why} if why else {}
