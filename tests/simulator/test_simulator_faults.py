"""Faults as a plain client sees them (docs/reference/simulator.md, Faults), planted one by one through control."""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from simulated_pair import EXCHANGE_SCOPE, GRAPH_SCOPE, SECRETS
from simulator_process import SimulatorProcess

OPERATOR = "7a26e700-0000-4000-8000-0000000b0001"
CMDLET = {"service": "exo", "cmdlet": "Get-AcceptedDomain"}
GROUPS = {"service": "graph", "path": "/v1.0/groups"}
TOKEN = {"service": "login", "path": "/northwindtraders.com/oauth2/v2.0/token"}


class Client:
    """Somebody with `requests` and the operator's tokens; retries nothing and follows nothing."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        self.simulator = simulator
        self.place = f"/adminapi/beta/{simulator.tenant_id('target')}"
        self.bearers = {
            service: str(self.sign_in(scope).json()["access_token"])
            for service, scope in (("exo", EXCHANGE_SCOPE), ("graph", GRAPH_SCOPE))
        }

    def sign_in(self, scope: str = EXCHANGE_SCOPE) -> requests.Response:
        form = {
            "grant_type": "client_credentials", "client_id": OPERATOR, "scope": scope,
            "client_secret": SECRETS["XTMIG_TARGET_SECRET"],
        }  # fmt: skip
        return self.simulator.secure.post(self.simulator.connection["login"] + TOKEN["path"], data=form, timeout=30)

    def plant(self, **fault: Any) -> None:
        self.simulator.control("POST", "/inject", fault)

    def send(self, service: str, method: str, url: str, body: Any = None, **headers: str) -> requests.Response:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = f"Bearer {self.bearers[service]}"
        url = url if url.startswith("https:") else self.simulator.connection[service] + url
        return self.simulator.secure.request(method, url, json=body, headers=headers, timeout=30, allow_redirects=False)

    def exo(self, cmdlet: str = "Get-AcceptedDomain", url: str = "", **parameters: Any) -> requests.Response:
        url = url or f"{self.place}/InvokeCommand"
        return self.send("exo", "POST", url, invocation(cmdlet, **parameters), Prefer="odata.maxpagesize=1")

    def graph(self, method: str = "GET", path: str = "/groups", body: Any = None) -> requests.Response:
        return self.send("graph", method, f"/v1.0{path}", body)

    def ask(self, service: str) -> requests.Response:
        """The request that the planted faults of a service are for."""
        return {"exo": self.exo, "graph": self.graph, "login": self.sign_in}[service]()

    def exo_batch(self, *cmdlets: str) -> dict[str, Any]:
        members = [
            {"id": str(n), "method": "POST", "url": f"{self.place}/InvokeCommand", "body": invocation(cmdlet)}
            for n, cmdlet in enumerate(cmdlets)
        ]
        answer = self.send("exo", "POST", f"{self.place}/$batch", {"requests": members}).json()
        return {part["id"]: part for part in answer["responses"]}

    def graph_batch(self, *paths: str) -> dict[str, Any]:
        members = [{"id": str(n), "method": "GET", "url": path} for n, path in enumerate(paths)]
        answer = self.graph("POST", "/$batch", {"requests": members}).json()
        return {part["id"]: part for part in answer["responses"]}

    def applications(self) -> set[str]:
        return {one["display_name"] for one in self.simulator.state("target")["applications"]}

    def injected(self, kind: str) -> int:
        return int(self.simulator.control("GET", "/stats")["faults"][kind])


def invocation(cmdlet: str, **parameters: Any) -> dict[str, Any]:
    return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}


class Tls:
    """TLS over a socket that can be read without it: Python's own layer tells a reset as an end (before 3.12)."""

    def __init__(self, host: str, port: int, ca_file: str) -> None:
        self.plain = socket.create_connection((host, port), timeout=30)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=ca_file)
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        while not self._shaken():
            self._incoming.write(self.plain.recv(65536))

    def _shaken(self) -> bool:
        """Whether the handshake is done; sends what is to be sent."""
        with suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        self.plain.sendall(self._outgoing.read())
        return self._tls.version() is not None

    def read_to_the_end(self) -> None:
        while self.plain.recv(65536):
            pass

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self.plain.sendall(self._outgoing.read())


@pytest.fixture(scope="module")
def client(simulator: SimulatorProcess) -> Client:
    return Client(simulator)


