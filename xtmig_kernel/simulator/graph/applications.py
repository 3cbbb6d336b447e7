"""Application registrations and their secrets (wire 4.1, 4.1b, 4.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from xtmig_kernel.simulator.clock import iso
from xtmig_kernel.simulator.http import Answer, UnsupportedRequest
from xtmig_kernel.simulator.identifiers import client_secret
from xtmig_kernel.simulator.record import fingerprint
from xtmig_kernel.simulator.wellknown import APPLICATION_ROLES
from xtmig_kernel.simulator.world import Application, PasswordCredential, presence

from .context import Context, GraphRefused, bad_request, not_found
from .odata import many, one

AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
DEFAULTS: dict[str, Any] = {
    "description": None,
    "notes": None,
    "tags": [],
    "identifierUris": [],
    "serviceManagementReference": None,
    "isFallbackPublicClient": None,
    "web": {"redirectUris": [], "homePageUrl": None, "logoutUrl": None},
    "publicClient": {"redirectUris": []},
    "spa": {"redirectUris": []},
    "requiredResourceAccess": [],
}
DEFAULT_LIFETIME = timedelta(days=730)
NAME_TAKEN = "Another object with the same value for property uniqueName already exists."


def password_row(password: PasswordCredential) -> dict[str, Any]:
    """A secret as reads show it: never its text."""
    return {
        "customKeyIdentifier": None,
        "displayName": password.display_name,
        "endDateTime": iso(password.end),
        "hint": password.hint,
        "keyId": password.key_id,
        "secretText": None,
        "startDateTime": iso(password.start),
    }


def row(context: Context, application: Application) -> dict[str, Any]:
    """An application as Graph shows it (wire 4.1)."""
    return {
        "id": application.object_id,
        "appId": application.app_id,
        "displayName": application.display_name,
        "uniqueName": application.unique_name,
        "signInAudience": application.sign_in_audience,
        "publisherDomain": context.tenant.file.default_domain,
        **DEFAULTS,
        **application.properties,
        "passwordCredentials": [password_row(p) for p in application.passwords],
        "keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify"} for _ in application.certificates],
    }


def _all(context: Context) -> list[Application]:
    return list(context.tenant.applications.values())


def _found(context: Context, *, fresh: bool) -> Application:
    """The application that the path names.

    Args:
        context: The call.
        fresh: Whether one that reads do not show yet counts, as it does for writes.
    """
    names = {"id": "object_id", "appId": "app_id", "uniqueName": "unique_name"}
    ((key, value),) = context.parts.items()
    for application in _all(context):
        named = (getattr(application, names[key]) or "").lower() == value.lower()
        if named and (fresh or application.readable_from <= context.now):
            return application
    raise not_found(value)


def list_applications(context: Context) -> Answer:
    """Registrations of the tenant (wire 4.1 [SRC]); a new one shows after the tenant's lag (wire 1.8 [LIVE])."""
    rows = [row(context, a) for a in _all(context) if a.readable_from <= context.now]
    return Answer(200, many(context, rows, "applications"))


def get_application(context: Context) -> Answer:
    """One registration by id, appId or uniqueName (wire 4.1 [SRC], 4.1b)."""
    return Answer(200, one(context, row(context, _found(context, fresh=False)), "applications"))


def create_application(context: Context) -> Answer:
    """Register an application (wire 4.1 [SRC]); the secret cannot be given here."""
    context.require_role(APPLICATION_ROLES)
    application = _create(context, context.body())
    return Answer(201, one(context, row(context, application), "applications"))


def update_application(context: Context) -> Answer:
    """Change a registration (Graph documentation [SRC]); by unique name it can also create one (wire 4.1b)."""
    context.require_role(APPLICATION_ROLES)
    body = context.body()
    try:
        application = _found(context, fresh=True)
    except GraphRefused:
        if "uniqueName" not in context.parts or "create-if-missing" not in context.call.headers.get("prefer", ""):
            raise
        application = _create(context, body | {"uniqueName": context.parts["uniqueName"]})
        return Answer(201, one(context, row(context, application), "applications"))
    _apply(application, body)
    return Answer(204)


def delete_application(context: Context) -> Answer:
    """Remove a registration, and with it its service principal at home (Graph documentation [SRC])."""
    context.require_role(APPLICATION_ROLES)
    application = _found(context, fresh=True)
    del context.tenant.applications[application.object_id]
    principal = presence(context.tenant, application.app_id)
    if principal is not None:
        remove_principal(context, principal.object_id)
    return Answer(204)


