"""The token endpoint: one function per grant type."""

# ruff: noqa: ARG001 - all handlers of a table have one signature
from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.http import Call
from xtmig_kernel.simulator.identifiers import opaque, short_code
from xtmig_kernel.simulator.world import Session, Tenant, World

from .clients import app_identity, check_assertion, check_secret, find_client, person_scopes, proof_of, wanted
from .errors import SignInRefused
from .tokens import app_token, person_tokens

if TYPE_CHECKING:
    from xtmig_kernel.simulator.tenants import Administrator

DEVICE_CODE_SECONDS = 900
POLL_SECONDS = 1
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
BLOCKED = "Access has been blocked by Conditional Access policies. They do not allow token issuance."

Grant = Callable[[World, Tenant, dict[str, str], Call, datetime], dict[str, Any]]


def required(form: dict[str, str], name: str) -> str:
    """A field of the request.

    Raises:
        SignInRefused: AADSTS900144: it is missing or empty.
    """
    if not form.get(name):
        raise SignInRefused(
            900144, f"The request body must contain the following parameter: '{name}'.", "invalid_request"
        )
    return form[name]


def _audiences(world: World, tenant: Tenant, call: Call) -> list[str]:
    named = call.path.split("/")[1]
    paths = (f"{t}/{part}" for t in (named, tenant.tenant_id) for part in ("oauth2/v2.0/token", "v2.0"))
    return [f"{world.addresses.login}/{path}" for path in paths]


def _check_client(world: World, tenant: Tenant, form: dict[str, str], call: Call, now: datetime) -> tuple[str, bool]:
    """The client id, and whether it proved itself with a certificate."""
    client_id = required(form, "client_id").lower()
    application = find_client(world, tenant, client_id, now)
    if form.get("client_assertion") and application is not None:
        check_assertion(application, form["client_assertion"], _audiences(world, tenant, call))
        return client_id, True
    return client_id, False


def client_credentials(world: World, tenant: Tenant, form: dict[str, str], call: Call, now: datetime) -> dict[str, Any]:
    """An application signs in on its own, with a secret or a certificate (wire 2 [SRC])."""
    client_id, certified = _check_client(world, tenant, form, call, now)
    want = wanted(tenant, required(form, "scope"))
    if want.names:
        raise SignInRefused(70011, "The provided value for the input parameter 'scope' is not valid: use .default.")
    if not certified and not form.get("client_secret"):
        raise SignInRefused(
            7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        )
    proof = None if certified else proof_of(world, form["client_secret"])
    identity = app_identity(world, tenant, client_id, want.resource, proof, now)
    return app_token(world, tenant, identity, want.resource, call.wall)


def start_device_code(world: World, tenant: Tenant, form: dict[str, str], call: Call, now: datetime) -> dict[str, Any]:
    """Begin a sign-in on another device (wire 2: device code of the public clients [SRC])."""
    client_id = required(form, "client_id").lower()
    find_client(world, tenant, client_id, now)
    scope = required(form, "scope")
    wanted(tenant, scope)
    world.sessions.issued += 1
    device_code = opaque(world.seed, client_id, "device", world.sessions.issued)
    user_code = short_code(world.seed, client_id, world.sessions.issued)
    world.sessions.device_codes[device_code] = Session(
        tenant.tenant_id, client_id, call.wall + DEVICE_CODE_SECONDS, [scope], details={"user_code": user_code}
    )
    page = f"{world.addresses.portal}/devicelogin"
    return {
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": page,
        "expires_in": DEVICE_CODE_SECONDS,
        "interval": POLL_SECONDS,
        "message": f"To sign in, open the page {page} in a browser and enter the code {user_code}.",
    }


