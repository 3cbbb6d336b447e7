"""The Exchange admin service: cmdlets over HTTP (wire 1).

Microsoft's own PowerShell module uses this interface and does not document it for others; what is known of it, and
how well, is in docs/reference/wire-facts.md. Requests name themselves xtmig and do not pretend to be that module.
"""

from __future__ import annotations

import threading
from copy import copy
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from xtmig_kernel.errors import Rejected, ServiceError, Throttled, Unavailable
from xtmig_kernel.m365.exchange_contract import writes
from xtmig_kernel.m365.exchange_errors import PageLinkExpired, error_from, page_link_error
from xtmig_kernel.m365.exchange_service import Page, Reply
from xtmig_kernel.m365.http import Request, Response, UncertainWrite, normal_port
from xtmig_kernel.m365.module_file import ModuleFile, read_module_file
from xtmig_kernel.m365.parameters import encrypt_for, no_key, to_wire
from xtmig_kernel.m365.values import plain_row
from xtmig_kernel.m365.waits import speaker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xtmig_kernel.m365.exchange_service import CmdletCall
    from xtmig_kernel.m365.http import Http

_PAGE = 1000
_BATCH = 10
_MODULE_VERSION = "3.9.2"
"""The generation of the module file that `module_file` can read; not a claim to be that module."""

_MORE = "There are more results available than are currently displayed"


