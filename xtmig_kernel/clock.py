"""The one place that "now" comes from.

Practice runs take their time from the simulator, so nothing outside this room asks the machine for the time
of a migration.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait.

        Args:
            seconds: How long, in seconds of this clock.
        """
        ...


class SystemClock:
    """The machine's own clock, for live projects."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for so many real seconds."""
        time.sleep(seconds)


def as_text(moment: datetime) -> str:
    """A moment as ISO 8601 text in UTC, such as `2026-11-23T16:04:12Z`.

    Args:
        moment: A time with a zone.

    Raises:
        ValueError: The time has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be written down")
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def moment_in_words(moment: datetime) -> str:
    """A time for people, in UTC: `23 Nov 2026, 16:04:12 UTC`.

    Args:
        moment: An aware time.
    """
    at = moment.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M:%S} UTC"


def from_text(text: str) -> datetime:
    """The moment that `as_text` or a Microsoft service wrote.

    Args:
        text: ISO 8601 with a zone; seven fraction digits are accepted.

    Raises:
        ValueError: The text is no time with a zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
