"""Who an application is, what it may ask for, and whether its proof is good."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from xtmig_kernel.simulator.record import fingerprint
from xtmig_kernel.simulator.wellknown import (
    APPLICATION_ROLES,
    COMPLIANCE,
    CONSENTING_ROLES,
    EXCHANGE_APP,
    EXCHANGE_PUBLIC_CLIENT,
    GRAPH_APP,
    GRAPH_PUBLIC_CLIENT,
    RESOURCES,
)
from xtmig_kernel.simulator.world import Application, ServicePrincipal, Tenant, World, presence

from .errors import SignInRefused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from xtmig_kernel.simulator.tenants import Administrator

OPENID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
# What the Exchange module's own client carries without anybody's consent [MEM].
EXCHANGE_CLIENT_SCOPES = ["AdminApi.AccessAsUser.All", "RemotePowerShell.AccessAsUser.All"]
GRAPH_CLIENT_SCOPES = ["User.Read"]
LEEWAY = 300  # seconds that the two clocks may differ
NATIVE_REDIRECT = "/common/oauth2/nativeclient"


@dataclass(frozen=True)
class AppIdentity:
    """An application that proved who it is, and what it may do on one interface."""

    principal: ServicePrincipal
    roles: list[str]


@dataclass(frozen=True)
class Wanted:
    """The scopes of a request, sorted out.

    Attributes:
        resource: Application id of the one interface they are for.
        names: Delegated permissions by value; empty for `.default`.
        openid: The scopes that concern the sign-in itself.
        host: By which name the interface was asked for.
    """

    resource: str
    names: list[str]
    openid: list[str]
    host: str


def resource_hosts(tenant: Tenant) -> dict[str, str]:
    """Host or id to resource application id, for the tenant's cloud."""
    return {
        tenant.cloud.graph: GRAPH_APP,
        tenant.cloud.exchange: EXCHANGE_APP,
        GRAPH_APP: GRAPH_APP,
        EXCHANGE_APP: EXCHANGE_APP,
        **dict.fromkeys(tenant.cloud.exchange_also, EXCHANGE_APP),
        **({tenant.cloud.compliance: COMPLIANCE} if tenant.cloud.compliance else {}),
    }


def rights_of(resource: str) -> str:
    """The interface whose permissions count on another one: those of Exchange on Security & Compliance.

    That one sign-in of Exchange's serves both is wire 2 [LIVE]; that its permissions do is inferred.
    """
    return EXCHANGE_APP if resource == COMPLIANCE else resource


def wanted(tenant: Tenant, scope: str) -> Wanted:
    """What a scope text asks for (wire 2: `https://<host>/.default` [SRC]).

    Raises:
        SignInRefused: It names no interface of this cloud, or more than one.
    """
    hosts, found, names = resource_hosts(tenant), set(), []
    asked = tenant.cloud.graph
    words = scope.split()
    for word in (w for w in words if w.lower() not in OPENID_SCOPES):
        address, slash, name = word.removeprefix("https://").rpartition("/")
        host = address.rstrip("/") if slash else tenant.cloud.graph
        if host not in hosts:
            raise SignInRefused(
                500011, f"The resource principal named {address} was not found in the tenant {tenant.tenant_id}."
            )
        found.add(hosts[host])
        names_host = host not in (GRAPH_APP, EXCHANGE_APP)
        asked = host if names_host else tenant.cloud.exchange if host == EXCHANGE_APP else tenant.cloud.graph
        if name != ".default":
            names.append(name)
    if len(found) > 1:
        raise SignInRefused(28000, "Provided value for the input parameter scope is not valid: two resources.")
    openid = [word.lower() for word in words if word.lower() in OPENID_SCOPES]
    return Wanted(found.pop() if found else GRAPH_APP, names, openid, asked)


def find_client(world: World, tenant: Tenant, client_id: str, now: datetime) -> Application | None:
    """The registration that a tenant knows under a client id.

    Returns:
        None for Microsoft's own public clients, which are known everywhere.

    Raises:
        SignInRefused: AADSTS700016 (failures 2.1 #7): the tenant knows no such application.
    """
    client_id = client_id.lower()
    if client_id in {EXCHANGE_PUBLIC_CLIENT, GRAPH_PUBLIC_CLIENT}:
        return None
    found = world.registration(client_id)
    if found and found[1].readable_from <= now:
        home, application = found
        here = presence(tenant, client_id)
        if home is tenant or (here and here.readable_from <= now):
            return application
    raise SignInRefused(
        700016,
        f"Application with identifier '{client_id}' was not found in the directory "
        f"'{tenant.file.display_name}'. It was not installed by the administrator of the tenant, or no user in the "
        "tenant consented to it, or the request was sent to the wrong tenant.",
    )


def check_secret(application: Application, proof: str, now: datetime) -> None:
    """Whether a client secret is good now.

    Args:
        application: The registration.
        proof: The secret's fingerprint.
        now: Simulated time.

    Raises:
        SignInRefused: AADSTS7000215 (failures 2.1 #5) for one that is unknown or not yet accepted, AADSTS7000222
            for one that has expired [MEM].
    """
    for password in application.passwords:
        if password.fingerprint == proof and password.accepted_from <= now:
            if now < password.end:
                return
            raise SignInRefused(7000222, f"The provided client secret keys for app '{application.app_id}' are expired.")
    raise SignInRefused(
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
        f"not the client secret ID, for a secret added to app '{application.app_id}'.",
    )


def _thumbprints(certificate: x509.Certificate) -> dict[str, str]:
    encode = base64.urlsafe_b64encode
    return {
        "x5t": encode(certificate.fingerprint(hashes.SHA1())).decode().rstrip("="),  # noqa: S303 - the header's definition
        "x5t#S256": encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("="),
    }


