"""The whole runbook against practice tenants: `xtmig rehearse`.

It does what the people of a real project do, by the same commands: plan, approve, consent, apply. When a run waits
for Microsoft, the practice calendar is moved on. No check is passed by.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.clock import from_text
from xtmig_kernel.errors import ServiceError, SignInError, UsageError
from xtmig_kernel.m365 import clock_for
from xtmig_kernel.project import load_project
from xtmig_kernel.runbook import SECTIONS
from xtmig_kernel.runs.approve import SIGN_OFF_KIND, approve, sign_off
from xtmig_kernel.runs.environment import set_variables
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.runs.headless import Run, chosen_sections, kernels_for, run_sections
from xtmig_kernel.runs.practice import Practice, practice_project, practice_tenants, simulation_folder
from xtmig_kernel.runs.proposals import proposed
from xtmig_kernel.statements import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from xtmig_kernel.project import Side
    from xtmig_kernel.report import Result
    from xtmig_kernel.report.model import FindingFact
    from xtmig_kernel.runs.kernels import Kernels

MOST_RUNS = 20
NOT_OBSERVED = 5
MOST_AGAIN = 3
"""How often in a row people run again what broke off, though nothing has changed since."""
_CODE = re.compile(r"\b[A-Z0-9-]{8,12}\b")


@dataclass(frozen=True)
class Stage:
    """Sections that are run together until all that they ask for is done.

    Args:
        title: What is true afterwards.
        sections: Numbers of sections; none for those that a run without names covers.
    """

    title: str
    sections: tuple[str, ...]


STAGES = (
    Stage("both tenants are configured, every user is prepared", ()),
    Stage("the waves are planned", ("120",)),
    Stage("the batches are synchronised", ("130", "140")),
    Stage("the waves are cut over", ("150", "160")),
    Stage("what follows the move is done", ("190", "200")),
    Stage("access is removed", ("210",)),
    Stage("the project is closed", ("220",)),
)


def rehearse(
    folder: Path,
    tenants_file: Path,
    progress: Callable[[str], None],
    options: Sequence[str] = ("--speed", "60"),
    until: str | None = None,
) -> Run:
    """Rehearse in a new project folder.

    Args:
        folder: A folder that holds no project yet.
        tenants_file: What the practice tenants hold at the start.
        progress: Takes one sentence at a time.
        options: Further options of the simulator.
        until: Number of the last section to be rehearsed; all if None.

    Returns:
        The last run; its exit code says whether the rehearsal came to its end.

    Raises:
        UsageError: The folder holds a project, there is no such section, or the practice tenants did not start.
    """
    stages = stages_until(until)
    progress("starting two simulated tenants")
    with (
        practice_tenants(simulation_folder(folder), tenants_file, options) as practice,
        set_variables(practice.environment),
    ):
        new_project(folder, practice_project(practice, tenants_file))
        with kernels_for(load_project(folder)) as kernels:
            rehearsal = Rehearsal(folder, practice, kernels, progress)
            for stage in stages:
                progress(f"next: {stage.title}")
                run = rehearsal.to_its_end(stage.sections)
                if run.result.run.exit_code != 0:
                    break
        _tell_stats(practice.stats(), progress)
    return run


def _tell_stats(stats: Mapping[str, Any], progress: Callable[[str], None]) -> None:
    if stats["faults"]:
        told = ", ".join(f"{kind} {number}" for kind, number in stats["faults"].items())
        progress(f"faults injected into {stats['requests']} requests: {told}")
    if stats["unsupported"]:
        progress(f"the simulator does not support: {stats['unsupported']}")


def stages_until(section: str | None) -> tuple[Stage, ...]:
    """The stages of a rehearsal up to a section, its own stage included.

    Args:
        section: Its number; None for all stages.

    Raises:
        UsageError: No stage runs such a section.
    """
    if section is None:
        return STAGES
    always = tuple(item.number for item in SECTIONS if item.runs == "always")
    last = next((n for n, stage in enumerate(STAGES, 1) if section in (stage.sections or always)), None)
    if last is None:
        numbers = ", ".join(number for stage in STAGES for number in (stage.sections or always))
        raise UsageError(f"no rehearsal comes to section {section}", remedy=f"Name one of {numbers}.")
    return STAGES[:last]


@dataclass(frozen=True)
class Rehearsal:
    """The people of a practice project, at work in its folder.

    Args:
        folder: The project folder.
        practice: The practice tenants.
        kernels: For the notebooks of all runs.
        progress: Takes one sentence at a time.
    """

    folder: Path
    practice: Practice
    kernels: Kernels
    progress: Callable[[str], None]

    def to_its_end(self, sections: tuple[str, ...], *, mends: bool = True) -> Run:
        """Plan, then apply until everything asked is done, or nobody can do any more."""
        chosen = chosen_sections(sections)
        writes = any(not step.only_looks for section in chosen for step in section.steps)
        run = self._told(sections, "plan" if writes else "apply")
        in_vain = 0
        for _ in range(MOST_RUNS):
            if run.result.run.mode == "apply" and run.result.run.exit_code == 0:
                break
            mended = mends and sections and self._mended(sections, run.result)
            moved = self._people_act(run.result) or self._time_passes(run)
            in_vain = 0 if mended or moved or any(run.result.run.changes.values()) else in_vain + 1
            if in_vain > (MOST_AGAIN if _is_worth_another_run(run.result) else 0):
                break
            # who has applied a section and seen it verified does not run it again
            still = sections if run.result.run.mode == "plan" else open_sections(run.result)
            run = self._told(still, "apply")
        return run

    def _told(self, sections: Sequence[str], mode: Literal["plan", "apply"]) -> Run:
        self.progress("planning: nothing is written" if mode == "plan" else "applying")
        run = run_sections(self.folder, sections, mode, self.progress, self.kernels)
        self.progress(run.result.answer)
        return run

    def _mended(self, sections: tuple[str, ...], result: Result) -> bool:
        """Run the notebooks that the failed checks of this run name as their remedy; True if they changed anything."""
        failed = (f for f in result.findings if f.this_run and f.verdict == "fail" and f.remedy_step)
        named = sorted({str(f.remedy_step).partition(".")[0] for f in failed} - set(sections))
        if not named:
            return False
        self.progress(f"what failed is mended by section {' and '.join(named)}")
        run = self.to_its_end(tuple(named), mends=False)
        return any(run.result.run.changes.values())

    def _people_act(self, result: Result) -> bool:
        """Let the practice people do what the result says that people have to do; True if they did anything."""
        # what was planned can now be applied
        acted = result.run.mode == "plan" and bool(result.run.planned or result.run.planned_files)
        for section in sorted({p.step.split(".")[0] for p in result.planned if p.approval in ("missing", "claimed")}):
            acted |= self._approve(section)
        for side in _consents_wanted(result):
            link = next((f.subject for f in result.findings if f.rule == f"{side}-consent-link"), None)
            if link is not None and link.startswith("http"):
                operator = self.practice.people(side)[0]
                self.progress(f"{operator} opens the consent link of the {side} tenant and accepts")
                self.practice.consent(link, operator)
                acted = True
        return self.sign(result) or acted

    def sign(self, result: Result) -> bool:
        """Give the word of the practice operators for what no reading proves; True if any was asked for."""
        asked = [f for f in result.findings if f.this_run and f.verdict == "manual" and not f.signed_by]
        for finding in asked:
            operator = self.practice.people(finding.side or "target")[0]
            for statement in (item for item in finding.statements if statements()[item].automation == SIGN_OFF_KIND):
                self.progress(f"{operator} signs {statement}: {finding.title}")
                sign_off(self.folder, statement, operator, note="practice")
        return bool(asked)

    def _approve(self, section: str) -> bool:
        changes = proposed(self.folder, section)
        for approver in load_project(self.folder).approvers:
            if approver.side != changes[0].side:
                continue

            def confirm(message: str, _url: str, upn: str = approver.upn) -> None:
                found = _CODE.findall(message)
                if found:
                    self.practice.confirm_device(found[-1], upn)

            self.progress(f"{approver.upn} signs in and approves {len(changes)} change(s) of section {section}")
            try:
                approve(self.folder, section, changes, approver.upn, note="practice", prove="device_code", show=confirm)
            except (SignInError, ServiceError) as error:
                self.progress(f"{approver.upn} could not sign in, and tries again later: {error.message}")
                return False
            return True
        return False

    def _time_passes(self, run: Run) -> bool:
        """Move the practice calendar to when it is worth looking again; False if nothing is waited for."""
        now = clock_for(load_project(self.folder)).now()
        moments = [from_text(item.until) for item in run.result.open_items if item.until]
        later = [moment for moment in moments if moment > now]
        if not later:
            return False
        seconds = (min(later) - now).total_seconds() + 1
        self.progress(f"waiting: the practice calendar moves on by {in_words(seconds)}")
        self.practice.advance(seconds)
        return True


def open_sections(result: Result) -> tuple[str, ...]:
    """Sections of a run that are not at their end: a step is open or a check has not passed; all, if it broke off.

    Args:
        result: What the run's archive says.
    """
    steps = {
        step.id
        for section in result.sections
        for step in section.steps
        if step.this_run and step.state not in ("applied", "no change", "looked")
    }
    steps |= {str(finding.step) for finding in result.findings if finding.this_run and _is_open(finding)}
    numbers = {step.partition(".")[0] for step in steps}
    broke_off = any(problem.this_run and not problem.resolved for problem in result.problems)
    return tuple(n for n in result.run.asked if n in numbers or broke_off) or result.run.asked


def _is_worth_another_run(result: Result) -> bool:
    """Whether a service broke a step off, or something could not be observed: the same may work the next time.

    A step that could not be planned counts also where checks failed: they may have failed for want of that step.
    """
    broke_off = any(problem.this_run and not problem.resolved for problem in result.problems)
    unplanned = any(
        step.this_run and step.state == "not planned" for section in result.sections for step in section.steps
    )
    return broke_off or unplanned or result.run.exit_code == NOT_OBSERVED


def _is_open(finding: FindingFact) -> bool:
    return finding.verdict in ("fail", "waiting", "not_observed") or (
        finding.verdict == "manual" and not finding.signed_by
    )


def _consents_wanted(result: Result) -> list[Side]:
    sides: tuple[Side, ...] = ("target", "source")
    waiting = {f.rule for f in result.findings if f.verdict == "waiting"}
    return [side for side in sides if f"{side}-consent-granted" in waiting]


def in_words(seconds: float) -> str:
    """A length of time as a person says it.

    Args:
        seconds: Its length, in seconds.
    """
    minutes = round(seconds / 60)
    if minutes < 2 * 60:
        return f"{minutes} minutes"
    if minutes < 2 * 24 * 60:
        return f"{round(minutes / 60)} hours"
    return f"{round(minutes / 60 / 24)} days"
