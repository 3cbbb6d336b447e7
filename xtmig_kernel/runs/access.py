"""What each account may do, and what to ask for: `xtmig check-access`. Reads only."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.errors import SignInError, XtmigError
from xtmig_kernel.evidence import Failed, Finding, Reason, Unseen, Waiting
from xtmig_kernel.m365.recording import Recorder
from xtmig_kernel.m365.watching import watching
from xtmig_kernel.project.files import write_whole
from xtmig_kernel.runbook import open_section
from xtmig_kernel.runs.letters import Account, letter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.project import Project, Side

CONNECT = "010"
ASK = "Ask for "
"""A remedy that somebody else carries out begins so; every other one is for whoever reads it."""
_RIGHTS = {
    "organization": "the permission Organization.Read.All of Microsoft Graph",
    "directory_roles": "Global Reader",  # asked of persons only
    "offered_cmdlets": "the Entra role Exchange Administrator, or the Exchange role group Organization Management",
}
"""The right with which a fact of this section can be read (wire 2 and 4.18)."""
_COVERED = {"organization": "-may-read-directory", "offered_cmdlets": "-may-use-exchange"}
"""The rule that asks for the right itself, if that is what is missing."""


@dataclass(frozen=True)
class Access:
    """What was found.

    Args:
        project: The project.
        findings: One for each thing that was judged.
        problems: Sign-ins that failed, by side.
        accounts: Who is signed in, by side.
    """

    project: Project
    findings: tuple[Finding, ...]
    problems: dict[Side, XtmigError]
    accounts: dict[Side, Account]

    @property
    def requests(self) -> dict[Side, list[str]]:
        """What to ask the administrator of each side for; a side without a request is left out."""
        asked: dict[Side, list[str]] = {"source": [], "target": []}
        for side, error in self.problems.items():
            if isinstance(error, SignInError) and error.ask:
                asked[side].append(error.ask + ".")
        failed = {finding.rule for finding in self.findings if isinstance(finding.verdict, Failed)}
        for finding in self.findings:
            if finding.side is None or finding.side in self.problems:
                continue
            if isinstance(finding.verdict, Failed) and finding.remedy.startswith(ASK):
                asked[finding.side].append(finding.remedy.removeprefix(ASK))
            else:
                asked[finding.side].append(_right_to_read(finding, failed))
        found = {side: list(dict.fromkeys(what for what in some if what)) for side, some in asked.items()}
        return {side: some for side, some in found.items() if some}

    @property
    def own(self) -> list[str]:
        """What whoever reads it can mend without asking anybody, one sentence each."""
        wrong = [
            f"{(finding.side or 'project').upper()}: {finding.remedy}"
            for finding in self.findings
            if isinstance(finding.verdict, Failed) and finding.remedy and not finding.remedy.startswith(ASK)
        ]
        return list(dict.fromkeys(wrong))

    @property
    def letters(self) -> dict[Side, str]:
        """For each side with a request: the text to send to its administrator."""
        return {
            side: letter(self.project, side, self.accounts.get(side), asked) for side, asked in self.requests.items()
        }

    @property
    def exit_code(self) -> int:
        """2: a setting cannot be used; 3: something is wrong; 5: something was not seen; 4: somebody is waited for."""
        codes = {error.exit_code for error in self.problems.values()}
        for kind, code in ((Failed, 3), (Unseen, 5), (Waiting, 4)):
            if any(isinstance(finding.verdict, kind) for finding in self.findings):
                codes.add(code)
        return next((code for code in (1, 2, 3, 5, 4) if code in codes), 0)


def _right_to_read(finding: Finding, failed: set[str]) -> str:
    """What to ask for so that a denied read is answered; empty if nothing was denied, or another rule asks for it."""
    _, _, fact = finding.subject.partition(".")
    if not isinstance(finding.verdict, Unseen) or finding.verdict.reason is not Reason.DENIED:
        return ""
    if fact in _COVERED and f"{finding.side}{_COVERED[fact]}" in failed:
        return ""
    if fact not in _RIGHTS:
        return f"a right to read {fact}; without it this could not be checked: {finding.title}."
    return f"{_RIGHTS[fact]}, to read {fact}."


def check_access(
    folder: Path,
    redactor: Redactor,
    show: Callable[[str, str], None] | None,
    progress: Callable[[str], None],
    record: Path | None = None,
) -> Access:
    """Sign in to both tenants and judge what each account may do.

    Args:
        folder: The project folder.
        redactor: Learns every secret.
        show: Shows a person a message and a link, for the sign-in.
        progress: Takes one sentence at a time.
        record: Where to write the shapes of all requests and answers; None for nowhere.

    Raises:
        UsageError: The project cannot be used.
        OSError: The record cannot be written.
    """
    opened = open_section(CONNECT, project=folder, mode="plan", redactor=redactor, show=show, progress=progress)
    recorder = Recorder(opened.project)
    with ExitStack() as stack:
        stack.callback(opened.close)
        if record is not None:
            write_whole(record, recorder.text())  # where that fails, nobody has signed in for nothing
            stack.callback(lambda: write_whole(record, recorder.text()))
            stack.enter_context(watching(recorder))
        problems = opened.sign_in_to_all()
        findings: list[Finding] = []
        for step in opened.section.steps:
            view = opened.engine.run(step)
            opened.views[step.id] = view
            findings.extend(view.findings)
        accounts = {
            side: Account(tenant.identity.name, tenant.identity.kind, tenant.identity.application_id)
            for side, tenant in opened.tenants.items()
        }
        return Access(opened.project, tuple(findings), problems, accounts)
