"""How xtmig speaks HTTP: one policy for every request that carries a token.

What is retried is what wire 1.8 calls transient, and nothing else. A write whose answer is lost is never
repeated: nobody can say whether it was done, so `UncertainWrite` leaves that to a read.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import ssl
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urljoin, urlsplit, urlunsplit
from uuid import uuid4

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from xtmig_kernel import __version__
from xtmig_kernel.errors import Rejected, Unavailable
from xtmig_kernel.m365.waits import Waits, speaker, unheard
from xtmig_kernel.m365.watching import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.m365.clouds import Hosts
    from xtmig_kernel.m365.limiter import Limiter
    from xtmig_kernel.project import Side

USER_AGENT = f"xtmig/{__version__}"
Resource = Literal["exchange", "graph", "compliance"]

_CONNECT_SECONDS = 15
_READ_SECONDS: dict[Resource, int] = {"exchange": 960, "graph": 120, "compliance": 960}
"""Exchange's own limit is 15 minutes; Microsoft's module waits a minute longer (wire 1.2)."""

PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)
"""After these a read is sent again (wire 1.8); nobody knows what became of a write."""

CLIENT_ID = "client-request-id"
_REDIRECTS = 5
_INNER_COMPLIANCE, _OUTER_COMPLIANCE = ".admin.protection.outlook.com", ".ps.compliance.protection.outlook.com"
_CLAIMS = re.compile(r'claims="([^"]+)"')


class UncertainWrite(Unavailable):
    """A write was sent, and its answer was lost: it may have been done.

    `maybe_done` is true, so that a caller which only knows `Unavailable` can ask for it.
    """

    maybe_done = True


class TimedOut(Unavailable):
    """The service did not answer a read in time."""


class Tokens(Protocol):
    """Gives access tokens."""

    def token(self, resource: Resource, *, claims: str | None = None, renew: bool = False) -> str:
        """A valid access token.

        Args:
            resource: The service it is for.
            claims: A claims challenge to answer, JSON.
            renew: Whether the one given before was refused.
        """
        ...


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Args:
        method: `"GET"`, `"POST"`, `"PATCH"`, `"PUT"` or `"DELETE"`.
        url: Absolute.
        headers: All but the authorization.
        body: JSON data, or None for none.
        writes: Whether it may change anything.
        what: What it does, as a person would name it: a cmdlet, or method and path.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any = None
    writes: bool = False
    what: str = ""


@dataclass(frozen=True)
class Response:
    """One HTTP answer.

    Args:
        status: HTTP status.
        headers: With names that ignore case.
        content: The body's bytes.
        client_request_id: The id that we gave the request.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    client_request_id: str | None = None
    _parsed: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)

    @classmethod
    def of_part(cls, part: Mapping[str, Any], client_request_id: str | None = None) -> Response:
        """A member of a batch's answer, as if it had come alone.

        Args:
            part: With `status`, `headers` and `body`.
            client_request_id: The id that we gave the batch.
        """
        body = part.get("body")
        content = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode("utf-8")
        headers = {str(name): str(value) for name, value in (part.get("headers") or {}).items()}
        return cls(int(part.get("status") or 0), CaseInsensitiveDict(headers), content, client_request_id)

    def data(self) -> Any:
        """The body as JSON data; None where it is empty or no JSON. NUL bytes around it are ignored (wire 1.7 E)."""
        if not self._parsed:  # a page is asked several times what it says
            self._parsed.append(self._read())
        return self._parsed[0]

    def _read(self) -> Any:
        try:
            return json.loads(self.content.strip(b"\0 \r\n\t").decode("utf-8-sig"))
        except ValueError:
            return None


class SystemTrust(HTTPAdapter):
    """Trusts the certificates that the operating system trusts, which company proxies rely on.

    A CA file that the person named in REQUESTS_CA_BUNDLE is trusted as well.
    """

    def __init__(self) -> None:
        import truststore

        self._context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give the connection pool our context."""
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Give connections through a proxy our context."""
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:
        """Verify always; requests' own list of authorities is left out."""
        super().cert_verify(conn, url, verify or True, cert)  # type: ignore[no-untyped-call]
        if not isinstance(verify, str):
            conn.ca_certs = conn.ca_cert_dir = None


