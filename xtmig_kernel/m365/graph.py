"""Microsoft Graph (wire 4): requests, pages, batches, typed errors."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from xtmig_kernel.errors import (
    AccessDenied,
    Conflict,
    NotFound,
    Rejected,
    ServiceError,
    Throttled,
    Unavailable,
    UsageError,
)
from xtmig_kernel.m365.http import PASSING, Request, Response, UncertainWrite

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xtmig_kernel.m365.http import Http
    from xtmig_kernel.project import Side

_BATCH = 20
_ABSENT = frozenset({"Request_ResourceNotFound", "ResourceNotFound", "NotFound", "itemNotFound"})
_EXISTS = re.compile(r"already (exists?|in use|added)|conflicting object", re.IGNORECASE)
_PLACE = re.compile(r"(?P<quote>'?)\{(?P<name>\w+)\}")


@dataclass(frozen=True)
class GraphRequest:
    """One request below `/v1.0`.

    Args:
        method: `"GET"`, `"POST"`, `"PATCH"`, `"PUT"` or `"DELETE"`.
        path: Such as `"/organization"`, its values percent-encoded (`fill_path`).
        body: JSON data, or None.
        headers: Further headers.
        depends_on: In a batch: places, in the same list, of requests before it that must have succeeded first.
    """

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[int, ...] = ()


@dataclass(frozen=True)
class GraphReply:
    """What Graph answered.

    Args:
        data: JSON data, or None where there is none.
        request_id: The service's id of the request, for a support case.
    """

    data: Any
    request_id: str | None


@dataclass(frozen=True)
class GraphPage:
    """A part of a list.

    Args:
        rows: Its objects.
        link: Where the next part is; None after the last one.
    """

    rows: tuple[dict[str, Any], ...]
    link: str | None = None


class GraphService(Protocol):
    """Graph of one tenant: `GraphClient`, or what goes before it."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """As `GraphClient.get`."""
        ...

    def get_all(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[dict[str, Any], ...]:
        """As `GraphClient.get_all`."""
        ...

    def page(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        link: str | None = None,
    ) -> GraphPage:
        """As `GraphClient.page`."""
        ...

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> GraphReply:
        """As `GraphClient.request`."""
        ...

    def batch(self, requests: Sequence[GraphRequest]) -> list[GraphReply | ServiceError]:
        """As `GraphClient.batch`."""
        ...


class GraphClient:
    """Graph of one tenant.

    Args:
        http: Sends requests to that tenant's Graph.
    """

    def __init__(self, http: Http) -> None:
        self._http = http
        self._root = f"{http.hosts.graph}/v1.0"

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One object, or one page.

        Args:
            path: Such as `"/me"`.
            params: Query options, such as `{"$select": "id"}`.

        Raises:
            ServiceError: As `request`.
        """
        return self._object(self._send(GraphRequest("GET", _with_query(path, params))), path)

    def get_all(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[dict[str, Any], ...]:
        """All rows of a list, page after page (wire 4.13).

        Args:
            path: Such as `"/servicePrincipals"`.
            params: Query options.
            headers: Further headers, such as `{"ConsistencyLevel": "eventual"}` (wire 4.11).

        Raises:
            ServiceError: As `request`; never a part of the list.
        """
        rows: list[dict[str, Any]] = []
        url: str | None = self._root + _with_query(path, params)
        seen: set[str] = set()
        while url:
            if url in seen:
                raise Rejected(f"GET {path}: the service's pages run in a circle.", side=self._http.side)
            seen.add(url)
            page = self.page(path, params, headers, url)
            rows += page.rows
            url = page.link
        return tuple(rows)

    def page(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        link: str | None = None,
    ) -> GraphPage:
        """One page of a list (wire 4.13).

        Args:
            path: Such as `"/servicePrincipals"`.
            params: Query options.
            headers: Further headers.
            link: Of the page before; None for the first page.

        Raises:
            ServiceError: As `request`.
        """
        url = link or self._root + _with_query(path, params)
        if urlsplit(url).netloc != urlsplit(self._root).netloc:
            raise Rejected(f"GET {path}: the next page is in no place to go to.", side=self._http.side)
        response = self._http.send(Request("GET", url, _headers(headers or {}), what=f"GET {path}"))
        reply = self._answer(response, GraphRequest("GET", path))
        page = self._object(reply, path)
        if not isinstance(page.get("value"), list):
            raise self._unusable(path, reply)
        following = page.get("@odata.nextLink")
        return GraphPage(tuple(page["value"]), following)

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> GraphReply:
        """Any one request.

        Args:
            method: HTTP method; everything but GET counts as a write.
            path: Below `/v1.0`.
            body: JSON data, or None.
            headers: Further headers, such as `{"Prefer": "create-if-missing"}`.

        Raises:
            AccessDenied: A permission or role is missing.
            NotFound: Graph says that the object is not there.
            Conflict: The object is there already.
            Rejected: Graph refused.
            Throttled: Too many requests, after the retries.
            UncertainWrite: A write's answer was lost.
            Unavailable: No usable answer, after the retries.
        """
        return self._send(GraphRequest(method, path, body, headers or {}))

    def batch(self, requests: Sequence[GraphRequest]) -> list[GraphReply | ServiceError]:
        """Many requests, twenty at a time (wire 4.12).

        Args:
            requests: Independent of each other, but for what `depends_on` says.

        Returns:
            One reply or error for each, in their order. Members that were throttled, and reads that failed for a
            passing reason, have been tried again. A member is not begun where one that it depends on failed.

        Raises:
            UsageError: A request depends on one that does not stand before it; nothing was sent then.
        """
        if any(not 0 <= j < i for i, request in enumerate(requests) for j in request.depends_on):
            raise UsageError("A request of a batch may depend on those before it alone; nothing was sent.")
        replies: dict[int, GraphReply | ServiceError] = {}
        for start in range(0, len(requests), _BATCH):
            members = dict(enumerate(requests[start : start + _BATCH], start))
            self._batch(members, start, replies)
        return [replies[i] for i in range(len(requests))]

    def _batch(
        self, members: Mapping[int, GraphRequest], start: int, replies: dict[int, GraphReply | ServiceError]
    ) -> None:
        waits = self._http.waits()
        open_members = list(members)
        while open_members := self._to_begin(open_members, members, replies):
            try:
                parts = self._send_batch({i: members[i] for i in open_members}, start)
            except ServiceError as error:
                replies |= {i: copy(error) for i in open_members}  # a caller may add each member's subject
                break
            again: list[int] = []
            for i in open_members:
                replies[i] = self._member(parts.get(i), members[i])
                if isinstance(replies[i], Throttled):
                    self._http.part_refused(parts[i])
                if _passes(parts.get(i), members[i]) or (
                    _waited_in_vain(parts.get(i)) and set(members[i].depends_on) & set(again)
                ):
                    again.append(i)
            if not again or not waits.wait(_longest(parts[i].headers.get("Retry-After", "") for i in again)):
                break
            for i in again:
                del replies[i]
            open_members = again

    def _to_begin(
        self, wanted: list[int], members: Mapping[int, GraphRequest], replies: dict[int, GraphReply | ServiceError]
    ) -> list[int]:
        """Those that may be sent; the others get their error, for what they depend on has failed for good."""
        for i in wanted:
            failed = next((j for j in members[i].depends_on if isinstance(replies.get(j), ServiceError)), None)
            if failed is not None:
                replies[i] = Rejected(
                    f"{members[i].method} {members[i].path.partition('?')[0]} was not begun.",
                    side=self._http.side,
                    cause=f"It depends on another request, which failed: {replies[failed]}",
                    remedy="Mend what failed there, then run the step again.",
                )
        return [i for i in wanted if i not in replies]

    def _send_batch(self, members: Mapping[int, GraphRequest], start: int) -> dict[int, Response]:
        first = {i: [str(j - start) for j in member.depends_on if j in members] for i, member in members.items()}
        sent = [
            {"id": str(i - start), "method": member.method, "url": member.path}
            | ({"headers": _headers(member.headers)} if member.headers or member.body is not None else {})
            | ({"body": member.body} if member.body is not None else {})
            | ({"dependsOn": first[i]} if first[i] else {})
            for i, member in members.items()
        ]
        changing = any(member.method != "GET" for member in members.values())
        what = f"a batch of {len(members)} Graph requests"
        url = f"{self._root}/$batch"
        response = self._http.send(Request("POST", url, _headers({}), {"requests": sent}, writes=changing, what=what))
        if response.status >= HTTPStatus.BAD_REQUEST:
            return dict.fromkeys(members, response)
        data = response.data()
        answers = data.get("responses") if isinstance(data, dict) else None
        parts = [part for part in answers or [] if str(part.get("id", "")).isdigit()]
        return {int(part["id"]) + start: Response.of_part(part, response.client_request_id) for part in parts}

    def _member(self, response: Response | None, member: GraphRequest) -> GraphReply | ServiceError:
        if response is None:
            kind = Unavailable if member.method == "GET" else UncertainWrite
            return kind(f"{member.method} {member.path} got no answer in its batch.", side=self._http.side)
        try:
            # Nothing was looked at with a token that was refused; alone, the request answers the challenge.
            return self._send(member) if response.status == HTTPStatus.UNAUTHORIZED else self._answer(response, member)
        except ServiceError as error:
            return error

    def _send(self, request: GraphRequest) -> GraphReply:
        what = f"{request.method} {request.path.partition('?')[0]}"
        response = self._http.send(
            Request(
                request.method,
                self._root + request.path,
                _headers(request.headers),
                request.body,
                writes=request.method != "GET",
                what=what,
            )
        )
        return self._answer(response, request)

    def _answer(self, response: Response, request: GraphRequest) -> GraphReply:
        if response.status in range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES):
            return GraphReply(response.data(), response.headers.get("request-id"))
        raise _error(response, request, self._http.side)

    def _object(self, reply: GraphReply, path: str) -> dict[str, Any]:
        if not isinstance(reply.data, dict):
            raise self._unusable(path, reply)
        return reply.data

    def _unusable(self, path: str, reply: GraphReply) -> Unavailable:
        return Unavailable(
            f"GET {path.partition('?')[0]} got an answer that says nothing.",
            request_id=reply.request_id,
            side=self._http.side,
            cause="HTTP success, but not the JSON that Graph sends.",
            remedy="Check for a proxy that answers in the service's place, then look again.",
        )


