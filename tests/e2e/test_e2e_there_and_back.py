"""There, back, and cleaned up, against the simulated tenants: what is left of both projects, and what is as it was.

The sections are run without notebooks. The batches themselves are started and completed by the test, as an
administrator could by hand, so that this tells nothing about sections 130 to 160 and everything about 210 and 300.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e_workplace import APPROVER, SECRETS, console_script, example, settings, who_moves
from simulator_process import start_simulator

from xtmig_kernel.changes import ExchangeCall
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.project import Approval, Approvals, load_users, save_approvals
from xtmig_kernel.runbook import open_section
from xtmig_kernel.runs.folder import new_project, project_back
from xtmig_kernel.runs.headless import run_sections
from xtmig_kernel.runs.practice import generated_tenants
from xtmig_kernel.store import Ledger

pytestmark = pytest.mark.deep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from simulator_process import SimulatorProcess

START = "2026-12-01T09:00:00+00:00"
SET_UP = ("050", "060", "070", "090", "080", "100")
MOVERS = ("lara.newton@contoso.com",)
SIDES = ("source", "target")
ENDED = ("looked", "no change", "applied")
MOST_ROUNDS = 6
TWENTY = 20
SHARED = "Northwind free-busy"


class Walk:
    """Two simulated tenants and the projects of one test."""

    def __init__(
        self, folder: Path, simulator: SimulatorProcess, tenants: dict[str, Any], movers: Sequence[str]
    ) -> None:
        self.folder = folder
        self.movers = movers
        self.simulator = simulator
        self.tenants = tenants
        self.connection = folder / "connection.json"

    def run(self, project: Path, sections: Sequence[str]) -> dict[str, str]:
        """Run sections, approve what they plan, let time pass; how each step ended in the end."""
        states: dict[str, str] = {}
        for number in sections:
            for _ in range(MOST_ROUNDS):
                told = self._section(project, number)
                states |= told
                if all(state in ENDED for state in told.values()):
                    break
                self._approve(project)
                self.simulator.advance(3600)
        return states

    def _section(self, project: Path, number: str) -> dict[str, str]:
        states = {}
        section = open_section(number, project=project, mode="apply", redactor=Redactor())
        for side in section.section.sides:
            section.sign_in(side)
        for step in section.section.steps:
            view = section.engine.run(step)
            section.views[step.id] = view
            reason = view.problem or "; ".join(f"{f.title}: {f.subject}" for f in view.blocked_by) or view.note
            states[step.id] = view.state if view.state in ENDED else f"{view.state}: {reason}"
        section.close()
        return states

    def _approve(self, project: Path) -> None:
        now = datetime.fromisoformat(self.simulator.control("GET", "/clock")["now"])
        ledger = Ledger(project, _NoClock(), Redactor(), "approver")
        wanted = {
            item["hash"]
            for entry in ledger.entries("planned")
            for item in entry.data["changes"]
            if item["change"]["level"] == 2
        }
        sections = {str(entry.step)[:3] for entry in ledger.entries("planned")}
        approvals = tuple(
            Approval(
                section=section,
                level=2,
                changes=tuple(sorted(wanted)),
                approver=APPROVER,
                given_at=now,
                valid_until=now + timedelta(days=14),
            )
            for section in sorted(sections)
        )
        save_approvals(project, Approvals(approvals=approvals))

    def move(self, project: Path, batch: str) -> None:
        """Start a batch with everybody of `users.csv`, and complete it, as an administrator would by hand."""
        section = open_section("210", project=project, mode="apply", redactor=Redactor())
        target = section.sign_in("target")
        source = section.sign_in("source")
        try:
            found = target.exchange.invoke("Get-MailUser", {"ResultSize": "Unlimited"}).rows
            guids = {
                row["ExchangeGuid"]
                for user in load_users(project) or ()
                for row in source.exchange.invoke("Get-Mailbox", {"Identity": user.source_address}).rows
            }
            addresses = [str(row["PrimarySmtpAddress"]) for row in found if row["ExchangeGuid"] in guids]
            assert len(addresses) == len(guids) == len(self.movers)
            csv = "\r\n".join(["EmailAddress", *addresses]) + "\r\n"
            parameters = {
                "Name": batch,
                "SourceEndpoint": section.project.endpoint_name,
                "CSVData": csv.encode("utf-8"),
                "TargetDeliveryDomain": section.project.delivery_domain,
                "AutoStart": True,
            }
            target.run(ExchangeCall("New-MigrationBatch", parameters))
            self._until(target, "Synced")
            target.run(ExchangeCall("Complete-MigrationBatch", {"Identity": batch}))
            self._until(target, "Completed")
        finally:
            section.close()

    def _until(self, target: Any, status: str) -> None:
        for _ in range(60):
            rows = target.exchange.invoke("Get-MigrationUser", {"ResultSize": "Unlimited"}).rows
            if rows and all(row["Status"] == status for row in rows):
                return
            self.simulator.advance(6 * 3600)
        raise AssertionError(f"nobody became {status}: {[(row['Status'], row['ErrorSummary']) for row in rows]}")

    def first_project(self) -> Path:
        """The project of the first move, ready to be run."""
        project = self.folder / "first"
        data = settings(self.tenants, self.connection) | {
            "consent": {"source": "xtmig", "target": "xtmig"},
            "users": {"choose": "file"},
        }
        new_project(project, data)
        lines = "".join(f"{address},,pilot\n" for address in self.movers)
        (project / "users.csv").write_text(f"SourceAddress,TargetAddress,Wave\n{lines}", encoding="utf-8")
        return project

    def mailboxes(self, side: str) -> dict[str, str]:
        """The ExchangeGuid of each mailbox of a tenant by its primary address in lower case."""
        return {row["primary"].lower(): row["exchange_guid"] for row in self.simulator.state(side)["mailboxes"]}

    def relationships(self, side: str) -> dict[str, dict[str, Any]]:
        """The relationships of a tenant by name, as the simulator's own state says."""
        rows = self.simulator.state(side)["organization_relationships"]
        return {row["name"]: row for row in rows}


