"""The one HTTP policy: what is retried, what never is, and where a token may go."""

from __future__ import annotations

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from canned_wire import Answer, Canned, NotingClock, NumberedTokens, Seen

from xtmig_kernel.errors import AccessDenied, Rejected, Throttled, Unavailable
from xtmig_kernel.m365 import TimedOut, UncertainWrite, waits
from xtmig_kernel.m365 import http as policy
from xtmig_kernel.m365.graph import GraphClient
from xtmig_kernel.m365.http import Http
from xtmig_kernel.m365.limiter import Limiter

if TYPE_CHECKING:
    from requests import Session

    from xtmig_kernel.m365 import ExchangeClient, Hosts

DONE = Answer(body={"value": []})


def test_a_refused_token_is_renewed_once(exchange: ExchangeClient, canned: Canned, tokens: NumberedTokens) -> None:
    """F-24: a 401 is answered with a new token, for a write too, for nothing was done."""
    canned.queue(Answer(401), DONE)
    exchange.invoke("Set-Thing", {"Identity": "x"})
    assert [seen.headers["Authorization"] for seen in canned.seen] == ["Bearer token-1", "Bearer token-2"]


def test_a_claims_challenge_is_answered(exchange: ExchangeClient, canned: Canned, tokens: NumberedTokens) -> None:
    """F-24: a 401 may ask for claims; the new token is asked for with them."""
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'
    header = f'Bearer error="insufficient_claims", claims="{base64.b64encode(claims.encode()).decode()}"'
    canned.queue(Answer(401, None, {"WWW-Authenticate": header}), DONE)
    exchange.invoke("Get-Thing")
    assert tokens.claims == [claims]


def test_a_second_401_is_a_denial(exchange: ExchangeClient, canned: Canned) -> None:
    """F-24: a fresh token that is refused too means a missing right."""
    canned.queue(Answer(401), Answer(401))
    with pytest.raises(AccessDenied):
        exchange.invoke("Get-Thing")
    assert len(canned.seen) == 2


@pytest.mark.parametrize("cmdlet", ["Get-Thing", "Set-Thing"])
def test_retry_after_is_obeyed_with_its_decimals(
    exchange: ExchangeClient, canned: Canned, clock: NotingClock, cmdlet: str
) -> None:
    """F-24: a 429 is sent again after Retry-After seconds, which may be decimal; a write too."""
    canned.queue(Answer(429, None, {"Retry-After": "1.5"}), DONE)
    exchange.invoke(cmdlet, {"Identity": "x"})
    assert clock.waits == [1.5]


def test_waits_double_without_a_hint(exchange: ExchangeClient, canned: Canned, clock: NotingClock) -> None:
    """F-24: five retries, two seconds first and twice as much each time, with at most a quarter on top."""
    canned.queue(*[Answer(429)] * 6)
    with pytest.raises(Throttled):
        exchange.invoke("Get-Thing")
    assert len(canned.seen) == 6
    for least, wait in zip((2, 4, 8, 16, 32), clock.waits, strict=True):
        assert least <= wait <= least * 1.25


def test_nobody_waits_for_an_hour(exchange: ExchangeClient, canned: Canned, clock: NotingClock) -> None:
    """F-24: a Retry-After beyond five minutes ends the tries at once."""
    canned.queue(Answer(429, None, {"Retry-After": "3600"}))
    with pytest.raises(Throttled):
        exchange.invoke("Get-Thing")
    assert clock.waits == []


@pytest.mark.parametrize("status", [408, 503, 504])
def test_an_overloaded_service_is_read_again(exchange: ExchangeClient, canned: Canned, status: int) -> None:
    """F-24: 408, 503 and 504 pass; a read is sent again."""
    canned.queue(Answer(status), Answer(body={"value": [{"N": 1}]}))
    assert exchange.invoke("Get-Thing").rows == ({"N": 1},)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_an_overloaded_service_leaves_a_write_open(exchange: ExchangeClient, canned: Canned, status: int) -> None:
    """F-24: after a 408 or a 5xx nobody knows whether a write was done; it is sent once."""
    canned.queue(Answer(status), DONE)
    with pytest.raises(UncertainWrite):
        exchange.invoke("Set-Thing", {"Identity": "x"})
    assert len(canned.seen) == 1