def fill_path(path: str, values: Mapping[str, str]) -> str:
    """A path with its values put in, percent-encoded.

    Args:
        path: With `{name}` for each value; between single quotes the value becomes an OData text.
        values: By name.

    Raises:
        UsageError: A value is missing, blank or would lead to another path.
    """

    def put(place: re.Match[str]) -> str:
        value = values.get(place["name"], "")
        if not value.strip() or value in (".", ".."):
            raise UsageError(f"The Graph path {path} was given no usable {place['name']}; nothing was sent.")
        quoted = value.replace("'", "''") if place["quote"] else value
        return place["quote"] + quote(quoted, safe="")

    return _PLACE.sub(put, path)


def _with_query(path: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(params, quote_via=quote, safe='$,')}"


def _headers(further: Mapping[str, str]) -> dict[str, str]:
    return {"Accept": "application/json", "Content-Type": "application/json", **further}


def _passes(response: Response | None, member: GraphRequest) -> bool:
    if response is None:
        return False
    passing = response.status in PASSING and member.method == "GET"
    return response.status == HTTPStatus.TOO_MANY_REQUESTS or passing


def _waited_in_vain(response: Response | None) -> bool:
    return response is not None and response.status == HTTPStatus.FAILED_DEPENDENCY


def _longest(waits: Iterable[str]) -> str:
    """The longest of several Retry-After headers, which may have decimals."""
    numbers = [text for text in waits if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)]
    return max(numbers, key=float, default="")


