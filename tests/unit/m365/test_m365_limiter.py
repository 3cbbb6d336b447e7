"""How many requests are in flight: halved when a service asks for it, slowly more afterwards, never above the bound."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from xtmig_kernel.m365.limiter import ANSWERS_PER_STEP, Lane, Limiter, Room, room_left

START = datetime(2027, 8, 20, 10, 0, tzinfo=UTC)
LOW = {"Rate-Limit-Limit": "30000", "Rate-Limit-Remaining": "2999", "Rate-Limit-Reset": "2027-08-20T10:00:16Z"}


class FakeClock:
    """A clock that moves when it is told to, or waited on."""

    def __init__(self) -> None:
        self.moment = START
        self.waits: list[float] = []

    def now(self) -> datetime:
        """The moment that was last set."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.waits.append(seconds)
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def answered(lane: Lane, times: int = 1, *, busy: bool = False, headers: dict[str, str] | None = None) -> None:
    """So many requests, one after the other, with the same answer."""
    for _ in range(times):
        with lane.slot() as era:
            lane.heard(era, headers or {}, busy=busy, good=not busy)


def fits(lane: Lane) -> bool:
    """Whether one more request may start at this moment."""
    started = threading.Event()

    def ask() -> None:
        with lane.slot():
            started.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return started.wait(0.1)


def test_the_bound_is_where_it_starts(clock: FakeClock) -> None:
    """At first as many requests as the project allows are in flight, and not one more."""
    lane = Limiter(2, clock).lane("Exchange of the target")
    with lane.slot():
        assert fits(lane)
        with lane.slot():
            assert not fits(lane)


def test_the_services_of_a_tenant_share_the_bound(clock: FakeClock) -> None:
    """Requests of both services together stay below the tenant's bound."""
    limiter = Limiter(2, clock)
    exchange, graph = limiter.lane("Exchange"), limiter.lane("Graph")
    with exchange.slot(), graph.slot():
        assert not fits(exchange)
        assert not fits(graph)


def test_each_refusal_halves(clock: FakeClock) -> None:
    """F-21: eight become four, two, one, and never none."""
    lane = Limiter(8, clock).lane("Exchange")
    seen = []
    for _ in range(5):
        answered(lane, busy=True)
        seen.append(lane.limit)
    assert seen == [4, 2, 1, 1, 1]


def test_one_service_does_not_slow_the_other(clock: FakeClock) -> None:
    """A refusal by Exchange says nothing of Graph."""
    limiter = Limiter(8, clock)
    exchange, graph = limiter.lane("Exchange"), limiter.lane("Graph")
    answered(exchange, busy=True)
    assert (exchange.limit, graph.limit) == (4, 8)


def test_requests_refused_together_halve_once(clock: FakeClock) -> None:
    """Three that were in flight at the same time are one sign of too many, not three."""
    lane = Limiter(8, clock).lane("Exchange")
    with lane.slot() as first, lane.slot() as second, lane.slot() as third:
        for era in (first, second, third):
            lane.heard(era, {}, busy=True, good=False)
    assert lane.limit == 4


def test_it_grows_again_slowly(clock: FakeClock) -> None:
    """One request more after so many good answers in a row, and one after as many again."""
    lane = Limiter(8, clock).lane("Exchange")
    answered(lane, busy=True)
    answered(lane, ANSWERS_PER_STEP - 1)
    assert lane.limit == 4
    answered(lane)
    assert lane.limit == 5
    answered(lane, ANSWERS_PER_STEP)
    assert lane.limit == 6


def test_it_never_grows_above_the_bound(clock: FakeClock) -> None:
    """However many good answers come, the project's bound holds."""
    lane = Limiter(2, clock).lane("Exchange")
    answered(lane, ANSWERS_PER_STEP * 10)
    assert lane.limit == 2


def test_little_left_slows_down_until_the_reset(clock: FakeClock) -> None:
    """F-24: with less than a tenth left, one request at a time; after the reset, as many as before."""
    lane = Limiter(3, clock).lane("Exchange")
    answered(lane, headers=LOW)
    with lane.slot():
        assert not fits(lane)
        clock.moment += timedelta(seconds=17)
        assert fits(lane)
    assert clock.waits == []


def test_a_fault_neither_halves_nor_grows(clock: FakeClock) -> None:
    """An answer that is neither good nor about too many requests changes nothing."""
    lane = Limiter(8, clock).lane("Exchange")
    answered(lane, busy=True)
    for _ in range(ANSWERS_PER_STEP * 2):
        with lane.slot() as era:
            lane.heard(era, {}, busy=False, good=False)
    assert lane.limit == 4


@pytest.mark.parametrize(
    ("headers", "room"),
    [
        ({}, Room()),
        (LOW, Room(16.0)),
        (LOW | {"Rate-Limit-Remaining": "3001"}, Room()),
        (LOW | {"Rate-Limit-Remaining": "0"}, Room(16.0, closed=True)),
        (LOW | {"Date": "Fri, 20 Aug 2027 10:00:06 GMT"}, Room(10.0)),
        (LOW | {"Rate-Limit-Reset": "2027-08-20T19:00:00Z"}, Room(60.0)),
        (LOW | {"Rate-Limit-Reset": "2027-08-20T09:00:00Z"}, Room()),
        (LOW | {"Rate-Limit-Reset": "soon"}, Room()),
        (LOW | {"Rate-Limit-Remaining": "many"}, Room()),
        ({"x-ms-throttle-limit-percentage": "0.79"}, Room()),
        ({"x-ms-throttle-limit-percentage": "0.8"}, Room(10.0)),
        ({"x-ms-throttle-limit-percentage": "1.8"}, Room(10.0)),
    ],
)
def test_what_the_headers_say(clock: FakeClock, headers: dict[str, str], room: Room) -> None:
    """F-24, F-33: the moment counts from the answer's Date, a minute at most; what cannot be read slows nothing."""
    assert room_left(headers, clock) == room
