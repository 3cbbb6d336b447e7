"""Connecting to a tenant, and running the calls of a change in it."""

from __future__ import annotations

import inspect
from base64 import b64decode
from typing import TYPE_CHECKING, Any, cast

import pytest
from canned_shell import CONNECTED, Play
from canned_wire import OPERATOR, SOURCE, TARGET, Answer, Canned, Login, NotingClock, project

from xtmig_kernel.changes import Credential, ExchangeCall, GraphCall, Later, MintedSecret, Subject
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError, WrongTenantError
from xtmig_kernel.m365 import CallReply, Hosts, SourceTenant, TargetTenant, connect, shell, tenants
from xtmig_kernel.runbook import open_section
from xtmig_kernel.runs.folder import new_project

if TYPE_CHECKING:
    from pathlib import Path

BY_SECRET = {"method": "secret", "client_id": OPERATOR, "secret": "env:XTMIG_TEST_SECRET"}
SUBJECT = Subject("target", "applications", (("UniqueName", "a"),), "the application")


@pytest.fixture(autouse=True)
def canned_hosts(monkeypatch: pytest.MonkeyPatch, hosts: Hosts) -> None:
    """A live project, whose cloud is the canned server."""
    monkeypatch.setenv("XTMIG_TEST_SECRET", "the-operators-own-secret")
    monkeypatch.setattr(tenants, "hosts_for", lambda *_: hosts)


@pytest.fixture
def target(tmp_path: Path, clock: NotingClock, application_login: Login) -> TargetTenant:
    return connect(project(tmp_path, **BY_SECRET), "target", redactor=Redactor(), clock=clock)


def test_the_two_sides_are_two_types(target: TargetTenant) -> None:
    """A target cannot be passed for a source, nor a source for a target."""
    assert isinstance(target, TargetTenant)
    assert not isinstance(target, SourceTenant)
    assert (target.side, target.tenant_id) == ("target", TARGET)


def test_the_tenant_is_proven_before_the_first_call(
    tmp_path: Path, clock: NotingClock, canned: Canned, application_login: Login
) -> None:
    """F-29: with a token of the other tenant nothing is asked of Exchange or Graph (EPT-01)."""
    application_login.claims["tid"] = SOURCE
    with pytest.raises(WrongTenantError):
        connect(project(tmp_path, **BY_SECRET), "target", redactor=Redactor(), clock=clock)
    assert all("/v2.0/" in seen.path for seen in canned.seen)


def test_an_application_is_anchored_at_the_system_mailbox(target: TargetTenant, canned: Canned) -> None:
    """F-03: an application's requests are anchored at the tenant's system mailbox."""
    canned.queue(Answer(body={"value": []}))
    target.exchange.invoke("Get-OrganizationConfig")
    anchor = f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{TARGET}"
    assert canned.seen[-1].headers["X-AnchorMailbox"] == anchor


def test_a_person_is_anchored_at_themselves(
    tmp_path: Path, clock: NotingClock, canned: Canned, person_login: Login
) -> None:
    """F-03: a person's requests are anchored at their own mailbox."""
    settings = {"method": "device_code", "client_id": OPERATOR}
    tenant = connect(project(tmp_path, **settings), "target", redactor=Redactor(), clock=clock, show=lambda *_: None)
    canned.queue(Answer(body={"value": []}))
    tenant.exchange.invoke("Get-OrganizationConfig")
    assert canned.seen[-1].headers["X-AnchorMailbox"] == f"UPN:{person_login.claims['upn']}"


def test_a_cmdlet_of_a_change_is_run(target: TargetTenant, canned: Canned) -> None:
    """An Exchange call answers its rows, warnings and request id."""
    body = {"value": [{"N": 1}], "@adminapi.warnings": ["w"]}
    canned.queue(Answer(body=body, headers={"Request-Id": "abc"}))
    reply = target.run(ExchangeCall("Get-Thing", {"Identity": "x"}))
    assert CallReply([{"N": 1}], "abc", ("w",)) == reply


def test_a_graph_request_of_a_change_is_run(target: TargetTenant, canned: Canned) -> None:
    """A Graph call's values are put into its path, percent-encoded."""
    canned.queue(Answer(201, {"id": "x"}, {"request-id": "abc"}))
    call = GraphCall("PATCH", "/applications(uniqueName='{name}')", {"name": "O'Neill & co"}, {"a": 1}, {"Prefer": "p"})
    assert CallReply({"id": "x"}, "abc") == target.run(call)
    seen = canned.seen[-1]
    assert seen.path == "/v1.0/applications(uniqueName='O%27%27Neill%20%26%20co')"
    assert (seen.body, seen.headers["Prefer"]) == ({"a": 1}, "p")


