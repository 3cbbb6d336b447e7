"""The preflight by cause: one line for each rule, whatever number of mailboxes it speaks of. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.preflight import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.evidence import Finding
    from xtmig_kernel.project import Side
    from xtmig_kernel.rules.preflight import Severity

FIRST_SUBJECTS = 5
ORDER = ("fail", "not_observed", "waiting", "manual", "warn", "waived", "skipped", "pass")
"""Verdicts, the worst first."""
_TOLD = ("fail", "not_observed", "waiting", "manual", "warn", "waived")


@dataclass(frozen=True)
class Cause:
    """One rule that does not simply hold.

    Args:
        rule: Its id.
        title: What must hold, one sentence.
        side: The tenant concerned, or None.
        statements: The document's statements that it answers.
        severity: `blocks` where the move fails or does harm until it is mended, `warns` where it is worth a decision.
        verdicts: Verdict to number of findings, those that hold too.
        number: How many findings have the worst verdict.
        subjects: What the first of these are about.
        seen: What was seen of the first one, in words.
        remedy: What to do about the first one.
        step: The step that does it, None where no step does.
        failures: Which known causes of failing moves it is, by their numbers.
        link: The part of Microsoft's document that it rests on.
    """

    rule: str
    title: str
    side: Side | None
    statements: tuple[str, ...]
    severity: Severity
    verdicts: Mapping[str, int]
    number: int
    subjects: tuple[str, ...]
    seen: str
    remedy: str
    step: str | None
    failures: tuple[str, ...] = ()
    link: str = ""

    @property
    def verdict(self) -> str:
        """The worst verdict."""
        return next(kind for kind in ORDER if self.verdicts.get(kind))

    def as_data(self) -> dict[str, Any]:
        """The line as JSON-able data."""
        return {
            "rule": self.rule,
            "title": self.title,
            "side": self.side,
            "statements": list(self.statements),
            "severity": self.severity,
            "verdict": self.verdict,
            "verdicts": dict(self.verdicts),
            "number": self.number,
            "subjects": list(self.subjects),
            "seen": self.seen,
            "remedy": self.remedy,
            "step": self.step,
            "failures": list(self.failures),
            "link": self.link,
        }


def severity_of(finding: Finding) -> Severity:
    """How much a finding weighs: a failure as much as its rule, a warning never blocks.

    Args:
        finding: The finding.
    """
    entry = CATALOGUE.get(finding.rule)
    return "warns" if finding.verdict.kind == "warn" else entry.severity if entry else "blocks"


def is_settled(finding: Finding) -> bool:
    """Whether nothing is left of a finding: it holds, or does not apply, or somebody has signed for it.

    Args:
        finding: The finding.
    """
    kind = finding.verdict.kind
    return kind not in _TOLD or (kind == "manual" and getattr(finding.verdict, "signed_by", None) is not None)


def causes_of(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    """One line for each rule that does not simply hold, the worst first, among equals in the order of the rules.

    Args:
        findings: All findings.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    found = [_cause(of_rule) for of_rule in by_rule.values() if not all(map(is_settled, of_rule))]
    return tuple(sorted(found, key=lambda cause: (ORDER.index(cause.verdict), -cause.number)))


def _cause(findings: list[Finding]) -> Cause:
    counts = Counter(finding.verdict.kind for finding in findings)
    worst = next(kind for kind in ORDER if any(f.verdict.kind == kind and not is_settled(f) for f in findings))
    of_worst = [finding for finding in findings if finding.verdict.kind == worst and not is_settled(finding)]
    first, entry = of_worst[0], CATALOGUE.get(of_worst[0].rule)
    return Cause(
        rule=first.rule,
        title=first.title,
        side=first.side,
        statements=first.statements,
        severity=min(severity_of(finding) for finding in of_worst),
        verdicts={kind: counts[kind] for kind in ORDER if counts[kind]},
        number=len(of_worst),
        subjects=tuple(finding.subject for finding in of_worst[:FIRST_SUBJECTS]),
        seen=first.seen or str(getattr(first.verdict, "detail", "") or getattr(first.verdict, "instruction", "")),
        remedy=first.remedy,
        step=next((finding.remedy_step for finding in of_worst if finding.remedy_step), None),
        failures=entry.failures if entry else (),
        link=entry.link if entry else "",
    )
