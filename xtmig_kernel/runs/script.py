"""A section, or some of its changes, as a PowerShell script: `xtmig powershell`."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Level
from xtmig_kernel.clock import as_text
from xtmig_kernel.counting import counted
from xtmig_kernel.errors import ApprovalError, UsageError
from xtmig_kernel.powershell import Script, call_name, read_back, section_reads
from xtmig_kernel.project import load_approvals
from xtmig_kernel.project.files import write_whole
from xtmig_kernel.runbook import open_section
from xtmig_kernel.runbook.approvals import ApprovalJudge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from xtmig_kernel.changes import Change
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.project import Side
    from xtmig_kernel.runbook import SectionRun, StepView

WRITTEN = "script_written"
FOLDER = "scripts"
MOST_TOLD = 20


@dataclass(frozen=True)
class Written:
    """What became of a section's scripts.

    Args:
        paths: The scripts.
        notes: Sentences on what is not in them, and why.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def write_scripts(
    folder: Path,
    section: str,
    redactor: Redactor,
    show: Callable[[str, str], None] | None,
    progress: Callable[[str], None],
    *,
    only: Sequence[str] = (),
) -> Written:
    """Plan a section now, and write its changes as one script a side. Writes nothing to a tenant.

    Where nothing would change, the scripts hold the reads that show the section's state. A change that needs an
    approval and is held back is left out: what xtmig would not make, none of its scripts makes.

    Args:
        folder: The project folder.
        section: Number of the section.
        redactor: Learns every secret.
        show: Shows a person a message and a link, for the sign-in.
        progress: Takes one sentence at a time.
        only: Only changes whose hash begins so, or that are of a step with this id; all if none is given.

    Raises:
        UsageError: No change is as `only` says, or what it says is held back.
        XtmigError: The project cannot be used, or nobody could be signed in.
    """
    opened = open_section(section, project=folder, mode="plan", redactor=redactor, show=show, progress=progress)
    try:
        for side in opened.section.sides:
            opened.sign_in(side)
        for step in opened.section.steps:
            opened.views[step.id] = opened.engine.run(step)
        views = list(opened.views.values())
        scripts = _scripts(opened, [change for view in views for change in view.changes], only)
        paths = tuple(_write(opened, script, alone=bool(only)) for script in scripts)
    finally:
        opened.close()
    return Written(paths, tuple(_notes(opened, views, scripts)))


def _scripts(opened: SectionRun, changes: Sequence[Change], only: Sequence[str]) -> list[Script]:
    if only:
        changes = _chosen(changes, only, opened.section.number)
    held = held_back(opened.views.values())
    out = [change for change in changes if change.hash in held]
    if only and len(out) == len(changes):
        raise UsageError(
            f"{out[0].title}: held back, so no script of it is written",
            step=out[0].step,
            cause=f"this does not hold yet: {held[out[0].hash]}",
            remedy="Write the script when it holds.",
        )
    left_out = tuple((change.side, change.title, held[change.hash]) for change in out)
    ready = [change for change in changes if change.hash not in held]
    if ready:
        approved = _approved(opened, ready)
        by_side: dict[Side, list[Change]] = {}
        for change in ready:
            by_side.setdefault(change.side, []).append(change)
        return [
            _script(opened, side, left_out, changes=tuple(of_side), approved=approved)
            for side, of_side in by_side.items()
        ]
    facts = [fact for step in opened.section.steps for fact in step.reads]
    read = {side: section_reads(facts, side, opened.project) for side in opened.section.sides}
    return [_script(opened, side, left_out, reads=reads) for side, reads in read.items() if reads]


def held_back(views: Iterable[StepView]) -> dict[str, str]:
    """The changes that need an approval and whose step is held back, by their hash, and what does not hold yet.

    Args:
        views: The steps of a section, planned.
    """
    return {
        change.hash: view.blocked_by[0].title
        for view in views
        for change in view.changes
        if view.blocked_by and change.level >= Level.NAMED
    }


