"""An operator's computer for a test: a home, a temp folder, two simulated tenants, and the `xtmig` command."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from simulator_process import SimulatorProcess, start_simulator

from xtmig_kernel.runs.folder import new_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "contoso-northwind.yaml"
SIDES = ("source", "target")
SOURCE_ID = "5c0e5c0e-0000-4000-8000-00000000c0de"
TARGET_ID = "7a26e700-0000-4000-8000-0000000007ad"
SOURCE_OPERATOR = "5c0e5c0e-0000-4000-8000-0000000b0001"
TARGET_OPERATOR = "7a26e700-0000-4000-8000-0000000b0001"
APPROVER = "amara.approver@northwindtraders.onmicrosoft.com"
SECRETS = {"XTMIG_SOURCE_SECRET": "practice-source-50712", "XTMIG_TARGET_SECRET": "practice-target-90213"}
COMMAND_SECONDS = 400
LEAKY_PREFIXES = ("XDG_", "JUPYTER", "IPYTHON", "XTMIG_", "PYTHON_KEYRING")


def example() -> dict[str, Any]:
    """The shipped tenants file as plain data, to be changed by a test."""
    data: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    return data


def settings(tenants: dict[str, Any], connection: Path) -> dict[str, Any]:
    """The content of `project.yaml` for these tenants; operators are the first application of each."""
    data: dict[str, Any] = {"format": 1, "id": "e2e", "name": "End to end"}
    for side in SIDES:
        operator = tenants[side]["applications"][0]
        domain = next(d["name"] for d in tenants[side]["domains"] if d.get("initial"))
        data[side] = {
            "tenant_id": tenants[side]["tenant_id"],
            "domain": domain,
            "sign_in": {
                "method": "secret",
                "client_id": operator["app_id"],
                "secret": f"env:{operator['secret_from_env']}",
            },
        }
    data["approvers"] = [{"name": "Amara Approver", "upn": APPROVER, "side": "target"}]
    data["simulation"] = str(connection)
    return data


def who_moves(tenants: dict[str, Any]) -> list[dict[str, Any]]:
    """The source mailboxes of a tenants file that carry the attribute of Microsoft's sample (SCR-02)."""
    return [
        mailbox
        for mailbox in tenants["source"]["mailboxes"]
        if {str(n): text for n, text in mailbox.get("custom_attributes", {}).items()}.get("1") == "Cross-Tenant-Project"
        and not mailbox.get("soft_deleted")
    ]


def users_csv(mailboxes: list[dict[str, Any]], **cells: str) -> str:
    """A `users.csv` with these mailboxes; `cells` are further columns, the same in each line."""
    lines = [[mailbox["primary"], "", *cells.values()] for mailbox in mailboxes]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["SourceAddress", "TargetAddress", *cells], *lines])
    return out.getvalue()


