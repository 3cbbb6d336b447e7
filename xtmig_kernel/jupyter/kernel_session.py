"""The one place that every message of the kernel passes on its way out, and is redacted."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any

from jupyter_client.session import Session
from traitlets import Instance

from xtmig_kernel.credentials import RedactingStream, Redactor

_PARTS = ("header", "parent_header", "metadata", "content")


@dataclass(frozen=True)
class _OpenStream:
    """Standard output or error of one cell, of which an end may be held back."""

    socket: Any
    name: str
    parent: dict[str, Any]
    ident: Any
    text: RedactingStream


class RedactingSession(Session):
    """A session that takes secrets out of all it sends: output, replies, errors, widgets, prompts.

    A secret may be printed letter by letter. So of printed text, an end that may be the beginning of a
    secret waits for the next piece, at the latest until the cell is done.
    """

    redactor = Instance(Redactor, args=())

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._streams: dict[tuple[str, str], _OpenStream] = {}
        self._streams_lock = threading.Lock()
        self._process = os.getpid()

    def serialize(self, msg: dict[str, Any], ident: Any = None) -> list[bytes]:
        """The message as bytes, without secrets; nothing goes out except through here."""
        parts = {part: self.redactor.redact_data(msg[part]) for part in _PARTS if part in msg}
        return super().serialize(parts, ident)

    def send(
        self,
        stream: Any,
        msg_or_type: dict[str, Any] | str,
        content: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Send a message; see `jupyter_client.session.Session.send` for the arguments."""
        if isinstance(msg_or_type, str):
            message = self.msg(msg_or_type, content, parent, header, metadata)
        else:
            message = msg_or_type
        # A forked child gets a copy of what is held and will never see the end of the cell.
        if os.getpid() == self._process:
            if message["header"]["msg_type"] == "stream":
                message["content"] = self._without_held_end(stream, message, ident)
                if not message["content"]["text"]:
                    return message
            self._release(_ended(message))
        clean_buffers = [self.redactor.redact_data(data) for data in buffers or message.get("buffers") or ()]
        return super().send(stream, message, ident=ident, buffers=clean_buffers, track=track)

    def _without_held_end(self, socket: Any, message: dict[str, Any], ident: Any) -> dict[str, Any]:
        name, parent = message["content"]["name"], message["parent_header"]
        with self._streams_lock:
            opened = self._streams.setdefault(
                (parent.get("msg_id", ""), name),
                _OpenStream(socket, name, parent, ident, RedactingStream(self.redactor)),
            )
            return {"name": name, "text": opened.text.feed(message["content"]["text"])}

    def _release(self, ended: str | None) -> None:
        """Send what is held of the request that ended ("" for all), and forget its streams."""
        if ended is None:
            return
        with self._streams_lock:
            done = [key for key in self._streams if ended in ("", key[0])]
            streams = [self._streams.pop(key) for key in done]
        for opened in streams:
            if rest := opened.text.finish():
                message = self.msg("stream", {"name": opened.name, "text": rest}, opened.parent)
                super().send(opened.socket, message, ident=opened.ident)


def _ended(message: dict[str, Any]) -> str | None:
    """Which request this message ends: its id, "" for all so far, None for none."""
    if message["header"]["msg_type"] == "shutdown_reply":
        return ""
    if message["header"]["msg_type"] != "status" or message["content"].get("execution_state") != "idle":
        return None
    parent = message["parent_header"]
    # The end of a cell also ends what its threads and earlier cells have left.
    return "" if parent.get("msg_type") == "execute_request" else parent.get("msg_id", "")
