"""Starts the simulator as the process that it is in practice, and acts as the people who use its pages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START_SECONDS = 30
STOP_SECONDS = 10
READING_VERBS = ("Get-", "Test-", "Export-")


class PracticePerson:
    """Somebody with a browser: fills in the pages of the simulated sign-in.

    Args:
        simulator: The running simulator.
        account: Sign-in name picked on every page.
    """

    def __init__(self, simulator: SimulatorProcess, account: str) -> None:
        self._portal = simulator.connection["portal"]
        self._http = simulator.plain
        self.account = account

    def _post(self, url: str, **fields: str) -> requests.Response:
        return self._http.post(url, data={"account": self.account, **fields}, allow_redirects=False, timeout=30)

    def confirm_device(self, user_code: str, decision: str = "continue") -> requests.Response:
        """Enter a device code and confirm it, or decline with `decision="cancel"`."""
        return self._post(f"{self._portal}/devicelogin", user_code=user_code, decision=decision)

    def consent(self, tenant: str, client_id: str, redirect_uri: str, decision: str = "accept") -> requests.Response:
        """Open a consent link and accept, or cancel with `decision="cancel"`."""
        url = f"{self._portal}/{tenant}/adminconsent"
        return self._post(url, client_id=client_id, redirect_uri=redirect_uri, decision=decision)

    def pick_account(self, authorization_url: str, decision: str = "continue") -> dict[str, str]:
        """Go through the sign-in page, and give what the client is answered: a code, or an error."""
        answer = self._post(authorization_url, decision=decision)
        if answer.status_code == 302:
            return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text)
        assert 'id="answer"' in answer.text, re.sub(r"<[^>]+>", " ", answer.text)
        return {name: unescape(value) for name, value in fields}

    def sign_in(self, authorization_url: str, decision: str = "continue") -> None:
        """What a browser does: pick an account and carry the answer to the client's own address."""
        fields = self.pick_account(authorization_url, decision)
        asked = dict(parse_qsl(urlsplit(authorization_url).query))
        method = "POST" if asked.get("response_mode") == "form_post" else "GET"
        sent = {"data": fields} if method == "POST" else {"params": fields}
        self._http.request(method, asked["redirect_uri"], timeout=30, **sent)


class SimulatorProcess:
    """A running simulator.

    Args:
        process: The process.
        connection: What its connection file says.
    """

    def __init__(self, process: subprocess.Popen[bytes], connection: dict[str, Any]) -> None:
        self.process = process
        self.connection = connection
        self.plain = requests.Session()
        self.plain.trust_env = False
        self.secure = requests.Session()
        self.secure.trust_env = False
        self.secure.verify = connection["ca_file"]

    def person(self, account: str) -> PracticePerson:
        """Somebody with this sign-in name."""
        return PracticePerson(self, account)

    def tenant_id(self, side: str) -> str:
        """The GUID of the source or target tenant."""
        return str(self.connection["tenants"][side]["tenant_id"])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control service and give its JSON."""
        answer = self.plain.request(
            method,
            self.connection["control"] + path,
            json=body,
            headers={"X-Control-Token": self.connection["control_token"]},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    def advance(self, seconds: float) -> None:
        """Move the simulated calendar on."""
        self.control("POST", "/clock", {"advance_seconds": seconds})

    def state(self, side: str) -> dict[str, Any]:
        """The lasting state of one tenant."""
        state: dict[str, Any] = self.control("GET", "/state")[side]
        return state

    def record(self) -> list[dict[str, Any]]:
        """The lines of the record so far."""
        text = Path(self.connection["record"]).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def stop(self) -> int:
        """Stop it by ending its standard input, and give its exit code."""
        self.plain.close()
        self.secure.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(STOP_SECONDS)


def start_simulator(
    folder: Path, *options: str, tenants: Path | None = None, environment: Mapping[str, str] | None = None
) -> SimulatorProcess:
    """Start the simulator and wait until it answers.

    Args:
        folder: An empty folder for its connection file, record and log.
        options: Further command-line options, such as `--latency-ms`, `300`.
        tenants: A tenants file; without one the shipped example is used.
        environment: Variables beside the present ones, such as the practice secrets.

    Raises:
        RuntimeError: It stopped, or did not answer in time; the text holds what it printed.
    """
    connection = folder / "connection.json"
    command = [
        sys.executable, "-m", "xtmig_kernel.simulator", "--connection", str(connection),
        "--record", str(folder / "record.jsonl"), "--stop-with-stdin",
        *(["--tenants", str(tenants)] if tenants else []), *options,
    ]  # fmt: skip
    log = folder / "simulator.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while not connection.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.communicate()
            raise RuntimeError(f"the simulator did not start: {log.read_text(encoding='utf-8', errors='replace')}")
        time.sleep(0.02)
    return SimulatorProcess(process, json.loads(connection.read_text(encoding="utf-8")))


@contextmanager
def running_simulator(
    *options: str, tenants: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[SimulatorProcess]:
    """A simulator for the length of a `with` block; arguments as for `start_simulator`."""
    with tempfile.TemporaryDirectory() as folder:
        simulator = start_simulator(Path(folder), *options, tenants=tenants, environment=environment)
        try:
            yield simulator
        finally:
            simulator.stop()


def is_write(line: dict[str, Any]) -> bool:
    """Whether a line of the record is a request that changes a tenant; members of a batch have their own lines."""
    if line["service"] == "exo":
        return line["cmdlet"] is not None and not line["cmdlet"].startswith(READING_VERBS)
    return line["service"] == "graph" and line["method"] != "GET" and not line["path"].endswith("/$batch")


def writes(lines: list[dict[str, Any]]) -> list[str]:
    """The requests of a record that change a tenant, in words."""
    return [
        f"{line['side']} {line['cmdlet'] or line['method'] + ' ' + line['path']}" for line in lines if is_write(line)
    ]
