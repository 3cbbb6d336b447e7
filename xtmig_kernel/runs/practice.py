"""Practice tenants: the simulator as a process of its own, and the people who use its pages.

The practice people only do what people do: they open a link, pick their account, and accept. They have no other
way in, so a rehearsal meets every check that a real project meets.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests

from xtmig_kernel.errors import UsageError, XtmigError
from xtmig_kernel.m365.simulated import SimulatedClock
from xtmig_kernel.project.files import read_yaml, write_whole, yaml_text
from xtmig_kernel.project.users import USERS_FILE, users_text
from xtmig_kernel.runs.prepared import MOST_USERS_IN_A_BATCH, PILOTS, prepared_settings, prepared_users

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from xtmig_kernel.project import Side

CONNECTION_FILE = "simulation.json"
GENERATED_FILE = "tenants.yaml"
SIMULATION_FOLDER = ".simulation"
START_SECONDS = 60
STOP_SECONDS = 15
CONTROL_SECONDS = 30
DAYS_OF_SYNCHRONISATION = 16
DAYS_BETWEEN_WAVES = 1


@dataclass(frozen=True)
class Practice:
    """Running practice tenants.

    Args:
        connection: Content of the simulator's connection file.
        connection_file: The file itself, as `project.yaml` names it.
        tenants: Content of the tenants file.
        environment: Variables that hold the secrets of the operator's applications.
        process: The simulator.
    """

    connection: Mapping[str, Any]
    connection_file: Path
    tenants: Mapping[str, Any]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]

    def wait(self) -> int:
        """Wait until the simulator ends, and give its exit code."""
        return self.process.wait()

    def advance(self, seconds: float) -> None:
        """Move the simulated calendar on.

        Args:
            seconds: By how much, in simulated seconds.
        """
        self._clock.advance(seconds)

    def now(self) -> datetime:
        """What the practice calendar says, UTC."""
        return self._clock.now()

    @property
    def _clock(self) -> SimulatedClock:
        return SimulatedClock(str(self.connection["control"]), str(self.connection["control_token"]))

    def stats(self) -> dict[str, Any]:
        """How many requests came, and which of them the simulator does not support."""
        stats: dict[str, Any] = self._control("GET", "/stats", None)
        return stats

    def _control(self, method: str, path: str, body: Any) -> Any:
        answer = _http().request(
            method,
            self.connection["control"] + path,
            json=body,
            headers={"X-Control-Token": self.connection["control_token"]},
            timeout=CONTROL_SECONDS,
        )
        answer.raise_for_status()
        return answer.json()

    def people(self, side: Side) -> list[str]:
        """Sign-in names of a tenant's administrators; the first one operates, the second one approves.

        Args:
            side: The tenant.
        """
        return [person["upn"] for person in self.tenants[side]["administrators"]]

    def consent(self, url: str, upn: str) -> None:
        """Open a consent link as a person does, and accept.

        Args:
            url: The link.
            upn: Who opens it.

        Raises:
            XtmigError: The page refuses.
        """
        parts = urlsplit(url)
        fields = dict(parse_qsl(parts.query))
        page = url.partition("?")[0]
        self._post(page, {**fields, "account": upn, "decision": "accept"}, f"{upn} could not consent")

    def confirm_device(self, code: str, upn: str) -> None:
        """Enter a device code as a person does, and confirm.

        Args:
            code: The code that was shown.
            upn: Who confirms.

        Raises:
            XtmigError: The page refuses.
        """
        page = f"{self.connection['portal']}/devicelogin"
        fields = {"user_code": code, "account": upn, "decision": "continue"}
        self._post(page, fields, f"{upn} could not sign in")

    def _post(self, url: str, fields: dict[str, str], failure: str) -> None:
        answer = _http().post(url, data=fields, allow_redirects=False, timeout=CONTROL_SECONDS)
        if answer.status_code >= requests.codes.bad_request:
            raise XtmigError(failure, cause=f"the practice page answered {answer.status_code}")


def _http() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # the practice tenants are on this machine; a proxy would not find them
    return session


def simulation_folder(project: Path) -> Path:
    """Where the simulator of a practice project keeps its files.

    Args:
        project: The project folder.
    """
    return project / SIMULATION_FOLDER


def generated_tenants(folder: Path, mailboxes: int, seed: str, *, prepared: bool = False) -> Path:
    """A tenants file of a generated pair, written by the simulator.

    Args:
        folder: Where to write it.
        mailboxes: How many mailboxes the source has.
        seed: Root of names and ids.
        prepared: All that the moves need is there already; settings and users of the project are written beside.

    Raises:
        UsageError: There is no such pair; says what the simulator printed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / GENERATED_FILE
    command = [
        sys.executable, "-P", "-m", "xtmig_kernel.simulator", "--mailboxes", str(mailboxes), f"--seed={seed}",
        "--write-tenants", str(file), *(["--prepared"] if prepared else []),
    ]  # fmt: skip
    try:
        subprocess.check_output(command, stderr=subprocess.STDOUT)  # noqa: S603 - our own interpreter, no shell
    except subprocess.CalledProcessError as error:
        printed = error.output.decode("utf-8", errors="replace").strip()
        raise UsageError(f"the practice tenants cannot be made: {printed}") from None
    _write_settings_beside(file, prepared=prepared)
    return file


