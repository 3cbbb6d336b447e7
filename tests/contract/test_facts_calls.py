"""The changes of sections 050, 060 and 070 on the wire, planned by the sections and sent by the client."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import core_facts
import pytest
from canned_calls import credential, sent
from canned_reads import order
from core_facts import APP_ID, APP_NAME, APP_OBJECT_ID, ENDPOINT, EXCHANGE, ROLE_ID, SOURCE_ID, make_project

if TYPE_CHECKING:
    from canned_wire import Canned

    from xtmig_kernel.m365 import TargetTenant

BY_XTMIG = {"consent": {"target": "xtmig", "source": "xtmig"}}


def test_an_application_is_registered_by_its_unique_name(target: TargetTenant, canned: Canned) -> None:
    """F-34: PATCH on the unique name with create-if-missing, the whole registration in its body."""
    (seen,) = sent(target, canned, "050.1", target__applications=[])
    assert ("PATCH", f"/v1.0/applications(uniqueName='{APP_NAME}')") == (seen.method, unquote(seen.path))
    assert "create-if-missing" == seen.headers["Prefer"]
    assert seen.body == {
        "displayName": APP_NAME,
        "signInAudience": "AzureADMultipleOrgs",
        "web": {"redirectUris": ["https://office.com"]},
        "requiredResourceAccess": [
            {"resourceAppId": EXCHANGE, "resourceAccess": [{"id": ROLE_ID, "type": "Role"}]},
        ],
    }


def test_an_application_is_corrected_by_its_id(target: TargetTenant, canned: Canned) -> None:
    """F-34: a correction is a PATCH on the object's ID."""
    (seen,) = sent(target, canned, "050.2", target__applications={"SignInAudience": "AzureADMyOrg"})
    assert ("PATCH", f"/v1.0/applications/{APP_OBJECT_ID}") == (seen.method, seen.path)
    assert {"signInAudience": "AzureADMultipleOrgs"} == seen.body


def test_consent_is_a_service_principal_and_a_grant(target: TargetTenant, canned: Canned) -> None:
    """F-36: the service principal is made from the application's ID, the grant names principal, resource and role."""
    absent = {"target__service_principals": [], "target__granted_roles": []}
    principal, grant = sent(target, canned, "060.1", make_project(**BY_XTMIG), **absent)
    assert ("POST", "/v1.0/servicePrincipals", {"appId": APP_ID}) == (principal.method, principal.path, principal.body)
    assert ("POST", "/v1.0/servicePrincipals/the-principal/appRoleAssignments") == (grant.method, grant.path)
    assert {"principalId": "the-principal", "resourceId": "target-exchange", "appRoleId": ROLE_ID} == grant.body


def test_customization_is_enabled_without_parameters(target: TargetTenant, canned: Canned) -> None:
    """F-42: Enable-OrganizationCustomization takes nothing but Confirm."""
    (seen,) = sent(target, canned, "070.1", target__organization_config={"IsDehydrated": True})
    assert ("Enable-OrganizationCustomization", {"Confirm": False}) == order(seen)


def test_a_secret_is_made_with_its_name_and_end(target: TargetTenant, canned: Canned) -> None:
    """F-35: addPassword takes passwordCredential with displayName and endDateTime."""
    secret, _ = sent(target, canned, "070.2", target__migration_endpoints=[], target__application_credentials=[])
    assert ("POST", f"/v1.0/applications/{APP_OBJECT_ID}/addPassword") == (secret.method, secret.path)
    assert {"passwordCredential"} == secret.body.keys()
    assert {"displayName", "endDateTime"} == secret.body["passwordCredential"].keys()


def test_an_endpoint_takes_six_parameters(target: TargetTenant, canned: Canned) -> None:
    """F-39: New-MigrationEndpoint takes the source, its host, the application and its encrypted credential."""
    _, endpoint = sent(target, canned, "070.2", target__migration_endpoints=[])
    name, parameters = order(endpoint)
    assert {"UserName": APP_ID, "Password": "s3cr3t-value"} == credential(parameters.pop("Credentials"))
    assert "New-MigrationEndpoint" == name
    assert parameters == {
        "Name": ENDPOINT,
        "ExchangeRemoteMove": True,
        "RemoteServer": "outlook.office.com",
        "RemoteTenant": "contoso.onmicrosoft.com",
        "ApplicationId": APP_ID,
        "Confirm": False,
    }


@pytest.mark.parametrize(
    ("cloud", "server"),
    [
        ("worldwide", "outlook.office.com"),
        ("gcc", "outlook.office.com"),
        ("gcc-high", "outlook.office365.us"),
        ("dod", "outlook-dod.office365.us"),
        ("china", "partner.outlook.cn"),
    ],
)
def test_an_endpoint_names_the_host_of_its_cloud(target: TargetTenant, canned: Canned, cloud: str, server: str) -> None:
    """F-01: RemoteServer is the host that the guide gives for the cloud (EPT-04)."""
    given = make_project(source__cloud=cloud, target__cloud=cloud)
    _, endpoint = sent(target, canned, "070.2", given, target__migration_endpoints=[])
    assert server == order(endpoint)[1]["RemoteServer"]


def test_an_endpoint_is_given_another_secret_by_its_identity(target: TargetTenant, canned: Canned) -> None:
    """F-39: Set-MigrationEndpoint takes Identity, and the credential anew."""
    failed = {"Result": "Failed", "ErrorDetail": "AADSTS7000215: Invalid client secret provided."}
    _, endpoint = sent(target, canned, "070.3", target__endpoint_test=failed)
    name, parameters = order(endpoint)
    assert ("Set-MigrationEndpoint", ENDPOINT) == (name, parameters["Identity"])
    assert {"UserName": APP_ID, "Password": "s3cr3t-value"} == credential(parameters["Credentials"])


def test_a_secret_is_removed_by_its_key(target: TargetTenant, canned: Canned) -> None:
    """F-35: removePassword takes keyId."""
    newer = core_facts.SECRET_1 | {"KeyId": "bbbb0002", "DisplayName": "xtmig contoso-moves 2"}
    (seen,) = sent(target, canned, "070.4", target__application_credentials=[core_facts.SECRET_1, newer])
    assert ("POST", f"/v1.0/applications/{APP_OBJECT_ID}/removePassword") == (seen.method, seen.path)
    assert {"keyId": "aaaa0001"} == seen.body


def test_a_relationship_names_its_partner_by_tenant_id(target: TargetTenant, canned: Canned) -> None:
    """F-41: DomainNames holds the source's tenant ID, and the target's capability is Inbound."""
    (seen,) = sent(target, canned, "070.5", target__organization_relationships=[])
    name, parameters = order(seen)
    assert "New-OrganizationRelationship" == name
    assert ([SOURCE_ID], "Inbound") == (parameters["DomainNames"], parameters["MailboxMoveCapability"])
    assert (True, True) == (parameters["Enabled"], parameters["MailboxMoveEnabled"])


def test_united_capabilities_are_a_comma_list(target: TargetTenant, canned: Canned) -> None:
    """F-41: several capabilities are one text, with commas."""
    present = core_facts.relationship(MailboxMoveCapability=["RemoteOutbound"])
    (seen,) = sent(target, canned, "070.5", target__organization_relationships=[present])
    name, parameters = order(seen)
    assert ("Set-OrganizationRelationship", "xtmig-contoso-moves") == (name, parameters["Identity"])
    assert "Inbound, RemoteOutbound" == parameters["MailboxMoveCapability"]
