"""Two long runs that many tests look at: a rehearsal, and a project walked from plan to second apply."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
import yaml
from e2e_workplace import Finished, Workplace, child_environment, console_script, read_record
from simulator_process import writes

if TYPE_CHECKING:
    from pathlib import Path

OPERATOR_SECRET = "Canary-env\"<&'\\+/=%~ 3f9a71c2d05b"
KEYRING_SECRET = "Canary-ring\"<&'\\+/=%~ 80b6e4d91a7c"
CONTROL = "Kontrollwort-c41d88e07f"
PASSWORD_SERVICE = "xtmig-e2e-passwords"


class Rehearsal:
    """`xtmig rehearse`, started; while it runs, what both tenants hold is looked at again and again.

    Args:
        folder: An empty folder.
        options: Further options of the command.
        seconds: How long it may take.
    """

    def __init__(self, folder: Path, *options: str, seconds: float = 900) -> None:
        self._seconds = seconds
        self.record_key = b""
        self.project = folder / "rehearsal"
        self.first: dict[str, Any] | None = None
        self.last: dict[str, Any] = {}
        self.writes_at_last_look = 0
        (folder / "home").mkdir()
        (folder / "temp").mkdir()
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [console_script(), "rehearse", str(self.project), *options],
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
            if not self.record_key:
                key = session.get(f"{connection['control']}/record-key", headers=headers, timeout=10).json()["key"]
                self.record_key = bytes.fromhex(key)
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
        code = self.process.wait(self._seconds)
        self._watcher.join(30)
        return code

    def stop(self) -> None:
        """End it if it still runs, with the simulator that stops when its parent does."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    def tenants(self) -> dict[str, Any]:
        """The tenants file that the simulator was started with, where the command generated it."""
        file = self.project / ".simulation" / "tenants.yaml"
        data: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return data


@dataclass(frozen=True)
class Walk:
    """A project from plan to second apply, with what was recorded in between.

    Args:
        place: Where it was done.
        keyring: The file that stands for the operating system's keyring.
        plan: The plan of all sections.
        plan_record: What the simulator had received when the plan was made.
        first: The run that registered the application and created the users, before anything else could be made.
        apply: The run that configured the rest of both tenants.
        again: The same run once more.
        again_record: What the simulator received for that.
    """

    place: Workplace
    keyring: Path
    plan: Finished
    plan_record: list[dict[str, Any]]
    first: Finished
    apply: Finished
    again: Finished
    again_record: list[dict[str, Any]]
