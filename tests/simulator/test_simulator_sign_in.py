"""Sign-in, with msal as it is against the process."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msal
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from simulated_pair import EXCHANGE_SCOPE, GRAPH_SCOPE, SECRETS, START, Pair, example, make_pair
from simulator_process import SimulatorProcess, running_simulator

if TYPE_CHECKING:
    from pathlib import Path

EXCHANGE_CLIENT = "fb78d390-0c51-40cd-8e17-fdbfab77341b"
GRAPH_CLIENT = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
OPERATOR = "7a26e700-0000-4000-8000-0000000b0001"
OLIVIA = "olivia.operator@contoso.onmicrosoft.com"
OTIS = "otis.operator@northwindtraders.onmicrosoft.com"


def app(simulator: SimulatorProcess, secret: Any, tenant: str = "northwindtraders.com") -> Any:
    return msal.ConfidentialClientApplication(
        OPERATOR, authority=f"{simulator.connection['login']}/{tenant}", client_credential=secret,
        instance_discovery=False, http_client=simulator.secure,
    )  # fmt: skip


def person_app(simulator: SimulatorProcess, client_id: str = EXCHANGE_CLIENT) -> Any:
    return msal.PublicClientApplication(
        client_id, authority=f"{simulator.connection['login']}/contoso.onmicrosoft.com",
        instance_discovery=False, http_client=simulator.secure,
    )  # fmt: skip


def test_a_tenant_is_found_by_any_of_its_domains(simulator: SimulatorProcess) -> None:
    """Discovery by domain gives the tenant's GUID in issuer and token endpoint (wire 4.10)."""
    url = f"{simulator.connection['login']}/northwindtraders.com/v2.0/.well-known/openid-configuration"
    document = simulator.secure.get(url, timeout=30).json()
    guid = simulator.tenant_id("target")
    assert f"https://login.microsoftonline.com/{guid}/v2.0" == document["issuer"]
    assert f"{simulator.connection['login']}/{guid}/oauth2/v2.0/token" == document["token_endpoint"]


def test_an_unknown_domain_is_no_tenant(simulator: SimulatorProcess) -> None:
    """An unknown domain is refused with AADSTS90002 and status 400 (wire 4.10)."""
    url = f"{simulator.connection['login']}/nobody.example/v2.0/.well-known/openid-configuration"
    answer = simulator.secure.get(url, timeout=30)
    assert (400, "invalid_tenant") == (answer.status_code, answer.json()["error"])
    assert answer.json()["error_description"].startswith("AADSTS90002")


def test_an_application_signs_in_with_its_secret(simulator: SimulatorProcess) -> None:
    """Msal gets an application token whose claims name tenant, audience, permissions and directory roles."""
    token = app(simulator, SECRETS["XTMIG_TARGET_SECRET"]).acquire_token_for_client([EXCHANGE_SCOPE])
    claims = decode(token["access_token"])
    assert ("https://outlook.office365.com", simulator.tenant_id("target")) == (claims["aud"], claims["tid"])
    assert (["Exchange.ManageAsApp"], ["29232cdf-9323-42fd-ade2-1d097af3e4de"]) == (claims["roles"], claims["wids"])


def test_a_wrong_secret_is_refused(simulator: SimulatorProcess) -> None:
    """A wrong secret is AADSTS7000215 (failures 2.1 #5)."""
    answer = app(simulator, "wrong").acquire_token_for_client([EXCHANGE_SCOPE])
    assert ("invalid_client", [7000215]) == (answer["error"], answer["error_codes"])


def test_an_application_of_the_other_tenant_is_unknown(simulator: SimulatorProcess) -> None:
    """A tenant does not know an application that is registered elsewhere and not consented to: AADSTS700016."""
    answer = app(simulator, SECRETS["XTMIG_TARGET_SECRET"], "contoso.com").acquire_token_for_client([EXCHANGE_SCOPE])
    assert [700016] == answer["error_codes"]


