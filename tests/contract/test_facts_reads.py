"""The reads of sections 010, 050, 060 and 070 on the wire: what each asks for, and how its answer becomes rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canned_reads import BY_SECRET, Asking, cmdlets, listed, place, query
from canned_wire import MIGRATION_APPLICATION, OPERATOR, SOURCE, TARGET, Answer, Canned, Login, NotingClock

from xtmig_kernel.evidence import NotObserved, Reason

if TYPE_CHECKING:
    from pathlib import Path

EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
MAILBOX_MIGRATION = "f7264778-fba9-422d-8e9e-2675a2c4b513"
NAME = "xtmig mailbox migration contoso-moves"
BY_CODE = {"method": "device_code", "client_id": OPERATOR}


@pytest.fixture
def adopted(tmp_path: Path, canned: Canned, clock: NotingClock, application_login: Login, canned_cloud: None) -> Asking:
    """Signed in as an application, for a project that names its migration application."""
    return Asking(tmp_path, canned, clock, BY_SECRET, application_id=MIGRATION_APPLICATION)


ABSENT = Answer(404, {"error": {"code": "Request_ResourceNotFound", "message": "Resource 'x' does not exist."}})


def test_the_organisation(asking: Asking) -> None:
    """F-37: /organization answers the tenant's ID, its domains with their marks, and directory synchronisation."""
    domains = [
        {"name": "contoso.com", "type": "Managed", "isDefault": True, "isInitial": False},
        {"name": "contoso.onmicrosoft.com", "type": "Managed", "isDefault": False, "isInitial": True},
    ]
    row = {"id": TARGET, "displayName": "Contoso", "verifiedDomains": domains, "onPremisesSyncEnabled": True}
    (found,) = asking.rows("organization", listed(row))
    assert "/v1.0/organization" == place(asking.asked[0])
    wanted = {"id", "verifiedDomains", "onPremisesSyncEnabled"}
    assert wanted <= set(query(asking.asked[0])["$select"].split(","))
    assert (TARGET, ["contoso.com", "contoso.onmicrosoft.com"]) == (found["TenantId"], found["Domains"])
    assert ("contoso.onmicrosoft.com", True) == (found["InitialDomain"], found["DirectorySynchronised"])


ROLE = {
    "@odata.type": "#microsoft.graph.directoryRole",
    "id": "r",
    "displayName": "Exchange Administrator",
    "roleTemplateId": "29232cdf-9323-42fd-ade2-1d097af3e4de",
}


@pytest.fixture
def person_asking(tmp_path: Path, canned: Canned, clock: NotingClock, canned_cloud: None) -> Asking:
    """Signed in as a person."""
    Login(canned, {"upn": "otis@x.com", "scp": "Directory.Read.All", "appid": OPERATOR})
    return Asking(tmp_path, canned, clock, BY_CODE)


def test_the_roles_of_who_is_signed_in(person_asking: Asking) -> None:
    """F-37: transitiveMemberOf with the cast to a role answers template IDs, of a person below /me."""
    (found,) = person_asking.rows("directory_roles", listed(ROLE))
    assert "/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole" == place(person_asking.asked[0])
    assert ROLE["roleTemplateId"] == found["RoleTemplateId"]


def test_a_cast_needs_its_header_and_its_count(person_asking: Asking) -> None:
    """F-37: the cast to a role is an advanced query, with ConsistencyLevel eventual and $count."""
    person_asking.rows("directory_roles", listed(ROLE))
    (seen,) = person_asking.asked
    assert ("eventual", "true") == (seen.headers.get("ConsistencyLevel"), query(seen).get("$count"))


def test_the_roles_of_an_application_are_not_asked_for(asking: Asking) -> None:
    """PRE-01: an application's rights are its token's permissions, so it needs no right to read roles."""
    found = asking.read("directory_roles")
    assert (NotObserved, Reason.NOT_ASKED, []) == (type(found), found.reason, asking.asked)  # type: ignore[union-attr]


def test_the_registration_is_read_by_its_unique_name(asking: Asking) -> None:
    """F-34: the application is read by its unique name, and namesakes by their display name."""
    access = [{"resourceAppId": EXCHANGE, "resourceAccess": [{"id": MAILBOX_MIGRATION, "type": "Role"}]}]
    ours = {
        "id": "o", "appId": MIGRATION_APPLICATION, "uniqueName": NAME, "displayName": NAME,
        "signInAudience": "AzureADMultipleOrgs", "web": {"redirectUris": ["https://office.com"]},
        "requiredResourceAccess": access, "passwordCredentials": [],
    }  # fmt: skip
    (found,) = asking.rows("applications", Answer(body=ours), listed(ours))
    first, second = asking.asked
    assert f"/v1.0/applications(uniqueName='{NAME}')" == place(first)
    assert ("/v1.0/applications", f"displayName eq '{NAME}'") == (place(second), query(second)["$filter"])
    assert ("o", MIGRATION_APPLICATION, NAME) == (found["Id"], found["AppId"], found["UniqueName"])
    assert ("AzureADMultipleOrgs", ["https://office.com"]) == (found["SignInAudience"], found["RedirectUris"])
    assert [f"{EXCHANGE}/Role/{MAILBOX_MIGRATION}"] == found["Permissions"]


def test_no_registration_is_an_observation(asking: Asking) -> None:
    """F-34: where Graph says that nothing has the unique name, there is no application."""
    assert [] == asking.rows("applications", ABSENT, listed())


