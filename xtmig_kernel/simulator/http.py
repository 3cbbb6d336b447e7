"""What every handler takes and gives: a call, an answer, and lines for the record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import parse_qsl, quote

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True)
class Call:
    """One request, freed from the web server.

    Attributes:
        service: `login`, `graph`, `exo`, `compliance`, `portal` or `control`.
        method: Upper case.
        path: As received, without the query.
        query: Decoded; the last of repeated names counts.
        headers: Names in lower case.
        body: As received.
        wall: Wall time of arrival, seconds since 1970.
    """

    service: str
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    wall: float = 0.0

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object.

        Raises:
            ValueError: The body is no JSON.
        """
        return json.loads(self.body.decode("utf-8-sig")) if self.body.strip() else {}

    @property
    def says_json(self) -> bool:
        """Whether the body is named as JSON; a request without a body need not name anything."""
        return not self.body or self.headers.get("content-type", "").partition(";")[0].strip() == "application/json"

    def form(self) -> dict[str, str]:
        """The body as an HTML form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def target(self) -> str:
        """Path and query as one text."""
        query = "&".join(f"{quote(k)}={quote(v)}" for k, v in self.query.items())
        return f"{self.path}?{query}" if query else self.path


@dataclass(frozen=True)
class Answer:
    """A response. A dictionary or list as body is sent as JSON, a text as HTML unless a header says otherwise."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def with_headers(self, headers: dict[str, str]) -> Answer:
        """The same answer with more headers."""
        return replace(self, headers={**headers, **self.headers})


@dataclass(frozen=True)
class Effect:
    """What a fault does to one request, or to one member of a batch.

    Attributes:
        kind: The fault's kind, for the record.
        answer: Given instead of the real one; the request is then not carried out.
        warning: Added to the warnings of a successful answer.
        headers: In the place of the real answer's own.
        seconds: How long the answer is kept back.
        cut: The connection is reset before the request is carried out, or after it without an answer, or closed after
            half of the answer's body.
    """

    kind: str
    answer: Answer | None = None
    warning: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut: Literal["before", "after", "half"] | None = None

    def on(self, answer: Answer) -> Answer:
        """The real answer, with the headers, and the warning where there is one to add."""
        answer = replace(answer, headers={**answer.headers, **self.headers})
        if not (self.warning and answer.status == HTTPStatus.OK and isinstance(answer.body, dict)):
            return answer
        warnings = [*answer.body.get("@adminapi.warnings", []), self.warning]
        return replace(answer, body=answer.body | {"@adminapi.warnings": warnings})


Planted = Callable[[Call], Effect | None]


def nothing_planted(call: Call) -> None:
    """No request is disturbed.

    Args:
        call: A member of a batch, as if it had come alone.
    """
    del call


@dataclass(frozen=True)
class Entry:
    """One line for the record; time and duration are added by the recorder.

    Attributes:
        side: `source`, `target`, or None where the request named no tenant of ours.
        method: HTTP method.
        path: Path without query.
        status: HTTP status answered; 0 where the connection was reset instead.
        cmdlet: Exchange cmdlet, or None.
        parameters: What was sent, with secrets already replaced.
        fault: Kind of the fault that was injected, or None.
    """

    side: str | None
    method: str
    path: str
    status: int
    cmdlet: str | None = None
    parameters: Any = None
    fault: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What a service makes of a call: the answer, its lines for the record, and what it lacks."""

    answer: Answer
    entries: list[Entry]
    unsupported: list[str] = field(default_factory=list)


class UnsupportedRequest(Exception):
    """The real service would answer this; the simulator cannot. Answered 501 and listed in the statistics."""


def unsupported_answer(what: str) -> Answer:
    """The 501 for something the simulator lacks."""
    message = f"The simulator does not answer this request: {what}"
    return Answer(501, {"error": {"code": "SimulatorUnsupported", "message": message}})


@dataclass(frozen=True)
class Route(Generic[Handler]):
    """A method, a path pattern and who handles it.

    The pattern holds `{name}` for one path segment or one key in parentheses; letters match without case.
    """

    method: str
    pattern: str
    handler: Handler
    permissions: tuple[str, ...] = ()

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The named parts of a path that fits, or None."""
        if method != self.method:
            return None
        shape = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/()]+)", re.escape(self.pattern))
        found = re.fullmatch(shape, path, re.IGNORECASE)
        return {k: v.strip("'") for k, v in found.groupdict().items()} if found else None


def find(routes: Sequence[Route[Handler]], method: str, path: str) -> tuple[Route[Handler], dict[str, str]]:
    """The route that answers a request.

    Raises:
        UnsupportedRequest: None does.
    """
    for route in routes:
        parts = route.match(method, path)
        if parts is not None:
            return route, parts
    raise UnsupportedRequest(f"{method} {path}")
