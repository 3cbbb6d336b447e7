"""The client against simulated tenants in which things go wrong (docs/reference/simulator.md, Faults).

What passes by itself vanishes from a read; what stays becomes an error that names its cause; a write whose answer was
lost is never sent twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from canned_wire import NotingClock
from simulator_process import SimulatorProcess, running_simulator
from test_against_simulator import SECRETS, project

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import AccessDenied, NotFound, Rejected, ServiceError, SignInError, Throttled, Unavailable
from xtmig_kernel.m365 import GraphReply, GraphRequest, TargetTenant, UncertainWrite, connect, exchange
from xtmig_kernel.runbook import open_section

if TYPE_CHECKING:
    from collections.abc import Iterator

READS = {"exo": "Get-AcceptedDomain", "graph": "/users"}
WRITES = {"exo": "Set-OrganizationRelationship", "graph": "/applications"}
RELATIONSHIP = {"Identity": "Fabrikam free-busy", "Enabled": True}


@dataclass
class Troubled:
    """A client of the simulated target tenant, where things go wrong that a test plants."""

    simulator: SimulatorProcess
    tenant: TargetTenant
    clock: NotingClock

    def plant(self, fault: dict[str, Any], service: str, called: str) -> None:
        """A fault for the next request with this cmdlet, or below this path of Graph."""
        where = {"cmdlet": called} if service == "exo" else {"path": f"/v1.0{called}"}
        self.simulator.control("POST", "/inject", {"service": service, **where, **fault})

    def read(self, service: str) -> tuple[Any, ...]:
        if service == "exo":
            return self.tenant.exchange.invoke(READS["exo"]).rows
        return self.tenant.graph.get_all(READS["graph"], {"$select": "id,userPrincipalName", "$top": "5"})

    def write(self, service: str) -> Any:
        if service == "exo":
            return self.tenant.exchange.invoke(WRITES["exo"], RELATIONSHIP)
        return self.tenant.graph.request("POST", WRITES["graph"], {"displayName": "Trouble"})

    def sent(self, called: str, since: int) -> list[int]:
        """Status of each request for a cmdlet or path that the simulator got; 0 is none."""
        lines = self.simulator.record()[since:]
        return [line["status"] for line in lines if called in (line["cmdlet"], line["path"].removeprefix("/v1.0"))]

    def mark(self) -> int:
        return len(self.simulator.record())

    def injected(self, kind: str) -> int:
        return int(self.simulator.control("GET", "/stats")["faults"].get(kind, 0))


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with running_simulator(environment=SECRETS) as simulator:
        yield simulator


@pytest.fixture
def troubled(simulator: SimulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Troubled:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    clock = NotingClock()
    tenant = connect(project(simulator, tmp_path), "target", redactor=Redactor(), clock=clock)
    return Troubled(simulator, tenant, clock)


PASSING: list[dict[str, Any]] = [
    {"kind": "throttled"},
    {"kind": "throttled", "retry_after": 1.5},
    {"kind": "unavailable"},
    {"kind": "gateway-timeout"},
    {"kind": "reset-before"},
    {"kind": "reset-after"},
    {"kind": "truncated"},
    {"kind": "slow", "seconds": 0.1},
    {"kind": "claims-challenge"},
]
OF_EXCHANGE: list[dict[str, Any]] = [{"kind": "server-error"}, {"kind": "redirect"}]


@pytest.mark.parametrize(
    ("service", "fault"),
    [*(("exo", fault) for fault in [*PASSING, *OF_EXCHANGE]), *(("graph", fault) for fault in PASSING)],
    ids=lambda value: value if isinstance(value, str) else "-".join(str(part) for part in value.values()),
)
def test_what_passes_vanishes_from_a_read(troubled: Troubled, service: str, fault: dict[str, Any]) -> None:
    """A read that meets a passing fault answers what it would have answered (F-24, F-27, F-33)."""
    usual, before = troubled.read(service), troubled.injected(fault["kind"])
    troubled.plant(fault, service, READS[service])
    assert usual == troubled.read(service)
    assert before + 1 == troubled.injected(fault["kind"])


@pytest.mark.parametrize("service", ["exo", "graph"])
@pytest.mark.parametrize("seconds", [7, 1.5])
def test_retry_after_is_obeyed(troubled: Troubled, service: str, seconds: float) -> None:
    """The client waits as long as it is told, decimals included, and no longer (F-24, F-33)."""
    troubled.plant({"kind": "throttled", "retry_after": seconds}, service, READS[service])
    troubled.read(service)
    assert [seconds] == troubled.clock.waits


def test_a_section_tells_what_its_services_ask_for(troubled: Troubled, tmp_path: Path) -> None:
    """What waits for a service is told where the section tells everything else (F-24)."""
    told: list[str] = []
    (tmp_path / "project.yaml").write_text(
        yaml.safe_dump(project(troubled.simulator, tmp_path).model_dump(mode="json", exclude_defaults=True)),
        encoding="utf-8",
    )
    section = open_section("010", project=tmp_path, mode="plan", redactor=Redactor(), progress=told.append)
    tenant = section.sign_in("target")
    troubled.plant({"kind": "throttled", "retry_after": 0.01}, "exo", READS["exo"])
    tenant.exchange.invoke(READS["exo"])
    assert told == ["Exchange of the target asked us to wait 1 s (try 2 of 6)"]
    section.close()


@pytest.mark.parametrize("service", ["exo", "graph"])
def test_throttling_without_end_is_an_error(troubled: Troubled, service: str) -> None:
    """After five retries the caller is told (F-24)."""
    troubled.plant({"kind": "throttled", "times": 6}, service, READS[service])
    with pytest.raises(Throttled) as caught:
        troubled.read(service)
    assert (429, True) == (caught.value.status, bool(caught.value.request_id))
    assert 5 == len(troubled.clock.waits)


STAYING = [
    ("exo", {"kind": "forbidden"}, AccessDenied, "CmdletAccessDeniedException"),
    ("exo", {"kind": "not-found"}, NotFound, "ManagementObjectNotFoundException"),
    ("exo", {"kind": "localised", "language": "pt-BR"}, NotFound, "ManagementObjectNotFoundException"),
    ("exo", {"kind": "localised", "language": "zh-TW"}, NotFound, "ManagementObjectNotFoundException"),
    ("exo", {"kind": "server-error", "exception": "System.NullReferenceException"}, Unavailable,
     "NullReferenceException"),
    ("graph", {"kind": "forbidden"}, AccessDenied, "Authorization_RequestDenied"),
    ("graph", {"kind": "not-found"}, NotFound, "Request_ResourceNotFound"),
    ("graph", {"kind": "server-error"}, Unavailable, "InternalServerError"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "fault", "error", "name"), STAYING)
def test_what_stays_is_told_with_its_cause(
    troubled: Troubled, service: str, fault: dict[str, Any], error: type[ServiceError], name: str
) -> None:
    """The error has the service's own type name and request id, names side and call, and nothing is asked again."""
    since = troubled.mark()
    troubled.plant(fault, service, READS[service])
    with pytest.raises(error) as caught:
        troubled.read(service)
    found = caught.value
    assert ("target", name, True) == (found.side, found.exception_type, bool(found.request_id))
    assert f"{READS[service]} reported {name}" in str(found.cause)
    assert 1 == len(troubled.sent(READS[service], since))


