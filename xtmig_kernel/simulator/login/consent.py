"""What an administrator's consent to an application changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator.creation import add_presence, assign_role
from xtmig_kernel.simulator.wellknown import CONSENTING_ROLES, RESOURCES
from xtmig_kernel.simulator.world import Application, Tenant, World, presence

from .errors import SignInRefused

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.simulator.tenants import Administrator


def application_for_consent(world: World, tenant: Tenant, client_id: str, now: datetime) -> tuple[Tenant, Application]:
    """The registration that a consent page is about, and its home tenant.

    Raises:
        SignInRefused: AADSTS700016 (failures 2.1 #7): unknown, not yet known, or single-tenant and at home elsewhere.
    """
    found = world.registration(client_id)
    if found and found[1].readable_from <= now:
        home, application = found
        if home is tenant or application.sign_in_audience != "AzureADMyOrg":
            return home, application
    raise SignInRefused(
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{tenant.file.display_name}'.",
    )


def check_redirect(application: Application, redirect_uri: str | None) -> str:
    """The registered redirect address that a consent page will name.

    Raises:
        SignInRefused: AADSTS500113: none is registered; AADSTS50011: another one is (failures 2.1 #7).
    """
    registered = application.redirect_uris
    if not registered:
        raise SignInRefused(500113, "No reply address is registered for the application.")
    if redirect_uri is None:
        return registered[0]
    if redirect_uri not in registered:
        raise SignInRefused(
            50011,
            f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs "
            f"configured for the application '{application.app_id}'.",
        )
    return redirect_uri


def may_consent_to(application: Application, person: Administrator) -> bool:
    """Whether this person may allow what the application asks for, for the whole organisation (wire 4.4 [MEM])."""
    del application  # every application permission of a Microsoft interface needs the same roles
    return bool(CONSENTING_ROLES & set(person.directory_roles))


def permission_lines(application: Application) -> list[str]:
    """What the application asks for, as text for the page."""
    lines = []
    for kind, word in (("Role", "without a signed-in person"), ("Scope", "for the signed-in person")):
        for app_id, permission_id in application.requested(kind):
            resource = RESOURCES.get(app_id)
            known = (resource.app_roles if kind == "Role" else resource.scopes) if resource else {}
            name = next((n for n, i in known.items() if i == permission_id), permission_id)
            lines.append(f"{name} on {resource.name if resource else app_id}, {word}")
    return lines


def grant(world: World, tenant: Tenant, application: Application, home: Tenant, now: datetime) -> None:
    """Accept: the application appears in the tenant and gets what it asks for, after the tenant's lags."""
    visible, effective = tenant.later(now, "consent_visible"), tenant.later(now, "consent_effective")
    principal = presence(tenant, application.app_id)
    if principal is None:
        name, owner = application.display_name, home.tenant_id
        principal = add_presence(world, tenant, application.app_id, name, owner, visible)
    for app_id, role_id in application.requested("Role"):
        resource = presence(tenant, app_id)
        if resource is None or role_id not in RESOURCES[app_id].app_roles.values():
            continue
        held = {(a.principal_id, a.resource_id, a.role_id) for a in tenant.assignments.values()}
        if (principal.object_id, resource.object_id, role_id) not in held:
            assign_role(world, tenant, principal, resource, role_id, visible, effective)
    for app_id, scope_id in application.requested("Scope"):
        if app_id in RESOURCES:
            names = [n for n, i in RESOURCES[app_id].scopes.items() if i == scope_id]
            grants = tenant.delegated_grants.setdefault(application.app_id, {})
            grants[app_id] = sorted({*grants.get(app_id, []), *names})
