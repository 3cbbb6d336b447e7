"""Microsoft's own Graph SDK for Python, unmodified, as a client of the simulated tenants.

What it cannot read or send is spelled otherwise than Graph spells it. It signs in by azure-identity, which is msal
underneath, so the simulated sign-in service is met by Microsoft's own code as well. Needs the extra `sdk`.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import warnings
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import yaml

pytest.importorskip("msgraph", reason='needs pip install ".[sdk]"')

# the SDK uses classes of its own that are deprecated
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import httpx
    from azure.identity.aio import ClientSecretCredential
    from kiota_abstractions.api_error import APIError
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
    from msgraph.generated.applications.item.add_password.add_password_post_request_body import (
        AddPasswordPostRequestBody,
    )
    from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
        RemovePasswordPostRequestBody,
    )
    from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
    from msgraph.generated.models.app_role_assignment import AppRoleAssignment
    from msgraph.generated.models.application import Application
    from msgraph.generated.models.assigned_license import AssignedLicense
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.password_credential import PasswordCredential
    from msgraph.generated.models.required_resource_access import RequiredResourceAccess
    from msgraph.generated.models.resource_access import ResourceAccess
    from msgraph.generated.models.service_principal import ServicePrincipal
    from msgraph.generated.models.user import User
    from msgraph.generated.models.web_application import WebApplication
    from msgraph.generated.organization.organization_request_builder import OrganizationRequestBuilder
    from msgraph.generated.service_principals.service_principals_request_builder import ServicePrincipalsRequestBuilder
    from msgraph.generated.users.item.assign_license.assign_license_post_request_body import (
        AssignLicensePostRequestBody,
    )
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder
    from msgraph_core import GraphClientFactory

sys.path.insert(0, str(Path(__file__).parents[1]))
from simulator_process import SimulatorProcess, running_simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

pytestmark = [pytest.mark.deep, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

SECRETS = {"XTMIG_SOURCE_SECRET": "practice-secret-source", "XTMIG_TARGET_SECRET": "practice-secret-target"}
OPERATOR = "7a26e700-0000-4000-8000-0000000b0001"
EXCHANGE_ONLINE = "00000002-0000-0ff1-ce00-000000000000"
MAILBOX_MIGRATION = "f7264778-fba9-422d-8e9e-2675a2c4b513"
ADD_ON = "946ce899-873d-44bb-9d8b-671870cbfdbf"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """The example, whose operator may grant consent too."""
    data = yaml.safe_load((Path(__file__).parents[2] / "examples" / "contoso-northwind.yaml").read_text("utf-8"))
    (operator,) = [one for one in data["target"]["applications"] if one["app_id"] == OPERATOR]
    operator["permissions"]["graph"].append("AppRoleAssignment.ReadWrite.All")
    file = tmp_path_factory.mktemp("sdk") / "tenants.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    with running_simulator("--speed", "1000", tenants=file, environment=SECRETS) as simulator:
        yield simulator


@asynccontextmanager
async def _client(simulator: SimulatorProcess) -> AsyncIterator[GraphServiceClient]:
    """The SDK's client of the target tenant; all that is ours is where the services are, and whose certificate."""
    ca_file = simulator.connection["ca_file"]
    login = simulator.connection["login"]
    credential = ClientSecretCredential(
        simulator.tenant_id("target"), OPERATOR, SECRETS["XTMIG_TARGET_SECRET"],
        authority=login, disable_instance_discovery=True, connection_verify=ca_file,
    )  # fmt: skip
    graph = simulator.connection["graph"]
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=[str(urlsplit(graph).hostname)]
    )
    async with httpx.AsyncClient(verify=ca_file, timeout=30, trust_env=False) as plain:
        http = GraphClientFactory.create_with_default_middleware(client=plain)
        adapter = GraphRequestAdapter(provider, http)
        adapter.base_url = f"{graph}/v1.0"
        yield GraphServiceClient(request_adapter=adapter)
    await credential.close()


