"""Who runs cmdlets, where, and what a cmdlet gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.keys import TokenRefused
from xtmig_kernel.simulator.wellknown import COMPLIANCE, MANAGE_AS_APP

from .compliance_roles import compliance_offer
from .errors import dehydrated, unauthorized, unsupported_role
from .roles import Offer, offer, supported_directory_role

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.simulator.http import Answer, Call
    from xtmig_kernel.simulator.world import ServicePrincipal, Tenant, World

    from .lookup import Rows


class AccessRefused(Exception):
    """The caller does not get as far as a cmdlet."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(frozen=True)
class Context:
    """What a cmdlet works on.

    Attributes:
        offer: Cmdlets and parameters on offer to the caller.
        caller: Sign-in name or application id.
        now: Simulated time.
    """

    world: World
    tenant: Tenant
    offer: Offer
    caller: str
    now: datetime

    def guid(self, *key: object) -> str:
        """An id for a natural key; the same key gives another id the next time."""
        text = ":".join(str(part) for part in key)
        return guid(self.world.seed, self.tenant.tenant_id, text, self.tenant.count_event(text))

    def other(self) -> Tenant:
        """The tenant on the other side."""
        return next(t for t in self.world.tenants.values() if t is not self.tenant)

    def require_customization(self) -> None:
        """Refuse a change that a dehydrated organisation does not allow.

        Raises:
            ExchangeRefused: Customization is off, or not yet on.
        """
        if self.tenant.dehydrated(self.now):
            raise dehydrated()


@dataclass(frozen=True)
class Result:
    """What a cmdlet gives back: objects, and warnings."""

    rows: list[dict[str, Any]] | Rows = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def authenticate(world: World, reference: str, call: Call, now: datetime) -> Context:
    """The caller behind an Authorization header, for the tenant that the path names.

    Raises:
        AccessRefused: 401 for a missing, foreign or expired token or one of another tenant, and for an application
            without Exchange.ManageAsApp (failures 2.1 #12); 403 for one without a
            supported directory role (wire 1.7 E).
    """
    tenant = world.tenant(reference)
    if tenant is None:
        raise AccessRefused(unauthorized("unknown tenant"))
    kind, _, token = call.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise AccessRefused(unauthorized("no token"))
    try:
        claims = world.keys.verify(token, f"https://{_audience(tenant, call)}", call.wall)
    except TokenRefused as refused:
        raise AccessRefused(unauthorized(str(refused))) from None
    if claims["tid"] != tenant.tenant_id:
        raise AccessRefused(unauthorized("the token is for another tenant"))
    if call.service == COMPLIANCE:
        return _compliance_context(world, tenant, claims, now)
    return _context(world, tenant, claims, now)


def _audience(tenant: Tenant, call: Call) -> str:
    """The host that a token must be for: the two services refuse each other's (wire 2 [SRC])."""
    return tenant.cloud.compliance or "nowhere" if call.service == COMPLIANCE else tenant.cloud.exchange


def _application(tenant: Tenant, claims: dict[str, Any]) -> ServicePrincipal:
    """An application that may speak to either service (failures 2.1 #12)."""
    principal = tenant.service_principals.get(claims["oid"])
    if principal is None or MANAGE_AS_APP not in claims["roles"]:
        raise AccessRefused(unauthorized("the application lacks Exchange.ManageAsApp"))
    return principal


def _compliance_context(world: World, tenant: Tenant, claims: dict[str, Any], now: datetime) -> Context:
    """Who calls Security & Compliance; whom it offers what is its own affair (see `compliance_roles`)."""
    if claims["idtyp"] == "app":
        principal = _application(tenant, claims)
        can = compliance_offer(claims["wids"], principal.compliance_cmdlets)
        if not can:
            raise AccessRefused(unsupported_role(principal.display_name))
        return Context(world, tenant, can, claims["appid"], now)
    person = tenant.administrator(claims["upn"])
    if person is None:
        raise AccessRefused(unauthorized("the account is gone"))
    return Context(world, tenant, compliance_offer(claims["wids"], person.compliance_cmdlets), person.upn, now)


def _context(world: World, tenant: Tenant, claims: dict[str, Any], now: datetime) -> Context:
    if claims["idtyp"] == "app":
        principal = _application(tenant, claims)
        named = bool(principal.exchange_role_groups or principal.exchange_roles or principal.offered_cmdlets)
        if not named and not supported_directory_role(claims["wids"]):
            raise AccessRefused(unsupported_role(principal.display_name))
        can = offer(claims["wids"], principal.exchange_role_groups, principal.exchange_roles, principal.offered_cmdlets)
        return Context(world, tenant, can, claims["appid"], now)
    person = tenant.administrator(claims["upn"])
    if person is None:
        raise AccessRefused(unauthorized("the account is gone"))
    can = offer(claims["wids"], person.exchange_role_groups, person.exchange_roles, person.offered_cmdlets)
    return Context(world, tenant, can, person.upn, now)