def remove_principal(context: Context, principal_id: str) -> None:
    """Remove a service principal and what was assigned to it."""
    del context.tenant.service_principals[principal_id]
    gone = [a.assignment_id for a in context.tenant.assignments.values() if a.principal_id == principal_id]
    for assignment_id in gone:
        del context.tenant.assignments[assignment_id]


def _create(context: Context, body: dict[str, Any]) -> Application:
    name = body.get("displayName")
    if not isinstance(name, str) or not name:
        raise bad_request("Property displayName is required.")
    unique_name = body.pop("uniqueName", None)
    if unique_name and any(a.unique_name == unique_name for a in _all(context)):
        raise GraphRefused(409, "Request_MultipleObjectsWithSameKeyValue", NAME_TAKEN)
    natural = unique_name or name
    application = Application(
        object_id=context.guid("application", natural),
        app_id=context.guid("appId", natural),
        display_name=name,
        unique_name=unique_name,
        readable_from=context.tenant.later(context.now, "application_readable"),
    )
    _apply(application, body)
    context.tenant.applications[application.object_id] = application
    return application


def _apply(application: Application, body: dict[str, Any]) -> None:
    if body.get("passwordCredentials"):
        raise bad_request("Property passwordCredentials cannot be set here; use addPassword.")
    if "uniqueName" in body and body["uniqueName"] != application.unique_name:
        raise bad_request("Property uniqueName cannot be changed.")
    changes = {k: v for k, v in body.items() if k not in {"passwordCredentials", "uniqueName"}}
    audience = changes.pop("signInAudience", application.sign_in_audience)
    if audience not in AUDIENCES:
        raise bad_request("Invalid value specified for property 'signInAudience' of resource 'Application'.")
    name = changes.pop("displayName", application.display_name)
    for key, value in changes.items():
        if key not in DEFAULTS:
            raise UnsupportedRequest(f"application property {key}")
        merged = isinstance(DEFAULTS[key], dict)
        present = application.properties.get(key) or {}
        application.properties[key] = DEFAULTS[key] | present | value if merged else value
    application.sign_in_audience, application.display_name = audience, name


def _moment(text: str | None, default: datetime) -> datetime:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTimeOffset'.") from None
    if moment.tzinfo is None:
        raise bad_request(f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTimeOffset'.")
    return moment


def add_password(context: Context) -> Answer:
    """Mint a secret (wire 4.2 [SRC]); the tenant's policy may forbid or shorten it ([MEM], codes from public clients).

    The text is in this answer only. The secret is accepted at sign-in after the tenant's lag.
    """
    context.require_role(APPLICATION_ROLES)
    application = _found(context, fresh=True)
    wish = context.body().get("passwordCredential") or {}
    policy = context.tenant.file.policies.secrets
    if not policy.allowed:
        raise bad_request(
            "Credential type not allowed as per assigned policy.", "CredentialTypeNotAllowedAsPerAppPolicy"
        )
    start = _moment(wish.get("startDateTime"), context.now)
    end = _moment(wish.get("endDateTime"), start + DEFAULT_LIFETIME)
    if policy.max_days is not None and end - start > timedelta(days=policy.max_days):
        raise bad_request(
            f"Credential lifetime exceeds the max value of {policy.max_days} days allowed as per assigned policy.",
            "CredentialInvalidLifetimeAsPerAppPolicy",
        )
    if end <= start:
        raise bad_request("The end date must be later than the start date.")
    event = f"secret:{application.object_id}:{wish.get('displayName')}"
    text = client_secret(context.world.seed, event, context.tenant.count_event(event))
    password = PasswordCredential(
        key_id=context.guid("keyId", application.object_id, wish.get("displayName")),
        display_name=wish.get("displayName"),
        hint=text[:3],
        start=start,
        end=end,
        fingerprint=fingerprint(context.world.record_key, text),
        accepted_from=context.tenant.later(context.now, "secret_accepted"),
    )
    application.passwords.append(password)
    context_url = f"{context.world.addresses.graph}/v1.0/$metadata#microsoft.graph.passwordCredential"
    return Answer(200, {"@odata.context": context_url, **password_row(password), "secretText": text})


def remove_password(context: Context) -> Answer:
    """Take a secret away by its keyId (wire 4.2 [MEM])."""
    context.require_role(APPLICATION_ROLES)
    application = _found(context, fresh=True)
    key_id = context.body().get("keyId")
    kept = [p for p in application.passwords if p.key_id != key_id]
    if len(kept) == len(application.passwords):
        raise bad_request(f"No credentials found to be removed with keyId '{key_id}'.")
    application.passwords = kept
    return Answer(204)
