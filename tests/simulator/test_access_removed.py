"""From an account that may do everything one right is taken: `check-access` names it, and nothing else."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from access_world import (
    DIRECTORY_ROLES,
    EXCHANGE_ROLES,
    GRAPH,
    SCOPES,
    SECRETS,
    Running,
    World,
    asked,
    failures,
    running,
    without,
)
from core_facts import make_project
from stand_in_powershell import install, path_with

from xtmig_kernel.evidence import Unseen
from xtmig_kernel.rules.rights_needed import cmdlets_needed
from xtmig_kernel.runs.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xtmig_kernel.project import Side

CASES: dict[str, tuple[Side, str, dict[str, Any], set[str]]] = {}
"""Name to side, kind of account, what is changed in it, and what must be asked for."""
FAST = {
    "target application without Move Mailboxes",
    "source application without Exchange.ManageAsApp",
    "source person without Exchange Administrator",
    "target person whose client lacks Application.ReadWrite.All",
}


def _case(side: Side, kind: str, what: str, changes: dict[str, Any], *missing: str) -> None:
    CASES[f"{side} {kind} {what}"] = (side, kind, changes, set(missing))


# An application's permissions; where another one that it holds is enough, nothing is missing.
for _side, _names in (
    ("source", {"Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "Organization.Read.All"}),
    (
        "target",
        {
            "Application.ReadWrite.All",
            "AppRoleAssignment.ReadWrite.All",
            "Organization.Read.All",
            "User.ReadWrite.All",
            "GroupMember.Read.All",
        },
    ),
):
    for _name in GRAPH:
        _needed = (_name,) if _name in _names else ()
        _case(_side, "application", f"without {_name}", {"graph": without(GRAPH, _name)}, *_needed)  # type: ignore[arg-type]
_case(
    "source",
    "application",
    "that reads no user",
    {"graph": without(GRAPH, "User.Read.All", "User.ReadWrite.All")},
    "User.Read.All",
)
_case(
    "target",
    "application",
    "that assigns nothing",
    {"graph": without(GRAPH, "LicenseAssignment.ReadWrite.All", "User.ReadWrite.All")},
    "LicenseAssignment.ReadWrite.All",
    "User.ReadWrite.All",
)
for _side in ("source", "target"):
    _case(_side, "application", "without Exchange.ManageAsApp", {"exchange": []}, "Exchange.ManageAsApp")  # type: ignore[arg-type]
    _case(_side, "application", "without a role", {"exchange_roles": []}, "Exchange Administrator")  # type: ignore[arg-type]

# Management roles of Exchange; Migration and Move Mailboxes both hold the cmdlets of endpoints and batches.
_ROLES = {
    "source": {"Organization Configuration", "Mail Recipients", "Security Group Creation and Membership"},
    "target": {"Organization Configuration", "Mail Recipients", "Mail Recipient Creation", "Move Mailboxes"},
}
for _side, _names in _ROLES.items():
    for _name in EXCHANGE_ROLES:
        _needed = (_name,) if _name in _names else ()
        _case(_side, "application", f"without {_name}", {"exchange_roles": without(EXCHANGE_ROLES, _name)}, *_needed)  # type: ignore[arg-type]
_case(
    "target",
    "application",
    "without both roles of moves",
    {"exchange_roles": without(EXCHANGE_ROLES, "Migration", "Move Mailboxes")},
    "Migration",
    "Move Mailboxes",
)
_case(
    "target",
    "application",
    "with sharing instead of configuration",
    {"exchange_roles": [*without(EXCHANGE_ROLES, "Organization Configuration"), "Federated Sharing"]},
    "Organization Configuration",
)

# A person's roles, and what their client was consented to.
for _side in ("source", "target"):
    _licences = {"License Administrator"} if _side == "target" else set()
    _lost = {"Exchange Administrator": _ROLES[_side] | ({"Migration"} if _side == "target" else set())}
    for _name in DIRECTORY_ROLES:
        _asked = _lost.get(_name) or ({_name} & ({"Cloud Application Administrator"} | _licences))
        _case(_side, "person", f"without {_name}", {"directory_roles": without(DIRECTORY_ROLES, _name)}, *_asked)  # type: ignore[arg-type]
    for _name in ("Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "Organization.Read.All"):
        _case(_side, "person", f"whose client lacks {_name}", {"scopes": without(SCOPES, _name)}, _name)  # type: ignore[arg-type]


def _cmdlets(side: Side) -> list[str]:
    project = make_project(users={"choose": "attribute", "tag": True})
    return sorted({need.cmdlet for need in cmdlets_needed(side, project)})


CMDLETS: list[tuple[Side, str]] = [(side, cmdlet) for side in ("source", "target") for cmdlet in _cmdlets(side)]  # type: ignore[arg-type]


SCRIPT = (shipped("examples") / "own-application.ps1").read_text(encoding="utf-8")
LEAST: dict[str, Any] = {
    "consent": {"source": "person", "target": "person"},
    "licences": {"add_on_side": "none"},
}
"""What a project says whose applications need the least."""
SPARE = {"Migration", "Policy.Read.All"}
"""What the script gives besides: Move Mailboxes holds the cmdlets of Migration by what is remembered of it, and the
policy on secrets is read where that is permitted."""


def scripted(name: str) -> list[str]:
    """A list of the script that makes an application with least rights."""
    (line,) = re.findall(rf"^\${name} = @\((.*)\)$", SCRIPT, re.MULTILINE)
    return re.findall(r"'([^']+)'", line)


def least(side: str) -> dict[str, Any]:
    """The rights that the script gives where the project asks for the least."""
    return {"graph": scripted(f"graph{side.title()}"), "exchange_roles": scripted(f"exchange{side.title()}")}


GIVEN: list[tuple[Side, str, str]] = [
    (side, kind, right)
    for side in ("source", "target")
    for kind, rights in least(side).items()
    for right in rights
    if right not in SPARE
]


class Tenants:
    """The simulated tenants and the sign-ins of each case."""

    def __init__(self, world: World) -> None:
        self.whole = {side: world.application(side) for side in ("source", "target")}
        self.whole_person = {side: world.person(side) for side in ("source", "target")}
        self.lacking = {
            name: (world.application if kind == "application" else world.person)(side, **changes)
            for name, (side, kind, changes, _) in CASES.items()
        }
        self.eligible = {
            (side, role): world.person(side, directory_roles=without(DIRECTORY_ROLES, role), eligible_roles=[role])
            for side in ("source", "target")
            for role in DIRECTORY_ROLES
        }
        self.cmdlet = {
            (side, cmdlet): world.application(
                side, offered_cmdlets=without([*_cmdlets(side), "Get-OrganizationConfig"], cmdlet)
            )
            for side, cmdlet in CMDLETS
        }
        self.scripted = {side: world.application(side, **least(side)) for side in ("source", "target")}
        more = [*scripted("graphConsents"), *scripted("graphLicences")]
        self.scripted_all = {
            side: world.application(side, **least(side) | {"graph": [*least(side)["graph"], *more]})
            for side in ("source", "target")
        }
        self.scripted_less = {
            (side, right): world.application(side, **least(side) | {kind: without(least(side)[kind], right)})
            for side, kind, right in GIVEN
        }
        self.guest = world.person("target", home_tenant="0d0d0d0d-0000-4000-8000-00000000aaaa")
        self.unknown_client = world.person("source", scopes=[])
        self.running: Running

    def pair(self, side: Side, sign_in: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """That sign-in on its side, and one that may do everything on the other."""
        return (sign_in, self.whole["target"]) if side == "source" else (self.whole["source"], sign_in)


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    world = World()
    made = Tenants(world)
    with pytest.MonkeyPatch.context() as patch, running(tmp_path_factory.mktemp("access"), world) as simulated:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        made.running = simulated
        yield made


def _marked(name: str) -> Any:
    return pytest.param(name, id=name, marks=() if name in FAST else pytest.mark.deep)


OTHER: dict[Side, Side] = {"source": "target", "target": "source"}


@pytest.mark.parametrize("name", [_marked(name) for name in CASES])
def test_what_is_missing_is_asked_for_and_nothing_else(tenants: Tenants, name: str) -> None:
    """Of a right that is taken away its administrator is asked for by name, and nobody is asked for anything else."""
    side, _, _, missing = CASES[name]
    access = tenants.running.check(*tenants.pair(side, tenants.lacking[name]))
    assert access.problems == {}
    assert missing == asked(access, side)
    assert set() == asked(access, OTHER[side])
    assert access.own == []
    assert bool(missing) == (access.exit_code in (3, 5))


@pytest.mark.parametrize("kind", ["application", "person"])
def test_nothing_is_missing_where_nothing_is_taken(tenants: Tenants, kind: str) -> None:
    """An account with every right is asked for nothing: exit code 0, and everything was seen."""
    whole = tenants.whole if kind == "application" else tenants.whole_person
    access = tenants.running.check(whole["source"], whole["target"])
    assert (access.requests, access.own, failures(access), access.exit_code) == ({}, [], set(), 0)
    assert [finding for finding in access.findings if isinstance(finding.verdict, Unseen)] == []


@pytest.mark.deep
@pytest.mark.parametrize(("side", "cmdlet"), CMDLETS)
def test_the_cmdlet_that_is_missing_is_named(tenants: Tenants, side: Side, cmdlet: str) -> None:
    """Where one cmdlet is not on offer, it alone is what fails, with the parameter that is needed of it."""
    access = tenants.running.check(*tenants.pair(side, tenants.cmdlet[side, cmdlet]))
    assert {cmdlet} == {subject.partition(" ")[0] for subject in failures(access)}
    assert len(asked(access, side)) == 1
    assert asked(access, OTHER[side]) == set()


@pytest.mark.parametrize(
    ("side", "role"),
    [
        pytest.param(side, role, marks=() if (side, role) == ("target", "Exchange Administrator") else pytest.mark.deep)
        for side in ("source", "target")
        for role in DIRECTORY_ROLES
        if (side, role) != ("source", "License Administrator")  # licences are given out in the target
    ],
)
def test_an_inactive_role_is_to_be_activated(tenants: Tenants, side: Side, role: str) -> None:
    """A role that is eligible and not active is named as such: nobody is asked for it (fact F-93)."""
    access = tenants.running.check(*tenants.pair(side, tenants.eligible[side, role]))
    assert access.requests == {}
    assert [what.partition(" in ")[0] for what in access.own] == [f"{side.upper()}: Activate {role}"]


@pytest.mark.deep
def test_the_script_gives_enough(tenants: Tenants) -> None:
    """An application with the rights of the shipped script lacks nothing, with licences and consent or without."""
    for applications, settings in ((tenants.scripted, LEAST), (tenants.scripted_all, {})):
        access = tenants.running.check(applications["source"], applications["target"], **settings)
        assert (access.requests, failures(access), access.exit_code) == ({}, set(), 0)


@pytest.mark.deep
@pytest.mark.parametrize(("side", "right"), [(side, right) for side, _, right in GIVEN])
def test_the_script_gives_no_more(tenants: Tenants, side: Side, right: str) -> None:
    """Each right that the script gives is needed: without it something is missing."""
    pair = (tenants.scripted_less[side, right], tenants.scripted[OTHER[side]])
    access = tenants.running.check(*(pair if side == "source" else reversed(pair)), **LEAST)
    assert set(access.requests) == {side}


def test_an_account_of_another_tenant_is_told(tenants: Tenants) -> None:
    """A guest's or a partner administrator's token is of another tenant: it is named, and nothing is asked for."""
    access = tenants.running.check(*tenants.pair("target", tenants.guest))
    told = str(access.problems["target"])
    assert "0d0d0d0d-0000-4000-8000-00000000aaaa" in told
    assert "guest" in told
    assert access.requests == {}
    assert access.exit_code == 3


def test_consent_that_is_missing_is_asked_for(tenants: Tenants) -> None:
    """A client to which nobody has consented cannot sign anybody in: the administrator is asked for consent."""
    access = tenants.running.check(*tenants.pair("source", tenants.unknown_client))
    assert "AADSTS65001" in str(access.problems["source"])
    assert asked(access, "source") == {"admin consent to the sign-in application"}
    assert asked(access, "target") == set()


class Strict:
    """Tenants whose policies stand in the way."""

    def __init__(self, folder: Any, source: dict[str, Any], target: dict[str, Any]) -> None:
        world = World()
        world.data["source"]["policies"] = source
        world.data["target"]["policies"] = target
        self.people = {side: world.person(side) for side in ("source", "target")}
        self.applications = {side: world.application(side) for side in ("source", "target")}
        self.context = running(folder, world)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Strict, Running]]:
    """The source blocks the device code; the target blocks every person and forbids secrets."""
    made = Strict(
        tmp_path_factory.mktemp("strict"),
        {"block_device_code": True},
        {"block_persons": True, "secrets": {"allowed": False}},
    )
    with pytest.MonkeyPatch.context() as patch, made.context as simulated:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        yield made, simulated


@pytest.mark.deep
def test_blocked_sign_ins_say_why(strict: tuple[Strict, Running]) -> None:
    """A blocked device code leads to the browser, and Conditional Access is named, each with what to ask for."""
    made, simulated = strict
    access = simulated.check(made.people["source"], made.people["target"])
    assert "method: browser" in str(access.problems["source"])
    assert "Conditional Access" in str(access.problems["target"])
    assert asked(access, "source") == {"sign-in by device code"}
    assert asked(access, "target") == {"sign-in by device code"}  # a person who came by device code, too


@pytest.mark.deep
def test_forbidden_secrets_need_an_exception(strict: tuple[Strict, Running]) -> None:
    """Where applications may have no secret, an exception is asked for by the migration application's name (APP-11)."""
    made, simulated = strict
    access = simulated.check(made.applications["source"], made.applications["target"])
    assert asked(access, "target") == {"an exception from the application management policy"}
    assert "xtmig mailbox migration check" in access.letters["target"]
    assert failures(access) == {"secrets of applications"}


