"""The sign-in service: which function answers which request."""

# ruff: noqa: ARG001 - all handlers of a table have one signature
from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from xtmig_kernel.simulator.http import (
    Answer,
    Call,
    Entry,
    Outcome,
    Route,
    UnsupportedRequest,
    find,
    unsupported_answer,
)
from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.record import mask
from xtmig_kernel.simulator.world import Tenant, World

from .errors import SignInRefused
from .grants import GRANTS, required, start_device_code

Handler = Callable[[World, Tenant, Call, datetime], Answer]
NO_STORE = {"Cache-Control": "no-store, no-cache"}


def discovery(world: World, tenant: Tenant, call: Call, now: datetime) -> Answer:
    """The OpenID document of a tenant, found by GUID or domain (wire 4.10 [MEM])."""
    base = f"{world.addresses.login}/{tenant.tenant_id}"
    pages = f"{world.addresses.portal}/{tenant.tenant_id}"
    return Answer(
        200,
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": [
                "client_secret_post", "private_key_jwt", "client_secret_basic",
            ],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"https://{tenant.cloud.login}/{tenant.tenant_id}/v2.0",
            "authorization_endpoint": f"{pages}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_region_scope": tenant.file.region_scope,
            "tenant_region_sub_scope": tenant.file.region_sub_scope,
            "cloud_instance_name": tenant.cloud.instance,
            "cloud_graph_host_name": tenant.cloud.graph,
            "msgraph_host": tenant.cloud.graph,
        },
    )  # fmt: skip


def keys(world: World, tenant: Tenant, call: Call, now: datetime) -> Answer:
    """The public signing keys."""
    return Answer(200, world.keys.jwks())


def token(world: World, tenant: Tenant, call: Call, now: datetime) -> Answer:
    """The token endpoint (wire 2)."""
    form = call.form()
    grant = GRANTS.get(required(form, "grant_type"))
    if grant is None:
        raise SignInRefused(70003, f"The grant type '{form['grant_type']}' is not supported.")
    return Answer(200, grant(world, tenant, form, call, now), NO_STORE)


def devicecode(world: World, tenant: Tenant, call: Call, now: datetime) -> Answer:
    """The device authorization endpoint (wire 2)."""
    return Answer(200, start_device_code(world, tenant, call.form(), call, now), NO_STORE)


def to_pages(world: World, tenant: Tenant, call: Call, now: datetime) -> Answer:
    """Pages for people live on the portal; the real service has them on the sign-in host."""
    return Answer(302, None, {"Location": world.addresses.portal + call.target})


ROUTES: list[Route[Handler]] = [
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", discovery),
    Route("GET", "/{tenant}/discovery/v2.0/keys", keys),
    Route("POST", "/{tenant}/oauth2/v2.0/token", token),
    Route("POST", "/{tenant}/oauth2/v2.0/devicecode", devicecode),
    Route("GET", "/{tenant}/oauth2/v2.0/authorize", to_pages),
    Route("GET", "/{tenant}/adminconsent", to_pages),
    Route("GET", "/{tenant}/v2.0/adminconsent", to_pages),
]


def unknown_tenant(reference: str) -> SignInRefused:
    """The refusal for a tenant that does not exist (wire 4.10)."""
    return SignInRefused(
        90002,
        f"Tenant '{reference}' not found. Check to make sure you have the correct tenant ID and are signing into "
        "the correct cloud.",
        "invalid_tenant",
    )


def serve(world: World, call: Call, now: datetime) -> Outcome:
    """Answer one request to the sign-in service."""
    sent: dict[str, Any] = call.form() if call.method == "POST" else call.query
    parameters = mask(world.record_key, sent)
    tenant: Tenant | None = None
    lacking = []
    try:
        route, parts = find(ROUTES, call.method, call.path)
        tenant = world.tenant(parts["tenant"])
        if tenant is None:
            raise unknown_tenant(parts["tenant"])
        answer = route.handler(world, tenant, call, now)
    except SignInRefused as refusal:
        answer = refusal.answer(now, guid(world.seed, call.path, call.wall))
    except UnsupportedRequest as missing:
        answer = unsupported_answer(str(missing))
        lacking = [str(missing)]
    side = tenant.side if tenant else None
    return Outcome(answer, [Entry(side, call.method, call.path, answer.status, None, parameters)], lacking)
