"""What has changed between two snapshots: findings and attributes. Pure.

A finding that is not there any more is fixed only if its rule was judged again and its user still moves; one whose rule
lacked an observation is no longer observed, and nobody knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import Unseen
from xtmig_kernel.rules.assessment import assess
from xtmig_kernel.rules.assessment_causes import ORDER, is_settled
from xtmig_kernel.rules.drift_of_tables import Change, TableChange, compare_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from xtmig_kernel.evidence import Facts, Finding
    from xtmig_kernel.project import Project, Side, SignOff, Waiver
    from xtmig_kernel.rules.assessment import Assessment

FindingState = Literal[
    "new", "changed", "fixed", "no longer observed", "observed for the first time", "no longer listed", "unchanged"
]
STATES: tuple[FindingState, ...] = (
    "new", "changed", "no longer observed", "observed for the first time", "no longer listed", "fixed", "unchanged",
)  # fmt: skip
_Key = tuple[str, str]
_NUMBER = re.compile(r"\b[0-9][0-9,]*\b")
_COUNTED = re.compile(r"[0-9][0-9,]* (of [0-9][0-9,]* )?[a-z]+\b(?!@)")


@dataclass(frozen=True)
class FindingDrift:
    """What has become of a finding.

    Args:
        state: `new`, `fixed`, `unchanged`; `changed`, where its verdict is another one; `no longer observed`, where its
            rule had no verdict this time; `observed for the first time`, where it had none then; `no longer listed`,
            where its user moves no more.
        rule: Id of the rule.
        title: What must hold.
        side: The tenant concerned, or None.
        subject: What it is about.
        before: The verdict then, empty where there was none.
        after: The verdict now, empty where there is none.
        seen: What was seen, now if it is there now.
    """

    state: FindingState
    rule: str
    title: str
    side: Side | None
    subject: str
    before: str
    after: str
    seen: str

    def as_data(self) -> dict[str, Any]:
        """The line as JSON-able data."""
        return dict(vars(self))


@dataclass(frozen=True)
class Drift:
    """What differs between two snapshots.

    Args:
        since: The moment that the earlier one was judged for, UTC.
        until: The same of the later one.
        findings: What has become of each finding that was wrong or open then or is now, by state.
        changes: Every attribute that changed on an object in scope, and every object that appeared or vanished.
        tables: Tables and columns that were observed in one of the two alone.
        outside: Fact to number of objects that changed and are nobody's who moves.
    """

    since: datetime
    until: datetime
    findings: tuple[FindingDrift, ...]
    changes: tuple[Change, ...]
    tables: tuple[TableChange, ...]
    outside: Mapping[str, int]

    @property
    def states(self) -> dict[str, int]:
        """State to number of findings, the states that nothing is in left out."""
        counts = {state: sum(item.state == state for item in self.findings) for state in STATES}
        return {state: number for state, number in counts.items() if number}

    @property
    def is_still(self) -> bool:
        """Whether nothing has changed, and everything that was observed then was observed again."""
        return not self.changes and not self.tables and set(self.states) <= {"unchanged"}

    def as_data(self) -> dict[str, Any]:
        """The drift as JSON-able data."""
        return {
            "since": as_text(self.since),
            "until": as_text(self.until),
            "states": self.states,
            "findings": [item.as_data() for item in self.findings],
            "changes": [item.as_data() for item in self.changes],
            "tables": [item.as_data() for item in self.tables],
            "outside": dict(self.outside),
        }


def compare(
    before: Facts,
    after: Facts,
    project: Project,
    now: datetime,
    then: datetime | None = None,
    waivers: Sequence[Waiver] = (),
    sign_offs: Sequence[SignOff] = (),
    judged: Assessment | None = None,
) -> Drift:
    """Compare two snapshots: their findings, and all their tables.

    Args:
        before: The facts of the earlier one.
        after: The facts of the later one.
        project: The project as it is now; both are judged by it.
        now: The moment that the later one is judged for, UTC.
        then: The moment that the earlier one is judged for; that of its last read if not given.
        waivers: Findings that their owners accept for a time.
        sign_offs: What persons gave their word for.
        judged: The assessment of the later one, where it is made already.
    """
    since = then or max((fact.at for fact in before.values()), default=now)
    old = assess(before, project, since, waivers, sign_offs)
    new = judged or assess(after, project, now, waivers, sign_offs)
    tables = compare_tables(before, after, project)
    return Drift(since, now, compare_findings(old, new), tables.changes, tables.tables, tables.outside)


def compare_findings(before: Assessment, after: Assessment) -> tuple[FindingDrift, ...]:
    """What has become of each finding; those that passed then and now are left out.

    Args:
        before: The earlier assessment.
        after: The later one.
    """
    then, now = _by_key(before.findings), _by_key(after.findings)
    blind_then, blind_now = _unseen(before.findings), _unseen(after.findings)
    left = {line.address for line in before.mailboxes} - {line.address for line in after.mailboxes}

    def state(key: _Key) -> FindingState:
        old, new = then.get(key), now.get(key)
        if old is not None and new is not None:
            return "unchanged" if old.verdict.kind == new.verdict.kind else "changed"
        if new is not None:
            return "observed for the first time" if key[0] in blind_then else "new"
        if key[0] in blind_now:
            return "no longer observed"
        return "fixed" if left.isdisjoint(key[1].split(" and ")) else "no longer listed"

    found = [_told(state(key), then.get(key), now.get(key)) for key in dict.fromkeys((*then, *now))]
    of_subjects = {rule for rule, _ in (*then, *now)}
    for rule in dict.fromkeys((*blind_then, *blind_now)):
        if rule in blind_then and rule in blind_now:
            found.append(_told("unchanged", blind_then[rule], blind_now[rule]))
        elif rule not in of_subjects:
            gone = rule in blind_now
            old, new = (_worst(one.findings, rule) for one in (before, after))
            found.append(_told("no longer observed" if gone else "observed for the first time", old, new))
    return tuple(sorted(found, key=lambda item: STATES.index(item.state)))


def _told(state: FindingState, old: Finding | None, new: Finding | None) -> FindingDrift:
    finding = new or old
    if finding is None:
        raise ValueError("a finding that is in neither snapshot")
    return FindingDrift(
        state=state,
        rule=finding.rule,
        title=finding.title,
        side=finding.side,
        subject=finding.subject,
        before=old.verdict.kind if old else "",
        after=new.verdict.kind if new else "",
        seen=finding.seen or str(getattr(finding.verdict, "detail", "")),
    )


def _by_key(findings: Iterable[Finding]) -> dict[_Key, Finding]:
    """What is wrong or open of each subject of each rule: of several findings the worst."""
    found: dict[_Key, Finding] = {}
    for finding in findings:
        if is_settled(finding) or isinstance(finding.verdict, Unseen):
            continue
        key = (finding.rule, _subject(finding))
        if key not in found or _rank(finding) < _rank(found[key]):
            found[key] = finding
    return found


def _subject(finding: Finding) -> str:
    """What a finding is about; of `9 of 12 users` the numbers do not count, for another number is no other subject."""
    counts = _COUNTED.match(finding.subject)
    return _NUMBER.sub("#", finding.subject) if counts else finding.subject


def _unseen(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.rule: finding for finding in findings if isinstance(finding.verdict, Unseen)}


def _worst(findings: Iterable[Finding], rule: str) -> Finding | None:
    return min((finding for finding in findings if finding.rule == rule), key=_rank, default=None)


def _rank(finding: Finding) -> int:
    return ORDER.index(finding.verdict.kind)
