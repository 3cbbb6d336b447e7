"""The runbook from 010 to 070 in a real JupyterLab, on simulated tenants, as the persons of a project do it."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser_person import APPROVER, CELL_SECONDS, OPERATORS

if TYPE_CHECKING:
    from browser_person import Person
    from playwright.sync_api import Locator
    from simulator_process import SimulatorProcess

pytestmark = [pytest.mark.browser, pytest.mark.deep]


def _open(person: Person, notebook: str, *sides: str) -> None:
    person.open(notebook)
    person.run(f'open_notebook("{notebook[:3]}"')
    person.run("section.sign_in()")
    for side in sides:
        person.sign_in(side)


def _wait(cell: Locator, text: str | re.Pattern[str]) -> None:
    cell.locator(".xtmig").get_by_text(text).first.wait_for(timeout=CELL_SECONDS * 1000)


def _planned(person: Person, step: str, number: int) -> Locator:
    """Look, plan and draw the apply card of the n-th step of a notebook."""
    person.run(f'section["{step}"]')
    person.run("step.plan()", number)
    return person.run("step.apply()", number)


def _apply(person: Person, cell: Locator) -> None:
    person.press(cell, "Apply to TARGET")
    _wait(cell, re.compile("✓ applied"))


def _consent(person: Person, side: str, step: str, number: int) -> None:
    """Open the link on the card, pick the operator's account, accept, and see the step verified."""
    person.run(f'section["{step}"]')
    cell = person.run(f'consent_link("{side}")')
    person.picture(f"consent-card-{side}", cell)
    page = person.follow(cell.get_by_role("link", name=f"Open the consent page of {side.upper()}"))
    page.get_by_role("radio", name=OPERATORS[side]).check()
    page.get_by_role("button", name="Continue").click()
    person.picture(f"consent-page-{side}", page)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("heading", name="Accepted").wait_for()
    page.close()
    verified = person.run("step.verify()", number)
    _wait(verified, f"The {side} tenant has granted Mailbox.Migration to the application")
    assert {"✓ passed"} == set(verified.locator("tbody .v").all_inner_texts())


def _approve(simulator: SimulatorProcess, project: Path, section: str) -> None:
    """The second person approves on the command line and proves who they are by signing in."""
    xtmig = Path(sysconfig.get_path("scripts")) / "xtmig"
    command = [
        str(xtmig), "approve", section, "--by", APPROVER, "--project", str(project), "--device-code", "--yes",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ) as process:
        said, confirmed = "", set()
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            for code in set(re.findall(r"\b[A-Z0-9]{8,9}\b", said)) - confirmed:
                confirmed.add(code)
                simulator.person(APPROVER).confirm_device(code)
    assert process.returncode == 0, said
    assert f"Approved by {APPROVER}" in said


def _assert_configured(simulator: SimulatorProcess) -> None:
    """The target holds what the document asks for, and the relationships that were there before."""
    target = simulator.state("target")
    [endpoint] = target["migration_endpoints"]
    assert "contoso.onmicrosoft.com" == endpoint["RemoteTenant"]
    partner = simulator.tenant_id("source")
    [relationship] = [r for r in target["organization_relationships"] if partner in r["DomainNames"]]
    assert (True, True) == (relationship["Enabled"], relationship["MailboxMoveEnabled"])
    assert "Inbound" in relationship["MailboxMoveCapability"]
    assert 3 == len(target["organization_relationships"])


def test_persons_configure_the_target_from_connect_to_relationship(
    person: Person, simulator: SimulatorProcess, project: Path
) -> None:
    """Registration, both consents, a second person's approval, endpoint, relationship: all by click, all verified."""
    _open(person, "010-connect.ipynb", "source", "target")
    person.run('section["010.2"]')
    person.run('section["010.3"]')

    _open(person, "050-target-migration-application.ipynb", "target")
    cell = _planned(person, "050.1", 0)
    person.picture("registration-planned", cell)
    names = [application["display_name"] for application in simulator.state("target")["applications"]]
    assert "xtmig mailbox migration practice" not in names, "a cell has written; only a click may"
    _apply(person, cell)
    person.picture("registration-applied", cell)

    _open(person, "060-consent.ipynb", "target", "source")
    _consent(person, "target", "060.1", 0)
    _consent(person, "source", "060.2", 1)

    _open(person, "070-target-endpoint-and-relationship.ipynb", "target", "source")
    cell = _planned(person, "070.1", 0)
    assert cell.get_by_role("button", name="Apply to TARGET", exact=True).is_disabled()
    _wait(cell, "Needs a second person’s proven approval.")
    person.picture("approval-needed", cell)
    _approve(simulator, project, "070")
    person.press(cell, "Plan")
    person.press(cell, "Apply to TARGET")
    _wait(cell, re.compile("waiting|applied"))
    person.picture("customization-waiting", cell)
    simulator.advance(24 * 3600)
    person.press(cell, "Plan")
    _wait(cell, re.compile("already right"))

    cell = _planned(person, "070.2", 1)
    person.picture("endpoint-planned", cell)
    _apply(person, cell)
    person.picture("endpoint-applied", cell)
    cell = _planned(person, "070.5", 4)
    person.picture("relationship-planned", cell)
    _apply(person, cell)
    person.picture("closing", person.run("section.close()"))

    _assert_configured(simulator)

    person.page.keyboard.press("Control+s")
    person.page.locator(".jp-mod-dirty").first.wait_for(state="detached")
    saved = json.loads((project / "notebooks" / "070-target-endpoint-and-relationship.ipynb").read_text("utf-8"))
    assert "widgets" not in saved["metadata"]

    person.open("000-project-status.ipynb")
    person.run("project_form(")
    person.run("open_status(")
    person.picture("status", person.run("status.steps()"))
    person.picture("open-items", person.run("status.open_items()"))
