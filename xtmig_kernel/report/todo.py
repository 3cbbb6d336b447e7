"""What is left to do, and who must do it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from xtmig_kernel.report.history import SETTLED_STATES
from xtmig_kernel.report.model import Actor, ChangeFact, FindingFact, OpenItem, PlannedFact, ProblemFact, Who
from xtmig_kernel.report.words import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtmig_kernel.project import Side
    from xtmig_kernel.report.model import SectionFact

_NAMED: tuple[tuple[str, Who], ...] = (
    ("approv", "approver"),
    ("second person", "approver"),
    ("source", "source administrator"),
    ("target", "target administrator"),
    ("microsoft", "Microsoft"),
    ("exchange", "Microsoft"),
    ("entra", "Microsoft"),
    ("service", "Microsoft"),
)

STUCK = ("waiting", "failed", "not planned")


def administrator(side: Side | None) -> Who:
    """Who acts in a tenant; the operator where no tenant is meant.

    Args:
        side: The tenant.
    """
    return {"source": "source administrator", "target": "target administrator"}.get(side or "", "operator")  # type: ignore[return-value]


def awaited(waits_for: str, side: Side | None) -> Who:
    """Who is meant by a `waits_for` text.

    Args:
        waits_for: Such as `"an administrator of the source tenant, who …"`; the first named before a comma counts.
        side: The tenant concerned, taken where the text names nobody.
    """
    text = waits_for.casefold().partition(",")[0]
    places = [(text.index(word), who) for word, who in _NAMED if word in text]
    return min(places)[1] if places else administrator(side)


def open_items(
    findings: Sequence[FindingFact],
    planned: Sequence[PlannedFact],
    changes: Sequence[ChangeFact],
    problems: Sequence[ProblemFact],
    sections: Sequence[SectionFact],
) -> list[OpenItem]:
    """Everything that is left to do, each thing once, by who must act, then by step.

    Args:
        findings: The last finding for each rule and subject.
        planned: Changes that were planned and not made.
        changes: Changes that were begun.
        problems: Errors that ended a step.
        sections: The sections with their steps.
    """
    held_back = {step.id for part in sections for step in part.steps if step.state in ("waiting", "later", "failed")}
    items = [
        *(_from_problem(problem) for problem in problems if not problem.resolved),
        *(item for finding in findings for item in _from_finding(finding)),
        *(_from_planned(change) for change in planned if change.step not in held_back or _unapproved(change)),
        *_from_changes(changes, problems, sections),
    ]
    covered = {item.step for item in items}
    items += [item for item in _from_steps(sections, STUCK) if item.step not in covered]
    # a step that another one must precede is named only where nothing else leads to that one
    items = items or list(_from_steps(sections, ("later",)))
    order = get_args(Who)
    return sorted(dict.fromkeys(items), key=lambda item: (order.index(item.who), item.step or "", item.what))


def actors(items: Sequence[OpenItem]) -> list[Actor]:
    """Who must act, each with the number of items and the latest time that is waited for.

    Args:
        items: What is left to do.
    """
    return [
        Actor(
            who=who,
            items=sum(item.who == who for item in items),
            until=max((item.until for item in items if item.who == who and item.until), default=None),
        )
        for who in get_args(Who)
        if any(item.who == who for item in items)
    ]


def _from_problem(problem: ProblemFact) -> OpenItem:
    return OpenItem(
        who=administrator(problem.side),
        side=problem.side,
        step=problem.step,
        what=": ".join(part for part in (problem.subject, problem.message) if part),
        until=None,
        remedy=problem.remedy or "",
        statements=problem.statements,
    )


def _from_finding(finding: FindingFact) -> Iterator[OpenItem]:
    who, what, until = administrator(finding.side), "", None
    if finding.verdict == "fail" and not finding.pending:
        what = f"{finding.subject}: {finding.seen or finding.title}"
    elif finding.verdict == "warn" and finding.remedy:
        what = f"Consider {finding.subject}: {finding.seen or finding.title}"
    elif finding.verdict == "not_observed":
        what = f"{finding.subject} could not be observed ({finding.reason}): {finding.detail or finding.title}"
    elif finding.verdict == "manual" and not finding.signed_by:
        what = f"Sign off: {finding.instruction or finding.title}"
    elif finding.verdict == "waiting":
        who, until = awaited(finding.waits_for or "", finding.side), finding.until
        what = f"{finding.subject}: {finding.seen or finding.title}"
    if what:
        yield OpenItem(
            who=who,
            side=finding.side,
            step=finding.remedy_step or finding.step,
            what=what,
            until=until,
            remedy=finding.remedy or finding.waits_for or "",
            statements=finding.statements,
        )


def _unapproved(change: PlannedFact) -> bool:
    return change.approval in ("missing", "claimed") or bool(change.refused_because)


def _from_planned(change: PlannedFact) -> OpenItem:
    approve = _unapproved(change)
    return OpenItem(
        who="approver" if approve else administrator(change.side),
        side=change.side,
        step=change.step,
        what=f"{'Approve' if approve else 'Apply'}: {change.title}",
        until=None,
        remedy="; ".join(change.refused_because) or ("Record it with: xtmig approve" if approve else ""),
        statements=change.statements,
    )


def _from_changes(
    changes: Sequence[ChangeFact], problems: Sequence[ProblemFact], sections: Sequence[SectionFact]
) -> Iterator[OpenItem]:
    """Changes of unknown fate, and refused ones where neither an error nor the step's later end says more."""
    settled = {step.id for section in sections for step in section.steps if step.state in SETTLED_STATES}
    explained = settled | {problem.step for problem in problems if not problem.resolved}
    for change in changes:
        if change.outcome == "unknown" or (change.outcome == "failed" and change.step not in explained):
            yield OpenItem(
                who=administrator(change.side),
                side=change.side,
                step=change.step,
                what=f"{change.title}: {OUTCOMES[change.outcome].text}"
                + (f" ({change.error})" if change.error else ""),
                until=None,
                remedy="Run the step again; it reads the object before it does anything.",
                statements=change.statements,
            )


def _from_steps(sections: Sequence[SectionFact], states: tuple[str, ...]) -> Iterator[OpenItem]:
    for section in sections:
        for step in section.steps:
            if step.state in states:
                yield OpenItem(
                    who=awaited(step.waits_for, step.side),
                    side=step.side,
                    step=step.id,
                    what=f"{step.title}: {step.summary or step.state}",
                    until=step.until,
                    remedy="",
                    statements=(),
                )