def test_a_person_confirms_on_the_device_page(simulator: SimulatorProcess) -> None:
    """Msal's device flow waits until the person has entered the code, and then knows the account."""
    client = person_app(simulator)
    flow = client.initiate_device_flow([EXCHANGE_SCOPE])
    pending = client.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    page = simulator.person(OLIVIA).confirm_device(flow["user_code"])
    token = client.acquire_token_by_device_flow(flow)
    assert ("authorization_pending", 200) == (pending["error"], page.status_code)
    assert (OLIVIA, "user") == (decode(token["access_token"])["upn"], decode(token["access_token"])["idtyp"])
    assert client.acquire_token_silent([EXCHANGE_SCOPE], account=client.get_accounts()[0])["access_token"]


def test_a_declined_device_code_ends_the_flow(simulator: SimulatorProcess) -> None:
    """Cancel on the device page ends the poll with authorization_declined (RFC 8628)."""
    client = person_app(simulator)
    flow = client.initiate_device_flow([EXCHANGE_SCOPE])
    simulator.person(OLIVIA).confirm_device(flow["user_code"], decision="cancel")
    assert "authorization_declined" == client.acquire_token_by_device_flow(flow)["error"]


def test_a_person_signs_in_with_code_and_pkce(simulator: SimulatorProcess) -> None:
    """Msal's authorization code flow works with the account picker, for Graph scopes that an administrator allows."""
    client = person_app(simulator, GRAPH_CLIENT)
    flow = client.initiate_auth_code_flow(
        ["Organization.Read.All"], redirect_uri="http://localhost:8400", response_mode="form_post"
    )
    token = client.acquire_token_by_auth_code_flow(flow, simulator.person(OLIVIA).pick_account(flow["auth_uri"]))
    assert {"Organization.Read.All", "User.Read"} == set(decode(token["access_token"])["scp"].split())
    assert OLIVIA == token["id_token_claims"]["preferred_username"]


