"""The preflight as a whole: every rule judged, and what that comes to by cause, by mailbox and by wave. Pure.

No finding is left out of it, and nothing is clean that was not seen: a rule without its facts, a mailbox that such a
rule would have judged, and an organisation in which nobody is to be moved.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import Failed, Manual, NotObserved, Reason, Unseen, Waiting, Warned
from xtmig_kernel.memory import collection_paused
from xtmig_kernel.rules.assessment_causes import Cause, causes_of, severity_of
from xtmig_kernel.rules.assessment_users import InScope, MailboxLine, WaveLine, in_scope, lines_of, waves_of
from xtmig_kernel.rules.preflight import PREFLIGHT_RULES
from xtmig_kernel.rules.rule import evaluate
from xtmig_kernel.rules.waivers import WaiverState, unknown_rules, unknown_subjects, waiver_states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from xtmig_kernel.evidence import Facts, Finding
    from xtmig_kernel.project import Project, SignOff, Waiver
    from xtmig_kernel.rules.rule import Rule


@dataclass(frozen=True)
class Unread:
    """A fact that was not observed.

    Args:
        fact: Such as `"source.mailboxes"`.
        reason: Why, one of the closed set.
        detail: One sentence for a person.
        rules: Ids of the rules that gave no verdict for want of it.
    """

    fact: str
    reason: Reason
    detail: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Assessment:
    """What the preflight found.

    Args:
        at: The moment that it was judged for, UTC.
        rules: How many rules were judged.
        findings: All of them, none folded into another one, in the order of the rules.
        population: How many mailboxes are in scope; None where nobody could see it.
        causes: One line for each rule that does not simply hold, the worst first.
        mailboxes: One line for each line of `users.csv`, in its order.
        waves: One line for each wave; users without a wave are in the line without a name.
        not_observed: Facts that no rule could look at.
        waivers: What each waiver of `waivers.yaml` does.
        wrong_waivers: One sentence for each waiver of a rule or about an object that there is not.
    """

    at: datetime
    rules: int
    findings: tuple[Finding, ...]
    population: InScope | None
    causes: tuple[Cause, ...]
    mailboxes: tuple[MailboxLine, ...]
    waves: tuple[WaveLine, ...]
    not_observed: tuple[Unread, ...]
    waivers: tuple[WaiverState, ...] = ()
    wrong_waivers: tuple[str, ...] = ()

    @property
    def verdicts(self) -> dict[str, int]:
        """Verdict to number of findings."""
        return dict(Counter(finding.verdict.kind for finding in self.findings))

    @property
    def severities(self) -> dict[str, int]:
        """Severity to number of findings that failed or warned."""
        wrong = (finding for finding in self.findings if isinstance(finding.verdict, (Failed, Warned)))
        return dict(Counter(severity_of(finding) for finding in wrong))

    @property
    def exit_code(self) -> int:
        """3: a check failed, or nobody is in scope; 5: something was not observed; 4: waiting for somebody; 0: clean.

        A population of zero is not clean: whoever sees no mailbox has not seen that all mailboxes are right.
        """
        verdicts = [finding.verdict for finding in self.findings]
        if any(isinstance(verdict, Failed) for verdict in verdicts):
            return 3
        if self.population is None or any(isinstance(verdict, Unseen) for verdict in verdicts):
            return 5
        if not self.population.mailboxes:
            return 3
        return 4 if any(map(_awaits, verdicts)) else 0

    def as_data(self) -> dict[str, Any]:
        """The assessment as JSON-able data; its schema is published."""
        return {
            "at": as_text(self.at),
            "exit_code": self.exit_code,
            "rules": self.rules,
            "verdicts": self.verdicts,
            "severities": self.severities,
            "population": self.population.as_data() if self.population else None,
            "causes": [cause.as_data() for cause in self.causes],
            "mailboxes": [line.as_data() for line in self.mailboxes],
            "waves": [line.as_data() for line in self.waves],
            "not_observed": [
                {"fact": item.fact, "reason": item.reason.value, "detail": item.detail, "rules": list(item.rules)}
                for item in self.not_observed
            ],
            "waivers": [waiver.as_data() for waiver in self.waivers],
            "findings": [finding.as_data() for finding in self.findings],
        }


def _awaits(verdict: object) -> bool:
    return isinstance(verdict, Waiting) or (isinstance(verdict, Manual) and not verdict.signed_by)


def assess(
    facts: Facts,
    project: Project,
    now: datetime,
    waivers: Sequence[Waiver] = (),
    sign_offs: Sequence[SignOff] = (),
    rules: Sequence[Rule] = PREFLIGHT_RULES,
) -> Assessment:
    """Judge every rule of the preflight, and put together what that comes to.

    Args:
        facts: Everything that was read, or why it was not.
        project: The project.
        now: The present moment, UTC.
        waivers: Findings that their owners accept for a time.
        sign_offs: What persons gave their word for.
        rules: Which rules; those of the preflight.
    """
    with collection_paused():
        return _assess(facts, project, now, waivers, sign_offs, rules)


def _assess(
    facts: Facts,
    project: Project,
    now: datetime,
    waivers: Sequence[Waiver],
    sign_offs: Sequence[SignOff],
    rules: Sequence[Rule],
) -> Assessment:
    findings = tuple(evaluate(rules, facts, project, now, sign_offs=sign_offs, waivers=waivers, tell_all=True))
    by_id = {rule.id: rule for rule in rules}
    mailboxes = lines_of(findings, by_id, facts)
    return Assessment(
        at=now,
        rules=len(by_id),
        findings=findings,
        population=in_scope(facts),
        causes=causes_of(findings),
        mailboxes=mailboxes,
        waves=waves_of(mailboxes, project),
        not_observed=_unread(findings, by_id, facts),
        waivers=waiver_states(waivers, findings, now),
        wrong_waivers=(*unknown_rules(waivers), *unknown_subjects(waivers, findings, facts)),
    )


def _unread(findings: Iterable[Finding], rules: Mapping[str, Rule], facts: Facts) -> tuple[Unread, ...]:
    """Every fact that is missing, not only the first one of each rule."""
    lacking: dict[str, list[str]] = {}
    for finding in findings:
        if isinstance(finding.verdict, Unseen):
            for fact in missing_facts(rules[finding.rule], facts) or (finding.subject,):
                lacking.setdefault(fact, []).append(finding.rule)
    return tuple(Unread(fact, *_why(fact, facts), tuple(dict.fromkeys(ids))) for fact, ids in lacking.items())


def missing_facts(rule: Rule, facts: Facts) -> tuple[str, ...]:
    """The facts that a rule needs and that were not observed.

    Args:
        rule: The rule.
        facts: Everything that was read, or why it was not.
    """
    return tuple(name for name in rule.needs if isinstance(facts.get(name), NotObserved | None))


def _why(fact: str, facts: Facts) -> tuple[Reason, str]:
    found = facts.get(fact)
    return (found.reason, found.detail) if isinstance(found, NotObserved) else (Reason.NOT_ASKED, "it was not read")
