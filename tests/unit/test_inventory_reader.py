from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from core_facts import (
    APP_ID,
    APP_NAME,
    APP_OBJECT_ID,
    EXCHANGE,
    NOW,
    PERMISSION,
    ROLE_ID,
    TARGET_ID,
    USER_READ,
    StillClock,
    make_project,
)

from xtmig_kernel.changes import Subject
from xtmig_kernel.errors import AccessDenied, MigrationApplicationError, NotFound, Throttled, Unavailable, UsageError
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.inventory.exchange import flags
from xtmig_kernel.m365 import Identity, TimedOut
from xtmig_kernel.tables import BY_NAME

IDENTITY = Identity(TARGET_ID, "person", "admin@northwindtraders.onmicrosoft.com", "object", "client", ("r",), ("p",))
GRAPH_APPLICATION = {
    "id": APP_OBJECT_ID,
    "appId": APP_ID,
    "uniqueName": APP_NAME,
    "displayName": APP_NAME,
    "signInAudience": "AzureADMultipleOrgs",
    "web": {"redirectUris": ["https://office.com"]},
    "requiredResourceAccess": [
        {"resourceAppId": EXCHANGE, "resourceAccess": [{"id": ROLE_ID, "type": "Role"}]},
        {
            "resourceAppId": USER_READ.split("/")[0],
            "resourceAccess": [{"id": USER_READ.split("/")[2], "type": "Scope"}],
        },
    ],
    "passwordCredentials": [
        {"keyId": "k1", "displayName": "xtmig contoso-moves 1", "endDateTime": "2027-05-22T00:00:00Z", "hint": "[6g"}
    ],
}


@dataclass
class Service:
    """Answers by path or cmdlet; an exception among the answers is raised."""

    answers: dict[str, Any]
    asked: list[str] = field(default_factory=list)

    def _answer(self, name: str) -> Any:
        self.asked.append(name)
        answer = next((value for key, value in self.answers.items() if name.startswith(key)), NotFound(name))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get(self, path: str, _parameters: dict[str, str]) -> Any:
        return self._answer(path)

    def get_all(self, path: str, _parameters: dict[str, str]) -> Any:
        return self._answer("all " + path)

    def invoke(self, cmdlet: str, parameters: dict[str, Any] | None = None) -> Any:
        return SimpleNamespace(rows=self._answer(" ".join([cmdlet, *map(str, (parameters or {}).values())])))

    def offered(self) -> Any:
        return self._answer("offered")


class FakeSide:
    """A signed-in side; `exchange` as on a machine that has lost its PowerShell where it is an error."""

    def __init__(self, graph: dict[str, Any] | None = None, exchange: dict[str, Any] | Exception | None = None) -> None:
        self.graph = Service(graph or {})
        self._exchange = exchange if isinstance(exchange, Exception) else Service(exchange or {})
        self.identity = IDENTITY
        self.refused: list[str] = []
        self.is_migration_application = False

    @property
    def exchange(self) -> Service:
        if isinstance(self._exchange, Exception):
            raise self._exchange
        return self._exchange

    def refuse_application(self, application_id: str) -> None:
        self.refused.append(application_id)
        if self.is_migration_application:
            raise MigrationApplicationError("signed in as the migration application")


def reader(target: FakeSide | None = None, source: FakeSide | None = None, **changes: Any) -> Reader:
    sides: dict[Any, Any] = {"target": target, "source": source}
    project = make_project(**changes)
    return Reader(project, {side: tenant for side, tenant in sides.items() if tenant}, StillClock(NOW), {})


def rows(observation: Any) -> Any:
    assert isinstance(observation, Observed), observation
    return list(observation.value)


APPLICATIONS = {"/applications(uniqueName=": GRAPH_APPLICATION, "all /applications": [GRAPH_APPLICATION]}


def test_row_has_the_tables_columns() -> None:
    """An application's row has the columns of its table; permissions read resource, kind, role."""
    (row,) = rows(reader(FakeSide(APPLICATIONS)).read("target.applications"))
    assert set(row) == set(BY_NAME["applications"].columns)
    assert (row["Permissions"], row["OtherPermissions"]) == ([PERMISSION], [USER_READ])


