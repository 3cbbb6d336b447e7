"""What one run comes to, judged from its own ledger entries alone: its figures, its exit code, its sentence.

The exit code follows the last evaluation of each rule for each subject. A check that failed does not count as
failed while the step that mends it is planned or waits: then the step's own state counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from xtmig_kernel.counting import counted
from xtmig_kernel.errors import XtmigError
from xtmig_kernel.report import history, products
from xtmig_kernel.report.model import ExitCode, Outcome, RunFacts, VerdictKind, Who
from xtmig_kernel.report.todo import awaited
from xtmig_kernel.report.words import listed, moment, sections_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.report.model import ChangeFact, FindingFact, ProblemFact, StepFact
    from xtmig_kernel.store import Entry

_ORDER: tuple[ExitCode, ...] = (1, 2, 3, 5, 4)
_PERSONS: dict[Who, str] = {
    "source administrator": "the source administrator",
    "target administrator": "the target administrator",
    "approver": "an approval",
    "operator": "the person who runs xtmig",
    "Microsoft": "Microsoft",
}
_MADE: tuple[Outcome, ...] = ("read back", "differs", "done", "found done")


@dataclass(frozen=True)
class Judgement:
    """What speaks for each exit code, as sentences; an empty tuple where nothing does.

    Args:
        unexpected: For 1.
        usage: For 2.
        failed: For 3.
        waiting: For 4.
        unseen: For 5.
    """

    unexpected: tuple[str, ...]
    usage: tuple[str, ...]
    failed: tuple[str, ...]
    waiting: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """The first code in the design's order that something speaks for; 0 if nothing does."""
        reasons = {1: self.unexpected, 2: self.usage, 3: self.failed, 4: self.waiting, 5: self.unseen}
        return next((code for code in _ORDER if reasons[code]), 0)


