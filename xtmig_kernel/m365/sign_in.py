"""Signing in to one tenant with msal: as a person, or as an application of the organisation's own (wire 2)."""

from __future__ import annotations

import re
import sys
import threading
import webbrowser
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import requests

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.credentials import SecretReference
from xtmig_kernel.errors import SignInError, Unavailable, UsageError
from xtmig_kernel.m365.http import new_session
from xtmig_kernel.m365.identity import (
    Identity,
    claims_of,
    identity_of,
    prove_tenant,
    refuse_migration_application,
)
from xtmig_kernel.m365.sign_in_errors import sign_in_error
from xtmig_kernel.m365.sign_in_http import SignInHttp
from xtmig_kernel.m365.token_cache import token_cache
from xtmig_kernel.m365.waits import unheard
from xtmig_kernel.project import OTHER_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.m365.clouds import Hosts
    from xtmig_kernel.m365.http import Resource
    from xtmig_kernel.project import Project, Side

_EXCHANGE_CLIENT = "fb78d390-0c51-40cd-8e17-fdbfab77341b"
PUBLIC_CLIENTS: dict[Resource, str] = {
    "exchange": _EXCHANGE_CLIENT,
    "graph": "14d82eec-204b-4c2f-b7e8-296a70dab67e",
    "compliance": _EXCHANGE_CLIENT,
}
"""Microsoft's own clients for administrators: Exchange PowerShell and the Graph command line tools (wire 2)."""

_SERVICES: dict[Resource, str] = {
    "exchange": "Exchange Online",
    "graph": "Microsoft Graph",
    "compliance": "Security & Compliance",
}
"""What a person is told that a sign-in is for: two in a row look alike, and are for two of Microsoft's clients."""

OPTIONAL: frozenset[Resource] = frozenset({"compliance"})
"""Services that the runbook can do without: nobody is asked to sign in for one, and it says nothing of who that is."""

