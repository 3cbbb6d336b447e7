"""Kills a run at any point, runs it again, and tells what both tenants hold in the end."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from simulator_process import start_simulator

from xtmig_kernel.changes import canonical
from xtmig_kernel.project import Approval, Approvals, Proof, SignOff, save_approvals
from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.runbook.sections import SECTIONS
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.store import Ledger

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "contoso-northwind.yaml"
WORKER = Path(__file__).with_name("crash_worker.py")
START = "2026-12-01T09:00:00+00:00"
SECRETS = {"XTMIG_SOURCE_SECRET": "practice-source-7431", "XTMIG_TARGET_SECRET": "practice-target-9127"}
APPROVER = "nora.notary@northwindtraders.onmicrosoft.com"
MOST_RUNS = 8
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the first writes tenants of thousands in seconds
HYDRATION_SECONDS = 60  # shorter than a run waits for one change, so that one run reaches every write
KILLED = -9
NOT_REACHED = "not reached"
ENDED = ("looked", "no change", "applied")
ADD_ON = {
    "sku_id": "946ce899-873d-44bb-9d8b-671870cbfdbf",
    "part_number": "Cross_tenant_user_data_migration",
    "enabled": 20,
    "service_plans": ["SHAREPOINTONLINE_T2TODMOVE", "EXCHANGEONLINE_T2TMBXMOVE"],
}
# two users without the attribute; both have a MailUser: one was a mailbox before, one has a foreign address
WRITTEN_USERS = """SourceAddress,TargetAddress,PreviousMailbox
delia.delay@contoso.com,,clear
edith.discovery@contoso.com,,
"""
PRESENT = (
    {
        "alias": "delia",
        "display_name": "Delia Delay (had a mailbox here before)",
        "upn": "delia@northwindtraders.onmicrosoft.com",
        "primary": "delia.delay@northwindtraders.com",
        "proxies": ["smtp:delia@northwindtraders.onmicrosoft.com"],
        "external_address": "delia@contoso.onmicrosoft.com",
        "previous_recipient_type": "UserMailbox",
    },
    {
        "alias": "edith",
        "display_name": "Edith Discovery (with an address of another company)",
        "upn": "edith@northwindtraders.onmicrosoft.com",
        "primary": "edith.discovery@northwindtraders.com",
        "proxies": ["smtp:edith@northwindtraders.onmicrosoft.com", "smtp:edith@elsewhere.example"],
        "external_address": "edith@contoso.onmicrosoft.com",
    },
)


def tenants() -> dict[str, Any]:
    """The example, so that one run reaches as many writes as possible.

    The operators may write consent, the source has the licence for moves, two MailUsers are there already, and
    customization, which both sides need, takes no longer than a run waits for one change. What keeps mailboxes from
    moving, and no step mends, is not there: the preflight would not come to its end.
    """
    held: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    for mailbox in held["source"]["mailboxes"]:
        mailbox.pop("holds", None)
        if mailbox.get("archive"):
            mailbox["archive"].pop("auxiliary", None)
    for side in ("source", "target"):
        held[side]["applications"][0]["permissions"]["graph"].append("AppRoleAssignment.ReadWrite.All")
        held[side]["lags"] = {**held[side].get("lags", {}), "hydration": HYDRATION_SECONDS}
    held["source"]["dehydrated"] = True
    held["source"]["skus"].append(ADD_ON)
    held["target"]["mail_users"] += PRESENT
    return held


class World(NamedTuple):
    """What a lane begins with.

    Args:
        tenants: Content of the tenants file.
        settings: What `project.yaml` says beside tenants, sign-ins and approvers.
        users: Text of `users.csv`.
        speed: Simulated seconds in a second.
        signed: Statements for which somebody has given their word.
    """

    tenants: dict[str, Any]
    settings: dict[str, Any]
    users: str
    speed: int
    signed: tuple[str, ...] = ()


def small_world() -> World:
    """A world in which as many steps as possible have something to write, and no more users than that takes."""
    settings = {
        "users": {"choose": "attribute", "tag": True},
        "licences": {
            "add_on_side": "source", "exchange": "before move", "exchange_sku": "SPE_E3", "usage_location": "NL",
        },
    }  # fmt: skip
    return World(tenants(), settings, WRITTEN_USERS, speed=2000)


class Stage(NamedTuple):
    """One section in one round of a run that nobody killed.

    Args:
        section: Its number.
        points: Where it could have been interrupted, in their order.
        states: What each of its steps came to.
        end: What both tenants and the project folder held after it.
    """

    section: str
    points: list[str]
    states: dict[str, str]
    end: dict[str, Any]


class Lane:
    """One place where runs are killed: a simulator, a project, a worker.

    Args:
        folder: An empty folder.
        world: Tenants and project as they begin.
        approved: Hashes of changes that are approved from the start.
    """

    def __init__(self, folder: Path, world: World, approved: Iterable[str] = ()) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.approved = set(approved)
        self.stages: list[Stage] = []
        self._world = world
        self._key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
        file = folder / "tenants.yaml"
        file.write_text(yaml.dump(world.tenants, Dumper=_DUMPER, allow_unicode=True), encoding="utf-8")
        (folder / "simulation").mkdir()
        options = ("--speed", str(world.speed), "--start", START)
        self.simulator = start_simulator(folder / "simulation", *options, tenants=file, environment=SECRETS)
        self.simulator.control("POST", "/remember", {"name": "start"})
        self._worker = subprocess.Popen(
            [sys.executable, "-P", str(WORKER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env={**os.environ, **SECRETS},
        )  # fmt: skip

    def reset(self) -> None:
        """Tenants as at the start, and a fresh project."""
        self.simulator.control("POST", "/return", {"name": "start"})
        shutil.rmtree(self.project, ignore_errors=True)
        self.project.mkdir()
        (self.project / USERS_FILE).write_text(self._world.users, encoding="utf-8")
        new_project(self.project, self._settings())
        self._approve()

    def _settings(self) -> dict[str, Any]:
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        settings: dict[str, Any] = {"format": 1, "id": "crash", "name": "Crash", "consent": {}}
        for side in ("source", "target"):
            tenant = self.simulator.connection["tenants"][side]
            operator = self._world.tenants[side]["applications"][0]
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
        return settings | self._world.settings

    def learn(self) -> None:
        """Go through all sections and approve every change that a plan shows, until nothing is left to do."""
        self.reset()
        for _ in range(MOST_RUNS):
            states: dict[str, str] = {}
            for section in (section.number for section in SECTIONS if section.runs == "always"):
                states |= self.run([section])[0]["states"]
                if self.learn_approvals():
                    states |= self.run([section])[0]["states"]
            if settled(states):
                return
            self.simulator.advance(3600)
        raise AssertionError(f"approved, and not finished: {unsettled(states)}")

    def learn_approvals(self) -> bool:
        """Approve every change that a plan has shown; True if there was a new one."""
        ledger = self.ledger()
        wanted = {
            item["hash"]
            for entry in ledger.entries("planned")
            for item in entry.data["changes"]
            if item["change"]["level"] >= 2
        }
        new = wanted - self.approved
        self.approved |= wanted
        self._approve()
        return bool(new)

    def ledger(self) -> Ledger:
        """The project's ledger, to be read."""
        return Ledger(self.project, _NoClock(), _NoSecrets(), "harness")

    def given_at(self) -> datetime:
        """When everything was approved."""
        return datetime.fromisoformat(START)

    def _approve(self) -> None:
        given = self.given_at()
        approvals = []
        for section in SECTIONS:
            approval = Approval(
                section=section.number, level=3, changes=tuple(sorted(self.approved)), approver=APPROVER,
                given_at=given, valid_until=given + timedelta(days=7),
            )  # fmt: skip
            signature = self._key.sign(canonical(approval.signed_data()).encode("utf-8"))
            proof = Proof(kind="signature", value=base64.b64encode(signature).decode("ascii"))
            approvals.append(approval.model_copy(update={"proof": proof}))
        signed = (SignOff(statement=s, by="Nora Notary", at=given, note="practice") for s in self._world.signed)
        save_approvals(self.project, Approvals(approvals=tuple(approvals), sign_offs=tuple(signed)))

    def run(self, sections: Sequence[str] | None = None, remember: Path | None = None) -> list[dict[str, Any]]:
        """A run that nobody kills, over some sections or all of them in rounds; the worker's report."""
        status, report = self.run_until(None, sections, remember)
        assert status == 0, f"a run that nobody killed ended with {status}"
        return report

    def run_until(
        self, kill_at: tuple[str, int] | None, sections: Sequence[str] | None, remember: Path | None = None
    ) -> tuple[int, list[dict[str, Any]]]:
        """A run that is killed at a point, given by its name and how often that has come; exit status and report."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        task = {
            "folder": str(self.project),
            "stages": sections,
            "kill_at": kill_at,
            "report": str(report),
            "remember": str(remember) if remember else None,
        }
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.write(json.dumps(task) + "\n")
        self._worker.stdin.flush()
        status = int(self._worker.stdout.readline())
        return status, json.loads(report.read_text(encoding="utf-8")) if report.exists() else []

    def undisturbed(self) -> list[Stage]:
        """A whole run that nobody kills; the moment before each of its stages can be come back to."""
        self.reset()
        copies = self.folder / "copies"
        shutil.rmtree(copies, ignore_errors=True)
        told = self.run(remember=copies)
        ends = [self.end()]
        for number in range(len(told) - 1, 0, -1):
            self._go_back(number)
            ends.insert(0, self.end())
        self.stages = [
            Stage(stage["section"], stage["points"], stage["states"], end)
            for stage, end in zip(told, ends, strict=True)
        ]
        return self.stages

    def _go_back(self, stage: int) -> None:
        self.simulator.control("POST", "/return", {"name": str(stage)})
        shutil.rmtree(self.project)
        shutil.copytree(self.folder / "copies" / str(stage), self.project)

    def killed(self, point: Point) -> str | None:
        """Kill a run, run again, and say what is wrong then; None if everything is as if nobody had killed it.

        The run begins with the stage of the point: until there it is one that nobody kills.
        """
        stage = self.stages[point.stage]
        self._go_back(point.stage)
        status, _ = self.run_until((point.name, point.time), [stage.section])
        if status == 0:
            return f"{point}: {NOT_REACHED}"  # how often a wait asks again differs from run to run
        if status != KILLED:
            return f"{point}: the run ended with {status} instead of being killed"
        goal = self._goal(point.stage)
        for again in self.stages[point.stage : goal + 1]:
            left = self._finish(again)
            if left:
                return f"{point}: not finished: {left}"
        if self.end() != self.stages[goal].end:
            return f"{point}: another state: {differing(self.end(), self.stages[goal].end)}"
        return self._go_on(point, goal) if point.to_the_end else None

    def _goal(self, stage: int) -> int:
        """The stage to whose end a run that was killed in a stage is taken."""
        return stage

    def _finish(self, stage: Stage) -> dict[str, str]:
        """Run a section until it is where it was when nobody killed it; what is left if it never is."""
        left: dict[str, str] = {}
        for _ in range(MOST_RUNS):
            states = self.run([stage.section])[0]["states"]
            left = {step: state for step, state in unsettled(states).items() if stage.states[step] in ENDED}
            if not left:
                break
            self.simulator.advance(25 * 3600)
        return left

    def _go_on(self, point: Point, goal: int) -> str | None:
        states: dict[str, str] = {}
        for stage in self.run([stage.section for stage in self.stages[goal + 1 :]]):
            states |= stage["states"]
        if unsettled(states):
            return f"{point}: not finished in the end: {unsettled(states)}"
        if self.end() != self.stages[-1].end:
            return f"{point}: another end: {differing(self.end(), self.stages[-1].end)}"
        self.ledger().verify()
        return None

    def end(self) -> dict[str, Any]:
        """What both tenants and the project folder hold, without what differs between two right runs."""
        held = {side: lasting(self.simulator.state(side)) for side in ("source", "target")}
        return held | {"users.csv": (self.project / USERS_FILE).read_text(encoding="utf-8-sig").splitlines()}

    def close(self) -> None:
        """Stop everything."""
        self.simulator.stop()
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.close()
        self._worker.wait(10)
        self._worker.stdout.close()


class Point(NamedTuple):
    """Where a run is killed.

    Args:
        stage: Number of the stage.
        name: Name of the point.
        time: How often that name has come in the stage by then.
        to_the_end: Whether the run then goes on to its end, and not only to that of the section.
    """

    stage: int
    name: str
    time: int
    to_the_end: bool


def settled(states: dict[str, str]) -> bool:
    """Whether every step has come to its end."""
    return not unsettled(states)


def unsettled(states: dict[str, str]) -> dict[str, str]:
    """The steps that have not come to their end."""
    return {step: state for step, state in states.items() if state not in ENDED}


def differing(one: Any, other: Any, place: str = "") -> str:
    """The first place at which two states differ."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return next((differing(one[k], other[k], f"{place}/{k}") for k in one if one[k] != other[k]), "nothing")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return next((differing(a, b, f"{place}/{number}") for number, (a, b) in pairs if a != b), "nothing")
    return f"{place}: {one!r} instead of {other!r}"[:1000]


def lasting(state: dict[str, Any]) -> dict[str, Any]:
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
