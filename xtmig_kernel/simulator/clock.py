"""The two times of the simulator.

Service timers and the calendar follow `ServiceClock`, which can run faster than the wall and be moved on. Tokens,
sign-in codes and page links keep wall time, because the client libraries that check them do.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class ServiceClock:
    """The calendar that both tenants live by.

    Args:
        start: The first moment, with a zone.
        speed: Simulated seconds per real second.
    """

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self.speed = speed
        self._start = start.astimezone(UTC)
        self._began = time.monotonic()
        self._advanced = timedelta()

    def now(self) -> datetime:
        """The simulated moment, in UTC."""
        elapsed = (time.monotonic() - self._began) * self.speed
        return self._start + timedelta(seconds=elapsed) + self._advanced

    def advance(self, seconds: float) -> datetime:
        """Move the calendar on and say what time it is then.

        Args:
            seconds: Simulated seconds, zero or more.

        Raises:
            ValueError: The calendar would run backwards.
        """
        if seconds < 0:
            raise ValueError("the calendar only moves forward")
        self._advanced += timedelta(seconds=seconds)
        return self.now()

    def go_back(self, moment: datetime) -> None:
        """Go on from a moment that has been before.

        Args:
            moment: The moment, with a zone.
        """
        self._start, self._began, self._advanced = moment.astimezone(UTC), time.monotonic(), timedelta()


def iso(moment: datetime) -> str:
    """A moment as `2026-11-23T16:04:12Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_precise(moment: datetime) -> str:
    """A moment as `2026-11-23T16:04:12.345678Z`, for the record."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
