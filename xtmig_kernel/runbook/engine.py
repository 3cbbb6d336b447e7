"""The engine: look, plan, apply, verify, for one step at a time; every word of it goes to the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.changes import Level, Plan, as_data, digest
from xtmig_kernel.clock import as_text
from xtmig_kernel.errors import ApprovalError, EngineError, NotYetAccepted, StalePlanError, XtmigError, step_context
from xtmig_kernel.evidence import Failed, Finding, Manual, NotObserved, Observed, Unseen, Waiting
from xtmig_kernel.powershell import change_lines
from xtmig_kernel.rules import ALL_RULES, Rule, Seen, blocks, evaluate
from xtmig_kernel.runbook.bulk import why_not_all
from xtmig_kernel.runbook.door import Outcome
from xtmig_kernel.runbook.files import as_found, differs, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from xtmig_kernel.changes import Change
    from xtmig_kernel.clock import Clock
    from xtmig_kernel.evidence import Observation, Row
    from xtmig_kernel.inventory import Reader
    from xtmig_kernel.outputs import Exhibit, ProjectFile
    from xtmig_kernel.project import Approvals, Project, Waiver
    from xtmig_kernel.runbook.bulk import BulkDoor
    from xtmig_kernel.runbook.recovery import Pending, Recovery
    from xtmig_kernel.runbook.step import Section, Step
    from xtmig_kernel.store import Ledger

RULES: dict[str, Rule] = {rule.id: rule for rule in ALL_RULES}
MOST_TITLES = 5
State = Literal["new", "looked", "no change", "planned", "not planned", "applied", "waiting", "later", "failed"]


@dataclass(frozen=True)
class StepView:
    """What is known of a step at this moment; cards and printed lines are made from it.

    Args:
        step: The step.
        state: Where it stands.
        findings: The last judgement of its rules.
        changes: What would be or was changed.
        outcomes: What became of the changes that were made.
        missing: Facts without which it could not be planned, with the reason.
        blocked_by: Findings of required rules that keep it from being applied.
        waits_for: Who or what it waits for, or an empty text.
        until: When to look again, UTC, or None.
        problem: The error that ended it, or None.
        note: One sentence that sums it up.
        files: Files of the project folder that it would write or wrote.
        found: Of each of them, the hash of what lay there while planning, or None.
        exhibits: Tables and charts, as of the last look.
    """

    step: Step
    state: State = "new"
    findings: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    missing: tuple[str, ...] = ()
    blocked_by: tuple[Finding, ...] = ()
    waits_for: str = ""
    until: datetime | None = None
    problem: XtmigError | None = None
    note: str = ""
    files: tuple[ProjectFile, ...] = ()
    found: tuple[str | None, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()


class Engine:
    """Runs the steps of one section.

    Args:
        section: The section.
        project: The project.
        reader: Reads facts.
        ledger: Takes everything.
        clock: Tells the time.
        door: Makes changes; None in a run that may not write.
        recovery: Settles what was interrupted.
        remembers: Whether what was read for the section will do until something is written, a quarter of an hour at
            most: for runs without a person, who would look again because he doubts.
        approvals: Gives approvals and sign-offs of the moment.
        waivers: Gives the waivers of the moment.
    """

    def __init__(
        self,
        *,
        section: Section,
        project: Project,
        reader: Reader,
        ledger: Ledger,
        clock: Clock,
        door: BulkDoor | None,
        recovery: Recovery,
        remembers: bool = False,
        approvals: Callable[[], Approvals],
        waivers: Callable[[], tuple[Waiver, ...]],
    ) -> None:
        self._section = section
        self._project = project
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._door = door
        self._recovery = recovery
        self._remembers = remembers
        self._approvals = approvals
        self._waivers = waivers

    @property
    def may_write(self) -> bool:
        """Whether this run may change anything."""
        return self._door is not None

    def look(self, step: Step) -> StepView:
        """Read what the step concerns, and judge it.

        Args:
            step: A step of this section.
        """
        facts = self._observe(step, fresh=step.collects)
        findings = self._judge(step, step.verifies, facts, "look")
        return StepView(step, "looked", findings=findings, exhibits=self._exhibits(step, facts))

    def plan(self, step: Step) -> StepView:
        """Work out what would have to change. Writes nothing to a tenant.

        Args:
            step: A step of this section.

        Raises:
            RecoveryError: An interrupted change must be looked at by a person.
        """
        with step_context(side=step.side, step=step.id):
            pending = self._recovery.settle(step.id)
        facts = self._observe(step)
        findings = self._judge(step, step.verifies, facts, "look")
        blocked = self._blocking(step, facts)
        exhibits = self._exhibits(step, facts)
        view = StepView(step, "looked", findings=findings, blocked_by=blocked, exhibits=exhibits)
        if pending:
            return _pending(view, pending)
        missing = tuple(
            f"{name}: {fact.detail}" for name in step.plans_from if isinstance(fact := facts[name], NotObserved)
        )
        if missing:
            return replace(view, state="not planned", missing=missing, note="cannot be planned: " + missing[0])
        seen = self._seen(facts)
        plan = Plan(step.id, step.plan(seen, self._project))
        files = tuple(file for file in step.files(seen, self._project) if differs(self._project.folder, file))
        self._write_plan(step, plan, files)
        if plan.changes or files:
            found = tuple(as_found(self._project.folder, file) for file in files)
            note = _planned(plan, files)
            return replace(view, state="planned", changes=plan.changes, files=files, found=found, note=note)
        if step.only_looks:
            return replace(view, note="looked")
        return self._nothing_planned(view)

    def _proven_again(self, planned: StepView) -> tuple[StepView, list[Outcome]]:
        """The planned step with what holds it back now, and a refusal of each change that would be planned no more.

        Raises:
            EngineError: Something from which it is planned cannot be read any more.
            StalePlanError: There is such a change, and the step's changes depend on each other.
        """
        step, facts = planned.step, self._observe(planned.step, fresh=True)
        blocked = self._blocking(step, facts)
        if blocked:
            return replace(planned, blocked_by=blocked), []
        for name in step.plans_from:
            if isinstance(fact := facts[name], NotObserved):
                raise EngineError(f"{name} could not be read once more", cause=fact.detail, remedy="Plan again.")
        still = {change.hash for change in step.plan(self._seen(facts), self._project)}
        gone = [change for change in planned.changes if change.hash not in still]
        if gone and not step.bulk:
            raise _stale(gone[0])
        return planned, [Outcome(change, "refused", error=_stale(change)) for change in gone]

    def _blocking(self, step: Step, facts: dict[str, Observation[tuple[Row, ...]]]) -> tuple[Finding, ...]:
        return tuple(finding for finding in self._judge(step, step.requires, facts, None) if blocks(finding))

    def _nothing_planned(self, view: StepView) -> StepView:
        """Nothing to change means right, except where another step must come first, such as the list of users.

        What no step mends is told as a failure at once; it would not go away by what comes first.
        """
        comes_first = any(isinstance(f.verdict, Failed) and f.remedy_step for f in view.blocked_by[:1])
        mended = all(f.remedy_step for f in view.findings if isinstance(f.verdict, Failed))
        if comes_first and mended:
            return self._held_back(view)
        return replace(view, state="no change", note="no change")

    def apply(self, planned: StepView) -> StepView:
        """Make the planned changes, one after the other.

        Args:
            planned: What `plan` returned.

        Raises:
            EngineError: This run may not write, or the step is blocked.
            ApprovalError, StalePlanError, ServiceError: A change could not be made; those before it are made.
        """
        if planned.state != "planned":
            return planned
        step = planned.step
        if self._door is None:
            raise EngineError("this run may only plan", step=step.id, remedy="Run again with --mode apply.")
        refused: list[Outcome] = []
        if step.proves_again and not planned.blocked_by:
            planned, refused = self._proven_again(planned)
        if planned.blocked_by:
            return self._held_back(planned)
        self._reader.forget()
        with step_context(side=step.side, step=step.id):
            self._write_files(step, planned)
            stale = {outcome.change.hash for outcome in refused}
            made = self._make(step, tuple(change for change in planned.changes if change.hash not in stale))
            outcomes = [*refused, *made]
        return self._applied(replace(planned, outcomes=tuple(outcomes)))

    def _make(self, step: Step, changes: tuple[Change, ...]) -> list[Outcome]:
        if self._door is None:
            raise EngineError("this run may only plan", step=step.id, remedy="Run again with --mode apply.")
        if step.bulk:
            return self._door.make_all(changes)
        return [self._door.make(change) for change in changes]

    def _applied(self, view: StepView) -> StepView:
        made = sum(outcome.result != "refused" for outcome in view.outcomes)
        error = why_not_all(view.outcomes)
        if error is not None:
            return replace(self.failed(view, error), note=f"{made} made and seen; {error.message}")
        late = [outcome.until for outcome in view.outcomes if outcome.until]
        if late:
            note = f"made, not yet effective; look again at {as_text(max(late))}"
            return replace(view, state="waiting", until=max(late), waits_for="Microsoft", note=note)
        written = [f"{file.name} written" for file in view.files]
        note = "; ".join([*([f"{made} made and seen"] if view.outcomes else []), *written])
        return replace(view, state="applied", note=note)

    def _write_files(self, step: Step, planned: StepView) -> None:
        """Write the files, unless somebody has worked on one of them since the plan: their work is not overwritten."""
        folder = self._project.folder
        for file, found in zip(planned.files, planned.found, strict=True):
            if as_found(folder, file) != found:
                raise StalePlanError(f"{file.name} is no longer as the plan saw it", remedy="Plan again.")
        for file in planned.files:
            self._ledger.append("file_written", write_file(self._project.folder, file), step=step.id)

    def _held_back(self, planned: StepView) -> StepView:
        first = planned.blocked_by[0]
        note = f"held back, because this does not hold yet: {first.title}"
        if isinstance(first.verdict, Waiting):
            return replace(
                planned, state="waiting", waits_for=first.verdict.waits_for, until=first.verdict.until, note=note
            )
        if isinstance(first.verdict, Manual):
            return replace(
                planned, state="waiting", waits_for=f"somebody who signs off {first.statements[0]}", note=note
            )
        if isinstance(first.verdict, Unseen):
            return replace(
                planned, state="not planned", note=f"held back, because this was not observed: {first.title}"
            )
        if first.remedy_step:
            return replace(planned, state="later", note=f"needs step {first.remedy_step} first: {first.title}")
        return replace(planned, state="failed", note=note)

    def verify(self, view: StepView) -> StepView:
        """Judge the step's rules by what is there now.

        Args:
            view: What the step has come to so far.
        """
        facts = self._observe(view.step)
        findings = self._judge(view.step, view.step.verifies, facts, "verify")
        return settled(replace(view, findings=findings, exhibits=self._exhibits(view.step, facts)))

    def run(self, step: Step) -> StepView:
        """Everything that a run without a person does for a step; an error becomes part of the view.

        Args:
            step: A step of this section.
        """
        view = StepView(step)
        try:
            view = self.plan(step)
            if self._door is not None:
                view = self.apply(view)
        except XtmigError as error:
            view = self.failed(view, error)
        # where nothing was tried, the look of a moment ago is the verification
        tried = view.outcomes or view.problem or (view.files and view.state != "planned")
        view = self.verify(view) if tried else settled(view)
        self.end(view)
        return view

    def failed(self, view: StepView, error: XtmigError) -> StepView:
        """The view of a step that an error has ended; the ledger takes the error.

        Args:
            view: What the step had come to.
            error: The error.
        """
        if isinstance(error, ApprovalError):
            level = max((change.level for change in view.changes), default=Level.NAMED)
            return replace(view, state="waiting", problem=error, waits_for=_approver(level), note=error.message)
        self._ledger.append("problem", error.as_data(), step=view.step.id)
        if isinstance(error, NotYetAccepted):
            return replace(view, state="waiting", problem=error, waits_for="Microsoft", note=error.message)
        return replace(view, state="failed", problem=error, note=error.message)

    def end(self, view: StepView) -> None:
        """Write down what a step has come to.

        Args:
            view: The step's last view.
        """
        data = {
            "title": view.step.title,
            "side": view.step.side,
            "state": view.state,
            "summary": summary(view),
            "waits_for": view.waits_for,
            "until": as_text(view.until) if view.until else None,
        }
        self._ledger.append("step_ended", data, step=view.step.id)

    def _observe(self, step: Step, *, fresh: bool = False) -> dict[str, Observation[tuple[Row, ...]]]:
        facts = self._reader.read_all(step.reads, fresh=fresh or not self._remembers)
        self._ledger.append_all([("observed", observed_data(name, fact)) for name, fact in facts.items()], step=step.id)
        return facts

    def _judge(
        self,
        step: Step,
        rule_ids: tuple[str, ...],
        facts: dict[str, Observation[tuple[Row, ...]]],
        phase: str | None,
    ) -> tuple[Finding, ...]:
        findings = evaluate(
            [RULES[rule] for rule in rule_ids],
            facts,
            self._project,
            self._clock.now(),
            sign_offs=self._approvals().sign_offs,
            waivers=self._waivers(),
        )
        if phase is not None:
            entries = [("finding", {**finding.as_data(), "phase": phase}) for finding in findings]
            self._ledger.append_all(entries, step=step.id)
        return tuple(findings)

    def _seen(self, facts: dict[str, Observation[tuple[Row, ...]]]) -> Seen:
        observed = {name: fact for name, fact in facts.items() if isinstance(fact, Observed)}
        return Seen(observed, self._clock.now())

    def _exhibits(self, step: Step, facts: dict[str, Observation[tuple[Row, ...]]]) -> tuple[Exhibit, ...]:
        """What the step shows; nothing where a fact is missing without which it cannot be planned."""
        if any(isinstance(facts[name], NotObserved) for name in step.plans_from):
            return ()
        exhibits = step.shows(self._seen(facts), self._project)
        if exhibits:
            self._write_exhibits(step, exhibits)
        return exhibits

    def _write_exhibits(self, step: Step, exhibits: Sequence[Exhibit]) -> None:
        """Write down what this run's entries do not say already: a step looks several times, at thousands of rows."""
        entries = self._ledger.entries("exhibit", run=self._ledger.run)
        told = {entry.data["name"]: digest(entry.data) for entry in entries}
        new = [exhibit.as_data() for exhibit in exhibits if told.get(exhibit.name) != digest(exhibit.as_data())]
        self._ledger.append_all([("exhibit", data) for data in new], step=step.id)

    def _write_plan(self, step: Step, plan: Plan, files: Sequence[ProjectFile]) -> None:
        data = {
            "title": step.title,
            "plan": plan.hash,
            "level": int(plan.level),
            "changes": [
                {"hash": change.hash, "change": as_data(change), "lines": change_lines(change)}
                for change in plan.changes
            ],
            "files": [{"name": file.name, "about": file.about} for file in files],
        }
        self._ledger.append("planned", data, step=step.id)


