"""Who calls Graph, with which rights, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.clock import iso
from xtmig_kernel.simulator.http import Answer, Call
from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.keys import TokenRefused
from xtmig_kernel.simulator.wellknown import ROLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from xtmig_kernel.simulator.world import Tenant, World


class GraphRefused(Exception):
    """Graph answers with an error.

    Args:
        status: HTTP status.
        code: Graph's error code.
        message: Its text.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def not_found(what: str) -> GraphRefused:
    """The refusal for an object that is not there (wire 4.14)."""
    text = f"Resource '{what}' does not exist or one of its queried reference-property objects are not present."
    return GraphRefused(404, "Request_ResourceNotFound", text)


def bad_request(message: str, code: str = "Request_BadRequest") -> GraphRefused:
    """The refusal for a request that makes no sense."""
    return GraphRefused(400, code, message)


def denied() -> GraphRefused:
    """The refusal for missing rights (wire 4.14)."""
    return GraphRefused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def page_expired() -> GraphRefused:
    """The refusal for a page link that is too old or was made up [MEM]."""
    return bad_request("The specified page token value has expired or is not valid.")


def error_answer(error: GraphRefused, now: datetime, request_id: str, client_request_id: str) -> Answer:
    """An error in Graph's shape (wire 4.14)."""
    inner = {"date": iso(now)[:-1], "request-id": request_id, "client-request-id": client_request_id}
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    headers = {"WWW-Authenticate": 'Bearer realm=""'} if error.code == "InvalidAuthenticationToken" else {}
    return Answer(error.status, body, headers)


@dataclass(frozen=True)
class Caller:
    """The bearer of a token.

    Attributes:
        tenant: Whose directory it reads and writes.
        claims: What the token says.
        permissions: Application permissions or delegated scopes.
        is_app: Whether it is an application on its own.
        directory_roles: Names of its directory roles.
    """

    tenant: Tenant
    claims: dict[str, Any]
    permissions: frozenset[str]
    is_app: bool
    directory_roles: frozenset[str]


def authenticate(world: World, call: Call) -> Caller:
    """The caller behind an Authorization header.

    Raises:
        GraphRefused: 401 InvalidAuthenticationToken: no token, or not one for Graph in one of these tenants.
    """
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise GraphRefused(401, "InvalidAuthenticationToken", "Access token is empty.")
    for tenant in world.tenants.values():
        try:
            claims = world.keys.verify(token, f"https://{tenant.cloud.graph}", call.wall)
        except TokenRefused as refused:
            raise GraphRefused(
                401, "InvalidAuthenticationToken", f"Access token validation failure: {refused}."
            ) from None
        if claims["tid"] == tenant.tenant_id:
            return _caller(tenant, claims)
    raise GraphRefused(401, "InvalidAuthenticationToken", "Access token validation failure: unknown tenant.")


def _caller(tenant: Tenant, claims: dict[str, Any]) -> Caller:
    is_app = claims["idtyp"] == "app"
    granted = claims["roles"] if is_app else claims["scp"].split()
    roles = frozenset(ROLE_NAMES[w] for w in claims["wids"] if w in ROLE_NAMES)
    return Caller(tenant, claims, frozenset(granted), is_app, roles)


@dataclass(frozen=True)
class Context:
    """Everything a Graph handler works on.

    Attributes:
        parts: The named parts of the path.
        now: Simulated time.
    """

    world: World
    tenant: Tenant
    caller: Caller
    call: Call
    parts: dict[str, str]
    now: datetime

    def guid(self, *key: object) -> str:
        """An id of this tenant for a natural key; the same key gives another id the next time."""
        text = ":".join(str(part) for part in key)
        return guid(self.world.seed, self.tenant.tenant_id, text, self.tenant.count_event(text))

    def require_role(self, names: Iterable[str]) -> None:
        """A person also needs a directory role; an application's permission is enough.

        Raises:
            GraphRefused: 403: the person has none of them.
        """
        if not self.caller.is_app and not self.caller.directory_roles & set(names):
            raise denied()

    def body(self) -> dict[str, Any]:
        """The request's JSON object without OData's own notes, which a client may add at every depth.

        Raises:
            GraphRefused: 400: it is none.
        """
        try:
            data = self.call.json()
        except ValueError:
            raise bad_request("Unable to read JSON request payload.", "BadRequest") from None
        if not isinstance(data, dict):
            raise bad_request("Unable to read JSON request payload.", "BadRequest")
        plain: dict[str, Any] = _without_notes(data)
        return plain


def _without_notes(data: Any) -> Any:
    """OData JSON 4.01, section 4.6: names with `@` are control information, such as the type of an object."""
    if isinstance(data, dict):
        return {name: _without_notes(value) for name, value in data.items() if "@" not in name}
    return [_without_notes(item) for item in data] if isinstance(data, list) else data
