"""A project over two simulated tenants in which one user's move has failed, and what an administrator does then.

The batch is made as somebody would by hand, for section 130 would leave out whoever is not fit.
"""

from __future__ import annotations

import base64
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from moving_pair import APP_ID, DOMAIN, ENDPOINT, HOUR, SECRET, address, guid_of, ready
from planted_failures import Planted, filled, plant
from simulator_process import start_simulator

from xtmig_kernel.changes import CsvBytes, ExchangeCall, canonical
from xtmig_kernel.credentials import Redactor, Secret
from xtmig_kernel.m365 import PSCredential, clock_for, connect
from xtmig_kernel.project import Approval, Approvals, Proof, SignOff, load_project, save_approvals
from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.runbook import BY_NUMBER, open_section
from xtmig_kernel.runs.folder import new_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from simulator_process import SimulatorProcess

    from xtmig_kernel.project import Project
    from xtmig_kernel.runbook import StepView

START = "2026-11-02T09:00:00+00:00"
SECRETS = {
    "XTMIG_SOURCE_SECRET": "practice-source-7431",
    "XTMIG_TARGET_SECRET": "practice-target-9127",
    "XTMIG_MOVE_SECRET": SECRET,
}
APPROVER = "nora.notary@northwindtraders.onmicrosoft.com"
USERS = ("anna", "bert", "carl")
BATCH = "trouble-one"
ONE_WAVE = {"waves": [{"name": "one", "start": "2026-11-01"}]}
MOST_ROUNDS = 6
SECTIONS_LATER = 5 * HOUR


