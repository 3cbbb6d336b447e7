"""The runbook from 010 to 160 in a real JupyterLab, on simulated tenants, as the persons of a project do it."""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import yaml
from browser_walk import Walk

if TYPE_CHECKING:
    from pathlib import Path

    from browser_person import Person
    from simulator_process import SimulatorProcess

pytestmark = [pytest.mark.browser, pytest.mark.deep]

HOUR = 3600
DAY = 24 * HOUR
PILOT = ("Lara.Newton@contoso.com", "mina.meeting@contoso.com", "boardroom@contoso.com")
SCOPE_GROUP = "xtmig-practice-scope"
LISTED = 12  # mailboxes of the example that carry the custom attribute


def test_persons_configure_both_tenants_and_prepare_every_user(
    person: Person, simulator: SimulatorProcess, project: Path
) -> None:
    """From sign-in to the tests of the prepared users: all by click, all verified, the second person on a terminal."""
    walk = Walk(person, simulator, project)
    _connect(walk)
    _count_licences_and_rights(walk)
    _register_and_consent(walk)
    _open_the_target(walk)
    _assert_target_is_open(simulator)
    _open_the_source(walk)
    _list_and_match(walk)
    _prepare(walk)
    _let_them_out(walk)
    _assert_users_are_prepared(simulator, project)
    _verify(walk)
    _see_where_it_stands(walk)
    _plan_the_pilot(walk)
    _start_and_watch(walk)
    _decide(walk)
    _cut_over(walk)
    _assert_pilot_has_moved(simulator)


def _connect(walk: Walk) -> None:
    walk.open("010-connect.ipynb", "source", "target")
    walk.looked("010.2")
    walk.looked("010.3")


def _count_licences_and_rights(walk: Walk) -> None:
    """Nobody is listed yet, so 020 counts those whom the project's attribute proposes."""
    walk.sign_off("020", "LIC-03", "one licence for each move is agreed")
    walk.sign_off("030", "PRE-08", "read to each other by telephone")
    walk.open("020-licensing.ipynb", "source", "target")
    pool = walk.looked("020.1")
    walk.says(pool, "Seats of Cross Tenant User Data Migration in both tenants, and what this move does with them.")
    walk.looked("020.2")
    walk.verified("020.2", 1, frozenset({"✎ manual"}))
    walk.held_back("020.3", 0)
    walk.held_back("020.4", 1)
    walk.looked("020.5")
    walk.verified("020.5", 4)
    walk.open("030-prerequisites-and-roles.ipynb", "source", "target")
    for number, step in enumerate(("030.1", "030.2", "030.3", "030.4")):
        walk.looked(step)
        walk.verified(step, number, frozenset({"✎ manual"}))


def _register_and_consent(walk: Walk) -> None:
    walk.open("050-target-migration-application.ipynb", "target")
    cell = walk.planned("050.1", 0)
    names = [application["display_name"] for application in walk.simulator.state("target")["applications"]]
    assert "xtmig mailbox migration practice" not in names, "a cell has written; only a click may"
    walk.press(cell, "050.1", "Apply to TARGET")
    walk.open("060-consent.ipynb", "target", "source")
    walk.consent("target", "060.1", 0)
    walk.consent("source", "060.2", 1)


def _open_the_target(walk: Walk) -> None:
    """Customization needs the second person and then time; endpoint and relationship follow by click."""
    walk.open("070-target-endpoint-and-relationship.ipynb", "target", "source")
    cell = walk.planned("070.1", 0)
    assert cell.get_by_role("button", name="Apply to TARGET", exact=True).is_disabled()
    walk.says(cell, "Needs a second person’s proven approval:")
    walk.approve("070")
    walk.person.press(cell, "Plan")
    walk.person.press(cell, "Apply to TARGET")
    walk.says(cell, re.compile("waiting|applied"))
    walk.person.picture("070.1-waiting", cell)
    walk.simulator.advance(24 * HOUR)
    walk.person.press(cell, "Plan")
    walk.says(cell, "already right")
    walk.applied("070.2", 1, "Apply to TARGET")
    walk.applied("070.5", 4, "Apply to TARGET")
    walk.person.picture("070-closed", walk.person.run("section.close()"))
    _assert_saved_without_widgets(walk, "070-target-endpoint-and-relationship.ipynb")


def _open_the_source(walk: Walk) -> None:
    """The group can be made before anybody is listed; members and relationship wait."""
    walk.open("080-source-scope-and-relationship.ipynb", "source", "target")
    walk.already_right("080.1", 0)
    walk.applied("080.2", 1, "Apply to SOURCE")
    walk.held_back("080.3", 2)


