"""The five web servers on one event loop, and how they start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from . import control
from .connections import BreakableProtocol, Broken
from .control import Desk
from .exchange import service as exchange
from .exchange.errors import too_many
from .graph import service as graph
from .http import Answer, Call, Effect, Entry, Outcome, Planted, nothing_planted
from .login import portal
from .login import service as login
from .migration.passing import let_time_pass
from .world import Addresses, World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from starlette.requests import Request

    from .clock import ServiceClock
    from .faults import Faults
    from .record import Recorder

SERVICES = ("login", "graph", "exo", "portal", "control")
REGIONAL = "regional"
"""A second door to Exchange, where the fault `redirect` leads; a client sees it as another host."""

SECURE = ("login", "graph", "exo")
IDLE_SECONDS = 600
CMDLETS_AT_ONCE = 4
BATCHING = ("graph", "exo")
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]
HANDLERS: dict[str, Callable[..., Outcome]] = {
    "login": login.serve,
    "portal": portal.serve,
    "graph": graph.serve,
    "exo": exchange.serve,
}


def serve(world: World, call: Call, now: datetime, planted: Planted = nothing_planted) -> Outcome:
    """Answer one request, after everything that has become due by now.

    Args:
        world: Both tenants.
        call: The request; its service is not control.
        now: Simulated time.
        planted: Asked for each member of a batch: what a fault does to it, or None.
    """
    let_time_pass(world, now)
    further = (planted,) if call.service in BATCHING else ()
    return HANDLERS[call.service](world, call, now, *further)


@dataclass
class Simulator:
    """A running pair of tenants.

    Attributes:
        latency: Seconds that every request takes at least.
        cmdlet_seconds: Seconds that each cmdlet takes besides; members of a batch run one after the other.
        running: Cmdlet requests at work now, by tenant.
    """

    world: World
    desk: Desk
    recorder: Recorder
    latency: float = 0.0
    cmdlet_seconds: float = 0.0
    running: dict[str, int] = field(default_factory=dict)

    async def handle(self, service: str, request: Request) -> Response:
        """Answer one request of a service, and record it first."""
        call = Call(
            service=service,
            method=request.method,
            path=request.url.path,
            query=dict(request.query_params),
            headers={k.lower(): v for k, v in request.headers.items()},
            body=await request.body(),
            wall=time.time(),
        )
        if service == "control":
            return _response(control.serve(self.world, self.desk, call))
        began, now = time.perf_counter(), self.desk.clock.now()
        effect = None
        async with self._place(call) as has_place:
            if has_place:
                effect = self.desk.faults.on(call, now)
                cmdlets = exchange.number_of_cmdlets(call) if self.cmdlet_seconds and call.service == "exo" else 0
                await asyncio.sleep(self.latency + self.cmdlet_seconds * cmdlets + (effect.seconds if effect else 0))
                outcome = self._outcome(call, effect) if effect else self._real(call)
            else:
                tenant = self.world.tenant(exchange.runs_cmdlets(call) or "")
                side, cmdlet = (tenant.side if tenant else None), exchange.named_cmdlet(call)
                answer = too_many()
                outcome = Outcome(answer, [Entry(side, call.method, call.path, answer.status, cmdlet, {})])
        self.desk.requests += 1
        self.desk.unsupported.update(f"{service}: {what}" for what in outcome.unsupported)
        recorded = "login" if service == "portal" else service
        self.recorder.write(recorded, now, (time.perf_counter() - began) * 1000, outcome.entries)
        response = _response(outcome.answer)
        return Broken(response, half=effect.cut == "half") if effect and effect.cut else response

    def _outcome(self, call: Call, effect: Effect) -> Outcome:
        """What becomes of a request that a fault hits."""
        if effect.answer is not None or effect.cut == "before":
            answer = effect.answer or Answer(0)
            cmdlet = exchange.named_cmdlet(call) if call.service == "exo" else None
            side = self._side(call)
            return Outcome(answer, [Entry(side, call.method, call.path, answer.status, cmdlet, {}, effect.kind)])
        outcome = self._real(call)
        first, *members = outcome.entries
        return replace(outcome, answer=effect.on(outcome.answer), entries=[replace(first, fault=effect.kind), *members])

    def _side(self, call: Call) -> str | None:
        """The tenant that the path names; Graph's paths name none."""
        tenants = (self.world.tenant(part) for part in call.path.split("/") if part)
        return next((tenant.side for tenant in tenants if tenant), None)

    def _real(self, call: Call) -> Outcome:
        now = self.desk.clock.now()
        try:
            return serve(self.world, call, now, lambda one: self.desk.faults.on(one, now, member=True))
        except Exception:
            what = f"{call.method} {call.path} met a defect of the simulator"
            logging.getLogger(__name__).exception(what)
            answer = Answer(500, {"error": {"code": "SimulatorDefect", "message": f"{what}; see its log."}})
            cmdlet = exchange.named_cmdlet(call) if call.service == "exo" else None
            return Outcome(answer, [Entry(None, call.method, call.path, answer.status, cmdlet, {})], [what])

    @contextlib.asynccontextmanager
    async def _place(self, call: Call) -> AsyncIterator[bool]:
        """One of the four places that a tenant has for cmdlets; other requests need none."""
        reference = exchange.runs_cmdlets(call) if call.service == "exo" else None
        tenant = self.world.tenant(reference) if reference else None
        if tenant is None:
            yield True
            return
        if self.running.get(tenant.tenant_id, 0) >= CMDLETS_AT_ONCE:
            yield False
            return
        self.running[tenant.tenant_id] = self.running.get(tenant.tenant_id, 0) + 1
        try:
            yield True
        finally:
            self.running[tenant.tenant_id] -= 1


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    body = answer.body
    if isinstance(body, dict | list):
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
        body = json.dumps(body, ensure_ascii=False).encode()
    elif isinstance(body, str):
        headers.setdefault("Content-Type", "text/html; charset=utf-8")
        body = body.encode()
    return Response(body or b"", answer.status, headers)