def test_msal_interactive_sign_in_works_with_a_browser(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Msal's own interactive sign-in, with its own loopback server, ends with a token."""

    def browse(url: str, *args: Any, **kwargs: Any) -> bool:
        threading.Thread(target=simulator.person(OLIVIA).sign_in, args=(url,)).start()
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    token = person_app(simulator).acquire_token_interactive([EXCHANGE_SCOPE], timeout=20)
    assert OLIVIA == decode(token["access_token"])["upn"]


def test_a_redirect_that_is_not_registered_is_refused(simulator: SimulatorProcess) -> None:
    """A public client may only come back to loopback or the native address: AADSTS50011."""
    flow = person_app(simulator).initiate_auth_code_flow(
        [EXCHANGE_SCOPE], redirect_uri="https://evil.example", response_mode="form_post"
    )
    page = simulator.plain.get(flow["auth_uri"], timeout=30)
    assert 400 == page.status_code
    assert "AADSTS50011" in page.text


def test_a_code_without_its_verifier_is_refused(pair: Pair) -> None:
    """The code of a PKCE sign-in is worth nothing without the verifier (RFC 7636)."""
    base = f"/{pair.tenant_id('source')}/oauth2/v2.0"
    fields = {"client_id": EXCHANGE_CLIENT, "redirect_uri": "http://localhost:1", "scope": EXCHANGE_SCOPE}
    picked = pair.post_form(
        "portal", f"{base}/authorize", account=OLIVIA, code_challenge="x" * 43, code_challenge_method="S256", **fields
    )
    code = picked.headers["Location"].partition("code=")[2]
    grant = {"grant_type": "authorization_code", "code": code, "code_verifier": "guess"}
    answer = pair.post_form("login", f"{base}/token", **grant, **fields)
    assert [501481] == answer.body["error_codes"]


def test_an_expired_device_code_is_refused(pair: Pair) -> None:
    """A device code is good for fifteen minutes of wall time."""
    base = f"/{pair.tenant_id('source')}/oauth2/v2.0"
    started = pair.post_form("login", f"{base}/devicecode", client_id=EXCHANGE_CLIENT, scope=EXCHANGE_SCOPE)
    pair.wall += 901
    code = {"client_id": EXCHANGE_CLIENT, "device_code": started.body["device_code"], "grant_type": "device_code"}
    assert "expired_token" == pair.post_form("login", f"{base}/token", **code).body["error"]


def test_a_policy_can_block_device_codes() -> None:
    """Where the tenant blocks device codes, page and poll say AADSTS53003."""
    data = example()
    data["source"]["policies"] = {"block_device_code": True}
    pair = make_pair(data)
    base = f"/{pair.tenant_id('source')}/oauth2/v2.0"
    started = pair.post_form("login", f"{base}/devicecode", client_id=EXCHANGE_CLIENT, scope=EXCHANGE_SCOPE)
    page = pair.post_form("portal", "/devicelogin", user_code=started.body["user_code"], account=OLIVIA)
    code = {"client_id": EXCHANGE_CLIENT, "device_code": started.body["device_code"], "grant_type": "device_code"}
    poll = pair.post_form("login", f"{base}/token", **code)
    assert "AADSTS53003" in page.body
    assert [53003] == poll.body["error_codes"]


def test_an_account_of_another_organisation_is_unknown(pair: Pair) -> None:
    """An account that the organisation does not have is AADSTS50034."""
    base = f"/{pair.tenant_id('source')}/oauth2/v2.0"
    started = pair.post_form("login", f"{base}/devicecode", client_id=EXCHANGE_CLIENT, scope=EXCHANGE_SCOPE)
    page = pair.post_form("portal", "/devicelogin", user_code=started.body["user_code"], account=OTIS)
    assert "AADSTS50034" in page.body


def test_the_exchange_client_gets_no_graph_token(pair: Pair) -> None:
    """Microsoft's Exchange client is not meant for Graph: AADSTS65002."""
    base = f"/{pair.tenant_id('source')}/oauth2/v2.0"
    started = pair.post_form("login", f"{base}/devicecode", client_id=EXCHANGE_CLIENT, scope=GRAPH_SCOPE)
    page = pair.post_form("portal", "/devicelogin", user_code=started.body["user_code"], account=OLIVIA)
    assert "AADSTS65002" in page.body


def test_a_missing_secret_in_the_environment_lets_nobody_in() -> None:
    """An application whose variable is not set has no secret, so every secret is wrong."""
    data = example()
    data["target"]["applications"][0]["secret_from_env"] = "XTMIG_NOT_SET"
    pair = make_pair(data)
    assert [7000215] == pair.sign_in("target", OPERATOR, "anything").body["error_codes"]


@pytest.fixture(scope="module")
def certificate() -> tuple[str, str, str]:
    """Private key, public certificate (both PEM) and SHA-1 thumbprint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (
        private.decode(),
        made.public_bytes(serialization.Encoding.PEM).decode(),
        made.fingerprint(hashes.SHA1()).hex(),
    )


def test_an_application_signs_in_with_its_certificate(tmp_path: Path, certificate: tuple[str, str, str]) -> None:
    """Msal's certificate sign-in is accepted for the registered certificate and refused with another key."""
    private, public, thumbprint = certificate
    data = example()
    data["target"]["applications"][0]["certificate"] = public
    file = tmp_path / "tenants.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with running_simulator(tenants=file) as simulator:
        good = app(simulator, {"private_key": private, "thumbprint": thumbprint})
        bad = app(simulator, {"private_key": other.decode(), "thumbprint": thumbprint})
        modern = app(simulator, {"private_key": private, "public_certificate": public})
        assert "access_token" in good.acquire_token_for_client([EXCHANGE_SCOPE])
        assert "access_token" in modern.acquire_token_for_client([EXCHANGE_SCOPE])
        assert [700027] == bad.acquire_token_for_client([EXCHANGE_SCOPE])["error_codes"]


def test_tokens_keep_wall_time(pair: Pair) -> None:
    """Moving the calendar on leaves a token good; an hour of wall time ends it."""
    token = pair.operator_token("target")
    pair.advance(7 * 24 * 3600)
    assert 200 == pair.exo("target", "Get-OrganizationConfig", token).status
    pair.wall += 3600
    assert 401 == pair.exo("target", "Get-OrganizationConfig", token).status
    assert pair.now > START


def decode(token: str) -> dict[str, Any]:
    """The claims of a token, without checking it."""
    import jwt

    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims
