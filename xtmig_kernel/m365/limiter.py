"""How many requests of one tenant are in flight: fewer when its services ask for it, slowly more when they do not.

What the services' numbers mean is inferred (wire 1.10, facts F-21, F-24 and F-33), so they only ever slow us down, and
for a short time.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from xtmig_kernel.clock import from_text
from xtmig_kernel.m365.waits import in_seconds, unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xtmig_kernel.clock import Clock

ANSWERS_PER_STEP = 25
"""So many good answers in a row allow one request more at once."""

LITTLE = 0.1
"""What is left of Exchange's limit counts as little below this part of it."""

GRAPH_NEAR = 0.8
GRAPH_SECONDS = 10.0
"""Graph tells how much of a limit is used once it is four fifths; its limits fill up again in ten seconds."""

LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class Room:
    """What an answer's headers say of the room that is left.

    Args:
        slow: Seconds in which only one request at a time is sent; 0 for none.
        closed: Whether nothing at all is to be sent in that time.
    """

    slow: float = 0.0
    closed: bool = False


class Limiter:
    """The requests of one tenant.

    Args:
        at_once: The bound for all of its services together, from `project.yaml`; at least 1.
        clock: Tells the time, and waits where there is no room.
    """

    def __init__(self, at_once: int, clock: Clock) -> None:
        self.at_once = at_once
        self.clock = clock
        self.turn = threading.Condition()
        self.flying = 0

    def lane(self, who: str, tell: Callable[[str], None] = unheard) -> Lane:
        """The share of one service.

        Args:
            who: The service, as `waits.speaker` says it.
            tell: Takes one sentence before a pause.
        """
        return Lane(self, who, tell)


class Lane:
    """The requests of one service of one tenant; made by `Limiter.lane`."""

    def __init__(self, limiter: Limiter, who: str, tell: Callable[[str], None]) -> None:
        self.limit = limiter.at_once
        self._limiter = limiter
        self._who = who
        self._tell = tell
        self._flying = 0
        self._good = 0
        self._era = 0
        self._until: datetime | None = None
        self._closed = False

    @contextmanager
    def slot(self) -> Iterator[int]:
        """Hold one place while a request is in flight.

        Yields:
            What `heard` is to be given with the answer.
        """
        self._pause()
        limiter = self._limiter
        with limiter.turn:
            limiter.turn.wait_for(lambda: limiter.flying < limiter.at_once and self._flying < self._allowed())
            limiter.flying += 1
            self._flying += 1
            era = self._era
        try:
            yield era
        finally:
            with limiter.turn:
                limiter.flying -= 1
                self._flying -= 1
                limiter.turn.notify_all()

    def heard(self, era: int, headers: Mapping[str, str], *, busy: bool, good: bool) -> None:
        """Take to heart what an answer says.

        Requests that were refused together halve the limit once, not once each.

        Args:
            era: What `slot` gave to the request.
            headers: Of the answer.
            busy: Whether it says that there were too many requests.
            good: Whether it is an answer as asked for.
        """
        room = room_left(headers, self._limiter.clock)
        with self._limiter.turn:
            if busy:
                self._good = 0
                if era == self._era:
                    self._era += 1
                    self.limit = max(1, self.limit // 2)
            elif good:
                self._grow()
            if room.slow:
                until = self._limiter.clock.now() + timedelta(seconds=room.slow)
                self._until = max(until, self._until or until)
                self._closed = room.closed

    def part_refused(self, headers: Mapping[str, str]) -> None:
        """Take to heart that a member of a batch was refused because there were too many requests.

        Args:
            headers: Of that member.
        """
        self.heard(self._era, headers, busy=True, good=False)

    def _grow(self) -> None:
        self._good += 1
        if self._good >= ANSWERS_PER_STEP:
            self._good = 0
            if self.limit < self._limiter.at_once:
                self.limit += 1
                self._limiter.turn.notify_all()

    def _allowed(self) -> int:
        return 1 if self._left() > 0 else self.limit

    def _left(self) -> float:
        """Seconds until there is room again."""
        if self._until is None:
            return 0.0
        left = (self._until - self._limiter.clock.now()).total_seconds()
        if left <= 0:
            self._until, self._closed = None, False
        return max(0.0, left)

    def _pause(self) -> None:
        with self._limiter.turn:
            seconds = self._left() if self._closed else 0.0
        if seconds > 0:
            self._tell(f"{self._who} has no room for requests; waiting {in_seconds(seconds)}")
            self._limiter.clock.sleep(seconds)


def room_left(headers: Mapping[str, str], clock: Clock) -> Room:
    """What an answer's headers say of the room that is left.

    Exchange names a moment; it is taken relative to the answer's own Date, since this machine's clock may be wrong.

    Args:
        headers: Of any answer, with names that ignore case.
        clock: Tells the time where the answer has no Date.
    """
    used = _number(headers.get("x-ms-throttle-limit-percentage"))
    if used is not None and used >= GRAPH_NEAR:
        return Room(GRAPH_SECONDS)
    remaining = _number(headers.get("Rate-Limit-Remaining"))
    if remaining is None or remaining > LITTLE * (_number(headers.get("Rate-Limit-Limit")) or 0):
        return Room()
    return Room(_until(headers, clock), closed=remaining <= 0)


def _until(headers: Mapping[str, str], clock: Clock) -> float:
    try:
        reset = from_text(headers.get("Rate-Limit-Reset", ""))
    except ValueError:
        return 0.0
    try:
        now = parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (ValueError, TypeError):
        now = clock.now()
    return min(max(0.0, (reset - now).total_seconds()), LONGEST_PAUSE_SECONDS)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
