"""What is left to do, and who must do it. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, get_args

from xtmig_kernel.report.history import SETTLED_STATES, section_of
from xtmig_kernel.report.model import (
    Actor,
    ChangeFact,
    FindingFact,
    OpenItem,
    PlannedFact,
    PlannedFileFact,
    ProblemFact,
    Who,
)
from xtmig_kernel.report.places import FINDINGS, changes_file, planned_file
from xtmig_kernel.report.words import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xtmig_kernel.project import Side
    from xtmig_kernel.report.model import SectionFact

MANY_ALIKE = 50
LAST_OF_THE_MOVE = "180"
MOST_LABELS = 3
_NAMES = re.compile(r"“[^”]*”|\"[^\"]*\"|'[^']*'|\S+@\S+|\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b|\d+")

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


class Thing(NamedTuple):
    """Something left to do, before alike things are told together.

    Args:
        item: What is left to do.
        alike: What makes it alike to others: begins and ends the sentence about all of them, around their number.
        label: The object that it is about, in a word.
        listed_in: The archive's table that lists every one, where there are many.
    """

    item: OpenItem
    alike: tuple[str, str] = ("", "")
    label: str = ""
    listed_in: str = ""


def open_items(
    findings: Sequence[FindingFact],
    planned: Sequence[PlannedFact],
    changes: Sequence[ChangeFact],
    problems: Sequence[ProblemFact],
    sections: Sequence[SectionFact],
    files: Sequence[PlannedFileFact] = (),
    *,
    completed: Mapping[str, str] | None = None,
) -> list[OpenItem]:
    """Everything that is left to do, each thing once, by who must act, then by step.

    More than `MANY_ALIKE` things of one step with one cause are one item, with their number.

    Args:
        findings: The last finding for each rule and subject.
        planned: Changes that were planned and not made.
        changes: Changes that were begun.
        problems: Errors that ended a step.
        sections: The sections with their steps.
        files: Files that were planned and not written.
        completed: Since when mailboxes have been completed, by their addresses; advice for their move is past.
    """
    held_back = {step.id for part in sections for step in part.steps if step.state in ("waiting", "later", "failed")}
    things = [
        *(Thing(_from_problem(problem)) for problem in problems if not problem.resolved),
        *(thing for finding in findings if not _past(finding, completed or {}) for thing in _from_finding(finding)),
        *(_from_planned(change) for change in planned if change.step not in held_back or _unapproved(change)),
        *(Thing(_from_file(file)) for file in files if file.step not in held_back),
        *_from_changes(changes, problems, sections),
    ]
    items = list(_together(things))
    covered = {item.step for item in items}
    items += [item for item in _from_steps(sections, STUCK) if item.step not in covered]
    # a step that another one must precede is named only where nothing else leads to that one
    items = items or list(_from_steps(sections, ("later",)))
    order = get_args(Who)
    return sorted(dict.fromkeys(items), key=lambda item: (order.index(item.who), item.step or "", item.what))


def _together(things: Sequence[Thing]) -> Iterator[OpenItem]:
    """Each thing, or one item for many that are alike."""
    groups: dict[object, list[Thing]] = {}
    for place, thing in enumerate(things):
        one = thing.item
        key = (one.who, one.side, one.step, thing.alike) if any(thing.alike) else place
        groups.setdefault(key, []).append(thing)
    for group in groups.values():
        if len(group) > MANY_ALIKE:
            yield _as_one(group)
        else:
            yield from (thing.item for thing in group)


def _as_one(group: Sequence[Thing]) -> OpenItem:
    first, (begin, end) = group[0], group[0].alike
    labels = list(dict.fromkeys(thing.label for thing in group))
    remedies = list(dict.fromkeys(thing.item.remedy for thing in group if thing.item.remedy))
    return first.item.model_copy(
        update={
            "what": f"{begin} {len(group):,} {end}; the first: {', '.join(labels[:MOST_LABELS])}".lstrip(),
            "until": max((thing.item.until for thing in group if thing.item.until), default=None),
            "remedy": " ".join([*remedies[:1], f"All are listed in {first.listed_in}."]),
            "statements": tuple(sorted({name for thing in group for name in thing.item.statements})),
            "count": len(group),
        }
    )


def actors(items: Sequence[OpenItem]) -> list[Actor]:
    """Who must act, each with the number of items and the latest time that is waited for.

    Args:
        items: What is left to do.
    """
    numbers = Counter(item.who for item in items)
    untils: dict[Who, str] = {}
    for item in items:
        if item.until:
            untils[item.who] = max(item.until, untils.get(item.who, ""))
    return [Actor(who=who, items=numbers[who], until=untils.get(who)) for who in get_args(Who) if numbers[who]]


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


def _from_finding(finding: FindingFact) -> Iterator[Thing]:
    who, what, until, begin = administrator(finding.side), "", None, ""
    if finding.verdict == "fail" and not finding.pending:
        what, begin = f"{finding.subject}: {finding.seen or finding.title}", "Not right:"
    elif finding.verdict == "warn" and finding.remedy:
        what, begin = f"Consider {finding.subject}: {finding.seen or finding.title}", "Consider"
    elif finding.verdict == "not_observed":
        what = f"{finding.subject} could not be observed ({finding.reason}): {finding.detail or finding.title}"
        begin = f"Could not be observed ({finding.reason}):"
    elif finding.verdict == "manual" and not finding.signed_by:
        what, begin = f"Sign off: {finding.instruction or finding.title}", "Sign off:"
    elif finding.verdict == "waiting":
        who, until = awaited(finding.waits_for or "", finding.side), finding.until
        what, begin = f"{finding.subject}: {finding.seen or finding.title}", "Waiting:"
    if what:
        item = OpenItem(
            who=who,
            side=finding.side,
            step=finding.remedy_step or finding.step,
            what=what,
            until=until,
            remedy=finding.remedy or finding.waits_for or "",
            statements=finding.statements,
        )
        yield Thing(item, (begin, f"objects of “{finding.title}”"), finding.subject, FINDINGS)


def _past(finding: FindingFact, completed: Mapping[str, str]) -> bool:
    """Whether a finding advises how to move a mailbox that has been moved since."""
    if finding.verdict != "warn" or finding.step is None or section_of(finding.step) > LAST_OF_THE_MOVE:
        return False
    return any(completed.get(word.casefold(), "") > finding.at for word in finding.subject.split())


def _unapproved(change: PlannedFact) -> bool:
    return change.approval in ("missing", "claimed") or bool(change.refused_because)


def _from_planned(change: PlannedFact) -> Thing:
    approve = _unapproved(change)
    verb = "Approve" if approve else "Apply"
    item = OpenItem(
        who="approver" if approve else administrator(change.side),
        side=change.side,
        step=change.step,
        what=f"{verb}: {change.title}",
        until=None,
        remedy="; ".join(change.refused_because) or ("Record it with: xtmig approve" if approve else ""),
        statements=change.statements,
    )
    return Thing(item, (verb, f"changes of step {change.step}"), change.subject, planned_file(change.step))


def _from_file(file: PlannedFileFact) -> OpenItem:
    return OpenItem(
        who="operator",
        side=None,
        step=file.step,
        what=f"Write {file.name}: {file.about}" if file.about else f"Write {file.name}",
        until=None,
        remedy=f"Apply step {file.step}; it writes into the project folder alone.",
        statements=(),
    )


def _from_changes(
    changes: Sequence[ChangeFact], problems: Sequence[ProblemFact], sections: Sequence[SectionFact]
) -> Iterator[Thing]:
    """Changes of unknown fate, and refused ones where neither an error nor the step's later end says more."""
    settled = {step.id for section in sections for step in section.steps if step.state in SETTLED_STATES}
    refused = Counter(change.step for change in changes if change.outcome == "failed")
    # an error that names no object tells of a whole step: it explains one refusal, of many only that there are some
    told = {(p.step, p.subject) for p in problems if not p.resolved}
    for change in changes:
        alone = refused[change.step] == 1 and any(step == change.step for step, _ in told)
        explained = change.step in settled or alone or (change.step, change.subject) in told
        if change.outcome == "unknown" or (change.outcome == "failed" and not explained):
            word = OUTCOMES[change.outcome].text
            item = OpenItem(
                who=administrator(change.side),
                side=change.side,
                step=change.step,
                what=f"{change.title}: {word}" + (f" ({change.error})" if change.error else ""),
                until=None,
                remedy=change.remedy or "Run the step again; it reads the object before it does anything.",
                statements=change.statements,
            )
            alike = ("", f"changes {word}" + (f" ({_cause(change.error)})" if change.error else ""))
            yield Thing(item, alike, change.subject, changes_file(change.step))


def _cause(error: str) -> str:
    """What errors of the same kind have in common: their words without names, addresses, ids and numbers."""
    return _NAMES.sub("…", error)


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
