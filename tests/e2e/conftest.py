"""Runs that many tests look at: each is made once, and two of them at the same time."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from e2e_workplace import (
    APPROVER,
    SIDES,
    Finished,
    Workplace,
    child_environment,
    consent_to_everything,
    console_script,
    example,
    read_record,
    workplace,
    writes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATOR_SECRET = "Canary-env\"<&'\\+/=%~ 3f9a71c2d05b"
KEYRING_SECRET = "Canary-ring\"<&'\\+/=%~ 80b6e4d91a7c"
CONTROL = "Kontrollwort-c41d88e07f"
HYDRATION_SECONDS = 60


class Rehearsal:
    """`xtmig rehearse`, started; while it runs, what both tenants hold is looked at again and again.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.project = folder / "rehearsal"
        self.first: dict[str, Any] | None = None
        self.last: dict[str, Any] = {}
        self.writes_at_last_look = 0
        (folder / "home").mkdir()
        (folder / "temp").mkdir()
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [console_script(), "rehearse", str(self.project)],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=child_environment(folder / "home", folder / "temp", {}),
            )  # fmt: skip
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def _watch(self) -> None:
        connection = self.project / ".simulation" / "simulation.json"
        with requests.Session() as session:
            session.trust_env = False
            while self.process.poll() is None:
                time.sleep(0.25)
                if connection.exists():
                    self._look(session, json.loads(connection.read_text(encoding="utf-8")))

    def _look(self, session: requests.Session, connection: dict[str, Any]) -> None:
        before = len(writes(self.record()))
        headers = {"X-Control-Token": connection["control_token"]}
        try:
            state = session.get(f"{connection['control']}/state", headers=headers, timeout=10).json()
        except requests.RequestException:
            return  # it is starting, or has just stopped
        if self.first is None:
            assert before == 0, "the tenants were looked at too late"
            self.first = state
        self.last, self.writes_at_last_look = state, before

    def record(self) -> list[dict[str, Any]]:
        return read_record(self.project / ".simulation" / "requests.jsonl")

    def output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def archives(self) -> list[Path]:
        return sorted((self.project / "reports").iterdir())

    def wait(self) -> int:
        """Its exit code."""
        code = self.process.wait(400)
        self._watcher.join(30)
        return code

    def stop(self) -> None:
        """End it if it still runs, with the simulator that stops when its parent does."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()


@pytest.fixture(scope="session")
def started_rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A rehearsal that is under way."""
    started = Rehearsal(tmp_path_factory.mktemp("rehearsal"))
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session", autouse=True)
def _rehearse_beside(request: pytest.FixtureRequest) -> None:
    """Where a test will ask for it, the rehearsal runs beside the first tests instead of after them."""
    if any("rehearsal" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("started_rehearsal")


@pytest.fixture(scope="session")
def rehearsal(started_rehearsal: Rehearsal) -> Rehearsal:
    """A rehearsal that has ended."""
    started_rehearsal.wait()
    return started_rehearsal


@dataclass(frozen=True)
class Walk:
    """A project from plan to second apply, with what was recorded in between.

    Args:
        place: Where it was done.
        plan: The plan of all sections.
        plan_record: What the simulator had received when the plan was made.
        apply: The run that configured both tenants.
        again: The same run once more.
        again_record: What the simulator received for that.
    """

    place: Workplace
    plan: Finished
    plan_record: list[dict[str, Any]]
    apply: Finished
    again: Finished
    again_record: list[dict[str, Any]]


def _approver_key(folder: Path) -> tuple[Path, str]:
    key = Ed25519PrivateKey.generate()
    path = folder / "approver.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return path, public.decode("ascii")


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Plan, approve, consent, apply, apply again; the source operator's secret is in a keyring, the target's in a variable."""
    outside = tmp_path_factory.mktemp("outside")
    key, public = _approver_key(outside)
    ring = outside / "keyring.json"
    ring.write_text(json.dumps({"xtmig-e2e/operator": KEYRING_SECRET}), encoding="utf-8")
    tenants = example()
    for side in SIDES:
        tenants[side]["lags"] = {"hydration": HYDRATION_SECONDS}

    def change(settings: dict[str, Any]) -> None:
        settings["name"] = CONTROL
        settings["source"]["sign_in"]["secret"] = "keyring:xtmig-e2e/operator"
        settings["approvers"][0]["public_key"] = public

    practice = {"XTMIG_SOURCE_SECRET": KEYRING_SECRET, "XTMIG_TARGET_SECRET": OPERATOR_SECRET}
    variables = {
        "XTMIG_TARGET_SECRET": OPERATOR_SECRET,
        "PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring",
        "PYTHONPATH": str(Path(__file__).parent),
        "E2E_KEYRING_FILE": str(ring),
    }
    folder = tmp_path_factory.mktemp("walk")
    with workplace(folder, tenants, change, practice=practice, variables=variables) as place:
        plan, plan_record = place.run("plan"), place.record()
        approved = place.xtmig("approve", "070", "--by", APPROVER, "--key", key, "--yes", "--project", place.project)
        assert approved.returncode == 0, approved.stderr
        place.run("apply", "050")
        consent_to_everything(place)
        apply, before = place.run("apply"), len(place.record())
        again = place.run("apply")
        yield Walk(place, plan, plan_record, apply, again, place.record()[before:])
