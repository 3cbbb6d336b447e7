"""Where a project stands, from its ledger and files alone: what notebook 000 shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xtmig_kernel.counting import counted
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.jupyter import cards
from xtmig_kernel.jupyter.cards_step import approve_commands
from xtmig_kernel.jupyter.face import calmly, project_folder, told_by_ledger
from xtmig_kernel.jupyter.face_display import Shown
from xtmig_kernel.report.shown import by, sums
from xtmig_kernel.report.words import STEP_STATES, Word
from xtmig_kernel.runbook import SECTIONS, Section, open_section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.report import Result
    from xtmig_kernel.report.model import PlannedFact
    from xtmig_kernel.runbook import Mode

STATUS = "000"
MOST_APPROVALS = 5


class StatusFace:
    """The project as its ledger tells it. Showing it shows its header card.

    Args:
        project: The project folder, or the folder of notebooks in it.
        mode: `interactive`, `plan` or `apply`.
        run: Id of the run, or an empty text for a new one.

    Raises:
        UsageError: The project cannot be used.
    """

    def __init__(self, project: str, mode: Mode, run: str) -> None:
        folder = project_folder(project)
        self._run = open_section(STATUS, project=folder, mode=mode, run=run or None, redactor=Redactor())

    def __repr__(self) -> str:
        return f"Status of project {self._run.project.name}"

    def _repr_html_(self) -> str:
        return cards.header_card(self._run.section, self._run.project, self._run.mode, [])

    def steps(self) -> None:
        """Show every step of the runbook: how it ended last, who is waited for, and which notebook comes next."""
        Shown(status_card(told_by_ledger(self._run)))

    def open_items(self) -> None:
        """Show what is left to do and by whom, and the changes that wait for an approval."""
        result = told_by_ledger(self._run)
        lacking = [change for change in result.planned if change.approval in ("missing", "claimed")]
        approvals = [
            {**change.model_dump(), "command": _first_command(self._run.project, change.step)}
            for step in by(lacking, lambda change: change.step).values()
            for change in step[:MOST_APPROVALS]
        ]
        Shown(cards.render("open", items=result.open_items, approvals=approvals, sums=_lacking(lacking)))

    def close(self) -> None:
        """Write down that the status was shown, and name the notebook that comes next."""
        result = told_by_ledger(self._run)
        self._run.close()
        Shown(cards.closing_card(self._run.section, [], coming=next_section(result)))


def status_card(result: Result) -> str:
    """The table of every step.

    Args:
        result: What the ledger says.
    """
    rows = [row for section in SECTIONS for row in cards.step_rows(section, result)]
    right = sum(bool(row["settled"]) for row in rows)
    states: Counter[str] = Counter(_key(row) for row in rows)
    return cards.render(
        "status",
        answer=f"{right} of {counted(len(rows), 'step')} are right or done",
        sums=sums(states, {**STEP_STATES, "new": cards.NEW}) + ".",
        rows=rows,
        waiting=result.actors,
        following=next_section(result),
    )


def next_section(result: Result) -> Section | None:
    """The first section, in the order of the runbook, of which a step is not right or done.

    Args:
        result: What the ledger says.
    """
    usual = [section for section in SECTIONS if section.runs == "always"]
    return next((s for s in usual if not all(row["settled"] for row in cards.step_rows(s, result))), None)


def _key(row: dict[str, Any]) -> str:
    word: Word = row["state"]
    return next((key for key, known in STEP_STATES.items() if known == word), "new")


def _lacking(changes: Sequence[PlannedFact]) -> list[str]:
    """One sentence for each step of which more changes wait for an approval than are listed."""
    return [
        f"Step {step}: {counted(len(found), 'change')} wait for an approval; here are the first {MOST_APPROVALS}, "
        "the report of the run has all."
        for step, found in by(changes, lambda change: change.step).items()
        if len(found) > MOST_APPROVALS
    ]


def _first_command(project: Any, step: str) -> str:
    section = step.split(".", maxsplit=1)[0]
    return next(iter(approve_commands(project, section)), "name an approver in project.yaml first")


def open_status(*, project: str, mode: Mode, run: str = "") -> StatusFace:
    """Open the status of a project in a notebook.

    Args:
        project: The project folder, or the folder of notebooks in it.
        mode: `interactive`, `plan` or `apply`.
        run: Id of the run; a new one if it is empty.

    Raises:
        UsageError: The project cannot be used.
    """
    with calmly():
        return StatusFace(project, mode, run)
