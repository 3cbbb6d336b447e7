"""Moments and spans as callers give them and as Exchange prints them (wire 1.4 [SRC], shapes 3.2 [OBS])."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .errors import bad_value

if TYPE_CHECKING:
    from .binding import Bound

END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def moment(bound: Bound, name: str) -> datetime | None:
    """A moment that a caller gave; without a zone it is UTC (planning 0.5). The end of time counts as none.

    Raises:
        ExchangeRefused: It is no moment.
    """
    value = bound.get(name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise bad_value(name, f"Cannot convert value '{value}' to type 'System.DateTime'.") from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return None if found.year == END_OF_TIME.year else found


def span(length: timedelta | None) -> str | None:
    """A span as `1.04:12:33`, or None."""
    if length is None:
        return None
    seconds = int(length.total_seconds())
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"{days}.{clock}" if days else clock
