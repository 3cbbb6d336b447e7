"""What a rule is, and how rules are judged. Pure: facts in, findings out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from xtmig_kernel.evidence import (
    Facts,
    Failed,
    Finding,
    Manual,
    NotObserved,
    Observed,
    Passed,
    Reason,
    Row,
    Skipped,
    Unseen,
    Verdict,
    Waiting,
    Waived,
    Warned,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from xtmig_kernel.project import Project, Side, SignOff, Waiver

T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """The facts that a rule or a plan asked for, all of them observed.

    Args:
        facts: Fact name to observation.
        now: The present moment, UTC.
    """

    facts: dict[str, Observed[tuple[Row, ...]]]
    now: datetime

    def rows(self, fact: str) -> tuple[Row, ...]:
        """The rows of a fact.

        Args:
            fact: Such as `"target.migration_endpoints"`.
        """
        return self.facts[fact].value

    def one(self, fact: str) -> Row | None:
        """The only row of a fact that has at most one.

        Args:
            fact: Such as `"target.organization_config"`.
        """
        rows = self.rows(fact)
        return rows[0] if rows else None

    def derived(self, work_out: Callable[[Seen, Project], T], facts: Sequence[str], project: Project) -> T:
        """What a pure function makes of some facts: worked out once, however many rules and plans ask for it.

        It is kept with the first of the observations, so that it lives no longer than what was read.

        Args:
            work_out: The function; it is given these facts and no others, and asks for nothing but them.
            facts: The facts that it needs.
            project: The project.
        """
        held = {name: self.facts[name] for name in facts}
        first, *others = held.values()
        key = (work_out, tuple(facts))
        kept = first.derived.get(key)
        if kept is None or kept[0] is not project or any(a is not b for a, b in zip(kept[1], others, strict=True)):
            kept = first.derived[key] = (project, others, work_out(Seen(held, self.now), project))
        result: T = kept[2]
        return result


@dataclass(frozen=True)
class Judgement:
    """What a rule says about one subject, before it is tied to observations.

    Args:
        kind: The judgement; `wait` and `sign` are for what a person or Microsoft has to do.
        subject: The object, as an administrator names it.
        seen: What was seen, in words.
        expected: What was expected, in words.
        remedy: What to do; for `wait` who is waited for, for `sign` what the person confirms, for `skip` why.
        step: Id of the step that does it.
        until: For `wait`: when to look again, UTC.
    """

    kind: Literal["pass", "fail", "warn", "wait", "sign", "skip"]
    subject: str
    seen: str = ""
    expected: str = ""
    remedy: str = ""
    step: str | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Rule:
    """What must hold, and how it is seen.

    Args:
        id: Short, stable, unique; a finding, a waiver and the documentation name it.
        title: What must hold, one sentence.
        statements: The document's statements that it answers.
        side: The tenant concerned, or None.
        needs: The facts it is judged by; if one was not observed, there is no verdict.
        judge: A pure function from what was seen and the project to judgements.
    """

    id: str
    title: str
    statements: tuple[str, ...]
    side: Side | None
    needs: tuple[str, ...]
    judge: Callable[[Seen, Project], Iterable[Judgement]]


def evaluate(
    rules: Iterable[Rule],
    facts: Facts,
    project: Project,
    now: datetime,
    *,
    sign_offs: Sequence[SignOff] = (),
    waivers: Sequence[Waiver] = (),
) -> list[Finding]:
    """Judge rules by facts.

    Args:
        rules: Which rules.
        facts: Everything that was read, or why it was not.
        project: The project.
        now: The present moment, UTC.
        sign_offs: What persons gave their word for.
        waivers: Findings that their owners accept for a time.

    Returns:
        At least one finding for each rule; a rule without its observations gives `not_observed`.
    """
    findings: list[Finding] = []
    for rule in rules:
        findings.extend(_waived(finding, waivers, now) for finding in _judged(rule, facts, project, now, sign_offs))
    return findings


def _judged(
    rule: Rule, facts: Facts, project: Project, now: datetime, sign_offs: Sequence[SignOff]
) -> Iterator[Finding]:
    missing = [(name, fact) for name in rule.needs if isinstance(fact := facts.get(name), NotObserved) or fact is None]
    if missing:
        name, fact = missing[0]
        detail = f"{name}: {fact.detail}" if fact else f"{name}: not read in this step"
        verdict = Unseen(fact.reason if fact else Reason.NOT_ASKED, detail)
        yield Finding(rule.id, rule.title, rule.statements, rule.side, name, verdict)
        return
    observed = {name: fact for name in rule.needs if isinstance(fact := facts[name], Observed)}
    judgements = list(rule.judge(Seen(observed, now), project))
    if not judgements:
        yield Finding(
            rule.id, rule.title, rule.statements, rule.side, rule.title, Skipped("there is nothing here to judge")
        )
    for judgement in judgements:
        yield Finding(
            rule=rule.id,
            title=rule.title,
            statements=rule.statements,
            side=rule.side,
            subject=judgement.subject,
            verdict=_verdict(judgement, rule, tuple(observed.values()), sign_offs),
            seen=judgement.seen,
            expected=judgement.expected,
            remedy="" if judgement.kind in ("pass", "skip") else judgement.remedy,
            remedy_step=None if judgement.kind in ("pass", "skip") else judgement.step,
        )


def _verdict(
    judgement: Judgement, rule: Rule, observed: tuple[Observed[tuple[Row, ...]], ...], sign_offs: Sequence[SignOff]
) -> Verdict:
    match judgement.kind:
        case "pass":
            return Passed(observed)
        case "fail":
            return Failed(observed)
        case "warn":
            return Warned(observed)
        case "wait":
            return Waiting(judgement.remedy, judgement.until)
        case "skip":
            return Skipped(judgement.remedy)
        case "sign":
            signed = next((s.by for s in sign_offs if s.statement in rule.statements), None)
            return Manual(judgement.remedy, signed)


def _waived(finding: Finding, waivers: Sequence[Waiver], now: datetime) -> Finding:
    if not isinstance(finding.verdict, Failed):
        return finding
    for waiver in waivers:
        if (waiver.rule, waiver.subject) == (finding.rule, finding.subject) and waiver.until >= now.date():
            verdict = Waived(waiver.reason, waiver.owner, waiver.until)
            return Finding(**{**vars(finding), "verdict": verdict})
    return finding


def blocks(finding: Finding) -> bool:
    """Whether a step that requires this rule cannot go on.

    Args:
        finding: A finding of a required rule.
    """
    return not isinstance(finding.verdict, (Passed, Warned, Skipped, Waived)) and not (
        isinstance(finding.verdict, Manual) and finding.verdict.signed_by
    )