class _NoClock:
    def now(self) -> datetime:
        return datetime.fromisoformat(START)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing waits {seconds} s here")


def prepared(held: dict[str, Any]) -> dict[str, Any]:
    """Tenants that are customized on both sides, and whose operators may consent."""
    for side in SIDES:
        held[side]["dehydrated"] = False
        held[side]["applications"][0]["permissions"]["graph"].append("AppRoleAssignment.ReadWrite.All")
    return held


def tenants() -> dict[str, Any]:
    """The example, prepared; the source has a relationship for free/busy that names the target's ID."""
    held = prepared(example())
    held["source"].setdefault("organization_relationships", []).append(
        {
            "name": SHARED,
            "domain_names": ["northwindtraders.com", held["target"]["tenant_id"]],
            "free_busy_access_enabled": True,
            "free_busy_access_level": "AvailabilityOnly",
        }
    )
    return held


@contextmanager
def walking(folder: Path, held: dict[str, Any], movers: Sequence[str]) -> Iterator[Walk]:
    """Both simulated tenants for the length of a `with` block."""
    file = folder / "tenants.yaml"
    file.write_text(yaml.safe_dump(held, allow_unicode=True), encoding="utf-8")
    simulator = start_simulator(folder, "--speed", "600", "--start", START, tenants=file, environment=SECRETS)
    try:
        yield Walk(folder, simulator, held, movers)
    finally:
        simulator.stop()


@pytest.fixture(autouse=True)
def operators(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    with walking(tmp_path, tenants(), MOVERS) as made:
        yield made


@pytest.fixture
def walk_of_twenty(tmp_path: Path) -> Iterator[Walk]:
    file = generated_tenants(tmp_path / "generated", TWENTY, "7")
    held = prepared(yaml.safe_load(file.read_text(encoding="utf-8")))
    with walking(tmp_path, held, [mailbox["primary"].lower() for mailbox in who_moves(held)]) as made:
        yield made


def ended(states: dict[str, str]) -> dict[str, str]:
    """The steps that are not through, with the reason."""
    return {step: state for step, state in states.items() if state not in ENDED}


def test_there_cleaned_up(walk: Walk) -> None:
    """After the move and the clean up no access of the project is left, and free/busy is as it was (CLN-02, CLN-03)."""
    before = {side: walk.relationships(side) for side in SIDES}
    project = walk.first_project()
    assert ended(walk.run(project, SET_UP)) == {}
    assert walk.relationships("source")[SHARED] != before["source"][SHARED]
    walk.move(project, "e2e-pilot")
    assert ended(walk.run(project, ["210"])) == {}
    state = {side: walk.simulator.state(side) for side in SIDES}
    assert {side: walk.relationships(side) for side in SIDES} == before
    assert state["target"]["migration_endpoints"] == []
    assert not [a for a in state["target"]["applications"] if "e2e" in a["display_name"]]
    assert not [g for g in state["source"]["groups"] if "e2e" in g["name"]]


def test_there_and_back(walk: Walk) -> None:
    """A mailbox moves and moves back, through the relationships that are there, to the object that it left (BCK-01)."""
    there_and_back(walk)


def test_twenty_there_and_back(walk_of_twenty: Walk) -> None:
    """The same holds for twenty generated mailboxes, all in one batch each way."""
    assert TWENTY == len(walk_of_twenty.movers)
    there_and_back(walk_of_twenty)


def there_and_back(walk: Walk) -> None:
    """Move, prepare the way back, move back; every mailbox keeps its GUID, and both projects tell their story."""
    first = walk.first_project()
    assert ended(walk.run(first, SET_UP)) == {}
    guids = walk.mailboxes("source")
    walk.move(first, "e2e-pilot")
    names = {side: set(walk.relationships(side)) for side in SIDES}
    assert ended(walk.run(first, ["300"])) == {}
    archive = run_sections(first, ["300"], "plan", lambda _: None).folder
    back = walk.folder / "back"
    assert project_back(back, first) == len(walk.movers)
    assert ended(walk.run(back, (*SET_UP, "300"))) == {}
    assert {side: set(walk.relationships(side)) for side in SIDES} == names
    walk.move(back, "e2e-back-pilot")
    returned = walk.mailboxes("source")
    assert {address: returned[address] for address in walk.movers} == {a: guids[a] for a in walk.movers}
    for path in (first, back):
        Ledger(path, _NoClock(), Redactor(), "check").verify()
    verified = subprocess.run([console_script(), "report", "verify", str(archive)], check=False)
    assert verified.returncode == 0
