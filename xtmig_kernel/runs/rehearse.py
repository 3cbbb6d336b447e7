"""The whole runbook against practice tenants: `xtmig rehearse`.

It does what the people of a real project do, by the same commands: plan, approve, consent, apply. When a run waits
for Microsoft, the practice calendar is moved on. No check is passed by.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from xtmig_kernel.clock import from_text
from xtmig_kernel.m365 import clock_for
from xtmig_kernel.project import load_project
from xtmig_kernel.runs.approve import SIGN_OFF_KIND, approve, sign_off
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.runs.headless import Run, run_sections
from xtmig_kernel.runs.practice import Practice, practice_project, practice_tenants, simulation_folder
from xtmig_kernel.runs.proposals import proposed
from xtmig_kernel.statements import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from xtmig_kernel.project import Side
    from xtmig_kernel.report import Result

MOST_RUNS = 12
_CODE = re.compile(r"\b[A-Z0-9-]{8,12}\b")


def rehearse(
    folder: Path, tenants_file: Path, progress: Callable[[str], None], options: Sequence[str] = ("--speed", "60")
) -> Run:
    """Rehearse in a new project folder.

    Args:
        folder: A folder that holds no project yet.
        tenants_file: What the practice tenants hold at the start.
        progress: Takes one sentence at a time.
        options: Further options of the simulator.

    Returns:
        The last run; its exit code says whether the rehearsal came to its end.

    Raises:
        UsageError: The folder holds a project, or the practice tenants did not start.
    """
    progress("starting two simulated tenants")
    with (
        practice_tenants(simulation_folder(folder), tenants_file, options) as practice,
        _variables(practice.environment),
    ):
        new_project(folder, practice_project(practice))
        progress("planning: nothing is written")
        run = run_sections(folder, (), "plan", progress)
        progress(run.result.answer)
        for _ in range(MOST_RUNS):
            moved = _people_act(folder, practice, run.result, progress) or _time_passes(folder, practice, run, progress)
            if not moved and not any(run.result.run.changes.values()):
                break
            progress("applying")
            run = run_sections(folder, (), "apply", progress)
            progress(run.result.answer)
            if run.result.run.exit_code == 0:
                break
        unsupported = practice.stats()["unsupported"]
        if unsupported:
            progress(f"the simulator does not support: {unsupported}")
    return run


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """The operator's secrets, where `env:` references find them, for as long as the tenants run."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _people_act(folder: Path, practice: Practice, result: Result, progress: Callable[[str], None]) -> bool:
    """Let the practice people do what the result says that people have to do; True if they did anything."""
    acted = result.run.mode == "plan"  # what was planned can now be applied
    for section in sorted({p.step.split(".")[0] for p in result.planned if p.approval in ("missing", "claimed")}):
        acted |= _approve(folder, practice, section, progress)
    for side in _consents_wanted(result):
        link = next((f.subject for f in result.findings if f.rule == f"{side}-consent-link"), None)
        if link is not None and link.startswith("http"):
            operator = practice.people(side)[0]
            progress(f"{operator} opens the consent link of the {side} tenant and accepts")
            practice.consent(link, operator)
            acted = True
    return _sign(folder, practice, result, progress) or acted


def _sign(folder: Path, practice: Practice, result: Result, progress: Callable[[str], None]) -> bool:
    """Give the word of the practice operators for what no reading proves; True if any was asked for."""
    asked = [f for f in result.findings if f.verdict == "manual" and not f.signed_by]
    for finding in asked:
        operator = practice.people(finding.side or "target")[0]
        for statement in (item for item in finding.statements if statements()[item].automation == SIGN_OFF_KIND):
            progress(f"{operator} signs {statement}: {finding.title}")
            sign_off(folder, statement, operator, note="practice")
    return bool(asked)


def _consents_wanted(result: Result) -> list[Side]:
    sides: tuple[Side, ...] = ("target", "source")
    waiting = {f.rule for f in result.findings if f.verdict == "waiting"}
    return [side for side in sides if f"{side}-consent-granted" in waiting]


def _approve(folder: Path, practice: Practice, section: str, progress: Callable[[str], None]) -> bool:
    changes = proposed(folder, section)
    for approver in load_project(folder).approvers:
        if approver.side != changes[0].side:
            continue

        def confirm(message: str, _url: str, upn: str = approver.upn) -> None:
            found = _CODE.findall(message)
            if found:
                practice.confirm_device(found[-1], upn)

        progress(f"{approver.upn} signs in and approves {len(changes)} change(s) of section {section}")
        approve(folder, section, changes, approver.upn, note="practice", prove="device_code", show=confirm)
        return True
    return False


def _time_passes(folder: Path, practice: Practice, run: Run, progress: Callable[[str], None]) -> bool:
    """Move the practice calendar to when it is worth looking again; False if nothing is waited for."""
    now = clock_for(load_project(folder)).now()
    moments = [from_text(item.until) for item in run.result.open_items if item.until]
    later = [moment for moment in moments if moment > now]
    if not later:
        return False
    seconds = (max(later) - now).total_seconds() + 1
    progress(f"waiting for Microsoft: the practice calendar moves on by {seconds / 60:.0f} minutes")
    practice.advance(seconds)
    return True