@pytest.mark.parametrize("status", [500, 502])
def test_other_server_faults_are_not_retried(exchange: ExchangeClient, canned: Canned, status: int) -> None:
    """F-24: 500 and 502 without a transient exception's name are given up at once."""
    canned.queue(Answer(status), DONE)
    with pytest.raises(Unavailable):
        exchange.invoke("Get-Thing")
    assert len(canned.seen) == 1


def test_a_broken_connection_is_read_again(exchange: ExchangeClient, canned: Canned) -> None:
    """A read whose connection breaks is sent again."""
    canned.queue(Answer(drop=True), Answer(body={"value": [{"N": 1}]}))
    assert exchange.invoke("Get-Thing").rows == ({"N": 1},)


def test_a_broken_connection_leaves_a_write_open(exchange: ExchangeClient, canned: Canned) -> None:
    """A write whose connection breaks after sending is never sent again."""
    canned.queue(Answer(drop=True), DONE)
    with pytest.raises(UncertainWrite) as caught:
        exchange.invoke("New-Thing", {"Name": "x"})
    assert len(canned.seen) == 1
    assert caught.value.maybe_done
    assert caught.value.status is None


def slow(_: Seen) -> Answer:
    """An answer that takes its time."""
    time.sleep(0.3)
    return DONE


@pytest.mark.parametrize(("cmdlet", "kind"), [("Get-Thing", TimedOut), ("Set-Thing", UncertainWrite)])
def test_time_outs(
    exchange: ExchangeClient, canned: Canned, monkeypatch: pytest.MonkeyPatch, cmdlet: str, kind: type[Exception]
) -> None:
    """A read that is not answered in time has timed out; a write may have been done."""
    monkeypatch.setitem(policy._READ_SECONDS, "exchange", 0.05)
    monkeypatch.setattr(waits, "RETRIES", 0)
    canned.handlers["/InvokeCommand"] = slow
    with pytest.raises(kind):
        exchange.invoke(cmdlet, {"Identity": "x"})


def test_a_write_that_was_never_sent_is_sent_again(
    exchange: ExchangeClient, canned: Canned, monkeypatch: pytest.MonkeyPatch, clock: NotingClock
) -> None:
    """Where no connection was made, a write was not done: it is no uncertain one."""
    monkeypatch.setattr(policy.Http, "_pinned", lambda *_: "https://localhost:9/")
    with pytest.raises(Unavailable) as caught:
        exchange.invoke("New-Thing", {"Name": "x"})
    assert not isinstance(caught.value, UncertainWrite)
    assert len(clock.waits) == 5


def test_a_server_that_we_do_not_trust_gets_no_token(
    hosts: Hosts, tokens: NumberedTokens, clock: NotingClock, canned: Canned
) -> None:
    """A certificate of another authority ends the connection before anything is sent."""
    with policy._Session() as session:
        session.mount("https://", policy.SystemTrust())
        session.trust_env = False
        http = Http("graph", "target", hosts, tokens, clock, Limiter(3, clock), session)
        with pytest.raises(Unavailable):
            GraphClient(http).get("/me")
    assert canned.seen == []


def test_a_redirect_within_the_cloud_is_followed_with_the_token(exchange: ExchangeClient, canned: Canned) -> None:
    """F-27: a redirect to a regional host gets method, body and token again."""
    canned.queue(Answer(302, None, {"Location": f"{canned.url}/regional/InvokeCommand"}), DONE)
    exchange.invoke("Set-Thing", {"Identity": "x"})
    first, second = canned.seen
    assert (
        second.method, second.path, second.headers["Authorization"],
    ) == ("POST", "/regional/InvokeCommand", "Bearer token-1")  # fmt: skip
    assert first.content == second.content