def asked(simulator: SimulatorProcess, work: Callable[[GraphServiceClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with _client(simulator) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    finally:
        # the SDK leaves its connections to the garbage collector
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


def configuration(parameters: Any, **headers: str) -> RequestConfiguration[Any]:
    made = RequestConfiguration(query_parameters=parameters)
    for name, value in headers.items():
        made.headers.add(name, value)
    return made


async def _made(client: GraphServiceClient) -> Application:
    """An application as section 050 makes it (APP-03 to APP-10)."""
    wanted = Application(
        display_name=f"sdk {uuid4()}",
        sign_in_audience="AzureADMultipleOrgs",
        web=WebApplication(redirect_uris=["https://office.com"]),
        required_resource_access=[
            RequiredResourceAccess(
                resource_app_id=EXCHANGE_ONLINE,
                resource_access=[ResourceAccess(id=UUID(MAILBOX_MIGRATION), type="Role")],
            )
        ],
    )
    made = await client.applications.post(wanted)
    assert made is not None
    return made


def test_organization(simulator: SimulatorProcess) -> None:
    """F-37: the organisation has the tenant's id and its verified domains, one of them initial."""
    select = OrganizationRequestBuilder.OrganizationRequestBuilderGetQueryParameters(
        select=["id", "displayName", "verifiedDomains", "onPremisesSyncEnabled"]
    )
    found = asked(simulator, lambda client: client.organization.get(configuration(select))).value
    assert [one.id for one in found] == [simulator.tenant_id("target")]
    assert [domain.name for domain in found[0].verified_domains if domain.is_initial] == [
        "northwindtraders.onmicrosoft.com"
    ]


def test_subscriptions(simulator: SimulatorProcess) -> None:
    """F-65: each subscription has seats and service plans as the SDK's own types."""
    found = asked(simulator, lambda client: client.subscribed_skus.get()).value
    (add_on,) = [sku for sku in found if str(sku.sku_id) == ADD_ON]
    assert add_on.prepaid_units.enabled > 0
    assert "EXCHANGEONLINE_T2TMBXMOVE" in [plan.service_plan_name for plan in add_on.service_plans]
    assert isinstance(add_on.consumed_units, int)


def test_application_is_made_and_found(simulator: SimulatorProcess) -> None:
    """An application keeps its audience, redirect address and one permission, and is found by its name."""

    async def work(client: GraphServiceClient) -> tuple[Application, Any]:
        made = await _made(client)
        by_name = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
            filter=f"displayName eq '{made.display_name}'"
        )
        return made, await client.applications.get(configuration(by_name))

    made, listed = asked(simulator, work)
    assert [one.id for one in listed.value] == [made.id]
    assert listed.value[0].sign_in_audience == "AzureADMultipleOrgs"
    assert listed.value[0].web.redirect_uris == ["https://office.com"]
    (access,) = listed.value[0].required_resource_access[0].resource_access
    assert (str(access.id), access.type) == (MAILBOX_MIGRATION, "Role")


def test_application_by_its_unique_name(simulator: SimulatorProcess) -> None:
    """F-34: a PATCH by unique name creates what is missing, and the second one finds it."""

    async def work(client: GraphServiceClient) -> list[Application | None]:
        name = f"sdk-{uuid4()}"
        by_name = client.applications_with_unique_name(name)
        create = configuration(None, Prefer="create-if-missing")
        await by_name.patch(Application(display_name=name), create)
        first = await by_name.get()
        await by_name.patch(Application(display_name=name), create)
        return [first, await by_name.get()]

    first, second = asked(simulator, work)
    assert first.id == second.id
    assert first.unique_name == first.display_name


def test_secret_is_told_once(simulator: SimulatorProcess) -> None:
    """F-35: `addPassword` tells the secret, a later read does not, and `removePassword` takes it away."""

    async def work(client: GraphServiceClient) -> tuple[Any, Any, Any]:
        made = await _made(client)
        item = client.applications.by_application_id(made.id)
        end = datetime(2027, 8, 1, tzinfo=UTC)
        body = AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="sdk", end_date_time=end))
        secret = await item.add_password.post(body)
        held = await item.get()
        await item.remove_password.post(RemovePasswordPostRequestBody(key_id=secret.key_id))
        return secret, held.password_credentials, (await item.get()).password_credentials

    secret, held, afterwards = asked(simulator, work)
    assert secret.secret_text.startswith(secret.hint)
    assert [(one.key_id, one.secret_text, one.display_name) for one in held] == [(secret.key_id, None, "sdk")]
    assert afterwards == []