def check_assertion(application: Application, assertion: str, audiences: Iterable[str]) -> None:
    """Whether a client assertion was signed with a certificate of the application.

    Args:
        application: The registration.
        assertion: The JWT.
        audiences: Token endpoints it may name.

    Raises:
        SignInRefused: AADSTS700027: unknown certificate, wrong signature, audience or time [MEM].
    """
    try:
        reason = _assertion_flaw(application, assertion, list(audiences))
    except jwt.InvalidTokenError as error:
        reason = str(error)
    if reason is not None:
        raise SignInRefused(
            700027,
            f"Client assertion failed signature validation for app '{application.app_id}': {reason}.",
        )


def _assertion_flaw(application: Application, assertion: str, audiences: list[str]) -> str | None:
    header = jwt.get_unverified_header(assertion)
    for pem in application.certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        if not any(str(header.get(name, "")).rstrip("=") == value for name, value in _thumbprints(certificate).items()):
            continue
        key: Any = certificate.public_key()
        claims = jwt.decode(assertion, key, algorithms=["RS256", "PS256"], audience=audiences, leeway=LEEWAY)
        if claims.get("iss") == claims.get("sub") == application.app_id:
            return None
        return "issuer and subject are not the application"
    return "no registered certificate has the thumbprint of the assertion"


def app_identity(
    world: World, tenant: Tenant, client_id: str, resource: str, proof: str | None, now: datetime
) -> AppIdentity:
    """What an application may do on its own on one interface of a tenant.

    The same check serves the token endpoint and the migration endpoint's own sign-in to the other tenant.

    Args:
        world: Both tenants.
        tenant: Where the token is asked for.
        client_id: The application.
        resource: Application id of the interface.
        proof: Fingerprint of a client secret, or None when another proof was checked already.
        now: Simulated time.

    Raises:
        SignInRefused: The tenant does not know the application, or the secret is not good.
    """
    application = find_client(world, tenant, client_id, now)
    if application is None:
        raise SignInRefused(700025, "Client is public so neither a secret nor an assertion should be presented.")
    if proof is not None:
        check_secret(application, proof, now)
    principal = presence(tenant, application.app_id)
    if principal is None or principal.readable_from > now:
        raise SignInRefused(
            7000229,
            f"The client application {application.app_id} is missing service principal in the tenant "
            f"{tenant.tenant_id}.",
        )
    return AppIdentity(principal, role_values(tenant, principal, resource, now))


def role_values(tenant: Tenant, principal: ServicePrincipal, resource: str, now: datetime) -> list[str]:
    """The application permissions on an interface that count now, by value."""
    interface = presence(tenant, rights_of(resource))
    names = {role_id: name for name, role_id in RESOURCES[rights_of(resource)].app_roles.items()}
    return sorted(
        names[a.role_id]
        for a in tenant.assignments.values()
        if a.principal_id == principal.object_id
        and interface is not None
        and a.resource_id == interface.object_id
        and a.effective_from <= now
        and a.role_id in names
    )


def granted_scopes(tenant: Tenant, client_id: str, resource: str) -> list[str]:
    """The delegated permissions that a client has on an interface without asking anybody."""
    given = tenant.delegated_grants.get(client_id, {}).get(resource, [])
    if client_id == EXCHANGE_PUBLIC_CLIENT:
        return EXCHANGE_CLIENT_SCOPES if rights_of(resource) == EXCHANGE_APP else []
    if client_id == GRAPH_PUBLIC_CLIENT and resource == GRAPH_APP:
        return sorted({*GRAPH_CLIENT_SCOPES, *given})
    return given


def may_consent(person: Administrator) -> bool:
    """Whether a person may allow an application delegated permissions."""
    return bool((CONSENTING_ROLES | APPLICATION_ROLES) & set(person.directory_roles))


def person_scopes(tenant: Tenant, client_id: str, want: Wanted, person: Administrator, *, present: bool) -> list[str]:
    """The delegated permissions that a person's token will carry.

    Args:
        tenant: The person's organisation.
        client_id: The application.
        want: What was asked for.
        person: Who signs in.
        present: Whether the person is at the page, where an administrator's going on counts as consent.

    Raises:
        SignInRefused: AADSTS650053 for a permission that does not exist, AADSTS65001 where consent is missing
            (failures 2.1 #8), AADSTS65002 for an interface that a Microsoft client is not meant for [MEM].
    """
    if client_id == EXCHANGE_PUBLIC_CLIENT and rights_of(want.resource) != EXCHANGE_APP:
        raise SignInRefused(65002, "This first party application has no preauthorization for that resource.")
    granted = granted_scopes(tenant, client_id, want.resource)
    known = {*RESOURCES[rights_of(want.resource)].scopes, *EXCHANGE_CLIENT_SCOPES}
    for name in want.names:
        if name not in known:
            raise SignInRefused(650053, f"The application asked for scope '{name}' that doesn't exist.")
    missing = [name for name in want.names if name not in granted]
    if missing and not (present and may_consent(person)):
        raise SignInRefused(
            65001, f"The user or administrator has not consented to use the application with ID '{client_id}'."
        )
    if missing:
        grants = tenant.delegated_grants.setdefault(client_id, {})
        grants[want.resource] = sorted({*grants.get(want.resource, []), *missing})
    scopes = sorted({*granted, *want.names})
    if not scopes:
        raise SignInRefused(
            65001, f"The user or administrator has not consented to use the application with ID '{client_id}'."
        )
    return scopes


def proof_of(world: World, secret: str) -> str:
    """The fingerprint under which a secret is compared."""
    return fingerprint(world.record_key, secret)
