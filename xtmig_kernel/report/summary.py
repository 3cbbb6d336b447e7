"""From the ledger's entries and the project's files to a `Result`. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

from xtmig_kernel import __version__
from xtmig_kernel.changes import Level
from xtmig_kernel.clock import as_text, from_text
from xtmig_kernel.errors import ArchiveError
from xtmig_kernel.report import history, products
from xtmig_kernel.report.judgement import answer, run_facts
from xtmig_kernel.report.model import (
    ApprovalFact,
    ApprovalState,
    DocumentFact,
    ExitCode,
    LedgerFacts,
    Outcome,
    PlannedFact,
    ProjectFacts,
    Result,
    SignOffFact,
    StatementFact,
    StatementState,
    Tenant,
    VerdictKind,
    WaiverFact,
)
from xtmig_kernel.report.reported import reported
from xtmig_kernel.report.todo import actors, open_items
from xtmig_kernel.report.words import EXIT_MEANINGS
from xtmig_kernel.statements import DOCUMENT_DATE, DOCUMENT_SHA256, DOCUMENT_TITLE, DOCUMENT_URL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtmig_kernel.project import Approval, Approvals, Project, Waiver
    from xtmig_kernel.report.model import ChangeFact, FindingFact, RunFacts
    from xtmig_kernel.store import Entry

_AFTER: dict[Outcome, StatementState] = {
    "read back": "changed",
    "found done": "changed",
    "done": "waiting",
    "differs": "waiting",
    "failed": "fail",
    "not done": "waiting",
    "unknown": "not_observed",
}
"""What an outcome says of a statement that no rule has evaluated."""


def summary(
    entries: Sequence[Entry], *, run: str, project: Project, approvals: Approvals, waivers: Sequence[Waiver]
) -> Result:
    """What the archive of one run says: the project up to the end of that run.

    Args:
        entries: The project's whole ledger, in order.
        run: Id of the run that is marked.
        project: The project.
        approvals: Its approvals and sign-offs.
        waivers: Its waivers.

    Raises:
        ArchiveError: The ledger has no entry of that run.
    """
    told, own = entries_told(entries, run)
    mine = [entry for entry in own if entry.run == run]
    findings, changes = history.findings(told, run), history.changes(told, run)
    runs = _runs(told)
    facts = runs[run]
    planned = _planned(told, run, approvals)
    sections, problems = history.sections(told, run), history.problems(told, run)
    sign_offs = _sign_offs(told, approvals)
    planned_files = products.planned_files(told, run)
    items = open_items(
        findings, planned, changes, problems, sections, planned_files, completed=products.completed(told)
    )
    verdicts = Counter(finding.verdict for finding in findings)
    return Result(
        xtmig=__version__,
        as_of=told[-1].at,
        answer=answer(facts, mine),
        exit_meaning=EXIT_MEANINGS[facts.exit_code],
        simulated=any(fact.simulated for fact in runs.values()) or project.simulation is not None,
        document=DocumentFact(title=DOCUMENT_TITLE, date=DOCUMENT_DATE, sha256=DOCUMENT_SHA256, url=DOCUMENT_URL),
        project=_project(project),
        account=products.account(told, run),
        run=facts,
        runs=tuple(runs.values()),
        actors=tuple(actors(items)),
        tally={kind: verdicts[kind] for kind in get_args(VerdictKind)},
        sections=tuple(sections),
        open_items=tuple(items),
        changes=tuple(changes),
        planned=tuple(planned),
        exhibits=tuple(products.exhibits(told, run)),
        files=tuple(products.files(told, run)),
        planned_files=tuple(planned_files),
        reported=tuple(reported(told)),
        statements=tuple(_statements(findings, changes, planned, sign_offs)),
        findings=tuple(findings),
        problems=tuple(problems),
        reads=tuple(history.reads(told, run)),
        sign_ins=tuple(history.sign_ins(told)),
        approvals=tuple(_approvals(approvals, changes)),
        sign_offs=tuple(sign_offs),
        waivers=tuple(WaiverFact(**waiver.model_dump(mode="json")) for waiver in waivers),
        ledger=LedgerFacts(head_before=own[0].previous, head=own[-1].hash, first=own[0].seq, last=own[-1].seq),
    )


def entries_told(entries: Sequence[Entry], run: str) -> tuple[list[Entry], list[Entry]]:
    """All entries up to the end of a run, and the unbroken stretch from its first to its last.

    The stretch holds what others wrote in between (an approval, say), for the chain would break without it.

    Args:
        entries: The project's whole ledger, in order.
        run: Id of the run.

    Raises:
        ArchiveError: The ledger has no entry of that run.
    """
    places = [place for place, entry in enumerate(entries) if entry.run == run]
    if not places:
        raise ArchiveError(
            f"the ledger has no entry of the run {run}",
            remedy="Run a section first, or name one of the runs that are in the ledger.",
        )
    return list(entries[: places[-1] + 1]), list(entries[places[0] : places[-1] + 1])


def _runs(entries: Sequence[Entry]) -> dict[str, RunFacts]:
    """The figures of each run, in the order in which the runs began."""
    of_run: dict[str, list[Entry]] = {}
    for entry in entries:
        of_run.setdefault(entry.run, []).append(entry)
    return {run: run_facts(own) for run, own in of_run.items()}


def exit_code(result: Result) -> ExitCode:
    """The exit code of a command whose run this result tells.

    Args:
        result: What `summary` or `build_archive` returned.
    """
    return result.run.exit_code


def _project(project: Project) -> ProjectFacts:
    return ProjectFacts(
        id=project.id,
        name=project.name,
        source=Tenant(**project.source.model_dump(include={"tenant_id", "domain", "cloud"})),
        target=Tenant(**project.target.model_dump(include={"tenant_id", "domain", "cloud"})),
        transport=project.transport,
        four_eyes_off_because=project.four_eyes.off_because,
    )


def _planned(entries: Sequence[Entry], run: str, approvals: Approvals) -> list[PlannedFact]:
    listing = _listing(approvals, entries[-1].at)
    return [
        PlannedFact(
            **history.change_fields(item.data["change"]),
            hash=item.data["hash"],
            lines=tuple(item.data.get("lines", [])),
            approval=_approval_state(item.data["change"]["level"], listing.get(item.data["hash"], [])),
            refused_because=item.refused_because,
            run=item.run,
            this_run=item.run == run,
        )
        for item in history.open_changes(entries, run)
    ]


def _listing(approvals: Approvals, as_of: str) -> dict[str, list[Approval]]:
    """The approvals that list each change and have not run out."""
    listing: dict[str, list[Approval]] = {}
    for approval in approvals.approvals:
        if approval.valid_until >= from_text(as_of):
            for change in approval.changes:
                listing.setdefault(change, []).append(approval)
    return listing


def _approval_state(level: int, listing: Sequence[Approval]) -> ApprovalState:
    """What the approvals file says of a change; whether the approval holds is judged when it is made."""
    if level < Level.NAMED:
        return "not needed"
    fit = [approval for approval in listing if approval.level >= level]
    if any(approval.proof for approval in fit):
        return "approved"
    if not fit:
        return "missing"
    return "claimed" if level == Level.SECOND_PERSON else "approved"


def _approvals(approvals: Approvals, changes: Sequence[ChangeFact]) -> Iterator[ApprovalFact]:
    made_under: dict[str | None, set[str]] = {}
    for change in changes:
        made_under.setdefault(change.approver, set()).add(change.hash)
    for approval in approvals.approvals:
        yield ApprovalFact(
            section=approval.section,
            level=approval.level,
            approver=approval.approver,
            given_at=as_text(approval.given_at),
            valid_until=as_text(approval.valid_until),
            note=approval.note,
            proof=approval.proof.kind if approval.proof else None,
            changes=len(approval.changes),
            used=len(made_under.get(approval.approver, set()).intersection(approval.changes)),
        )


def _sign_offs(entries: Sequence[Entry], approvals: Approvals) -> list[SignOffFact]:
    """Sign-offs of the file and of the ledger, each once."""
    filed = [
        SignOffFact(statement=one.statement, by=one.by, at=as_text(one.at), note=one.note)
        for one in approvals.sign_offs
    ]
    noted = [
        SignOffFact(
            statement=entry.data["statement"],
            by=entry.data["by"],
            at=as_text(from_text(entry.data["at"])),
            note=entry.data.get("note") or "",
        )
        for entry in entries
        if entry.kind == "sign_off"
    ]
    return sorted(dict.fromkeys([*filed, *noted]), key=lambda one: (one.statement, one.at, one.by))


def _statements(
    findings: Sequence[FindingFact],
    changes: Sequence[ChangeFact],
    planned: Sequence[PlannedFact],
    sign_offs: Sequence[SignOffFact],
) -> list[StatementFact]:
    """Every statement that was answered; of several answers the weakest counts."""
    answers: dict[str, set[StatementState]] = {}
    for finding in findings:
        state: StatementState = "signed" if finding.verdict == "manual" and finding.signed_by else finding.verdict
        pending: StatementState | None = "waiting" if finding.pending == "later" else finding.pending
        for statement in finding.statements:
            answers.setdefault(statement, set()).add(pending or state)
    for change in planned:
        for statement in change.statements:
            answers.setdefault(statement, set()).add("planned")
    for made in changes:
        for statement in made.statements:
            answers.setdefault(statement, {_AFTER[made.outcome]})
    for sign_off in sign_offs:
        answers.setdefault(sign_off.statement, {"signed"})
    order = get_args(StatementState)
    return [StatementFact(id=name, state=min(answers[name], key=order.index)) for name in sorted(answers)]