def test_an_expired_page_link_is_never_a_shorter_list(troubled: Troubled) -> None:
    """The second page of a list is refused: the whole read is (F-16)."""
    assert len(troubled.read("graph")) > 5
    troubled.plant({"kind": "page-expired"}, "graph", READS["graph"])
    with pytest.raises(Rejected, match="page token"):
        troubled.read("graph")


def test_an_expired_page_link_of_exchange_is_read_anew(troubled: Troubled, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page link expires once: the list is the whole one, and no row of it comes twice (F-16)."""
    whole = troubled.read("exo")
    assert len(whole) > 1
    monkeypatch.setattr(exchange, "_PAGE", 1)
    since = troubled.mark()
    troubled.plant({"kind": "page-expired"}, "exo", READS["exo"])
    assert whole == troubled.read("exo")
    assert len(whole) + 2 == len(troubled.sent(READS["exo"], since))


def test_warnings_come_with_the_rows(troubled: Troubled) -> None:
    """What Exchange warns of on a 200 reaches the caller (F-13)."""
    troubled.plant({"kind": "warning", "text": "Micro delay applied."}, "exo", READS["exo"])
    assert ("Micro delay applied.",) == troubled.tenant.exchange.invoke(READS["exo"]).warnings


def test_the_claims_that_were_asked_for_reach_the_sign_in(troubled: Troubled) -> None:
    """The token after a claims challenge is asked for with those claims (F-24)."""
    since = troubled.mark()
    troubled.plant({"kind": "claims-challenge"}, "exo", READS["exo"])
    troubled.read("exo")
    (asked,) = [line for line in troubled.simulator.record()[since:] if line["service"] == "login"]
    assert '"nbf": {"essential": true' in asked["parameters"]["claims"]


def test_a_second_claims_challenge_is_an_error(troubled: Troubled) -> None:
    """The client answers one challenge; a service that goes on asking refuses the account."""
    since = troubled.mark()
    troubled.plant({"kind": "claims-challenge", "times": 2}, "exo", READS["exo"])
    with pytest.raises(AccessDenied):
        troubled.read("exo")
    assert [401, 401] == troubled.sent(READS["exo"], since)


def test_after_a_redirect_the_regional_host_is_asked_at_once(troubled: Troubled) -> None:
    """A tenant that is always sent on is sent on once (F-27)."""
    before = troubled.injected("redirect")
    troubled.plant({"kind": "redirect", "probability": 1.0, "times": 10}, "exo", "Get-OrganizationConfig")
    for _ in range(3):
        troubled.tenant.exchange.invoke("Get-OrganizationConfig")
    assert before + 1 == troubled.injected("redirect")


LOSING = [
    {"kind": kind}
    for kind in ("reset-before", "reset-after", "truncated", "server-error", "unavailable", "gateway-timeout",
                 "request-timeout")
]  # fmt: skip


@pytest.mark.parametrize("service", ["exo", "graph"])
@pytest.mark.parametrize("fault", LOSING, ids=lambda fault: fault["kind"])
def test_a_write_whose_answer_was_lost_is_sent_once(troubled: Troubled, service: str, fault: dict[str, Any]) -> None:
    """Nobody knows whether it was done, so it is told as open, and not sent again (F-24)."""
    since = troubled.mark()
    troubled.plant(fault, service, WRITES[service])
    with pytest.raises(UncertainWrite) as caught:
        troubled.write(service)
    assert "target" == caught.value.side
    assert 1 == len(troubled.sent(WRITES[service], since))


@pytest.mark.parametrize("service", ["exo", "graph"])
@pytest.mark.parametrize("kind", ["throttled", "claims-challenge"])
def test_a_write_that_was_turned_away_is_sent_again(troubled: Troubled, service: str, kind: str) -> None:
    """429 and 401 say that nothing was done, so the write is sent again and done once (F-24, F-64)."""
    since = troubled.mark()
    troubled.plant({"kind": kind}, service, WRITES[service])
    troubled.write(service)
    refused, done = troubled.sent(WRITES[service], since)
    assert (429 if kind == "throttled" else 401, True) == (refused, done in (200, 201))


def test_a_write_follows_a_redirect_and_is_done_once(troubled: Troubled) -> None:
    """The host that sends on does nothing itself (F-27)."""
    since = troubled.mark()
    troubled.plant({"kind": "redirect"}, "exo", WRITES["exo"])
    troubled.write("exo")
    assert [302, 200] == troubled.sent(WRITES["exo"], since)


def test_a_throttled_member_of_an_exchange_batch_is_sent_again_alone(troubled: Troubled) -> None:
    """Reads and writes: the other members are done once (F-28, F-64)."""
    since = troubled.mark()
    troubled.plant({"kind": "throttled-member"}, "exo", WRITES["exo"])
    calls = [(READS["exo"], {}), (WRITES["exo"], RELATIONSHIP)]
    assert not [reply for reply in troubled.tenant.exchange.invoke_many(calls) if isinstance(reply, ServiceError)]
    assert ([200], [429, 200]) == (troubled.sent(READS["exo"], since), troubled.sent(WRITES["exo"], since))


def test_what_depends_on_a_throttled_member_is_done_after_it(troubled: Troubled) -> None:
    """A member is throttled once: it and what depends on it are sent again, each is done once (F-32)."""
    since = troubled.mark()
    troubled.plant({"kind": "throttled-member"}, "graph", WRITES["graph"])
    made, read = troubled.tenant.graph.batch(
        [
            GraphRequest("POST", WRITES["graph"], {"displayName": "First"}),
            GraphRequest("GET", READS["graph"], depends_on=(0,)),
        ]
    )
    assert [GraphReply, GraphReply] == [type(made), type(read)]
    assert ([429, 201], [424, 200]) == (troubled.sent(WRITES["graph"], since), troubled.sent(READS["graph"], since))


def test_a_throttled_member_of_a_graph_batch_is_sent_again(troubled: Troubled) -> None:
    """Reads and writes: the other members are done once, and Retry-After of the member is obeyed (F-32, F-64)."""
    since = troubled.mark()
    troubled.plant({"kind": "throttled-member", "retry_after": 2.5}, "graph", WRITES["graph"])
    requests = [
        GraphRequest("GET", "/organization"), GraphRequest("POST", WRITES["graph"], {"displayName": "Trouble"}),
    ]  # fmt: skip
    assert not [reply for reply in troubled.tenant.graph.batch(requests) if isinstance(reply, ServiceError)]
    assert ([200], [429, 201]) == (troubled.sent("/organization", since), troubled.sent(WRITES["graph"], since))
    assert [2.5] == troubled.clock.waits


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
def test_a_lost_batch_leaves_each_write_open(troubled: Troubled, kind: str) -> None:
    """The answer to a batch is lost: every write in it may have been done, and none is sent again (F-64)."""
    since = troubled.mark()
    troubled.plant({"kind": kind}, "exo", WRITES["exo"])
    replies = troubled.tenant.exchange.invoke_many([(WRITES["exo"], RELATIONSHIP)] * 2)
    assert [UncertainWrite] * 2 == [type(reply) for reply in replies]
    assert (0 if kind == "reset-before" else 2) == len(troubled.sent(WRITES["exo"], since))


SIGN_IN_FAULTS = ["unavailable", "server-error", "reset-after", "truncated", "throttled"]


@pytest.mark.parametrize("kind", SIGN_IN_FAULTS)
def test_a_passing_fault_of_the_sign_in_service_vanishes(troubled: Troubled, tmp_path: Path, kind: str) -> None:
    """A sign-in that meets a passing fault is tried again (F-24)."""
    before = troubled.injected(kind)
    troubled.simulator.control("POST", "/inject", {"service": "login", "method": "POST", "kind": kind})
    tenant = connect(project(troubled.simulator, tmp_path), "target", redactor=Redactor(), clock=troubled.clock)
    assert "application" == tenant.identity.kind
    assert before + 1 == troubled.injected(kind)


@pytest.mark.parametrize("kind", SIGN_IN_FAULTS)
def test_a_lasting_fault_of_the_sign_in_service_is_a_typed_error(troubled: Troubled, tmp_path: Path, kind: str) -> None:
    """A sign-in that fails at every try says so in words, with the side (F-24)."""
    error = SignInError if kind == "throttled" else Unavailable
    troubled.simulator.control("POST", "/inject", {"service": "login", "method": "POST", "kind": kind, "times": 6})
    with pytest.raises(error, match="TARGET: "):
        connect(project(troubled.simulator, tmp_path), "target", redactor=Redactor(), clock=troubled.clock)
