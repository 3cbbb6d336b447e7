"""The tenants file: what the two simulated organisations hold when the simulator starts.

Validated strictly: an unknown key is an error that names its place. `python -m xtmig_kernel.simulator --schema`
prints the JSON schema that docs/reference/tenants.schema.json publishes.
"""

from __future__ import annotations

import re
from datetime import datetime  # noqa: TC003 - pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from .clouds import CloudName  # noqa: TC001 - pydantic reads it at run time
from .compliance_file import ComplianceCase, RetentionPolicy  # noqa: TC001 - pydantic reads them at run time
from .recipients_file import Contact, Group, Mailbox, MailUser, MigrationUser, Part, User
from .wellknown import DIRECTORY_ROLES, RESOURCES

if TYPE_CHECKING:
    from pathlib import Path


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first reads tenants of thousands in seconds


class TenantsFileError(Exception):
    """The tenants file cannot be used; the text names each place and what is wrong there."""


def _known_roles(names: list[str]) -> list[str]:
    unknown = [name for name in names if name not in DIRECTORY_ROLES]
    if unknown:
        raise ValueError(f"unknown directory role {unknown[0]!r}; known: {', '.join(DIRECTORY_ROLES)}")
    return names


def _known_guid(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        raise ValueError("a GUID in lower case is expected, such as 0f0f0f0f-0000-4000-8000-000000000001")
    return text


Guid = Annotated[str, AfterValidator(_known_guid)]
DirectoryRoles = Annotated[list[str], AfterValidator(_known_roles)]


class Domain(Part):
    """A verified domain. `initial` marks the onmicrosoft one; `default` the one for new users."""

    name: str
    type: Literal["Authoritative", "InternalRelay", "ExternalRelay"] = "Authoritative"
    initial: bool = False
    default: bool = False
    authentication: Literal["Managed", "Federated"] = "Managed"


class SecretPolicy(Part):
    """The organisation's application management policy on client secrets."""

    allowed: bool = True
    max_days: int | None = Field(default=None, ge=1)


class Policies(Part):
    """Policies that change what a sign-in, a registration or a new recipient may do.

    With `primary_smtp_honoured` off, PrimarySmtpAddress of mail users is ignored and the external address becomes the
    primary one (doc traps B18, D9: the reference and Microsoft's own script differ). `group_name_prefix` is the
    naming policy for groups (doc trap C2). `unlicensed_moves` is what becomes of a user without the licence for moves:
    the document knows both (lines 56 to 60, 301). With `block_persons` Conditional Access refuses tokens to persons.
    """

    block_device_code: bool = False
    block_persons: bool = False
    secrets: SecretPolicy = SecretPolicy()
    primary_smtp_honoured: bool = True
    group_name_prefix: str = ""
    unlicensed_moves: Literal["NeedsApproval", "Failed"] = "NeedsApproval"


class Administrator(Part):
    """A person who can sign in on the practice pages.

    `offered_cmdlets`, when given, is exactly what Exchange offers this person, whatever the roles say, and
    `compliance_cmdlets` what Security & Compliance does. `eligible_roles`
    are held in Privileged Identity Management and not activated, so that no token names them. `home_tenant` is where
    the tokens of a guest or a partner's administrator come from.
    """

    upn: str
    display_name: str
    object_id: Guid | None = None
    home_tenant: Guid | None = None
    directory_roles: DirectoryRoles = Field(default_factory=list)
    eligible_roles: DirectoryRoles = Field(default_factory=list)
    exchange_role_groups: list[str] = Field(default_factory=list)
    exchange_roles: list[str] = Field(default_factory=list)
    offered_cmdlets: list[str] | None = None
    compliance_cmdlets: list[str] | None = None


class Permissions(Part):
    """Application permissions that are consented to in the application's own tenant, by value."""

    graph: list[str] = Field(default_factory=list)
    exchange: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _known(self) -> Permissions:
        known = [set(resource.app_roles) for resource in RESOURCES.values()]
        unknown = [name for name in (*self.graph, *self.exchange) if not any(name in roles for roles in known)]
        if unknown:
            raise ValueError(f"unknown application permission {unknown[0]!r}")
        return self


class PlantedSecret(Part):
    """A client secret with its end. Without `secret_from_env`, nobody knows it any more."""

    name: str
    secret_from_env: str | None = None
    key_id: Guid | None = None
    ends: datetime


class OwnApplication(Part):
    """An application that the organisation registered for itself before the project began.

    `secret_from_env` names an environment variable of the simulator's process; the file never holds a secret. It is
    valid from the start until `secret_ends`, by default for a year; `secrets` are further ones. `asks_for`, or
    `requested` as resource/Role or Scope/id, is what the registration asks for where that is not what `permissions`
    says was granted. `in_partner` is what the other organisation has granted; given and empty, the application is
    present there and may do nothing. One that is `only_registered` is no enterprise application of its own
    organisation, unless `enterprise_applications` says so.
    """

    name: str
    app_id: Guid
    object_id: Guid | None = None
    unique_name: str | None = None
    requested: list[str] | None = None
    secrets: list[PlantedSecret] = Field(default_factory=list)
    only_registered: bool = False
    permissions: Permissions = Permissions()
    asks_for: Permissions | None = None
    in_partner: Permissions | None = None
    directory_roles: DirectoryRoles = Field(default_factory=list)
    exchange_role_groups: list[str] = Field(default_factory=list)
    exchange_roles: list[str] = Field(default_factory=list)
    offered_cmdlets: list[str] | None = None
    compliance_cmdlets: list[str] | None = None
    sign_in_audience: Literal[
        "AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"
    ] = "AzureADMyOrg"
    redirect_uris: list[str] = Field(default_factory=list)
    public_client: bool = False
    delegated_graph: list[str] = Field(default_factory=list)
    delegated_exchange: list[str] = Field(default_factory=list)
    secret_from_env: str | None = None
    secret_name: str | None = "practice"  # noqa: S105 - what the portal shows beside it
    secret_ends: datetime | None = None
    certificate: str | None = Field(default=None, description="PEM text of a public certificate, or a path")


class EnterpriseApplication(Part):
    """An application of any organisation, to which this one gave application permissions, named by their ids."""

    app_id: Guid
    name: str
    owner_tenant: Guid
    object_id: Guid | None = None
    granted: list[Guid] = Field(default_factory=list)

    @model_validator(mode="after")
    def _known(self) -> EnterpriseApplication:
        known = {role for resource in RESOURCES.values() for role in resource.app_roles.values()}
        unknown = [role for role in self.granted if role not in known]
        if unknown:
            raise ValueError(f"unknown application permission {unknown[0]}")
        return self


class OrganizationRelationship(Part):
    """An organization relationship that exists from the start."""

    name: str
    guid: Guid | None = None
    domain_names: list[str] = Field(min_length=1)
    enabled: bool = True
    free_busy_access_enabled: bool = False
    free_busy_access_level: Literal["None", "AvailabilityOnly", "LimitedDetails"] = "None"
    mailbox_move_enabled: bool = False
    mailbox_move_capability: list[Literal["Inbound", "Outbound", "RemoteInbound", "RemoteOutbound"]] = Field(
        default_factory=list
    )
    mailbox_move_published_scopes: list[str] = Field(default_factory=list)
    oauth_application_id: str | None = None
    mail_tips_access_enabled: bool = False
    mail_tips_access_level: Literal["None", "Limited", "All"] = "None"
    target_application_uri: str | None = None
    target_autodiscover_epr: str | None = None
    organization_contact: str | None = None


class MigrationEndpoint(Part):
    """A migration endpoint that exists from the start, with a secret that is valid nowhere unless named here."""

    name: str
    type: str = "ExchangeRemoteMove"
    remote_server: str | None
    remote_tenant: str | None
    application_id: Guid | None
    secret_from_env: str | None = None
    app_secret_key_vault_url: str | None = None


class Sku(Part):
    """A subscription of the organisation (wire 4.6)."""

    sku_id: Guid
    part_number: str
    status: Literal["Enabled", "Warning", "Suspended", "Deleted", "LockedOut"] = "Enabled"
    enabled: int = Field(ge=0)
    warning: int = Field(ge=0, default=0)
    consumed: int = Field(ge=0, default=0)
    service_plans: list[str] = Field(default_factory=list)


class Lags(Part):
    """Seconds of simulated time until a change shows or counts, and what a move takes."""

    application_readable: float = Field(default=2, ge=0)
    consent_visible: float = Field(default=5, ge=0)
    consent_effective: float = Field(default=20, ge=0)
    secret_accepted: float = Field(default=30, ge=0)
    hydration: float = Field(default=600, ge=0)
    configuration_readable: float = Field(default=3, ge=0)
    mail_user_readable: float = Field(default=60, ge=0)
    licence_effective: float = Field(default=30, ge=0)
    group_members_readable: float = Field(default=3, ge=0)
    move_validation: float = Field(default=60, ge=0)
    move_queue: float = Field(default=120, ge=0)
    move_provisioning: float = Field(default=60, ge=0)
    sync_least: float = Field(default=300, ge=0)
    sync_per_gigabyte: float = Field(default=15, ge=0)
    sync_per_thousand_items: float = Field(default=5, ge=0)
    incremental_interval: float = Field(default=86_400, gt=0)
    incremental_sync: float = Field(default=60, ge=0)
    completion: float = Field(default=300, ge=0)
    completion_per_folder: float = Field(default=2, ge=0)
    completion_cleanup: float = Field(default=60, ge=0)
    completion_again: float = Field(default=28_800, ge=0)
    move_stops: float = Field(default=10, ge=0)
    move_removed: float = Field(default=10, ge=0)
    synced_batch_stops: float = Field(default=60 * 86_400, gt=0)
    stopped_batch_goes: float = Field(default=90 * 86_400, gt=0)
    completed_batch_goes: float = Field(default=60 * 86_400, gt=0)
    mailbox_without_licence: float = Field(default=30 * 86_400, gt=0)


class TenantFile(Part):
    """One organisation.

    `refused` names cmdlets, and first parts of Graph's paths such as `/users`, that are refused to everybody: what
    nobody knows of an organisation must not look healthy. `organization_holds` that are null are not told.
    """

    tenant_id: Guid
    display_name: str
    cloud: CloudName = "worldwide"
    region_scope: str = "NA"
    region_sub_scope: str | None = None
    country: str = "US"
    domains: list[Domain] = Field(min_length=1)
    dehydrated: bool = False
    directory_synchronised: bool = False
    created: datetime | None = None
    policies: Policies = Policies()
    administrators: list[Administrator] = Field(min_length=1)
    applications: list[OwnApplication] = Field(default_factory=list)
    enterprise_applications: list[EnterpriseApplication] = Field(default_factory=list)
    refused: list[str] = Field(default_factory=list)
    organization_relationships: list[OrganizationRelationship] = Field(default_factory=list)
    migration_endpoints: list[MigrationEndpoint] = Field(default_factory=list)
    migration_users: list[MigrationUser] = Field(default_factory=list)
    organization_holds: list[str] | None = Field(default_factory=list)
    retention_policies: list[RetentionPolicy] = Field(default_factory=list)
    compliance_cases: list[ComplianceCase] = Field(default_factory=list)
    groups: list[Group] = Field(default_factory=list)
    mailboxes: list[Mailbox] = Field(default_factory=list)
    mail_users: list[MailUser] = Field(default_factory=list)
    users: list[User] = Field(default_factory=list)
    contacts: list[Contact] = Field(default_factory=list)
    skus: list[Sku] = Field(default_factory=list)
    lags: Lags = Lags()

    @model_validator(mode="after")
    def _one_initial_and_default(self) -> TenantFile:
        for mark in ("initial", "default"):
            if sum(getattr(domain, mark) for domain in self.domains) != 1:
                raise ValueError(f"domains: exactly one domain must be marked {mark}")
        if not self.initial_domain.endswith(".onmicrosoft.com"):
            raise ValueError("domains: the initial domain ends in .onmicrosoft.com")
        return self

    @property
    def initial_domain(self) -> str:
        """The organisation's onmicrosoft.com name."""
        return next(domain.name for domain in self.domains if domain.initial)

    @property
    def default_domain(self) -> str:
        """The domain that new users get."""
        return next(domain.name for domain in self.domains if domain.default)


class TenantsFile(Part):
    """Both organisations: mailboxes move from `source` to `target`."""

    version: Literal[1] = 1
    source: TenantFile
    target: TenantFile

    @model_validator(mode="after")
    def _two_tenants(self) -> TenantsFile:
        if self.source.tenant_id == self.target.tenant_id:
            raise ValueError("source and target have the same tenant_id")
        shared = {d.name for d in self.source.domains} & {d.name for d in self.target.domains}
        if shared:
            raise ValueError(f"both tenants own the domain {min(shared)}; one domain has one owner")
        return self


def parse(data: Any, place: str) -> TenantsFile:
    """Check what a tenants file says.

    Args:
        data: The file's content as plain data.
        place: How to name the file in an error.

    Raises:
        TenantsFileError: Something is unknown, missing or contradictory.
    """
    try:
        return TenantsFile.model_validate(data)
    except ValidationError as error:
        lines = [f"{'.'.join(str(p) for p in e['loc']) or 'file'}: {e['msg']}" for e in error.errors()]
        raise TenantsFileError(f"{place} cannot be used:\n  " + "\n  ".join(lines)) from None


def load(path: Path) -> TenantsFile:
    """Read a tenants file.

    Args:
        path: A YAML file in UTF-8.

    Raises:
        TenantsFileError: The file is missing, is not YAML, or says something unknown.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_LOADER)  # noqa: S506 - a safe one
    except OSError as error:
        raise TenantsFileError(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise TenantsFileError(f"{path} is not YAML: {error}") from None
    return parse(data, str(path))


def text(file: TenantsFile) -> str:
    """What `load` reads again: only what was said, not what follows from defaults.

    Args:
        file: Both organisations.
    """
    written: str = yaml.safe_dump(file.model_dump(mode="json", exclude_unset=True))
    return written


def schema() -> dict[str, Any]:
    """The JSON schema of a tenants file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xtmig simulator: tenants file",
    } | TenantsFile.model_json_schema()