def _write_settings_beside(tenants_file: Path, *, prepared: bool) -> None:
    """What the people of a generated pair decide: who goes first, and which subscription a moved user works with."""
    tenants = read_yaml(tenants_file)
    source = tenants["source"]
    people = [box for box in source["mailboxes"] if box.get("licences")]
    settings: dict[str, Any] = {}
    if people:
        settings["licences"] = {"exchange_sku": people[0]["licences"][0]}
        settings["move"] = {"pilot": [box["primary"] for box in people[:PILOTS]]}
    _users_file(tenants_file).unlink(missing_ok=True)
    if prepared:
        settings |= prepared_settings(tenants)
        write_whole(_users_file(tenants_file), users_text(prepared_users(tenants)))
    write_whole(settings_file(tenants_file), yaml_text(settings))


@contextmanager
def practice_tenants(folder: Path, tenants_file: Path, options: Sequence[str] = ()) -> Iterator[Practice]:
    """Two simulated tenants for the length of a `with` block.

    Args:
        folder: Where the connection file, the record of requests and the log lie.
        tenants_file: What the tenants hold at the start.
        options: Further options of `xtmig simulate`.

    Raises:
        UsageError: The simulator did not start; says what it printed.
    """
    folder = folder.resolve()  # the connection file is named in project.yaml, wherever one stands
    folder.mkdir(parents=True, exist_ok=True)
    tenants = read_yaml(tenants_file)
    environment = {
        holder["secret_from_env"]: secrets.token_urlsafe(32)
        for side in ("source", "target")
        for application in tenants[side].get("applications", [])
        for holder in (application, *application.get("secrets", []))
        if "secret_from_env" in holder
    }
    connection = folder / CONNECTION_FILE
    connection.unlink(missing_ok=True)
    log = folder / "simulator.log"
    command = [
        # -P: the package that is installed, never one that happens to lie in the present folder
        sys.executable, "-P", "-m", "xtmig_kernel.simulator", "--tenants", str(tenants_file),
        "--connection", str(connection), "--record", str(folder / "requests.jsonl"), "--stop-with-stdin", *options,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )  # fmt: skip
    try:
        _wait_for(process, connection, log)
        yield Practice(json.loads(connection.read_text(encoding="utf-8")), connection, tenants, environment, process)
    finally:
        _stop(process)