class _Told:
    """What the entries of one run come to, each kind worked out once."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    @cached_property
    def findings(self) -> list[FindingFact]:
        return history.findings(self.entries, "")

    @cached_property
    def changes(self) -> list[ChangeFact]:
        return history.changes(self.entries, "")

    @cached_property
    def steps(self) -> list[StepFact]:
        return history.steps(self.entries, "")

    @cached_property
    def overtaken(self) -> frozenset[str]:
        """Steps whose failed checks were all judged again by later steps of the run, and hold by now.

        The preflight comes before what it looks at is set up; what the same run has mended since needs no second run.
        """
        failed: dict[str, set[str]] = {}
        for entry in self.entries:
            if entry.kind == "finding" and entry.step and entry.data["verdict"] == "fail":
                failed.setdefault(entry.step, set()).add(entry.data["rule"])
        by_rule: dict[str, list[FindingFact]] = {}
        for finding in self.findings:
            by_rule.setdefault(finding.rule, []).append(finding)
        return frozenset(
            step
            for step, rules in failed.items()
            if all(f.step != step and f.verdict != "fail" for rule in rules for f in by_rule[rule])
        )

    @cached_property
    def refusals(self) -> dict[str, list[str]]:
        return history.refusals(self.entries)


def _judge(told: _Told) -> Judgement:
    problems = [problem for problem in history.problems(told.entries, "") if not problem.resolved]
    return Judgement(
        unexpected=(*_messages(problems, 1), *_unfinished(told)),
        usage=_messages(problems, 2),
        failed=(*_failed_checks(told.findings), *_messages(problems, 3), *_failed_steps(told, problems)),
        waiting=(*_waiting(told.findings), *_messages(problems, 4), *_waiting_steps(told), *_refused(told)),
        unseen=(*_unseen(told), *_messages(problems, 5)),
    )


def exit_code_of(error_type: str) -> int:
    """The exit code of a deliberate error by its type name; 1 for what nobody foresaw.

    Args:
        error_type: Such as `"AccessDenied"`.
    """
    kinds = [XtmigError]
    while kinds:
        kind = kinds.pop()
        if kind.__name__ == error_type:
            return kind.exit_code
        kinds.extend(kind.__subclasses__())
    return 1


def _messages(problems: Sequence[ProblemFact], code: int) -> tuple[str, ...]:
    return tuple(problem.message for problem in problems if exit_code_of(problem.type) == code)


def _unfinished(told: _Told) -> list[str]:
    """Changes without an outcome, and sections of a batch that were opened and left neither end nor error."""
    unknown = [
        f"“{change.title}” was begun and its outcome is not known"
        for change in told.changes
        if change.outcome == "unknown"
    ]
    if unknown or any(entry.kind == "problem" for entry in told.entries):
        return unknown
    opened = {
        e.data["section"]: e.seq for e in told.entries if e.kind == "run_started" and e.data["mode"] != "interactive"
    }
    closed = {e.data["section"]: e.seq for e in told.entries if e.kind == "run_ended"}
    return [f"section {section} was not ended" for section, seq in opened.items() if closed.get(section, 0) < seq]


def _failed_checks(found: Sequence[FindingFact]) -> list[str]:
    return [finding.title for finding in found if finding.verdict == "fail" and not finding.pending]


def _failed_steps(told: _Told, problems: Sequence[ProblemFact]) -> list[str]:
    """Steps that failed, and changes that were refused, without an error of their own that says more."""
    explained = {problem.step for problem in problems}
    states = {step.id: step.state for step in told.steps}
    failed = {step for step, state in states.items() if state == "failed"}
    refused = {
        change.step
        for change in told.changes
        if change.outcome == "failed" and states.get(change.step) not in history.SETTLED_STATES
    }
    return sorted((failed | refused) - explained)


def _waiting(found: Sequence[FindingFact]) -> list[str]:
    return [
        finding.waits_for or finding.title
        for finding in found
        if finding.verdict == "waiting" or (finding.verdict == "manual" and not finding.signed_by)
    ]


def _waiting_steps(told: _Told) -> list[str]:
    states = {step.id: step for step in told.steps}
    waiting = [step.id for step in told.steps if step.state == "waiting"]
    return [states[step].summary or states[step].title for step in (*waiting, *_too_early(told))]


def _too_early(told: _Told) -> dict[str, tuple[str, ...]]:
    """Steps of a batch that another step must precede, which the batch has not done either; with the names of those.

    In a plan it is enough that the same run has planned what comes first.
    """
    modes = {entry.data["mode"] for entry in told.entries if entry.kind == "run_started"}
    if not modes & {"plan", "apply"}:
        return {}
    states = {step.id: step.state for step in told.steps}
    wrong = [f for f in told.findings if f.verdict == "fail" and f.remedy_step]
    early = {}
    for step in (step for step, state in states.items() if state == "later" and step not in told.overtaken):
        first = {str(f.remedy_step) for f in wrong if f.step == step} - {step}
        if "apply" in modes or not first <= set(states):
            early[step] = tuple(sorted(first))
    return early


def _refused(told: _Told) -> list[str]:
    return ["an approval" for _ in told.refusals]


def _unseen(told: _Told) -> list[str]:
    """Rules without an observation, tables that did not answer, and steps that for this could not be planned."""
    tables = [read.fact for read in history.reads(told.entries, "") if read.reason and read.reason != "not asked"]
    rules = [finding.title for finding in told.findings if finding.verdict == "not_observed"]
    return [*rules, *tables, *(step.id for step in told.steps if step.state == "not planned")]


def run_facts(entries: Sequence[Entry]) -> RunFacts:
    """A run's figures.

    Args:
        entries: The entries of one run, in their order; at least one.
    """
    starts = [entry.data for entry in entries if entry.kind == "run_started"]
    asked = [entry.data for entry in entries if entry.kind == "run_asked"]
    told = _Told(entries)
    verdicts = Counter(finding.verdict for finding in told.findings)
    outcomes = Counter(change.outcome for change in told.changes)
    return RunFacts(
        id=entries[0].run,
        started_at=entries[0].at,
        ended_at=entries[-1].at,
        mode=starts[-1].get("mode") if starts else None,
        simulated=any(start.get("simulated", False) for start in starts),
        version=starts[-1].get("version") if starts else None,
        sections=tuple(sorted({start["section"] for start in starts if start.get("section")})),
        asked=tuple(asked[-1]["sections"]) if asked else (),
        whole=bool(asked and asked[-1]["whole"]),
        tally={kind: verdicts[kind] for kind in get_args(VerdictKind)},
        changes={outcome: outcomes[outcome] for outcome in get_args(Outcome)},
        planned=len(history.open_changes(entries, "")),
        files=len({entry.data["name"] for entry in entries if entry.kind == "file_written"}),
        planned_files=len(products.planned_files(entries, "")),
        exit_code=_judge(told).exit_code,
    )


def answer(facts: RunFacts, entries: Sequence[Entry]) -> str:
    """The report's first line: the answer in a sentence.

    Args:
        facts: The run's figures.
        entries: The entries of the same run.
    """
    told = _Told(entries)
    judgement = _judge(told)
    made, of = _made(facts), _of(facts)
    sentences = {
        1: lambda: f"The run{of} broke off: {_first(judgement.unexpected)}; {made}",
        2: lambda: f"The run{of} could not begin its work: {_first(judgement.usage)}; {made}",
        3: lambda: f"{_failures(judgement, told, of)}; {made}",
        5: lambda: f"No check{of} failed, but {_blind(judgement)}, so nothing is claimed about that; {made}",
        4: lambda: f"No check{of} failed; the run waits for {_awaited(told)}; {made}",
        0: lambda: _success(facts, made),
    }
    return sentences[facts.exit_code]()


def _named(facts: RunFacts) -> tuple[str, ...]:
    """The sections by which a run is told; none for the whole runbook, whose name says nothing."""
    return () if facts.whole else facts.asked or facts.sections


def _of(facts: RunFacts) -> str:
    return f" of {sections_named(named)}" if (named := _named(facts)) else ""


def _first(messages: tuple[str, ...]) -> str:
    more = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
    return messages[0].rstrip(".") + more


def _made(facts: RunFacts) -> str:
    number = sum(facts.changes[outcome] for outcome in _MADE)
    made = f"{counted(number, 'change')} {_was(number)} made" if number else ""
    if not facts.files:
        return made or "nothing was changed"
    return f"{made or 'no tenant was changed'}, {counted(facts.files, 'file')} {_was(facts.files)} written"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _failures(judgement: Judgement, told: _Told, of: str) -> str:
    checks = len(_failed_checks(told.findings))
    others = len(judgement.failed) - checks
    parts = [f"{counted(checks, 'check')}{of} failed"] if checks else []
    if others:
        parts.append(f"{counted(others, 'step')}{'' if checks else of} could not be completed")
    return " and ".join(parts)


def _blind(judgement: Judgement) -> str:
    number = len(judgement.unseen)
    return "one thing could not be observed" if number == 1 else f"{number} things could not be observed"


def _awaited(told: _Told) -> str:
    """Who is waited for, each named once, and the time to look again."""
    found = [finding for finding in told.findings if finding.verdict == "waiting"]
    steps = [step for step in told.steps if step.state == "waiting"]
    looks: list[FindingFact | StepFact] = [*found, *steps]
    who = {awaited(one.waits_for or "", one.side) for one in looks}
    who |= {"approver"} if told.refusals else set()
    names = [name for key, name in _PERSONS.items() if key in who]
    if any(one.verdict == "manual" and not one.signed_by for one in told.findings):
        names.append("a person’s word")
    early = _too_early(told)
    if early:
        first = sorted({name for names_first in early.values() for name in names_first})
        several = len(first) > 1
        named = f"step{'s' if several else ''} {listed(first)}, which come{'' if several else 's'} first"
        names.append(named if first else "a step that comes first")
    until = max((one.until for one in looks if one.until), default=None)
    text = listed(names) or "a person or Microsoft"
    return f"{text}, look again at {moment(until)}" if until else text


def _success(facts: RunFacts, made: str) -> str:
    passed = counted(facts.tally["pass"], "check") + " passed"
    named = _named(facts)
    what = sections_named(named)
    subject = what.capitalize() if named else "Everything asked"
    several = len(named) > 1
    planned = [f"{counted(facts.planned, 'change')} planned"] if facts.planned else []
    planned += [f"{counted(facts.planned_files, 'file')} to be written"] if facts.planned_files else []
    if planned:
        return f"The plan{_of(facts)} is completely made: {', '.join(planned)}; {made}"
    if made != "nothing was changed":
        return f"{subject} {'are' if several else 'is'} done and verified: {made}, {passed}"
    if not any(facts.tally.values()):
        return f"Nothing was checked in {what or 'this run'}, and nothing was changed"
    if facts.mode in ("plan", "apply") and named:
        return f"What {what} look{'' if several else 's'} at is as it should be: {passed}; {made}"
    if facts.mode in ("plan", "apply"):
        return f"Both tenants are as they should be, as far as this run looked: {passed}; {made}"
    return f"{subject} {'were' if several else 'was'} looked at: {passed}; {made}"
