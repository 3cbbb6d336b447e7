"""The state of both tenants while the simulator runs."""

from __future__ import annotations

import copy
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .clouds import CLOUDS, Cloud
from .identifiers import guid

if TYPE_CHECKING:
    from .address_book import AddressBook
    from .keys import Keys
    from .licence_register import LicenceRegister
    from .migration.model import MigrationService
    from .recipients_file import Contact, Group, Mailbox, MailUser, User
    from .tenants import Administrator, TenantFile


@dataclass
class PasswordCredential:
    """A client secret of an application; only its fingerprint is kept."""

    key_id: str
    display_name: str | None
    hint: str
    start: datetime
    end: datetime
    fingerprint: str
    accepted_from: datetime


@dataclass
class Application:
    """A registration in its home tenant. `readable_from` is when reads by key begin to find it."""

    object_id: str
    app_id: str
    display_name: str
    readable_from: datetime
    unique_name: str | None = None
    sign_in_audience: str = "AzureADMyOrg"
    properties: dict[str, Any] = field(default_factory=dict)
    passwords: list[PasswordCredential] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    public_client: bool = False

    @property
    def redirect_uris(self) -> list[str]:
        """Redirect addresses of the kind Web."""
        return list((self.properties.get("web") or {}).get("redirectUris") or [])

    def requested(self, kind: str) -> list[tuple[str, str]]:
        """The permissions that it asks for.

        Args:
            kind: `Role` for application permissions, `Scope` for delegated ones.

        Returns:
            Pairs of resource application id and permission id.
        """
        return [
            (resource["resourceAppId"], access["id"])
            for resource in self.properties.get("requiredResourceAccess") or []
            for access in resource.get("resourceAccess") or []
            if access.get("type") == kind
        ]


@dataclass
class ServicePrincipal:
    """An application's presence in a tenant."""

    object_id: str
    app_id: str
    display_name: str
    owner_tenant: str
    readable_from: datetime
    directory_roles: list[str] = field(default_factory=list)
    exchange_role_groups: list[str] = field(default_factory=list)
    exchange_roles: list[str] = field(default_factory=list)
    offered_cmdlets: list[str] | None = None
    compliance_cmdlets: list[str] | None = None


@dataclass
class RoleAssignment:
    """An application permission that somebody consented to. It counts from `effective_from` on."""

    assignment_id: str
    principal_id: str
    resource_id: str
    role_id: str
    readable_from: datetime
    effective_from: datetime


@dataclass
class Relationship:
    """An organization relationship, as Exchange keeps it: property name to value."""

    name: str
    guid: str
    properties: dict[str, Any]
    readable_from: datetime


@dataclass
class Endpoint:
    """A migration endpoint with its own copy of the secret's fingerprint."""

    name: str
    guid: str
    properties: dict[str, Any]
    user_name: str | None
    fingerprint: str | None
    readable_from: datetime