def _wait_for(process: subprocess.Popen[bytes], connection: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not connection.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            printed = log.read_text(encoding="utf-8", errors="replace").strip()
            raise UsageError(f"the practice tenants did not start: {printed[-2000:]}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)


def practice_project(practice: Practice, tenants_file: Path, *, by_person: bool = False) -> dict[str, Any]:
    """The content of `project.yaml` for a pair of practice tenants.

    The operator signs in as the first application of each tenant that has a secret; the second administrator of each
    tenant approves. Who moves carries the custom attribute of Microsoft's sample (SCR-02). What lies beside the tenants
    file as `NAME.project.yaml` is taken over, such as who stays and why.

    Args:
        practice: The running tenants.
        tenants_file: What they hold; beside it there may be settings of the project.
        by_person: The operator signs in as a person, in the browser.
    """
    settings: dict[str, Any] = {"format": 1, "id": "practice", "name": "Practice move"}
    for side in ("source", "target"):
        tenant = practice.connection["tenants"][side]
        operator = next(a for a in practice.tenants[side]["applications"] if "secret_from_env" in a)
        settings[side] = {
            "tenant_id": tenant["tenant_id"],
            "domain": tenant["initial_domain"],
            "cloud": tenant["cloud"],
            "sign_in": {"method": "browser"}
            if by_person
            else {
                "method": "secret",
                "client_id": operator["app_id"],
                "secret": f"env:{operator['secret_from_env']}",
            },
        }
    settings["approvers"] = [
        {"name": person["display_name"], "upn": person["upn"], "side": side}
        for side in ("source", "target")
        for person in practice.tenants[side]["administrators"][1:2]
    ]
    settings["users"] = {"choose": "attribute"}
    country = practice.tenants["target"].get("country")
    settings["licences"] = {"usage_location": country} if country else {}
    settings["move"] = {"waves": _waves(practice)}
    settings["simulation"] = str(practice.connection_file)
    return merged(settings, _settings_beside(tenants_file))


def take_users_over(tenants_file: Path, project: Path) -> None:
    """Write the `users.csv` that lies beside the tenants file as `NAME.users.csv`; nothing where there is none.

    Args:
        tenants_file: What the tenants hold.
        project: The project folder.
    """
    file = _users_file(tenants_file)
    if file.exists():
        write_whole(project / USERS_FILE, file.read_text(encoding="utf-8"))


def _users_file(tenants_file: Path) -> Path:
    return tenants_file.with_name(f"{tenants_file.stem}.users.csv")


def _settings_beside(tenants_file: Path) -> dict[str, Any]:
    file = settings_file(tenants_file)
    return read_yaml(file) if file.exists() else {}


def settings_file(tenants_file: Path) -> Path:
    """What lies beside a tenants file and says what is special in its practice project.

    Args:
        tenants_file: The tenants file.
    """
    return tenants_file.with_name(f"{tenants_file.stem}.project.yaml")


def merged(settings: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others over them, key by key.

    Args:
        settings: The content of a `project.yaml`.
        others: What takes the place of it, where it says anything.
    """
    both = {
        key: merged(settings[key], value) if isinstance(settings.get(key), dict) and isinstance(value, dict) else value
        for key, value in others.items()
    }
    return {**settings, **both}


def _waves(practice: Practice) -> list[dict[str, Any]]:
    """Dates that the practice people give to the waves: more than the two weeks that Microsoft advises (BAT-12)."""
    today = practice.now().replace(hour=0, minute=0, second=0, microsecond=0)
    number = -(-len(practice.tenants["source"].get("mailboxes", ())) // MOST_USERS_IN_A_BATCH)
    names = ["pilot", *(f"wave-{n:02}" for n in range(1, number + 1))]
    first = today + timedelta(days=DAYS_OF_SYNCHRONISATION, hours=18)
    return [
        {"name": name, "start": today.date(), "cutover": first + timedelta(days=DAYS_BETWEEN_WAVES * place)}
        for place, name in enumerate(names)
    ]
