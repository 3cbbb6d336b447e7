"""What `waivers.yaml` comes to: which waivers hold, which have ended, and which speak of nothing that there is. Pure.

A waiver with an unknown rule, or about an object that nobody has seen, is a mistake of whoever wrote it: it would
silently cover nothing. Where the facts of its rule were not observed, nobody can say that its subject is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.evidence import Failed, Observed, Unseen, Waived, Warned
from xtmig_kernel.project.files import WAIVERS_FILE
from xtmig_kernel.rules import ALL_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from xtmig_kernel.evidence import Facts, Finding
    from xtmig_kernel.project import Waiver
    from xtmig_kernel.rules.rule import Rule

State = Literal["holds", "ended", "renewed", "not needed", "not judged"]
_RULES = {rule.id: rule for rule in ALL_RULES}
_NAMES = (
    "Identity", "Name", "DisplayName", "UniqueName", "Alias", "PrimarySmtpAddress", "UserPrincipalName",
    "SmtpAddresses", "SourceAddress", "TargetAddress", "TargetSignIn", "Mailbox", "DomainName", "Domain", "Hold",
    "SkuPartNumber", "Cmdlet", "Service", "Group", "TestMailbox", "ObjectId", "ExchangeGuid",
)  # fmt: skip
"""Columns by which objects are called."""
_PARTS = (re.compile(r"(.+) in (.+)"), re.compile(r"(.+) and (.+)"), re.compile(r"\w+ (\S+)"))
"""How rules name an object together with another one, or with its kind."""


@dataclass(frozen=True)
class WaiverState:
    """One waiver, and what it does now.

    Args:
        waiver: The waiver.
        state: `holds`; `ended`, so that its finding fails again; `renewed`, where another of the same finding holds;
            `not needed`, where nothing is wrong there any more; `not judged`, where its rule was not judged here, or
            lacked what it needs.
        findings: How many findings it covers, or would cover if it had not ended.
    """

    waiver: Waiver
    state: State
    findings: int

    def as_data(self) -> dict[str, Any]:
        """The state as JSON-able data."""
        return {**self.waiver.model_dump(mode="json"), "state": self.state, "findings": self.findings}


def waiver_states(waivers: Sequence[Waiver], findings: Iterable[Finding], now: datetime) -> tuple[WaiverState, ...]:
    """What each waiver does.

    Args:
        waivers: In the order of the file.
        findings: All findings, judged with these waivers.
        now: The present moment, UTC.
    """
    open_ones: dict[tuple[str, str], int] = {}
    judged: dict[str, bool] = {}
    for finding in findings:
        seen = not isinstance(finding.verdict, Unseen)
        judged[finding.rule] = seen and judged.get(finding.rule, True)
        if isinstance(finding.verdict, (Failed, Warned, Waived)):
            key = (finding.rule, finding.subject)
            open_ones[key] = open_ones.get(key, 0) + 1
    holding = {(waiver.rule, waiver.subject) for waiver in waivers if waiver.until >= now.date()}

    def state(waiver: Waiver) -> State:
        key = (waiver.rule, waiver.subject)
        if waiver.until < now.date():
            return "renewed" if key in holding else "ended"
        if not judged.get(waiver.rule, False):
            return "not judged"
        return "holds" if key in open_ones else "not needed"

    return tuple(WaiverState(w, state(w), open_ones.get((w.rule, w.subject), 0)) for w in waivers)


def unknown_rules(waivers: Sequence[Waiver]) -> tuple[str, ...]:
    """One sentence for each waiver of a rule that there is not; needs no facts, so it is asked before anything is read.

    Args:
        waivers: In the order of the file.
    """
    return tuple(
        f"{_place(number, waiver)}: there is no rule {waiver.rule!r}{_meant(waiver.rule, _RULES)}"
        for number, waiver in enumerate(waivers, 1)
        if waiver.rule not in _RULES
    )


def unknown_subjects(waivers: Sequence[Waiver], findings: Sequence[Finding], facts: Facts) -> tuple[str, ...]:
    """One sentence for each waiver about an object that no finding, no user and no object of either tenant is.

    Args:
        waivers: In the order of the file.
        findings: All findings.
        facts: Everything that was read, or why it was not.
    """
    known = _Known(findings, facts)
    return tuple(
        f"{_place(number, waiver)}: nothing is called {waiver.subject!r}"
        f"{_meant(waiver.subject, known.of_rule(waiver.rule))}"
        for number, waiver in enumerate(waivers, 1)
        if waiver.rule in _RULES and _is_seen(_RULES[waiver.rule], facts) and not known.has(waiver.subject)
    )


def _place(number: int, waiver: Waiver) -> str:
    return f"{WAIVERS_FILE}, waiver {number} ({waiver.rule})"


def _meant(word: str, possible: Iterable[str]) -> str:
    spelt = {item.casefold(): item for item in possible}
    near = get_close_matches(word.casefold(), spelt, n=1)
    return f"; is {spelt[near[0]]!r} meant?" if near else ""


def _is_seen(rule: Rule, facts: Facts) -> bool:
    return all(isinstance(facts.get(name), Observed) for name in rule.needs)


class _Known:
    """Everything that has a name."""

    def __init__(self, findings: Sequence[Finding], facts: Facts) -> None:
        self._findings = findings
        self._facts = facts
        self._subjects = {finding.subject for finding in findings}

    def of_rule(self, rule: str) -> list[str]:
        """What the findings of a rule are about."""
        return [finding.subject for finding in self._findings if finding.rule == rule]

    def has(self, subject: str) -> bool:
        """Whether something is called so, alone or as rules name two things together."""
        if subject in self._subjects or subject in self._objects:
            return True
        found = (pattern.fullmatch(subject) for pattern in _PARTS)
        return any(all(part in self._objects for part in parts.groups()) for parts in found if parts)

    @cached_property
    def _objects(self) -> frozenset[str]:
        """Names of all objects that were read: worked out only if a waiver is about something without a finding."""
        return frozenset(self._names())

    def _names(self) -> Iterator[str]:
        for fact in self._facts.values():
            if isinstance(fact, Observed):
                for row in fact.value:
                    for column in _NAMES:
                        cell = row.get(column)
                        yield from (cell if isinstance(cell, list | tuple) else (cell,)) if cell else ()