@pytest.mark.parametrize("where", [CMDLET, GROUPS], ids=["exo", "graph"])
def test_a_claims_challenge_says_which_token_will_do(client: Client, where: dict[str, str]) -> None:
    """A 401 asks in WWW-Authenticate for claims, base64 of JSON (F-24), and the next request is answered."""
    client.plant(kind="claims-challenge", **where)
    refused = client.ask(where["service"])
    found = re.search(r'error="insufficient_claims", claims="([^"]+)"', refused.headers["WWW-Authenticate"])
    assert found is not None
    assert json.loads(base64.b64decode(found[1]))["access_token"]["nbf"]["essential"] is True
    assert [401, 200] == [refused.status_code, client.ask(where["service"]).status_code]


def test_exchange_forbids_with_nul_bytes(client: Client) -> None:
    """The body of Exchange's 403 is a run of NUL bytes, and the reason is in X-ExceptionType alone (F-20)."""
    client.plant(kind="forbidden", **CMDLET)
    refused = client.exo()
    assert (403, {0}) == (refused.status_code, set(refused.content))
    assert refused.headers["X-ExceptionType"] == "CmdletAccessDeniedException"
    assert refused.headers["Request-Id"]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("forbidden", 403, "Authorization_RequestDenied"), ("not-found", 404, "Request_ResourceNotFound")],
)
def test_graph_refuses_with_a_code_and_a_request_id(client: Client, kind: str, status: int, code: str) -> None:
    """Graph's refusals have code, message and innerError with the request's id (F-30)."""
    client.plant(kind=kind, **GROUPS)
    refused = client.graph()
    error = refused.json()["error"]
    assert (status, code) == (refused.status_code, error["code"])
    assert error["innerError"]["request-id"] == refused.headers["request-id"]


def test_exchange_does_not_find_by_a_typed_detail(client: Client) -> None:
    """The 404 of a cmdlet has id, exception type and text between bars (F-17)."""
    client.plant(kind="not-found", service="exo", cmdlet="Get-AcceptedDomain")
    refused = client.exo(Identity="fabrikam.com")
    kind, text = refused.json()["error"]["details"][0]["message"].split("|")[1:]
    assert (404, "NotFound") == (refused.status_code, refused.json()["error"]["code"])
    assert kind == "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    assert "'fabrikam.com'" in text


@pytest.mark.parametrize("where", [CMDLET, GROUPS, TOKEN], ids=["exo", "graph", "login"])
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("request-timeout", 408),
        ("throttled", 429),
        ("server-error", 500),
        ("unavailable", 503),
        ("gateway-timeout", 504),
    ],
)
def test_each_service_has_its_passing_faults(client: Client, where: Any, kind: str, status: int) -> None:
    """A passing fault is answered with its status, without Retry-After, and the next request as ever."""
    client.plant(kind=kind, **where)
    refused = client.ask(where["service"])
    assert [status, 200] == [refused.status_code, client.ask(where["service"]).status_code]
    assert "Retry-After" not in refused.headers


@pytest.mark.parametrize("where", [CMDLET, GROUPS], ids=["exo", "graph"])
@pytest.mark.parametrize(("kind", "status"), [("throttled", 429), ("unavailable", 503)])
@pytest.mark.parametrize(("seconds", "text"), [(2, "2"), (1.5, "1.5")])
def test_retry_after_may_have_decimals(
    client: Client, where: Any, kind: str, status: int, seconds: float, text: str
) -> None:
    """Retry-After is in seconds, with decimals where the file has them (F-24)."""
    client.plant(kind=kind, retry_after=seconds, **where)
    refused = client.ask(where["service"])
    assert (status, text) == (refused.status_code, refused.headers["Retry-After"])


def test_exchange_throttles_in_plain_text(client: Client) -> None:
    """Too many requests at once are told in a plain text (F-21)."""
    client.plant(kind="throttled", **CMDLET)
    refused = client.exo()
    assert refused.headers["Content-Type"].startswith("text/plain")
    assert "maximum number of concurrent requests per tenant" in refused.text


def test_exchanges_own_faults_name_their_type_inside(client: Client) -> None:
    """A 500 has no details; innererror tells the type, a passing one unless another is wanted (F-22)."""
    client.plant(kind="server-error", **CMDLET)
    client.plant(kind="server-error", exception="System.NullReferenceException", **CMDLET)
    errors = [client.exo().json()["error"] for _ in range(2)]
    types = [error["innererror"]["type"] for error in errors]
    assert ["Microsoft.Exchange.Data.Directory.ADTransientException", "System.NullReferenceException"] == types
    assert ["InternalServerError"] * 2 == [error["code"] for error in errors]
    assert not any("details" in error for error in errors)


@pytest.mark.parametrize("kind", ["unavailable", "gateway-timeout"])
def test_what_stands_before_exchange_answers_in_html(client: Client, kind: str) -> None:
    """503 and 504 of Exchange are pages, no JSON (wire 1.7 F)."""
    client.plant(kind=kind, **CMDLET)
    refused = client.exo()
    assert refused.headers["Content-Type"].startswith("text/html")
    assert refused.text.startswith("<html>")