@pytest.mark.parametrize(
    "call",
    [
        GraphCall("DELETE", "/applications/{id}", {"id": Later(SUBJECT, "Id")}),
        GraphCall("DELETE", "/applications/{id}", {"id": " "}),
        GraphCall("DELETE", "/applications/{id}", {"id": ".."}),
        GraphCall("DELETE", "/applications/{id}"),
        ExchangeCall("Set-Thing", {"Identity": "x", "ApplicationId": Later(SUBJECT, "AppId")}),
        ExchangeCall("Set-Thing", {"Identity": "x", "Credentials": Credential("a", MintedSecret())}),
    ],
)
def test_what_is_not_known_yet_is_not_sent(target: TargetTenant, canned: Canned, call: Any) -> None:
    """Values that are only known later, and blank or upward path values, never leave this machine."""
    before = len(canned.seen)
    with pytest.raises(UsageError):
        target.run(call)
    assert before == len(canned.seen)


@pytest.fixture
def by_powershell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, application_login: Login) -> Play:
    """A project with transport powershell, on a machine whose shell plays what it is told."""
    application_login.claims |= {"iat": 0, "exp": 4102444800}
    play = Play(tmp_path, [CONNECTED])
    monkeypatch.setattr(tenants, "shell_command", play.command)
    return play


def connected_by_powershell(tmp_path: Path, clock: NotingClock) -> TargetTenant:
    given = project(tmp_path, **BY_SECRET).model_copy(update={"transport": "powershell"})
    return connect(given, "target", redactor=Redactor(), clock=clock)


def test_a_project_that_chose_powershell_sends_exchange_nothing(
    tmp_path: Path, clock: NotingClock, canned: Canned, by_powershell: Play
) -> None:
    """With transport powershell Exchange's cmdlets go to the shell, and Graph's requests over HTTP."""
    by_powershell.acts.append({"result": {"rows": [{"N": 1}], "warnings": ["w"]}})
    tenant = connected_by_powershell(tmp_path, clock)
    canned.queue(Answer(body={"id": "x"}))
    assert tenant.run(ExchangeCall("Get-Thing", {"Identity": "x"})) == CallReply([{"N": 1}], None, ("w",))
    assert tenant.run(GraphCall("GET", "/organization")).data == {"id": "x"}
    tenant.close()
    assert not [seen for seen in canned.seen if "adminapi" in seen.path.lower()]
    account = by_powershell.asked[0]["account"]
    assert account["name"] == "Organization"
    assert b64decode(account["value"]) == b"northwindtraders.onmicrosoft.com"


def test_the_shell_is_proven_while_signing_in(tmp_path: Path, clock: NotingClock, by_powershell: Play) -> None:
    """F-99: a session of another tenant is refused by `connect`, before any cmdlet (EPT-01)."""
    by_powershell.acts[:] = [{"error": {"refused": "other_tenant", "detail": SOURCE}}]
    with pytest.raises(WrongTenantError, match=SOURCE):
        connected_by_powershell(tmp_path, clock)
    assert [asked["do"] for asked in by_powershell.asked] == ["connect"]


def test_a_section_ends_its_shells(tmp_path: Path, by_powershell: Play) -> None:
    """There is one shell for a tenant: who signs in again ends the former one, and the section's end ends the last."""
    settings = project(tmp_path, **BY_SECRET).model_dump(mode="json", exclude_defaults=True)
    new_project(tmp_path / "project", settings | {"transport": "powershell"})
    opened = open_section("010", project=tmp_path / "project", mode="plan", redactor=Redactor())
    first, second = (cast("Any", opened.sign_in("target").exchange) for _ in range(2))
    assert first._shell is None
    shell = second._shell
    assert shell.running
    opened.close()
    assert not shell.running
    assert len(by_powershell.starts) == 2


def test_a_machine_without_powershell_is_told(
    tmp_path: Path, clock: NotingClock, application_login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without pwsh and powershell in the PATH the sign-in ends with what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="Install-Module ExchangeOnlineManagement"):
        connected_by_powershell(tmp_path, clock)


def test_powershell_7_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both shells pwsh is started, without logo, profile and prompts, on the bridge."""
    monkeypatch.setattr(shell.shutil, "which", lambda name: f"/bin/{name}")
    first, *options = shell.shell_command()
    assert first == "/bin/pwsh"
    assert options[:3] == ["-NoLogo", "-NoProfile", "-NonInteractive"]
    assert options[-2:] == ["-File", str(shell.BRIDGE)]
    monkeypatch.setattr(shell.shutil, "which", lambda name: "C:/p.exe" if name == "powershell" else None)
    assert shell.shell_command()[0] == "C:/p.exe"


def test_the_wait_is_the_projects_clock(target: TargetTenant, canned: Canned, clock: NotingClock) -> None:
    """Retries wait on the project's clock."""
    canned.queue(Answer(429, None, {"Retry-After": "3"}), Answer(body={"value": []}))
    target.exchange.invoke("Get-Thing")
    assert clock.waits == [3.0]


def test_connect_has_one_signature_for_each_side() -> None:
    """Connect takes side by position and everything else by name."""
    names = list(inspect.signature(connect).parameters)
    assert names == ["project", "side", "redactor", "clock", "ask", "show", "tell"]
