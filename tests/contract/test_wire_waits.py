"""What is told while a service is waited for, and how many requests are in flight meanwhile."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from canned_wire import TARGET, Answer, Canned, NotingClock, NumberedTokens

from xtmig_kernel.errors import Rejected, Throttled
from xtmig_kernel.m365 import is_about_a_wait
from xtmig_kernel.m365.exchange import ExchangeClient
from xtmig_kernel.m365.exchange_errors import PageLinkExpired, transience
from xtmig_kernel.m365.http import Http
from xtmig_kernel.m365.limiter import Limiter

if TYPE_CHECKING:
    from requests import Session

    from xtmig_kernel.m365 import GraphClient, Hosts

DONE = Answer(body={"value": []})
BUSY_TEXT = b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again"


def test_a_wait_that_is_asked_for_is_told(exchange: ExchangeClient, canned: Canned, told: list[str]) -> None:
    """F-24: a Retry-After becomes one sentence with service, side, time and try."""
    canned.queue(Answer(429, None, {"Retry-After": "12"}), DONE)
    exchange.invoke("Get-Thing")
    assert told == ["Exchange of the target asked us to wait 12 s (try 2 of 6)"]


def test_every_wait_is_told_and_counted(exchange: ExchangeClient, canned: Canned, told: list[str]) -> None:
    """F-24: each of the five waits is one sentence; the last tells the sixth try."""
    canned.queue(*[Answer(429)] * 6)
    with pytest.raises(Throttled):
        exchange.invoke("Get-Thing")
    assert [re.findall(r"[0-9] of 6", sentence) for sentence in told] == [[f"{n} of 6"] for n in range(2, 7)]
    assert all(re.match(r"Exchange of the target is busy; trying again in [0-9]+ s ", one) for one in told)


def test_a_broken_connection_is_told(graph: GraphClient, canned: Canned, told: list[str]) -> None:
    """F-24: a read whose connection broke is told as unanswered."""
    canned.queue(Answer(drop=True), DONE)
    graph.get_all("/users")
    assert re.fullmatch(r"Graph of the target gave no answer; trying again in [23] s \(try 2 of 6\)", told[0])


def test_nothing_of_the_answer_is_told(exchange: ExchangeClient, canned: Canned, told: list[str]) -> None:
    """What the service says may hold tenant text; none of it is in the sentence."""
    canned.queue(Answer(429, b"<b>Lara</b>", {"Retry-After": "1", "X-ExceptionType": "<b>Lara</b>"}), DONE)
    exchange.invoke("Get-Thing", {"Identity": "Lara"})
    assert told == ["Exchange of the target asked us to wait 1 s (try 2 of 6)"]


def test_a_wait_that_is_not_done_is_not_told(exchange: ExchangeClient, canned: Canned, told: list[str]) -> None:
    """F-24: a Retry-After of an hour ends the tries, and nobody is told to wait for it."""
    canned.queue(Answer(429, None, {"Retry-After": "3600"}))
    with pytest.raises(Throttled):
        exchange.invoke("Get-Thing")
    assert told == []


class Bound:
    """An Exchange client with eight requests at once, whose limiter is looked at."""

    def __init__(self, hosts: Hosts, tokens: NumberedTokens, clock: NotingClock, session: Session) -> None:
        self.told: list[str] = []
        http = Http(
            "exchange", "target", hosts, tokens, clock, Limiter(8, clock), session, transience, self.told.append
        )
        self.lane = http._lane
        self.client = ExchangeClient(http, TARGET, "UPN:otis@northwindtraders.onmicrosoft.com")


@pytest.fixture
def bound(hosts: Hosts, tokens: NumberedTokens, clock: NotingClock, session: Session) -> Bound:
    return Bound(hosts, tokens, clock, session)


@pytest.mark.parametrize("busy", [Answer(429), Answer(503, BUSY_TEXT, {"Retry-After": "1"})])
def test_too_many_requests_halve_those_in_flight(bound: Bound, canned: Canned, busy: Answer) -> None:
    """F-21: after a 429, or the text about too many requests with any status, half as many are sent at once."""
    canned.queue(busy, DONE)
    bound.client.invoke("Get-Thing")
    assert bound.lane.limit == 4


def test_a_fault_halves_nothing(bound: Bound, canned: Canned) -> None:
    """F-21: a 503 without that text says nothing of too many requests."""
    canned.queue(Answer(503), DONE)
    bound.client.invoke("Get-Thing")
    assert bound.lane.limit == 8


def test_nothing_is_sent_while_nothing_remains(bound: Bound, canned: Canned, clock: NotingClock) -> None:
    """F-24: with Rate-Limit-Remaining 0 the next request waits until Rate-Limit-Reset, by the answer's Date."""
    reset = (datetime.now(UTC) + timedelta(seconds=16)).isoformat()
    spent = {"Rate-Limit-Limit": "30000", "Rate-Limit-Remaining": "0", "Rate-Limit-Reset": reset}
    canned.queue(Answer(body={"value": []}, headers=spent), DONE)
    bound.client.invoke("Get-Thing")
    bound.client.invoke("Get-Thing")
    (wait,) = clock.waits
    assert 14 < wait < 18
    assert bound.told == [f"Exchange of the target has no room for requests; waiting {math.ceil(wait)} s"]


def expired() -> Answer:
    """The refusal of a page link that is older than half an hour, as the service words it."""
    text = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
    inner = {"message": text, "type": "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException"}
    return Answer(
        400, {"error": {"code": "BadRequest", "message": "words", "innererror": {"internalexception": inner}}}
    )


def page(canned: Canned, number: int, *, more: bool) -> Answer:
    """One page with one row."""
    link = {"@odata.nextLink": f"{canned.url}/adminapi/beta/x/InvokeCommand?$skiptoken={number}"} if more else {}
    return Answer(body={"value": [{"N": number}], **link})


def test_a_read_whose_page_link_expired_is_begun_again(
    exchange: ExchangeClient, canned: Canned, told: list[str]
) -> None:
    """F-16: the pages read before are thrown away, the list is read from its beginning, and that is told."""
    canned.queue(page(canned, 1, more=True), expired(), page(canned, 1, more=True), page(canned, 2, more=False))
    assert exchange.invoke("Get-Thing").rows == ({"N": 1}, {"N": 2})
    assert told == ["Exchange of the target ended a list before it was read; reading it again from its beginning"]
    assert is_about_a_wait(told[0])


def test_a_page_link_that_expires_twice_is_an_error(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: it is begun again once; then the error says what to do, and there is no shorter list."""
    canned.queue(*[page(canned, 1, more=True), expired()] * 3)
    with pytest.raises(PageLinkExpired, match="kept for half an hour") as caught:
        exchange.invoke("Get-Thing")
    assert len(canned.seen) == 4
    assert "quieter hour" in str(caught.value.remedy)


def test_another_refusal_of_a_page_link_is_told_as_it_is(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: a page link may be refused for another reason; then nothing is begun again."""
    other = Answer(400, {"error": {"code": "BadRequest", "message": "Invalid Operation"}})
    canned.queue(page(canned, 1, more=True), other)
    with pytest.raises(Rejected, match="Invalid Operation"):
        exchange.invoke("Get-Thing")
    assert len(canned.seen) == 2
