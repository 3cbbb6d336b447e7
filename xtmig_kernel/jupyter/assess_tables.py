"""What the preflight found, as tables: by cause, by mailbox, by wave, and every finding. Pure.

What a step of the runbook mends is told as to do, with that step: before the runbook has run, much is simply not set up
yet, and that is no failure of anybody.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from xtmig_kernel.evidence import Failed, Manual, Skipped, Unseen, Waiting, Waived
from xtmig_kernel.jupyter.data_tables import Column, DataTable
from xtmig_kernel.report.words import SIDES, TO_DO, VERDICTS, Word
from xtmig_kernel.rules.assessment_causes import is_settled
from xtmig_kernel.rules.assessment_users import Users

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xtmig_kernel.evidence import Facts, Finding
    from xtmig_kernel.rules.assessment import Assessment

RIGHT = Word("✓", "right", "ok")
STATES: dict[str, Word] = {
    "fail": VERDICTS["fail"],
    "not_observed": VERDICTS["not_observed"],
    "waiting": VERDICTS["waiting"],
    "manual": Word("✎", "needs a person’s word", "hand"),
    "to_do": TO_DO,
    "warn": VERDICTS["warn"],
    "waived": VERDICTS["waived"],
    "pass": RIGHT,
}
"""How a finding, a cause, a mailbox stands, the worst first; what the runbook mends weighs less than what it cannot."""
WORDS = tuple(STATES.values())
_RANK = {state: number for number, state in enumerate(STATES)}
_ALL = "xtmig assess writes all of them as JSON or CSV; this notebook, opened in JupyterLab, shows each."
_SIDE = {side: Word(word.symbol, word.text, word.colour) for side, word in SIDES.items()}


def state_of(finding: Finding) -> str:
    """How a finding stands, one of `STATES`.

    Args:
        finding: The finding.
    """
    if isinstance(finding.verdict, Failed) and finding.remedy_step:
        return "to_do"
    return "pass" if is_settled(finding) else finding.verdict.kind


def worst(states: Iterable[str]) -> str:
    """The worst of some states; `pass` where there is none.

    Args:
        states: Keys of `STATES`.
    """
    return min(states, key=_RANK.__getitem__, default="pass")


@dataclass(frozen=True)
class Mailbox:
    """One line of `users.csv`.

    Args:
        address: As `users.csv` gives it.
        target: The address in the target, if it is known.
        wave: Its wave, an empty text for none.
        states: State to number of its findings.
        unseen: Whether a rule about users lacked what it needs, so that nobody can call this one right.
        causes: Ids of the rules that do not hold.
    """

    address: str
    target: str
    wave: str
    states: Counter[str]
    unseen: bool
    causes: tuple[str, ...]

    @property
    def state(self) -> str:
        """The worst of its states."""
        return worst([*self.states, *(["not_observed"] if self.unseen else [])])


class Told:
    """An assessment in the words of the notebook.

    Args:
        assessment: What the preflight found.
        facts: What it was judged by.
    """

    def __init__(self, assessment: Assessment, facts: Facts) -> None:
        self.assessment = assessment
        self.facts = facts
        self.left = tuple(finding for finding in assessment.findings if not is_settled(finding))

    @cached_property
    def _of_user(self) -> dict[int, list[Finding]]:
        users = Users(self.facts)
        found: dict[int, list[Finding]] = {}
        for finding in self.left:
            for number in users.about(finding):
                found.setdefault(number, []).append(finding)
        return found

    @cached_property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """Every line of `users.csv`, in its order."""
        return tuple(
            Mailbox(
                line.address,
                line.target,
                line.wave,
                Counter(state_of(finding) for finding in self._of_user.get(number, ())),
                line.verdict == "not_observed" or _lacks(line.causes, self._of_user.get(number, ())),
                line.causes,
            )
            for number, line in enumerate(self.assessment.mailboxes)
        )

    def findings_of(self, address: str) -> tuple[Finding, ...]:
        """What is left of one user's findings, the worst first.

        Args:
            address: As `users.csv` gives it.
        """
        number = next((n for n, line in enumerate(self.assessment.mailboxes) if line.address == address), -1)
        return tuple(sorted(self._of_user.get(number, ()), key=lambda finding: _RANK[state_of(finding)]))

    @cached_property
    def causes(self) -> Counter[str]:
        """State to number of rules that do not simply hold."""
        return Counter(self._cause_states.values())

    @cached_property
    def _cause_states(self) -> dict[str, str]:
        by_rule: dict[str, list[str]] = {}
        for finding in self.left:
            by_rule.setdefault(finding.rule, []).append(state_of(finding))
        return {rule: worst(states) for rule, states in by_rule.items()}

    def cause_table(self) -> DataTable:
        """One line for each rule that does not simply hold."""
        causes = sorted(self.assessment.causes, key=lambda cause: _RANK[self._cause_states[cause.rule]])
        rows = tuple(
            (
                STATES[self._cause_states[cause.rule]],
                cause.title,
                _side(cause.side),
                cause.number,
                _first(cause.subjects, cause.number),
                cause.seen,
                cause.remedy,
                _step(cause.step),
                cause.rule,
            )
            for cause in causes
        )
        columns = (
            Column("State", WORDS),
            Column("What must hold"),
            Column("Side", few=True, side=True),
            Column("Findings"),
            Column("About"),
            Column("What was seen first"),
            Column("What to do", long=True),
            Column("Mended by", few=True),
            Column("Rule"),
        )
        caption = "By cause: one line for each rule that does not simply hold, whatever number of objects it concerns."
        return DataTable("causes", caption, columns, rows, _ALL)

    def finding_table(self) -> DataTable:
        """One line for each finding that is left."""
        ordered = sorted(self.left, key=lambda finding: _RANK[state_of(finding)])
        rows = tuple(
            (
                STATES[state_of(finding)],
                finding.subject,
                finding.title,
                _side(finding.side),
                said(finding),
                finding.expected,
                finding.remedy,
                _step(finding.remedy_step),
            )
            for finding in ordered
        )
        columns = (
            Column("State", WORDS),
            Column("About"),
            Column("What must hold", few=True),
            Column("Side", few=True, side=True),
            Column("What was seen"),
            Column("Expected", few=True),
            Column("What to do", few=True, long=True),
            Column("Mended by", few=True),
        )
        return DataTable("findings", "Every finding that is left, none folded into another one.", columns, rows, _ALL)

    def mailbox_table(self) -> DataTable:
        """One line for each user."""
        counted = ("fail", "to_do", "warn", "waived")
        ordered = sorted(self.mailboxes, key=lambda one: _RANK[one.state])
        rows = tuple(
            (
                STATES[one.state],
                one.address,
                one.target,
                one.wave,
                *(one.states[state] for state in counted),
                ", ".join(one.causes),
            )
            for one in ordered
        )
        columns = (
            Column("State", WORDS),
            Column("User"),
            Column("In the target"),
            Column("Wave", few=True),
            *(Column(STATES[state].text.capitalize()) for state in counted),
            Column("Rules", few=True),
        )
        caption = "By mailbox: every line of users.csv; what concerns a whole organisation is not repeated here."
        return DataTable("mailboxes", caption, columns, rows, _ALL)

    def wave_table(self) -> DataTable:
        """One line for each wave, with its users by state."""
        waves: dict[str, list[Mailbox]] = {line.wave.casefold(): [] for line in self.assessment.waves}
        for one in self.mailboxes:
            waves.setdefault(one.wave.casefold(), []).append(one)
        named = {line.wave.casefold(): line.wave for line in self.assessment.waves}
        rows = tuple(
            (STATES[worst(one.state for one in users)], named.get(key) or "no wave yet", len(users), *_numbers(users))
            for key, users in waves.items()
        )
        columns = (
            Column("State", WORDS),
            Column("Wave"),
            Column("Users"),
            *(Column(f"{word.symbol} {word.text}") for word in WORDS),
        )
        return DataTable("waves", "By wave: its users, each counted by the worst that is left.", columns, rows, _ALL)


def _lacks(causes: Sequence[str], findings: Iterable[Finding]) -> bool:
    """Whether one of a user's causes is a rule that could not be judged for anybody."""
    return bool(set(causes) - {finding.rule for finding in findings})


def _numbers(users: Sequence[Mailbox]) -> tuple[int, ...]:
    counts = Counter(one.state for one in users)
    return tuple(counts[state] for state in STATES)


def _side(side: str | None) -> str:
    return f"{_SIDE[side].symbol} {_SIDE[side].text}" if side else "both"


def _step(step: str | None) -> str:
    return f"step {step}" if step else ""


def _first(subjects: Sequence[str], number: int) -> str:
    more = number - len(subjects)
    return ", ".join(subjects) + (f" and {more:,} more" if more > 0 else "")


def said(finding: Finding) -> str:
    """What was seen, or why nothing was, in words.

    Args:
        finding: The finding.
    """
    verdict = finding.verdict
    if isinstance(verdict, Unseen):
        return f"{verdict.reason.value}: {verdict.detail}"
    if isinstance(verdict, Waiting):
        return f"waiting for {verdict.waits_for}"
    if isinstance(verdict, Manual):
        return verdict.instruction
    if isinstance(verdict, Skipped | Waived):
        return verdict.reason
    return finding.seen