class _Session(requests.Session):
    """Always has a time limit, which requests and msal leave to the caller."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", (_CONNECT_SECONDS, _READ_SECONDS["graph"]))
        return super().request(*args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        with watched(request) as answered:
            response = super().send(request, **kwargs)
            answered(response)
        return response


def new_session(hosts: Hosts) -> requests.Session:
    """A session that trusts the right certificates and names itself xtmig.

    Args:
        hosts: With a CA file for simulated tenants, which are trusted by that file alone.
    """
    session = _Session()
    session.headers["User-Agent"] = USER_AGENT
    # Without an authentication of its own, requests would take one for the host from the person's .netrc file.
    session.auth = lambda request: request
    if hosts.ca_file is None:
        session.mount("https://", SystemTrust())
    else:
        # REQUESTS_CA_BUNDLE in the environment would win over our CA, and a proxy cannot reach this machine.
        session.trust_env = False
        session.verify = str(hosts.ca_file)
    return session


class Http:
    """Sends requests to one service of one tenant.

    Args:
        resource: The service.
        side: The tenant, for messages.
        hosts: Where tokens may go.
        tokens: Gives them.
        clock: Waits between retries.
        limiter: Bounds the requests in flight; shared by the services of one tenant.
        session: The connections.
        is_transient: Tells from an answer's body that the service was only busy (429 and 503 are known here).
        tell: Takes one sentence before each wait.
    """

    def __init__(
        self,
        resource: Resource,
        side: Side,
        hosts: Hosts,
        tokens: Tokens,
        clock: Clock,
        limiter: Limiter,
        session: requests.Session,
        is_transient: Callable[[Response], Literal["busy", "fault"] | None] = lambda _: None,
        tell: Callable[[str], None] = unheard,
    ) -> None:
        self.resource = resource
        self.side = side
        self.hosts = hosts
        self.clock = clock
        self._tokens = tokens
        self.tell = tell
        self._lane = limiter.lane(speaker(resource, side), tell)
        self._session = session
        self._is_transient = is_transient
        self._moved: dict[str, str] = {}

    def token(self) -> str:
        """A valid access token, for a batch whose members each carry one."""
        return self._tokens.token(self.resource)

    def send(self, request: Request) -> Response:
        """The answer to a request, after the retries that the policy allows.

        Args:
            request: What to send.

        Raises:
            UncertainWrite: A write's answer was lost.
            TimedOut: A read was not answered in time, at every try.
            Unavailable: No connection, at every try.
            Rejected: The service sent us to a host outside its cloud.
            SignInError: No token could be had.
        """
        # One id for all tries, by which Microsoft's support finds a request whose answer never came.
        request = replace(request, headers={CLIENT_ID: str(uuid4()), **request.headers})
        waits = self.waits()
        bearer = self._tokens.token(self.resource)
        renewed = False
        while True:
            try:
                response = self._follow(request, bearer)
            except requests.RequestException as error:
                lost = self._lost(request, error)
                if isinstance(lost, UncertainWrite) or not waits.wait(why="gave no answer"):
                    raise lost from None
                continue
            if response.status == HTTPStatus.UNAUTHORIZED and not renewed:
                bearer, renewed = self._renewed(response), True
                continue
            if not (self._may_retry(request, response) and waits.wait(response.headers.get("Retry-After"))):
                return response

    def waits(self) -> Waits:
        """The retries of one request, told to whoever listens."""
        return Waits(self.clock, speaker(self.resource, self.side), self.tell)

    def part_refused(self, response: Response) -> None:
        """Slow down after a member of a batch was refused because there were too many requests.

        Args:
            response: That member's answer.
        """
        self._lane.part_refused(response.headers)

    def _may_retry(self, request: Request, response: Response) -> bool:
        """A busy service did nothing, so even a write may be sent again; after a fault only a read may."""
        kind = "busy" if self._is_busy(response) else self._is_transient(response)
        if kind is None and response.status in PASSING:
            kind = "fault"
        return kind == "busy" or (kind == "fault" and not request.writes)

    def _is_busy(self, response: Response) -> bool:
        return response.status == HTTPStatus.TOO_MANY_REQUESTS or self._is_transient(response) == "busy"

    def _renewed(self, response: Response) -> str:
        claims = claims_challenge(response.headers.get("WWW-Authenticate", ""))
        return self._tokens.token(self.resource, claims=claims, renew=True)

    def _follow(self, request: Request, bearer: str) -> Response:
        """Send, and follow redirects by hand: requests would drop the token, or take it anywhere."""
        url = self._pinned(request.url)
        for _ in range(_REDIRECTS + 1):
            if not self.hosts.trusts(url):
                raise Rejected(
                    f"{request.what} was sent on to {urlsplit(url).hostname}, which is not a host of this cloud.",
                    side=self.side,
                    remedy="Check the cloud in project.yaml and any proxy in between; no token was sent there.",
                )
            response = self._once(request, url, bearer)
            location = response.headers.get("Location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            onward = normal_port(urljoin(url, location))
            self._moved[_origin(url)] = _origin(onward)
            url = onward
        raise Rejected(f"{request.what} was sent on {_REDIRECTS} times without an answer.", side=self.side)

    def _once(self, request: Request, url: str, bearer: str) -> Response:
        with self._lane.slot() as era:
            answer = self._session.request(
                request.method,
                url,
                headers={**request.headers, "Authorization": f"Bearer {bearer}"},
                data=None if request.body is None else json.dumps(request.body).encode("utf-8"),
                timeout=(_CONNECT_SECONDS, _READ_SECONDS[self.resource]),
                allow_redirects=False,
            )
        response = Response(answer.status_code, answer.headers, answer.content, request.headers.get(CLIENT_ID))
        self._lane.heard(era, response.headers, busy=self._is_busy(response), good=answer.ok)
        return response

    def _pinned(self, url: str) -> str:
        """The same address on the host that an earlier redirect named (wire 1.1)."""
        moved = self._moved.get(_origin(url))
        return url if moved is None else moved + url[len(_origin(url)) :]

    def _lost(self, request: Request, error: requests.RequestException) -> Unavailable:
        # Only a connection that was never made proves that nothing was done.
        client_request_id = request.headers.get(CLIENT_ID)
        never_sent = isinstance(error, requests.ConnectTimeout) or _never_connected(error)
        if request.writes and not never_sent:
            return UncertainWrite(
                f"The answer to {request.what} was lost.",
                client_request_id=client_request_id,
                side=self.side,
                cause="The connection broke or the time was up after the request was sent.",
                remedy="It may have been done. Look at the object before anything is sent again.",
            )
        if isinstance(error, requests.Timeout):
            return TimedOut(
                f"{request.what} was not answered in time.",
                client_request_id=client_request_id,
                side=self.side,
                remedy="Try again later; if it lasts, look at the service health page.",
            )
        return Unavailable(
            f"{request.what} could not be sent.",
            client_request_id=client_request_id,
            side=self.side,
            cause=f"No connection to {urlsplit(request.url).hostname} ({type(error).__name__}).",
            remedy="Check the network, the proxy settings and the clock of this machine.",
        )


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.exceptions.SSLError):
        # other TLS faults also happen after sending; which of the two words is there depends on the system's own check
        return any(word in str(error) for word in ("CERTIFICATE_VERIFY_FAILED", "SSLCertVerificationError"))
    if isinstance(error, requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError")


def claims_challenge(header: str) -> str | None:
    """The claims that a 401 asks for (continuous access evaluation, wire 1.7), as JSON text; None without.

    Args:
        header: The WWW-Authenticate header.
    """
    found = _CLAIMS.search(header)
    if found is None:
        return None
    text = found[1].replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None


def normal_port(url: str) -> str:
    """The same address at the door that is open to the world (wire 1.1; F-27, F-108).

    Port 446 is an inner one and stands for 443; compliance's regional hosts have an inner name as well.

    Args:
        url: From a redirect or a next link.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.endswith(_INNER_COMPLIANCE):
        host = host.removesuffix(_INNER_COMPLIANCE) + _OUTER_COMPLIANCE
    elif parts.port != 446:  # noqa: PLR2004 - the fact itself
        return url
    return urlunsplit(parts._replace(netloc=host))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
