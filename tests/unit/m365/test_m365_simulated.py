"""The simulated tenants' clock, against a canned control service."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.errors import Unavailable
from xtmig_kernel.m365 import SimulatedClock, clock_for
from xtmig_kernel.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator


class Control(HTTPServer):
    """A clock at speed 1000 that remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, str | None, Any]] = []
        self.url = f"http://localhost:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Control

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        self.server.asked.append((self.command, self.path, self.headers.get("X-Control-Token"), body))
        answer = json.dumps({"now": "2026-11-23T16:04:12Z", "speed": 1000}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _serve  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server uses
        """Say nothing."""


@pytest.fixture
def control() -> Iterator[Control]:
    server = Control()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_now_is_the_simulated_moment(control: Control) -> None:
    """The clock is asked with the control token, and tells the simulated time."""
    assert SimulatedClock(control.url, "the-token").now() == datetime(2026, 11, 23, 16, 4, 12, tzinfo=UTC)
    assert control.asked == [("GET", "/clock", "the-token", None)]


def test_sleeping_takes_as_long_as_the_speed_says(control: Control) -> None:
    """A hundred simulated seconds at speed 1000 pass in a tenth of a real one."""
    start = time.monotonic()
    SimulatedClock(control.url, "the-token").sleep(100)
    assert 0.1 <= time.monotonic() - start < 5


def test_time_can_be_moved_on(control: Control) -> None:
    """A rehearsal lets simulated time pass at once."""
    SimulatedClock(control.url, "the-token").advance(3600)
    assert control.asked == [("POST", "/clock", "the-token", {"advance_seconds": 3600})]


def test_a_simulator_that_is_gone_is_told() -> None:
    """Without an answer the person is told which command starts the tenants again."""
    with pytest.raises(Unavailable) as caught:
        SimulatedClock("http://localhost:9", "the-token").now()
    assert "xtmig simulate" in str(caught.value.remedy)


def test_a_live_project_has_this_machines_clock() -> None:
    """Only simulated tenants have a clock of their own."""
    sides = {
        side: {"tenant_id": f"{n}1111111-1111-4111-8111-111111111111", "domain": f"{side}.onmicrosoft.com"}
        for n, side in enumerate(("source", "target"), 1)
    }
    project = Project.model_validate({"format": 1, "id": "a-live-one", "name": "n", "transport": "rest", **sides})
    assert isinstance(clock_for(project), SystemClock)
