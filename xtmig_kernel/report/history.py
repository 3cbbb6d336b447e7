"""What the ledger's entries come to: the last finding for a subject, the last that is known of a change.

Pure functions over entries in their order; of several looks at a subject the last one counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.report.model import (
    ChangeFact,
    FindingFact,
    ProblemFact,
    Read,
    ReadFact,
    SectionFact,
    SignInFact,
    StepFact,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtmig_kernel.store import Entry

SETTLED_STATES = frozenset({"applied", "no change"})
PENDING_STATES = frozenset({"planned", "waiting", "later"})

_VERDICT_DETAILS = ("reason", "detail", "waits_for", "until", "instruction", "signed_by", "owner")


def steps(entries: Sequence[Entry], run: str) -> list[StepFact]:
    """How each step ended when it was last run, by step id.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    last: dict[str, StepFact] = {}
    for entry in entries:
        if entry.kind == "step_ended" and entry.step is not None:
            last[entry.step] = StepFact(
                id=entry.step,
                title=entry.data.get("title", ""),
                side=entry.data.get("side"),
                state=entry.data["state"],
                summary=entry.data.get("summary") or "",
                waits_for=entry.data.get("waits_for") or "",
                until=entry.data.get("until"),
                at=entry.at,
                run=entry.run,
                this_run=entry.run == run,
            )
    return [last[step] for step in sorted(last)]


def sections(entries: Sequence[Entry], run: str) -> list[SectionFact]:
    """The sections that were opened, each with its steps.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    titles: dict[str, str] = {}
    marked: set[str] = set()
    for entry in entries:
        if entry.kind == "run_started" and entry.data.get("section"):
            titles[entry.data["section"]] = entry.data.get("title", "")
            if entry.run == run:
                marked.add(entry.data["section"])
    ended = steps(entries, run)
    for step in ended:
        titles.setdefault(section_of(step.id), "")
    return [
        SectionFact(
            number=number,
            title=titles[number],
            this_run=number in marked,
            steps=tuple(step for step in ended if section_of(step.id) == number),
        )
        for number in sorted(titles)
    ]


def section_of(step: str) -> str:
    """The number of the section that a step belongs to: `"070"` for `"070.3"`.

    Args:
        step: Id of the step.
    """
    return step.partition(".")[0]


def findings(entries: Sequence[Entry], run: str) -> list[FindingFact]:
    """The findings of the last evaluation of each rule, in the order of the last evaluation.

    A rule is evaluated for all its subjects at once, so a subject that is not among the last ones is gone. The
    findings of one evaluation stand next to each other in the ledger.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    last: dict[str, dict[tuple[str | None, str], Entry]] = {}
    together: set[str] = set()
    for entry in entries:
        if entry.kind != "finding":
            together.clear()
            continue
        rule = entry.data["rule"]
        if rule not in together:
            together.add(rule)
            last.pop(rule, None)
        last.setdefault(rule, {})[entry.data.get("side"), entry.data["subject"]] = entry
    pending = {step.id: step.state for step in steps(entries, run) if step.state in PENDING_STATES}
    return [_finding(entry, run, pending) for found in last.values() for entry in found.values()]


def _finding(entry: Entry, run: str, pending: Mapping[str, Any]) -> FindingFact:
    data = entry.data
    due = pending.get(data.get("remedy_step") or "") or pending.get(entry.step or "")
    return FindingFact(
        rule=data["rule"],
        title=data["title"],
        statements=tuple(data["statements"]),
        side=data.get("side"),
        subject=data["subject"],
        verdict=data["verdict"],
        seen=data.get("seen") or "",
        expected=data.get("expected") or "",
        remedy=data.get("remedy") or "",
        remedy_step=data.get("remedy_step"),
        observed=tuple(Read(**read) for read in data.get("observed", [])),
        **{name: data.get(name) for name in _VERDICT_DETAILS},
        phase=data.get("phase", "verify"),
        step=entry.step,
        at=entry.at,
        run=entry.run,
        this_run=entry.run == run,
        pending=due if data["verdict"] == "fail" else None,
    )


@dataclass
class _Made:
    first: Entry
    last: Entry
    data: dict[str, Any]
    lines: list[str]
    outcome: Any = "unknown"
    seen: Any = None
    reply: dict[str, Any] | None = None


