"""What goes before a tenant's Exchange and Graph while both are collected: it reads, keeps, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import NotFound, ServiceError, UsageError
from xtmig_kernel.inventory.kept_answers import call_name, groups_of
from xtmig_kernel.m365 import GraphPage, GraphReply, GraphRequest, Page, Reply, writes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xtmig_kernel.inventory.kept_answers import KeptAnswers, Trace
    from xtmig_kernel.m365 import ExchangeService, GraphService, Tenant

CMDLETS_PER_REQUEST, GRAPH_PER_REQUEST = 10, 20


class KeepingExchange:
    """Cmdlets that read, answered from what was kept where they were asked before.

    Args:
        exchange: The tenant's own.
        kept: What was kept of this tenant.
        trace: Learns when answers came.
    """

    def __init__(self, exchange: ExchangeService, kept: KeptAnswers, trace: Trace) -> None:
        self._exchange, self._kept, self._trace = exchange, kept, trace

    def invoke(
        self, cmdlet: str, parameters: Mapping[str, Any] | None = None, *, select: Sequence[str] | None = None
    ) -> Reply:
        """As `ExchangeService.invoke`, page by page."""
        _only_read(cmdlet)
        given, columns = dict(parameters or {}), list(select or ())

        def read_page(link: str | None) -> tuple[list[Any], str | None]:
            page = self._exchange.page(cmdlet, given, select=columns or None, link=link)
            return list(page.rows), page.link

        call = call_name(cmdlet, given, columns)
        return Reply(tuple(self._kept.read_list(call, read_page, self._trace)))

    def page(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] | None = None,
        link: str | None = None,
    ) -> Page:
        """As `ExchangeService.page`; nothing of it is kept."""
        _only_read(cmdlet)
        return self._exchange.page(cmdlet, parameters, select=select, link=link)

    def invoke_many(
        self, calls: Sequence[tuple[str, Mapping[str, Any]]], *, select: Sequence[str] | None = None
    ) -> list[Reply | ServiceError]:
        """As `ExchangeService.invoke_many`, ten in a request."""
        for cmdlet, _ in calls:
            _only_read(cmdlet)
        replies: list[Reply | ServiceError] = []
        for group in groups_of(calls, CMDLETS_PER_REQUEST):
            plain = [(cmdlet, dict(given)) for cmdlet, given in group]
            what = [plain, list(select or ())]
            names = [str(given.get("Identity") or "").partition(":\\")[0] for _, given in plain]
            answers = self._kept.ask(what, names, lambda asked=plain: self._send(asked, select), self._trace)  # type: ignore[misc]
            replies += [item if isinstance(item, ServiceError) else Reply(tuple(item)) for item in answers]
        return replies

    def _send(
        self, calls: Sequence[tuple[str, Mapping[str, Any]]], select: Sequence[str] | None
    ) -> list[list[Any] | ServiceError]:
        found = self._exchange.invoke_many(calls, select=select)
        return [item if isinstance(item, ServiceError) else list(item.rows) for item in found]

    def offered(self) -> dict[str, frozenset[str]]:
        """As `ExchangeService.offered`."""
        self._kept.go_on()
        return self._exchange.offered()

    def close(self) -> None:
        """Nothing: the tenant's own is still open."""


class KeepingGraph:
    """Reads of Graph, answered from what was kept where they were asked before.

    Args:
        graph: The tenant's own.
        kept: What was kept of this tenant.
        trace: Learns when answers came.
    """

    def __init__(self, graph: GraphService, kept: KeptAnswers, trace: Trace) -> None:
        self._graph, self._kept, self._trace = graph, kept, trace

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """As `GraphClient.get`; that an object is not there is kept, too."""

        def send() -> list[Any | ServiceError]:
            try:
                return [self._graph.get(path, params)]
            except NotFound as error:
                return [error]

        (item,) = self._kept.ask(["one", path, dict(params or {})], [path], send, self._trace)
        if isinstance(item, ServiceError):
            raise item
        found: dict[str, Any] = item
        return found

    def get_all(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[dict[str, Any], ...]:
        """As `GraphClient.get_all`, page by page."""

        def read_page(link: str | None) -> tuple[list[Any], str | None]:
            page = self._graph.page(path, params, headers, link)
            return list(page.rows), page.link

        call = call_name(path, dict(params or {}), dict(headers or {}))
        return tuple(self._kept.read_list(call, read_page, self._trace))

    def page(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        link: str | None = None,
    ) -> GraphPage:
        """As `GraphClient.page`; nothing of it is kept."""
        self._kept.go_on()
        return self._graph.page(path, params, headers, link)

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> GraphReply:
        """Never sent: what is read of Graph is read by the other methods.

        Raises:
            UsageError: Always.
        """
        del body, headers
        raise UsageError(f"Graph {method} {path} is no part of a collection; nothing was sent.")

    def batch(self, requests: Sequence[GraphRequest]) -> list[GraphReply | ServiceError]:
        """As `GraphClient.batch`, for what reads."""
        for request in requests:
            _only_get(request.method)
        replies: list[GraphReply | ServiceError] = []
        for group in groups_of(requests, GRAPH_PER_REQUEST):
            asked = [(request.path, dict(request.headers)) for request in group]
            names = [request.path for request in group]
            answers = self._kept.ask(asked, names, lambda of=group: self._send(of), self._trace)  # type: ignore[misc]
            replies += [item if isinstance(item, ServiceError) else GraphReply(item, None) for item in answers]
        return replies

    def _send(self, requests: Sequence[GraphRequest]) -> list[Any | ServiceError]:
        return [item if isinstance(item, ServiceError) else item.data for item in self._graph.batch(requests)]


def kept_tenant(tenant: Tenant, kept: KeptAnswers, trace: Trace) -> Tenant:
    """The same tenant, of which every answer is kept.

    Args:
        tenant: Signed in.
        kept: What was kept of it.
        trace: Learns when answers came.
    """
    return tenant.through(KeepingExchange(tenant.exchange, kept, trace), KeepingGraph(tenant.graph, kept, trace))


def _only_read(cmdlet: str) -> None:
    if writes(cmdlet):
        raise UsageError(f"{cmdlet} may change something, and a collection only reads; nothing was sent.")


def _only_get(method: str) -> None:
    if method != "GET":
        raise UsageError(f"Graph {method} may change something, and a collection only reads; nothing was sent.")
