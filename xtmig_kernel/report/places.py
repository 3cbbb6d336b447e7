"""Where an archive keeps what does not fit on its page, and when something no longer fits. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.report.model import ChangeFact, FindingFact, PlannedFact

ARTIFACTS = "artifacts"
FINDINGS = f"{ARTIFACTS}/findings.csv"
MANY_CHANGES = 50
"""A step with more changes is summed up on the page, and has a table of its own."""
MANY_FINDINGS = 20
"""A rule with more findings is summed up on the page; then all findings have a table of their own."""

_OURS = re.compile(r"changes-|planned-|findings$|files$", re.IGNORECASE)
_UNFIT = re.compile(r"[^\w.-]+", re.ASCII)


def exhibit_file(name: str) -> str:
    """The table of all rows of an exhibit.

    Args:
        name: The exhibit's name; what is unfit for a file's name becomes a hyphen.
    """
    fit = _fit(name) or "exhibit"
    return f"{ARTIFACTS}/{f'exhibit-{fit}' if _OURS.match(fit) else fit}.csv"


def changes_file(step: str) -> str:
    """The table of all changes of a step that were begun.

    Args:
        step: Id of the step.
    """
    return f"{ARTIFACTS}/changes-{_fit(step)}.csv"


def planned_file(step: str) -> str:
    """The table of all changes of a step that were planned and not made.

    Args:
        step: Id of the step.
    """
    return f"{ARTIFACTS}/planned-{_fit(step)}.csv"


def copied_file(name: str) -> str:
    """The copy of a file that a step wrote into the project folder.

    Args:
        name: Its path below the project folder.
    """
    return f"{ARTIFACTS}/files/{name}"


def _fit(name: str) -> str:
    return _UNFIT.sub("-", name).strip("-.")


def large_steps(changes: Iterable[ChangeFact | PlannedFact]) -> list[str]:
    """Ids of the steps with so many changes that the page sums them up, in the order of the changes.

    Args:
        changes: What was begun, or what is planned.
    """
    counts = Counter(change.step for change in changes)
    return [step for step, number in counts.items() if number > MANY_CHANGES]


def large_rules(findings: Iterable[FindingFact]) -> list[str]:
    """Ids of the rules with so many findings that the page sums them up, in the order of the findings.

    Args:
        findings: All findings.
    """
    counts = Counter(finding.rule for finding in findings)
    return [rule for rule, number in counts.items() if number > MANY_FINDINGS]
