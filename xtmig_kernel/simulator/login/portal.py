"""Pages for people: sign-in, device confirmation, admin consent.

Served without TLS so that a browser shows no certificate warning. Every form can be sent by a script in one POST;
docs/reference/simulator.md lists the fields.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

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
from xtmig_kernel.simulator.identifiers import opaque
from xtmig_kernel.simulator.record import mask
from xtmig_kernel.simulator.wellknown import EXCHANGE_PUBLIC_CLIENT, GRAPH_PUBLIC_CLIENT
from xtmig_kernel.simulator.world import Application, Session, Tenant, World

from . import consent, pages
from .clients import NATIVE_REDIRECT, find_client, person_scopes, wanted
from .errors import SignInRefused
from .grants import person_of
from .service import unknown_tenant

if TYPE_CHECKING:
    from xtmig_kernel.simulator.tenants import Administrator

Handler = Callable[[World, dict[str, str], Call, datetime], "tuple[Tenant | None, Answer]"]
CODE_SECONDS = 600
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
CLIENT_NAMES = {
    EXCHANGE_PUBLIC_CLIENT: "Microsoft Exchange REST API Based Powershell",
    GRAPH_PUBLIC_CLIENT: "Microsoft Graph Command Line Tools",
}


def _tenant(world: World, fields: dict[str, str]) -> Tenant:
    tenant = world.tenant(fields["tenant"])
    if tenant is None:
        raise unknown_tenant(fields["tenant"])
    return tenant


def _people(tenants: list[Tenant]) -> list[tuple[str, str, str]]:
    return [
        (person.upn, person.display_name, ", ".join(person.directory_roles) or "no directory role")
        for tenant in tenants
        for person in tenant.file.administrators
    ]


def _known(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in {"tenant", "account", "decision"}}


def _client_name(application: Application | None, client_id: str) -> str:
    return application.display_name if application else CLIENT_NAMES[client_id.lower()]


def _picker(title: str, organisation: str, tenants: list[Tenant], intro: str, hidden: dict[str, str]) -> Answer:
    buttons = pages.button("cancel", "Cancel", primary=False) + pages.button("continue", "Continue", primary=True)
    body = f"<p>{intro}</p>" + pages.form(pages.accounts(_people(tenants)), buttons, hidden)
    return pages.page(title, organisation, body)


def _redirect_allowed(application: Application | None, redirect_uri: str) -> bool:
    if application is not None and redirect_uri in application.redirect_uris:
        return True
    if application is not None and not application.public_client:
        return False
    parts = urlsplit(redirect_uri)
    return (parts.hostname in LOOPBACK and parts.scheme == "http") or parts.path == NATIVE_REDIRECT


def authorize(world: World, fields: dict[str, str], call: Call, now: datetime) -> tuple[Tenant, Answer]:
    """The sign-in page: pick an account, go back to the client with a code (authorization code flow, RFC 6749)."""
    tenant = _tenant(world, fields)
    client_id = fields.get("client_id", "").lower()
    application = find_client(world, tenant, client_id, now)
    redirect_uri = fields.get("redirect_uri", "")
    if not _redirect_allowed(application, redirect_uri):
        raise SignInRefused(50011, f"The redirect URI '{redirect_uri}' is not one of application '{client_id}'.")
    scope = fields.get("scope", "")
    want = wanted(tenant, scope)
    if call.method == "GET":
        intro = f"<strong>{escape(_client_name(application, client_id))}</strong> wants to sign you in."
        if want.names:
            intro += f" It asks for: {escape(', '.join(want.names))}. Going on as an administrator allows this."
        return tenant, _picker("Sign in", tenant.file.display_name, [tenant], intro, _known(fields))
    answer = {"state": fields["state"]} if "state" in fields else {}
    if fields.get("decision") == "cancel":
        answer |= {"error": "access_denied", "error_description": "AADSTS65004: User declined to sign in."}
    else:
        person = person_of(tenant, fields.get("account", ""))
        person_scopes(tenant, client_id, want, person, present=True)
        answer["code"] = _new_code(world, tenant, client_id, scope, person, fields, call)
    if fields.get("response_mode") == "form_post":
        return tenant, pages.handing_over(redirect_uri, tenant.file.display_name, answer)
    separator = "&" if urlsplit(redirect_uri).query else "?"
    return tenant, Answer(302, None, {"Location": redirect_uri + separator + urlencode(answer)})


def _new_code(
    world: World, tenant: Tenant, client_id: str, scope: str, person: Administrator, fields: dict[str, str], call: Call
) -> str:
    world.sessions.issued += 1
    code = opaque(world.seed, client_id, person.upn, "code", world.sessions.issued)
    details = {
        "redirect_uri": fields["redirect_uri"],
        "code_challenge": fields.get("code_challenge"),
        "method": fields.get("code_challenge_method", "plain"),
        "nonce": fields.get("nonce"),
    }
    world.sessions.codes[code] = Session(
        tenant.tenant_id, client_id, call.wall + CODE_SECONDS, [scope], person.upn, details
    )
    return code


def devicelogin(world: World, fields: dict[str, str], call: Call, now: datetime) -> tuple[Tenant | None, Answer]:
    """The device page: enter the code, pick an account, confirm (RFC 8628)."""
    if call.method == "GET" or not fields.get("user_code"):
        entry = (
            '<fieldset><legend><label for="code">Code</label></legend><input type="text" id="code" name="user_code" '
            f'value="{escape(fields.get("user_code", ""))}" autocomplete="off" required></fieldset>'
        )
        body = "<p>Enter the code that the other device or program shows.</p>"
        body += pages.form(entry, pages.button("", "Next", primary=True), {})
        return None, pages.page("Enter code", "Any organisation", body)
    wanted_code = fields["user_code"].strip().upper()
    found = [s for s in world.sessions.device_codes.values() if s.details["user_code"] == wanted_code]
    if not found or found[0].account or call.wall >= found[0].expires:
        raise SignInRefused(70018, "That code is unknown, was used already, or has expired.")
    session = found[0]
    tenant = _tenant(world, {"tenant": session.tenant_id})
    application = find_client(world, tenant, session.client_id, now)
    name = _client_name(application, session.client_id)
    if not fields.get("account") and fields.get("decision") != "cancel":
        intro = f"You are signing in to <strong>{escape(name)}</strong> on another device."
        return tenant, _picker("Sign in", tenant.file.display_name, [tenant], intro, {"user_code": wanted_code})
    return tenant, _confirm_device(tenant, session, name, fields)


def _confirm_device(tenant: Tenant, session: Session, name: str, fields: dict[str, str]) -> Answer:
    organisation = tenant.file.display_name
    if fields.get("decision") == "cancel":
        session.details["declined"] = True
        return pages.page("Declined", organisation, "<p>Nobody was signed in.</p>", outcome="declined")
    person = person_of(tenant, fields["account"])
    if tenant.file.policies.block_device_code:
        session.details["blocked"] = True
        raise SignInRefused(53003, "Access has been blocked by Conditional Access policies: device code flow.")
    try:
        person_scopes(tenant, session.client_id, wanted(tenant, session.scopes[0]), person, present=True)
    except SignInRefused as refused:
        # The device that waits is told as well, or it would wait until the code has expired [MEM].
        session.details["not_consented"] = str(refused).partition(": ")[2]
        raise
    session.account = person.upn
    body = f"<p>{escape(person.display_name)} is signed in to {escape(name)}. This window can be closed.</p>"
    return pages.page("You are signed in", organisation, body, outcome="done")


def adminconsent(world: World, fields: dict[str, str], call: Call, now: datetime) -> tuple[Tenant, Answer]:
    """The consent page that the guide's link opens (wire 2 [SRC]; refusals failures 2.1 #7)."""
    tenant = _tenant(world, fields)
    home, application = consent.application_for_consent(world, tenant, fields.get("client_id", "").lower(), now)
    redirect_uri = consent.check_redirect(application, fields.get("redirect_uri"))
    if call.method == "GET":
        intro = f"<strong>{escape(application.display_name)}</strong> asks for consent. Who are you?"
        return tenant, _picker("Pick an account", tenant.file.display_name, [tenant], intro, _known(fields))
    if fields.get("decision") == "cancel":
        return tenant, _consent_result(tenant, redirect_uri, fields, accepted=False)
    person = person_of(tenant, fields.get("account", ""))
    if not consent.may_consent_to(application, person):
        text = f"{application.display_name} needs permission that only an administrator can grant. Ask one."
        return tenant, pages.refusal("Need admin approval", tenant.file.display_name, text, status=403)
    if fields.get("decision") == "accept":
        consent.grant(world, tenant, application, home, now)
        return tenant, _consent_result(tenant, redirect_uri, fields, accepted=True)
    return tenant, _consent_question(tenant, home, application, person, fields)


