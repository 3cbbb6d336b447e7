"""Facts of places, ids and tokens that hold over several requests."""

from __future__ import annotations

import json
import webbrowser
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from canned_wire import MIGRATION_APPLICATION, OPERATOR, TARGET, Answer, Canned, Login, access_token, project

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import AccessDenied, MigrationApplicationError, NotFound, SignInError, Unavailable
from xtmig_kernel.m365 import Hosts, SignIn, UncertainWrite, live_hosts
from xtmig_kernel.m365.identity import claims_of, identity_of, refuse_migration_application

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.m365 import ExchangeClient, GraphClient

DONE = Answer(body={"value": []})


def test_chinas_two_exchange_hosts_are_one_cloud() -> None:
    """F-01: the sources name two Exchange hosts for China; a redirect to the other one stays in the cloud."""
    hosts = live_hosts("china")
    assert "https://outlook.office365.cn" == hosts.exchange
    assert hosts.trusts("https://partner.outlook.cn/adminapi")


def test_a_session_has_one_connection_id_and_a_request_id_per_cmdlet(exchange: ExchangeClient, canned: Canned) -> None:
    """F-02: connection-id is one for the session, client-request-id one for each run of a cmdlet."""
    canned.queue(DONE, DONE)
    exchange.invoke("Get-MigrationEndpoint")
    exchange.invoke("Get-MigrationEndpoint")
    first, second = (seen.headers for seen in canned.seen)
    assert first["connection-id"] == second["connection-id"]
    assert first["client-request-id"] != second["client-request-id"]


@pytest.mark.parametrize("refusal", [Answer(429, None, {"Retry-After": "1"}), Answer(401), Answer(503)])
def test_a_retry_repeats_the_request_id(exchange: ExchangeClient, canned: Canned, refusal: Answer) -> None:
    """F-02: client-request-id is the same for all retries of one run of a cmdlet."""
    canned.queue(refusal, DONE)
    exchange.invoke("Get-MigrationEndpoint")
    first, second = (seen.headers for seen in canned.seen)
    assert first["client-request-id"] == second["client-request-id"]


def test_graph_requests_have_an_id_of_ours(graph: GraphClient, canned: Canned) -> None:
    """F-30: each request to Graph carries a client-request-id, the same for its retries, and another for the next."""
    canned.queue(Answer(503), DONE, DONE)
    graph.get_all("/users")
    graph.get_all("/users")
    first, again, second = (seen.headers["client-request-id"] for seen in canned.seen)
    assert first == again != second


LOST = [Answer(drop=True), Answer(503), Answer(200, b"<html>")]


@pytest.mark.parametrize("answer", LOST)
def test_a_lost_write_names_our_id(exchange: ExchangeClient, canned: Canned, answer: Answer) -> None:
    """F-02: where the service's id never came, an error still has ours, by which support finds the request."""
    canned.queue(answer)
    with pytest.raises(UncertainWrite) as caught:
        exchange.invoke("New-Thing", {"Name": "x"})
    assert caught.value.client_request_id == canned.seen[0].headers["client-request-id"]
    assert str(caught.value.client_request_id) in str(caught.value)


def test_an_unanswered_read_names_our_id(exchange: ExchangeClient, canned: Canned) -> None:
    """F-02: a read that got no answer at any try has one id for all of them."""
    canned.queue(*[Answer(drop=True)] * 6)
    with pytest.raises(Unavailable) as caught:
        exchange.invoke("Get-Thing")
    assert {caught.value.client_request_id} == {seen.headers["client-request-id"] for seen in canned.seen}


def test_a_refused_member_names_the_id_of_its_batch(exchange: ExchangeClient, canned: Canned) -> None:
    """F-28: the members of a batch share its client-request-id."""
    part = {"id": "0", "status": 403, "headers": {"X-ExceptionType": "CmdletAccessDeniedException"}, "body": None}
    canned.queue(Answer(body={"responses": [part]}))
    (error,) = exchange.invoke_many([("Get-Thing", {})])
    assert isinstance(error, AccessDenied)
    assert error.client_request_id == canned.seen[0].headers["client-request-id"]