@pytest.mark.parametrize(("kind", "made"), [("reset-before", False), ("reset-after", True)])
def test_a_write_without_an_answer_was_carried_out_or_was_not(client: Client, kind: str, made: bool) -> None:
    """The connection breaks before the write takes effect, or after it."""
    client.plant(kind=kind, service="graph", method="POST", path="/v1.0/applications")
    with pytest.raises(requests.ConnectionError):
        client.graph("POST", "/applications", {"displayName": kind})
    assert made == (kind in client.applications())
    assert (201 if made else 0, kind) == tuple(client.simulator.record()[-1][key] for key in ("status", "fault"))


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
def test_a_reset_is_a_reset(client: Client, kind: str) -> None:
    """The operating system of the client reads "connection reset by peer", not an end in good order."""
    client.plant(kind=kind, service="login")
    address = urlsplit(client.simulator.connection["login"])
    tls = Tls(str(address.hostname), int(address.port or 0), client.simulator.connection["ca_file"])
    tls.send(b"GET /common/discovery/v2.0/keys HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with tls.plain, pytest.raises(ConnectionResetError):
        tls.read_to_the_end()


def test_a_reset_of_a_cmdlet_takes_its_whole_batch(client: Client) -> None:
    """A connection carries the batch, so the fault for one member's cmdlet hits all, once."""
    client.plant(kind="reset-before", service="exo", cmdlet="Get-MigrationEndpoint")
    with pytest.raises(requests.ConnectionError):
        client.exo_batch("Get-AcceptedDomain", "Get-MigrationEndpoint", "Get-MigrationEndpoint")
    answers = client.exo_batch("Get-AcceptedDomain", "Get-MigrationEndpoint")
    assert [200, 200] == [part["status"] for part in answers.values()]


@pytest.mark.parametrize("where", [CMDLET, GROUPS, TOKEN], ids=["exo", "graph", "login"])
def test_a_truncated_answer_ends_too_early(client: Client, where: Any) -> None:
    """The head promises more bytes than come before the connection closes."""
    client.plant(kind="truncated", **where)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        client.ask(where["service"])
    assert 200 == client.ask(where["service"]).status_code


def test_a_slow_answer_is_the_real_one(client: Client) -> None:
    """The answer is kept back for so many seconds, and is then what it would have been."""
    usual = client.exo().json()["value"]
    client.plant(kind="slow", seconds=0.4, **CMDLET)
    began = time.perf_counter()
    assert client.exo().json()["value"] == usual
    assert time.perf_counter() - began >= 0.4


@pytest.mark.parametrize(
    ("service", "header", "usual", "told"),
    [
        ("exo", "Rate-Limit-Remaining", "29999", "1500"),
        ("graph", "x-ms-throttle-limit-percentage", None, "0.95"),
    ],
)
def test_a_limit_that_is_near_is_told_in_a_header(
    client: Client, service: str, header: str, usual: str | None, told: str
) -> None:
    """The real answer says how little is left (F-24) or how much is used (F-33), and the next one as ever."""
    expected = client.ask(service).json()["value"]
    client.plant(kind="near-limit", left=0.05, service=service)
    near, after = client.ask(service), client.ask(service)
    assert (200, expected, told) == (near.status_code, near.json()["value"], near.headers.get(header))
    assert usual == after.headers.get(header)


def test_graph_is_silent_while_a_limit_is_far(client: Client) -> None:
    """Graph tells of a limit only once four fifths of it are used (F-33)."""
    client.plant(kind="near-limit", left=0.25, service="graph")
    assert "x-ms-throttle-limit-percentage" not in client.ask("graph").headers


def test_a_regional_host_answers_after_a_redirect(client: Client) -> None:
    """302 names another host (F-27) that takes the same request with the token, and leads nowhere else."""
    client.plant(kind="redirect", times=2, **CMDLET)
    sent_on = client.exo()
    place = sent_on.headers["Location"]
    assert not place.startswith(client.simulator.connection["exo"])
    assert [302, 200, 302] == [sent_on.status_code, client.exo(url=place).status_code, client.exo().status_code]


def test_who_follows_a_redirect_blindly_loses_the_token(client: Client) -> None:
    """A client that lets its library follow arrives without Authorization, and so is refused."""
    client.plant(kind="redirect", status=307, **CMDLET)
    headers = {"Authorization": f"Bearer {client.bearers['exo']}"}
    url = f"{client.simulator.connection['exo']}{client.place}/InvokeCommand"
    body = invocation("Get-AcceptedDomain")
    assert 401 == client.simulator.secure.post(url, json=body, headers=headers, timeout=30).status_code


def test_an_expired_page_link_of_exchange(client: Client) -> None:
    """The first page is answered; its link is refused with the text about thirty minutes (F-16)."""
    client.plant(kind="page-expired", **CMDLET)
    first = client.exo()
    refused = client.exo(url=first.json()["@odata.nextLink"])
    inner = refused.json()["error"]["innererror"]["internalexception"]
    assert (200, 400) == (first.status_code, refused.status_code)
    assert inner["message"] == "Expired or Invalid pagination request. Default Expiry time is 00:30:00"


def test_an_expired_page_link_of_graph(client: Client) -> None:
    """The first page is answered; its link is refused as a bad request."""
    client.plant(kind="page-expired", service="graph", path="/v1.0/users")
    first = client.graph(path="/users?$top=1")
    refused = client.send("graph", "GET", first.json()["@odata.nextLink"])
    assert (200, 400) == (first.status_code, refused.status_code)
    assert "page token" in refused.json()["error"]["message"]


def test_a_warning_stands_beside_the_rows(client: Client) -> None:
    """HTTP 200 with the real rows, and a text in @adminapi.warnings (F-13), in a batch as well."""
    usual = client.exo().json()
    client.plant(kind="warning", text="Micro delay applied.", times=2, **CMDLET)
    warned, member = client.exo(), client.exo_batch("Get-AcceptedDomain")["0"]
    assert (200, usual["value"]) == (warned.status_code, warned.json()["value"])
    assert ["Micro delay applied."] == warned.json()["@adminapi.warnings"] == member["body"]["@adminapi.warnings"]
    assert [] == usual["@adminapi.warnings"]


@pytest.mark.parametrize(("language", "words"), [("pt-BR", "não foi encontrado"), ("zh-TW", "找不到物件")])
def test_a_refusal_in_another_language_keeps_its_type(client: Client, language: str, words: str) -> None:
    """The text is the administrator's, the exception type is the same as ever (shapes 3.2)."""
    client.plant(kind="localised", language=language, **CMDLET)
    kind, text = client.exo().json()["error"]["details"][0]["message"].split("|")[1:]
    assert kind.endswith(".ManagementObjectNotFoundException")
    assert words in text


def test_a_member_of_a_graph_batch_is_throttled_alone(client: Client) -> None:
    """In a batch that is answered 200 one member is 429 (F-32); a request of its own is not hit."""
    client.plant(kind="throttled-member", retry_after=0.5, **GROUPS)
    assert 200 == client.graph().status_code
    parts = client.graph_batch("/organization", "/groups", "/groups")
    assert [200, 429, 200] == [parts[str(n)]["status"] for n in range(3)]
    assert "0.5" == parts["1"]["headers"]["Retry-After"]


def test_a_member_of_an_exchange_batch_is_throttled_alone(client: Client) -> None:
    """In a batch that is answered 200 one member is 429 (F-28); a request of its own is not hit."""
    client.plant(kind="throttled-member", **CMDLET)
    assert 200 == client.exo().status_code
    parts = client.exo_batch("Get-OrganizationConfig", "Get-AcceptedDomain", "Get-AcceptedDomain")
    assert [200, 429, 200] == [parts[str(n)]["status"] for n in range(3)]


def test_an_answer_in_the_files_own_words(client: Client) -> None:
    """Status, body and headers are what the fault says."""
    client.plant(kind="answer", status=418, body={"tea": "pot"}, headers={"X-Tea": "green"}, **GROUPS)
    answer = client.graph()
    assert (418, {"tea": "pot"}, "green") == (answer.status_code, answer.json(), answer.headers["X-Tea"])


def test_what_was_injected_is_counted_and_recorded(client: Client) -> None:
    """The statistics count each kind, planned ones that hit nothing too; the record names the fault of a line."""
    before = client.injected("server-error")
    client.plant(kind="server-error", times=2, **GROUPS)
    assert before == client.injected("server-error")
    statuses = [client.graph().status_code for _ in range(3)]
    assert ([500, 500, 200], before + 2) == (statuses, client.injected("server-error"))
    assert ["server-error", "server-error", None] == [line.get("fault") for line in client.simulator.record()[-3:]]


def test_control_refuses_a_fault_that_it_does_not_know(client: Client) -> None:
    """What cannot be planted is told with its place."""
    token = {"X-Control-Token": client.simulator.connection["control_token"]}
    url = f"{client.simulator.connection['control']}/inject"
    answer = client.simulator.plain.post(url, json={"kind": "slow", **GROUPS}, headers=token, timeout=30)
    assert 400 == answer.status_code
    assert "seconds: this key is missing" in answer.json()["error"]
