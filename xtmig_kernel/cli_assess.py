"""What `xtmig assess` prints, its JSON and its CSV. Text from tenants is never taken for markup, code or a formula."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from xtmig_kernel.clock import as_text, moment_in_words
from xtmig_kernel.counting import counted
from xtmig_kernel.report.tables import csv_text
from xtmig_kernel.report.words import TO_DO, visible
from xtmig_kernel.rules.assessment_causes import is_settled
from xtmig_kernel.rules.assessment_users import Users
from xtmig_kernel.rules.drift_of_tables import THRESHOLDS_IN_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from xtmig_kernel.evidence import Finding
    from xtmig_kernel.rules.assessment import Assessment
    from xtmig_kernel.rules.drift_of_snapshots import Drift
    from xtmig_kernel.rules.drift_of_tables import Change
    from xtmig_kernel.runs.assess import Assessed
    from xtmig_kernel.store import SnapshotInfo

_MENDED = f"{TO_DO.symbol} {TO_DO.text}"
COLUMNS = (
    "verdict", "rule", "title", "side", "subject", "users", "seen", "expected", "what to do", "step that mends it",
    "statements", "why", "owner", "until",
)  # fmt: skip
MOST_LINES = 50
_HALF = re.compile("[\ud800-\udfff]")


def plain(value: Any) -> str:
    """A text as a terminal and a file can take it: what would hide, turn or break it is shown by its number.

    Args:
        value: Any value.
    """
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return _HALF.sub(lambda half: f"⟨U+{ord(half[0]):04X}⟩", str(visible(text)))


def as_data(found: Assessed) -> dict[str, Any]:
    """The answer of `--json`; its schema is docs/reference/assessment.schema.json.

    Args:
        found: What was found.
    """
    return {
        "exit_code": found.exit_code,
        "snapshot": snapshot_data(found.snapshot),
        "offline": found.offline,
        "simulated": found.project.simulation is not None,
        "project": {"id": found.project.id, "name": found.project.name},
        "problems": {side: error.as_data() for side, error in found.problems.items()},
        "assessment": found.assessment.as_data(),
        "compared_with": snapshot_data(found.earlier) if found.earlier else None,
        "drift": found.drift.as_data() if found.drift else None,
    }


def snapshot_data(info: SnapshotInfo) -> dict[str, Any]:
    """A snapshot without what it holds, as JSON-able data.

    Args:
        info: The snapshot.
    """
    finished = as_text(info.finished) if info.finished else None
    return {"id": info.id, "started": as_text(info.started), "finished": finished}


def as_csv(found: Assessed) -> str:
    """Every finding, one a line, with the users that it is about.

    Args:
        found: What was found.
    """
    users = Users(found.facts)
    return csv_text(COLUMNS, (_cells(finding, users) for finding in found.assessment.findings))


def _cells(finding: Finding, users: Users) -> tuple[str, ...]:
    verdict = finding.verdict
    why = [getattr(verdict, name, "") for name in ("reason", "detail", "instruction", "waits_for")]
    owner = getattr(verdict, "owner", None) or getattr(verdict, "signed_by", None)
    cells = (
        verdict.kind,
        finding.rule,
        finding.title,
        finding.side,
        finding.subject,
        [users.rows[number]["SourceAddress"] for number in users.about(finding)],
        finding.seen,
        finding.expected,
        finding.remedy,
        finding.remedy_step,
        finding.statements,
        ": ".join(str(part) for part in why if part),
        owner,
        getattr(verdict, "until", None),
    )
    return tuple(map(plain, cells))


def tell_snapshots(snapshots: Iterable[SnapshotInfo], out: Console) -> None:
    """Print which snapshots there are.

    Args:
        snapshots: The oldest first.
        out: Where to print.
    """
    table = _table("Snapshot", "Began", "State")
    for info in snapshots:
        state = f"whole at {moment_in_words(info.finished)}" if info.finished else "broken off"
        table.add_row(info.id, moment_in_words(info.started), state)
    if table.row_count:
        out.print(table)
    else:
        out.print("There is no snapshot yet. xtmig assess makes one.", markup=False)


def tell(found: Assessed, out: Console, verdicts: Mapping[str, str], *, every: bool) -> None:
    """Print what was found: the sum, by cause, by wave, what was not observed, waivers, and what has changed.

    Args:
        found: What was found.
        out: Where to print.
        verdicts: Verdict to words.
        every: Whether each finding is listed.
    """
    for error in found.problems.values():
        out.print(f"✕ {plain(error)}", markup=False)
    _tell_sum(found, out, verdicts)
    if found.drift is not None and found.earlier is not None:
        _tell_drift(found.drift, found.earlier, out, verdicts, every=every)
        return
    _tell_causes(found.assessment, out, verdicts)
    _tell_waves(found.assessment, out, verdicts)
    _tell_unseen(found.assessment, out)
    _tell_waivers(found.assessment, out)
    if every:
        _tell_findings(found.assessment, out, verdicts)


def _tell_sum(found: Assessed, out: Console, verdicts: Mapping[str, str]) -> None:
    told, people = found.assessment, found.assessment.population
    taken = found.snapshot.finished or found.snapshot.started
    how = "read before; nobody was asked now" if found.offline else "read now"
    out.print(f"\nSnapshot {found.snapshot.id} of {moment_in_words(taken)}, {how}.", markup=False)
    if people is None:
        out.print("How many mailboxes are in scope was not observed.", markup=False)
    else:
        where = "users.csv" if people.written else "the proposal (users.csv lists nobody yet)"
        out.print(
            f"{counted(people.mailboxes, 'mailbox', 'mailboxes')} in scope of "
            f"{counted(people.listed, 'line')} of {where}; {people.moved:,} moved already, {people.unclear:,} unclear.",
            markup=False,
        )
    out.print("  ".join(f"{number:,} {verdicts[kind]}" for kind, number in told.verdicts.items()), markup=False)
    to_do = sum(cause.number for cause in told.causes if cause.verdict == "fail" and cause.step)
    if to_do:
        failed = told.verdicts["fail"]
        out.print(f"{_MENDED} by steps of the runbook: {to_do:,} of {counted(failed, 'failure')}.", markup=False)
    blocked = sum(line.blockers > 0 for line in told.mailboxes)
    weights = told.severities
    out.print(
        f"{counted(weights.get('blocks', 0), 'blocker')}, {counted(weights.get('warns', 0), 'warning')}; "
        f"{blocked:,} of {counted(len(told.mailboxes), 'user')} with a blocker of their own.",
        style="bold",
        markup=False,
    )
    if people is not None and not people.mailboxes:
        out.print("Nobody is in scope, so this says nothing about any mailbox: it is not clean.", markup=False)


def _tell_causes(told: Assessment, out: Console, verdicts: Mapping[str, str]) -> None:
    if not told.causes:
        out.print("\nEvery rule holds.", style="bold")
        return
    out.print("\nBy cause:", style="bold")
    table = _table("How many", "What was found", "What to do")
    for cause in told.causes:
        first = cause.subjects[0] + (f" and {cause.number - 1:,} more" if cause.number > 1 else "")
        where = f"{cause.side.upper()} " if cause.side else ""
        found = f"{where}{cause.rule}: {cause.title}\n{first}: {cause.seen}"
        mended = cause.step is None or cause.step in cause.remedy
        do = cause.remedy if mended else f"Step {cause.step}. {cause.remedy}"
        word = _MENDED if cause.verdict == "fail" and cause.step else verdicts[cause.verdict]
        _add(table, f"{word} {cause.number:,}", found, do)
    out.print(table)


def _tell_waves(told: Assessment, out: Console, verdicts: Mapping[str, str]) -> None:
    if not any(line.wave for line in told.waves):
        return
    out.print("\nBy wave:", style="bold")
    table = _table("Wave", "Users", "Blockers", "Warnings", "Users by verdict")
    for line in told.waves:
        counts = ", ".join(f"{number:,} {verdicts[kind]}" for kind, number in line.verdicts.items())
        numbers = (f"{number:,}" for number in (line.users, line.blockers, line.warnings))
        _add(table, line.wave or "no wave yet", *numbers, counts)
    out.print(table)


def _tell_unseen(told: Assessment, out: Console) -> None:
    if not told.not_observed:
        return
    out.print("\nNot observed, so nobody knows:", style="bold")
    table = _table("What", "Why", "Rules without a verdict")
    for item in told.not_observed:
        _add(table, item.fact, f"{item.reason.value}: {item.detail}", str(len(item.rules)))
    out.print(table)


def _tell_waivers(told: Assessment, out: Console) -> None:
    lines = [state for state in told.waivers if state.state != "renewed"]
    if not lines:
        return
    out.print("\nWaivers:", style="bold")
    table = _table("State", "Rule", "Subject", "Reason", "Owner", "Until")
    for line in lines:
        waiver = line.waiver
        word = "ENDED" if line.state == "ended" else line.state
        _add(table, word, waiver.rule, waiver.subject, waiver.reason, waiver.owner, waiver.until.isoformat())
    out.print(table)


def _tell_findings(told: Assessment, out: Console, verdicts: Mapping[str, str]) -> None:
    out.print("\nEvery finding:", style="bold")
    table = _table("", "Rule", "Subject", "Seen", "What to do")
    for finding in told.findings:
        detail = getattr(finding.verdict, "detail", "") or getattr(finding.verdict, "reason", "")
        where = f"{(finding.side or '').upper()} {finding.rule}".strip()
        _add(table, verdicts[finding.verdict.kind], where, finding.subject, finding.seen or detail, finding.remedy)
    out.print(table)
    left = sum(not is_settled(finding) for finding in told.findings)
    out.print(f"{counted(len(told.findings), 'finding')}, {left:,} of them open.", markup=False)


def _tell_drift(drift: Drift, earlier: SnapshotInfo, out: Console, verdicts: Mapping[str, str], *, every: bool) -> None:
    out.print(f"\nSince snapshot {earlier.id} of {moment_in_words(drift.since)}:", style="bold", markup=False)
    if drift.is_still:
        out.print("Nothing has changed.", markup=False)
    states = (f"{counted(number, 'finding')} {state}" for state, number in drift.states.items())
    out.print(", ".join(states) or "There was no finding then, and there is none now.", markup=False)
    moved = [item for item in drift.findings if item.state != "unchanged" or every]
    most = len(moved) if every else MOST_LINES
    if moved:
        table = _table("Finding", "Rule", "Subject", "Then, now", "Seen")
        for item in moved[:most]:
            then, now = (verdicts[kind] if kind else "–" for kind in (item.before, item.after))
            where = f"{(item.side or '').upper()} {item.rule}".strip()
            _add(table, item.state, where, item.subject, f"{then} → {now}", item.seen)
        out.print(table)
        _tell_rest(len(moved) - most, "finding", out)
    _tell_changes(drift, out, len(drift.changes) if every else MOST_LINES)
    for line in drift.tables:
        what = f"{line.fact}, column {line.column}" if line.column else line.fact
        out.print(f"{plain(what)}: {line.kind}{plain(f' ({line.why})' if line.why else '')}", markup=False)
    if drift.outside:
        number = counted(sum(drift.outside.values()), "object")
        out.print(f"{number} of people who do not move changed too; they are not listed.", markup=False)
    out.print(THRESHOLDS_IN_WORDS, markup=False)


def _tell_changes(drift: Drift, out: Console, most: int) -> None:
    if not drift.changes:
        return
    out.print("\nWhat changed on what is in scope:", style="bold")
    table = _table("Where", "Object", "What", "Then", "Now")
    for change in drift.changes[:most]:
        then, now = _then_and_now(change)
        where = f"{change.side.upper()} {change.table}"
        _add(table, where, change.object, change.column or change.kind, then, now)
    out.print(table)
    _tell_rest(len(drift.changes) - most, "change", out)


def _then_and_now(change: Change) -> tuple[str, str]:
    """Both values; of a list what went and what came, of a whole row nothing, for its name says it."""
    then, now = change.before, change.after
    if change.kind != "changed":
        return "", ""
    if isinstance(then, list | tuple) and isinstance(now, list | tuple):
        return plain([item for item in then if item not in now]), plain([item for item in now if item not in then])
    return plain(then), plain(now)


def _tell_rest(left: int, what: str, out: Console) -> None:
    if left > 0:
        out.print(f"and {counted(left, what)} more: --all lists them, --json holds them.", markup=False)


def _add(table: Table, *cells: str) -> None:
    """A line whose cells are text and nothing else: no markup, no terminal codes."""
    table.add_row(*(Text(plain(cell)) for cell in cells))


def _table(*headings: str) -> Table:
    """A table whose cells are folded, never cut: half an address is none."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