def _stale(change: Change) -> StalePlanError:
    return StalePlanError(
        f"“{change.title}” would not be planned any more",
        side=change.side,
        step=change.step,
        subject=change.subject.label,
        remedy="Plan again, and look at what changed.",
    )


def _planned(plan: Plan, files: Sequence[ProjectFile]) -> str:
    number = len(plan.changes)
    parts = [f"{number} change{'s' if number > 1 else ''} planned"] if number else []
    return "; ".join([*parts, *(f"{file.name} to be written" for file in files)])


def settled(view: StepView) -> StepView:
    """What a step has come to: right only if its rules say so; otherwise it waits, comes later, or has failed.

    Args:
        view: The step's view, judged.
    """
    if view.state not in ("looked", "no change", "applied"):
        return view
    wrong = [f for f in view.findings if isinstance(f.verdict, Failed)]
    elsewhere = [f.remedy_step for f in wrong if f.remedy_step not in (None, view.step.id)]
    if wrong and len(elsewhere) == len(wrong):
        return replace(view, state="later", note=f"needs step {elsewhere[0]} first")
    if wrong:
        note = f"{view.note}; {len(wrong)} not right: {wrong[0].title}"
        return replace(view, state="failed", note=note)
    waiting = [f.verdict for f in view.findings if isinstance(f.verdict, Waiting)]
    if not waiting:
        return view
    note = f"waits for {waiting[0].waits_for}"
    return replace(view, state="waiting", waits_for=waiting[0].waits_for, until=waiting[0].until, note=note)


