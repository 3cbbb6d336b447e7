"""Kills a run at any point, runs it again, and tells what both tenants hold in the end."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from simulator_process import SimulatorProcess, start_simulator

from xtmig_kernel.changes import canonical
from xtmig_kernel.project import Approval, Approvals, Proof, save_approvals
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.store import Ledger

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "contoso-northwind.yaml"
WORKER = Path(__file__).with_name("crash_worker.py")
START = "2026-12-01T09:00:00+00:00"
SECRETS = {"XTMIG_SOURCE_SECRET": "practice-source-7431", "XTMIG_TARGET_SECRET": "practice-target-9127"}
APPROVER = "nora.notary@northwindtraders.onmicrosoft.com"
MOST_PASSES = 8
HYDRATION_SECONDS = 60  # shorter than a run waits for one change, so that one run reaches every write
KILLED = -9


class Lane:
    """One place where runs are killed: a simulator, a project, a worker.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project = folder / "project"
        self._key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
        self._approved: set[str] = set()
        self._tenants = self._tenants_file()
        self._simulator: SimulatorProcess | None = None
        self._worker = subprocess.Popen(
            [sys.executable, "-P", str(WORKER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env={**os.environ, **SECRETS},
        )  # fmt: skip

    def _tenants_file(self) -> Path:
        """The example, with operators that may write consent, so that one run reaches every write."""
        tenants = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
        for side in ("source", "target"):
            tenants[side]["applications"][0]["permissions"]["graph"].append("AppRoleAssignment.ReadWrite.All")
            tenants[side]["lags"] = {**tenants[side].get("lags", {}), "hydration": HYDRATION_SECONDS}
        path = self.folder / "tenants.yaml"
        path.write_text(yaml.safe_dump(tenants), encoding="utf-8")
        return path

    def reset(self) -> None:
        """Fresh tenants and a fresh project."""
        self.stop_simulator()
        shutil.rmtree(self.folder / "simulation", ignore_errors=True)
        shutil.rmtree(self.project, ignore_errors=True)
        (self.folder / "simulation").mkdir()
        self._simulator = start_simulator(
            self.folder / "simulation", "--speed", "2000", "--start", START, tenants=self._tenants, environment=SECRETS
        )
        new_project(self.project, self._settings())
        self._approve()

    def _settings(self) -> dict[str, Any]:
        tenants = yaml.safe_load(self._tenants.read_text(encoding="utf-8"))
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        settings: dict[str, Any] = {"format": 1, "id": "crash", "name": "Crash", "consent": {}}
        for side in ("source", "target"):
            tenant = self.simulator.connection["tenants"][side]
            operator = tenants[side]["applications"][0]
            settings["consent"][side] = "xtmig"
            settings[side] = {
                "tenant_id": tenant["tenant_id"],
                "domain": tenant["initial_domain"],
                "sign_in": {
                    "method": "secret",
                    "client_id": operator["app_id"],
                    "secret": f"env:{operator['secret_from_env']}",
                },
            }
        settings["approvers"] = [
            {"name": "Nora Notary", "upn": APPROVER, "side": "target", "public_key": public.decode("ascii")}
        ]
        settings["simulation"] = str(self.folder / "simulation" / "connection.json")
        return settings

    @property
    def simulator(self) -> SimulatorProcess:
        assert self._simulator is not None
        return self._simulator

    def learn_approvals(self) -> bool:
        """Approve every change that a plan has shown; True if there was a new one."""
        ledger = Ledger(self.project, _NoClock(), _NoSecrets(), "harness")
        wanted = {
            item["hash"]
            for entry in ledger.entries("planned")
            for item in entry.data["changes"]
            if item["change"]["level"] >= 2
        }
        new = wanted - self._approved
        self._approved |= wanted
        self._approve()
        return bool(new)

    def _approve(self) -> None:
        given = datetime.fromisoformat(START)
        approvals = []
        for section in ("050", "060", "070"):
            approval = Approval(
                section=section, level=3, changes=tuple(sorted(self._approved)), approver=APPROVER,
                given_at=given, valid_until=given + timedelta(days=7),
            )  # fmt: skip
            signature = self._key.sign(canonical(approval.signed_data()).encode("utf-8"))
            proof = Proof(kind="signature", value=base64.b64encode(signature).decode("ascii"))
            approvals.append(approval.model_copy(update={"proof": proof}))
        save_approvals(self.project, Approvals(approvals=tuple(approvals)))

    def run(self, kill_at: tuple[str, int] | None = None) -> tuple[int, dict[str, Any]]:
        """One pass over all sections; exit status and report."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        task = {"folder": str(self.project), "kill_at": kill_at, "report": str(report)}
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.write(json.dumps(task) + "\n")
        self._worker.stdin.flush()
        status = int(self._worker.stdout.readline())
        return status, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}

    def finish(self) -> dict[str, str]:
        """Run until nothing waits any more; the states of the last pass."""
        states: dict[str, str] = {}
        for _ in range(MOST_PASSES):
            status, report = self.run()
            assert status == 0, f"a pass that nobody killed ended with {status}"
            states = report["states"]
            new = self.learn_approvals()
            if not new and not any(state.startswith("waiting") for state in states.values()):
                break
            self.simulator.advance(25 * 3600)
        return states

    def tenants(self) -> dict[str, Any]:
        """What both tenants hold, without what differs between two right runs."""
        return {side: _lasting(self.simulator.state(side)) for side in ("source", "target")}

    def stop_simulator(self) -> None:
        if self._simulator is not None:
            self._simulator.stop()
            self._simulator = None

    def close(self) -> None:
        """Stop everything."""
        self.stop_simulator()
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.close()
        self._worker.wait(10)
        self._worker.stdout.close()


def _lasting(state: dict[str, Any]) -> dict[str, Any]:
    """What two right runs share.

    A minted secret and the GUID that the service gives an endpoint differ from try to try; that the endpoint holds
    exactly the application's one secret does not.
    """
    for endpoint in state["migration_endpoints"]:
        endpoint.pop("guid")
    for application in state["applications"]:
        secrets = [p["secret"] for p in application["passwords"]]
        for endpoint in state["migration_endpoints"]:
            held = endpoint.pop("secret", None) if endpoint["user_name"] == application["app_id"] else None
            if held is not None:
                endpoint["holds_the_only_secret"] = [held] == secrets
        for password in application["passwords"]:
            for volatile in ("key_id", "secret", "end"):
                password.pop(volatile)
    return state


class _NoClock:
    def now(self) -> datetime:
        return datetime.fromisoformat(START)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing waits {seconds} s here")


class _NoSecrets:
    def redact_data(self, data: Any) -> Any:
        return data