def _list_and_match(walk: Walk) -> None:
    walk.open("090-match-users.ipynb", "source", "target")
    assert [] == _listed(walk.project), "a cell has written; only a click may"
    walk.applied("090.1", 0, "Write users.csv")
    assert len(_listed(walk.project)) == LISTED
    walk.verified("090.1", 0)
    walk.already_right("090.2", 1)
    cell = walk.looked("090.3")
    walk.says(cell, "Lara.Newton@contoso.com")
    walk.verified("090.3", 2)


def _prepare(walk: Walk) -> None:
    """MailUsers are made and stamped by click; their licences need the approver's name, and come after the stamp."""
    walk.open("100-target-prepare-users.ipynb", "source", "target")
    walk.looked("100.1")
    walk.already_right("100.1", 0)
    walk.applied("100.2", 1, "Apply to TARGET")
    walk.simulator.advance(HOUR)
    walk.applied("100.3", 2, "Apply to TARGET")
    walk.already_right("100.4", 3)
    walk.already_right("100.5", 4)
    walk.simulator.advance(HOUR)
    walk.applied("100.6", 5, "Apply to TARGET")
    cell = walk.planned("100.7", 6)
    assert cell.get_by_role("button", name="Apply to TARGET", exact=True).is_disabled()
    walk.says(cell, re.compile("need a named approval"))
    walk.approve("100")
    walk.person.press(cell, "Plan")
    walk.press(cell, "100.7", "Apply to TARGET")
    walk.already_right("100.8", 7)
    walk.verified("100.7", 6)
    walk.person.picture("100-closed", walk.person.run("section.close()"))


def _let_them_out(walk: Walk) -> None:
    """Back in 080: the listed users become members, and the relationship lets them out."""
    walk.open("080-source-scope-and-relationship.ipynb", "source", "target")
    walk.applied("080.3", 2, "Apply to SOURCE")
    walk.applied("080.4", 3, "Apply to SOURCE")
    walk.verified("080.4", 3)
    walk.person.picture("080-closed", walk.person.run("section.close()"))


def _verify(walk: Walk) -> None:
    walk.simulator.advance(24 * HOUR)
    walk.open("110-verify-the-configuration.ipynb", "source", "target")
    for number, step in enumerate(("110.1", "110.2", "110.3")):
        walk.looked(step)
        walk.verified(step, number, frozenset({"✎ manual"}))
    walk.person.picture("110-closed", walk.person.run("section.close()"))