class Administrator:
    """Works on one project: begins a batch, looks for causes, approves and applies.

    Args:
        folder: An empty folder for the project.
        simulator: The two tenants.
        data: Their tenants file.
        settings: What `project.yaml` says besides.
    """

    def __init__(
        self, folder: Path, simulator: SimulatorProcess, data: dict[str, Any], settings: dict[str, Any]
    ) -> None:
        self.folder = folder
        self.simulator = simulator
        self._key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
        self._approved: set[str] = set()
        self._consenting = str(data["source"]["administrators"][0]["upn"])
        lines = [f"{alias}@contoso.com,{address(alias)},one" for alias in USERS]
        (folder / USERS_FILE).write_text(
            "\n".join(["SourceAddress,TargetAddress,Wave", *lines]) + "\n", encoding="utf-8"
        )
        new_project(folder, self._settings(data) | settings)
        self._save()

    def _settings(self, data: dict[str, Any]) -> dict[str, Any]:
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        sides = {}
        for side in ("source", "target"):
            tenant, operator = self.simulator.connection["tenants"][side], data[side]["applications"][0]
            sign_in = {
                "method": "secret",
                "client_id": operator["app_id"],
                "secret": f"env:{operator['secret_from_env']}",
            }
            sides[side] = {"tenant_id": tenant["tenant_id"], "domain": tenant["initial_domain"], "sign_in": sign_in}
        return {
            "format": 1,
            "id": "trouble",
            "name": "Trouble",
            **sides,
            "application_id": APP_ID,
            "names": {"endpoint": ENDPOINT, "scope_groups": ["Scope"]},
            "secret": {"origin": "provided", "reference": "env:XTMIG_MOVE_SECRET"},
            "approvers": [
                {"name": "Nora Notary", "upn": APPROVER, "side": "target", "public_key": public.decode("ascii")}
            ],
            "licences": {"usage_location": "NL"},
            "move": ONE_WAVE,
            "simulation": str(self.folder.parent / "simulation" / "connection.json"),
        }

    def consent(self) -> None:
        """Consent in the source, as its administrator does in the browser."""
        tenant = self.simulator.tenant_id("source")
        answer = self.simulator.person(self._consenting).consent(tenant, APP_ID, "https://office.com")
        assert answer.status_code < 400

    def begin(self, *aliases: str) -> None:
        """Make a batch by hand, and let it copy for some hours."""
        users = CsvBytes(("EmailAddress", *(address(alias) for alias in aliases)))
        parameters = {"Name": BATCH, "SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "AutoStart": True}
        self.call("target", "New-MigrationBatch", **parameters, CSVData=users)
        self.simulator.advance(SECTIONS_LATER)

    def act(self, steps: list[dict[str, Any]], alias: str) -> None:
        """Do what a cause's file says, in the place of whoever owns the thing."""
        project = load_project(self.folder)
        for step in filled(steps, alias):
            if "wait" in step:
                self.simulator.advance(step["wait"])
            elif "consent" in step:
                self.consent()
            elif "renew_secret" in step:
                self.call("target", "Set-MigrationEndpoint", Identity=ENDPOINT, Credentials=_credential(project))
            else:
                parameters = {name: _plain(value) for name, value in step.items() if name not in ("side", "cmdlet")}
                self.call(step["side"], step["cmdlet"], **parameters)
                self.simulator.advance(HOUR)

    def call(self, side: Any, cmdlet: str, **parameters: Any) -> None:
        project = load_project(self.folder)
        tenant = connect(project, side, redactor=Redactor(), clock=clock_for(project), ask=None, show=None)
        tenant.run(ExchangeCall(cmdlet, parameters))

    def run(self, *numbers: str, mode: str = "apply") -> dict[str, StepView]:
        """Run sections as a run without a person does."""
        views: dict[str, StepView] = {}
        for number in numbers:
            section = open_section(number, project=self.folder, mode=mode, redactor=Redactor())
            for side in BY_NUMBER[number].sides:
                section.sign_in(side)
            for step in section.section.steps:
                views[step.id] = section.engine.run(step)
            section.close()
        return views

    def approve(self, views: dict[str, StepView]) -> bool:
        """Approve what these views plan; True if anything was new."""
        new = {change.hash for view in views.values() for change in view.changes} - self._approved
        self._approved |= new
        self._save()
        return bool(new)

    def _save(self) -> None:
        given = datetime.fromisoformat(START)
        approvals = []
        for section in BY_NUMBER.values():
            approval = Approval(
                section=section.number, level=3, changes=tuple(sorted(self._approved)), approver=APPROVER,
                given_at=given, valid_until=given + timedelta(days=7),
            )  # fmt: skip
            signature = self._key.sign(canonical(approval.signed_data()).encode("utf-8"))
            proof = Proof(kind="signature", value=base64.b64encode(signature).decode("ascii"))
            approvals.append(approval.model_copy(update={"proof": proof}))
        signed = SignOff(statement="ERR-15", by="Nora Notary", at=given, note="decided with the user")
        save_approvals(self.folder, Approvals(approvals=tuple(approvals), sign_offs=(signed,)))

    def mend(self) -> list[str]:
        """Go where the findings of section 170 lead, with approvals, until nothing is left; the steps taken."""
        taken: list[str] = []
        for _ in range(MOST_ROUNDS):
            views = self.run("170", mode="plan")
            steps = {f.remedy_step for f in views["170.1"].findings if f.verdict.kind == "fail" and f.remedy_step}
            sections = sorted({step[:3] for step in steps} | {"170"})
            if not steps and not any(view.changes for view in views.values()):
                return taken
            for number in sections:
                self.approve(self.run(number, mode="plan"))
                done = self.run(number)
                taken += [step for step, view in done.items() if view.outcomes]
                if self.approve(done):
                    done = self.run(number)
                    taken += [step for step, view in done.items() if view.outcomes]
            self.simulator.advance(SECTIONS_LATER)
        return taken

    def status(self, alias: str) -> dict[str, str]:
        """Batch to status of a user, as the simulator's own state tells."""
        batches = self.simulator.state("target")["migration_batches"]
        return {
            batch["name"]: user["status"]
            for batch in batches
            for user in batch["users"]
            if user["identity"] == address(alias)
        }

    def complete(self, batch: str) -> None:
        """Complete a batch by hand, and let a day pass."""
        self.call("target", "Complete-MigrationBatch", Identity=batch)
        self.simulator.advance(24 * HOUR)

    def place_of(self, alias: str) -> dict[str, list[str]]:
        """Side to what holds the mailbox's ExchangeGuid there, as the simulator's own state tells."""
        return {
            side: [
                kind
                for kind in ("mailboxes", "mail_users")
                for row in self.simulator.state(side)[kind]
                if guid_of(alias) == row["exchange_guid"]
            ]
            for side in ("source", "target")
        }


@contextmanager
def project_over(
    folder: Path, data: dict[str, Any], patch: pytest.MonkeyPatch, settings: dict[str, Any], speed: int = 600
) -> Iterator[Administrator]:
    """A project over two simulated tenants of its own."""
    for name, value in SECRETS.items():
        patch.setenv(name, value)
    file, project, simulation = folder / "tenants.yaml", folder / "project", folder / "simulation"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    project.mkdir()
    simulation.mkdir()
    options = ("--start", START, "--speed", str(speed))
    simulator = start_simulator(simulation, *options, tenants=file, environment=SECRETS)
    try:
        yield Administrator(project, simulator, data, settings)
    finally:
        simulator.stop()


@contextmanager
def trouble(
    folder: Path, cause: Planted, monkeypatch: pytest.MonkeyPatch, alias: str = "bert", **settings: Any
) -> Iterator[Administrator]:
    """A project in which everybody's batch has run for hours, and one user has met a cause."""
    with project_over(folder, plant(ready(*USERS), cause, alias), monkeypatch, settings) as administrator:
        if cause.facts.get("consent", True):
            administrator.consent()
        administrator.simulator.advance(60)
        administrator.begin(*USERS)
        yield administrator


def _credential(project: Project) -> PSCredential:
    return PSCredential(str(project.application_id), Secret(SECRET, Redactor()))


def _plain(value: Any) -> Any:
    """A hashtable without its type, which the client gives it."""
    return {k: v for k, v in value.items() if k != "@odata.type"} if isinstance(value, dict) else value
