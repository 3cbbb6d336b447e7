"""Signing in through msal against a canned sign-in service over TLS, and the proof of the tenant."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import webbrowser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from canned_wire import MIGRATION_APPLICATION, OPERATOR, SOURCE, TARGET, Answer, Canned, Login, NotingClock, project
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import (
    MigrationApplicationError,
    Rejected,
    SignInError,
    Unavailable,
    UsageError,
    WrongTenantError,
    XtmigError,
)
from xtmig_kernel.m365 import Hosts, SignIn, look_up_domain
from xtmig_kernel.project.model import Licences

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "the-operators-own-secret"
EXCHANGE_CLIENT = "fb78d390-0c51-40cd-8e17-fdbfab77341b"
GRAPH_CLIENT = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
BY_SECRET = {"method": "secret", "client_id": OPERATOR, "secret": "env:XTMIG_TEST_SECRET"}


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a window."""
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    monkeypatch.setenv("XTMIG_TEST_SECRET", SECRET)


class Screen:
    """What the person who signs in is shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []

    def show(self, message: str, url: str) -> None:
        """Take note."""
        self.shown.append((message, url))


def signing_in(hosts: Hosts, tmp_path: Path, redactor: Redactor | None = None, **settings: Any) -> SignIn:
    """The target's sign-in, with these settings."""
    given, redactor = project(tmp_path, **settings), redactor or Redactor()
    return SignIn(given, "target", hosts, redactor=redactor, show=Screen().show, clock=NotingClock())


