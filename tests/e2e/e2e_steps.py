"""Steps of a section run in this process, as a batch runs them: without notebooks and without an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from e2e_workplace import APPROVER

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.runbook import open_section
from xtmig_kernel.runs.approve import approve
from xtmig_kernel.runs.proposals import proposed

if TYPE_CHECKING:
    from pathlib import Path

    from e2e_workplace import Workplace

    from xtmig_kernel.runbook.engine import StepView


def run_steps(
    place: Workplace, section: str, mode: Literal["plan", "apply"], project: Path | None = None
) -> dict[str, StepView]:
    """Run every step of a section, and give what each came to, by its id."""
    opened = open_section(section, project=project or place.project, mode=mode, redactor=Redactor())
    try:
        for side in opened.section.sides:
            opened.sign_in(side)
        views = {}
        for step in opened.section.steps:
            views[step.id] = opened.views[step.id] = opened.engine.run(step)
        return views
    finally:
        opened.close()


def approve_steps(project: Path, section: str, key: Path | None) -> list[str]:
    """The approver signs what a section's plans need, or only claims it; the hashes."""
    changes = proposed(project, section)
    if changes:
        approve(project, section, changes, APPROVER, prove=key)
    return [change.hash for change in changes]
