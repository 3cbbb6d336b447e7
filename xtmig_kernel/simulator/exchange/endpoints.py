"""Migration endpoints and their test (cmdlet reference [SRC]; failures 2.1; shapes 3.9, 3.10)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator.address_book import book
from xtmig_kernel.simulator.login.clients import app_identity
from xtmig_kernel.simulator.login.errors import SignInRefused
from xtmig_kernel.simulator.recipients_file import Mailbox, MailUser
from xtmig_kernel.simulator.wellknown import EXCHANGE_APP, MAILBOX_MIGRATION
from xtmig_kernel.simulator.world import Endpoint, Tenant

from . import defaults
from .context import Context, Result
from .errors import ALREADY_EXISTS, CONNECTION_FAILED, ExchangeRefused, bad_value, not_found
from .group_members import member_of
from .lookup import chosen
from .relationships import towards

if TYPE_CHECKING:
    from .binding import Bound, Credential

PERMANENT = "Microsoft.Exchange.MailboxReplicationService.MRSRemotePermanentException"
MIGRATION_PERMANENT = "Microsoft.Exchange.Migration.MigrationPermanentException"
MAILBOX_OUT_OF_SCOPE = "Microsoft.Exchange.MailboxReplicationService.MailboxNotInCrossTenantMigrationScopeException"
ENDPOINT_IN_USE = "Microsoft.Exchange.Migration.CannotRemoveEndpointWithAssociatedBatchesException"
SAME_TENANT = "ASSERT: The resource tenant and the accessing tenant cannot be equal"
NOT_AUTHORIZED_HERE = "Your organization does not authorize 'pull' or Inbound moves from the remote organization."
NOT_AUTHORIZED_THERE = "The source tenant does not authorize mailbox for migration."
KEPT = (
    "RemoteServer", "RemoteTenant", "ApplicationId", "AppSecretKeyVaultUrl", "MaxConcurrentMigrations",
    "MaxConcurrentIncrementalSyncs", "AcceptUntrustedCertificates",
)  # fmt: skip


class CheckFailed(Exception):
    """The remote tenant cannot be used; the text is what the remote side said."""


def row(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint as Get-MigrationEndpoint shows it: never a secret."""
    return {
        "Identity": endpoint.name,
        "Guid": UUID(endpoint.guid),
        **endpoint.properties,
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def _named(tenant: Tenant, identity: str) -> Endpoint | None:
    wanted = identity.lower()
    return next((e for e in tenant.endpoints.values() if wanted in {e.name.lower(), e.guid}), None)


def _existing(context: Context, identity: str | None) -> Endpoint:
    found = _named(context.tenant, identity) if identity else None
    if found is None:
        raise not_found(identity)
    return found


def _connection_failed(server: Any, cause: str) -> ExchangeRefused:
    text = f"The connection to the server '{server}' could not be completed. ---> {PERMANENT}: {cause}"
    return ExchangeRefused(CONNECTION_FAILED, text)


def get(context: Context, bound: Bound) -> Result:
    """Get-MigrationEndpoint: one, or all when Identity is missing or null (cmdlet reference [SRC])."""
    readable = [e for e in context.tenant.endpoints.values() if e.readable_from <= context.now]
    kind = bound.get("Type")
    if kind and kind.lower() != "exchangeremotemove":
        readable = []
    wanted = bound.get("Identity")
    if wanted:
        readable = [e for e in readable if e is _named(context.tenant, wanted)]
        if not readable:
            raise not_found(wanted)
    return Result([row(e) for e in readable])


def new(context: Context, bound: Bound) -> Result:
    """New-MigrationEndpoint for a cross-tenant move, tried against the remote tenant unless SkipVerification is set.

    A dehydrated organisation refuses it (doc section on customization); the source's consent must exist by then (doc
    trap C16, graded live by a later revision of the document).
    """
    context.require_customization()
    name = str(bound.get("Name"))
    if not bound.get("ExchangeRemoteMove"):
        raise ExchangeRefused("System.ArgumentException", "Only endpoints for remote moves are simulated.")
    if _named(context.tenant, name):
        raise ExchangeRefused(ALREADY_EXISTS, f"The migration endpoint '{name}' already exists.")
    credential: Credential | None = bound.get("Credentials")
    endpoint = Endpoint(
        name=name,
        guid=context.guid("endpoint", name),
        properties=defaults.ENDPOINT | _kept(bound),
        user_name=credential.user_name if credential else None,
        fingerprint=credential.fingerprint if credential else None,
        readable_from=context.tenant.later(context.now, "configuration_readable"),
    )
    _verify(context, endpoint, bound)
    context.tenant.endpoints[endpoint.guid] = endpoint
    return Result([row(endpoint)])


def set_(context: Context, bound: Bound) -> Result:
    """Set-MigrationEndpoint: replaces what is given, also the stored secret, and tries it again."""
    present = _existing(context, bound.get("Identity"))
    credential: Credential | None = bound.get("Credentials")
    changed = Endpoint(
        name=present.name,
        guid=present.guid,
        properties=present.properties | _kept(bound),
        user_name=credential.user_name if credential else present.user_name,
        fingerprint=credential.fingerprint if credential else present.fingerprint,
        readable_from=present.readable_from,
    )
    _verify(context, changed, bound)
    context.tenant.endpoints[present.guid] = changed
    return Result()


def remove(context: Context, bound: Bound) -> Result:
    """Remove-MigrationEndpoint: refused while a batch uses it (failures 2.1 #5; the exception's name is [MEM])."""
    endpoint = _existing(context, bound.get("Identity"))
    service = context.tenant.migration
    using = [b.name for b in service.batches.values() if b.endpoint == endpoint.name] if service else []
    if using:
        text = f"The endpoint '{endpoint.name}' can't be removed because the batch '{using[0]}' uses it."
        raise ExchangeRefused(ENDPOINT_IN_USE, text)
    del context.tenant.endpoints[endpoint.guid]
    return Result()


def _kept(bound: Bound) -> dict[str, Any]:
    kept = {k: v for k, v in bound.values.items() if k in KEPT}
    for name in ("MaxConcurrentMigrations", "MaxConcurrentIncrementalSyncs"):
        if name in kept:
            kept[name] = str(kept[name])
    return kept


def _verify(context: Context, endpoint: Endpoint, bound: Bound) -> None:
    migrations, syncs = (endpoint.properties[f"MaxConcurrent{n}"] for n in ("Migrations", "IncrementalSyncs"))
    if "Unlimited" not in {migrations, syncs} and int(syncs) > int(migrations):
        raise bad_value("MaxConcurrentIncrementalSyncs", "It must not exceed MaxConcurrentMigrations.")
    if bound.get("SkipVerification"):
        return
    remote_tenant = str(endpoint.properties["RemoteTenant"] or "").lower()
    if context.tenant.answers_to(remote_tenant):
        raise ExchangeRefused(PERMANENT, SAME_TENANT)
    try:
        check_remote(context, endpoint)
    except CheckFailed as failed:
        raise _connection_failed(endpoint.properties["RemoteServer"], str(failed)) from None


def check_remote(context: Context, endpoint: Endpoint) -> Tenant:
    """Reach the remote tenant with the endpoint's own credentials, and say which tenant it is.

    Raises:
        CheckFailed: Wrong host, unknown tenant (AADSTS90002), unknown application (AADSTS700016), no consent there
            (AADSTS65001, failures 2.1 #8), wrong or not yet accepted secret (AADSTS7000215, #5), or a key vault
            instead of credentials (AADSTS70011, #6).
    """
    properties = endpoint.properties
    if str(properties["RemoteServer"]).lower() not in context.tenant.cloud.remote_servers:
        raise CheckFailed("The remote server name could not be resolved.")
    reference = str(properties["RemoteTenant"] or "").lower()
    remote = next((t for t in context.world.tenants.values() if reference in t.domains()), None)
    if remote is None:
        raise CheckFailed(f"AADSTS90002: Tenant '{reference}' not found.")
    if remote.cloud is not context.tenant.cloud:
        raise CheckFailed("The remote tenant is in another cloud.")
    if endpoint.fingerprint is None or endpoint.user_name is None:
        if properties["AppSecretKeyVaultUrl"]:
            raise CheckFailed("AADSTS70011: The scope https://outlook.office.com is not valid.")
        raise CheckFailed("The credentials are missing.")
    app_id = str(properties["ApplicationId"] or "")
    if endpoint.user_name.lower() != app_id.lower():
        raise CheckFailed("The user name of the credentials is not the ApplicationId.")
    _sign_in(context, remote, app_id, endpoint.fingerprint)
    return remote


def _sign_in(context: Context, tenant: Tenant, app_id: str, fingerprint: str) -> None:
    try:
        identity = app_identity(context.world, tenant, app_id, EXCHANGE_APP, fingerprint, context.now)
    except SignInRefused as refused:
        raise CheckFailed(str(refused)) from None
    if MAILBOX_MIGRATION not in identity.roles:
        raise CheckFailed(
            f"AADSTS65001: The administrator of '{tenant.file.initial_domain}' has not consented to use the "
            f"application with ID '{app_id}'."
        )


def test(context: Context, bound: Bound) -> Result:
    """Test-MigrationServerAvailability: a result object, also for a failure (shapes 3.10 [OBS]).

    With Endpoint alone: host, tenant, stored secret, consent in both tenants. With TestMailbox also the target's mail
    user, both relationships and the scope (failures 2.1 #1, #2, 2.2 #19, #20).
    """
    endpoint = _existing(context, bound.get("Endpoint")) if bound.get("Endpoint") else _unsaved(bound)
    server = endpoint.properties["RemoteServer"]
    try:
        remote = check_remote(context, endpoint)
        _sign_in(context, context.tenant, str(endpoint.properties["ApplicationId"]), str(endpoint.fingerprint))
        if bound.get("TestMailbox"):
            _check_mailbox(context, remote, endpoint, str(bound.get("TestMailbox")))
    except CheckFailed as failed:
        message = f"The connection to the server '{server}' could not be completed."
        detail = f"{CONNECTION_FAILED}: {message} ---> {PERMANENT}: {failed}"
        return Result([_result("Failed", message, detail)])
    except ExchangeRefused as refused:
        return Result([_result("Failed", refused.text, f"{refused.kind}: {refused.text}")])
    return Result([_result("Success", "", "")])


def _unsaved(bound: Bound) -> Endpoint:
    credential: Credential | None = bound.get("Credentials")
    properties = defaults.ENDPOINT | _kept(bound)
    name, secret = (credential.user_name, credential.fingerprint) if credential else (None, None)
    return Endpoint("", "", properties | {"ApplicationId": name}, name, secret, datetime.max.replace(tzinfo=UTC))


def _result(result: str, message: str, detail: str) -> dict[str, Any]:
    return {
        "Result": result,
        "Message": message,
        "ConnectionSettings": None,
        "SupportsCutover": False,
        "ErrorDetail": detail,
        "IsValid": True,
        "Identity": "",
        "ObjectState": "New",
    }


def _check_mailbox(context: Context, remote: Tenant, endpoint: Endpoint, wanted: str) -> None:
    """Try one mail user, by any of its identities; one created just now is not found (failures 2.2 #19)."""
    user: MailUser = chosen(context, (MailUser,), wanted)[0]
    if towards(context.tenant, remote, "Inbound") is None:
        raise ExchangeRefused(MIGRATION_PERMANENT, NOT_AUTHORIZED_HERE)
    there = towards(remote, context.tenant, "RemoteOutbound")
    app_id = str(endpoint.properties["ApplicationId"]).lower()
    if there is None or str(there.properties["OAuthApplicationId"] or "").lower() != app_id:
        raise CheckFailed(NOT_AUTHORIZED_THERE)
    source = book(context.world, remote).holder(f"guid:{user.exchange_guid}".lower())
    scopes = there.properties["MailboxMovePublishedScopes"]
    in_scope = isinstance(source, Mailbox) and any(member_of(context, remote, scope, source) for scope in scopes)
    if not in_scope:
        raise CheckFailed(f"{MAILBOX_OUT_OF_SCOPE}: {NOT_AUTHORIZED_THERE}")
