"""The cards of notebook 040 beside its tables: what the preflight comes to, and one user with both objects."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xtmig_kernel.clock import as_text
from xtmig_kernel.jupyter.assess_tables import STATES, Told, said, state_of
from xtmig_kernel.jupyter.cards import render
from xtmig_kernel.report.words import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.evidence import Finding
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.drift_of_snapshots import Drift
    from xtmig_kernel.rules.side_by_side import Pair
    from xtmig_kernel.store import SnapshotInfo

AS_EXPECTED, DIFFERS, NOT_COMPARED = Word("✓", "as expected", "ok"), Word("✕", "differs", "bad"), Word("–", "", "none")
_MARKS = {True: AS_EXPECTED, False: DIFFERS, None: NOT_COMPARED}


def summary_card(told: Told, snapshot: SnapshotInfo, project: Project, *, offline: bool) -> str:
    """What the preflight comes to: of which moment, for whom, and how many of what.

    Args:
        told: The assessment.
        snapshot: What it was judged by.
        project: The project.
        offline: Whether nobody is signed in, so that an earlier snapshot speaks.
    """
    assessment = told.assessment
    return render(
        "assess_summary",
        project=project,
        offline=offline,
        snapshot=snapshot.id,
        taken=as_text(snapshot.finished or snapshot.started),
        population=assessment.population,
        answer=_answer(told),
        rules=assessment.rules,
        numbers=_numbers(told),
        unread=[
            {"fact": one.fact, "reason": one.reason.value, "detail": one.detail, "rules": len(one.rules)}
            for one in assessment.not_observed
        ],
    )


def _numbers(told: Told) -> list[tuple[Word, int, int]]:
    """Each state that occurs, with its causes and users; rules that hold are not told one by one, so they have none."""
    users = Counter(one.state for one in told.mailboxes)
    found = ((word, told.causes[state], users[state]) for state, word in STATES.items())
    return [(word, causes, number) for word, causes, number in found if causes or number]


def _answer(told: Told) -> str:
    """The answer in a sentence; nobody in scope is no good news, and neither is what was not seen."""
    population, causes = told.assessment.population, told.causes
    if population is None:
        return "Who moves could not be seen, so nothing is said about any mailbox."
    if not population.listed:
        return "Nobody is listed to move, so no mailbox was judged: that is not the same as nothing being wrong."
    if causes["fail"]:
        return "Something stands in the way that no step of the runbook mends: see the causes that failed."
    if causes["not_observed"]:
        return "Nothing failed of what could be seen, but not everything could."
    if causes["to_do"]:
        return "Nothing stands in the way but what the runbook itself will do."
    if causes["waiting"] or causes["manual"]:
        return "Nothing failed; somebody is waited for."
    return "Nothing stands in the way of what was judged."


def pair_card(pair: Pair, findings: Sequence[Finding], project: Project) -> str:
    """One user with both objects side by side, and what is left to do about it.

    Args:
        pair: Both objects.
        findings: What is left of the user's findings.
        project: The project.
    """
    return render(
        "assess_pair",
        pair=pair,
        project=project,
        lines=[(line, _MARKS[line.ok]) for line in pair.lines],
        findings=[
            {
                "word": STATES[state_of(finding)],
                "title": finding.title,
                "said": said(finding),
                "expected": finding.expected,
                "remedy": finding.remedy,
                "step": finding.remedy_step,
            }
            for finding in findings
        ],
    )


def drift_card(drift: Drift, before: SnapshotInfo, project: Project) -> str:
    """What has changed since an earlier snapshot, in numbers.

    Args:
        drift: The comparison.
        before: The earlier snapshot.
        project: The project.
    """
    return render("assess_drift", drift=drift, before=before, taken=as_text(drift.since), project=project)


def note_card(text: str) -> str:
    """A sentence in place of a table or card that cannot be shown.

    Args:
        text: The sentence.
    """
    return render("assess_note", text=text)