def _consent_question(
    tenant: Tenant, home: Tenant, application: Application, person: Administrator, fields: dict[str, str]
) -> Answer:
    rows = "".join(f"<li>{escape(line)}</li>" for line in consent.permission_lines(application))
    rows = rows or "<li>No permission is requested.</li>"
    facts = (
        f"<dl><dt>Application</dt><dd>{escape(application.display_name)}<br><code>{application.app_id}</code></dd>"
        f"<dt>Published by</dt><dd>{escape(home.file.display_name)} ({escape(home.file.initial_domain)})</dd>"
        f"<dt>You</dt><dd>{escape(person.display_name)}, {escape(person.upn)}</dd></dl>"
        f"<p>It asks, for everybody in {escape(tenant.file.display_name)}, for:</p><ul>{rows}</ul>"
    )
    buttons = pages.button("cancel", "Cancel", primary=False) + pages.button("accept", "Accept", primary=True)
    body = facts + pages.form("", buttons, _known(fields) | {"account": person.upn})
    return pages.page("Permissions requested", tenant.file.display_name, body)


def _consent_result(tenant: Tenant, redirect_uri: str, fields: dict[str, str], *, accepted: bool) -> Answer:
    query = {"admin_consent": "True", "tenant": tenant.tenant_id}
    if not accepted:
        query = {"error": "access_denied", "error_subcode": "cancel"}
    if "state" in fields:
        query["state"] = fields["state"]
    location = f"{redirect_uri}?{urlencode(query)}"
    if urlsplit(redirect_uri).hostname in LOOPBACK:
        return Answer(302, None, {"Location": location})
    done = "Consent is recorded." if accepted else "Consent was not given."
    body = (
        f"<p>{done}</p><p>Microsoft would now send this browser to "
        f'<a href="{escape(location)}" rel="noreferrer"><code>{escape(location)}</code></a>.</p>'
    )
    title, outcome = ("Accepted", "done") if accepted else ("Declined", "declined")
    return pages.page(title, tenant.file.display_name, body, outcome=outcome)