def test_a_secret_gives_a_token_per_service(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-29: an application asks for each service's default scope with its own secret."""
    sign_in = signing_in(hosts, tmp_path, **BY_SECRET)
    assert [sign_in.token("graph"), sign_in.token("exchange")] == application_login.given
    asked = application_login.asked("/token")
    assert [form["scope"] for form in asked] == [
        "https://graph.microsoft.com/.default",
        "https://outlook.office365.com/.default",
    ]
    assert {(form["grant_type"], form["client_id"], form["client_secret"]) for form in asked} == {
        ("client_credentials", OPERATOR, SECRET)
    }


def test_claims_challenges_are_announced(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-24: the service challenges only clients that say they can answer."""
    signing_in(hosts, tmp_path, **BY_SECRET).token("graph")
    (form,) = application_login.asked("/token")
    assert json.loads(form["claims"]) == {"access_token": {"xms_cc": {"values": ["CP1"]}}}


def test_a_token_is_asked_for_once(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-29: a token that is still valid is used again."""
    sign_in = signing_in(hosts, tmp_path, **BY_SECRET)
    assert sign_in.token("graph") == sign_in.token("graph")
    assert len(application_login.asked("/token")) == 1


def test_a_refused_token_is_not_given_again(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-24: after a 401 a new token is fetched, with the claims that were asked for."""
    sign_in = signing_in(hosts, tmp_path, **BY_SECRET)
    tokens = {sign_in.token("graph"), sign_in.token("graph", renew=True)}
    claims = '{"access_token":{"nbf":{"value":"1"}}}'
    tokens.add(sign_in.token("graph", renew=True, claims=claims))
    assert len(tokens) == 3
    assert '"nbf"' in application_login.asked("/token")[2]["claims"]


def test_nobody_else_is_asked_about_the_authority(
    hosts: Hosts, tmp_path: Path, canned: Canned, application_login: Login
) -> None:
    """F-29: only the tenant's own OpenID configuration and token endpoint are used."""
    signing_in(hosts, tmp_path, **BY_SECRET).token("graph")
    assert {f"/{TARGET}/v2.0/.well-known/openid-configuration", f"/{TARGET}/oauth2/v2.0/token"} == {
        seen.path for seen in canned.seen
    }


def pem(folder: Path, passphrase: bytes | None) -> Path:
    """A private key with its certificate in one PEM file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + dt.timedelta(days=900))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    path = folder / "operator.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + text)
    return path


@pytest.mark.parametrize("passphrase", [None, SECRET])
def test_a_certificate_signs_the_request(
    hosts: Hosts, tmp_path: Path, application_login: Login, passphrase: str | None
) -> None:
    """F-29: an application with a certificate sends a signed assertion and no secret."""
    path = pem(tmp_path, passphrase.encode() if passphrase else None)
    settings = {"method": "certificate", "client_id": OPERATOR, "certificate": path.name}
    settings |= {"passphrase": "env:XTMIG_TEST_SECRET"} if passphrase else {}
    signing_in(hosts, tmp_path, **settings).token("graph")
    (form,) = application_login.asked("/token")
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["client_assertion"].startswith("eyJ")
    assert "client_secret" not in form


def test_a_certificate_without_its_passphrase_is_told(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """A key that cannot be opened is an error in words."""
    path = pem(tmp_path, b"something else")
    settings = {"method": "certificate", "client_id": OPERATOR, "certificate": path.name}
    with pytest.raises(SignInError, match="failed"):
        signing_in(hosts, tmp_path, **settings).token("graph")


def test_a_pem_file_needs_key_and_certificate(hosts: Hosts, tmp_path: Path) -> None:
    """A PEM file with a key alone is told before anything is sent."""
    (tmp_path / "half.pem").write_text(
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", encoding="utf-8"
    )
    settings = {"method": "certificate", "client_id": OPERATOR, "certificate": "half.pem"}
    with pytest.raises(UsageError, match="both"):
        signing_in(hosts, tmp_path, **settings).token("graph")


def test_a_person_enters_a_code(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-29: a person is shown the code and its page; Microsoft's own client for the service asks."""
    screen = Screen()
    sign_in = SignIn(project(tmp_path, method="device_code"), "target", hosts, redactor=Redactor(), show=screen.show)
    assert sign_in.token("exchange") == person_login.given[0]
    ((message, url),) = screen.shown
    assert "ABCD-EFGH" in message
    assert "target" in message
    assert url == "https://microsoft.com/devicelogin"
    assert {form["client_id"] for form in person_login.asked("/devicecode")} == {EXCHANGE_CLIENT}


def test_microsofts_graph_client_asks_by_name(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-29: the Graph client has no permissions of its own, so those needed are named."""
    signing_in(hosts, tmp_path, method="device_code").token("graph")
    (form,) = person_login.asked("/devicecode")
    base = "https://graph.microsoft.com/"
    asked = set(form["scope"].split())
    assert {base + name for name in ("Directory.Read.All", "Application.ReadWrite.All")} <= asked
    assert base + "AppRoleAssignment.ReadWrite.All" not in asked  # a person consents in the browser
    assert form["client_id"] == GRAPH_CLIENT


@pytest.mark.parametrize(("side", "asks"), [("target", True), ("source", False), ("none", False)])
def test_licences_are_asked_for_where_they_are_given(
    hosts: Hosts, tmp_path: Path, person_login: Login, side: str, asks: bool
) -> None:
    """F-29: the rights to license are named only on the side on which the project gives licences out (wire 4.8)."""
    given = project(tmp_path, method="device_code").model_copy(update={"licences": Licences(add_on_side=side)})
    SignIn(given, "target", hosts, redactor=Redactor(), show=Screen().show).token("graph")
    (form,) = person_login.asked("/devicecode")
    base = "https://graph.microsoft.com/"
    asked = set(form["scope"].split()) & {base + "LicenseAssignment.ReadWrite.All", base + "User.ReadWrite.All"}
    assert len(asked) == (2 if asks else 0)


def test_an_approver_is_asked_for_nothing_but_who_they_are(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-29: whoever only proves who they are, as an approver does, is asked for User.Read alone, and once."""
    given = project(tmp_path, method="device_code")
    SignIn(given, "target", hosts, redactor=Redactor(), show=Screen().show, only_identity=True).token("graph")
    (form,) = person_login.asked("/devicecode")
    rights = {scope for scope in form["scope"].split() if scope.startswith("https://")}
    assert rights == {"https://graph.microsoft.com/User.Read"}


def test_one_sign_in_serves_both_services(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-29: with a client of the organisation's own, the second service's token comes silently."""
    screen = Screen()
    given = project(tmp_path, method="device_code", client_id=OPERATOR)
    sign_in = SignIn(given, "target", hosts, redactor=Redactor(), show=screen.show)
    sign_in.token("graph")
    sign_in.token("exchange")
    assert len(screen.shown) == 1
    assert person_login.asked("/token")[-1]["grant_type"] == "refresh_token"


def test_two_clients_are_two_prompts(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-29: Microsoft's two clients share no refresh token, so the person is asked twice, for each by its name."""
    screen = Screen()
    sign_in = SignIn(project(tmp_path, method="device_code"), "target", hosts, redactor=Redactor(), show=screen.show)
    sign_in.token("graph")
    sign_in.token("exchange")
    assert len(screen.shown) == 2
    wanted = [re.split(", as|:", message)[0] for message, _ in screen.shown]
    assert [f"Sign in to the target tenant, for {name}" for name in ("Microsoft Graph", "Exchange Online")] == wanted


def test_two_accounts_for_one_tenant_are_refused(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """Both services are used by the same person."""
    sign_in = signing_in(hosts, tmp_path, method="device_code")
    sign_in.token("graph")
    person_login.claims |= {"oid": "66666666-6666-4666-8666-666666666666", "upn": "somebody.else@x.com"}
    with pytest.raises(SignInError, match=r"somebody\.else"):
        sign_in.token("exchange")


def browse(url: str, login: Login) -> None:
    """A browser: goes to the address, signs in, and is sent back to this computer with a code."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    login.nonce = asked.get("nonce")
    back = {"code": "a-code", "state": asked["state"]}
    threading.Thread(target=requests.post, args=(asked["redirect_uri"], back), kwargs={"timeout": 5}).start()


def test_a_person_signs_in_with_a_browser(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-29: the browser comes back to localhost; the link is shown too, in case no window opened."""
    shown: list[str] = []

    def show(message: str, url: str) -> None:
        shown.append(url)
        browse(url, person_login)

    sign_in = SignIn(project(tmp_path), "target", hosts, redactor=Redactor(), show=show)
    assert sign_in.token("exchange") == person_login.given[0]
    asked = parse_qs(urlsplit(shown[0]).query)
    assert urlsplit(shown[0]).path == f"/{TARGET}/oauth2/v2.0/authorize"
    assert asked["client_id"] == [EXCHANGE_CLIENT]
    assert asked["prompt"] == ["select_account"]
    assert asked["redirect_uri"][0].startswith("http://localhost:")
    assert person_login.asked("/token")[0]["grant_type"] == "authorization_code"


def test_every_token_is_redacted(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """No token or secret can be written anywhere afterwards."""
    redactor = Redactor()
    token = signing_in(hosts, tmp_path, redactor, method="device_code", client_id=OPERATOR).token("graph")
    text = f"a {token} b refresh-token-1 c"
    assert token not in redactor.redact(text)
    assert "refresh-token-1" not in redactor.redact(text)


@pytest.mark.parametrize(
    ("code", "words", "remedy"),
    [
        ("700016", "not known in this tenant", "registered"),
        ("7000215", "secret is wrong", "not its ID"),
        ("65001", "consented", "administrator"),
        ("50034", "not in this tenant", "account of this tenant"),
        ("53003", "Conditional Access", "method: browser"),
        ("50076", "second factor", "browser"),
        ("50079", "second factor", "browser"),
        ("90002", "no such tenant", "tenant ID"),
    ],
)
def test_refusals_are_put_in_words(
    hosts: Hosts, tmp_path: Path, application_login: Login, code: str, words: str, remedy: str
) -> None:
    """F-25: the sign-in service's codes become a cause and a remedy; the code stays to be searched for."""
    description = f"AADSTS{code}: What Microsoft says. Trace ID: 1 Correlation ID: 2 Timestamp: 3"
    application_login.refusals.append({"error": "invalid_request", "error_description": description})
    with pytest.raises(SignInError, match=words) as caught:
        signing_in(hosts, tmp_path, **BY_SECRET).token("graph")
    assert f"AADSTS{code}" in caught.value.message
    assert remedy in str(caught.value.remedy)
    assert f"AADSTS{code}: What Microsoft says." == caught.value.cause


def test_an_unknown_tenant_is_told(hosts: Hosts, tmp_path: Path, canned: Canned) -> None:
    """F-25: a tenant ID that nobody has fails at its OpenID configuration."""
    body = {"error": "invalid_tenant", "error_description": f"AADSTS90002: Tenant '{TARGET}' not found."}
    canned.handlers["/openid-configuration"] = lambda _: Answer(400, body)
    with pytest.raises(SignInError, match="no such tenant"):
        signing_in(hosts, tmp_path, **BY_SECRET).token("graph")


def test_no_network_is_not_a_refusal(tmp_path: Path, hosts: Hosts) -> None:
    """A sign-in service that cannot be reached is not observed, rather than refusing."""
    from dataclasses import replace

    nowhere = replace(hosts, login="https://localhost:9")
    with pytest.raises(Unavailable):
        signing_in(nowhere, tmp_path, **BY_SECRET).token("graph")


@pytest.mark.parametrize("place", ["/openid-configuration", "/oauth2/v2.0/token"])
def test_a_fault_of_the_sign_in_service_is_not_a_refusal(
    hosts: Hosts, tmp_path: Path, canned: Canned, application_login: Login, place: str
) -> None:
    """HTTP 503 says nothing about the account: the service is not observed, whatever the body holds."""
    canned.handlers["/.well-known" * (place == "/openid-configuration") + place] = lambda _: Answer(503, {"error": "x"})
    with pytest.raises(Unavailable, match="sign-in service of the target tenant"):
        signing_in(hosts, tmp_path, **BY_SECRET).token("graph")


def test_another_tenants_token_is_refused(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-29: the token's tid must be the side's tenant; both IDs are named (EPT-01)."""
    stranger = "99999999-9999-4999-8999-999999999999"
    application_login.claims["tid"] = stranger
    with pytest.raises(WrongTenantError) as caught:
        signing_in(hosts, tmp_path, **BY_SECRET).token("graph")
    assert stranger in caught.value.message
    assert TARGET in caught.value.message
    assert caught.value.cause is None


def test_swapped_sign_ins_are_told(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-29: a token of the project's other tenant means that the two are swapped."""
    application_login.claims["tid"] = SOURCE
    with pytest.raises(WrongTenantError) as caught:
        signing_in(hosts, tmp_path, **BY_SECRET).token("graph")
    assert "swapped" in str(caught.value.cause)


def test_an_unreadable_token_proves_nothing(
    hosts: Hosts, tmp_path: Path, canned: Canned, application_login: Login
) -> None:
    """F-29: a token whose tenant cannot be read is not used."""
    opaque = {"token_type": "Bearer", "expires_in": 3600, "access_token": "opaque-token"}
    canned.handlers["/oauth2/v2.0/token"] = lambda _: Answer(body=opaque)
    with pytest.raises(SignInError, match="cannot be read"):
        signing_in(hosts, tmp_path, **BY_SECRET).token("graph")


def test_the_migration_application_never_signs_in(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """Its id is refused from the settings, and from the token once it is known."""
    given = project(tmp_path, **BY_SECRET)
    with pytest.raises(MigrationApplicationError):
        SignIn(given.model_copy(update={"application_id": OPERATOR}), "target", hosts, redactor=Redactor())
    sign_in = SignIn(given, "target", hosts, redactor=Redactor())
    application_login.claims["appid"] = MIGRATION_APPLICATION
    sign_in.token("graph")
    with pytest.raises(MigrationApplicationError):
        sign_in.refuse_application(MIGRATION_APPLICATION)


def test_a_known_migration_applications_token_is_refused(
    hosts: Hosts, tmp_path: Path, application_login: Login
) -> None:
    """A token that was issued to the migration application is not used."""
    sign_in = signing_in(hosts, tmp_path, **BY_SECRET)
    sign_in.refuse_application(MIGRATION_APPLICATION)
    application_login.claims["appid"] = MIGRATION_APPLICATION
    with pytest.raises(MigrationApplicationError):
        sign_in.token("graph")


def test_nobody_is_nobody(hosts: Hosts, tmp_path: Path) -> None:
    """Before a sign-in there is no identity."""
    with pytest.raises(SignInError):
        signing_in(hosts, tmp_path, **BY_SECRET).identity()


def test_who_is_signed_in(hosts: Hosts, tmp_path: Path, application_login: Login) -> None:
    """F-29: the tokens' claims tell kind, name, application and permissions."""
    sign_in = signing_in(hosts, tmp_path, **BY_SECRET)
    sign_in.token("graph")
    who = sign_in.identity()
    assert (
        who.kind, who.name, who.application_id, who.permissions, who.tenant_id,
    ) == ("application", "Runbook operator", OPERATOR, ("A.B",), TARGET)  # fmt: skip


def configuration(canned: Canned, **more: str) -> Answer:
    """An OpenID configuration as the sign-in service answers it for a domain."""
    return Answer(body={"issuer": f"https://login.microsoftonline.com/{SOURCE}/v2.0", **more})


def test_a_domain_tells_its_tenant(hosts: Hosts, canned: Canned, clock: NotingClock) -> None:
    """F-26: the issuer of a domain's OpenID configuration holds the tenant ID; no token is sent."""
    scopes = {"tenant_region_scope": "EU", "cloud_instance_name": "microsoftonline.com"}
    canned.queue(configuration(canned, **scopes))
    assert look_up_domain(hosts, "Contoso.onmicrosoft.com ", clock) == {
        "Domain": "contoso.onmicrosoft.com", "TenantId": SOURCE, "RegionScope": "EU", "RegionSubScope": "",
        "Cloud": "worldwide",
    }  # fmt: skip
    (seen,) = canned.seen
    assert seen.path == "/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration"
    assert "Authorization" not in seen.headers


@pytest.mark.parametrize(
    ("instance", "sub_scope", "cloud"),
    [
        ("microsoftonline.com", "GCC", "gcc"),
        ("microsoftonline.us", "DODCON", "gcc-high"),
        ("microsoftonline.us", "DOD", "dod"),
        ("partner.microsoftonline.cn", "", "china"),
    ],
)
def test_a_domain_tells_its_cloud(
    hosts: Hosts, canned: Canned, clock: NotingClock, instance: str, sub_scope: str, cloud: str
) -> None:
    """F-26: instance name and region sub-scope tell the cloud (FAQ-09)."""
    canned.queue(configuration(canned, cloud_instance_name=instance, tenant_region_sub_scope=sub_scope))
    row = look_up_domain(hosts, "contoso.com", clock)
    assert row is not None
    assert cloud == row["Cloud"]


@pytest.mark.parametrize("code", ["AADSTS90002", "AADSTS900023"])
def test_an_unknown_domain_is_nobodys(hosts: Hosts, canned: Canned, clock: NotingClock, code: str) -> None:
    """F-26: HTTP 400 with this code means that no tenant has the domain."""
    canned.queue(Answer(400, {"error": "invalid_tenant", "error_description": f"{code}: Tenant not found."}))
    assert look_up_domain(hosts, "nobody.example", clock) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(Answer(400, {"error": "else"}), Rejected), (Answer(200, b"<html>"), Rejected), (Answer(500), Unavailable)],
)
def test_other_answers_are_no_absence(
    hosts: Hosts, canned: Canned, clock: NotingClock, answer: Answer, kind: type[XtmigError]
) -> None:
    """F-26: an answer that says nothing does not make a domain unknown."""
    canned.queue(answer)
    with pytest.raises(kind):
        look_up_domain(hosts, "contoso.com", clock)


@pytest.mark.parametrize(
    "domain", ["", "contoso", "a/b.com", "contoso.com/../common", "x@contoso.com", "<contoso>.com"]
)
def test_what_is_no_domain_is_not_sent(hosts: Hosts, canned: Canned, clock: NotingClock, domain: str) -> None:
    """F-26: only a domain becomes part of the address."""
    with pytest.raises(UsageError):
        look_up_domain(hosts, domain, clock)
    assert canned.seen == []
