"""What each account may do, and what to ask for: `xtmig check-access`. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.errors import XtmigError
from xtmig_kernel.evidence import Failed, Finding, Reason, Unseen, Waiting
from xtmig_kernel.runbook import open_section

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.project import Side

CONNECT = "010"
_GRAPH_RIGHTS = {
    "organization": "Organization.Read.All for the application, or Global Reader for a person",
    "directory_roles": "Global Reader",  # asked of persons only
}
"""The right with which a fact of this section can be read (wire 4.18)."""


@dataclass(frozen=True)
class Access:
    """What was found.

    Args:
        findings: One for each thing that was judged.
        problems: Sign-ins that failed, by side.
    """

    findings: tuple[Finding, ...]
    problems: dict[Side, XtmigError]

    @property
    def requests(self) -> list[str]:
        """What to ask the administrators for, one sentence each."""
        wrong = [(f.side, f.remedy) for f in self.findings if isinstance(f.verdict, Failed) and f.remedy]
        unread = [(f.side, _right_to_read(f)) for f in self.findings if f.side not in self.problems]
        return list(dict.fromkeys(f"{(side or 'project').upper()}: {what}" for side, what in [*wrong, *unread] if what))

    @property
    def exit_code(self) -> int:
        """2: a setting cannot be used; 3: something is wrong; 5: something was not seen; 4: somebody is waited for."""
        codes = {error.exit_code for error in self.problems.values()}
        for kind, code in ((Failed, 3), (Unseen, 5), (Waiting, 4)):
            if any(isinstance(finding.verdict, kind) for finding in self.findings):
                codes.add(code)
        return next((code for code in (1, 2, 3, 5, 4) if code in codes), 0)


def _right_to_read(finding: Finding) -> str:
    """What to ask for so that a denied read is answered; empty if nothing was denied."""
    _, _, fact = finding.subject.partition(".")
    if not isinstance(finding.verdict, Unseen) or finding.verdict.reason is not Reason.DENIED:
        return ""
    if fact not in _GRAPH_RIGHTS:
        return f"Ask for a right to read {fact}; without it this could not be checked: {finding.title}."
    return f"Ask for {_GRAPH_RIGHTS[fact]}, to read {fact}."


def check_access(
    folder: Path,
    redactor: Redactor,
    show: Callable[[str, str], None] | None,
    progress: Callable[[str], None],
) -> Access:
    """Sign in to both tenants and judge what each account may do.

    Args:
        folder: The project folder.
        redactor: Learns every secret.
        show: Shows a person a message and a link, for the sign-in.
        progress: Takes one sentence at a time.

    Raises:
        UsageError: The project cannot be used.
    """
    opened = open_section(CONNECT, project=folder, mode="plan", redactor=redactor, show=show, progress=progress)
    problems: dict[Side, XtmigError] = {}
    for side in opened.section.sides:
        try:
            progress(f"signing in to the {side} tenant")
            opened.sign_in(side)
        except XtmigError as error:
            problems[side] = error
    findings: list[Finding] = []
    for step in opened.section.steps:
        view = opened.engine.run(step)
        opened.views[step.id] = view
        findings.extend(view.findings)
    opened.close()
    return Access(tuple(findings), problems)