@dataclass
class Tenant:
    """One organisation: the file it began with, and what changes since.

    Attributes:
        readable_from: Object id of a recipient created since the start, to when reads begin to find it.
        member_changes: Group's object id, to each changed member's object id, to when reads begin to show the change
            and whether it belonged to the group before.
        book: The index over all recipients, made when it is first asked for.
        licences: The record of licences, begun when it is first asked for.
        migration: The batches and their users, begun when they are first asked for.
        growing: Mailboxes whose archive is planted to grow at a time.
    """

    side: str
    file: TenantFile
    hydrated_from: datetime | None
    applications: dict[str, Application] = field(default_factory=dict)
    service_principals: dict[str, ServicePrincipal] = field(default_factory=dict)
    assignments: dict[str, RoleAssignment] = field(default_factory=dict)
    delegated_grants: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    relationships: dict[str, Relationship] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    mailboxes: list[Mailbox] = field(default_factory=list)
    mail_users: list[MailUser] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    readable_from: dict[str, datetime] = field(default_factory=dict)
    member_changes: dict[str, dict[str, tuple[datetime, bool]]] = field(default_factory=dict)
    book: AddressBook | None = None
    licences: LicenceRegister | None = None
    migration: MigrationService | None = None
    growing: list[Mailbox] | None = None
    events: dict[str, int] = field(default_factory=dict)

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID."""
        return self.file.tenant_id

    @property
    def cloud(self) -> Cloud:
        """The hosts of the tenant's cloud."""
        return CLOUDS[self.file.cloud]

    def domains(self) -> set[str]:
        """The verified domains, in lower case."""
        return {domain.name.lower() for domain in self.file.domains}

    def answers_to(self, reference: str) -> bool:
        """Whether a GUID or domain names this tenant."""
        return reference.lower() in {self.tenant_id, *self.domains()}

    def dehydrated(self, now: datetime) -> bool:
        """Whether customization is still off."""
        return self.hydrated_from is None or now < self.hydrated_from

    def administrator(self, upn: str) -> Administrator | None:
        """The person with this sign-in name."""
        return next((a for a in self.file.administrators if a.upn.lower() == upn.lower()), None)

    def count_event(self, key: str) -> int:
        """How often something has happened to one object before, so that each time has a value of its own."""
        self.events[key] = self.events.get(key, 0) + 1
        return self.events[key]

    def later(self, now: datetime, lag: str) -> datetime:
        """When a change of now shows or counts.

        Args:
            now: Simulated time of the change.
            lag: Name of the lag in the tenants file.
        """
        return now + timedelta(seconds=getattr(self.file.lags, lag))


@dataclass
class Session:
    """Something handed out during a sign-in, valid until a wall time."""

    tenant_id: str
    client_id: str
    expires: float
    scopes: list[str]
    account: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class Sessions:
    """Everything volatile of the sign-in service."""

    codes: dict[str, Session] = field(default_factory=dict)
    refresh_tokens: dict[str, Session] = field(default_factory=dict)
    device_codes: dict[str, Session] = field(default_factory=dict)
    issued: int = 0


@dataclass(frozen=True)
class Addresses:
    """Base addresses of the services."""

    login: str
    graph: str
    exo: str
    portal: str
    control: str
    compliance: str = ""


@dataclass
class World:
    """Both tenants, the keys of this run, and what is only of the moment.

    `page_rows` is how many rows a page holds at most: a service may give fewer than a client asks for (wire 1.6, 4.13).
    """

    seed: str
    addresses: Addresses
    keys: Keys
    tenants: dict[str, Tenant]
    page_rows: int = 1000
    record_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    sessions: Sessions = field(default_factory=Sessions)

    def tenant(self, reference: str) -> Tenant | None:
        """The tenant that a GUID or verified domain names."""
        return next((t for t in self.tenants.values() if t.answers_to(reference)), None)

    def registration(self, app_id: str) -> tuple[Tenant, Application] | None:
        """The home tenant and registration of an application."""
        for tenant in self.tenants.values():
            for application in tenant.applications.values():
                if application.app_id == app_id.lower():
                    return tenant, application
        return None

    def copied(self) -> World:
        """Both tenants as they are at this moment, of which no later change is seen; indexes are made again."""
        books = [tenant.book for tenant in self.tenants.values() if tenant.book is not None]
        shared = {id(self.keys): self.keys, **{id(book): None for book in books}}
        return copy.deepcopy(self, shared)

    def go_back(self, then: World) -> None:
        """Be again as at the moment of a copy, which stays as it is.

        Args:
            then: What `copied` gave.
        """
        again = then.copied()
        self.tenants, self.sessions = again.tenants, again.sessions

    def person_id(self, tenant: Tenant, person: Administrator) -> str:
        """The object id of an administrator."""
        return person.object_id or guid(self.seed, tenant.tenant_id, "administrator", person.upn.lower())


def presence(tenant: Tenant, app_id: str) -> ServicePrincipal | None:
    """The service principal of an application in a tenant, shown or not yet shown."""
    return next((p for p in tenant.service_principals.values() if p.app_id == app_id.lower()), None)
