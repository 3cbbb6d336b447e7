"""Connecting to a tenant, and running the calls of a change in it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from canned_wire import OPERATOR, SOURCE, TARGET, Answer, Canned, Login, NotingClock, project

from xtmig_kernel.changes import Credential, ExchangeCall, GraphCall, Later, MintedSecret, Subject
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError, WrongTenantError
from xtmig_kernel.m365 import CallReply, Hosts, SourceTenant, TargetTenant, connect, tenants

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


def test_a_project_that_chose_powershell_does_not_call_exchange(
    tmp_path: Path, clock: NotingClock, application_login: Login
) -> None:
    """With transport powershell only Graph is signed in to; Exchange over HTTP is refused in words."""
    given = project(tmp_path, **BY_SECRET).model_copy(update={"transport": "powershell"})
    tenant = connect(given, "target", redactor=Redactor(), clock=clock)
    assert len(application_login.given) == 1
    with pytest.raises(UsageError, match="HTTP interface"):
        _ = tenant.exchange


def test_the_wait_is_the_projects_clock(target: TargetTenant, canned: Canned, clock: NotingClock) -> None:
    """Retries wait on the project's clock."""
    canned.queue(Answer(429, None, {"Retry-After": "3"}), Answer(body={"value": []}))
    target.exchange.invoke("Get-Thing")
    assert clock.waits == [3.0]


def test_connect_has_one_signature_for_each_side() -> None:
    """Connect takes side by position and everything else by name."""
    names = list(inspect.signature(connect).parameters)
    assert names == ["project", "side", "redactor", "clock", "ask", "show", "tell"]
