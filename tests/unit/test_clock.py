from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from xtmig_kernel.clock import SystemClock, as_text, from_text


def test_text_is_utc() -> None:
    """A moment is written in UTC, whatever zone it was given in."""
    moment = datetime(2026, 11, 23, 17, 4, 12, 999, tzinfo=timezone(timedelta(hours=1)))
    assert as_text(moment) == "2026-11-23T16:04:12Z"


def test_text_without_zone_is_refused() -> None:
    """A moment without a zone is never written down."""
    with pytest.raises(ValueError, match="zone"):
        as_text(datetime(2026, 11, 23))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text", ["2026-11-23T16:04:12Z", "2026-11-23T16:04:12.0000000+00:00", "2026-11-23T17:04:12+01:00"]
)
def test_exchange_and_graph_times(text: str) -> None:
    """Times as Exchange writes them, with seven fraction digits, and as Graph does, are one moment (wire 1.5)."""
    assert from_text(text) == datetime(2026, 11, 23, 16, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-23T16:04:12", "2026-11-23", "soon"])
def test_time_without_zone_is_no_time(text: str) -> None:
    """A text that does not name a moment is refused."""
    with pytest.raises(ValueError, match=r"zone|isoformat"):
        from_text(text)


def test_system_clock_has_a_zone() -> None:
    """The machine's clock tells UTC."""
    assert SystemClock().now().tzinfo is UTC
