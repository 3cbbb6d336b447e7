"""Simulated tenants in this process: what the client sends is answered by the simulator's handlers, without sockets.

It is the client's own way, sign-in included; only the network is left out. So a hundred different pairs can be read in
less time than ten processes need to start.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from xtmig_kernel.simulator import control, creation, server, tenants
from xtmig_kernel.simulator.clock import ServiceClock
from xtmig_kernel.simulator.faults import Faults
from xtmig_kernel.simulator.http import Answer, Call
from xtmig_kernel.simulator.keys import Keys
from xtmig_kernel.simulator.world import Addresses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PORTS = {"login": 1, "graph": 2, "exo": 3, "portal": 4, "control": 5}
ADDRESSES = Addresses(**{
    name: f"{'https' if name in server.SECURE else 'http'}://localhost:{port}" for name, port in PORTS.items()
})  # fmt: skip
SERVICE_AT = {port: name for name, port in PORTS.items()}
KEYS = Keys()
"""Keys take longer to make than all reads of a small pair; no test is about them."""


class Tenants:
    """A pair of simulated tenants.

    Args:
        data: Content of a tenants file.
        seed: Root of derived ids.
        start: First moment of the calendar.
        environment: Secrets by the names of their variables.
    """

    def __init__(self, data: Any, seed: str, start: datetime, environment: Mapping[str, str]) -> None:
        with patch.object(creation, "Keys", lambda: KEYS):
            self.world = creation.build(tenants.parse(data, "the plant"), seed, ADDRESSES, start, environment, Path())
        self.desk = server.new_desk(ServiceClock(start), Faults(seed, (), ADDRESSES.exo))
        self.simulator = server.Simulator(self.world, self.desk, None)  # type: ignore[arg-type]
        self.unsupported: list[str] = []
        self._lock = Lock()

    def connection(self) -> dict[str, Any]:
        """The content of the connection file."""
        return server.connection_data(self.simulator, Path("no-certificates.pem"), None)

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        """What the service that listens at the request's port answers."""
        parts = urlsplit(str(request.url))
        body = request.body or b""
        call = Call(
            service=SERVICE_AT[parts.port or 0],
            method=str(request.method),
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={name.lower(): str(value) for name, value in request.headers.items()},
            body=body if isinstance(body, bytes) else str(body).encode(),
            wall=time.time(),
        )
        with self._lock:
            return _response(request, self._answer(call))

    def _answer(self, call: Call) -> Answer:
        if call.service == "control":
            return control.serve(self.world, self.desk, call)
        outcome = server.serve(self.world, call, self.desk.clock.now())
        self.unsupported += outcome.unsupported
        return outcome.answer


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict({"Date": format_datetime(datetime.now(UTC)), **answer.headers})
    content = answer.body if isinstance(answer.body, (bytes, str)) else json.dumps(answer.body)
    response._content = content.encode() if isinstance(content, str) else content
    response.raw = BytesIO(response._content)
    response.encoding = "utf-8"
    response.url = str(request.url)
    response.request = request
    return response


@contextmanager
def answering(pair: Tenants) -> Iterator[None]:
    """Whatever is sent within a `with` block goes to these tenants, and nowhere else."""

    def send(_adapter: HTTPAdapter, request: requests.PreparedRequest, **_given: Any) -> requests.Response:
        return pair.send(request)

    with patch.object(HTTPAdapter, "send", send):
        yield