def _approved(opened: SectionRun, changes: Sequence[Change]) -> tuple[tuple[str, str], ...]:
    """Who has approved what. Who will run the script is not known, so that it is a second person is not checked."""
    project = opened.project
    given = load_approvals(project.folder).approvals
    judge = ApprovalJudge(given, project, opened.ledger, opened.clock.now(), ())
    found = []
    for change in changes:
        if change.level >= Level.NAMED:
            with suppress(ApprovalError):
                approval = judge.find(change)
                found.append((change.hash, f"{approval.approver} until {as_text(approval.valid_until)}"))
    return tuple(found)


def _chosen(changes: Sequence[Change], only: Sequence[str], section: str) -> list[Change]:
    for wanted in only:
        if not any(_is(change, wanted) for change in changes):
            some = "; ".join(f"{change.step} {change.hash[:19]} {change.title}" for change in changes[:MOST_TOLD])
            raise UsageError(
                f"section {section} has no change {wanted} to script now",
                cause=f"those that it has are: {some or 'none'}",
                remedy="Give the id of a step, or the beginning of a change's hash, sha256: included.",
            )
    return [change for change in changes if any(_is(change, wanted) for wanted in only)]


def _is(change: Change, wanted: str) -> bool:
    return wanted == change.step or (wanted.startswith("sha256:") and change.hash.startswith(wanted))


def _script(opened: SectionRun, side: Side, left_out: Iterable[tuple[Side, str, str]], **what: Any) -> Script:
    settings = opened.project.side(side)
    return Script(
        section=opened.section.number,
        title=f"{opened.section.number} {opened.section.title}, {side} tenant",
        side=side,
        tenant_id=settings.tenant_id,
        domain=settings.domain,
        held=tuple((view.step.id, view.blocked_by[0].title) for view in opened.views.values() if view.blocked_by),
        left_out=tuple((title, why) for of, title, why in left_out if of == side),
        **what,
    )


def _write(opened: SectionRun, script: Script, *, alone: bool) -> Path:
    beginning = script.plan.removeprefix("sha256:")[:8]
    stem = f"{script.section}-{script.side}{f'-{beginning}' if alone else ''}"
    name = f"{FOLDER}/{stem}.ps1"
    # a byte order mark, because Windows PowerShell 5.1 reads a file without one as ANSI
    text = "\ufeff" + script.text(f"{stem}.results.json")
    path = opened.project.folder / name
    write_whole(path, text)
    opened.ledger.append(WRITTEN, script_record(script, name, text.encode("utf-8")))
    return path


def script_record(script: Script, name: str, content: bytes) -> dict[str, Any]:
    """What the ledger holds of a script, so that its results can be held against it.

    Args:
        script: The script.
        name: Its path below the project folder.
        content: Its bytes.
    """
    return {
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "section": script.section,
        "side": script.side,
        "tenant_id": script.tenant_id,
        "plan": script.plan,
        "gates": {gate.name: [change.hash for change in gate.changes] for gate in script.gates},
        "changes": [
            {
                "change": change.hash,
                "step": change.step,
                "title": change.title,
                "calls": [call_name(call) for call in change.calls],
                "names": list(read_back(change).names),
            }
            for change in script.changes
        ],
        "reads": [
            {"read": text, "names": list(read.names)}
            for text, read in zip(script.read_names, script.reads, strict=True)
        ],
    }


def _notes(opened: SectionRun, views: Sequence[StepView], scripts: Sequence[Script]) -> list[str]:
    notes = [f"{view.step.id} {view.note}." for view in views if view.note and view.state in ("not planned", "failed")]
    notes += [
        f"{view.step.id}: left out {counted(left, 'change')}, held back until this holds: {view.blocked_by[0].title}."
        for view in views
        if (left := len(held_back([view])))
    ]
    number = opened.section.number
    if not scripts and not any(step.reads for step in opened.section.steps):
        notes.append(f"Section {number} reads no tenant and changes none, so there is nothing to script.")
    elif not scripts:
        notes.append(
            f"Nothing would change, and no single read shows the state of section {number}: xtmig run {number}."
        )
    elif not any(script.changes for script in scripts) and not held_back(views):
        notes.append("Nothing would change now, so this only reads.")
    return notes
