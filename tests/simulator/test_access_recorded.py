"""What `check-access --record` keeps of hostile tenants: shapes, and nothing by which anybody could be known."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from access_world import SECRETS, Running, World, running
from hostile_text import MARK, NAMES, short

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.inventory import Reader
from xtmig_kernel.inventory.reader import SIGNED_IN
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.m365.recording import Recorder
from xtmig_kernel.m365.watching import watching
from xtmig_kernel.project import load_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PERSON = "annabelle"
"""Stands in every name that is planted, beside what makes it hostile."""
DOMAINS = {
    "source": ["annabellesbank.onmicrosoft.com", "annabellesbank.example"],
    "target": ["annabelletakesover.onmicrosoft.com", "annabelletakesover.example"],
}
GUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
UPN = re.compile(r"[^\s\"(]+@[\w-]+\.[\w.-]+")
OF_INTERFACES = re.compile(r"@(odata|data|adminapi)\.[a-zA-Z]+")


def _renamed(value: Any, old: list[str], new: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, old, new) for item in value]
    if isinstance(value, str):
        for before, after in zip(old, new, strict=True):
            value = re.sub(re.escape(before), after, value, flags=re.IGNORECASE)
    return value


def hostile_world() -> World:
    """The example with names that identify and do harm: of tenants, domains, people, groups, applications."""
    world = World()
    for side, new in DOMAINS.items():
        old = [domain["name"] for domain in world.data[side]["domains"]]
        for part in ("source", "target"):
            world.data[part] = _renamed(world.data[part], old, new)
    names = [f"{PERSON} {name}" for name in NAMES.values()]
    for side in DOMAINS:
        tenant = world.data[side]
        tenant["display_name"] = names[0]
        for number, item in enumerate(
            [*tenant["administrators"], *tenant.get("mailboxes", []), *tenant.get("mail_users", [])]
        ):
            item["display_name"] = names[number % len(names)]
        for number, mailbox in enumerate(tenant.get("mailboxes", [])):
            mailbox["first_name"] = mailbox["last_name"] = short(names[-number % len(names)])
        for number, item in enumerate([*tenant["applications"], *tenant.get("organization_relationships", [])]):
            item["name"] = f"{PERSON} {number} '; {MARK}"
    return world


class Recorded:
    """A record, and what must not be in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.requests = json.loads(text)["requests"]

    def leaks(self) -> list[str]:
        """Whatever names somebody."""
        low = self.text.lower()
        planted = [PERSON, MARK, "onmicrosoft", "localhost", "127.0.0.1", *SECRETS.values()]
        found = [name for name in planted if name.lower() in low]
        found += [match[0] for match in GUID.finditer(self.text)]
        found += [match[0] for match in UPN.finditer(OF_INTERFACES.sub("", self.text))]
        return found + (["a token"] if "eyJ" in self.text else [])


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recorded, Running, Path, World]]:
    """The record of one check of both tenants, by an application and by a person."""
    folder = tmp_path_factory.mktemp("recorded")
    world = hostile_world()
    application = world.application("source", graph=["User.Read.All"])
    person = world.person("target", display_name=f"{PERSON} {NAMES['markup']}")
    file = folder / "record.json"
    with pytest.MonkeyPatch.context() as patch, running(folder, world) as simulated:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        simulated.check(application, person, file)
        yield Recorded(file.read_text(encoding="utf-8")), simulated, folder, world


Record = tuple[Recorded, Running, "Path", World]


def test_nobody_is_named(recorded: Record) -> None:
    """No name, domain, GUID, sign-in name, token or secret is in the record."""
    assert recorded[0].leaks() == []


def test_the_shapes_are_there(recorded: Record) -> None:
    """The record holds services, methods, paths, cmdlets, statuses, keys and refusals: what a support case needs."""
    found = recorded[0].requests
    told = {(item["service"], item["method"], item["path"].partition("?")[0]) for item in found}
    assert ("sign-in", "POST", "/{guid(36)}/oauth2/v2.0/token") in told
    assert ("graph", "GET", "/v1.0/organization") in told
    assert ("exchange", "POST", "/adminapi/beta/{guid(36)}/InvokeCommand") in told
    assert "Get-OrganizationConfig" in {item["cmdlet"] for item in found}
    denied = [item for item in found if item["answer"].get("status") == 403]
    assert {("graph", "Authorization_RequestDenied"), ("compliance", "Forbidden")} == {
        (item["service"], code) for item in denied for code in item["answer"]["refusal"]
    }
    organization = next(
        i["answer"]["body"] for i in found if "/organization" in i["path"] and i["answer"]["status"] == 200
    )
    (shape,) = organization["value"]["shapes"]
    assert shape["id"] == "guid(36)"
    assert shape["onPremisesSyncEnabled"] == "null"


def test_secrets_have_not_even_a_length(recorded: Record) -> None:
    """Of a secret, a token or a code nothing is told but that there was one."""
    forms = [item["body"] for item in recorded[0].requests if item["path"].endswith("/token")]
    assert {form.get("client_secret", "secret") for form in forms} == {"secret"}
    tokens = [item["answer"]["body"] for item in recorded[0].requests if item["path"].endswith("/token")]
    assert {body.get("access_token", "secret") for body in tokens} == {"secret"}


@pytest.mark.deep
@pytest.mark.parametrize("side", ["source", "target"])
def test_no_table_leaks(recorded: Record, side: Any) -> None:
    """Whatever is read of a tenant, mailboxes, groups and licences included, leaves nobody's name in a record."""
    _, simulated, folder, world = recorded
    del simulated
    project = load_project(folder / "project-1")
    application = world.data[side]["applications"][0]
    sign_in = {
        "method": "secret",
        "client_id": application["app_id"],
        "secret": f"env:{application['secret_from_env']}",
    }
    settings = type(project.source).model_validate(project.side(side).model_dump() | {"sign_in": sign_in})
    project = project.model_copy(update={side: settings})
    recorder = Recorder(project)
    clock = clock_for(project)
    with watching(recorder):
        tenant = connect(project, side, redactor=Redactor(), clock=clock)
        reader = Reader(project, {side: tenant}, clock, {})
        for table in SIGNED_IN:
            reader.read(f"{side}.{table}")
    record = Recorded(recorder.text())
    assert record.leaks() == []
    assert {"Get-Mailbox", "Get-Recipient"} <= {item["cmdlet"] for item in record.requests} | {
        member["body"]["CmdletInput"]["CmdletName"]
        for item in record.requests
        if item["path"].endswith("/$batch") and item["service"] == "exchange"
        for member in item["body"]["requests"]["shapes"]
    }


def test_a_leak_would_be_seen() -> None:
    """The search finds what it looks for: a name, a GUID, a sign-in name, a token."""
    planted = json.dumps({"requests": [f"{PERSON} 5c0e5c0e-0000-4000-8000-00000000c0de a@b.example eyJhbGciOi"]})
    assert len(Recorded(planted).leaks()) == 4
