"""The client against the simulated tenants, which were written from the same facts by other hands.

What the two read differently in the wire facts shows here. The simulator runs as the process that it is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xtmig_kernel.changes import ExchangeCall, GraphCall
from xtmig_kernel.credentials import Redactor, Secret
from xtmig_kernel.errors import AccessDenied, Conflict, NotFound
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory import Reader
from xtmig_kernel.m365 import (
    CallReply,
    PSCredential,
    SourceTenant,
    TargetTenant,
    clock_for,
    connect,
    hosts_for,
    look_up_domain,
)
from xtmig_kernel.project import Project, SignInSettings
from xtmig_kernel.project.model import Names

sys.path.insert(0, str(Path(__file__).parents[1]))
from simulator_process import SimulatorProcess, running_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRETS = {
    "XTMIG_SOURCE_SECRET": "practice-secret-of-the-source",
    "XTMIG_TARGET_SECRET": "practice-secret-of-the-target",
}
OPERATORS = {"source": "5c0e5c0e-0000-4000-8000-0000000b0001", "target": "7a26e700-0000-4000-8000-0000000b0001"}
EXCHANGE_ONLINE = "00000002-0000-0ff1-ce00-000000000000"
MAILBOX_MIGRATION = "f7264778-fba9-422d-8e9e-2675a2c4b513"
PEOPLE = {
    "source": "olivia.operator@contoso.onmicrosoft.com",
    "target": "otis.operator@northwindtraders.onmicrosoft.com",
}
FEW_RIGHTS = "7a26e700-0000-4000-8000-0000000b0002"


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with running_simulator("--speed", "1000", environment=SECRETS) as simulator:
        yield simulator


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def project(simulator: SimulatorProcess, tmp_path: Path, **client_ids: str) -> Project:
    """A project on the shipped practice pair, signed in by secret."""
    connection = tmp_path / "connection.json"
    connection.write_text(json.dumps(simulator.connection), encoding="utf-8")
    sides = {
        side: {
            "tenant_id": simulator.tenant_id(side),
            "domain": simulator.connection["tenants"][side]["initial_domain"],
            "sign_in": {
                "method": "secret",
                "client_id": client_ids.get(side, OPERATORS[side]),
                "secret": f"env:XTMIG_{side.upper()}_SECRET",
            },
        }
        for side in ("source", "target")
    }
    return Project.model_validate(
        {"format": 1, "id": "smoke", "name": "Smoke", **sides, "simulation": connection, "folder": tmp_path}
    )


def connected(given: Project, side: Any) -> Any:
    """One side of the project, signed in."""
    return connect(given, side, redactor=Redactor(), clock=clock_for(given))


@pytest.mark.usefixtures("environment")
def test_both_sides_connect_and_are_proven(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """Each side signs in to its own tenant, and the two have different types."""
    given = project(simulator, tmp_path)
    source, target = connected(given, "source"), connected(given, "target")
    assert (SourceTenant, TargetTenant) == (type(source), type(target))
    assert simulator.tenant_id("source") == source.identity.tenant_id
    assert simulator.tenant_id("target") == target.identity.tenant_id
    assert target.identity.kind == "application"


@pytest.mark.usefixtures("environment")
def test_the_reads_answer(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """Exchange's and Graph's reads of the configuration come back as rows."""
    tenant = connected(project(simulator, tmp_path), "target")
    assert "New-MigrationEndpoint" in tenant.exchange.offered()
    assert "RemoteTenant" in tenant.exchange.offered()["New-MigrationEndpoint"]
    assert {"IsDehydrated"} <= tenant.exchange.invoke("Get-OrganizationConfig").rows[0].keys()
    names = [row["DomainName"] for row in tenant.exchange.invoke("Get-AcceptedDomain").rows]
    assert "northwindtraders.onmicrosoft.com" in names
    assert tenant.exchange.invoke("Get-OrganizationRelationship").rows
    assert [tenant.tenant_id] == [row["id"] for row in tenant.graph.get_all("/organization")]
    replies = tenant.exchange.invoke_many(
        [("Get-OrganizationConfig", {}), ("Get-MigrationEndpoint", {"Identity": "no"})]
    )
    assert replies[0].rows
    assert isinstance(replies[1], NotFound)


LAG_SECONDS = 120  # longer than any object takes until a read shows it


def consented_application(simulator: SimulatorProcess, target: Any) -> tuple[str, Secret]:
    """The migration application with a new secret, granted Mailbox.Migration in both tenants."""
    body = {"displayName": "smoke app", "signInAudience": "AzureADMultipleOrgs"}
    body |= {"web": {"redirectUris": ["https://office.com"]}}
    body |= {
        "requiredResourceAccess": [
            {"resourceAppId": EXCHANGE_ONLINE, "resourceAccess": [{"id": MAILBOX_MIGRATION, "type": "Role"}]}
        ]
    }
    path = "/applications(uniqueName='{name}')"
    target.run(GraphCall("PATCH", path, {"name": "smoke app"}, body, {"Prefer": "create-if-missing"}))
    simulator.advance(LAG_SECONDS)
    application = target.graph.get("/applications(uniqueName='smoke%20app')")
    for side, person in PEOPLE.items():
        tenant = simulator.connection["tenants"][side]["initial_domain"]
        simulator.person(person).consent(tenant, application["appId"], "https://office.com")
    credential = {"passwordCredential": {"displayName": "xtmig smoke 1", "endDateTime": "2027-06-01T00:00:00Z"}}
    minted = target.run(GraphCall("POST", "/applications/{id}/addPassword", {"id": application["id"]}, credential))
    return application["appId"], Secret(minted.data["secretText"])


@pytest.mark.usefixtures("environment")
def test_an_endpoint_is_made_and_tests_well(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """An encrypted credential that the simulator can read, and the endpoint that is made with it."""
    given = project(simulator, tmp_path)
    target = connected(given, "target")
    if target.exchange.invoke("Get-OrganizationConfig").rows[0]["IsDehydrated"]:
        target.run(ExchangeCall("Enable-OrganizationCustomization"))
    application_id, secret = consented_application(simulator, target)
    simulator.advance(86_400)
    endpoint = {
        "Name": "smoke", "RemoteServer": "outlook.office.com", "RemoteTenant": given.source.domain,
        "Credentials": PSCredential(application_id, secret), "ExchangeRemoteMove": True,
        "ApplicationId": application_id,
    }  # fmt: skip
    target.run(ExchangeCall("New-MigrationEndpoint", endpoint))
    simulator.advance(LAG_SECONDS)
    (row,) = target.exchange.invoke("Get-MigrationEndpoint", {"Identity": "smoke"}).rows
    assert (application_id, given.source.domain) == (row["ApplicationId"], row["RemoteTenant"])
    (result,) = target.exchange.invoke("Test-MigrationServerAvailability", {"Endpoint": "smoke"}).rows
    assert result["Result"] == "Success"
    with pytest.raises(Conflict):
        target.run(ExchangeCall("New-MigrationEndpoint", endpoint))
    target.run(ExchangeCall("Remove-MigrationEndpoint", {"Identity": "smoke"}))
    with pytest.raises(NotFound):
        target.exchange.invoke("Get-MigrationEndpoint", {"Identity": "smoke"})


def test_a_person_signs_in_with_a_code(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """Microsoft's own clients sign a person in, once for Graph and once for Exchange."""
    given = project(simulator, tmp_path)
    by_code = given.target.model_copy(update={"sign_in": SignInSettings(method="device_code")})
    given = given.model_copy(update={"target": by_code})
    person = simulator.person(PEOPLE["target"])
    shown: list[str] = []

    def show(message: str, url: str) -> None:
        shown.append(url)
        person.confirm_device(message.split("code ")[1].rstrip("."))

    target = connect(given, "target", redactor=Redactor(), clock=clock_for(given), show=show)
    assert ("person", PEOPLE["target"]) == (target.identity.kind, target.identity.name)
    assert len(shown) == 2
    assert target.exchange.invoke("Get-OrganizationConfig").rows
    assert target.graph.get("/me")