_PERSON_SECONDS = 300
_WOULD_ASK = {"error": "interaction_required", "error_description": "The service wants a sign-in of its own."}
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class SignIn:
    """The sign-in to one tenant; gives tokens for both of its services and renews them silently.

    Args:
        project: Says how, and which tenant.
        side: The tenant.
        hosts: Where its sign-in service is.
        redactor: Learns every token and secret before anybody else.
        ask: Shows a question and returns what a person types, for secrets by `prompt`.
        show: Shows a message and the address that goes with it; standard error without it.
        only_identity: Whether a person is asked for nothing but who they are, as an approver is.
        clock: Waits between retries; the machine's without it.
        tell: Takes one sentence before each wait for the sign-in service.

    Raises:
        MigrationApplicationError: The project names the migration application as the sign-in's own.
    """

    def __init__(
        self,
        project: Project,
        side: Side,
        hosts: Hosts,
        *,
        redactor: Redactor,
        ask: Callable[[str], str] | None = None,
        show: Callable[[str, str], None] | None = None,
        only_identity: bool = False,
        clock: Clock | None = None,
        tell: Callable[[str], None] = unheard,
    ) -> None:
        self._only_identity = only_identity
        self._project = project
        self._side = side
        self._settings = project.side(side).sign_in
        self._tenant_id = project.side(side).tenant_id
        self._other_tenant_id = project.side(OTHER_SIDE[side]).tenant_id
        self._hosts = hosts
        self._redactor = redactor
        self._ask = ask
        self._show = show or _to_terminal
        self._http = SignInHttp(new_session(hosts), side, clock or SystemClock(), tell)
        self._cache: Any = None
        self._apps: dict[str, Any] = {}
        self._given: dict[Resource, str] = {}
        self._claims: dict[Resource, dict[str, Any]] = {}
        self._refused: set[str] = set()
        self._lock = threading.RLock()  # one prompt at a time, whatever threads ask
        if project.application_id:
            self.refuse_application(project.application_id)

    def token(self, resource: Resource, *, claims: str | None = None, renew: bool = False) -> str:
        """A valid access token; signs in if need be.

        Args:
            resource: The service it is for.
            claims: A claims challenge to answer, JSON.
            renew: Whether the token given before was refused.

        Raises:
            WrongTenantError: The account is of another tenant.
            MigrationApplicationError: The token was issued to the migration application.
            SignInError: The sign-in was refused, declined or not finished in time.
            Unavailable: The sign-in service cannot be reached.
            UsageError: A secret or certificate cannot be used.
        """
        as_person = self._settings.method in ("browser", "device_code")
        with self._lock, self._faults_as_errors():
            result = (self._as_person if as_person else self._as_application)(resource, claims, renew=renew)
            return self._accepted(resource, result)

    def identity(self) -> Identity:
        """Who is signed in, from the tokens given so far.

        Raises:
            SignInError: Nobody is.
        """
        if not self._claims:
            raise SignInError(f"Nobody is signed in to the {self._side} tenant.", side=self._side)
        return identity_of([claims for resource, claims in self._claims.items() if resource not in OPTIONAL])

    def refuse_application(self, application_id: str) -> None:
        """Never sign in as this application: it is the migration application.

        Args:
            application_id: Its application (client) ID.

        Raises:
            MigrationApplicationError: It is what the project signs in with, or what is signed in now.
        """
        self._refused.add(application_id)
        if self._settings.client_id:
            refuse_migration_application({"appid": self._settings.client_id}, self._side, application_id)
        for claims in self._claims.values():
            refuse_migration_application(claims, self._side, application_id)

    def _accepted(self, resource: Resource, result: dict[str, Any]) -> str:
        if "access_token" not in result:
            error, words = str(result.get("error") or ""), str(result.get("error_description") or "")
            raise sign_in_error(self._side, error, words, self._settings.method)
        token = str(result["access_token"])
        if token == self._given.get(resource):
            return token
        for kind in ("access_token", "refresh_token", "id_token"):
            if result.get(kind):
                self._redactor.register(str(result[kind]), "A token")
        claims = claims_of(token)
        prove_tenant(claims, self._side, self._tenant_id, self._other_tenant_id)
        for application_id in self._refused:
            refuse_migration_application(claims, self._side, application_id)
        self._same_account(claims)
        self._claims[resource] = claims
        self._given[resource] = token
        return token

    def _same_account(self, claims: dict[str, Any]) -> None:
        for known in self._claims.values():
            if known.get("oid") != claims.get("oid"):
                names = " and ".join(identity_of([one]).name for one in (known, claims))
                raise SignInError(
                    f"Two different accounts were used: {names}.",
                    side=self._side,
                    remedy=f"Sign in to the {self._side} tenant with one account for both prompts.",
                )

    def _as_application(self, resource: Resource, claims: str | None, *, renew: bool) -> dict[str, Any]:
        import msal

        client_id = str(self._settings.client_id)
        app = self._apps.get(client_id)
        if app is None:
            make = self._certificate if self._settings.method == "certificate" else self._secret
            app = msal.ConfidentialClientApplication(
                client_id, client_credential=make(), token_cache=self._token_cache(), **self._common()
            )
            self._apps[client_id] = app
        if renew and claims is None:
            app.remove_tokens_for_client()  # msal would give the refused token again
        result: dict[str, Any] = app.acquire_token_for_client(self._default(resource), claims_challenge=claims)
        return result

    def _as_person(self, resource: Resource, claims: str | None, *, renew: bool) -> dict[str, Any]:
        import msal

        client_id = self._settings.client_id or PUBLIC_CLIENTS[resource]
        app = self._apps.get(client_id)
        if app is None:
            app = msal.PublicClientApplication(client_id, token_cache=self._token_cache(), **self._common())
            self._apps[client_id] = app
        scopes = self._scopes(resource)
        account = next(iter(app.get_accounts()), None)
        result: dict[str, Any] | None = app.acquire_token_silent_with_error(
            scopes, account, force_refresh=renew and claims is None, claims_challenge=claims
        )
        if result and "access_token" in result:
            return result
        if resource in OPTIONAL:
            return result or _WOULD_ASK
        hint = account["username"] if account else None
        prompt = self._by_browser if self._settings.method == "browser" else self._by_device_code
        return prompt(app, f"Sign in to the {self._side} tenant, for {_SERVICES[resource]}", scopes, hint, claims)

    def _by_browser(
        self, app: Any, wanted: str, scopes: list[str], hint: str | None, claims: str | None
    ) -> dict[str, Any]:
        from msal.oauth2cli import AuthCodeReceiver

        # msal's own prompt shows the link only where no browser can be started, and so not in a front end whose
        # kernel runs elsewhere, where a browser opens and nobody sees it.
        with AuthCodeReceiver(port=0) as receiver:
            flow = app.initiate_auth_code_flow(
                scopes,
                redirect_uri=f"http://localhost:{receiver.get_port()}",
                response_mode="form_post",
                login_hint=hint,
                prompt=None if hint else "select_account",
                claims_challenge=claims,
            )
            self._show(f"{wanted}. If no browser window opened, use this link.", flow["auth_uri"])
            with suppress(webbrowser.Error):  # the link is on the screen as well
                webbrowser.open(flow["auth_uri"])
            answer = receiver.get_auth_response(state=flow["state"], timeout=_PERSON_SECONDS)
        if not answer:
            raise SignInError(
                f"Nobody signed in to the {self._side} tenant within {_PERSON_SECONDS // 60} minutes.",
                side=self._side,
                remedy="Run this again, and finish the sign-in in the browser of this computer.",
            )
        result: dict[str, Any] = app.acquire_token_by_auth_code_flow(flow, answer)
        return result

    def _by_device_code(
        self, app: Any, wanted: str, scopes: list[str], hint: str | None, claims: str | None
    ) -> dict[str, Any]:
        flow: dict[str, Any] = app.initiate_device_flow(scopes, claims_challenge=claims)
        if "user_code" not in flow:
            return flow
        account = f", as {hint}" if hint else ""
        self._show(
            f"{wanted}{account}: open the page and enter the code {flow['user_code']}.",
            str(flow["verification_uri"]),
        )
        result: dict[str, Any] = app.acquire_token_by_device_flow(flow, claims_challenge=claims)
        return result

    def _secret(self) -> str:
        reference = SecretReference.parse(str(self._settings.secret))
        return reference.resolve(self._redactor, self._ask).reveal()

    def _certificate(self) -> dict[str, str]:
        path = self._project.folder / str(self._settings.certificate)
        passphrase: dict[str, str] = {}
        if self._settings.passphrase:
            reference = SecretReference.parse(self._settings.passphrase)
            passphrase = {"passphrase": reference.resolve(self._redactor, self._ask).reveal()}
        try:
            content = path.read_bytes()
        except OSError:
            raise UsageError(
                f"The certificate {path} cannot be read.",
                side=self._side,
                remedy="Correct the path in project.yaml.",
            ) from None
        if b"-----BEGIN" not in content:
            return {"private_key_pfx_path": str(path), **passphrase}
        text = content.decode("utf-8", "replace")
        key, certificate = _KEY.search(text), _CERTIFICATE.search(text)
        if key is None or certificate is None:
            raise UsageError(
                f"{path.name} does not hold both a private key and its certificate.",
                side=self._side,
                remedy="Put both into the one PEM file, or give a PFX file.",
            )
        return {"private_key": key[0], "public_certificate": certificate[0], **passphrase}

    def _default(self, resource: Resource) -> list[str]:
        scopes = {"exchange": self._hosts.exchange_scope, "compliance": self._hosts.compliance_scope}
        return [scopes.get(resource) or self._hosts.graph_scope]

    def _scopes(self, resource: Resource) -> list[str]:
        """What a person is asked to allow: by name for Microsoft's Graph client, which has no list of its own."""
        if resource != "graph" or self._settings.client_id:
            return self._default(resource)
        consents = (self._project.consent.target if self._side == "target" else self._project.consent.source) == "xtmig"
        base = self._hosts.graph_scope.removesuffix(".default")
        if self._only_identity:
            return [f"{base}User.Read"]
        names = ["Directory.Read.All"]
        if self._side == "target" or consents:
            names.append("Application.ReadWrite.All")
        if consents:  # a right with which any right can be granted, so only where the project wants it
            names.append("AppRoleAssignment.ReadWrite.All")
        if self._project.licenses_on(self._side):  # the second one is for the usage location (wire 4.8)
            names += ["LicenseAssignment.ReadWrite.All", "User.ReadWrite.All"]
        return [base + name for name in names]

    def _token_cache(self) -> Any:
        if self._cache is None:
            self._cache = token_cache(self._side, self._tenant_id, keep=self._settings.keep_tokens)
        return self._cache

    def _common(self) -> dict[str, Any]:
        return {
            "authority": f"{self._hosts.login}/{self._tenant_id}",
            # The authority is known; asking Microsoft's public cloud about it would be wrong for the other clouds.
            "instance_discovery": False,
            "http_client": self._http,
            "client_capabilities": ["CP1"],  # we answer claims challenges
        }

    @contextmanager
    def _faults_as_errors(self) -> Iterator[None]:
        """What msal raises, as errors in words. Its own texts may hold tokens, so they are not repeated."""
        from msal.exceptions import MsalServiceError

        try:
            yield
        except MsalServiceError:  # an HTTP status of 500 or more, whatever the body says
            raise Unavailable(
                f"The sign-in service of the {self._side} tenant is not working at the moment.",
                side=self._side,
                cause=f"HTTP 5xx at {self._hosts.login}.",
                remedy="Try again in a few minutes; if it lasts, look at the service health page.",
            ) from None
        except requests.RequestException as error:
            raise Unavailable(
                f"The sign-in service of the {self._side} tenant cannot be reached.",
                side=self._side,
                cause=f"{type(error).__name__} at {self._hosts.login}.",
                remedy="Check the network, the proxy settings and the clock of this machine.",
            ) from None
        except (ValueError, TypeError, RuntimeError) as error:
            words = _service_words(error)
            if words:
                raise sign_in_error(self._side, "invalid_request", words, self._settings.method) from None
            raise SignInError(
                f"The sign-in to the {self._side} tenant failed.",
                side=self._side,
                cause=f"{type(error).__name__} while the tokens were fetched.",
                remedy="Check client_id, certificate and passphrase in project.yaml, and the clock of this machine.",
            ) from None


def _service_words(error: BaseException | None) -> str | None:
    """What the sign-in service said, where msal raised something else over it; None if it said nothing."""
    while error is not None:
        found = re.search(r"AADSTS\d+[^\"\\\r\n]*", str(error))
        if found:
            return found[0]
        error = error.__cause__ or error.__context__
    return None


def _to_terminal(message: str, url: str) -> None:
    sys.stderr.write(f"{message}\n{url}\n")
    sys.stderr.flush()