@pytest.mark.deep
def test_shortened_secrets_need_an_exception(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that lets secrets live for less than the project needs is told with both numbers."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    made = Strict(tmp_path, {}, {"secrets": {"max_days": 90}})
    with made.context as simulated:
        access = simulated.check(made.applications["source"], made.applications["target"])
    assert asked(access, "target") == {"an exception from the application management policy"}
    assert "180 days" in access.letters["target"]
    assert "90" in access.letters["target"]


def test_letters_are_ready_to_send(tenants: Tenants) -> None:
    """Each side's letter names the tenant, the account and what is missing, and nothing of the other side."""
    name = "target application without Move Mailboxes"
    access = tenants.running.check(*tenants.pair("target", tenants.lacking[name]))
    (text,) = access.letters.values()
    assert "northwindtraders.onmicrosoft.com" in text
    assert "1. The Exchange management role Move Mailboxes" in text
    assert str(tenants.lacking[name]["client_id"]) in text
    assert "contoso" not in text


def test_a_missing_powershell_is_told(tenants: Tenants, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With transport powershell and no shell both sign-ins end with what to install; that is a setting to mend."""
    monkeypatch.setenv("PATH", str(tmp_path))
    access = tenants.running.check(tenants.whole["source"], tenants.whole["target"], transport="powershell")
    told = {side: str(error) for side, error in access.problems.items()}
    assert told.keys() == {"source", "target"}
    assert all("Install-Module ExchangeOnlineManagement" in words for words in told.values())
    assert access.exit_code == 2


@pytest.mark.deep
@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line that names its interpreter")
def test_the_same_is_missing_through_powershell(
    tenants: Tenants, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked through a (stand-in) shell, `check-access` names the same missing role, and nothing else."""
    name = "target application without Move Mailboxes"
    notes = tmp_path / "cmdlets"
    monkeypatch.setenv("PATH", path_with(install(tmp_path / "bin", tenants.running.connection, notes)))
    access = tenants.running.check(*tenants.pair("target", tenants.lacking[name]), transport="powershell")
    assert access.problems == {}
    assert (asked(access, "target"), asked(access, "source")) == ({"Move Mailboxes"}, set())
    assert "Get-OrganizationConfig" in notes.read_text(encoding="utf-8")
