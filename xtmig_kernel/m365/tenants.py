"""A tenant to talk to. Source and target are two types, and each is proven before it is handed out."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, overload

from xtmig_kernel.changes import ExchangeCall, GraphCall
from xtmig_kernel.errors import ServiceError, UsageError
from xtmig_kernel.m365.clouds import Hosts, hosts_for
from xtmig_kernel.m365.exchange import ExchangeClient, anchor_for
from xtmig_kernel.m365.exchange_errors import transience
from xtmig_kernel.m365.graph import GraphClient, GraphRequest, GraphService, fill_path
from xtmig_kernel.m365.http import Http, new_session
from xtmig_kernel.m365.limiter import Limiter
from xtmig_kernel.m365.powershell_exchange import ENVIRONMENTS, SIMULATED, Account, PowerShellExchange
from xtmig_kernel.m365.shell import shell_command
from xtmig_kernel.m365.sign_in import SignIn
from xtmig_kernel.m365.simulated import clock_for
from xtmig_kernel.m365.waits import unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xtmig_kernel.changes import Call
    from xtmig_kernel.clock import Clock
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.m365.exchange_service import ExchangeService
    from xtmig_kernel.m365.identity import Identity
    from xtmig_kernel.project import Project, Side


@dataclass(frozen=True)
class CallReply:
    """What a call of a change returned.

    Args:
        data: A list of rows from Exchange; JSON data or None from Graph.
        request_id: The service's id of the request.
        warnings: Exchange's warnings.
    """

    data: Any
    request_id: str | None
    warnings: tuple[str, ...] = ()


class Tenant:
    """One tenant, signed in and proven; made by `connect` alone.

    Args:
        project: Names the tenant.
        hosts: Where its services are.
        sign_in: Gives its tokens.
        redactor: Knows them.
        clock: Tells the time of this project.
        tell: Takes one sentence before each wait for a service.
    """

    side: ClassVar[Side]

    def __init__(
        self,
        project: Project,
        hosts: Hosts,
        sign_in: SignIn,
        redactor: Redactor,
        clock: Clock,
        tell: Callable[[str], None] = unheard,
    ) -> None:
        self.tenant_id = project.side(self.side).tenant_id
        self.hosts = hosts
        self.clock = clock
        self._sign_in = sign_in
        self.requests_at_once = project.requests_at_once
        limiter = Limiter(project.requests_at_once, clock)
        session = new_session(hosts)
        self.graph: GraphService = GraphClient(
            Http("graph", self.side, hosts, sign_in, clock, limiter, session, tell=tell)
        )
        # The proof: a token of another tenant is refused here, before the first request.
        sign_in.token("graph")
        sign_in.token("exchange")
        who = sign_in.identity()
        upn = who.name if who.kind == "person" else None
        self.exchange: ExchangeService
        if project.transport == "powershell":
            self.exchange = _through_powershell(project, self.side, upn, sign_in, redactor, clock, tell)
        else:
            http = Http("exchange", self.side, hosts, sign_in, clock, limiter, session, transience, tell)
            self.exchange = ExchangeClient(http, self.tenant_id, anchor_for(self.tenant_id, upn))

    @property
    def identity(self) -> Identity:
        """Who is signed in."""
        return self._sign_in.identity()

    def refuse_application(self, application_id: str) -> None:
        """Make sure that nobody is signed in as the migration application.

        Args:
            application_id: Its application ID, once it is known.

        Raises:
            MigrationApplicationError: It is what is signed in.
        """
        self._sign_in.refuse_application(application_id)

    def run(self, call: Call) -> CallReply:
        """Run one call of a change.

        Args:
            call: With every later value filled in, and credentials as `PSCredential`.

        Raises:
            UsageError: A value cannot be sent.
            ServiceError: As `ExchangeService.invoke` and `GraphClient.request`.
        """
        if isinstance(call, ExchangeCall):
            reply = self.exchange.invoke(call.cmdlet, call.parameters)
            return CallReply(list(reply.rows), reply.request_id, reply.warnings)
        request = _graph_request(call)
        answer = self.graph.request(request.method, request.path, request.body, request.headers)
        return CallReply(answer.data, answer.request_id)

    def run_many(self, calls: Sequence[Call]) -> list[CallReply | ServiceError]:
        """Run calls that do not depend on each other, as many in a request as the service takes.

        Args:
            calls: All of one service, as `run` takes them.

        Returns:
            One reply or error for each, in their order.

        Raises:
            UsageError: A value cannot be sent; nothing was sent then.
        """
        cmdlets = [(call.cmdlet, call.parameters) for call in calls if isinstance(call, ExchangeCall)]
        if len(cmdlets) == len(calls):
            return [
                reply
                if isinstance(reply, ServiceError)
                else CallReply(list(reply.rows), reply.request_id, reply.warnings)
                for reply in self.exchange.invoke_many(cmdlets)
            ]
        requests = [_graph_request(call) for call in calls if isinstance(call, GraphCall)]
        if len(requests) < len(calls):
            raise UsageError("Calls of two services cannot be sent in one request; nothing was sent.")
        return [
            reply if isinstance(reply, ServiceError) else CallReply(reply.data, reply.request_id)
            for reply in self.graph.batch(requests)
        ]

    def through(self, exchange: ExchangeService, graph: GraphService) -> Self:
        """The same tenant with the same sign-in, whose services are reached through others.

        Args:
            exchange: Goes before this tenant's Exchange.
            graph: Goes before this tenant's Graph.
        """
        other = copy(self)
        other.exchange, other.graph = exchange, graph
        return other

    def close(self) -> None:
        """Let go of what is held open for this tenant: the shell, where the project chose PowerShell."""
        self.exchange.close()


class SourceTenant(Tenant):
    """The tenant that mailboxes leave."""

    side = "source"


class TargetTenant(Tenant):
    """The tenant that mailboxes move to."""

    side = "target"


@overload
def connect(
    project: Project,
    side: Literal["source"],
    *,
    redactor: Redactor,
    clock: Clock,
    ask: Callable[[str], str] | None = None,
    show: Callable[[str, str], None] | None = None,
    tell: Callable[[str], None] = unheard,
) -> SourceTenant: ...
@overload
def connect(
    project: Project,
    side: Literal["target"],
    *,
    redactor: Redactor,
    clock: Clock,
    ask: Callable[[str], str] | None = None,
    show: Callable[[str, str], None] | None = None,
    tell: Callable[[str], None] = unheard,
) -> TargetTenant: ...
def connect(
    project: Project,
    side: Side,
    *,
    redactor: Redactor,
    clock: Clock,
    ask: Callable[[str], str] | None = None,
    show: Callable[[str, str], None] | None = None,
    tell: Callable[[str], None] = unheard,
) -> SourceTenant | TargetTenant:
    """Sign in to one tenant of a project and prove that it is the right one.

    Args:
        project: Says which tenant, and how to sign in.
        side: The tenant.
        redactor: Learns every token and secret.
        clock: From `clock_for(project)`.
        ask: Shows a question and returns what a person types, for secrets by `prompt`.
        show: Shows a message and a link to the person who signs in.
        tell: Takes one sentence before each wait for a service.

    Raises:
        WrongTenantError: The account is of another tenant; says so if the two sign-ins are swapped (EPT-01).
        MigrationApplicationError: The sign-in uses the migration application.
        SignInError: The sign-in was refused.
        Unavailable: The sign-in service cannot be reached.
        UsageError: A secret, certificate or connection file cannot be used; or PowerShell or its module.
    """
    hosts = hosts_for(project, side)
    sign_in = SignIn(project, side, hosts, redactor=redactor, ask=ask, show=show, clock=clock, tell=tell)
    kind = SourceTenant if side == "source" else TargetTenant
    return kind(project, hosts, sign_in, redactor, clock, tell)


def identify(
    project: Project, side: Side, *, redactor: Redactor, show: Callable[[str, str], None] | None = None
) -> Identity:
    """Let a person prove who they are in one tenant; nothing else is asked of them, and nothing is called.

    Args:
        project: Says which tenant, and how to sign in.
        side: The tenant.
        redactor: Learns the token.
        show: Shows a message and a link to the person who signs in.

    Raises:
        WrongTenantError: The account is of another tenant.
        SignInError: The sign-in was refused.
        Unavailable: The sign-in service cannot be reached.
    """
    hosts, clock = hosts_for(project, side), clock_for(project)
    sign_in = SignIn(project, side, hosts, redactor=redactor, show=show, only_identity=True, clock=clock)
    sign_in.token("graph")
    return sign_in.identity()


def _through_powershell(
    project: Project,
    side: Side,
    upn: str | None,
    sign_in: SignIn,
    redactor: Redactor,
    clock: Clock,
    tell: Callable[[str], None],
) -> PowerShellExchange:
    """Connected, and its session's tenant proven."""
    of = project.side(side)
    account: Account = ("UserPrincipalName", upn) if upn else ("Organization", of.domain)
    environment = SIMULATED if project.simulation else ENVIRONMENTS[of.cloud]
    exchange = PowerShellExchange(
        shell_command(),
        side,
        of.tenant_id,
        account,
        environment,
        tokens=sign_in,
        redactor=redactor,
        clock=clock,
        tell=tell,
    )
    exchange.connect()
    return exchange


def _graph_request(call: GraphCall) -> GraphRequest:
    values = {name: _known(name, value) for name, value in call.path_values.items()}
    return GraphRequest(call.method, "/" + fill_path(call.path, values).lstrip("/"), call.body, call.headers)


def _known(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"The path value {name} is not known yet; nothing was sent.")
    return value
