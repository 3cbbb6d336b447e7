"""Consent, the migration endpoint and its test: what the setup of a move depends on."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_pair import EXCHANGE_APP, EXCHANGE_SCOPE, MAILBOX_MIGRATION, Pair

RITA = "rita.reader@contoso.onmicrosoft.com"
LARA_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"


def text_of(answer: Any) -> str:
    return str(answer.body["error"]["details"][0]["message"])


@pytest.fixture
def ready(pair: Pair) -> tuple[Pair, dict[str, Any], str]:
    """Customization on, application registered, secret minted and accepted; no consent yet."""
    pair.exo("target", "Enable-OrganizationCustomization")
    made = pair.register()
    secret = pair.minted(made["id"], displayName="xtmig")
    pair.advance(600)
    return pair, made, secret


def new_endpoint(pair: Pair, app_id: str, secret: str, **changes: Any) -> Any:
    given = {
        "Name": "FromContoso", "RemoteServer": "outlook.office.com", "RemoteTenant": "contoso.onmicrosoft.com",
        "Credentials": pair.credential(app_id, secret), "ExchangeRemoteMove": True, "ApplicationId": app_id, **changes,
    }  # fmt: skip
    return pair.exo("target", "New-MigrationEndpoint", **{k: v for k, v in given.items() if v is not None})


def consented(pair: Pair, app_id: str) -> None:
    for side in ("target", "source"):
        assert 200 == pair.consent(side, app_id).status
    pair.advance(20)


def roles_of(pair: Pair, side: str, app_id: str) -> list[str]:
    principals = pair.graph(side, "GET", f"/servicePrincipals?$filter=appId eq '{app_id}'").body["value"]
    if not principals:
        return []
    rows = pair.graph(side, "GET", f"/servicePrincipals/{principals[0]['id']}/appRoleAssignments").body["value"]
    return [row["appRoleId"] for row in rows]


def test_the_page_names_application_publisher_and_permission(pair: Pair) -> None:
    """Before Accept the page shows who asks and for what."""
    made = pair.register("Mover <1>")
    page = pair.consent("source", made["appId"], decision="")
    for expected in ("Mover &lt;1&gt;", "Northwind Traders", "Mailbox.Migration on Office 365 Exchange Online"):
        assert expected in page.body


def test_accepting_gives_the_permission_after_the_lag(pair: Pair) -> None:
    """Accept creates service principal and assignment in that tenant, shown after the lag (wire 4.5)."""
    made = pair.register()
    page = pair.consent("source", made["appId"])
    before = roles_of(pair, "source", made["appId"])
    pair.advance(5)
    assert "https://office.com?admin_consent=True&amp;tenant=" + pair.tenant_id("source") in page.body
    assert ([], [MAILBOX_MIGRATION]) == (before, roles_of(pair, "source", made["appId"]))
    assert [] == roles_of(pair, "target", made["appId"])


def test_accepting_twice_changes_nothing(pair: Pair) -> None:
    """A second Accept adds no second assignment."""
    made = pair.register()
    pair.consent("source", made["appId"])
    pair.consent("source", made["appId"])
    pair.advance(5)
    assert [MAILBOX_MIGRATION] == roles_of(pair, "source", made["appId"])


def test_cancelling_changes_nothing(pair: Pair) -> None:
    """Cancel leaves the tenant without the application."""
    made = pair.register()
    page = pair.consent("source", made["appId"], decision="cancel")
    pair.advance(60)
    assert "declined" == page.headers["X-Simulated-Outcome"]
    assert [] == roles_of(pair, "source", made["appId"])


def test_only_an_administrator_may_consent(pair: Pair) -> None:
    """A reader gets "Need admin approval" and changes nothing."""
    made = pair.register()
    page = pair.consent("source", made["appId"], account=RITA)
    assert "Need admin approval" in page.body
    pair.advance(60)
    assert [] == roles_of(pair, "source", made["appId"])


@pytest.mark.parametrize(
    ("change", "code"),
    [({"client_id": "00000000-1111-4000-8000-000000000000"}, "AADSTS700016"),
     ({"redirect_uri": "https://elsewhere.example"}, "AADSTS50011")],
)  # fmt: skip
def test_the_page_refuses_what_does_not_fit(pair: Pair, change: dict[str, str], code: str) -> None:
    """Unknown application and foreign redirect address are refused by their numbers (failures 2.1 #7)."""
    made = pair.register()
    fields = {"client_id": made["appId"], "redirect_uri": "https://office.com", **change}
    page = pair.send("portal", "GET", f"/{pair.tenant_id('source')}/adminconsent?" + "&".join(
        f"{k}={v}" for k, v in fields.items()))  # fmt: skip
    assert 400 == page.status
    assert code in page.body


def test_an_application_without_redirect_address_cannot_be_consented_to(pair: Pair) -> None:
    """No reply address at all is AADSTS500113 (failures 2.1 #7)."""
    made = pair.graph("target", "POST", "/applications", {"displayName": "M", "signInAudience": "AzureADMultipleOrgs"})
    pair.advance(2)
    assert "AADSTS500113" in pair.consent("source", made.body["appId"]).body


def test_a_single_tenant_application_is_unknown_elsewhere(pair: Pair) -> None:
    """A source administrator cannot consent to a target application that is not multi-tenant."""
    made = pair.register()
    pair.graph("target", "PATCH", f"/applications/{made['id']}", {"signInAudience": "AzureADMyOrg"})
    assert "AADSTS700016" in pair.consent("source", made["appId"]).body


def test_a_new_secret_is_accepted_after_the_lag(pair: Pair) -> None:
    """A fresh secret is AADSTS7000215 until the tenant's lag has passed (failures 2.1 #5)."""
    made = pair.register()
    consented(pair, made["appId"])
    secret = pair.minted(made["id"])
    pair.advance(29)
    early = pair.sign_in("target", made["appId"], secret, EXCHANGE_SCOPE)
    pair.advance(1)
    late = pair.sign_in("target", made["appId"], secret, EXCHANGE_SCOPE)
    assert [7000215] == early.body["error_codes"]
    assert 200 == late.status


def test_the_endpoint_is_made_when_everything_is_there(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """With consent in the source the endpoint is created, readable after the lag, and tests well."""
    pair, made, secret = ready
    consented(pair, made["appId"])
    assert 200 == new_endpoint(pair, made["appId"], secret).status
    pair.advance(3)
    (row,) = pair.exo("target", "Get-MigrationEndpoint", Identity="FromContoso").body["value"]
    assert ("ExchangeRemoteMove", "contoso.onmicrosoft.com") == (row["EndpointType"], row["RemoteTenant"])
    assert ("100", "20") == (row["MaxConcurrentMigrations"], row["MaxConcurrentIncrementalSyncs"])
    assert secret not in str(row)
    (result,) = pair.exo("target", "Test-MigrationServerAvailability", Endpoint="FromContoso").body["value"]
    assert ("Success", "") == (result["Result"], result["ErrorDetail"])


def test_the_endpoint_needs_the_sources_consent(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """Without the source's consent creating the endpoint fails at sign-in there (doc trap C16)."""
    pair, made, secret = ready
    pair.consent("target", made["appId"])
    pair.advance(20)
    answer = new_endpoint(pair, made["appId"], secret)
    assert "MigrationServerConnectionFailedException" in text_of(answer)
    assert "AADSTS700016" in text_of(answer)


def test_consent_shown_but_not_yet_effective_is_not_enough(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """Between showing and counting, the endpoint fails for missing consent: AADSTS65001 (failures 2.1 #8)."""
    pair, made, secret = ready
    pair.consent("source", made["appId"])
    pair.advance(5)
    assert "AADSTS65001" in text_of(new_endpoint(pair, made["appId"], secret))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"RemoteTenant": "northwindtraders.onmicrosoft.com"},
            "The resource tenant and the accessing tenant cannot be",
        ),
        ({"RemoteTenant": "nobody.onmicrosoft.com"}, "AADSTS90002"),
        ({"RemoteServer": "mail.elsewhere.example"}, "could not be resolved"),
        ({"ApplicationId": "00000000-1111-4000-8000-000000000000"}, "is not the ApplicationId"),
        ({"Credentials": None, "AppSecretKeyVaultUrl": "https://vault.example/secrets/x"}, "AADSTS70011"),
    ],
)
def test_the_endpoint_says_what_does_not_fit(
    ready: tuple[Pair, dict[str, Any], str], changes: dict[str, Any], expected: str
) -> None:
    """Own tenant, unknown tenant, foreign host, other application, key vault: each with its own text (failures 2.1)."""
    pair, made, secret = ready
    consented(pair, made["appId"])
    answer = new_endpoint(pair, made["appId"], secret, **changes)
    assert 400 == answer.status
    assert expected in text_of(answer)