def test_secrets_are_read_without_their_text(adopted: Asking) -> None:
    """F-35: a read shows a secret's keyId, name and end, and no text."""
    secret = {"keyId": "k", "displayName": "xtmig 1", "endDateTime": "2027-01-01T00:00:00Z", "secretText": None}
    body = {"id": "o", "appId": MIGRATION_APPLICATION, "displayName": "x", "passwordCredentials": [secret]}
    (found,) = adopted.rows("application_credentials", Answer(body=body))
    assert f"/v1.0/applications(appId='{MIGRATION_APPLICATION}')" == place(adopted.asked[0])
    assert ("k", "xtmig 1", "2027-01-01T00:00:00Z") == (found["KeyId"], found["DisplayName"], found["EndsAt"])


PRINCIPAL = {"id": "p", "appId": MIGRATION_APPLICATION, "displayName": "x", "appOwnerOrganizationId": TARGET}


def test_the_enterprise_application_is_found_by_its_application_id(adopted: Asking) -> None:
    """F-36: service principals are filtered by appId, and name the tenant that owns the application."""
    (found,) = adopted.rows("service_principals", listed(PRINCIPAL))
    (seen,) = adopted.asked
    assert ("/v1.0/servicePrincipals", f"appId eq '{MIGRATION_APPLICATION}'") == (place(seen), query(seen)["$filter"])
    assert ("p", TARGET) == (found["Id"], found["OwnerTenantId"])


def test_exchanges_own_service_principal_knows_the_role(asking: Asking) -> None:
    """F-36: Office 365 Exchange Online is found by its application ID, and Mailbox.Migration among its roles."""
    roles = [{"id": "other", "value": "full_access_as_app"}, {"id": MAILBOX_MIGRATION, "value": "Mailbox.Migration"}]
    (found,) = asking.rows("exchange_resource", Answer(body={"id": "e", "appId": EXCHANGE, "appRoles": roles}))
    assert f"/v1.0/servicePrincipals(appId='{EXCHANGE}')" == place(asking.asked[0])
    assert ("e", MAILBOX_MIGRATION) == (found["Id"], found["MailboxMigrationRoleId"])


def test_grants_are_read_at_the_service_principal(adopted: Asking) -> None:
    """F-36: appRoleAssignments of the application's service principal tell resource and role."""
    grant = {"id": "g", "principalId": "p", "resourceId": "e", "appRoleId": MAILBOX_MIGRATION}
    (found,) = adopted.rows("granted_roles", listed(PRINCIPAL), listed(grant))
    assert "/v1.0/servicePrincipals/p/appRoleAssignments" == place(adopted.asked[1])
    assert ("g", "e", MAILBOX_MIGRATION) == (found["Id"], found["ResourceId"], found["RoleId"])


def test_the_consent_link_names_the_tenant_that_consents(adopted: Asking, canned: Canned) -> None:
    """F-38: the link holds the consenting tenant's own domain, the application's ID and the return address."""
    (found,) = adopted.rows("consent_link")
    expected = f"client_id={MIGRATION_APPLICATION}&redirect_uri=https%3A%2F%2Foffice.com"
    assert f"{canned.url}/northwindtraders.onmicrosoft.com/adminconsent?{expected}" == found["Url"]


ENDPOINT = {
    "Identity": "xtmig-contoso-moves", "EndpointType": "ExchangeRemoteMove", "RemoteServer": "outlook.office.com",
    "RemoteTenant": "contoso.onmicrosoft.com", "ApplicationId": MIGRATION_APPLICATION, "AppSecretKeyVaultUrl": None,
}  # fmt: skip


def test_endpoints(asking: Asking) -> None:
    """F-39: Get-MigrationEndpoint answers type, host, tenant and application, and never a secret."""
    assert [ENDPOINT] == asking.rows("migration_endpoints", listed(ENDPOINT | {"IsValid": True}))
    assert [("Get-MigrationEndpoint", {})] == cmdlets(asking)


def test_the_endpoints_own_test(asking: Asking) -> None:
    """F-40: Test-MigrationServerAvailability takes Endpoint and answers Result, Message and ErrorDetail."""
    result = {
        "Result": "Failed",
        "Message": "The connection failed.",
        "ErrorDetail": "T: AADSTS7000215",
        "IsValid": True,
    }
    (found,) = asking.rows("endpoint_test", listed(ENDPOINT), listed(result))
    assert ("Test-MigrationServerAvailability", {"Endpoint": "xtmig-contoso-moves"}) == cmdlets(asking)[-1]
    assert ("Failed", "The connection failed.", "T: AADSTS7000215") == (
        found["Result"], found["Message"], found["ErrorDetail"],
    )  # fmt: skip


@pytest.mark.parametrize("capability", ["Inbound, RemoteOutbound", ["Inbound", "RemoteOutbound"]])
def test_relationships(asking: Asking, capability: Any) -> None:
    """F-41: DomainNames are tenant IDs; the capabilities are a comma list, or a list."""
    row = {"Identity": "x", "DomainNames": [SOURCE], "MailboxMoveEnabled": True, "MailboxMoveCapability": capability}
    (found,) = asking.rows("organization_relationships", listed(row))
    assert [("Get-OrganizationRelationship", {})] == cmdlets(asking)
    assert ([SOURCE], ["Inbound", "RemoteOutbound"]) == (found["DomainNames"], found["MailboxMoveCapability"])


def test_no_capability_is_none(asking: Asking) -> None:
    """F-41: a relationship that moves nothing has the flag None."""
    (found,) = asking.rows("organization_relationships", listed({"Identity": "x", "MailboxMoveCapability": "None"}))
    assert [] == found["MailboxMoveCapability"]


def test_customization(asking: Asking) -> None:
    """F-42: Get-OrganizationConfig tells by IsDehydrated whether customization is still to be enabled."""
    (found,) = asking.rows("organization_config", listed({"Name": "contoso", "IsDehydrated": True}))
    assert [("Get-OrganizationConfig", {})] == cmdlets(asking)
    assert True is found["IsDehydrated"]