def changes(entries: Sequence[Entry], run: str) -> list[ChangeFact]:
    """Every change that was begun, with the last that is known of it, in the order in which they were begun.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    planned: dict[str, dict[str, Any]] = {}
    made: dict[str, _Made] = {}
    approved: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry.kind == "planned":
            planned |= {item["hash"]: item for item in entry.data["changes"]}
        elif entry.kind == "approval_used":
            approved[entry.data["change"]] = entry.data
        elif entry.kind == "intent":
            made.pop(entry.data["change"], None)
            made[entry.data["change"]] = _Made(entry, entry, entry.data["data"], entry.data.get("lines", []))
        elif entry.kind in ("outcome", "read_back"):
            hash_ = entry.data["change"]
            if hash_ not in made and hash_ in planned:  # found done before it was begun
                made[hash_] = _Made(entry, entry, planned[hash_]["change"], planned[hash_].get("lines", []))
            if hash_ in made:
                _learn(made[hash_], entry)
    return [_change(hash_, item, approved.get(hash_, {}), run) for hash_, item in made.items()]


def _learn(made: _Made, entry: Entry) -> None:
    made.last = entry
    if entry.kind == "outcome":
        made.outcome, made.reply = entry.data["result"], entry.data
        return
    made.seen = entry.data.get("after")
    if not entry.data["matches"]:
        made.outcome = "differs"
    elif made.outcome != "found done":
        made.outcome = "read back"


def _change(hash_: str, made: _Made, approval: dict[str, Any], run: str) -> ChangeFact:
    reply = made.reply or {}
    return ChangeFact(
        **change_fields(made.data),
        hash=hash_,
        lines=tuple(made.lines),
        outcome=made.outcome,
        seen=made.seen,
        request_ids=tuple(reply.get("request_ids") or ()),
        warnings=tuple(reply.get("warnings") or ()),
        error=_error_text(reply.get("error")),
        cause=_of_error(reply.get("error"), "cause"),
        remedy=_of_error(reply.get("error"), "remedy"),
        approver=approval.get("approver"),
        proof=_proof_kind(approval.get("proof")),
        at=made.first.at,
        run=made.first.run,
        this_run=made.first.run == run,  # a change belongs to the run that began it, whichever run saw it
    )


def change_fields(data: dict[str, Any]) -> dict[str, Any]:
    """Those fields of a change, as the ledger holds it, that a report shows.

    Args:
        data: The change as data.
    """
    return {
        "step": data["step"],
        "side": data["side"],
        "subject": data["subject"]["label"],
        "title": data["title"],
        "before": data["before"],
        "after": data["after"],
        "level": data["level"],
        "undo": data["undo"],
        "irreversible": data.get("irreversible", False),
        "statements": tuple(data["statements"]),
    }


def _error_text(error: Any) -> str | None:
    """An error in the ledger is a sentence, or an error's data with its message."""
    return str(error.get("message", error)) if isinstance(error, dict) else error


def _of_error(error: Any, name: str) -> str | None:
    return error.get(name) if isinstance(error, dict) else None


def _proof_kind(proof: Any) -> str | None:
    return proof.get("kind") if isinstance(proof, dict) else proof


@dataclass(frozen=True)
class Open:
    """A change of the last plan of its step that was not begun since.

    Args:
        data: The plan's item: hash, change and lines.
        run: Id of the run that planned it.
        refused_because: Why its approval was refused, if one was looked for.
    """

    data: dict[str, Any]
    run: str
    refused_because: tuple[str, ...]