def test_a_wrong_secret_fails_the_endpoint(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """A wrong secret surfaces as AADSTS7000215 (failures 2.1 #5)."""
    pair, made, _ = ready
    consented(pair, made["appId"])
    assert "AADSTS7000215" in text_of(new_endpoint(pair, made["appId"], "wrong"))


def test_verification_can_be_skipped(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """SkipVerification stores an endpoint that would not work, and the test then says so."""
    pair, made, _ = ready
    assert 200 == new_endpoint(pair, made["appId"], "wrong", SkipVerification=True).status
    (result,) = pair.exo("target", "Test-MigrationServerAvailability", Endpoint="FromContoso").body["value"]
    assert ("Failed", False) == (result["Result"], result["SupportsCutover"])
    assert "MigrationServerConnectionFailedException" in result["ErrorDetail"]


def test_a_dehydrated_organisation_refuses_an_endpoint(pair: Pair) -> None:
    """Without customization New-MigrationEndpoint is refused."""
    answer = new_endpoint(pair, "5c0e5c0e-0000-4000-8000-0000000b0009", "x")
    assert "InvalidOperationInDehydratedContextException" in text_of(answer)


def test_a_credential_as_an_object_is_a_500(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """A credential that is not one encrypted text is the JObject error (wire 1.4)."""
    pair, made, secret = ready
    answer = new_endpoint(pair, made["appId"], secret, Credentials={"UserName": made["appId"], "Password": secret})
    assert 500 == answer.status
    assert "Unable to cast object of type 'Newtonsoft.Json.Linq.JObject' to type 'System.String'" in text_of(answer)


def test_a_credential_of_another_session_is_refused(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """A text that this session's key cannot open is a bad value."""
    pair, made, secret = ready
    answer = new_endpoint(pair, made["appId"], secret, Credentials="bm90IGVuY3J5cHRlZA==")
    assert "ParameterTransformationException" in str(answer.body)


def test_the_endpoint_keeps_its_own_copy_of_the_secret(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """Removing the secret from the application fails the endpoint's test; a new one handed over mends it."""
    pair, made, secret = ready
    consented(pair, made["appId"])
    new_endpoint(pair, made["appId"], secret)
    (shown,) = pair.graph("target", "GET", f"/applications/{made['id']}").body["passwordCredentials"]
    pair.graph("target", "POST", f"/applications/{made['id']}/removePassword", {"keyId": shown["keyId"]})
    (broken,) = pair.exo("target", "Test-MigrationServerAvailability", Endpoint="FromContoso").body["value"]
    renewed = pair.minted(made["id"])
    pair.advance(30)
    changed = pair.credential(made["appId"], renewed)
    assert 200 == pair.exo("target", "Set-MigrationEndpoint", Identity="FromContoso", Credentials=changed).status
    (mended,) = pair.exo("target", "Test-MigrationServerAvailability", Endpoint="FromContoso").body["value"]
    assert "AADSTS7000215" in broken["ErrorDetail"]
    assert ("Failed", "Success") == (broken["Result"], mended["Result"])


def test_the_test_needs_the_targets_consent_too(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """The endpoint's test also looks for the application's consent at home."""
    pair, made, secret = ready
    pair.consent("source", made["appId"])
    pair.advance(20)
    assert 200 == new_endpoint(pair, made["appId"], secret).status
    (result,) = pair.exo("target", "Test-MigrationServerAvailability", Endpoint="FromContoso").body["value"]
    assert "Failed" == result["Result"]


def complete(pair: Pair, app_id: str, secret: str) -> None:
    """Everything that a test with a mailbox needs, mail user included."""
    consented(pair, app_id)
    new_endpoint(pair, app_id, secret)
    common = {"Enabled": True, "MailboxMoveEnabled": True}
    pair.exo(
        "target", "New-OrganizationRelationship", Name="Contoso", DomainNames=[pair.tenant_id("source")],
        MailboxMoveCapability="Inbound", **common,
    )  # fmt: skip
    pair.exo(
        "source", "New-OrganizationRelationship", Name="Northwind", DomainNames=[pair.tenant_id("target")],
        MailboxMoveCapability="RemoteOutbound", OAuthApplicationId=app_id, MailboxMovePublishedScopes=["MoveScope"],
        **common,
    )  # fmt: skip
    user = pair.world.tenants["target"].mail_users[0]
    pair.world.tenants["target"].mail_users.append(
        user.model_copy(
            update={
                "alias": "LaraN", "upn": "LaraN@northwindtraders.onmicrosoft.com", "exchange_guid": LARA_GUID,
                "primary": "Lara.Newton@northwindtraders.com", "proxies": [],
            }
        )
    )  # fmt: skip


def result_for(pair: Pair, mailbox: str = "Lara.Newton@northwindtraders.com") -> Any:
    given = {"Endpoint": "FromContoso", "TestMailbox": mailbox}
    (result,) = pair.exo("target", "Test-MigrationServerAvailability", **given).body["value"]
    return result


def test_a_mailbox_in_scope_tests_well(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """With both relationships, the scope and a stamped mail user, the test of one mailbox succeeds."""
    pair, made, secret = ready
    complete(pair, made["appId"], secret)
    assert "Success" == result_for(pair)["Result"]


@pytest.mark.parametrize(
    ("side", "change", "expected"),
    [
        ("target", {"MailboxMoveEnabled": False}, "does not authorize 'pull' or Inbound moves"),
        ("target", {"MailboxMoveCapability": "RemoteOutbound"}, "does not authorize 'pull' or Inbound moves"),
        ("source", {"MailboxMoveCapability": "Inbound"}, "source tenant does not authorize"),
        ("source", {"OAuthApplicationId": "another"}, "source tenant does not authorize"),
        ("source", {"MailboxMovePublishedScopes": ["NestedMovers"]}, "MailboxNotInCrossTenantMigrationScopeException"),
    ],
)
def test_a_mailbox_test_names_the_relationship_at_fault(
    ready: tuple[Pair, dict[str, Any], str], side: str, change: dict[str, Any], expected: str
) -> None:
    """Each wrong setting of a relationship fails the mailbox test with its own text (failures 2.1 #1, #2)."""
    pair, made, secret = ready
    complete(pair, made["appId"], secret)
    name = {"source": "Northwind", "target": "Contoso"}[side]
    assert 200 == pair.exo(side, "Set-OrganizationRelationship", Identity=name, **change).status
    result = result_for(pair)
    assert "Failed" == result["Result"]
    assert expected in result["ErrorDetail"]


def test_a_mailbox_that_is_no_mail_user_is_not_found(ready: tuple[Pair, dict[str, Any], str]) -> None:
    """The source's address is no mail user of the target (failures 2.2 #19)."""
    pair, made, secret = ready
    complete(pair, made["appId"], secret)
    result = result_for(pair, "LaraN@contoso.onmicrosoft.com")
    assert "ManagementObjectNotFoundException" in result["ErrorDetail"]


def test_the_exchange_principals_of_both_tenants_are_apart(pair: Pair) -> None:
    """Consent in one tenant refers to that tenant's own Exchange principal (wire 4.5)."""
    made = pair.register()
    consented(pair, made["appId"])
    resources = set()
    for side in ("source", "target"):
        principal = pair.graph(side, "GET", f"/servicePrincipals(appId='{made['appId']}')").body
        (row,) = pair.graph(side, "GET", f"/servicePrincipals/{principal['id']}/appRoleAssignments").body["value"]
        exchange = pair.graph(side, "GET", f"/servicePrincipals(appId='{EXCHANGE_APP}')").body["id"]
        assert exchange == row["resourceId"]
        resources.add(exchange)
    assert 2 == len(resources)