def _error(response: Response, request: GraphRequest, side: Side) -> ServiceError:
    data = response.data()
    error = data.get("error") if isinstance(data, dict) else None
    error = error if isinstance(error, dict) else {}
    code = str(error.get("code") or "") or None
    inner = error.get("innerError") or error.get("innererror") or {}
    what = f"{request.method} {request.path.partition('?')[0]}"
    kind, remedy = _kind(response.status, code, str(error.get("message") or ""), changing=request.method != "GET")
    return kind(
        str(error.get("message") or f"{what} was answered with HTTP {response.status}."),
        exception_type=code,
        request_id=response.headers.get("request-id") or inner.get("request-id"),
        client_request_id=response.client_request_id,
        status=response.status,
        side=side,
        cause=f"{what} reported {code or f'HTTP {response.status}'}.",
        remedy=remedy,
    )


def _kind(status: int, code: str | None, message: str, *, changing: bool) -> tuple[type[ServiceError], str]:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AccessDenied, "Give the signed-in account the role or permission, then sign in again."
    if status == HTTPStatus.FAILED_DEPENDENCY:
        return Rejected, "Mend what it depends on, then run the step again; this one was not begun."
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled, "Wait a few minutes and run the step again; nothing was done."
    # Status 3xx and below cannot come from Graph itself: nobody knows what became of the request, as after a 408.
    unknown = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST
    if unknown or status == HTTPStatus.REQUEST_TIMEOUT:
        if changing:
            return UncertainWrite, "It may have been done. Look at the object before anything is sent again."
        return Unavailable, "Try again later; if it lasts, look at the service health page."
    # A 404 without Graph's own words may also mean a wrong address.
    if status == HTTPStatus.NOT_FOUND and code in _ABSENT:
        return NotFound, "Check the name or ID; the object is not in this tenant."
    if status == HTTPStatus.CONFLICT or _EXISTS.search(message):
        return Conflict, "Look at the object that is there, and use it or choose another name."
    return Rejected, "Correct what the message names, then run the step again."