def open_changes(entries: Sequence[Entry], run: str) -> list[Open]:
    """What was planned and not made, by step.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    plans = {entry.step: entry for entry in entries if entry.kind == "planned" and entry.step is not None}
    settled = {step.id for step in steps(entries, run) if step.state in SETTLED_STATES}
    begun = {entry.data["change"]: entry.seq for entry in entries if entry.kind == "intent"}
    refused = refusals(entries)
    return [
        Open(item, plan.run, tuple(refused.get(item["hash"], ())))
        for step, plan in sorted(plans.items())
        if step not in settled
        for item in plan.data["changes"]
        if begun.get(item["hash"], 0) < plan.seq
    ]


def refusals(entries: Sequence[Entry]) -> dict[str, list[str]]:
    """Hashes of changes whose approval was refused and not found since, each with the reasons.

    Args:
        entries: Entries in their order.
    """
    refused: dict[str, list[str]] = {}
    step_of: dict[str, str | None] = {}
    for entry in entries:
        if entry.kind == "approval_refused":
            refused[entry.data["change"]] = [reason for reason in entry.data["reasons"] if reason]
            step_of[entry.data["change"]] = entry.step
        elif entry.kind in ("approval_used", "intent"):
            refused.pop(entry.data["change"], None)
        elif entry.kind == "step_ended" and entry.data["state"] in SETTLED_STATES:
            refused = {hash_: why for hash_, why in refused.items() if step_of[hash_] != entry.step}
    return refused


def problems(entries: Sequence[Entry], run: str) -> list[ProblemFact]:
    """Every error that ended a step or its section, in their order; resolved where that has since ended otherwise.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    mended = {
        entry.step: entry.seq for entry in entries if entry.kind == "step_ended" and entry.data["state"] != "failed"
    }
    opened: dict[str, str | None] = {}
    around: dict[int, str | None] = {}
    for entry in entries:
        if entry.kind == "run_started":
            opened[entry.run] = entry.data.get("section")
        elif entry.kind == "problem":
            around[entry.seq] = opened.get(entry.run)
    ended = [entry for entry in entries if entry.kind == "run_ended"]
    return [
        ProblemFact(
            type=entry.data["type"],
            message=entry.data["message"],
            side=entry.data.get("side"),
            step=entry.step or entry.data.get("step"),
            subject=entry.data.get("subject"),
            cause=entry.data.get("cause"),
            remedy=entry.data.get("remedy"),
            statements=tuple(entry.data.get("statements") or ()),
            resolved=_mended_later(mended, entry) or _ended_later(ended, entry, around[entry.seq]),
            at=entry.at,
            run=entry.run,
            this_run=entry.run == run,
        )
        for entry in entries
        if entry.kind == "problem"
    ]


def _mended_later(mended: dict[str | None, int], problem: Entry) -> bool:
    step = problem.step or problem.data.get("step")
    return step is not None and mended.get(step, 0) > problem.seq


def _ended_later(ended: Sequence[Entry], problem: Entry, section: str | None) -> bool:
    """Whether an error outside of every step is settled: a later run has run its section to the end."""
    outside = (problem.step or problem.data.get("step")) is None and section is not None
    return outside and any(
        e.seq > problem.seq and e.run != problem.run and e.data.get("section") == section for e in ended
    )


def reads(entries: Sequence[Entry], run: str) -> list[ReadFact]:
    """The last read of each table, by name.

    Args:
        entries: Entries in their order.
        run: Id of the run that is marked.
    """
    last = {entry.data["fact"]: entry for entry in entries if entry.kind == "observed"}
    return [
        ReadFact(
            fact=fact,
            side=last[fact].data.get("side"),
            source=last[fact].data.get("source"),
            rows=last[fact].data.get("rows"),
            digest=last[fact].data.get("digest"),
            reason=last[fact].data.get("reason"),
            detail=last[fact].data.get("detail"),
            at=last[fact].data.get("at", last[fact].at),  # ledgers of earlier versions have no time of the read itself
            run=last[fact].run,
            this_run=last[fact].run == run,
        )
        for fact in sorted(last)
    ]


def sign_ins(entries: Sequence[Entry]) -> list[SignInFact]:
    """Each identity that signed in to each tenant, with its last time.

    Args:
        entries: Entries in their order.
    """
    last = {
        (entry.data["side"], entry.data.get("object_id"), entry.data.get("application_id")): entry
        for entry in entries
        if entry.kind == "signed_in"
    }
    return [
        SignInFact(
            side=entry.data["side"],
            tenant_id=entry.data["tenant_id"],
            kind=entry.data["kind"],
            name=entry.data.get("name") or "",
            object_id=entry.data.get("object_id"),
            application_id=entry.data.get("application_id"),
            at=entry.at,
            run=entry.run,
        )
        for entry in sorted(last.values(), key=lambda entry: (entry.data["side"], entry.seq))
    ]
