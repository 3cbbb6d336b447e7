"""What is told while a service is waited for, and how many requests are in flight meanwhile."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from canned_wire import TARGET, Answer, Canned, NotingClock, NumberedTokens

from xtmig_kernel.errors import Throttled
from xtmig_kernel.m365.exchange import ExchangeClient
from xtmig_kernel.m365.exchange_errors import transience
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