@pytest.mark.usefixtures("environment")
def test_few_rights_are_denied(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """An application with few rights is told so, not given an empty list."""
    tenant = connected(project(simulator, tmp_path, target=FEW_RIGHTS), "target")
    with pytest.raises(AccessDenied):
        tenant.exchange.invoke("New-MigrationEndpoint", {"Name": "x"})


def test_a_domain_is_looked_up(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """A domain tells its tenant without a sign-in; an unknown one tells nothing."""
    given = project(simulator, tmp_path)
    hosts, clock = hosts_for(given, "source"), clock_for(given)
    row = look_up_domain(hosts, "contoso.onmicrosoft.com", clock)
    assert row is not None
    assert (simulator.tenant_id("source"), "worldwide") == (row["TenantId"], row["Cloud"])
    assert look_up_domain(hosts, "nobody-has-this.example", clock) is None


TABLES = (
    "mailboxes", "mail_users", "recipients", "exchange_users", "soft_deleted_mailboxes",
    "soft_deleted_mail_users", "distribution_groups",
    "accepted_domains", "subscribed_skus", "directory_users", "licensing_groups",
)  # fmt: skip
BY_COLUMN = {
    "soft_deleted_mailboxes": "ExchangeGuid", "soft_deleted_mail_users": "DisplayName",
    "accepted_domains": "DomainName", "subscribed_skus": "SkuId", "directory_users": "Id", "licensing_groups": "Id",
}  # fmt: skip


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("side", ["source", "target"])
def test_every_table_of_users_is_read(simulator: SimulatorProcess, tmp_path: Path, side: Any) -> None:
    """Every table of sections 020 to 110 is read from the simulated tenants, and each row has its key."""
    given = project(simulator, tmp_path)
    reader = Reader(given, {side: connected(given, side)}, clock_for(given), {})
    for table in TABLES:
        found = reader.read(f"{side}.{table}")
        assert isinstance(found, Observed), (table, found)
        keys = [row[BY_COLUMN.get(table, "ObjectId")] for row in found.value]
        assert all(keys), table
        assert len(set(keys)) == len(keys), table


NEW_USER = "smoke@northwindtraders.onmicrosoft.com"


@pytest.mark.usefixtures("environment")
def test_a_mail_user_is_made_stamped_and_licensed(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """An encrypted password that the simulator can read, a stamp that replaces addresses, the licences after it."""
    given = project(simulator, tmp_path)
    target = connected(given, "target")
    created = {
        "Name": "smoke", "Alias": "smoke", "DisplayName": "Smoke", "MicrosoftOnlineServicesID": NEW_USER,
        "ExternalEmailAddress": "smoke@contoso.onmicrosoft.com", "PrimarySmtpAddress": "smoke@northwindtraders.com",
        "Password": Secret("Correct-Horse-7"),
    }  # fmt: skip
    target.run(ExchangeCall("New-MailUser", created))
    addresses = ["SMTP:smoke@northwindtraders.com", f"smtp:{NEW_USER}", "x500:/o=Contoso/cn=Smoke"]
    guid = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8aa"
    stamp = {"Identity": NEW_USER, "ExchangeGuid": guid, "EmailAddresses": addresses}
    target.run(ExchangeCall("Set-MailUser", stamp))
    simulator.advance(LAG_SECONDS)
    person = target.graph.get(f"/users/{NEW_USER}")["id"]
    target.run(GraphCall("PATCH", "/users/{id}", {"id": person}, {"usageLocation": "NL"}))
    skus = {row["skuPartNumber"]: row["skuId"] for row in target.graph.get_all("/subscribedSkus")}
    parts = ("Cross_tenant_user_data_migration", "SPE_E3")
    bodies = [{"addLicenses": [{"skuId": skus[part], "disabledPlans": []}], "removeLicenses": []} for part in parts]
    path = "/users/{id}/assignLicense"
    replies = target.run_many([GraphCall("POST", path, {"id": person}, body) for body in bodies])
    assert [CallReply] * 2 == [type(reply) for reply in replies]
    simulator.advance(LAG_SECONDS)
    (row,) = target.exchange.invoke("Get-MailUser", {"Identity": NEW_USER}).rows
    assert (guid, set(addresses)) == (row["ExchangeGuid"], set(row["EmailAddresses"]))
    assert "ExchangeT2TMbxMove" in row["PersistedCapabilities"]


@pytest.mark.usefixtures("environment")
def test_a_scope_group_is_made_and_filled(simulator: SimulatorProcess, tmp_path: Path) -> None:
    """A security group that is made, filled by object IDs in one batch, and read with its members."""
    given = project(simulator, tmp_path).model_copy(update={"names": Names(scope_groups=("Smoke scope",))})
    source = connected(given, "source")
    source.run(
        ExchangeCall("New-DistributionGroup", {"Name": "Smoke scope", "Alias": "SmokeScope", "Type": "Security"})
    )
    simulator.advance(LAG_SECONDS)
    reader = Reader(given, {"source": source}, clock_for(given), {})
    groups, mailboxes = reader.read("source.distribution_groups"), reader.read("source.mailboxes")
    assert isinstance(groups, Observed)
    assert isinstance(mailboxes, Observed)
    (group,) = [row for row in groups.value if row["Name"] == "Smoke scope"]
    assert "MailUniversalSecurityGroup" == group["RecipientTypeDetails"]
    wanted = [str(row["ObjectId"]) for row in mailboxes.value][:12]
    add = {"Identity": group["ObjectId"], "BypassSecurityGroupManagerCheck": True}
    source.run_many([ExchangeCall("Add-DistributionGroupMember", add | {"Member": one}) for one in wanted])
    simulator.advance(LAG_SECONDS)
    members = reader.read("source.scope_members")
    assert isinstance(members, Observed)
    assert set(wanted) == {row["ObjectId"] for row in members.value}