def _pending(view: StepView, pending: Sequence[Pending]) -> StepView:
    """A step that waits for what an earlier run has begun."""
    titles = ", ".join(item.title for item in pending[:MOST_TITLES])
    if len(pending) > MOST_TITLES:
        titles += f" and {len(pending) - MOST_TITLES} more"
    until = max((item.until for item in pending if item.until), default=None)
    when = f"look again at {as_text(until)}" if until else "an earlier run was interrupted here"
    waits_for = f"{pending[0].waits_for}; begun: {titles}"
    return replace(view, state="waiting", waits_for=waits_for, until=until, note=f"begun, not yet settled; {when}")


def observed_data(name: str, fact: Observation[tuple[Row, ...]]) -> dict[str, Any]:
    """What the ledger is told of a read: a digest and a number of its rows, or why there are none.

    Args:
        name: Side and table.
        fact: What was read.
    """
    data: dict[str, Any] = {"fact": name, "side": name.partition(".")[0], "at": as_text(fact.at)}
    if isinstance(fact, Observed):
        return data | {"source": fact.source, "rows": len(fact.value), "digest": digest(as_data(fact.value))}
    return data | {"reason": fact.reason.value, "detail": fact.detail}


def _approver(level: Level) -> str:
    return "a second person who approves" if level == Level.SECOND_PERSON else "an approver"


def summary(view: StepView) -> str:
    """One sentence about where a step stands.

    Args:
        view: The step's view.
    """
    unseen = [f for f in view.findings if isinstance(f.verdict, Unseen)]
    if unseen and view.state in ("looked", "no change", "applied"):
        return f"{view.note}; {len(unseen)} not observed: {unseen[0].title}"
    return view.note
