"""What each account may do, and what to ask for: `xtmig check-access`. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.errors import XtmigError
from xtmig_kernel.evidence import Failed, Finding, Unseen, Waiting
from xtmig_kernel.runbook import open_section

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.project import Side

CONNECT = "010"


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
        wrong = [f for f in self.findings if isinstance(f.verdict, Failed) and f.remedy]
        return list(dict.fromkeys(f"{(f.side or 'project').upper()}: {f.remedy}" for f in wrong))

    @property
    def exit_code(self) -> int:
        """3 if something is wrong, 5 if something was not seen, 4 if a person is waited for, else 0."""
        if any(isinstance(f.verdict, Failed) for f in self.findings) or self.problems:
            return 3
        if any(isinstance(f.verdict, Unseen) for f in self.findings):
            return 5
        return 4 if any(isinstance(f.verdict, Waiting) for f in self.findings) else 0


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