def _plan_the_pilot(walk: Walk) -> None:
    """Two people and a room go first, with dates that a person writes into project.yaml."""
    settings = yaml.safe_load((walk.project / "project.yaml").read_text("utf-8"))
    today = _today(walk)
    pilot = {"name": "pilot", "start": today.date(), "cutover": today + timedelta(days=16)}
    settings["move"] = {"pilot": list(PILOT), "waves": [pilot]}
    (walk.project / "project.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    walk.sign_off("120", "FAQ-05", "labels are made again in the target")
    walk.open("120-plan-waves.ipynb", "source", "target")
    walk.says(walk.looked("120.1"), "Mailboxes by size, Recoverable Items and archive included.")
    walk.verified("120.1", 0, frozenset({"✎ manual", "! warned"}))
    walk.applied("120.2", 0, "Write users.csv")
    assert {line["SourceAddress"] for line in _listed(walk.project) if line["Wave"] == "pilot"} >= set(PILOT)
    walk.looked("120.3")


def _start_and_watch(walk: Walk) -> None:
    """The batch of the pilot copies; six hours later everybody in it rests."""
    walk.open("130-start-batches.ipynb", "target", "source")
    cell = walk.planned("130.1", 0)
    assert cell.get_by_role("button", name="Apply to TARGET", exact=True).is_disabled()
    walk.approve("130")
    walk.person.press(cell, "Plan")
    walk.press(cell, "130.1", "Apply to TARGET")
    walk.simulator.advance(6 * HOUR)
    walk.open("140-watch.ipynb", "target", "source")
    chart = walk.looked("140.1").get_by_role("region", name="How many users of each wave are how far")
    rows = chart.locator("tbody tr", has_text="pilot")
    assert rows.locator("rect").count() == 1
    walk.verified("140.1", 0)
    walk.looked("140.2")
    walk.looked("140.3")


def _decide(walk: Walk) -> None:
    """A day before the cutover: the copies are fresh, persons give their word, and the second person approves."""
    walk.simulator.advance(15 * DAY)
    walk.open("150-the-day-before.ipynb", "source", "target")
    walk.looked("150.1")
    walk.planned("150.2", 0)
    walk.says(walk.looked("150.3"), re.compile("Go or no-go"))
    walk.open("160-cutover.ipynb", "source", "target")
    walk.looked("160.1")
    walk.planned("160.2", 0)
    cell = walk.planned("160.4", 2)
    walk.says(cell, "Held back.")
    for statement in ("GEN-07", "FAQ-07", "FAQ-08", "TMS-04", "OUT-04"):
        walk.sign_off("160", statement, "practised")
    walk.approve("160")


def _cut_over(walk: Walk) -> None:
    """On the day the baseline is written, and the completion asked for by one click."""
    walk.simulator.advance(DAY)
    walk.open("160-cutover.ipynb", "source", "target")
    walk.looked("160.1")
    cell = walk.planned("160.3", 1)
    cell.get_by_role("button", name=re.compile("^(Write|Apply)")).click()
    walk.says(cell, re.compile("✓ applied"))
    cell = walk.planned("160.4", 2)
    walk.person.press(cell, "Apply to TARGET")
    walk.says(cell, re.compile("waiting|applied"))
    walk.person.picture("160.4-asked", cell)
    walk.simulator.advance(HOUR)
    walk.person.press(cell, "Plan")
    walk.says(cell, "already right")
    walk.person.picture("160-closed", walk.person.run("section.close()"))


def _assert_pilot_has_moved(simulator: SimulatorProcess) -> None:
    """The mailboxes of the pilot are in the target and no longer in the source; the others are where they were."""
    source, target = simulator.state("source"), simulator.state("target")
    here = {address.casefold() for mailbox in source["mailboxes"] for address in mailbox["email_addresses"]}
    there = {address.casefold() for mailbox in target["mailboxes"] for address in mailbox["email_addresses"]}
    for name in PILOT:
        assert f"smtp:{name}".casefold() not in here
        assert f"smtp:{name.replace('contoso', 'northwindtraders')}".casefold() in there
    assert "smtp:xavier.expand@contoso.com" in here


def _today(walk: Walk) -> datetime:
    return datetime.fromisoformat(str(walk.simulator.control("GET", "/clock")["now"]))


def _see_where_it_stands(walk: Walk) -> None:
    walk.person.open("000-project-status.ipynb")
    walk.person.run("project_form(")
    walk.person.picture("000-opened", walk.person.run("open_status("))
    walk.person.picture("000-steps", walk.person.run("status.steps()"))
    walk.person.picture("000-open-items", walk.person.run("status.open_items()"))


def _assert_saved_without_widgets(walk: Walk, notebook: str) -> None:
    walk.person.save()
    saved = json.loads((walk.project / "notebooks" / notebook).read_text("utf-8"))
    assert "widgets" not in saved["metadata"]


def _assert_target_is_open(simulator: SimulatorProcess) -> None:
    """The target holds what the document asks for, and the relationships that were there before."""
    target = simulator.state("target")
    [endpoint] = target["migration_endpoints"]
    assert "contoso.onmicrosoft.com" == endpoint["RemoteTenant"]
    partner = simulator.tenant_id("source")
    [relationship] = [r for r in target["organization_relationships"] if partner in r["DomainNames"]]
    assert (True, True) == (relationship["Enabled"], relationship["MailboxMoveEnabled"])
    assert "Inbound" in relationship["MailboxMoveCapability"]
    assert 3 == len(target["organization_relationships"])


def _assert_users_are_prepared(simulator: SimulatorProcess, project: Path) -> None:
    """Each listed mailbox has a MailUser with its own GUID, and is a member of the group that lets it out."""
    source, target = simulator.state("source"), simulator.state("target")
    listed = {f"smtp:{line['SourceAddress']}".casefold() for line in _listed(project)}
    movers = [m for m in source["mailboxes"] if listed & {address.casefold() for address in m["email_addresses"]}]
    assert len(movers) == LISTED
    assert {mover["exchange_guid"] for mover in movers} <= {user["exchange_guid"] for user in target["mail_users"]}
    [scope] = [group for group in source["groups"] if group["name"] == SCOPE_GROUP]
    assert len(scope["members"]) == LISTED
    partner = simulator.tenant_id("target")
    [relationship] = [r for r in source["organization_relationships"] if partner in r["DomainNames"]]
    assert "RemoteOutbound" in relationship["MailboxMoveCapability"]


def _listed(project: Path) -> list[dict[str, str]]:
    with (project / "users.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