def device_code(world: World, tenant: Tenant, form: dict[str, str], call: Call, now: datetime) -> dict[str, Any]:
    """A client asks whether the person has confirmed (RFC 8628; AADSTS numbers [MEM])."""
    session = world.sessions.device_codes.get(required(form, "device_code"))
    if session is None or session.tenant_id != tenant.tenant_id:
        raise SignInRefused(70018, "The verification code is not valid.", "bad_verification_code")
    if call.wall >= session.expires:
        raise SignInRefused(70020, "The provided value for the input parameter 'device_code' has expired.")
    if session.details.get("blocked"):
        raise SignInRefused(53003, BLOCKED)
    if session.details.get("not_consented"):
        raise SignInRefused(65001, session.details["not_consented"])
    if session.details.get("declined"):
        raise SignInRefused(65004, "The user declined to sign in.", "authorization_declined")
    if session.account is None:
        raise SignInRefused(70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
    del world.sessions.device_codes[form["device_code"]]
    return _person_answer(world, tenant, session, session.scopes[0], call)


def authorization_code(world: World, tenant: Tenant, form: dict[str, str], call: Call, now: datetime) -> dict[str, Any]:
    """A client redeems the code from the sign-in page, with PKCE (RFC 7636)."""
    session = world.sessions.codes.pop(required(form, "code"), None)
    if session is None or session.tenant_id != tenant.tenant_id or call.wall >= session.expires:
        raise SignInRefused(70008, "The provided authorization code has expired or was used already.")
    if session.client_id != required(form, "client_id").lower():
        raise SignInRefused(70000, "The authorization code was issued to another client.")
    if session.details["redirect_uri"] != form.get("redirect_uri"):
        raise SignInRefused(50011, "The redirect URI does not match the one of the authorization request.")
    challenge = session.details.get("code_challenge")
    if challenge and not _pkce_fits(challenge, session.details["method"], form.get("code_verifier", "")):
        raise SignInRefused(501481, "The Code_Verifier does not match the code_challenge.")
    application = find_client(world, tenant, session.client_id, now)
    if application is not None and not application.public_client:
        _, certified = _check_client(world, tenant, form, call, now)
        if not certified:
            check_secret(application, proof_of(world, required(form, "client_secret")), now)
    return _person_answer(world, tenant, session, session.scopes[0], call)


def _pkce_fits(challenge: str, method: str, verifier: str) -> bool:
    if method == "plain":
        return hmac.compare_digest(challenge, verifier)
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(challenge, made)


def refresh_token(world: World, tenant: Tenant, form: dict[str, str], call: Call, now: datetime) -> dict[str, Any]:
    """A client renews a person's tokens, also for another interface (wire 2 [SRC])."""
    session = world.sessions.refresh_tokens.get(required(form, "refresh_token"))
    if session is None or call.wall >= session.expires or session.tenant_id != tenant.tenant_id:
        raise SignInRefused(70008, "The refresh token has expired or is not valid.")
    if session.client_id != required(form, "client_id").lower():
        raise SignInRefused(70000, "The refresh token was issued to another client.")
    return _person_answer(world, tenant, session, required(form, "scope"), call)


def _person_answer(world: World, tenant: Tenant, session: Session, scope: str, call: Call) -> dict[str, Any]:
    if tenant.file.policies.block_persons:
        raise SignInRefused(53003, BLOCKED)
    person = person_of(tenant, session.account or "")
    want = wanted(tenant, scope)
    scopes = person_scopes(tenant, session.client_id, want, person, present=False)
    nonce = session.details.get("nonce")
    return person_tokens(world, tenant, person, session.client_id, want, scopes, nonce, call.wall)


def person_of(tenant: Tenant, upn: str) -> Administrator:
    """The administrator with a sign-in name.

    Raises:
        SignInRefused: AADSTS50034: the organisation has no such account.
    """
    person = tenant.administrator(upn)
    if person is None:
        raise SignInRefused(
            50034, f"The user account {upn} does not exist in the {tenant.file.display_name} directory."
        )
    return person


GRANTS: dict[str, Grant] = {
    "client_credentials": client_credentials,
    "authorization_code": authorization_code,
    "refresh_token": refresh_token,
    "device_code": device_code,
    DEVICE_GRANT: device_code,
}