ROUTES: list[Route[Handler]] = [
    Route(method, pattern, handler)
    for method in ("GET", "POST")
    for pattern, handler in (
        ("/{tenant}/oauth2/v2.0/authorize", authorize),
        ("/devicelogin", devicelogin),
        ("/{tenant}/adminconsent", adminconsent),
        ("/{tenant}/v2.0/adminconsent", adminconsent),
    )
]


def serve(world: World, call: Call, now: datetime) -> Outcome:
    """Answer one request to the pages; refusals are pages too."""
    fields = {**call.query, **(call.form() if call.method == "POST" else {})}
    tenant: Tenant | None = None
    lacking = []
    try:
        route, parts = find(ROUTES, call.method, call.path)
        tenant = world.tenant(parts.get("tenant", ""))
        found, answer = route.handler(world, fields | parts, call, now)
        tenant = found or tenant
    except SignInRefused as refused:
        organisation = tenant.file.display_name if tenant else "Unknown organisation"
        title = "Need admin approval" if refused.error == "consent_required" else "Sign-in was refused"
        answer = pages.refusal(title, organisation, str(refused), status=refused.status)
    except UnsupportedRequest as missing:
        answer = unsupported_answer(str(missing))
        lacking = [str(missing)]
    side = tenant.side if tenant else None
    parameters = mask(world.record_key, fields)
    return Outcome(answer, [Entry(side, call.method, call.path, answer.status, None, parameters)], lacking)
