"""The tokens that sign-in hands out (claims as wire 2 and Entra's documentation [MEM])."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.identifiers import guid, opaque
from xtmig_kernel.simulator.keys import client_info
from xtmig_kernel.simulator.wellknown import COMPLIANCE, DEFAULT_USER_ROLE, DIRECTORY_ROLES, GRAPH_APP
from xtmig_kernel.simulator.world import Session, Tenant, World

if TYPE_CHECKING:
    from xtmig_kernel.simulator.tenants import Administrator

    from .clients import AppIdentity, Wanted

REFRESH_SECONDS = 24 * 3600


def audience(tenant: Tenant, resource: str) -> str:
    """The `aud` of tokens for an interface."""
    hosts = {GRAPH_APP: tenant.cloud.graph, COMPLIANCE: tenant.cloud.compliance}
    return f"https://{hosts.get(resource) or tenant.cloud.exchange}"


def _common(world: World, tenant: Tenant, resource: str, wall: float) -> dict[str, Any]:
    world.sessions.issued += 1
    return {
        "aud": audience(tenant, resource),
        "iss": f"https://sts.windows.net/{tenant.tenant_id}/",
        "tid": tenant.tenant_id,
        "iat": int(wall),
        "nbf": int(wall),
        "exp": int(wall) + world.keys.token_seconds,
        "ver": "1.0",
        "uti": opaque(world.seed, "token", world.sessions.issued)[:22],
    }


def app_token(world: World, tenant: Tenant, identity: AppIdentity, resource: str, wall: float) -> dict[str, Any]:
    """The token answer for an application on its own."""
    principal = identity.principal
    claims = _common(world, tenant, resource, wall) | {
        "appid": principal.app_id,
        "app_displayname": principal.display_name,
        "oid": principal.object_id,
        "sub": principal.object_id,
        "idtyp": "app",
        "roles": identity.roles,
        "wids": [DIRECTORY_ROLES[name] for name in principal.directory_roles],
    }
    return {
        "token_type": "Bearer",
        "expires_in": world.keys.token_seconds,
        "ext_expires_in": world.keys.token_seconds,
        "access_token": world.keys.sign(claims),
    }


def person_tokens(
    world: World, tenant: Tenant, person: Administrator, client_id: str, want: Wanted, scopes: list[str],
    nonce: str | None, wall: float,
) -> dict[str, Any]:  # fmt: skip
    """The token answer for a person: access, refresh and id token.

    Args:
        world: Both tenants.
        tenant: The person's organisation.
        person: Who signed in.
        client_id: The application that asked.
        want: What it asked for.
        scopes: The delegated permissions it gets.
        nonce: To be repeated in the id token, or None.
        wall: Present wall time.
    """
    oid = world.person_id(tenant, person)
    about = {"oid": oid, "name": person.display_name}
    claims = (
        _common(world, tenant, want.resource, wall)
        | about
        | {
            "appid": client_id,
            "sub": opaque(world.seed, client_id, oid),
            "idtyp": "user",
            "upn": person.upn,
            "unique_name": person.upn,
            "preferred_username": person.upn,
            "scp": " ".join(scopes),
            "wids": [*(DIRECTORY_ROLES[name] for name in person.directory_roles), DEFAULT_USER_ROLE],
        }
    )
    if person.home_tenant:
        claims |= {"tid": person.home_tenant, "iss": f"https://sts.windows.net/{person.home_tenant}/"}
    answer = {
        "token_type": "Bearer",
        "scope": " ".join([*want.openid, *(f"https://{want.host}/{name}" for name in scopes)]),
        "expires_in": world.keys.token_seconds,
        "ext_expires_in": world.keys.token_seconds,
        "access_token": world.keys.sign(claims),
        "client_info": client_info(oid, tenant.tenant_id),
    }
    if "openid" in want.openid:
        answer["id_token"] = world.keys.sign(
            about
            | {
                "aud": client_id,
                "iss": f"https://{tenant.cloud.login}/{tenant.tenant_id}/v2.0",
                "tid": tenant.tenant_id,
                "iat": int(wall),
                "nbf": int(wall),
                "exp": int(wall) + world.keys.token_seconds,
                "sub": opaque(world.seed, client_id, oid),
                "preferred_username": person.upn,
                "ver": "2.0",
            }
            | ({"nonce": nonce} if nonce else {})
        )
    if "offline_access" in want.openid:
        answer["refresh_token"] = _refresh_token(world, tenant, person, client_id, wall)
    return answer


def _refresh_token(world: World, tenant: Tenant, person: Administrator, client_id: str, wall: float) -> str:
    world.sessions.issued += 1
    token = opaque(world.seed, guid(client_id, person.upn), "refresh", world.sessions.issued)
    session = Session(tenant.tenant_id, client_id, wall + REFRESH_SECONDS, [], account=person.upn)
    world.sessions.refresh_tokens[token] = session
    return token
