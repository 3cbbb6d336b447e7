"""Two tenants from a tenants file."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .exchange.defaults import endpoint_properties, relationship_properties
from .identifiers import guid
from .keys import Keys
from .record import fingerprint
from .wellknown import EXCHANGE_APP, GRAPH_APP, MICROSOFT_TENANT, RESOURCES
from .world import (
    Addresses,
    Application,
    Endpoint,
    PasswordCredential,
    Relationship,
    RoleAssignment,
    ServicePrincipal,
    Tenant,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .tenants import (
        EnterpriseApplication,
        MigrationEndpoint,
        OwnApplication,
        Permissions,
        PlantedSecret,
        TenantFile,
        TenantsFile,
    )

SECRET_LIFETIME = timedelta(days=365)


def build(
    file: TenantsFile, seed: str, addresses: Addresses, now: datetime, environment: Mapping[str, str], folder: Path
) -> World:
    """The world as the file describes it.

    Args:
        file: The checked tenants file; it is copied.
        seed: Root of every derived id and secret.
        addresses: Where the services listen.
        now: The calendar's start.
        environment: Where secrets named by `secret_from_env` are looked up.
        folder: Where relative certificate paths begin.
    """
    world = World(seed=seed, addresses=addresses, keys=Keys(), tenants={})
    for side, part in (("source", file.source), ("target", file.target)):
        world.tenants[side] = _tenant(world, side, copy.deepcopy(part), now, environment, folder)
    source, target = world.tenants["source"], world.tenants["target"]
    for home, partner in ((source, target), (target, source)):
        for own in home.file.applications:
            if own.in_partner is not None:
                principal = add_presence(world, partner, own.app_id, own.name, home.tenant_id, now)
                _grant(world, partner, principal, own.in_partner, now)
    return world


def _tenant(
    world: World, side: str, file: TenantFile, now: datetime, environment: Mapping[str, str], folder: Path
) -> Tenant:
    tenant = Tenant(side=side, file=file, hydrated_from=None if file.dehydrated else now)
    tenant.mailboxes, tenant.mail_users, tenant.groups = file.mailboxes, file.mail_users, file.groups
    tenant.users, tenant.contacts = file.users, file.contacts
    for app_id, resource in RESOURCES.items():
        add_presence(world, tenant, app_id, resource.name, MICROSOFT_TENANT, now)
    for own in file.applications:
        _add_application(world, tenant, own, now, environment, folder)
    for other in file.enterprise_applications:
        _add_enterprise_application(world, tenant, other, now)
    for relationship in file.organization_relationships:
        identity = relationship.guid or guid(world.seed, tenant.tenant_id, "relationship", relationship.name)
        properties = relationship_properties(relationship)
        tenant.relationships[identity] = Relationship(relationship.name, identity, properties, now)
    for endpoint in file.migration_endpoints:
        identity = guid(world.seed, tenant.tenant_id, "endpoint", endpoint.name)
        tenant.endpoints[identity] = _endpoint(world, endpoint, identity, now, environment)
    return tenant


def _endpoint(
    world: World, file: MigrationEndpoint, identity: str, now: datetime, environment: Mapping[str, str]
) -> Endpoint:
    secret = environment.get(file.secret_from_env or "")
    return Endpoint(
        name=file.name,
        guid=identity,
        properties=endpoint_properties(file),
        user_name=file.application_id,
        fingerprint=fingerprint(world.record_key, secret) if secret else None,
        readable_from=now,
    )


def add_presence(
    world: World, tenant: Tenant, app_id: str, name: str, owner_tenant: str, readable_from: datetime
) -> ServicePrincipal:
    """Give an application a service principal in a tenant.

    Args:
        world: Both tenants.
        tenant: Where it is to appear.
        app_id: The application.
        name: Its display name.
        owner_tenant: GUID of the tenant that registered it.
        readable_from: When reads begin to find it.
    """
    times = tenant.count_event(f"presence:{app_id}")
    identity = guid(world.seed, tenant.tenant_id, "servicePrincipal", app_id, times)
    principal = ServicePrincipal(identity, app_id, name, owner_tenant, readable_from)
    tenant.service_principals[identity] = principal
    return principal


def assign_role(
    world: World, tenant: Tenant, principal: ServicePrincipal, resource: ServicePrincipal, role_id: str,
    readable_from: datetime, effective_from: datetime,
) -> RoleAssignment:  # fmt: skip
    """Record an application permission as consented to.

    Args:
        world: Both tenants.
        tenant: Where.
        principal: Who may.
        resource: On which interface.
        role_id: What.
        readable_from: When reads begin to show it.
        effective_from: When tokens begin to carry it.
    """
    key = f"assignment:{principal.object_id}:{resource.object_id}:{role_id}"
    identity = guid(world.seed, key, tenant.count_event(key))
    assignment = RoleAssignment(
        identity, principal.object_id, resource.object_id, role_id, readable_from, effective_from
    )
    tenant.assignments[identity] = assignment
    return assignment


def _certificate(text: str, folder: Path) -> str:
    return text if "-----BEGIN" in text else (folder / text).read_text(encoding="ascii")


def _required_access(own: OwnApplication) -> list[dict[str, Any]]:
    if own.requested is not None:
        parts = [text.split("/") for text in own.requested]
        return [
            {
                "resourceAppId": resource,
                "resourceAccess": [{"id": identity, "type": kind} for app, kind, identity in parts if app == resource],
            }
            for resource in dict.fromkeys(part[0] for part in parts)
        ]
    asked = own.permissions if own.asks_for is None else own.asks_for
    wanted = {GRAPH_APP: asked.graph, EXCHANGE_APP: asked.exchange}
    return [
        {
            "resourceAppId": app_id,
            "resourceAccess": [{"id": RESOURCES[app_id].app_roles[name], "type": "Role"} for name in names],
        }
        for app_id, names in wanted.items()
        if names
    ]


def _add_application(
    world: World, tenant: Tenant, own: OwnApplication, now: datetime, environment: Mapping[str, str], folder: Path
) -> None:
    application = Application(
        object_id=own.object_id or guid(world.seed, tenant.tenant_id, "application", own.app_id),
        app_id=own.app_id,
        display_name=own.name,
        readable_from=now,
        unique_name=own.unique_name,
        sign_in_audience=own.sign_in_audience,
        properties={
            "web": {"redirectUris": list(own.redirect_uris)},
            "requiredResourceAccess": _required_access(own),
        },
        certificates=[_certificate(own.certificate, folder)] if own.certificate else [],
        public_client=own.public_client,
    )
    secret = environment.get(own.secret_from_env or "")
    if secret:
        application.passwords.append(
            PasswordCredential(
                key_id=guid(world.seed, own.app_id, "initial secret"),
                display_name=own.secret_name,
                hint=secret[:3],
                start=now,
                end=own.secret_ends or now + SECRET_LIFETIME,
                fingerprint=fingerprint(world.record_key, secret),
                accepted_from=now,
            )
        )
    application.passwords += [_planted(world, own, one, now, environment) for one in own.secrets]
    tenant.applications[application.object_id] = application
    if own.only_registered:
        return
    principal = add_presence(world, tenant, own.app_id, own.name, tenant.tenant_id, now)
    principal.directory_roles = list(own.directory_roles)
    principal.exchange_role_groups = list(own.exchange_role_groups)
    principal.exchange_roles = list(own.exchange_roles)
    principal.offered_cmdlets = own.offered_cmdlets
    principal.compliance_cmdlets = own.compliance_cmdlets
    _grant(world, tenant, principal, own.permissions, now)
    if own.public_client:
        tenant.delegated_grants[own.app_id] = {
            GRAPH_APP: list(own.delegated_graph),
            EXCHANGE_APP: list(own.delegated_exchange),
        }


def _planted(
    world: World, own: OwnApplication, one: PlantedSecret, now: datetime, environment: Mapping[str, str]
) -> PasswordCredential:
    secret = environment.get(one.secret_from_env or "")
    return PasswordCredential(
        key_id=one.key_id or guid(world.seed, own.app_id, "planted secret", one.name),
        display_name=one.name,
        hint="",
        start=now,
        end=one.ends,
        fingerprint=fingerprint(world.record_key, secret) if secret else "",
        accepted_from=now,
    )


def _add_enterprise_application(world: World, tenant: Tenant, other: EnterpriseApplication, now: datetime) -> None:
    principal = add_presence(world, tenant, other.app_id, other.name, other.owner_tenant, now)
    if other.object_id:
        del tenant.service_principals[principal.object_id]
        principal.object_id = other.object_id
        tenant.service_principals[principal.object_id] = principal
    for resource in list(tenant.service_principals.values()):
        roles = RESOURCES[resource.app_id].app_roles.values() if resource.app_id in RESOURCES else ()
        for role in other.granted:
            if role in roles:
                assign_role(world, tenant, principal, resource, role, now, now)


def _grant(world: World, tenant: Tenant, principal: ServicePrincipal, permissions: Permissions, now: datetime) -> None:
    for resource in list(tenant.service_principals.values()):
        for name in permissions.graph if resource.app_id == GRAPH_APP else permissions.exchange:
            role = RESOURCES[resource.app_id].app_roles.get(name) if resource.app_id in RESOURCES else None
            if role:
                assign_role(world, tenant, principal, resource, role, now, now)