def test_consent_is_granted(simulator: SimulatorProcess) -> None:
    """F-36: an enterprise application gets the role of Exchange, and is told by its assignments."""

    async def work(client: GraphServiceClient) -> tuple[Any, Any]:
        made = await _made(client)
        principal = await client.service_principals.post(ServicePrincipal(app_id=made.app_id))
        exchange = await client.service_principals_with_app_id(EXCHANGE_ONLINE).get()
        (role,) = [one for one in exchange.app_roles if one.value == "Mailbox.Migration"]
        granted = AppRoleAssignment(principal_id=UUID(principal.id), resource_id=UUID(exchange.id), app_role_id=role.id)
        item = client.service_principals.by_service_principal_id(principal.id)
        await item.app_role_assignments.post(granted)
        by_app = ServicePrincipalsRequestBuilder.ServicePrincipalsRequestBuilderGetQueryParameters(
            filter=f"appId eq '{made.app_id}'"
        )
        listed = await client.service_principals.get(configuration(by_app))
        return listed.value, (await item.app_role_assignments.get()).value

    principals, assignments = asked(simulator, work)
    assert len(principals) == 1
    assert [str(one.app_role_id) for one in assignments] == [MAILBOX_MIGRATION]


def test_users_and_their_licences(simulator: SimulatorProcess) -> None:
    """F-66 to F-69: users come page by page; a usage location and a licence are given, and told in detail."""

    async def work(client: GraphServiceClient) -> tuple[list[User], Any, Any]:
        select = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
            select=["id", "userPrincipalName", "assignedLicenses", "usageLocation", "licenseAssignmentStates"], top=2
        )
        page = await client.users.get(configuration(select))
        people = list(page.value)
        while page.odata_next_link:
            page = await client.users.with_url(page.odata_next_link).get()
            people += page.value
        free = next(one for one in people if ADD_ON not in [str(own.sku_id) for own in one.assigned_licenses or []])
        item = client.users.by_user_id(free.id)
        await item.patch(User(usage_location="NL"))
        body = AssignLicensePostRequestBody(
            add_licenses=[AssignedLicense(sku_id=UUID(ADD_ON), disabled_plans=[])], remove_licenses=[]
        )
        await item.assign_license.post(body)
        return people, await item.get(), (await item.license_details.get()).value

    people, given, details = asked(simulator, work)
    assert len({one.id for one in people}) == len(people) > 2
    assert given.id in [one.id for one in people]
    assert ADD_ON in [str(one.sku_id) for one in details]
    (plans,) = [one.service_plans for one in details if str(one.sku_id) == ADD_ON]
    assert {plan.provisioning_status for plan in plans} <= {"Success", "PendingProvisioning", "PendingActivation"}


def test_groups_that_give_licences(simulator: SimulatorProcess) -> None:
    """F-67: groups tell their licences where they are selected."""
    select = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(
        select=["id", "displayName", "groupTypes", "assignedLicenses"], top=999
    )
    found = asked(simulator, lambda client: client.groups.get(configuration(select))).value
    assert all(isinstance(group.group_types, list) for group in found)


def test_what_is_not_there(simulator: SimulatorProcess) -> None:
    """F-30: absence is an OData error with Graph's own code and a request id."""

    async def work(client: GraphServiceClient) -> APIError | None:
        try:
            await client.applications.by_application_id(str(uuid4())).get()
        except APIError as error:
            return error
        return None

    error = asked(simulator, work)
    assert isinstance(error, ODataError)
    assert (error.response_status_code, error.error.code) == (404, "Request_ResourceNotFound")
    assert error.error.inner_error.request_id


def test_what_is_deleted_is_gone(simulator: SimulatorProcess) -> None:
    """An application and its enterprise application are deleted, as the clean up does (CLN-03)."""

    async def work(client: GraphServiceClient) -> list[Any]:
        made = await _made(client)
        principal = await client.service_principals.post(ServicePrincipal(app_id=made.app_id))
        await client.service_principals.by_service_principal_id(principal.id).delete()
        await client.applications.by_application_id(made.id).delete()
        by_name = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
            filter=f"displayName eq '{made.display_name}'"
        )
        return list((await client.applications.get(configuration(by_name))).value)

    assert asked(simulator, work) == []