def test_a_graph_error_names_both_ids(graph: GraphClient, canned: Canned) -> None:
    """F-30: the service's id comes from the answer, ours from the request."""
    canned.queue(Answer(403, {"error": {"code": "Authorization_RequestDenied"}}, {"request-id": "theirs"}))
    with pytest.raises(AccessDenied) as caught:
        graph.get_all("/users")
    ours = canned.seen[0].headers["client-request-id"]
    assert caught.value.support_ids == ("theirs", f"client-request-id {ours}")


def test_an_english_phrase_tells_an_absence_where_no_type_does(exchange: ExchangeClient, canned: Canned) -> None:
    """F-17: the cmdlet's own words are believed where neither body nor header names an exception."""
    text = "The operation couldn't be performed because object 'x' couldn't be found on 'DC'."
    body = {"error": {"code": "NotFound", "message": "Error executing cmdlet", "details": [{"message": text}]}}
    canned.queue(Answer(404, body))
    with pytest.raises(NotFound):
        exchange.invoke("Get-Thing", {"Identity": "x"})


@pytest.mark.parametrize("claim", ["appid", "azp"])
def test_the_application_stands_in_one_of_two_claims(claim: str) -> None:
    """F-29: the application's ID is `appid` in tokens of version 1 and `azp` in those of version 2."""
    claims = claims_of(access_token(**{claim: MIGRATION_APPLICATION.upper()}))
    assert MIGRATION_APPLICATION == identity_of([claims]).application_id
    with pytest.raises(MigrationApplicationError):
        refuse_migration_application(claims, "target", MIGRATION_APPLICATION)


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a window."""
    monkeypatch.setattr(webbrowser, "open", lambda _: False)


@pytest.mark.usefixtures("no_browser")
def test_a_person_comes_back_to_this_computer(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-29: Microsoft's public clients answer to http://localhost alone, at any port."""
    asked: list[str] = []

    def show(_: str, url: str) -> None:
        asked.append(url)
        raise SignInError("seen enough")

    with pytest.raises(SignInError, match="seen enough"):
        SignIn(project(tmp_path), "target", hosts, redactor=Redactor(), show=show).token("exchange")
    back = urlsplit(parse_qs(urlsplit(asked[0]).query)["redirect_uri"][0])
    assert ("http", "localhost") == (back.scheme, back.hostname)


def by_code(hosts: Hosts, tmp_path: Path) -> SignIn:
    """The target's sign-in by device code, with a client of the organisation's own."""
    given = project(tmp_path, method="device_code", client_id=OPERATOR)
    return SignIn(given, "target", hosts, redactor=Redactor(), show=lambda *_: None)


def test_a_persons_refused_token_is_renewed(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-24: after a 401 a person's token is fetched anew without a prompt, though it has not run out."""
    sign_in = by_code(hosts, tmp_path)
    first = sign_in.token("exchange")
    assert sign_in.token("exchange", renew=True) != first
    assert ["refresh_token"] == [form["grant_type"] for form in person_login.asked("/token")[1:]]


def test_a_persons_claims_challenge_is_answered(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-24: the claims that a 401 asks for are sent to the sign-in service for a person too."""
    sign_in = by_code(hosts, tmp_path)
    sign_in.token("exchange")
    sign_in.token("exchange", renew=True, claims='{"access_token":{"nbf":{"value":"1604106651"}}}')
    claims = json.loads(person_login.asked("/token")[-1]["claims"])
    assert {"value": "1604106651"} == claims["access_token"]["nbf"]


def test_the_tenant_itself_is_asked_for_a_token(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-29: the authority is the sign-in host and the tenant's ID, never one for all organisations."""
    by_code(hosts, tmp_path).token("graph")
    assert {TARGET} == {seen.path.split("/")[1] for seen in person_login.canned.seen}
