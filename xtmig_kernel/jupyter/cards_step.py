"""The card of one step, from what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import Failed
from xtmig_kernel.jupyter.cards import problem_data, render, shown_state
from xtmig_kernel.jupyter.cards_many import (
    shown_approvals,
    shown_changes,
    shown_exhibits,
    shown_files,
    shown_findings,
)
from xtmig_kernel.report.words import SIDES, TO_DO, moment
from xtmig_kernel.runbook import BY_NUMBER
from xtmig_kernel.runbook.step import nothing_to_change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xtmig_kernel.changes import Change
    from xtmig_kernel.errors import ApprovalError
    from xtmig_kernel.evidence import Finding
    from xtmig_kernel.project import Project
    from xtmig_kernel.report.words import Word
    from xtmig_kernel.runbook import Mode, StepView

Phase = Literal["look", "plan", "apply", "verify"]
NOTHING: dict[str, Any] = {"changes": [], "sentence": "", "kinds": "", "sums": "", "left": "", "unfolded": 0}
PHASES: dict[Phase, str] = {"look": "looked", "plan": "planned", "apply": "as it stood", "verify": "verified"}


@dataclass(frozen=True)
class Unapproved:
    """A planned change whose approval does not hold now.

    Args:
        change: The change.
        error: Why not.
    """

    change: Change
    error: ApprovalError


def step_card(
    view: StepView,
    project: Project,
    *,
    phase: Phase,
    mode: Mode,
    now: datetime,
    unapproved: Sequence[Unapproved] = (),
    problem: bool = True,
) -> str:
    """A step as a card.

    Args:
        view: What is known of the step.
        project: The project.
        phase: What was just done; a card shows what belongs to it.
        mode: How the notebook runs.
        now: When, UTC.
        unapproved: Planned changes whose approvals do not hold.
        problem: Whether to show the error that ended the step.
    """
    step = view.step
    planned, judged = phase in ("plan", "apply"), phase in ("look", "verify") or mode == "interactive"
    error = view.problem if problem and not unapproved else None
    changes = shown_changes(view) if planned else NOTHING
    before = BY_NUMBER[step.id.partition(".")[0]].keeps_snapshot  # what comes after is not set up yet
    findings, caption = shown_findings(view.findings, each_once=before) if judged else ([], "")
    lacking = [(item.change, item.error) for item in unapproved] if planned else []
    return render(
        "step",
        id=step.id,
        title=step.title,
        why=step.why,
        side=step.side,
        domain=project.side(step.side).domain if step.side else "",
        tone=_tone(view),
        label=f"Step {step.id}, {PHASES[phase]}",
        state=_state(view, before=before),
        phase=PHASES[phase],
        at=as_text(now),
        problem=problem_data(error) if error else None,
        notice=_notice(view, phase, mode),
        blocked_by=[finding.as_data() for finding in view.blocked_by] if planned else [],
        missing=view.missing if planned else (),
        approvals=shown_approvals(lacking, approve_commands(project, step.id.partition(".")[0])),
        **changes,
        nothing=_nothing(view) if planned else "",
        files=shown_files(view.files, project) if planned else [],
        exhibits=shown_exhibits(view.exhibits, step.id, now) if judged else [],
        findings=[_finding(finding, view) | {"to_do": before and _is_to_do(finding)} for finding in findings],
        caption=caption,
    )


def _state(view: StepView, *, before: bool) -> Word:
    if before and view.state in ("looked", "later") and any(map(_is_to_do, view.findings)):
        kinds = {finding.verdict.kind for finding in view.findings if not _is_to_do(finding)}
        word = shown_state("looked", kinds & {"fail", "not_observed"})
        return word if word.colour != "ok" else TO_DO
    return shown_state(view.state, {finding.verdict.kind for finding in view.findings})


def _is_to_do(finding: Finding) -> bool:
    return isinstance(finding.verdict, Failed) and finding.remedy_step is not None


def _finding(finding: Finding, view: StepView) -> dict[str, Any]:
    """A finding as data; what this step's own plan is about to mend needs no other remedy."""
    data = finding.as_data()
    if finding.remedy_step == view.step.id and view.changes:
        mended = {"planned": "The plan of this step mends it.", "waiting": "The change is made or waits; see above."}
        data |= {"remedy": mended.get(view.state, finding.remedy), "remedy_step": None}
    return data


def _tone(view: StepView) -> str:
    if view.state == "failed":
        return "bad"
    return SIDES[view.step.side].colour if view.step.side else ""


def _notice(view: StepView, phase: Phase, mode: Mode) -> str:
    if phase == "apply" and mode == "plan" and view.state == "planned":
        return "Planned, not applied: this run only plans. To apply: run it with mode apply, or click in JupyterLab."
    if view.state == "waiting" and not view.blocked_by and view.problem is None:
        until = f" Look again at {moment(as_text(view.until))}." if view.until else ""
        return f"Waiting for {view.waits_for}.{until} Nothing has to be changed meanwhile."
    return ""


def _nothing(view: StepView) -> str:
    if view.step.only_looks:
        return "This step only looks; there is nothing to apply."
    if view.state == "no change":
        if view.step.plan is nothing_to_change:
            return "No change: what this step would write is in the project folder already."
        return "No change: the tenant was looked at, and nothing has to be altered by this step."
    return ""


def approve_commands(project: Project, section: str) -> list[str]:
    """The command of each person who may approve.

    Args:
        project: The project.
        section: Number of the section.
    """
    return [f'xtmig approve {section} --by {a.upn} --project "{project.folder}"' for a in project.approvers]
