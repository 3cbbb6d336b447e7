"""One pair of tenants with an account for each right that may be missing, and `check-access` as each of them."""

from __future__ import annotations

import copy
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml
from simulated_pair import example
from simulator_process import start_simulator

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.evidence import Failed
from xtmig_kernel.runs.access import Access, check_access

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from simulator_process import SimulatorProcess

SECRETS = {"XTMIG_SOURCE_SECRET": "practice-source-6113", "XTMIG_TARGET_SECRET": "practice-target-8842"}
GRAPH = [
    "Application.Read.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Organization.Read.All",
    "GroupMember.Read.All",
    "LicenseAssignment.ReadWrite.All",
    "Policy.Read.All",
]
"""What an application that does everything is given in Graph, one right at a time."""
EXCHANGE_ROLES = [
    "Organization Configuration",
    "Migration",
    "Move Mailboxes",
    "Mail Recipients",
    "Mail Recipient Creation",
    "Security Group Creation and Membership",
]
DIRECTORY_ROLES = ["Cloud Application Administrator", "Exchange Administrator", "License Administrator"]
SCOPES = [*GRAPH, "RoleManagement.Read.Directory", "User.Read"]
SIDES = ("source", "target")


def without(items: list[str], *removed: str) -> list[str]:
    """A list without some of its items, each of which is in it."""
    assert set(removed) <= set(items), removed
    return [item for item in items if item not in removed]


def _id(side: str, kind: str, number: int) -> str:
    return f"{'5c0e5c0e' if side == 'source' else '7a26e700'}-0000-4000-8000-0000{kind}{number:04}"


class World:
    """The tenants file that is to be simulated; each account that is added is one to sign in with."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = copy.deepcopy(example())
        self._numbers = dict.fromkeys(SIDES, 100)

    def _next(self, side: str) -> int:
        self._numbers[side] += 1
        return self._numbers[side]

    def application(self, side: str, **changes: Any) -> dict[str, Any]:
        """An application that may do everything, but for what is changed; gives the sign-in of `project.yaml`."""
        number, secret = self._next(side), f"XTMIG_{side.upper()}_SECRET"
        application = {
            "name": f"Operator {number}",
            "app_id": _id(side, "aaaa", number),
            "permissions": {
                "graph": changes.pop("graph", GRAPH),
                "exchange": changes.pop("exchange", ["Exchange.ManageAsApp"]),
            },
            "exchange_roles": EXCHANGE_ROLES,
            "secret_from_env": secret,
        } | changes
        self.data[side]["applications"].append(application)
        return {"method": "secret", "client_id": application["app_id"], "secret": f"env:{secret}"}

    def person(self, side: str, scopes: list[str] = SCOPES, **changes: Any) -> dict[str, Any]:
        """A person who may do everything, but for what is changed, at a client with these permissions."""
        number = self._next(side)
        domain = self.data[side]["domains"][0]["name"]
        person = {
            "upn": f"person{number}@{domain}",
            "display_name": f"Person {number}",
            "directory_roles": DIRECTORY_ROLES,
        } | changes
        self.data[side]["administrators"].append(person)
        client = {
            "name": f"Client {number}",
            "app_id": _id(side, "cccc", number),
            "public_client": True,
            "delegated_graph": scopes,
            "delegated_exchange": ["Exchange.Manage"],
        }
        self.data[side]["applications"].append(client)
        return {"method": "device_code", "client_id": client["app_id"], "upn": person["upn"]}


class Running:
    """The simulated tenants, and somebody who asks `check-access`."""

    def __init__(self, folder: Path, simulator: SimulatorProcess) -> None:
        self._folder = folder
        self._simulator = simulator
        self._count = 0

    @property
    def connection(self) -> Path:
        """The simulator's connection file."""
        return self._folder / "connection.json"

    def check(
        self, source: dict[str, Any], target: dict[str, Any], record: Path | None = None, **settings: Any
    ) -> Access:
        """What `check-access` finds with these sign-ins."""
        self._count += 1
        folder = self._folder / f"project-{self._count}"
        folder.mkdir()
        people = {}
        data: dict[str, Any] = {"format": 1, "id": "check", "name": "Check"}
        for side, sign_in in (("source", source), ("target", target)):
            tenant = self._simulator.connection["tenants"][side]
            given = {key: value for key, value in sign_in.items() if key != "upn"}
            people[side] = sign_in.get("upn", "")
            data[side] = {"tenant_id": tenant["tenant_id"], "domain": tenant["initial_domain"], "sign_in": given}
        data |= {
            "consent": {"source": "xtmig", "target": "xtmig"},
            "licences": {"usage_location": "NL"},
            "users": {"choose": "attribute", "tag": True},
            "simulation": str(self.connection),
        } | settings
        (folder / "project.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")

        def show(message: str, _url: str) -> None:
            side = "source" if "source" in message else "target"
            (code,) = re.findall(r"code ([A-Z0-9-]+)\.", message)
            self._simulator.person(people[side]).confirm_device(code)

        return check_access(folder, Redactor(), show, lambda _: None, record)


@contextmanager
def running(folder: Path, world: World) -> Iterator[Running]:
    """The tenants of a world, simulated."""
    file = folder / "tenants.yaml"
    file.write_text(yaml.safe_dump(world.data), encoding="utf-8")
    simulator = start_simulator(folder, tenants=file, environment=SECRETS)
    try:
        yield Running(folder, simulator)
    finally:
        simulator.stop()


def failures(access: Access) -> set[str]:
    """The subjects of everything that failed."""
    return {finding.subject for finding in access.findings if isinstance(finding.verdict, Failed)}


ASKED = (
    re.compile(r"the (?:application|delegated) permissions? ([\w.]+)"),
    re.compile(r"the Exchange management role ([\w ]+) \("),
    re.compile(r"^(Cloud Application Administrator|License Administrator) in"),
    re.compile(r"^the Entra role ([\w ]+),"),
    re.compile(r"^(an exception from the application management policy)"),
    re.compile(r"^(admin consent to the sign-in application)"),
    re.compile(r"^(sign-in by device code)"),
    re.compile(r"^(an exception from the Conditional Access policy)"),
)


def asked(access: Access, side: Any) -> set[str]:
    """What the administrator of a side is asked for, by name; a request of another kind stands whole."""
    found = set()
    for request in access.requests.get(side, []):
        names = [name for pattern in ASKED for name in pattern.findall(request)]
        found.add(names[0] if names else request)
    return found
