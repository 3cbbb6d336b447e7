"""The organisation's own settings and its domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator.identifiers import guid

from .context import Context, Result
from .errors import INVALID_OPERATION, ExchangeRefused, not_found

if TYPE_CHECKING:
    from .binding import Bound

ALREADY = "This operation is not required. Organization is already enabled for customization."


def get_organization_config(context: Context, bound: Bound) -> Result:
    """Get-OrganizationConfig: `IsDehydrated` turns false after the tenant's lag (cmdlet reference [SRC])."""
    del bound
    file = context.tenant.file
    row: dict[str, Any] = {
        "Name": file.initial_domain,
        "Identity": file.initial_domain,
        "DisplayName": file.display_name,
        "Guid": UUID(guid(context.world.seed, file.tenant_id, "organization")),
        "IsDehydrated": context.tenant.dehydrated(context.now),
        "InPlaceHolds": None if file.organization_holds is None else list(file.organization_holds),
        "ElcProcessingDisabled": False,
        "AutoExpandingArchiveEnabled": False,
        "IsValid": True,
    }
    return Result([row])


def enable_organization_customization(context: Context, bound: Bound) -> Result:
    """Enable-OrganizationCustomization: once; it takes effect after the tenant's lag (cmdlet reference [SRC])."""
    del bound
    if context.tenant.hydrated_from is not None:
        raise ExchangeRefused(INVALID_OPERATION, ALREADY)
    context.tenant.hydrated_from = context.tenant.later(context.now, "hydration")
    return Result()


def get_accepted_domain(context: Context, bound: Bound) -> Result:
    """Get-AcceptedDomain: one, or all (cmdlet reference [SRC])."""
    wanted = bound.get("Identity")
    rows: list[dict[str, Any]] = [
        {
            "Name": domain.name,
            "Identity": domain.name,
            "DomainName": domain.name,
            "DomainType": domain.type,
            "Default": domain.default,
            "InitialDomain": domain.initial,
            "AuthenticationType": domain.authentication,
            "MatchSubDomains": False,
            "Guid": UUID(guid(context.world.seed, context.tenant.tenant_id, "domain", domain.name.lower())),
            "IsValid": True,
        }
        for domain in context.tenant.file.domains
        if not wanted or domain.name.lower() == wanted.lower()
    ]
    if wanted and not rows:
        raise not_found(wanted)
    return Result(rows)