@dataclass(frozen=True)
class Listening:
    """The bound sockets, and the addresses people use for them; `regional` is Exchange's second one."""

    sockets: dict[str, socket.socket]
    addresses: Addresses
    regional: str


def _bound(port: int) -> socket.socket:
    # asyncio sends small answers at once (TCP_NODELAY) only over sockets that name their protocol;
    # without it every answer takes 40 ms
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.listen(100)
    return bound


def listen(ports: dict[str, int]) -> Listening:
    """Bind every service's port on loopback.

    Args:
        ports: Service to port; 0 or missing takes a free one.

    Raises:
        OSError: A port is taken.
    """
    sockets, addresses = {}, {}
    for service in SERVICES:
        bound = _bound(ports.get(service, 0))
        sockets[service] = bound
        scheme = "https" if service in SECURE else "http"
        addresses[service] = f"{scheme}://localhost:{bound.getsockname()[1]}"
    sockets[REGIONAL] = _bound(0)
    return Listening(sockets, Addresses(**addresses), f"https://localhost:{sockets[REGIONAL].getsockname()[1]}")


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us: there are five of them in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _application(simulator: Simulator, service: str) -> Starlette:
    async def endpoint(request: Request) -> Response:
        return await simulator.handle(service, request)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=METHODS)])


def _servers(simulator: Simulator, context: ssl.SSLContext) -> dict[str, _Server]:
    servers = {}
    for service in SERVICES:
        config = uvicorn.Config(
            _application(simulator, service), log_level="error", access_log=False, lifespan="off",
            http=BreakableProtocol, server_header=False, timeout_graceful_shutdown=2,
            # a connection that is closed while a client sends on it again is a fault that nobody asked for
            timeout_keep_alive=IDLE_SECONDS,
        )  # fmt: skip
        config.load()
        if service in SECURE:
            config.ssl = context
        servers[service] = _Server(config)
    return servers


def _write_atomically(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)


def _certificate(connection: Path | None) -> tuple[ssl.SSLContext, Path | None]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    if connection is None:
        return context, None
    ca_file = connection.with_name(connection.stem + ".ca.pem").absolute()
    _write_atomically(ca_file, authority.cert_pem.bytes().decode())
    return context, ca_file


def connection_data(simulator: Simulator, ca_file: Path | None, record: Path | None) -> dict[str, Any]:
    """What a client needs to know to use this run."""
    return {
        "pid": os.getpid(),
        **asdict(simulator.world.addresses),
        "ca_file": str(ca_file) if ca_file else None,
        "control_token": simulator.desk.token,
        "tenants": {
            side: {
                "tenant_id": tenant.tenant_id,
                "initial_domain": tenant.file.initial_domain,
                "cloud": tenant.file.cloud,
            }
            for side, tenant in simulator.world.tenants.items()
        },
        "record": str(record.absolute()) if record else None,
    }


def new_desk(clock: ServiceClock, faults: Faults) -> Desk:
    """A control desk with a token of its own."""
    return Desk(clock, secrets.token_urlsafe(24), faults)


async def run(
    simulator: Simulator, sockets: dict[str, socket.socket], connection: Path | None, record: Path | None, *,
    stop_with_stdin: bool,
) -> None:  # fmt: skip
    """Serve until a signal, or until standard input ends.

    Args:
        simulator: What to serve.
        sockets: As `listen` bound them.
        connection: Where to write the connection file, or None.
        record: The record's path, for the connection file.
        stop_with_stdin: Whether the end of standard input stops the run, as it does when the parent goes away.
    """
    context, ca_file = _certificate(connection)
    servers = _servers(simulator, context)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    _stop_on_signals(loop, stop)
    if stop_with_stdin:
        _stop_on_stdin(loop, stop)
    tasks: list[Awaitable[None]] = [
        asyncio.create_task(
            server.serve(sockets=[sockets[service], *([sockets[REGIONAL]] if service == "exo" else [])])
        )
        for service, server in servers.items()
    ]
    while not all(server.started for server in servers.values()):
        await asyncio.sleep(0.01)
    if connection is not None:
        _write_atomically(connection, json.dumps(connection_data(simulator, ca_file, record), indent=2) + "\n")
    _announce(simulator)
    await stop.wait()
    for server in servers.values():
        server.should_exit = True
    await asyncio.gather(*tasks)
    simulator.recorder.close()


def _announce(simulator: Simulator) -> None:
    names = {side: tenant.file.initial_domain for side, tenant in simulator.world.tenants.items()}
    addresses = simulator.world.addresses
    sys.stdout.write(
        f"Simulated tenants ready: source {names['source']}, target {names['target']}; "
        f"sign-in pages at {addresses.portal}, control at {addresses.control}.\n"
    )
    sys.stdout.flush()


def _stop_on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def ask(number: int, frame: object) -> None:
        del number, frame
        loop.call_soon_threadsafe(stop.set)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), ask)


def _stop_on_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def wait_for_end() -> None:
        # os.read, not the buffered stream: a thread waiting in that one holds its lock and aborts the shutdown
        while os.read(sys.stdin.fileno(), 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait_for_end, name="stdin", daemon=True).start()