def read_record(path: Path) -> list[dict[str, Any]]:
    """The lines of a record; a line that is being written at this moment is left out."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def child_environment(home: Path, temporary: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command whose home and temp folder are our own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEAKY_PREFIXES)}
    places = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"), str(home))
    temps = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    return {**kept, **places, **temps, "PYTHONUTF8": "1", **variables}


def console_script() -> str:
    """The installed `xtmig` beside this interpreter."""
    found = shutil.which("xtmig", path=str(Path(sys.executable).parent))
    assert found is not None, "xtmig is not installed beside this interpreter"
    return found


@dataclass
class Workplace:
    """Where one operator works.

    Args:
        folder: Holds everything below, and what the simulator writes.
        variables: The operator's own environment variables.
        simulator: Both tenants.
    """

    folder: Path
    variables: dict[str, str]
    simulator: SimulatorProcess
    tenants: dict[str, Any] = field(repr=False)

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def copy_of_project(self, name: str) -> Path:
        """A second project folder with the same content."""
        return Path(shutil.copytree(self.project, self.folder / name))

    def environment(self, **more: str) -> dict[str, str]:
        return child_environment(self.folder / "home", self.folder / "temp", {**self.variables, **more})

    def xtmig(self, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the operator's folder and wait for its end."""
        return subprocess.run(
            [console_script(), *map(str, arguments)],
            cwd=self.folder, env=self.environment(**more), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, encoding="utf-8", timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip

    def run(self, mode: str, *sections: str, project: Path | None = None) -> Finished:
        """`xtmig run` with JSON as its answer."""
        done = self.xtmig("run", *sections, "--mode", mode, "--project", project or self.project, "--json")
        assert done.stdout.strip(), done.stderr
        answer = json.loads(done.stdout)
        archive = Path(answer["archive"])
        return Finished(done, archive, json.loads((archive / "result.json").read_text(encoding="utf-8")))

    def approve(self, section: str, key: Path, *, project: Path | None = None) -> None:
        """The approver signs everything of a section that needs it."""
        fields = ("--by", APPROVER, "--key", key, "--yes", "--project", project or self.project)
        done = self.xtmig("approve", section, *fields)
        assert done.returncode == 0, done.stderr

    def sign_off(self, section: str, statement: str) -> None:
        """The approver gives their word for what no reading proves."""
        word = ("--sign-off", statement, "--by", APPROVER, "--note", "told by telephone")
        done = self.xtmig("approve", section, *word, "--project", self.project)
        assert done.returncode == 0, done.stderr

    def record(self) -> list[dict[str, Any]]:
        return self.simulator.record()

    def fingerprint_key(self) -> bytes:
        return bytes.fromhex(self.simulator.control("GET", "/record-key")["key"])


@dataclass(frozen=True)
class Finished:
    """A finished `xtmig run`: what it printed, its archive, and the archive's `result.json`."""

    done: subprocess.CompletedProcess[str]
    archive: Path
    result: dict[str, Any]

    def states(self) -> dict[str, str]:
        return {step["id"]: step["state"] for section in self.result["sections"] for step in section["steps"]}


@contextmanager
def workplace(
    folder: Path,
    tenants: dict[str, Any] | None = None,
    change: Callable[[dict[str, Any]], None] = lambda _settings: None,
    *,
    practice: Mapping[str, str] = SECRETS,
    variables: Mapping[str, str] | None = None,
    speed: int = 60,
) -> Iterator[Workplace]:
    """A workplace with a new project, for the length of a `with` block.

    Args:
        folder: An empty folder.
        tenants: What the tenants hold; the shipped example without it.
        change: Changes the content of `project.yaml` before it is written.
        practice: Secrets that the simulated applications have.
        variables: The operator's environment variables; those of `practice` without it.
        speed: How fast the simulated calendar runs.
    """
    tenants = copy.deepcopy(tenants) if tenants is not None else example()
    for name in ("home", "temp", "simulation"):
        (folder / name).mkdir(parents=True)
    file = folder / "tenants.yaml"
    file.write_text(yaml.safe_dump(tenants), encoding="utf-8")
    simulator = start_simulator(
        folder / "simulation", "--speed", str(speed), tenants=file, environment={**os.environ, **practice}
    )
    try:
        content = settings(tenants, folder / "simulation" / "connection.json")
        change(content)
        new_project(folder / "project", content)
        yield Workplace(folder, dict(practice if variables is None else variables), simulator, tenants)
    finally:
        simulator.stop()


def consent_to_everything(place: Workplace) -> None:
    """Let an administrator of each tenant accept the migration application, as the consent page lets them."""
    made = next(
        application
        for application in place.simulator.state("target")["applications"]
        if application["sign_in_audience"] == "AzureADMultipleOrgs"
    )
    for side in SIDES:
        person = place.simulator.person(place.tenants[side]["administrators"][0]["upn"])
        answer = person.consent(place.simulator.tenant_id(side), made["app_id"], "https://office.com")
        assert "done" == answer.headers["X-Simulated-Outcome"], answer.text


def approver_key(folder: Path) -> tuple[Path, str]:
    """Make an approver's key: the private one in a file of this folder, and the public one as PEM."""
    key = Ed25519PrivateKey.generate()
    path = folder / "approver.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


class Operator:
    """Somebody who changes a tenant past xtmig, with the operator application's rights."""

    def __init__(self, place: Workplace, side: str) -> None:
        self._place = place
        self._side = side
        self._tenant = place.simulator.tenant_id(side)

    def _token(self, scope: str) -> str:
        application = self._place.tenants[self._side]["applications"][0]
        fields = {
            "grant_type": "client_credentials",
            "client_id": application["app_id"],
            "client_secret": SECRETS[application["secret_from_env"]],
            "scope": scope,
        }
        url = f"{self._place.simulator.connection['login']}/{self._tenant}/oauth2/v2.0/token"
        answer = self._place.simulator.secure.post(url, data=fields, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def exchange(self, cmdlet: str, **parameters: Any) -> None:
        """Run a cmdlet."""
        self._send(
            f"{self._place.simulator.connection['exo']}/adminapi/beta/{self._tenant}/InvokeCommand",
            {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}},
            "https://outlook.office365.com/.default",
        )

    def register(self, body: dict[str, Any]) -> None:
        """Register an application."""
        url = f"{self._place.simulator.connection['graph']}/v1.0/applications"
        self._send(url, body, "https://graph.microsoft.com/.default")

    def _send(self, url: str, body: dict[str, Any], scope: str) -> None:
        headers = {"Authorization": f"Bearer {self._token(scope)}"}
        answer = self._place.simulator.secure.post(url, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
