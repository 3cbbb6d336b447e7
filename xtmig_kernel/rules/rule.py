"""What a rule is, and how rules are judged. Pure: facts in, findings out."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
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
CHOSEN = "source.chosen_users"
NOBODY = "nobody is listed to move, so nothing was seen to be right"


@dataclass(frozen=True)
class Seen:
    """The facts that a rule or a plan asked for, as far as they were observed.

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

    def has(self, *facts: str) -> bool:
        """Whether all these facts were observed; only facts that merely help need to be asked about.

        Args:
            facts: Names of facts.
        """
        return all(fact in self.facts for fact in facts)

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


MOST_TOLD = 200
"""Of 5,000 users that are not right in the same way, the first ones tell what is wrong; the rest are a number."""


@dataclass(frozen=True, eq=False)
class Fellows:
    """The judgements over many objects that belong together, so that a long list of them can be folded.

    Args:
        of_what: What they are about, in the plural, such as `"users"`.
        at_most: How many of one kind are told one by one where not all are asked for.
        all_in: Where all of them can be seen.
        instead: One judgement that stands for all of them where not all are asked for; None where the first are told.
    """

    of_what: str
    at_most: int = MOST_TOLD
    all_in: str = ""
    instead: Judgement | None = None


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
        fellows: Of one out of many: those it belongs to.
    """

    kind: Literal["pass", "fail", "warn", "wait", "sign", "skip"]
    subject: str
    seen: str = ""
    expected: str = ""
    remedy: str = ""
    step: str | None = None
    until: datetime | None = None
    fellows: Fellows | None = None


def folded(judgements: Iterable[Judgement]) -> Iterator[Judgement]:
    """The same judgements, where of many that are alike the first are told, and one more stands for the rest.

    Args:
        judgements: What a rule says; fellows follow each other.

    Returns:
        Judgements without fellows.
    """
    of: Fellows | None = None
    told: Counter[str] = Counter()
    last: dict[str, Judgement] = {}
    for judgement in judgements:
        if judgement.fellows is not of:
            yield from _rest(of, told, last)
            of, told, last = judgement.fellows, Counter(), {}
            if of is not None and of.instead is not None:
                yield of.instead
        if of is None:
            yield judgement
        if of is None or of.instead is not None:
            continue
        told[judgement.kind] += 1
        last[judgement.kind] = judgement
        if told[judgement.kind] <= of.at_most:
            yield replace(judgement, fellows=None)
    yield from _rest(of, told, last)


def _rest(of: Fellows | None, told: Counter[str], last: dict[str, Judgement]) -> Iterator[Judgement]:
    for kind, number in told.items():
        if of is not None and of.instead is None and number > of.at_most:
            more = f"{number - of.at_most} more {of.of_what}"
            text = f"{more} like these{of.all_in and f': see {of.all_in}'}"
            yield replace(last[kind], subject=more, seen=text, fellows=None)


def spares_nothing(_seen: Seen) -> tuple[str, ...]:
    """Of a rule that needs all its facts, always."""
    return ()


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
        spares: Which of the facts it does without, by what was seen of the others; `judge` is not given those.
        helps: Further facts that it looks at where they were observed; without them it says less, and not nothing.
    """

    id: str
    title: str
    statements: tuple[str, ...]
    side: Side | None
    needs: tuple[str, ...]
    judge: Callable[[Seen, Project], Iterable[Judgement]]
    spares: Callable[[Seen], tuple[str, ...]] = spares_nothing
    helps: tuple[str, ...] = ()


def evaluate(
    rules: Iterable[Rule],
    facts: Facts,
    project: Project,
    now: datetime,
    *,
    sign_offs: Sequence[SignOff] = (),
    waivers: Sequence[Waiver] = (),
    tell_all: bool = False,
) -> list[Finding]:
    """Judge rules by facts.

    Args:
        rules: Which rules.
        facts: Everything that was read, or why it was not.
        project: The project.
        now: The present moment, UTC.
        sign_offs: What persons gave their word for.
        waivers: Findings that their owners accept for a time.
        tell_all: Whether each object that is not right has a finding of its own, however many there are; otherwise
            of many that are alike the first are told, and one finding stands for the rest.

    Returns:
        At least one finding for each rule; a rule without its observations gives `not_observed`.
    """
    accepted: defaultdict[tuple[str, str], list[Waiver]] = defaultdict(list)
    for waiver in waivers:
        accepted[waiver.rule, waiver.subject].append(waiver)
    findings: list[Finding] = []
    for rule in rules:
        judged = _judged(rule, facts, project, now, sign_offs, tell_all=tell_all)
        findings.extend(_waived(finding, accepted.get((rule.id, finding.subject), ()), now) for finding in judged)
    return findings


def _judged(
    rule: Rule, facts: Facts, project: Project, now: datetime, sign_offs: Sequence[SignOff], *, tell_all: bool
) -> Iterator[Finding]:
    seen = {name: fact for name in rule.needs if isinstance(fact := facts.get(name), Observed)}
    spared = rule.spares(Seen(seen, now))
    observed = {name: fact for name, fact in seen.items() if name not in spared}
    missing = [(name, facts.get(name)) for name in rule.needs if name not in (*observed, *spared)]
    if missing:
        name, fact = missing[0]
        detail = f"{name}: {fact.detail}" if isinstance(fact, NotObserved) else f"{name}: not read in this step"
        verdict = Unseen(fact.reason if isinstance(fact, NotObserved) else Reason.NOT_ASKED, detail)
        yield Finding(rule.id, rule.title, rule.statements, rule.side, name, verdict)
        return
    observed |= {name: fact for name in rule.helps if isinstance(fact := facts.get(name), Observed)}
    said = rule.judge(Seen(observed, now), project)
    judgements = list(said if tell_all else folded(said))
    looked_at = tuple(observed.values())
    if not judgements:
        yield Finding(
            rule.id, rule.title, rule.statements, rule.side, rule.title, Skipped("there is nothing here to judge")
        )
    nobody = CHOSEN in rule.needs and CHOSEN in observed and not observed[CHOSEN].value
    if nobody:
        judgements = [replace(j, kind="skip", remedy=NOBODY) if j.kind == "pass" else j for j in judgements]
    for judgement in judgements:
        yield Finding(
            rule=rule.id,
            title=rule.title,
            statements=rule.statements,
            side=rule.side,
            subject=judgement.subject,
            verdict=_verdict(judgement, rule, looked_at, sign_offs),
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
    """A finding that its owner accepts; a waiver that has ended is named, and waives nothing.

    A warning can be accepted like a failure, so that it need not be read anew in every run; what was not observed
    cannot, for nobody knows what would be accepted.
    """
    if not waivers or not isinstance(finding.verdict, (Failed, Warned)):
        return finding
    holding = next((waiver for waiver in waivers if waiver.until >= now.date()), None)
    if holding is not None:
        return replace(finding, verdict=Waived(holding.reason, holding.owner, holding.until))
    last = max(waivers, key=lambda waiver: waiver.until)
    ended = f"{last.owner}'s waiver of it has ended on {last.until.isoformat()}"
    return replace(finding, seen=f"{finding.seen}; {ended}" if finding.seen else ended)


def blocks(finding: Finding) -> bool:
    """Whether a step that requires this rule cannot go on.

    Args:
        finding: A finding of a required rule.
    """
    return not isinstance(finding.verdict, (Passed, Warned, Skipped, Waived)) and not (
        isinstance(finding.verdict, Manual) and finding.verdict.signed_by
    )
