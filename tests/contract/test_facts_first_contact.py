"""What check-access reads of policies and eligible roles, in the shapes of the wire facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canned_reads import Asking, listed, place, query
from canned_wire import OPERATOR, Answer, Login

from xtmig_kernel.evidence import NotObserved, Reason

if TYPE_CHECKING:
    from pathlib import Path

    from canned_wire import Canned, NotingClock

CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
BY_DEVICE_CODE = {"method": "device_code", "client_id": OPERATOR}
ADDITION = {"restrictionType": "passwordAddition", "maxLifetime": None}
LIFETIME = {"restrictionType": "passwordLifetime", "maxLifetime": "P90D"}
SINCE_2021 = {"restrictForAppsCreatedAfterDateTime": "2021-01-01T10:37:00Z"}
SINCE_2027 = {"restrictForAppsCreatedAfterDateTime": "2027-01-01T10:37:00Z"}


def policy(*passwords: dict[str, Any], enabled: bool = True) -> Answer:
    """The default policy for applications."""
    return Answer(
        body={
            "id": "00000000-0000-0000-0000-000000000000",
            "displayName": "Default app management tenant policy",
            "isEnabled": enabled,
            "applicationRestrictions": {"passwordCredentials": list(passwords), "keyCredentials": []},
            "servicePrincipalRestrictions": {"passwordCredentials": [ADDITION], "keyCredentials": []},
        }
    )


@pytest.fixture
def permitted(tmp_path: Path, canned: Canned, clock: NotingClock, canned_cloud: None) -> Asking:
    """An application that may read policies."""
    roles = ["Policy.Read.All"]
    Login(canned, {"idtyp": "app", "appid": OPERATOR, "app_displayname": "Runbook operator", "roles": roles})
    return Asking(
        tmp_path, canned, clock, {"method": "secret", "client_id": OPERATOR, "secret": "env:XTMIG_TEST_SECRET"}
    )


@pytest.mark.parametrize(
    ("answer", "forbidden", "days"),
    [
        (policy(), False, None),
        (policy(ADDITION | SINCE_2021), True, None),
        (policy(ADDITION | SINCE_2027), False, None),
        (policy(ADDITION | {"state": "disabled"}), False, None),
        (policy(ADDITION, enabled=False), False, None),
        (policy(LIFETIME), False, 90),
        (policy(LIFETIME | {"maxLifetime": "P4DT12H30M5S"}), False, 4),
        (policy(LIFETIME | {"maxLifetime": "P1Y"}, LIFETIME | {"maxLifetime": "P6M"}), False, 180),
    ],
)
def test_policy_on_secrets(permitted: Asking, answer: Answer, forbidden: bool, days: int | None) -> None:
    """F-92: passwordAddition forbids secrets, passwordLifetime shortens them; both only where on, and for new ones."""
    assert permitted.rows("secret_policy", answer) == [{"Forbidden": forbidden, "MostDays": days}]
    assert place(permitted.asked[0]) == "/v1.0/policies/defaultAppManagementPolicy"


def test_policy_is_not_asked_for_without_the_right(asking: Asking) -> None:
    """F-92: without Policy.Read.All in the token nothing is asked, and nothing is observed."""
    found = asking.read("secret_policy")
    assert isinstance(found, NotObserved)
    assert found.reason is Reason.NOT_ASKED
    assert asking.asked == []


def _person(folder: Path, canned: Canned, clock: NotingClock, scopes: str) -> Asking:
    Login(canned, {"upn": "otis@northwindtraders.onmicrosoft.com", "scp": scopes, "appid": OPERATOR})
    return Asking(folder, canned, clock, BY_DEVICE_CODE)


def test_eligible_roles(tmp_path: Path, canned: Canned, clock: NotingClock, canned_cloud: None) -> None:
    """F-93: a role that may be activated is told by its definition, whose ID is the template's."""
    asking = _person(tmp_path, canned, clock, "User.Read RoleManagement.Read.Directory")
    row = {
        "id": "lAPpYvVpN0KRkAEhdxReEMmO4KwRqtpKkUWt3wOYIz4-1",
        "principalId": "55555555-5555-4555-8555-555555555555",
        "roleDefinitionId": CLOUD_APPLICATION_ADMINISTRATOR,
        "directoryScopeId": "/",
        "memberType": "Direct",
    }
    assert asking.rows("eligible_roles", listed(row)) == [{"RoleTemplateId": CLOUD_APPLICATION_ADMINISTRATOR}]
    tail = "/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on='principal')"
    assert place(asking.asked[0]) == f"/v1.0/roleManagement{tail}"
    assert query(asking.asked[0]) == {"$select": "roleDefinitionId"}


def test_eligible_roles_are_not_asked_for_without_the_right(
    tmp_path: Path, canned: Canned, clock: NotingClock, canned_cloud: None
) -> None:
    """F-93: without the permission nothing is asked, and nobody is asked for it for this alone."""
    asking = _person(tmp_path, canned, clock, "User.Read Directory.Read.All")
    found = asking.read("eligible_roles")
    assert isinstance(found, NotObserved)
    assert found.reason is Reason.NOT_ASKED
    assert asking.asked == []
