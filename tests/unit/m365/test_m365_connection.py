from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest
import requests
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from xtmig_kernel.m365 import connection
from xtmig_kernel.m365.clouds import live_hosts

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DATES = {0: "Mon, 23 Nov 2026 09:30:00 GMT", 400: "Mon, 23 Nov 2026 09:23:20 GMT", -90: "Mon, 23 Nov 2026 09:31:30 GMT"}
AUTHORITY = trustme.CA(organization_name="Contoso Web Gateway")


class Socket:
    """The end of a TLS connection at which one certificate was shown."""

    def getpeercert(self, *, binary_form: bool) -> bytes:
        assert binary_form
        pem = AUTHORITY.issue_cert("graph.microsoft.com").cert_chain_pems[0].bytes()
        return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


class Session:
    """Answers each request with one head, or raises; the last outcome is that of all further requests."""

    trust_env = True

    def __init__(self, outcomes: tuple[str | Exception, ...]) -> None:
        self._outcomes = list(outcomes)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def get(self, url: str, **options: Any) -> requests.Response:
        self.asked.append((url, options))
        outcome = self._outcomes[0] if len(self._outcomes) == 1 else self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        answer = requests.Response()
        answer.status_code = 401
        answer.headers["Date"] = outcome
        answer.raw = type("Raw", (), {"connection": type("C", (), {"sock": Socket()})(), "close": lambda _: None})()
        return answer


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Looks at the worldwide cloud's services, which give that outcome."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    clock = type("Clock", (), {"now": lambda _: NOW + timedelta(microseconds=1)})
    monkeypatch.setattr(connection, "SystemClock", clock)

    def looked(*outcomes: str | Exception) -> list[dict[str, Any]]:
        session = Session(outcomes)
        monkeypatch.setattr(connection, "new_session", lambda _: session)
        rows = connection.look_at_connections(live_hosts("worldwide"), "contoso.onmicrosoft.com", "the-tenant")
        assert all("headers" not in options and "auth" not in options for _, options in session.asked)
        return rows

    return looked


def test_each_service_is_looked_at(look: Any) -> None:
    """Sign-in, Graph and Exchange are three hosts, each asked once and without a token (fact F-01)."""
    hosts = [(row["Service"], row["Host"]) for row in look(DATES[0])]
    assert hosts == [
        ("sign-in", "login.microsoftonline.com"),
        ("graph", "graph.microsoft.com"),
        ("exchange", "outlook.office365.com"),
    ]


@pytest.mark.parametrize("seconds", DATES)
def test_the_clock_is_compared_with_the_date(look: Any, seconds: int) -> None:
    """F-95: the Date header against this machine's clock, in whole seconds; a clock that is ahead counts upwards."""
    assert {row["SecondsAhead"] for row in look(DATES[seconds])} == {seconds}


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 23 Nov 2026 09:30:00 -0000"])
def test_a_time_that_cannot_be_read_is_none(look: Any, date: str) -> None:
    """F-95: without a time there is no difference, least of all one of zero."""
    assert {row["SecondsAhead"] for row in look(date)} == {None}


def test_the_issuer_is_named(look: Any) -> None:
    """F-94: who issued the certificate that was shown, by the name of the organisation."""
    assert {row["Issuer"] for row in look(DATES[0])} == {"Contoso Web Gateway"}


def test_a_proxy_is_named_without_its_credentials(look: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy that the environment names is told by host and port; its user and password are not."""
    monkeypatch.setenv("HTTPS_PROXY", "http://svc-proxy:hunter2@proxy.contoso.com:8080")
    assert {row["Proxy"] for row in look(DATES[0])} == {"proxy.contoso.com:8080"}


def test_no_proxy_is_told_as_none(look: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that the environment excepts is reached directly."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.contoso.com:8080")
    monkeypatch.setenv("NO_PROXY", "graph.microsoft.com")
    proxies = {row["Service"]: row["Proxy"] for row in look(DATES[0])}
    assert proxies == {"sign-in": "proxy.contoso.com:8080", "graph": None, "exchange": "proxy.contoso.com:8080"}


REFUSED = ssl.SSLCertVerificationError("the chain ended in a certificate that is not trusted")


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (
            requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer"),
            "untrusted certificate",
        ),
        (requests.exceptions.SSLError(REFUSED), "untrusted certificate"),
        (requests.exceptions.SSLError("handshake failure"), "no connection"),
        (requests.exceptions.ProxyError("407"), "proxy"),
        (requests.exceptions.ReadTimeout(), "time-out"),
        (requests.exceptions.ConnectionError("refused"), "no connection"),
    ],
)
def test_what_is_not_reached_says_why(look: Any, error: Exception, problem: str) -> None:
    """A service that cannot be reached is a row with one of four reasons, and no time and no issuer."""
    assert {(row["Problem"], row["SecondsAhead"], row["Issuer"]) for row in look(error)} == {(problem, None, None)}


def test_one_connection_that_broke_is_tried_again(look: Any) -> None:
    """A service is told as not reached when three connections in a row broke, and not after one."""
    broken = requests.exceptions.ConnectionError("reset by peer")
    assert [row["Problem"] for row in look(broken, broken, DATES[0])] == [None, None, None]
