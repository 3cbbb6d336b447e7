"""Connections that break: how an answer is lost, or ends too early, as a client's operating system sees it."""

from __future__ import annotations

import socket
import struct
import sys
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope, Send

_NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Closing then throws away what is unsent and sends RST, so that the other end reads "connection reset"."""


class BreakableProtocol(H11Protocol):
    """uvicorn's protocol, which also hands the connection itself to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep the connection where each request's scope is made from."""
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}


class Broken(Response):
    """An answer that never comes whole.

    Args:
        answer: The answer to break.
        half: Whether its head and half of its body still arrive, and the connection then closes; otherwise the
            connection is reset and nothing arrives.
    """

    def __init__(self, answer: Response, *, half: bool) -> None:
        super().__init__(answer.body, answer.status_code, dict(answer.headers))
        self._half = half

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is sent, break the connection, and wait until it is gone."""
        transport: asyncio.Transport = scope["state"]["transport"]
        if self._half:
            if self.body:  # without a body there is no half of it: the head is lost as well
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                part = bytes(self.body)[: len(self.body) // 2]
                await send({"type": "http.response.body", "body": part, "more_body": True})
            transport.close()
        else:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