class ExchangeClient:
    """Cmdlets of one tenant: of Exchange, or of Security & Compliance, which speaks the same (F-107).

    Args:
        http: Sends requests to that tenant's Exchange, or to what its hosts have in Exchange's place.
        tenant_id: Its ID; a GUID, because paging fails with a custom domain (wire 1.1).
        anchor: Routing hint: `UPN:` and the administrator, or the application's form of it (`anchor_for`).
    """

    def __init__(self, http: Http, tenant_id: str, anchor: str) -> None:
        self._http = http
        self._tenant_id = tenant_id
        self._anchor = anchor
        self._connection_id = str(uuid4())
        self._module: ModuleFile | None = None
        self._module_lock = threading.Lock()

    def invoke(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] | None = None,
        anchor: str | None = None,
    ) -> Reply:
        """Run a cmdlet and read all pages of its answer.

        Args:
            cmdlet: Such as `"Get-Mailbox"`.
            parameters: As `parameters.to_wire` takes them. A cmdlet that knows ResultSize returns everything
                only with `"ResultSize": "Unlimited"`.
            select: Only these properties.
            anchor: Another routing hint, from a parameter: `SMTP:` and an address.

        Raises:
            UsageError: A parameter cannot be sent.
            AccessDenied: The account lacks a role.
            NotFound: The cmdlet says that the object is not there.
            Conflict: The cmdlet says that the object is there already.
            Rejected: The cmdlet refused.
            Throttled: Too many requests, after the retries.
            UncertainWrite: A write's answer was lost, or it failed half-way.
            Unavailable: No usable answer, after the retries.
        """
        body = self._body(cmdlet, parameters or {})
        url = self._invoke_url(select)
        return self._pages(url, cmdlet, body, self._headers(cmdlet, anchor))

    def page(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] | None = None,
        link: str | None = None,
    ) -> Page:
        """Run a cmdlet that only reads, and read one page of its answer (wire 1.6).

        Args:
            cmdlet: Such as `"Get-Mailbox"`.
            parameters: As `parameters.to_wire` takes them; the same for each page.
            select: Only these properties; the same for each page.
            link: Of the page before; None for the first page.

        Raises:
            UsageError: A parameter cannot be sent.
            PageLinkExpired: The link is no longer valid; the list has to be begun again.
            ServiceError: As `invoke`.
        """
        first = self._invoke_url(select)
        body = self._body(cmdlet, parameters or {})
        try:
            response = self._post(link or first, cmdlet, body, self._headers(cmdlet, None))
        except Rejected as error:
            refused = page_link_error(error, cmdlet) if link else error
            raise refused from None
        page = self._page(response, cmdlet)
        following = page.get("@odata.nextLink")
        warnings = tuple(text for text in _warnings(page) if not (following and text.startswith(_MORE)))
        return Page(tuple(_rows(page, cmdlet)), warnings, normal_port(str(following)) if following else None)

    def invoke_many(
        self, calls: Sequence[CmdletCall], *, select: Sequence[str] | None = None
    ) -> list[Reply | ServiceError]:
        """Run many cmdlets, ten in a request (wire 1.9).

        Args:
            calls: Cmdlet and parameters of each.
            select: Only these properties, of each answer.

        Returns:
            One reply or error for each call, in their order. A call that failed because the service was busy, or a
            read that failed for a passing reason, has been tried again alone.

        Raises:
            UsageError: A parameter cannot be sent; nothing was sent then.
        """
        try:
            bodies = [self._body(cmdlet, parameters) for cmdlet, parameters in calls]
        except ServiceError as error:  # no key for a secret, and nothing was sent
            return [copy(error) for _ in calls]
        replies: list[Reply | ServiceError] = []
        for start in range(0, len(calls), _BATCH):
            members = [(calls[i][0], bodies[i]) for i in range(start, min(start + _BATCH, len(calls)))]
            replies += self._batch(members, self._invoke_url(select))
        return replies

    def offered(self) -> dict[str, frozenset[str]]:
        """The cmdlets that this account's roles allow, each with its parameters.

        Raises:
            ServiceError: The service does not say.
        """
        return dict(self._module_file().offered)

    def close(self) -> None:
        """Nothing: the tenant's connections are shared with Graph."""

    def _batch(self, members: list[tuple[str, dict[str, Any]]], url: str) -> list[Reply | ServiceError]:
        try:
            answers = self._send_batch(members, url)
        except ServiceError as error:
            return [copy(error) for _ in members]  # a caller may add each member's subject
        return [self._member(answers.get(str(i)), url, cmdlet, body) for i, (cmdlet, body) in enumerate(members)]

    def _send_batch(self, members: list[tuple[str, dict[str, Any]]], url: str) -> dict[str, Response]:
        request_id = str(uuid4())
        bearer = self._http.token()
        requests = [
            {
                "id": str(i),
                "method": "POST",
                "url": url,
                "headers": {
                    **self._headers(cmdlet, None, request_id),
                    "Prefer": f"odata.maxpagesize={_PAGE};odata.continue-on-error",
                    "Authorization": f"Bearer {bearer}",
                },
                "body": body,
            }
            for i, (cmdlet, body) in enumerate(members)
        ]
        changing = any(writes(cmdlet) for cmdlet, _ in members)
        headers = {**self._headers("$batch", None, request_id), "Prefer": "odata.continue-on-error"}
        what = f"a batch of {len(members)} cmdlets"
        response = self._http.send(
            Request("POST", self._url("$batch"), headers, {"requests": requests}, writes=changing, what=what)
        )
        self._raise_for(response, what, writes=changing)
        data = response.data()
        parts = data.get("responses") if isinstance(data, dict) else None
        return {
            str(part.get("id")): Response.of_part(part, request_id) for part in parts or [] if isinstance(part, dict)
        }

    def _member(self, response: Response | None, url: str, cmdlet: str, body: dict[str, Any]) -> Reply | ServiceError:
        headers = self._headers(cmdlet, None)
        changing = writes(cmdlet)
        try:
            if response is None:
                if changing:
                    raise UncertainWrite(
                        f"{cmdlet} got no answer in its batch.",
                        side=self._http.side,
                        remedy="It may have been done. Look at the object before anything is sent again.",
                    )
                return self._pages(url, cmdlet, body, headers)
            error = error_from(response, cmdlet, self._http.side, writes=changing)
            # A 401 here means that the token ran out while the batch waited; that request was not looked at.
            if isinstance(error, Throttled):
                self._http.part_refused(response)
            again = isinstance(error, Throttled) or (error is not None and error.status == HTTPStatus.UNAUTHORIZED)
            if again or (isinstance(error, Unavailable) and not isinstance(error, UncertainWrite)):
                return self._pages(url, cmdlet, body, headers)
            if error is not None:
                raise error
            return self._pages(url, cmdlet, body, headers, first=response)
        except ServiceError as error:
            return error

    def _pages(
        self, url: str, cmdlet: str, body: dict[str, Any], headers: dict[str, str], first: Response | None = None
    ) -> Reply:
        """All pages; a read whose page link expired is begun again once, since reading twice changes nothing.

        What was read before is thrown away: pages of two readings do not fit together.
        """
        try:
            return self._all_pages(url, cmdlet, body, headers, first)
        except PageLinkExpired:
            if writes(cmdlet):
                raise
            who = speaker(self._http.resource, self._http.side)
            self._http.tell(f"{who} ended a list before it was read; reading it again from its beginning")
            return self._all_pages(url, cmdlet, body, headers, None)

    def _all_pages(
        self, url: str, cmdlet: str, body: dict[str, Any], headers: dict[str, str], first: Response | None
    ) -> Reply:
        """All pages: the same body and headers are posted to each next link (wire 1.6)."""
        rows: list[dict[str, Any]] = []
        warnings: list[str] = []
        seen = {url}
        response = first or self._post(url, cmdlet, body, headers)
        while True:
            page = self._page(response, cmdlet)
            rows += _rows(page, cmdlet)
            link = page.get("@odata.nextLink")
            warnings += [text for text in _warnings(page) if not (link and text.startswith(_MORE))]
            if not link:
                return Reply(tuple(rows), tuple(warnings), response.headers.get("Request-Id"))
            link = normal_port(str(link))
            if link in seen:
                raise Rejected(f"{cmdlet}: the service's pages run in a circle.", side=self._http.side)
            seen.add(link)
            try:
                response = self._post(link, cmdlet, body, headers)
            except Rejected as error:
                raise page_link_error(error, cmdlet) from None

    def _page(self, response: Response, cmdlet: str) -> dict[str, Any]:
        """One page. Nothing at all is an answer to a write; for a read it is none, and never an empty list."""
        data = response.data()
        if isinstance(data, dict) and (data.get("value") is not None or writes(cmdlet)):
            return data
        if writes(cmdlet) and not response.content.strip(b"\0 \r\n\t"):
            return {}
        kind = UncertainWrite if writes(cmdlet) else Unavailable
        raise kind(
            f"{cmdlet} got an answer that says nothing.",
            request_id=response.headers.get("Request-Id"),
            client_request_id=response.client_request_id,
            status=response.status,
            side=self._http.side,
            cause="HTTP success, but not the JSON that Exchange sends.",
            remedy="Check for a proxy that answers in the service's place, then look again.",
        )

    def _post(self, url: str, cmdlet: str, body: dict[str, Any], headers: dict[str, str]) -> Response:
        changing = writes(cmdlet)
        response = self._http.send(Request("POST", url, headers, body, writes=changing, what=cmdlet))
        self._raise_for(response, cmdlet, writes=changing)
        return response

    def _raise_for(self, response: Response, what: str, *, writes: bool) -> None:
        error = error_from(response, what, self._http.side, writes=writes)
        if error is not None:
            raise error

    def _body(self, cmdlet: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        wire = to_wire(cmdlet, parameters, self._encrypt)
        return {"CmdletInput": {"CmdletName": cmdlet, "Parameters": wire}}

    def _encrypt(self, text: str) -> str:
        key = self._module_file().public_key
        if key is None:
            raise no_key(self._http.side)
        return encrypt_for(key, text)

    def _module_file(self) -> ModuleFile:
        with self._module_lock:
            if self._module is None:
                url = f"{self._http.hosts.exchange}/AdminApi/v1.0/{self._tenant_id}/EXOModuleFile"
                headers = {**self._headers("*", None), "CommandName": "*"}
                headers["X-InitializeConnectionContextObjectIdDynamic"] = "true"
                what = "the list of cmdlets"
                response = self._http.send(Request("GET", f"{url}?Version={_MODULE_VERSION}", headers, what=what))
                self._raise_for(response, what, writes=False)
                self._module = read_module_file(response.data())
            return self._module

    def _invoke_url(self, select: Sequence[str] | None) -> str:
        return self._url("InvokeCommand") + (f"?$select={','.join(select)}" if select else "")

    def _url(self, end: str) -> str:
        return f"{self._http.hosts.exchange}/adminapi/beta/{self._tenant_id}/{end}"

    def _headers(self, cmdlet: str, anchor: str | None, request_id: str | None = None) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Charset": "UTF-8",
            "Accept-Encoding": "gzip",
            "Accept-Language": "en-US",
            "Content-Type": "application/json",
            "Prefer": f"odata.maxpagesize={_PAGE}",
            "X-AnchorMailbox": anchor or self._anchor,
            "X-CmdletName": cmdlet,
            "X-ResponseFormat": "json",
            "client-request-id": request_id or str(uuid4()),
            "connection-id": self._connection_id,
        }
        if anchor is not None:
            headers["parameter-based-routing"] = "True"
        return headers


def anchor_for(tenant_id: str, upn: str | None) -> str:
    """The routing hint for a session (wire 1.2, fact F-03).

    Args:
        tenant_id: The tenant's ID.
        upn: The administrator's user principal name; None for an application.
    """
    return f"UPN:{upn}" if upn else f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{tenant_id}"


def _rows(page: dict[str, Any], cmdlet: str) -> Iterator[dict[str, Any]]:
    value = page.get("value")
    for item in value if isinstance(value, list) else [] if value is None else [value]:
        if isinstance(item, dict) and "_clixml" in item:
            raise Rejected(
                f"{cmdlet} was answered in PowerShell's own format, though JSON was asked for.",
                remedy="Report this with the request id; the service seems to have changed.",
            )
        yield plain_row(item) if isinstance(item, dict) else {"Value": item}


def _warnings(page: dict[str, Any]) -> list[str]:
    found = page.get("@adminapi.warnings")
    return [str(text) for text in found] if isinstance(found, list) else []
