"""A record of requests and answers that may be handed on: shapes, and no value that names anybody or any tenant."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from xtmig_kernel import __version__
from xtmig_kernel.m365.clouds import hosts_for
from xtmig_kernel.m365.shapes import (
    body_shape,
    cmdlet_of,
    header_names,
    line_answer_shape,
    line_shape,
    path_of,
    refusals_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.project import Project

_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


class Recorder:
    """Takes the shape of each request and its answer; give it to `watching`.

    Args:
        project: Says where the services of both tenants are.
    """

    def __init__(self, project: Project) -> None:
        self._services: dict[str, str] = {}
        for side in ("source", "target"):
            hosts = hosts_for(project, side)
            places = {
                "sign-in": hosts.login,
                "graph": hosts.graph,
                "exchange": hosts.exchange,
                "compliance": hosts.compliance or "",
            }
            self._services |= {urlsplit(url).netloc.lower(): service for service, url in places.items() if url}
        self._taken: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def saw(
        self, request: requests.PreparedRequest, outcome: requests.Response | Exception, milliseconds: float
    ) -> None:
        """One request is over; only its shape is kept, and at once.

        Args:
            request: As it was sent.
            outcome: The answer, or what was raised.
            milliseconds: How long it took.
        """
        url, method = str(request.url), str(request.method)
        sent = request.body if isinstance(request.body, bytes) else str(request.body or "").encode("utf-8")
        shape: dict[str, Any] = {
            "service": self._services.get(urlsplit(url).netloc.lower(), "another host"),
            "method": method if method in _METHODS else "another method",
            "path": path_of(url),
            "cmdlet": cmdlet_of(request.headers.get("X-CmdletName")),
            "headers": header_names(request.headers),
            "body": body_shape(sent, str(request.headers.get("Content-Type"))),
            "milliseconds": round(milliseconds),
        }
        if isinstance(outcome, requests.Response):
            # what is read as it comes (a look at the head alone) has no content yet, and none is fetched for this
            content = outcome.content if outcome._content_consumed else b""  # type: ignore[attr-defined]
            shape["answer"] = {
                "status": outcome.status_code,
                "headers": header_names(outcome.headers),
                "refusal": refusals_of(content, outcome.headers.get("X-ExceptionType")),
                "body": body_shape(content, str(outcome.headers.get("Content-Type"))),
            }
        else:
            shape["answer"] = {"raised": type(outcome).__name__}
        with self._lock:
            self._taken.append(shape)

    def asked(self, request: Mapping[str, Any], outcome: Mapping[str, Any] | Exception, milliseconds: float) -> None:
        """One line to a PowerShell is over; only its shape is kept, and at once.

        Args:
            request: As it was asked.
            outcome: The answer, or what was raised.
            milliseconds: How long it took.
        """
        answer = {"raised": type(outcome).__name__} if isinstance(outcome, Exception) else line_answer_shape(outcome)
        shape = {**line_shape(request), "milliseconds": round(milliseconds), "answer": answer}
        with self._lock:
            self._taken.append({"service": "powershell", **shape})

    def text(self) -> str:
        """The record as JSON."""
        data = {"format": 1, "xtmig": __version__, "requests": self._taken}
        return json.dumps(data, indent=1, ensure_ascii=True) + "\n"
