"""The notebooks of a project as its persons walk through them: cards, buttons, approvals on the command line."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from browser_person import APPROVER, CELL_SECONDS, OPERATORS

if TYPE_CHECKING:
    from browser_person import Person
    from playwright.sync_api import Locator
    from simulator_process import SimulatorProcess

OPERATOR = "otis.operator@northwindtraders.onmicrosoft.com"
NOTHING_WRONG = {"✓ passed", "– skipped"}


@dataclass
class Walk:
    """One project, its operator in front of JupyterLab, and the simulated tenants.

    Args:
        person: The operator.
        simulator: Both tenants.
        project: The project folder.
    """

    person: Person
    simulator: SimulatorProcess
    project: Path

    def open(self, notebook: str, *sides: str) -> None:
        """Open a notebook, run its first cells, and sign in to these sides."""
        self.person.open(notebook)
        self.person.run(f'open_notebook("{notebook[:3]}"')
        self.person.run("section.sign_in()")
        for side in sides:
            self.person.sign_in(side)

    def looked(self, step: str) -> Locator:
        """Run a step's first cell, and give it with its card."""
        cell = self.person.run(f'section["{step}"]')
        self.person.picture(f"{step}-looked", cell)
        return cell

    def planned(self, step: str, number: int) -> Locator:
        """Look, plan, and draw the apply card of the n-th step of a notebook that plans."""
        self.looked(step)
        self.person.run("step.plan()", number)
        cell = self.person.run("step.apply()", number)
        self.person.picture(f"{step}-planned", cell)
        return cell

    def applied(self, step: str, number: int, button: str) -> Locator:
        """Look, plan, press the button that writes, and wait until its card says that it is done."""
        cell = self.planned(step, number)
        self.press(cell, step, button)
        return cell

    def press(self, cell: Locator, step: str, button: str) -> None:
        """Press the button that writes, and wait until the card says that it is done."""
        self.person.press(cell, button)
        self.says(cell, re.compile("✓ applied"))
        self.person.picture(f"{step}-applied", cell)

    def already_right(self, step: str, number: int) -> None:
        """Look and plan a step that has nothing to write; its button is off."""
        cell = self.planned(step, number)
        self.says(cell, "✓ already right")
        assert cell.get_by_role("button", name=re.compile("^(Apply|Write)")).is_disabled()

    def held_back(self, step: str, number: int) -> None:
        """Look and plan a step that another one must precede; its card says which, and its button is off."""
        cell = self.planned(step, number)
        self.says(cell, "Held back.")
        assert cell.get_by_role("button", name=re.compile("^Apply")).is_disabled()

    def verified(self, step: str, number: int, allowed: frozenset[str] = frozenset()) -> Locator:
        """Run a step's verify cell: all its verdicts are good, or among those that are allowed."""
        cell = self.person.run("step.verify()", number)
        self.person.picture(f"{step}-verified", cell)
        verdicts = {text.split("\n")[0] for text in cell.locator("tbody td:first-child > .v").all_inner_texts()}
        assert verdicts
        assert verdicts <= NOTHING_WRONG | allowed, cell.inner_text()
        return cell

    def says(self, cell: Locator, text: str | re.Pattern[str]) -> None:
        """Wait until the card of a cell says this."""
        cell.locator(".xtmig").get_by_text(text).first.wait_for(timeout=CELL_SECONDS * 1000)

    def consent(self, side: str, step: str, number: int) -> None:
        """Open the link on the card, pick the operator's account, accept, and see the step verified."""
        self.person.run(f'section["{step}"]')
        cell = self.person.run(f'consent_link("{side}")')
        self.person.picture(f"consent-card-{side}", cell)
        page = self.person.follow(cell.get_by_role("link", name=f"Open the consent page of {side.upper()}"))
        page.get_by_role("radio", name=OPERATORS[side]).check()
        page.get_by_role("button", name="Continue").click()
        self.person.picture(f"consent-page-{side}", page)
        page.get_by_role("button", name="Accept").click()
        page.get_by_role("heading", name="Accepted").wait_for()
        page.close()
        verified = self.verified(step, number)
        self.says(verified, f"The {side} tenant has granted Mailbox.Migration to the application")

    def approve(self, section: str) -> None:
        """The second person approves on the command line and proves who they are by signing in."""
        arguments = [section, "--by", APPROVER, "--device-code", "--yes"]
        said, confirmed = "", set()
        with self._xtmig_approve(arguments) as process:
            assert process.stdout is not None
            for line in process.stdout:
                said += line
                for code in set(re.findall(r"\b[A-Z0-9]{8,9}\b", said)) - confirmed:
                    confirmed.add(code)
                    self.simulator.person(APPROVER).confirm_device(code)
        assert process.returncode == 0, said
        assert f"Approved by {APPROVER}" in said

    def sign_off(self, section: str, statement: str, note: str) -> None:
        """The operator gives their word for a statement, as the notebook says."""
        with self._xtmig_approve([section, "--sign-off", statement, "--by", OPERATOR, "--note", note]) as process:
            said, _ = process.communicate()
        assert process.returncode == 0, said

    def _xtmig_approve(self, arguments: list[str]) -> subprocess.Popen[str]:
        xtmig = Path(sysconfig.get_path("scripts")) / "xtmig"
        command = [str(xtmig), "approve", *arguments, "--project", str(self.project)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
        )
