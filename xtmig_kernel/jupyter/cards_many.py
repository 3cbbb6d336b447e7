"""What the card of a step shows of changes, findings, exhibits and files where they may be thousands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import ExchangeCall, Level, as_data
from xtmig_kernel.clock import as_text
from xtmig_kernel.counting import counted
from xtmig_kernel.powershell import change_lines
from xtmig_kernel.report.history import change_fields
from xtmig_kernel.report.model import ExhibitFact
from xtmig_kernel.report.places import FINDINGS, MANY_CHANGES, MANY_FINDINGS, changes_file, exhibit_file, planned_file
from xtmig_kernel.report.shown import ShownExhibit, exhibit, sums
from xtmig_kernel.report.words import VERDICTS, Word
from xtmig_kernel.runbook.files import differs
from xtmig_kernel.runbook.secrets import credential_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xtmig_kernel.changes import Call, Change
    from xtmig_kernel.errors import ApprovalError
    from xtmig_kernel.evidence import Finding
    from xtmig_kernel.outputs import Exhibit, ProjectFile
    from xtmig_kernel.project import Project
    from xtmig_kernel.runbook import StepView
    from xtmig_kernel.runbook.door import Outcome

MOST_CHANGES = 25
UNFOLDED = 5
"""Of how many changes a card shows the attributes at once; those of the others are one fold away."""
MOST_FINDINGS = 50
MOST_ROWS = 50
MOST_HASHES = 5

_KINDS = {
    "applications": "Application",
    "application_credentials": "ClientSecret",
    "directory_users": "User",
    "distribution_groups": "Group",
    "endpoint_test": "MigrationEndpoint credentials",
    "exchange_users": "User",
    "granted_roles": "AppRoleAssignment",
    "mail_users": "MailUser",
    "mailboxes": "Mailbox",
    "migration_endpoints": "MigrationEndpoint",
    "organization_config": "OrganizationConfig",
    "organization_relationships": "OrganizationRelationship",
    "scope_members": "Member of the scope group",
    "service_principals": "EnterpriseApplication",
    "soft_deleted_mail_users": "MailUser, deleted",
    "soft_deleted_mailboxes": "Mailbox, deleted",
}
_OUTCOMES = {
    "done": Word("✓", "made and read back", "ok"),
    "found done": Word("✓", "found done", "ok"),
    "waiting": Word("◔", "made, not yet effective", "wait"),
    "refused": Word("✕", "not made", "bad"),
}
_TO_WRITE, _WRITTEN = Word("◇", "to be written", "plan"), Word("✓", "written", "ok")
_WRONG_FIRST = ("fail", "not_observed", "waiting", "manual", "warn", "waived", "skipped", "pass")


def shown_changes(view: StepView) -> dict[str, Any]:
    """The changes of a step: those that were not made, the first of the others, and sums of all.

    Args:
        view: What is known of the step.

    Returns:
        `changes`, `sentence`, `kinds` (what is called how often), `sums` (what became of them) and `left` (where the
        others are).
    """
    outcomes = {outcome.change.hash: outcome for outcome in view.outcomes}
    named = [(change, outcomes.get(change.hash) if outcomes else None) for change in view.changes]
    refused = [pair for pair in named if pair[1] is not None and pair[1].result == "refused"]
    others = [pair for pair in named if pair[1] is None or pair[1].result != "refused"]
    shown = [*refused[:MOST_CHANGES], *others[:MOST_CHANGES]]
    return {
        "changes": [_change(change, outcome) for change, outcome in shown],
        "sentence": _sentence(view.changes),
        "kinds": _kinds(view.changes) if len(named) > 1 else "",
        "sums": sums(Counter(o.result for o in view.outcomes), _OUTCOMES) if len(named) > 1 and outcomes else "",
        "left": _left(view, len(named) - len(shown)),
        "unfolded": UNFOLDED,
    }


def _left(view: StepView, left: int) -> str:
    if not left:
        return ""
    sentence = f"The other {counted(left, 'change')} {'is' if left == 1 else 'are'} not shown here"
    if len(view.changes) <= MANY_CHANGES:
        return f"{sentence}; the report of the run shows each."
    table = changes_file(view.step.id) if view.outcomes else planned_file(view.step.id)
    return f"{sentence}; {table} in the archive of the run lists each."


def _kinds(changes: Sequence[Change]) -> str:
    counts = Counter(_called(call) for change in changes for call in change.calls)
    return ", ".join(f"{number:,} × {name}" for name, number in counts.most_common())


def _called(call: Call) -> str:
    return call.cmdlet if isinstance(call, ExchangeCall) else f"{call.method} {call.path}"


def _sentence(changes: Sequence[Change]) -> str:
    new = sum(change.before is None for change in changes)
    gone = sum(change.after is None for change in changes)
    final = sum(change.irreversible for change in changes)
    undo = f"{final:,} cannot be undone" if final else "can be undone"
    return f"{counted(new, 'new object')}, {len(changes) - new - gone:,} changed, {gone:,} removed; {undo}."


def _change(change: Change, outcome: Outcome | None) -> dict[str, Any]:
    secret = next((credential.secret for call in change.calls if (credential := credential_in(call))), None)
    subject = change.subject
    return {
        **change_fields(as_data(change)),
        "hash": change.hash,
        "lines": change_lines(change),
        "sign": "+" if change.before is None else "−" if change.after is None else "~",
        "kind": _KINDS.get(subject.table, subject.table.replace("_", " ")),
        "name": subject.label if subject.key[0][0] in ("Id", "ObjectId") else subject.key[0][1],
        "secret": str(secret) if secret else "",
        "outcome": _OUTCOMES[outcome.result] if outcome else None,
        "until": as_text(outcome.until) if outcome and outcome.until else None,
        "error": outcome.error.as_data() if outcome and outcome.error else None,
    }


def shown_findings(findings: Sequence[Finding], *, each_once: bool = False) -> tuple[list[Finding], str]:
    """The findings that a card shows, and the caption of their table; what is wrong comes first where they are many.

    Args:
        findings: Those of the last look.
        each_once: Whether one for each rule will do, and none that holds: tables below the card hold all of them.
    """
    total = counted(len(findings), "finding")
    if each_once:
        sum_ = sums(Counter(finding.verdict.kind for finding in findings), VERDICTS)
        ordered = sorted(findings, key=lambda finding: _WRONG_FIRST.index(finding.verdict.kind))
        left = {f.rule: f for f in reversed(ordered) if f.verdict.kind not in ("pass", "skipped")}
        first = sorted(left.values(), key=lambda finding: _WRONG_FIRST.index(finding.verdict.kind))
        return first, f"The first finding of each rule that does not simply hold, of {total} ({sum_})"
    if len(findings) <= MOST_FINDINGS:
        return list(findings), f"{total} of the last look"
    ordered = sorted(findings, key=lambda finding: _WRONG_FIRST.index(finding.verdict.kind))
    sum_ = sums(Counter(finding.verdict.kind for finding in findings), VERDICTS)
    rules = Counter(finding.rule for finding in findings)
    where = f"{FINDINGS} in the archive of the run" if max(rules.values()) > MANY_FINDINGS else "the report of the run"
    caption = f"{MOST_FINDINGS} of {total} of the last look, what is wrong first ({sum_}); {where} lists each"
    return ordered[:MOST_FINDINGS], caption


def shown_exhibits(exhibits: Sequence[Exhibit], step: str, now: datetime) -> list[ShownExhibit]:
    """The exhibits of a step with up to 50 rows each.

    Args:
        exhibits: As the step made them.
        step: Id of the step.
        now: When, UTC.
    """
    return [exhibit(_fact(one, step, now), one.rows, MOST_ROWS) for one in exhibits]


def _fact(one: Exhibit, step: str, now: datetime) -> ExhibitFact:
    return ExhibitFact(
        name=one.name,
        caption=one.caption,
        kind=one.kind,
        columns=one.columns,
        number_of_rows=len(one.rows),
        rows=(),
        artifact=exhibit_file(one.name),
        step=step,
        at=as_text(now),
        run="",
        this_run=True,
    )


def shown_files(files: Sequence[ProjectFile], project: Project) -> list[dict[str, Any]]:
    """The files of a step, each with whether the project folder holds it now.

    Args:
        files: As they shall be.
        project: The project.
    """
    return [
        {"name": file.name, "about": file.about, "word": _TO_WRITE if differs(project.folder, file) else _WRITTEN}
        for file in files
    ]


def shown_approvals(lacking: Sequence[tuple[Change, ApprovalError]], commands: Sequence[str]) -> list[dict[str, Any]]:
    """The approvals that are missing, those of one kind and one reason together.

    Args:
        lacking: Changes whose approvals do not hold, each with the reason.
        commands: What each person who may approve would run.
    """
    groups: dict[tuple[bool, str], list[Change]] = {}
    for change, error in lacking:
        groups.setdefault((change.level == Level.SECOND_PERSON, error.cause or ""), []).append(change)
    return [
        {
            "who": "a second person’s proven approval" if second else "a named approval",
            "number": len(changes),
            "cause": cause,
            "hashes": [change.hash for change in changes[:MOST_HASHES]],
            "left": _hashes_left(changes),
            "commands": list(commands),
        }
        for (second, cause), changes in groups.items()
    ]


def _hashes_left(changes: Sequence[Change]) -> str:
    left = len(changes) - MOST_HASHES
    return f"and {left:,} more; the archive of a run that plans lists them with their hashes" if left > 0 else ""
