"""A canned Microsoft 365: a TLS server that answers what a test tells it to, and keeps what it was sent.

It knows nothing of Microsoft 365. Every answer stands in the test that uses it, written from the wire facts.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from xtmig_kernel.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import trustme

SOURCE = "11111111-1111-4111-8111-111111111111"
TARGET = "22222222-2222-4222-8222-222222222222"
OPERATOR = "33333333-3333-4333-8333-333333333333"
MIGRATION_APPLICATION = "44444444-4444-4444-8444-444444444444"
PERSON = "55555555-5555-4555-8555-555555555555"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        """The JSON body."""
        return json.loads(self.content)

    @property
    def form(self) -> dict[str, str]:
        """The form body."""
        return {name: values[0] for name, values in parse_qs(self.content.decode()).items()}


@dataclass(frozen=True)
class Answer:
    """What to answer; `drop` breaks the connection after the request was read."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False

    def content(self) -> bytes:
        """The body's bytes; anything but bytes is made JSON."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode("utf-8")


class Canned:
    """The server's memory. Answers are given in the order in which they were queued, whatever is asked."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.answers: deque[Answer] = deque()
        self.handlers: dict[str, Callable[[Seen], Answer]] = {}
        self._lock = threading.Lock()

    def queue(self, *answers: Answer) -> None:
        """Give these next."""
        self.answers.extend(answers)

    def handle(self, seen: Seen) -> Answer:
        """Remember a request and find its answer."""
        with self._lock:
            self.seen.append(seen)
            path = urlsplit(seen.path).path
            for ending, handler in self.handlers.items():
                if path.endswith(ending):
                    return handler(seen)
            return self.answers.popleft() if self.answers else Answer(599, {"canned": "no answer was queued"})


def handler_of(canned: Canned) -> type[BaseHTTPRequestHandler]:
    """The class of handlers that answer from `canned`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            seen = Seen(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
            answer = canned.handle(seen)
            if answer.drop:
                self.close_connection = True
                self.connection.close()
                return
            content = answer.content()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server uses
            """Say nothing."""

    return Handler


class CannedServer(ThreadingHTTPServer):
    """Serves one test."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A dropped connection is what some tests ask for."""


@contextmanager
def serving(authority: trustme.CA) -> Iterator[Canned]:
    """A server on HTTPS at localhost."""
    canned = Canned()
    server = CannedServer(("127.0.0.1", 0), handler_of(canned))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    canned.url = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield canned
    server.shutdown()
    server.server_close()
    thread.join()


class NotingClock:
    """Notes every wait and waits for nothing."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> datetime:
        """Always the same moment."""
        return datetime(2026, 11, 23, 16, 0, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        """Note the wait."""
        self.waits.append(seconds)


class NumberedTokens:
    """Gives `token-1`, and the next number whenever it is asked to renew."""

    def __init__(self) -> None:
        self.number = 1
        self.claims: list[str | None] = []

    def token(self, _resource: str, *, claims: str | None = None, renew: bool = False) -> str:
        """The present token."""
        if renew:
            self.number += 1
            self.claims.append(claims)
        return f"token-{self.number}"


def project(folder: Path, **target_sign_in: Any) -> Project:
    """A live project; its target signs in as told."""
    return Project.model_validate(
        {
            "format": 1,
            "id": "contoso-moves",
            "name": "Contoso to Northwind",
            "source": {"tenant_id": SOURCE, "domain": "contoso.onmicrosoft.com"},
            "target": {
                "tenant_id": TARGET,
                "domain": "northwindtraders.onmicrosoft.com",
                "sign_in": target_sign_in or {"method": "browser"},
            },
            "transport": "rest",
            "folder": folder,
        }
    )


def access_token(**claims: Any) -> str:
    """An access token of the target tenant with these claims; its signature is no signature."""
    parts = ({"typ": "JWT", "alg": "RS256"}, {"tid": TARGET, "oid": PERSON, **claims})
    head, payload = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{head}.{payload}.c2lnbmF0dXJl"


@dataclass
class Login:
    """A canned sign-in service: an OpenID configuration and whatever the token endpoint shall answer.

    Args:
        canned: The server.
        claims: Claims of the access tokens to give.
        refusals: OAuth errors to answer with first.
        faults: Whole answers of the token endpoint, before anything else.
    """

    canned: Canned
    claims: dict[str, Any]
    refusals: deque[dict[str, str]] = field(default_factory=deque)
    given: list[str] = field(default_factory=list)
    nonce: str | None = None
    faults: deque[Answer] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.canned.handlers["/.well-known/openid-configuration"] = self._configuration
        self.canned.handlers["/oauth2/v2.0/token"] = self._token
        self.canned.handlers["/oauth2/v2.0/devicecode"] = self._device

    def asked(self, ending: str) -> list[dict[str, str]]:
        """The forms that an endpoint was sent."""
        return [seen.form for seen in self.canned.seen if urlsplit(seen.path).path.endswith(ending)]

    def _configuration(self, seen: Seen) -> Answer:
        base = self.canned.url + urlsplit(seen.path).path.removesuffix("/v2.0/.well-known/openid-configuration")
        return Answer(
            body={
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            }
        )

    def _device(self, _: Seen) -> Answer:
        return Answer(
            body={
                "user_code": "ABCD-EFGH",
                "device_code": "device-code-of-this-test",
                "verification_uri": "https://microsoft.com/devicelogin",
                "expires_in": 900,
                "interval": 0,
            }
        )

    def _token(self, seen: Seen) -> Answer:
        if self.faults:
            return self.faults.popleft()
        if self.refusals:
            return Answer(400, self.refusals.popleft())
        number = len(self.given) + 1
        token = access_token(**self.claims, number=number)
        self.given.append(token)
        body = {"token_type": "Bearer", "expires_in": 3600, "access_token": token}
        if seen.form["grant_type"] != "client_credentials":
            body |= {"refresh_token": f"refresh-token-{number}", "scope": seen.form.get("scope", "")}
            body |= {"id_token": self._id_token(seen.form), "client_info": _client_info()}
        return Answer(body=body)

    def _id_token(self, form: dict[str, str]) -> str:
        issuer = f"{self.canned.url}/{TARGET}/v2.0"
        claims = {"aud": form["client_id"], "sub": PERSON, "preferred_username": self.claims["upn"]}
        if self.nonce:
            claims["nonce"] = self.nonce
        return access_token(iss=issuer, exp=4102444800, iat=0, **claims)


def _client_info() -> str:
    return base64.urlsafe_b64encode(json.dumps({"uid": PERSON, "utid": TARGET}).encode()).decode()
