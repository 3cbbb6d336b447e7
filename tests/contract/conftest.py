"""Fixtures around the canned Microsoft 365."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trustme
from canned_calls import module_file
from canned_reads import BY_SECRET, Asking
from canned_wire import OPERATOR, TARGET, Canned, Login, NotingClock, NumberedTokens, project, serving

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.inventory import sign_in
from xtmig_kernel.m365 import TargetTenant, connect, tenants
from xtmig_kernel.m365.clouds import Hosts
from xtmig_kernel.m365.exchange import ExchangeClient
from xtmig_kernel.m365.exchange_errors import transience
from xtmig_kernel.m365.graph import GraphClient
from xtmig_kernel.m365.http import Http, new_session
from xtmig_kernel.m365.limiter import Limiter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requests import Session


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def canned(authority: trustme.CA) -> Iterator[Canned]:
    """The server, on HTTPS at localhost."""
    with serving(authority) as canned:
        yield canned


@pytest.fixture
def hosts(canned: Canned, ca_file: Path) -> Hosts:
    """All services of a tenant at the canned server, with the worldwide cloud's scopes."""
    return Hosts(
        login=canned.url,
        graph=canned.url,
        exchange=canned.url,
        exchange_scope="https://outlook.office365.com/.default",
        graph_scope="https://graph.microsoft.com/.default",
        portal=canned.url,
        host_suffixes=("localhost",),
        ca_file=ca_file,
    )


@pytest.fixture
def clock() -> NotingClock:
    return NotingClock()


@pytest.fixture
def tokens() -> NumberedTokens:
    return NumberedTokens()


@pytest.fixture
def session(hosts: Hosts) -> Iterator[Session]:
    with new_session(hosts) as session:
        yield session


@pytest.fixture
def told() -> list[str]:
    """What is told of waits."""
    return []


@pytest.fixture
def exchange(
    hosts: Hosts, tokens: NumberedTokens, clock: NotingClock, session: Session, told: list[str]
) -> ExchangeClient:
    http = Http("exchange", "target", hosts, tokens, clock, Limiter(3, clock), session, transience, told.append)
    return ExchangeClient(http, TARGET, "UPN:otis@northwindtraders.onmicrosoft.com")


@pytest.fixture
def graph(hosts: Hosts, tokens: NumberedTokens, clock: NotingClock, session: Session, told: list[str]) -> GraphClient:
    return GraphClient(Http("graph", "target", hosts, tokens, clock, Limiter(3, clock), session, tell=told.append))


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def person_login(canned: Canned) -> Login:
    """A sign-in service that lets a person of the target tenant in."""
    return Login(
        canned, {"upn": "otis@northwindtraders.onmicrosoft.com", "scp": "Directory.Read.All", "appid": OPERATOR}
    )


@pytest.fixture
def application_login(canned: Canned) -> Login:
    """A sign-in service that lets an application of the target tenant in."""
    return Login(canned, {"idtyp": "app", "appid": OPERATOR, "app_displayname": "Runbook operator", "roles": ["A.B"]})


@pytest.fixture
def canned_cloud(monkeypatch: pytest.MonkeyPatch, hosts: Hosts) -> None:
    """A live project's cloud is the canned server."""
    monkeypatch.setenv("XTMIG_TEST_SECRET", "the-operators-own-secret")
    for module in (tenants, sign_in):
        monkeypatch.setattr(module, "hosts_for", lambda *_: hosts)


@pytest.fixture
def asking(tmp_path: Path, canned: Canned, clock: NotingClock, application_login: Login, canned_cloud: None) -> Asking:
    """Reads of the target, signed in as an application."""
    return Asking(tmp_path, canned, clock, BY_SECRET)


@pytest.fixture
def target(
    tmp_path: Path, canned: Canned, clock: NotingClock, application_login: Login, canned_cloud: None
) -> TargetTenant:
    """The canned server as the target, with a key for secrets of our own."""
    canned.handlers["/EXOModuleFile"] = lambda _: module_file()
    return connect(project(tmp_path, **BY_SECRET), "target", redactor=Redactor(), clock=clock)