def test_secrets_are_read_without_values() -> None:
    """Of a client secret name, key and end are read, and nothing that belongs to its value."""
    (row,) = rows(reader(FakeSide(APPLICATIONS)).read("target.application_credentials"))
    assert row == {
        "AppId": APP_ID,
        "KeyId": "k1",
        "DisplayName": "xtmig contoso-moves 1",
        "EndsAt": "2027-05-22T00:00:00Z",
    }


def test_absent_application_is_an_empty_table() -> None:
    """That the application is not there was seen: an empty table, not a refusal."""
    assert rows(reader(FakeSide({"all /applications": []})).read("target.applications")) == []


def test_namesakes_are_seen() -> None:
    """Other applications that bear the name are seen beside ours, and none twice."""
    namesake = GRAPH_APPLICATION | {"id": "o2", "appId": "k2", "uniqueName": None}
    found = rows(
        reader(FakeSide(APPLICATIONS | {"all /applications": [GRAPH_APPLICATION, namesake]})).read(
            "target.applications"
        )
    )
    assert [row["Id"] for row in found] == [APP_OBJECT_ID, "o2"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AccessDenied("no", status=403), Reason.DENIED),
        (Throttled("slow", status=429), Reason.THROTTLED),
        (TimedOut("late"), Reason.TIMED_OUT),
        (Unavailable("gone"), Reason.OFFLINE),
        (NotFound("what?"), Reason.UNSUPPORTED),
    ],
)
def test_refusals_are_told_apart(error: Exception, reason: Reason) -> None:
    """A refusal, a time-out and an outage are three observations, none of them an empty table."""
    found = reader(FakeSide(exchange={"Get-MigrationEndpoint": error})).read("target.migration_endpoints")
    assert isinstance(found, NotObserved)
    assert found.reason == reason


def test_nobody_signed_in() -> None:
    """A side that nobody signed in to was not asked."""
    found = reader(FakeSide()).read("source.organization_config")
    assert isinstance(found, NotObserved)
    assert (found.reason, found.detail) == (Reason.NOT_ASKED, "nobody is signed in to the source tenant")


def test_why_nobody_is_signed_in() -> None:
    """When a sign-in was refused, every fact of that side tells why."""
    why = NotObserved(Reason.DENIED, "the account is blocked", NOW)
    found = Reader(make_project(), {}, StillClock(NOW), {"source": why}).read("source.organization_config")
    assert found == why


@pytest.mark.parametrize(
    "fact", ["organization_config", "migration_endpoints", "offered_cmdlets", "organization_relationships"]
)
def test_a_shell_that_is_gone_is_told(fact: str) -> None:
    """Where PowerShell has gone meanwhile, what Exchange answers is not observed, and says so (no error)."""
    side = FakeSide(exchange=UsageError("PowerShell could not be started."))
    found = reader(side).read(f"target.{fact}")
    assert isinstance(found, NotObserved)
    assert found.reason == Reason.UNSUPPORTED


def test_source_does_not_guess_the_application() -> None:
    """Without the target's sign-in the application's ID is not known in the source, and that is said."""
    found = reader(source=FakeSide()).read("source.service_principals")
    assert isinstance(found, NotObserved)
    assert "application_id in project.yaml" in found.detail


def test_source_alone_with_the_application_id() -> None:
    """With application_id in project.yaml the source's administrator needs no sign-in to the target (PRE-12)."""
    found = [{"id": "sp", "appId": APP_ID, "displayName": "app", "appOwnerOrganizationId": TARGET_ID}]
    side = FakeSide({"all /servicePrincipals": found})
    (row,) = rows(reader(source=side, application_id=APP_ID).read("source.service_principals"))
    assert (row["AppId"], row["OwnerTenantId"]) == (APP_ID, TARGET_ID)


