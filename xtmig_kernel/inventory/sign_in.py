"""Tables that come from the sign-in service and from the tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.m365 import consent_url, hosts_for, look_at_connections, look_up_domain

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext


def domain_lookup(context: ReadContext) -> tuple[str, list[Row]]:
    """The tenant behind the side's domain, read without signing in (PRE-08, CON-06; wire 4.10)."""
    settings = context.project.side(context.side)
    row = look_up_domain(hosts_for(context.project, context.side), settings.domain, context.clock)
    return f"OpenID configuration of {settings.domain}", [row] if row else []


def connections(context: ReadContext) -> tuple[str, list[Row]]:
    """How the services of this side are reached from this machine (facts F-94 and F-95)."""
    settings = context.project.side(context.side)
    hosts = hosts_for(context.project, context.side)
    found = look_at_connections(hosts, settings.domain, settings.tenant_id)
    return "one request to each service", [dict(row) for row in found]


def signed_in(context: ReadContext) -> tuple[str, list[Row]]:
    """Who is signed in to this side, from the tokens (PRE-10, EPT-01)."""
    identity = context.tenant.identity
    return "token claims", [
        {
            "TenantId": identity.tenant_id,
            "Kind": identity.kind,
            "Name": identity.name,
            "ObjectId": identity.object_id,
            "ApplicationId": identity.application_id,
            "RoleTemplateIds": sorted(identity.role_template_ids),
            "Permissions": sorted(identity.permissions),
        }
    ]


def consent_link(context: ReadContext) -> tuple[str, list[Row]]:
    """The link by which an administrator of this side consents (CON-04, CON-05); it holds no secret."""
    application_id = context.application_id()
    if application_id is None:
        return "no application, so no link", []
    settings = context.project.side(context.side)
    url = consent_url(hosts_for(context.project, context.side), settings.domain, application_id)
    return f"made from {settings.domain} and application {application_id}", [{"Url": url}]