@pytest.mark.parametrize("place", ["https://evil.example/x", "https://localhost.evil.example/x", "http://localhost/x"])
def test_a_redirect_out_of_the_cloud_is_refused(exchange: ExchangeClient, canned: Canned, place: str) -> None:
    """F-27: no token leaves the cloud's own hosts, or goes without TLS."""
    canned.queue(Answer(302, None, {"Location": place}))
    with pytest.raises(Rejected, match="not a host of this cloud"):
        exchange.invoke("Get-Thing")
    assert len(canned.seen) == 1


def test_a_redirect_to_the_inner_port_is_mended(
    exchange: ExchangeClient, canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-27: a redirect may name port 446, which only answers inside Microsoft's network."""
    tried: list[str] = []
    send = policy.Http._once

    def note(http: Http, request: policy.Request, url: str, bearer: str) -> policy.Response:
        tried.append(url)
        return send(http, request, url if len(tried) == 1 else canned.url, bearer)

    monkeypatch.setattr(policy.Http, "_once", note)
    canned.queue(Answer(302, None, {"Location": "https://localhost:446/regional"}), DONE)
    exchange.invoke("Get-Thing")
    assert tried[1] == "https://localhost/regional"


def test_the_host_that_a_redirect_named_is_kept(
    exchange: ExchangeClient, canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-27: later requests go to the regional host at once."""
    tried: list[str] = []
    send = policy.Http._once

    def note(http: Http, request: policy.Request, url: str, bearer: str) -> policy.Response:
        tried.append(url)
        return send(http, request, url, bearer)

    monkeypatch.setattr(policy.Http, "_once", note)
    regional = canned.url.replace("localhost", "LOCALHOST")
    canned.queue(Answer(302, None, {"Location": f"{regional}/x"}), DONE, DONE)
    exchange.invoke("Get-Thing")
    exchange.invoke("Get-Thing")
    assert [canned.url, regional, regional] == [url[: len(regional)] for url in tried]


def test_redirects_end(exchange: ExchangeClient, canned: Canned) -> None:
    """F-27: a service that redirects for ever is given up."""
    canned.queue(*[Answer(302, None, {"Location": "/again"})] * 7)
    with pytest.raises(Rejected):
        exchange.invoke("Get-Thing")
    assert len(canned.seen) == 6


def test_three_requests_at_once_and_no_more(exchange: ExchangeClient, canned: Canned) -> None:
    """At most three requests of a tenant are in flight, however many threads ask."""
    state = {"now": 0, "most": 0}
    lock = threading.Lock()

    def busy(_: Seen) -> Answer:
        with lock:
            state["now"] += 1
            state["most"] = max(state["most"], state["now"])
        time.sleep(0.05)
        with lock:
            state["now"] -= 1
        return DONE

    original, canned.handle = canned.handle, busy  # type: ignore[method-assign]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: exchange.invoke("Get-Thing"), range(12)))
    canned.handle = original  # type: ignore[method-assign]
    assert state["most"] == 3


def test_a_netrc_file_does_not_replace_the_token(
    exchange: ExchangeClient, canned: Canned, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path_factory
) -> None:
    """A password for the host in the person's .netrc file never takes the token's place."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine localhost login somebody password something\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    session.trust_env = True
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv("NO_PROXY", "localhost")
    canned.queue(DONE)
    exchange.invoke("Get-Thing")
    assert canned.seen[0].headers["Authorization"] == "Bearer token-1"


def test_a_ca_file_in_the_environment_does_not_win(
    hosts: Hosts, exchange: ExchangeClient, canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated tenants are trusted by their own CA, whatever REQUESTS_CA_BUNDLE says."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:9")
    canned.queue(DONE)
    exchange.invoke("Get-Thing")
    assert len(canned.seen) == 1


def test_the_body_is_utf8_json(exchange: ExchangeClient, canned: Canned) -> None:
    """F-02: the body is JSON in UTF-8."""
    canned.queue(DONE)
    exchange.invoke("Get-Thing", {"Identity": "Zoë"})
    assert json.loads(canned.seen[0].content.decode("utf-8"))["CmdletInput"]["Parameters"]["Identity"] == "Zoë"
