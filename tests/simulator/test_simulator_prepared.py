"""Generated pairs in which everything is ready for moves, and what a tenants file says of an application for that."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from exchange_answers import done, rows
from moving_pair import DAY, ENVIRONMENT, HOUR
from simulated_pair import EXCHANGE_APP, MAILBOX_MIGRATION, Pair, example, make_pair

from xtmig_kernel.simulator.__main__ import main
from xtmig_kernel.simulator.generate import pair as generated

MANY = 25
OF_MOVES = "6e5c9a10-0000-4000-8000-00000000a001"


def prepared(mailboxes: int) -> dict[str, Any]:
    made: dict[str, Any] = generated(mailboxes, "7", prepared=True).model_dump(mode="json", exclude_unset=True)
    return made


def with_application(**facts: Any) -> Pair:
    """The example, with an application of the target that asks for Mailbox.Migration."""
    data = example()
    data["target"]["applications"].append(
        {
            "name": "Mover", "app_id": OF_MOVES, "permissions": {"exchange": ["Mailbox.Migration"]},
            "sign_in_audience": "AzureADMultipleOrgs", "secret_from_env": "XTMIG_MOVE_SECRET", **facts,
        }
    )  # fmt: skip
    return make_pair(data, **ENVIRONMENT)


def test_everybody_of_a_prepared_pair_can_move() -> None:
    """One batch with every mail user is completed, and nobody meets a cause of failure (failures 2.1, 2.2)."""
    pair = make_pair(prepared(MANY), **ENVIRONMENT)
    users = pair.world.tenants["target"].mail_users
    endpoint = pair.world.tenants["target"].file.migration_endpoints[0].name
    addresses = [user.primary for user in users]
    text = base64.b64encode("\r\n".join(["EmailAddress", *addresses]).encode()).decode()
    facts = {"SourceEndpoint": endpoint, "TargetDeliveryDomain": "adatum.onmicrosoft.com", "AutoStart": True}
    done(pair, "target", "New-MigrationBatch", Name="all", CSVData=text, **facts)
    pair.advance(DAY)
    done(pair, "target", "Complete-MigrationBatch", Identity="all", Confirm=False)
    pair.advance(HOUR)
    found = {row["Identity"]: row["Status"] for row in rows(pair, "target", "Get-MigrationUser")}
    assert dict.fromkeys(addresses, "Completed") == found


def test_prepared_goes_with_a_number_of_mailboxes(capsys: pytest.CaptureFixture[str]) -> None:
    """A tenants file says itself what is ready, so the option is refused beside it."""
    assert 2 == main(["--prepared"])
    assert "--mailboxes" in capsys.readouterr().err


@pytest.mark.parametrize(("granted", "roles"), [({}, []), ({"exchange": ["Mailbox.Migration"]}, [MAILBOX_MIGRATION])])
def test_the_partner_has_the_application_with_what_it_granted(granted: dict[str, Any], roles: list[str]) -> None:
    """Consent of the other organisation gives it a service principal, owned by the application's home (wire 4.5)."""
    pair = with_application(in_partner=granted)
    query = f"/servicePrincipals?$filter=appId eq '{OF_MOVES}'"
    (principal,) = pair.graph("source", "GET", query).body["value"]
    assert pair.tenant_id("target") == principal["appOwnerOrganizationId"]
    given = pair.graph("source", "GET", f"/servicePrincipals/{principal['id']}/appRoleAssignments").body["value"]
    assert roles == [item["appRoleId"] for item in given]


def test_an_application_is_not_in_the_partner_by_itself() -> None:
    """Nobody has consented where the file does not say so."""
    found = with_application().graph("source", "GET", f"/servicePrincipals?$filter=appId eq '{OF_MOVES}'")
    assert [] == found.body["value"]


def test_an_application_may_ask_for_something_else_than_was_granted() -> None:
    """The registration lists what it asks for; consent is another thing (wire 4.1, 4.4)."""
    asked = {"exchange": ["Exchange.ManageAsApp"]}
    pair = with_application(asks_for=asked, unique_name="mover")
    found = pair.graph("target", "GET", "/applications(uniqueName='mover')").body
    (resource,) = found["requiredResourceAccess"]
    assert EXCHANGE_APP == resource["resourceAppId"]
    assert MAILBOX_MIGRATION not in [access["id"] for access in resource["resourceAccess"]]


def test_a_secret_has_a_name_and_an_end() -> None:
    """A secret that has ended is refused as expired (AADSTS7000222), and shows its name and its end."""
    pair = with_application(secret_name="first", secret_ends="2026-11-02T09:00:00Z")
    (shown,) = pair.graph("target", "GET", f"/applications(appId='{OF_MOVES}')").body["passwordCredentials"]
    assert ("first", "2026-11-02T09:00:00Z") == (shown["displayName"], shown["endDateTime"])
    assert 200 == pair.sign_in("target", OF_MOVES, ENVIRONMENT["XTMIG_MOVE_SECRET"]).status
    pair.advance(HOUR)
    refused = pair.sign_in("target", OF_MOVES, ENVIRONMENT["XTMIG_MOVE_SECRET"])
    assert "AADSTS7000222" in refused.body["error_description"]
