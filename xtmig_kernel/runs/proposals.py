"""What there is to approve in a section, by its last plans, and what stands in the way of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Level
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError
from xtmig_kernel.m365 import clock_for
from xtmig_kernel.project import load_project
from xtmig_kernel.report import history
from xtmig_kernel.runbook import BY_NUMBER
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xtmig_kernel.store import Entry

_NEVER_PLANNED = "it was not planned yet"


@dataclass(frozen=True)
class Proposed:
    """A planned change that needs a named approval.

    Args:
        hash: Its hash; the approval is bound to it.
        step: Id of the step.
        side: The tenant.
        title: What it does.
        level: 2 or 3.
        lines: Its calls.
        undo: How it is undone, or why it cannot be.
    """

    hash: str
    step: str
    side: str
    title: str
    level: int
    lines: tuple[str, ...]
    undo: str


@dataclass(frozen=True)
class Unplanned:
    """A step of which nobody knows yet whether it needs an approval.

    Args:
        step: Its id.
        why: What the ledger says of it, as the rest of a sentence.
        first: Ids of the steps that must come first and have not come to their end.
    """

    step: str
    why: str
    first: tuple[str, ...]


def proposed(folder: Path, section: str, beginnings: Sequence[str] = ()) -> list[Proposed]:
    """The changes of a section's last plans that need a named approval.

    Args:
        folder: The project folder.
        section: Number of the section.
        beginnings: Only changes whose hash begins with one of these; all if none is given.

    Raises:
        UsageError: There is no such section, nothing was planned yet, or no hash begins so.
    """
    plans = _last_plans(_entries(folder, section), section)
    if not plans and not all(step.only_looks for step in BY_NUMBER[section].steps):
        raise UsageError(
            f"section {section} was not planned yet, so there is nothing to approve",
            remedy=f"Plan it first: xtmig run {section}",
        )
    found = [change for plan in plans.values() for change in _needing_approval(plan)]
    for beginning in beginnings:
        if not any(change.hash.startswith(beginning) for change in found):
            hashes = ", ".join(change.hash for change in found) or "none"
            raise UsageError(
                f"section {section} has no change to approve whose hash begins with {beginning}",
                cause=f"those to approve are: {hashes}",
                remedy="Give the beginning of a whole hash, sha256: included, or leave --change out.",
            )
    return [change for change in found if not beginnings or change.hash.startswith(tuple(beginnings))]


def unplanned(folder: Path, section: str) -> list[Unplanned]:
    """The steps of a section that could not be planned when they were last looked at.

    Args:
        folder: The project folder.
        section: Number of the section.

    Raises:
        UsageError: There is no such section.
    """
    entries = _entries(folder, section)
    plans, ends = _last_plans(entries, section), _last_ends(entries)
    found = []
    for step in BY_NUMBER[section].steps:
        plan, end = plans.get(step.id), ends.get(step.id)
        if not step.only_looks and not _is_planned(plan, end):
            why = str(end.data["summary"]) if end and end.data["summary"] else _NEVER_PLANNED
            found.append(Unplanned(step.id, why, _steps_before(entries, step.id, ends)))
    return found


def nothing_to_approve(folder: Path, section: str) -> UsageError:
    """The error of who would approve where no planned change needs it; it tells apart why.

    Args:
        folder: The project folder.
        section: Number of the section.
    """
    waiting = unplanned(folder, section)
    if not waiting:
        return UsageError(f"nothing in section {section} needs an approval", remedy="Nothing needs to be done.")
    first = sorted({step for item in waiting for step in item.first if not step.startswith(section)})
    sections = " ".join(dict.fromkeys(step.partition(".")[0] for step in first))
    before = f"Do {' and '.join(first)} first (xtmig run {sections} --mode apply), then plan" if first else "Plan"
    return UsageError(
        f"section {section} has nothing to approve yet: " + "; ".join(f"{item.step} {item.why}" for item in waiting),
        remedy=f"{before} again: xtmig run {section}",
    )


def _entries(folder: Path, section: str) -> list[Entry]:
    if section not in BY_NUMBER:
        raise UsageError(f"there is no section {section}", remedy=f"The sections are {', '.join(BY_NUMBER)}.")
    project = load_project(folder)
    return Ledger(project.folder, clock_for(project), Redactor(), "approve").entries()


def _last_plans(entries: Sequence[Entry], section: str) -> dict[str, Entry]:
    planned = (entry for entry in entries if entry.kind == "planned")
    return {str(entry.step): entry for entry in planned if str(entry.step).startswith(section + ".")}


def _last_ends(entries: Sequence[Entry]) -> dict[str, Entry]:
    return {str(entry.step): entry for entry in entries if entry.kind == "step_ended"}


def _needing_approval(plan: Entry) -> list[Proposed]:
    return [_proposed(item) for item in plan.data["changes"] if _level(item) >= Level.NAMED]


def _is_planned(plan: Entry | None, end: Entry | None) -> bool:
    """Whether the last plan says all that there is to do: what is needed first leaves a plan empty, too."""
    if plan is None:
        return False
    if plan.data["changes"] or end is None or end.seq < plan.seq:
        return True
    without_plan = end.run != plan.run and end.data["state"] not in history.SETTLED_STATES | {"looked"}
    return end.data["state"] != "later" and not without_plan


def _steps_before(entries: Sequence[Entry], step: str, ends: dict[str, Entry]) -> tuple[str, ...]:
    """The other steps that mend what failed in this one, unless they have come to their end since."""
    mine = [entry.data for entry in entries if entry.kind == "finding" and entry.step == step]
    last = {(data["rule"], data["subject"]): data for data in mine}
    wrong = [data["remedy_step"] for data in last.values() if data["verdict"] == "fail"]
    named = dict.fromkeys(str(name) for name in wrong if name not in (None, step))
    return tuple(name for name in named if name not in ends or _is_open(ends[name], ends.get(step)))


def _is_open(before: Entry, after: Entry | None) -> bool:
    settled = before.data["state"] in history.SETTLED_STATES
    return not settled or (after is not None and before.seq < after.seq)


def _level(item: dict[str, Any]) -> int:
    return int(item["change"]["level"])


def _proposed(item: dict[str, Any]) -> Proposed:
    change = item["change"]
    return Proposed(
        item["hash"],
        change["step"],
        change["side"],
        change["title"],
        _level(item),
        tuple(item["lines"]),
        change["undo"],
    )