def test_migration_application_is_no_sign_in() -> None:
    """An operator who is signed in as the migration application is refused, as often as they try."""
    side = FakeSide(APPLICATIONS | {"all /servicePrincipals": []})
    side.is_migration_application = True
    of_target = reader(side)
    found = [of_target.read("target.service_principals"), of_target.read("target.service_principals")]
    assert [type(one) for one in found] == [NotObserved, NotObserved]


def test_granted_roles_are_of_our_application() -> None:
    """The roles that are read are those of the migration application's principal in that tenant."""
    side = FakeSide(
        {
            **APPLICATIONS,
            "all /servicePrincipals/sp/appRoleAssignments": [{"id": "g", "resourceId": "exo", "appRoleId": ROLE_ID}],
            "all /servicePrincipals": [{"id": "sp", "appId": APP_ID}],
        }
    )
    assert rows(reader(side).read("target.granted_roles")) == [
        {"Id": "g", "AppId": APP_ID, "ResourceId": "exo", "RoleId": ROLE_ID}
    ]


def test_endpoint_is_tested_only_if_there_is_one() -> None:
    """Without the project's endpoint nothing is tested, and the table is empty."""
    side = FakeSide(exchange={"Get-MigrationEndpoint": [{"Identity": "another"}]})
    assert rows(reader(side).read("target.endpoint_test")) == []
    assert side.exchange.asked == ["Get-MigrationEndpoint"]


def test_failed_test_is_a_row() -> None:
    """What the service says of the endpoint is a row, also when it fails."""
    answer = [{"Result": "Failed", "Message": "AADSTS7000215", "ErrorDetail": None, "SupportsCutover": False}]
    side = FakeSide(
        exchange={
            "Get-MigrationEndpoint": [{"Identity": "XTMIG-contoso-moves"}],
            "Test-MigrationServerAvailability xtmig-contoso-moves": answer,
        }
    )
    (row,) = rows(reader(side).read("target.endpoint_test"))
    assert row == {
        "Endpoint": "xtmig-contoso-moves",
        "Result": "Failed",
        "Message": "AADSTS7000215",
        "ErrorDetail": None,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Inbound, RemoteOutbound", ["Inbound", "RemoteOutbound"]),
        ("RemoteOutbound,Inbound", ["Inbound", "RemoteOutbound"]),
        ("Inbound", ["Inbound"]),
        (["Inbound", "RemoteOutbound"], ["Inbound", "RemoteOutbound"]),
        ("None", []),
        ("", []),
        (None, []),
    ],
)
def test_flags(value: Any, expected: list[str]) -> None:
    """A flags value is a sorted list, however the service writes it; none is the empty list."""
    assert expected == flags(value)


RELATIONSHIPS = [{"Identity": "one", "DomainNames": ["a"]}, {"Identity": "two", "DomainNames": ["a", "b"]}]


@pytest.mark.parametrize(("domain", "expected"), [("b", "two"), ("B", "two"), ("c", None)])
def test_object_by_its_key(domain: str, expected: str | None) -> None:
    """One object is found by its key, and its absence is an observation."""
    side = FakeSide(exchange={"Get-OrganizationRelationship": RELATIONSHIPS})
    found = reader(side).read_subject(Subject("target", "organization_relationships", (("DomainNames", domain),), "r"))
    assert isinstance(found, Observed)
    assert expected == (found.value and found.value["Identity"])


def test_two_objects_of_one_key() -> None:
    """Two objects that answer to one key are an observation of neither."""
    side = FakeSide(exchange={"Get-OrganizationRelationship": RELATIONSHIPS})
    found = reader(side).read_subject(Subject("target", "organization_relationships", (("DomainNames", "a"),), "r"))
    assert isinstance(found, NotObserved)


def test_unreadable_object_is_not_absent() -> None:
    """An object whose table could not be read is not absent."""
    side = FakeSide(exchange={"Get-OrganizationRelationship": AccessDenied("no")})
    found = reader(side).read_subject(Subject("target", "organization_relationships", (("DomainNames", "a"),), "r"))
    assert isinstance(found, NotObserved)
    assert found.reason == Reason.DENIED
