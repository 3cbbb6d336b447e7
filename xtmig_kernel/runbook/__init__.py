"""The runbook: sections, steps, the engine and the one door."""

from xtmig_kernel.runbook.engine import Engine, StepView, summary
from xtmig_kernel.runbook.sections import BY_NUMBER, SECTIONS, STEPS
from xtmig_kernel.runbook.session import Mode, SectionRun, new_run_id, open_section
from xtmig_kernel.runbook.step import Section, Step

__all__ = [
    "BY_NUMBER",
    "SECTIONS",
    "STEPS",
    "Engine",
    "Mode",
    "Section",
    "SectionRun",
    "Step",
    "StepView",
    "new_run_id",
    "open_section",
    "summary",
]
